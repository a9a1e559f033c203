"""The difference of two groups: its interval, and everything else in which they differ."""

import difflib
import sys
import textwrap

import numpy as np

from internals.core.intervals import Difference, compare_pairs, compare_seeds
from internals.core.text import format_line
from internals.runs import identity
from internals.runs.run_reader import SOURCES, count_images

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
    hyperparameter count where none differs, and the layers also where the scripts do. But for
    hyperparameters, what one side did not record is not known to differ.
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
    return hyperparameters + len(counted)


def compare_groups(first, second):
    """Return the difference in test accuracy of two groups, unknown where none has finished."""
    if not first.accuracies or not second.accuracies:
        return Difference(None, None, None, "unknown")
    if len(first.accuracies) == len(second.accuracies) == 1:
        one, other = first.first.right_answers, second.first.right_answers
        if one and other and one[0] == other[0]:
            return compare_pairs(
                (one[1] & ~other[1]).bit_count(), (other[1] & ~one[1]).bit_count(), one[2]
            )
    return compare_seeds(np.array(first.accuracies), np.array(second.accuracies))


WORDS = {  # by the method of a difference, and what is true of any; the page fills them in as well
    "unknown": "No difference is given: it takes a finished run on each side.",
    "interval": "{amount} points, 95 % interval {low} to {high}: {chance}.",
    "no interval": "{amount} points.",
    "more": "more than chance",
    "not more": "may be chance",
    "welch": "Welch's interval over {n1} and {n2} seeds.",
    "one run": "{n1} and {n2} seeds: no interval, for one run has no spread. Better: {sweep}",
    "mcnemar": (
        "On these test images, {b} of which only the first names rightly and {c} only the second, "
        "these two networks {differ} (McNemar's test); whether another seed would say the same is "
        "not known: {sweep}"
    ),
    "differ": "differ",
    "not differ": "are not shown to differ",
    "none": "One run each, no predictions to pair: whether this is chance is not known: {sweep}",
    "alike": "The seeds of a side are alike to the last digit: how much is chance is not known.",
    "sweep": "python sweep.py {script}.py ... --seed 0 1 2",
    "failures": "{failures}; the difference is of those that learn.",
    "no cause": "Nothing that is recorded differs but the seeds.",
    "one cause": "One thing differs.",
    "nothing": NOT_RECORDED,
    "causes": "{causes} things differ: the cause cannot be told.",
}


def explain(difference, first, second):
    """Return in words the difference of two groups, its interval, and whether it is chance."""
    if difference.amount is None:
        return WORDS["unknown"]
    lacking = first if len(first.accuracies) < len(second.accuracies) else second
    numbers = {"amount": difference.amount, "low": difference.low, "high": difference.high}
    values = {name: f"{100 * value:+.2f}" for name, value in numbers.items() if value is not None}
    values |= {
        "chance": WORDS["more" if difference.more_than_chance else "not more"],
        "differ": WORDS["differ" if difference.more_than_chance else "not differ"],
        "n1": len(first.accuracies),
        "n2": len(second.accuracies),
        "b": f"{difference.only_first:,}",
        "c": f"{difference.only_second:,}",
        "sweep": WORDS["sweep"].format(script=format_line(lacking.first.record["script"])),
    }
    sentences = [WORDS["interval" if "low" in values else "no interval"].format(**values)]
    sentences.append(WORDS[difference.method].format(**values))
    if failures := " and ".join(filter(None, [first.failures, second.failures])):
        sentences.append(WORDS["failures"].format(failures=failures))
    return " ".join(sentences)


def scripts_differ(first, second):
    """Return whether the groups are of two scripts, or of code that was edited between them."""
    if first.first.record["script"] != second.first.record["script"]:
        return True
    return any(one != other for one, other in kept_sources(first, second).values())


def kept_sources(first, second):
    """Return {file name: (first's text, second's)} of script and common.py, where both kept it."""
    one, other = first.first.sources, second.first.sources
    return {name: (one[name], other[name]) for name in SOURCES if one[name] and other[name]}


def diff_sources(first, second, names=SOURCES):
    """Return the unified diffs of the two groups' files as a list of lines, none where alike."""
    lines = []
    for name, texts in kept_sources(first, second).items():
        if name in names:
            paths = [f"{group.first.name}/{name}" for group in (first, second)]
            split = [text.splitlines() for text in texts]
            lines += difflib.unified_diff(*split, *paths, lineterm="")
    return [format_line(line) for line in lines]


def format_comparison(first, second, width=100):
    """Return a comparison of two groups as text: the difference, and all else that differs."""
    facts = describe_group(first), describe_group(second)
    causes = count_causes(*facts, scripts_differ(first, second))
    cause = "causes" if causes > 1 else "one cause" if causes else "no cause"
    lines = [f"{second.label}, compared with {first.label}:"]
    lines += textwrap.wrap(
        explain(compare_groups(first, second), first, second), width, break_on_hyphens=False
    )
    lines.append(WORDS[cause].format(causes=causes))
    shown = [("test accuracy", first.accuracy_text, second.accuracy_text)]
    shown.append(("last epoch", first.last_epoch_text, second.last_epoch_text))
    shown.append(("best epoch", first.best_epoch_text, second.best_epoch_text))
    shown += list_differences(*facts)
    widths = [max(len(row[column]) for row in shown) for column in (0, 1)]
    for name, one, other in shown:
        lines.append(f"  {name:{widths[0]}}  {one:{min(widths[1], 30)}}  {other}".rstrip())
    same_script = first.first.record["script"] == second.first.record["script"]
    names = SOURCES if same_script else ("common.py",)  # two scripts differ in nearly every line
    lines += color_diff(diff_sources(first, second, names))
    return "\n".join(lines)


def color_diff(lines):
    """Return the lines of a diff with their colours, where somebody looks at a terminal."""
    if not sys.stdout.isatty():
        return lines
    codes = {"+": "32", "-": "31", "@": "36"}
    return [f"\x1b[{codes.get(line[:1], 0)}m{line}\x1b[0m" for line in lines]
