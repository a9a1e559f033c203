"""Files that are written whole or not at all, and messages that end the program."""

import os
import sys
from pathlib import Path


def fail(message, exit_status=2):
    """Print one clear message, by default about wrong input, and end the program."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(exit_status)


def write_file(path, write):
    """Write a file by `write(path)`, whole or not at all: it is made beside and then renamed."""
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
