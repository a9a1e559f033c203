"""What predict.py answers: words about a run, words about each picture, and a table."""

import dataclasses
import math

import numpy as np
import pandas as pd

from internals.core import files
from internals.core.probabilities import hardly_better_than
from internals.core.terminal import UNBROKEN, fill
from internals.core.text import enumerate_few, format_line, format_path, shorten_path
from internals.prediction import reliability
from internals.runs.run_reader import class_names

PLACES = ("first", "second", "third")  # of the classes that are named
LONGEST_PATH = 40  # columns
COLUMNS = ["picture", *(f"{place}{end}" for place in PLACES for end in ("", "_probability"))]
COLUMNS += ["counted_on", "test_images", "share_right", "unlike", "drawn"]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a network makes of a picture."""

    path: str
    names: list  # the classes, the most probable first
    probabilities: np.ndarray  # (classes,), of them
    belief: reliability.Reliability | None = None  # None where nothing tells how far to believe it
    unlike: str = ""  # in what the picture is unlike the training images

    @property
    def advice(self):
        """Return what there is to say of how far to believe it, as text."""
        return self.unlike or (str(self.belief) if self.belief else "")

    def __str__(self):
        best = zip(self.names[: len(PLACES)], self.probabilities, strict=False)
        words = [f"{name} {100 * probability:.1f} %" for name, probability in best]
        words[0] = f"{shorten_path(format_path(self.path), LONGEST_PATH)}: {words[0]}"
        whole = [text.replace(" ", UNBROKEN) for text in words]
        answer = fill(", ".join(whole), later="    ")
        return f"{answer}\n{fill(self.advice, '    ')}" if self.advice else answer

    def row(self):
        """Return the answer as a row of the table."""
        row = {"picture": format_path(self.path)}
        for place, name, share in zip(PLACES, self.names, self.probabilities, strict=False):
            row |= {place: name, f"{place}_probability": share}
        if self.belief:
            row |= {"counted_on": self.belief.among, "test_images": self.belief.images}
            row["share_right"] = self.belief.right / self.belief.images
        return row | ({"unlike": self.unlike} if self.unlike else {})


def introduce(run, preparation, size):
    """Print what is true of all answers; return the table on which belief rests, or None."""
    names = class_names(run)
    known = f"It knows {len(names)} classes, {enumerate_few(names, 10)}"
    print(fill(f"{known}, and calls everything one of them, often surely"))
    if not math.isnan(run.accuracy):
        right = f"It names {100 * run.accuracy:.2f} % of its test images rightly"
        print(fill(f"{right}. Expect that only of pictures that are like them"))
    predictions = read_predictions(run)
    warn_of_guessing(run, len(names), predictions)
    print(fill(preparation.describe(run, size)))
    return predictions if preparation.is_that_of(run) else None


def read_predictions(run):
    """Return the table of the run's predictions.csv; say where there is none."""
    try:
        return run.predictions
    except ValueError as error:
        print(fill(f"How far to believe it cannot be told: {error}"))
        return None


def warn_of_guessing(run, count, predictions):
    """Warn where a network is hardly better than one that always says the commonest class."""
    chance = (
        1 / count
        if predictions is None
        else max(predictions.true.value_counts()) / len(predictions)
    )
    if run.accuracy < hardly_better_than(chance):
        print(
            fill(
                f"warning: that is hardly better than guessing, which names {100 * chance:.2f} % "
                "rightly: its answers say next to nothing"
            )
        )


def make_answer(path, class_names, probabilities, predictions, unlike=""):
    """Return the Answer from probabilities (classes,) and the table of predictions, if any.

    A picture that is unlike the training images gets no word on how far to believe it.
    """
    order = np.argsort(-probabilities, kind="stable")
    names = [class_names[index] for index in order]
    belief = None
    if predictions is not None and not unlike:
        belief = reliability.accuracy_at_confidence(predictions, names[0], probabilities[order[0]])
    return Answer(path, [format_line(name) for name in names], probabilities[order], belief, unlike)


def write_csv(rows, path):
    """Write the table of the answers, a row a picture."""
    table = pd.DataFrame(rows)
    table = table[[column for column in COLUMNS if column in table]]
    files.write_csv(path, table, float_format="%.6g")
