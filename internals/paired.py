"""Paired pictures: test images that one network names rightly and the other does not.

It uses reading.py and images.py; for scikit-learn's digits and CIFAR-10 in Keras's cache the images
are at hand, for image folders as long as they are where they were.
"""

import functools
import os
import pickle
from pathlib import Path

import numpy as np
from PIL import Image

MOST_EACH_WAY = 8
TILE = 32  # pixels a side
ANSWER = ("predicted", "probability")


def choose_seeds(first, second):
    """Return a run of each group to be paired: of the same seed, where there is one."""
    by_seed = {run.seed: run for run in reversed(second.counted)}
    for run in first.counted:
        if run.seed in by_seed:
            return run, by_seed[run.seed]
    return first.first, second.first


def find_disagreements(first, second):
    """Return the rows of images that only the first names rightly, and only the second.

    `first` and `second` are tables of predictions of the same images. A row is (image, true class,
    the first's answer, its probability, the second's, its probability); the one in which both are
    the surest comes first.
    """
    right = [(table.true == table.predicted).to_numpy() for table in (first, second)]
    sureness = (first.probability * second.probability).to_numpy()
    both = []
    for mine, other in (right, right[::-1]):
        rows = np.flatnonzero(mine & ~other)
        rows = rows[np.argsort(-sureness[rows], kind="stable")][:MOST_EACH_WAY]
        columns = [table[name].to_numpy()[rows] for table in (first, second) for name in ANSWER]
        images, true = first.image.to_numpy()[rows], first.true.to_numpy()[rows]
        both.append([*zip(images, true, *columns, strict=True)])
    return both


def pair(first, second):
    """Return find_disagreements of two runs; ValueError says why they cannot be paired."""
    tables = [run.predictions for run in (first, second)]
    if [*tables[0].image] != [*tables[1].image] or [*tables[0].true] != [*tables[1].true]:
        raise ValueError("their predictions.csv are not about the same images")
    return find_disagreements(*tables)


def read_pictures(run, names):
    """Return {name: uint8 (32, 32, 3)} of those of the run's test images that are at hand."""
    from internals import images  # here, because most pages need no images

    source, found = str(run.record["hyperparameters"].get("data", "")), {}
    try:
        if source == "digits":
            return pick(read_digits(), names)
        if source == "cifar10" or source.endswith(".tar.gz"):
            return pick(read_cifar10(), names)
        for name in names:
            path = Path(source, name).resolve()
            if path.is_relative_to(Path(source).resolve()):
                found[name] = images.read_image(path)
    except Exception:  # whatever is wrong with an image, the words are still there
        pass
    return found


def pick(images, names):
    """Return {name: image} of those images that are named by their number, from 0."""
    return {name: images[int(name)] for name in names if 0 <= int(name) < len(images)}


@functools.cache
def read_digits():
    """Return the test images of scikit-learn's digits, uint8 (360, 32, 32, 3)."""
    from internals import images

    return images.load_digits()[1][0]


@functools.cache
def read_cifar10():
    """Return the test images of CIFAR-10 as Keras keeps them, uint8 (10000, 32, 32, 3)."""
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
    path = cache / "cifar-10-batches-py-target" / "cifar-10-batches-py" / "test_batch"
    with open(path, "rb") as file:
        batch = pickle.load(file, encoding="bytes")
    return batch[b"data"].reshape(-1, 3, TILE, TILE).transpose(0, 2, 3, 1)


def make_sheet(pictures, columns=32):
    """Return a picture of all the pictures (32, 32, 3) side by side, row by row."""
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * TILE, columns * TILE, 3), dtype="uint8")
    for index, picture in enumerate(pictures):
        y, x = index // columns * TILE, index % columns * TILE
        sheet[y : y + TILE, x : x + TILE] = picture
    return Image.fromarray(sheet)
