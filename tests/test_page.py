"""The page of compare.py, as a browser would read it."""

import html.parser
import json
import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import common

import pytest
from conftest import HOSTILE, write_run

from internals import comparison
from internals import page as pages
from internals.comparison import Options


def write_page(options):
    """Read the chosen runs and write their page; return runs and broken ones."""
    runs, broken = comparison.read_runs(options)
    pages.write_page(options, runs, broken)
    return runs, broken


def test_broken_and_unfinished_runs(results):
    (results / "vgg16" / "2026-11-20_15-00-00").mkdir(parents=True)
    damaged = write_run(results, "vgg16", 5)
    (damaged / "run.json").write_text("{")
    odd = write_run(results, "vgg16", 6)
    (odd / "run.json").write_text('{"script": "vgg16", "hyperparameters": 7}')
    ragged = write_run(results, "vgg16", 4)
    (ragged / "confusion_matrix.csv").write_text("true/predicted,cat,dog\ncat,1,2\n")
    words = write_run(results, "vgg16", 9)
    (words / "confusion_matrix.csv").write_text("true/predicted,cat\ncat,many\n")
    history = write_run(results, "vgg16", 7)
    (history / "history.csv").write_text("epoch\nx\n")
    fresh = write_run(results, "vgg16", 8)
    record = json.loads((fresh / "run.json").read_text()) | {"status": "running"}
    del record["test_accuracy"]
    (fresh / "run.json").write_text(json.dumps(record))
    for path in fresh.glob("*[!n]"):
        path.unlink()
    runs, broken = write_page(Options(results=results))
    assert {folder.name[-2:] for folder in broken} == {"00", "04", "05", "06", "07", "09"}
    assert broken[results / "vgg16" / "2026-11-20_15-00-00"] == "it has no run.json"
    assert [run.folder.name[-2:] for run in runs] == ["03", "02", "01", "08"]
    table = comparison.make_table(runs)
    assert [*table.status] == ["finished"] * 3 + ["stopped"]
    assert comparison.show_table(table).splitlines()[-1].split()[3] == "-"
    page = (results / "index.html").read_text()
    assert "it has no run.json" in page and "no accuracy yet" in page


class Page(html.parser.HTMLParser):
    """What a browser would make of the page: links, pictures, scripts and text."""

    def __init__(self, path):
        super().__init__()
        self.links, self.alts, self.scripts, self.text = [], [], 0, ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        self.scripts += tag == "script"
        if tag == "img":
            self.alts.append(attributes["alt"])

    def handle_data(self, data):
        self.text += data


def test_page(results):
    write_page(Options(results=results))
    page = Page(results / "index.html")
    assert len(page.links) >= 3 * 5 * 2
    for link in page.links:
        assert not re.match(r"\w+:|/", link)
        assert (results / unquote(link)).is_file(), link
    assert all(page.alts)
    assert page.scripts == 1  # the page's own: no name of a run became one
    assert f"6layerCNN, {HOSTILE}" in page.text
    assert f"dog and {HOSTILE}" in page.text
    assert not [*results.glob(".*"), *results.glob("charts/.*")]


def test_page_without_runs(tmp_path):
    runs, _ = write_page(Options(results=tmp_path))
    assert runs == [] and "No runs yet" in (tmp_path / "index.html").read_text()


def test_runs_elsewhere_are_linked(results, tmp_path):
    other = write_run(tmp_path / "elsewhere", "vgg16", 9)
    write_page(Options(results=results, runs=(other,)))
    assert "../elsewhere/vgg16/" in (results / "index.html").read_text()
    for link in Page(results / "index.html").links:
        assert (results / unquote(link)).is_file(), link


def test_difference_follows_the_order_given(results, monkeypatch):
    drawn = []
    monkeypatch.setattr("internals.page.draw_difference", lambda *runs: drawn.append(runs[:2]))
    folders = [next(results.glob(f"*/*{number}")) for number in ("01", "03")]
    for order in (folders, folders[::-1]):
        write_page(Options(results=results, runs=tuple(order)))
        assert [run.folder for run in drawn.pop()] == order


def test_refresh_never_fails_a_run(results, monkeypatch, capsys):
    folder = next(results.glob("4layerCNN/*01"))
    common.refresh_page(folder)
    assert os.path.join(results, "index.html") in capsys.readouterr().out

    def fail(options):
        shutil.rmtree(results)
        return read_runs(options)

    read_runs = comparison.read_runs
    monkeypatch.setattr("internals.page.read_runs", fail)
    common.refresh_page(folder)
    told = capsys.readouterr()
    assert "not brought up to date: error: " in told.out and "not a folder of runs" in told.out
    assert told.err == ""
    monkeypatch.setitem(sys.modules, "internals.page", None)
    common.refresh_page(folder)
    assert "not brought up to date: " in capsys.readouterr().out


def test_somebody_elses_page_and_pictures_are_kept(results):
    theirs = {"index.html": "<title>Me</title>", "charts/boat.png": "a boat"}
    theirs |= {"charts/training_time.png": "a clock"}
    (results / "charts").mkdir()
    for name, text in theirs.items():
        (results / name).write_text(text)
    options = Options(results=results)
    with pytest.raises(pages.NotOurs, match="index.html is not a page of compare.py"):
        write_page(options)
    assert {name: (results / name).read_text() for name in theirs} == theirs
    (results / "index.html").unlink()
    with pytest.raises(pages.NotOurs, match="boat.png is not a chart of compare.py"):
        write_page(options)
    assert not (results / "index.html").exists()
    assert (results / "charts" / "training_time.png").read_text() == "a clock"
    for ours in (pages.MARK, pages.OLD_MARK):
        (results / "index.html").write_text(f"<!doctype html>{ours}")
        write_page(options)
    assert (results / "charts" / "boat.png").read_text() == "a boat"
    assert (results / "charts" / "training_time.png").read_bytes()[1:4] == b"PNG"


def test_only_a_folder_of_results_gets_a_page(results, monkeypatch, capsys):
    copied = results / "copied"
    shutil.copytree(next(results.glob("4layerCNN/*01")), copied)
    for where, run in ((results, "copied"), (copied, ".")):
        monkeypatch.chdir(where)
        common.refresh_page(Path(run))
        assert "is not a folder of results" in capsys.readouterr().out
    assert not [*results.parent.rglob("index.html"), *results.parent.rglob("charts")]
    monkeypatch.chdir(next(results.glob("4layerCNN/*01")))
    common.refresh_page(Path("."))
    assert [*results.parent.rglob("index.html")] == [results / "index.html"]
