"""The data set of a run: its arrays, the digits, and what a run records of its images."""

import dataclasses
import functools
import hashlib

import numpy as np

from internals.core.files import fail
from internals.data import image_statistics
from internals.data.image_file import SQUEEZED


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Images as uint8 (n, height, width, 3), labels as int64 (n,), and a name per label."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: list
    test_names: np.ndarray | None = None  # the files; None where an image is known by its number
    unreadable: tuple = ()  # (file, reason) of each that was left out
    notes: dict = dataclasses.field(default_factory=dict)  # what else run.json says of the images

    @property
    def image_shape(self):
        return self.x_train.shape[1:]

    @property
    def num_classes(self):
        return len(self.class_names)

    @functools.cached_property
    def validation_is_test(self):
        """Return whether the test images validate, too: none of the training images is held out."""
        one, other = self.x_validation, self.x_test
        return one is other or one.shape == other.shape and bool(np.array_equal(one, other))


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


@dataclasses.dataclass
class Images:
    """Images and labels of each part as read, before any are held out for validation."""

    train: tuple
    test: tuple
    class_names: list
    validation: tuple | None = None
    test_names: np.ndarray | None = None
    unreadable: tuple = ()
    notes: dict = dataclasses.field(default_factory=dict)


def check_keep_best(hyperparameters, data=None):
    """End the program where the best epoch would be chosen by the test set.

    What is held out is asked of `data`, if it is loaded.
    """
    held_out = not data.validation_is_test if data else hyperparameters.validation_split
    if hyperparameters.keep_best and not held_out:
        fail(
            "keep_best needs a held-out part of the training images, such as validation_split "
            "0.1, or a folder val beside train and test: an epoch chosen by its test accuracy "
            "makes that accuracy look too good"
        )


def describe(data):
    """Return what a run records of its data: counts, classes, preparation, statistics, digest."""
    parts = ("x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test")
    held_out = 0 if data.validation_is_test else len(data.x_validation)
    unreadable = {"unreadable": len(data.unreadable)} if data.unreadable else {}
    return {
        "images": {"train": len(data.x_train), "validation": held_out, "test": len(data.x_test)},
        "image_shape": list(data.image_shape),
        "class_names": data.class_names,
        "preparation": SQUEEZED,  # CIFAR-10 and the digits come ready, and stay as they are by it
        "image_statistics": image_statistics.describe(data.x_train),
        "sha256": digest(*(getattr(data, part) for part in parts)),
        **unreadable,
        **data.notes,
    }


def digest(*arrays):
    """Return a digest of the arrays' content, one after the other."""
    sha256 = hashlib.sha256()
    for array in arrays:
        sha256.update(np.ascontiguousarray(array))
    return sha256.hexdigest()
