"""Numbers and names as text: in a table, in the terminal, on the page and in the documents."""

import pandas as pd

FORMATS = {
    "accuracy": "{:.2%}",
    "minutes": "{:.1f}",
    "whole_minutes": "{:.0f} min",
    "seconds_per_epoch": "{:.1f}",
    "parameters": "{:,}",
}


def show_value(name, value):
    """Return the value of the column `name` as text; "-" where there is none."""
    return "-" if pd.isna(value) else FORMATS.get(name, "{}").format(value)


def show_spread(mean, spread, text, unit=""):
    """Return a mean with its standard deviation, "77.12 ± 0.31 %"; without, where it is NaN."""
    if pd.isna(mean):
        return "-"
    words = text.format(mean) if pd.isna(spread) else f"{text} ± {text}".format(mean, spread)
    return f"{words} {unit}".rstrip()


def shorten(text, length):
    return text if len(text) <= length else text[: length - 1] + "…"
