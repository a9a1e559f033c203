"""The start of a run from another run's weights: which layers agree, and what they take."""

import collections
import hashlib
import re
from pathlib import Path

from internals.core.keras_loader import keras, quiet

from internals.core.files import fail
from internals.core.layers import find_layers
from internals.core.text import count_nouns
from internals.runs.run import find_folders, read_record

RECORDED = ("started_from", "start_weights", "start_layers")


def start_from(model, hyperparameters):
    """Give layers the weights of the run `start_from`: those of one name, where all shapes agree.

    Return what run.json keeps of it: {} without `start_from`, and on `resume` what it had.
    """
    source, resume = hyperparameters.start_from, hyperparameters.resume
    if not source:
        return {}
    if resume:
        record = read_record(Path(resume))
        return {name: record[name] for name in RECORDED if name in record}
    run = find_run(source)
    theirs, ours = (name_layers(each) for each in (load_network(source, model), model))
    taken = [name for name in ours if shapes_of(ours[name]) == shapes_of(theirs.get(name))]
    if not taken:
        fail(
            f"start_from is {source!r}; no layer of that run has the same name and shapes as a "
            "layer of this network"
        )
    sha256 = hashlib.sha256()
    for name in taken:
        weights = theirs[name].get_weights()
        ours[name].set_weights(weights)
        for weight in weights:
            sha256.update(weight)
    layers = count_nouns(len(ours), "layer")
    print(f"start_from: {len(taken)} of {layers} have the weights of that run")
    left = {name: explain(ours[name], theirs.get(name)) for name in ours if name not in taken}
    for name, why in left.items():
        print(f"  {name} begins anew: {why}")
    return {
        "started_from": f"{run['script']}/{Path(source).resolve().name}",
        "start_weights": sha256.hexdigest(),
        "start_layers": {"taken": taken, "anew": left},
    }


def find_run(source):
    """Return the record of the run whose folder is `source`; end the program where it is none."""
    folder = Path(source)
    try:
        record = read_record(folder)
    except (OSError, ValueError):
        known = [each for each in find_folders(folder) if (each / "model.keras").exists()]
        newest = max(known, key=lambda each: each.name, default=None)
        such = f", such as {newest}" if newest else ""
        fail(f"start_from is {source!r}; it must be the folder of a run{such}")
    if not (folder / "model.keras").exists():
        fail(f"start_from is {source!r}; that run has no model.keras, which holds its weights")
    return record


def load_network(source, model):
    """Return the network of the run `source`; layers of one's own are classes of `model`."""
    path = Path(source) / "model.keras"
    known = {type(layer).__name__: type(layer) for layer in find_layers(model)}
    try:
        with quiet():
            return keras.models.load_model(path, known, compile=False, safe_mode=False)
    except Exception as error:  # a damaged file, and an unknown layer, raise nearly anything
        words = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        fail(f"start_from is {source!r}; its model.keras cannot be loaded: {words}")


def name_layers(model):
    """Return {name: layer} of all layers with weights.

    Keras counts its own names up through a whole program; here they are counted in each network.
    """
    named, counts = {}, collections.Counter()
    for layer in find_layers(model):
        if not layer.weights:
            continue
        kind = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
        kind = re.sub("([a-z])([A-Z])", r"\1_\2", kind).lower()  # conv2d, batch_normalization
        name = layer.name
        if re.fullmatch(rf"{kind}(_\d+)?", name):
            counts[kind] += 1
            name = f"{kind}_{counts[kind]}"
        named[name] = layer
    return named


def shapes_of(layer):
    return layer and [tuple(weight.shape) for weight in layer.weights]


def explain(layer, other):
    """Return in words why a layer cannot take the weights of the other, which may be None."""
    if other is None:
        return "that run has no such layer"
    return f"its weights are {format_shapes(layer)}, there {format_shapes(other)}"


def format_shapes(layer):
    """Return the shapes of a layer's weights, such as "512 x 10 and 10"."""
    return " and ".join(" x ".join(map(str, shape)) for shape in shapes_of(layer))
