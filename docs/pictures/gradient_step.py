"""Draw a network of two units, its answer, and the gradient that goes back through it.

python docs/pictures/gradient_step.py
"""

import dataclasses

from drawing import BLUE, GRAY, ORANGE, new_figure, np, save

from matplotlib.offsetbox import AnnotationBbox, TextArea, VPacker

IMAGE = np.array([1.0, 2.0])
RIGHT = 1  # of the two classes
LEARNING_RATE = 0.1
HIDDEN = np.array([[0.5, -1.0], [0.25, 0.25]])  # from input (row) to unit (column)
HIDDEN_BIAS = np.array([0.0, 0.0])
OUTPUT = np.array([[1.0, 0.5], [0.5, 1.0]])  # from unit (row) to class (column)
OUTPUT_BIAS = np.array([0.0, -0.5])


@dataclasses.dataclass
class Step:
    """What one image makes of the weights: the way forward, and the gradients of the way back."""

    sums: np.ndarray
    units: np.ndarray
    logits: np.ndarray
    shares: np.ndarray
    loss: float
    to_logits: np.ndarray
    to_units: np.ndarray
    to_sums: np.ndarray
    to_output: np.ndarray
    to_hidden: np.ndarray


def go(hidden, hidden_bias, output, output_bias):
    """Return the way of IMAGE through the network and back."""
    sums = IMAGE @ hidden + hidden_bias
    units = np.maximum(sums, 0)
    logits = units @ output + output_bias
    shares = np.exp(logits) / np.exp(logits).sum()
    to_logits = shares - np.eye(2)[RIGHT]
    to_units = output @ to_logits
    to_sums = to_units * (sums > 0)
    return Step(
        sums,
        units,
        logits,
        shares,
        -np.log(shares[RIGHT]),
        to_logits,
        to_units,
        to_sums,
        np.outer(units, to_logits),
        np.outer(IMAGE, to_sums),
    )


def descend():
    """Return the first step, all weights after it, and the second."""
    before = (HIDDEN, HIDDEN_BIAS, OUTPUT, OUTPUT_BIAS)
    step = go(*before)
    gradients = (step.to_hidden, step.to_sums, step.to_output, step.to_logits)
    after = [
        weight - LEARNING_RATE * gradient
        for weight, gradient in zip(before, gradients, strict=True)
    ]
    return step, after, go(*after)


def show(number):
    text = f"{number:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def draw_label(axes, place, *lines):
    """Write lines of (text, color, size) under one another on a white ground, around a place."""
    texts = [
        TextArea(text, textprops={"color": color, "fontsize": size, "ha": "left"})
        for text, color, size in lines
    ]
    label = VPacker(children=texts, align="center", pad=0, sep=3)
    style = {"edgecolor": "#dddddd", "linewidth": 0.8, "boxstyle": "round,pad=0.15"}
    axes.add_artist(AnnotationBbox(label, place, pad=0.25, bboxprops=style, zorder=5))


def draw_arrow(axes, start, end, weight, gradient, share):
    """Draw a weight, black, and its gradient, orange, on the way from one number to another."""
    arrow = {"arrowstyle": "->", "color": "#999999", "shrinkA": 24, "shrinkB": 25}
    axes.annotate("", end, start, arrowprops=arrow)
    place = np.array(start) + share * (np.array(end) - np.array(start))
    draw_label(axes, place, (show(weight), "black", 10), (show(gradient), ORANGE, 10))


def draw_number(axes, place, words, number, gradient=None, bias=None):
    """Draw a number of the way forward, blue, with its bias, and the gradient that comes back."""
    x, y = place
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.text(x, y + 0.24, words, ha="center", va="center", fontsize=10, color=GRAY, bbox=box)
    axes.plot(x, y, "o", color="white", markeredgecolor="#888888", markersize=50, zorder=3)
    up = 0 if gradient is None else 0.06
    text = {"ha": "center", "va": "center", "zorder": 4}
    axes.text(x, y + up, show(number), color=BLUE, fontsize=12, **text)
    if gradient is not None:
        axes.text(x, y - 0.06, show(gradient), color=ORANGE, fontsize=9, **text)
    if bias is not None:
        lines = (f"bias {show(bias)}", "black", 10), (show(gradient), ORANGE, 10)
        draw_label(axes, (x, y + 0.43), *lines)


def draw():
    step, _, _ = descend()
    figure = new_figure(11, 5.4)
    axes = figure.subplots()
    inputs, units, logits, shares = ([(x, 1.2), (x, 0)] for x in (0, 1.25, 2.5, 3.4))
    for i in range(2):
        for j in range(2):
            share = 0.5 if i == j else 0.3
            draw_arrow(axes, inputs[i], units[j], HIDDEN[i, j], step.to_hidden[i, j], share)
            draw_arrow(axes, units[i], logits[j], OUTPUT[i, j], step.to_output[i, j], share)
    for i, name in enumerate(("first", "second")):
        draw_number(axes, inputs[i], f"{name} pixel", IMAGE[i])
        words = f"unit: ReLU of {show(step.sums[i])}"
        draw_number(axes, units[i], words, step.units[i], step.to_sums[i], HIDDEN_BIAS[i])
        draw_number(
            axes, logits[i], f"class {i}", step.logits[i], step.to_logits[i], OUTPUT_BIAS[i]
        )
        draw_number(axes, shares[i], "softmax", step.shares[i])
        arrow = {"arrowstyle": "->", "color": "#999999", "shrinkA": 25, "shrinkB": 25}
        axes.annotate("", shares[i], logits[i], arrowprops=arrow)
        axes.text(3.72, 1.2 * (1 - i), f"should be {int(i == RIGHT)}", va="center", fontsize=11)
    axes.text(3.72, -0.18, f"loss: \N{MINUS SIGN}ln {show(step.shares[RIGHT])} = {show(step.loss)}")
    axes.set(xlim=(-0.3, 4.6), ylim=(-0.25, 1.8))
    axes.axis("off")
    figure.supxlabel(
        "blue: forward, from left to right      black: weights and biases      "
        "orange: gradients, from right to left",
        fontsize=11,
        color=GRAY,
    )
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
