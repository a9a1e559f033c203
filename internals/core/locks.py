"""Locks that keep other processes from a run, a job or a download, whatever the system."""

import contextlib
import os
from pathlib import Path

import filelock

NAME = ".lock"  # of the file in a folder that is locked in the folder's place
LOOK = 0.05  # seconds, longer than another process looks at a lock


@contextlib.contextmanager
def locked(path, patience=-1):
    """Lock a file, made if need be, or a folder, until the end of the process at the latest.

    The file is removed in the end, unless the process is killed. Raises filelock.Timeout if another
    process has the lock for `patience` seconds; by default it waits.
    """
    with make_lock(path).acquire(timeout=patience, poll_interval=LOOK / 2):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows keeps a file that is open
                find_file(path).unlink()  # whoever waits for it makes a new one


def is_locked(path):
    """Return whether another process, or another part of this one, has locked file or folder."""
    if not find_file(path).exists():
        return False
    try:
        with make_lock(path).acquire(timeout=LOOK, poll_interval=LOOK / 5):
            return False
    except OSError:  # Timeout; or one may only read the file: whoever made it has it, or was killed
        return True


def find_file(path):
    """Return the file that is locked: folders cannot be, on every system."""
    return Path(path, NAME) if os.path.isdir(path) else Path(path)


def make_lock(path):
    """Return a lock of its own, not the one that this process may hold already."""
    return filelock.FileLock(find_file(path), thread_local=False, is_singleton=False)
