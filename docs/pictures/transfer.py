"""Draw what a network that has learned eight classes makes of few images of two others.

docs/programs/transfer.py trained the runs.

    python docs/pictures/transfer.py
"""

from drawing import BLUE, ORANGE, explain, new_figure, np, save

from matplotlib.ticker import NullLocator
from tables import read_run, runs_named

from internals.report.style import clear_axes

SCRIPT = "udacity_cnn"
IMAGES = (20, 100, 500)  # of each of the two classes
STARTS = {  # what a run begins with: words, their side, colour, how far above the line they are
    "start": ("from the weights of eight classes", "right", BLUE, 10),
    "scratch": ("from scratch", "left", ORANGE, -22),
}


def accuracies(images, start):
    """Return the test accuracy of each seed in percent."""
    runs = runs_named(SCRIPT, f"two-{images}-{start}")
    return [100 * read_run(run)[0]["test_accuracy"] for run in runs]


def draw():
    figure = new_figure(8, 4.2)
    axes = figure.subplots()
    for start, (words, side, color, above) in STARTS.items():
        found = [accuracies(images, start) for images in IMAGES]
        means = [np.mean(each) for each in found]
        axes.plot(IMAGES, means, color=color)
        near = {"textcoords": "offset points", "color": color}
        for images, each, mean in zip(IMAGES, found, means, strict=True):
            axes.plot([images] * len(each), each, "o", color=color, alpha=0.75)
            axes.annotate(f"{mean:.1f}", (images, mean), (0, above), ha="center", **near)
        at = (18 if side == "left" else -18, above)
        axes.annotate(words, (IMAGES[1], means[1]), at, ha=side, **near)
    axes.axhline(50, color="gray", linestyle=":")
    axes.set_xscale("log")
    axes.set_xticks(IMAGES, IMAGES)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="training images of each class", ylabel="test accuracy, %", xlim=(16, 620))
    explain(axes, "dots: seeds; line: their mean; dotted: guessing")
    title = "Cat or dog: what eight other classes taught is worth 4 to 8 points"
    figure.suptitle(title, fontsize=12, fontweight="bold")
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
