"""Networks trained in stretches and batch by batch: test_jax_scan.py runs this with JAX."""

import sys

sys.modules["tensorflow"] = None  # Keras would load it to seed it

from internals.core.keras_loader import keras

import jax
import pytest
from two_ways import TEXTS, assert_alike, train

from internals.training import distributed


@pytest.mark.parametrize("name", TEXTS)
def test_stretches_change_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setattr(distributed, "find_devices", lambda batch_size: jax.devices()[:1])
    stretched = train(TEXTS[name], tmp_path, monkeypatch)
    monkeypatch.setattr(distributed, "find_devices", lambda batch_size: [])
    assert_alike(stretched, TEXTS[name], tmp_path, monkeypatch)
    keras.utils.clear_session()
