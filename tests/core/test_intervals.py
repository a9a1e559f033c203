"""Intervals held against SciPy's own, against cases made by hand, and how often they are right."""

import math

import numpy as np
import pytest
from scipy import special, stats

from internals.core.intervals import (
    compare_pairs_of_images,
    compare_pairs_of_seeds,
    compare_seeds,
    correct_for_several,
    interval_of_mean,
    interval_of_share,
    mean_and_std,
)


def interval(difference):
    return difference.low, difference.high


def test_seeds_on_both_sides_are_welchs(random):
    for first, second in ((3, 3), (3, 4), (10, 4)):
        a, b = random.normal(0.7, 0.01, first), random.normal(0.72, 0.05, second)
        expected = stats.ttest_ind(b, a, equal_var=False)
        found = compare_seeds(a, b)
        assert found.method == "welch"
        assert found.amount == pytest.approx(b.mean() - a.mean())
        assert interval(found) == pytest.approx(tuple(expected.confidence_interval()))
        assert found.p == pytest.approx(expected.pvalue)
        assert found.more_than_chance == (expected.pvalue < 0.05)


def test_pairs_of_seeds_are_students(random):
    for count in (3, 10):
        a = random.normal(0.7, 0.05, count)
        b = a + random.normal(0.01, 0.005, count)
        expected = stats.ttest_rel(b, a)
        found = compare_pairs_of_seeds(a, b)
        assert found.method == "paired seeds" and found.p == pytest.approx(expected.pvalue)
        assert interval(found) == pytest.approx(tuple(expected.confidence_interval()))
    assert compare_pairs_of_seeds(a[:2], b[:2]).method == "few"
    assert compare_pairs_of_seeds([0.5, 0.6, 0.7], [0.51, 0.61, 0.71]).method == "alike"


def test_a_mean_has_students_interval(random):
    for count in (2, 3, 10):
        values = random.normal(0.7, 0.01, count)
        expected = stats.ttest_1samp(values, 0).confidence_interval()
        assert interval_of_mean(values) == pytest.approx(tuple(expected))
    assert interval_of_mean([0.7]) is None
    assert interval_of_mean([0.6, 0.8]) == (0.0, 1.0)  # shares, no further


def test_made_by_hand():
    same = compare_seeds([0.7, 0.72, 0.71], [0.71, 0.7, 0.72])
    assert same.amount == pytest.approx(0) and same.more_than_chance is False
    assert compare_seeds([0.5, 0.51, 0.52], [0.8, 0.81, 0.82]).more_than_chance is True
    assert interval(compare_seeds([0.1, 0.1, 0.8], [0.6, 0.6, 0.1]))[1] <= 1
    for one, other, method in (
        ([0.5], [0.6], "few"),
        ([0.5, 0.6, 0.7], [0.5], "few"),  # it has no spread, and need not have that of the others
        ([0.5, 0.6], [0.5, 0.6, 0.7], "few"),
        ([0.1, 0.1, 0.1], [0.2, 0.2, 0.2], "alike"),  # their mean is not 0.1, by rounding
    ):
        unknown = compare_seeds(one, other)
        assert unknown.low is unknown.high is unknown.more_than_chance is unknown.p is None
        assert unknown.method == method


def test_pairs_of_images():
    for only_first, only_second in ((0, 0), (0, 5), (0, 6), (6, 0), (10, 25), (12, 25), (5, 5)):
        found = compare_pairs_of_images(only_first, only_second, 100)
        assert (found.only_first, found.only_second) == (only_first, only_second)
        assert found.amount == pytest.approx((only_second - only_first) / 100)
        assert found.low <= found.amount <= found.high
        apart = only_first + only_second
        exact = stats.binomtest(only_second, apart).pvalue if apart else 1  # McNemar's
        assert found.more_than_chance == (found.p < 0.05) == (exact < 0.05)
    by_hand = 14 / 102 + np.array([-1, 1]) * 1.959964 * math.sqrt(
        (38 / 102 - (14 / 102) ** 2) / 102
    )
    assert interval(compare_pairs_of_images(11, 25, 100)) == pytest.approx(tuple(by_hand), abs=1e-6)
    assert compare_pairs_of_images(0, 5, 5).high == 1


def test_holms_correction():
    assert correct_for_several([]) == [] and correct_for_several([0.049]) == [True]
    assert correct_for_several([0.04, 0.04]) == [False, False]
    assert correct_for_several([0.04, 0.02]) == [True, True]
    # limits 0.0125, 0.0167, 0.025, 0.05: the third smallest stops it, though the fourth is below
    assert correct_for_several([0.045, 0.001, 0.03, 0.014]) == [False, True, False, True]


def test_mean_and_spread():
    assert mean_and_std([1.0, 3.0]) == (2, pytest.approx(math.sqrt(2)))
    assert mean_and_std([5.0])[0] == 5 and math.isnan(mean_and_std([5.0])[1])
    assert all(math.isnan(value) for value in mean_and_std([]))


# ------------------------------------------------------------------------------------------------
# How often an interval covers the true value: 95 times in a hundred, by simulation. The intervals
# of all samples are calculated at once here, and the first ones held against the functions' own.

TIMES = 60_000


def check_ends(found, low, high):
    """Hold the first calculated ends against what the function returns for those samples."""
    for place, each in enumerate(found):
        assert each == pytest.approx((low[place], high[place]))


def draw_welch(random, first, second, spread):
    """Return samples of both sides, which have one mean, and the ends of Welch's intervals.

    `spread` is the second side's, that of the first being 1.
    """
    a = 0.7 + 0.01 * random.standard_normal((TIMES, first))
    b = 0.7 + 0.01 * spread * random.standard_normal((TIMES, second))
    one, other = a.var(axis=1, ddof=1) / first, b.var(axis=1, ddof=1) / second
    freedom = (one + other) ** 2 / (one**2 / (first - 1) + other**2 / (second - 1))
    reach, amount = special.stdtrit(freedom, 0.975) * np.sqrt(one + other), b.mean(1) - a.mean(1)
    return a, b, amount - reach, amount + reach


def coverage(low, high, true):
    return ((low < true) & (true < high)).mean()


@pytest.mark.parametrize(
    ("first", "second", "spread"),
    [
        (3, 3, 1),
        (3, 3, 4),
        (3, 5, 1),
        (3, 5, 4),
        (3, 5, 0.25),
        (3, 7, 0.4),
        (3, 7, 8),
        (6, 6, 16),
        (4, 12, 0.5),
    ],
)
def test_coverage_of_welch(random, first, second, spread):
    a, b, low, high = draw_welch(random, first, second, spread)
    check_ends([interval(compare_seeds(a[n], b[n])) for n in range(20)], low, high)
    assert 0.93 < coverage(low, high, 0) < 0.97


def test_why_two_seeds_are_too_few_and_so_are_three_beside_many(random):
    assert coverage(*draw_welch(random, 2, 10, 0.5)[2:], 0) < 0.89
    assert coverage(*draw_welch(random, 2, 5, 0.25)[2:], 0) < 0.91
    assert coverage(*draw_welch(random, 2, 2, 1)[2:], 0) > 0.97
    low, high = draw_welch(random, 3, 20, 0.7)[2:]
    assert coverage(low, high, 0) < 0.93
    sides = random.random((2, 20))
    assert compare_seeds(sides[0, :3], sides[1, :7]).method == "welch"
    assert compare_seeds(sides[0, :8], sides[1, :3]).method == "uneven"
    assert compare_seeds(sides[0, :4], sides[1]).method == "welch"


@pytest.mark.parametrize("count", [3, 5])
def test_coverage_of_pairs_of_seeds_and_of_a_mean(random, count):
    a = 0.7 + 0.02 * random.standard_normal((TIMES, count))
    apart = 0.01 + 0.002 * random.standard_normal((TIMES, count))
    reach = special.stdtrit(count - 1, 0.975) * apart.std(axis=1, ddof=1) / math.sqrt(count)
    low, high = apart.mean(axis=1) - reach, apart.mean(axis=1) + reach
    pairs = [compare_pairs_of_seeds(a[n], a[n] + apart[n]) for n in range(20)]
    check_ends(map(interval, pairs), low, high)
    check_ends(map(interval_of_mean, 0.5 + apart[:20]), 0.5 + low, 0.5 + high)
    assert 0.93 < coverage(low, high, 0.01) < 0.97


@pytest.mark.parametrize(
    ("total", "only_first", "only_second"),  # test images; the true shares of the disagreements
    [(10_000, 0.1, 0.1), (10_000, 0.25, 0.05), (10_000, 0.3, 0.01), (10_000, 0.1, 0)]
    + [(10_000, 0.001, 0.001), (360, 0.05, 0.02), (360, 0.1, 0.01), (50, 0.3, 0.1)],
)
def test_coverage_of_pairs_of_images(random, total, only_first, only_second):
    shares = [only_first, only_second, 1 - only_first - only_second]
    b, c, _ = random.multinomial(total, shares, TIMES).T
    center, apart = (c - b) / (total + 2), (b + c + 2) / (total + 2)
    reach = 1.959964 * np.sqrt((apart - center**2) / (total + 2))
    low, high = center - reach, center + reach
    found = [interval(compare_pairs_of_images(b[n], c[n], total)) for n in range(20)]
    check_ends(found, low, high)
    assert 0.93 < coverage(low, high, only_second - only_first) < 0.97


def test_coverage_of_a_share_is_never_below_95():
    for total in (4, 10, 100, 360):
        low, high = np.transpose([interval_of_share(count, total) for count in range(total + 1)])
        for share in (0.05, 0.3, 0.5, 0.9):
            likely = stats.binom.pmf(np.arange(total + 1), total, share)
            assert 0.95 <= likely[(low <= share) & (share <= high)].sum() <= 1
