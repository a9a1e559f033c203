"""What outputs mean, and their probabilities, by hand."""

import numpy as np
import pytest

from internals.core.probabilities import find_meaning, to_probabilities


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
