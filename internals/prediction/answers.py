"""What predict.py asks and answers: a trained run, pictures, words, and a table."""

import dataclasses
import glob
import math
import os
import shlex
import textwrap
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import tyro
from PIL import Image, ImageOps, UnidentifiedImageError

from internals.core.files import check_table, expand, fail, write_text
from internals.core.text import enumerate_few, format_line, format_path
from internals.data import image_file
from internals.data.image_folder import IMAGE_SUFFIXES
from internals.prediction import reliability
from internals.runs.run import CAN_GO_ON
from internals.runs.run_reader import names_of, read_folders

MODEL = "model.keras"
PLACES = ("first", "second", "third")  # of the classes that are named
SQUEEZED = "All of each picture is squeezed to what the network sees"
CUT = """Each picture is cut to its centre square before it is resized, as CIFAR-10's are cut tight;
--whole squeezes all of it, as is done with an image folder's"""


@dataclasses.dataclass(frozen=True)
class Options:
    """Which network, and which pictures."""

    # a run's folder or name, or a folder of runs, such as results/minivggnet: the newest in it
    run: Annotated[str, tyro.conf.Positional]
    # the pictures: png, jpg, bmp, gif, webp or tif
    pictures: Annotated[tuple[str, ...], tyro.conf.Positional]
    whole: bool = False  # squeeze all of a picture, not its centre square, as image folders are
    csv: str = ""  # a file for the answers, a row a picture, for a spreadsheet or pandas
    results: Path = Path("results")  # the folder in which a run is looked for by its name


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a network makes of a picture."""

    path: str
    names: list  # the classes, the most probable first
    probabilities: np.ndarray  # (classes,), of them
    belief: reliability.Reliability | None  # None where the run has no predictions.csv

    def __str__(self):
        best = zip(self.names[: len(PLACES)], self.probabilities, strict=False)
        words = [f"{name} {100 * probability:.1f} %" for name, probability in best]
        answer = f"{format_path(self.path)}: {', '.join(words)}"
        return f"{answer}\n{fill(str(self.belief), '    ')}" if self.belief else answer

    def row(self):
        """Return the answer as a row of the table."""
        row = {"picture": format_path(self.path)}
        for place, name, share in zip(PLACES, self.names, self.probabilities, strict=False):
            row |= {place: name, f"{place}_probability": share}
        if self.belief:
            row |= {"counted_on": self.belief.among, "test_images": self.belief.images}
            row["share_right"] = self.belief.right / self.belief.images
        return row


def check(options):
    """End the program with a message where an option cannot be done."""
    if not options.pictures:
        fail("no picture is named; first comes the run, then one picture or more")
    check_table(options.csv)
    if Path(options.csv).suffix.lower() in IMAGE_SUFFIXES:
        fail(f"csv is {options.csv!r}; it must be the name of a new table, such as answers.csv")


def find_run(options):
    """Return the trained run that is named, the newest of several; or end with what to do."""
    word, results, broken = options.run, expand(options.results), {}
    places = [path for path in (expand(word), results / word) if path.is_dir()]
    if places:
        found = read_folders(places[0], broken)
    else:
        found = [run for run in read_folders(results, {}) if word in names_of(run)]
    problems = [f"{format_path(folder)} is broken: {words}" for folder, words in broken.items()]
    if not found:
        wanted = "is not a folder of runs, nor the name of a run; first comes the run"
        fail("\n".join(problems) or f"{format_path(word)} {wanted}, then the pictures")
    trained = [run for run in found if (run.folder / MODEL).is_file()]
    newest = max(trained or found, key=lambda run: run.started)
    if not trained:
        explain_untrained(newest)
    for problem in problems:
        print(f"passed over: {problem}")
    several = f", the newest of {len(trained)} with a trained network" if trained[1:] else ""
    print(f"run: {format_path(newest.folder)}{several}")
    return newest


def explain_untrained(run):
    """End the program with a message that says how to come to the trained network of such a run."""
    lack = f"{format_path(run.folder)} has no {MODEL}, the trained network"
    status, script = run.record["status"], f"{format_line(run.record['script'])}.py"
    if status == "running":
        fail(f"{lack}: it is still being trained")
    if status in (*CAN_GO_ON, "stopped") and (run.folder / "checkpoint.npz").is_file():
        command = shlex.join(["python", script, "--resume", str(run.folder)])
        fail(f"{lack}: it was stopped. To go on: {format_line(command)}")
    command = run.record.get("command") or f"python {script}"
    fail(f"{lack}, which git does not keep. To make one: {format_line(command)}")


def find_pictures(words):
    """Return the paths that may be pictures, and a message for each word that names none."""
    paths, problems = [], []
    for word in words:
        found = [word] if os.path.lexists(word) else sorted(glob.glob(word))  # Windows leaves "*"
        for path in found or [word]:
            name = format_path(path)
            if os.path.isfile(path):
                paths.append(path)
            elif os.path.isdir(path):
                problems.append(f"{name} is a folder; name the pictures in it: {name}/*.jpg")
            else:
                there = "is no file" if os.path.lexists(path) else "does not exist"
                problems.append(f"{name} {there}; it must be a picture")
    return paths, problems


def read_picture(path, size, whole):
    """Return the picture as the network sees it, uint8; ValueError says why it cannot be read."""
    name = format_path(path)
    try:
        if whole:
            return image_file.read_image(path, size)
        image = image_file.open_image(path, size)
        return np.asarray(ImageOps.fit(image, size, Image.Resampling.BILINEAR))
    except UnidentifiedImageError:
        known = ", ".join(image_file.IMAGE_FORMATS)
        raise ValueError(f"{name} is no picture that can be read; it must be {known}") from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can raise nearly anything in a decoder
        words = format_line(str(error) or repr(error))
        raise ValueError(f"{name} cannot be read: {words}") from error


def introduce(run, names, whole):
    """Print what is true of all answers; return the table of predictions.csv, or None."""
    known = f"It knows {len(names)} classes, {enumerate_few(names, 10)}"
    print(fill(f"{known}, and calls everything one of them, often surely"))
    if not math.isnan(run.accuracy):
        right = f"It names {100 * run.accuracy:.2f} % of its test images rightly"
        print(fill(f"{right}, and others as well only where they are like those"))
    predictions = None
    try:
        predictions = run.predictions
    except ValueError as error:
        print(fill(f"How far to believe it cannot be told: {error}"))
    print(fill(SQUEEZED if whole else CUT))
    return predictions


def fill(text, indent="", width=100):
    """Return a text in lines of at most so many columns, each number with its %."""
    text = text.replace(" %", "\0%")
    text = textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent)
    return text.replace("\0%", " %")


def make_answer(path, class_names, probabilities, predictions):
    """Return the Answer from probabilities (classes,) and the table of predictions, if any."""
    order = np.argsort(-probabilities, kind="stable")
    names = [class_names[index] for index in order]
    belief = None
    if predictions is not None:
        belief = reliability.accuracy_at_confidence(predictions, names[0], probabilities[order[0]])
    return Answer(path, [format_line(name) for name in names], probabilities[order], belief)


def write_csv(rows, path):
    """Write the table of the answers, a row a picture."""
    text = pd.DataFrame(rows).to_csv(index=False, float_format="%.6g")
    try:
        write_text(expand(path), text)
    except OSError as error:
        fail(f"csv is {path!r}; it cannot be written: {error.strerror}", 1)
