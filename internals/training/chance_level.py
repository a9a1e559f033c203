"""The chance level: whether a network knows no more than how frequent each class is."""

import numpy as np

ADVICE = (
    "try batch normalisation, as in minivggnet.py and vgg16.py, or a learning rate three times "
    "smaller or larger"
)


def is_at_chance_level(accuracy, loss, labels):
    """Return whether a network knows no more than how frequent each class is among `labels`."""
    shares = np.bincount(labels) / len(labels)
    known = shares[shares > 0]
    return accuracy < shares.max() + 0.1 and loss > -0.99 * np.sum(known * np.log(known))


def explain_chance_level(last, accuracy, loss, predicted, data):
    """Say what a network calls the test images if it guesses there and did in its last epoch."""
    guesses = is_at_chance_level(accuracy, loss, data.y_test)
    if not guesses or not is_at_chance_level(last.accuracy, last.loss, data.y_train):
        return
    favourite = np.bincount(predicted).argmax()
    share = np.mean(predicted == favourite)
    print(
        f"No better than guessing: it called {share:.0%} of the test images "
        f"{data.class_names[favourite]!r}."
    )
    print(f"The network has not begun to learn; {ADVICE}")
