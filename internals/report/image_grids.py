"""The pictures made of images: samples, predictions, mistakes, features."""

import math
from pathlib import Path

import numpy as np
from PIL import Image

from internals.core.palette import RIGHT_COLOR, WRONG_COLOR
from internals.core.text import count_nouns, shorten_path
from internals.report.feature_maps import find_kernels, find_maps, find_most_confident_mistakes
from internals.report.style import (
    DPI,
    MARGIN,
    add_picture,
    add_pixels,
    headline,
    measure_width,
    name_run,
    new_figure,
    plain,
    save_figure,
    short_names,
)

MOST_CLASSES, MOST_MAPS, MAPS_IN_A_ROW, MOST_KERNELS = 100, 24, 12, 64
RIGHT_SIGN, WRONG_SIGN = "\N{CHECK MARK}", "\N{BALLOT X}"  # beside the colours
SIGNS = f"{RIGHT_SIGN} and blue: right, {WRONG_SIGN} and orange: wrong"
DOT = DPI // 100  # a hundredth of an inch, in pixels, in which distances are given here
LINE, WIDEST = 14 * DOT, 1300 * DOT  # of a title's line; of a grid, if it can be so narrow


@plain()
def plot_samples(run, data, first_images=0):
    """Draw samples.png: images of each class, or the first training images in their order."""
    source, count = Path(run.hyperparameters.data).name, len(data.x_train)
    words = [f"{count:,} training images, {data.num_classes:,} classes"]
    if first_images:
        images, labels = data.x_train[:first_images], data.y_train[:first_images]
        titles = np.array(short_names(data.class_names, 18))[labels]
        title = f"{source}: the first {len(images)} training images"
        figure = draw_grid(title, words, images, titles, ["black"] * len(images), columns=12)
    else:
        labels = range(0, data.num_classes, math.ceil(data.num_classes / MOST_CLASSES))
        some = f"{len(labels)} of the {data.num_classes:,} classes"
        which = some if len(labels) < data.num_classes else "each class"
        figure = draw_classes(f"{source}: training images of {which}", words, data, labels)
    save_figure(figure, run.folder / "samples.png")


def draw_classes(title, words, data, labels):
    """Return a figure with a row of training images for each of these labels, under one another."""
    blocks = 1 if len(labels) <= 10 else 2 if len(labels) <= 30 else 4  # of rows, side by side
    each, rows, gap = 12 // blocks, math.ceil(len(labels) / blocks), 4 * DOT
    size = fit(data.x_train[:1], 0.64).shape[1:]
    images = np.full((len(labels), each, *size), 255, "uint8")
    for row, label in zip(images, labels, strict=True):  # a class may have fewer, or none
        own = np.flatnonzero(data.y_train == label)[:each]
        row[: len(own)] = fit(data.x_train[own], 0.64)
    table = tile(images.reshape(-1, *size), each, gap)
    step = (len(table) + gap) // len(labels)
    names = np.array(short_names(data.class_names, 18))[labels]
    left = measure_width(names, 9) + 0.2
    wide, high = table.shape[1] / DPI, (rows * step - gap) / DPI
    figure = new_figure(title, words, blocks * (left + wide) + 2 * MARGIN, high + MARGIN)
    for block in range(blocks):
        shown = table[block * rows * step :][: rows * step - gap]
        place = (left + MARGIN + block * (left + wide), MARGIN + high - len(shown) / DPI)
        axes = add_pixels(figure, shown, *place)
        for index, name in enumerate(names[block * rows :][:rows]):
            middle = index * step + (step - gap) / 2
            axes.text(-8 * DOT, middle, name, ha="right", va="center", fontsize=9)
    return figure


def draw_grid(title, words, images, titles, colors, columns):
    """Return a figure with images in a grid, each under its title; fewer columns for long ones."""
    pictures, lines = fit(images, 1), [text.splitlines() for text in titles]
    height, width = pictures.shape[1:3]
    longest = DPI * measure_width([line for each in lines for line in each], 8)
    above = LINE * max(map(len, lines)) + 16 * DOT
    gap = max(math.ceil(longest) + 12 * DOT - width, 8 * DOT)
    while columns > 1 and columns * (width + gap) > WIDEST:
        columns //= 2
    columns = min(columns, len(pictures))
    tiles = tile(pictures, columns, gap, above)
    high, wide = (length / DPI for length in tiles.shape[:2])
    left = MARGIN + gap / 2 / DPI  # a title may be wider than its picture
    figure = new_figure(title, words, wide + 2 * left, high + MARGIN)
    axes = add_pixels(figure, tiles, left, MARGIN)  # axes for each would take seconds
    for index, (text, color) in enumerate(zip(titles, colors, strict=True)):
        x = index % columns * (width + gap) + (width - 1) / 2
        y = index // columns * (height + above) + above - 5 * DOT
        axes.text(x, y, text, ha="center", va="bottom", fontsize=8, color=color)
    return figure


def fit(images, inches):
    """Return images (n, height, width, 3) with their pixels repeated, or fewer, to fit a height."""
    most, (height, width) = round(inches * DPI), images.shape[1:3]
    if height <= most:
        return images.repeat(most // height, axis=1).repeat(most // height, axis=2)
    size = (max(1, round(most * width / height)), most)
    smaller = [np.asarray(Image.fromarray(image).resize(size)) for image in images]
    return np.reshape(smaller, (len(images), *size[::-1], 3)).astype("uint8")


def tile(pictures, columns, gap=0, above=0):
    """Return pictures (n, height, width[, 3]) as one, with gaps, and room for words `above`."""
    count, height, width, *color = pictures.shape
    gap = gap or max(1, round(width / 12))
    rows, step = math.ceil(count / columns), height + (above or gap)
    size = (rows * step - (0 if above else gap), columns * (width + gap) - gap, *color)
    white = np.nan if not color else 255 if pictures.dtype == np.uint8 else 1
    tiles = np.full(size, white, pictures.dtype)
    for index, picture in enumerate(pictures):
        y, x = index // columns * step + above, index % columns * (width + gap)
        tiles[y : y + height, x : x + width] = picture
    return tiles


def choose_shown(data, most):
    """Return which test images are shown, the same in every run on the same data."""
    return np.random.default_rng(0).permutation(len(data.x_test))[:most]


@plain()
def plot_predictions(run, data, probabilities, most=32):
    """Draw predictions.png: test images, the same in every run, titled predicted (true)."""
    chosen, right = choose_shown(data, most), probabilities.argmax(axis=1) == data.y_test
    titles = title_answers(data, probabilities, chosen, 18, "{:.0%}")
    title = (
        f"{headline(run, right.mean())}; of these {len(chosen)}, {right[chosen].sum()} are right"
    )
    colors = np.where(right[chosen], RIGHT_COLOR, WRONG_COLOR)
    words = [f"Above each: predicted class, its probability, (true class); {SIGNS}", *name_run(run)]
    figure = draw_grid(title, words, data.x_test[chosen], titles, colors, columns=8)
    save_figure(figure, run.folder / "predictions.png")


@plain()
def plot_mistakes(run, data, probabilities, most=24):
    """Draw mistakes.png: the test images that are named wrongly with the highest probability."""
    wrong = find_most_confident_mistakes(probabilities, data.y_test, most)
    answers = title_answers(data, probabilities, wrong, 24, "{:.1%}")
    titles = [f"{text}\n{name_of(data, n)}" for text, n in zip(answers, wrong, strict=True)]
    right = probabilities.argmax(axis=1) == data.y_test
    title, count = headline(run, right.mean()), len(right) - right.sum()
    if count:
        title += f"; the surest {len(wrong)} of {count_nouns(count, 'mistake')}"
        words = ["Above each: predicted class, its probability, (true class), image"]
        colors = [WRONG_COLOR] * len(wrong)
        words += name_run(run)
        figure = draw_grid(title, words, data.x_test[wrong], titles, colors, columns=8)
    else:
        figure = new_figure(f"{title}; no mistakes", name_run(run), 8, 1)
        none = f"none: all {len(right):,} test images are named rightly"
        figure.text(0.5, 0.3, none, ha="center", fontsize=11)
    save_figure(figure, run.folder / "mistakes.png")


def title_answers(data, probabilities, chosen, length, share):
    """Return for each chosen test image a sign, its predicted class, its probability, (true)."""
    names, titles = short_names(data.class_names, length), []
    for answer, label in zip(probabilities[chosen], data.y_test[chosen], strict=True):
        sign = RIGHT_SIGN if answer.argmax() == label else WRONG_SIGN
        predicted = f"{sign} {names[answer.argmax()]}, {share.format(answer.max())}"
        titles.append(f"{predicted}\n({names[label]})")
    return titles


def name_of(data, index):
    """Return what predictions.csv calls a test image: the end of its path, or its number."""
    if data.test_names is None:
        return f"image {index}"
    name = str(data.test_names[index])
    return shorten_path(name, 30)


@plain()
def plot_features(run, model, data, normalise):
    """Draw features.png: the first layer's patterns, and what each block makes of a test image."""
    index, wide, side = choose_shown(data, 1)[0], 9.76, 1.25  # the first of predictions.png
    kernels = find_kernels(model, data.image_shape)
    maps = find_maps(model, normalise(data.x_test[[index]]))
    blocks = [tile_strongest(each, number) for number, each in enumerate(maps, 1)]
    heights = [wide * len(tiles) / tiles.shape[1] for tiles, _ in blocks]
    top = 1.8 + sum(heights) + 0.34 * len(blocks)
    title = f"{run.script}: what the network looks for, and what it finds in a test image"
    if "test_accuracy" in run.record:
        title += f" (test accuracy {100 * run.record['test_accuracy']:.1f} %)"
    figure = new_figure(title, name_run(run), wide + 2 * MARGIN, top)
    words = f"{name_of(data, index)}\n({short_names(data.class_names)[data.y_test[index]]})"
    top -= 0.4 + side
    show_picture(figure, data.x_test[index], words, MARGIN, top, side, side)
    if kernels is not None:
        show_picture(figure, *tile_first(kernels), MARGIN + 1.75, top, wide - 1.75, side)
    for (tiles, words), height in zip(blocks, heights, strict=True):
        top -= 0.34 + height
        show_picture(figure, tiles, words, MARGIN, top, wide, height)
    if not blocks and kernels is None:
        figure.text(0.5, 0.2, "there is no convolution among its layers", ha="center", fontsize=11)
    save_figure(figure, run.folder / "features.png")


def tile_first(kernels):
    """Return the first of these patterns as one picture, and what it shows."""
    count = min(len(kernels), MOST_KERNELS)
    some = f"{count} of the " if count < len(kernels) else ""
    words = f"{some}{len(kernels):,} patterns of the first layer; grey is a weight of 0"
    return tile(kernels[:count], math.ceil(math.sqrt(4.5 * count))), words


def tile_strongest(maps, block):
    """Return the maps (height, width, n) with the highest values as one picture, and its words."""
    height, width, count = maps.shape
    strongest = np.sort(np.argsort(-maps.max(axis=(0, 1)))[:MOST_MAPS])
    some = f"{len(strongest)} strongest of the " if len(strongest) < count else ""
    words = f"{some}{count_nouns(count, 'map')} of {height} x {width} pixels"
    brightness = np.sqrt(maps.clip(0))[:, :, strongest].transpose(2, 0, 1)  # or few were seen
    return tile(brightness, MAPS_IN_A_ROW), f"after the convolutions of block {block}: {words}"


def show_picture(figure, picture, title, *place):
    """Draw a picture in colour, or one of numbers from 0 on, under its title."""
    numbers = {"cmap": "magma", "vmin": 0, "vmax": np.nanmax(picture)} if picture.ndim == 2 else {}
    axes = add_picture(figure, picture, *place, **numbers)
    axes.set_anchor("NW")
    axes.set_title(title, loc="left", fontsize=8)
