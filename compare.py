"""Lay runs side by side: a table in the terminal, charts, and one page, results/index.html.

Two runs are compared in more detail: which classes each confuses, and where they differ.

    python compare.py
    python compare.py --script 4layerCNN --sort minutes --limit 5
    python compare.py results/4layerCNN/2026-11-20_14-30-12 results/6layerCNN/2026-11-20_15-02-40
"""

import collections
import dataclasses
import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import jinja2
import matplotlib
import numpy as np
import pandas as pd
import seaborn
import tyro
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

PICTURES = ("accuracy", "loss", "confusion_matrix", "predictions", "samples")
BAR_EPOCHS = (10, 20, 50, 100)
MOST_IN_A_CHART = 10  # more lines than colours cannot be told apart
MOST_CLASSES_IN_A_CHART = 25
NOT_COMPARED = {"name", "results", "resume"}
SortBy = Literal["accuracy", "minutes", "epochs", "parameters", "started"]
matplotlib.rcParams["text.parse_math"] = False  # a run may be called "$5 $10"


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


# ------------------------------------------------------------------------------------------------
# Reading


def find_folders(path):
    """Return the run folders at or up to two levels below `path`, also those without run.json."""
    candidates = [path, *path.glob("*/"), *path.glob("*/*/")]
    return [
        folder
        for folder in sorted(candidates)
        if (folder / "run.json").exists() or re.match(r"\d{4}-\d\d-\d\d_\d\d-", folder.name)
    ]


def read_run(folder):
    """Return the run in `folder`; ValueError says what is wrong with a broken one."""
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        history, matrix = folder / "history.csv", folder / "confusion_matrix.csv"
        columns = ["epoch", "val_accuracy", "seconds"]
        run = ComparedRun(
            folder,
            record,
            pd.read_csv(history)
            if history.exists()
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
            print(f"error: {path} is not a folder of runs", file=sys.stderr)
            raise SystemExit(2)
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
    palette = [matplotlib.colors.to_hex(color) for color in matplotlib.color_sequences["tab10"]]
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
        run.color = palette[index % len(palette)]


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


FORMATS = {
    "accuracy": "{:.2%}",
    "minutes": "{:.1f}",
    "seconds_per_epoch": "{:.1f}",
    "parameters": "{:,}",
}


def show_cells(table):
    """Return a list of (text, value to sort by) for each row of the table."""
    return [
        [
            (show_value(name, value), value.item() if isinstance(value, np.generic) else value)
            for name, value in row.items()
        ]
        for row in table.to_dict("records")
    ]


def show_value(name, value):
    """Return a cell of the table as text."""
    return "-" if pd.isna(value) else FORMATS.get(name, "{}").format(value)


def show_table(table):
    """Return the table as text, with accuracy in percent."""
    texts = [[text for text, _ in row] for row in show_cells(table)]
    return pd.DataFrame(texts, columns=table.columns).to_string(index=False)


# ------------------------------------------------------------------------------------------------
# Charts


def new_chart(title, xlabel, ylabel):
    """Return a figure and its axes, in the same size and style for all charts."""
    figure = Figure(figsize=(8, 4.5), dpi=100)
    axes = figure.add_axes((0.08, 0.2, 0.54, 0.7))  # the legend stands on the right
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.grid(color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def write_whole(path, write):
    """Have `write(path)` write a file whole or not at all, also where two runs end together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    write(beside)
    beside.replace(path)


def save_chart(figure, folder, name):
    write_whole(folder / f"{name}.png", figure.savefig)


def add_legend(axes):
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=9)


def shorten(text, length=34):
    return text if len(text) <= length else text[: length - 1] + "…"


def draw_curves(runs, folder):
    """Draw validation accuracy by epoch and by minutes of training."""
    for name, xlabel in (("accuracy_by_epoch", "epoch"), ("accuracy_by_minutes", "minutes")):
        figure, axes = new_chart("Validation accuracy", xlabel, "validation accuracy")
        for run in runs:
            x = run.history.epoch if xlabel == "epoch" else run.history.seconds.cumsum() / 60
            marker = "o" if len(x) == 1 else None
            accuracy = run.history.val_accuracy
            axes.plot(x, accuracy, color=run.color, label=shorten(run.label), marker=marker)
        axes.set_ylim(0, 1)
        if xlabel == "epoch":
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        add_legend(axes)
        save_chart(figure, folder, name)


def draw_bars(runs, folder, name, title, ylabel, groups, heights):
    """Draw a group of bars for each of `groups`, a bar a run; heights (runs, groups), NaN: none."""
    figure, axes = new_chart(title, "", ylabel)
    width = 0.8 / max(len(runs), 1)
    for index, run in enumerate(runs):
        x = np.arange(len(groups)) + (index - (len(runs) - 1) / 2) * width
        axes.bar(x, heights[index], width, color=run.color, label=shorten(run.label))
    axes.set_xticks(range(len(groups)), [shorten(group, 14) for group in groups])
    axes.tick_params(axis="x", rotation=0 if len(groups) <= 4 else 90, labelsize=8)
    axes.set_ylim(0, 1 if ylabel == "accuracy" else None)
    add_legend(axes)
    save_chart(figure, folder, name)


def draw_charts(runs, folder):
    """Draw all charts of the runs into `folder`; return (file name, description) of each."""
    shown = [run for run in runs if len(run.history)][:MOST_IN_A_CHART]
    if not shown:
        return []
    draw_curves(shown, folder)
    charts = [
        ("accuracy_by_epoch", "validation accuracy by epoch"),
        ("accuracy_by_minutes", "validation accuracy by minutes of training"),
    ]
    at = [epoch for epoch in BAR_EPOCHS if any(len(run.history) >= epoch for run in shown)]
    if at:
        reached = [run for run in shown if len(run.history) >= at[0]]
        heights = [run.history.set_index("epoch").val_accuracy.reindex(at) for run in reached]
        groups = [f"{epoch} epochs" for epoch in at]
        title = "Validation accuracy after so many epochs"
        draw_bars(reached, folder, "accuracy_at_epochs", title, "accuracy", groups, heights)
        charts.append(("accuracy_at_epochs", title.lower()))
    minutes = [[run.figures["minutes"]] for run in shown]
    draw_bars(shown, folder, "training_time", "Training time", "minutes", [""], minutes)
    charts.append(("training_time", "training time in minutes"))
    by_classes = collections.defaultdict(list)
    for run in shown:
        if run.matrix is not None and len(run.matrix) <= MOST_CLASSES_IN_A_CHART:
            by_classes[tuple(run.matrix.columns)].append(run)
    if by_classes:
        classes, alike = max(by_classes.items(), key=lambda item: len(item[1]))
        recall = [np.diag(shares_of(run.matrix)) for run in alike]
        title = "Share of each class's test images that are named rightly"
        draw_bars(alike, folder, "accuracy_by_class", title, "accuracy", classes, recall)
        charts.append(("accuracy_by_class", title.lower()))
    return charts


def shares_of(matrix):
    """Return a confusion matrix as shares of the true class, each row summing to 1 or 0."""
    counts = matrix.to_numpy(dtype=float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def draw_difference(first, second, folder):
    """Draw where the second run confuses less (blue) or more (red) than the first."""
    names = [shorten(str(name), 18) for name in first.matrix.columns]
    difference = shares_of(second.matrix) - shares_of(first.matrix)
    worse = difference * (1 - 2 * np.eye(len(names)))  # more on the diagonal is better
    limit = max(np.abs(worse).max(), 0.01)
    figure = Figure(figsize=(9, 8), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    seaborn.heatmap(
        worse,
        annot=difference * 100 if len(names) <= 12 else None,
        fmt="+.1f",
        annot_kws={"fontsize": 8},
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        square=True,
        xticklabels=names if len(names) <= 40 else False,
        yticklabels=names if len(names) <= 40 else False,
        cbar_kws={"label": "share of the true class; red: worse, blue: better", "shrink": 0.7},
        ax=axes,
    )
    axes.set(xlabel="predicted class", ylabel="true class")
    title = (
        f"{shorten(second.label, 60)}\ncompared with {shorten(first.label, 60)}, in percent points"
    )
    axes.set_title(title, loc="left", fontsize=10)
    save_chart(figure, folder, "confusion_difference")


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


# ------------------------------------------------------------------------------------------------
# The page


def write_page(options):
    """Draw the charts and write index.html below `options.results`; return runs and broken ones."""
    runs, broken = read_runs(options)
    results = options.results
    charts = draw_charts(runs, results / "charts")
    compared = [run for run in runs if run.matrix is not None]
    given = {path.resolve(): place for place, path in enumerate(options.runs)}
    compared.sort(key=lambda run: given.get(run.folder.resolve(), 0))  # else the better one first
    if len(compared) == 2 and [*compared[0].matrix] == [*compared[1].matrix]:
        draw_difference(*compared, results / "charts")
        charts.append(("confusion_difference", "where the second run confuses less or more"))
    for stale in (results / "charts").glob("[!.]*.png"):
        if stale.stem not in dict(charts):
            stale.unlink(missing_ok=True)
    table = make_table(runs)
    columns = []
    for run, cells in zip(runs, show_cells(table), strict=True):
        where = Path(os.path.relpath(run.folder, results)).as_posix()
        pictures = {
            name: quote(f"{where}/{name}.png")
            for name in PICTURES
            if (run.folder / f"{name}.png").exists()
        }
        confused = most_confused(run) if run.matrix is not None else []
        columns.append(
            {"run": run, "id": where, "cells": cells, "pictures": pictures, "confused": confused}
        )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((Path(__file__).parent / "compare.html").read_text("utf-8"))
    page = template.render(
        header=[*table.columns],
        columns=columns,
        charts=charts,
        most=MOST_IN_A_CHART,
        broken=broken,
        pictures=PICTURES,
    )
    write_whole(results / "index.html", lambda beside: beside.write_text(page, encoding="utf-8"))
    return runs, broken


def main():
    """Print the table, draw the charts and write the page."""
    options = tyro.cli(Options, description=__doc__)
    runs, broken = write_page(options)
    if runs:
        print(show_table(make_table(runs)))
    else:
        print("No runs yet. To make one: python 4layerCNN.py --data digits --epochs 10")
    for folder, problem in broken.items():
        print(f"broken: {folder}: {problem}")
    for run in [run for run in runs if run.matrix is not None][:2] if len(runs) == 2 else []:
        print(f"\n{run.label} confuses most", *most_confused(run), sep="\n  ")
    print(f"\nAll of it, with the pictures: {options.results / 'index.html'}")


if __name__ == "__main__":
    main()
