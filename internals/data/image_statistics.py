"""Simple statistics of images, by which a picture unlike the training images is known."""

import numpy as np

MOST_IMAGES = 1000  # of the training images; more change the percentiles little
MOST_PIXELS = 32  # a side; of larger images some rows and columns stand for all
EDGE = 16  # the frame of an image is so many times narrower than the image
PERCENTILES = 0.5, 99.5  # between them lie nearly all of the training images
AT_ONCE = 250  # images, so that they need little memory
NAMES = ("brightness", "edge_brightness", "contrast", "colourfulness", "detail")


def measure(images):
    """Return the statistics (n, 5) of uint8 images (n, height, width, 3), each from 0 to 1.

    They are the mean brightness, that of the edges, the standard deviation of the brightness, the
    mean distance of a pixel's highest colour from its lowest, and that of neighbouring pixels.
    """
    return np.concatenate(
        [measure_few(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
    )


def measure_few(images):
    """Return the statistics of images that all fit into memory as numbers."""
    step = find_step(images)
    red, green, blue = images[:, ::step, ::step].astype("float32").transpose(3, 0, 1, 2) / 255
    grey = (red + green + blue) / 3
    height, width = grey.shape[1:]
    high, wide = max(1, height // EDGE), max(1, width // EDGE)
    frame = np.ones((height, width), dtype=bool)
    frame[high : height - high, wide : width - wide] = False
    colours = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    down, across = (
        np.abs(np.diff(grey, axis=axis)).sum(axis=(1, 2)) / max(1, height * width - lost)
        for axis, lost in ((1, width), (2, height))
    )
    edges = grey[:, frame].mean(axis=1)
    whole = (grey.mean(axis=(1, 2)), edges, grey.std(axis=(1, 2)), colours.mean(axis=(1, 2)))
    return np.stack([*whole, (down + across) / 2], axis=1)


def find_step(images):
    """Return that only every so-many-th row and column of images is looked at."""
    return -(-max(images.shape[1:3]) // MOST_PIXELS)


def describe(images):
    """Return {name: [low, high]} of the statistics between which nearly all images lie."""
    chosen = np.linspace(0, len(images) - 1, min(len(images), MOST_IMAGES)).astype(int)
    step = find_step(images)  # before they are copied: they may be large
    ends = np.percentile(measure(images[chosen, ::step, ::step]), PERCENTILES, axis=0).T
    return {name: np.round(each, 4).tolist() for name, each in zip(NAMES, ends, strict=True)}
