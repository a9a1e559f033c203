"""The pictures of a run: samples, curves, confusion matrix and predictions.

It uses figures.py, whose style all pictures have.
"""

import math
import sys

import numpy as np
import seaborn
from matplotlib.ticker import MaxNLocator

from internals.figures import clear_axes, new_figure, save_figure, short_names

TRAIN_COLOR, VALIDATION_COLOR = "#0072b2", "#e07b00"  # told apart with any colour vision
RIGHT_COLOR, WRONG_COLOR = "#18792b", "#c4201d"


def draw(*pictures):
    """Call each (function, arguments ...); return whether all went well: one may fail alone."""
    failed = 0
    for plot, *arguments in pictures:
        try:
            plot(*arguments)
        except Exception as error:  # a failed picture must not cost the next one
            print(f"error: {plot.__name__} failed: {error!r}", file=sys.stderr)
            failed += 1
    return not failed


def plot_images(figure, images, titles, colors, rows, columns):
    """Draw images in a grid, each under its title."""
    for index, (image, title, color) in enumerate(zip(images, titles, colors, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1, xticks=[], yticks=[])
        axes.imshow(image, interpolation="nearest")
        axes.set_title(title, fontsize=8, color=color)
        axes.spines[:].set_visible(False)


def plot_samples(run, data, first_images=0):
    """Draw samples.png: images of each class, or the first training images in their order."""
    if first_images:
        chosen = np.arange(min(first_images, len(data.x_train)))
        columns, title = 12, f"the first {len(chosen)} training images"
    else:
        each = 1 if data.num_classes > 4 else 5
        labels = range(0, data.num_classes, math.ceil(data.num_classes / 100))
        chosen = np.concatenate([np.flatnonzero(data.y_train == n)[:each] for n in labels])
        columns, title = 5 if data.num_classes <= 20 else 10, "training images of each class"
        if len(labels) < data.num_classes:
            title = f"training images of {len(labels)} of the {data.num_classes:,} classes"
    names = short_names(data.class_names, 18)
    titles = [names[label] for label in data.y_train[chosen]]
    rows = math.ceil(len(chosen) / columns)
    figure = new_figure(run, title, width=1.25 * columns + 0.5, height=1.4 * rows + 0.9)
    plot_images(figure, data.x_train[chosen], titles, ["black"] * len(chosen), rows, columns)
    save_figure(figure, run.folder / "samples.png")


def plot_history(run, metric, validation_name):
    """Draw accuracy.png or loss.png: training against validation, per epoch."""
    history = run.history()
    figure = new_figure(run, f"training and validation {metric}")
    axes = figure.add_subplot()
    marker = "o" if len(history) <= 30 else None
    axes.plot(history.epoch, history[metric], color=TRAIN_COLOR, marker=marker, label="training")
    validation = history[f"val_{metric}"]
    axes.plot(
        history.epoch, validation, color=VALIDATION_COLOR, marker=marker, label=validation_name
    )
    if "best_epoch" in run.record:
        axes.axvline(run.record["best_epoch"], color="gray", linestyle=":", label="weights kept")
    axes.set(xlabel="epoch", ylabel=metric)
    axes.set_ylim(0, 1 if metric == "accuracy" else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    clear_axes(axes)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)  # hides nothing
    save_figure(figure, run.folder / f"{metric}.png")


def plot_confusion_matrix(run, matrix, class_names):
    """Draw confusion_matrix.png; numbers up to 25 classes, colours by share of the true class."""
    count = len(class_names)
    size = min(max(8, 0.19 * count + 3), 24)
    figure = new_figure(run, "confusion matrix", width=size + 0.8, height=size)
    axes = figure.add_subplot()
    seaborn.heatmap(
        matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1),
        annot=matrix if count <= 25 else None,
        fmt="d",
        cmap="Blues",
        vmin=0,
        vmax=1,
        square=True,
        linewidths=0.5 if count <= 25 else 0,
        xticklabels=False,  # seaborn takes seconds to place a hundred
        yticklabels=False,
        cbar_kws={"label": "share of the true class", "shrink": 0.7, "aspect": 30},
        ax=axes,
    )
    named = np.arange(0, count, math.ceil(count / 120))  # a name needs room to be read
    names = np.array(short_names(class_names))[named]
    axes.set_xticks(named + 0.5, names, rotation=90 if max(map(len, names)) > 2 else 0)
    axes.set_yticks(named + 0.5, names)
    axes.set(xlabel="predicted class", ylabel="true class")
    save_figure(figure, run.folder / "confusion_matrix.png")


def plot_predictions(run, data, probabilities, rows=4, columns=8):
    """Draw predictions.png: test images, the same in every run, titled predicted (true)."""
    chosen = np.random.default_rng(0).permutation(len(data.x_test))[: rows * columns]
    true, guess = data.y_test[chosen], probabilities[chosen].argmax(axis=1)
    sure = probabilities[chosen].max(axis=1)
    names = np.array(short_names(data.class_names, 18))
    titles = [
        f"{p}, {share:.0%}\n({t})"
        for p, t, share in zip(names[guess], names[true], sure, strict=True)
    ]
    colors = [RIGHT_COLOR if right else WRONG_COLOR for right in guess == true]
    title = "test images: predicted class, its probability, (true class)"
    figure = new_figure(run, title, width=1.3 * columns, height=1.6 * rows + 0.9)
    plot_images(figure, data.x_test[chosen], titles, colors, rows, columns)
    save_figure(figure, run.folder / "predictions.png")
