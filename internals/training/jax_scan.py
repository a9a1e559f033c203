"""Training on a GPU with JAX: images stay on it, and a scan over many steps is one program.

Where images come in batches, a GPU waits for Python: at each step images cross to it as float32,
and the step is a program of its own. Here the images lie on the GPU as uint8 from the start, and
only the numbers of those that some steps use cross to it. XLA's loop runs these steps; its body is
Keras's own `train_step`. Several GPUs share each batch. One that they cannot divide, as the last of
an epoch may be, is computed by each of them in full.
"""

import contextlib
import functools
import math

from internals.core.keras_loader import keras

import numpy as np

from internals.core.files import fail
from internals.core.terminal import say
from internals.training import distributed
from internals.training.compiled import taking_steps
from internals.training.tensorflow_speedups import count_operations

OPERATIONS = 1e12  # per stretch: a second on a small GPU, after which Ctrl-C is noticed
MOST_STEPS = 500  # per stretch: a second at 2 ms a step, however small the network


@contextlib.contextmanager
def on_device(model, batches, validation, plain=False):
    """Yield what `fit` reads for training and validation; where JAX has a GPU they are on it.

    `plain` asks for batches: a stretch weighs all images alike, and calls no one at each batch.
    """
    devices = distributed.find_devices(batches.batch_size)
    size = batches.images.nbytes + validation.images.nbytes
    if plain and len(devices) > 1:
        say("note: with class weights, or a callback at each batch, one device computes")
    if not devices or plain or not have_room(devices, size):
        yield batches.stream(), validation.stream()
        return
    allowed = OPERATIONS / (100 if devices[0].platform == "cpu" else 1)
    operations = max(count_operations(model) * batches.batch_size, 1)
    most = min(max(allowed // operations, 1), MOST_STEPS)
    steps = choose_steps(len(batches.images) // batches.batch_size, int(most))
    streams = [
        ScannedBatches(batches, steps, model.train_step, devices),
        ScannedBatches(validation, steps, model.test_step, devices),
    ]
    keras_evaluate = model.evaluate

    def evaluate(*arguments, _use_cached_eval_dataset=False, **settings):
        if _use_cached_eval_dataset:  # it is `fit`, which evaluates the validation images
            return keras_evaluate(*arguments, _use_cached_eval_dataset=True, **settings)
        with taking_steps(model, 1, changed=True):  # a callback's own images
            return keras_evaluate(*arguments, **settings)

    model.evaluate = evaluate
    try:
        with taking_steps(model, steps, changed=True):
            model.train_function, model.test_function = [stream.run for stream in streams]
            yield streams
    finally:
        del model.evaluate


def have_room(devices, size):
    """Return whether images of so many bytes leave room on each device, and say where not."""
    import jax

    local = [each for each in devices if each.process_index == jax.process_index()]
    limit = min((each.memory_stats() or {}).get("bytes_limit", math.inf) for each in local)
    if 2 * size <= limit:
        return True
    words = f"the images take {size / 1e9:.1f} of the {limit / 1e9:.1f} GB of a device"
    if len(devices) > 1:
        fail(f"{words}; several devices need them all on each, in half its memory at most")
    print(f"note: {words}; they go there batch by batch, which is slower")
    return False


def choose_steps(full, most):
    """Return the steps of a stretch, `most` at most; where possible they divide the full batches.

    Else there is a shorter stretch at the end of the epoch, and one more program to compile.
    """
    fewest = math.ceil(full / most)
    stretches = next((n for n in range(fewest, 4 * fewest) if full % n == 0), None)
    return full // stretches if stretches else most


class ScannedBatches(keras.utils.PyDataset):
    """Batches that are made on the device by the program that uses them, a stretch at a time.

    Keras takes them for a data set but, `run` being in place of its function, reads none of it.
    """

    def __init__(self, batches, steps, step, devices):
        import jax

        super().__init__()
        self.batches, self.steps, self.step = batches, steps, step
        self.first = 0  # step of the next stretch
        mesh = jax.sharding.Mesh(np.array(devices), ("batch",))
        self.everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        parts = jax.sharding.PartitionSpec(None, "batch")  # of (steps, batch size)
        self.divided = jax.sharding.NamedSharding(mesh, parts)
        self.images = self.place(batches.images, self.everywhere)
        self.labels = self.place(batches.labels.astype("int32"), self.everywhere)
        self.program = jax.jit(self.scan_steps, donate_argnums=0, out_shardings=self.everywhere)

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]  # from which Keras builds the metrics

    def on_epoch_begin(self):
        self.first = 0

    def run(self, state, iterator):
        """Return the metrics so far and the state after the next stretch."""
        first, end = self.first, min(self.first + self.steps, len(self))
        full = max(first, min(end, len(self.batches.images) // self.batches.batch_size))
        if first == 0:
            state = self.spread(state)
        with distributed.expecting_others():
            for steps in (range(first, full), range(full, end)):  # the last batch may be smaller
                if steps:
                    chosen = self.gather_steps(steps)
                    logs, state = self.program(state, self.images, self.labels, chosen)
            logs = {name: np.asarray(value).tolist() for name, value in logs.items()}  # waits
        self.first = end
        return logs, self.gather(state) if end == len(self) else state

    def gather_steps(self, steps):
        """Return which images these steps use, and what becomes of them, as (steps, batch size)."""
        batches, size = self.batches, self.batches.batch_size
        order = batches.order[steps.start * size : steps.stop * size].reshape(len(steps), -1)
        chosen = {"order": order.astype("int32")}
        if batches.flipped is not None:
            chosen["flipped"] = batches.flipped[order]
        if batches.offsets is not None:
            chosen["offsets"] = batches.offsets[order].astype("int32")
        even = order.shape[1] % self.divided.num_devices == 0
        place = functools.partial(self.place, where=self.divided if even else self.everywhere)
        return {name: place(array) for name, array in chosen.items()}

    def scan_steps(self, state, images, labels, chosen):
        """Return the metrics and the state after a step with each row of `chosen`."""
        import jax

        def step(state, chosen):
            x, y = gather_batch(images, labels, **chosen, shift=self.batches.shift)
            if self.batches.shares is not None:
                y = jax.numpy.asarray(self.batches.shares)[y]
            logs, state = self.step(state, (self.batches.normalise(x), y))
            return state, logs

        state, logs = jax.lax.scan(step, state, chosen)
        return jax.tree.map(lambda values: values[-1], logs), state

    def place(self, array, where):
        """Return an array, which every process has in full, on the devices."""
        import jax

        return jax.make_array_from_callback(array.shape, where, lambda part: array[part])

    def spread(self, state):
        """Return Keras's state, which is on one device of each process, on all."""
        import jax

        def copy(array):
            copies = [jax.device_put(array, device) for device in local]
            return jax.make_array_from_single_device_arrays(array.shape, self.everywhere, copies)

        local = sorted(self.everywhere.addressable_devices, key=lambda device: device.id)
        return jax.tree.map(copy, state)

    def gather(self, state):
        """Return the state on one device of this process, where Keras's variables live."""
        import jax

        return jax.tree.map(lambda array: array.addressable_data(0), state)


def gather_batch(images, labels, order, flipped=None, offsets=None, shift=0):
    """Return images and labels of a batch as ImageBatches makes them, bit for bit."""
    import jax
    import jax.numpy as jnp

    x = images[order]
    if flipped is not None:
        x = jnp.where(flipped[:, None, None, None], x[:, :, ::-1], x)
    if offsets is not None:
        larger = jnp.pad(x, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "reflect")
        zero = jnp.zeros((), offsets.dtype)
        cut = functools.partial(jax.lax.dynamic_slice, slice_sizes=x.shape[1:])
        x = jax.vmap(lambda image, offset: cut(image, (*offset, zero)))(larger, offsets)
    return x, labels[order]
