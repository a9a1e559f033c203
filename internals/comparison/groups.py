"""Groups: the runs of one recipe, which differ in nothing but the seed."""

import collections
import dataclasses
import functools
import hashlib
import math

import numpy as np

from internals.core.intervals import interval_of_share, mean_and_std
from internals.core.text import format_line, format_mean_and_std
from internals.runs import identity

TEST_MARK = "*"  # of an accuracy that the test set has chosen


@dataclasses.dataclass
class Group:
    """Runs of one recipe, network, data and backend, and what they came to over the seeds."""

    runs: list
    key: str  # eight letters that stay the same as long as what decides the result does
    label: str = ""

    @functools.cached_property
    def counted(self):
        """Return the runs whose results count: complete, the latest of a seed; or all there are."""
        by_seed = {run.seed or run.folder: run for run in self.runs if run.complete}
        return [*by_seed.values()] or self.runs

    @property
    def shown(self):
        """Return the runs that means and pictures are of: those that learn; all where none does."""
        return self.learners or self.counted

    @property
    def first(self):
        return self.shown[0]

    @property
    def is_reference(self):
        """Return whether all of its runs came with the scripts."""
        return all(run.is_reference for run in self.runs)

    @property
    def drawn(self):
        """Return the runs that count and have epochs to be drawn."""
        return [run for run in self.counted if len(run.history)]

    @property
    def averaged(self):
        """Return those of the drawn runs of which the mean is shown."""
        return [run for run in self.shown if len(run.history)] or self.drawn

    @property
    def repeated(self):
        """Return in words how many complete runs do not count, because a later one has the seed."""
        left_out = sum(run.complete for run in self.runs) - self.seeds_at_chance[1]
        if not left_out:
            return ""
        which = (
            "run does not count: a later one has its"
            if left_out == 1
            else ("runs do not count: later ones have their")
        )
        return f"{self.label}: {left_out} {which} seed"

    @functools.cached_property
    def accuracies(self):
        """Return the test accuracies of the seeds that learn; of all where none does."""
        return [run.accuracy for run in self.learners or self.complete]

    @functools.cached_property
    def complete(self):
        return [run for run in self.counted if run.complete]

    @functools.cached_property
    def learners(self):
        """Return the complete runs that do better than chance level."""
        return [run for run in self.complete if not run.is_at_chance]

    @functools.cached_property
    def seeds_at_chance(self):
        """Return how many complete seeds stay at chance level, and how many there are."""
        return len(self.complete) - len(self.learners), len(self.complete)

    @functools.cached_property
    def matrix(self):
        """Return the sum of the confusion matrices of the runs shown; None where one lacks."""
        matrices = [run.matrix for run in self.shown]
        if any(matrix is None or [*matrix] != [*matrices[0]] for matrix in matrices):
            return None
        return sum(matrices[1:], matrices[0])

    @functools.cached_property
    def status(self):
        """Return how the runs ended, such as "finished" or "2 finished, 1 stopped"."""
        counts = collections.Counter(format_line(run.record["status"]) for run in self.runs)
        several = len(counts) > 1
        return ", ".join(f"{n} {status}" if several else status for status, n in counts.items())

    @functools.cached_property
    def figures(self):
        """Return what the table shows: means and standard deviations over the seeds."""
        known = [run.history.val_accuracy for run in self.averaged]
        known = [accuracies for accuracies in known if accuracies.notna().any()]
        at = [accuracies.argmax() + 1 for accuracies in known]
        accuracies = self.accuracies or [run.accuracy for run in self.counted]
        accuracy, spread = mean_and_std(accuracies)
        minutes, minutes_std = mean_and_std([run.minutes for run in self.counted])
        return {
            "n": len(accuracies),
            "at_chance": self.seeds_at_chance[0],
            "accuracy": accuracy,
            "accuracy_std": spread,
            "last_epoch": mean_and_std([r.history.val_accuracy.iloc[-1] for r in self.averaged])[0],
            "best_epoch": mean_and_std([accuracies.max() for accuracies in known])[0],
            "best_at": "-".join(map(str, sorted({min(at), max(at)}))) if at else "",
            "minutes": minutes,
            "minutes_std": minutes_std,
            "epochs": max(len(run.history) for run in self.counted),
            "parameters": self.first.record["parameters"],
            "started": self.newest.record["started"],
        }

    @property
    def newest(self):
        return max(self.runs, key=lambda run: run.started)

    @property
    def accuracy_text(self):
        """Return the test accuracy in percent, with spread and n over several seeds.

        Where some seeds stay at chance level it is that of the others: "3 of 4 learn: 72.88 ...".
        """
        figures, (failed, count) = self.figures, self.seeds_at_chance
        percent = [100 * figures[name] for name in ("accuracy", "accuracy_std")]
        text = format_mean_and_std(*percent, "{:.2f}", "%")
        if count > 1 or figures["n"] > 1 and text != "-":
            text = f"{text} (n = {figures['n']})"
        learn = f"{count - failed} of {count} learn{'s' * (count - failed == 1)}: "
        return f"{learn}{text}" if failed and count > 1 else text

    @property
    def failures(self):
        """Return in words how many seeds stay at chance level; "" where none or the only one."""
        failed, count = self.seeds_at_chance
        if count < 2 or not failed:
            return ""
        low, high = (100 * share for share in interval_of_share(failed, count))
        return (
            f"{self.label}: {failed} of {count} seeds stay{'s' * (failed == 1)} at chance level "
            f"(exact 95 % interval {low:.0f} to {high:.0f} %)"
        )

    @property
    def last_epoch_text(self):
        return format_mean_and_std(100 * self.figures["last_epoch"], math.nan, "{:.2f}", "%")

    @property
    def best_epoch_text(self):
        """Return the best epoch's accuracy in percent, and it; marked if the test set chose."""
        best, mark = self.figures["best_epoch"], "" if self.first.holds_out else TEST_MARK
        return "-" if math.isnan(best) else f"{100 * best:.2f} ({self.figures['best_at']}){mark}"

    def most_confused(self, count=5):
        """Return in words the pairs of classes most confused, both ways taken together."""
        if self.matrix is None:
            return []
        names, counts = [*self.matrix], self.matrix.to_numpy()
        both = counts + counts.T
        most = np.argsort(-np.triu(both, 1), axis=None, kind="stable")[:count]
        pairs = zip(*np.unravel_index(most, both.shape), strict=True)
        return [
            describe_confusion(names[a], names[b], counts[a, b], counts[b, a])
            for a, b in pairs
            if a < b and both[a, b]
        ]


def describe_confusion(one, other, count, back):
    """Return in words how often one class was called the other, and the other way round."""
    times = "once" if count + back == 1 else f"{count + back:,} times"
    ways = [f"{one} called {other}", f"{other} called {one}"]
    if count and back:
        return f"{one} and {other}: {times} ({ways[0]}: {count:,}; {ways[1]}: {back:,})"
    always = "always " if count + back > 1 else ""
    return f"{one} and {other}: {times}, {always}{ways[0] if count else ways[1]}"


def group_by(items, key):
    """Return {key: [items, ...]} by what `key(item)` returns, all in the order of the items."""
    found = collections.defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def make_groups(runs):
    """Return the runs as groups, in the order of the runs."""
    groups = []
    for recipe, alike in group_by(runs, lambda run: identity.recipe_of(run.record)).items():
        alike.sort(key=lambda run: (run.seed, run.started))
        groups.append(Group(alike, hashlib.sha256(recipe.encode()).hexdigest()[:8]))
    return groups
