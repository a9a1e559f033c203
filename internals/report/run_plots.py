"""The plots of a run: accuracy and loss by epoch, confusion matrix, calibration."""

import math

import numpy as np
import seaborn
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator, PercentFormatter

from internals.core.intervals import interval_of_share
from internals.core.palette import BLUE, VERMILION
from internals.core.text import count_nouns
from internals.report.calibration import calibration_curve_of
from internals.report.style import (
    add_axes,
    black_or_white,
    choose_epochs,
    clear_axes,
    headline,
    keep_labels_inside,
    measure_width,
    name_run,
    new_figure,
    plain,
    save_figure,
    short_names,
)

TRAIN_COLOR, VALIDATION_COLOR = BLUE, VERMILION
RIGHT_COLORS = LinearSegmentedColormap.from_list("right", ["#f7fbff", "#6baed6", "#08519c"])
WRONG_COLORS = LinearSegmentedColormap.from_list("wrong", ["#fff3e6", "#f28c38", "#8f2d04"])
MOST_NUMBERED, MOST_NAMED = 25, 120  # classes of a confusion matrix


@plain()
def plot_history(run, metric, data):
    """Draw accuracy.png or loss.png: training against validation, per epoch."""
    history, smoothed = run.history(), metric == "loss" and run.hyperparameters.label_smoothing
    figure = new_figure(result_of(run, metric, history), name_run(run), 8, 4.7)
    axes = add_axes(figure, 0.75, 0.55, 7.1, 3.7)
    marker = "o" if len(history) <= 30 else None
    name = "training (labels smoothed)" if smoothed else "training"
    style = {"color": TRAIN_COLOR, "linewidth": 2.6, "marker": marker, "markersize": 8}
    axes.plot(history.epoch, history[metric], label=name, **style)
    name = "validation (the test set)" if data.validation_is_test else "validation"
    style = {"color": VALIDATION_COLOR, "linewidth": 1.3, "marker": marker, "markersize": 4.5}
    axes.plot(history.epoch, history[f"val_{metric}"], label=name, **style)  # thin on thick
    if "best_epoch" in run.record:
        style = {"color": "gray", "linestyle": "--", "zorder": 1}
        axes.axvline(run.record["best_epoch"], label="weights kept", **style)
    if metric == "accuracy":
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    else:
        compiled = run.record.get("phases") or [run.record]
        plain = all(each.get("cross_entropy", True) for each in compiled)
        guessing = data.num_classes if plain else math.inf
        limit_loss(axes, history[["loss", "val_loss"]].to_numpy(), guessing)
    last = int(history.epoch.max())
    room = max(0.025 * (last - 1), 0.1)
    axes.set(xlabel="epoch", ylabel=metric, xlim=(1 - room, last + room))
    axes.set_xticks(choose_epochs(last))
    clear_axes(axes)
    add_legend_above(axes)
    keep_labels_inside(figure)
    save_figure(figure, run.folder / f"{metric}.png")


def result_of(run, metric, history):
    """Return in words what a run has come to; before its test, on the validation images."""
    after = f"after {count_nouns(len(history), 'epoch')}"
    kind, value = "test", run.record.get(f"test_{metric}")
    if value is not None and "best_epoch" in run.record:
        after = f"with the weights of epoch {run.record['best_epoch']}"
    elif run.record.get("set_by_callback"):
        after += ", weights set by a callback"
    if value is None:
        kind, value = "validation", history[f"val_{metric}"].iloc[-1]
    number = f"{100 * value:.1f} %" if metric == "accuracy" else f"{value:.4g}"
    return f"{run.script}: {kind} {metric} {number} {after}"


def add_legend_above(axes):
    """Name the lines above the axes, in one row, where they hide nothing."""
    style = {"ncols": 4, "frameon": False, "fontsize": 9, "columnspacing": 1.2}
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), **style)


def limit_loss(axes, losses, num_classes):
    """Begin the axis at 0 with room for all losses, and mark the chance level if it is near.

    Another loss than the cross-entropy has none: there `num_classes` is inf.
    """
    highest = np.max(losses[np.isfinite(losses)], initial=0)
    guessing = math.log(num_classes)  # with smoothed labels, too
    if guessing <= 1.35 * highest:
        name = f"guessing: ln {num_classes} = {guessing:.2f}"
        axes.axhline(guessing, color="#444444", linestyle=":", linewidth=1.2, label=name)
        highest = max(highest, guessing)
    highest = highest or 1
    axes.set_ylim(-0.03 * highest, 1.05 * highest)


@plain()
def plot_confusion_matrix(run, matrix, class_names):
    """Draw confusion_matrix.png: what is right in blue, mistakes in orange, a scale for each."""
    count = len(class_names)
    side = min(max(6.4, 0.19 * count), 21)
    named = np.arange(0, count, math.ceil(count / MOST_NAMED))  # a name needs room to be read
    names = np.array(short_names(class_names))
    length = measure_width(names[named], 10)
    upright = length > 0.9 * side / len(named)
    left, bottom = length + 0.6, (length if upright else 0.15) + 0.5
    title = headline(run, np.trace(matrix) / max(matrix.sum(), 1)) + name_worst(matrix, names)
    figure = new_figure(title, name_run(run), left + side + 1.25, bottom + side + 0.15)
    axes = add_axes(figure, left, bottom, side, side)
    shares = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    right = np.eye(count, dtype=bool)
    most = max(np.max(shares, where=~right, initial=0), 1)
    for place, hidden, colors, highest, name in (
        (0.55, ~right, RIGHT_COLORS, 100, "right"),
        (0, right | (shares == 0), WRONG_COLORS, most, "wrong"),
    ):
        bar_axes = add_axes(figure, left + side + 0.25, bottom + place * side, 0.16, 0.45 * side)
        label = f"{name}, in percent of the true class"
        bar = {"label": label, "ticks": MaxNLocator(5), "format": "%g%%"}
        style = {"mask": hidden, "cmap": colors, "vmin": 0, "vmax": highest, "cbar_kws": bar}
        style |= {"xticklabels": False, "yticklabels": False}  # seaborn places them slowly
        seaborn.heatmap(shares, ax=axes, cbar_ax=bar_axes, **style)
        if count <= MOST_NUMBERED:
            write_numbers(axes, np.ma.array(matrix, mask=hidden), axes.collections[-1], side)
    edges = np.arange(0, count + 1, 1 if count <= MOST_NUMBERED else 10)
    for draw_lines in (axes.hlines, axes.vlines):
        draw_lines(edges, 0, count, color="#dddddd", linewidth=0.6)
    axes.set_xticks(named + 0.5, names[named], rotation=90 if upright else 0)
    axes.set_yticks(named + 0.5, names[named])
    axes.set(xlabel="predicted class", ylabel="true class", ylim=(count, 0))
    axes.spines[:].set_color("#dddddd")
    save_figure(figure, run.folder / "confusion_matrix.png")


def name_worst(matrix, names):
    """Return in words the most frequent mistake of a matrix; "" where there is none."""
    mistakes = matrix * (1 - np.eye(len(matrix), dtype=int))
    true, predicted = np.unravel_index(mistakes.argmax(), mistakes.shape)
    most = mistakes[true, predicted]
    times = "once" if most == 1 else f"{most:,} times"
    return f"; most often wrong: {names[true]} called {names[predicted]}, {times}" if most else ""


def write_numbers(axes, counts, mesh, side):
    """Write the counts that are neither hidden nor 0 into their cells, black or white."""
    count = len(counts)
    size = min(98 * side / count / len(str(counts.data.max())), max(10, 24 - 1.4 * count))
    for row, column in np.argwhere(counts.filled(0)):
        color = black_or_white(mesh.to_rgba(mesh.get_array()[row, column]))
        style = {"ha": "center", "va": "center", "size": size, "color": color}
        axes.text(column + 0.5, row + 0.5, counts[row, column], **style)


@plain()
def plot_calibration(run, probabilities, labels):
    """Draw calibration.png: how often the network is right by how sure it is, and its intervals."""
    means, shares, counts, error = calibration_curve_of(probabilities, labels)
    apart = f"how sure and how often right: {100 * error:.1f} points apart"
    right = float(np.mean(probabilities.argmax(axis=1) == labels))
    title = f"{headline(run, right)}; {apart}"
    figure = new_figure(title, name_run(run), 8, 5.7)
    upper = add_axes(figure, 0.75, 1.95, 7.1, 3.3)
    lower = add_axes(figure, 0.75, 0.55, 7.1, 1.2)
    upper.tick_params(labelbottom=False)
    upper.plot([0, 1], [0, 1], color="gray", linestyle=":", label="as often right as it is sure")
    rights = np.rint(shares * counts).astype(int)
    intervals = [interval_of_share(*each) for each in zip(rights, counts, strict=True)]
    away, name = np.abs(np.transpose(intervals) - shares), "network, with 95 % intervals"
    upper.errorbar(means, shares, away, color=TRAIN_COLOR, marker="o", capsize=3, label=name)
    upper.set(ylabel="right answers", ylim=(-0.03, 1.03))
    lower.bar(means, counts, width=0.04, color=TRAIN_COLOR)
    lower.set(xlabel="probability of the predicted class", ylabel="images")
    lower.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    upper.yaxis.set_major_formatter(PercentFormatter(1))
    lower.xaxis.set_major_formatter(PercentFormatter(1))
    for axes in (upper, lower):
        axes.set_xlim(0, 1.02)
        clear_axes(axes)
    add_legend_above(upper)
    keep_labels_inside(figure)
    save_figure(figure, run.folder / "calibration.png")
