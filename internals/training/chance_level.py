"""The chance level: whether a network knows no more than how frequent each class is.

It is judged by the accuracy and the cross-entropy of what the network answers, whatever its loss.
"""

from internals.core.keras_loader import keras

import numpy as np

from internals.core.probabilities import find_meaning, to_probabilities

ADVICE = (
    "try batch normalisation, as in minivggnet.py and vgg16.py, or a learning rate three times "
    "smaller or larger"
)
SAMPLE = 200  # images whose answers are looked at while a network trains
MARGIN = 0.1  # of accuracy above the share of the most frequent class


def is_at_chance_level(accuracy, probabilities, labels):
    """Return whether a network knows no more than how frequent each class is among `labels`."""
    shares = np.bincount(labels) / len(labels)
    known = shares[shares > 0]
    right = probabilities[np.arange(len(labels)), labels].clip(1e-7)
    entropy = -np.sum(known * np.log(known))
    return accuracy < shares.max() + MARGIN and -np.log(right).mean() > 0.99 * entropy


def is_guessing(accuracy, model, batches):
    """Return whether a network that trains, and has this accuracy, guesses its first images."""
    labels = batches.labels[:SAMPLE]
    if not accuracy < np.bincount(labels).max() / len(labels) + MARGIN:
        return False  # and need not be asked
    outputs = model(batches.normalise(batches.images[:SAMPLE]), training=False)
    outputs = keras.ops.convert_to_numpy(outputs).astype("float32")
    return is_at_chance_level(accuracy, to_probabilities(outputs, find_meaning(outputs)), labels)


def explain_chance_level(history, accuracy, probabilities, data):
    """Say what a network calls the test images if it guesses there and did in its last epoch."""
    if history is None:
        return
    most = np.bincount(data.y_train).max() / len(data.y_train)
    guesses = is_at_chance_level(accuracy, probabilities, data.y_test)
    if not guesses or history.accuracy.iloc[-1] >= most + MARGIN:
        return
    predicted = probabilities.argmax(axis=1)
    favourite = np.bincount(predicted).argmax()
    share = np.mean(predicted == favourite)
    print(
        f"No better than guessing: it called {share:.0%} of the test images "
        f"{data.class_names[favourite]!r}."
    )
    print(f"The network has not begun to learn; {ADVICE}")
