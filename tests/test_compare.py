"""compare.py from the command line."""

import json
import os
import shlex
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT, write_run

from internals.core.locks import locked


@pytest.fixture
def compare(results, zygote, tmp_path):
    """Return a function that runs compare.py above the folder `results`."""

    def compare(*arguments):
        return zygote.run("compare", *arguments, cwd=results.parent, output=tmp_path)

    return compare


def test_command_line(results, compare):
    process = compare("--script", "4layerCNN")
    assert process.returncode == 0, process.stderr
    assert "50.00 %" in process.stdout and "75.00 %" not in process.stdout
    assert process.stdout.count("confuses most") == 2  # for there are two
    assert "compared with epochs 3, learning rate 0.01:" in process.stdout
    assert "2 things differ: the cause cannot be told." in process.stdout
    write_run(results, "4layerCNN", 4, name=r"$\frac$", seed=[1])
    assert (results / "index_files" / "named" / "confusion_difference.png").is_file()
    assert not (results / "index_files" / "confusion_difference.png").exists()  # the page has all


def test_wrong_input(results, compare):
    compare()
    page = (results / "index.html").read_text()
    empty = results.parent / "empty"
    empty.mkdir()
    broken = write_run(results, "vgg16", 9)
    (broken / "run.json").write_text("{")
    for arguments, words in (
        (["nowhere"], "error: nowhere is not a folder of runs, nor the name of a run or group\n"),
        ([empty], f"error: {empty} is not a folder of runs, nor the name of a run or group\n"),
        (["--limit", -1], "error: limit is -1; it must be 0, for all, or more\n"),
        (["--script", "nope"], "error: no run matches: there is none of nope in results\n"),
        (["--csv", "no/table.csv"], "error: csv is 'no/table.csv'; there is no folder no\n"),
        ([broken], f"error: no run matches: there is none in {broken}\n"),
    ):
        process = compare(*arguments)
        assert process.returncode == 2
        assert process.stderr.endswith(words)
        assert "Traceback" not in process.stderr
    assert f"broken: {broken}: run.json: Expecting property name" in process.stderr
    assert compare("--sort", "colour").returncode == 2
    assert (results / "index.html").read_text() == page


def damage(folder, **changes):
    record = json.loads((folder / "run.json").read_text()) | changes
    (folder / "run.json").write_text(json.dumps(record))


def test_what_is_wrong_in_one_run_harms_no_other(results, compare):
    changes = [
        {"script": None},
        {"script": ["vgg16"]},
        {"script": "\x1b[31m"},
        {"name": "\ud800"},
        {"name": 3},
        {"started": 2026},
        {"status": {}},
        {"parameters": "many"},
        {"test_accuracy": True},
        {"test_accuracy": 1e300},
        {"hyperparameters": []},
        {"data": {"class_names": "cat"}},
        {"data": {"images": {"test": "few"}}},
        {"optimizer": "adam"},
    ]
    for number, change in enumerate(changes, start=10):
        damage(write_run(results, "vgg16", number), **change)
    history = write_run(results, "vgg16", 30) / "history.csv"
    rows = pd.read_csv(history)
    pd.concat([rows, rows]).to_csv(history, index=False)
    (write_run(results, "vgg16", 31) / "history.csv").write_text("epoch,seconds\n1,1\n")
    os.rename(write_run(results, "vgg16", 32), os.fsencode(results) + b"/vgg16/\xff")
    process = compare()
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("broken: ") == len(changes) + 3
    assert process.stdout.count("run.json: ") == len(changes)
    assert "history.csv: its epochs are not 1, 2, 3 and so on" in process.stdout
    assert "history.csv: it has no column val_accuracy" in process.stdout
    assert r"vgg16/\xff: its folder's name: " in process.stdout
    assert "75.00 %" in process.stdout and "Traceback" not in process.stderr
    assert (results / "index.html").read_text().count("run.json: ") == len(changes)


def test_table_comes_first_and_the_reader_may_leave(results, compare):
    (results / "index.html").write_text("mine")
    process = compare()
    assert process.returncode == 2 and "75.00 %" in process.stdout
    assert process.stderr == (
        "error: results/index.html is not a page of compare.py, and is kept\n"
    )
    assert (results / "index.html").read_text() == "mine"
    (results / "index.html").unlink()
    (results / "index_files").write_text("a file where a folder must be made")
    process = compare()
    assert process.returncode == 2 and "75.00 %" in process.stdout
    assert process.stderr.count("\n") == 1


def test_letters_without_a_font(results, compare):
    folder = write_run(results, "vgg16", 9, name="猫 and ꙮ", accuracy=0.9)
    matrix = (folder / "confusion_matrix.csv").read_text()
    (folder / "confusion_matrix.csv").write_text(matrix.replace("cat", "中国"))
    process = compare()
    assert process.returncode == 0 and process.stderr == ""
    process = compare(folder, next(results.glob("*/*03")))
    assert process.returncode == 0 and process.stderr == ""


def test_whoever_reads_may_leave_or_lack_letters(results):
    write_run(results, "vgg16", 9, name="猫")
    command = shlex.join([sys.executable, str(ROOT / "compare.py")])
    for ending in ("| head -1", ">&-", "2>&-", "> cp1252.txt"):
        environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
        process = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{command} {ending}"],
            cwd=results.parent,
            env=environment,
            capture_output=True,
            encoding="cp1252",
        )
        assert (process.returncode, process.stderr) == (0, ""), ending
    assert r"\u732b" in (results.parent / "cp1252.txt").read_text("cp1252")


def test_a_run_that_nobody_trains_has_stopped(results, compare):
    folder = write_run(results, "vgg16", 9)
    damage(folder, status="running")
    with locked(folder):
        assert "running" in compare("--script", "vgg16").stdout
    assert "stopped" in compare("--script", "vgg16").stdout


def test_csv(compare, tmp_path):
    process = compare("--csv", "table.csv")
    assert process.returncode == 0, process.stderr
    assert [*pd.read_csv(tmp_path / "table.csv").accuracy] == [0.75, 0.5, 0.25]
    for place, words, exit_status in (
        ("/dev/null", "that is a device or a pipe: name a file", 2),
        ("/proc/table.csv", "it cannot be written: No such file or directory", 1),
    ):
        process = compare("--csv", place)
        assert process.returncode == exit_status and "Traceback" not in process.stderr
        assert process.stderr == f"error: csv is '{place}'; {words}\n"
    process = compare("--csv", "table.xlsx")
    assert process.returncode == 2 and not (tmp_path / "table.xlsx").exists()
    assert process.stderr == (
        "error: csv is 'table.xlsx'; it is written as text with commas: name it 'table.csv'\n"
    )
