"""Ask a trained network what pictures of your own show, and see how far to believe it.

For each picture: its most probable classes, how often the network was right on its test images
where it was as sure, and in the run's folder own/ a picture with what the network saw of it and
which parts decided. Of several runs the newest is asked. With --labelled the network is evaluated
on a folder of class folders; with --export it is written for other programs.

    python predict.py results/minivggnet photo.jpg holiday/*.png
    python predict.py no-dropout photo.jpg --crop --csv answers.csv
    python predict.py no-dropout --labelled photos/new
    python predict.py no-dropout --export network.onnx
"""

import sys

import tyro

from internals.core import stdio
from internals.core.signals import raising_signals
from internals.prediction import answers, arguments
from internals.prediction.pictures import Preparation
from internals.runs import exit_status


def main():
    """Do what the command line asks of a run's network."""
    options = tyro.cli(arguments.Options, description=__doc__)
    arguments.check(options)
    run = arguments.find_run(options)
    ask(run, options)


def ask(run, options):
    """Answer for each picture; say at the end which could not be read, and end with status 2."""
    paths, problems = arguments.find_pictures(options.pictures)
    rows = []
    if paths:
        from common import normalise  # these here, because a wrong path need not wait for Keras

        from internals.prediction import asking

        preparation = Preparation(options.crop, options.invert)
        rows = asking.ask(run, paths, preparation, problems, normalise)
    if rows and options.csv:
        answers.write_csv(rows, options.csv)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        raise SystemExit(2)


if __name__ == "__main__":
    stdio.make_robust()
    with raising_signals(), exit_status.ending():
        main()
