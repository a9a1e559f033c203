"""Groups: the runs of one recipe, which differ in nothing but the seed."""

import collections
import dataclasses
import functools
import hashlib
import math

from internals.core.intervals import mean_and_std
from internals.core.text import format_line, format_mean_and_std
from internals.runs import identity

TEST_MARK = "*"  # of an accuracy that the test set has chosen


@dataclasses.dataclass
class Group:
    """Runs of one recipe, network, data and backend, and what they came to over the seeds."""

    runs: list
    key: str  # eight letters that stay the same as long as what decides the result does
    label: str = ""
    color: str = ""

    @functools.cached_property
    def counted(self):
        """Return the runs whose results count: complete, and one a seed, the latest.

        Where none is complete, whatever is there.
        """
        by_seed = {run.seed or run.folder: run for run in self.runs if run.complete}
        return [*by_seed.values()] or self.runs

    @property
    def first(self):
        return self.counted[0]

    @property
    def drawn(self):
        """Return the runs that count and have epochs to be drawn."""
        return [run for run in self.counted if len(run.history)]

    @functools.cached_property
    def accuracies(self):
        return [run.accuracy for run in self.counted if run.complete]

    @functools.cached_property
    def status(self):
        """Return how the runs ended, such as "finished" or "2 finished, 1 stopped"."""
        counts = collections.Counter(format_line(run.record["status"]) for run in self.runs)
        several = len(counts) > 1
        return ", ".join(f"{n} {status}" if several else status for status, n in counts.items())

    @functools.cached_property
    def figures(self):
        """Return what the table shows: means and standard deviations over the counted seeds."""
        best, best_at = best_epochs(self.counted)
        accuracy, spread = mean_and_std([run.accuracy for run in self.counted])
        minutes, minutes_std = mean_and_std([run.minutes for run in self.counted])
        return {
            "n": len(self.counted),
            "accuracy": accuracy,
            "accuracy_std": spread,
            "last_epoch": mean_and_std([r.history.val_accuracy.iloc[-1] for r in self.drawn])[0],
            "best_epoch": best,
            "best_at": best_at,
            "minutes": minutes,
            "minutes_std": minutes_std,
            "epochs": max(len(run.history) for run in self.counted),
            "parameters": self.first.record["parameters"],
            "started": max(run.record["started"] for run in self.runs),
        }

    @property
    def accuracy_text(self):
        """Return the test accuracy in percent, with spread and n over several seeds."""
        figures = self.figures
        percent = [100 * figures[name] for name in ("accuracy", "accuracy_std")]
        text = format_mean_and_std(*percent, "{:.2f}", "%")
        return f"{text} (n = {figures['n']})" if figures["n"] > 1 and text != "-" else text

    @property
    def last_epoch_text(self):
        return format_mean_and_std(100 * self.figures["last_epoch"], math.nan, "{:.2f}", "%")

    @property
    def best_epoch_text(self):
        """Return the best epoch's accuracy in percent, and it; marked if the test set chose."""
        best, mark = self.figures["best_epoch"], "" if self.first.holds_out else TEST_MARK
        return "-" if math.isnan(best) else f"{100 * best:.2f} ({self.figures['best_at']}){mark}"


def best_epochs(runs):
    """Return the mean of the runs' best validation accuracies, and at which epochs, as "8-15"."""
    known = [run.history.val_accuracy for run in runs if run.history.val_accuracy.notna().any()]
    at = [accuracies.argmax() + 1 for accuracies in known]
    words = "-".join(map(str, sorted({min(at), max(at)}))) if at else ""
    return mean_and_std([accuracies.max() for accuracies in known])[0], words


def group_by(items, key):
    """Return {key: [items, ...]} by what `key(item)` returns, all in the order of the items."""
    found = collections.defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def make_groups(runs):
    """Return the runs as groups, in the order of the runs."""
    by_recipe = group_by(runs, lambda run: identity.recipe_of(run.record))
    return [
        Group(
            sorted(alike, key=lambda run: (run.seed, run.record["started"])),
            hashlib.sha256(recipe.encode()).hexdigest()[:8],
        )
        for recipe, alike in by_recipe.items()
    ]
