"""The PNG charts in which runs are compared, for results/charts/.

It uses comparison.py and figures.py.
"""

import collections

import numpy as np
import seaborn
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from internals.comparison import shares_of
from internals.figures import new_chart, save_figure, short_names, shorten

BAR_EPOCHS = (10, 20, 50, 100)
MOST_IN_A_CHART = 10  # more lines than colours cannot be told apart
MOST_CLASSES_IN_A_CHART = 25


def save_chart(figure, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    save_figure(figure, folder / f"{name}.png")


def add_legend(axes):
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=9)


def draw_curves(runs, folder):
    """Draw validation accuracy by epoch and by minutes of training."""
    for name, xlabel in (("accuracy_by_epoch", "epoch"), ("accuracy_by_minutes", "minutes")):
        figure, axes = new_chart("Validation accuracy", xlabel, "validation accuracy")
        for run in runs:
            x = run.history.epoch if xlabel == "epoch" else run.history.seconds.cumsum() / 60
            marker = "o" if len(x) == 1 else None
            accuracy = run.history.val_accuracy
            axes.plot(x, accuracy, color=run.color, label=shorten(run.label), marker=marker)
        axes.set_ylim(0, 1)
        if xlabel == "epoch":
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        add_legend(axes)
        save_chart(figure, folder, name)


def draw_bars(runs, folder, name, title, ylabel, groups, heights):
    """Draw a group of bars for each of `groups`, a bar a run; heights (runs, groups), NaN: none."""
    figure, axes = new_chart(title, "", ylabel)
    width = 0.8 / max(len(runs), 1)
    for index, run in enumerate(runs):
        x = np.arange(len(groups)) + (index - (len(runs) - 1) / 2) * width
        axes.bar(x, heights[index], width, color=run.color, label=shorten(run.label))
    axes.set_xticks(range(len(groups)), short_names(groups, 14))
    axes.tick_params(axis="x", rotation=0 if len(groups) <= 4 else 90, labelsize=8)
    axes.set_ylim(0, 1 if ylabel == "accuracy" else None)
    add_legend(axes)
    save_chart(figure, folder, name)


def draw_charts(runs, folder):
    """Draw all charts of the runs into `folder`; return (file name, description) of each."""
    shown = [run for run in runs if len(run.history)][:MOST_IN_A_CHART]
    if not shown:
        return []
    draw_curves(shown, folder)
    charts = [
        ("accuracy_by_epoch", "validation accuracy by epoch"),
        ("accuracy_by_minutes", "validation accuracy by minutes of training"),
    ]
    at = [epoch for epoch in BAR_EPOCHS if any(len(run.history) >= epoch for run in shown)]
    if at:
        reached = [run for run in shown if len(run.history) >= at[0]]
        heights = [run.history.set_index("epoch").val_accuracy.reindex(at) for run in reached]
        groups = [f"{epoch} epochs" for epoch in at]
        title = "Validation accuracy after so many epochs"
        draw_bars(reached, folder, "accuracy_at_epochs", title, "accuracy", groups, heights)
        charts.append(("accuracy_at_epochs", title.lower()))
    minutes = [[run.figures["minutes"]] for run in shown]
    draw_bars(shown, folder, "training_time", "Training time", "minutes", [""], minutes)
    charts.append(("training_time", "training time in minutes"))
    by_classes = collections.defaultdict(list)
    for run in shown:
        if run.matrix is not None and len(run.matrix) <= MOST_CLASSES_IN_A_CHART:
            by_classes[tuple(run.matrix.columns)].append(run)
    if by_classes:
        classes, alike = max(by_classes.items(), key=lambda item: len(item[1]))
        recall = [np.diag(shares_of(run.matrix)) for run in alike]
        title = "Share of each class's test images that are named rightly"
        draw_bars(alike, folder, "accuracy_by_class", title, "accuracy", classes, recall)
        charts.append(("accuracy_by_class", title.lower()))
    return charts


def draw_difference(first, second, folder):
    """Draw where the second run confuses less (blue) or more (red) than the first."""
    names = short_names(first.matrix.columns, 18)
    difference = shares_of(second.matrix) - shares_of(first.matrix)
    worse = difference * (1 - 2 * np.eye(len(names)))  # more on the diagonal is better
    limit = max(np.abs(worse).max(), 0.01)
    figure = Figure(figsize=(9, 8), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    seaborn.heatmap(
        worse,
        annot=difference * 100 if len(names) <= 12 else None,
        fmt="+.1f",
        annot_kws={"fontsize": 8},
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        square=True,
        xticklabels=names if len(names) <= 40 else False,
        yticklabels=names if len(names) <= 40 else False,
        cbar_kws={"label": "share of the true class; red: worse, blue: better", "shrink": 0.7},
        ax=axes,
    )
    axes.set(xlabel="predicted class", ylabel="true class")
    title = (
        f"{shorten(second.label, 60)}\ncompared with {shorten(first.label, 60)}, in percent points"
    )
    axes.set_title(title, loc="left", fontsize=10)
    save_chart(figure, folder, "confusion_difference")
