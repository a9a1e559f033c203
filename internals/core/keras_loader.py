"""Keras, loaded in silence and with the settings that the scripts need; all import it here."""

import contextlib
import gc
import logging
import os
import platform
import sys

from internals.core import keras_settings, matplotlib_loader  # noqa: F401 (Keras imports Matplotlib)
from internals.core.signals import dying_of_interrupt
from internals.core.stdio import open_closed


@contextlib.contextmanager
def quiet():
    """Silence what libraries write to the terminal from C++; no setting of theirs does."""
    open_closed()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or it reports a missing GPU as an error
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


if "keras" not in sys.modules:  # a notebook may have loaded it
    keras_settings.check()
if platform.machine().lower() in ("x86_64", "amd64"):  # by itself on those since 2021 only
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # up to twice as fast
collects = gc.isenabled()
gc.disable()  # it would search all that is loaded, and find nothing
with quiet(), dying_of_interrupt():
    import keras
if collects:
    gc.enable()
# its advice on tf.function means no one who trains a third network in one program
logging.getLogger("tensorflow").addFilter(lambda record: "retracing" not in record.getMessage())
keras.config.set_image_data_format("channels_last")  # whatever the user's keras.json says
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)

__all__ = ["keras", "quiet"]
