"""The files of a finished run, on predictions known beforehand."""

import json

import common

import numpy as np
import pandas as pd
import pytest
from PIL import Image

LABELS = np.array([0, 0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 1, 1, 2, 1, 0, 2])
MATRIX = [[1, 2, 1], [1, 1, 0], [0, 0, 1]]  # rows true, columns predicted: not symmetric


class KnownModel:
    """A network that predicts PREDICTED with a probability of 0.8."""

    weights = [common.keras.Variable(0.0)]
    layers = []

    def predict(self, batches, verbose):
        probabilities = np.full((len(PREDICTED), 3), 0.1, dtype="float32")
        probabilities[np.arange(len(PREDICTED)), PREDICTED] = 0.8
        return probabilities

    def save(self, path):
        path.write_bytes(b"weights")


@pytest.fixture
def run(tmp_path, make_hyperparameters):
    record = {"script": "known", "epochs_done": 2, "seconds": 90.0}
    folder = tmp_path / "results" / "known" / "2026-11-20_14-30-12"
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(
        "epoch,accuracy,loss,val_accuracy,val_loss,learning_rate,seconds\n"
        "1,0.25,1.5,0.5,1.25,0.1,40\n2,0.5,1.25,0.75,1.0,0.1,50\n"
    )
    return common.Run(folder, make_hyperparameters(epochs=2), record)


@pytest.fixture
def data(random):
    images = random.integers(0, 256, (7, 32, 32, 3), dtype="uint8")
    return common.Dataset(images, LABELS, images, LABELS, images, LABELS, ["ant", "b<e>", "$c$"])


@pytest.fixture
def figures(monkeypatch):
    """Return the figures drawn, by file name, before they are written."""
    drawn = {}
    save = common.save_figure

    def keep(figure, path):
        drawn[path.name] = figure
        save(figure, path)

    monkeypatch.setattr(common, "save_figure", keep)
    return drawn


def test_report_agrees_with_itself(run, data, capsys):
    common.report(run, KnownModel(), data)
    record = json.loads((run.folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["test_accuracy"] == 3 / 7
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
    common.plot_samples(run, data)
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "accuracy.png",
        "classification_report.txt",
        "confusion_matrix.csv",
        "confusion_matrix.png",
        "history.csv",
        "loss.png",
        "model.keras",
        "predictions.png",
        "run.json",
        "samples.png",
    ]
    sizes = {Image.open(run.folder / f"{name}.png").size for name in ("accuracy", "loss")}
    assert len(sizes) == 1


def test_curves(run, data, figures):
    common.report(run, KnownModel(), data)
    for metric, training, validation in (
        ("accuracy", [0.25, 0.5], [0.5, 0.75]),
        ("loss", [1.5, 1.25], [1.25, 1.0]),
    ):
        figure = figures[f"{metric}.png"]
        (axes,) = figure.axes
        assert [line.get_ydata().tolist() for line in axes.lines] == [training, validation]
        assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2], [1, 2]]
        assert axes.get_xlabel() == "epoch" and axes.get_ylabel() == metric
        assert all(tick == round(tick) for tick in axes.get_xticks())
        words = figure.get_suptitle() + "".join(text.get_text() for text in figure.texts)
        assert run.folder.name in words and "learning rate 0.1" in words
    assert figures["accuracy.png"].axes[0].get_ylim() == (0, 1)


@pytest.mark.parametrize(("num_classes", "numbers"), [(3, 9), (10, 100), (100, 0), (400, 0)])
def test_heatmap(run, figures, random, num_classes, numbers):
    names = [f"class {index}" for index in range(num_classes)]
    matrix = random.integers(0, 50, (num_classes, num_classes))
    matrix[1] = 0  # a class without test images
    common.plot_confusion_matrix(run, matrix, names)
    axes = figures["confusion_matrix.png"].axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert len(axes.texts) == numbers
    if numbers:
        shown = [int(text.get_text()) for text in axes.texts]
        assert shown == matrix.ravel().tolist()
    colors = axes.collections[0].get_array().reshape(matrix.shape)
    np.testing.assert_allclose(colors[0], matrix[0] / matrix[0].sum())
    assert not colors[1].any()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == names[:: -(-num_classes // 120)]
    width, height = Image.open(run.folder / "confusion_matrix.png").size
    assert 700 < height <= width <= 2500


def test_predictions_are_titled_and_coloured(run, data, figures):
    common.plot_predictions(run, data, PREDICTED)
    titles = {axes.get_title(): axes.title.get_color() for axes in figures["predictions.png"].axes}
    assert titles == {
        "ant\n(ant)": common.RIGHT_COLOR,
        "b<e>\n(ant)": common.WRONG_COLOR,
        "$c$\n(ant)": common.WRONG_COLOR,
        "b<e>\n(b<e>)": common.RIGHT_COLOR,
        "ant\n(b<e>)": common.WRONG_COLOR,
        "$c$\n($c$)": common.RIGHT_COLOR,
    }


def test_samples(run, figures, random):
    images = random.integers(0, 256, (40, 32, 32, 3), dtype="uint8")
    labels = np.arange(40) % 10
    names = [f"c{label}" for label in range(10)]
    data = common.Dataset(images, labels, images, labels, images, labels, names)
    common.plot_samples(run, data)
    grid = figures["samples.png"].axes
    assert [axes.get_title() for axes in grid] == names
    assert grid[0].get_subplotspec().get_gridspec().get_geometry() == (2, 5)
    many = common.dataclasses.replace(data, y_train=np.arange(40) * 5, class_names=["c"] * 250)
    common.plot_samples(run, many)
    assert len(figures["samples.png"].axes) == 14  # every third of the classes
    common.plot_samples(run, data, first_images=36)
    grid = figures["samples.png"].axes
    assert grid[0].get_subplotspec().get_gridspec().get_geometry() == (3, 12)
    for axes, image in zip(grid, images[:36], strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)
