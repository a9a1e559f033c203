"""The data behind the page's JavaScript: lines, and every comparison that ticks can ask for."""

import dataclasses
import hashlib
import itertools

from internals.comparison import differences, disagreements, recorded_facts
from internals.comparison.curves import METRICS, plotly_lines
from internals.comparison.data_sets import differing
from internals.comparison.table import settings_of
from internals.core.intervals import interval_of_mean
from internals.core.palette import COLORS, DASHES
from internals.core.text import format_line

MOST_COMPARED = 100  # groups of a data set, each with each: 4,950 comparisons
MOST_PAIRED = 6  # groups whose test images are laid side by side, each with each
MOST_DIFFS = 100  # pairs of script texts
PAGE_WORDS = differences.WORDS | {
    "fewest": differences.FEWEST,
    "metrics": METRICS,
    "axes": {"epoch": "epoch", "minutes": "minutes of training"},
    "palette": {"colors": COLORS, "dashes": DASHES},
    "elsewhere": f"Beyond the first {MOST_COMPARED} rows: python compare.py {{first}} {{second}}",
    "no pictures": "python compare.py {first} {second} shows the test images, if it can.",
}


def describe_data_set(data_set, sheet):
    """Return what the page must know of a data set, as JSON can hold it; adds pictures to `sheet`.

    Comparisons, as page.js explains them, go by the places of their two groups: "0 3". All are
    compared with the baseline, the first ones each with each.
    """
    groups, baseline = data_set.groups, choose_baseline(data_set)
    compared = groups[:MOST_COMPARED]
    pairs = dict.fromkeys(itertools.combinations(range(len(compared)), 2))
    if baseline is not None:
        others = (place for place in range(len(groups)) if place != baseline)
        pairs |= dict.fromkeys(tuple(sorted((baseline, place))) for place in others)
    facts = [recorded_facts.describe_group(group) for group in groups]
    differ = differing([{name: value for name, (_, value) in known.items()} for known in facts])
    comparisons = {}
    for one, other in pairs:
        first, second = groups[one], groups[other]
        scripts_differ = differences.scripts_differ(first, second)
        causes = recorded_facts.count_causes(facts[one], facts[other], scripts_differ)
        *found, p = dataclasses.astuple(differences.compare_groups(first, second))
        points = [None if share is None else round(100 * share, 3) for share in found[:3]]
        comparisons[f"{one} {other}"] = [*points, *found[3:], causes, p]
    return {
        "groups": [describe_one(group) for group in groups],
        "facts": [{name: known[name][1] for name in known if name in differ} for known in facts],
        "comparisons": comparisons,
        "diffs": make_diffs(compared),
        "pairs": make_pairs(choose_paired(len(groups), baseline), groups, sheet),
        "baseline": baseline,
    }


def choose_baseline(data_set):
    """Return the place of the best finished group, of the user's own if there is one; or None."""
    groups = data_set.groups
    places = [place for place, group in enumerate(groups) if group.accuracies]
    own = [place for place in places if not groups[place].is_reference]
    return max(own or places, key=lambda place: groups[place].figures["accuracy"], default=None)


def choose_paired(count, baseline):
    """Return the places of the groups whose test images are shown: the baseline and the first."""
    best = [] if baseline is None else [baseline]
    return [*dict.fromkeys([*best, *range(count)])][:MOST_PAIRED]


def describe_one(group):
    """Return what is shown of one group, and the lines that the charts can draw of it."""
    return {
        "key": group.key,
        "settings": {
            name.replace("_", " ").lower(): value for name, value in settings_of(group).items()
        },
        "label": group.label,
        "script": format_line(group.first.record["script"]),
        "text": text_key(group),
        "n": len(group.accuracies),
        "mean": in_percent(group.figures["accuracy"]) if group.accuracies else None,
        "seeds": [in_percent(accuracy) for accuracy in group.accuracies],
        "interval": [in_percent(end) for end in interval_of_mean(group.accuracies) or ()],
        "accuracy": group.accuracy_text,
        "last": group.last_epoch_text,
        "best": group.best_epoch_text,
        "failures": group.failures,
        "sweep": differences.suggest_seeds(group),
        "endings": [*dict.fromkeys(run.ending for run in group.runs)],
        "epochs": group.figures["epochs"],
        "confused": group.most_confused(),
        "lines": plotly_lines(group),
    }


def in_percent(share):
    return round(100 * share, 3)


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
        known = {" ".join(keys), " ".join(reversed(keys))} & diffs.keys()
        if all(keys) and keys[0] != keys[1] and not known:
            diffs[" ".join(keys)] = differences.diff_sources(first, second)
        if len(diffs) == MOST_DIFFS:
            break
    return diffs


def make_pairs(places, groups, sheet):
    """Return the paired test images of each two groups; the pictures are appended to `sheet`."""
    pairs, shown_at = {}, {}
    for one, other in itertools.combinations(sorted(places), 2):
        runs = disagreements.choose_runs(groups[one], groups[other])
        try:
            ways = disagreements.find_disagreements_of_runs(*runs)
        except ValueError as error:
            pairs[f"{one} {other}"] = {"problem": str(error)}
            continue
        unseen = [row[0] for way in ways for row in way if row[0] not in shown_at]
        for name, picture in disagreements.read_pictures(runs[0], unseen).items():
            shown_at[name] = len(sheet)
            sheet.append(picture)
        shown = [[[shown_at.get(row[0], -1), *map(as_plain, row)] for row in way] for way in ways]
        pairs[f"{one} {other}"] = {"runs": [run.name for run in runs], "ways": shown}
    return pairs


def as_plain(value):
    return format_line(value) if isinstance(value, str) else round(float(value), 4)
