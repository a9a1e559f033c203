"""The bar of a sweep: it names what trains, and its epoch, on a terminal of any width."""

import time

import pytest
import rich.console
from conftest import write_run

from internals.core import stdio
from internals.runs import live
from internals.runs.run import Run, read_record
from internals.sweep import jobs
from internals.sweep.progress import MOST_SHOWN, Bar


@pytest.fixture
def make_bar(tmp_path, monkeypatch):
    """Return a function that makes the bar of as many jobs, each with a run that trains."""

    def make(count):
        wanted, at_work = [], []
        for seed in range(count):
            folder = write_run(tmp_path / "results", "4layerCNN", seed, seed=seed)
            run = Run(folder, None, read_record(folder))
            at_work.append(live.LiveRun(run))
            run.record["hyperparameters"]["results"] = "results"
            label = f"learning_rate 0.01, weight_decay 0.0005, momentum 0.9, seed {seed}"
            how = {"script": "4layerCNN.py", "arguments": [], "sweep": "it"}
            wanted.append(
                jobs.Job(label=label, **how, wanted=run.record, folder=str(tmp_path), at_once=2)
            )
        row = dict.fromkeys(live.CURVES, 0.5) | {"seconds": 1.0}
        for each in at_work:
            each.tell("training", [row] * 2, 8)
        monkeypatch.setattr(stdio, "is_terminal", lambda: True)
        return Bar(wanted)

    return make


def lines(bar, width):
    console = rich.console.Console(width=width, force_terminal=True, no_color=True)
    bar.terminal = console
    with console.capture() as captured:
        console.print(bar.get_renderable())
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_runs_that_train_are_named_with_their_epoch(make_bar, width):
    bar = make_bar(2)
    bar.update(bar.task_ids[0], description="all will be done at about Wednesday 12:30")
    found = [line.rstrip() for line in lines(bar, width)]
    assert "0/2" in found[0] and "Wednesday 12:30" in found[0]
    assert len(found) == 3 and max(map(len, found)) <= width
    assert found[1].endswith("seed 0: epoch 3 of 8") and found[2].endswith("seed 1: epoch 3 of 8")
    assert bar.tasks[0].completed == 2 * 2 / 8  # the bar moves before a run ends


def test_few_of_many_are_named(make_bar):
    found = lines(make_bar(MOST_SHOWN + 3), 80)
    assert found[-1].strip() == "and 3 more" and len(found) == 1 + MOST_SHOWN + 1


def test_runs_of_others_and_dead_ones_are_not_named(make_bar, monkeypatch):
    bar = make_bar(2)
    bar.labels.popitem()
    assert len(lines(bar, 80)) == 2
    now = time.time() + 3 * live.FIRST_EPOCH
    monkeypatch.setattr(live.time, "time", lambda: now)
    assert len(lines(bar, 80)) == 1
