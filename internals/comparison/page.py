"""The page results/index.html, which lays runs side by side; the files page.* here make it.

What it shows beside the runs' own pictures is in results/index_files, a folder of the page alone.
"""

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
from internals.comparison.disagreements import make_sheet
from internals.comparison.groups import TEST_MARK, Group
from internals.comparison.page_data import PAGE_WORDS, describe_data_set
from internals.comparison.table import Options, compare, format_cells, shared_settings
from internals.core.files import fail, relative, write_file, write_text
from internals.core.locks import locked
from internals.core.text import format_path
from internals.runs import live
from internals.runs.run import read_record
from internals.runs.run_reader import REFERENCE, place_of

GENERATOR = '<meta name="generator" content="compare.py of these scripts">'
FILES = "index_files"
PLOTLY = "plotly.min.js"
TEST_IMAGES = "test_images.png"
MOST_TICKED = 6  # rows, in an address
MOST_DRAWN = 4  # data sets; the second one's charts end in _2
PICTURES = (
    "accuracy loss confusion_matrix predictions mistakes calibration features samples".split()
)
LOADER = jinja2.FileSystemLoader(Path(__file__).parent)
TEMPLATES = jinja2.Environment(loader=LOADER, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def write_page(comparison, results):
    """Draw the charts and write index.html below `results`; OSError where that cannot be done.

    An index.html that compare.py did not write ends the program with a message.
    """
    path, files = results / "index.html", results / FILES
    if path.exists() and GENERATOR not in path.read_text("utf-8", errors="replace"):
        fail(f"{format_path(path)} is not a page of compare.py, and is kept")
    files.mkdir(parents=True, exist_ok=True)
    live.prepare(results)
    sections, sheet, drawn = [], [], []
    for number, data_set in enumerate(comparison.data_sets, start=1):
        suffix = "" if number == 1 else f"_{number}"
        charts = draw_charts(data_set.groups, files, suffix) if number <= MOST_DRAWN else {}
        drawn += [f"{name}.png" for name in charts]
        header, cells = format_cells(data_set)
        rows = [describe_row(*row, results) for row in zip(data_set.groups, cells, strict=True)]
        section = {"title": data_set.title, "shared": shared_settings(data_set), "rows": rows}
        section |= {"header": header, "charts": charts, "number": number}
        section["data"] = as_script(describe_data_set(data_set, sheet))
        sections.append(section)
    if sheet:
        write_file(files / TEST_IMAGES, make_sheet(sheet).save)
        drawn.append(TEST_IMAGES)
    for picture in files.glob("[!.]*.png"):  # another process is writing those that begin with .
        if picture.name not in drawn:
            picture.unlink(missing_ok=True)
    page = TEMPLATES.get_template("page.html").render(
        generator=GENERATOR,
        files=FILES,
        sections=sections,
        plotly=PLOTLY if copy_plotly(files) else "",
        most=MOST_IN_A_CHART,
        test_mark=TEST_MARK,
        words=as_script(PAGE_WORDS | {"sheet": f"{FILES}/{TEST_IMAGES}"}),
        broken={format_path(folder): problem for folder, problem in comparison.broken.items()},
        pictures=PICTURES,
    )
    write_text(path, page)


def as_script(value):
    """Return a value as JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def copy_plotly(files):
    """Put Plotly's JavaScript into the page's folder, once; return whether there is any."""
    found = importlib.util.find_spec("plotly")  # unlike an import, it takes no time
    if found is None:
        return False
    source, copy = Path(found.origin).parent / "package_data" / PLOTLY, files / PLOTLY
    if not copy.exists() or copy.stat().st_size != source.stat().st_size:
        write_file(copy, lambda beside: shutil.copyfile(source, beside))
    return True


def describe_row(group, cells, results):
    """Return what the page's table shows of a group: its cells, its runs, the pictures of one."""
    shown = group.first
    folder = link_to(shown.folder, results)
    return {
        "group": group,
        "cells": cells,
        "runs": [describe_run(run, group, results) for run in group.runs],
        "pictures": {
            name: f"{folder}/{name}.png"
            for name in PICTURES
            if (shown.folder / f"{name}.png").exists()
        },
        "shown": place_of(shown, results),
        "confused": group.most_confused(),
    }


def describe_run(run, group, results):
    """Return what the page's table shows of one run of a group."""
    alone = Group([run], key="")
    return {
        "name": place_of(run, results),
        "link": link_to(run.folder, results),
        "seed": run.seed,
        "status": run.record["status"],
        "counted": run in group.counted,
        "accuracy": alone.accuracy_text,
        "best": alone.best_epoch_text,
        "minutes": f"{run.minutes:.1f}",
        "epochs": len(run.history),
    }


def link_to(folder, results):
    """Return the address of a folder as seen from the page; it may have any bytes in its name."""
    return quote(os.fsencode(Path(relative(folder, results)).as_posix()))


def refresh(*folders):
    """Bring the page in <results> up to date for runs in <results>/<script>/<run>; never raise.

    Print its address with the rows of these runs ticked, the first few.
    """
    messages = io.StringIO()  # of whatever ends the program, which a run must outlive
    try:
        folders = [each.resolve() for each in folders]
        folder = folders[0]
        results = folder.parent.parent
        results = results.parent if results.name == REFERENCE else results
        with contextlib.redirect_stderr(messages):
            if folder.parent.name != read_record(folder)["script"]:
                fail(f"{format_path(results)} is not a folder of results")
            with locked(results / ".page.lock", patience=60):  # two runs may end at once
                comparison = compare(Options(results=results))
                write_page(comparison, results)
        keys = [
            group.key
            for group in comparison.groups
            if any(run.folder.resolve() in folders for run in group.runs)
        ]
        address = live.find_address(results, keys[:MOST_TICKED])
        print(f"Side by side with other runs:\n  {address}")
    except (Exception, SystemExit) as error:
        words = messages.getvalue().strip() or repr(error)
        print(f"The page that compares runs was not brought up to date: {words}")
