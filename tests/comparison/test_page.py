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
from made_runs import DATA, make_run, write_predictions

from internals.comparison import page as pages
from internals.comparison.table import Options, compare, make_table, show_table


def write_page(options):
    """Read the chosen runs and write their page; return what was found."""
    found = compare(options)
    pages.write_page(found, options.results)
    return found


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
    found = write_page(Options(results=results))
    runs, broken = [group.first for group in found.groups], found.broken
    assert {folder.name[-2:] for folder in broken} == {"00", "04", "05", "06", "07", "09"}
    assert broken[results / "vgg16" / "2026-11-20_15-00-00"] == "it has no run.json"
    assert [run.folder.name[-2:] for run in runs] == ["08", "03", "02", "01"]
    unknown, known = found.data_sets  # no class is known of the run that has just begun
    assert [*make_table(known).status] == ["finished"] * 3
    assert [*make_table(unknown).status] == ["stopped"]
    assert show_table(unknown).splitlines()[2].split()[1:4] == ["-", "-", "0.0"]
    page = (results / "index.html").read_text()
    assert "it has no run.json" in page


class Page(html.parser.HTMLParser):
    """What a browser would make of the page: links, pictures, scripts and text."""

    def __init__(self, path):
        super().__init__()
        self.links, self.alts, self.scripts, self.text, self.inside = [], [], [], "", ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes, self.inside = dict(attributes), tag
        links = [attributes[name] for name in ("href", "src") if name in attributes]
        self.links += [link for link in links if not link.startswith("#")]
        if tag == "script":
            self.scripts.append(attributes.get("type", attributes.get("src", "ours")))
        if tag == "img":
            self.alts.append(attributes["alt"])

    def handle_data(self, data):
        if self.inside != "script":
            self.text += data


def known_of(results):
    """Return what the page knows of each data set."""
    text = (results / "index.html").read_text(encoding="utf-8")
    return [json.loads(each) for each in re.findall(r'class="known">(.*?)</script>', text)]


def pictures_of(results):
    """Return the folder of each row's pictures, and their names."""
    groups = [group for known in known_of(results) for group in known["groups"]]
    return [(group["pictures"]["folder"], group["pictures"]["names"]) for group in groups]


def test_page(results):
    write_page(Options(results=results))
    page = Page(results / "index.html")
    assert len(page.links) >= 3 + 2 * 4
    for link in page.links:
        assert not re.match(r"\w+:|/", link)
        assert (results / unquote(link)).exists(), link
    for folder, names in pictures_of(results):
        assert len(names) == 8
        assert all((results / unquote(folder) / name).exists() for name in names)
    assert all(page.alts)
    json, plotly = "application/json", "index_files/plotly.min.js"
    assert page.scripts == [json, json, "ours", plotly, "ours"]  # no name of a run became one
    assert f"6layerCNN, {HOSTILE}" in page.text
    assert not [*results.glob(".*"), *results.glob("index_files/.*")]


def test_each_data_set_has_a_section_of_its_own(results, monkeypatch):
    monkeypatch.setattr("internals.comparison.page.draw_charts", draw_nothing)
    for number in (10, 11, 12, 13):
        data = DATA | {"sha256": f"{number}" * 32}
        make_run(results, number, test_set=f"set {number}", data=data)
    write_page(Options(results=results))
    text = (results / "index.html").read_text()
    assert [len(known["groups"]) for known in known_of(results)] == [1, 1, 1, 1, 3]  # newest first
    assert text.count("<table class=") == 5 and "pets: 3 classes, 30 test images (4)" in text


def draw_nothing(groups, folder, suffix=""):
    return {}


def test_every_comparison_is_on_the_page(results, monkeypatch):
    monkeypatch.setattr("internals.comparison.page.draw_charts", draw_nothing)
    for number in range(3):
        folder = make_run(results, 10 + number, backend=f"backend{number}")
        (folder / "script.py").write_text(f"import keras\nDense({number})\n")
        write_predictions(folder, [True] * 10 * number + [False] * (30 - 10 * number))
    monkeypatch.setattr("internals.comparison.page_data.MOST_PAIRED", 2)
    monkeypatch.setattr("internals.comparison.page_data.MOST_DIFFS", 2)
    write_page(Options(results=results))
    known = known_of(results)[0]
    assert len(known["groups"]) == 3
    assert [*known["comparisons"]] == ["0 1", "0 2", "1 2"]
    assert known["comparisons"]["0 2"][3] == "paired images" and known["baseline"] == 0
    assert known["comparisons"]["0 2"][6] == 1 and known["comparisons"]["0 2"][7] < 0.001
    assert len(known["diffs"]) == 2 and [*known["pairs"]] == ["0 1"]
    assert [len(way) for way in known["pairs"]["0 1"]["ways"]] in ([0, 8], [8, 0])


def test_page_without_runs(tmp_path):
    found = write_page(Options(results=tmp_path))
    assert found.groups == [] and "No runs yet" in (tmp_path / "index.html").read_text()


def test_page_without_plotly(results, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    write_page(Options(results=results))
    assert "plotly.min.js" not in (results / "index.html").read_text()


def test_runs_elsewhere_are_linked(results, tmp_path):
    other = write_run(tmp_path / "elsewhere", "vgg16", 9)
    write_page(Options(results=results, runs=(str(other),)))
    assert "../elsewhere/vgg16/" in (results / "index.html").read_text()
    for link in Page(results / "index.html").links:
        assert (results / unquote(link)).exists(), link


def test_refresh_never_fails_a_run(results, run, monkeypatch, capsys):
    folder = next(results.glob("4layerCNN/*01"))
    pages.refresh(folder)
    assert os.path.join(results, "index.html") in capsys.readouterr().out

    def fail(options):
        shutil.rmtree(results)
        return compare(options)

    monkeypatch.setattr("internals.comparison.page.compare", fail)
    pages.refresh(folder)
    told = capsys.readouterr()
    assert "not brought up to date: error: " in told.out and "not a folder of runs" in told.out
    assert told.err == ""
    monkeypatch.setitem(sys.modules, "internals.comparison.page", None)
    common.finish(run)
    assert "not brought up to date: " in capsys.readouterr().out


def test_somebody_elses_page_is_kept(results, capsys):
    (results / "index.html").write_text("<title>Me</title>")
    with pytest.raises(SystemExit) as ended:
        write_page(Options(results=results))
    assert ended.value.code == 2
    pages.refresh(next(results.glob("4layerCNN/*01")))
    for told in capsys.readouterr():
        assert "index.html is not a page of compare.py, and is kept" in told
    assert (results / "index.html").read_text() == "<title>Me</title>"
    assert not (results / "index_files").exists()


def test_only_the_pictures_of_the_page_are_in_its_folder(results):
    files, theirs = results / "index_files", results / "charts" / "difference.png"
    files.mkdir()
    for name in ("of_an_older_page.png", "difference.png", ".loss.7.part.png", "notes.txt"):
        (files / name).write_text("a boat")
    theirs.parent.mkdir()
    theirs.write_text("a clock")
    for _ in range(2):  # the second time over a page of ours
        write_page(Options(results=results))
    assert {path.name for path in files.iterdir()} == {
        *("accuracy_by_epoch.png", "accuracy_by_minutes.png", "difference.png"),
        *("accuracy_by_class.png", "plotly.min.js", "live.js", ".loss.7.part.png", "notes.txt"),
    }
    assert (files / "difference.png").read_bytes()[1:4] == b"PNG"
    assert theirs.read_text() == "a clock"


def test_only_a_folder_of_results_gets_a_page(results, monkeypatch, capsys):
    copied = results / "copied"
    shutil.copytree(next(results.glob("4layerCNN/*01")), copied)
    for where, run in ((results, "copied"), (copied, ".")):
        monkeypatch.chdir(where)
        pages.refresh(Path(run))
        assert "is not a folder of results" in capsys.readouterr().out
    assert not [*results.parent.rglob("index.html"), *results.parent.rglob("index_files")]
    monkeypatch.chdir(next(results.glob("4layerCNN/*01")))
    pages.refresh(Path("."))
    assert [*results.parent.rglob("index.html")] == [results / "index.html"]
