"""Draw how much of the photograph one number sees, layer by layer of 4layerCNN.py.

python docs/pictures/receptive_field.py
"""

import importlib

from drawing import BLUE, ORANGE, clear_ticks, flower, new_figure, save

from matplotlib.patches import Rectangle

LAYERS = {"Conv2D": "convolution", "MaxPooling2D": "pooling"}


def receptive_fields(model):
    """Return (kind of layer, pixels on a side that one of its numbers sees, numbers on a side).

    A kernel of k numbers that stand s pixels apart sees (k - 1) s pixels more than its input.
    """
    seen, apart, fields = 1, 1, []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in LAYERS:
            continue
        size = layer.kernel_size[0] if kind == "Conv2D" else layer.pool_size[0]
        seen += (size - 1) * apart
        apart *= layer.strides[0]
        fields.append((kind, seen, layer.output.shape[1]))
    return fields


def draw():
    model = importlib.import_module("4layerCNN").build_model((32, 32, 3), 10)
    fields = receptive_fields(model)
    figure = new_figure(11, 2.5)
    for axes, (kind, seen, side) in zip(figure.subplots(1, len(fields)), fields, strict=True):
        axes.imshow(flower(), alpha=0.75)
        color = BLUE if kind == "Conv2D" else ORANGE
        corner = 15.5 - seen / 2
        square = Rectangle((corner, corner), seen, seen, fill=False, color=color, linewidth=3)
        axes.add_patch(square)
        axes.set_title(f"{LAYERS[kind]}\n{side} x {side} numbers", fontsize=10)
        axes.set_xlabel(f"each sees {seen} x {seen}", fontsize=10)
        clear_ticks(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
