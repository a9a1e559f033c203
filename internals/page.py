"""The page that lays runs side by side: results/index.html, from page.html beside this file.

It uses comparison.py, reading.py, charts.py, runs.py and files.py.
"""

import contextlib
import io
import os
from pathlib import Path
from urllib.parse import quote

import jinja2

from internals.charts import MOST_IN_A_CHART, draw_charts, draw_difference
from internals.comparison import Options, make_table, most_confused, read_runs, show_cells
from internals.files import write_text
from internals.reading import show_path
from internals.runs import read_record

PICTURES = ("accuracy", "loss", "confusion_matrix", "predictions", "samples")


MARK = '<meta name="generator" content="compare.py of these scripts">'
OLD_MARK = "<title>Runs side by side</title>"  # of the pages written before there was MARK
CHARTS = (  # all that was ever written into charts/; nothing else there is touched
    "accuracy_by_epoch accuracy_by_minutes accuracy_at_epochs training_time accuracy_by_class "
    "confusion_difference"
).split()


class NotOurs(Exception):
    """The page cannot be written, because something of somebody else lies where it belongs."""


def check_place(results):
    """Raise NotOurs where the page or the charts in `results` were not written by us."""
    page, charts = results / "index.html", results / "charts"
    if os.path.lexists(page):
        beginning = page.read_bytes()[:2000].decode(errors="replace") if page.is_file() else ""
        if MARK not in beginning and OLD_MARK not in beginning:
            raise NotOurs(f"{show_path(page)} is not a page of compare.py, and is kept")
    elif os.path.lexists(charts):
        ours = {charts / f"{name}.png" for name in CHARTS}
        others = {*charts.iterdir()} - ours if charts.is_dir() else {charts}
        if others:
            raise NotOurs(f"{show_path(min(others))} is not a chart of compare.py, and is kept")


def write_page(options, runs, broken):
    """Draw the charts and write index.html below `options.results`.

    Raises NotOurs or OSError where it cannot be written there.
    """
    results = options.results
    check_place(results)
    charts = draw_charts(runs, results / "charts")
    compared = [run for run in runs if run.matrix is not None]
    given = {path.resolve(): place for place, path in enumerate(options.runs)}
    compared.sort(key=lambda run: given.get(run.folder.resolve(), 0))  # else the better one first
    if len(compared) == 2 and [*compared[0].matrix] == [*compared[1].matrix]:
        draw_difference(*compared, results / "charts")
        charts.append(("confusion_difference", "where the second run confuses less or more"))
    for stale in {*CHARTS} - {*dict(charts)}:
        (results / "charts" / f"{stale}.png").unlink(missing_ok=True)
    table = make_table(runs)
    columns = []
    for run, cells in zip(runs, show_cells(table), strict=True):
        where = Path(os.path.relpath(run.folder, results)).as_posix()
        link = quote(os.fsencode(where))  # a folder above the run may have any bytes for a name
        pictures = {
            name: f"{link}/{name}.png"
            for name in PICTURES
            if (run.folder / f"{name}.png").exists()
        }
        confused = most_confused(run) if run.matrix is not None else []
        columns.append(
            {"run": run, "id": link, "cells": cells, "pictures": pictures, "confused": confused}
        )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((Path(__file__).parent / "page.html").read_text("utf-8"))
    page = template.render(
        mark=MARK,
        header=[*table.columns],
        columns=columns,
        charts=charts,
        most=MOST_IN_A_CHART,
        broken={show_path(folder): problem for folder, problem in broken.items()},
        pictures=PICTURES,
    )
    write_text(results / "index.html", page)


def refresh(folder):
    """Bring the page up to date that lays the run in `folder` beside others; never raise.

    Only where the run lies in a results folder: in <results>/<script>/<run>.
    """
    messages = io.StringIO()  # of whatever ends the program, which a run must outlive
    try:
        folder = folder.resolve()
        results = folder.parent.parent
        if folder.parent.name != read_record(folder)["script"]:
            raise NotOurs(f"{show_path(results)} is not a folder of results")
        options = Options(results=results)
        with contextlib.redirect_stderr(messages):
            write_page(options, *read_runs(options))
        print(f"Side by side with other runs: {show_path(results / 'index.html')}")
    except (Exception, SystemExit) as error:
        words = str(error) if isinstance(error, NotOurs) else repr(error)
        words = messages.getvalue().strip() or words
        print(f"The page that compares runs was not brought up to date: {words}")
