"""Files to arrays: handwritten digits, the CIFAR-10 archive, and folders of anybody's own images.

It uses files.py and, for Keras's cache of CIFAR-10, backend.py.
"""

import contextlib
import hashlib
import os
import socket
import warnings
from pathlib import Path

from internals.backend import keras

import numpy as np
from PIL import Image, ImageOps

from internals.files import fail, one_process_at_a_time

IMAGE_SIZE = (32, 32)
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
MOST_CLASSES = 1000
CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
DOWNLOAD_TIMEOUT = 60  # seconds without an answer
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # read_image refuses it


# ------------------------------------------------------------------------------------------------
# CIFAR-10 and the digits


@contextlib.contextmanager
def downloading():
    """Have one process at a time fetch CIFAR-10, and explain what to do if that fails."""
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
            f"To bring it by hand:  fetch {CIFAR10_URL} (163 MB) on any machine, then\n"
            "                      --data path/to/cifar-10-python.tar.gz, or put it at\n"
            f"                      {folder / 'cifar-10-batches-py-target_archive'}"
        )
    finally:
        socket.setdefaulttimeout(timeout)


def keep_archive(path):
    """Check the archive at `path` and have Keras keep a copy of it, as if it had downloaded it."""
    with open(path, "rb") as archive:
        found = hashlib.file_digest(archive, "sha256").hexdigest()
    if found != CIFAR10_SHA256:
        fail(
            f"{path} is not the complete cifar-10-python.tar.gz: its SHA-256 is {found}, "
            f"it must be {CIFAR10_SHA256}"
        )
    with one_process_at_a_time():
        keras.utils.get_file(
            "cifar-10-batches-py-target",  # where keras.datasets.cifar10 looks for it
            origin=path.resolve().as_uri(),
            extract=True,
            file_hash=CIFAR10_SHA256,
        )


def load_digits():
    """Return scikit-learn's digits enlarged to 32 x 32 x 3: 1,437 training and 360 test images."""
    import sklearn.datasets  # here, because only the digits need it
    import sklearn.model_selection

    images, labels = sklearn.datasets.load_digits(return_X_y=True)
    images = np.rint(images.reshape(-1, 8, 8) * (255 / 16)).astype("uint8")  # 0..16 to 0..255
    images = images.repeat(4, axis=1).repeat(4, axis=2)[..., np.newaxis].repeat(3, axis=3)
    x_train, x_test, y_train, y_test = sklearn.model_selection.train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=0
    )
    return (x_train, y_train), (x_test, y_test), [str(digit) for digit in range(10)]


# ------------------------------------------------------------------------------------------------
# Folders of images


def load_folder(folder, seed):
    """Return the images of `folder`: train/<class>/* and test/<class>/*, resized to 32 x 32.

    Without test/, a fifth of each class becomes the test set, chosen by `seed`.
    """
    if not (folder / "train").is_dir():
        fail(f"{folder} has no folder train; images belong in train/<class>/ and test/<class>/")
    x_train, y_train, class_names = load_classes(folder / "train")
    if (folder / "test").is_dir():
        x_test, y_test, test_names = load_classes(folder / "test")
        if odd := set(class_names) ^ set(test_names):
            fail(f"{folder}: train and test must hold the same classes; only one has {min(odd)!r}")
        return (x_train, y_train), (x_test, y_test), class_names
    held_out = hold_out_fifth(y_train, seed)
    for label in np.flatnonzero(np.bincount(y_train) < 2):
        fail(
            f"{folder / 'train' / class_names[label]} has one image; without a folder test each "
            "class needs 2 or more, so that one can be held out for the test"
        )
    test = x_train[held_out], y_train[held_out]
    return (x_train[~held_out], y_train[~held_out]), test, class_names


def hold_out_fifth(labels, seed):
    """Return a mask (n,) of a fifth of each class, one image or more, chosen by `seed`."""
    random = np.random.default_rng(seed)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        mask[random.choice(members, max(1, round(len(members) / 5)), replace=False)] = True
    return mask


def load_classes(folder):
    """Return uint8 images (n, 32, 32, 3), int64 labels (n,) and names from `folder`/<class>/*."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    if not 2 <= len(classes) <= MOST_CLASSES:
        fail(f"{folder} has {len(classes)} class folders; it must have 2 to {MOST_CLASSES}")
    paths, labels = [], []
    for label, path in enumerate(classes):
        images = sorted(image for image in path.iterdir() if image.suffix.lower() in IMAGE_SUFFIXES)
        if not images:
            fail(f"{path} has no images; a class needs one or more of {', '.join(IMAGE_SUFFIXES)}")
        paths += images
        labels += [label] * len(images)
    order = spread_classes(np.array(labels))
    images, unreadable = np.empty((len(order), *IMAGE_SIZE, 3), dtype="uint8"), []
    for image, index in zip(images, order, strict=True):
        try:
            image[:] = read_image(paths[index])
        except Exception as error:  # a damaged file can raise nearly anything in a decoder
            unreadable.append(f"{paths[index]}: {error}")
    if unreadable:
        fail(f"{len(unreadable)} unreadable images in {folder}:\n" + "\n".join(unreadable[:10]))
    return images, np.array(labels)[order], [make_printable(path.name) for path in classes]


def make_printable(name):
    """Return a folder's name as one line; control characters and stray bytes become "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def spread_classes(labels):
    """Return an order, always the same, in which each class is spread evenly from the start on.

    So the first part of them, which `validation_split` holds out, has its share of each class.
    """
    random = np.random.default_rng(0)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        position[members] = np.arange(len(members)) / len(members)
    return np.argsort(position, kind="stable")


def read_image(path):
    """Return the image at `path` as uint8 (32, 32, 3), upright and on white."""
    with Image.open(path) as image:
        if image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        image.draft("RGB", IMAGE_SIZE)  # a large JPEG is decoded at a fraction of its size
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return np.asarray(image.convert("RGB").resize(IMAGE_SIZE, Image.Resampling.BILINEAR))


# ------------------------------------------------------------------------------------------------
# What a run says of its images


def describe(data):
    """Return the counts, the class names and a digest of all images and labels."""
    digest = hashlib.sha256()
    for part in ("train", "validation", "test"):
        digest.update(np.ascontiguousarray(getattr(data, f"x_{part}")))
        digest.update(np.ascontiguousarray(getattr(data, f"y_{part}")))
    held_out = 0 if data.validation_is_test else len(data.x_validation)
    return {
        "images": {"train": len(data.x_train), "validation": held_out, "test": len(data.x_test)},
        "image_shape": list(data.image_shape),
        "class_names": data.class_names,
        "sha256": digest.hexdigest(),
    }
