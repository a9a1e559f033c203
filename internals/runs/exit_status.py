"""How a run ends, whatever ended it: its status, its message, and the exit status."""

import contextlib
import re
import signal

from internals.core.files import fail
from internals.runs.run import Run

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
OUT_OF_MEMORY = "MemoryError|ResourceExhausted|RESOURCE_EXHAUSTED|out of memory|OOM|allocate"


class Interrupted(KeyboardInterrupt):
    """A signal asks the program to end."""

    def __init__(self, number):
        super().__init__(f"signal {number}")
        self.number = number


@contextlib.contextmanager
def handling(handle):
    """Have `handle(number)` called for each signal that asks the program to end.

    A signal that the shell has the program ignore, as `nohup` does, stays ignored. With the first
    one that comes the handlers of before are back.
    """

    def on_signal(number, frame):
        restore()
        handle(number)

    def restore():
        for number, handler in before.items():
            if signal.getsignal(number) is on_signal:
                signal.signal(number, handler)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


@contextlib.contextmanager
def interruptible():
    """Have the first signal raise Interrupted; a second one kills the program."""

    def interrupt(number):
        for other in SIGNALS:
            if signal.getsignal(other) is not signal.SIG_IGN:
                signal.signal(other, signal.SIG_DFL)
        raise Interrupted(number)

    with handling(interrupt):
        yield


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
        interrupted(run or Run.held, error)
    except Exception as error:
        run = run or Run.held
        if isinstance(error.__cause__, KeyboardInterrupt):  # it came in the midst of NumPy's C code
            interrupted(run, error.__cause__)
        lines = [f"{type(error).__name__}: {error}", *str(error).splitlines()]
        if said := [line for line in lines[::-1] if re.search(OUT_OF_MEMORY, line)]:
            conclude(run, "failed", f"out of memory{lower(run)}: {said[0][:200]}", 1)
        if run and isinstance(error, OSError):
            conclude(run, "failed", f"the run's files cannot be written: {error}", 1)
        if run:
            run.stopped("failed")
            print(f"The run has failed. {run.how_to_go_on()}")
        raise


def interrupted(run, error):
    number = getattr(error, "number", signal.SIGINT)
    conclude(run, "interrupted", "interrupted", 128 + number)


def lower(run):
    if not run:
        return ""
    own = run.hyperparameters
    size = f", or image_size, {own.image_size}" if own.image_size > 32 else ""
    return f"; lower batch_size, {own.batch_size}{size}"


def conclude(run, status, message, exit_status):
    """Write the status, if the disk still takes it, and end the program with the message."""
    if run:
        run.stopped(status)
        message = f"{message}\n{run.how_to_go_on()}"
    fail(message, exit_status)
