"""Messages that end the program, locks, and files that are written whole or not at all.

The ground floor: it uses the standard library only.
"""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path


def fail(message, exit_status=2):
    """Print one clear message, by default about wrong input, and end the program."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(exit_status)


@contextlib.contextmanager
def explain_end():
    """End the program with a message where it is interrupted or cannot write the run's files."""
    try:
        yield
    except KeyboardInterrupt:
        fail("interrupted", exit_status=128 + signal.SIGINT)
    except OSError as error:
        fail(
            f"the run's files cannot be written: {error}\nWhat was written before is kept; "
            "--resume FOLDER goes on after the last finished epoch",
            exit_status=1,
        )


def write_file(path, write):
    """Have `write(path)` write a file whole or not at all: it is made beside and then renamed."""
    if not path.parent.exists():
        print(f"{path.parent} has been removed; it is made again")
        path.parent.mkdir(parents=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(beside)
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())  # or a power failure could leave the new name without content
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path, text):
    write_file(path, lambda beside: beside.write_text(text, encoding="utf-8"))


@contextlib.contextmanager
def locked(path, wait=True):
    """Keep other processes from locking the file or folder; at the latest it ends with this one.

    Raises BlockingIOError if another process has it and `wait` is false. Windows has no such
    locks, so nobody is kept out there.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def one_process_at_a_time():
    """Wait while another process of this user downloads or unpacks CIFAR-10: Keras does not."""
    user = os.getuid() if os.name == "posix" else "user"
    path = Path(tempfile.gettempdir(), f"cifar-10-{user}.lock")
    path.touch()
    with locked(path):
        yield
