"""Data sets: the groups that were tested on the same images, which alone are compared."""

import dataclasses
from pathlib import Path

from internals.comparison.groups import group_by
from internals.comparison.labels import name_groups
from internals.core.text import format_line
from internals.runs.run_reader import class_names, count_images


@dataclasses.dataclass
class DataSet:
    """Groups that were tested on the same images, best first."""

    groups: list
    title: str


def data_name(run):
    return Path(str(run.record["hyperparameters"].get("data", ""))).name or "unknown"


def find_test_set(group):
    """Return a key that is the same where groups were tested on the same images."""
    run = group.first
    digest = run.record.get("test_set") or run.record.get("data", {}).get("sha256")
    return (digest or data_name(run), *class_names(run))


def make_data_sets(groups):
    """Return the groups by what they were tested on, the data set with most runs first."""
    data_sets = []
    for alike in group_by(groups, find_test_set).values():
        run = alike[0].first
        names = dict.fromkeys(format_line(data_name(group.first)) for group in alike)
        title = f"{', '.join([*names][:3])}: {len(class_names(run)) or 'unknown'} classes"
        if number := count_images(run)[2]:
            title += f", {number:,} test images"
        name_groups(alike)
        data_sets.append(DataSet(alike, title))
    data_sets.sort(key=lambda each: sum(len(group.runs) for group in each.groups), reverse=True)
    for alike in group_by(data_sets, lambda each: each.title).values():
        for number, data_set in enumerate(alike[1:], start=2):
            data_set.title += f" ({number})"
    return data_sets
