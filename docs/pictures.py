"""Draw the course's own pictures anew; the others are those of the runs in results/.

    python docs/pictures.py
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

import common

import numpy as np
import sklearn.datasets
from matplotlib.figure import Figure
from PIL import Image

import minivggnet
from internals.batches import ImageBatches
from internals.figures import clear_axes

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


def draw_learning_rates(path):
    """Draw the learning rate of minivggnet by update, as published and under a cosine."""
    figure = Figure(figsize=(8, 3.2), dpi=100, layout="constrained")
    axes = figure.subplots()
    modern, epochs = minivggnet.MODERN, minivggnet.MODERN.epochs
    for recipe, color in ((minivggnet.PUBLISHED, "#0072b2"), (modern, "#e07b00")):
        updates = epochs * 50_000 // recipe.batch_size
        schedule = common.make_schedule(recipe, updates)
        at = np.linspace(0, updates, 200)
        rates = [float(schedule(update)) for update in at]
        axes.plot(at / updates * epochs, rates, color=color, label=recipe.recipe)
    axes.set(xlabel="epoch", ylabel="learning rate", xlim=(0, epochs), ylim=(0, None))
    axes.legend(frameon=False)
    clear_axes(axes)
    figure.savefig(path)


def draw_augmentation(path):
    """Draw a photograph as six epochs of training show it, mirrored and moved by up to 4 pixels."""
    photograph = sklearn.datasets.load_sample_image("flower.jpg")  # 427 x 640
    square = Image.fromarray(photograph[40:400, 200:560])
    image = np.asarray(square.resize((32, 32), Image.Resampling.LANCZOS))
    batches = ImageBatches(image[None], np.zeros(1), lambda images: images, seed=0)
    batches.augment(flip=True, shift=4)
    figure = Figure(figsize=(12, 2.2), dpi=100, layout="constrained")
    shown = [("as it is", image)]
    for epoch in range(6):
        batches.shuffle(epoch)
        shown.append((f"epoch {epoch + 1}", batches[0][0][0]))
    for axes, (title, pixels) in zip(figure.subplots(1, len(shown)), shown, strict=True):
        axes.imshow(pixels, interpolation="nearest")
        axes.set_title(title, fontsize=11)
        axes.axis("off")
    figure.savefig(path)


if __name__ == "__main__":
    draw_convolution(FOLDER / "convolution.png")
    draw_learning_rates(FOLDER / "learning_rates.png")
    draw_augmentation(FOLDER / "augmentation.png")
