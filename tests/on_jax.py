"""Training on the device, as on a GPU: test_jax_scan.py runs this in a process with JAX.

It has two devices, both of them the processor, on which the plain path trains when nothing says
otherwise.
"""

import dataclasses
import signal
import sys

sys.modules["tensorflow"] = None  # Keras would load it to seed it

import common
from internals.core.keras_loader import keras

import jax
import numpy as np
import pytest
from conftest import send

from internals.data.batches import ImageBatches
from internals.training import distributed, jax_scan

ROUNDING = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture
def devices(monkeypatch):
    """Return a function that has so many devices train; none is the plain path."""

    def use(count):
        found = jax.devices()[:count]
        monkeypatch.setattr(distributed, "find_devices", lambda batch_size: found)

    return use


@pytest.fixture
def uneven(small_data):
    """Return data whose last batches of 10 and 100 two devices cannot share."""
    few = {"x_train": small_data.x_train[:95], "y_train": small_data.y_train[:95]}
    held = {"x_validation": small_data.x_test[:25], "y_validation": small_data.y_test[:25]}
    return dataclasses.replace(small_data, **few, **held)


def arrays(model):
    return [keras.ops.convert_to_numpy(variable) for variable in model.variables]


def test_images_are_those_of_the_plain_path(random):
    images = random.integers(0, 256, (46, 32, 32, 3), dtype="uint8")
    for flip, shift in ((False, 0), (True, 0), (False, 3), (True, 2)):
        batches = ImageBatches(images, np.arange(46), common.normalise, batch_size=10, seed=4)
        batches.set_augmentation(flip, shift)
        stretches = jax_scan.ScannedBatches(batches, 2, None, jax.devices())
        for epoch in range(2):
            batches.shuffle(epoch)
            for steps in (range(0, 2), range(2, 4), range(4, 5)):
                chosen = stretches.gather_steps(steps)
                for row, step in enumerate(steps):
                    one = {name: array[row] for name, array in chosen.items()}
                    x, y = jax_scan.gather_batch(
                        stretches.images, stretches.labels, **one, shift=shift
                    )
                    expected_x, expected_y = batches.gather_batch(step)
                    np.testing.assert_array_equal(x, expected_x, strict=True)
                    np.testing.assert_array_equal(y, expected_y)
                    np.testing.assert_array_equal(common.normalise(x), batches[step][0])


def test_one_and_two_devices_train_as_the_plain_path(
    devices, start, make_hyperparameters, uneven, monkeypatch
):
    monkeypatch.setattr(jax_scan, "MOST_STEPS", 4)  # 9 steps of 10 images: 3, 3, 3, and one of 5
    own = {"epochs": 2, "batch_size": 10, "momentum": 0.9, "learning_rate": 0.02, "decay": 0.0}
    own |= {"schedule": "cosine", "warmup": 0.2, "weight_decay": 0.01, "flip": True, "shift": 2}
    own |= {"label_smoothing": 0.1}
    hyperparameters = make_hyperparameters(**own)
    results = []
    for count in (0, 1, 2):
        devices(count)
        run, model = start(hyperparameters, data=uneven)
        results.append((run.history().drop(columns="seconds"), arrays(model)))
        assert run.record["devices"] == max(count, 1)
        assert model.train_function is None or not count  # Keras makes its own for other images
    for history, variables in results[1:]:
        np.testing.assert_allclose(history, results[0][0], **ROUNDING)
        for ours, plain in zip(variables, results[0][1], strict=True):
            np.testing.assert_allclose(ours, plain, **ROUNDING)


def test_callback_evaluates_images_of_its_own(
    devices, small_model, small_data, make_hyperparameters
):
    """Neither it nor `fit` gets the figures of the other's images."""
    devices(1)
    hyperparameters, seen = make_hyperparameters(epochs=2), []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            few = small_data.x_train[:7] / np.float32(255), small_data.y_train[:7]
            seen.append(self.model.evaluate(*few, verbose=0)[0])
            answers = keras.ops.convert_to_numpy(self.model(few[0]))
            loss = -np.log(answers[np.arange(7), few[1]]).mean()
            assert seen[-1] == pytest.approx(float(loss), rel=1e-4)

    model = small_model(hyperparameters)
    run = common.start_run("small.py", model, small_data, hyperparameters)
    common.train(run, model, small_data, callbacks=[Look()])
    run.release()
    assert len(seen) == 2 and len(run.history()) == 2
    devices(0)
    again = small_model(hyperparameters)
    plain = common.start_run("small.py", again, small_data, hyperparameters)
    common.train(plain, again, small_data)
    plain.release()
    histories = [each.history().drop(columns="seconds") for each in (run, plain)]
    np.testing.assert_allclose(*histories, **ROUNDING)


def test_interrupted_in_a_stretch_and_resumed(
    devices, start, at_epoch, handlers, make_hyperparameters
):
    devices(1)
    hyperparameters = make_hyperparameters(epochs=3, shift=1)
    whole, model = start(hyperparameters)
    at_epoch(2, send(signal.SIGINT))
    stopped, _ = start(hyperparameters)
    devices(1)  # which at_epoch has undone
    assert stopped.record["epochs_done"] == 1 and stopped.stop.status == "interrupted"
    resumed, same = start(dataclasses.replace(hyperparameters, resume=str(stopped.folder)))
    histories = [run.history().drop(columns="seconds") for run in (whole, resumed)]
    assert histories[0].equals(histories[1])
    for ours, theirs in zip(arrays(same), arrays(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_loss_that_is_no_number_stops_after_the_stretch(
    devices, small_model, small_data, make_hyperparameters, monkeypatch
):
    monkeypatch.setattr(jax_scan, "MOST_STEPS", 3)
    devices(1)
    hyperparameters = make_hyperparameters(epochs=1, batch_size=8, learning_rate=1e30)
    seen = []
    run_stretch = jax_scan.ScannedBatches.run

    def run(self, state, iterator):
        logs, state = run_stretch(self, state, iterator)
        seen.append(logs["loss"])
        return logs, state

    monkeypatch.setattr(jax_scan.ScannedBatches, "run", run)
    model = small_model(hyperparameters)
    run = common.start_run("small.py", model, small_data, hyperparameters)
    with pytest.raises(SystemExit):
        common.train(run, model, small_data)
    assert run.record["status"] == "diverged"
    assert not np.isfinite(seen[-1]) and len(seen) <= 2


def test_images_without_room_take_the_plain_path(devices, capsys, monkeypatch):
    class Device:
        process_index = 0

        def memory_stats(self):
            return {"bytes_limit": 8e9}

    assert jax_scan.have_room([Device()], 4e9) and capsys.readouterr().out == ""
    assert not jax_scan.have_room([Device()], 4.1e9)
    assert "4.1 of the 8.0 GB of a device" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        jax_scan.have_room([Device(), Device()], 5e9)
    batches = ImageBatches(np.zeros((4, 2, 2, 3), "uint8"), np.zeros(4), common.normalise, 2)
    devices(1)
    monkeypatch.setattr(jax_scan, "have_room", lambda *_: False)
    with jax_scan.on_device(None, batches, batches) as streams:
        assert list(streams) == [batches, batches]


def test_devices_that_share_a_batch(monkeypatch):
    assert distributed.find_devices(32) == []  # a processor: there XLA's loops are slow
    monkeypatch.setenv(distributed.ON_CPU, "1")
    assert distributed.find_devices(32) == jax.devices()
    assert distributed.find_devices(33) == jax.devices()[:1]
