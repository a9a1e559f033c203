"""Muon: its iteration against NumPy's SVD, its updates against Keras's own, and what it trains."""

import dataclasses
import signal

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest
from conftest import send

from internals.training.muon import Muon

STEPS = 5


def orthogonalise(matrix):
    result = Muon().zeropower_via_newtonschulz5(keras.ops.convert_to_tensor(matrix), STEPS)
    return keras.ops.convert_to_numpy(result)


@pytest.mark.parametrize("shape", [(288, 64), (27, 64), (40, 40), (9, 1)])
def test_iteration_keeps_the_directions_and_evens_their_sizes(random, shape):
    """NumPy finds directions and singular values; the polynomial is that of Jordan and others."""
    matrix = random.normal(size=shape).astype("float32")
    left, sizes, right = np.linalg.svd(matrix.astype("float64"), full_matrices=False)
    expected = sizes / np.linalg.norm(matrix)
    for _ in range(STEPS):
        expected = 3.4445 * expected - 4.7750 * expected**3 + 2.0315 * expected**5
    np.testing.assert_allclose(orthogonalise(matrix), left * expected @ right, atol=2e-4)
    large = sizes / np.linalg.norm(matrix) > 0.01
    assert np.all((0.5 < expected[large]) & (expected[large] < 1.5))  # as its authors state


def test_matrix_of_zeros_stays():
    assert not orthogonalise(np.zeros((6, 4), "float32")).any()


def test_updates_are_those_of_keras_for_a_matrix(random):
    """A kernel of 1 x 1 is a matrix, and Keras's own Muon takes matrices."""
    start = random.normal(size=(8, 5)).astype("float32")
    kernel, matrix = keras.Variable(start.reshape(1, 1, 8, 5)), keras.Variable(start)
    settings = {"learning_rate": 0.01, "weight_decay": 0.05, "momentum": 0.95}
    ours, theirs = Muon(**settings), keras.optimizers.Muon(**settings)
    for _ in range(4):
        gradient = random.normal(size=(8, 5)).astype("float32")
        ours.apply([keras.ops.reshape(gradient, (1, 1, 8, 5))], [kernel])
        theirs.apply([keras.ops.convert_to_tensor(gradient)], [matrix])
    moved = keras.ops.convert_to_numpy(kernel).reshape(8, 5)
    np.testing.assert_allclose(moved, keras.ops.convert_to_numpy(matrix), rtol=1e-4, atol=1e-6)
    assert np.abs(moved - start).max() > 0.01


def test_only_kernels_of_convolutions_are_matrices():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    optimizer = Muon()
    optimizer.build(model.trainable_variables)
    by_muon = [
        variable.path.split("/", 1)[1]
        for variable, velocity in zip(model.trainable_variables, optimizer.adam_velocities)
        if velocity is None
    ]
    assert len(by_muon) == 1 and by_muon[0].endswith("kernel") and "depthwise" not in by_muon[0]


def test_decay_is_that_of_each_rate(make_hyperparameters, small_data, small_model):
    """Without a gradient a kernel shrinks by its rate times the decay, and a bias not at all."""
    muon = {"optimizer": "muon", "learning_rate": 0.1, "adam_share": 0.5, "weight_decay": 0.2}
    hyperparameters = make_hyperparameters(decay=0.0, **muon)
    model = small_model(hyperparameters)
    before = [keras.ops.convert_to_numpy(each) for each in model.trainable_variables]
    model.optimizer.apply([0 * each for each in before], model.trainable_variables)
    for was, variable in zip(before, model.trainable_variables):
        rate = {"kernel": 0.1 * (1 if was.ndim == 4 else 0.5)}.get(variable.name, 0)
        now = keras.ops.convert_to_numpy(variable)
        np.testing.assert_allclose(now, was * (1 - 0.2 * rate), rtol=1e-6)


@pytest.fixture
def muon(make_hyperparameters):
    return make_hyperparameters(epochs=3, optimizer="muon", learning_rate=0.01, momentum=0.95)


def test_trained_network_loads_without_this_file(start, muon, small_data, tmp_path):
    """As with plain Keras: the saved network names a class that Keras has."""
    _, model = start(dataclasses.replace(muon, epochs=1))
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is keras.optimizers.Muon
    images = common.normalise(small_data.x_test)
    expected = model.predict(images, verbose=0)
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), expected)


def test_resumed_run_ends_as_the_uninterrupted_one(start, at_epoch, handlers, muon):
    _, whole = start(muon)
    at_epoch(2, send(signal.SIGINT))
    run, _ = start(muon)
    _, resumed = start(dataclasses.replace(muon, resume=str(run.folder)))
    for ours, theirs in zip(resumed.variables, whole.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))
