"""How much memory images and training take, roughly, and what would fit where there is less."""

import contextlib
import math
from pathlib import Path

from internals.core.files import fail

SIZES = range(512, 15, -16)  # pixels a side that are worth naming, the largest first
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
CGROUPS = (  # limit, use and statistics of a container, in either version of Linux's groups
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def find_free(root="/"):
    """Return the bytes of memory that this process may still take; inf where one cannot see it."""
    free = [math.inf]
    with contextlib.suppress(OSError, ValueError, KeyError):  # no Linux
        kilobytes = read_table(Path(root, "proc/meminfo"))["MemAvailable:"]
        free.append(1024 * kilobytes)
    for limit, used, statistics, cache in CGROUPS:
        group = Path(root, "sys/fs/cgroup")
        with contextlib.suppress(OSError, ValueError, KeyError):  # no container, or no limit: "max"
            taken = int((group / used).read_text()) - read_table(group / statistics)[cache]
            free.append(int((group / limit).read_text()) - taken)
    return max(0, min(free))


def read_table(path):
    """Return {name: number} from lines that begin with a name and a number."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {name: int(number) for name, number, *_ in rows}


def of_images(count, shape):
    """Return the bytes of so many images of (height, width, 3), as uint8."""
    return count * math.prod(shape)


def of_training(model, batch_size):
    """Return the bytes that a step takes, roughly, in its two parts: weights, and batch.

    For each weight there are its gradient and its change. What each layer makes of each image is
    kept, because the way back through the network needs it again.
    """
    weights = 8 * sum(math.prod(weight.shape) for weight in model.trainable_weights)
    outputs = sum(
        math.prod(layer.output.shape[1:]) * BYTES.get(layer.compute_dtype, 4)
        for layer in model.layers
    )
    return weights, batch_size * outputs


def of_data(data):
    """Return the bytes of all images, and their number."""
    parts = [data.x_train, data.x_test] + [data.x_validation] * (not data.validation_is_test)
    return sum(of_images(len(part), data.image_shape) for part in parts)


def show(number):
    """Return a number of bytes in words."""
    return f"{number / 1e9:,.1f} GB" if number >= 5e7 else f"{number / 1e6:,.1f} MB"


def check_images(count, size):
    """End the program where so many images of a folder, not read yet, do not fit."""
    free = find_free()
    need, *smaller = (of_images(count, (side, side, 3)) for side in (size, *SIZES))
    if need > free:
        fit = next((s for s, each in zip(SIZES, smaller, strict=True) if each < 0.9 * free), None)
        fail(
            f"image_size is {size}; {count:,} images take {show(need)} of memory then, and "
            f"{show(free)} are free; {f'{fit} would fit' if fit else 'not even 16 would fit'}"
        )


def check_training(model, data, hyperparameters):
    """End the program where training does not fit on the processor beside the images."""
    from internals.training.devices import (
        find_device,  # here, because images are read without Keras, too
    )

    own, free = hyperparameters, find_free()
    weights, batch = of_training(model, own.batch_size)
    if weights + batch <= free or find_device(model) != "cpu":
        return
    ways = []
    if own.image_size > 32:
        images = of_data(data)

        def fits(size):
            share = (size / own.image_size) ** 2  # of pixels; dense layers shrink likewise
            return share * (images + weights + batch) < 0.9 * (images + free)

        ways += [f"image_size {size}" for size in SIZES if size < own.image_size and fits(size)][:1]
    if fewer := int((0.9 * free - weights) / batch * own.batch_size):
        ways += [f"batch_size {fewer}"] * (fewer > 0)
    fail(
        f"image_size is {own.image_size} and batch_size {own.batch_size}; training takes about "
        f"{show(weights + batch)} of memory then, and {show(free)} are free; "
        f"{' or '.join(ways) or 'nothing smaller'} would fit"
    )


def describe(model, data, batch_size):
    """Return in words what images and training take."""
    images, training = of_data(data), sum(of_training(model, batch_size))
    return f"{show(images)} for the images and about {show(training)} to train, beside Keras"
