"""Draw what training has changed of a linear model's weights for each class; grey is nothing.

The random numbers with which the weights began would cover it: they are drawn anew from the run's
seed, and taken away.

python docs/networks/linear.py --name templates
python docs/pictures/templates.py results/reference/linear/*_templates
"""

import importlib

from drawing import clear_ticks, new_figure, np, save

from trained import first_kernels, load_model, start_again

from internals.data.cifar import CIFAR10_CLASS_NAMES


def draw(model):
    build_model = importlib.import_module("linear").build_model
    weights = first_kernels(model)[0] - first_kernels(start_again(build_model))[0]
    shape = model.input_shape[1:]
    figure = new_figure(10, 4.4)
    panels = figure.subplots(2, 5)
    for axes, name, template in zip(panels.flat, CIFAR10_CLASS_NAMES, weights.T, strict=True):
        largest = np.quantile(np.abs(template), 0.99)
        axes.imshow(np.clip(template.reshape(shape) / largest / 2 + 0.5, 0, 1))
        axes.set_title(name, fontsize=11)
        clear_ticks(axes)
    return figure


if __name__ == "__main__":
    save(draw(load_model()), __file__)
