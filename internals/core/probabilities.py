"""What a network's output means, the probabilities that it stands for, and the chance level."""

import math

from scipy import special

PROBABILITIES = "probabilities"  # each row is 0 or more and has the sum 1
LOGITS = "logits"  # probabilities before the softmax
SCORES = "scores"  # 0 or more: their shares in the sum are taken for probabilities
TOLERANCE = 0.05  # of a sum of bfloat16 numbers, which have three digits


def find_meaning(outputs, logits=False):
    """Return what outputs (n, classes) are; `logits` says that the loss takes them for such."""
    if (outputs < 0).any():
        return LOGITS
    if (abs(outputs.astype("float64").sum(axis=1) - 1) < TOLERANCE).all():
        return PROBABILITIES
    return LOGITS if logits else SCORES


def to_probabilities(outputs, meaning):
    """Return the probabilities (n, classes) for which a network's outputs stand."""
    if meaning == LOGITS:
        return special.softmax(outputs.astype("float64"), axis=1).astype("float32")
    if meaning == SCORES:
        return outputs / outputs.sum(axis=1, keepdims=True).clip(1e-12)
    return outputs


def hardly_better_than(chance):
    """Return below which accuracy a network is hardly better than `chance`, that of guessing."""
    return min(chance + 0.1 * (1 - chance), 2 * chance)


def is_chance(accuracy, cross_entropy, classes):
    """Return whether these are hardly better than giving every image the same answer.

    All classes count alike: that answer has an accuracy of 1 / classes, and at best a cross-entropy
    of ln(classes). A network that has learned its images by heart may have a larger one.
    """
    hardly_better = accuracy < hardly_better_than(1 / classes)
    return hardly_better and cross_entropy > 0.99 * math.log(classes)
