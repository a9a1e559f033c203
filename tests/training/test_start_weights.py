"""The start from another run's weights: which layers take them, and what is recorded of it."""

import dataclasses

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest

from internals.comparison.groups import make_groups
from internals.runs import identity
from internals.runs.run import read_record
from internals.runs.run_reader import read_run
from internals.training.start_weights import name_layers, start_from

pytestmark = pytest.mark.usefixtures("eager", "undrawn")


@pytest.fixture
def first(start, make_hyperparameters, small_data):
    """Return a finished run of the small network, and its network."""
    run, model = start(make_hyperparameters(epochs=1))
    common.report(run, model, small_data)
    return run, model


@pytest.fixture
def after(first, make_hyperparameters):
    """Return the hyperparameters of a run that starts from the first."""
    return make_hyperparameters(epochs=1, seed=5, start_from=str(first[0].folder))


def test_all_weights_are_taken(first, after, small_model, capsys):
    model = small_model(after)
    assert not np.array_equal(model.get_weights()[0], first[1].get_weights()[0])
    record = start_from(model, after)
    for ours, theirs in zip(model.get_weights(), first[1].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert record["started_from"] == f"small/{first[0].folder.name}"
    assert record["start_layers"]["taken"] == ["conv2d_1", "batch_normalization_1", "dense_1"]
    assert "3 of 3 layers have the weights of that run" in capsys.readouterr().out


def test_layer_of_another_shape_begins_anew(first, after, small_model, capsys):
    model = small_model(after, num_classes=2)
    head = model.layers[-1].get_weights()
    record = start_from(model, after)
    np.testing.assert_array_equal(model.layers[0].kernel, first[1].layers[0].kernel)
    np.testing.assert_array_equal(model.layers[-1].get_weights()[0], head[0])
    assert [*record["start_layers"]["anew"]] == ["dense_1"]
    assert "256 x 2 and 2, there 256 x 10 and 10" in capsys.readouterr().out


def test_names_do_not_depend_on_what_was_built_before():
    def build():
        layers = [keras.layers.Dense(3, name="mine_7"), keras.layers.Dense(2), *SHARED]
        return keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])

    SHARED = [keras.layers.BatchNormalization()]
    names = ["mine_7", "dense_1", "batch_normalization_1", "dense_2"]
    assert [*name_layers(build())] == [*name_layers(build())] == names


def test_start_is_part_of_the_recipe(first, after, start, small_data, make_hyperparameters):
    run, model = start(after)
    common.report(run, model, small_data)
    plain, _ = start(make_hyperparameters(epochs=1, seed=6))
    again, _ = start(dataclasses.replace(after, seed=7))
    runs = [read_run(each.folder) for each in (first[0], plain, run, again)]
    assert [len(group.runs) for group in make_groups(runs)] == [2, 2]
    assert not identity.is_same_run(runs[0].record, runs[2].record)


def test_resume_needs_the_first_run_no_more(first, after, start, small_data):
    run, _ = start(after)
    kept = read_record(run.folder)["start_weights"]
    (first[0].folder / "model.keras").unlink()
    resumed, _ = start(dataclasses.replace(after, resume=str(run.folder)))
    assert resumed.record["start_weights"] == kept


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda folder: (folder / "run.json").unlink(), "it must be the folder of a run"),
        (lambda folder: (folder / "model.keras").unlink(), "that run has no model.keras"),
        (lambda folder: (folder / "model.keras").write_bytes(b"PK"), "cannot be loaded: "),
    ],
)
def test_start_from_what_is_no_trained_run(first, after, small_model, capsys, spoil, words):
    spoil(first[0].folder)
    with pytest.raises(SystemExit) as stop:
        start_from(small_model(after), after)
    error = capsys.readouterr().err
    assert stop.value.code == 2 and words in error and error.count("\n") == 1


def test_folder_above_names_the_newest_run(first, after, small_model, capsys):
    above = dataclasses.replace(after, start_from=str(first[0].folder.parent))
    with pytest.raises(SystemExit):
        start_from(small_model(above), above)
    assert f"such as {first[0].folder}" in capsys.readouterr().err


def test_network_that_shares_no_layer(first, after, capsys):
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(3))
    with pytest.raises(SystemExit):
        start_from(model, after)
    assert "no layer of that run has the same name and shapes as" in capsys.readouterr().err
