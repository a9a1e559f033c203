"""The same network trained twice, with what makes it faster and without: for the tests of both."""

import importlib.util
import re

import common
from internals.core.keras_loader import keras

import numpy as np
from edited_scripts import COMPILED, NETWORKS, ROOT, TINY, replace

from internals.report import image_grids

EDITED = {
    name: NETWORKS[name]
    for name in (
        "residual",
        "base within",
        "frozen normalization",
        "own normalization",
        "own convolution of tiny pictures",
        "logits",
        "regulariser",
        "GroupNormalization",
        "shared layer",
    )
}
for name in ("two metrics", "a number for each class"):
    EDITED[name] = replace(*COMPILED[name][0], text=TINY)
SCRIPTS = ("4layerCNN", "6layerCNN", "minivggnet", "vgg16", "udacity_cnn")
TEXTS = {name: (ROOT / f"{name}.py").read_text(encoding="utf-8") for name in SCRIPTS} | EDITED
TEXTS["vgg16"] = re.sub(
    r"4096|(?<=, )(128|256|512)", "16", TEXTS["vgg16"]
)  # as deep, and trained in seconds
STEPS, BATCH_SIZE = 3, 8


def make_noise():
    """Return random images, as many as three steps take and a few for the rest.

    Digits have channels that hardly vary, in which batch normalisation makes most of rounding.
    """
    random, count = np.random.default_rng(0), STEPS * BATCH_SIZE
    x = random.integers(0, 256, (count + 16, 32, 32, 3), dtype="uint8")
    y, middle = np.arange(count + 16) % 10, count + 8
    names = [str(label) for label in range(10)]
    return common.Dataset(
        x[:count], y[:count], x[count:middle], y[count:middle], x[middle:], y[middle:], names
    )


def train(text, tmp_path, monkeypatch):
    """Run a script's main() for three small steps; return its network."""
    data = make_noise()
    monkeypatch.setattr(common, "read_data", lambda hyperparameters: data)
    monkeypatch.setattr(common, "report", lambda *_: None)
    monkeypatch.setattr(image_grids, "plot_samples", lambda *_: None)
    path = tmp_path / "script.py"
    path.write_text(text)
    specification = importlib.util.spec_from_file_location("script", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    values = {"epochs": 1, "batch-size": BATCH_SIZE, "learning-rate": 1e-3, "results": tmp_path}
    arguments = [word for flag, value in values.items() for word in (f"--{flag}", str(value))]
    run, model = module.main([*arguments, "--no-keep-best"])
    run.release()
    return model


def assert_alike(one, text, tmp_path, monkeypatch):
    """Fail where a network differs from one that is trained now by more than rounding makes of it.

    Batch normalisation makes much of it. So the second network is trained once more, from weights
    that differ by one part in a million: as coarse is the difference of squares by which Keras has
    the variance of a batch.
    """
    other = train(text, tmp_path, monkeypatch)
    pairs = [*zip(one.get_weights(), other.get_weights(), strict=True)]
    if all(np.allclose(ours, theirs, rtol=2e-3, atol=2e-5) for ours, theirs in pairs):
        return
    nudge_weights(monkeypatch)
    nudged = train(text, tmp_path, monkeypatch).get_weights()
    for (ours, theirs), third in zip(pairs, nudged, strict=True):
        rounding = 1e-6 + 5 * np.abs(third - theirs).max()
        difference = np.abs(ours - theirs).max()
        assert difference < rounding, (difference, rounding, ours.shape)


def nudge_weights(monkeypatch):
    """Have the next training begin with weights that differ in their last digit."""
    fit, random = keras.Model.fit, np.random.default_rng(0)

    def nudged(model, *arguments, **settings):
        for weight in model.trainable_weights:
            signs = random.choice([-1, 1], weight.shape)
            weight.assign(keras.ops.convert_to_numpy(weight) * (1 + 1e-6 * signs))
        return fit(model, *arguments, **settings)

    monkeypatch.setattr(keras.Model, "fit", nudged)
