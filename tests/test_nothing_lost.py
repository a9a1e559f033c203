"""Interrupts, kills, exact resume, failed training, full disks and hostile names."""

import errno
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import common

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, only_run, save_digits, save_images
from PIL import Image

keras = common.keras
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
    ours, theirs = (common.read_record(run) for run in (folder, other))
    for same in ("test_accuracy", "test_loss", "best_epoch", "epochs_done", "status"):
        assert ours[same] == theirs[same]
    names = [{path.name for path in run.iterdir()} for run in (folder, other)]
    assert names[0] == names[1]


# ------------------------------------------------------------------------------------------------
# Killed: BatchNormalization, Dropout, decay, momentum and the best epoch, on real files


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
        "minivggnet", *arguments, "--results", folder / "results", cwd=folder, output=folder
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


def test_killed_ten_times(zygote, tmp_path, uninterrupted):
    arguments, whole = uninterrupted
    moments = random.Random(0)
    results = tmp_path / "results"
    arguments = [*arguments, "--results", results]
    half_written = 0
    for kill in range(10):
        pid = zygote.start("minivggnet", *arguments, cwd=tmp_path, output=tmp_path)
        wait_for(lambda: [*results.glob("*/*/run.json")])
        folder = only_run(results)
        part, checkpoint = folder / f".checkpoint.{pid}.part.npz", folder / "checkpoint.npz"
        before = checkpoint.exists() and checkpoint.stat().st_mtime_ns
        if kill % 2:  # while a checkpoint is being written
            wait_for(part.exists)
        elif kill % 4 == 0:  # inside the epoch after the next
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
                assert common.read_record(folder)["status"] == "running"
            elif path.suffix == ".png":
                Image.open(path).load()
            elif path.suffix == ".npz":
                with np.load(path) as saved:
                    assert all(saved[name] is not None for name in saved.files)
        arguments = ["--resume", folder]
    assert half_written, "no kill met a checkpoint that was being written"
    process = zygote.run("minivggnet", *arguments, cwd=tmp_path, output=tmp_path)
    assert process.returncode == 0, process.stderr
    assert_same_run(folder, whole)


def test_interrupted_and_resumed(zygote, tmp_path, uninterrupted):
    arguments, whole = uninterrupted
    arguments = (*arguments, "--results", "results")
    pid = zygote.start("minivggnet", *arguments, cwd=tmp_path, output=tmp_path)
    wait_for(lambda: [*tmp_path.glob("results/*/*/checkpoint.npz")])
    os.kill(pid, signal.SIGINT)
    process = zygote.wait()
    assert process.returncode == 130
    assert process.stderr == ""
    folder = only_run(tmp_path / "results")
    record = common.read_record(folder)
    assert record["status"] == "interrupted"
    assert 1 <= record["epochs_done"] < EPOCHS
    assert len(pd.read_csv(folder / "history.csv")) == record["epochs_done"]
    written = {path.name for path in folder.iterdir()}
    assert written == {path.name for path in whole.iterdir()} | {"checkpoint.npz"}
    assert f"Epoch {record['epochs_done'] + 1} of {EPOCHS}: interrupted" in process.stdout
    (command,) = re.findall(r"To go on: python \S*minivggnet.py (.*)", process.stdout)
    resumed = zygote.run("minivggnet", *command.split(), cwd=tmp_path, output=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert_same_run(folder, whole)
    again = zygote.run("minivggnet", "--resume", folder, cwd=tmp_path, output=tmp_path)
    assert again.returncode == 2 and "has finished" in again.stderr


# ------------------------------------------------------------------------------------------------
# Resume, in this process


@pytest.fixture
def start(small_model, small_data):
    """Return a function that starts or resumes a run of the small network and trains it."""

    def start(hyperparameters, data=small_data, build=small_model):
        model = build(hyperparameters)
        run = common.start_run("small.py", model, data, hyperparameters)
        common.train(run, model, data)
        return run, model

    return start


@pytest.fixture
def at_epoch(monkeypatch):
    """Return a function that has `action(recorder)` happen as an epoch, counted from 1, begins."""

    def at_epoch(number, action):
        begin = common.Recorder.on_epoch_begin

        def on_epoch_begin(self, epoch, logs=None):
            begin(self, epoch, logs)
            if epoch + 1 == number:
                monkeypatch.undo()
                action(self)

        monkeypatch.setattr(common.Recorder, "on_epoch_begin", on_epoch_begin)

    return at_epoch


@pytest.fixture
def handlers():
    """Restore the signal handlers afterwards: an interrupted run leaves the default ones."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number):
    return lambda recorder: os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal(
    start, at_epoch, handlers, make_hyperparameters, small_data, capsys, number, status
):
    at_epoch(3, send(number))
    run, model = start(make_hyperparameters(epochs=5))
    assert signal.getsignal(number) == signal.SIG_DFL  # a second one ends the program at once
    _, two_epochs = start(make_hyperparameters(epochs=2))
    for ours, theirs in zip(model.get_weights(), two_epochs.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(SystemExit) as stop:
        common.report(run, model, small_data)
    assert stop.value.code == status
    assert common.read_record(run.folder)["status"] == "interrupted"
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


def test_resume_with_more_epochs(start, at_epoch, handlers, make_hyperparameters):
    changes = {"validation_split": 0.2, "keep_best": True, "decay": 0.1, "momentum": 0.9}
    whole, model = start(make_hyperparameters(epochs=5, **changes))
    at_epoch(2, send(signal.SIGINT))
    short = make_hyperparameters(epochs=3, **changes)
    run, _ = start(short)
    longer = common.dataclasses.replace(short, epochs=5, resume=str(run.folder))
    resumed, resumed_model = start(longer)
    histories = [each.history().drop(columns="seconds") for each in (resumed, whole)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    for ours, theirs in zip(resumed_model.variables, model.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))


def test_resume_after_the_last_epoch(start, make_hyperparameters, small_data):
    hyperparameters = make_hyperparameters(epochs=2)
    run, model = start(hyperparameters)  # and killed before its report
    resumed, same = start(common.dataclasses.replace(hyperparameters, resume=str(run.folder)))
    common.report(resumed, same, small_data)
    assert common.read_record(run.folder)["status"] == "finished"
    for ours, theirs in zip(same.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture
def interrupted(start, at_epoch, handlers, make_hyperparameters):
    """Return the hyperparameters that resume a run interrupted in its second epoch."""
    at_epoch(2, send(signal.SIGINT))
    hyperparameters = make_hyperparameters(epochs=3)
    run, _ = start(hyperparameters)
    return common.dataclasses.replace(hyperparameters, resume=str(run.folder))


def refusal(start, capsys, *arguments, **changes):
    with pytest.raises(SystemExit) as stop:
        start(*arguments, **changes)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_resume_with_other_data(start, interrupted, small_data, capsys):
    x_test = small_data.x_test.copy()
    x_test[-1, -1, -1, -1] ^= 1
    other = common.dataclasses.replace(small_data, x_test=x_test)
    assert "its data is not the same" in refusal(start, capsys, interrupted, data=other)


def test_resume_with_another_network(start, interrupted, small_model, capsys):
    def build(hyperparameters):
        model = small_model(hyperparameters)
        model.layers[3].rate = 0.4  # as many weights, more dropout
        return model

    assert "its network is not the same" in refusal(start, capsys, interrupted, build=build)


@pytest.mark.parametrize("name", ["checkpoint.npz", "history.csv"])
def test_resume_from_a_damaged_file(start, interrupted, capsys, name):
    path = Path(interrupted.resume, name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if name == "checkpoint.npz" else b"")
    assert "is damaged" in refusal(start, capsys, interrupted)
    assert Path(interrupted.resume, "run.json").exists()


def test_checkpoint_is_never_unpickled(start, interrupted, capsys):
    path = Path(interrupted.resume, "checkpoint.npz")
    np.savez(path, epochs=np.array([print], dtype=object))
    assert "allow_pickle=False" in refusal(start, capsys, interrupted)


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("{", "", "is not the record of a run"),
        ("[]", "", "is not the record of a run"),
        (
            '{"script": "4layerCNN", "status": "running", "hyperparameters": {"a": 1}}',
            "",
            "not those",
        ),
        (None, "--learning-rate 0.5", "learning_rate is 0.5; a resumed run keeps its own, 0.1"),
        (None, "--epochs 2", "epochs is 2; a resumed run keeps its own, 3, or has more"),
        (None, "--data cifar10", "data is 'cifar10'; a resumed run keeps its own"),
    ],
)
def test_resume_refused(zygote, tmp_path, interrupted, content, arguments, message):
    folder = Path(interrupted.resume)
    record = (folder / "run.json").read_text().replace('"small"', '"4layerCNN"')
    (folder / "run.json").write_text(record if content is None else content)
    process = zygote.run(
        "4layerCNN", "--resume", folder, *arguments.split(), cwd=tmp_path, output=tmp_path
    )
    assert process.returncode == 2
    assert message in process.stderr and "Traceback" not in process.stderr


def test_resume_of_a_run_that_is_still_trained(start, interrupted, capsys):
    with common.locked(interrupted.resume):
        assert "still being trained" in refusal(start, capsys, interrupted)
    start(interrupted)


def test_a_run_is_locked_while_it_is_trained(start, at_epoch, make_hyperparameters):
    def try_to_lock(recorder):
        with pytest.raises(BlockingIOError), common.locked(recorder.run.folder, wait=False):
            raise AssertionError("the run was not locked")

    at_epoch(1, try_to_lock)
    run, _ = start(make_hyperparameters())
    with common.locked(run.folder, wait=False):
        pass


def test_resume_by_another_script(zygote, tmp_path, interrupted):
    folder = interrupted.resume
    process = zygote.run("4layerCNN", "--resume", folder, cwd=tmp_path, output=tmp_path)
    assert process.returncode == 2 and "that is a run of small.py" in process.stderr


# ------------------------------------------------------------------------------------------------
# Training that fails


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
    assert common.read_record(run.folder)["status"] == "diverged"
    assert len(run.history()) == 2 and (run.folder / "model.keras").exists()


def test_guessing():
    balanced = np.arange(1000) % 10
    assert common.is_guessing(0.1, 2.3026, balanced)
    assert common.is_guessing(0.19, 2.3026, balanced)  # by luck: the loss says so
    assert not common.is_guessing(0.25, 2.0, balanced)
    assert not common.is_guessing(0.9, 2.5, balanced)  # overfitted
    lopsided = np.repeat([0, 1], [900, 100])
    assert common.is_guessing(0.9, 0.326, lopsided)
    assert not common.is_guessing(0.95, 0.2, lopsided)


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
    assert "try batch normalisation" in words


def test_collapse_is_said_once_during_training(start, make_hyperparameters, small_data, capsys):
    labels = np.arange(len(small_data.x_train)) % 10
    noise = np.zeros_like(small_data.x_train)  # nothing to learn from
    data = common.dataclasses.replace(small_data, x_train=noise, y_train=labels)
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


# ------------------------------------------------------------------------------------------------
# Disks


def test_full_disk(start, at_epoch, make_hyperparameters, monkeypatch, capsys, tmp_path):
    def fill(recorder):
        def write(path, content):
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        monkeypatch.setattr(common.Recorder, "save", lambda recorder, path: write(path, b""))

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


def test_folder_removed_in_the_middle(start, at_epoch, make_hyperparameters, small_data, capsys):
    at_epoch(2, lambda recorder: shutil.rmtree(recorder.run.folder))
    run, model = start(make_hyperparameters(epochs=3))
    common.report(run, model, small_data)
    assert "has been removed; it is made again" in capsys.readouterr().out
    assert len(run.history()) == 3
    assert {"model.keras", "run.json", "accuracy.png"} <= {p.name for p in run.folder.iterdir()}


def test_failed_picture_costs_nothing_else(
    start, make_hyperparameters, small_data, monkeypatch, capsys
):
    def plot_history(run, *arguments):
        raise RuntimeError("no ink")

    monkeypatch.setattr(common, "plot_history", plot_history)
    run, model = start(make_hyperparameters())
    with pytest.raises(SystemExit) as stop:
        common.report(run, model, small_data)
    assert stop.value.code == 1
    assert "plot_history failed: RuntimeError('no ink')" in capsys.readouterr().err
    names = {path.name for path in run.folder.iterdir()}
    assert {"model.keras", "history.csv", "confusion_matrix.png", "predictions.png"} <= names
    assert common.read_record(run.folder)["status"] == "finished"


def test_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    common.write_text(path, "old")

    def write(beside):
        beside.write_text("ne")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        common.write_file(path, write)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


# ------------------------------------------------------------------------------------------------
# Hostile input, and neighbours


@pytest.mark.filterwarnings("error::UserWarning")
def test_hostile_class_names(tmp_path, make_hyperparameters, small_model, capsys):
    names = ["<b>&amp;", "two\nlines", "quote\"s'", "$x^2$", "x" * 200]
    names += ["猫", "قطة", "größer", "a,b;c", "%s{0}\\n", "=1+1", "stray\udcff"]
    images = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), dtype="uint8")
    save_images(tmp_path / "data" / "train", images, np.arange(60) % len(names), names)
    hyperparameters = make_hyperparameters(data=str(tmp_path / "data"))
    data = common.load_data(hyperparameters)
    printable = ["two?lines", "stray?"]
    assert set(data.class_names) == {*names, *printable} - {"two\nlines", "stray\udcff"}
    model = small_model(hyperparameters, num_classes=len(names))
    run = common.start_run("small.py", model, data, hyperparameters)
    common.train(run, model, data)
    common.report(run, model, data)
    assert common.read_record(run.folder)["data"]["class_names"] == data.class_names
    table = pd.read_csv(run.folder / "confusion_matrix.csv", index_col=0, dtype=str)
    assert [*table.index] == [*table.columns] == data.class_names
    report = (run.folder / "classification_report.txt").read_text(encoding="utf-8")
    assert all(f"{name} " in report for name in data.class_names)


def test_names_in_plots():
    names = ["cat", "y" * 30, "\U00010400"]  # the last one is in no font that plots use
    assert common.short_names(names, 10) == ["cat", "y" * 9 + "…", "class 2"]


def test_image_bomb_is_refused(tmp_path):
    def chunk(kind, content):
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    def picture(width, height):
        size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        header = chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
        path = tmp_path / "bomb.png"
        data = chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data)
        return path

    for width, height in ((60_000, 60_000), (10_000, 10_000)):
        with pytest.raises((Image.DecompressionBombError, ValueError), match="pixels"):
            common.read_image(picture(width, height))


def test_two_processes_take_turns(tmp_path):
    if os.name != "posix":
        pytest.skip("no such lock there")
    code = (
        "import os, sys, time, common\n"
        "with common.one_process_at_a_time():\n"
        "    os.mkdir('turn')\n"
        "    time.sleep(0.5)\n"
        "    os.rmdir('turn')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
        for _ in range(2)
    ]
    assert [process.wait() for process in both] == [0, 0]
