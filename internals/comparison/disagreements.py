"""Disagreements: test images that one network classifies correctly and the other does not."""

import contextlib
import functools
from pathlib import Path

from PIL import Image

from internals.data import cifar
from internals.data.dataset import load_digits
from internals.data.image_file import read_image
from internals.runs.run_reader import class_names

MOST_EACH_WAY = 8
TILE = 32  # pixels a side
ANSWER = ["predicted", "probability"]
read_digits = functools.cache(load_digits)
read_batch = functools.cache(cifar.read_batch)


def choose_runs(first, second):
    """Return a run of each group to be paired: of the same seed, where there is one."""
    by_seed = {run.seed: run for run in reversed(second.shown)}
    pairs = [(run, by_seed[run.seed]) for run in first.shown if run.seed in by_seed]
    return pairs[0] if pairs else (first.first, second.first)


def find_disagreements_of_runs(first, second):
    """Return the rows of images that only the first names rightly, and only the second.

    A row is (image, true class, the first's answer, its probability, the second's, its
    probability), the surest first. ValueError says why the runs cannot be paired.
    """
    one, other = first.predictions, second.predictions
    if not one[["image", "true"]].equals(other[["image", "true"]]):
        raise ValueError("their predictions.csv are not about the same images")
    rows = one[["image", "true", *ANSWER]].join(other[ANSWER].add_suffix(" of the second"))
    confidence = one.probability * other.probability
    right, right_too = one.true == one.predicted, other.true == other.predicted
    ways = []
    for apart in (right & ~right_too, right_too & ~right):
        surest = confidence[apart].sort_values(ascending=False, kind="stable").index
        shown = rows.loc[surest[:MOST_EACH_WAY]]
        ways.append([*shown.itertuples(index=False, name=None)])
    return ways


def read_pictures(run, names):
    """Return {name: uint8 (32, 32, 3)} of those of the run's test images that are at hand."""
    source, found = str(run.record["hyperparameters"].get("data", "")), {}
    depth = run.record.get("data", {}).get("bit_depth", 16)
    for kind in cifar.KINDS:
        packed = source.endswith(".tar.gz") and class_names(run) == kind.class_names
        if source == kind.data or packed:
            source = kind.kept / kind.unpacked
    for name in names:
        with contextlib.suppress(Exception):  # whatever is wrong with it, the words are there
            found[name] = read_picture(source, name, depth)
    return found


def read_picture(source, name, bit_depth=16):
    """Return the test image that predictions.csv calls `name`: its number from 0, or its path."""
    if source == "digits":
        return read_digits()[1][0][int(name)]
    for kind in cifar.KINDS:
        *_, batch = kind.md5
        for folder in (Path(source), Path(source, kind.unpacked)):
            if (folder / batch).is_file():
                return read_batch(kind, folder / batch)[0][int(name)]
    path = Path(source, name).resolve()
    if not path.is_relative_to(Path(source).resolve()):
        raise ValueError("it lies outside of the folder of images")
    return read_image(path, bit_depth=bit_depth)


def make_sheet(pictures, columns=32):
    """Return a picture of all the pictures (32, 32, 3) side by side, row by row."""
    sheet = Image.new("RGB", (columns * TILE, -(-len(pictures) // columns) * TILE))
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        sheet.paste(Image.fromarray(picture), (column * TILE, row * TILE))
    return sheet
