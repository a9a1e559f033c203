"""predict.py --export: the network takes uint8 images and answers with the run's probabilities."""

import shutil
import sys

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest
from made_runs import change_record

from internals.data.image_file import read_image
from internals.prediction import export
from internals.prediction.arguments import Options, check
from internals.runs.run_reader import read_run


@pytest.fixture
def run(wide_run, tmp_path):
    """Return the run, whose folder is a copy."""
    return read_run(shutil.copytree(wide_run, tmp_path / "copy" / wide_run.name))


@pytest.fixture
def images(run, wide_photos):
    return np.array([read_image(wide_photos / name) for name in run.predictions.image])


def ask_saved_model(path, images):
    """Return what a SavedModel answers, by TensorFlow alone."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return loaded.serve(tf.constant(images)).numpy()


def test_saved_model_answers_as_the_run_did(run, images, tmp_path, capsys):
    export.export(run, str(tmp_path / "network"), common.normalise)
    said = capsys.readouterr().out
    assert "takes:   images, uint8 (n, 32, 32, 3), red, green, blue from 0 to 255\n" in said
    assert "answers: probabilities (n, 2) of left, right\n" in said
    assert "checked: on 8 images the largest difference of a probability is " in said
    found = ask_saved_model(tmp_path / "network", images)
    assert found.max(axis=1) == pytest.approx(run.predictions.probability, abs=1e-5)
    names = np.array(["left", "right"])[found.argmax(axis=1)]
    assert names.tolist() == run.predictions.predicted.tolist()
    assert {path.name for path in tmp_path.iterdir()} == {"copy", "network"}


def test_logits_and_mirror_images(run, images, tmp_path):
    model = keras.models.load_model(run.folder / "model.keras")
    model.layers[-1].activation = keras.activations.linear
    model.save(run.folder / "model.keras")
    change_record(run.folder, logits=True, outputs="logits")
    hyperparameters = run.record["hyperparameters"] | {"flip_test": True}
    run = read_run(change_record(run.folder, hyperparameters=hyperparameters))
    export.export(run, str(tmp_path / "network"), common.normalise)
    found = ask_saved_model(tmp_path / "network", images)
    np.testing.assert_allclose(found, 0.5, atol=1e-3)  # its left end is the mirror image's right


def test_onnx_answers_as_the_run_did(run, images, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    export.export(run, str(tmp_path / "network.onnx"), common.normalise)
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    (found,) = session.run(None, {"images": images})
    assert found.max(axis=1) == pytest.approx(run.predictions.probability, abs=1e-5)


def test_missing_package(run, tmp_path, monkeypatch, capsys):
    for name in ("onnx", "tf2onnx"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit) as stop:
        export.export(run, str(tmp_path / "network.onnx"), common.normalise)
    message = capsys.readouterr().err
    assert stop.value.code == 2 and message.count("\n") == 1
    assert "which is not installed" in message and "python -m pip install onnx==" in message
    assert {path.name for path in tmp_path.iterdir()} == {"copy"}


def test_wrong_export_is_not_kept(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export, "run_exported", lambda *_: np.zeros((8, 2)))
    with pytest.raises(SystemExit) as stop:
        export.export(run, str(tmp_path / "network"), common.normalise)
    assert stop.value.code == 1 and "answers otherwise" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"copy"}


def test_place_of_an_export(tmp_path, capsys):
    (tmp_path / "there.onnx").write_text("mine")
    for name, words in (
        ("there.onnx", "which exists already; it must be the name of a new one"),
        (".", "exists already"),
        ("network.keras", "it must end in .onnx, or be a folder's name without a suffix"),
        ("no/network.onnx", "there is no folder"),
    ):
        with pytest.raises(SystemExit) as stop:
            check(Options(run="known", export=str(tmp_path / name)))
        message = capsys.readouterr().err
        assert stop.value.code == 2 and words in message and message.count("\n") == 1
    check(Options(run="known", export=str(tmp_path / "new")))
    with pytest.raises(SystemExit):
        check(Options(run="known", export=str(tmp_path / "new"), labelled="folder"))
    assert (tmp_path / "there.onnx").read_text() == "mine"
