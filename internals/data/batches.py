"""Batches from arrays, in an order that depends on seed and epoch alone, augmented."""

import math

from internals.core.keras_loader import keras

import numpy as np

FLIPS, SHIFTS = 1, 2  # what a random number is for, beside seed and epoch
EVALUATION_BATCH_SIZE = 100  # of 32 x 32 pixels; larger is no faster and takes more memory


class ImageBatches(keras.utils.PyDataset):
    """Batches of images as `normalise` makes them from uint8, when needed; shuffled by a `seed`."""

    def __init__(self, images, labels, normalise, batch_size=None, seed=None):
        super().__init__()
        pixels = max(32 * 32, math.prod(images.shape[1:3]))  # fewer of larger images fit in memory
        self.batch_size = batch_size or max(1, EVALUATION_BATCH_SIZE * 32 * 32 // pixels)
        self.images, self.labels, self.normalise, self.seed = images, labels, normalise, seed
        self.order = np.arange(len(images))
        self.flip, self.shift, self.flipped, self.offsets = False, 0, None, None
        self.shares = None  # of each class in a label, (classes, classes)

    def set_augmentation(self, flip, shift):
        """Flip and translate images from now on, whenever they are shuffled."""
        self.flip, self.shift = flip, shift

    def smooth_labels(self, smoothing, num_classes):
        """Make labels float32 (num_classes,), of which all classes share `smoothing` evenly."""
        even = np.full((num_classes, num_classes), smoothing / num_classes)
        self.shares = (even + (1 - smoothing) * np.eye(num_classes)).astype("float32")

    def shuffle(self, epoch):
        """Choose the order of an epoch, how far it translates each image, and which it flips."""
        count = len(self.images)
        self.order = np.random.default_rng([self.seed, epoch]).permutation(count)
        if self.flip:
            odd = np.random.default_rng([self.seed, FLIPS]).integers(0, 2, count)  # or even epochs
            self.flipped = (odd + epoch) % 2 == 1
        if self.shift:
            chance = np.random.default_rng([self.seed, epoch, SHIFTS])
            self.offsets = chance.integers(0, 2 * self.shift + 1, (count, 2))

    def __len__(self):
        return math.ceil(len(self.images) / self.batch_size)

    def gather_batch(self, index):
        """Return the images and labels of a batch, not yet normalised."""
        chosen = self.order[index * self.batch_size :][: self.batch_size]
        images = self.images[chosen]
        if self.flipped is not None:
            flip = self.flipped[chosen]
            images[flip] = images[flip, :, ::-1]
        if self.offsets is not None:
            images = translate(images, self.offsets[chosen], self.shift)
        labels = self.labels[chosen]
        return images, labels if self.shares is None else self.shares[labels]

    def __getitem__(self, index):
        images, labels = self.gather_batch(index)
        return self.normalise(images), labels

    def stream(self):
        """Return what Keras reads fastest: the same batches in the same order on every backend."""
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf  # its own pipeline prepares the next batches beside training

        parts = self.gather_batch(0)
        kinds = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in parts)
        batches = tf.data.Dataset.from_generator(
            lambda: map(self.gather_batch, range(len(self))), output_signature=kinds
        )
        batches = batches.map(lambda images, labels: (self.normalise(images), labels)).prefetch(2)
        options = tf.data.Options()
        options.autotune.enabled = False  # at the end of an epoch its thread sleeps for seconds
        counted = tf.data.experimental.assert_cardinality(len(self))
        return batches.apply(counted).with_options(options)


def translate(images, offsets, shift):
    """Return images (n, height, width, 3) translated by up to `shift` pixels, the edges reflected.

    `offsets` are the rows and columns, 0 to twice the shift, at which to cut an image out of the
    one with `shift` pixels more on each side.
    """
    height, width = images.shape[1:3]
    larger = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "reflect")
    for image, source, (row, column) in zip(images, larger, offsets.tolist(), strict=True):
        image[:] = source[row : row + height, column : column + width]
    return images
