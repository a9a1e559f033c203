"""The page that lays runs side by side: results/index.html, from page.html beside this file.

It uses comparison.py, charts.py and files.py.
"""

import os
from pathlib import Path
from urllib.parse import quote

import jinja2

from internals.charts import MOST_IN_A_CHART, draw_charts, draw_difference
from internals.comparison import make_table, most_confused, read_runs, show_cells
from internals.files import write_text

PICTURES = ("accuracy", "loss", "confusion_matrix", "predictions", "samples")


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
    template = environment.from_string((Path(__file__).parent / "page.html").read_text("utf-8"))
    page = template.render(
        header=[*table.columns],
        columns=columns,
        charts=charts,
        most=MOST_IN_A_CHART,
        broken=broken,
        pictures=PICTURES,
    )
    results.mkdir(parents=True, exist_ok=True)
    write_text(results / "index.html", page)
    return runs, broken
