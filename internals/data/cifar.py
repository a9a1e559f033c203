"""CIFAR-10 and CIFAR-100: downloaded by Keras, from their archives, or from these unpacked."""

import contextlib
import dataclasses
import hashlib
import os
import pickle
import socket
import tempfile
from pathlib import Path

import numpy as np

from internals.core.files import fail
from internals.core.locks import locked
from internals.data.layouts import suggest_for_file

CIFAR10_CLASS_NAMES = "airplane automobile bird cat deer dog frog horse ship truck".split()
CIFAR100_CLASS_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup
dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower
leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid
otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
""".split()  # in the order of the labels, as the archive's file meta has them
DOWNLOAD_TIMEOUT = 60  # seconds without an answer


@dataclasses.dataclass(frozen=True, eq=False)  # with eq its dict would forbid a hash
class Cifar:
    """What tells the two data sets apart: their names, files and checksums."""

    name: str
    data: str  # the word for it on the command line, and its module in keras.datasets
    sha256: str  # of the archive for Python
    megabytes: int
    unpacked: str  # the folder that the archive unpacks to
    md5: dict  # of the batches in it, the test images last
    counts: tuple  # of images in each batch
    binary: str  # the folder that the archive for C unpacks to
    label_bytes: int  # before each image there, the label that counts last
    label_key: str  # in the batches for Python
    class_names: list

    @property
    def archive(self):
        return self.unpacked.replace("-batches-py", "-python") + ".tar.gz"

    @property
    def url(self):
        return f"https://www.cs.toronto.edu/~kriz/{self.archive}"

    @property
    def kept(self):
        """Where Keras keeps the archive, unpacked; the archive lies beside, as ..._archive."""
        home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
        return home / "datasets" / f"{self.unpacked}-target"


CIFAR10 = Cifar(
    name="CIFAR-10",
    data="cifar10",
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    megabytes=170,
    unpacked="cifar-10-batches-py",
    md5={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
    counts=(10_000,) * 6,
    binary="cifar-10-batches-bin",
    label_bytes=1,
    label_key="labels",
    class_names=CIFAR10_CLASS_NAMES,
)
CIFAR100 = Cifar(
    name="CIFAR-100",
    data="cifar100",
    sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    megabytes=169,
    unpacked="cifar-100-python",
    md5={
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    },
    counts=(50_000, 10_000),
    binary="cifar-100-binary",
    label_bytes=2,  # of the 20 coarse classes, and of the 100
    label_key="fine_labels",
    class_names=CIFAR100_CLASS_NAMES,
)
KINDS = (CIFAR10, CIFAR100)


def one_process_at_a_time():
    """Wait while another process of this user downloads or unpacks CIFAR: Keras does not."""
    user = os.getuid() if os.name == "posix" else "user"
    return locked(Path(tempfile.gettempdir(), f"cifar-10-{user}.lock"))


@contextlib.contextmanager
def downloading(kind):
    """Let one process at a time fetch the images, and explain what to do if that fails."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        with one_process_at_a_time():
            yield
    except Exception as error:  # Keras raises nothing narrower when a download fails
        fail(
            f"{kind.name} could not be loaded: {error}\n"
            "To try without it:    --data digits (needs no download)\n"
            f"To bring it by hand:  fetch {kind.url} ({kind.megabytes} MB) on any machine, then\n"
            f"                      --data path/to/{kind.archive}, or put it at\n"
            f"                      {kind.kept}_archive"
        )
    finally:
        socket.setdefaulttimeout(timeout)


def load_kept(kind):
    """Return the images as Keras downloads, checks and keeps them: 50,000 and 10,000."""
    from internals.core.keras_loader import keras  # here: compare.py reads images without it

    with downloading(kind):
        parts = getattr(keras.datasets, kind.data).load_data()
    return arrange(*parts, kind)


def load_archive(path):
    """Return the images of an archive; from now on Keras need not download them."""
    with open(path, "rb") as archive:
        found = hashlib.file_digest(archive, "sha256").hexdigest()
    for kind in KINDS:
        if found == kind.sha256:
            keep_archive(path, kind)
            return load_kept(kind)
    if "cifar" not in path.name.lower():
        fail(f"data is {str(path)!r}, {suggest_for_file(path)}")
    meant = CIFAR100 if "100" in path.name else CIFAR10
    fail(
        f"{path} is not the complete {meant.archive}: its SHA-256 is {found}, it must be "
        f"{meant.sha256}. Another archive must be unpacked first; then name the folder that it "
        "makes, or for images of your own the one that has train/<class>/* in it"
    )


def keep_archive(path, kind):
    """Let Keras keep a copy of an archive, as if it had downloaded it."""
    from internals.core.keras_loader import keras  # here, because compare.py does without it

    with one_process_at_a_time():
        keras.utils.get_file(
            kind.kept.name,  # where keras.datasets looks for it
            origin=path.resolve().as_uri(),
            extract=True,
            file_hash=kind.sha256,
        )


def find_unpacked(folder):
    """Return what an archive unpacked to, as (load, kind, folder), in or at `folder`; or None.

    A folder may hold several, such as the ./data of torchvision; then it says nothing which.
    """
    found = []
    for kind in KINDS:
        for place in (folder, folder / kind.unpacked):
            if all((place / name).is_file() for name in kind.md5):
                found.append((load_batches, kind, place))
            elif place.name == kind.unpacked and any((place / name).exists() for name in kind.md5):
                found.append((load_batches, kind, place))  # it will be said what is missing
        for place in (folder, folder / kind.binary):
            if (place / binary_names(kind)[-1]).is_file() and (
                (place / binary_names(kind)[0]).is_file() or place.name == kind.binary
            ):
                found.append((load_binary, kind, place))
    if len(found) > 1:
        names = " and ".join(place.name for *_, place in found)
        fail(f"{folder} holds {names}; name one of them, such as --data {found[0][2]}")
    return found[0] if found else None


def load_batches(kind, folder):
    """Return what Keras does, from the unpacked archive itself."""
    try:
        *train, test = [read_batch(kind, folder / name) for name in kind.md5]
    except ValueError as error:
        fail(f"{error}; unpack {kind.archive} again, or give it as it is")
    return arrange(map(np.concatenate, zip(*train, strict=True)), test, kind)


def read_batch(kind, path):
    """Return images (n, 32, 32, 3) and labels (n,) of an unpacked batch for Python.

    It is a pickle, which can run any program: ValueError where it is not the known one.
    """
    content, expected = path.read_bytes(), kind.md5[path.name]
    found = hashlib.md5(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is not the one of {kind.name}: its MD5 is {found}, it must be {expected}"
        )
    batch = pickle.loads(content, encoding="bytes")
    images = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images, np.array(batch[kind.label_key.encode()])


def binary_names(kind):
    """Return the names of the batches for C."""
    return [f"{name}.bin" for name in kind.md5]


def load_binary(kind, folder):
    """Return the images of the archive for C: for each its label or labels, then 3072 bytes."""
    parts, length = [], kind.label_bytes + 3072
    for name, count in zip(kind.md5, kind.counts, strict=True):
        path = folder / f"{name}.bin"
        rows = np.fromfile(path, dtype="uint8")
        expected = length * count
        labels = rows[: len(rows) // length * length].reshape(-1, length)[:, kind.label_bytes - 1]
        if len(rows) != expected or labels.max(initial=0) >= len(kind.class_names):
            fail(
                f"{path} is not the one of {kind.name}: it has {len(rows):,} bytes, it must have "
                f"{expected:,}, and no label above {len(kind.class_names) - 1}; unpack it again"
            )
        images = rows.reshape(-1, length)[:, kind.label_bytes :].reshape(-1, 3, 32, 32)
        parts.append((images.transpose(0, 2, 3, 1), labels))
    *train, test = parts
    return arrange(map(np.concatenate, zip(*train, strict=True)), test, kind)


def arrange(train, test, kind):
    """Return images with their pixels in order, labels as int64 (n,), and the class names."""
    train, test = ((np.ascontiguousarray(x), np.ravel(y).astype("int64")) for x, y in (train, test))
    return train, test, kind.class_names
