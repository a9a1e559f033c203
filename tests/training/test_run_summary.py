"""What the title of a plot says of a run."""

import pytest
from conftest import import_script

from internals.training.run_summary import format_hyperparameters, format_own


def test_title_names_what_only_this_script_has():
    published = import_script("vgg16").PUBLISHED
    assert ", batch norm, batch size 32" in format_hyperparameters(published, {})
    words = format_hyperparameters(published.but(batch_norm=False), {})
    assert ", no batch norm, batch size 32" in words
    assert "norm" not in format_hyperparameters(import_script("udacity_cnn").PUBLISHED, {})


@pytest.mark.parametrize(
    ("value", "words"), [(3, "residual blocks 3"), ((1, 2), "residual blocks (1, 2)")]
)
def test_own_values_of_other_kinds(value, words):
    assert format_own("residual_blocks", value) == words
