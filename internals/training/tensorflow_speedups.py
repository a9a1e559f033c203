"""Speed-ups on TensorFlow, which change results by rounding only.

Nothing here is needed to understand a run. Other backends need none of it: JAX compiles the whole
step, and PyTorch has no such step to change.
"""

import ctypes
import math
import sys

from internals.core.keras_loader import keras

import numpy as np

MOST_STEPS = 16  # per execution: more gain nothing
SMALL = 2048  # numbers per image, below which a fused normalisation gains nothing
TINY = 4  # pixels, up to which a product of matrices is faster than a convolution
OPERATIONS = 100e9  # per execution: a second on a slow processor, after which Ctrl-C is noticed


def speed_up(model, batches):
    """Change how the compiled network is trained on the batches, not what it learns."""
    if keras.backend.backend() != "tensorflow":
        return
    keep_freed_memory()
    build_metrics(model, batches.gather_batch(0)[1][:1])
    operations = count_operations(model) * batches.batch_size
    model.steps_per_execution = int(min(max(OPERATIONS // operations, 1), MOST_STEPS))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            fuse_batch_normalization(layer)
        if isinstance(layer, keras.layers.Conv2D):
            multiply_matrices(layer)


def keep_freed_memory():
    """Keep large blocks of memory that a step frees for the next step, on Linux.

    Else a step of VGG16 takes 200 MB from the system and clears them, page by page.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(-4, 0)  # M_MMAP_MAX: no block of its own for a large array
        library.mallopt(-1, -1)  # M_TRIM_THRESHOLD: nothing goes back


def build_metrics(model, label):
    """Build the metrics of loss and accuracy now, from a batch of one label.

    Made in the first step of training, it has TensorFlow trace that step a second time.
    """
    classes = model.output_shape[-1]
    guess = np.full((1, classes), 1 / classes, dtype="float32")
    model.compute_loss(None, label, guess)
    model.compute_metrics(None, label, guess)
    model.reset_metrics()


def count_operations(model):
    """Return the floating-point operations of one image's training step, forward and backward.

    A multiplication and an addition in a convolution or dense layer are two; other layers are not
    counted. The backward pass takes twice the forward pass, once for the gradient of the weights
    and once for that of the input, which the first layer does not need.
    """
    forward = [
        2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in model.layers
        if hasattr(layer, "kernel")
    ]
    return 3 * sum(forward) - forward[0]


def fuse_batch_normalization(layer):
    """Normalise a layer's images in one operation; Keras takes a dozen, all in float32.

    Rounding differs, and a network with batch normalisation soon makes more of it: after ten steps
    two runs whose first weights differ by one part in ten million have other losses, too.
    """
    import tensorflow as tf  # Keras does not offer its fused operation

    if len(layer.input.shape) != 4 or math.prod(layer.input.shape[1:]) < SMALL:
        return
    keras_call = layer.call

    def call(inputs, training=None, mask=None):
        if not training:
            return keras_call(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, layer.gamma.value, layer.beta.value, epsilon=layer.epsilon
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], variance.dtype)
        variance *= (count - 1) / count  # it divides by count - 1, Keras by count
        for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
        return outputs

    layer.call = call


def multiply_matrices(layer):
    """Compute a convolution of tiny pictures as a product of two matrices.

    The pictures of VGG16's last block have 4 pixels. There a processor takes up to ten times as
    long for the gradient of the kernel as for the same product of matrices.
    """
    import tensorflow as tf  # the matrix is made by TensorFlow's slices

    rows, columns = layer.output.shape[1:3]
    plain = {"strides": (1, 1), "dilation_rate": (1, 1), "padding": "same", "groups": 1}
    if (
        rows * columns > TINY
        or tf.config.list_physical_devices("GPU")
        or any(getattr(layer, name) != value for name, value in plain.items())
    ):
        return
    height, width = layer.kernel_size
    above, left = (height - 1) // 2, (width - 1) // 2
    rim = [(above, height - 1 - above), (left, width - 1 - left)]

    def call(inputs):
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
        return layer.activation(outputs if layer.bias is None else outputs + layer.bias.value)

    layer.call = call
