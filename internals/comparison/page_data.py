"""The data behind the page's JavaScript: lines, and every comparison that ticks can ask for."""

import hashlib
import itertools

from internals.comparison.curves import METRICS, plotly_lines
from internals.comparison.differences import (
    WORDS,
    compare_groups,
    count_causes,
    describe_group,
    diff_sources,
    scripts_differ,
)
from internals.comparison.disagreements import (
    choose_runs,
    find_disagreements_of_runs,
    read_pictures,
)
from internals.core.text import format_line

MOST_COMPARED = 100  # groups of a data set, each with each: 4,950 comparisons
MOST_PAIRED = 6  # groups whose test images are laid side by side, each with each
MOST_DIFFS = 100  # pairs of script texts
PAGE_WORDS = WORDS | {
    "metrics": METRICS,
    "axes": {"epoch": "epoch", "minutes": "minutes of training"},
    "elsewhere": f"Beyond the first {MOST_COMPARED} rows: python compare.py {{first}} {{second}}",
    "no pictures": "python compare.py {first} {second} shows the test images, if it can.",
}


def describe_data_set(data_set, sheet):
    """Return what the page must know of a data set, as JSON can hold it; adds pictures to `sheet`.

    A comparison is [points, low, high, method, only the first right, only the second right, number
    of causes], by the places of its two groups: "0 3".
    """
    compared = data_set.groups[:MOST_COMPARED]
    facts = [describe_group(group) for group in compared]
    comparisons = {}
    for first, second in itertools.combinations(range(len(compared)), 2):
        groups = compared[first], compared[second]
        causes = count_causes(facts[first], facts[second], scripts_differ(*groups))
        found = compare_groups(*groups)
        comparisons[f"{first} {second}"] = [*as_numbers(found), causes]
    return {
        "groups": [describe_one(group) for group in data_set.groups],
        "facts": facts,
        "comparisons": comparisons,
        "diffs": make_diffs(compared),
        "pairs": make_pairs(compared[:MOST_PAIRED], sheet),
    }


def as_numbers(difference):
    """Return a difference in points, as a short list; null where a number is not known."""
    if difference is None:
        return [None, None, None, "unknown", 0, 0]
    numbers = (difference.amount, difference.low, difference.high)
    points = [None if number is None else round(100 * number, 3) for number in numbers]
    return [*points, difference.method, difference.only_first, difference.only_second]


def describe_one(group):
    """Return what is shown of one group, and the lines that the charts can draw of it."""
    return {
        "key": group.key,
        "label": group.label,
        "script": format_line(group.first.record["script"]),
        "text": text_key(group),
        "n": len(group.accuracies),
        "accuracy": group.accuracy_text,
        "last": group.last_epoch_text,
        "best": group.best_epoch_text,
        "lines": plotly_lines(group),
    }


def text_key(group):
    """Return a few letters for the code of a group; "" where its script was not kept."""
    texts = group.first.sources
    text = texts["script.py"] and "\0".join(texts.values())
    return hashlib.sha256(text.encode()).hexdigest()[:8] if text else ""


def make_diffs(groups):
    """Return the diffs of the groups' scripts, {"KEY KEY": lines}, the first rows' first."""
    diffs = {}
    for first, second in itertools.combinations(groups, 2):
        keys = text_key(first), text_key(second)
        if all(keys) and keys[0] != keys[1] and " ".join(keys) not in diffs:
            diffs[" ".join(keys)] = diff_sources(first, second)
        if len(diffs) == MOST_DIFFS:
            break
    return diffs


def make_pairs(groups, sheet):
    """Return the paired test images of each two groups; the pictures are appended to `sheet`."""
    pairs, places = {}, {}
    for first, second in itertools.combinations(range(len(groups)), 2):
        runs = choose_runs(groups[first], groups[second])
        try:
            ways = find_disagreements_of_runs(*runs)
        except ValueError as error:
            pairs[f"{first} {second}"] = {"problem": str(error)}
            continue
        names = [row[0] for rows in ways for row in rows]
        pictures = read_pictures(runs[0], [name for name in names if name not in places])
        for name, picture in pictures.items():
            places[name] = len(sheet)
            sheet.append(picture)
        pairs[f"{first} {second}"] = {
            "runs": [run.name for run in runs],
            "ways": [
                [[places.get(row[0], -1), *map(as_plain, row)] for row in way] for way in ways
            ],
        }
    return pairs


def as_plain(value):
    return format_line(value) if isinstance(value, str) else round(float(value), 4)
