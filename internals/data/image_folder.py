"""A folder of images: its classes, the files that are read, and those that are passed over."""

import collections
import functools
import os

import numpy as np

from internals.core.files import fail
from internals.core.free_memory import SIZES, bytes_of_images, find_free, format_bytes
from internals.core.text import count_nouns, enumerate_few, make_printable
from internals.data.image_file import read_image
from internals.data.parallel_reading import read_all

IMAGE_SUFFIXES = ".png .jpg .jpeg .jfif .bmp .gif .webp .tif .tiff".split()
MOST_CLASSES = 1000


def check_layout(folder):
    """Fail where train/ or test/ is only written differently, and name folders of no use."""
    beside = [
        path for path in shown(folder) if path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    ]
    for name in ("train", "test"):
        wanted = folder / name
        if wanted.is_dir():  # it may be Train, too, where the disk takes both for the same name
            beside = [path for path in beside if not path.samefile(wanted)]
            continue
        if os.path.lexists(wanted):
            fail(f"{wanted} is not a folder; images belong in {name}/<class>/")
        for path in beside:
            if path.name.lower().startswith(name) and shown(path):
                fail(f"{folder} has no folder {name} but {path.name}; rename it to {name}")
        if name == "train":
            fail(f"{folder} has no folder train; {suggest_layout(beside)}")
    if unused := [path.name for path in beside if shown(path)]:
        print(
            f"warning: not used in {make_printable(str(folder))}: {enumerate_few(unused)}; only "
            "train and test are, and --validation-split holds out a part of train"
        )


def suggest_layout(folders):
    """Return what to do with a data folder that has no train/ but these folders."""
    for path in folders:
        if (path / "train").is_dir():
            return f"name {path}, which has one"
    holding = [path.name for path in folders if any(map(is_image, shown(path)))]
    if holding:
        return f"make one and move {enumerate_few(holding)} into it"
    return "images belong in train/<class>/ and test/<class>/"


def find_classes(folder, passed_over):
    """Return the images of each `folder`/<class> by the class's name; count all else by kind."""
    found = shown(folder)
    folders = [path for path in found if path.is_dir()]
    if not 2 <= len(folders) <= MOST_CLASSES:
        fail(f"{folder} has {len(folders)} class folders; it must have 2 to {MOST_CLASSES}")
    passed_over.update(kind_of(path) for path in found if not path.is_dir())
    classes = {}
    for path in folders:
        inside = shown(path)
        images = [image for image in inside if is_image(image)]
        other = collections.Counter(kind_of(file) for file in {*inside}.difference(images))
        if not images:
            fail(
                f"{path} has no images; a class needs one or more of {', '.join(IMAGE_SUFFIXES)}; "
                f"it has {enumerate_kinds(other) or 'nothing'}"
            )
        name = make_printable(path.name)
        if name in classes:
            fail(f"{folder} has two classes that are both written {name!r}; rename one of them")
        classes[name] = images
        passed_over += other
    return classes


def kind_of(path):
    """Return the word for what is passed over: a suffix, or what is no file at all."""
    if path.is_dir():
        return "folder"
    if path.is_file():
        return path.suffix.lower() or "file without suffix"
    return "broken link" if path.is_symlink() else "special file"


def enumerate_kinds(counter):
    """Return what was counted in one line, such as 10 .heic, 2 .txt, 3 folders."""
    kinds = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{n:,} {kind}" if kind[0] == "." else count_nouns(n, kind) for kind, n in kinds]
    return enumerate_few(words)


def print_passed_over(counter):
    """Say in one line which files and folders in the data are not used, if any."""
    if counter:
        count, files = counter.total(), counter.total() - counter["folder"]
        noun = "file" if files == count else "folder" if not files else "files and folder"
        print(f"{count_nouns(count, noun)} passed over: {enumerate_kinds(counter)}")


def shown(folder):
    """Return the paths in `folder` by name, without those that begin with "." and are hidden."""
    return sorted(path for path in folder.iterdir() if path.name[0] != ".")


def is_image(path):
    """Tell whether the name is an image's and the file a regular one: a pipe would never end."""
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def load_folder(folder, size):
    """Return the images of `folder`: train/<class>/* and test/<class>/*, resized to size x size.

    Without test/, a fifth of each class becomes the test set, the same whatever the run's seed, so
    that runs can be compared. The test images come with their names under `folder`.
    """
    check_layout(folder)
    passed_over = collections.Counter()
    classes = find_classes(folder / "train", passed_over)
    has_test = (folder / "test").is_dir()
    test_classes = find_classes(folder / "test", passed_over) if has_test else classes
    for name in sorted(classes.keys() ^ test_classes.keys()):
        only = "train" if name in classes else "test"
        fail(f"{folder}: train and test must hold the same classes; only {only} has {name!r}")
    print_passed_over(passed_over)
    paths, labels = spread(classes.values())
    if has_test:  # in train's order: the disk may spell, and so sort, test's names otherwise
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
    order = interleave_classes(labels)  # for `validation_split` holds out the first part
    return paths[order], labels[order]


def read_images(folder, paths, size):
    """Return the images of `folder` at these paths as uint8 (n, size, size, 3)."""
    check_images(len(paths), size)
    read = functools.partial(read_image, size=(size, size))
    images, unreadable = read_all(read, paths, (size, size, 3))
    if unreadable:
        count = count_nouns(len(unreadable), "unreadable image")
        fail(f"{count} in {folder}:\n" + "\n".join(unreadable[:10]))
    return images


def warn_of_copies(x_train, x_test):
    """Warn of test images that the network sees in training: it may know them by heart."""
    known = {hash(image.tobytes()) for image in x_train}
    if copies := sum(hash(image.tobytes()) in known for image in x_test):
        print(f"warning: {copies:,} of {len(x_test):,} test images are training images as well")


def interleave_classes(labels):
    """Return an order, always the same, in which any first part has its share of each class."""
    random = np.random.default_rng(0)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        position[members] = np.arange(len(members)) / len(members)
    return np.argsort(position, kind="stable")


def check_images(count, size):
    """End the program where so many images of a folder, not read yet, do not fit."""
    need, free = bytes_of_images(count, (size, size, 3)), find_free()
    if need > free:
        fits = [side for side in SIZES if need * (side / size) ** 2 < 0.9 * free]
        fail(
            f"image_size is {size}; {count:,} images take {format_bytes(need)} of memory then, and "
            f"{format_bytes(free)} are free; {fits[0] if fits else 'not even 16'} would fit"
        )
