"""Draw the signal and the gradient, layer by layer of untrained residual networks and plain ones.

Of 20 layers and of 56, all with batch normalisation; it takes a minute.

    python docs/pictures/resnet_signal.py
"""

from drawing import BLUE, ORANGE, legend_below, new_figure, np, save, small_photographs

import common

import resnet
from vgg_signal import IMAGES, measure, with_kernels

from internals.report.style import clear_axes

NETWORKS = {  # what is drawn: blocks in a stage, shortcuts, colour, line
    "20 layers, with shortcuts": (3, True, BLUE, "--"),
    "20 layers, without": (3, False, ORANGE, "--"),
    "56 layers, with shortcuts": (9, True, BLUE, "-"),
    "56 layers, without": (9, False, ORANGE, "-"),
}


def draw():
    images = small_photographs(IMAGES)
    labels = np.arange(IMAGES) % 10  # any: the network knows nothing yet
    figure = new_figure(11, 4.4)
    panels = figure.subplots(1, 2)
    for words, (blocks, shortcuts, color, line) in NETWORKS.items():
        common.keras.utils.set_random_seed(0)
        model = resnet.build_model((32, 32, 3), 10, blocks, shortcuts)
        sums, gradients = measure(model, in_line(model), images, labels)
        layers = np.arange(1, len(sums) + 1)
        first = slice(1, -1, 2)  # of the two convolutions of each block
        for axes, x, y in (
            (panels[0], layers[first], sums[first]),
            (panels[1], layers[:-1], gradients[:-1]),  # without the dense layer
        ):
            axes.plot(x, y, color=color, linestyle=line, label=words)
            print(words, *(f"{number:.2g}" for number in y))
    for axes, title in zip(
        panels,
        ("size of sums, first convolution of each block", "gradient, as a share of the weights"),
        strict=True,
    ):
        axes.set_title(title, loc="left", fontsize=12)
        axes.set(xlabel="layer", xticks=[1, 10, 19, 28, 37, 46, 55])
        clear_axes(axes)
    panels[0].set_ylim(0, 5)
    panels[1].set_yscale("log")
    panels[1].yaxis.set_major_formatter(lambda number, _: f"{number:g}")
    legend_below(figure, panels[0])
    return figure


def in_line(model):
    """Return the layers with weights that follow one another, without those of the shortcuts."""
    layers = with_kernels(model)
    return [layer for layer in layers if getattr(layer, "kernel_size", None) != (1, 1)]


if __name__ == "__main__":
    save(draw(), __file__)
