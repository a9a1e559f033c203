"""Standard output and error that never stop a program: they take any letter, for no reader, too."""

import io
import os
import sys
import warnings


def open_closed():
    """Open the null device in place of a standard stream that was closed, as by `>&-`."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


class Unbreakable:
    """A text stream that goes on as the null device once nobody can read it any more."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        try:
            return self.stream.write(text)
        except OSError:
            self.give_up()
            return len(text)

    def flush(self):
        try:
            self.stream.flush()
        except OSError:
            self.give_up()

    def give_up(self):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name):
        return getattr(self.stream, name)


def make_robust():
    """Make stdout and stderr take any letter, and outlive whoever reads them; warn, never raise.

    What a notebook, IDLE or Spyder has put in their place takes any letter and is used as it is.
    """
    open_closed()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or open(os.devnull, "w", encoding="utf-8")
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            stream = Unbreakable(stream)
        setattr(sys, name, stream)
    # with `python -W error` the libraries' own warnings would end a run
    warnings.filters[:] = [each for each in warnings.filters if each[0] != "error"]
    warnings._filters_mutated()


def is_terminal():
    """Return whether stdout is a terminal, on which a progress bar can be drawn anew."""
    return getattr(sys.stdout, "isatty", bool)()
