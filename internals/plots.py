"""The pictures of a run: samples, curves, confusion matrix, predictions, and what it sees.

It uses figures.py, whose style all pictures have, insight.py and statistics.py.
"""

import math
import sys

import numpy as np
import seaborn
from matplotlib.ticker import MaxNLocator

from internals.figures import clear_axes, new_figure, save_figure, short_names
from internals.insight import calibrate, find_kernels, find_maps, find_surest_mistakes
from internals.statistics import interval_of_share

TRAIN_COLOR, VALIDATION_COLOR = "#0072b2", "#e07b00"  # told apart with any colour vision
MOST_MAPS, MAPS_IN_A_ROW, MOST_KERNELS = 24, 12, 64
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


def choose_shown(data, most):
    """Return which test images are shown, the same in every run on the same data."""
    return np.random.default_rng(0).permutation(len(data.x_test))[:most]


def plot_predictions(run, data, probabilities, rows=4, columns=8):
    """Draw predictions.png: test images, the same in every run, titled predicted (true)."""
    chosen = choose_shown(data, rows * columns)
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


def plot_mistakes(run, data, probabilities, rows=4, columns=6):
    """Draw mistakes.png: the test images that are named wrongly with the highest probability."""
    wrong = find_surest_mistakes(probabilities, data.y_test, most=rows * columns)
    rows = max(1, math.ceil(len(wrong) / columns))
    title = "the surest mistakes: predicted class, its probability, (true class), image"
    figure = new_figure(run, title, width=1.75 * columns, height=1.95 * rows + 0.9)
    names = np.array(short_names(data.class_names, 24))
    titles = [
        f"{names[probabilities[index].argmax()]}, {probabilities[index].max():.1%}\n"
        f"({names[data.y_test[index]]})\n{name_of(data, index)}"
        for index in wrong
    ]
    colors = [WRONG_COLOR] * len(wrong)
    plot_images(figure, data.x_test[wrong], titles, colors, rows, columns)
    if not len(wrong):
        words = f"none: all {len(data.y_test):,} test images are named rightly"
        figure.text(0.5, 0.3, words, ha="center", fontsize=11)
    save_figure(figure, run.folder / "mistakes.png")


def name_of(data, index):
    """Return what predictions.csv calls a test image: the end of its path, or its number."""
    if data.test_names is None:
        return f"image {index}"
    name = str(data.test_names[index])
    return name if len(name) <= 30 else f"…{name[-29:]}"


def plot_calibration(run, probabilities, labels):
    """Draw calibration.png: how often the network is right by how sure it is, and its intervals.

    The title has the expected calibration error.
    """
    means, shares, counts, error = calibrate(probabilities, labels)
    title = f"how sure, and how often right: {100 * error:.1f} points apart"
    figure = new_figure(run, title, height=6.5)
    upper, lower = figure.subplots(2, sharex=True, height_ratios=[3, 1])
    upper.plot([0, 1], [0, 1], color="gray", linestyle=":", label="as often right as it is sure")
    rights = np.rint(shares * counts).astype(int)
    intervals = [interval_of_share(*each) for each in zip(rights, counts, strict=True)]
    away, name = np.abs(np.transpose(intervals) - shares), "network, with 95 % intervals"
    upper.errorbar(means, shares, away, color=TRAIN_COLOR, marker="o", capsize=3, label=name)
    upper.set(ylabel="share that is right", ylim=(-0.02, 1.02))
    lower.bar(means, counts, width=0.04, color=TRAIN_COLOR)
    lower.set(xlabel="probability of the predicted class", ylabel="images", xlim=(0, 1.02))
    lower.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    for axes in (upper, lower):
        clear_axes(axes)
    upper.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    save_figure(figure, run.folder / "calibration.png")


def plot_features(run, model, data, normalise):
    """Draw features.png: the first layer's patterns, and what each block makes of a test image.

    The image is the first of predictions.png. Of each block the maps with the highest values are
    shown, black where they are 0 or less; brightness is their square root, or few would be seen.
    """
    index = choose_shown(data, 1)[0]
    image, batch = data.x_test[index], normalise(data.x_test[[index]])
    maps, kernels = find_maps(model, batch), find_kernels(model, data.image_shape)
    chosen = [np.sort(np.argsort(-each.max(axis=(0, 1)))[:MOST_MAPS]) for each in maps]
    rows = [1.6, *(0.85 * math.ceil(len(each) / MAPS_IN_A_ROW) + 0.3 for each in chosen)]
    title = "what the network looks for, and what it finds in a test image"
    figure = new_figure(run, title, width=10, height=sum(rows) + 1.2)
    grid = figure.add_gridspec(len(rows), 6, height_ratios=rows)
    name = short_names(data.class_names)[data.y_test[index]]
    show_picture(figure, grid[0, 0], image, f"{name_of(data, index)}\n({name})")
    if kernels is not None:
        count = min(len(kernels), MOST_KERNELS)
        tiles = tile(kernels[:count], columns=math.ceil(math.sqrt(4.5 * count)))
        words = f"{count} of the " * (count < len(kernels))
        words += f"{len(kernels):,} patterns of the first layer; grey is a weight of 0"
        show_picture(figure, grid[0, 1:], tiles, words)
    for number, (each, which) in enumerate(zip(maps, chosen, strict=True), 1):
        height, width, count = each.shape
        words = f"{len(which)} strongest of the " * (len(which) < count)
        words += f"{count:,} map{'s' * (count != 1)} of {height} x {width} pixels"
        words = f"after the convolutions of block {number}: {words}"
        tiles = tile(np.sqrt(each.clip(0))[:, :, which].transpose(2, 0, 1), MAPS_IN_A_ROW)
        show_picture(figure, grid[number, :], tiles, words)
    if not maps and kernels is None:
        figure.text(0.5, 0.2, "there is no convolution among its layers", ha="center", fontsize=11)
    save_figure(figure, run.folder / "features.png")


def tile(pictures, columns):
    """Return pictures (n, height, width) or (n, height, width, 3) as one, with gaps of NaN."""
    count, height, width, *color = pictures.shape
    rows, gap = math.ceil(count / columns), max(1, round(width / 12))
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, *color)
    tiles = np.full(size, np.nan if not color else 1.0)
    for index, picture in enumerate(pictures):
        y, x = index // columns * (height + gap), index % columns * (width + gap)
        tiles[y : y + height, x : x + width] = picture
    return tiles


def show_picture(figure, place, picture, title):
    """Draw a picture in colour, or one of numbers from 0 on, under its title."""
    axes = figure.add_subplot(place, xticks=[], yticks=[])
    numbers = {"cmap": "magma", "vmin": 0, "vmax": np.nanmax(picture)} if picture.ndim == 2 else {}
    axes.imshow(picture, interpolation="nearest", **numbers)
    axes.set_anchor("W")
    axes.set_title(title, loc="left", fontsize=8)
    axes.spines[:].set_visible(False)
