"""docs/networks/resnet.py, the residual network: its parameters, and what a block computes."""

import json
import sys

import keras
import numpy as np
import pytest
from conftest import ROOT, import_script, only_run

sys.path.insert(0, str(ROOT / "docs" / "networks"))


@pytest.fixture(scope="module")
def resnet():
    return import_script("resnet")


def count_by_hand(blocks, shortcuts):
    """Return the parameters of the network, counted as in the paper; normalisation has 4."""
    total, before = 0, 3
    for filters in (16, 32, 64):
        layers = 2 * blocks + (filters == 16)
        sizes = [before, *[filters] * (layers - 1)]
        total += sum(9 * size * filters + 4 * filters for size in sizes)
        if shortcuts and filters > 16:
            total += before * filters + 4 * filters
        before = filters
    return total + 64 * 10 + 10


@pytest.mark.parametrize(("blocks", "shortcuts"), [(3, True), (3, False), (1, True), (9, True)])
def test_parameters(resnet, blocks, shortcuts):
    network = resnet.build_model((32, 32, 3), 10, blocks, shortcuts)
    assert network.count_params() == count_by_hand(blocks, shortcuts)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("Add") == 3 * blocks * shortcuts
    weighted = kinds.count("Conv2D") + kinds.count("Dense") - 2 * shortcuts
    assert weighted == 6 * blocks + 2


def test_a_block_that_finds_nothing_hands_on_its_input(resnet):
    images = np.random.default_rng(0).random((2, 8, 8, 16), dtype="float32")
    inputs = keras.Input((8, 8, 16))
    for shortcuts in (True, False):
        block = keras.Model(inputs, resnet.residual_block(inputs, 16, 1, shortcuts))
        *_, last = [each for each in block.layers if isinstance(each, resnet.BatchNormalization)]
        last.gamma.assign(0 * last.gamma)
        expected = images if shortcuts else 0 * images
        np.testing.assert_allclose(block(images), expected, atol=1e-6)


def test_it_is_a_script_like_the_five(zygote, tmp_path):
    assert len((ROOT / "docs" / "networks" / "resnet.py").read_text().splitlines()) <= 120
    places = {"cwd": tmp_path, "output": tmp_path}
    arguments = ["--data", "digits", "--recipe", "modern", "--blocks", 1, "--epochs", 1]
    done = zygote.run(ROOT / "docs" / "networks" / "resnet", *arguments, **places)
    assert done.returncode == 0, done.stderr
    folder = only_run(tmp_path / "results")
    record = json.loads((folder / "run.json").read_text())
    assert record["hyperparameters"]["blocks"] == 1 and record["optimizer"]["class"] == "Muon"
    printout = (folder / "architecture.txt").read_text()
    assert "batch_normalization_1 " in printout and "Connected to" in printout  # in full
    assert "add[0][0]" in printout
