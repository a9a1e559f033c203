"""Ask a trained network what pictures of your own show, and see how far to believe it.

For each picture it prints the most probable classes, and how often the network was right on those
test images of which it was as sure. In the folder own/ of the run it draws what the network saw of
the picture, and which parts decided. Of several runs the newest is asked. With --labelled the
network is evaluated on a folder of class folders; with --export it is written for other programs.

    python predict.py results/minivggnet photo.jpg holiday/*.png
    python predict.py no-dropout photo.jpg --crop --csv answers.csv
    python predict.py no-dropout --labelled photos/new
    python predict.py no-dropout --export network.onnx
"""

import sys

import tyro

from internals.core import stdio
from internals.core.signals import raising_signals
from internals.core.terminal import print_description
from internals.prediction import answers, arguments
from internals.prediction.pictures import Preparation
from internals.runs import exit_status

MOST_PROBLEMS = 20  # that are named


def main():
    """Do what the command line asks of a run's network."""
    print_description(__doc__)
    options = tyro.cli(arguments.Options, description="")
    arguments.check(options)
    run = arguments.find_run(options)
    do = ask if options.pictures else evaluate if options.labelled else export
    problems = do(run, options)
    for problem in problems[:MOST_PROBLEMS]:
        print(f"error: {problem}", file=sys.stderr)
    if more := problems[MOST_PROBLEMS:]:
        print(f"error: {len(more)} more pictures cannot be read", file=sys.stderr)
    if problems:
        raise SystemExit(2)


def ask(run, options):
    """Answer for each picture; return what is wrong with the others."""
    paths, problems = arguments.find_pictures(options.pictures)
    if not paths:
        return problems
    from common import normalise  # these here, because a wrong path need not wait for Keras

    from internals.prediction import asking

    preparation = choose_preparation(run, options)
    rows = asking.ask(run, paths, preparation, problems, normalise)
    if rows and options.csv:
        answers.write_csv(rows, options.csv)
    return problems


def choose_preparation(run, options):
    """Return how pictures are prepared: as the run's images were, but for what the options say."""
    bit_depth = run.record.get("data", {}).get("bit_depth", 16)
    return Preparation(options.crop, options.invert, bit_depth)


def evaluate(run, options):
    """Evaluate the network on a folder of class folders; return which images cannot be read."""
    from common import normalise

    from internals.prediction import labelled

    preparation = choose_preparation(run, options)
    return labelled.evaluate(run, options.labelled, preparation, normalise)


def export(run, options):
    """Write the network for other programs."""
    from common import normalise

    from internals.prediction import export

    export.export(run, options.export, normalise)
    return []


if __name__ == "__main__":
    stdio.make_robust()
    with raising_signals(), exit_status.ending():
        main()
