"""What a script would run: its hyperparameters, data, network and backend.

plan.py starts this as a process, `python -m internals.sweep.script_probe SCRIPT`, and writes
command lines to it. The script's own main() runs with each of them, up to the point where its run
would begin.
"""

import contextlib
import io
import json
import runpy
import signal
import sys
from pathlib import Path

from internals.core.keras_loader import keras

from internals.runs.run import Run
from internals.training import architecture


class Answer(Exception):
    """A script has come to the point at which it is known what is asked for."""


class Probe:
    """What Run.probe is while a script is asked: it answers in place of data and of a run."""

    loading = False  # before that it answers with the hyperparameters
    which, data = None, None  # the last images, which most of the runs share

    def load_data(self, hyperparameters, load):
        """Return the images of these hyperparameters, loaded anew only where they are others."""
        if not self.loading:
            raise Answer(hyperparameters)
        which = which_data(hyperparameters)
        if self.which != which:
            self.data = None  # first, so that images are never in memory twice
            with contextlib.redirect_stdout(sys.stderr):
                self.which, self.data = which, load(hyperparameters)
        return self.data

    def start_run(self, record):
        """Answer with what run.json would hold."""
        raise Answer(record)


def main():
    """Read a list of command lines from stdin; print a list of what run.json would hold."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback: whoever asks says what happened
    script, commands = sys.argv[1], json.load(sys.stdin)
    sys.path.insert(0, str(Path(script).resolve().parent))  # as Python does for a script
    script_main = runpy.run_path(script, run_name="asked").get("main")
    if not script_main:
        raise SystemExit(f"error: {script} has no main(); it cannot be swept")
    Run.probe, answers = Probe(), [None] * len(commands)
    parsed = [ask(script_main, [script, *command]) for command in commands]  # all, first
    Run.probe.loading = True
    for index in sorted(range(len(commands)), key=lambda i: which_data(parsed[i])):
        answers[index] = ask(script_main, [script, *commands[index]])
        keras.utils.clear_session()  # or all the networks stay in memory
    print(json.dumps(answers))


def which_data(hyperparameters):
    """Return what decides which images are loaded, and how they are divided."""
    names = ("data", "labels", "skip_unreadable", "image_size", "validation_split")
    return tuple(getattr(hyperparameters, name) for name in names)


def ask(script_main, words):
    """Return what the probe answers when the script's main runs with these words as sys.argv."""
    sys.argv = words
    try:
        with contextlib.redirect_stdout(io.StringIO()), architecture.explaining_small_images():
            script_main()
    except Answer as answer:
        return answer.args[0]
    raise SystemExit("error: the script never calls common.start_run; it cannot be swept")


if __name__ == "__main__":
    main()
