"""Test sets: groups that were tested on the same images, which alone are compared."""

import collections
import dataclasses
import re
from pathlib import Path

from internals.comparison.groups import DECIDING
from internals.runs.run_reader import show_text

COLORS = ("#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf").split()


@dataclasses.dataclass
class DataSet:
    """Groups that were tested on the same images, best first."""

    groups: list
    title: str


def data_name(run):
    return Path(str(run.record["hyperparameters"].get("data", ""))).name or "unknown"


def class_names(run):
    known = run.record.get("data", {}).get("class_names")
    return known or ([*map(str, run.matrix.columns)] if run.matrix is not None else [])


def count_images(run):
    """Return the numbers of images for training (validation included), validation and test."""
    count = run.record.get("data", {}).get("images", {})
    held_out = count.get("validation", 0)
    return count.get("train", 0) + held_out, held_out, count.get("test", 0)


def find_test_sets(runs):
    """Return a key for each run, the same where the runs were tested on the same images.

    An older run did not keep a digest of its test set: the one of all its images stands for it, or
    name, classes and number of its images, where no two digests contradict that.
    """
    digests = [run.record.get("data", {}).get("sha256", "") for run in runs]
    known = {
        digest: run.record["test_set"]
        for digest, run in zip(digests, runs, strict=True)
        if digest and "test_set" in run.record
    }
    likeness = [
        (data_name(run), *class_names(run), count_images(run)[0], count_images(run)[2])
        for run in runs
    ]
    exact, alike = collections.defaultdict(set), collections.defaultdict(set)
    for run, digest, like in zip(runs, digests, likeness, strict=True):
        exact[like, count_images(run)[1]].add(digest)
        alike[like].add(run.record.get("test_set") or known.get(digest))
    doubtful = {like for (like, _), found in exact.items() if len(found) > 1}
    doubtful |= {like for like, found in alike.items() if len(found - {None}) > 1}
    keys = []
    for run, digest, like in zip(runs, digests, likeness, strict=True):
        test_set = run.record.get("test_set") or known.get(digest)
        if not test_set:
            test_set = digest if like in doubtful else max(alike[like] - {None}, default=like)
        keys.append((test_set, *class_names(run)))
    return keys


def make_data_sets(groups):
    """Return the groups by what they were tested on, the data set with most runs first."""
    keys = find_test_sets([group.first for group in groups])
    by_key = collections.defaultdict(list)
    for group, key in zip(groups, keys, strict=True):
        by_key[key].append(group)
    found = sorted(by_key.values(), key=lambda groups: -sum(len(group.runs) for group in groups))
    data_sets, taken = [], collections.Counter()
    for groups in found:
        run = groups[0].first
        names = dict.fromkeys(show_text(data_name(group.first)) for group in groups)
        title = f"{', '.join([*names][:3])}: {len(class_names(run)) or 'unknown'} classes"
        title += f", {count_images(run)[2]:,} test images" * bool(count_images(run)[2])
        taken[title] += 1
        title += f" ({taken[title]})" if taken[title] > 1 else ""
        name_groups(groups)
        data_sets.append(DataSet(groups, title))
    return data_sets


# ------------------------------------------------------------------------------------------------
# Labels


def differing(dictionaries):
    """Return the names whose values are not the same in all dictionaries."""
    names = dict.fromkeys(name for each in dictionaries for name in each)
    return [name for name in names if len({each.get(name) for each in dictionaries}) > 1]


def own_name(group):
    """Return the name that the runs were given, without the seed; "" where they have several."""
    names = {str(run.record.get("name") or "") for run in group.runs}
    names = {re.sub(r"[-_ ]*seed[-_= ]*\d+$", "", name) for name in names}
    return show_text(names.pop()) if len(names) == 1 else ""


def name_groups(groups):
    """Give each group a colour, and a label: what tells it from the others, never the time."""
    scripts = collections.defaultdict(list)
    for group in groups:
        scripts[group.first.record["script"]].append(group)
    for script, alike in scripts.items():
        names = differing([group.first.settings for group in alike])
        for group in alike:
            values = group.first.settings
            own = [f"{name.replace('_', ' ')} {values.get(name)}" for name in names]
            parts = [own_name(group)] if own_name(group) else own
            group.label = ", ".join([script] * (len(scripts) > 1) + parts) or script
    tell_apart(groups)
    for index, group in enumerate(groups):
        group.color = COLORS[index % len(COLORS)]


def tell_apart(groups):
    """Add to labels that several groups have what differs in them: layers, loss or backend."""
    by_label = collections.defaultdict(list)
    for group in groups:
        by_label[group.label].append(group)
    for alike in [alike for alike in by_label.values() if len(alike) > 1]:
        facts = [
            {name: str(group.first.record.get(name, "-")) for name in DECIDING}
            | group.first.settings
            for group in alike
        ]
        names = [name for name in differing(facts) if name != "optimizer"][:3]
        taken = collections.Counter()
        for group, own in zip(alike, facts, strict=True):
            words = [f"{name} {show_text(own.get(name, '-'))[:10]}" for name in names]
            words = [word.replace("_", " ").replace("network", "layers") for word in words]
            group.label = ", ".join([group.label, *words])
            taken[group.label] += 1
            if taken[group.label] > 1:
                group.label += f" ({taken[group.label]})"
