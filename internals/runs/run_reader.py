"""Runs read from disk, every field checked, so that one damaged run harms no other."""

import contextlib
import csv
import dataclasses
import functools
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

from internals.core import locks
from internals.core.probabilities import is_chance
from internals.core.text import format_line
from internals.runs import identity
from internals.runs.record_fields import DATA_FIELDS, FIELDS, check_fields
from internals.runs.run import find_folders, read_history, read_record, start_time

COLUMNS = ["epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate", "seconds"]
REFERENCE = "reference"  # the folder of runs, in that of results, which came with the scripts
SOURCES = ("script.py", "common.py")  # that a run keeps as they were
PREDICTIONS = ["image", "true", "predicted", "probability", "true_probability"]


@dataclasses.dataclass
class ComparedRun:
    """A run as it was read from its folder."""

    folder: Path
    record: dict
    history: pd.DataFrame  # a row an epoch, all of COLUMNS
    matrix: pd.DataFrame | None

    @property
    def name(self):
        return format_line(f"{self.record['script']}/{self.folder.name}")

    @functools.cached_property
    def started(self):
        """Return when the run began, in UTC."""
        return start_time(self.record)

    @property
    def settings(self):
        """Return the hyperparameters that decide the result, as text."""
        deciding = identity.hyperparameters_that(self.record, identity.DECIDES, identity.MAY_GROW)
        return {format_line(name): format_line(value) for name, value in deciding.items()}

    @property
    def seed(self):
        return format_line(self.record["hyperparameters"].get("seed", ""))

    @property
    def accuracy(self):
        return float(self.record.get("test_accuracy", "nan"))

    @functools.cached_property
    def is_reference(self):
        """Return whether the run came with the scripts, rather than being the user's own."""
        return self.folder.resolve().parent.parent.name == REFERENCE

    @functools.cached_property
    def is_at_chance(self):
        """Return whether its network answers no better than the same class for every image."""
        classes, loss = len(class_names(self)), self.record.get("test_loss", math.inf)
        if classes < 2 or not self.record.get("cross_entropy", True):
            return False
        accuracy = self.record.get("balanced_accuracy", self.accuracy)
        return is_chance(accuracy, math.inf if math.isnan(loss) else loss, classes)

    @property
    def minutes(self):
        return float(self.history.seconds.sum() / 60)

    @property
    def complete(self):
        """Return whether the run has come to the end of its recipe, so that its accuracy counts."""
        wanted = self.record["hyperparameters"].get("epochs", len(self.history))
        ended = self.record["status"] in ("finished", "diverged")  # or stopped in the report
        phases = self.record.get("phases", ())  # each with epochs of its own
        at_end = ended or len(self.history) == wanted and len(phases) < 2
        return at_end and not math.isnan(self.accuracy)

    @property
    def ending(self):
        """Return how, where and why the run ended: see `describe_ending`."""
        return describe_ending(self.record, len(self.history))

    @property
    def holds_out(self):
        """Return whether its epochs were judged by held-out images, not by the test set."""
        split = self.record["hyperparameters"].get("validation_split")
        return bool(self.record.get("data", {}).get("images", {}).get("validation", split))

    @functools.cached_property
    def sources(self):
        """Return script and common.py as they were when it ran; "" for one that was not kept."""
        kept = [path for path in map(self.folder.joinpath, SOURCES) if path.is_file()]
        texts = {path.name: path.read_text("utf-8", errors="replace") for path in kept}
        return dict.fromkeys(SOURCES, "") | texts

    @functools.cached_property
    def predictions(self):
        """Return predictions.csv, names as text; ValueError says what is wrong with it."""
        return read_predictions(self.folder)

    @functools.cached_property
    def right_answers(self):
        """Return digest of test images and classes, a bit for each right one, count; or None."""
        try:
            table = read_predictions(self.folder, PREDICTIONS[:3])
        except ValueError:  # without predictions the accuracy is all there is
            return None
        about = "\n".join([*table.image.to_numpy(), *table.true.to_numpy()]).encode()
        right = table.true.to_numpy() == table.predicted.to_numpy()
        bits = int.from_bytes(np.packbits(right).tobytes())  # each two of 200 runs are compared
        return hashlib.sha256(about).digest(), bits, len(table)


def describe_ending(record, done):
    """Return how, where and why a run of so many epochs ended.

    Such as "diverged in epoch 1: the loss became nan"; runs made before say no reason.
    """
    status, reason = record["status"], record.get("reason") or ""
    if status in ("finished", "running", "unknown"):
        return format_line(status)
    epochs = record["hyperparameters"].get("epochs")
    left = not isinstance(epochs, int) or done < epochs
    words = f"{status} in epoch {done + 1}" if left else f"{status} after epoch {done}"
    return format_line(f"{words}: {reason}" if reason.removeprefix(status) else words)


@contextlib.contextmanager
def naming_file(file):
    """Name the file in whatever goes wrong while it is read, as a ValueError."""
    try:
        yield
    except Exception as error:  # a damaged file can raise nearly anything
        words = str(error) if isinstance(error, ValueError | OSError) else repr(error)
        raise ValueError(f"{file}: {words.splitlines()[0] if words else repr(error)}") from error


def read_run(folder):
    """Return the run in `folder`; ValueError says what is wrong with a broken one, and where."""
    with naming_file("its folder's name"):
        f"{folder.parent.name}/{folder.name}".encode()  # it may hold bytes that are no text
    if not (folder / "run.json").exists():
        raise ValueError("it has no run.json")
    with naming_file("run.json"):
        record = read_record(folder)
        check_fields(record, FIELDS)
        check_fields(record.get("data", {}), DATA_FIELDS)
        json.dumps(record, ensure_ascii=False).encode()  # a half of a surrogate pair is no text
    if record["status"] == "running" and not locks.is_locked(folder):
        record["status"] = "stopped"  # by a crash or a power failure: nobody trains it any more
    with naming_file("history.csv"):
        history = read_epochs(folder)
    with naming_file("confusion_matrix.csv"):
        matrix = read_matrix(folder / "confusion_matrix.csv")
    return ComparedRun(folder, record, history, matrix)


def names_of(run):
    """Return the words that mean this run on the command line."""
    return {run.name, run.folder.name, str(run.record.get("name") or run.folder.name)}


def place_of(run, results):
    """Return the run's name by where it lies in the folder of results; its own one elsewhere."""
    inside = run.folder.is_relative_to(results)
    return format_line(run.folder.relative_to(results).as_posix()) if inside else run.name


def read_folders(path, broken):
    """Return the runs at or below `path`; put what is wrong with the others into `broken`."""
    runs = []
    for folder in find_folders(path):
        try:
            runs.append(read_run(folder))
        except ValueError as error:
            broken[folder] = str(error)
    return runs


def class_names(run):
    """Return the names of the run's classes; [] where they are not known."""
    known = run.record.get("data", {}).get("class_names")
    return known or ([*map(str, run.matrix.columns)] if run.matrix is not None else [])


def count_images(run):
    """Return the numbers of images for training (validation included), validation and test."""
    count = run.record.get("data", {}).get("images", {})
    held_out = count.get("validation", 0)
    return count.get("train", 0) + held_out, held_out, count.get("test", 0)


def read_epochs(folder):
    """Return history.csv with all of COLUMNS, and minutes so far, as numbers; checked.

    What a column lacks is NaN.
    """
    if not (folder / "history.csv").exists():
        return pd.DataFrame(columns=[*COLUMNS, "minutes"], dtype=float)
    history = read_history(folder)
    for column in ("epoch", "val_accuracy", "seconds"):
        if column not in history:
            raise ValueError(f"it has no column {column}")
    history = history.reindex(columns=COLUMNS).astype(float)
    if history.epoch.tolist() != [*range(1, len(history) + 1)]:
        raise ValueError("its epochs are not 1, 2, 3 and so on")
    if not np.isfinite(history.seconds).all():
        raise ValueError("its seconds are not all numbers")
    history["minutes"] = history.seconds.cumsum() / 60
    return history


def read_matrix(path):
    """Return a run's confusion matrix as integers, true classes by predicted ones; or None."""
    if not path.exists():
        return None
    with open(path, encoding="utf-8", newline="") as file:
        (_, *names), *rows = csv.reader(file)  # pandas takes ten times as long
    if [row[0] for row in rows] != names:
        raise ValueError("its rows and columns are not the same classes")
    counts = np.array([row[1:] for row in rows]).astype(int)
    if counts.shape != (len(names),) * 2 or (counts < 0).any():
        raise ValueError("it is not square, or holds a number below 0")
    return pd.DataFrame(counts, names, names)


def read_predictions(folder, columns=PREDICTIONS):
    """Return the columns of predictions.csv in `folder`, or of predictions.csv.gz, checked."""
    path, packed = folder / "predictions.csv", folder / "predictions.csv.gz"
    path = packed if packed.exists() and not path.exists() else path
    with naming_file(path.name):
        kinds = dict.fromkeys(PREDICTIONS[:3], object) | dict.fromkeys(PREDICTIONS[3:], float)
        table = pd.read_csv(path, usecols=columns, dtype=kinds, keep_default_na=False)
        if not len(table):
            raise ValueError("it is empty")
    return table
