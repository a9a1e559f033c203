"""Hyperparameters on the command line: flags by tyro, checks, and what a resumed run keeps."""

import dataclasses
import itertools
import math
import os
import sys
from pathlib import Path

import tyro

from internals.core.files import fail
from internals.data.dataset import NAMED_DATA
from internals.runs.run import read_record_to_resume


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_path(value):
    """Return whether a file system and run.json can both hold the text."""
    return isinstance(value, str) and value != "" and "\0" not in value and is_utf8(value)


def is_utf8(text):
    try:
        return bool(text.encode("utf-8")) or not text
    except UnicodeEncodeError:
        return False


def is_name(value):
    return isinstance(value, str) and value.isprintable() and len(value) <= 50


RECIPES = ("published", "modern")
SCHEDULES = ("inverse_time", "cosine")
PRECISIONS = ("float32", "bfloat16", "float16")
RANGES = {  # field: the test of a value, and what the message says that it must be
    "data": (is_path, "cifar10, digits, a cifar-10-python.tar.gz or an image folder"),
    "image_size": (lambda n: is_whole(n) and 16 <= n <= 512, "a whole number of pixels, 16 to 512"),
    "epochs": (lambda n: is_whole(n) and n >= 1, "a whole number, 1 or more"),
    "batch_size": (lambda n: is_whole(n) and n >= 1, "a whole number, 1 or more"),
    "optimizer": (lambda word: word in ("sgd", "adam"), "'sgd' or 'adam'"),
    "learning_rate": (lambda x: is_number(x) and x > 0, "a number above 0"),
    "momentum": (lambda x: is_number(x) and 0 <= x <= 1, "a number from 0 to 1"),
    "decay": (lambda x: is_number(x) and x >= 0, "a number, 0 or more"),
    "recipe": (lambda word: word in RECIPES, "'published' or 'modern'"),
    "schedule": (lambda word: word in SCHEDULES, "'inverse_time' or 'cosine'"),
    "warmup": (lambda x: is_number(x) and 0 <= x < 1, "from 0 to below 1"),
    "weight_decay": (lambda x: is_number(x) and x >= 0, "a number, 0 or more"),
    "label_smoothing": (lambda x: is_number(x) and 0 <= x < 1, "from 0 to below 1"),
    "shift": (lambda n: is_whole(n) and 0 <= n <= 8, "a whole number of pixels, 0 to 8"),
    "validation_split": (lambda x: is_number(x) and 0 <= x < 1, "from 0 to below 1"),
    "seed": (lambda n: is_whole(n) and 0 <= n < 2**32, "a whole number, 0 to 4294967295"),
    "precision": (lambda word: word in PRECISIONS, "'float32', 'bfloat16' or 'float16'"),
    "name": (is_name, "50 printable characters at most"),
    "results": (is_path, "the name of a folder, in UTF-8"),
}


def check(hyperparameters):
    """End the program with a message where a value is out of its range."""
    for field, (allowed, wanted) in RANGES.items():
        value = getattr(hyperparameters, field)
        if not allowed(value):
            fail(f"{field} is {value!r}; it must be {wanted}")
    for field in dataclasses.fields(hyperparameters):
        value = getattr(hyperparameters, field.name)
        if field.type is bool and not isinstance(value, bool):
            fail(f"{field.name} is {value!r}; it must be True or False")
    if hyperparameters.keep_best and not hyperparameters.validation_split:
        fail(
            "keep_best needs a held-out part of the training images, such as validation_split "
            "0.1: an epoch chosen by its test accuracy makes that accuracy look too good"
        )
    cosine = hyperparameters.schedule == "cosine"
    if hyperparameters.warmup and not cosine:
        fail(f"warmup is {hyperparameters.warmup}; only the cosine schedule has one, it must be 0")
    if hyperparameters.decay and cosine:
        fail(f"decay is {hyperparameters.decay}; the cosine schedule has none, it must be 0")


def parse(published, modern, description):
    """Return one of the recipes with the command line's changes, and say what changed.

    With `resume` it is that of the run that goes on, with nothing changed but more epochs, or
    another place of the same images.
    """
    defaults = modern if names_modern(sys.argv[1:]) else published
    kind = type(defaults)
    hyperparameters = expand(tyro.cli(kind, default=defaults, description=description))
    if "--resume=" in sys.argv or ("--resume", "") in itertools.pairwise(sys.argv):
        fail("resume is ''; it must be the folder of a run that was interrupted")
    folder = hyperparameters.resume
    if folder:
        defaults = recorded(folder, kind)
        hyperparameters = expand(tyro.cli(kind, default=defaults))
    for field in dataclasses.fields(kind):
        own, now = getattr(defaults, field.name), getattr(hyperparameters, field.name)
        if now == own:
            continue
        if folder and field.name == "epochs" and defaults.schedule == "cosine":
            fail(
                f"epochs is {now!r}; the run was to have {own}: its cosine schedule has given each "
                "update its learning rate accordingly, and reaches 0 there"
            )
        if folder and not may_change(field.name, own, now):
            fail(
                f"{field.name} is {now!r}; a resumed run keeps its own, {own or 'none'}, or has "
                "more epochs"
            )
        print(f"{field.name}: {now} (the {'run' if folder else 'script'}'s own: {own or 'none'})")
    if (hyperparameters.flip or hyperparameters.flip_test) and hyperparameters.data == "digits":
        print("flip, flip_test: False (digits are not mirrored: a mirrored 2 is no 2)")
        hyperparameters = hyperparameters.but(flip=False, flip_test=False)
    return hyperparameters


def names_modern(arguments):
    """Return whether the last --recipe on the command line is the modern one."""
    words = [part for word in arguments for part in word.split("=", 1)]
    named = [after for word, after in itertools.pairwise(words) if word == "--recipe"]
    return named[-1:] == ["modern"]


def expand(hyperparameters):
    """Return the hyperparameters with each "~" expanded, and `data` found from any folder."""
    paths = {name: getattr(hyperparameters, name) for name in ("data", "results", "resume")}
    paths = {name: os.path.expanduser(path) for name, path in paths.items()}
    if paths["data"] not in NAMED_DATA and os.path.exists(paths["data"]):
        paths["data"] = os.path.abspath(paths["data"])
    return dataclasses.replace(hyperparameters, **paths)


def may_change(field, own, now):
    """Return whether a resumed run may have another value: images are compared when loaded."""
    if field == "data":
        return os.path.exists(now) and not {own, now} & NAMED_DATA
    return field == "epochs" and now > own


def recorded(folder, kind):
    """Return the hyperparameters of the run in `folder`, which is to go on."""
    record = read_record_to_resume(Path(folder))
    if record["script"] != Path(sys.argv[0]).stem:
        fail(f"resume is {folder!r}; that is a run of {record['script']}.py")
    try:
        return kind(**record["hyperparameters"] | {"resume": folder})
    except TypeError as error:
        fail(f"resume is {folder!r}; its hyperparameters are not those of this script: {error}")
