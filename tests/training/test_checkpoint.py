"""Interrupts, failed training and full disks, in this process."""

import dataclasses
import errno
import signal

import common
from internals.core.keras_loader import keras

import filelock
import numpy as np
import pytest
from conftest import only_run, send

from internals.core.locks import locked
from internals.runs.run import read_record
from internals.training.chance_level import is_at_chance_level

pytestmark = pytest.mark.usefixtures("eager")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal(
    start, at_epoch, handlers, make_hyperparameters, small_data, capsys, number, status
):
    at_epoch(3, send(number))
    run, model = start(make_hyperparameters(epochs=5))
    assert signal.getsignal(number) == handlers[number]  # a second one ends the program at once
    _, two_epochs = start(make_hyperparameters(epochs=2))
    for ours, theirs in zip(model.get_weights(), two_epochs.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(SystemExit) as stop:
        common.report(run, model, small_data)
    assert stop.value.code == status
    assert read_record(run.folder)["status"] == "interrupted"
    assert "--resume" in capsys.readouterr().out
    assert (run.folder / "checkpoint.npz").exists()


def test_signal_before_the_first_epoch_ends(
    start, at_epoch, handlers, make_hyperparameters, capsys
):
    at_epoch(1, send(signal.SIGINT))
    with pytest.raises(SystemExit) as stop:
        start(make_hyperparameters(epochs=5))
    assert stop.value.code == 130
    assert "there is no accuracy to report" in capsys.readouterr().out


def test_handlers_are_restored(start, handlers, make_hyperparameters):
    start(make_hyperparameters(epochs=1))
    assert {number: signal.getsignal(number) for number in handlers} == handlers


def test_a_run_is_locked_while_it_is_trained(start, at_epoch, make_hyperparameters):
    def try_to_lock(recorder):
        with pytest.raises(filelock.Timeout), locked(recorder.run.folder, patience=0):
            raise AssertionError("the run was not locked")

    at_epoch(1, try_to_lock)
    run, _ = start(make_hyperparameters())
    with locked(run.folder, patience=0):
        pass


def test_loss_that_is_not_a_number(start, at_epoch, make_hyperparameters, small_data, capsys):
    def spoil(recorder):
        recorder.weights[-1].assign(recorder.weights[-1] * np.nan)

    at_epoch(3, spoil)
    run, model = start(make_hyperparameters(epochs=5))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    with pytest.raises(SystemExit) as stop:
        common.report(run, model, small_data)
    words = capsys.readouterr().out
    assert stop.value.code == 1
    assert "Epoch 3 of 5: the loss became nan" in words and "learning_rate is 0.1" in words
    assert read_record(run.folder)["status"] == "diverged"
    assert len(run.history()) == 2 and (run.folder / "model.keras").exists()


def test_guessing():
    def answers(*shares):
        return np.repeat([shares], 1000, axis=0)

    balanced = np.arange(1000) % 10
    assert is_at_chance_level(answers(*[0.1] * 10), balanced)
    uneven = balanced[100:] % 10 * (np.arange(900) < 700)  # 0 the most frequent of ten
    assert is_at_chance_level(np.repeat([np.bincount(uneven) / 900], 900, axis=0), uneven)
    better = 0.05 + 0.5 * np.eye(10)[balanced]
    assert not is_at_chance_level(better, balanced)
    lopsided = np.repeat([0, 1], [900, 100])
    assert is_at_chance_level(answers(0.9, 0.1), lopsided)
    assert not is_at_chance_level(0.1 + 0.8 * np.eye(2)[lopsided], lopsided)


def test_collapsed_network_is_noticed(start, make_hyperparameters, small_data, capsys):
    run, model = start(make_hyperparameters(epochs=2, learning_rate=1e-9))
    bias = np.zeros(10, dtype="float32")
    bias[7] = 0.01
    model.layers[-1].set_weights([np.zeros(model.layers[-1].kernel.shape), bias])
    run.folder.joinpath("history.csv").write_text("epoch,accuracy,loss,val_accuracy,val_loss\n")
    with open(run.folder / "history.csv", "a") as history:
        history.write("1,0.1,2.3026,0.1,2.3026\n2,0.1,2.3026,0.1,2.3026\n")
    common.report(run, model, small_data)
    words = capsys.readouterr().out
    assert "No better than guessing: it called 100% of the test images '7'" in words
    assert "train longer: it has been updated 6 times" in words


def test_collapse_is_said_once_during_training(start, make_hyperparameters, small_data, capsys):
    labels = np.arange(len(small_data.x_train)) % 10
    noise = np.zeros_like(small_data.x_train)  # nothing to learn from
    data = dataclasses.replace(small_data, x_train=noise, y_train=labels)
    start(make_hyperparameters(epochs=3, learning_rate=1e-6), data=data)
    assert capsys.readouterr().out.count("No better than guessing so far") == 1


def test_out_of_memory(start, make_hyperparameters, monkeypatch, capsys):
    def fit(*arguments, **named):
        raise MemoryError("Unable to allocate 90 GiB")

    monkeypatch.setattr(keras.Model, "fit", fit)
    with pytest.raises(SystemExit) as stop:
        start(make_hyperparameters())
    assert stop.value.code == 1
    assert "lower batch_size, 32: Unable to allocate 90 GiB" in capsys.readouterr().err


def test_other_errors_are_not_swallowed(start, make_hyperparameters, monkeypatch):
    def fit(*arguments, **named):
        raise ValueError("a mistake in the network")

    monkeypatch.setattr(keras.Model, "fit", fit)
    with pytest.raises(ValueError, match="a mistake in the network"):
        start(make_hyperparameters())


def test_full_disk(start, at_epoch, make_hyperparameters, monkeypatch, capsys, tmp_path):
    def fill(recorder):
        def write(path, **arrays):
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        monkeypatch.setattr(np, "savez", write)

    at_epoch(3, fill)
    with pytest.raises(SystemExit) as stop:
        start(make_hyperparameters(epochs=5))
    assert stop.value.code == 1
    assert "No space left on device" in capsys.readouterr().err
    folder = only_run(tmp_path / "results")
    assert not [*folder.glob(".*")]
    with np.load(folder / "checkpoint.npz") as saved:
        assert saved["epochs"] == 2
    monkeypatch.undo()
    resume = make_hyperparameters(epochs=5, resume=str(folder))
    resumed, model = start(resume)
    _, whole = start(make_hyperparameters(epochs=5))
    for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
