"""The calibration of a network: how often it is right, by how sure it is."""

import numpy as np
import sklearn.calibration

BINS = 10  # of probability, all as wide


def calibration_curve_of(probabilities, labels):
    """Return how sure and how often right a network is, bin by bin, and its calibration error.

    Of each bin that holds an image: the mean probability, the share that is right, the number of
    images. The expected calibration error is the mean distance of the first two over all images.
    """
    sure = np.nan_to_num(probabilities.max(axis=1)).clip(0, 1)  # softmax may round to over 1
    right = (probabilities.argmax(axis=1) == labels).astype(int)
    shares, means = sklearn.calibration.calibration_curve(right, sure, n_bins=BINS, pos_label=1)
    edges = np.linspace(0, 1, BINS + 1)[1:-1]
    _, counts = np.unique(np.searchsorted(edges, sure), return_counts=True)
    return means, shares, counts, float(np.abs(means - shares) @ counts / counts.sum())
