"""A run's folder and its record."""

import dataclasses
import json
import shutil
from datetime import datetime

import common
from internals.core.keras_loader import keras

import pytest

from internals.runs.run import find_folders, make_run_folder, start_time


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


def test_results_on_a_disk_that_is_not_there(tmp_path, capsys):
    (tmp_path / "results").symlink_to(tmp_path / "unmounted")
    with pytest.raises(SystemExit) as end:
        make_run_folder(tmp_path / "results", "s", datetime(2026, 11, 20), "")
    assert end.value.code == 2 and "no folder can be made there" in capsys.readouterr().err


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


def test_runs_are_found_however_deep_they_lie(tmp_path):
    names = "s/2026-11-20_14-30-12", "exp/1/s/2026-11-20_14-30-12", "renamed", "copied/2026-11-20_1"
    for name in names:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.json").write_text("{}")
    (tmp_path / ".hidden" / "2026-11-20_14-30-12").mkdir(parents=True)
    (tmp_path / "exp" / "circle").symlink_to(tmp_path)
    assert find_folders(tmp_path) == sorted(tmp_path / name for name in names)
    assert find_folders(tmp_path / names[0]) == [tmp_path / names[0]]


def test_runs_are_ordered_by_time_across_zones(monkeypatch):
    texts = [
        "2026-10-25T02:30:00+02:00",  # the last hour of summer time in Berlin
        "2026-10-25T02:10:00+01:00",  # 40 minutes later
        "2026-10-24T23:00:00-05:00",
    ]
    times = [start_time({"started": text}) for text in texts]
    assert times == sorted(times)
    local = datetime(2026, 11, 20, 14, 30)
    assert start_time({"started": local.isoformat()}) == local.astimezone()  # an older record
