"""What a network calls pictures, and which parts decide that, by predictions on any backend."""

import numpy as np

from internals.core.files import fail

CELLS = 12  # rows and columns of the places at which a picture is covered
PIXELS_AT_ONCE = 150 * 32 * 32  # what one prediction takes, so that large pictures need no memory


def predict_all(predict, images, flip=False):
    """Return the probabilities (n, classes) of images (n, height, width, 3).

    `predict` returns those of some images. With `flip` they are as in a run with `flip_test`.
    """
    count = max(1, PIXELS_AT_ONCE // (images.shape[1] * images.shape[2]))
    answers = []
    for start in range(0, len(images), count):
        part = images[start : start + count]
        views = [part, part[:, :, ::-1]] if flip else [part]
        answers.append(np.mean([predict(view) for view in views], axis=0))
    probabilities = np.concatenate(answers).astype("float64")
    if not np.isfinite(probabilities).all():
        fail("the network answers with nan: its training had diverged; take another run")
    return probabilities


def predict_with_map(predict, image, flip=False):
    """Return an image's probabilities, and how the highest drops where it is covered."""
    images = np.concatenate([image[np.newaxis], occlude(image)])
    probabilities = predict_all(predict, images, flip)
    best = probabilities[0].argmax()
    drops = probabilities[0, best] - probabilities[1:, best]
    return probabilities[0], drops.reshape(CELLS, CELLS)


def occlude(image):
    """Return a copy of an image for each place of a grid, row by row, that is covered in it."""
    copies = np.repeat(image[np.newaxis], CELLS**2, axis=0)
    mean = np.rint(image.mean(axis=(0, 1)))
    height, width = image.shape[:2]
    for copy, (row, column) in zip(copies, np.ndindex(CELLS, CELLS), strict=True):
        y, x = (row + 0.5) * height / CELLS, (column + 0.5) * width / CELLS
        top, left = max(0, round(y - height / 8)), max(0, round(x - width / 8))  # a quarter wide
        copy[top : round(y + height / 8), left : round(x + width / 8)] = mean
    return copies
