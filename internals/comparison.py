"""Runs laid side by side: which there are, in what they differ, and the table of them.

It uses reading.py, files.py, runs.py and formats.py; it starts without Keras and Matplotlib.
"""

import collections
import dataclasses
import sys
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import tyro

from internals.files import fail
from internals.formats import show_value
from internals.reading import read_run, show_path
from internals.runs import find_folders

COLORS = "#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf".split()
SortBy = Literal["accuracy", "minutes", "epochs", "parameters", "started"]


@dataclasses.dataclass(frozen=True)
class Options:
    """What to compare and how."""

    # runs, or folders of runs; none means all under --results
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    results: Path = Path("results")  # the folder for all runs, and for the page
    script: str = ""  # only runs of this script, such as 4layerCNN
    sort: SortBy = "accuracy"  # by which column, the best or the latest first
    limit: int = 0  # show only so many runs, from the first on; 0 shows all


def read_runs(options):
    """Return the chosen runs, best first, and what is wrong with each broken folder."""
    check(options)
    runs, broken = [], {}
    for path in options.runs or (options.results,):
        if not path.is_dir():
            fail(f"{show_path(path)} is not a folder of runs")
        for folder in find_folders(path):
            try:
                runs.append(read_run(folder))
            except ValueError as error:
                broken[folder] = str(error)
    runs = list({run.folder.resolve(): run for run in runs}.values())
    if options.script:
        runs = [run for run in runs if run.record["script"] == options.script.removesuffix(".py")]
    if not runs and (options.runs or options.script):
        explain_none(options, broken)
    sign = -1 if options.sort in ("accuracy", "epochs", "started") else 1
    values = pd.Series([run.figures[options.sort] for run in runs], dtype=object)
    order = values.rank(na_option="bottom", ascending=sign > 0).argsort(kind="stable")
    runs = [runs[index] for index in order][: options.limit or None]
    name_runs(runs)
    return runs, broken


def check(options):
    """End the program with a message where an option is out of its range."""
    if options.limit < 0:
        fail(f"limit is {options.limit}; it must be 0, for all, or more")


def explain_none(options, broken):
    """End the program with a message: what was asked for is not there, or is broken."""
    for folder, problem in broken.items():
        print(f"broken: {show_path(folder)}: {problem}", file=sys.stderr)
    where = ", ".join(show_path(path) for path in options.runs or (options.results,))
    of_script = f" of {options.script}" if options.script else ""
    fail(f"no run matches: there is none{of_script} in {where}")


def differing(runs):
    """Return the names of the hyperparameters in which the runs differ."""
    names = dict.fromkeys(name for run in runs for name in run.hyperparameters)
    values = {name: {repr(run.hyperparameters.get(name)) for run in runs} for name in names}
    return [name for name in names if len(values[name]) > 1]


def name_runs(runs):
    """Give each run a colour, and a label: what tells it from the others, never the time."""
    scripts = {run.record["script"] for run in runs}
    alike = {  # the names of the hyperparameters in which the runs of a script differ
        script: differing([run for run in runs if run.record["script"] == script])
        for script in scripts
    }
    taken = collections.Counter()
    for index, run in enumerate(runs):
        script, name = run.record["script"], str(run.record.get("name") or "")
        values = run.hyperparameters
        own = [f"{each.replace('_', ' ')} {values.get(each)}" for each in alike[script]]
        label = ", ".join([script] * (len(scripts) > 1) + ([name] if name else own)) or script
        taken[label] += 1
        run.label = label if taken[label] == 1 else f"{label} ({taken[label]})"
        run.color = COLORS[index % len(COLORS)]


def make_table(runs):
    """Return a data frame with a row a run: its figures, and the hyperparameters that differ."""
    names, rows = differing(runs), []
    for run in runs:
        row = {"run": f"{run.record['script']}/{run.folder.name}", "status": run.record["status"]}
        row |= {name: run.hyperparameters.get(name) for name in names} | run.figures
        rows.append(row)
    columns = ["run", "epochs", "accuracy", "minutes", "seconds_per_epoch", "parameters"]
    if any(run.record["status"] != "finished" for run in runs):
        columns.insert(1, "status")
    columns += [name for name in names if name not in columns]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def show_cells(table):
    """Return a list of (text, value to sort by) for each row of the table."""
    return [
        [
            (show_value(name, value), value.item() if isinstance(value, np.generic) else value)
            for name, value in row.items()
        ]
        for row in table.to_dict("records")
    ]


def show_table(table):
    """Return the table as text, with accuracy in percent."""
    texts = [[text for text, _ in row] for row in show_cells(table)]
    return pd.DataFrame(texts, columns=table.columns).to_string(index=False)


def shares_of(matrix):
    """Return a confusion matrix as shares of the true class, each row summing to 1 or 0."""
    counts = matrix.to_numpy(dtype=float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def most_confused(run, count=5):
    """Return in words the pairs of classes that a run confuses most, both ways taken together."""
    counts = run.matrix.to_numpy()
    names = [str(name) for name in run.matrix.columns]
    both = counts + counts.T
    most = np.argsort(-np.triu(both, 1), axis=None, kind="stable")[:count]
    pairs = zip(*np.unravel_index(most, both.shape), strict=True)
    return [
        f"{names[a]} and {names[b]}: {both[a, b]} times ({counts[a, b]} {names[a]} called "
        f"{names[b]}, {counts[b, a]} {names[b]} called {names[a]})"
        for a, b in pairs
        if a < b and both[a, b]
    ]
