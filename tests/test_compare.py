"""The table, the charts and the page of compare.py, on runs written here."""

import html.parser
import json
import os
import re
import subprocess
import sys
from urllib.parse import unquote

import common
import compare

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image

HOSTILE = "<script>alert(1)</script>"


def write_run(results, script, started, *, accuracy=0.5, epochs=3, name="", **hyperparameters):
    """Write what compare.py reads of a finished run; return its folder."""
    folder = results / script / f"2026-11-20_14-30-{started:02d}"
    folder.mkdir(parents=True)
    own = {"epochs": epochs, "learning_rate": 0.1, "data": "digits", "name": name, "results": "r"}
    record = {"script": script, "name": name, "status": "finished", "parameters": 1_250_858}
    record |= {
        "started": f"2026-11-20T14:30:{started:02d}",
        "hyperparameters": own | hyperparameters,
    }
    record |= {"test_accuracy": accuracy}
    (folder / "run.json").write_text(json.dumps(record))
    history = pd.DataFrame({"epoch": range(1, epochs + 1)})
    history["val_accuracy"] = np.linspace(0.1, accuracy, epochs)
    history["seconds"] = 30.0
    history.to_csv(folder / "history.csv", index=False)
    matrix = pd.DataFrame([[5, 1, 0], [2, 4, 0], [0, 3, 3]], ["cat", "dog", HOSTILE])
    matrix.columns = matrix.index
    matrix.to_csv(folder / "confusion_matrix.csv")
    for picture in compare.PICTURES:
        Image.new("RGB", (8, 5), "white").save(folder / f"{picture}.png")
    return folder


@pytest.fixture
def results(tmp_path):
    """Return a folder of three runs, of which the last by name is the best."""
    folder = tmp_path / "results"
    write_run(folder, "4layerCNN", 1, accuracy=0.25, epochs=2)
    write_run(folder, "4layerCNN", 2, accuracy=0.5, learning_rate=0.01)
    write_run(folder, "6layerCNN", 3, accuracy=0.75, epochs=20, name=HOSTILE)
    return folder


def order(results, **options):
    runs, _ = compare.read_runs(compare.Options(results=results, **options))
    return [run.folder.name[-2:] for run in runs]


def test_table(results):
    runs, broken = compare.read_runs(compare.Options(results=results))
    table = compare.make_table(runs)
    assert broken == {}
    names = [f"{run.record['script']}/{run.folder.name}" for run in runs]
    assert [*table.run] == names
    assert [*table.accuracy] == [0.75, 0.5, 0.25]
    assert [*table.epochs] == [20, 3, 2]
    assert [*table.minutes] == [10.0, 1.5, 1.0]
    assert [*table.seconds_per_epoch] == [30.0, 30.0, 30.0]
    assert [*table.learning_rate] == [0.1, 0.01, 0.1]
    assert "data" not in table and "name" not in table  # the same in all, and not a hyperparameter
    text = compare.show_table(table)
    assert "75.00%" in text and "1,250,858" in text


def test_order_and_choice(results):
    assert order(results) == ["03", "02", "01"]
    assert order(results, sort="minutes") == ["01", "02", "03"]
    assert order(results, sort="epochs") == ["03", "02", "01"]
    assert order(results, sort="started") == ["03", "02", "01"]
    assert order(results, script="4layerCNN.py") == ["02", "01"]
    assert order(results, limit=1) == ["03"]
    one = next(results.glob("4layerCNN/*01"))
    assert order(results, runs=(one, results / "6layerCNN", one)) == ["03", "01"]


def test_labels_say_what_differs(results):
    runs, _ = compare.read_runs(compare.Options(results=results))
    assert [run.label for run in runs] == [
        f"6layerCNN, {HOSTILE}",
        "4layerCNN, epochs 3, learning rate 0.01",
        "4layerCNN, epochs 2, learning rate 0.1",
    ]
    assert len({run.color for run in runs}) == 3


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
    runs, broken = compare.write_page(compare.Options(results=results))
    assert {folder.name[-2:] for folder in broken} == {"00", "04", "05", "06", "07", "09"}
    assert broken[results / "vgg16" / "2026-11-20_15-00-00"] == "it has no run.json"
    assert [run.folder.name[-2:] for run in runs] == ["03", "02", "01", "08"]
    table = compare.make_table(runs)
    assert [*table.status] == ["finished"] * 3 + ["running"]
    assert compare.show_table(table).splitlines()[-1].split()[3] == "-"
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
    compare.write_page(compare.Options(results=results))
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
    runs, _ = compare.write_page(compare.Options(results=tmp_path))
    assert runs == [] and "No runs yet" in (tmp_path / "index.html").read_text()


def test_runs_elsewhere_are_linked(results, tmp_path):
    other = write_run(tmp_path / "elsewhere", "vgg16", 9)
    compare.write_page(compare.Options(results=results, runs=(other,)))
    assert "../elsewhere/vgg16/" in (results / "index.html").read_text()
    for link in Page(results / "index.html").links:
        assert (results / unquote(link)).is_file(), link


@pytest.fixture
def charts(monkeypatch):
    """Return the figures drawn, by name."""
    drawn = {}
    monkeypatch.setattr(
        compare, "save_chart", lambda figure, folder, name: drawn.update({name: figure})
    )
    return drawn


def test_charts(results, charts):
    runs, _ = compare.read_runs(compare.Options(results=results))
    described = compare.draw_charts(runs, results / "charts")
    assert {name for name, _ in described} == set(charts)
    assert len(charts) == 5
    lines = charts["accuracy_by_epoch"].axes[0].lines
    assert [line.get_color() for line in lines] == [run.color for run in runs]
    np.testing.assert_allclose(lines[1].get_ydata(), [0.1, 0.3, 0.5])
    minutes = charts["accuracy_by_minutes"].axes[0].lines[1].get_xdata()
    np.testing.assert_allclose(minutes, [0.5, 1.0, 1.5])
    bars = [bar.get_height() for bar in charts["training_time"].axes[0].patches]
    np.testing.assert_allclose(bars, [10.0, 1.5, 1.0])
    reached = charts["accuracy_at_epochs"].axes[0]
    assert [text.get_text() for text in reached.get_xticklabels()] == ["10 epochs", "20 epochs"]
    heights = [bar.get_height() for bar in reached.patches]
    np.testing.assert_allclose(heights, np.linspace(0.1, 0.75, 20)[[9, 19]])
    recall = [bar.get_height() for bar in charts["accuracy_by_class"].axes[0].patches[:3]]
    np.testing.assert_allclose(recall, [5 / 6, 4 / 6, 3 / 6])


def test_difference_of_two_runs(results, charts):
    first, second = compare.read_runs(compare.Options(results=results, script="4layerCNN"))[0]
    second.matrix = second.matrix.copy()
    second.matrix.iloc[0] = [4, 2, 0]
    compare.draw_difference(first, second, results)
    shown = charts["confusion_difference"].axes[0]
    colors = shown.collections[0].get_array().reshape(3, 3)
    expected = np.zeros((3, 3))
    expected[0] = [1 / 6, 1 / 6, 0]  # one cat less found, one more called dog: both are worse
    np.testing.assert_allclose(colors, expected, atol=1e-12)
    assert [text.get_text() for text in shown.texts][:2] == ["-16.7", "+16.7"]


def test_difference_follows_the_order_given(results, monkeypatch):
    drawn = []
    monkeypatch.setattr(compare, "draw_difference", lambda *runs: drawn.append(runs[:2]))
    folders = [next(results.glob(f"*/*{number}")) for number in ("01", "03")]
    for order in (folders, folders[::-1]):
        compare.write_page(compare.Options(results=results, runs=tuple(order)))
        assert [run.folder for run in drawn.pop()] == order


def test_most_confused(results):
    (run, *_), _ = compare.read_runs(compare.Options(results=results))
    assert compare.most_confused(run, count=2) == [
        "cat and dog: 3 times (1 cat called dog, 2 dog called cat)",
        f"dog and {HOSTILE}: 3 times (0 dog called {HOSTILE}, 3 {HOSTILE} called dog)",
    ]


def test_command_line(results):
    def run(*arguments):
        command = [sys.executable, ROOT / "compare.py", *map(str, arguments)]
        return subprocess.run(command, cwd=results.parent, capture_output=True, text=True)

    process = run("--script", "4layerCNN")
    assert process.returncode == 0, process.stderr
    assert "50.00%" in process.stdout and "75.00%" not in process.stdout
    assert process.stdout.count("confuses most") == 2
    write_run(results, "4layerCNN", 4, name=r"$\frac$", seed=[1])
    assert (results / "charts" / "confusion_difference.png").is_file()
    process = run()
    assert process.returncode == 0, process.stderr
    assert not (results / "charts" / "confusion_difference.png").exists()
    wrong = run("nowhere")
    assert wrong.returncode == 2 and wrong.stderr == "error: nowhere is not a folder of runs\n"
    assert run("--sort", "colour").returncode == 2


def test_refresh_never_fails_a_run(results, monkeypatch, capsys):
    common.refresh_page(results)
    assert os.path.join(results, "index.html") in capsys.readouterr().out

    def write_page(options):
        raise RuntimeError("no paper")

    monkeypatch.setattr(compare, "write_page", write_page)
    common.refresh_page(results)
    assert "was not refreshed: RuntimeError('no paper')" in capsys.readouterr().out
