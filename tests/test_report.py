"""The files of a finished run, on predictions known beforehand."""

import json

import common

import numpy as np
import pandas as pd
import pytest
from conftest import KnownModel, save_images
from PIL import Image

from internals.data.cifar import CIFAR10_CLASS_NAMES
from internals.report import image_grids, run_plots
from internals.runs.run import read_record

pytestmark = pytest.mark.usefixtures("eager")


def test_failed_picture_costs_nothing_else(
    start, make_hyperparameters, small_data, monkeypatch, capsys
):
    def plot_history(run, *arguments):
        raise RuntimeError("no ink")

    monkeypatch.setattr(run_plots, "plot_history", plot_history)
    run, model = start(make_hyperparameters())
    common.report(run, model, small_data)
    assert "plot_history drew nothing: RuntimeError('no ink')" in capsys.readouterr().err
    names = {path.name for path in run.folder.iterdir()}
    assert {"model.keras", "history.csv", "confusion_matrix.png", "predictions.png"} <= names
    assert read_record(run.folder)["status"] == "finished"
    assert not (run.folder / "accuracy.png").exists()


@pytest.mark.filterwarnings("error:Glyph")  # a letter that no font has
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
    assert read_record(run.folder)["data"]["class_names"] == data.class_names
    table = pd.read_csv(run.folder / "confusion_matrix.csv", index_col=0, dtype=str)
    assert [*table.index] == [*table.columns] == data.class_names
    report = (run.folder / "classification_report.txt").read_text(encoding="utf-8")
    assert all(f"{name} " in report for name in data.class_names)


MATRIX = [[1, 2, 1], [1, 1, 0], [0, 0, 1]]  # rows true, columns predicted: not symmetric


def test_report_agrees_with_itself(run, data, capsys):
    common.report(run, KnownModel(), data)
    record = json.loads((run.folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["test_accuracy"] == 3 / 7
    assert record["expected_calibration_error"] == pytest.approx(0.8 - 3 / 7)
    by_hand = -(3 * np.log(0.8) + 4 * np.log(0.1)) / 7
    assert record["test_loss"] == pytest.approx(by_hand, rel=1e-5)
    table = pd.read_csv(run.folder / "confusion_matrix.csv", index_col=0)
    assert table.to_numpy().tolist() == MATRIX
    assert [*table.index] == [*table.columns] == data.class_names
    assert np.trace(table) / table.to_numpy().sum() == record["test_accuracy"]
    report = (run.folder / "classification_report.txt").read_text()
    assert " ".join(report.split()).find("accuracy 0.4286 7") > 0
    assert "ant 0.5000 0.2500 0.3333 4" in " ".join(report.split())  # 1 of 2 named, 1 of 4 found
    assert "Accuracy: 42.86%" in capsys.readouterr().out


def test_files_of_a_run(run, data):
    common.report(run, KnownModel(), data)
    image_grids.plot_samples(run, data)
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "accuracy.png",
        "calibration.png",
        "classification_report.txt",
        "confusion_matrix.csv",
        "confusion_matrix.png",
        "features.png",
        "history.csv",
        "loss.png",
        "mistakes.png",
        "model.keras",
        "predictions.csv",
        "predictions.png",
        "run.json",
        "samples.png",
    ]
    sizes = {Image.open(run.folder / f"{name}.png").size for name in ("accuracy", "loss")}
    assert len(sizes) == 1


def test_predictions_name_each_test_image(run, data):
    common.report(run, KnownModel(), data)
    table = pd.read_csv(run.folder / "predictions.csv")
    assert [*table.columns] == ["image", "true", "predicted", "probability", "true_probability"]
    assert table.image.tolist() == [*range(7)]
    assert table.true.tolist() == [data.class_names[label] for label in data.y_test]
    assert (table.true == table.predicted).sum() == 3
    np.testing.assert_allclose(table.probability, 0.8)
    right = table.true == table.predicted
    np.testing.assert_allclose(table.true_probability, np.where(right, 0.8, 0.1))


def test_ten_thousand_predictions_are_small(run, random):
    probabilities = random.dirichlet(np.full(10, 0.1), 10_000).astype("float32")
    labels = random.integers(0, 10, 10_000)
    images = np.zeros((10_000, 1, 1, 3), "uint8")
    names = CIFAR10_CLASS_NAMES
    run.save_predictions(
        common.Dataset(images, labels, images, labels, images, labels, names), probabilities
    )
    assert (run.folder / "predictions.csv").stat().st_size < 600_000
