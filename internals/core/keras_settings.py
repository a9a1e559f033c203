"""What a user's keras.json and Keras's variables set: refused where a run cannot be had with it.

The rest of keras.json, such as the order of an image's dimensions, keras_loader sets as the scripts
need it: no result depends on a file that nobody looks at.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

from internals.core.files import fail

BACKENDS = ("tensorflow", "jax", "torch")  # openvino, which Keras has too, does not train
PACKAGES = {"jax": "jax, with an NVIDIA GPU 'jax[cuda12]'"}  # to install, if not named so
ALLOWED = {  # in keras.json; Keras itself ends with a traceback at another value
    "floatx": ("float16", "float32", "float64"),
    "image_data_format": ("channels_last", "channels_first"),
    "nnx_enabled": (False,),
}
LIMITS = {"KERAS_MAX_EPOCHS": "epochs that --epochs says", "KERAS_MAX_STEPS_PER_EPOCH": "images"}


def check():
    """End the program with a message where Keras, or a run with it, would not start."""
    path = find_file()
    settings = read(path)
    for name, allowed in ALLOWED.items():
        if name in settings and settings[name] not in allowed:
            refuse(path, name, settings[name], " or ".join(map(json.dumps, allowed)))
    if not isinstance(settings.get("epsilon", 1e-7), float):
        refuse(path, "epsilon", settings["epsilon"], "a number such as 1e-07")
    variable = os.environ.get("KERAS_BACKEND")
    if variable:
        check_backend("KERAS_BACKEND", variable)
    elif "backend" in settings:
        check_backend(f"{path}: backend", settings["backend"])
    for name, what in LIMITS.items():
        if name in os.environ:
            fail(f"{name} is {os.environ[name]!r}; a run has all the {what}: unset {name}")
    if os.environ.get("KERAS_NNX_ENABLED", "").lower() in ("true", "1"):
        fail("KERAS_NNX_ENABLED is set; the scripts do not run with it: unset KERAS_NNX_ENABLED")


def find_file():
    """Return the path of keras.json, as Keras finds it."""
    home = os.environ.get("KERAS_HOME")
    if home is None:
        user = os.path.expanduser("~")
        home = os.path.join(user if os.access(user, os.W_OK) else "/tmp", ".keras")
    return Path(os.path.expanduser(home), "keras.json")


def read(path):
    """Return what keras.json sets; {} where there is none, or none that Keras can read."""
    try:
        settings = json.loads(path.read_text()) if path.exists() else {}
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}; remove it or make it a file of your own")
    except ValueError:  # another process may be writing it, for the first time, in this moment
        if path.stat().st_size:
            print(f"warning: {path} is no JSON, and is passed over", file=sys.stderr)
        return {}
    if not isinstance(settings, dict):
        fail(f"{path} holds {settings!r:.40}; it must be an object such as {{}}, or not be there")
    return settings


def check_backend(where, backend):
    """End the program where there is no such backend, or its package is not installed."""
    if backend not in BACKENDS:
        fail(f"{where} is {backend!r}; it must be {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}")
    if importlib.util.find_spec(backend) is None:
        others = " or ".join(each for each in BACKENDS if each != backend)
        install = f"pip install {PACKAGES.get(backend, backend)}"
        fail(f"{where} is {backend!r}; that package is not installed: {install}, or take {others}")


def refuse(path, name, value, wanted):
    fail(f"{path}: {name} is {value!r}; it must be {wanted}")
