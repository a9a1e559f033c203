"""Files to arrays: handwritten digits, and folders of anybody's own images."""

import collections
import contextlib
import functools
import hashlib
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from internals.core.files import fail
from internals.data.cifar10 import is_unpacked
from internals.data.image_folder import (
    check_layout,
    describe_passed_over,
    find_classes,
    make_printable,
)
from internals.data.parallel_reading import read_all
from internals.training.memory_estimate import check_images

NAMED_DATA = {"cifar10", "digits"}  # all else that --data takes is a path
IMAGE_SIZE = (32, 32)  # what Keras calls height and width, and CIFAR-10 has
# what a file may be whatever its suffix; not EPS, for which Pillow starts a program
IMAGE_FORMATS = "PNG JPEG BMP GIF WEBP TIFF PPM ICO JPEG2000 AVIF".split()
warnings.filterwarnings("ignore", module="PIL")  # of odd files; read_image refuses the bad ones


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


def check_size(source, size):
    """End the program where images that are no folder's are wanted in another size."""
    own, path = IMAGE_SIZE[0], Path(source)
    if size != own and (source in NAMED_DATA or path.is_file() or is_unpacked(path)):
        fail(
            f"image_size is {size}; only the images of a folder are resized, and data is "
            f"{source!r}: it must be {own}"
        )


def load_folder(folder, size):
    """Return the images of `folder`: train/<class>/* and test/<class>/*, resized to size x size.

    Without test/, a fifth of each class becomes the test set, the same whatever the run's seed, so
    that runs can be compared. The test images come with their names under `folder`.
    """
    check_layout(folder)
    passed_over = collections.Counter()
    classes = find_classes(folder / "train", passed_over)
    test_classes = {}
    if (folder / "test").is_dir():
        test_classes = find_classes(folder / "test", passed_over)
        for name in sorted(classes.keys() ^ test_classes.keys()):
            only = "train" if name in classes else "test"
            fail(f"{folder}: train and test must hold the same classes; only {only} has {name!r}")
    describe_passed_over(passed_over)
    paths, labels = spread(classes.values())
    if test_classes:  # in train's order: the disk may spell, and so sort, test's names otherwise
        test_paths, test_labels = spread([test_classes[name] for name in classes])
    else:
        for name in (name for name, paths in classes.items() if len(paths) < 2):
            fail(
                f"{folder / 'train' / name} has one image; without a folder test each class "
                "needs 2 or more, so that one can be held out for the test"
            )
        print(f"no folder test in {make_printable(str(folder))}: a fifth of each class is held out")
        held_out = hold_out_fifth(labels)
        test_paths, test_labels = paths[held_out], labels[held_out]
        paths, labels = paths[~held_out], labels[~held_out]
    images = read_images(folder, [*paths, *test_paths], size)
    x_train, x_test = images[: len(paths)], images[len(paths) :]
    warn_of_copies(x_train, x_test)
    names = [make_printable(path.relative_to(folder).as_posix()) for path in test_paths]
    return (x_train, labels), (x_test, test_labels, np.array(names)), list(classes)


def hold_out_fifth(labels):
    """Return a mask (n,) of a fifth of each class, one image or more, always the same ones."""
    random = np.random.default_rng(0)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        mask[random.choice(members, max(1, round(len(members) / 5)), replace=False)] = True
    return mask


def spread(classes):
    """Return paths (n,) and int64 labels (n,) from the paths of each class, mixed."""
    paths = np.array([path for images in classes for path in images], dtype=object)
    labels = np.repeat(np.arange(len(classes)), [len(images) for images in classes])
    order = spread_classes(labels)
    return paths[order], labels[order]


def read_images(folder, paths, size):
    """Return the images of `folder` at these paths as uint8 (n, size, size, 3)."""
    check_images(len(paths), size)
    read = functools.partial(read_image, size=(size, size))
    images, unreadable = read_all(read, paths, (size, size, 3))
    if unreadable:
        count = f"{len(unreadable)} unreadable image{'s' * (len(unreadable) > 1)}"
        fail(f"{count} in {folder}:\n" + "\n".join(unreadable[:10]))
    return images


def warn_of_copies(x_train, x_test):
    """Warn of test images that the network sees in training: it may know them by heart."""
    known = {hash(image.tobytes()) for image in x_train}
    if copies := sum(hash(image.tobytes()) in known for image in x_test):
        print(f"warning: {copies:,} of {len(x_test):,} test images are training images as well")


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


def read_image(path, size=IMAGE_SIZE):
    """Return the image at `path` as uint8 (height, width, 3), squeezed to `size`."""
    return np.asarray(open_image(path, size).resize(size, Image.Resampling.BILINEAR))


def open_image(path, size):
    """Return the image at `path` upright, on white; it may be smaller, but covers `size` if it did.

    Whatever is wrong with the file, nearly anything may be raised.
    """
    with Image.open(path, formats=IMAGE_FORMATS) as image:
        if image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        if image.mode in ("I", "F"):
            raise ValueError("32 bits a pixel have no fixed white; save it with 8 or 16")
        image.draft("RGB", size)  # a large JPEG is decoded at a fraction of its size
        image.load()
        with contextlib.suppress(Exception):  # garbled notes on a sound image raise nearly anything
            image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image.convert("RGB")


# ------------------------------------------------------------------------------------------------
# What a run says of its images


def describe(data):
    """Return the counts, the class names and a digest of all images and labels."""
    parts = ("x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test")
    held_out = 0 if data.validation_is_test else len(data.x_validation)
    return {
        "images": {"train": len(data.x_train), "validation": held_out, "test": len(data.x_test)},
        "image_shape": list(data.image_shape),
        "class_names": data.class_names,
        "sha256": digest(*(getattr(data, part) for part in parts)),
    }


def digest(*arrays):
    """Return a digest of the arrays' content, one after the other."""
    sha256 = hashlib.sha256()
    for array in arrays:
        sha256.update(np.ascontiguousarray(array))
    return sha256.hexdigest()
