"""Data sets: the groups tested on the same images, and what tells them apart."""

import dataclasses
import datetime
import re
from pathlib import Path

from internals.comparison.groups import group_by
from internals.core.text import format_line
from internals.runs.run_reader import class_names, count_images

LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)
# beside hyperparameters, if need be
TOLD = ("started_from", "network", "loss", "preprocessing", "backend")


@dataclasses.dataclass
class DataSet:
    """Groups that were tested on the same images."""

    groups: list
    title: str

    @property
    def own(self):
        """Return the groups that hold runs of the user's own."""
        return [group for group in self.groups if not group.is_reference]

    @property
    def reference(self):
        return [group for group in self.groups if group.is_reference]


def data_name(run):
    return Path(str(run.record["hyperparameters"].get("data", ""))).name or "unknown"


def find_test_set(group):
    """Return a key that is the same where groups were tested on the same images."""
    run = group.first
    digest = run.record.get("test_set") or run.record.get("data", {}).get("sha256")
    return (digest or data_name(run), *class_names(run))


def make_data_sets(groups):
    """Return the groups by what they were tested on, the data set of the newest run first.

    Those without a run of the user's own come last, the one with most runs first.
    """
    data_sets = []
    for alike in group_by(groups, find_test_set).values():
        run = alike[0].first
        names = dict.fromkeys(format_line(data_name(group.first)) for group in alike)
        title = f"{', '.join([*names][:3])}: {len(class_names(run)) or 'unknown'} classes"
        if number := count_images(run)[2]:
            title += f", {number:,} test images"
        name_groups(alike)
        data_sets.append(DataSet(alike, title))
    data_sets.sort(key=find_place, reverse=True)
    for alike in group_by(data_sets, lambda each: each.title).values():
        for number, data_set in enumerate(alike[1:], start=2):
            data_set.title += f" ({number})"
    return data_sets


def find_place(data_set):
    """Return by what data sets are sorted: the newest own run, and the number of runs."""
    newest = max((group.newest.started for group in data_set.own), default=LONG_AGO)
    return newest, sum(len(group.runs) for group in data_set.groups)


def differing(dictionaries):
    """Return the names whose values are not the same in all dictionaries."""
    names = dict.fromkeys(name for each in dictionaries for name in each)
    return [name for name in names if len({each.get(name) for each in dictionaries}) > 1]


def name_of(group):
    """Return the name that the runs were given, without the seed; "" where they have several."""
    names = {str(run.record.get("name") or "") for run in group.runs}
    names = {re.sub(r"[-_ ]*seed[-_= ]*\d+$", "", name) for name in names}
    return format_line(names.pop()) if len(names) == 1 else ""


def name_groups(groups):
    """Give each group a label: what tells it from the others, never the time."""
    scripts = group_by(groups, lambda group: group.first.record["script"])
    for script, alike in scripts.items():
        names = differing([group.first.settings for group in alike])
        for group in alike:
            values = group.first.settings
            telling = ", ".join(f"{name.replace('_', ' ')} {values.get(name)}" for name in names)
            parts = [script if len(scripts) > 1 else "", name_of(group) or telling]
            group.label = ", ".join(filter(None, parts)) or script
    for alike in group_by(groups, lambda group: group.label).values():
        if len(alike) > 1:
            tell_apart(alike)


def tell_apart(groups):
    """Add to the label that these groups share what differs in them: layers, loss or backend."""
    facts = [
        {name: str(group.first.record.get(name, "-")) for name in TOLD} | group.first.settings
        for group in groups
    ]
    names = differing(facts)[:3]
    for group, known in zip(groups, facts, strict=True):
        words = [f"{name} {format_line(known.get(name, '-'))[:10]}" for name in names]
        words = [word.replace("_", " ").replace("network", "layers") for word in words]
        group.label = ", ".join([group.label, *words])
    for alike in group_by(groups, lambda group: group.label).values():
        alike.sort(key=lambda group: min(run.started for run in group.runs))
        for number, group in enumerate(alike[1:], start=2):
            group.label += f" ({number})"
