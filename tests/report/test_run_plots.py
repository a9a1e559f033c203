"""The pictures of a run, on predictions known beforehand."""

import dataclasses
import math

import common

import numpy as np
import pytest
from color_vision import contrast
from conftest import KnownModel, import_script
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from PIL import Image

from internals.core.palette import RIGHT_COLOR, WRONG_COLOR
from internals.report import image_grids, run_plots
from internals.report.style import (
    black_or_white,
    choose_epochs,
    drawable,
    keep_labels_inside,
    name_run,
    new_figure,
    save_figure,
    short_names,
    wrap,
)
from internals.training.run_summary import format_hyperparameters


def test_names_in_plots():
    names = ["cat", "y" * 30, "\U00010400"]  # the last one is in no font that plots use
    assert short_names(names, 10) == ["cat", "yyyyy…yyyy", "class 2"]


@pytest.fixture
def figures(monkeypatch):
    """Return the figures drawn, by file name, before they are written."""
    drawn = {}

    def keep(figure, path):
        drawn[path.name] = figure
        save_figure(figure, path)

    for room in (run_plots, image_grids):
        monkeypatch.setattr(room, "save_figure", keep)
    return drawn


def words_of(figure):
    return "\n".join(text.get_text() for text in figure.texts)


def test_curves(run, data, figures):
    common.report(run, KnownModel(), data)
    for metric, training, validation in (
        ("accuracy", [0.25, 0.5], [0.5, 0.75]),
        ("loss", [1.5, 1.25], [1.25, 1.0]),
    ):
        figure = figures[f"{metric}.png"]
        (axes,) = figure.axes
        assert [line.get_ydata().tolist() for line in axes.lines[:2]] == [training, validation]
        assert [line.get_xdata().tolist() for line in axes.lines[:2]] == [[1, 2], [1, 2]]
        assert axes.get_xlabel() == "epoch" and axes.get_ylabel() == metric
        assert axes.get_xticks().tolist() == [1, 2]
        assert run.folder.name in words_of(figure) and "learning rate 0.1" in words_of(figure)
        thick, thin = axes.lines[:2]  # which lies on the other, and both are seen
        assert thick.get_linewidth() > 1.5 * thin.get_linewidth()
        assert thick.get_markersize() > 1.5 * thin.get_markersize()
    low, high = figures["accuracy.png"].axes[0].get_ylim()
    assert -0.05 < low < 0 and 1 < high < 1.05
    labels = [label.get_text() for label in figures["accuracy.png"].axes[0].get_yticklabels()]
    assert "20%" in labels and "100%" in labels


def draw_loss(run, data, figures, losses, classes, **hyperparameters):
    """Draw loss.png of these losses; return its axes, and the names in its legend."""
    rows = [f"{n},0.5,{loss},0.5,{loss},0.1,9" for n, loss in enumerate(losses, 1)]
    header = "epoch,accuracy,loss,val_accuracy,val_loss,learning_rate,seconds"
    (run.folder / "history.csv").write_text("\n".join([header, *rows]) + "\n")
    run.hyperparameters = run.hyperparameters.but(**hyperparameters)
    run_plots.plot_history(run, "loss", dataclasses.replace(data, class_names=["c"] * classes))
    (axes,) = figures["loss.png"].axes
    return axes, [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("losses", "classes", "marked"),
    [
        ([2.3026, 2.3027, 2.3026], 10, True),  # it only guesses: the curve is the line
        ([1.8, 0.9, 0.01], 10, True),
        ([1.5, 0.9, 0.01], 10, False),  # the line would be far above
        ([0.7, 0.3], 2, True),
        ([9.5, 3.1], 2, True),
        ([0.0, 0.0], 2, False),
        ([float("nan"), float("inf")], 2, False),
    ],
)
def test_loss_of_a_network_that_guesses(run, data, figures, losses, classes, marked):
    axes, names = draw_loss(run, data, figures, losses, classes)
    lines = [line.get_ydata()[0] for line in axes.lines[2:]]
    assert lines == ([pytest.approx(math.log(classes))] if marked else [])
    assert names[2:] == [f"guessing: ln {classes} = {math.log(classes):.2f}"] * marked
    low, high = axes.get_ylim()
    inside = [loss for loss in [*losses, *lines] if math.isfinite(loss)]
    assert all(low + 0.02 * high < loss < 0.97 * high for loss in inside)


def test_smoothed_labels_are_named_where_they_change_the_curve(run, data, figures):
    run.record["best_epoch"] = 1
    data = dataclasses.replace(data, x_validation=data.x_test.copy())
    axes, names = draw_loss(run, data, figures, [7.0], 1000, label_smoothing=0.1)
    assert names[0] == "training (labels smoothed)" and len(names) == 4
    assert axes.get_legend().get_window_extent().x0 > 0
    run_plots.plot_history(run, "accuracy", data)
    legend = figures["accuracy.png"].axes[0].get_legend()
    assert legend.get_texts()[0].get_text() == "training"


@pytest.mark.parametrize(
    ("last", "named"),
    [
        (1, [1]),
        (3, [1, 2, 3]),
        (12, [*range(1, 13)]),
        (20, [1, 5, 10, 15, 20]),
        (50, [1, *range(5, 51, 5)]),
        (100, [1, *range(10, 101, 10)]),
        (350, [1, *range(50, 351, 50)]),
    ],
)
def test_epochs_that_are_named(last, named):
    assert choose_epochs(last) == named


@pytest.mark.parametrize(("num_classes", "numbers"), [(2, 4), (10, 100), (26, 0)])
def test_confusion_matrix(run, figures, random, num_classes, numbers):
    names = [f"class {index}" for index in range(num_classes)]
    matrix = random.integers(0, 5, (num_classes, num_classes))
    matrix += 90 * np.eye(num_classes, dtype=int)
    matrix[1] = 0  # a class without test images
    run_plots.plot_confusion_matrix(run, matrix, names)
    axes, *bars = figures["confusion_matrix.png"].axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert [bar.get_ylabel().split(",")[0] for bar in bars] == ["right", "wrong"]
    shown = {text.get_position()[::-1]: text.get_text() for text in axes.texts if text.get_text()}
    expected = {(y + 0.5, x + 0.5): str(n) for (y, x), n in np.ndenumerate(matrix) if n}
    assert shown == (expected if numbers else {})
    right, wrong = (mesh.get_array().reshape(matrix.shape) for mesh in axes.collections[:2])
    shares = 100 * matrix[0] / matrix[0].sum()
    assert right[0, 0] == pytest.approx(shares[0]) and not right.mask[0, 0]
    np.testing.assert_allclose(wrong[0].filled(0)[1:], shares[1:])
    assert right.mask[~np.eye(num_classes, dtype=bool)].all() and wrong.mask.diagonal().all()
    assert not np.ma.filled(wrong[1], 0).any()
    most = axes.collections[1].get_clim()[1]
    assert most == pytest.approx(wrong.max())  # a scale of their own, and much smaller
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    width, height = Image.open(run.folder / "confusion_matrix.png").size
    assert 1400 < height <= width <= 2000


def test_large_confusion_matrix(run, monkeypatch):
    drawn = []
    monkeypatch.setattr(run_plots, "save_figure", lambda figure, path: drawn.append(figure))
    names = [f"class {index}" for index in range(400)]
    run_plots.plot_confusion_matrix(run, np.ones((400, 400), dtype=int), names)
    (figure,) = drawn
    assert 4000 < figure.bbox.x1 < 5000
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == names[::4]  # a name needs room to be read


def test_names_stay_inside_the_confusion_matrix(run, figures):
    names = ["a name that is not short", *"abcdefghi"]
    run_plots.plot_confusion_matrix(run, 1000 * np.eye(10, dtype=int), names)
    figure = figures["confusion_matrix.png"]
    places = [axes.get_tightbbox() for axes in figure.axes]
    assert min(place.x0 for place in places) >= 0 and min(place.y0 for place in places) >= 0
    assert max(place.x1 for place in places) <= figure.bbox.x1


def pictures_of(figure):
    """Return the (image, title) that a grid shows, of pixels that are six dots wide."""
    shown = figure.images[0].get_array()
    for text in figure.axes[0].texts:
        x, y = text.get_position()
        left, top = round(x - 95.5), round(y + 10)
        yield shown[top : top + 192 : 6, left : left + 192 : 6], text.get_text()


def test_predictions_are_titled_and_coloured(run, data, figures):
    image_grids.plot_predictions(run, data, KnownModel().predict(None, 0))
    (axes,) = figures["predictions.png"].axes
    assert {text.get_text(): text.get_color() for text in axes.texts} == {
        "✓ ant, 80%\n(ant)": RIGHT_COLOR,
        "✗ b<e>, 80%\n(ant)": WRONG_COLOR,
        "✗ $c$, 80%\n(ant)": WRONG_COLOR,
        "✓ b<e>, 80%\n(b<e>)": RIGHT_COLOR,
        "✗ ant, 80%\n(b<e>)": WRONG_COLOR,
        "✓ $c$, 80%\n($c$)": RIGHT_COLOR,
    }
    words = words_of(figures["predictions.png"])
    assert "✓ and blue: right, ✗ and orange: wrong" in words
    assert words.startswith("known: accuracy 42.9 %; of these 7, 3 are right")
    chosen = image_grids.choose_shown(data, 7)
    for (shown, title), index in zip(pictures_of(figures["predictions.png"]), chosen, strict=True):
        np.testing.assert_array_equal(shown, data.x_test[index])
        assert title.endswith(f"({data.class_names[data.y_test[index]]})")


@pytest.mark.parametrize("length", [5, 40])
def test_titles_do_not_overlap(run, figures, random, length):
    images, labels = random.integers(0, 256, (40, 32, 32, 3), dtype="uint8"), np.arange(40) % 2
    names = ["W" * length, "M" * length]
    data = common.Dataset(images, labels, images, labels, images, labels, names)
    image_grids.plot_predictions(run, data, np.eye(2)[1 - labels])
    figure = figures["predictions.png"]
    extents = [text.get_window_extent() for text in figure.axes[0].texts]
    for one, other in zip(extents, extents[1:]):
        assert one.x1 < other.x0 or one.y0 > other.y1
    assert min(extent.x0 for extent in extents) > 0
    assert max(extent.x1 for extent in extents) < figure.bbox.x1 < 2800


def test_large_images_are_made_smaller(random):
    images = random.integers(0, 256, (2, 300, 200, 3), dtype="uint8")
    assert image_grids.fit(images, 1).shape == (2, 200, 133, 3)
    assert image_grids.fit(images[:0], 1).shape == (0, 200, 133, 3)


@pytest.mark.parametrize(
    ("classes", "blocks", "each"), [(2, 1, 12), (10, 1, 12), (25, 2, 6), (60, 4, 3)]
)
def test_samples_of_each_class(run, figures, random, classes, blocks, each):
    images = random.integers(0, 256, (500, 32, 32, 3), dtype="uint8")
    labels = np.arange(500) % classes
    labels[labels == 1] = 0  # a class without images
    labels[:3] = 1, 0, 0  # ... but one
    names = [f"c{label}" for label in range(classes)]
    data = common.Dataset(images, labels, images, labels, images, labels, names)
    image_grids.plot_samples(run, data)
    figure = figures["samples.png"]
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == names
    assert len(figure.axes) == blocks
    title, words = (text.get_text() for text in figure.texts)
    assert title == "digits: training images of each class"
    assert words == f"500 training images, {classes} classes"
    for axes, image in zip(figure.axes, figure.images, strict=True):
        shown = image.get_array()
        assert shown.shape[1] == each * 136 - 8
        for text in axes.texts:
            top = round(text.get_position()[1] - 64)
            own = images[labels == names.index(text.get_text())][:each]
            places = range(0, 136 * each, 136)
            row = [shown[top : top + 128 : 4, left : left + 128 : 4] for left in places]
            np.testing.assert_array_equal(row[: len(own)], own)
            assert np.min(row[len(own) :], initial=255) == 255


def test_samples_of_many_classes_and_in_their_order(run, figures, random):
    images = random.integers(0, 256, (40, 32, 32, 3), dtype="uint8")
    labels, names = np.arange(40) * 5, [f"c{label}" for label in range(250)]
    data = common.Dataset(images, labels, images, labels, images, labels, names)
    image_grids.plot_samples(run, data)
    shown = [text.get_text() for axes in figures["samples.png"].axes for text in axes.texts]
    assert shown == names[::3]
    assert "84 of the 250 classes" in words_of(figures["samples.png"])
    image_grids.plot_samples(run, data, first_images=36)
    (axes,) = figures["samples.png"].axes
    assert len({text.get_position()[0] for text in axes.texts}) == 12
    shown_first = pictures_of(figures["samples.png"])
    for (shown, title), image, label in zip(shown_first, images[:36], labels, strict=False):
        np.testing.assert_array_equal(shown, image)
        assert title == names[label]
    assert "the first 36 training images" in words_of(figures["samples.png"])


@pytest.mark.parametrize("width", [4, 8])
def test_details_stay_inside_the_figure(run, width):
    values = import_script("udacity_cnn").MODERN.but(precision="bfloat16")
    run.caption = format_hyperparameters(values, {})
    figure = new_figure("title", name_run(run), width, 3)
    title, details = figure.texts
    assert "bfloat16" in details.get_text() and len(details.get_text().splitlines()) > 2
    FigureCanvasAgg(figure).draw()
    assert details.get_window_extent().x1 <= figure.bbox.x1
    assert 600 < details.get_window_extent().y0 < 660  # above the room that was asked for
    assert title.get_window_extent().y0 > details.get_window_extent().y1


@pytest.mark.parametrize("title", ["a long title " * 9, "W" * 90, "响尾蛇" * 40, "short"])
def test_no_title_is_cut(title, tmp_path):
    figure = new_figure(title, ["small print " * 30], 4, 3)
    save_figure(figure, tmp_path / "title.png")
    place = figure.texts[0].get_window_extent()
    assert place.x1 <= figure.bbox.x1 <= 1400 and place.y1 <= figure.bbox.y1
    assert place.y0 > figure.texts[1].get_window_extent().y1
    assert "".join(figure.texts[0].get_text().split()) == "".join(drawable(title).split())


def test_a_number_keeps_its_percent_sign():
    for inches in np.arange(0.5, 3, 0.1):
        assert not any(line.startswith("%") for line in wrap("accuracy of 71.3 % today", inches, 8))


@pytest.mark.parametrize(
    ("record", "metric", "title"),
    [
        ({}, "accuracy", "known: validation accuracy 75.0 % after 2 epochs"),  # in training
        ({"test_accuracy": 0.713}, "accuracy", "known: test accuracy 71.3 % after 2 epochs"),
        ({"test_loss": 0.84214}, "loss", "known: test loss 0.8421 after 2 epochs"),
        (
            {"test_accuracy": 0.713, "best_epoch": 1},
            "accuracy",
            "known: test accuracy 71.3 % with the weights of epoch 1",
        ),
    ],
)
def test_curves_state_the_result(run, data, figures, record, metric, title):
    run.record |= record
    run_plots.plot_history(run, metric, data)
    assert figures[f"{metric}.png"].texts[0].get_text() == title


def test_labels_of_any_length_are_not_cut(run, data, figures):
    axes, _ = draw_loss(run, data, figures, [123456.5, 123456.75], 1000)
    axes.set_ylim(123456.123, 123456.124)
    axes.ticklabel_format(useOffset=False)
    keep_labels_inside(axes.figure)
    assert axes.get_tightbbox().x0 >= 0
    assert axes.get_position().x1 == pytest.approx(7.85 / 8)  # the right edge stays


def test_matrix_states_the_worst_mistake(run, figures):
    matrix, names = np.array([[3, 0], [1, 4]]), ["left", "right"]
    run_plots.plot_confusion_matrix(run, matrix, names)
    figure = figures["confusion_matrix.png"]
    title = figure.texts[0].get_text().replace("\n", " ")
    assert title == "known: accuracy 87.5 %; most often wrong: right called left, once"
    assert min(text.get_fontsize() for text in figure.axes[0].texts) > 18  # two classes have room
    assert run_plots.name_worst(np.diag([3, 4]), names) == ""


@pytest.mark.parametrize("colors", [run_plots.RIGHT_COLORS, run_plots.WRONG_COLORS])
def test_numbers_are_read_on_every_shade(colors):
    for share in np.linspace(0, 1, 101):
        shade = colors(share)
        assert contrast(to_hex(shade), to_hex(black_or_white(shade))) > 4.5


def test_pictures_have_200_dots_an_inch(run, data):
    run_plots.plot_history(run, "loss", data)
    with Image.open(run.folder / "loss.png") as image:
        assert image.width == 200 * 8 and image.info["dpi"] == pytest.approx((200, 200), abs=0.1)
