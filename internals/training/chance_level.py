"""The chance level: whether a network knows no more than how frequent each class is.

It is judged by the accuracy and the cross-entropy of what the network answers, whatever its loss.
"""

import math

from internals.core.keras_loader import keras

import numpy as np

from internals.core.probabilities import (
    find_meaning,
    hardly_better_than,
    is_chance,
    to_probabilities,
)
from internals.core.terminal import say
from internals.core.text import count_nouns
from internals.training import compiled
from internals.training.class_balance import describe_imbalance

FEW_UPDATES = 100  # after which no network can be judged
SAMPLE = 200  # images whose answers are looked at while a network trains


def is_at_chance_level(probabilities, labels):
    """Return whether a network knows no more than how frequent each class is among `labels`.

    All classes count alike, however many images they have.
    """
    weights = 1 / np.bincount(labels)[labels]
    weights /= weights.sum()
    right = probabilities[np.arange(len(labels)), labels].clip(1e-7)
    chance, classes = probabilities.argmax(axis=1) == labels, len(np.unique(labels))
    accuracy, cross_entropy = weights @ chance, -weights @ np.log(right)
    return is_chance(accuracy, cross_entropy, classes)


def advise(labels, class_names, updates, class_weights):
    """Return what helps a network that only guesses, after so many updates of its weights.

    `class_weights` are the run's: {} where all images count alike.
    """
    if updates < FEW_UPDATES:
        return f"train longer: it has been updated {count_nouns(updates, 'time')}"
    if not class_weights and (unbalanced := describe_imbalance(labels, class_names)):
        return f"try --class-weights balanced: the classes are unbalanced, {unbalanced}"
    return (
        "try batch normalisation, as in minivggnet.py and vgg16.py, or a learning rate three "
        "times smaller or larger"
    )


def is_guessing(accuracy, model, batches):
    """Return whether a network that trains, and has this accuracy, guesses its first images."""
    labels = batches.labels[:SAMPLE]
    if not accuracy < hardly_better_than(np.bincount(labels).max() / len(labels)):
        return False  # and need not be asked
    outputs = model(batches.normalise(batches.images[:SAMPLE]), training=False)
    outputs = keras.ops.convert_to_numpy(outputs).astype("float32")
    meaning = find_meaning(outputs, compiled.takes_logits(model))
    return is_at_chance_level(to_probabilities(outputs, meaning), labels)


def explain_chance_level(run, history, probabilities, data):
    """Say what a network calls the test images if it guesses there and did in its last epoch."""
    if history is None:
        return
    most = np.bincount(data.y_train).max() / len(data.y_train)
    guesses = is_at_chance_level(probabilities, data.y_test)
    if not guesses or history.accuracy.iloc[-1] >= hardly_better_than(most):
        return
    predicted = probabilities.argmax(axis=1)
    favourite = np.bincount(predicted).argmax()
    share = np.mean(predicted == favourite)
    say(
        f"No better than guessing: it called {share:.0%} of the test images "
        f"{data.class_names[favourite]!r}."
    )
    updates = len(history) * math.ceil(len(data.y_train) / run.hyperparameters.batch_size)
    advice = advise(data.y_train, data.class_names, updates, run.record.get("class_weight"))
    say(f"The network has not begun to learn; {advice}")
