"""The pictures of a run, on predictions known beforehand."""

import dataclasses

import common

import numpy as np
import pytest
from conftest import KnownModel, import_script
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from internals import plots
from internals.figures import new_figure, save_figure, short_names


def test_names_in_plots():
    names = ["cat", "y" * 30, "\U00010400"]  # the last one is in no font that plots use
    assert short_names(names, 10) == ["cat", "y" * 9 + "…", "class 2"]


@pytest.fixture
def figures(monkeypatch):
    """Return the figures drawn, by file name, before they are written."""
    drawn = {}
    save = save_figure

    def keep(figure, path):
        drawn[path.name] = figure
        save(figure, path)

    monkeypatch.setattr(plots, "save_figure", keep)
    return drawn


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
    plots.plot_confusion_matrix(run, matrix, names)
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
    plots.plot_predictions(run, data, KnownModel().predict(None, 0))
    titles = {axes.get_title(): axes.title.get_color() for axes in figures["predictions.png"].axes}
    assert titles == {
        "ant, 80%\n(ant)": plots.RIGHT_COLOR,
        "b<e>, 80%\n(ant)": plots.WRONG_COLOR,
        "$c$, 80%\n(ant)": plots.WRONG_COLOR,
        "b<e>, 80%\n(b<e>)": plots.RIGHT_COLOR,
        "ant, 80%\n(b<e>)": plots.WRONG_COLOR,
        "$c$, 80%\n($c$)": plots.RIGHT_COLOR,
    }


def test_samples(run, figures, random):
    images = random.integers(0, 256, (40, 32, 32, 3), dtype="uint8")
    labels = np.arange(40) % 10
    names = [f"c{label}" for label in range(10)]
    data = common.Dataset(images, labels, images, labels, images, labels, names)
    plots.plot_samples(run, data)
    grid = figures["samples.png"].axes
    assert [axes.get_title() for axes in grid] == names
    assert grid[0].get_subplotspec().get_gridspec().get_geometry() == (2, 5)
    many = dataclasses.replace(data, y_train=np.arange(40) * 5, class_names=["c"] * 250)
    plots.plot_samples(run, many)
    assert len(figures["samples.png"].axes) == 14  # every third of the classes
    plots.plot_samples(run, data, first_images=36)
    grid = figures["samples.png"].axes
    assert grid[0].get_subplotspec().get_gridspec().get_geometry() == (3, 12)
    for axes, image in zip(grid, images[:36], strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)


@pytest.mark.parametrize("width", [4, 8])
def test_details_stay_inside_the_figure(run, width):
    run.hyperparameters = import_script("udacity_cnn").MODERN.but(precision="bfloat16")
    figure = new_figure(run, "title", width=width)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    details = figure.texts[-1]  # after the title
    assert "bfloat16" in details.get_text() and len(details.get_text().splitlines()) > 2
    assert details.get_window_extent().x1 <= figure.bbox.x1
