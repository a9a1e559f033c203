"""The network of a run and its preprocessing, both as the run had them."""

import importlib.util
import sys

from internals.core.keras_loader import keras, quiet

from internals.core.files import fail
from internals.core.probabilities import find_meaning, to_probabilities
from internals.data.preprocessing import digest_preprocessing
from internals.prediction.arguments import MODEL


def load_predict(run, class_names, normalise):
    """Return a function from images (n, height, width, 3) to probabilities, and their shape.

    It prepares images as the run did: by `normalise`, which is today's, or by the run's own.
    """
    network, normalise, shape = load_trained(run, class_names, normalise)
    return make_predict(network, normalise, run.record), shape


def make_predict(network, normalise, record):
    """Return a function from images to the probabilities for which a network's outputs stand."""

    def predict(images):
        outputs = network.predict_on_batch(normalise(images)).astype("float32")
        return to_probabilities(outputs, recorded_meaning(record, outputs))

    return predict


def recorded_meaning(record, outputs):
    """Return what a run's outputs are: as its test images told, and these where none did."""
    return record.get("outputs") or find_meaning(outputs, record.get("logits", False))


def load_trained(run, class_names, normalise):
    """Return the run's network, what prepares its images, and their shape (height, width, 3)."""
    network, shape = load_network(run, class_names)
    return network, choose_normalise(run, shape, normalise), shape


def load_network(run, class_names):
    """Return the run's network; end the program where it does not name these classes.

    Layers of one's own are those of the script that the run keeps.
    """
    path = run.folder / MODEL
    try:
        with quiet():
            network = keras.models.load_model(path, compile=False)
    except Exception:  # a damaged file, and a layer that Keras does not know, raise nearly anything
        network = load_with_script(run, path)
    shape = getattr(network, "input_shape", None)
    if shape is None or None in shape[1:]:  # it takes images of any size
        shape = (None, *run.record.get("data", {}).get("image_shape", ()))
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:] or shape[3] != 3:
        fail(f"{path} takes {shape}; it must take colour pictures: (None, height, width, 3)")
    answers = network(keras.ops.zeros((1, *shape[1:])), training=False).shape
    if tuple(answers) != (1, len(class_names)):
        fail(
            f"{path} answers with {(None, *answers[1:])}, but run.json beside it names "
            f"{len(class_names)} classes; it must be the network of this run"
        )
    return network, shape[1:]


def load_with_script(run, path):
    """Return the network with the classes of the run's own script.py, which is run for them."""
    try:
        common = find_module(run, "common")
        for name in ("parse_args", "load_data", "start_run"):
            setattr(common, name, refuse_to_train)
        classes = vars(find_module(run, "script"))
        known = {name: value for name, value in classes.items() if callable(value)}
        with quiet():
            return keras.models.load_model(path, known, compile=False, safe_mode=False)
    except Exception as error:
        words = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        fail(f"{path} cannot be loaded; it is damaged, or has layers that script.py lacks: {words}")


def refuse_to_train(*_, **__):
    """Stand in for what trains, where a script is run for its classes alone."""
    raise RuntimeError("script.py trains where it should define: put that into main()")


def choose_normalise(run, image_shape, normalise):
    """Return what prepares images as in training: `normalise`, or else that of the run's common.py.

    The program ends where neither does what was recorded.
    """
    recorded = run.record.get("preprocessing")
    if recorded in (None, digest_preprocessing(normalise, image_shape)):
        return normalise
    try:
        kept = find_module(run, "common").normalise
    except Exception as error:
        fail(f"{run.folder / 'common.py'} prepares its images, and cannot be run: {error!r}")
    if digest_preprocessing(kept, image_shape) != recorded:
        fail(f"{run.folder / 'common.py'} prepares images otherwise than the run did, by run.json")
    return kept


def find_module(run, name):
    """Return the run's own script.py or common.py as a module; other modules are those of today."""
    path = run.folder / f"{name}.py"
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    sys.modules[name] = module  # a script that imports common finds the run's
    return module
