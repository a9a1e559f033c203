"""Confidence intervals: over seeds, over pairs of seeds, over paired images, of a mean or a share.

Accuracies and differences are shares, from -1 to 1; intervals have 95 %.
"""

import dataclasses
import math

import numpy as np
from scipy import special  # a tenth of the time that scipy.stats takes to load

LEVEL = 0.95
FEWEST = 3  # seeds a side: with two, Welch's interval covers 88 to 98 % in place of 95
MOST_BESIDE_FEWEST = 7  # with three seeds beside more it covers less than 93 %
ALIKE = 1e-9  # standard errors below are those of rounding: one image in a million is more


@dataclasses.dataclass(frozen=True)
class Difference:
    """How much higher the second accuracy is, with its interval; None where nothing gives one."""

    amount: float
    low: float | None
    high: float | None
    method: str  # welch, paired seeds, paired images, few, uneven, alike, at chance or unknown
    only_first: int = 0  # of paired images: those that only the first names rightly
    only_second: int = 0
    p: float | None = None  # below 0.05 where the interval leaves out 0

    @property
    def more_than_chance(self):
        """Return whether the interval leaves out 0; None where there is no interval."""
        if self.low is None:
            return None
        return self.low > 0 or self.high < 0


def compare_seeds(first, second):
    """Return the difference of two means of accuracies, with Welch's interval.

    It takes three seeds on each side, and four where the other has more than seven: a run alone has
    no spread of its own, and that of three is too uncertain beside that of many.
    """
    amount = float(np.mean(second) - np.mean(first))
    counts = len(first), len(second)
    if min(counts) < FEWEST:
        return Difference(amount, None, None, "few")
    if min(counts) == FEWEST and max(counts) > MOST_BESIDE_FEWEST:
        return Difference(amount, None, None, "uneven")
    parts = [np.var(side, ddof=1) / len(side) for side in (first, second)]
    error = math.sqrt(sum(parts))
    if error < ALIKE:  # how far other seeds would be off cannot be told
        return Difference(amount, None, None, "alike")
    weighted = sum(part**2 / (count - 1) for part, count in zip(parts, counts, strict=True))
    return find_interval(amount, amount, error, sum(parts) ** 2 / weighted, "welch")


def compare_pairs_of_seeds(first, second):
    """Return the mean of the differences seed by seed, with Student's interval."""
    amount, spread = mean_and_std(np.subtract(second, first))
    if len(first) < FEWEST:
        return Difference(amount, None, None, "few")
    error = spread / math.sqrt(len(first))
    if error < ALIKE:
        return Difference(amount, None, None, "alike")
    return find_interval(amount, amount, error, len(first) - 1, "paired seeds")


def compare_pairs_of_images(only_first, only_second, total):
    """Return the difference of two networks that have named the same `total` images.

    It rests on the numbers of images that only the first, and only the second, names rightly. The
    interval is Bonett's and Price's (2012): it counts one image more of each kind.
    """
    amount, more = (only_second - only_first) / total, total + 2
    center, apart = (only_second - only_first) / more, (only_first + only_second + 2) / more
    error = math.sqrt((apart - center**2) / more)
    found = find_interval(amount, center, error, math.inf, "paired images")
    return dataclasses.replace(found, only_first=only_first, only_second=only_second)


def find_interval(amount, center, error, freedom, method):
    """Return the difference with the interval and p-value that its standard error gives."""
    reach = quantile(freedom) * error
    p = 2 * float(special.stdtr(freedom, -abs(center) / error))
    return Difference(amount, max(center - reach, -1.0), min(center + reach, 1.0), method, p=p)


def correct_for_several(p_values):
    """Return for each p-value whether it is more than chance among all of them, by Holm (1979)."""
    levels = ((1 - LEVEL) / left for left in range(len(p_values), 0, -1))
    steps = zip(sorted(p_values), levels, strict=True)
    first_kept = next((p for p, level in steps if p >= level), math.inf)
    return [p < first_kept for p in p_values]


def are_more_than_chance(differences):
    """Return for each difference whether it is more than chance among all; None if not known."""
    verdicts = iter(correct_for_several([each.p for each in differences if each.p is not None]))
    return [None if each.p is None else next(verdicts) for each in differences]


def interval_of_mean(values):
    """Return the ends of Student's interval of a mean share over seeds; None for fewer than two."""
    if len(values) < 2:
        return None
    mean, spread = mean_and_std(values)
    reach = quantile(len(values) - 1) * spread / math.sqrt(len(values))
    return max(mean - reach, 0.0), min(mean + reach, 1.0)


def quantile(freedom):
    """Return how many standard errors a two-sided interval reaches, by Student's distribution."""
    return float(special.stdtrit(freedom, (1 + LEVEL) / 2))


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
