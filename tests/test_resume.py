"""Which runs may go on, and that they end as if they had never been interrupted."""

import dataclasses
import json
import signal
from pathlib import Path

import common
from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from conftest import send

from internals.core.locks import locked
from internals.runs.run import read_record

pytestmark = pytest.mark.usefixtures("eager", "undrawn")


def test_resume_with_more_epochs(start, at_epoch, handlers, make_hyperparameters):
    changes = {"validation_split": 0.2, "keep_best": True, "decay": 0.1, "momentum": 0.9}
    whole, model = start(make_hyperparameters(epochs=5, **changes))
    at_epoch(2, send(signal.SIGINT))
    short = make_hyperparameters(epochs=3, **changes)
    run, _ = start(short)
    longer = dataclasses.replace(short, epochs=5, resume=str(run.folder))
    resumed, resumed_model = start(longer)
    histories = [each.history().drop(columns="seconds") for each in (resumed, whole)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    for ours, theirs in zip(resumed_model.variables, model.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))


def test_resume_after_the_last_epoch(start, make_hyperparameters, small_data):
    hyperparameters = make_hyperparameters(epochs=2)
    run, model = start(hyperparameters)  # and killed before its report
    resumed, same = start(dataclasses.replace(hyperparameters, resume=str(run.folder)))
    common.report(resumed, same, small_data)
    assert read_record(run.folder)["status"] == "finished"
    for ours, theirs in zip(same.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture
def finished(start, make_hyperparameters, small_data):
    """Return the hyperparameters of a finished run of two epochs, with `resume` its folder."""
    hyperparameters = make_hyperparameters(epochs=2, validation_split=0.2, keep_best=True)
    run, model = start(hyperparameters)
    common.report(run, model, small_data)
    return dataclasses.replace(hyperparameters, resume=str(run.folder))


def test_finished_run_goes_on_to_more_epochs(start, finished, make_hyperparameters, small_data):
    """It ends as one that had as many from the beginning, bit for bit."""
    resumed, model = start(dataclasses.replace(finished, epochs=4))
    assert "test_accuracy" not in read_record(resumed.folder)  # that of two epochs is not its own
    common.report(resumed, model, small_data)
    whole, same = start(make_hyperparameters(epochs=4, validation_split=0.2, keep_best=True))
    histories = [each.history().drop(columns="seconds") for each in (resumed, whole)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    for ours, theirs in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    record = read_record(resumed.folder)
    assert record["status"] == "finished" and record["epochs_done"] == 4
    assert record["hyperparameters"]["epochs"] == 4


def test_finished_run_that_cannot_go_on(start, finished, capsys):
    folder = Path(finished.resume)
    before = (folder / "run.json").read_bytes()
    assert "more than its 2 epochs, such as --epochs 4" in refusal(start, capsys, finished)
    longer = dataclasses.replace(finished, epochs=3)
    for change, words in (
        ({"phases": [{}, {}]}, "finished its 2 phases; a new run can begin with its weights"),
        ({"hyperparameters": {"schedule": "cosine"}}, "at a learning rate of 0; a new run can"),
        ({"status": "diverged"}, "has diverged, it cannot go on"),
    ):
        (folder / "run.json").write_text(json.dumps(json.loads(before) | change))
        assert words in refusal(start, capsys, longer)
    (folder / "run.json").write_bytes(before)
    (folder / "checkpoint.npz").unlink()
    assert "checkpoint.npz, with which it could go on, is gone" in refusal(start, capsys, longer)
    assert (folder / "run.json").read_bytes() == before


@pytest.fixture
def interrupted(start, at_epoch, handlers, make_hyperparameters):
    """Return the hyperparameters that resume a run interrupted in its second epoch."""
    at_epoch(2, send(signal.SIGINT))
    hyperparameters = make_hyperparameters(epochs=3)
    run, _ = start(hyperparameters)
    return dataclasses.replace(hyperparameters, resume=str(run.folder))


def refusal(start, capsys, *arguments, **changes):
    with pytest.raises(SystemExit) as stop:
        start(*arguments, **changes)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_resume_with_other_data(start, interrupted, small_data, capsys):
    x_test = small_data.x_test.copy()
    x_test[-1, -1, -1, -1] ^= 1
    other = dataclasses.replace(small_data, x_test=x_test)
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
        (None, "--epochs 2", "epochs is 2; a resumed run keeps its own, 3; only epochs"),
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
    with locked(interrupted.resume):
        assert "still being trained" in refusal(start, capsys, interrupted)
    start(interrupted)


def test_resume_by_another_script(zygote, tmp_path, interrupted):
    folder = interrupted.resume
    process = zygote.run("4layerCNN", "--resume", folder, cwd=tmp_path, output=tmp_path)
    assert process.returncode == 2 and "that is a run of small.py" in process.stderr
