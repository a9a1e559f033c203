"""Files that are written whole or not at all, and messages that end the program."""

import contextlib
import math
import os
import sys
import tempfile
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def fail(message, exit_status=2):
    """Print one clear message, by default about wrong input, and end the program."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(exit_status)


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
    """Write a text whole or not at all; stray bytes of file names in it are escaped."""
    content = text.encode("utf-8", errors="backslashreplace")
    write_file(path, lambda beside: beside.write_bytes(content))


@contextlib.contextmanager
def locked(path, patience=math.inf):
    """Keep other processes from locking the file or folder; at the latest it ends with this one.

    Raises BlockingIOError if another process has it for `patience` seconds. Windows has no such
    locks, so nobody is kept out there.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def is_locked(path):
    """Return whether another process, or another part of this one, has locked file or folder."""
    if fcntl is None:
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
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
