"""Training with TensorFlow's speed-ups against training as Keras has it."""

import contextlib

from internals.core.keras_loader import keras

import pytest
from two_ways import TEXTS, assert_alike, train

from internals.training import tensorflow_speedups


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others have no speed-ups")
@pytest.mark.parametrize("name", TEXTS)
def test_speed_ups_change_nothing(tmp_path, monkeypatch, name):
    faster = train(TEXTS[name], tmp_path, monkeypatch)
    monkeypatch.setattr(tensorflow_speedups, "speeding_up", lambda *_: contextlib.nullcontext())
    assert_alike(faster, TEXTS[name], tmp_path, monkeypatch)
    keras.utils.clear_session()
