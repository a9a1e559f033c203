"""Confidence intervals: Welch's over seeds, McNemar's on paired images, an exact one of a share.

Accuracies and differences are shares, from -1 to 1; intervals have 95 %.
"""

import dataclasses
import math

import numpy as np
from scipy import special  # a tenth of the time that scipy.stats takes to load

LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Difference:
    """How much higher the second accuracy is, with its interval; None where nothing gives one."""

    amount: float
    low: float | None
    high: float | None
    method: str  # welch, mcnemar, alike, one run or none
    only_first: int = 0  # McNemar's: images that only the first names rightly
    only_second: int = 0

    @property
    def more_than_chance(self):
        """Return whether the interval leaves out 0; None where there is no interval."""
        if self.low is None:
            return None
        return self.low > 0 or self.high < 0


def compare_seeds(first, second):
    """Return the difference of two means of accuracies, one or more seeds on each side.

    With two or more on both sides the interval is Welch's. A run alone has no spread of its own,
    and the other side's need not be like it, so it gives no interval.
    """
    counts = len(first), len(second)
    amount = float(np.mean(second) - np.mean(first))
    if min(counts) < 2:
        return Difference(amount, None, None, "one run" if max(counts) > 1 else "none")
    parts = [np.var(side, ddof=1) / len(side) for side in (first, second)]
    if not sum(parts):  # all seeds alike: how far others would be off cannot be told
        return Difference(amount, None, None, "alike")
    weighted = sum(part**2 / (count - 1) for part, count in zip(parts, counts, strict=True))
    reach = quantile(sum(parts) ** 2 / weighted) * math.sqrt(sum(parts))
    return Difference(amount, amount - reach, amount + reach, "welch")


def interval_of_mean(values):
    """Return the ends of Student's interval of a mean over seeds; None for fewer than two."""
    if len(values) < 2:
        return None
    mean, spread = mean_and_std(values)
    reach = quantile(len(values) - 1) * spread / math.sqrt(len(values))
    return mean - reach, mean + reach


def quantile(freedom):
    """Return how many standard errors a two-sided interval reaches, by Student's distribution."""
    return float(special.stdtrit(freedom, (1 + LEVEL) / 2))


def compare_pairs(only_first, only_second, total):
    """Return McNemar's difference of two networks on the same `total` images.

    It rests on the numbers of images that only the first, and only the second, names rightly.

    Chance gives each its half of them. The interval is the exact one of that share, so it leaves
    out 0 where the exact test does.
    """
    apart = only_first + only_second
    amount = (only_second - only_first) / total
    ends = interval_of_share(only_second, apart)
    low, high = ((2 * share - 1) * apart / total for share in ends)
    return Difference(amount, low, high, "mcnemar", only_first, only_second)


def interval_of_share(count, total):
    """Return the ends of the exact interval (Clopper and Pearson) of a share, count of total."""
    tail, others = (1 - LEVEL) / 2, total - count
    low = float(special.betaincinv(count, others + 1, tail)) if count else 0.0
    high = float(special.betaincinv(count + 1, others, 1 - tail)) if others else 1.0
    return low, high


def mean_and_std(values):
    """Return mean and standard deviation; NaN where there are no values, or for the spread one."""
    mean = float(np.mean(values)) if len(values) else math.nan
    return mean, float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
