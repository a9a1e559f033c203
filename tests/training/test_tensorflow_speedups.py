"""What makes training faster against what it replaces."""

import re

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest
from conftest import import_script

from internals.data.batches import ImageBatches
from internals.training import compiled, tensorflow_speedups

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the other backends train as Keras has it"
)


def test_operations_by_hand():
    layers = [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(5, 3, padding="same"),  # 8 x 8 times 3 x 3 x 3 x 5 multiplications
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(7, 3),  # 2 x 2 times 3 x 3 x 5 x 7
        keras.layers.Flatten(),
        keras.layers.Dense(10),  # 28 x 10
    ]
    first, second, dense = 64 * 135, 4 * 315, 280
    by_hand = 2 * (2 * first + 3 * second + 3 * dense)  # the first has no gradient of its input
    assert tensorflow_speedups.count_operations(keras.Sequential(layers)) == by_hand


@on_tensorflow
@pytest.mark.parametrize(
    ("script", "batch_size", "steps"),
    [("udacity_cnn", 32, 16), ("4layerCNN", 32, 16), ("4layerCNN", 512, 1), ("vgg16", 32, 1)],
)
def test_an_execution_takes_about_a_second(script, batch_size, steps):
    model = import_script(script).build_model((32, 32, 3), 10)
    model.compile("sgd", "sparse_categorical_crossentropy")
    with tensorflow_speedups.speeding_up(model, batch_size):
        assert model.steps_per_execution == steps
    assert model.steps_per_execution == 1


@on_tensorflow
def test_a_step_is_traced_once(start, make_hyperparameters, monkeypatch):
    steps, step = [], keras.Model.train_step

    def train_step(self, data):
        steps.append(data)
        return step(self, data)

    monkeypatch.setattr(keras.Model, "train_step", train_step)
    traced, _ = start(make_hyperparameters(label_smoothing=0.1))
    assert len(steps) == 1
    monkeypatch.setattr(compiled, "build_metrics", lambda *_: None)
    monkeypatch.setattr(compiled, "find_accuracy", lambda model: "accuracy")
    plain, _ = start(make_hyperparameters(label_smoothing=0.1))
    assert len(steps) == 3  # what it is for; and it changes nothing
    histories = [run.history().drop(columns="seconds") for run in (traced, plain)]
    assert histories[0].equals(histories[1])


@on_tensorflow
def test_several_steps_per_execution_change_nothing(
    small_model, small_data, make_hyperparameters, monkeypatch
):
    def trained(most_steps):
        monkeypatch.setattr(tensorflow_speedups, "MOST_STEPS", most_steps)
        hyperparameters = make_hyperparameters(epochs=2, batch_size=10)  # the last batch has 6
        model = small_model(hyperparameters)
        run = common.start_run("small.py", model, small_data, hyperparameters)
        executions = []
        note = keras.callbacks.LambdaCallback(
            on_train_end=lambda logs: executions.append(model.steps_per_execution)
        )
        common.train(run, model, small_data, callbacks=[note])
        assert executions == [most_steps]
        return run.history().drop(columns="seconds"), model.get_weights()

    (one, one_weights), (four, four_weights) = trained(1), trained(4)
    assert one.equals(four)
    for a, b in zip(one_weights, four_weights, strict=True):
        np.testing.assert_array_equal(a, b)


@on_tensorflow
def test_fused_batch_normalization_equals_keras(random):
    import tensorflow as tf

    def normalised(fused):
        layer = keras.layers.BatchNormalization()
        model = keras.Sequential([keras.Input((16, 16, 8)), layer])
        layer.gamma.assign(gamma)
        if fused:
            layer.call = tensorflow_speedups.fuse_batch_normalization(layer)
        x = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = model(x, training=True)
            loss = tf.reduce_sum(outputs * weights)
        gradients = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
        inference = model(x, training=False)
        return [outputs, *gradients, layer.moving_mean, layer.moving_variance, inference]

    images = random.normal(1, 2, (20, 16, 16, 8)).astype("float32")
    weights = random.normal(size=images.shape).astype("float32")
    gamma = random.normal(size=8)
    for ours, theirs in zip(normalised(True), normalised(False), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@on_tensorflow
@pytest.mark.parametrize(
    ("size", "kernel", "bias"), [((2, 2), 3, True), ((1, 4), (2, 3), False), ((1, 1), 5, True)]
)
def test_product_of_matrices_is_the_convolution(size, kernel, bias, random):
    import tensorflow as tf

    layer = keras.layers.Conv2D(6, kernel, padding="same", use_bias=bias, activation="relu")
    model = keras.Sequential([keras.Input((*size, 5)), layer])
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.get_weights()])
    images = tf.constant(random.normal(size=(7, *size, 5)), "float32")

    def outputs_and_gradients():
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = model(images)
            total = tf.reduce_sum(outputs**2)
        return [outputs, *tape.gradient(total, [images, *model.trainable_variables])]

    expected = outputs_and_gradients()
    layer.call = tensorflow_speedups.multiply_matrices(layer)
    for found, wanted in zip(outputs_and_gradients(), expected):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


class OwnConvolution(keras.layers.Conv2D):
    pass


class OwnNormalization(keras.layers.BatchNormalization):
    pass


def make_frozen(layer):
    layer.trainable = False


def make_adapted(layer):
    layer.enable_lora(2)


CONVOLUTIONS = {
    "plain": (True, keras.layers.Conv2D, {}, (2, 2), None),
    "valid": (False, keras.layers.Conv2D, {"padding": "valid"}, (2, 2), None),
    "steps": (False, keras.layers.Conv2D, {"strides": 2}, (2, 2), None),
    "dilated": (False, keras.layers.Conv2D, {"dilation_rate": 2}, (2, 2), None),
    "grouped": (False, keras.layers.Conv2D, {"groups": 2}, (2, 2), None),
    "own": (False, OwnConvolution, {}, (2, 2), None),
    "adapted": (False, keras.layers.Conv2D, {}, (2, 2), make_adapted),
    "large": (False, keras.layers.Conv2D, {}, (4, 4), None),
}
NORMALIZATIONS = {
    "plain": (True, keras.layers.BatchNormalization, {}, (32, 32), None),
    "last axis": (True, keras.layers.BatchNormalization, {"axis": 3}, (32, 32), None),
    "rows": (False, keras.layers.BatchNormalization, {"axis": 1}, (32, 32), None),
    "no scale": (False, keras.layers.BatchNormalization, {"scale": False}, (32, 32), None),
    "no center": (False, keras.layers.BatchNormalization, {"center": False}, (32, 32), None),
    "own": (False, OwnNormalization, {}, (32, 32), None),
    "frozen": (False, keras.layers.BatchNormalization, {}, (32, 32), make_frozen),
    "small": (False, keras.layers.BatchNormalization, {}, (4, 4), None),
    "float64": (False, keras.layers.BatchNormalization, {"dtype": "float64"}, (32, 32), None),
}


@on_tensorflow
@pytest.mark.parametrize("which", [*CONVOLUTIONS, *(f"bn {name}" for name in NORMALIZATIONS)])
def test_only_what_was_measured_is_replaced(which):
    """Whatever is not exactly the layer that a speed-up was made for is computed by Keras."""
    if which.startswith("bn "):
        replaced, kind, settings, size, change = NORMALIZATIONS[which[3:]]
        layer = kind(**settings)
    else:
        replaced, kind, settings, size, change = CONVOLUTIONS[which]
        layer = kind(4, 2, **{"padding": "same"} | settings)
    inner = keras.Sequential([keras.Input((*size, 4)), layer])
    model = keras.Sequential([keras.Input((*size, 4)), inner])  # a network within a network
    model.compile("sgd", "mse")
    if change:
        change(layer)
    keras_call = layer.call
    with tensorflow_speedups.speeding_up(model, 1):
        assert (layer.call != keras_call) == replaced
    assert layer.call == keras_call


class EachBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class EachValidationBatch(keras.callbacks.Callback):
    def on_test_batch_begin(self, batch, logs=None):
        pass


@on_tensorflow
def test_whoever_follows_the_batches_sees_each():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    plain = keras.callbacks.EarlyStopping()
    for settings, callbacks, steps in (
        ({}, [plain], 16),
        ({}, [plain, EachBatch()], 1),
        ({}, [EachValidationBatch()], 1),
        ({"steps_per_execution": 3}, [], 3),
        ({"run_eagerly": True}, [], 1),
    ):
        model.compile("sgd", "mse", **settings)
        with tensorflow_speedups.speeding_up(model, 1, callbacks):
            assert model.steps_per_execution == steps


@on_tensorflow
def test_no_thread_of_the_pipeline_sleeps_at_its_end():
    batches = ImageBatches(
        np.zeros((4, 2, 2, 3), "uint8"), np.zeros(4, "int64"), common.normalise, 2
    )
    assert batches.stream().options().autotune.enabled is False


def test_progress_bar_ends_at_the_last_step(small_model, small_data, make_hyperparameters, capsys):
    model = small_model(make_hyperparameters())
    images, labels = common.normalise(small_data.x_train), small_data.y_train
    bar = tensorflow_speedups.ProgressBar()
    model.steps_per_execution = 4
    model.fit(images[:90], labels[:90], batch_size=10, callbacks=[bar], verbose=1)
    shown = re.findall(r"(\d+)/9\b", capsys.readouterr().out)
    assert shown[-1] == "9" and all(int(step) <= 9 for step in shown)
