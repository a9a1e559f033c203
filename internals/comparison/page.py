"""The page results/index.html, which lays runs side by side; the files page.* here make it.

What it shows beside the runs' own pictures is in results/index_files, a folder of the page alone.
"""

import contextlib
import datetime
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
from internals.core.text import format_path, format_points
from internals.runs import live
from internals.runs.commands import command_to_go_on, command_to_repeat
from internals.runs.live import FILES, PAGE
from internals.runs.run import read_record
from internals.runs.run_reader import place_of

GENERATOR = '<meta name="generator" content="compare.py of these scripts">'
PLOTLY = "plotly.min.js"
LOCK = ".page.lock"  # in the folder of results, held while the page is written
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
    path, files = results / PAGE, results / FILES
    if path.exists() and GENERATOR not in path.read_text("utf-8", errors="replace"):
        fail(f"{format_path(path)} is not a page of compare.py, and is kept")
    files.mkdir(parents=True, exist_ok=True)
    live.prepare(results)
    sections, drawn = describe_sections(comparison.whole.data_sets, results, files)
    for picture in files.glob("[!.]*.png"):  # another process is writing those that begin with .
        if picture.name not in drawn:
            picture.unlink(missing_ok=True)
    plotly = f"{FILES}/{PLOTLY}" if copy_plotly(files) else ""
    write_text(path, fill(sections, comparison.whole.broken, plotly=plotly))


def was_written_after(results, seconds):
    """Return whether the page was written after a time in seconds since 1970."""
    path = results / PAGE
    return path.exists() and path.stat().st_mtime > seconds


def draw_named(data_sets, folder):
    """Draw the charts of the named runs into `folder`, anew, for a report."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, data_set in enumerate(data_sets[:MOST_DRAWN], start=1):
        draw_charts(data_set.groups, folder, suffix_of(number))


def suffix_of(number):
    """Return how the names of the charts of a data set end, counted from 1."""
    return "" if number == 1 else f"_{number}"


def describe_sections(data_sets, results, files):
    """Draw the page's pictures into `files`; return what its sections show, and their names."""
    sections, sheet, drawn = [], [], []
    for number, data_set in enumerate(data_sets, start=1):
        charts = {}
        if number <= MOST_DRAWN:
            charts = draw_charts(data_set.groups, files, suffix_of(number))
        drawn += [f"{name}.png" for name in charts]
        sections.append(describe_section(data_set, number, results, sheet) | {"charts": charts})
    if sheet:
        write_file(files / TEST_IMAGES, make_sheet(sheet).save)
        drawn.append(TEST_IMAGES)
    return sections, drawn


def fill(sections, broken=(), embedded=(), plotly="", packed=""):
    """Return the text of a page; in one that is to stand alone, pictures and Plotly are inside."""
    embedded = dict(embedded)
    words = {
        "sheet": f"{FILES}/{TEST_IMAGES}",
        "pictures": PICTURES,
        "embedded": embedded,
        "alone": bool(embedded),
    }
    return TEMPLATES.get_template("page.html").render(
        generator=GENERATOR,
        files=FILES,
        sections=sections,
        embedded=embedded,
        plotly=plotly,
        packed=packed,
        most=MOST_IN_A_CHART,
        test_mark=TEST_MARK,
        words=as_script(PAGE_WORDS | words),
        broken={format_path(folder): problem for folder, problem in dict(broken).items()},
        now=f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
    )


def describe_section(data_set, number, results, sheet):
    """Return what the template needs of a data set; pictures of test images go to `sheet`."""
    rows = [
        describe_row(group, cells, results)
        for group, cells in zip(data_set.groups, format_cells(data_set), strict=True)
    ]
    known = describe_data_set(data_set, sheet)
    for place, (group, row) in enumerate(zip(known["groups"], rows, strict=True)):
        group["pictures"] = row["pictures"]
        row["against"] = describe_against(known, place)
    return {
        "number": number,
        "title": data_set.title,
        "shared": shared_settings(data_set),
        "header": [*rows[0]["cells"]],
        "own": [row for row in rows if not row["group"].is_reference],
        "reference": [row for row in rows if row["group"].is_reference],
        "runs": sum(len(group.runs) for group in data_set.reference),
        "data": as_script(known),
    }


def describe_against(known, place):
    """Return what a row's difference from the baseline comes to, for whom JavaScript is off."""
    baseline = known["baseline"]
    if place == baseline:
        return "the baseline"
    if baseline is None:
        return "-"
    found = known["comparisons"][f"{min(place, baseline)} {max(place, baseline)}"]
    if found[0] is None:
        return "-"
    return format_points(found[0] if place > baseline else -found[0])


def as_script(value):
    """Return a value as JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def copy_plotly(files):
    """Put Plotly's JavaScript into the page's folder, once; return whether there is any."""
    source, copy = find_plotly(), files / PLOTLY
    if source and (not copy.exists() or copy.stat().st_size != source.stat().st_size):
        write_file(copy, lambda beside: shutil.copyfile(source, beside))
    return source is not None


def find_plotly():
    """Return the path of Plotly's JavaScript; None where it is not installed."""
    found = importlib.util.find_spec("plotly")  # unlike an import, it takes no time
    return found and Path(found.origin).parent / "package_data" / PLOTLY


def describe_row(group, cells, results):
    """Return what the page's table shows of a group: its cells, its runs, the pictures of one."""
    shown = group.first
    names = [f"{name}.png" for name in PICTURES if (shown.folder / f"{name}.png").exists()]
    order = ["run", "started", *(name for name in cells if name not in ("run", "started"))]
    return {
        "group": group,
        "cells": {name: cells[name] for name in order},
        "runs": [describe_run(run, group, results) for run in group.runs],
        "pictures": {"folder": link_to(shown.folder, results), "names": names},
    }


def describe_run(run, group, results):
    """Return what the page's table shows of one run of a group."""
    alone, not_counted = Group([run], key=""), ""
    if run not in group.counted:
        why = "a later run has its seed" if run.complete else "it is not complete"
        not_counted = f", not counted: {why}"
    return {
        "name": place_of(run, results),
        "link": link_to(run.folder, results),
        "started": f"{run.started.astimezone():%Y-%m-%d %H:%M}",
        "seed": run.seed,
        "status": run.ending,
        "not_counted": not_counted,
        "accuracy": alone.accuracy_text,
        "best": alone.best_epoch_text,
        "minutes": f"{run.minutes:.1f}",
        "epochs": len(run.history),
        "repeat": command_to_repeat(run),
        "go_on": command_to_go_on(run),
    }


def link_to(folder, results):
    """Return the address of a folder as seen from the page; it may have any bytes in its name."""
    return quote(os.fsencode(Path(relative(folder, results)).as_posix()))


def address(results, ticked=()):
    """Return the page's address, with these groups ticked."""
    return live.find_address(results, [group.key for group in ticked])


def refresh(*folders):
    """Bring the page in <results> up to date for runs in <results>/<script>/<run>; never raise.

    Print its address with the rows of these runs ticked, the first few.
    """
    messages = io.StringIO()  # of whatever ends the program, which a run must outlive
    try:
        folders = [each.resolve() for each in folders]
        results = live.find_results(folders[0], read_record(folders[0])["script"])
        with contextlib.redirect_stderr(messages):
            if not results:
                fail(f"{format_path(folders[0].parent.parent)} is not a folder of results")
            with locked(results / LOCK, patience=60):  # two runs may end at once
                comparison = compare(Options(results=results))
                write_page(comparison, results)
        ran = [
            group
            for group in comparison.whole.groups
            if any(run.folder.resolve() in folders for run in group.runs)
        ]
        print(f"Side by side with other runs:\n  {address(results, ran[:MOST_TICKED])}")
    except (Exception, SystemExit) as error:
        words = messages.getvalue().strip() or repr(error)
        print(f"The page that compares runs was not brought up to date: {words}")
