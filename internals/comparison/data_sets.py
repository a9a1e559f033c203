"""Data sets: the groups that were tested on the same images, which alone are compared."""

import collections
import dataclasses
from pathlib import Path

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


def count_runs(groups):
    return sum(len(group.runs) for group in groups)


def find_test_set(run):
    """Return a key that is the same where runs were tested on the same images."""
    digest = run.record.get("test_set") or run.record.get("data", {}).get("sha256")
    return (digest or data_name(run), *class_names(run))


def make_data_sets(groups):
    """Return the groups by what they were tested on, the data set with most runs first."""
    by_test_set = collections.defaultdict(list)
    for group in groups:
        by_test_set[find_test_set(group.first)].append(group)
    found = sorted(by_test_set.values(), key=count_runs, reverse=True)
    data_sets, taken = [], collections.Counter()
    for groups in found:
        run = groups[0].first
        names = dict.fromkeys(format_line(data_name(group.first)) for group in groups)
        title = f"{', '.join([*names][:3])}: {len(class_names(run)) or 'unknown'} classes"
        if number := count_images(run)[2]:
            title += f", {number:,} test images"
        taken[title] += 1
        title += f" ({taken[title]})" if taken[title] > 1 else ""
        name_groups(groups)
        data_sets.append(DataSet(groups, title))
    return data_sets
