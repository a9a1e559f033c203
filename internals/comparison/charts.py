"""The PNG charts that compare groups of runs, for the page and for reports."""

import math
import textwrap

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter

from internals.comparison.curves import curves_of, mean_curves
from internals.comparison.differences import compare_groups
from internals.core.intervals import are_more_than_chance
from internals.core.palette import BLUE, MARKERS, MATPLOTLIB_DASHES, VERMILION, style_of
from internals.core.text import format_points, shorten_names
from internals.report import style

CHARTS = {
    "accuracy_by_epoch": "validation accuracy by epoch",
    "accuracy_by_minutes": "validation accuracy by minutes of training",
    "difference": "difference in test accuracy from the first, with 95 % intervals",
    "accuracy_by_class": "share of each class's test images that are named rightly",
    "confusion_difference": "where the second confuses less or more than the first",
}
MOST_IN_A_CHART = 10  # more lines cross too often to be followed
MOST_BY_CLASS = 5
MOST_LETTERS = 34  # of a legend, for which there is room
MOST_CLASSES_IN_A_CHART = 25
MOST_CLASSES_NAMED = 40
MOST_CLASSES_NUMBERED = 12
UNBROKEN = "\N{NO-BREAK SPACE}"
LEAST_POINTS = 0.5  # that an axis of differences shows on each side
SQUEEZED = 10  # times longer than another: then minutes have a logarithmic scale
BETTER_AND_WORSE = LinearSegmentedColormap.from_list("worse", [BLUE, "#ffffff", VERMILION])


def shares_of(matrix):
    """Return a confusion matrix as shares of the true class, each row summing to 1 or 0."""
    counts = matrix.to_numpy(dtype=float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def add_legend_beside(axes):
    style = {"loc": "upper left", "bbox_to_anchor": (1.02, 1), "frameon": False, "fontsize": 9}
    axes.legend(**style)


@style.plain()
def draw_charts(groups, folder, suffix=""):
    """Draw the charts of a data set's first groups into `folder`; return {name: description}.

    A group has the same colour and dash in all of them.
    """
    figures, shown = {}, [group for group in groups if group.drawn][:MOST_IN_A_CHART]
    with_accuracy = [group for group in groups if group.accuracies][:MOST_IN_A_CHART]
    drawn = {group.key for group in [*shown, *with_accuracy]}
    some = [group.key for group in groups if group.key in drawn]
    styles = {key: style_of(place) for place, key in enumerate(some)}
    if shown:
        figures["accuracy_by_epoch"] = draw_curves(shown, styles, "epoch")
        figures["accuracy_by_minutes"] = draw_curves(shown, styles, "minutes")
    if len(with_accuracy) > 1:
        figures["difference"] = draw_differences(with_accuracy, styles)
    by_class = [group for group in shown if group.matrix is not None][:MOST_BY_CLASS]
    if by_class and len(by_class[0].matrix) <= MOST_CLASSES_IN_A_CHART:
        figures["accuracy_by_class"] = draw_by_class(by_class, styles)
    if len(groups) == len(by_class) == 2:
        figures["confusion_difference"] = draw_confusion_difference(*groups)
    for name, figure in figures.items():
        style.save_figure(figure, folder / f"{name}{suffix}.png")
    return {name + suffix: CHARTS[name] for name in figures}


def name_in_legend(groups):
    """Return the groups' labels, in which what differs is kept, and their numbers of runs."""
    numbers = [len(group.averaged) for group in groups]
    seeds = [f"(n{UNBROKEN}={UNBROKEN}{number})" if number > 1 else "" for number in numbers]
    names = shorten_names([group.label for group in groups], 2 * MOST_LETTERS)
    texts = [f"{name} {number}".strip() for name, number in zip(names, seeds, strict=True)]
    lines = [textwrap.wrap(style.drawable(text), MOST_LETTERS) for text in texts]
    return ["\n".join(each).replace(UNBROKEN, " ") for each in lines]


def draw_curves(groups, styles, by):
    """Draw validation accuracy by epoch or minutes: a mean, and a band where there are seeds."""
    curves = [mean_curves(group.averaged) for group in groups]
    labels = name_in_legend(groups)
    last = [mean.val_accuracy.iloc[-1] for mean, _ in curves]
    best = int(np.nanargmax(last)) if np.isfinite(last).any() else 0
    title = f"Validation accuracy at the end: {100 * last[best]:.1f} %"
    if len(groups) > 1:
        title = f"{title} at most, of {groups[best].label}"
    words = {"epoch": "epoch", "minutes": "minutes of training"}
    axes = style.new_chart(title, 4.5, xlabel=words[by], ylabel="validation accuracy")
    for group, (mean, spread), label in zip(groups, curves, labels, strict=True):
        color, dash = styles[group.key]
        marker = "o" if len(mean) == 1 else None
        line = {"color": color, "linestyle": MATPLOTLIB_DASHES[dash], "marker": marker}
        height = mean.val_accuracy
        axes.plot(mean[by], height, label=label, **line)
        if len(group.drawn) > 1:
            edges = height - spread.val_accuracy, height + spread.val_accuracy
            axes.fill_between(mean[by], *edges, color=color, alpha=0.2, linewidth=0)
            for each in map(curves_of, group.drawn):
                axes.plot(each[by], each.val_accuracy, color=color, linewidth=0.5, alpha=0.6)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    if by == "epoch":
        axes.set_xticks(style.choose_epochs(max(group.figures["epochs"] for group in groups)))
    else:
        spread_minutes(axes, [mean.minutes for mean, _ in curves])
    add_legend_beside(axes)
    return axes.figure


def spread_minutes(axes, minutes):
    """Give the minutes a logarithmic scale where one run would squeeze the others."""
    ends = [each.iloc[-1] for each in minutes]
    if min(each.iloc[0] for each in minutes) > 0 and max(ends) > SQUEEZED * min(ends):
        axes.set_xscale("log")
        axes.set_xlabel("minutes of training, on a logarithmic scale")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))


def draw_differences(groups, styles):
    """Draw each group's difference from the first, in points, with the intervals there are."""
    found = [compare_groups(groups[0], group) for group in groups[1:]]
    verdicts = are_more_than_chance(found)
    title = f"Test accuracy, compared with {groups[0].label}: {count_apart(verdicts)}"
    words = "points; a line is the 95 % interval, a filled dot more than chance"
    words += "\nafter Holm's correction" if len(found) > 1 else ""
    axes = style.new_chart(title, 1.4 + 0.4 * len(found), xlabel=words)
    for place, (group, difference, verdict) in enumerate(
        zip(groups[1:], found, verdicts, strict=True)
    ):
        color, _ = styles[group.key]
        if difference.low is not None:
            ends = [100 * difference.low, 100 * difference.high]
            axes.plot(ends, [place] * 2, color=color, linewidth=2.5, solid_capstyle="butt")
        filled = "full" if verdict else "none"
        axes.plot(100 * difference.amount, place, "o", color=color, fillstyle=filled)
    axes.axvline(0, color="#666666", linewidth=1)
    axes.set_yticks(range(len(found)), name_in_legend(groups[1:]), fontsize=9)
    axes.invert_yaxis()
    axes.margins(y=0.5 / len(groups))
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -LEAST_POINTS), max(high, LEAST_POINTS))
    return axes.figure


def count_apart(verdicts):
    """Return in words how many differences are more than chance; None is not known."""
    unknown = sum(each is None for each in verdicts)
    if unknown == len(verdicts):
        return "whether more than by chance is not known"
    apart = sum(each is True for each in verdicts)
    words = f"{apart} of {len(verdicts)} differ{'s' if apart == 1 else ''} by more than chance"
    return f"{words}, {unknown} not known" if unknown else words


def draw_by_class(groups, styles):
    """Draw the share of each class that each group names rightly, a dot a group."""
    names = [*groups[0].matrix]
    groups = [group for group in groups if [*group.matrix] == names]
    recalls = [np.diag(shares_of(group.matrix)) for group in groups]
    step = 0.5 / max(len(groups) - 1, 1)  # one under the other, or equal ones would hide others
    hardest = int(np.mean(recalls, axis=0).argmin())
    short = style.short_names(names, 18)
    title = f"Hardest class: {short[hardest]}, {100 * np.mean(recalls, axis=0)[hardest]:.0f} % of"
    title += " its test images named rightly" + (", on average" if len(groups) > 1 else "")
    height = 1.4 + len(names) * max(0.28, 0.09 * (len(groups) + 1))
    axes = style.new_chart(title, height, xlabel="named rightly, in percent of the class")
    for row, (group, recall, label) in enumerate(
        zip(groups, recalls, name_in_legend(groups), strict=True)
    ):
        color, _ = styles[group.key]
        places = np.arange(len(names)) + step * (row - (len(groups) - 1) / 2)
        line = {"color": color, "label": label, "markersize": 5}
        axes.plot(100 * recall, places, MARKERS[row % len(MARKERS)], **line)
    axes.set_yticks(range(len(names)), short)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(100, decimals=0))
    axes.grid(visible=False, axis="y")
    for edge in np.arange(len(names) - 1) + 0.5:
        axes.axhline(edge, color="#dddddd", linewidth=0.6, zorder=0)
    add_legend_beside(axes)
    return axes.figure


def draw_confusion_difference(first, second):
    """Draw where the second group confuses less (blue) or more (orange) than the first."""
    names = style.short_names([*first.matrix], 18)
    difference = 100 * (shares_of(second.matrix) - shares_of(first.matrix))
    worse = difference * (1 - 2 * np.eye(len(names)))  # more on the diagonal is better
    limit = max(np.abs(worse).max(), 1)
    right = [
        np.trace(each.matrix) / max(each.matrix.to_numpy().sum(), 1) for each in (first, second)
    ]
    change = format_points(100 * (right[1] - right[0]), 1)
    title = f"{second.label}, compared with {first.label}: {change} points in all"
    axes = style.new_chart(title, 7.6, xlabel="predicted class", ylabel="true class")
    axes.grid(visible=False)
    shown = axes.imshow(worse, cmap=BETTER_AND_WORSE, vmin=-limit, vmax=limit)
    for (row, column), value in np.ndenumerate(difference):
        if len(names) <= MOST_CLASSES_NUMBERED:
            color = style.black_or_white(shown.to_rgba(worse[row, column]))
            text = {"ha": "center", "va": "center", "size": 24 - 1.4 * len(names), "color": color}
            axes.text(column, row, format_points(value, 1), **text)
    step = math.ceil(len(names) / MOST_CLASSES_NAMED)
    axes.set_xticks(range(0, len(names), step), names[::step], rotation=90)
    axes.set_yticks(range(0, len(names), step), names[::step])
    label = "points of the true class's images; orange: worse, blue: better"
    axes.figure.colorbar(shown, ax=axes, label=label, shrink=0.7)
    return axes.figure
