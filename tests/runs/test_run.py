"""A run's folder and its record."""

import dataclasses
import json
import shutil
from datetime import datetime

import common
from internals.core.keras_loader import keras

from internals.runs.run import make_run_folder


def test_folder_removed_in_the_middle(start, at_epoch, make_hyperparameters, small_data, capsys):
    at_epoch(2, lambda recorder: shutil.rmtree(recorder.run.folder))
    run, model = start(make_hyperparameters(epochs=3))
    common.report(run, model, small_data)
    assert "has been removed; it is made again" in capsys.readouterr().out
    assert len(run.history()) == 3
    assert {"model.keras", "run.json", "accuracy.png"} <= {p.name for p in run.folder.iterdir()}


def test_run_folders_never_collide(tmp_path):
    started = datetime(2026, 11, 20, 14, 30, 12)
    folders = [make_run_folder(tmp_path, "s", started, name) for name in ("", "", "a", "a")]
    assert [folder.name for folder in folders] == [
        "2026-11-20_14-30-12",
        "2026-11-20_14-30-12-2",
        "2026-11-20_14-30-12_a",
        "2026-11-20_14-30-12-2_a",
    ]


def test_run_name_in_the_folder_is_safe(tmp_path):
    started = datetime(2026, 11, 20, 14, 30, 12)
    folder = make_run_folder(tmp_path, "s", started, "../../<b>größer & 更多")
    assert folder.parent == tmp_path / "s"
    assert folder.name == "2026-11-20_14-30-12_b-größer-更多"


def test_run_json_before_training(small_model, small_data, make_hyperparameters):
    hyperparameters = make_hyperparameters(validation_split=0.25)
    model = small_model(hyperparameters)
    run = common.start_run("small.py", model, small_data, hyperparameters)
    record = json.loads((run.folder / "run.json").read_text())
    assert record["status"] == "running" and record["epochs_done"] == 0
    assert record["script"] == "small" and record["parameters"] == model.count_params()
    assert record["data"]["images"] == {"train": 96, "validation": 32, "test": 40}
    assert record["hyperparameters"] == dataclasses.asdict(hyperparameters)
    assert record["backend"] == keras.backend.backend() and record["device"] in ("cpu", "gpu")
