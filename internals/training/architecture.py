"""The network as text: a digest of its layers, and the printout for architecture.txt."""

import base64
import contextlib
import hashlib
import io
import json
import marshal
import os
import re
import warnings
from unittest import mock

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)  # its drawings hold "\|/" in plain strings
    from keras_sequential_ascii.main import print_layers

from internals.core.files import fail, write_file
from internals.core.layers import find_layers
from internals.core.terminal import say

NAMED = ("name", "keras_history", "input_layers", "output_layers")  # they hold layers' names

# of Keras's message: height and width of what a layer is given, and what the layer wants
TOO_FEW_PIXELS = r"would be zero or negative.*?shape=\W*None,? (\d+),? (\d+).*?`, `(.+?)`"


@contextlib.contextmanager
def explaining_small_images():
    """End the program where a layer that is made has too few pixels left for what it does."""
    try:
        yield
    except ValueError as error:  # Keras raises nothing narrower
        found = re.search(TOO_FEW_PIXELS, str(error))
        if not found:
            raise
        height, width, layer = found.groups()
        fail(
            f"the network shrinks its images to {height} x {width} pixels, too few for the next "
            f"layer, {layer}; it needs larger images, by image_size, or fewer such layers"
        )


def digest(model):
    """Return a digest of the network: its layers, their settings, and how they are connected.

    Names do not count, nor does where in a script a function stands.
    """
    try:
        settings = model.get_config()
    except NotImplementedError:  # a subclass of Model: what it computes is in its script
        settings = [[type(layer).__name__, layer.get_config()] for layer in find_layers(model)]
    text = json.dumps(make_canonical(settings, names={}), sort_keys=True, default=describe_object)
    return hashlib.sha256(text.encode()).hexdigest()


def warn_if_not_saved(model):
    """Warn before training of a network that Keras cannot save: its class lacks get_config."""
    try:
        model.get_config()
    except NotImplementedError:
        say(
            f"warning: {type(model).__name__} has no get_config, so Keras may not be able to save "
            "it, and then this run has no model.keras"
        )


def save_network(model, path):
    """Write the network at `path`; a warning where Keras cannot, as without get_config."""
    try:
        write_file(path, model.save)
    except NotImplementedError as error:
        words = str(error).strip().splitlines()[0]
        say(f"warning: {path.name} is not written, for Keras cannot save this network: {words}")


def make_canonical(settings, names, named=False):
    """Return Keras's settings with each layer's name as its number, in the order of their coming.

    The module of a class is left out: a script is another one when a notebook imports it.
    """
    if isinstance(settings, dict):
        kind = str(settings.get("class_name"))
        if kind == "__lambda__":
            return describe_function(settings["config"])
        if kind.endswith("DTypePolicy"):  # its name is what it does
            return str(settings["config"])
        return {
            key: make_canonical(value, names, named or key in NAMED)
            for key, value in settings.items()
            if key != "module"
        }
    if isinstance(settings, list | tuple):
        return [make_canonical(each, names, named) for each in settings]
    return (
        names.setdefault(settings, len(names)) if named and isinstance(settings, str) else settings
    )


def describe_function(settings):
    """Return what a function without a name computes, as Keras keeps it, but not where it stood."""
    parts = settings.get("value") or [settings.get(n) for n in ("code", "defaults", "closure")]
    code = marshal.loads(base64.b64decode(parts[0]))
    return [describe_code(code), parts[1], repr(parts[2])]


def describe_code(code):
    constants = [describe_code(c) if hasattr(c, "co_code") else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names, code.co_varnames]


def describe_object(value):
    """Return a value that JSON does not know as text, without its place in memory."""
    return getattr(value, "__qualname__", None) or re.sub(" at 0x[0-9a-f]+", "", str(value))


def draw_architecture(model):
    """Return the network as keras_sequential_ascii prints it, or as Keras does if that cannot.

    The package wants layers as Keras 2 had them; what it reads of each is handed to it instead.
    """
    drawing = io.StringIO()
    try:
        with contextlib.redirect_stdout(drawing):
            print_layers([describe_layer(layer) for layer in model.layers], simplify=True)
    except Exception:  # it knows chains of single layers only
        drawing = io.StringIO()
        with mock.patch.dict(os.environ, COLUMNS="120"):  # or rich cuts the table at 80
            model.summary(120, print_fn=lambda line: print(line, file=drawing))
    return drawing.getvalue()


def describe_layer(layer):
    """Return what keras_sequential_ascii reads of a layer: shapes have their channels first."""
    shapes = [(shape[-1], *shape[1:-1]) for shape in (layer.input.shape, layer.output.shape)]
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "input_shape": shapes[0],
        "output_shape": shapes[1],
        "n_parameters": layer.count_params(),
        "activation": getattr(getattr(layer, "activation", None), "__name__", ""),
    }
