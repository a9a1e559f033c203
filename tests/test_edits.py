"""Scripts as people edit them: what Keras compiles and fits is trained, and means what it says.

Each edited script runs as its user would run it, in this process, on a few digits and without
pictures. What it has saved is loaded anew and judged by NumPy.
"""

import functools
import importlib.util
import io
import json
import sys

import common
from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from edited_scripts import (
    BLOCK,
    COMPILED,
    NETWORKS,
    RESIDUAL,
    TINY,
    compiled,
    replace,
    with_layers,
    with_network,
)

from internals.comparison.groups import make_groups
from internals.data import loading
from internals.data.dataset import load_digits
from internals.prediction.network import load_predict
from internals.report.run_plots import result_of
from internals.runs import identity
from internals.runs.run import Run
from internals.runs.run_reader import COLUMNS, read_run
from internals.sweep import jobs, script_probe

cached_digits = functools.cache(load_digits)
ONE_EPOCH = ("--epochs", "1", "--no-keep-best")


@pytest.fixture
def digits(monkeypatch, eager, undrawn):
    """Have scripts load 64 training, 16 validation and 32 test digits, and draw nothing."""
    (x, y), (x_test, y_test), names = cached_digits()
    data = common.Dataset(x[:64], y[:64], x[64:80], y[64:80], x_test[:32], y_test[:32], names)
    monkeypatch.setattr(common, "read_data", lambda hyperparameters: data)
    monkeypatch.setattr(loading, "read_images", loading.read_images)  # which a probe replaces
    monkeypatch.setitem(sys.modules, "common", common)  # which asking a run may change
    yield data
    sys.modules.pop("script", None)
    keras.utils.clear_session()
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def edited(tmp_path, digits):
    """Return a function that imports a text as the script edited.py, and runs its main()."""

    def run(text, *arguments):
        path = tmp_path / "edited.py"
        path.write_text(text)
        module = load(path)
        arguments = ["--results", str(tmp_path / "results"), *(arguments or ONE_EPOCH)]
        return module, *module.main(arguments)

    return run


def load(path):
    """Return the script at `path` as a module, as it is now."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def load_anew(module, run):
    """Return the saved network, with the script's classes, as `keras.models` loads it."""
    classes = {name: value for name, value in vars(module).items() if isinstance(value, type)}
    path = run.folder / "model.keras"
    return keras.models.load_model(path, classes, compile=False, safe_mode=False)


def judge(model, images, labels, logits=False):
    """Return accuracy and cross-entropy of a network's answers, by NumPy alone."""
    answers = keras.ops.convert_to_numpy(model(images.astype("float32") / 255, training=False))
    answers = answers.astype("float64")
    if logits:
        powers = np.exp(answers - answers.max(axis=1, keepdims=True))
        answers = powers / powers.sum(axis=1, keepdims=True)
    right = answers[np.arange(len(labels)), labels].clip(1e-7, 1)
    return np.mean(answers.argmax(axis=1) == labels), -np.log(right).mean()


@pytest.mark.parametrize("name", NETWORKS)
def test_network(edited, digits, name):
    """The network that is saved is the network that was trained, whatever its layers."""
    module, run, model = edited(NETWORKS[name])
    record = read_run(run.folder).record
    assert record["status"] == "finished" and record["parameters"] == model.count_params()
    assert (run.folder / "architecture.txt").read_text().count("\n") > 3
    saved, logits = load_anew(module, run), "logits" in name
    accuracy, loss = judge(saved, digits.x_test, digits.y_test, logits)
    assert record["test_accuracy"] == pytest.approx(accuracy)
    assert record["test_loss"] == pytest.approx(loss, rel=1e-4)
    accuracy, loss = judge(saved, digits.x_validation, digits.y_validation, logits)
    last = run.history().iloc[-1]
    assert last.val_accuracy == pytest.approx(accuracy)
    penalty = float(sum(saved.losses)) if "regulariser" in name or "l2" in name else 0
    if "activity" not in name:  # its penalty is one of a batch
        assert last.val_loss == pytest.approx(loss + penalty, rel=1e-3)
    shares = pd.read_csv(run.folder / "predictions.csv").probability
    assert shares.between(0, 1).all()


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(edited, digits, name):
    """Every metric is in history.csv; captions name what was compiled; the loss is its own."""
    pairs, columns, words = COMPILED[name]
    module, run, model = edited(replace(*pairs, text=TINY))
    history, record = run.history(), read_run(run.folder).record
    assert [*history.columns] == COLUMNS + columns
    assert history.notna().all(axis=None) and record["status"] == "finished"
    assert words in run.caption and (words or "adam, learning rate 0.001" in run.caption)
    accuracy, loss = judge(load_anew(module, run), digits.x_test, digits.y_test)
    assert record["test_accuracy"] == pytest.approx(accuracy)
    if name not in ("mse", "binary_crossentropy", "focal"):
        assert record["test_loss"] == pytest.approx(loss, rel=1e-3)
    others = ("mse", "binary_crossentropy", "focal", "own loss")
    assert record["cross_entropy"] == (name not in others)


def changing(change):
    """Return a script that changes its data before training."""
    load = "data = common.load_data(hyperparameters)"
    return replace(
        (load, f"{load}\n    data = common.dataclasses.replace(data, {change})"), text=TINY
    )


SCHEDULE = """class Slower(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.01 / (1.0 + ops.cast(step, "float32"))


"""
REFUSED = {  # name: (script, what the message says)
    "no softmax": (with_layers(end="layers.Flatten(), layers.Dense(num_classes)"), "no probabil"),
    "no metrics": (replace(*compiled(metrics="[]"), text=TINY), "metrics=['accuracy']"),
    "two outputs": (
        with_network(
            "x = Input(image_shape)\ny = layers.Flatten()(x)\n"
            "return Model(x, [layers.Dense(num_classes)(y), layers.Dense(2)(y)])"
        ),
        "the network has 2 outputs; it must have one",
    ),
    "divided twice": (
        changing("x_train=data.x_train / 255"),
        "the images are float64; they must be uint8",
    ),
    "smoothing": (
        replace(
            *compiled(), ("keep_best=True,", "keep_best=True,\n    label_smoothing=0.1,"), text=TINY
        ),
        "label_smoothing is 0.1; the loss, sparse_categorical_crossentropy, is given whole labels",
    ),
    "smoothing for an own loss": (
        replace(
            *compiled("lambda y, p: -ops.log(ops.sum(p * ops.one_hot(y, 10), axis=-1) + 1e-7)"),
            ("keep_best=True,", "keep_best=True,\n    label_smoothing=0.1,"),
            text=TINY,
        ),
        "label_smoothing is 0.1; the loss, <lambda>, is given whole labels",
    ),
    "a loss for each of two outputs": (
        replace(
            *compiled("['sparse_categorical_crossentropy'] * 2", "[['accuracy'], ['accuracy']]"),
            text=with_network(
                "x = Input(image_shape)\ny = layers.Flatten()(x)\n"
                "return Model(x, [layers.Dense(num_classes)(y), layers.Dense(num_classes)(y)])"
            ),
        ),
        "the network has 2 outputs; it must have one",
    ),
    "labels as a column": (changing("y_train=data.y_train[:, None]"), "labels.ravel() makes such"),
    "grey images": (changing("x_train=data.x_train[..., :1]"), "it must be (n, height, width, 3)"),
    "a schedule that cannot be kept": (
        replace(
            *compiled(optimizer="keras.optimizers.Adam(Slower())"),
            ("def build_model", SCHEDULE + "def build_model"),
            text=TINY,
        ),
        "the learning rate's schedule has no get_config",
    ),
    "labels of all images": (
        changing("x_train=data.x_train[:50]"),
        "x_train has 50 images and y_train 64 labels",
    ),
    "labels from 1": (
        changing("y_test=data.y_test + 1"),
        "the labels of y_test go from 1 to 10; with 10 classes they must be 0 to 9",
    ),
    "classes without names": (
        changing("class_names=[*range(10)]"),
        "class_names is [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]; it must be a list of words",
    ),
    "no validation images": (
        changing("x_validation=data.x_validation[:0], y_validation=data.y_validation[:0]"),
        "x_validation has no images; where nothing is held out, x_validation is x_test",
    ),
    "metrics of whole labels": (
        replace(
            *compiled(
                "'categorical_crossentropy'",
                "['accuracy', keras.metrics.SparseTopKCategoricalAccuracy(2)]",
            ),
            text=TINY,
        ),
        "which are one-hot (n, classes) for this loss, so none that begins with Sparse fits",
    ),
    "metrics of one-hot labels": (
        replace(*compiled(metrics="['accuracy', keras.metrics.F1Score()]"), text=TINY),
        "which are whole numbers (n,) for this loss, so those that begin with Sparse fit",
    ),
    "a binary accuracy": (
        replace(
            *compiled("'categorical_crossentropy'", "[keras.metrics.BinaryAccuracy()]"), text=TINY
        ),
        "compiled without an accuracy",
    ),
    "an accuracy of one-hot labels": (
        replace(*compiled(metrics="[keras.metrics.CategoricalAccuracy()]"), text=TINY),
        "CategoricalAccuracy wants one-hot labels",
    ),
    "not compiled": (
        replace(("    model.compile(", "    model.build; dict("), text=TINY),
        "is not compiled",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_training(edited, tmp_path, capsys, name):
    """What would train garbage ends the program with a line, and nothing is written."""
    text, words = REFUSED[name]
    with pytest.raises(SystemExit) as stop:
        edited(text)
    assert stop.value.code == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_best_epoch_is_not_chosen_by_test_images(edited, capsys):
    """Nor where the script has made its data itself, so that no flag tells what is held out."""
    own = changing("x_validation=data.x_test, y_validation=data.y_test")
    with pytest.raises(SystemExit):
        edited(own, "--epochs", "1", "--keep-best")
    assert "keep_best needs a held-out part" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (with_layers("layers.Rescaling(1 / 255)", "layers.Conv2D(8, 3, strides=4)"), "0.0039 at"),
        (
            replace(
                *compiled("keras.losses.SparseCategoricalCrossentropy(from_logits=True)"), text=TINY
            ),
            "take the softmax from the last layer",
        ),
    ],
)
def test_warned_before_training(edited, capsys, text, words):
    _, run, _ = edited(text)
    assert words in capsys.readouterr().out
    assert run.record["status"] == "finished"


# ------------------------------------------------------------------------------------------------
# Callbacks, weights, phases


def with_training(lines, text=TINY):
    """Return the script with other lines in place of the call of `common.train`."""
    return replace(("    common.train(run, model, data)\n", lines), text=text)


def test_early_stopping(edited):
    how = "'val_loss', min_delta=100, patience=1, restore_best_weights=True"
    lines = f"    stop = keras.callbacks.EarlyStopping({how})\n"
    lines += "    common.train(run, model, data, callbacks=[stop])\n"
    _, run, model = edited(with_training(lines), "--epochs", "9", "--no-keep-best")
    read = read_run(run.folder)
    assert len(read.history) == 2 and read.complete and read.record["status"] == "finished"
    assert read.record["callbacks"] == ["EarlyStopping"]
    with np.load(run.folder / "checkpoint.npz") as saved:  # what a report that goes on judges
        for index, variable in enumerate(model.variables):
            np.testing.assert_array_equal(saved[f"variable{index}"], variable)


OWN_METRICS = """
class Network(Model):
    def __init__(self, *parts, **settings):
        super().__init__(*parts, **settings)
        self.tracker = keras.metrics.Mean(name="loss")
        self.counter = keras.metrics.SparseCategoricalAccuracy(name="acc")

    @property
    def metrics(self):
        return [self.tracker, self.counter]

    def measure(self, data, training):
        images, labels = data[:2]
        answers = self(images, training=training)
        loss = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, answers))
        self.tracker.update_state(loss)
        self.counter.update_state(labels, answers)
        return loss

    def train_step(self, data):
        import tensorflow as tf
        with tf.GradientTape() as tape:
            loss = self.measure(data, training=True)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {each.name: each.result() for each in self.metrics}

    def test_step(self, data):
        self.measure(data, training=False)
        return {each.name: each.result() for each in self.metrics}
"""


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own tape")
def test_own_step_has_the_accuracy_that_it_measures(edited):
    text = with_network(RESIDUAL.replace("Model(inputs,", "Network(inputs,"), OWN_METRICS)
    pairs = [("        loss=common.make_loss(hyperparameters),\n", "")]
    text = replace(*pairs, ('        metrics=["accuracy"],\n', ""), text=text)
    _, run, _ = edited(text)
    history = run.history()
    assert [*history.columns] == COLUMNS and history.notna().all(axis=None)
    assert "loss that of its own train_step" in run.caption


def test_images_changed_alike_are_still_the_test_images(edited, digits, monkeypatch):
    data = common.dataclasses.replace(
        digits, x_validation=digits.x_test, y_validation=digits.y_test
    )
    monkeypatch.setattr(common, "read_data", lambda hyperparameters: data)
    _, run, _ = edited(changing("x_validation=data.x_validation + 0, x_test=data.x_test + 0"))
    assert run.record["data"]["images"]["validation"] == 0


def test_callback_that_would_restore_another_run_is_refused(edited, capsys):
    lines = (
        "    common.train(run, model, data, callbacks=[keras.callbacks.BackupAndRestore('b')])\n"
    )
    with pytest.raises(SystemExit) as end:
        edited(with_training(lines), *ONE_EPOCH)
    assert end.value.code == 2 and "leave it out: --resume goes on" in capsys.readouterr().err


def test_averages_that_the_best_epoch_would_discard(edited, capsys):
    average = "keras.optimizers.Adam(0.001, use_ema=True)"
    text = replace(*compiled(optimizer=average), text=TINY)
    edited(text, *ONE_EPOCH)
    assert "use_ema" not in capsys.readouterr().out
    edited(text, "--epochs", "1", "--keep-best")
    assert "the averages of use_ema are lost" in capsys.readouterr().out


def test_learning_rate_of_a_callback(edited):
    reduce = "keras.callbacks.ReduceLROnPlateau(min_delta=100, patience=1, factor=0.5)"
    lines = f"    common.train(run, model, data, callbacks=[{reduce}])\n"
    _, run, _ = edited(with_training(lines), "--epochs", "3", "--no-keep-best")
    assert run.history().learning_rate.tolist() == pytest.approx([0.001, 0.001, 0.0005])


def test_own_callback_sees_each_batch(edited):
    lines = """    seen = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    common.train(run, model, data, callbacks=[note])
    model.seen = seen
"""
    _, _, model = edited(with_training(lines), "--epochs", "2", "--batch-size", "16")
    assert model.seen == [0, 1, 2, 3] * 2


def test_class_weights(edited, digits):
    """With all weight on one class, nothing else is learned; a bare `fit` gets as far."""
    lines = """    weights = {n: float(n == 3) for n in range(10)}
    common.train(run, model, data, class_weight=weights)
"""
    arguments = ("--epochs", "8", "--learning-rate", "0.01", "--no-keep-best")
    _, run, model = edited(with_training(lines), *arguments)
    answers = model.predict(digits.x_test / np.float32(255), verbose=0)
    assert (answers.argmax(axis=1) == 3).all()


def test_class_weights_of_some_classes(edited, capsys):
    """The others have a weight of 1, as with a bare `fit`."""
    lines = "    common.train(run, model, data, class_weight={3: 2})\n"
    _, run, model = edited(with_training(lines))
    assert run.record["class_weight"] == {str(n): 2 if n == 3 else 1 for n in range(10)}
    lines = lines.replace("{3: 2}", "{n: 2 if n == 3 else 1 for n in range(10)}")
    _, _, same = edited(with_training(lines))
    for one, other in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(SystemExit) as stop:
        edited(with_training(lines.replace("range(10)", "range(11)")))
    words = "class_weight has the label 10; labels are 0 to 9"
    assert stop.value.code == 2 and words in capsys.readouterr().err


def test_weights_of_a_callback_outlive_a_report_that_fails(edited, monkeypatch, tmp_path):
    """EarlyStopping puts the best weights back even after the last epoch."""
    lines = """    how = {"mode": "max", "patience": 9, "restore_best_weights": True}
    stop = keras.callbacks.EarlyStopping("val_loss", **how)
    common.train(run, model, data, callbacks=[stop])
    import os
    if "FAIL" in os.environ:
        raise KeyError("report")
"""
    text = with_training(lines)
    _, whole, model = edited(text, "--epochs", "3", "--no-keep-best")
    assert whole.history().val_loss.argmax() < 2, "the weights are not those of the last epoch"
    assert "after 3 epochs, weights set by a callback" in result_of(whole, "loss", whole.history())
    monkeypatch.setenv("FAIL", "1")
    with pytest.raises(KeyError):
        edited(text, "--epochs", "3", "--no-keep-best", "--name", "failed")
    monkeypatch.delenv("FAIL")
    (folder,) = tmp_path.glob("results/edited/*_failed")
    Run.leave_held()
    _, run, resumed = edited(text, "--resume", str(folder))
    assert run.record["test_loss"] == whole.record["test_loss"]
    assert run.record["set_by_callback"]
    for one, other in zip(model.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_run_with_averages_resumes_as_if_left_alone(edited, monkeypatch):
    """SwapEMAWeights has put them into the network when an epoch is kept."""
    text = replace(*compiled(optimizer="keras.optimizers.Adam(0.01, use_ema=True)"), text=TINY)
    swap = "[keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]"
    text = with_training(f"    common.train(run, model, data, callbacks={swap})\n", text)
    assert_resumes_alike(edited, monkeypatch, text, "--epochs", "3", "--no-keep-best")


def test_network_compiled_after_the_start(edited):
    """The record and the captions have what was trained, though start_run saw something else."""
    lines = """    optimizer = keras.optimizers.SGD(0.05, momentum=0.5)
    model.compile(optimizer, keras.losses.CategoricalFocalCrossentropy(), metrics=["accuracy"])
    common.train(run, model, data)
"""
    _, run, _ = edited(with_training(lines), "--epochs", "1", "--no-keep-best")
    (phase,) = read_run(run.folder).record["phases"]
    assert phase["optimizer"]["class"] == "SGD" and not phase["cross_entropy"]
    assert "SGD, learning rate 0.05, momentum 0.5, loss CategoricalFocal" in run.caption
    assert read_run(run.folder).complete
    edited(with_training(lines), "--resume", str(run.folder), "--epochs", "2")
    assert len(run.history()) == 2


def test_phases_in_a_loop(edited):
    lines = """    for rate in (0.01, 0.003):
        model.optimizer.learning_rate = rate
        common.train(run, model, data, epochs=1)
"""
    _, run, _ = edited(with_training(lines), "--epochs", "9", "--no-keep-best")
    phases = read_run(run.folder).record["phases"]
    rates = [phase["optimizer"]["learning_rate"] for phase in phases]
    assert rates == pytest.approx([0.01, 0.003]) == run.history().learning_rate.tolist()
    assert run.caption.startswith("2 phases, the last with ")
    assert "Adam, learning rate 0.003" in run.caption and ", 2 epochs" in run.caption


def test_loss_of_its_own_that_wants_to_know_whether_it_trains(edited):
    own = """
class Network(Model):
    def compute_loss(self, x, y, y_pred, sample_weight, training):
        return super().compute_loss(x, y, y_pred, sample_weight, training)
"""
    text = with_network(RESIDUAL.replace("Model(inputs,", "Network(inputs,"), own)
    _, run, _ = edited(text)
    assert run.record["status"] == "finished"


PHASES = """    model.layers[0].trainable = False
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    common.train(run, model, data)
    model.frozen = model.layers[0].get_weights()
    model.layers[0].trainable = True
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    common.train(run, model, data, epochs=2)
"""


def test_phases(edited):
    text = with_training(PHASES)
    _, run, model = edited(text, "--epochs", "1", "--no-keep-best")
    assert run.history().epoch.tolist() == [1, 2, 3]
    first, second = read_run(run.folder).record["phases"]
    assert (first["from_epoch"], second["from_epoch"]) == (1, 2)
    assert (first["optimizer"]["class"], second["optimizer"]["class"]) == ("Adam", "SGD")
    moved = zip(model.frozen, model.layers[0].get_weights(), strict=True)
    assert not all(np.array_equal(*pair) for pair in moved)


def test_phase_goes_on_from_the_weights_that_the_network_has(edited):
    """Weights set by hand between two phases, or those of the best epoch, are not undone."""
    lines = """    common.train(run, model, data)
    model.layers[-1].set_weights([0 * each for each in model.layers[-1].get_weights()])
    model.layers[-1].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    common.train(run, model, data, epochs=1)
"""
    _, _, model = edited(with_training(lines), "--epochs", "1", "--no-keep-best")
    assert not any(each.any() for each in model.layers[-1].get_weights())
    lines = """    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                model.layers[-1].bias.assign([50.0] + [0.0] * 9)
    common.train(run, model, data, callbacks=[Spoil()])
    model.compile(keras.optimizers.SGD(1e-30), model.loss, metrics=["accuracy"])
    common.train(run, model, data, epochs=1)
"""
    _, run, _ = edited(with_training(lines), "--epochs", "2", "--keep-best")
    best, spoiled, later = run.history().val_loss
    assert later == pytest.approx(best) and spoiled > 2 * best


def test_network_grows_between_phases(edited):
    lines = """    common.train(run, model, data)
    end = [layers.Dense(7), layers.Dense(10, activation="softmax")]
    model = Sequential([*model.layers[:-1], *end])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    common.train(run, model, data, epochs=1)
"""
    _, run, model = edited(with_training(lines), "--epochs", "2", "--keep-best")
    assert run.record["status"] == "finished" and run.history().epoch.tolist() == [1, 2, 3]
    assert run.record["best_epoch"] == 3  # the weights of the others do not fit


OWN_STEPS = {
    "fit": "    model.fit(data.x_train[:9] / 255.0, data.y_train[:9], verbose=0)\n",
    "a phase with a callback": "    note = [keras.callbacks.LambdaCallback("
    "on_train_batch_end=lambda batch, logs: None)]\n"
    "    common.train(run, model, data, callbacks=note)\n",
}


@pytest.fixture
def graphs(digits):
    """Have TensorFlow make graphs, which keep the number of steps that they were made for."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # as in the fixture that made it eager

        tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("graphs")
@pytest.mark.parametrize("name", OWN_STEPS)
def test_all_images_are_trained_whatever_came_before(edited, name):
    """What Keras has compiled for other steps at once is not used for a run's."""
    lines = OWN_STEPS[name] + "    before = int(model.optimizer.iterations)\n"
    lines += "    common.train(run, model, data)\n"
    lines += "    model.updates = int(model.optimizer.iterations) - before\n"
    _, run, model = edited(with_training(lines), "--epochs", "2", "--batch-size", "8")
    assert model.updates == 2 * 8


@pytest.mark.usefixtures("graphs")
@pytest.mark.parametrize("when", ["on_train_begin", "on_epoch_end"])
def test_callback_that_evaluates_changes_nothing(edited, when):
    lines = f"""    class Look(keras.callbacks.Callback):
        def {when}(self, *arguments):
            common.evaluate(model, data.x_test, data.y_test)
    common.train(run, model, data, callbacks=Look())
    model.updates = int(model.optimizer.iterations)
"""
    _, run, model = edited(with_training(lines), "--epochs", "2", "--batch-size", "8")
    assert model.updates == 2 * 8


def test_weights_in_bfloat16_are_kept(edited):
    half = "layers.Conv2D(8, 3, activation='relu', dtype='bfloat16')"
    phases = "    common.train(run, model, data)\n    common.train(run, model, data, epochs=1)\n"
    text = with_training(phases, with_layers(half, "layers.MaxPooling2D(4)"))
    _, run, model = edited(text, *ONE_EPOCH)
    assert model.weights[0].dtype == "bfloat16" and len(run.history()) == 2
    kept = keras.ops.convert_to_numpy(model.weights[0]).astype("float32")
    with np.load(run.folder / "checkpoint.npz") as saved:
        np.testing.assert_array_equal(saved["variable0"], kept)


def test_fault_after_training_is_mended(edited, tmp_path, capsys):
    """All epochs are done, so another text of the script may finish the run."""
    faulty = with_training("    common.train(run, model, data)\n    undefined\n")
    with pytest.raises(NameError):
        edited(faulty, *ONE_EPOCH)
    (folder,) = tmp_path.glob("results/*/*/")
    module, run, _ = edited(TINY, "--resume", str(folder))
    assert "what is left is done by the script as it is now" in capsys.readouterr().out
    record = read_run(folder).record
    assert record["status"] == "finished" and record["test_accuracy"] >= 0
    assert record["report_code"] != record["code"]
    with pytest.raises(SystemExit):  # more epochs are another matter
        edited(TINY, "--resume", str(folder), "--epochs", "2")
    assert "its code is not the same any more" in capsys.readouterr().err


def test_fault_before_training_leaves_the_run_free(edited, tmp_path):
    """In a notebook the next cell makes another run, or goes on with this one."""
    faulty = with_training("    undefined\n    common.train(run, model, data)\n")
    with pytest.raises(NameError):
        edited(faulty, *ONE_EPOCH)
    (folder,) = tmp_path.glob("results/*/*/")
    assert read_run(folder).record["status"] == "running"
    edited(TINY, *ONE_EPOCH)
    assert read_run(folder).record["status"] == "failed"


OWN_LOSS = """
class Mine(keras.losses.Loss):
    def call(self, labels, answers):
        labels.get_shape()
        return keras.losses.sparse_categorical_crossentropy(labels, answers)
"""


def test_own_loss_class_is_one_recipe(edited):
    text = with_layers("layers.Conv2D(8, 3)", "layers.MaxPooling2D(8)", before=OWN_LOSS)
    text = replace(*compiled("Mine()"), text=text)
    runs = [edited(text, *ONE_EPOCH, "--seed", str(seed))[1] for seed in (0, 1)]
    (group,) = groups_of(*runs)
    assert len(group.accuracies) == 2


def test_learning_rate_as_a_function(edited):
    text = replace(*compiled(optimizer="keras.optimizers.SGD(lambda: 0.01)"), text=TINY)
    _, first, _ = edited(text)
    _, second, _ = edited(text.replace("import common\n", "import common\n\n# more\n"), *ONE_EPOCH)
    assert len(groups_of(first, second)) == 1
    assert "SGD, learning rate function" in first.caption


UNSAVED = """
class Network(Model):
    def __init__(self, base, num_classes):
        super().__init__()
        self.base = base
        self.end = layers.Dense(num_classes, activation="softmax")

    def call(self, images, training=None):
        return self.end(self.base(images, training=training))
"""


def test_network_that_cannot_be_saved_is_reported(edited, capsys):
    base = "Sequential([layers.MaxPooling2D(8), layers.Flatten()])"
    _, run, _ = edited(with_network(f"return Network({base}, num_classes)", UNSAVED))
    printed = capsys.readouterr().out
    assert "warning: Network has no get_config" in printed
    assert "warning: model.keras is not written" in printed
    assert run.record["status"] == "finished" and run.record["test_accuracy"] >= 0
    assert not [*run.folder.glob("*model.keras*")]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own tape")
def test_own_step_need_not_name_a_loss(edited):
    text = with_network(
        RESIDUAL.replace("Model(inputs,", "Network(inputs,"),
        OWN_METRICS.replace('name="loss"', 'name="student_loss"'),
    )
    text = replace(("        loss=common.make_loss(hyperparameters),\n", ""), text=text)
    text = replace(('        metrics=["accuracy"],\n', ""), text=text)
    phases = "    common.train(run, model, data)\n    common.train(run, model, data, epochs=1)\n"
    _, run, _ = edited(with_training(phases, text), *ONE_EPOCH)
    assert run.history().student_loss.notna().all() and len(run.history()) == 2


def test_phase_of_no_epochs_is_left_out(edited):
    text = with_training(PHASES.replace("epochs=2", "epochs=0"))
    _, run, model = edited(text, "--epochs", "1", "--no-keep-best")
    assert len(run.history()) == 1 and "phases" not in run.record
    for was, now in zip(model.frozen, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_interrupted_phase_goes_on(edited, monkeypatch):
    """A run that stops in its second phase ends with the weights of one that was left alone."""
    assert_resumes_alike(
        edited, monkeypatch, with_training(PHASES), "--epochs", "1", "--no-keep-best"
    )


def assert_resumes_alike(edited, monkeypatch, text, *arguments):
    """Fail where a run stopped in its third epoch, and resumed, ends unlike one left alone."""
    _, whole, model = edited(text, *arguments)
    begin = common.checkpoint.Checkpoint.on_epoch_begin
    folders = []

    def stop(self, epoch, logs=None):
        begin(self, epoch, logs)
        if epoch == 2:
            folders.append(self.run.folder)
            self.request_stop(2)

    monkeypatch.setattr(common.checkpoint.Checkpoint, "on_epoch_begin", stop)
    with pytest.raises(SystemExit):
        edited(text, *arguments)
    monkeypatch.setattr(common.checkpoint.Checkpoint, "on_epoch_begin", begin)
    _, resumed, same = edited(text, "--resume", str(folders[0]))
    histories = [run.history().drop(columns="seconds") for run in (whole, resumed)]
    assert histories[0].equals(histories[1])
    for ours, theirs in zip(same.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_own_fit(edited, capsys):
    """A script that trains by itself has a report, if no curves, and no epochs are named."""
    lines = "    model.fit(data.x_train / 255.0, data.y_train, verbose=0)\n"
    _, run, _ = edited(with_training(lines))
    read = read_run(run.folder)
    assert read.record["status"] == "finished" and read.accuracy >= 0
    assert not (run.folder / "history.csv").exists()
    assert "Training:" not in capsys.readouterr().out


def test_last_update_diverges(edited, tmp_path):
    """Weights that are no numbers do not replace those of the epoch before."""
    lines = """    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                model.layers[-1].bias.assign([float("nan")] * 10)
    common.train(run, model, data, callbacks=[Spoil()])
"""
    with pytest.raises(SystemExit) as stop:
        edited(with_training(lines), "--epochs", "3", "--no-keep-best")
    assert stop.value.code == 1
    (folder,) = tmp_path.glob("results/*/*/")
    read = read_run(folder)
    assert read.record["status"] == "diverged" and len(read.history) == 1
    assert np.isfinite(read.record["test_loss"])


# ------------------------------------------------------------------------------------------------
# Which runs are the same


def groups_of(*runs):
    return make_groups([read_run(run.folder) for run in runs])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (NETWORKS["residual"], NETWORKS["product"]),
        (
            NETWORKS["own layer"],
            NETWORKS["own layer"].replace("inputs * self.factor", "inputs + self.factor"),
        ),
        (NETWORKS["branches"], NETWORKS["branches"].replace("(1, 3, 5)", "(1, 5, 3)")),
        (TINY, replace(("    run = ", "    model.load_weights\n    run = "), text=TINY)),
    ],
    ids=["operation", "call of a layer", "wiring", "a line before training"],
)
def test_other_code_is_another_group(edited, first, second):
    assert first != second
    runs = [edited(text)[1] for text in (first, second)]
    assert len(groups_of(*runs)) == 2


def test_normalise_is_another_group(edited, monkeypatch):
    _, before, _ = edited(TINY)

    def centred(images):
        return keras.ops.cast(images, "float32") / 127.5 - 1

    monkeypatch.setattr(common, "normalise", centred)
    _, after, _ = edited(TINY)
    assert len(groups_of(before, after)) == 2


def test_words_do_not_make_another_group(edited):
    """A docstring, a comment, an empty line, a name: the run goes on, and repeats the other."""
    lambdas = NETWORKS["Lambda"]
    _, first, _ = edited(lambdas)
    changed = replace(
        ("import common\n", "import common\n\n# a remark\n\n"),
        ('"""Train the network and write', '"""In other words: train the network and write'),
        text=lambdas,
    )
    _, second, _ = edited(changed, *ONE_EPOCH, "--seed", "1")
    (group,) = groups_of(first, second)
    assert len(group.accuracies) == 2


# ------------------------------------------------------------------------------------------------
# Recipes, fields, arguments


def test_third_recipe(edited, capsys):
    text = replace(
        ("MODERN, arguments", "MODERN, MINE, arguments"),
        (
            "def main(",
            "MINE = PUBLISHED.but(recipe='mine', batch_size=16)\n\n\ndef main(",
        ),
        text=TINY,
    )
    _, run, _ = edited(text, "--recipe", "mine", *ONE_EPOCH)
    assert run.record["hyperparameters"]["batch_size"] == 16
    with pytest.raises(SystemExit):
        edited(text, "--recipe", "yours")
    words = "recipe is 'yours'; it must be 'published', 'modern' or 'mine'"
    assert words in capsys.readouterr().err
    unnamed = text.replace("recipe='mine', ", "").replace("MODERN, MINE,", "MINE, MODERN,")
    with pytest.raises(SystemExit):
        edited(unnamed)
    assert "two blocks have the recipe 'published'" in capsys.readouterr().err


FIELDS = """
@dataclasses.dataclass(frozen=True, kw_only=True)
class Own(common.Hyperparameters):
    filters: tuple[int, ...] = (4, 8)  # of the convolutions
    optimizer: Literal["sgd", "adam", "muon", "rmsprop"] = "rmsprop"  # how an update follows


PUBLISHED = Own(
"""


def own_fields(text=TINY):
    imports = "import dataclasses\nfrom typing import Literal\n\nimport common\n"
    return replace(
        ("PUBLISHED = common.Hyperparameters(\n", FIELDS),
        ("import common\n", imports),
        ("model.compile(", "assert hyperparameters.filters == (4, 16)\n    model.compile("),
        ('    optimizer="adam",\n', ""),
        text=text,
    )


def test_own_fields_come_back_as_they_were(edited, tmp_path, monkeypatch):
    text = own_fields()
    begin = common.checkpoint.Checkpoint.on_epoch_begin

    def stop(self, epoch, logs=None):
        begin(self, epoch, logs)
        if epoch == 1:
            self.request_stop(2)

    monkeypatch.setattr(common.checkpoint.Checkpoint, "on_epoch_begin", stop)
    with pytest.raises(SystemExit) as ended:
        edited(text, "--epochs", "2", "--filters", "4", "16", "--optimizer", "rmsprop")
    assert ended.value.code == 130
    monkeypatch.setattr(common.checkpoint.Checkpoint, "on_epoch_begin", begin)
    (path,) = tmp_path.glob("results/*/*/")
    _, run, _ = edited(text, "--resume", str(path))
    assert run.history().epoch.tolist() == [1, 2]
    assert json.loads((path / "run.json").read_text())["hyperparameters"]["filters"] == [4, 16]


def test_warmup_of_nearly_all_updates(edited):
    arguments = ("--recipe", "modern", "--warmup", "0.99", "--epochs", "1", "--no-flip-test")
    _, run, _ = edited(TINY, *arguments)
    assert run.record["status"] == "finished"


CHANGED = "    hyperparameters = hyperparameters.but(batch_size=8)\n"


def test_changed_in_main(edited):
    """What a run was given is recorded, not what its recipe says."""
    text = replace(
        (
            "    data = common.load_data",
            CHANGED + "    data = common.load_data",
        ),
        text=TINY,
    )
    _, run, _ = edited(text)
    assert read_run(run.folder).record["hyperparameters"]["batch_size"] == 8


def test_second_run_keeps_its_own_text(edited):
    """In one process, as in a notebook: each run keeps the script as it was when it ran."""
    _, first, _ = edited(TINY)
    text = TINY.replace("(8, 3, activation", "(9, 3, activation")
    _, second, _ = edited(text)
    assert (first.folder / "script.py").read_text() == TINY
    assert (second.folder / "script.py").read_text() == text


# ------------------------------------------------------------------------------------------------
# What a sweep and predict.py make of it


FROM_IMPORT = replace(
    ("import common\n", "import common\nfrom common import load_data, parse_args, start_run\n"),
    ("    data = common.load_data", CHANGED + "    data = load_data"),
    ("common.parse_args", "parse_args"),
    ("common.start_run", "start_run"),
    text=TINY,
)


def ask(path, arguments):
    """Return what a sweep would want of a script that is started with these arguments."""
    Run.probe = script_probe.Probe()
    Run.probe.reads = True
    try:
        return script_probe.ask(load(path).main, [str(path), *arguments])
    finally:
        Run.probe = None


@pytest.mark.parametrize(
    "text",
    [FROM_IMPORT, NETWORKS["Lambda"], NETWORKS["own layer"], NETWORKS["base within"]],
    ids=["from common import", "Lambda", "own layer", "base within"],
)
def test_sweep_knows_the_run_again(edited, tmp_path, monkeypatch, text):
    monkeypatch.setattr(sys, "argv", [*sys.argv])
    _, run, _ = edited(text)
    moved = replace(("import common\n", "import common\n\n# a line more\n"), text=text)
    (tmp_path / "edited.py").write_text(moved)
    arguments = ["--results", str(tmp_path / "results"), *ONE_EPOCH]
    wanted = ask(tmp_path / "edited.py", arguments)
    record = read_run(run.folder).record
    assert identity.is_same_run(record, json.loads(json.dumps(wanted)))
    job = jobs.Job(
        label="",
        script="edited.py",
        arguments=[],
        wanted=wanted | {"hyperparameters": wanted["hyperparameters"] | {"batch_size": 99}},
        folder=str(tmp_path),
        sweep="",
    )
    size = record["hyperparameters"]["batch_size"]
    words = f"has batch_size {size}; sweep.py was to have 99"
    assert jobs.explain_other(job).endswith(words)


def test_sweep_of_a_script_with_data_of_its_own(edited, tmp_path, monkeypatch):
    """It answers what it would run before it is asked for its images."""
    own = "data = common.Dataset(*[getattr(have, each.name) for each in fields(have)])"
    text = replace(
        ("import common\n", "import common\nfrom dataclasses import fields\n"),
        ("data = common.load_data(hyperparameters)", f"have = common.own; {own}"),
        text=TINY,
    )
    path = tmp_path / "edited.py"
    path.write_text(text)
    monkeypatch.setattr(common, "own", common.read_data(None), raising=False)
    monkeypatch.setattr(sys, "argv", ["probe", str(path)])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps([["--epochs", "1"]] * 2)))
    monkeypatch.setattr(script_probe.signal, "signal", lambda *_: None)
    output = io.StringIO()
    try:
        script_probe.main(output)
    finally:
        Run.probe = None
    one, two = json.loads(output.getvalue())
    assert one == two and one["hyperparameters"]["epochs"] == 1


@pytest.mark.parametrize("name", ["own layer", "logits", "Lambda", "subclass", "no softmax, mse"])
def test_predict_asks_the_network_as_the_run_had_it(edited, digits, name):
    """Own layers are those of the script that the run keeps; logits become probabilities.

    A picture alone has the probability that it has among others. Without softmax some have a
    negative output, which tells a logit, and some have none.
    """
    above_0 = "layers.Flatten(), layers.Dense(num_classes, bias_initializer='ones')"
    no_softmax = replace(*compiled("'mse'"), text=with_layers(BLOCK, end=above_0))
    _, run, _ = edited(NETWORKS.get(name, no_softmax))
    read = read_run(run.folder)
    predict, shape = load_predict(read, digits.class_names, common.normalise)
    table = read.predictions
    found = np.concatenate([predict(image[np.newaxis]) for image in digits.x_test])
    assert shape == (32, 32, 3)
    np.testing.assert_allclose(found.max(axis=1), table.probability, rtol=1e-4)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_predict_does_not_train(edited, digits, capsys, monkeypatch):
    """A script without main() trains where its own layers are looked for."""
    text = NETWORKS["own layer"]
    _, run, _ = edited(text)
    flat = text.partition("def main(")[0] + "hyperparameters = common.parse_args('', PUBLISHED)\n"
    (run.folder / "script.py").write_text(flat)
    monkeypatch.setattr(sys, "argv", ["predict.py", str(run.folder), "photo.png"])
    with pytest.raises(SystemExit) as stop:
        load_predict(read_run(run.folder), digits.class_names, common.normalise)
    assert stop.value.code == 2 and "put that into main()" in capsys.readouterr().err


def test_predict_prepares_pictures_as_the_run_did(edited, digits, monkeypatch, capsys):
    """A run of a common.py with another `normalise` is asked with that one."""

    def inverted(images):
        return 1 - keras.ops.cast(images, "float32") / 255

    today = common.normalise
    monkeypatch.setattr(common, "normalise", inverted)
    _, run, _ = edited(TINY)
    monkeypatch.setattr(common, "normalise", today)
    kept, text = run.folder / "common.py", (run.folder / "common.py").read_text()
    line = 'return keras.ops.cast(images, "float32") / 255'
    assert line in text
    kept.write_text(text.replace(line, line.replace("return ", "return 1 - ")))
    read = read_run(run.folder)
    predict, _ = load_predict(read, digits.class_names, today)
    shares = predict(digits.x_test).max(axis=1)
    np.testing.assert_allclose(shares, read.predictions.probability, rtol=1e-4)
    kept.write_text(text)  # which is not what the run had
    with pytest.raises(SystemExit):
        load_predict(read, digits.class_names, today)
    assert "prepares images otherwise than the run did" in capsys.readouterr().err
