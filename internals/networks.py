"""A network as text: the digest that tells two apart, and the printout for architecture.txt.

It uses Keras layers as they come, and keras_sequential_ascii.
"""

import contextlib
import hashlib
import io
import json
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)  # its drawings hold "\|/" in plain strings
    from keras_sequential_ascii import keras2ascii


def digest(model):
    """Return a digest of the layers and their settings, all but their names."""
    settings = [[type(layer).__name__, layer.get_config() | {"name": ""}] for layer in model.layers]
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def draw_architecture(model):
    """Return the network as keras_sequential_ascii prints it, channels first.

    The package reads `input_shape` and `output_shape`, which layers had until Keras 2.
    """

    def channels_first(shape):
        return (shape[0], shape[-1], *shape[1:-1])

    class View:
        def __init__(self, layer):
            self.__class__ = type(type(layer).__name__, (View,), {})
            self.name = layer.name
            self.input_shape = channels_first(layer.input.shape)
            self.output_shape = channels_first(layer.output.shape)
            self.activation = getattr(layer, "activation", None)
            self.count_params = layer.count_params

    class Views:
        layers = [View(layer) for layer in model.layers]

    with contextlib.redirect_stdout(io.StringIO()) as drawing:
        keras2ascii(Views)
    return drawing.getvalue()
