"""How much memory images and training take, roughly, and what would fit where there is less."""

import math

from internals.core.files import fail
from internals.core.free_memory import SIZES, bytes_of_images, find_free, format_bytes
from internals.core.layers import find_calls
from internals.training.devices import find_device

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def training_bytes(model, batch_size):
    """Return the bytes that a step takes, roughly, in its two parts: weights, and batch.

    For each weight there are its gradient and its change. What each layer makes of each image is
    kept, because the way back through the network needs it again.
    """
    weights = 8 * sum(math.prod(weight.shape) for weight in model.trainable_weights)
    outputs = sum(
        math.prod(symbol.shape[1:]) * BYTES.get(getattr(call.layer, "compute_dtype", ""), 4)
        for call in find_calls(model)
        for symbol in call.outputs
        if None not in symbol.shape[1:]
    )
    return weights, batch_size * outputs


def data_bytes(data):
    """Return the bytes of all images, and their number."""
    parts = [data.x_train, data.x_test]
    if not data.validation_is_test:
        parts.append(data.x_validation)
    return sum(bytes_of_images(len(part), data.image_shape) for part in parts)


def check_training(model, data, hyperparameters):
    """End the program where training does not fit on the processor beside the images."""
    free = find_free()
    size = hyperparameters.image_size
    batch_size = min(hyperparameters.batch_size, len(data.x_train))
    weights, batch = training_bytes(model, batch_size)
    if weights + batch <= free or find_device(model) != "cpu":
        return
    ways = []
    if size > 32:
        images = data_bytes(data)

        def fits(side):
            share = (side / size) ** 2  # of pixels; dense layers shrink likewise
            return share * (images + weights + batch) < 0.9 * (images + free)

        ways += [f"image_size {side}" for side in SIZES if side < size and fits(side)][:1]
    if batch and (fewer := int((0.9 * free - weights) / batch * batch_size)):
        ways += [f"batch_size {fewer}"] if fewer > 0 else []
    fail(
        f"image_size is {size} and batch_size {batch_size}; training takes about "
        f"{format_bytes(weights + batch)} of memory then, and {format_bytes(free)} are free; "
        f"{' or '.join(ways) or 'no smaller size or batch'} would fit"
    )


def describe(model, data, batch_size):
    """Return in words what images and training take."""
    images = data_bytes(data)
    training = sum(training_bytes(model, min(batch_size, len(data.x_train))))
    need = f"{format_bytes(images)} for the images and about {format_bytes(training)} to train"
    return f"{need}, and what Keras takes itself"
