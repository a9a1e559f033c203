"""The command that started a run, and the command that goes on with it."""

import os
import shlex
import sys
from pathlib import Path

from internals.core.text import format_line, format_path
from internals.runs import sources

arguments = None  # those that the last run's hyperparameters were read from
CAN_GO_ON = ("running", "interrupted", "failed")  # running: it was killed, or still runs


def command_that_runs(script):
    """Return the command of this process: the script's path as it was typed, and the flags.

    An absolute path is left out but for the name: it means nothing on another machine.
    """
    path = Path(sys.argv[0] if sources.LAUNCHED else script)
    flags = sys.argv[1:] if arguments is None else arguments
    return shlex.join(["python", path.name if path.is_absolute() else str(path), *flags])


def command_to_go_on(run):
    """Return the command that goes on with a ComparedRun, or "" for a finished one."""
    if run.record["status"] not in (*CAN_GO_ON, "stopped"):
        return ""
    folder = run.folder.resolve()
    folder = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    start = run.record.get("command", "").partition(" --")[0] or f"python {run.record['script']}.py"
    return on_its_backend(run.record, f"{start} --resume {shlex.quote(format_path(folder))}")


def command_to_repeat(run):
    """Return the command that makes a ComparedRun anew, or "" where it did not record its own."""
    command = run.record.get("command", "")
    return on_its_backend(run.record, command) if command else ""


def command_of_sweep(run, seeds):
    """Return the command that trains a ComparedRun's recipe with these seeds."""
    script = f"{run.record['script']}.py"
    words = shlex.split(without(run.record.get("command", ""), "--seed"))
    at = next((index for index, word in enumerate(words) if word.endswith(".py")), None)
    words = [script] if at is None else words[at:]
    command = f"python sweep.py {shlex.join(words)} --seed {' '.join(map(str, seeds))}"
    return on_its_backend(run.record, format_line(command))


def without(command, *flags):
    """Return a command without these flags and the value of each."""
    kept, words = [], iter(shlex.split(command))
    for word in words:
        name, is_whole, _ = word.partition("=")
        if name.replace("_", "-") not in flags:
            kept.append(word)
        elif not is_whole:
            next(words, None)
    return shlex.join(kept)


def on_its_backend(record, command):
    """Return the command with the variable before it, if need be, that chooses a run's backend."""
    backend = record.get("backend", "tensorflow")
    if backend == "tensorflow" and not os.environ.get("KERAS_BACKEND"):
        return command
    if os.name == "nt":  # in PowerShell
        return f"$env:KERAS_BACKEND='{backend}'; {command}"
    return f"KERAS_BACKEND={backend} {command}"
