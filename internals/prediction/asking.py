"""Asking a run's network what pictures show: read, predicted in batches, printed, drawn."""

import itertools
import sys
from pathlib import Path

from internals.core.text import count_nouns, format_path
from internals.prediction import answers, likeness, network, occlusion, picture_sheet
from internals.prediction.contact_sheet import MOST, draw_contact_sheet
from internals.prediction.pictures import read_pictures
from internals.runs.run_reader import class_names

MOST_SHEETS = 12  # pictures that are drawn one by one; it takes half a second each


class Drawings:
    """What is drawn in the run's folder own/; the first that cannot be written ends drawing."""

    def __init__(self, run, preparation, one_by_one):
        self.run, self.preparation, self.one_by_one = run, preparation, one_by_one
        self.works, self.drawn = True, False

    def draw(self, function, *arguments):
        """Return the name of the file that a function draws; "" where drawing does not work."""
        if not self.works:
            return ""
        try:
            name = function(self.run, *arguments, self.preparation).name
        except OSError as error:
            self.works = False
            place = format_path(self.run.folder / "own")
            print(f"warning: nothing is drawn: {place} cannot be written: {error}", file=sys.stderr)
            return ""
        self.drawn = True
        return name


def ask(run, paths, preparation, problems, normalise):
    """Print what the run's network calls each picture, and draw it; return the table's rows.

    What is wrong with a picture is added to `problems`. `normalise` is that of today.
    """
    predict, (height, width, _) = network.load_predict(run, class_names(run), normalise)
    predictions = answers.introduce(run, preparation, (width, height))
    drawings = Drawings(run, preparation, one_by_one=len(paths) <= MOST_SHEETS)
    rows = []
    for start in range(0, len(paths), MOST):
        few = paths[start : start + MOST]
        images, found, unread = read_pictures(few, (width, height), preparation)
        problems += unread
        if found.any():
            read = itertools.compress(few, found)
            rows += answer_few(run, predict, read, images, predictions, drawings)
    if drawings.drawn:
        print(f"Drawn in {format_path(run.folder / 'own')}")
    return rows


def answer_few(run, predict, paths, images, predictions, drawings):
    """Print the answers for some pictures and draw them; return the rows of the table."""
    flip, names = run.record["hyperparameters"].get("flip_test", False), class_names(run)
    like, inverted = likeness.find_likeness(run), drawings.preparation.invert
    rows, given = [], []
    everything = occlusion.predict_all(predict, images, flip)
    for path, image, probabilities in zip(paths, images, everything, strict=True):
        unlike = like.explain(image, inverted) if like else ""
        answer = answers.make_answer(path, names, probabilities, predictions, unlike)
        print(answer, flush=True)
        given.append(answer)
        rows.append(answer.row())
        if drawings.one_by_one and drawings.works:
            _, drops = occlusion.predict_with_map(predict, image, flip)
            drawn = drawings.draw(picture_sheet.draw_sheet, answer, image, drops)
            rows[-1]["drawn"] = drawn
            if drawn and Path(drawn).stem != Path(path).stem:  # taken, or with odd letters
                print(f"    drawn as {drawn}")
    if not drawings.one_by_one:
        drawn = drawings.draw(draw_contact_sheet, given, images)
        rows = [row | {"drawn": drawn} for row in rows]
        if drawn:
            one_by_one = f"where {MOST_SHEETS} or fewer are named, each has a sheet of its own"
            print(f"    {count_nouns(len(given), 'picture')} drawn in {drawn}; {one_by_one}")
    return rows
