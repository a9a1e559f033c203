"""The two recipes of each script, and the parts of the modern one, against NumPy by hand."""

import dataclasses
import signal
import sys

import common
from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SCRIPTS, import_script, send

from internals.comparison.table import USUAL
from internals.data.batches import ImageBatches
from internals.sweep import plan

MODERN = {
    "schedule": "cosine",
    "warmup": 0.25,
    "decay": 0.0,
    "weight_decay": 0.01,
    "label_smoothing": 0.1,
    "flip": True,
    "shift": 2,
    "momentum": 0.9,
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_published_has_nothing_of_the_modern(script):
    module = import_script(script)
    for name, off in USUAL.items():
        assert getattr(module.PUBLISHED, name) == off
    assert module.MODERN.recipe == "modern" and module.MODERN.data == module.PUBLISHED.data


def test_usual_values_are_the_defaults():
    fields = {field.name: field.default for field in dataclasses.fields(common.Hyperparameters)}
    assert {name: fields[name] for name in USUAL} == USUAL


def parse(monkeypatch, *arguments, script="udacity_cnn"):
    monkeypatch.setattr(sys, "argv", [f"{script}.py", *arguments])
    module = import_script(script)
    return common.parse_args("", module.PUBLISHED, module.MODERN)


@pytest.mark.parametrize("words", [["--recipe", "modern"], ["--recipe=modern"]])
def test_recipe_and_single_values(monkeypatch, capsys, words):
    modern = import_script("udacity_cnn").MODERN
    assert parse(monkeypatch, *words) == modern
    changed = parse(monkeypatch, "--learning-rate", "0.5", *words, "--no-flip")
    assert changed == modern.but(learning_rate=0.5, flip=False)
    assert "learning_rate: 0.5 (the script's own: " in capsys.readouterr().out
    assert parse(monkeypatch) == import_script("udacity_cnn").PUBLISHED


@pytest.mark.parametrize("script", SCRIPTS)
def test_ablation_adds_one_part_a_row(monkeypatch, script):
    monkeypatch.syspath_prepend(ROOT / "docs" / "programs")
    from ablation import rows

    for flags in rows(script).values():
        plan.parse_values(flags)  # which refuses a flag that is given twice
    published, *built = [
        dataclasses.asdict(parse(monkeypatch, *flags, script=script))
        for flags in rows(script).values()
    ]
    module = import_script(script)
    assert published == dataclasses.asdict(module.PUBLISHED)
    assert built[-1] == dataclasses.asdict(module.MODERN)
    off = USUAL | {"recipe": "modern", "precision": "float32"}
    assert {name: built[0][name] for name in off} == off  # the optimizer alone is another
    parts = [{"schedule", "warmup"}, {"weight_decay"}, {"flip"}, {"shift"}, {"label_smoothing"}]
    parts.append({"flip_test"})
    muon = {"optimizer", "adam_share", "learning_rate", "momentum", "weight_decay"}
    parts.append(muon | {"batch_size"} if script in ("6layerCNN", "minivggnet") else muon)
    for above, row, part in zip(built[:-1], built[1:], parts, strict=True):
        assert {name for name in row if row[name] != above[name]} == part


def test_digits_are_not_mirrored(monkeypatch, capsys):
    digits = parse(monkeypatch, "--recipe", "modern", "--data", "digits")
    assert not digits.flip and not digits.flip_test
    assert "a mirrored 2 is no 2" in capsys.readouterr().out


def test_test_images_mirrored(small_model, small_data, make_hyperparameters):
    model, images = small_model(make_hyperparameters()), small_data.x_test
    views = [images / np.float32(255), images[:, :, ::-1] / np.float32(255)]
    by_hand = sum(model.predict(view, verbose=0) for view in views) / 2
    probabilities, accuracy, loss = common.evaluate(model, images, small_data.y_test, flip=True)
    np.testing.assert_allclose(probabilities, by_hand, rtol=1e-5)
    assert accuracy == np.mean(by_hand.argmax(axis=1) == small_data.y_test)
    of_truth = by_hand[np.arange(len(images)), small_data.y_test]
    assert loss == pytest.approx(-np.log(of_truth).mean(), rel=1e-5)
    plain, *_ = common.evaluate(model, images, small_data.y_test)
    assert abs(plain - probabilities).max() > 1e-4


# ------------------------------------------------------------------------------------------------
# The learning rate and the weights


def test_cosine_by_hand(make_hyperparameters, small_data):
    own = make_hyperparameters(epochs=4, **MODERN | {"learning_rate": 0.2})
    rate = common.make_optimizer(own, small_data)._learning_rate
    updates = 4 * 3  # 96 images in batches of 32
    seen = [float(rate(update)) for update in range(updates + 1)]
    rising = np.linspace(0.02, 0.2, 4)[:3]
    falling = 0.2 * (1 + np.cos(np.pi * np.arange(10) / 9)) / 2
    np.testing.assert_allclose(seen, [*rising, *falling], rtol=1e-5, atol=1e-7)
    flat = common.make_optimizer(own.but(warmup=0.0), small_data)._learning_rate
    assert float(flat(0)) == pytest.approx(0.2) and float(flat(6)) == pytest.approx(0.1)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weight_decay_spares_biases(make_hyperparameters, small_data, optimizer):
    changes = {"optimizer": optimizer, "learning_rate": 0.5, "decay": 0.0}
    own = make_hyperparameters(weight_decay=0.1, **changes)
    names = ["kernel", "bias", "gamma", "beta"]
    weights = [keras.Variable(1.0, name=name) for name in names]
    gradients = [keras.ops.convert_to_tensor(0.0) for _ in names]
    optimizer = common.make_optimizer(own, small_data)
    for _ in range(2):
        optimizer.apply(gradients, weights)
    np.testing.assert_allclose([float(w.value) for w in weights], [0.95**2, 1, 1, 1], rtol=1e-6)


# ------------------------------------------------------------------------------------------------
# The images


@pytest.fixture
def few(random):
    return random.integers(0, 256, (10, 32, 32, 3), dtype="uint8")


def epoch_of(images, epoch, flip, shift, seed=7):
    """Return the images of an epoch in their own order, as training gets them."""
    before = images.copy()
    batches = ImageBatches(images, np.arange(10), lambda batch: batch, batch_size=4, seed=seed)
    batches.set_augmentation(flip, shift)
    batches.shuffle(epoch)
    parts = [batches[index] for index in range(len(batches))]
    labels = np.concatenate([labels for _, labels in parts])
    np.testing.assert_array_equal(images, before)
    return np.concatenate([part for part, _ in parts])[np.argsort(labels)]


def test_mirrored_in_every_second_epoch(few):
    first, second, third = (epoch_of(few, epoch, True, 0) for epoch in (1, 2, 3))
    mirrored = [not np.array_equal(*pair) for pair in zip(first, few, strict=True)]
    assert 0 < sum(mirrored) < 10
    for index, is_mirrored in enumerate(mirrored):
        ways = few[index], few[index, :, ::-1]
        np.testing.assert_array_equal(first[index], ways[is_mirrored])
        np.testing.assert_array_equal(second[index], ways[not is_mirrored])
    np.testing.assert_array_equal(first, third)
    assert not np.array_equal(first, epoch_of(few, 1, True, 0, seed=8))


def test_moved_with_reflected_edges(few):
    moved = epoch_of(few, 1, False, 2)
    offsets = set()
    for image, original in zip(moved, few, strict=True):
        larger = np.pad(original, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        places = [
            (row, column)
            for row in range(5)
            for column in range(5)
            if np.array_equal(image, larger[row : row + 32, column : column + 32])
        ]
        assert len(places) == 1
        offsets |= {*places}
    assert len(offsets) > 3
    assert not np.array_equal(moved, epoch_of(few, 2, False, 2))
    np.testing.assert_array_equal(moved, epoch_of(few, 1, False, 2))


# ------------------------------------------------------------------------------------------------
# A run


def test_smoothed_labels_by_hand(start, small_data, make_hyperparameters):
    """One batch an epoch and no learning to speak of: the loss is that of the network as made."""
    own = make_hyperparameters(label_smoothing=0.2, batch_size=96)

    def build(hyperparameters):
        layers = [keras.Input((32, 32, 3)), keras.layers.Flatten()]
        model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
        rate = keras.optimizers.SGD(1e-9)
        model.compile(rate, common.make_loss(hyperparameters), metrics=["accuracy"])
        return model

    run, model = start(own, build=build)
    epoch = run.history().iloc[0]
    logs = np.log(model.predict(small_data.x_train / np.float32(255), verbose=0))
    truth = np.full((96, 10), 0.02)
    truth[np.arange(96), small_data.y_train] = 0.82
    assert epoch.loss == pytest.approx(-(truth * logs).sum(axis=1).mean(), rel=1e-4)
    assert epoch.accuracy == pytest.approx(np.mean(logs.argmax(axis=1) == small_data.y_train))
    logs = np.log(model.predict(small_data.x_validation / np.float32(255), verbose=0))
    sure = -logs[np.arange(32), small_data.y_validation].mean()  # the validation's stay whole
    assert epoch.val_loss == pytest.approx(sure, rel=1e-4)


def test_resumed_exactly(start, at_epoch, handlers, make_hyperparameters):
    own = make_hyperparameters(epochs=4, recipe="modern", **MODERN)
    whole, model = start(own)
    at_epoch(3, send(signal.SIGINT))
    run, _ = start(own)
    resumed, same = start(own.but(resume=str(run.folder)))
    histories = [each.history().drop(columns="seconds") for each in (resumed, whole)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    for ours, theirs in zip(same.variables, model.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))
    assert whole.history().learning_rate.iloc[-1] == pytest.approx(0, abs=1e-8)
    plain, _ = start(own.but(flip=False, shift=0, name="plain"))
    assert not plain.history().loss.equals(whole.history().loss)


def test_no_more_epochs_than_the_cosine_had(
    start, at_epoch, handlers, make_hyperparameters, monkeypatch, capsys
):
    at_epoch(2, send(signal.SIGINT))
    run, _ = start(make_hyperparameters(epochs=3, recipe="modern", **MODERN))
    run.save(script="udacity_cnn")
    with pytest.raises(SystemExit) as end:
        parse(monkeypatch, "--resume", str(run.folder), "--epochs", "5")
    assert end.value.code == 2
    assert "epochs is 5; the run was to have 3: its cosine" in capsys.readouterr().err
