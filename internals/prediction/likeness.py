"""Whether a picture is like the training images, by their statistics in run.json."""

import dataclasses
import math

import numpy as np

from internals.data import image_statistics

ROOM = 0.1  # beyond the training images' range, as a share of it: what is no farther is like them
SMALL = 2  # over the root of their number: more room, where few images leave the range unsure
LEAST_ROOM = 0.01
NEARLY_LIKE = 0.5  # times the range's width: a remedy must bring a picture as near
MOST_REASONS = 2
WORDS = {  # what is said where a statistic is lower, and where it is higher
    "brightness": ("it is darker", "it is lighter"),
    "edge_brightness": ("its edges are darker", "its edges are lighter"),
    "contrast": ("it has less contrast", "it has more contrast"),
    "colourfulness": ("it has less colour", "it has more colour"),
    "detail": ("its neighbouring pixels differ less", "its neighbouring pixels differ more"),
}


@dataclasses.dataclass(frozen=True)
class Likeness:
    """The range of each statistic of the training images, and how far beyond it is unlike them."""

    low: np.ndarray
    high: np.ndarray
    room: np.ndarray

    def measure(self, image):
        """Return an image's statistics, and how many times the range's width each lies beyond."""
        found = image_statistics.measure(image[np.newaxis])[0]
        beyond = np.maximum(self.low - self.room - found, found - self.high - self.room)
        return found, beyond.clip(0) / (self.high - self.low + self.room)

    def explain(self, image, inverted=False):
        """Return in what an image (height, width, 3) is unlike, and a remedy; "" where it is not.

        `inverted` says that it has been inverted already.
        """
        found, excess = self.measure(image)
        farthest = [n for n in np.argsort(-excess, kind="stable") if excess[n] > 0]
        if not farthest:
            return ""
        reasons = " and ".join(self.word(n, found[n]) for n in farthest[:MOST_REASONS])
        words = f"it is unlike the training images, so the answer says little: {reasons}"
        remedy = self.find_remedy(image, excess.max(), inverted)
        return f"{words}. Try it {remedy}" if remedy else words

    def word(self, number, found):
        """Return in words on which side of the training images a statistic lies."""
        words = WORDS[image_statistics.NAMES[number]][int(found > self.high[number])]
        low, high = f"{self.low[number]:.2f}", f"{self.high[number]:.2f}"
        theirs = low if low == high else f"{low} to {high}"
        return f"{words} ({found:.2f}, theirs {theirs})"

    def find_remedy(self, image, excess, inverted):
        """Return what would make an image more like the training images, if anything would."""
        grey = np.rint(image.mean(axis=2, keepdims=True)).astype("uint8").repeat(3, axis=2)
        lowest, highest = int(image.min()), int(image.max())
        stretched = (image - lowest) * (255.0 / max(highest - lowest, 1))
        invert = "without --invert" if inverted else "with --invert"
        remedies = {  # of two that help as much the first is named
            "with more contrast": stretched.astype("uint8"),
            "in grey": grey,
            invert: 255 - image,
            f"in grey and {invert}": 255 - grey,
        }
        rest = {words: self.measure(other)[1].max() for words, other in remedies.items()}
        best = min(rest, key=rest.get)
        return best if rest[best] < min(excess / 2, NEARLY_LIKE) else ""


def find_likeness(run):
    """Return the Likeness to a run's training images; None where no statistics were recorded."""
    data = run.record.get("data", {})
    recorded = data.get("image_statistics", {})
    if not set(image_statistics.NAMES) <= set(recorded):
        return None
    low, high = np.transpose([recorded[name] for name in image_statistics.NAMES])
    share = ROOM + SMALL / math.sqrt(max(data.get("images", {}).get("train", 0), 1))
    return Likeness(low, high, share * (high - low) + LEAST_ROOM)
