"""Reliability: how often a network was right on test images where it was as confident."""

import dataclasses

import numpy as np

from internals.core.intervals import interval_of_share
from internals.core.text import count_nouns

EDGES = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1)  # of the bins of probabilities
FEWEST = 20  # test images of which a share is worth giving


@dataclasses.dataclass(frozen=True)
class Reliability:
    """Of certain test images, how many the network named rightly."""

    lack: str  # what is said first where the test images that one would ask for are too few
    among: str  # which ones they are
    images: int
    right: int
    verdict: str

    def __str__(self):
        share = 100 * self.right / self.images
        low, high = (100 * end for end in interval_of_share(self.right, self.images))
        interval = f"95 % interval {low:.0f} to {high:.0f} %"
        return f"{self.lack}of {self.among}, {share:.0f} % were {self.verdict} ({interval})"


def accuracy_at_confidence(table, name, probability):
    """Return the Reliability of calling a picture `name` as surely, by the answers in `table`."""
    bin_ = np.searchsorted(EDGES[1:-1], probability, side="right")
    low, high = EDGES[bin_], EDGES[bin_ + 1]
    sure = f"with {100 * low:.0f} to {100 * high:.0f} %"
    shares = table.probability.to_numpy()
    called = (table.predicted == name).to_numpy()
    right = (table.predicted == table.true).to_numpy()
    as_sure = (shares >= low) & ((shares < high) | (high == 1))
    alike, lack = called & as_sure, ""
    among, verdict = f"the {alike.sum():,} test images that it called {name!r} {sure}", repr(name)
    if alike.sum() < FEWEST:
        few = f"only {count_nouns(int(alike.sum()), 'test image')}"
        as_surely = f" {sure}" if called.any() else ""
        lack = f"it called {few if alike.any() else 'no test image'} {name!r}{as_surely}; "
        alike, verdict = as_sure, "named rightly"
        among = f"the {alike.sum():,} images to which it gave any answer {sure}"
    if alike.sum() < FEWEST:
        alike = np.argsort(abs(shares - probability), kind="stable")[:FEWEST]
        low, high = 100 * shares[alike].min(), 100 * shares[alike].max()
        among = f"the {len(alike)} with the nearest probabilities ({low:.0f} to {high:.0f} %)"
    return Reliability(lack, among, len(right[alike]), int(right[alike].sum()), verdict)
