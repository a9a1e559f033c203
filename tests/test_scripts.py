"""Each script from the command line to its files, in a process of its own.

4layerCNN in a fresh one, as a user starts it; the others in forks of one that has loaded Keras.
"""

import dataclasses
import json

import common
from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SCRIPTS, only_run, run_script

FILES = {
    "run.json",
    "script.py",
    "common.py",
    "history.csv",
    "architecture.txt",
    "samples.png",
    "accuracy.png",
    "loss.png",
    "confusion_matrix.png",
    "confusion_matrix.csv",
    "classification_report.txt",
    "predictions.csv",
    "predictions.png",
    "mistakes.png",
    "calibration.png",
    "features.png",
    "model.keras",
    "checkpoint.npz",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_script(script, zygote, tmp_path, digits_folder):
    arguments = ("--data", digits_folder, "--epochs", 1, "--name", "a test")
    if script == "vgg16":  # which so stays at guessing
        arguments += ("--no-batch-norm",)
    if script == "4layerCNN":
        process = run_script(script, *arguments, cwd=tmp_path)
    else:
        process = zygote.run(script, *arguments, cwd=tmp_path, output=tmp_path, drawn=True)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    folder = only_run(tmp_path / "results")
    assert folder.parent.name == script and folder.name.endswith("_a-test")
    assert {path.name for path in folder.iterdir()} == FILES

    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "finished" and record["epochs_done"] == 1
    assert record["command"].startswith(f"python {script}.py --data ")
    assert record["processor"] and record["operating_system"] and record["cores"] >= 1
    assert {"keras", "numpy", "pillow", record["backend"]} <= {*record["versions"]}
    assert (folder / "script.py").read_text() == (ROOT / f"{script}.py").read_text()
    assert (folder / "common.py").read_text() == (ROOT / "common.py").read_text()
    history = pd.read_csv(folder / "history.csv")
    columns = "epoch accuracy loss val_accuracy val_loss learning_rate seconds".split()
    assert [*history.columns] == columns and len(history) == 1
    assert f"Accuracy: {record['test_accuracy']:.2%}" in process.stdout
    assert "epochs: 1 (the script's own: " in process.stdout
    assert process.stdout.count("\nepoch 1/1 ") == 1  # one line per epoch when piped
    assert str(folder.relative_to(tmp_path)) in process.stdout

    if script == "vgg16":
        assert "parameters: 33,638,218" in process.stdout
        assert "BatchNorm" not in (folder / "architecture.txt").read_text()
        assert "No better than guessing" in process.stdout

    # the saved network gives the accuracy that run.json states
    hyperparameters = common.Hyperparameters(
        **{
            field.name: record["hyperparameters"][field.name]
            for field in dataclasses.fields(common.Hyperparameters)
        }
    )
    data = common.load_data(hyperparameters)
    model = keras.models.load_model(folder / "model.keras")
    predicted = model.predict(data.x_test.astype("float32") / 255, verbose=0).argmax(axis=1)
    assert np.mean(predicted == data.y_test) == record["test_accuracy"]
    if record["data"]["images"]["validation"] == 0:  # the test set was shown as validation
        assert history.val_accuracy[0] == pytest.approx(record["test_accuracy"], abs=1e-6)
        assert history.val_loss[0] == pytest.approx(record["test_loss"], rel=1e-4)
