"""The listed files of an image folder read: unreadable ones, 16 bits, copies, the test set."""

import functools
from pathlib import Path

import numpy as np
import pandas as pd

from internals.core.files import fail, relative, write_text
from internals.core.free_memory import SIZES, bytes_of_images, find_free, format_bytes
from internals.core.text import count_nouns, enumerate_few, make_printable
from internals.data.dataset import Images
from internals.data.image_file import read_image_and_peak
from internals.data.parallel_reading import read_all

BIT_DEPTHS = (8, 10, 12, 14, 16)  # of what a file of 16 bits may hold
UNREADABLE = "unreadable.csv"


def read_listing(folder, listing, hyperparameters, missing=()):
    """Return the Images of a listing, {part: {class: paths}}, resized to `image_size`.

    The parts are train and, where there are some, validation and test. Without test a fifth of each
    class becomes the test set. `missing` files, (name, reason) each, count as unreadable.
    """
    size = hyperparameters.image_size
    parts = arrange(listing)
    paths = all_paths(parts)
    check_images(len(paths), size)
    images, peaks, problems = read_files(paths, size)
    unreadable = [(name_of(paths[index], folder), why) for index, why in problems.items()]
    unreadable = sorted([*unreadable, *missing])
    if unreadable:
        left = without(listing, {paths[index] for index in problems})
        report_unreadable(folder, unreadable, len(paths) + len(missing), left, hyperparameters)
        parts = arrange(left)
        places = {path: index for index, path in enumerate(paths)}
        paths = all_paths(parts)
        chosen = [places[path] for path in paths]
        images, peaks = images[chosen], peaks[chosen]
    notes = scale_16_bits(folder, paths, images, peaks)
    ends = np.cumsum([len(part) for part, _ in parts.values()])
    arrays = dict(zip(parts, np.split(images, ends[:-1]), strict=True))
    read = {part: (arrays[part], labels) for part, (_, labels) in parts.items()}
    warn_of_copies(read["train"][0], read["test"][0])
    names = np.array([make_printable(name_of(path, folder)) for path in parts["test"][0]])
    return Images(
        read["train"],
        read["test"],
        list(listing["train"]),
        read.get("validation"),
        names,
        tuple(unreadable),
        notes,
    )


def arrange(listing):
    """Return {part: (paths, labels)} in the order in which the images are read and kept."""
    names = list(listing["train"])  # in train's order: the disk may spell, and so sort, others
    parts = {part: spread([listing[part][name] for name in names]) for part in listing}
    if "test" not in parts:
        paths, labels = parts["train"]
        held_out = hold_out_fifth(labels)
        parts["train"] = paths[~held_out], labels[~held_out]
        parts["test"] = paths[held_out], labels[held_out]
    return parts


def all_paths(parts):
    """Return the paths of all parts in one list."""
    return [path for paths, _ in parts.values() for path in paths]


def name_of(path, folder):
    """Return a path as it is called below the folder, with "/" on every system."""
    return Path(relative(path, folder)).as_posix()


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


def interleave_classes(labels):
    """Return an order, always the same, in which any first part has its share of each class."""
    random = np.random.default_rng(0)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
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


def read_files(paths, size, bit_depth=16):
    """Return uint8 images (n, size, size, 3), their peaks (n,), and {index: problem}."""
    read = functools.partial(read_image_and_peak, size=(size, size), bit_depth=bit_depth)
    return read_all(read, paths, (size, size, 3))


# ------------------------------------------------------------------------------------------------
# Files that cannot be read


def report_unreadable(folder, unreadable, count, left, hyperparameters):
    """Say how many files cannot be read; end the program unless those `left` may do without."""
    many = f"{len(unreadable):,} of {count_nouns(count, 'image')}"
    emptied = find_emptied(left)
    if hyperparameters.skip_unreadable and not emptied:
        print(f"{many} cannot be read and are left out; the run's {UNREADABLE} has the list")
        return
    lines = [f"  {make_printable(name)}: {why}" for name, why in unreadable[:5]]
    if len(unreadable) > len(lines):
        lines.append(f"  and {len(unreadable) - len(lines):,} more")
    path = Path(hyperparameters.results, UNREADABLE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_unreadable(path, unreadable)
        lines.append(f"The complete list is in {path}.")
    except OSError as error:
        lines.append(f"The list cannot be written to {path}: {error.strerror}.")
    advice = emptied or "Mend or remove them, or leave them out with --skip-unreadable"
    fail("\n".join([f"{many} in {folder} cannot be read:", *lines, advice]))


def write_unreadable(path, unreadable):
    """Write a table of the files that cannot be read, and why; no table where there are none."""
    if unreadable:
        write_text(path, pd.DataFrame(unreadable, columns=["file", "reason"]).to_csv(index=False))


def without(listing, lost):
    """Return a listing without these paths."""
    left = {}
    for part, classes in listing.items():
        readable = ([path for path in paths if path not in lost] for paths in classes.values())
        left[part] = dict(zip(classes, readable, strict=True))
    return left


def find_emptied(listing):
    """Return in words which class of a listing has too few images; "" where none has."""
    for part, classes in listing.items():
        least = 1 if "test" in listing or part != "train" else 2  # one is held out for the test
        for name in (name for name, paths in classes.items() if len(paths) < least):
            count = count_nouns(len(classes[name]), "image")
            return f"Class {name!r} of {part} has {count} left and needs {least}: mend or remove it"
    return ""


# ------------------------------------------------------------------------------------------------
# 16 bits, and copies


def scale_16_bits(folder, paths, images, peaks):
    """Read files of 16 bits again where all have fewer; return what run.json says of them.

    Cameras and scanners write 12 bits into 16, which otherwise become nearly black.
    """
    deep = np.flatnonzero(peaks)
    if not len(deep):
        return {}
    depth, highest = find_bit_depth(peaks.max()), {}
    for index in deep:
        place = name_of(Path(paths[index]).parent, folder)
        highest[place] = max(highest.get(place, 0), int(peaks[index]))
    if depth < 16:
        print(
            f"{count_nouns(len(deep), 'image')} of 16 bits per channel have no value above "
            f"{peaks.max():,}: all are read as images of {depth} bits"
        )
        files = [paths[index] for index in deep]
        images[deep] = read_files(files, images.shape[1], depth)[0]
    elif dark := {place: peak for place, peak in highest.items() if find_bit_depth(peak) < 16}:
        words = [f"{place} (up to {peak:,})" for place, peak in sorted(dark.items())]
        print(
            f"warning: images of 16 bits per channel are nearly black in {enumerate_few(words)}, "
            f"for others have values up to {peaks.max():,}; save all of them on one scale, or with "
            "8 bits"
        )
    return {"bit_depth": depth}


def find_bit_depth(peak):
    """Return how many bits values up to `peak` have, as cameras count them."""
    return next(bits for bits in BIT_DEPTHS if peak < 2**bits)


def warn_of_copies(x_train, x_test):
    """Warn of test images that the network sees in training: it may know them by heart."""
    known = {hash(image.tobytes()) for image in x_train}
    if copies := sum(hash(image.tobytes()) in known for image in x_test):
        print(f"warning: {copies:,} of {len(x_test):,} test images are training images as well")
