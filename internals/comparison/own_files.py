"""What in a results folder is ours to write: the marked page, charts of fixed names, Plotly."""

import os

from internals.runs.run_reader import show_path

MARK = '<meta name="generator" content="compare.py of these scripts">'
OLD_MARK = "<title>Runs side by side</title>"  # of the pages written before there was MARK
MOST_DRAWN = 4  # data sets; the second one's charts end in _2
PLOTLY = "plotly.min.js"
TEST_IMAGES = "test_images.png"
NAMES = (  # of all charts that were ever written, older pages' included
    "accuracy_by_epoch accuracy_by_minutes difference accuracy_by_class confusion_difference "
    "accuracy_at_epochs training_time"
).split()
CHART_FILES = {
    f"{name}{suffix}.png"
    for name in NAMES
    for suffix in ["", *(f"_{number}" for number in range(2, MOST_DRAWN + 1))]
} | {TEST_IMAGES}


class NotOurs(Exception):
    """The page cannot be written, because something of somebody else lies where it belongs."""


def check_place(results):
    """Raise NotOurs where the page or the charts in `results` were not written by us."""
    page, charts = results / "index.html", results / "charts"
    if os.path.lexists(page):
        beginning = page.read_bytes()[:2000].decode(errors="replace") if page.is_file() else ""
        if MARK not in beginning and OLD_MARK not in beginning:
            raise NotOurs(f"{show_path(page)} is not a page of compare.py, and is kept")
        return
    if os.path.lexists(charts):
        others = {charts}
        if charts.is_dir():
            others = {path for path in charts.iterdir() if path.name not in CHART_FILES}
        if others:
            raise NotOurs(f"{show_path(min(others))} is not a chart of compare.py, and is kept")
    if os.path.lexists(results / PLOTLY):
        raise NotOurs(f"{show_path(results / PLOTLY)} lies there without our page, and is kept")


def remove_charts(results, but):
    """Remove the charts of an earlier page, but those of the names `but`; nothing else."""
    for name in CHART_FILES - {*but}:
        (results / "charts" / name).unlink(missing_ok=True)
