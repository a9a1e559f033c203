"""The plots of a run that trains, drawn by a process beside it."""

import json
import os
import signal
import time

import pytest
from PIL import Image

from internals.report import while_training
from internals.training.checkpoint import Checkpoint


@pytest.fixture
def trained(run, make_hyperparameters):
    """Return a run of two epochs, with the record that the process reads."""
    own = vars(make_hyperparameters(epochs=2))
    data = {"class_names": ["ant", "bee"], "images": {"train": 7, "validation": 0, "test": 7}}
    run.save(hyperparameters=own, data=data)
    return run


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"no {what}"
        time.sleep(0.02)


def test_plots_are_drawn_and_the_process_ends_with_training(trained, monkeypatch):
    picture = trained.folder / "loss.png"
    with while_training.Drawing(trained) as drawing:
        drawing.draw(0)
        assert drawing.process is None  # too early: a short run has none
        monkeypatch.setattr(while_training, "PERIOD", 0)
        drawing.draw(1)
        wait_for(picture.exists, "picture")
        with Image.open(picture) as image:
            image.load()  # it is whole
        picture.unlink()
        os.killpg(drawing.process.pid, signal.SIGINT)  # it leaves Ctrl-C to the run
        drawing.draw(2)
        wait_for(picture.exists, "second picture")
        drawing.draw(3)
    assert drawing.process.poll() is not None
    assert not [*trained.folder.glob(".*")]


def test_process_that_is_gone_costs_nothing(trained, monkeypatch):
    monkeypatch.setattr(while_training, "PERIOD", 0)
    with while_training.Drawing(trained) as drawing:
        drawing.draw(0)
        drawing.process.kill()
        drawing.process.wait()
        drawing.draw(1)
        drawing.draw(2)


def test_draws_what_the_folder_holds(trained):
    while_training.draw_plots(trained.folder, "a caption")
    assert {path.name for path in trained.folder.glob("*.png")} == {"accuracy.png", "loss.png"}


@pytest.mark.usefixtures("eager", "undrawn")
def test_a_run_calls_it_each_epoch_and_is_followed(start, make_hyperparameters, monkeypatch):
    drawn, told = [], []
    draw = while_training.Drawing.draw
    monkeypatch.setattr(
        while_training.Drawing, "draw", lambda *each: (drawn.append(each[1]), draw(*each))
    )
    tell = Checkpoint.tell
    monkeypatch.setattr(Checkpoint, "tell", lambda *each: (told.append(each[1]), tell(*each)))
    run, _ = start(make_hyperparameters(epochs=2))
    assert drawn == [0, 1] and told == ["training"] * 3 + ["evaluating"]
    (file,) = (run.folder.parent.parent / "index_files").glob("live_*.json")
    assert json.loads(file.read_text())["done"] == 2
