"""Hyperparameters on the command line: flags by tyro, checks, and what a resumed run keeps."""

import dataclasses
import enum
import itertools
import json
import math
import os
import sys
import typing
from pathlib import Path

import tyro

from internals.core.files import fail
from internals.core.terminal import print_description
from internals.core.text import NAMED_DATA
from internals.runs import commands, identity
from internals.runs.resuming import check_more_epochs, follows_cosine, read_record_to_resume


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


RANGES = {  # field: the test of a value of its type, and what the message says that it must be
    "data": (is_path, "cifar10, cifar100, digits, an archive of CIFAR or an image folder"),
    "labels": (lambda text: text == "" or is_path(text), "the name of a table of file and class"),
    "image_size": (lambda n: 16 <= n <= 512, "a whole number of pixels, 16 to 512"),
    "epochs": (lambda n: n >= 1, "a whole number, 1 or more"),
    "batch_size": (lambda n: n >= 1, "a whole number, 1 or more"),
    "learning_rate": (lambda x: x > 0, "a number above 0"),
    "adam_share": (lambda x: x >= 0, "a number, 0 or more"),
    "momentum": (lambda x: 0 <= x <= 1, "a number from 0 to 1"),
    "decay": (lambda x: x >= 0, "a number, 0 or more"),
    "warmup": (lambda x: 0 <= x < 1, "from 0 to below 1"),
    "weight_decay": (lambda x: x >= 0, "a number, 0 or more"),
    "label_smoothing": (lambda x: 0 <= x < 1, "from 0 to below 1"),
    "shift": (lambda n: 0 <= n <= 8, "a whole number of pixels, 0 to 8"),
    "validation_split": (lambda x: 0 <= x < 1, "from 0 to below 1"),
    "seed": (lambda n: 0 <= n < 2**32, "a whole number, 0 to 4294967295"),
    "name": (is_name, "50 printable characters at most"),
    "results": (is_path, "the name of a folder, in UTF-8"),
}
TYPES = {  # the test of a value of a plain type, and the words for it
    bool: (lambda value: isinstance(value, bool), "True or False"),
    int: (is_whole, "a whole number"),
    float: (is_number, "a number"),
    str: (lambda value: isinstance(value, str), "text"),
}


def check_hyperparameters(hyperparameters):
    """Check every value by its field's type and range; a whole number in a float field becomes one.

    A wrong value ends the program with a message. Types other than plain ones and Literal are the
    script's own affair.
    """
    for field, kind in typing.get_type_hints(type(hyperparameters)).items():
        value = getattr(hyperparameters, field)
        in_range, wanted = RANGES.get(field, (None, None))
        if typing.get_origin(kind) is typing.Literal:
            allowed = typing.get_args(kind)
            right_type, words = value in allowed, enumerate_allowed(allowed)
        else:
            has_type, words = TYPES.get(kind, (lambda value: True, ""))
            right_type = has_type(value)
        if not right_type or in_range and not in_range(value):
            fail(f"{field} is {value!r}; it must be {wanted or words}")
        if kind is float:  # decay=0 and decay=0.0 are one value
            object.__setattr__(hyperparameters, field, float(value))
    check_together(hyperparameters)


def enumerate_allowed(values):
    """Return allowed values in words, such as 'sgd' or 'adam'."""
    *most, last = map(repr, values)
    return f"{', '.join(most)} or {last}" if most else last


def check_together(hyperparameters):
    """End the program with a message where two values do not go together."""
    cosine = hyperparameters.schedule == "cosine"
    if hyperparameters.warmup and not cosine:
        fail(f"warmup is {hyperparameters.warmup}; only the cosine schedule has one, it must be 0")
    if hyperparameters.decay and cosine:
        fail(f"decay is {hyperparameters.decay}; the cosine schedule has none, it must be 0")


def parse_hyperparameters(description, recipes, arguments=None):
    """Return one of the recipes with the command line's changes, and say what changed.

    With `resume` it is that of the run that goes on. Only more epochs, and another way to the same
    images, may then differ. `arguments` are those of the command line by default.
    """
    if arguments is None:  # those of a notebook's kernel are none of ours
        arguments = [] if Path(sys.argv[0]).stem.endswith("kernel_launcher") else sys.argv[1:]
    commands.arguments = arguments = [*map(str, arguments)]
    defaults = choose_recipe(recipes, arguments)
    kind, names = type(defaults), ", ".join(each.recipe for each in recipes)
    print_description(f"{(description or '').strip()}\n\nRecipes: {names}", arguments)
    hyperparameters = tyro.cli(kind, args=arguments, default=defaults, description="")
    hyperparameters = expand(hyperparameters)
    if "--resume=" in arguments or ("--resume", "") in itertools.pairwise(arguments):
        fail("resume is ''; it must be the folder of a run that is to go on")
    folder = hyperparameters.resume
    if folder:
        record = read_record_to_resume(Path(folder))
        defaults = recorded(record, folder, kind)
        hyperparameters = expand(tyro.cli(kind, args=arguments, default=defaults))
        check_more_epochs(record, hyperparameters)
    for field in dataclasses.fields(kind):
        was, now = getattr(defaults, field.name), getattr(hyperparameters, field.name)
        if now == was:
            continue
        if folder and field.name == "epochs" and follows_cosine(record):
            fail(
                f"epochs is {now!r}; the run was to have {was}: its cosine schedule has given each "
                "update its learning rate accordingly, and reaches 0 there"
            )
        if folder and not may_differ(field.name, was, now):
            fail(
                f"{field.name} is {now!r}; a resumed run keeps its own, {was_or_none(was)}; only "
                "epochs may be more"
            )
        print(
            f"{field.name}: {now} (the {'run' if folder else 'script'}'s own: {was_or_none(was)})"
        )
    if (hyperparameters.flip or hyperparameters.flip_test) and hyperparameters.data == "digits":
        print("flip, flip_test: False (digits are not mirrored: a mirrored 2 is no 2)")
        hyperparameters = hyperparameters.but(flip=False, flip_test=False)
    return hyperparameters


def was_or_none(value):
    """Return a value, or for an empty text a word that can be read."""
    return "none" if value == "" else value


def choose_recipe(recipes, arguments):
    """Return the recipe that the last --recipe among the arguments names; the first by default."""
    words = [part for word in arguments for part in word.split("=", 1)]
    named = [after for word, after in itertools.pairwise(words) if word == "--recipe"]
    known = {recipe.recipe: recipe for recipe in recipes}
    names = [recipe.recipe for recipe in recipes]
    if repeated := [name for name in known if names.count(name) > 1]:
        fail(f"two blocks have the recipe {repeated[0]!r}; each needs a name of its own")
    if named and named[-1] not in known:
        fail(f"recipe is {named[-1]!r}; it must be {enumerate_allowed(known)}")
    return known[named[-1]] if named else recipes[0]


def expand(hyperparameters):
    """Return the hyperparameters with each "~" expanded; files are found from anywhere."""
    names = ("data", "labels", "results", "resume", "start_from")
    paths = {name: getattr(hyperparameters, name) for name in names}
    paths = {name: os.path.expanduser(path) for name, path in paths.items()}
    if paths["data"] not in NAMED_DATA and os.path.exists(paths["data"]):
        paths["data"] = os.path.abspath(paths["data"])
    if paths["labels"]:
        paths["labels"] = os.path.abspath(paths["labels"])
    return dataclasses.replace(hyperparameters, **paths)


def may_differ(field, was, now):
    """Return whether a resumed run may have another value; images are compared when loaded."""
    if field == "data" and (not os.path.exists(now) or {was, now} & NAMED_DATA):
        return False
    return identity.may_differ_on_resume(field, was, now)


def recorded(record, folder, kind):
    """Return the hyperparameters of the run in `folder`, which is to go on."""
    values = record["hyperparameters"] | {"resume": folder}
    types = typing.get_type_hints(kind)
    try:
        return kind(**{name: restore(value, types.get(name)) for name, value in values.items()})
    except TypeError as error:
        fail(f"resume is {folder!r}; its hyperparameters are not those of this script: {error}")


def restore(value, kind):
    """Return a value of run.json as its field's type: JSON knows lists and texts only."""
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return tuple(restore(*pair) for pair in zip(value, kinds, strict=False))
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and isinstance(value, str):
        return kind[value.rpartition(".")[2]]
    if isinstance(kind, type) and issubclass(kind, Path):
        return kind(value)
    return value


def as_json(hyperparameters):
    """Return the hyperparameters as {name: value}, as JSON returns them."""
    return json.loads(json.dumps(dataclasses.asdict(hyperparameters), default=str))
