"""What a script would run: its hyperparameters, data, network and backend.

plan.py starts this as a process, `python -m internals.sweep.script_probe SCRIPT`, and writes
command lines to it. The script's own main() runs with each of them, up to the point where its run
would begin.
"""

import contextlib
import io
import json
import os
import runpy
import shlex
import signal
import sys
import traceback
import types
from pathlib import Path

from internals.core.keras_loader import keras

from internals.core.files import fail
from internals.data import loading
from internals.runs.run import Run
from internals.training import architecture


class Answer(Exception):
    """A script has come to the point at which it is known what is asked for."""


class Probe:
    """What Run.probe is while a script is asked: it answers in place of data and of a run."""

    reads = False  # before that it answers with the hyperparameters
    which, images = None, None  # the last ones, which most of the runs share

    def __init__(self):
        self.read, loading.read_images = loading.read_images, self.read_images

    def read_images(self, hyperparameters):
        """Return the images of these hyperparameters, read anew only where they are others."""
        if not self.reads:
            raise Answer(hyperparameters)
        which = which_data(hyperparameters)
        if self.which != which:
            self.images = None  # first, so that images are never in memory twice
            with contextlib.redirect_stdout(sys.stderr):
                self.which, self.images = which, self.read(hyperparameters)
        return self.images

    def start_run(self, record):
        """Answer with what run.json would hold."""
        raise Answer(record)


def take_stdout():
    """Return stdout as a stream of its own; what the script or C code writes there is an error."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def main(output=None):
    """Read a list of command lines from stdin; print a list of what run.json would hold."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback: whoever asks says what happened
    script, commands = sys.argv[1], json.load(sys.stdin)
    sys.path.insert(0, str(Path(script).resolve().parent))  # as Python does for a script
    with explaining_faults([script]), contextlib.redirect_stdout(io.StringIO()):
        module = types.ModuleType("asked")
        vars(module).update(runpy.run_path(script, run_name="asked"))
        sys.modules["asked"] = module  # where Python looks for the source of a class
    if not (script_main := vars(module).get("main")):
        raise SystemExit(f"error: {script} has no main(); it cannot be swept")
    Run.probe = Probe()
    answers = [ask(script_main, [script, *command]) for command in commands]  # all, first
    Run.probe.reads = True
    parsed = {  # but a script with data of its own has answered with the record at once
        index: each for index, each in enumerate(answers) if not isinstance(each, dict)
    }
    for index in sorted(parsed, key=lambda i: which_data(parsed[i])):
        answers[index] = ask(script_main, [script, *commands[index]])
        keras.utils.clear_session()  # or all the networks stay in memory
    print(json.dumps(answers), file=output, flush=True)


def which_data(hyperparameters):
    """Return what decides which images are loaded, and how they are divided."""
    names = ("data", "labels", "skip_unreadable", "image_size", "validation_split")
    return tuple(getattr(hyperparameters, name) for name in names)


def ask(script_main, words):
    """Return what the probe answers when the script's main runs with these words as sys.argv."""
    sys.argv = words
    small = architecture.explaining_small_images()
    try:
        with explaining_faults(words), contextlib.redirect_stdout(io.StringIO()), small:
            script_main()
    except Answer as answer:
        return answer.args[0]
    raise SystemExit("error: the script never calls common.start_run; it cannot be swept")


@contextlib.contextmanager
def explaining_faults(words):
    """End the program in one line that says where the script of this command line has a fault."""
    try:
        yield
    except Answer:
        raise
    except Exception as error:
        script = words[0]
        lines = [
            each.lineno
            for each in traceback.extract_tb(error.__traceback__)
            if each.filename == script
        ]
        if isinstance(error, SyntaxError) and error.filename == script:
            lines = [error.lineno]
        where = f"{script}, line {lines[-1]}" if lines and lines[-1] else script
        what = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        fail(f"{where}: {what}\nTo see more of it: {shlex.join(['python', *words])}")


if __name__ == "__main__":
    main(take_stdout())
