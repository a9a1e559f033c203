"""The balance of the classes: how many images each has, and the weights that make up for it."""

import numpy as np
import sklearn.utils.class_weight

from internals.core.files import fail

UNBALANCED = 3  # times as many images in the largest class as in the smallest


def balance(labels):
    """Return {label: weight} with which each class counts alike: images / classes / its images.

    The mean weight of an image is 1, so a learning rate keeps its meaning.
    """
    present = np.unique(labels)
    weights = sklearn.utils.class_weight.compute_class_weight("balanced", classes=present, y=labels)
    return dict(zip(present.tolist(), weights.tolist(), strict=True))


def choose_weights(hyperparameters, data, given=None):
    """Return {label: weight} of all classes, `given` or balanced; None where all count alike.

    Keras takes a class that was not given as 1, but not of the stream that `train` feeds it.
    """
    if given is None and hyperparameters.class_weights == "balanced":
        given = balance(data.y_train)
    if given is None:
        return None
    labels = range(data.num_classes)
    if wrong := [label for label in given if label not in labels]:
        fail(f"class_weight has the label {wrong[0]!r}; labels are 0 to {data.num_classes - 1}")
    return {label: float(given.get(label, 1)) for label in labels}


def describe_imbalance(labels, class_names):
    """Return the largest and the smallest class in words; "" where they are much alike."""
    counts = np.bincount(labels, minlength=len(class_names))
    most, least = counts.argmax(), counts.argmin()
    by_chance = counts[most] - counts[least] < 3 * np.sqrt(counts[most])  # of a few images
    if by_chance or counts[most] < UNBALANCED * counts[least]:
        return ""
    return ", ".join(f"{class_names[each]}: {counts[each]:,}" for each in (most, least))
