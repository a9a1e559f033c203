"""Draw the course's own pictures anew; the others are those of the runs in results/.

    python docs/pictures.py
"""

from pathlib import Path

import numpy as np
import sklearn.datasets
from matplotlib.figure import Figure

FOLDER = Path(__file__).resolve().parent
KERNEL = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]])


def convolve(image, kernel):
    """Return the sums of products of the kernel with every part of the image that it fits on."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))


def max_pool(image):
    """Return the largest number of each 2 x 2 square."""
    rows, columns = np.array(image.shape) // 2
    return image.reshape(rows, 2, columns, 2).max(axis=(1, 3))


def draw_convolution(path):
    """Draw one handwritten digit on its way through a convolution, ReLU and pooling."""
    image = sklearn.datasets.load_digits().images[7].astype(int)  # a seven, 8 x 8, 0 to 16
    convolved = convolve(image, KERNEL)
    rectified = np.maximum(convolved, 0)
    steps = [
        ("a seven", image, "Greys", 0, 16),
        ("kernel", KERNEL, "PuOr", -1, 1),
        ("convolution", convolved, "PuOr", -48, 48),
        ("ReLU", rectified, "PuOr", -48, 48),
        ("pooling", max_pool(rectified), "PuOr", -48, 48),
    ]
    figure = Figure(figsize=(12, 3.9), dpi=100, layout="constrained")
    widths = [len(numbers) for _, numbers, *_ in steps]
    for axes, (title, numbers, colors, least, most) in zip(
        figure.subplots(1, len(steps), width_ratios=widths), steps, strict=True
    ):
        axes.imshow(numbers, cmap=colors, vmin=least, vmax=most)
        for (row, column), number in np.ndenumerate(numbers):
            color = "white" if abs(number) > 0.6 * most else "black"
            axes.text(column, row, number, ha="center", va="center", fontsize=10, color=color)
        rows, columns = numbers.shape
        axes.set_title(f"{title}, {rows} x {columns}", fontsize=11)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("#cccccc")
    figure.savefig(path)


if __name__ == "__main__":
    draw_convolution(FOLDER / "convolution.png")
