"""Disagreements: test images that one network classifies correctly and the other does not."""

import contextlib
import functools
import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
from PIL import Image

MOST_EACH_WAY = 8
TILE = 32  # pixels a side
ANSWER = ("predicted", "probability")


def choose_runs(first, second):
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
    confidence = (first.probability * second.probability).to_numpy()
    both = []
    for mine, other in (right, right[::-1]):
        rows = np.flatnonzero(mine & ~other)
        rows = rows[np.argsort(-confidence[rows], kind="stable")][:MOST_EACH_WAY]
        columns = [table[name].to_numpy()[rows] for table in (first, second) for name in ANSWER]
        images, true = first.image.to_numpy()[rows], first.true.to_numpy()[rows]
        both.append([*zip(images, true, *columns, strict=True)])
    return both


def find_disagreements_of_runs(first, second):
    """Return find_disagreements of two runs; ValueError says why they cannot be paired."""
    tables = [run.predictions for run in (first, second)]
    if [*tables[0].image] != [*tables[1].image] or [*tables[0].true] != [*tables[1].true]:
        raise ValueError("their predictions.csv are not about the same images")
    return find_disagreements(*tables)


def read_pictures(run, names):
    """Return {name: uint8 (32, 32, 3)} of those of the run's test images that are at hand."""
    source, found = str(run.record["hyperparameters"].get("data", "")), {}
    if source == "cifar10" or source.endswith(".tar.gz"):
        cache = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
        source = cache / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    for name in names:
        with contextlib.suppress(Exception):  # whatever is wrong with it, the words are there
            found[name] = read_picture(source, name)
    return found


def read_picture(source, name):
    """Return the test image that predictions.csv calls `name`: its number from 0, or its path."""
    from internals.data import image_file  # here, because most pages need no images

    if source == "digits":
        return read_digits()[int(name)]
    if Path(source, "test_batch").is_file():
        return read_cifar10(Path(source, "test_batch"))[int(name)]
    path = Path(source, name).resolve()
    if not path.is_relative_to(Path(source).resolve()):
        raise ValueError("it lies outside of the folder of images")
    return image_file.read_image(path)


@functools.cache
def read_digits():
    """Return the test images of scikit-learn's digits, uint8 (360, 32, 32, 3)."""
    from internals.data import dataset

    return dataset.load_digits()[1][0]


@functools.cache
def read_cifar10(path):
    """Return the test images of CIFAR-10 from its test_batch, uint8 (10000, 32, 32, 3)."""
    from internals.data.cifar10 import MD5_OF_BATCHES

    content = path.read_bytes()
    if hashlib.md5(content).hexdigest() != MD5_OF_BATCHES["test_batch"]:
        raise ValueError("a pickle can run any program: only the known one is read")
    batch = pickle.loads(content, encoding="bytes")
    return batch[b"data"].reshape(-1, 3, TILE, TILE).transpose(0, 2, 3, 1)


def make_sheet(pictures, columns=32):
    """Return a picture of all the pictures (32, 32, 3) side by side, row by row."""
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * TILE, columns * TILE, 3), dtype="uint8")
    for index, picture in enumerate(pictures):
        y, x = index // columns * TILE, index % columns * TILE
        sheet[y : y + TILE, x : x + TILE] = picture
    return Image.fromarray(sheet)
