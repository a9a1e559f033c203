"""Arrays to batches: an order by seed and epoch alone, and what each backend reads fastest.

It uses backend.py.
"""

import math

from internals.backend import keras

import numpy as np

EVALUATION_BATCH_SIZE = 100  # larger is no faster and takes more memory


class ImageBatches(keras.utils.PyDataset):
    """Batches of images as `normalise` makes them from uint8, when they are needed.

    With a `seed` the images are shuffled: their order depends on the seed and the epoch alone.
    """

    def __init__(self, images, labels, normalise, batch_size=EVALUATION_BATCH_SIZE, seed=None):
        super().__init__()
        self.images, self.labels, self.normalise = images, labels, normalise
        self.batch_size, self.seed = batch_size, seed
        self.order = np.arange(len(images))

    def shuffle(self, epoch):
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.images))

    def __len__(self):
        return math.ceil(len(self.images) / self.batch_size)

    def choose(self, index):
        """Return the images and labels of a batch as they are in memory."""
        chosen = self.order[index * self.batch_size :][: self.batch_size]
        return self.images[chosen], self.labels[chosen]

    def __getitem__(self, index):
        images, labels = self.choose(index)
        return self.normalise(images), labels

    def stream(self):
        """Return what Keras reads fastest: the same batches in the same order on every backend."""
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf  # its own pipeline prepares the next batches beside training

        shape = (None, *self.images.shape[1:])
        options = tf.data.Options()
        options.autotune.enabled = False  # at the end of an epoch its thread sleeps for seconds
        return (
            tf.data.Dataset.from_generator(
                lambda: map(self.choose, range(len(self))),
                output_signature=(tf.TensorSpec(shape, "uint8"), tf.TensorSpec((None,), "int64")),
            )
            .map(lambda images, labels: (self.normalise(images), labels))
            .prefetch(2)
            .apply(tf.data.experimental.assert_cardinality(len(self)))
            .with_options(options)
        )
