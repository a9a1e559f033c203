"""Ask a trained network what pictures of your own show, and see how far to believe it.

For each picture: its most probable classes, how often the network was right on its test images
where it was as sure, and in the run's folder own/ a picture with what the network saw of it and
which parts decided. Of several runs the newest is asked.

    python predict.py results/minivggnet photo.jpg holiday/*.png
    python predict.py no-dropout photo.jpg --whole --csv answers.csv
"""

import sys
from pathlib import Path

import tyro

from internals.core import stdio
from internals.core.files import fail
from internals.core.signals import raising_signals
from internals.core.text import format_path
from internals.prediction import answers
from internals.runs import exit_status
from internals.runs.run_reader import class_names


def main():
    """Have a trained network answer for each picture; say at the end which could not be read."""
    options = tyro.cli(answers.Options, description=__doc__)
    answers.check(options)
    run = answers.find_run(options)
    paths, problems = answers.find_pictures(options.pictures)
    rows = ask(run, paths, options.whole, problems) if paths else []
    if rows:
        print(f"Drawn in {format_path(run.folder / 'own')}")
        if options.csv:
            answers.write_csv(rows, options.csv)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        raise SystemExit(2)


def ask(run, paths, whole, problems):
    """Print what the run's network calls each picture, and draw it; return the table's rows.

    What is wrong with a picture is added to `problems`.
    """
    from common import normalise  # these here, because a wrong path need not wait for Keras

    from internals.prediction import network, occlusion, picture_sheet

    names = class_names(run)
    predict, (height, width, _) = network.load_predict(run, names, normalise)
    flip = run.record["hyperparameters"].get("flip_test", False)
    predictions = answers.introduce(run, names, whole)
    rows = []
    for path in paths:
        try:
            seen = answers.read_picture(path, (width, height), whole)
        except ValueError as error:
            problems.append(str(error))
            continue
        probabilities, drops = occlusion.predict_with_map(predict, seen, flip)
        answer = answers.make_answer(path, names, probabilities, predictions)
        print(answer, flush=True)
        try:
            drawn = picture_sheet.draw_sheet(run, answer, seen, drops, whole)
        except OSError as error:
            fail(f"{format_path(run.folder / 'own')} cannot be written: {error}", 1)
        if drawn.stem != Path(path).stem:  # a name that another picture has, or with odd letters
            print(f"    drawn as {drawn.name}")
        rows.append(answer.row() | {"drawn": drawn.name})
    return rows


if __name__ == "__main__":
    stdio.make_robust()
    with raising_signals(), exit_status.ending():
        main()
