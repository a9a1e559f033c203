"""Numbers and names as text: in a table, in the terminal, on the page and in the documents."""

import os
import unicodedata

import pandas as pd

NAMED_DATA = {"cifar10", "cifar100", "digits"}  # all else that --data takes is a path

FORMATS = {
    "accuracy": "{:.2%}",
    "minutes": "{:.1f}",
    "whole_minutes": "{:.0f} min",
    "parameters": "{:,}",
}


def format_value(name, value):
    """Return the value of the column `name` as text; "-" where there is none."""
    return "-" if pd.isna(value) else FORMATS.get(name, "{}").format(value)


def format_mean_and_std(mean, spread, text, unit=""):
    """Return a mean with its standard deviation, "77.12 ± 0.31 %"; without, where it is NaN."""
    if pd.isna(mean):
        return "-"
    words = text.format(mean) if pd.isna(spread) else f"{text} ± {text}".format(mean, spread)
    return f"{words} {unit}".rstrip()


def shorten(text, length):
    return text if len(text) <= length else text[: length - 1] + "…"


def shorten_path(text, length):
    """Return a path's end, which tells files apart, where all of it is longer."""
    return text if len(text) <= length else "…" + text[1 - length :]


def format_line(value):
    """Return any value as one line that can be printed."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def format_path(path):
    """Return a path as text that can be printed and written whatever bytes it holds."""
    return format_line(os.fsencode(path).decode(errors="backslashreplace"))


def count_nouns(count, noun):
    """Return a number and its noun, such as 1 folder or 2,000 folders."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def enumerate_few(names, few=5):
    """Return the first names in one line, and how many more there are."""
    more = [f"{len(names) - few} more"] if len(names) > few else []
    return ", ".join([make_printable(name) for name in names[:few]] + more)


def make_printable(name):
    """Return a name as one line, an accented letter as one letter however the disk spells it."""
    return format_line(unicodedata.normalize("NFC", name))
