"""The balance of the classes: weights against scikit-learn's formula, words, and what they do."""

import dataclasses

import numpy as np
import pytest
import sklearn.metrics

from internals.report.tables import balanced_accuracy
from internals.training.chance_level import advise
from internals.training.class_balance import balance, describe_imbalance

pytestmark = pytest.mark.usefixtures("eager", "undrawn")


def test_weights_make_the_classes_alike():
    labels = np.repeat([0, 1, 3], [60, 30, 10])  # none of class 2
    weights = balance(labels)
    assert [*weights] == [0, 1, 3]
    shares = [weights[label] * np.sum(labels == label) for label in weights]
    np.testing.assert_allclose(shares, 100 / 3)
    assert np.mean([weights[label] for label in labels]) == pytest.approx(1)


def test_imbalance_in_words():
    names = ["cat", "dog", "emu"]
    assert describe_imbalance(np.repeat([0, 1], [3000, 9]), names) == "cat: 3,000, emu: 0"
    assert describe_imbalance(np.repeat([0, 1, 2], [300, 101, 200]), names) == ""
    assert describe_imbalance(np.repeat([0, 1, 2], [10, 2, 8]), names) == ""  # as chance has it
    assert describe_imbalance(np.repeat([0, 1, 2], [300, 100, 200]), names) == "cat: 300, dog: 100"


def test_balanced_accuracy_as_scikit_learn_has_it():
    random = np.random.default_rng(0)
    labels, predicted = random.choice(4, 500, p=[0.7, 0.2, 0.1, 0]), random.integers(0, 4, 500)
    expected = sklearn.metrics.balanced_accuracy_score(
        labels[predicted < 3], predicted[predicted < 3]
    )
    assert balanced_accuracy(labels[predicted < 3], predicted[predicted < 3]) == pytest.approx(
        expected
    )
    assert balanced_accuracy(np.repeat([0, 1], [60, 1]), np.zeros(61, int)) == 0.5


def test_advice_fits_the_cause():
    names, alike, lopsided = ["a", "b"], np.arange(200) % 2, np.repeat([0, 1], [190, 10])
    assert "train longer: it has been updated 1 time" in advise(lopsided, names, 1, {})
    assert "class-weights balanced" in advise(lopsided, names, 500, {})
    assert "class-weights" not in advise(lopsided, names, 500, {"0": 1.0})
    assert "batch normalisation" in advise(alike, names, 500, {})


def test_balanced_weights_are_those_of_fit(start, make_hyperparameters, small_data):
    """A rare class has a say: the same as with Keras's `class_weight` given by hand."""
    rare = np.flatnonzero((small_data.y_train != 3) | (np.arange(96) < 12))
    few = dataclasses.replace(
        small_data, x_train=small_data.x_train[rare], y_train=small_data.y_train[rare]
    )
    run, model = start(make_hyperparameters(class_weights="balanced"), data=few)
    plain_run, plain = start(make_hyperparameters(), data=few)
    losses = [each.history().loss.iloc[-1] for each in (run, plain_run)]
    assert losses[0] != losses[1]
    expected = {str(label): weight for label, weight in balance(few.y_train).items()}
    assert run.record["class_weight"] == expected and plain_run.record["class_weight"] == {}
    assert not np.array_equal(model.get_weights()[0], plain.get_weights()[0])
