"""Speed-ups on TensorFlow, which change results by rounding only.

Nothing here is needed to understand a run. Other backends need none of it: JAX compiles the whole
step, and PyTorch has no such step to change.
"""

import contextlib
import ctypes
import math
import sys

from internals.core.keras_loader import keras

from internals.core.layers import find_calls
from internals.training.compiled import taking_steps

MOST_STEPS = 16  # per execution: more gain nothing
SMALL = 2048  # numbers per image, below which a fused normalisation gains nothing
TINY = 4  # pixels, up to which a product of matrices is faster than a convolution
OPERATIONS = 100e9  # per execution: a second on a slow processor, after which Ctrl-C is noticed


@contextlib.contextmanager
def speeding_up(model, batch_size, callbacks=()):
    """Change how the compiled network is trained for a while, not what it learns.

    What is not known to be what a speed-up was made for is left to Keras.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    keep_freed_memory()
    steps, calls, layers = model.steps_per_execution, {}, []
    if not is_followed(model, callbacks):
        operations = max(count_operations(model) * batch_size, 1)
        steps = int(min(max(OPERATIONS // operations, 1), MOST_STEPS))
    for call in find_calls(model):
        calls.setdefault(call.layer, []).append(call)
    for layer, its_calls in calls.items():
        if fuses(layer, its_calls):
            layer.call = fuse_batch_normalization(layer)
        elif multiplies(layer, its_calls):
            layer.call = multiply_matrices(layer)
        else:
            continue
        layers.append(layer)
    try:
        with taking_steps(model, steps, changed=bool(layers)):
            yield
    finally:
        for layer in layers:
            del layer.call  # the class's own stands behind it


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, never beyond an epoch's last step: it counts so many at once as full.

    Of 41 steps, 16 at once, it would show 48/41.
    """

    def on_train_batch_end(self, batch, logs=None):
        last = batch if self.target is None else self.target - 1
        super().on_train_batch_end(min(batch, last), logs)


def is_followed(model, callbacks):
    """Return whether the script itself says how many steps there are at once, or follows each.

    It compiles with `steps_per_execution` or `run_eagerly`, or a callback is called at each batch.
    """
    if model.steps_per_execution > 1 or model.run_eagerly:
        return True
    kinds, ends = ("", "train_", "test_"), ("begin", "end")
    names = [f"on_{kind}batch_{end}" for kind in kinds for end in ends]
    return any(
        getattr(getattr(callback, name), "__func__", None)
        is not getattr(keras.callbacks.Callback, name)
        for callback in callbacks
        for name in names
    )


def keep_freed_memory():
    """Keep large blocks of memory that a step frees for the next step, on Linux.

    Else a step of VGG16 takes 200 MB from the system and clears them, page by page.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(-4, 0)  # M_MMAP_MAX: no block of its own for a large array
        library.mallopt(-1, -1)  # M_TRIM_THRESHOLD: nothing goes back


def count_operations(model):
    """Return the floating-point operations of one image's training step, forward and backward.

    A multiplication and an addition in a convolution or dense layer are two; other layers are not
    counted. The backward pass takes twice the forward pass, once for the gradient of the weights
    and once for that of the input, which the first layer does not need. It is infinite where the
    network has weights at places that its graph does not show.
    """
    counted, forward = set(), []
    for call in find_calls(model):
        shape, kernel = call.outputs[0].shape, getattr(call.layer, "kernel", None)
        counted |= {id(weight) for weight in getattr(call.layer, "weights", [])}
        if getattr(call.layer, "_layers", None) or kernel is not None and None in shape[1:]:
            return math.inf  # layers within a layer
        if kernel is not None:
            forward.append(2 * math.prod(kernel.shape) * math.prod(shape[1:-1]))
    if any(id(weight) not in counted for weight in model.weights):
        return math.inf
    return 3 * sum(forward) - sum(forward[:1])


def fuses(layer, calls):
    """Return whether it is a batch normalisation for which the fused operation was measured.

    Its class is Keras's, it normalises the channels of images, scales and moves them, and learns.
    """
    if type(layer) is not keras.layers.BatchNormalization or not layer.trainable:
        return False
    if layer.compute_dtype == "float64":
        return False
    if not (layer.scale and layer.center) or getattr(layer, "renorm", False) or layer.synchronized:
        return False
    shapes = [symbol.shape for call in calls for symbol in call.inputs]
    return all(
        len(shape) == 4
        and layer.axis in (-1, 3)
        and None not in shape[1:]
        and math.prod(shape[1:]) >= SMALL
        for shape in shapes
    )


def fuse_batch_normalization(layer):
    """Return a call that normalises images in one operation; Keras takes a dozen, all in float32.

    Rounding differs, and a network with batch normalisation soon makes more of it: after ten steps
    two runs whose first weights differ by one part in ten million have other losses, too.
    """
    import tensorflow as tf  # Keras does not offer its fused operation

    keras_call = layer.call

    def call(inputs, training=None, mask=None):
        if not training or not layer.trainable or mask is not None:
            return keras_call(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, layer.gamma.value, layer.beta.value, epsilon=layer.epsilon
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], variance.dtype)
        variance *= (count - 1) / count  # it divides by count - 1, Keras by count
        for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
        return outputs

    return call


def multiplies(layer, calls):
    """Return whether it is a convolution of tiny pictures for which two matrices were measured.

    Its class is Keras's, and so is its kernel: no other way to compute it, no adapter on it.
    """
    import tensorflow as tf  # Keras counts GPUs with JAX only

    plain = {
        "strides": (1, 1),
        "dilation_rate": (1, 1),
        "padding": "same",
        "groups": 1,
        "data_format": "channels_last",
        "lora_rank": None,
        "quantization_mode": None,
    }
    if type(layer) is not keras.layers.Conv2D:
        return False
    if any(getattr(layer, name, None) != value for name, value in plain.items()):
        return False
    shapes = [call.outputs[0].shape[1:3] for call in calls]
    alike = len({*shapes}) == 1 and None not in shapes[0] and math.prod(shapes[0]) <= TINY
    return alike and not tf.config.list_physical_devices("GPU")


def multiply_matrices(layer):
    """Return a call that computes a convolution of tiny pictures as a product of two matrices.

    The pictures of VGG16's last block have 4 pixels. There a processor takes up to ten times as
    long for the gradient of the kernel as for the same product of matrices.
    """
    import tensorflow as tf  # the matrix is made by TensorFlow's slices

    height, width = layer.kernel_size
    above, left = (height - 1) // 2, (width - 1) // 2
    rim = [(above, height - 1 - above), (left, width - 1 - left)]

    def call(inputs):
        rows, columns = inputs.shape[1:3]
        padded = tf.pad(inputs, [(0, 0), *rim, (0, 0)])
        parts = [
            padded[:, row : row + rows, column : column + columns]
            for row in range(height)
            for column in range(width)
        ]
        seen = tf.concat(parts, axis=-1)  # by each place of the kernel
        kernel = tf.reshape(layer.kernel.value, (-1, layer.filters))
        outputs = tf.reshape(seen, (-1, kernel.shape[0])) @ kernel
        outputs = tf.reshape(outputs, (-1, rows, columns, layer.filters))
        outputs = outputs if layer.bias is None else outputs + layer.bias.value
        return outputs if layer.activation is None else layer.activation(outputs)

    return call
