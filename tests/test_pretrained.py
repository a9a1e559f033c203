"""docs/networks/pretrained.py, a network of keras.applications: without its download."""

import sys

import keras
import numpy as np
import pytest
from conftest import ROOT, import_script
from PIL import Image

sys.path.insert(0, str(ROOT / "docs" / "networks"))


@pytest.fixture
def photographs(tmp_path):
    """Return a folder of two classes, six images each."""
    random = np.random.default_rng(0)
    for part, count in (("train", 4), ("test", 2)):
        for number, name in enumerate(("dark", "light")):
            (tmp_path / "photos" / part / name).mkdir(parents=True)
            for each in range(count):
                image = random.integers(128 * number, 128 * number + 128, (32, 32, 3), "uint8")
                Image.fromarray(image).save(tmp_path / "photos" / part / name / f"{each}.png")
    return tmp_path / "photos"


@pytest.fixture
def eagerly():
    """Compute step by step where that can be: to compile so many layers takes half a minute."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
def test_first_the_last_layer_learns_then_all(photographs, monkeypatch, capsys):
    monkeypatch.chdir(photographs.parent)
    pretrained, seen = import_script("pretrained"), []

    def train(run, model, data, **settings):
        learned = next(layer for layer in model.layers if isinstance(layer, keras.Model))
        before = [weight.numpy().copy() for weight in learned.trainable_weights or learned.weights]
        real(run, model, data, **settings)
        after = [weight.numpy() for weight in learned.trainable_weights or learned.weights]
        changed = sum(not np.array_equal(*pair) for pair in zip(before, after, strict=True))
        seen.append((len(model.trainable_weights), changed))

    real = pretrained.common.train
    monkeypatch.setattr(pretrained.common, "train", train)
    arguments = ["--data", photographs, "--image-size", 32, "--weights", "none", "--epochs", 1]
    arguments += ["--epochs-of-all", 1, "--batch-size", 8, "--validation-split", 0]
    run, model = pretrained.main([*map(str, arguments), "--rate-of-all", "0.01", "--no-keep-best"])
    assert seen[0] == (2, 0)  # kernel and bias of the new layer
    assert seen[1][0] > 100 and seen[1][1] > 100
    assert run.record["epochs_done"] == 2 and (run.folder / "features.png").exists()
