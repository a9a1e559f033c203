"""The trained network of the run that the command line names, for pictures of one."""

import sys
from pathlib import Path

from drawing import ROOT  # also finds internals/

from internals.core.keras_loader import keras

from internals.core.files import fail
from internals.runs.run import read_record


def run_folder(needed):
    """Return the run folder that the command line names, if the file that is needed is there."""
    folder = Path(sys.argv[-1])
    if len(sys.argv) != 2 or not (folder / needed).is_file():
        own = Path(sys.argv[0]).resolve().relative_to(ROOT)
        fail(f"run is {str(folder)!r}; it must be a run's folder with {needed}: {own} RUN")
    return folder


def load_model():
    """Return the network of the run folder that the command line names."""
    return keras.models.load_model(run_folder("model.keras") / "model.keras")


def start_again(build_model):
    """Return the untrained network with which the run of the command line began."""
    record = read_record(Path(sys.argv[-1]))
    keras.utils.set_random_seed(record["hyperparameters"]["seed"])
    return build_model((32, 32, 3), len(record["data"]["class_names"]))


def first_kernels(model):
    """Return the weights of the first layer that has some."""
    return next(layer.get_weights() for layer in model.layers if layer.get_weights())
