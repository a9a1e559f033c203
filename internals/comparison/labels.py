"""Labels and colours of groups: what tells a group from the others of its test set."""

import re

from internals.comparison.groups import group_by
from internals.core.text import format_line

COLORS = ("#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf").split()
TOLD = ("network", "loss", "preprocessing", "backend")  # beside hyperparameters, if need be


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
    """Give each group a colour, and a label: what tells it from the others, never the time."""
    scripts = group_by(groups, lambda group: group.first.record["script"])
    for script, alike in scripts.items():
        names = differing([group.first.settings for group in alike])
        for group in alike:
            values = group.first.settings
            telling = [f"{name.replace('_', ' ')} {values.get(name)}" for name in names]
            parts = [name_of(group)] if name_of(group) else telling
            if len(scripts) > 1:
                parts = [script, *parts]
            group.label = ", ".join(parts) or script
    for alike in group_by(groups, lambda group: group.label).values():
        if len(alike) > 1:
            tell_apart(alike)
    for index, group in enumerate(groups):
        group.color = COLORS[index % len(COLORS)]


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
        for number, group in enumerate(alike[1:], start=2):
            group.label += f" ({number})"
