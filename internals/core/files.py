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


def write_csv(path, table, **style):
    """Write a table where the option csv names a file, or end the program with a message."""
    try:
        write_text(expand(path), table.to_csv(index=False, **style))
    except OSError as error:
        fail(f"csv is {path!r}; it cannot be written: {error.strerror or error}", 1)


def expand(path):
    """Return a path with its "~" as the home folder; that of a user who is not there stays."""
    return Path(os.path.expanduser(path))


def relative(path, start):
    """Return a path as seen from a folder; as it is where that is on another drive."""
    try:
        return os.path.relpath(path, start)
    except ValueError:
        return os.fspath(path)


KINDS = {  # what a file named on the command line holds, and how its name may end
    "csv": ("text with commas", ("", ".csv", ".txt")),
    "share": ("a page", (".html", ".htm")),
}


def check_output(option, path):
    """End the program with a message where the file that `option` names cannot be written.

    "" means that none is asked for.
    """
    if not path:
        return
    file, (kind, suffixes) = expand(path), KINDS[option]
    if file.suffix.lower() not in suffixes:
        name = file.with_suffix(suffixes[0] or ".csv")
        fail(f"{option} is {path!r}; it is written as {kind}: name it {str(name)!r}")
    if not file.parent.is_dir():
        fail(f"{option} is {path!r}; there is no folder {file.parent}")
    if file.is_dir():
        fail(f"{option} is {path!r}; that is a folder")
    if file.exists() and not file.is_file():
        fail(f"{option} is {path!r}; that is a device or a pipe: name a file")
