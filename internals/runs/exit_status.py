"""How a run ends, whatever ended it: its status, its message, and the exit status."""

import contextlib
import os
import re
import signal
from pathlib import Path

from internals.core.files import fail
from internals.core.text import format_line
from internals.runs.run import Run

OUT_OF_MEMORY = (
    r"(?i)\b(MemoryError|ResourceExhausted(Error)?|RESOURCE_EXHAUSTED|bad_alloc|OOM)\b"
    r"|\bout of memory\b"
    r"|\b(unable|failed|can't|cannot|could not) (to )?allocate\b"
)
NO_DEVICE = "Unable to initialize backend"  # what JAX says of one that JAX_PLATFORMS names


@contextlib.contextmanager
def ending(run=None):
    """End the program with a message, an exit status and the run's own status, if all is not well.

    A fault in the code, such as one in an edited network, goes on as the exception that it is.
    Without `run` it is the one that this process has taken, if it has.
    """
    try:
        yield
    except SystemExit:
        if run := run or Run.held:
            run.release()
        raise
    except KeyboardInterrupt as error:
        exit_interrupted(run or Run.held, error)
    except Exception as error:
        run = run or Run.held
        if isinstance(error.__cause__, KeyboardInterrupt):  # it came in the midst of NumPy's C code
            exit_interrupted(run, error.__cause__)
        if NO_DEVICE in str(error):
            asked = os.environ.get("JAX_PLATFORMS", "")
            advice = "unset it, or name what JAX finds here"
            exit_run(run, "failed", f"JAX_PLATFORMS is {asked!r}; {advice}: {error}", 2)
        lines = [f"{type(error).__name__}: {error}", *str(error).splitlines()]
        if said := [line for line in lines[::-1] if re.search(OUT_OF_MEMORY, line)]:
            message = f"out of memory{advise_smaller(run)}: {said[0][:200]}"
            exit_run(run, "failed", message, 1, "out of memory")
        if run and isinstance(error, OSError) and is_about(run, error):
            exit_run(run, "failed", f"the run's files cannot be written: {error}", 1)
        if run:
            run.stopped("failed", format_line(lines[0].splitlines()[0][:200]))
            print(f"The run has failed. {run.how_to_go_on()}")
        raise


def is_about(run, error):
    """Return whether an OSError names a file of the run, or none, as where the disk is full."""
    return error.filename is None or run.folder in Path(str(error.filename)).parents


def exit_interrupted(run, error):
    number = getattr(error, "number", signal.SIGINT)
    exit_run(run, "interrupted", "interrupted", 128 + number)


def advise_smaller(run):
    if not run:
        return ""
    size, batch_size = run.hyperparameters.image_size, run.hyperparameters.batch_size
    also = f", or image_size, {size}" if size > 32 else ""
    return f"; lower batch_size, {batch_size}{also}"


def exit_run(run, status, message, exit_status, reason=""):
    """Write status and reason, if the disk still takes it, and end the program with the message.

    The reason is the message, where it is not given in fewer words.
    """
    if run:
        run.stopped(status, format_line(reason or message))
        message = f"{message}\n{run.how_to_go_on()}"
    fail(message, exit_status)
