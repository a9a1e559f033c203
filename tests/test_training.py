"""Training against a bare Keras fit, the decay formula by hand, seeds, and the best epoch."""

import dataclasses

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest
from conftest import import_script


def trained(small_model, small_data, hyperparameters):
    """Train the small network; return its run and the model."""
    model = small_model(hyperparameters)
    run = common.start_run("small.py", model, small_data, hyperparameters)
    common.train(run, model, small_data)
    return run, model


def test_train_equals_bare_keras(small_model, small_data, make_hyperparameters):
    hyperparameters = make_hyperparameters(epochs=3, momentum=0.9, decay=0.01, seed=5)
    run, model = trained(small_model, small_data, hyperparameters)
    bare = small_model(hyperparameters)
    x, y = small_data.x_train.astype("float32") / 255, small_data.y_train
    x_validation = small_data.x_validation.astype("float32") / 255
    for epoch, row in enumerate(run.history().to_dict("records")):
        order = np.random.default_rng([5, epoch]).permutation(len(x))
        logs = bare.fit(x[order], y[order], batch_size=32, shuffle=False, verbose=0).history
        val_loss, val_accuracy = bare.evaluate(x_validation, small_data.y_validation, verbose=0)
        assert row["epoch"] == epoch + 1
        assert row["loss"] == pytest.approx(logs["loss"][0], rel=1e-5)
        assert row["accuracy"] == pytest.approx(logs["accuracy"][0])
        assert row["val_loss"] == pytest.approx(val_loss, rel=1e-5)
        assert row["val_accuracy"] == pytest.approx(val_accuracy)
    for ours, theirs in zip(model.get_weights(), bare.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_decay_by_hand(make_hyperparameters, small_data):
    own = make_hyperparameters(learning_rate=0.1, decay=0.5)
    optimizer = common.make_optimizer(own, small_data)
    weight = keras.Variable(1.0)
    by_hand = 1.0
    for updates in range(5):
        optimizer.apply([keras.ops.convert_to_tensor(1.0)], [weight])
        by_hand -= 0.1 / (1 + 0.5 * updates)
        assert float(weight.value) == pytest.approx(by_hand, rel=1e-6)


def test_learning_rate_in_the_history(small_model, small_data, make_hyperparameters):
    hyperparameters = make_hyperparameters(epochs=3, learning_rate=0.02, decay=0.1)
    run, _ = trained(small_model, small_data, hyperparameters)
    updates = 3 * np.array([1, 2, 3])  # 96 images in batches of 32
    np.testing.assert_allclose(run.history().learning_rate, 0.02 / (1 + 0.1 * updates), rtol=1e-6)


def test_optimizers(make_hyperparameters, small_data):
    own = make_hyperparameters(learning_rate=0.3, momentum=0.9, decay=0.0)
    sgd = common.make_optimizer(own, small_data)
    assert isinstance(sgd, keras.optimizers.SGD)
    assert (sgd.momentum, sgd.nesterov, float(sgd.learning_rate)) == (0.9, True, np.float32(0.3))
    own = make_hyperparameters(optimizer="adam", learning_rate=0.01)
    adam = common.make_optimizer(own, small_data)
    assert isinstance(adam, keras.optimizers.Adam)


def test_same_seed_same_history(small_model, small_data, make_hyperparameters):
    def history(seed):
        hyperparameters = make_hyperparameters(epochs=2, seed=seed)
        run, _ = trained(small_model, small_data, hyperparameters)
        return run.history().drop(columns="seconds")

    first = history(seed=0)
    assert first.equals(history(seed=0))
    assert not first.equals(history(seed=1))


def test_keep_best(small_model, small_data, make_hyperparameters, capsys):
    hyperparameters = make_hyperparameters(
        epochs=6, learning_rate=0.5, momentum=0.9, validation_split=0.25, keep_best=True
    )
    run, model = trained(small_model, small_data, hyperparameters)
    val_loss = run.history().val_loss
    best = val_loss.argmin()
    assert best != len(val_loss) - 1, "the last epoch must not be the best, or this tests nothing"
    assert run.record["best_epoch"] == best + 1
    assert f"epoch {best + 1}:" in capsys.readouterr().out
    x = small_data.x_validation.astype("float32") / 255
    loss, _ = model.evaluate(x, small_data.y_validation, verbose=0)
    assert loss == pytest.approx(val_loss[best], rel=1e-5)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_precision(small_data, make_hyperparameters, monkeypatch, capsys, precision):
    monkeypatch.setattr("internals.training.devices.lacks_arithmetic", lambda _: True)
    before = keras.config.dtype_policy()
    few = {"x_train": small_data.x_train[:32], "y_train": small_data.y_train[:32]}
    small_data = dataclasses.replace(small_data, **few)  # float16 is slow where it is emulated
    hyperparameters = make_hyperparameters(precision=precision, epochs=2, decay=0.01)
    common.prepare(hyperparameters)
    try:
        model = import_script("udacity_cnn").build_model(small_data.image_shape, 10)
        optimizer = common.make_optimizer(hyperparameters, small_data)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        run = common.start_run("small.py", model, small_data, hyperparameters)
        common.train(run, model, small_data)
    finally:
        keras.config.set_dtype_policy(before)
    assert {layer.compute_dtype for layer in model.layers[:-1]} == {precision}
    assert model.layers[-1].compute_dtype == "float32"  # the softmax
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    printed = capsys.readouterr().out
    assert f"precision:  {precision}, " in printed
    assert f"warning: this processor has no {precision} arithmetic" in printed
    probabilities = model.predict(small_data.x_test / np.float32(255), verbose=0)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert run.history().loss[1] == pytest.approx(np.log(10), abs=0.5)
