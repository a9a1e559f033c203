"""What is recorded of a run or a group and may bear on its result, and in what two differ."""

from internals.core.text import format_line
from internals.runs import identity
from internals.runs.run_reader import count_images

NOT_RECORDED = "not recorded"


def flatten(name, value):
    """Return a nested object as {"optimizer learning_rate decay_rate": "0.01", ...}."""
    if isinstance(value, float):
        return {name: f"{value:.6g}"}  # Keras keeps 0.001 in 32 bits
    if not isinstance(value, dict):
        return {name: format_line(value)}
    flat = {}
    for key, inner in value.items():
        flat |= flatten(name if key == "config" else f"{name} {format_line(key)}", inner)
    return flat


def describe_run(run):
    """Return {name: (cause, value)} of all that is recorded of a run and may bear on its result."""
    found = {"script": ("script", format_line(run.record["script"]))}
    found |= {name: ("hyperparameter", value) for name, value in run.settings.items()}
    images, held_out, _ = count_images(run)
    if images:
        found["training images"] = ("data", f"{images - held_out:,}")
    for path, fact in identity.FACTS.items():
        value = identity.find(run.record, path)
        if value is None or path in ("script", "name", "data.class_names"):
            continue
        if identity.is_digest(value):
            value = value[:8]  # of a digest as many as tell two apart
        found |= {n: (fact.cause, text) for n, text in flatten(fact.words, value).items()}
    found["parameters"] = ("result", f"{run.record['parameters']:,}")
    found["epochs done"] = ("result", str(len(run.history)))
    return found


def describe_group(group):
    """Return what describe_run says of the runs that count, several values joined."""
    found = {}
    for run in group.counted:
        for name, (kind, value) in describe_run(run).items():
            found.setdefault(name, (kind, {}))[1][value] = True  # each once, in their order
    return {name: (kind, ", ".join(values)) for name, (kind, values) in found.items()}


def list_differences(first, second):
    """Return [(name, first's value, second's)] of all that differs in two descriptions."""
    nothing = ("", NOT_RECORDED)
    rows = [
        (name, first.get(name, nothing)[1], second.get(name, nothing)[1])
        for name in {**first, **second}
    ]
    return [(name, one, other) for name, one, other in rows if one != other]


def count_causes(first, second, scripts_differ):
    """Return how many things that differ in two descriptions may be the cause of the difference.

    Each hyperparameter is one, other facts are one by their cause. Those that may follow from a
    hyperparameter count where none differs, and the layers also where the scripts do. The steps of
    a schedule follow from the number of training images. But for hyperparameters, what one side did
    not record is not known to differ.
    """
    differ = {
        (kind, name)
        for name, (kind, _) in first.items() ^ second.items()
        if kind == "hyperparameter" or name in first.keys() & second.keys()
    }
    hyperparameters = sum(kind == "hyperparameter" for kind, _ in differ)
    follow = {fact.cause for fact in identity.FACTS.values() if fact.follows}
    follow -= {"code"} if scripts_differ else set()
    counted = {kind for kind, _ in differ} - {"hyperparameter", "script", "result"}
    counted -= follow if hyperparameters else set()
    counted -= {"optimizer"} if ("data", "training images") in differ else set()
    return hyperparameters + len(counted)
