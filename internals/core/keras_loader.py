"""Keras, loaded without what TensorFlow's libraries write meanwhile; all modules import it here."""

import contextlib
import gc
import os
import platform
import signal
import sys

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


@contextlib.contextmanager
def interruptible():
    """Have Ctrl-C end the program at once and without a traceback, before there is a run."""

    def explain(kind, error, traceback):
        if issubclass(kind, KeyboardInterrupt):
            print("error: interrupted", file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, traceback)

    sys.excepthook = explain
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def without_collection():
    """Leave the garbage collector off: it looks through all that is loaded, and finds nothing.

    Nor does it look again when the program ends. Both are a third of the time that Keras takes.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def use_onednn(machine):
    """Have TensorFlow use oneDNN on x86 processors older than 2021, too: up to twice as fast.

    It does by itself where there is AVX-512 VNNI, AVX-VNNI or AMX. A value of the user's stays.
    """
    if machine.lower() in ("x86_64", "amd64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


use_onednn(platform.machine())
with quiet(), interruptible(), without_collection():
    import keras

__all__ = ["keras", "quiet"]
