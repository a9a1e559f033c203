"""The PNG charts that compare groups of runs, for the page and for reports."""

import math

from internals.core.matplotlib_loader import Figure

import numpy as np
from matplotlib.ticker import PercentFormatter

from internals.comparison.curves import curves_of, mean_curves
from internals.comparison.differences import compare_groups
from internals.core.text import shorten
from internals.report import style

CHARTS = {
    "accuracy_by_epoch": "validation accuracy by epoch",
    "accuracy_by_minutes": "validation accuracy by minutes of training",
    "difference": "difference in test accuracy from the first, with 95 % intervals",
    "accuracy_by_class": "share of each class's test images that are named rightly",
    "confusion_difference": "where the second confuses less or more than the first",
}
MOST_IN_A_CHART = 10  # more lines than colours cannot be told apart
MOST_BY_CLASS = 5
MOST_LETTERS = 34  # of a legend, for which there is room
MOST_CLASSES_IN_A_CHART = 25
MOST_CLASSES_NAMED = 40


def shares_of(matrix):
    """Return a confusion matrix as shares of the true class, each row summing to 1 or 0."""
    counts = matrix.to_numpy(dtype=float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def add_legend_beside(axes):
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=9)


@style.plain()
def draw_charts(groups, folder, suffix=""):
    """Draw the charts of a data set's first groups into `folder`; return {name: description}."""
    figures, shown = {}, [group for group in groups if group.drawn][:MOST_IN_A_CHART]
    if shown:
        figures["accuracy_by_epoch"] = draw_curves(shown, "epoch")
        figures["accuracy_by_minutes"] = draw_curves(shown, "minutes")
    with_accuracy = [group for group in groups if group.accuracies][:MOST_IN_A_CHART]
    if len(with_accuracy) > 1:
        figures["difference"] = draw_differences(with_accuracy)
    by_class = [group for group in shown if group.matrix is not None][:MOST_BY_CLASS]
    if by_class and len(by_class[0].matrix) <= MOST_CLASSES_IN_A_CHART:
        figures["accuracy_by_class"] = draw_by_class(by_class)
    if len(groups) == len(by_class) == 2:
        figures["confusion_difference"] = draw_confusion_difference(*groups)
    for name, figure in figures.items():
        style.save_figure(figure, folder / f"{name}{suffix}.png")
    return {name + suffix: CHARTS[name] for name in figures}


def draw_curves(groups, by):
    """Draw validation accuracy by epoch or minutes: a mean, and a band where there are seeds."""
    figure, axes = style.new_chart("Validation accuracy", by, "validation accuracy")
    for group in groups:
        runs = group.drawn
        mean, spread = mean_curves(runs)
        marker = "o" if len(mean) == 1 else None
        seeds = f" (n = {len(runs)})" if len(runs) > 1 else ""
        label = shorten(group.label, MOST_LETTERS - len(seeds)) + seeds
        height, color = mean.val_accuracy, group.color
        axes.plot(mean[by], height, color=color, label=label, marker=marker)
        if len(runs) > 1:
            edges = height - spread.val_accuracy, height + spread.val_accuracy
            axes.fill_between(mean[by], *edges, color=color, alpha=0.2, linewidth=0)
            for curves in map(curves_of, runs):
                axes.plot(curves[by], curves.val_accuracy, color=color, linewidth=0.5, alpha=0.6)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if by == "epoch":
        axes.set_xticks(style.choose_epochs(max(group.figures["epochs"] for group in groups)))
    add_legend_beside(axes)
    return figure


def draw_differences(groups):
    """Draw each group's difference from the first, in points, with the intervals there are."""
    size = (8, 1.4 + 0.36 * len(groups))
    axes = Figure(figsize=size, dpi=100, layout="constrained").subplots()
    for place, group in enumerate(groups[1:]):
        found = compare_groups(groups[0], group)
        if found.low is not None:
            ends = [100 * found.low, 100 * found.high]
            axes.plot(ends, [place] * 2, color=group.color, linewidth=2.5, solid_capstyle="butt")
        filled = "full" if found.more_than_chance else "none"
        axes.plot(100 * found.amount, place, "o", color=group.color, fillstyle=filled)
    axes.axvline(0, color="#666666", linewidth=1)
    names = [style.drawable(shorten(group.label, 44)) for group in groups[1:]]
    axes.set_yticks(range(len(groups) - 1), names)
    axes.invert_yaxis()
    axes.margins(y=0.5 / len(groups))
    first = shorten(groups[0].label, 60)
    axes.set_title(f"Test accuracy, compared with {first}", loc="left", fontweight="bold")
    axes.set_xlabel("points; a line is the 95 % interval, a filled dot more than chance")
    style.clear_axes(axes)
    return axes.figure


def draw_by_class(groups):
    """Draw the share of each class that each group names rightly, a dot a group."""
    names = [*groups[0].matrix]
    size = (8, 1.6 + 0.28 * len(names))
    axes = Figure(figsize=size, dpi=100, layout="constrained").subplots()
    for group in groups:
        if [*group.matrix] == names:
            recall = np.diag(shares_of(group.matrix))
            label = shorten(group.label, MOST_LETTERS)
            axes.plot(recall, range(len(names)), "o", color=group.color, label=label)
    axes.set_yticks(range(len(names)), style.short_names(names, 18))
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_title("Share of each class named rightly", loc="left", fontweight="bold")
    style.clear_axes(axes)
    add_legend_beside(axes)
    return axes.figure


def draw_confusion_difference(first, second):
    """Draw where the second group confuses less (blue) or more (red) than the first."""
    names = style.short_names([*first.matrix], 18)
    difference = shares_of(second.matrix) - shares_of(first.matrix)
    worse = difference * (1 - 2 * np.eye(len(names)))  # more on the diagonal is better
    limit = max(np.abs(worse).max(), 0.01)
    axes = Figure(figsize=(9, 8), dpi=100, layout="constrained").subplots()
    shown = axes.imshow(worse, cmap="RdBu_r", vmin=-limit, vmax=limit)
    if len(names) <= 12:
        for (row, column), value in np.ndenumerate(difference * 100):
            color = "white" if abs(value) > 60 * limit else "black"
            axes.text(column, row, f"{value:+.1f}", ha="center", va="center", color=color, size=8)
    step = math.ceil(len(names) / MOST_CLASSES_NAMED)
    axes.set_xticks(range(0, len(names), step), names[::step], rotation=90)
    axes.set_yticks(range(0, len(names), step), names[::step])
    label = "share of the true class; red: worse, blue: better"
    axes.figure.colorbar(shown, ax=axes, label=label, shrink=0.7)
    axes.set(xlabel="predicted class", ylabel="true class")
    before, after = (shorten(group.label, 60) for group in (first, second))
    title = f"{after}\ncompared with {before}, in percent points"
    axes.set_title(title, loc="left", fontsize=10)
    return axes.figure
