"""The five networks against the parameter counts and printouts that the tutorials published."""

import math

import pytest
from conftest import ROOT, import_script

from internals.report.feature_maps import find_block_ends, find_kernels
from internals.training.architecture import draw_architecture

PRINTOUTS = ROOT / "tests" / "printouts"


BLOCKS = {  # side and number of the maps at the end of each block
    "4layerCNN": [(30, 32), (13, 64)],
    "6layerCNN": [(32, 32), (16, 64), (8, 128)],
    "minivggnet": [(32, 32), (16, 64)],
    "vgg16": [(32, 64), (16, 128), (8, 256), (4, 512), (2, 512)],
    "udacity_cnn": [(32, 16), (16, 32), (8, 64), (4, 128)],
}


@pytest.mark.parametrize(
    ("script", "parameters", "not_trainable"),
    [
        ("4layerCNN", 1_250_858, 0),
        ("6layerCNN", 2_395_434, 0),
        ("minivggnet", 2_171_178, 1_408),
        ("vgg16", 33_687_922, 24_852),
        ("udacity_cnn", 231_338, 0),
    ],
)
def test_parameters(script, parameters, not_trainable):
    model = import_script(script).build_model((32, 32, 3), 10)
    assert model.count_params() == parameters
    assert sum(math.prod(weight.shape) for weight in model.non_trainable_weights) == not_trainable
    maps = [(side, side, count) for side, count in BLOCKS[script]]
    assert [end.shape[1:] for end in find_block_ends(model)] == maps
    assert find_kernels(model, (32, 32, 3)).shape == (BLOCKS[script][0][1], 3, 3, 3)


def test_vgg16_without_batch_norm():
    model = import_script("vgg16").build_model((32, 32, 3), 10, batch_norm=False)
    assert model.count_params() == 33_638_218
    names = [layer.name for layer in model.layers]
    assert names[0] == "block1_conv1"
    assert {"block5_conv3", "block5_pool", "fc1", "fc2"} < set(names)
    assert draw_architecture(model) == published("vgg16")


@pytest.mark.parametrize("script", ["4layerCNN", "6layerCNN"])
def test_architecture(script):
    model = import_script(script).build_model((32, 32, 3), 10)
    assert draw_architecture(model) == published(script)


def published(script):
    """Return the tutorial's printout, less the padding that is a convolution's own today."""
    lines = (PRINTOUTS / f"{script}.txt").read_text().splitlines()
    padding = [index for index, line in enumerate(lines) if "ZeroPadding2D" in line]
    dropped = {*padding, *(index + 1 for index in padding)}  # the row and its dimensions
    return "".join(f"{line}\n" for index, line in enumerate(lines) if index not in dropped)


def test_batch_norm_stands_before_every_activation_of_vgg16():
    model = import_script("vgg16").build_model((32, 32, 3), 10)
    kinds = [type(layer).__name__ for layer in model.layers]
    after = [kinds[index - 1] for index, kind in enumerate(kinds) if kind == "Activation"]
    assert after == ["BatchNormalization"] * 16
    assert model.layers[-1].activation.__name__ == "softmax"


def test_dropout_rates():
    def rates(script):
        model = import_script(script).build_model((32, 32, 3), 10)
        return [layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"]

    assert rates("4layerCNN") == [0.25, 0.25, 0.5]
    assert rates("6layerCNN") == [0.2] * 5
    assert rates("minivggnet") == [0.25, 0.25, 0.5]
    assert rates("vgg16") == [0.5, 0.5]
    assert rates("udacity_cnn") == [0.3, 0.4]


def test_max_norm_of_the_wide_layer():
    model = import_script("6layerCNN").build_model((32, 32, 3), 10)
    constraints = [getattr(layer, "kernel_constraint", None) for layer in model.layers]
    (constraint,) = filter(None, constraints)
    assert constraint.max_value == 3
    assert model.layers[constraints.index(constraint)].units == 1024


@pytest.mark.parametrize(
    ("script", "recipe"),
    [
        ("4layerCNN", (50, 32, "sgd", 0.1, 0, True, 1e-6, 0, False)),
        ("6layerCNN", (10, 32, "sgd", 0.01, 0.9, False, 1e-6, 0, False)),
        ("minivggnet", (40, 64, "sgd", 0.01, 0.9, True, 0.01 / 40, 0, False)),
        ("vgg16", (10, 32, "sgd", 0.0005, 0, True, 0, 0, False)),
        ("udacity_cnn", (15, 32, "adam", 0.001, 0, False, 0, 0.1, True)),
    ],
)
def test_published_recipe(script, recipe):
    fields = "epochs batch_size optimizer learning_rate momentum nesterov decay validation_split"
    own = import_script(script).PUBLISHED
    assert tuple(getattr(own, field) for field in [*fields.split(), "keep_best"]) == recipe
    assert own.data == "cifar10"


@pytest.mark.parametrize("num_classes", [2, 37])
def test_classes_come_from_the_data(num_classes):
    model = import_script("udacity_cnn").build_model((32, 32, 3), num_classes)
    assert model.output_shape == (None, num_classes)
