"""What outputs mean, and their probabilities, by hand."""

import numpy as np
import pytest

from internals.core.probabilities import find_meaning, is_chance, to_probabilities


@pytest.mark.parametrize(
    ("outputs", "logits", "meaning", "shares"),
    [
        ([0.25, 0.75], False, "probabilities", [0.25, 0.75]),
        ([0.25, 0.75], True, "probabilities", [0.25, 0.75]),  # a softmax too many in the loss
        ([0.26, 0.75], False, "probabilities", [0.26, 0.75]),  # rounded to three digits
        ([-1, 1], False, "logits", [1 / (1 + np.e**2), 1 / (1 + np.e**-2)]),
        ([1, 3], True, "logits", [1 / (1 + np.e**2), 1 / (1 + np.e**-2)]),
        ([1, 3], False, "scores", [0.25, 0.75]),
        ([1000, -1000], True, "logits", [1, 0]),
    ],
)
def test_meaning(outputs, logits, meaning, shares):
    outputs = np.array([outputs], dtype="float32")
    assert find_meaning(outputs, logits) == meaning
    found = to_probabilities(outputs, meaning)
    np.testing.assert_allclose(found, [shares], rtol=1e-6)
    assert found.dtype == np.float32


def test_one_row_below_zero_makes_all_logits():
    outputs = np.array([[1, 3], [-1, 2]], dtype="float32")
    assert find_meaning(outputs) == "logits"


@pytest.mark.parametrize(
    ("accuracy", "cross_entropy", "classes", "chance"),
    [
        (0.1, 2.303, 10, True),
        (0.15, 2.302, 10, True),
        (0.15, 2.26, 10, False),  # rarely right, but it knows how sure to be
        (0.52, 0.71, 2, True),
        (0.56, 0.94, 2, False),  # too sure of itself, and right more often than not
        (0.015, 4.7, 100, True),
        (0.05, 6.0, 100, False),
        (0.1, float("inf"), 10, True),
    ],
)
def test_chance_level(accuracy, cross_entropy, classes, chance):
    assert is_chance(accuracy, cross_entropy, classes) is chance
