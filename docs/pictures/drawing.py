"""What the course's pictures share: where the project is, colours, how a picture is written.

Each of the other files here draws the picture of its name, beside itself.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
sys.path.insert(0, str(ROOT))
sys.path[:0] = [str(FOLDER.parent / "programs"), str(FOLDER.parent / "networks")]

import numpy as np
import sklearn.datasets
from matplotlib.figure import Figure
from PIL import Image

from internals.core.palette import BLUE, GREEN, PURPLE, VERMILION
from internals.report.style import DPI, GREY, black_or_white, save_figure
from internals.runs.run_reader import read_run

ORANGE, GRAY = VERMILION, GREY
__all__ = ["BLUE", "GRAY", "GREEN", "ORANGE", "PURPLE"]  # the colours, told apart by anyone
BANDS = "line: mean of the seeds; band: from the lowest seed to the highest"


def new_figure(width, height):
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def save(figure, file):
    """Write the figure as a PNG file beside the program in `file`."""
    save_figure(figure, Path(file).with_suffix(".png"))


def small_photographs(count, seed=0):
    """Return so many 32 x 32 pieces of scikit-learn's two photographs as uint8 (n, 32, 32, 3)."""
    random, found = np.random.default_rng(seed), []
    for number in range(count):
        photograph = sklearn.datasets.load_sample_image(("flower.jpg", "china.jpg")[number % 2])
        size = int(random.integers(100, 400))
        y, x = (int(random.integers(0, length - size + 1)) for length in photograph.shape[:2])
        found.append(shrink(photograph[y : y + size, x : x + size]))
    return np.stack(found)


def flower():
    """Return a photograph of a flower as uint8 (32, 32, 3)."""
    return shrink(sklearn.datasets.load_sample_image("flower.jpg")[40:400, 200:560])


def shrink(photograph):
    """Return a square photograph in 32 x 32 pixels."""
    return np.asarray(Image.fromarray(photograph).resize((32, 32), Image.Resampling.LANCZOS))


def committed(*folders):
    """Return the runs in these folders of results/reference/."""
    return [read_run(ROOT / "results/reference" / folder) for folder in folders]


def draw_seeds(axes, x, runs, color, **line):
    """Draw the validation accuracy of runs in percent: a band from lowest to highest, the mean.

    Return the mean.
    """
    curves = np.array([100 * run.history.val_accuracy[: len(x)] for run in runs])
    axes.fill_between(x, curves.min(axis=0), curves.max(axis=0), color=color, alpha=0.25)
    axes.plot(x, curves.mean(axis=0), color=color, **line)
    return curves.mean(axis=0)


def mark_test(axes, x, runs, color):
    """Mark the mean of the runs' test accuracy with a diamond at x; return it in percent."""
    accuracy = 100 * float(np.mean([run.accuracy for run in runs]))
    axes.plot(x, accuracy, "D", color=color, markersize=7, markeredgecolor="white", clip_on=False)
    return accuracy


def count_seeds(runs):
    return "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"


def draw_both(axes, history, metric, factor=1):
    """Draw a metric of a run's history, times the factor, on training and validation images."""
    for column, color, label in (
        (metric, BLUE, "training"),
        (f"val_{metric}", ORANGE, "validation (the test set)"),
    ):
        axes.plot(history.epoch, factor * history[column], color=color, label=label)


def write_number(axes, shown, place, text, **style):
    """Write a number into a cell of the picture `shown`, black or white by the cell's colour."""
    if "color" not in style:
        style["color"] = black_or_white(shown.to_rgba(shown.get_array()[place]))
    row, column = place
    axes.text(column, row, text, ha="center", va="center", **style)


def explain(axes, words):
    """Write small words above the axes, on the left."""
    axes.set_title(words, loc="left", fontsize=10, color=GRAY)


def legend_below(figure, axes):
    """Name the lines of the axes in a row below the figure."""
    drawn = axes.get_legend_handles_labels()
    figure.legend(*drawn, loc="outside lower center", ncols=len(drawn[0]), frameon=False)


def clear_ticks(axes):
    """Leave of the axes what is drawn and its words."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
