"""Runs laid side by side: which there are, in what they differ, and the table of them.

It uses files.py, runs.py and formats.py; it starts without Keras and without Matplotlib.
"""

import collections
import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import tyro

from internals.files import fail
from internals.formats import show_value
from internals.runs import find_folders, read_history, read_record

NOT_COMPARED = {"name", "results", "resume"}
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


@dataclasses.dataclass
class ComparedRun:
    """A run as it was read from its folder, and how the charts show it."""

    folder: Path
    record: dict
    history: pd.DataFrame
    matrix: pd.DataFrame | None
    label: str = ""
    color: str = ""

    @property
    def hyperparameters(self):
        own = self.record["hyperparameters"]
        return {
            name: value if isinstance(value, str | int | float) else repr(value)
            for name, value in own.items()
            if name not in NOT_COMPARED
        }

    @property
    def figures(self):
        """Return what the table shows of every run; NaN where it is not known yet."""
        epochs, minutes = len(self.history), self.history.seconds.sum() / 60
        return {
            "epochs": epochs,
            "accuracy": float(self.record.get("test_accuracy", "nan")),
            "minutes": minutes,
            "seconds_per_epoch": minutes * 60 / epochs if epochs else float("nan"),
            "parameters": int(self.record["parameters"]),
            "started": str(self.record["started"]),
        }


def read_run(folder):
    """Return the run in `folder`; ValueError says what is wrong with a broken one."""
    try:
        record, matrix = read_record(folder), folder / "confusion_matrix.csv"
        columns = ["epoch", "val_accuracy", "seconds"]
        run = ComparedRun(
            folder,
            record,
            read_history(folder)
            if (folder / "history.csv").exists()
            else pd.DataFrame(columns=columns, dtype=float),
            pd.read_csv(matrix, index_col=0, dtype={0: str}) if matrix.exists() else None,
        )
        run.history = run.history.astype({column: float for column in columns})
        if run.matrix is not None:
            run.matrix = run.matrix.astype(int)
            if run.matrix.shape != (len(run.matrix),) * 2:
                raise ValueError("confusion_matrix.csv is not square")
        str(record["script"]), str(record["status"]), run.hyperparameters, run.figures  # noqa: B018
        return run
    except FileNotFoundError:
        raise ValueError("it has no run.json") from None
    except Exception as error:  # whatever is wrong, the other runs are still to be shown
        raise ValueError(f"{type(error).__name__}: {error}") from error


def read_runs(options):
    """Return the chosen runs, best first, and what is wrong with each broken folder."""
    runs, broken = [], {}
    for path in options.runs or (options.results,):
        if not path.is_dir():
            fail(f"{path} is not a folder of runs")
        for folder in find_folders(path):
            try:
                runs.append(read_run(folder))
            except ValueError as error:
                broken[folder] = str(error)
    runs = list({run.folder.resolve(): run for run in runs}.values())
    if options.script:
        runs = [run for run in runs if run.record["script"] == options.script.removesuffix(".py")]
    sign = -1 if options.sort in ("accuracy", "epochs", "started") else 1
    values = pd.Series([run.figures[options.sort] for run in runs], dtype=object)
    order = values.rank(na_option="bottom", ascending=sign > 0).argsort(kind="stable")
    runs = [runs[index] for index in order][: options.limit or None]
    name_runs(runs)
    return runs, broken


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
