"""What a trained network is sure of and sees, on networks and predictions known beforehand."""

import dataclasses
import math
import re

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest
from conftest import ROOT, KnownModel

from internals.core.intervals import interval_of_share
from internals.report import calibration, feature_maps, image_grids, run_plots

layers = keras.layers


def probabilities_of(sure, predicted, classes=4):
    """Return probabilities (n, classes) whose largest are `sure`, of the classes `predicted`."""
    table = np.repeat((1 - np.array(sure))[:, np.newaxis] / (classes - 1), classes, axis=1)
    table[np.arange(len(sure)), predicted] = sure
    return table.astype("float32")


def test_calibration_by_hand():
    sure = [0.95, 0.93, 0.91, 0.55, 0.51]
    means, shares, counts, error = calibration.calibration_curve_of(
        probabilities_of(sure, [0, 1, 2, 3, 0]), np.array([0, 1, 3, 3, 1])
    )
    np.testing.assert_allclose(means, [0.53, 0.93], rtol=1e-6)
    np.testing.assert_allclose(shares, [1 / 2, 2 / 3])
    assert counts.tolist() == [2, 3]
    assert error == pytest.approx((2 * 0.03 + 3 * (0.93 - 2 / 3)) / 5)


@pytest.mark.parametrize(("right", "error"), [(True, 0.2), (False, 0.8)])
@pytest.mark.parametrize("count", [1, 50])
def test_calibration_of_perfect_and_hopeless_networks(right, error, count):
    labels = np.zeros(count, dtype="int64")
    probabilities = probabilities_of([0.8] * count, labels if right else labels + 1)
    means, shares, counts, found = calibration.calibration_curve_of(probabilities, labels)
    assert (shares.tolist(), counts.tolist()) == ([float(right)], [count])
    assert found == pytest.approx(error)


@pytest.mark.parametrize("count", [1, 7])
def test_calibration_of_few_images_is_drawn(run, count):
    labels = np.arange(count) % 2
    sure = np.linspace(0.3, 0.9, count)
    run_plots.plot_calibration(run, probabilities_of(sure, labels), labels)
    assert (run.folder / "calibration.png").exists()


def test_calibration_takes_what_rounding_and_overflow_leave():
    labels = np.array([0, 1])
    over = np.array([[np.float32(1.0000001), 0], [np.nan, np.nan]], dtype="float32")
    assert math.isfinite(calibration.calibration_curve_of(over, labels)[-1])


def test_interval_of_a_share_by_hand():
    assert interval_of_share(0, 10) == (0, pytest.approx(1 - 0.025**0.1))
    assert interval_of_share(10, 10) == (pytest.approx(0.025**0.1), 1)


# ------------------------------------------------------------------------------------------------
# Mistakes


def test_surest_mistakes_come_first():
    sure = [0.7, 0.9, 0.99, 0.8, 0.9]
    probabilities = probabilities_of(sure, [1, 1, 0, 1, 1])
    wrong = feature_maps.find_most_confident_mistakes(probabilities, np.zeros(5, dtype=int), most=3)
    assert wrong.tolist() == [1, 4, 3]  # the third image is named rightly


@pytest.fixture
def titles(monkeypatch):
    """Return the titles drawn, by file name."""
    drawn, save = {}, image_grids.save_figure

    def keep(figure, path):
        drawn[path.name] = [text.get_text() for axes in figure.axes for text in axes.texts]
        drawn[path.name] += [axes.get_title("left") for axes in figure.axes]
        drawn[path.name] += [text.get_text() for text in figure.texts]
        save(figure, path)

    monkeypatch.setattr(image_grids, "save_figure", keep)
    return drawn


def test_mistakes_name_classes_probability_and_image(run, data, titles):
    predicted = KnownModel().predict(None, 0)
    image_grids.plot_mistakes(run, data, predicted)
    assert titles["mistakes.png"][:4] == [
        "✗ b<e>, 80.0%\n(ant)\nimage 1",
        "✗ b<e>, 80.0%\n(ant)\nimage 2",
        "✗ $c$, 80.0%\n(ant)\nimage 3",
        "✗ ant, 80.0%\n(b<e>)\nimage 5",
    ]
    paths = np.array([f"test/ant/{index:040d}.png" for index in range(7)])
    image_grids.plot_mistakes(run, dataclasses.replace(data, test_names=paths), predicted)
    path = titles["mistakes.png"][0].splitlines()[-1]
    assert path[0] == "…" and paths[1].endswith(path[1:]) and len(path) == 30


def test_wrong_label_comes_first_in_the_documents_way(run, data, capsys):
    paths = np.array([f"test/{index}.png" for index in range(7)])
    probabilities = probabilities_of([0.9] * 7, data.y_test, classes=3)
    probabilities[4] = [0.99, 0.005, 0.005]
    run.save_predictions(dataclasses.replace(data, test_names=paths), probabilities)
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    (command,) = re.findall(r'^python -c "(import pandas.*)"$', text, re.MULTILINE)
    exec(re.sub(r"'results/.*?csv'", repr(str(run.folder / "predictions.csv")), command))
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["4", "test/4.png", "b<e>"]


def test_no_mistakes(run, data, titles):
    image_grids.plot_mistakes(run, data, probabilities_of([0.9] * 7, data.y_test, classes=3))
    assert "none: all 7 test images are named rightly" in titles["mistakes.png"]


# ------------------------------------------------------------------------------------------------
# Kernels and maps


def network(*parts):
    return keras.Sequential([keras.Input((32, 32, 3)), *parts])


def residual_network():
    image = keras.Input((32, 32, 3))
    first = layers.Conv2D(4, 3, padding="same")(image)
    both = layers.Add()([first, layers.Conv2D(4, 3, padding="same")(first)])
    return keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(both)))


EDITED = {  # network: the sizes of its blocks' maps, and how many kernels there are to see
    "strided": (
        lambda: network(
            layers.Conv2D(4, 3, strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(30, 3, strides=2),
            layers.GlobalAveragePooling2D(),
        ),
        [(15, 15, 4), (7, 7, 30)],
        4,
    ),
    "prepared first": (
        lambda: network(
            layers.AveragePooling2D(2),
            layers.Rescaling(2, offset=-1),
            keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(4, 3, strides=2)]),
            layers.GlobalAveragePooling2D(),
        ),
        [(7, 7, 4)],
        4,
    ),
    "one convolution": (lambda: network(layers.Conv2D(1, 1), layers.Flatten()), [(32, 32, 1)], 1),
    "depthwise": (lambda: network(layers.DepthwiseConv2D(3)), [(30, 30, 3)], None),
    "residual": (residual_network, [(32, 32, 4)], 4),
    "linear": (lambda: network(layers.Flatten(), layers.Dense(3)), [], 3),
    "nothing to see": (lambda: network(layers.Flatten(), layers.Activation("softmax")), [], None),
}


@pytest.mark.parametrize("name", EDITED)
def test_features_of_edited_networks(run, data, name, titles):
    build, shapes, kernels = EDITED[name]
    model = build()
    maps = feature_maps.find_maps(model, common.normalise(data.x_test[:1]))
    assert [each.shape for each in maps] == shapes
    found = feature_maps.find_kernels(model, data.image_shape)
    assert (None if found is None else len(found)) == kernels
    image_grids.plot_features(run, model, data, common.normalise)
    drawn = "".join(titles["features.png"])
    assert drawn.count("after the convolutions of block") == len(shapes)
    assert ("patterns of the first layer" in drawn) == (kernels is not None)
    assert ("there is no convolution" in drawn) == (name == "nothing to see")
    assert (run.folder / "features.png").exists()


def test_maps_and_kernels_are_the_networks_own(data):
    """A kernel of one pixel that adds twice the red to a quarter of the blue, seen through both."""
    model = network(layers.Conv2D(1, 1, use_bias=False), layers.MaxPooling2D(), layers.Flatten())
    model.layers[0].kernel.assign(np.array([2.0, 0.0, 0.25]).reshape(1, 1, 3, 1))
    (maps,) = feature_maps.find_maps(model, common.normalise(data.x_test[3:4]))
    red, _, blue = np.moveaxis(data.x_test[3] / 255, -1, 0)
    np.testing.assert_allclose(maps[:, :, 0], 2 * red + 0.25 * blue, rtol=1e-5)
    kernels = feature_maps.find_kernels(model, data.image_shape)
    np.testing.assert_allclose(kernels.ravel(), [1, 0.5, 0.5625])


def test_maps_in_other_precisions(data):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = network(layers.Conv2D(2, 3), layers.MaxPooling2D())
    finally:
        keras.config.set_dtype_policy("float32")
    (maps,) = feature_maps.find_maps(model, common.normalise(data.x_test[:1]))
    assert maps.dtype == np.float32 and maps.shape == (30, 30, 2)
