"""Files that are written whole or not at all, and messages that end the program."""

import os
import secrets
import sys
from pathlib import Path

from internals.core.terminal import fill


def fail(message, exit_status=2):
    """Print one clear message, by default about wrong input, and end the program."""
    message = f"error: {message}"
    if getattr(sys.stderr, "isatty", bool)():
        message = "\n".join(map(fill, message.splitlines()))
    print(message, file=sys.stderr)
    raise SystemExit(exit_status)


def write_file(path, write, shared=False):
    """Write a file by `write(path)`, whole or not at all: it is made beside and then renamed.

    One that is `shared` may be written by several machines at once; it is written faster, and need
    not be whole after a power failure.
    """
    if not path.parent.exists():
        print(f"{path.parent} has been removed; it is made again")
        path.parent.mkdir(parents=True)
    writer = secrets.token_hex(6) if shared else os.getpid()
    beside = path.with_name(f".{path.stem}.{writer}.part{path.suffix}")
    try:
        write(beside)
        if not shared:
            with open(beside, "rb+") as file:
                os.fsync(file.fileno())  # or a power failure could leave the name without content
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path, text, shared=False):
    """Write a text whole or not at all; stray bytes of file names in it are escaped."""
    content = text.encode("utf-8", errors="backslashreplace")
    write_file(path, lambda beside: beside.write_bytes(content), shared)


def expand(path):
    """Return a path with its "~" as the home folder; that of a user who is not there stays."""
    return Path(os.path.expanduser(path))


def relative(path, start):
    """Return a path as seen from a folder; as it is where that is on another drive."""
    try:
        return os.path.relpath(path, start)
    except ValueError:
        return os.fspath(path)


def check_table(path):
    """End the program with a message where `csv` cannot be written; "" means none."""
    folder = expand(path).parent
    if expand(path).suffix.lower() not in ("", ".csv", ".txt"):
        name = expand(path).with_suffix(".csv")
        fail(f"csv is {path!r}; it is written as text with commas: name it {str(name)!r}")
    if path and not folder.is_dir():
        fail(f"csv is {path!r}; there is no folder {folder}")
    if path and expand(path).is_dir():
        fail(f"csv is {path!r}; that is a folder")
