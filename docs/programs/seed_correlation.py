"""Tell whether a seed that is good for one recipe is good for another: a row for tables.py."""

import itertools

import numpy as np

SHUFFLES = 100


def correlation_table(groups, are_same):
    """Return header and row: pairs of groups, the mean correlation of their accuracies by seed.

    A pair are two groups of a script with three seeds or more in common that learn. Of groups for
    which `are_same` says that they are the same networks, one counts. The last cell has the middle
    95 % of that mean where the seeds of each group are shuffled.
    """
    learners = []
    for group in groups:
        if len(group.learners) >= 3 and not any(are_same(group, other) for other, _ in learners):
            learners.append((group, {run.seed: run.accuracy for run in group.learners}))
    pairs = [
        (one, other)
        for (one, first), (other, second) in itertools.combinations(enumerate(learners), 2)
        if first[0].first.record["script"] == second[0].first.record["script"]
        and len(first[1].keys() & second[1].keys()) >= 3
    ]
    by_seed = [found for _, found in learners]
    random = np.random.default_rng(0)
    shuffled = [
        mean_correlation([shuffle(each, random) for each in by_seed], pairs)
        for _ in range(SHUFFLES)
    ]
    low, high = (f"{end:+.2f}" for end in np.quantile(shuffled, [0.025, 0.975]))
    row = [str(len(pairs)), f"{mean_correlation(by_seed, pairs):+.2f}", f"{low} to {high}"]
    header = [">pairs of recipes", ">mean correlation by seed", ">the same, seeds shuffled"]
    return header, [[cell.replace("-", "\N{MINUS SIGN}") for cell in row]]


def shuffle(by_seed, random):
    """Return the accuracies, each with the seed of another."""
    return dict(zip(by_seed, random.permutation([*by_seed.values()]), strict=True))


def mean_correlation(by_seed, pairs):
    """Return the mean over pairs of how accuracies of the same seeds go together, from -1 to 1."""
    found = []
    for one, other in pairs:
        seeds = sorted(by_seed[one].keys() & by_seed[other].keys())
        found.append(
            np.corrcoef(*[[by_seed[n][seed] for seed in seeds] for n in (one, other)])[0, 1]
        )
    return np.mean(found)
