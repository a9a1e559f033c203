"""The tables of a run: its confusion matrix, and precision and recall of each class."""

import numpy as np
import pandas as pd
import sklearn.metrics

from internals.core.files import write_text


def write_confusion_matrix(folder, labels, predicted, class_names):
    """Write confusion_matrix.csv and return it: counts (classes, classes), true by predicted."""
    places = range(len(class_names))
    matrix = sklearn.metrics.confusion_matrix(labels, predicted, labels=places)
    table = pd.DataFrame(matrix, class_names, class_names)
    write_text(folder / "confusion_matrix.csv", table.to_csv(index_label="true/predicted"))
    return matrix


def balanced_accuracy(labels, predicted):
    """Return the mean over the classes of how many of their images are named rightly, in [0, 1]."""
    present = np.unique(labels)  # a class without test images has no share of them
    recall = sklearn.metrics.recall_score(labels, predicted, labels=present, average="macro")
    return float(recall)


def write_classification_report(folder, labels, predicted, class_names):
    """Write classification_report.txt as scikit-learn words it; return the balanced accuracy."""
    words = sklearn.metrics.classification_report(
        labels,
        predicted,
        labels=range(len(class_names)),
        target_names=class_names,
        digits=4,
        zero_division=0,
    )
    balanced = balanced_accuracy(labels, predicted)
    words += f"\nbalanced accuracy, the mean recall of the classes: {balanced:.4f}\n"
    write_text(folder / "classification_report.txt", words)
    return balanced
