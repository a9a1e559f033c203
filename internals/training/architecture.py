"""The network as text: a digest of its layers, and the printout for architecture.txt."""

import contextlib
import hashlib
import io
import json
import re
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)  # its drawings hold "\|/" in plain strings
    from keras_sequential_ascii.main import print_layers

from internals.core.files import fail

# of Keras's message: height and width of what a layer is given, and what the layer wants
TOO_FEW_PIXELS = r"would be zero or negative.*?shape=\W*None,? (\d+),? (\d+).*?`, `(.+?)`"


def check(model, image_shape, num_classes):
    """End the program where the network does not take such images or name such classes."""
    for what, shape, wanted in (
        ("input", model.input_shape, tuple(image_shape)),
        ("output", model.output_shape, (num_classes,)),
    ):
        found = shape[1:]
        if found != wanted:
            hint = "; the last layers are Flatten(), if need be, and Dense(num_classes)"
            fail(
                f"the network's {what} has the shape {found}; it must be {wanted}"
                f"{hint if what == 'output' else ''}"
            )


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
    """Return a digest of the layers and their settings, all but their names."""
    settings = [[type(layer).__name__, layer.get_config() | {"name": ""}] for layer in model.layers]
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


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
        model.summary(print_fn=lambda line: print(line, file=drawing))
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


def describe_training(model):
    """Return loss and optimizer of the compiled network as JSON can hold them."""
    loss = model.loss
    if not isinstance(loss, str):
        settings = loss.get_config() if hasattr(loss, "get_config") else ""
        loss = f"{getattr(loss, '__name__', type(loss).__name__)} {settings}".strip()
    optimizer = {"class": type(model.optimizer).__name__} | model.optimizer.get_config()
    del optimizer["name"]  # counted up by Keras
    return {"loss": loss, "optimizer": json.loads(json.dumps(optimizer, default=str))}
