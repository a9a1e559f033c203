"""Runs that end early or go on, through the real command line: what is said, and what is left."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, only_run, run_script, save_digits

from internals.core.locks import is_locked
from internals.core.signals import Interrupted
from internals.runs import exit_status


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Return a folder of 120 training and 40 test digits."""
    return save_digits(tmp_path_factory.mktemp("few"), 120, 40)


@pytest.fixture
def udacity(zygote, tmp_path, few):
    """Return a function that runs udacity_cnn with flags, on few digits unless it resumes."""

    def run(*arguments, script="udacity_cnn", cwd=tmp_path, meanwhile=None, **environment):
        if not {"--resume", "--resume=", "--data"} & {*map(str, arguments)}:
            arguments = ("--data", few, *arguments)
        pid = zygote.start(script, *arguments, cwd=cwd, output=tmp_path, **environment)
        try:
            (meanwhile or (lambda pid: None))(pid)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            zygote.wait()
            raise
        return zygote.wait()

    return run


def wait_for(condition):
    """Wait until `condition()` holds."""
    for _ in range(20_000):
        if condition():
            return
        time.sleep(0.001)
    raise TimeoutError(condition)


def said(folder):
    """Return what a script has printed so far, its stdout being a file in `folder`."""
    path = folder / "stdout.txt"
    return path.read_text() if path.exists() else ""


def edit_json(path, **changes):
    """Change the record in place; hyperparameters too."""
    record = json.loads(path.read_text())
    for name, value in changes.items():
        (record["hyperparameters"] if name in record["hyperparameters"] else record)[name] = value
    path.write_text(json.dumps(record))


def status(folder):
    return json.loads((folder / "run.json").read_text())["status"]


def go_on(udacity, words, **places):
    """Do what the message says, as pasted into a shell; return the process."""
    (command,) = re.findall(r"To go on: python (.*)", words)
    script, *arguments = shlex.split(command)
    return udacity(*arguments, script=script.removesuffix(".py"), **places)


@pytest.fixture(scope="module")
def stopped(zygote, tmp_path_factory, few):
    """Return the folder of a run that was interrupted in its fourth epoch or later."""
    folder = tmp_path_factory.mktemp("stopped")
    pid = zygote.start("udacity_cnn", "--data", few, "--epochs", 40, cwd=folder, output=folder)
    wait_for(lambda: "epoch 3/" in said(folder))
    os.kill(pid, signal.SIGINT)
    assert zygote.wait().returncode == 130
    return only_run(folder / "results")


@pytest.fixture
def interrupted(stopped, tmp_path):
    """Return a copy of a run that was interrupted, to be spoiled."""
    return Path(shutil.copytree(stopped, tmp_path / "results" / "udacity_cnn" / stopped.name))


# ------------------------------------------------------------------------------------------------
# Signals


def in_the_report(folder):
    return (folder / "predictions.csv").exists()


def in_the_first_epoch(folder):
    return (folder / "samples.png").exists()


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, in_the_report),
        (signal.SIGINT, in_the_first_epoch),
        (signal.SIGHUP, in_the_first_epoch),
    ],
)
def test_signal_at_any_moment(udacity, tmp_path, number, moment):
    def meanwhile(pid):
        wait_for(lambda: [run for run in tmp_path.glob("results/*/*") if moment(run)])
        os.kill(pid, number)

    epochs = 1 if moment is in_the_report else 2000
    process = udacity("--epochs", epochs, meanwhile=meanwhile, drawn=True)
    folder = only_run(tmp_path / "results")
    words = process.stdout + process.stderr
    assert process.returncode == 128 + number, words
    assert "Traceback" not in words
    assert status(folder) == "interrupted"
    if moment is in_the_first_epoch:
        edit_json(folder / "run.json", epochs=1)
        (folder / "checkpoint.npz").unlink(missing_ok=True)  # as if no epoch had been done
        edit_json(folder / "run.json", epochs_done=0)
    process = go_on(udacity, words)
    assert process.returncode == 0, process.stderr
    assert status(folder) == "finished"


def test_second_interrupt(udacity, tmp_path):
    def meanwhile(pid):
        wait_for(lambda: "epoch 1/" in said(tmp_path))
        os.kill(pid, signal.SIGINT)
        wait_for(lambda: "a second Ctrl-C skips that" in said(tmp_path))
        os.kill(pid, signal.SIGINT)

    process = udacity("--epochs", 2000, meanwhile=meanwhile)
    assert process.returncode == 130
    assert process.stderr.startswith("error: interrupted\n") and "To go on: " in process.stderr
    assert status(only_run(tmp_path / "results")) == "interrupted"


def test_interrupt_in_the_midst_of_c_code(capsys):
    with pytest.raises(SystemExit) as end, exit_status.ending():
        raise SystemError("returned a result with an exception set") from Interrupted(15)
    assert end.value.code == 143
    assert capsys.readouterr().err == "error: interrupted\n"


def test_a_device_that_jax_does_not_find(monkeypatch, capsys):
    monkeypatch.setenv("JAX_PLATFORMS", "gpu")
    said = "Unable to initialize backend 'rocm': it is not in the list: ['cpu', 'tpu']."  # by JAX
    with pytest.raises(SystemExit) as end, exit_status.ending():
        raise RuntimeError(said)
    assert end.value.code == 2
    wanted = f"JAX_PLATFORMS is 'gpu'; unset it, or name what JAX finds here: {said}"
    assert wanted in capsys.readouterr().err


def test_ignored_hangup_stays_ignored(tmp_path):
    code = (
        "import os, signal\n"
        "from internals.core import signals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"  # as nohup does
        "with signals.raising_signals():\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    print('goes on')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert words == "goes on\n"


def test_interrupt_while_keras_loads(tmp_path):
    (tmp_path / "keras.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    process = run_script("4layerCNN", "--help", PYTHONPATH=str(tmp_path))
    assert process.returncode == -signal.SIGINT  # 130 in a shell
    assert process.stdout == process.stderr == ""


# ------------------------------------------------------------------------------------------------
# What a run goes on from


def test_says_where_it_goes_on(udacity, interrupted):
    epochs = len(pd.read_csv(interrupted / "history.csv"))
    edit_json(interrupted / "run.json", epochs=epochs)
    path = interrupted / "checkpoint.npz"
    arrays = dict(np.load(path))
    arrays["recipe"] = json.dumps(
        json.loads(str(arrays["recipe"])) | {"hyperparameters.epochs": epochs}
    )
    np.savez(path, **arrays)
    process = udacity("--resume", interrupted)
    assert process.returncode == 0, process.stderr
    assert f"It goes on after epoch {epochs}" in process.stdout


def test_without_its_checkpoint(udacity, interrupted):
    (interrupted / "checkpoint.npz").unlink()
    history = (interrupted / "history.csv").read_text()
    process = udacity("--resume", interrupted)
    assert process.returncode == 2
    assert "checkpoint.npz is missing; without it the run cannot go on" in process.stderr
    assert (interrupted / "history.csv").read_text() == history
    assert status(interrupted) == "interrupted"


def spoil_history(change):
    def spoil(folder):
        path = folder / "history.csv"
        change(pd.read_csv(path)).to_csv(path, index=False)

    return spoil


def spoil_checkpoint(**changes):
    def spoil(folder):
        path = folder / "checkpoint.npz"
        np.savez(path, **dict(np.load(path)) | changes)

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_history(lambda table: table.drop(index=1)),
        spoil_history(lambda table: table.iloc[[1, 0, *range(2, len(table))]]),
        spoil_history(lambda table: table.drop(columns="loss")),
        spoil_history(lambda table: table.assign(loss=np.nan)),
        spoil_checkpoint(epochs=-1),
        spoil_checkpoint(epochs=7000),
        spoil_checkpoint(variable0=np.zeros((5, 5))),
        spoil_checkpoint(recipe="{"),
    ],
)
def test_spoilt_files(udacity, interrupted, spoil):
    spoil(interrupted)
    before = {path: path.read_bytes() for path in interrupted.glob("*.[cn][sp][vz]")}
    process = udacity("--resume", interrupted)
    assert process.returncode == 2, process.stdout
    assert "is damaged" in process.stderr and len(process.stderr) < 600
    assert {path: path.read_bytes() for path in interrupted.glob("*.[cn][sp][vz]")} == before
    assert status(interrupted) == "interrupted"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.1),
        ("optimizer", "sgd"),
        ("batch_size", 16),
        ("keep_best", False),
        ("epochs", 20),
        ("precision", "float16"),
    ],
)
def test_edited_record(udacity, interrupted, name, value):
    edit_json(interrupted / "run.json", **{name: value})
    process = udacity("--resume", interrupted)
    assert process.returncode == 2, process.stdout
    assert re.search("was trained with|is not the same any more", process.stderr)
    assert status(interrupted) == "interrupted"


def test_edited_loss(udacity, interrupted, tmp_path):
    text = (ROOT / "udacity_cnn.py").read_text()
    changed = text.replace("loss=common.make_loss(hyperparameters)", 'loss="poisson"')
    assert changed != text
    (tmp_path / "udacity_cnn.py").write_text(changed)
    process = udacity("--resume", interrupted, script=tmp_path / "udacity_cnn")
    assert process.returncode == 2
    assert "its code is not the same any more\n" in process.stderr
    assert "script.py: +    model.compile(" in process.stderr and "poisson" in process.stderr
    assert (interrupted / "script.py").read_text() == text


def test_locked_until_its_last_file(udacity, tmp_path):
    refused = []

    def meanwhile(pid):
        wait_for(lambda: [run for run in tmp_path.glob("results/*/*") if in_the_report(run)])
        refused.append(is_locked(only_run(tmp_path / "results")))

    process = udacity("--epochs", 1, meanwhile=meanwhile, drawn=True)
    assert process.returncode == 0, process.stderr
    assert refused == [True]
    assert not is_locked(only_run(tmp_path / "results"))


def test_more_classes_are_other_data(udacity, tmp_path, few, interrupted):
    data = shutil.copytree(few, tmp_path / "data")
    moved = udacity("--resume", interrupted, "--data", data, "--epochs", 30)
    assert "epochs is 30; a resumed run keeps its own" in moved.stderr  # the folder alone is fine
    for part in ("train", "test"):
        shutil.copytree(data / part / "1", data / part / "one")
    process = udacity("--resume", interrupted, "--data", data)
    assert process.returncode == 2
    assert "its data is not the same any more: it was 10 classes" in process.stderr


def test_images_moved(udacity, tmp_path, few, interrupted):
    data = shutil.copytree(few, tmp_path / "moved")
    edit_json(interrupted / "run.json", data="nowhere/at/all")
    lost = udacity("--resume", interrupted)
    assert lost.returncode == 2 and "data is 'nowhere/at/all'" in lost.stderr
    other = udacity("--resume", interrupted, "--data", "digits")
    assert other.returncode == 2 and "a resumed run keeps its own" in other.stderr

    def meanwhile(pid):
        wait_for(lambda: "It goes on after" in said(tmp_path))
        os.kill(pid, signal.SIGINT)

    process = udacity("--resume", interrupted, "--data", data, meanwhile=meanwhile)
    assert process.returncode == 130, process.stderr
    assert json.loads((interrupted / "run.json").read_text())["hyperparameters"]["data"] == str(
        data
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume", ""], "resume is ''"),
        (["--resume="], "resume is ''"),
        (["--resume", "RUN", "--name", "x"], "name is 'x'; a resumed run keeps its own, none"),
        (["--results", "a\udcffb"], "results is 'a\\udcffb'"),
    ],
)
def test_odd_arguments(udacity, tmp_path, interrupted, arguments, message):
    before = sorted(tmp_path.rglob("*"))
    arguments = [argument.replace("RUN", str(interrupted)) for argument in arguments]
    process = udacity(*arguments)
    assert process.returncode == 2, process.stdout
    assert message in process.stderr and "Traceback" not in process.stderr
    assert {*tmp_path.rglob("*")} - {*before} <= {tmp_path / "stdout.txt", tmp_path / "stderr.txt"}


# ------------------------------------------------------------------------------------------------
# Paths


def test_home_is_expanded(udacity, tmp_path, few):
    home = tmp_path / "home"
    shutil.copytree(few, home / "digits")
    process = udacity(
        "--results=~/runs", "--data", "~/digits", "--epochs", 1, HOME=str(home), cwd=tmp_path
    )
    assert process.returncode == 0, process.stderr
    assert not (tmp_path / "~").exists()
    folder = only_run(home / "runs")
    assert (folder / "history.csv").exists() and status(folder) == "finished"
    record = json.loads((folder / "run.json").read_text())
    assert record["hyperparameters"]["data"] == str(home / "digits")


def test_script_in_a_path_with_spaces(udacity, tmp_path):
    script = tmp_path / "my scripts" / "udacity_cnn.py"
    script.parent.mkdir()
    shutil.copy(ROOT / "udacity_cnn.py", script)

    def meanwhile(pid):
        wait_for(lambda: "epoch 1/" in said(tmp_path))
        os.kill(pid, signal.SIGINT)

    process = udacity("--epochs", 2000, script=script.with_suffix(""), meanwhile=meanwhile)
    assert process.returncode == 130, process.stderr
    (command,) = re.findall(r"To go on: python (.*)", process.stdout)
    assert shlex.split(command)[0] == str(script)


# ------------------------------------------------------------------------------------------------
# Faults in an edited script


def edited(tmp_path, old, new):
    text = (ROOT / "udacity_cnn.py").read_text()
    assert old in text
    (tmp_path / "udacity_cnn.py").write_text(text.replace(old, new))
    return tmp_path / "udacity_cnn"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("            Flatten(),\n", "", "output has the shape (2, 2, 10); it must be (10,)"),
        ("Dense(num_classes,", "Dense(2,", "output has the shape (2,); it must be (10,)"),
        ("Input(image_shape)", "Input((48, 48, 3))", "input has the shape (48, 48, 3)"),
        ('metrics=["accuracy"]', "metrics=[]", "without an accuracy; add metrics=['accuracy'] to"),
        ("nesterov=False", 'nesterov="no"', "nesterov is 'no'; it must be True or False"),
        ("keep_best=True", 'keep_best="yes"', "keep_best is 'yes'; it must be True or False"),
        ("learning_rate=0.001", "learning_rate=True", "learning_rate is True; it must be a number"),
    ],
)
def test_fault_in_the_script(udacity, tmp_path, old, new, message):
    process = udacity("--epochs", 1, script=edited(tmp_path, old, new))
    assert process.returncode == 2, process.stderr
    assert message in process.stderr and process.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_fault_in_training(udacity, tmp_path):
    script = edited(tmp_path, "common.train(run, model", "common.train(run, None")
    process = udacity("--epochs", 1, script=script)
    assert process.returncode == 1
    assert "The run has failed. " in process.stdout and "To go on: " in process.stdout
    assert "TypeError" in process.stderr  # whoever edits a script needs to see where
    assert status(only_run(tmp_path / "results")) == "failed"


def test_out_of_memory(tmp_path, few):
    layers = "UpSampling2D(160), AveragePooling2D(160)"
    script = edited(tmp_path, "Input(image_shape),", f"Input(image_shape), {layers},")
    text = script.with_suffix(".py").read_text()
    imports = "from keras.layers import AveragePooling2D, UpSampling2D, "
    # else it refuses
    blind = "import internals.training.memory_estimate as m\nm.find_free = lambda: 1e15\n"
    script.with_suffix(".py").write_text(text.replace("from keras.layers import ", blind + imports))
    environment = {"PYTHONPATH": str(ROOT), "TF_ENABLE_ONEDNN_OPTS": "0"}  # with it: a crash
    process = run_script(
        script, "--data", few, "--epochs", 1, "--batch-size", 120, cwd=tmp_path, **environment
    )
    assert process.returncode == 1, process.stdout
    assert process.stderr.startswith("error: out of memory; lower batch_size, 120: ")
    assert "OOM" in process.stderr and process.stderr.count("\n") == 2
    assert status(only_run(tmp_path / "results")) == "failed"


# ------------------------------------------------------------------------------------------------
# Where nobody listens


def test_nobody_reads(tmp_path, few):
    data = shutil.copytree(few, tmp_path / "data")
    for part in ("train", "test"):  # letters that cp1252, as on Windows, has not
        (data / part / "0").rename(data / part / "ноль")
    command = "$U --data data --epochs 1 --name 名前 2>&- | head -1; exit ${PIPESTATUS[0]}"
    environment = os.environ | {"U": f"{sys.executable} {ROOT / 'udacity_cnn.py'}"}
    process = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=environment | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout
    assert status(only_run(tmp_path / "results")) == "finished"


def test_streams(tmp_path):
    code = (
        "import os, sys\n"
        "from internals.core import stdio\n"
        "stdio.make_robust()\n"
        "print('кот', flush=True)\n"
        "os.close(1)\n"
        "print('nobody', flush=True)\n"
        "sys.stdout = None\n"  # as Python has it after >&-
        "stdio.make_robust()\n"
        "print('still nobody', flush=True)\n"
        "print('whole', file=sys.stderr)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"}
    process = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert process.returncode == 0, process.stderr
    assert process.stdout == rb"\u043a\u043e\u0442" + b"\n"
    assert process.stderr.strip() == b"whole"
