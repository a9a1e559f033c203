"""Differences held against SciPy's own functions and against cases made by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from internals.core.intervals import compare_pairs, compare_seeds, interval_of_mean, mean_and_std


def interval(difference):
    return difference.low, difference.high


def test_seeds_on_both_sides_are_welchs(random):
    for first, second in ((2, 3), (3, 3), (10, 4)):
        a, b = random.normal(0.7, 0.01, first), random.normal(0.72, 0.05, second)
        expected = stats.ttest_ind(b, a, equal_var=False)
        found = compare_seeds(a, b)
        assert found.method == "welch"
        assert found.amount == pytest.approx(b.mean() - a.mean())
        assert interval(found) == pytest.approx(tuple(expected.confidence_interval()))
        assert found.more_than_chance == (expected.pvalue < 0.05)


def test_a_mean_has_students_interval(random):
    for count in (2, 3, 10):
        values = random.normal(0.7, 0.01, count)
        expected = stats.ttest_1samp(values, 0).confidence_interval()
        assert interval_of_mean(values) == pytest.approx(tuple(expected))
    assert interval_of_mean([0.7]) is None


def test_made_by_hand():
    same = compare_seeds([0.7, 0.72, 0.71], [0.71, 0.7, 0.72])
    assert same.amount == pytest.approx(0) and same.more_than_chance is False
    assert compare_seeds([0.5, 0.51, 0.52], [0.8, 0.81, 0.82]).more_than_chance is True
    for one, other, method in (
        ([0.5], [0.6], "none"),
        ([0.5, 0.6], [0.5], "one run"),  # it has no spread, and need not have that of the others
        ([0.1, 0.1], [0.2, 0.2], "alike"),  # seeds that do not learn are alike to the last digit
    ):
        unknown = compare_seeds(one, other)
        assert unknown.low is unknown.high is unknown.more_than_chance is None
        assert unknown.method == method


def test_pairs_are_mcnemars():
    for only_first, only_second in ((0, 0), (0, 5), (0, 6), (6, 0), (10, 25), (12, 25), (5, 5)):
        found = compare_pairs(only_first, only_second, 100)
        assert (found.only_first, found.only_second) == (only_first, only_second)
        assert found.amount == pytest.approx((only_second - only_first) / 100)
        assert found.low <= found.amount <= found.high
        apart = only_first + only_second
        if apart:
            test = stats.binomtest(only_second, apart)
            share = np.array(test.proportion_ci(0.95, method="exact"))
            assert interval(found) == pytest.approx(tuple((2 * share - 1) * apart / 100))
            assert found.more_than_chance == (test.pvalue < 0.05)
        else:
            assert interval(found) == (0, 0) and found.more_than_chance is False


def test_mean_and_spread():
    assert mean_and_std([1.0, 3.0]) == (2, pytest.approx(math.sqrt(2)))
    assert mean_and_std([5.0])[0] == 5 and math.isnan(mean_and_std([5.0])[1])
    assert all(math.isnan(value) for value in mean_and_std([]))
