"""Batches against NumPy."""

import common
from internals.core.keras_loader import keras

import numpy as np

from internals.data.batches import ImageBatches


def test_batches_against_numpy(random):
    images = random.integers(0, 256, (10, 32, 32, 3), dtype="uint8")
    labels = np.arange(10)
    batches = ImageBatches(images, labels, common.normalise, batch_size=4, seed=7)
    batches.shuffle(3)
    order = np.random.default_rng([7, 3]).permutation(10)
    for stream in (batches, batches.stream()):
        assert len(stream) == 3
        seen = [(np.asarray(x), np.asarray(y)) for x, y in iter_batches(stream)]
        assert [len(x) for x, _ in seen] == [4, 4, 2]
        assert all(x.dtype == np.float32 for x, _ in seen)
        x = np.concatenate([x for x, _ in seen])
        np.testing.assert_array_equal(x, images[order].astype("float32") / 255)
        np.testing.assert_array_equal(np.concatenate([y for _, y in seen]), labels[order])


def iter_batches(stream):
    """Iterate over a PyDataset, which has no end of its own, or over a tf.data pipeline."""
    if isinstance(stream, keras.utils.PyDataset):
        return (stream[index] for index in range(len(stream)))
    return iter(stream)


def test_order_depends_on_seed_and_epoch_alone(random):
    def order(seed, *epochs):
        batches = ImageBatches(np.zeros((50, 1)), np.zeros(50), common.normalise, 8, seed)
        for epoch in epochs:
            batches.shuffle(epoch)
        return batches.order.tolist()

    assert order(0, 5) == order(0, 1, 2, 3, 4, 5)
    assert order(0, 5) != order(0, 4)
    assert order(0, 5) != order(1, 5)
