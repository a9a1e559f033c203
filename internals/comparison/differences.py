"""The difference of two groups: its interval, that in words, and all else that differs."""

import difflib
import itertools
import sys
import textwrap

import numpy as np

from internals.comparison.recorded_facts import (
    NOT_RECORDED,
    count_causes,
    describe_group,
    list_differences,
)
from internals.core.intervals import (
    FEWEST,
    Difference,
    are_more_than_chance,
    compare_pairs_of_images,
    compare_pairs_of_seeds,
    compare_seeds,
)
from internals.core.text import format_line
from internals.runs.commands import command_of_sweep
from internals.runs.run_reader import SOURCES


def compare_groups(first, second):
    """Return the difference in test accuracy of two groups, unknown where none has finished."""
    if not first.accuracies or not second.accuracies:
        return Difference(None, None, None, "unknown")
    if len(first.accuracies) == len(second.accuracies) == 1:
        one, other = first.first.right_answers, second.first.right_answers
        if one and other and one[0] == other[0]:
            only_first, only_second = one[1] & ~other[1], other[1] & ~one[1]
            counts = only_first.bit_count(), only_second.bit_count(), one[2]
            return compare_pairs_of_images(*counts)
    return compare_by_seeds(first, second)


def compare_by_seeds(first, second):
    """Return the difference of the seeds that learn, in pairs where they are the same networks.

    Runs of other networks are not paired, though their seeds be the same: there a seed's accuracy
    on one side says nothing about that on the other.
    """
    accuracies = np.array(first.accuracies), np.array(second.accuracies)
    if any(len(group.accuracies) > 1 and not group.learners for group in (first, second)):
        amount = float(accuracies[1].mean() - accuracies[0].mean())
        return Difference(amount, None, None, "at chance")
    if are_same_networks(first, second):
        ordered = [sorted(group.learners, key=lambda run: run.seed) for group in (first, second)]
        return compare_pairs_of_seeds(*([run.accuracy for run in runs] for runs in ordered))
    return compare_seeds(*accuracies)


def are_same_networks(first, second):
    """Return whether the seeds that learn are the same networks, asked in two ways."""
    one, other = ({run.seed: run for run in group.learners} for group in (first, second))
    if not one or one.keys() != other.keys():
        return False
    return all(same_network(one[seed], other[seed]) for seed in one)


def same_network(run, other):
    """Return whether two runs have trained the same network, which flip_test asks in two ways.

    Then their training agrees to the last digit.
    """
    asked = [each.record["hyperparameters"].get("flip_test") for each in (run, other)]
    best = [each.record.get("best_epoch") for each in (run, other)]
    if asked[0] == asked[1] or best[0] != best[1]:
        return False
    one, two = (each.history[["accuracy", "loss"]] for each in (run, other))
    return len(one) > 0 and bool(one.notna().all(axis=None)) and one.equals(two)


WORDS = {  # by the method of a difference, and what is true of any; the page fills them in as well
    "unknown": "No difference is given: it takes a finished run on each side.",
    "interval": "{amount} points, 95 % interval {low} to {high}: {chance}.",
    "no interval": "{amount} points.",
    "more": "more than chance",
    "not more": "may be chance",
    "welch": "Welch's interval over {n1} and {n2} seeds; it covers other seeds, not other images.",
    "paired seeds": (
        "In pairs: the same {n1} networks, asked in two ways. Student's interval; it covers other "
        "seeds, not other images."
    ),
    "paired images": (
        "In pairs: {b} test images are named rightly by {one} alone, {c} by {two} alone. Bonett "
        "and Price's interval; it covers other images, not other seeds. For those, add {sweep}"
    ),
    "few": (
        "No interval: it takes three seeds on each side, and here are {n1} and {n2}. Add {sweep}"
    ),
    "uneven": (
        "No interval: beside more than seven seeds it takes four, and here are {n1} and {n2}. "
        "Add {sweep}"
    ),
    "alike": "The seeds of a side are alike to the last digit: how much is chance is not known.",
    "at chance": "No interval, for one side learns nothing; {failures}.",
    "failures": "{failures}; the difference is of those that learn.",
    "several": "After Holm's correction for {count} comparisons: {chance}.",
    "no cause": "Nothing that is recorded differs but the seeds.",
    "one cause": "One thing differs.",
    "nothing": NOT_RECORDED,
    "causes": "{causes} things differ: the cause cannot be told.",
}
NUMBERS = {1: "one more seed", 2: "two more seeds", 3: "three more seeds"}


def explain(difference, first, second, among_several=""):
    """Return in words the difference of two groups, its interval, and whether it is chance.

    `among_several` is what explain_several says of it. A command comes last, to be copied.
    """
    if difference.amount is None:
        return WORDS["unknown"]
    sides = sorted((first, second), key=lambda group: len(group.accuracies))
    lacking = [each for each in sides if len(each.accuracies) < FEWEST] or sides[:1]
    numbers = {"amount": difference.amount, "low": difference.low, "high": difference.high}
    values = {name: f"{100 * value:+.2f}" for name, value in numbers.items() if value is not None}
    values |= {
        "chance": WORDS["more" if difference.more_than_chance else "not more"],
        "one": first.label,
        "two": second.label,
        "n1": len(first.accuracies),
        "n2": len(second.accuracies),
        "b": f"{difference.only_first:,}",
        "c": f"{difference.only_second:,}",
        "sweep": " and ".join(map(suggest_seeds, lacking)),
        "failures": " and ".join(filter(None, [first.failures, second.failures])),
    }
    sentences = [WORDS["interval" if "low" in values else "no interval"].format(**values)]
    sentences += [among_several] if among_several else []
    if values["failures"] and difference.method != "at chance":
        sentences.append(WORDS["failures"].format(**values))
    return " ".join([*sentences, WORDS[difference.method].format(**values)])


def suggest_seeds(group):
    """Return in words the command that gives a group as many seeds as an interval takes."""
    missing = max(FEWEST - len(group.accuracies), 1)
    taken = {run.seed for run in group.counted}
    free = itertools.islice((n for n in itertools.count() if str(n) not in taken), missing)
    return f"{NUMBERS[missing]}: {command_of_sweep(group.first, free)}"


def explain_several(differences):
    """Return for each difference what Holm's correction leaves; "" where it has nothing to do."""
    verdicts = are_more_than_chance(differences)
    count = sum(verdict is not None for verdict in verdicts)
    return [
        WORDS["several"].format(count=count, chance=WORDS["more" if verdict else "not more"])
        if count > 1 and verdict is not None
        else ""
        for verdict in verdicts
    ]


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


def format_comparison(first, second, difference, among_several="", width=100):
    """Return a comparison of two groups as text: the difference, and all else that differs."""
    facts = describe_group(first), describe_group(second)
    causes = count_causes(*facts, scripts_differ(first, second))
    cause = "causes" if causes > 1 else "one cause" if causes else "no cause"
    lines = [f"{second.label}, compared with {first.label}:"]
    words = explain(difference, first, second, among_several)
    lines += textwrap.wrap(words, width, break_on_hyphens=False)
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
