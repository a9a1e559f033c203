"""Muon for convolutions: an update that is as large in every direction of a kernel.

Jordan and others 2024, kellerjordan.github.io/posts/muon; scale of the update and decoupled decay:
Liu and others 2025, arXiv:2502.16982.
"""

from internals.core.keras_loader import keras

from keras import ops


class Muon(keras.optimizers.Muon):
    """Keras's Muon with convolutions' kernels as matrices (height * width * input, output).

    Biases, normalisation and dense layers go to Adam, at `adam_lr_ratio` times the rate: the last
    dense layer is better there, and wide ones would take most of a step.
    """

    # A saved network names its optimizer so: it loads where this file is not, with Keras's own.
    __module__ = "keras.optimizers"

    def save_own_variables(self, store):
        """Save nothing: Keras's own would have others. checkpoint.npz has them for `--resume`."""

    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4 or "depthwise" in variable.path

    def _muon_update_step(self, gradient, variable, lr, m):
        self.assign(m, self.momentum * m + gradient)
        direction = gradient + self.momentum * m if self.nesterov else m
        matrix = ops.reshape(direction, (-1, variable.shape[-1]))
        update = lr * self.lr_adjust(self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, ops.cast(ops.reshape(update, variable.shape), variable.dtype))

    def zeropower_via_newtonschulz5(self, x, steps):
        """Return the matrix with its singular values brought near 1, from 0.68 to 1.20.

        Each step is x (a + b g + c g g) with g = x'x. It is taken on g, the smaller of the two
        squares, and x multiplied once, at the end: on a tall kernel a third of the work.
        """
        tall = x.shape[0] >= x.shape[1]
        gram = ops.matmul(ops.transpose(x), x) if tall else ops.matmul(x, ops.transpose(x))
        norm = ops.sqrt(ops.trace(gram)) + 1e-7  # at least the largest singular value
        gram, identity, product = gram / norm**2, ops.eye(gram.shape[0], dtype=x.dtype), None
        for step in range(steps):
            factor = self.muon_a * identity + self.muon_b * gram
            factor = factor + self.muon_c * ops.matmul(gram, gram)
            product = factor if product is None else ops.matmul(product, factor)
            if step + 1 < steps:
                gram = ops.matmul(ops.matmul(gram, factor), factor)
        return (ops.matmul(x, product) if tall else ops.matmul(product, x)) / norm
