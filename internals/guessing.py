"""Whether a network knows no more than how frequent each class is, and what to try then.

It uses NumPy only.
"""

import numpy as np

ADVICE = (
    "try batch normalisation, as in minivggnet.py and vgg16.py, or a learning rate three times "
    "smaller or larger"
)


def is_guessing(accuracy, loss, labels):
    """Return whether a network knows no more than how frequent each class is among `labels`."""
    shares = np.bincount(labels) / len(labels)
    known = shares[shares > 0]
    return accuracy < shares.max() + 0.1 and loss > -0.99 * np.sum(known * np.log(known))


def explain(predicted, class_names):
    """Say what a network that only guesses calls the test images."""
    favourite = np.bincount(predicted).argmax()
    share = np.mean(predicted == favourite)
    print(
        f"No better than guessing: it called {share:.0%} of the test images "
        f"{class_names[favourite]!r}."
    )
    print(f"The network has not begun to learn; {ADVICE}")
