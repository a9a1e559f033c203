"""What a run that trains tells open pages: live.js, written by several runs at once."""

import json
import os
import time

import pytest
from conftest import write_run

from internals.core.locks import locked
from internals.runs import live
from internals.runs.run import Run, read_record
from internals.runs.run_reader import describe_ending

ROW = {"accuracy": 0.512345678, "val_accuracy": 0.5, "loss": 1.5, "val_loss": float("nan")}


@pytest.fixture
def make(tmp_path):
    """Return a function that makes the run of a number, as open pages see it."""

    def make(number, results=tmp_path / "results"):
        folder = write_run(results, "4layerCNN", number, seed=number)
        record = read_record(folder) | {"status": "running"}
        run = Run(folder, None, record, caption=f"run {number}")
        run.live = live.LiveRun(run)
        return run

    return make


def rows(count, seconds=10.0):
    return [ROW | {"epoch": epoch + 1, "seconds": seconds} for epoch in range(count)]


def told(results):
    """Return what live.js tells, by the seconds of the run's folder."""
    text = (results / "index_files" / "live.js").read_text()
    assert text.startswith("trainingRuns([") and text.endswith("]);\n")
    return {each["run"][-2:]: each for each in json.loads(text[13:-3])}


def test_histories_and_what_is_left(make, tmp_path):
    run = make(1)
    run.live.tell("training", [], 20)
    assert told(tmp_path / "results")["01"]["left"] is None
    run.live.tell("training", rows(1, 100.0) + rows(2), 20)
    (found,) = told(tmp_path / "results").values()
    assert found["run"] == "4layerCNN/2026-11-20_14-30-01" and found["caption"] == "run 1"
    assert (found["done"], found["epochs"], found["left"]) == (3, 20, 170)  # the first compiles
    assert found["history"]["accuracy"] == [0.51235] * 3
    assert found["history"]["val_loss"] == [None] * 3
    assert live.describe(found) == "epoch 4 of 20"
    run.live.tell("evaluating", rows(20), 20)
    assert live.describe(told(tmp_path / "results")["01"]) == "20 epochs done, being evaluated"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are quickly made")
def test_no_run_loses_what_another_tells(make, tmp_path):
    runs = [make(number) for number in range(4)]

    pids = []
    for run in runs:
        pids.append(os.fork())
        if not pids[-1]:
            for count in range(1, 26):
                run.live.tell("training", rows(count), 25)
            os._exit(0)
    script = tmp_path / "results" / "index_files" / "live.js"
    while pids:
        pids = [pid for pid in pids if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        if script.exists():
            told(tmp_path / "results")  # it is whole at any time
    done = {name: each["done"] for name, each in told(tmp_path / "results").items()}
    assert done == dict.fromkeys(["00", "01", "02", "03"], 25)
    assert not [*script.parent.glob(".*")]


def test_end_of_a_run(make, tmp_path):
    run = make(1)
    run.live.tell("training", rows(3), 20)
    run.record |= {"status": "diverged", "reason": "the loss became nan"}
    run.record["hyperparameters"]["epochs"] = 20
    run.release()
    (found,) = told(tmp_path / "results").values()
    assert found["state"] == "diverged"
    assert found["ending"] == "diverged in epoch 4: the loss became nan"


def test_dead_runs_are_removed(make, tmp_path):
    results = tmp_path / "results"
    killed, ended, long_ago, at_work = map(make, range(4))
    with locked(at_work.folder):
        for run in (killed, ended, long_ago, at_work):
            run.live.tell("training", rows(3), 20)
        ended.live.end()
        long_ago.live.end()
        text = long_ago.live.path.read_text()
        long_ago.live.path.write_text(text.replace('"written": 1', '"written": 0'))
        live.prepare(results)
        assert {*told(results)} == {"01", "03"}
    (results / "index_files" / "live_damaged.json").write_text('[{"run"')
    live.prepare(results)
    assert {*told(results)} == {"01"}


def test_files_that_cannot_be_written_cost_nothing(make, tmp_path, monkeypatch):
    run = make(1)
    (tmp_path / "results" / "index_files").write_text("no folder")
    run.live.tell("training", rows(3), 20)
    run.release()
    live.prepare(tmp_path / "results")
    monkeypatch.setattr(live, "write_text", lambda *_, **__: os.fsync(-1))  # OSError
    make(2).live.tell("training", rows(3), 20)


def test_run_elsewhere_has_no_page(tmp_path):
    folder = write_run(tmp_path / "results", "4layerCNN", 1)
    moved = folder.rename(tmp_path / "kept")
    run = Run(moved, None, read_record(moved))
    run.live = live.LiveRun(run)
    run.live.tell("training", rows(3), 20)
    run.release()
    assert not (tmp_path / "index_files").exists() and run.live.results is None


def test_reference_runs_have_the_page_of_all(tmp_path):
    folder = write_run(tmp_path / "results" / "reference", "4layerCNN", 1)
    assert live.find_results(folder, read_record(folder)["script"]) == tmp_path / "results"


def test_address_can_be_opened(tmp_path):
    address = live.find_address(tmp_path / "my results", ["1a", "2b"])
    assert address.startswith("file:///") and address.endswith("my%20results/index.html#runs=1a,2b")


def test_an_epoch_costs_little(make, tmp_path):
    runs = [make(number) for number in range(4)]
    for run in runs:
        run.live.tell("training", rows(119), 120)
    seconds = []
    for _ in range(9):
        start = time.perf_counter()
        runs[0].live.tell("training", rows(120), 120)
        seconds.append(time.perf_counter() - start)
    assert sorted(seconds)[4] < 0.05


@pytest.mark.parametrize(
    ("record", "done", "words"),
    [
        ({"status": "finished"}, 5, "finished"),
        ({"status": "diverged"}, 0, "diverged in epoch 1"),
        (
            {"status": "diverged", "reason": "the loss became inf"},
            0,
            "diverged in epoch 1: the loss",
        ),
        ({"status": "interrupted", "reason": "interrupted"}, 3, "interrupted in epoch 4"),
        ({"status": "failed", "reason": "out of memory"}, 5, "failed after epoch 5: out of memory"),
        ({"status": "stopped"}, 2, "stopped in epoch 3"),
    ],
)
def test_ending_in_words(record, done, words):
    found = describe_ending(record | {"hyperparameters": {"epochs": 5}}, done)
    assert found.startswith(words) and (":" in words or found == words)
