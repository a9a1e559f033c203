"""The fields of run.json that others read: what each must be, and the check of a record."""

from internals.core.probabilities import LOGITS, PROBABILITIES, SCORES
from internals.runs.run import start_time


def is_time(text):
    """Return whether a recorded time can be compared with others."""
    try:
        return bool(start_time({"started": text}))
    except (TypeError, ValueError, OverflowError, OSError):
        return False


def is_range(ends):
    """Return whether a value is a list of two numbers."""
    return type(ends) is list and [type(end) in (int, float) for end in ends] == [True, True]


NEEDED = ("script", "status", "started", "parameters")  # the other fields came later
FIELDS = {  # of run.json: what they must be, the test of a value, and which they are
    "printable text": (lambda text: type(text) is str and text.isprintable(), "script"),
    "text": (
        lambda text: type(text) is str,
        "status reason name command network test_set loss backend device processor operating_system"
        " started_from start_weights",
    ),
    "a time such as 2026-11-20T14:30:12+01:00": (is_time, "started"),
    "a whole number": (lambda n: type(n) is int, "parameters best_epoch"),
    "a number": (lambda x: type(x) in (int, float), "test_loss"),
    "a number from 0 to 1": (
        lambda x: type(x) in (int, float) and 0 <= x <= 1,
        "test_accuracy balanced_accuracy",
    ),
    "probabilities, logits or scores": (
        lambda meaning: meaning in (PROBABILITIES, LOGITS, SCORES),
        "outputs",
    ),
    "an object": (lambda value: type(value) is dict, "optimizer data versions"),
}
DATA_FIELDS = {  # the same of its data
    "text": (lambda text: type(text) is str, "sha256 preparation"),
    "a low and a high number for each name": (
        lambda ends: type(ends) is dict and all(map(is_range, ends.values())),
        "image_statistics",
    ),
    "a list of names": (
        lambda names: type(names) is list and all(type(name) is str for name in names),
        "class_names",
    ),
    "a number for each part": (
        lambda parts: type(parts) is dict and all(type(n) is int for n in parts.values()),
        "images",
    ),
}


def check_fields(record, fields):
    """Raise ValueError where a field that is needed, or is there, is not what it must be."""
    for wanted, (is_right, names) in fields.items():
        for name in names.split():
            value = record.get(name)
            if (name in record or name in NEEDED) and not is_right(value):
                raise ValueError(f"{name} is {value!r}; it must be {wanted}")
