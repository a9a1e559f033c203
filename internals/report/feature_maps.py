"""Kernels and feature maps of a network, and its most confident mistakes."""

import itertools

from internals.core.keras_loader import keras

import numpy as np

from internals.core.layers import find_calls, find_layers

MOST_BLOCKS = 6  # that a picture has room for


def find_most_confident_mistakes(probabilities, labels, most):
    """Return which test images are named wrongly, the one with the highest probability first."""
    sure = probabilities.max(axis=1)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-sure[wrong], kind="stable")][:most]


def find_kernels(model, image_shape):
    """Return the patterns (n, height, width, 3) that the first layer looks for, or None."""
    layers = (layer for layer in find_layers(model) if getattr(layer, "kernel", None) is not None)
    layer = next(layers, None)
    if layer is None:
        return None
    kernel = keras.ops.convert_to_numpy(layer.kernel).astype("float32")
    if isinstance(layer, keras.layers.Conv2D) and kernel.shape[2] == 3:
        kernels = kernel.transpose(3, 0, 1, 2)
    elif kernel.ndim == 2 and len(kernel) == np.prod(image_shape):  # all pixels, densely
        kernels = kernel.T.reshape(-1, *image_shape)
    else:
        return None
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    return 0.5 + kernels / np.maximum(2 * largest, 1e-12)  # grey is a weight of 0


def find_block_ends(model):
    """Return what ends each block: what is pooled or, without pooling, the last of each size."""
    calls = find_calls(model, within=False)  # what is within has an input of its own
    calls = list(itertools.dropwhile(lambda call: not getattr(call.layer, "weights", ()), calls))
    pooling = [call for call in calls if "Pooling" in type(call.layer).__name__]
    if all(type(call.layer).__name__.startswith("Global") for call in pooling):  # or there is none
        made = [call.outputs[0] for call in calls if is_picture(call.outputs[0])]
        sizes = [*(each.shape[1:3] for each in made), None]
        ends = [each for index, each in enumerate(made) if sizes[index] != sizes[index + 1]]
    else:
        ends = [call.inputs[0] for call in pooling if is_picture(call.inputs[0])]
    return ends[:MOST_BLOCKS]


def is_picture(symbol):
    """Return whether a layer's output has height, width and channels."""
    return len(getattr(symbol, "shape", ())) == 4


def find_maps(model, batch):
    """Return what the end of each block makes of a batch's first image: (height, width, maps)."""
    ends = find_block_ends(model)
    if not ends:
        return []
    outputs = keras.tree.flatten(keras.Model(model.inputs, ends)(batch[:1], training=False))
    return [keras.ops.convert_to_numpy(keras.ops.cast(each[0], "float32")) for each in outputs]
