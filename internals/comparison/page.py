"""The page results/index.html, which lays runs side by side; page.html here is its template."""

import contextlib
import importlib.util
import io
import json
import os
import shutil
from pathlib import Path
from urllib.parse import quote

import jinja2

from internals.comparison.charts import MOST_IN_A_CHART, draw_charts
from internals.comparison.confusion_matrix import matrix_of, most_confused
from internals.comparison.disagreements import make_sheet
from internals.comparison.groups import TEST_MARK, show_best_epoch
from internals.comparison.own_files import (
    MARK,
    MOST_DRAWN,
    PLOTLY,
    TEST_IMAGES,
    NotOurs,
    check_place,
    remove_charts,
)
from internals.comparison.page_data import PAGE_WORDS, describe_data_set
from internals.comparison.table import Options, compare, shared_settings, show_cells
from internals.core.files import write_file, write_text
from internals.runs.run import read_record
from internals.runs.run_reader import show_path

PICTURES = (
    "accuracy",
    "loss",
    "confusion_matrix",
    "predictions",
    "mistakes",
    "calibration",
    "features",
    "samples",
)


def write_page(comparison, results):
    """Draw the charts and write index.html below `results`.

    Raises NotOurs or OSError where it cannot be written there.
    """
    check_place(results)
    sections, sheet, drawn = [], [], []
    for number, data_set in enumerate(comparison.data_sets, start=1):
        charts = {}
        if number <= MOST_DRAWN:
            suffix = "" if number == 1 else f"_{number}"
            charts = draw_charts(data_set.groups, results / "charts", suffix)
            drawn += [f"{name}.png" for name in charts]
        header, cells = show_cells(data_set)
        rows = [
            describe_row(group, texts, results)
            for group, texts in zip(data_set.groups, cells, strict=True)
        ]
        section = {"title": data_set.title, "shared": shared_settings(data_set), "rows": rows}
        section |= {"header": header, "charts": charts, "number": number}
        section["data"] = as_script(describe_data_set(data_set, sheet))
        sections.append(section)
    if sheet:
        (results / "charts").mkdir(exist_ok=True)
        write_file(results / "charts" / TEST_IMAGES, make_sheet(sheet).save)
        drawn.append(TEST_IMAGES)
    remove_charts(results, drawn)
    page = load_template().render(
        mark=MARK,
        sections=sections,
        plotly=PLOTLY if copy_plotly(results) else "",
        most=MOST_IN_A_CHART,
        test_mark=TEST_MARK,
        words=as_script(PAGE_WORDS),
        sheet=f"charts/{TEST_IMAGES}",
        broken={show_path(folder): problem for folder, problem in comparison.broken.items()},
        pictures=PICTURES,
    )
    write_text(results / "index.html", page)


def load_template():
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((Path(__file__).parent / "page.html").read_text("utf-8"))


def as_script(value):
    """Return a value as JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def copy_plotly(results):
    """Put Plotly's JavaScript beside the page, once; return whether there is any."""
    found = importlib.util.find_spec("plotly")  # unlike an import, it takes no time
    if found is None:
        return False
    source, copy = Path(found.origin).parent / "package_data" / PLOTLY, results / PLOTLY
    if not copy.exists() or copy.stat().st_size != source.stat().st_size:
        write_file(copy, lambda beside: shutil.copyfile(source, beside))
    return True


def describe_row(group, cells, results):
    """Return what the page's table shows of a group: its cells, its runs, the pictures of one."""
    shown = group.first
    matrix = matrix_of(group)
    folder = link_to(shown.folder, results)
    return {
        "group": group,
        "cells": cells,
        "runs": [
            {
                "name": run.name,
                "link": link_to(run.folder, results),
                "seed": run.seed,
                "status": run.record["status"],
                "counted": run in group.counted,
                "accuracy": "-" if run.accuracy != run.accuracy else f"{100 * run.accuracy:.2f} %",
                "best": show_best_epoch([run]),
                "minutes": f"{run.minutes:.1f}",
                "epochs": len(run.history),
            }
            for run in group.runs
        ],
        "pictures": {
            name: f"{folder}/{name}.png"
            for name in PICTURES
            if (shown.folder / f"{name}.png").exists()
        },
        "shown": shown.name,
        "confused": most_confused(matrix) if matrix is not None else [],
    }


def link_to(folder, results):
    """Return the address of a folder as seen from the page; it may have any bytes in its name."""
    return quote(os.fsencode(Path(os.path.relpath(folder, results)).as_posix()))


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
        with contextlib.redirect_stderr(messages):
            write_page(compare(Options(results=results)), results)
        print(f"Side by side with other runs: {show_path(results / 'index.html')}")
    except (Exception, SystemExit) as error:
        words = str(error) if isinstance(error, NotOurs) else repr(error)
        words = messages.getvalue().strip() or words
        print(f"The page that compares runs was not brought up to date: {words}")
