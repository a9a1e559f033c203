"""docs/networks/pretrained.py, a network of keras.applications: without its download."""

import sys

import keras
import numpy as np
import pytest
from conftest import ROOT, import_script, save_images

sys.path.insert(0, str(ROOT / "docs" / "networks"))


@pytest.fixture
def photographs(tmp_path):
    """Return a folder of two classes, six images each."""
    random = np.random.default_rng(0)
    for part, count in (("train", 8), ("test", 4)):
        labels = np.arange(count) % 2
        images = random.integers(0, 128, (count, 32, 32, 3), "uint8")
        images[labels == 1] += 128
        save_images(tmp_path / "photos" / part, images, labels, ("dark", "light"))
    return tmp_path / "photos"


@pytest.mark.usefixtures("eager")
def test_first_the_last_layer_learns_then_all(photographs, monkeypatch):
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


@pytest.mark.parametrize("wrong", ["epochs_of_all=-1", "rate_of_all=-0.001"])
def test_wrong_values_of_its_own(wrong, capsys):
    name, value = wrong.split("=")
    with pytest.raises(SystemExit) as end:
        import_script("pretrained").main([f"--{name.replace('_', '-')}", value])
    assert end.value.code == 2
    assert f"{name} is {value}; it must be a number, 0 or more" in capsys.readouterr().err
