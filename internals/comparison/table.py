"""The options of compare.py, the runs that they choose, and the table of their groups."""

import dataclasses
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import tyro

from internals.comparison.data_sets import differing, make_data_sets
from internals.comparison.groups import TEST_MARK, make_groups
from internals.core.files import check_output, expand, fail
from internals.core.text import (
    format_line,
    format_mean_and_std,
    format_path,
    format_value,
    shorten,
    shorten_names,
)
from internals.runs import identity
from internals.runs.run import find_folders
from internals.runs.run_reader import names_of, place_of, read_folders

USUAL = {  # values that nobody need be told where all groups have them
    "recipe": "published",
    "image_size": 32,
    "schedule": "inverse_time",
    "warmup": 0.0,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
    "flip": False,
    "shift": 0,
    "flip_test": False,
    **identity.EARLIER,
}
COLUMNS = {"run", "group", "key", "status", "script", "backend", "device"}  # beside figures
SortBy = Literal["accuracy", "minutes", "epochs", "parameters", "started"]


@dataclasses.dataclass(frozen=True)
class Options:
    """What to compare and how."""

    # runs, folders of runs, names of runs, or the keys of groups; none means all under --results
    runs: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    results: Path = Path("results")  # the folder for all runs, and for the page
    script: str = ""  # only runs of this script, such as 4layerCNN
    sort: SortBy = "accuracy"  # by which column, the best or the latest first
    limit: int = 0  # show only so many rows of each data set, from the first on; 0 shows all
    reference: bool = True  # also the runs that came with the scripts, in results/reference
    share: str = ""  # a file for the chosen runs' page with all inside, to be sent, such as it.html
    csv: str = ""  # a file for what the tables show, for a spreadsheet or pandas


@dataclasses.dataclass
class Comparison:
    """What was found: data sets with their groups, and broken folders."""

    data_sets: list
    broken: dict  # what is wrong, by folder
    folded: int = 0  # runs that came with the scripts, left out where the user has own ones
    whole: "Comparison" = None  # what the page shows, whatever was asked for: all, newest first

    @property
    def groups(self):
        return [group for data_set in self.data_sets for group in data_set.groups]


def compare(options):
    """Return the chosen runs in groups, by data set; end the program on wrong input."""
    if options.limit < 0:
        fail(f"limit is {options.limit}; it must be 0, for all, or more")
    check_output("csv", options.csv)
    check_output("share", options.share)
    if options.share and expand(options.share).name == "index.html":
        fail(f"share is {options.share!r}; so the page of all runs is called: take another name")
    chosen, broken, everything, all_broken = read_runs(options)
    folded = []
    if not (options.runs or options.script) and not all(run.is_reference for run in chosen):
        folded = [run for run in chosen if run.is_reference]
        chosen = [run for run in chosen if not run.is_reference]
    data_sets = arrange(chosen, options.sort)
    for data_set in data_sets:
        data_set.groups = data_set.groups[: options.limit or None]
    whole = Comparison(arrange(everything, "started"), all_broken)
    return Comparison(data_sets, broken, len(folded), whole)


def arrange(runs, sort):
    """Return the runs in groups, the best or the latest first, by data set."""
    groups = make_groups(runs)
    values = [each.newest.started if sort == "started" else each.figures[sort] for each in groups]
    smallest_first, values = sort in ("minutes", "parameters"), pd.Series(values, dtype=object)
    order = values.sort_values(ascending=smallest_first, kind="stable").index  # unknown ones last
    return make_data_sets([groups[index] for index in order])


def read_runs(options):
    """Return the chosen runs and what is wrong with each broken folder; the same for all runs."""
    results = expand(options.results)
    found, broken, all_broken, runs = [], {}, {}, []
    folders = {word: find_place(word, results) for word in options.runs}
    words = [word for word, folder in folders.items() if not folder]
    if results.is_dir():
        found = read_folders(results, all_broken)
    elif words or not options.runs:
        fail(f"{format_path(words[0] if words else results)} is not a folder of runs")
    groups = make_groups(found) if options.runs else []  # their keys are names, too
    keys = {run.folder: group.key for group in groups for run in group.runs}
    for word in options.runs:
        named = [
            run
            for run in found
            if word in {keys[run.folder], place_of(run, results), *names_of(run)}
        ]
        if word in words and not named:
            fail(f"{format_path(word)} is not a folder of runs, nor the name of a run or group")
        runs += named if word in words else read_folders(folders[word], broken)
    all_broken |= broken
    broken = broken if options.runs else all_broken
    if not options.reference:
        found = [run for run in found if not run.is_reference]
    everything = {run.folder.resolve(): run for run in [*found, *runs]}
    runs = [*{run.folder.resolve(): run for run in (runs if options.runs else found)}.values()]
    if options.script:
        runs = [run for run in runs if run.record["script"] == options.script.removesuffix(".py")]
    if not runs and (options.runs or options.script):
        explain_none(options, broken)
    return runs, broken, [*everything.values()], all_broken


def find_place(word, results):
    """Return the folder that a word of the command line means, here or in the results, or None."""
    places = expand(word), results / word
    return next((place for place in places if place.is_dir() and find_folders(place)), None)


def explain_none(options, broken):
    """End the program with a message: what was asked for is not there, or is broken."""
    for folder, problem in broken.items():
        print(f"broken: {format_path(folder)}: {problem}", file=sys.stderr)
    where = ", ".join(format_path(path) for path in options.runs or (options.results,))
    of_script = f" of {options.script}" if options.script else ""
    fail(f"no run matches: there is none{of_script} in {where}")


# ------------------------------------------------------------------------------------------------
# The table


def settings_of(group):
    """Return what decides a group's result and can be read in a table, as text."""
    record = group.first.record
    taken = COLUMNS | group.figures.keys() - {"epochs"}  # an own hyperparameter may be called so
    settings = {f"own {n}" if n in taken else n: v for n, v in group.first.settings.items()}
    named = {"script": record["script"], "recipe": record["hyperparameters"].get("recipe")}
    words = {name: record.get(name) for name in ("backend", "device")}
    words |= {"parameters": format_value("parameters", record["parameters"])}
    known = named | settings | (record.get("edits") or {}) | words
    return {name: format_line(value) for name, value in known.items() if value is not None}


def shared_settings(data_set):
    """Return in one line the settings that are the same in all groups."""
    settings = [settings_of(group) for group in data_set.groups]
    differ = differing(settings)
    return ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in settings[0].items()
        if name not in (*differ, "epochs") and value != str(USUAL.get(name))
    )


def make_table(data_set):
    """Return a data frame with a row a group: its figures as numbers, and the settings that differ.

    Accuracies are shares; the spreads are standard deviations over n seeds, NaN for one.
    """
    settings = [settings_of(group) for group in data_set.groups]
    names = differing(settings)
    rows = []
    for group, values in zip(data_set.groups, settings, strict=True):
        row = {"run": group.label, "group": group.key, "status": group.status} | group.figures
        row["best_chosen_by_test_set"] = not group.first.holds_out
        rows.append(row | {name: values.get(name) for name in names if name not in row})
    return pd.DataFrame(rows, dtype=object)


def format_cells(data_set):
    """Return for each group its columns as {name: (text, value to sort by)}; shares in percent."""
    rows = []
    settings = [settings_of(group) for group in data_set.groups]
    differ = [name for name in differing(settings) if name not in ("script", "epochs")]
    finished = all(group.status == "finished" for group in data_set.groups)
    for group, values in zip(data_set.groups, settings, strict=True):
        figures = group.figures
        minutes = format_mean_and_std(figures["minutes"], figures["minutes_std"], "{:.1f}")
        cells = {
            "run": (group.label, group.label),
            "accuracy": (group.accuracy_text, 100 * figures["accuracy"]),
            "best epoch": (group.best_epoch_text, 100 * figures["best_epoch"]),
            "minutes": (minutes, figures["minutes"]),
            "epochs": (str(figures["epochs"]), figures["epochs"]),
        }
        if not finished:
            cells["status"] = (group.status, group.status)
        for name in differ:
            value = (values | figures).get(name)
            cells[name.replace("_", " ")] = (format_value(name, value), value)
        started = group.newest.started
        cells["started"] = (f"{started.astimezone():%Y-%m-%d %H:%M}", started.timestamp())
        rows.append(cells)
    return rows


def show_table(data_set, width=100):
    """Return the table of a data set as text, no wider than `width`; what has no room is named."""
    rows = format_cells(data_set)
    header = [*rows[0]]
    texts = [header, *([text for text, _ in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    widths[0] = min(widths[0], max(38, width - 62))
    room, shown = width + 2, []  # two spaces stand before each column but the first
    for index, needed in enumerate(widths):
        if needed + 2 <= room:
            room -= needed + 2
            shown.append(index)
    shared = shared_settings(data_set)
    lines = textwrap.wrap(f"all: {shared}", width, subsequent_indent="     ") if shared else []
    names = ["run", *shorten_names([row[0] for row in texts[1:]], widths[0])]
    for name, row in zip(names, texts, strict=True):
        cells = [name.ljust(widths[0]), *(row[i].rjust(widths[i]) for i in shown[1:])]
        lines.append("  ".join(cells).rstrip())
    if left := [name for i, name in enumerate(header) if i not in shown and name != "started"]:
        lines.append(shorten(f"they also differ in: {', '.join(left)} (on the page)", width))
    for group in data_set.groups:
        lines += textwrap.wrap(group.failures, width) + textwrap.wrap(group.repeated, width)
    if any(not group.first.holds_out and len(group.first.history) for group in data_set.groups):
        words = f"{TEST_MARK} the best epoch, chosen by the test set: too good to be quoted"
        lines += textwrap.wrap(words, width)
    return "\n".join(lines)


def make_whole_table(comparison):
    """Return what the tables show as numbers, a row a group, with the data set it belongs to."""
    tables = [make_table(data_set).assign(data=data_set.title) for data_set in comparison.data_sets]
    return pd.concat(tables) if tables else pd.DataFrame(columns=["run", "accuracy"])
