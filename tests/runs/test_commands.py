"""The command that a run records, and the one that goes on with it."""

import sys
from types import SimpleNamespace

import pytest
from conftest import ROOT

from internals.runs import commands, sources
from internals.runs.commands import command_that_runs, command_to_go_on, command_to_repeat


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("docs/networks/resnet.py", "python docs/networks/resnet.py --name 'two words'"),
        ("./4layerCNN.py", "python 4layerCNN.py --name 'two words'"),
        (str(ROOT / "4layerCNN.py"), "python 4layerCNN.py --name 'two words'"),
    ],
)
def test_command_finds_the_script_again(typed, expected, monkeypatch):
    monkeypatch.setattr(sources, "LAUNCHED", {typed: ""})
    monkeypatch.setattr(commands, "arguments", None)
    monkeypatch.setattr(sys, "argv", [typed, "--name", "two words"])
    assert command_that_runs(typed) == expected


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("python docs/networks/resnet.py --epochs 3", "python docs/networks/resnet.py"),
        ("python udacity_cnn.py", "python udacity_cnn.py"),
        (None, "python resnet.py"),
    ],
)
def test_command_to_go_on_is_that_of_the_run(command, start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    folder = tmp_path / "results" / "my runs" / "1"
    record = {"script": "resnet", "status": "interrupted"}
    record |= {"command": command} if command else {}
    run = SimpleNamespace(folder=folder, record=record)
    assert command_to_go_on(run) == f"{start} --resume 'results/my runs/1'"
    run.record["backend"] = "jax"
    assert command_to_go_on(run).startswith(f"KERAS_BACKEND=jax {start} --resume ")
    run.record["status"] = "finished"
    assert command_to_go_on(run) == ""


def test_commands_name_another_backend_than_the_one_at_hand(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    run = SimpleNamespace(record={"command": "python vgg16.py", "backend": "tensorflow"})
    assert command_to_repeat(run) == "python vgg16.py"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert command_to_repeat(run) == "KERAS_BACKEND=tensorflow python vgg16.py"
    assert command_to_repeat(SimpleNamespace(record={"backend": "jax"})) == ""
