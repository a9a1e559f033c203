"""Draw how evenly SGD and Muon use the directions of a kernel: in one step, and after training.

The third convolution of udacity_cnn.py is trained on the digits, for a minute in all.

    python docs/pictures/singular_values.py
"""

from drawing import BLUE, ORANGE, new_figure, np, save

import common

import udacity_cnn
from internals.data.dataset import load_digits
from internals.report.style import clear_axes
from internals.training.muon import Muon

KERNEL = 4  # its place among the network's weights: 3 x 3 x 32 numbers for each of 64 outputs
EPOCHS = 5
ABOVE = {"textcoords": "offset points", "ha": "center"}


def train(optimizer):
    """Train the network; return how its kernel has changed, and the optimizer's momentum of it."""
    (images, labels), *_ = load_digits()
    common.keras.utils.set_random_seed(0)
    model = udacity_cnn.build_model((32, 32, 3), 10)
    model.compile(optimizer, loss="sparse_categorical_crossentropy")
    to_numpy, kernel = common.keras.ops.convert_to_numpy, model.trainable_variables[KERNEL]
    start = to_numpy(kernel).copy()
    model.fit(common.normalise(images), labels, batch_size=64, epochs=EPOCHS, verbose=0)
    return as_matrix(to_numpy(kernel) - start), as_matrix(to_numpy(optimizer.momentums[KERNEL]))


def as_matrix(kernel):
    """Return a kernel with a row for each input and a column for each output."""
    return kernel.reshape(-1, kernel.shape[-1])


def relative_sizes(matrix):
    """Return the singular values in parts of the largest, that first."""
    sizes = np.linalg.svd(matrix, compute_uv=False)
    return sizes / sizes[0]


def draw():
    by_sgd, momentum = train(common.keras.optimizers.SGD(0.05, 0.9, nesterov=True))
    by_muon, _ = train(Muon(0.01, adam_lr_ratio=0.3))
    evened = common.keras.ops.convert_to_numpy(Muon().zeropower_via_newtonschulz5(momentum, 5))
    figure = new_figure(9, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    shown = ("a step", momentum, evened), (f"training for {EPOCHS} epochs", by_sgd, by_muon)
    for axes, (what, sgd, muon) in zip(panels, shown, strict=True):
        for name, matrix, color in (("Muon", muon, BLUE), ("SGD", sgd, ORANGE)):
            sizes = relative_sizes(matrix)
            places = np.arange(1, len(sizes) + 1)
            axes.semilogy(places, sizes, color=color)
            axes.annotate(name, (places[40], sizes[40]), (14, 6), color=color, **ABOVE)
        axes.set_title(f"What {what} changes", loc="left", fontsize=11)
        axes.set(xlabel="direction, the largest first", ylim=(1e-3, 2))
        clear_axes(axes)
    panels[0].set_ylabel("size, in parts of the largest")
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
