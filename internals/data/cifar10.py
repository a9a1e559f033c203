"""CIFAR-10: downloaded by Keras, from its archive, or from the folder that it unpacks to."""

import contextlib
import hashlib
import os
import socket
import tempfile
from pathlib import Path

import numpy as np

from internals.core.files import fail
from internals.core.locks import locked

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
MD5_OF_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
DOWNLOAD_TIMEOUT = 60  # seconds without an answer


def one_process_at_a_time():
    """Wait while another process of this user downloads or unpacks CIFAR-10: Keras does not."""
    user = os.getuid() if os.name == "posix" else "user"
    return locked(Path(tempfile.gettempdir(), f"cifar-10-{user}.lock"))


@contextlib.contextmanager
def downloading():
    """Let one process at a time fetch CIFAR-10, and explain what to do if that fails."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        with one_process_at_a_time():
            yield
    except Exception as error:  # Keras raises nothing narrower when a download fails
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras"), "datasets")
        fail(
            f"CIFAR-10 could not be loaded: {error}\n"
            "To try without it:    --data digits (needs no download)\n"
            f"To bring it by hand:  fetch {URL} (170 MB) on any machine, then\n"
            "                      --data path/to/cifar-10-python.tar.gz, or put it at\n"
            f"                      {folder / 'cifar-10-batches-py-target_archive'}"
        )
    finally:
        socket.setdefaulttimeout(timeout)


def keep_archive(path):
    """Check the archive at `path` and let Keras keep a copy of it, as if it had downloaded it."""
    with open(path, "rb") as archive:
        found = hashlib.file_digest(archive, "sha256").hexdigest()
    if found != SHA256:
        words = (
            f"{path} is not the complete cifar-10-python.tar.gz: its SHA-256 is {found}, "
            f"it must be {SHA256}. An archive of other images"
        )
        if not path.name.lower().endswith((".tar.gz", ".tgz")):
            words = (
                f"data is {str(path)!r}, a file; it must be cifar10, digits, a "
                "cifar-10-python.tar.gz or an image folder. Images in a zip or another archive"
            )
        fail(f"{words} must be unpacked first; then name the folder that has train/<class>/* in it")
    from internals.core.keras_loader import keras  # here: compare.py reads images without it

    with one_process_at_a_time():
        keras.utils.get_file(
            "cifar-10-batches-py-target",  # where keras.datasets.cifar10 looks for it
            origin=path.resolve().as_uri(),
            extract=True,
            file_hash=SHA256,
        )


def is_unpacked(folder):
    """Tell whether the folder is the cifar-10-batches-py that the archive unpacks to."""
    return any((folder / name).is_file() for name in MD5_OF_BATCHES)


def read_batches(folder):
    """Return what keras.datasets.cifar10.load_data does, from the unpacked archive itself.

    The batches are pickles, which can run any program: only the known ones are read.
    """
    from keras.src.datasets.cifar import load_batch  # here, because no public name of Keras has it

    parts = []
    for name, expected in MD5_OF_BATCHES.items():
        with open(folder / name, "rb") as batch:
            found = hashlib.file_digest(batch, "md5").hexdigest()
        if found != expected:
            fail(
                f"{folder / name} is not the one of CIFAR-10: its MD5 is {found}, it must be "
                f"{expected}; unpack cifar-10-python.tar.gz again, or give it as it is"
            )
        images, labels = load_batch(folder / name)
        parts.append((images.transpose(0, 2, 3, 1), np.array(labels)))
    *train, test = parts
    return tuple(map(np.concatenate, zip(*train, strict=True))), test
