"""What a script would run: its hyperparameters, data, network and backend.

plan.py starts this as a process, `python -m internals.sweep.script_probe SCRIPT`, and writes
command lines to it. The script's own main() runs with each of them, up to the point where its run
would begin.
"""

import contextlib
import dataclasses
import json
import runpy
import signal
import sys
from pathlib import Path

from internals.core.keras_loader import keras

from internals.data import dataset
from internals.runs import run as runs
from internals.training import architecture


class Answer(Exception):
    """A script has come to the point at which it is known what is asked for."""


def main():
    """Read a list of command lines from stdin; print a list of what run.json would hold."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback: whoever asks says what happened
    script = sys.argv[1]
    commands = json.load(sys.stdin)
    sys.path.insert(0, str(Path(script).resolve().parent))  # as Python does for a script
    with contextlib.redirect_stdout(sys.stderr):
        script_names = runpy.run_path(script, run_name="asked")
        common = script_names["common"]
        hyperparameters = [parse(script_names["main"], common, script, each) for each in commands]
        remember_data(common)
        answers = [None] * len(commands)
        for index in sorted(range(len(commands)), key=lambda i: which_data(hyperparameters[i])):
            own = hyperparameters[index]
            same = ask(script_names["main"], common, own)
            answers[index] = {"hyperparameters": dataclasses.asdict(own)} | same
            keras.utils.clear_session()  # or all the networks stay in memory
    print(json.dumps(answers))


def answer_of(main):
    """Return what `main` comes to."""
    try:
        with architecture.enough_pixels():
            main()
    except Answer as answer:
        return answer.args[0]
    raise SystemExit("error: the script never calls common.start_run; it cannot be swept")


def parse(main, common, script, arguments):
    """Return the hyperparameters that the script's own parser makes of a command line."""
    own_parser = common.parse_args

    def parse_and_stop(*defaults_and_description):
        with contextlib.redirect_stdout(None):
            hyperparameters = own_parser(*defaults_and_description)
        raise Answer(hyperparameters)

    sys.argv = [script, *arguments]
    common.parse_args = parse_and_stop
    try:
        return answer_of(main)
    finally:
        common.parse_args = own_parser


def ask(main, common, hyperparameters):
    """Return what the script's run would have in run.json, as start_run gives it to `reopen`."""

    def reopen(hyperparameters, same):
        raise Answer(same)

    resumed = dataclasses.replace(hyperparameters, resume="the run that would be the same")
    common.parse_args = lambda *_: resumed
    runs.reopen = reopen
    return answer_of(main)


def which_data(hyperparameters):
    """Return what decides which images are loaded, and how they are divided."""
    return hyperparameters.data, hyperparameters.image_size, hyperparameters.validation_split


def remember_data(common):
    """Have the last images and their digest remembered, which most of the runs share."""
    load, describe, last = common.load_data, dataset.describe, {}

    def load_data(hyperparameters):
        which = which_data(hyperparameters)
        if last.get("which") != which:
            last.clear()  # first, so that the images are never in memory twice
            last.update(which=which, data=load(hyperparameters))
        return last["data"]

    def describe_once(data):
        if data is not last.get("data"):  # a script may have made other images of them
            return describe(data)
        if "description" not in last:
            last["description"] = describe(data)
        return last["description"]

    common.load_data, dataset.describe = load_data, describe_once


if __name__ == "__main__":
    main()
