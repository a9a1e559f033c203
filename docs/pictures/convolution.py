"""Draw one handwritten digit on its way through a convolution, ReLU and pooling.

python docs/pictures/convolution.py
"""

from drawing import BLUE, GRAY, ORANGE, new_figure, np, save, sklearn, write_number

from matplotlib.patches import Rectangle

KERNEL = np.array([[1, 1, 1], [0, 0, 0], [-1, -1, -1]])
PLACE = (3, 4)  # the output's row and column of which the sum is shown


def convolve(image, kernel):
    """Return the sums of products of the kernel with every part of the image that it fits on."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))


def max_pool(image):
    """Return the largest number of each 2 x 2 square; what is left over at the end is lost."""
    rows, columns = np.array(image.shape) // 2
    return image[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).max(axis=(1, 3))


def draw_numbers(axes, title, numbers, colors, least, most):
    """Draw an array with its numbers, and its name and size above it."""
    shown = axes.imshow(numbers, cmap=colors, vmin=least, vmax=most)
    for place, number in np.ndenumerate(numbers):
        text = f"{number:d}".replace("-", "\N{MINUS SIGN}")
        write_number(axes, shown, place, text, fontsize=10)
    rows, columns = numbers.shape
    axes.set_title(f"{title}, {rows} x {columns}", fontsize=11)
    axes.set(xticks=[], yticks=[], anchor="N")
    axes.spines[:].set_color("#cccccc")


def mark(axes, place, size, color):
    """Frame `size` x `size` cells from the row and column `place` on."""
    row, column = place
    corner = (column - 0.5, row - 0.5)
    axes.add_patch(
        Rectangle(corner, size, size, fill=False, color=color, linewidth=3, clip_on=False)
    )


def show_sum(window):
    """Return the sum of products of the kernel and the window as text, without the zeros."""
    terms = [
        f"{pixel} x {str(weight).replace('-', chr(0x2212))}"
        for pixel, weight in zip(window.ravel(), KERNEL.ravel(), strict=True)
        if weight
    ]
    return " + ".join(terms) + f" = {(window * KERNEL).sum()}".replace("-", "\N{MINUS SIGN}")


def draw():
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
    figure = new_figure(12, 3.6)
    widths = [len(numbers) for _, numbers, *_ in steps]
    panels = figure.subplots(1, len(steps), width_ratios=widths)
    for axes, step in zip(panels, steps, strict=True):
        draw_numbers(axes, *step)
    row, column = PLACE
    mark(panels[0], PLACE, 3, BLUE)
    mark(panels[2], PLACE, 1, BLUE)
    mark(panels[3], (row // 2 * 2, column // 2 * 2), 2, ORANGE)
    mark(panels[4], (row // 2, column // 2), 1, ORANGE)
    words = f"blue: {show_sum(image[row : row + 3, column : column + 3])}"
    figure.supxlabel(f"{words}          orange: the largest of four", fontsize=11, color=GRAY)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
