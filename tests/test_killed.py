"""Runs of a real script killed and interrupted at any moment, and what is left of them."""

import os
import random
import re
import signal
import time

from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from conftest import only_run, save_digits
from PIL import Image

from internals.runs.run import read_record

SCRIPT = "4layerCNN"  # the one that starts fastest
EPOCHS = 10


def weights_of(folder):
    """Return all that a saved network knows: its weights and its optimizer's variables."""
    model = keras.models.load_model(folder / "model.keras")
    variables = [*model.weights, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_same_run(folder, other):
    """Assert that two runs ended with the same weights and history, bit for bit."""
    histories = [pd.read_csv(run / "history.csv", dtype=str) for run in (folder, other)]
    pd.testing.assert_frame_equal(*(history.drop(columns="seconds") for history in histories))
    for ours, theirs in zip(weights_of(folder), weights_of(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    ours, theirs = (read_record(run) for run in (folder, other))
    for same in ("test_accuracy", "test_loss", "best_epoch", "epochs_done", "status"):
        assert ours[same] == theirs[same]
    names = [{path.name for path in run.iterdir()} for run in (folder, other)]
    assert names[0] == names[1]


@pytest.fixture(scope="module")
def few_digits(tmp_path_factory):
    return save_digits(tmp_path_factory.mktemp("few-digits"), 120, 40)


@pytest.fixture(scope="module")
def uninterrupted(zygote, tmp_path_factory, few_digits):
    """Return the arguments of a run, and the folder of that run, trained without a stop."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    arguments = ("--data", few_digits, "--epochs", EPOCHS, "--batch-size", 8)
    arguments += ("--validation-split", 0.2, "--keep-best")
    process = zygote.run(
        SCRIPT, *arguments, "--results", folder / "results", cwd=folder, output=folder
    )
    assert process.returncode == 0, process.stderr
    return arguments, only_run(folder / "results")


def wait_for(condition):
    """Wait until `condition()` holds, checking many times a second."""
    for _ in range(100_000):
        if condition():
            return
        time.sleep(0.0005)
    raise TimeoutError(condition)


def test_killed_again_and_again(zygote, tmp_path, uninterrupted):
    arguments, whole = uninterrupted
    moments = random.Random(0)
    results = tmp_path / "results"
    arguments = [*arguments, "--results", results]
    half_written = 0
    for kill in range(4):
        pid = zygote.start(SCRIPT, *arguments, cwd=tmp_path, output=tmp_path)
        wait_for(lambda: [*results.glob("*/*/run.json")])
        folder = only_run(results)
        part, checkpoint = folder / f".checkpoint.{pid}.part.npz", folder / "checkpoint.npz"
        before = checkpoint.exists() and checkpoint.stat().st_mtime_ns
        if kill % 2:  # while a checkpoint is being written
            wait_for(part.exists)
        elif kill == 0:  # inside the epoch after the next
            wait_for(lambda: checkpoint.exists() and checkpoint.stat().st_mtime_ns != before)  # noqa: B023
            epoch = pd.read_csv(folder / "history.csv").seconds.min()
            time.sleep(moments.uniform(0, 0.9 * epoch))
        else:  # as it starts
            time.sleep(moments.uniform(0, 0.8))
        os.kill(pid, signal.SIGKILL)
        assert zygote.wait().returncode == -signal.SIGKILL
        half_written += part.exists()
        for path in folder.glob("[!.]*"):  # whatever has its name is whole
            if path.suffix == ".csv":
                pd.read_csv(path)
            elif path.suffix == ".json":
                assert read_record(folder)["status"] == "running"
            elif path.suffix == ".png":
                Image.open(path).load()
            elif path.suffix == ".npz":
                with np.load(path) as saved:
                    assert all(saved[name] is not None for name in saved.files)
        arguments = ["--resume", folder]
    assert half_written, "no kill met a checkpoint that was being written"
    process = zygote.run(SCRIPT, *arguments, cwd=tmp_path, output=tmp_path)
    assert process.returncode == 0, process.stderr
    assert_same_run(folder, whole)


def test_interrupted_and_resumed(zygote, tmp_path, uninterrupted):
    arguments, whole = uninterrupted
    arguments = (*arguments, "--results", "results")
    pid = zygote.start(SCRIPT, *arguments, cwd=tmp_path, output=tmp_path)
    wait_for(lambda: [*tmp_path.glob("results/*/*/checkpoint.npz")])
    os.kill(pid, signal.SIGINT)
    process = zygote.wait()
    assert process.returncode == 130
    assert process.stderr == ""
    folder = only_run(tmp_path / "results")
    record = read_record(folder)
    assert record["status"] == "interrupted"
    assert 1 <= record["epochs_done"] < EPOCHS
    assert len(pd.read_csv(folder / "history.csv")) == record["epochs_done"]
    written = {path.name for path in folder.iterdir()}
    assert written == {path.name for path in whole.iterdir()} | {"checkpoint.npz"}
    assert f"Epoch {record['epochs_done'] + 1} of {EPOCHS}: interrupted" in process.stdout
    (command,) = re.findall(rf"To go on: python \S*{SCRIPT}.py (.*)", process.stdout)
    resumed = zygote.run(SCRIPT, *command.split(), cwd=tmp_path, output=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert_same_run(folder, whole)
    again = zygote.run(SCRIPT, "--resume", folder, cwd=tmp_path, output=tmp_path)
    assert again.returncode == 2 and "has finished" in again.stderr
