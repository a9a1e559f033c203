"""What `data` names, read: which reader for which source, and the images held out of it."""

from pathlib import Path

import numpy as np

from internals.core.files import fail
from internals.core.text import NAMED_DATA, enumerate_few
from internals.data import cifar, dataset, image_folder, label_table, layouts
from internals.data.image_file import IMAGE_SIZE


def read_data(hyperparameters):
    """Return the images and labels that `data` names as a Dataset."""
    source, split = hyperparameters.data, hyperparameters.validation_split
    try:
        images = read_images(hyperparameters)
    except OSError as error:
        fail(f"data is {source!r}; it cannot be read: {error}")
    warn_of_like_names(images.class_names)
    (x, y), (x_test, y_test) = images.train, images.test
    validation, held_out = images.validation, 0
    if not validation:
        held_out = round(split * len(x))
        if split and not 0 < held_out < len(x):
            fail(f"validation_split is {split}; it would hold out {held_out} of {len(x)} images")
        if len(lost := np.setdiff1d(y, y[held_out:])):
            fail(
                f"validation_split is {split}; it would hold out each training image of the class "
                f"{images.class_names[lost[0]]!r}, which has {np.sum(y == lost[0])}; add images, "
                "or a folder val/ of your own"
            )
        validation = (x[:held_out], y[:held_out]) if split else images.test
    return dataset.Dataset(
        x[held_out:],
        y[held_out:],
        *validation,
        x_test,
        y_test,
        images.class_names,
        images.test_names,
        images.unreadable,
        images.notes,
    )


def warn_of_like_names(names):
    """Say which classes differ in capitals only: a mistake in a table divides a class."""
    small = [name.casefold() for name in names]
    if like := [name for name in names if small.count(name.casefold()) > 1]:
        print(f"warning: classes that differ in capitals only: {enumerate_few(like)}")


def read_images(hyperparameters):
    """Return the Images that `data` names: by name, an archive, what it unpacks to, or a folder."""
    source, path = hyperparameters.data, Path(hyperparameters.data)
    unpacked = cifar.find_unpacked(path) if source not in NAMED_DATA and path.is_dir() else None
    is_folder = source not in NAMED_DATA and path.is_dir() and not unpacked
    check_size(source, hyperparameters.image_size, is_folder)
    if hyperparameters.labels and not is_folder:
        fail(
            f"labels is {hyperparameters.labels!r}, and data is {source!r}; with labels, data must "
            "be the folder of these images: --data FOLDER"
        )
    if not is_folder or hyperparameters.labels:  # else a folder may have its own validation images
        dataset.check_keep_best(hyperparameters)
    if is_folder and hyperparameters.labels:
        return label_table.load_labelled(path, Path(hyperparameters.labels), hyperparameters)
    if is_folder:
        return image_folder.load_folder(path, hyperparameters)
    if source == "digits":
        return dataset.Images(*dataset.load_digits())
    if unpacked:
        load, kind, folder = unpacked
        return dataset.Images(*load(kind, folder))
    if source in NAMED_DATA:
        (kind,) = (kind for kind in cifar.KINDS if kind.data == source)
        return dataset.Images(*cifar.load_kept(kind))
    if path.is_file() and path.name.lower().endswith((".tar.gz", ".tgz")):
        return dataset.Images(*cifar.load_archive(path))
    if path.is_file():
        fail(f"data is {source!r}, {layouts.suggest_for_file(path)}")
    fail(
        f"data is {source!r}, and there is no such file or folder; it must be cifar10, cifar100, "
        "digits, an archive of CIFAR or an image folder"
    )


def check_size(source, size, is_folder):
    """End the program where images that are no folder's are wanted in another size."""
    if size != IMAGE_SIZE[0] and not is_folder and (source in NAMED_DATA or Path(source).exists()):
        fail(
            f"image_size is {size}; only the images of a folder are resized, and data is "
            f"{source!r}: it must be {IMAGE_SIZE[0]}"
        )
