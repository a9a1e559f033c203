"""The plots of a run: accuracy and loss by epoch, confusion matrix, calibration."""

import math

import numpy as np
import seaborn
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from internals.core.intervals import interval_of_share
from internals.report.calibration import calibration_curve_of
from internals.report.style import (
    add_axes,
    choose_epochs,
    clear_axes,
    measure_width,
    name_run,
    new_figure,
    plain,
    save_figure,
    short_names,
)

TRAIN_COLOR, VALIDATION_COLOR = "#0072b2", "#e07b00"  # told apart with any colour vision
RIGHT_COLORS = LinearSegmentedColormap.from_list("right", ["#ffffff", "#a5d6a7"])
WRONG_COLORS = LinearSegmentedColormap.from_list("wrong", ["#fff3e6", "#f28c38", "#8f2d04"])
PERCENT = FuncFormatter(lambda share, _: f"{100 * share:g}%")  # as many digits as are needed
MOST_NUMBERED, MOST_NAMED = 25, 120  # classes of a confusion matrix


@plain()
def plot_history(run, metric, data):
    """Draw accuracy.png or loss.png: training against validation, per epoch."""
    history, smoothed = run.history(), metric == "loss" and run.hyperparameters.label_smoothing
    figure = new_figure(f"{run.script}: training and validation {metric}", name_run(run), 8, 4.7)
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
        guessing = data.num_classes if run.record.get("cross_entropy", True) else math.inf
        limit_loss(axes, history[["loss", "val_loss"]].to_numpy(), guessing)
    last = int(history.epoch.max())
    room = max(0.025 * (last - 1), 0.1)
    axes.set(xlabel="epoch", ylabel=metric, xlim=(1 - room, last + room))
    axes.set_xticks(choose_epochs(last))
    clear_axes(axes)
    add_legend_above(axes)
    save_figure(figure, run.folder / f"{metric}.png")


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
    """Draw confusion_matrix.png: what is right in green, mistakes on a scale of their own."""
    count = len(class_names)
    side = min(max(6.4, 0.19 * count), 21)
    named = np.arange(0, count, math.ceil(count / MOST_NAMED))  # a name needs room to be read
    names = np.array(short_names(class_names))[named]
    length = measure_width(names, 10)
    upright = length > 0.9 * side / len(named)
    left, bottom = length + 0.6, (length if upright else 0.15) + 0.5
    title = f"{run.script}: confusion matrix"
    figure = new_figure(title, name_run(run), left + side + 1.25, bottom + side + 0.15)
    axes = add_axes(figure, left, bottom, side, side)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    right = np.eye(count, dtype=bool)
    most = max(np.max(shares, where=~right, initial=0), 0.01)
    style = {"vmin": 0, "xticklabels": False, "yticklabels": False}  # seaborn places them slowly
    if count <= MOST_NUMBERED:
        style |= {"annot": np.where(matrix, matrix.astype(str), ""), "fmt": ""}
        style |= {"annot_kws": {"size": min(10, 98 * side / count / len(str(matrix.max())))}}
    for place, hidden, colors, highest, name in (
        (0.55, ~right, RIGHT_COLORS, 1, "right"),
        (0, right | (shares == 0), WRONG_COLORS, most, "wrong"),
    ):
        label = f"{name}, share of the true class"
        bar = {"label": label, "format": PERCENT, "ticks": MaxNLocator(5)}
        bar_axes = add_axes(figure, left + side + 0.25, bottom + place * side, 0.16, 0.45 * side)
        style |= {"mask": hidden, "cmap": colors, "vmax": highest}
        seaborn.heatmap(shares, ax=axes, cbar_ax=bar_axes, cbar_kws=bar, **style)
    edges = np.arange(0, count + 1, 1 if count <= MOST_NUMBERED else 10)
    for draw_lines in (axes.hlines, axes.vlines):
        draw_lines(edges, 0, count, color="#dddddd", linewidth=0.6)
    axes.set_xticks(named + 0.5, names, rotation=90 if upright else 0)
    axes.set_yticks(named + 0.5, names)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.spines[:].set_color("#dddddd")
    save_figure(figure, run.folder / "confusion_matrix.png")


@plain()
def plot_calibration(run, probabilities, labels):
    """Draw calibration.png: how often the network is right by how sure it is, and its intervals."""
    means, shares, counts, error = calibration_curve_of(probabilities, labels)
    title = f"{run.script}: how sure, and how often right: {100 * error:.1f} points apart"
    figure = new_figure(title, name_run(run), 8, 5.7)
    upper = add_axes(figure, 0.75, 1.95, 7.1, 3.3)
    lower = add_axes(figure, 0.75, 0.55, 7.1, 1.2)
    upper.tick_params(labelbottom=False)
    upper.plot([0, 1], [0, 1], color="gray", linestyle=":", label="as often right as it is sure")
    rights = np.rint(shares * counts).astype(int)
    intervals = [interval_of_share(*each) for each in zip(rights, counts, strict=True)]
    away, name = np.abs(np.transpose(intervals) - shares), "network, with 95 % intervals"
    upper.errorbar(means, shares, away, color=TRAIN_COLOR, marker="o", capsize=3, label=name)
    upper.set(ylabel="share that is right", ylim=(-0.03, 1.03))
    lower.bar(means, counts, width=0.04, color=TRAIN_COLOR)
    lower.set(xlabel="probability of the predicted class", ylabel="images")
    lower.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    upper.yaxis.set_major_formatter(PercentFormatter(1))
    lower.xaxis.set_major_formatter(PercentFormatter(1))
    for axes in (upper, lower):
        axes.set_xlim(0, 1.02)
        clear_axes(axes)
    add_legend_above(upper)
    save_figure(figure, run.folder / "calibration.png")
