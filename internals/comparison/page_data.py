"""The data behind the page's JavaScript: lines, and every comparison that ticks can ask for."""

import dataclasses
import hashlib
import itertools

from internals.comparison import differences, disagreements
from internals.comparison.curves import METRICS, plotly_lines
from internals.core.text import format_line

MOST_COMPARED = 100  # groups of a data set, each with each: 4,950 comparisons
MOST_PAIRED = 6  # groups whose test images are laid side by side, each with each
MOST_DIFFS = 100  # pairs of script texts
PAGE_WORDS = differences.WORDS | {
    "metrics": METRICS,
    "axes": {"epoch": "epoch", "minutes": "minutes of training"},
    "elsewhere": f"Beyond the first {MOST_COMPARED} rows: python compare.py {{first}} {{second}}",
    "no pictures": "python compare.py {first} {second} shows the test images, if it can.",
}


def describe_data_set(data_set, sheet):
    """Return what the page must know of a data set, as JSON can hold it; adds pictures to `sheet`.

    Comparisons, as page.js explains them, go by the places of their two groups: "0 3".
    """
    compared = data_set.groups[:MOST_COMPARED]
    facts = [differences.describe_group(group) for group in compared]
    comparisons = {}
    for (one, first), (other, second) in itertools.combinations(enumerate(compared), 2):
        scripts_differ = differences.scripts_differ(first, second)
        causes = differences.count_causes(facts[one], facts[other], scripts_differ)
        found = dataclasses.astuple(differences.compare_groups(first, second))
        points = [None if share is None else round(100 * share, 3) for share in found[:3]]
        comparisons[f"{one} {other}"] = [*points, *found[3:], causes]
    return {
        "groups": [describe_one(group) for group in data_set.groups],
        "facts": facts,
        "comparisons": comparisons,
        "diffs": make_diffs(compared),
        "pairs": make_pairs(compared[:MOST_PAIRED], sheet),
    }


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
            diffs[" ".join(keys)] = differences.diff_sources(first, second)
        if len(diffs) == MOST_DIFFS:
            break
    return diffs


def make_pairs(groups, sheet):
    """Return the paired test images of each two groups; the pictures are appended to `sheet`."""
    pairs, places = {}, {}
    for (one, first), (other, second) in itertools.combinations(enumerate(groups), 2):
        runs = disagreements.choose_runs(first, second)
        try:
            ways = disagreements.find_disagreements_of_runs(*runs)
        except ValueError as error:
            pairs[f"{one} {other}"] = {"problem": str(error)}
            continue
        unseen = [row[0] for way in ways for row in way if row[0] not in places]
        for name, picture in disagreements.read_pictures(runs[0], unseen).items():
            places[name] = len(sheet)
            sheet.append(picture)
        shown = [[[places.get(row[0], -1), *map(as_plain, row)] for row in way] for way in ways]
        pairs[f"{one} {other}"] = {"runs": [run.name for run in runs], "ways": shown}
    return pairs


def as_plain(value):
    return format_line(value) if isinstance(value, str) else round(float(value), 4)
