"""Numbers and names as text: in a table, in the terminal, on the page and in the documents."""

import os
import re
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


def format_points(number, digits=2):
    """Return a difference with its sign, a minus and no hyphen; one that rounds to 0 has none."""
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def shorten(text, length):
    return text if len(text) <= length else text[: length - 1] + "…"


def shorten_name(text, length):
    """Return a name of at most so many letters, a longer one without its middle."""
    if len(text) <= length:
        return text
    end = (length - 1) // 2
    return f"{text[: length - 1 - end]}…{text[len(text) - end :]}"


def shorten_names(names, length):
    """Return the names in at most `length` letters each, distinct where they were.

    Where one is too long, all lose the words that they share at the beginning and at the end; what
    is still too long loses its middle, and a number tells apart what is then alike.
    """
    taken, short = set(), {}
    distinct = [*dict.fromkeys(names)]
    for name, cut in zip(distinct, cut_apart(distinct, length), strict=True):
        text, number = cut, 1
        while text in taken:
            number += 1
            end = f"…{number}"
            text = cut[: max(length - len(end), 0)] + end
        taken.add(text)
        short[name] = text
    return [short[name] for name in names]


def cut_apart(texts, length):
    """Return the texts in at most `length` letters, as far as may be where they differ."""
    if max(map(len, texts), default=0) <= length:
        return texts
    texts = drop_shared(texts)
    cut = [shorten_name(text, length) for text in texts]
    for alike in {text for text in cut if cut.count(text) > 1} if length > 3 else ():
        places = [place for place, text in enumerate(cut) if text == alike]
        rest = drop_shared([texts[place] for place in places])
        if rest != [texts[place] for place in places]:  # else nothing of it can be left out
            for place, text in zip(places, cut_apart(rest, length - 1), strict=True):
                cut[place] = f"…{text}"
    return cut


def drop_shared(texts):
    """Return the texts without the parts that all have, "epochs 3, rate 0.1" having two parts.

    Of names without parts, the words go that all begin with and that all end with.
    """
    if len(texts) == 1:
        return texts
    parts = [text.split(", ") for text in texts]
    shared = {*parts[0]}.intersection(*parts)
    kept = [", ".join(part for part in each if part not in shared) for each in parts]
    if all(len(each) == 1 for each in parts):
        split = [re.findall(r"[\s_-]+|[^\s_-]+", text) for text in texts]
        fewest = min(map(len, split)) - 1  # something is left of each
        first = count_shared(split, range(fewest))
        last = count_shared(split, range(-1, first - fewest - 1, -1))
        kept = ["".join(words[first : len(words) - last]).strip(" _-") for words in split]
    return kept if all(kept) and len({*kept}) == len(texts) else texts


def count_shared(split, places):
    """Return at how many of these places, one after the other, all have the same word."""
    count = 0
    for place in places:
        if len({words[place] for words in split}) > 1:
            break
        count += 1
    return count


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
