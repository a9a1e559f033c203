"""Confusion matrices of groups, as shares of the true class and in words."""

import numpy as np


def shares_of(matrix):
    """Return a confusion matrix as shares of the true class, each row summing to 1 or 0."""
    counts = matrix.to_numpy(dtype=float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def matrix_of(group):
    """Return the sum of the confusion matrices of the runs that count; None where one lacks it."""
    matrices = [run.matrix for run in group.counted]
    if any(matrix is None or [*matrix] != [*matrices[0]] for matrix in matrices):
        return None
    return sum(matrices[1:], matrices[0])


def most_confused(matrix, count=5):
    """Return in words the pairs of classes most confused, both ways taken together."""
    counts = matrix.to_numpy()
    names = [*matrix]
    both = counts + counts.T
    most = np.argsort(-np.triu(both, 1), axis=None, kind="stable")[:count]
    pairs = zip(*np.unravel_index(most, both.shape), strict=True)
    return [
        f"{names[a]} and {names[b]}: {both[a, b]} times ({counts[a, b]} {names[a]} called "
        f"{names[b]}, {counts[b, a]} {names[b]} called {names[a]})"
        for a, b in pairs
        if a < b and both[a, b]
    ]
