"""Keras, loaded without what TensorFlow's libraries write meanwhile; every room has it from here.

It uses the standard library only.
"""

import contextlib
import os


@contextlib.contextmanager
def quiet():
    """Silence what libraries write to the terminal from C++; no setting of theirs does."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or it reports a missing GPU as an error
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


with quiet():
    import keras

__all__ = ["keras", "quiet"]
