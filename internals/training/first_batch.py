"""What is looked at before training: some images, what the network answers, and what is compiled.

A network that cannot take the images, or whose loss takes its answers for what they are not, ends
the program before a folder is made. What Keras itself cannot do, Keras says.
"""

from internals.core.keras_loader import keras

import numpy as np

from internals.core.files import fail
from internals.core.layers import find_calls
from internals.core.probabilities import PROBABILITIES, find_meaning
from internals.core.terminal import say
from internals.training import architecture, compiled

COUNT = 2  # images: more would need memory that training may not
FAINT = 0.01  # values as small as images that were divided by 255 twice


def check(model, normalise, data, label_smoothing):
    """End the program with a message where this network cannot learn from these images."""
    check_data(data)
    if not model.compiled:
        fail("the network is not compiled; call model.compile before common.start_run")
    if isinstance(model, keras.Sequential) and not model.built:  # it was given no Input
        model.build((None, *data.image_shape))
    check_shape("input", getattr(model, "input_shape", None), data.image_shape)
    images, outputs = look(model, normalise, data, label_smoothing)
    check_accuracy(model)
    check_outputs(model, keras.ops.convert_to_numpy(outputs).astype("float32"))
    warn_of_faint_images(model, images)
    architecture.warn_if_not_saved(model)


def check_data(data):
    """End the program where images or labels are not as all else here takes them."""
    images, labels = data.x_train, data.y_train
    if images.dtype != np.uint8:
        fail(
            f"the images are {images.dtype}; they must be uint8, 0 to 255: "
            "common.normalise changes them batch by batch"
        )
    if images.ndim != 4 or images.shape[3] != 3:
        fail(
            f"the images have the shape {images.shape}; it must be (n, height, width, 3): of grey "
            "ones np.repeat(images, 3, axis=3) makes three channels"
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        fail(
            f"the labels have the shape {labels.shape} and are {labels.dtype}; they must be whole "
            "numbers (n,): of a column labels.ravel() makes such, of one-hot labels argmax(axis=1)"
        )
    names = data.class_names
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        fail(f"class_names is {names!r}; it must be a list of words, one for each class")
    for part in ("train", "validation", "test"):
        images, labels = getattr(data, f"x_{part}"), getattr(data, f"y_{part}")
        if not len(images):
            fail(
                f"x_{part} has no images; where nothing is held out, x_validation is x_test and "
                "y_validation is y_test"
            )
        if len(images) != len(labels):
            fail(f"x_{part} has {len(images):,} images and y_{part} {len(labels):,} labels")
        if not 0 <= labels.min() <= labels.max() < data.num_classes:
            fail(
                f"the labels of y_{part} go from {labels.min()} to {labels.max()}; with "
                f"{data.num_classes} classes they must be 0 to {data.num_classes - 1}"
            )


def check_callbacks(model, keep_best, callbacks):
    """Speak up where a callback or the optimizer would undo what a run does, or the reverse."""
    kinds = {type(each).__name__ for each in callbacks}
    if "BackupAndRestore" in kinds:
        fail("callbacks has BackupAndRestore; leave it out: --resume goes on from checkpoint.npz")
    if (
        keep_best
        and getattr(compiled.find_optimizer(model), "use_ema", False)
        and "SwapEMAWeights" not in kinds
    ):
        say(
            "warning: keep_best goes back to the weights of an epoch, so the averages of use_ema "
            "are lost; add the callback keras.callbacks.SwapEMAWeights(swap_on_epoch=True), or "
            "--no-keep-best"
        )


def look(model, normalise, data, label_smoothing):
    """Return the first images and what the network answers; loss and metrics are built by it."""
    images = normalise(data.x_train[:COUNT])
    outputs = model(images, training=False)
    hint = "; the last layers are Flatten(), if need be, and Dense(num_classes)"
    several = isinstance(outputs, list | tuple | dict)
    check_shape("output", [*outputs] if several else (*outputs.shape,), (data.num_classes,), hint)
    labels = compiled.make_labels(model, data.y_train[:COUNT], data.num_classes)
    if label_smoothing and model.loss is not None and labels.ndim == 1:
        fail(
            f"label_smoothing is {label_smoothing}; the loss, {compiled.describe(model)['loss']}, "
            "is given whole labels: compile with common.make_loss, or set it to 0"
        )
    compiled.build_metrics(model, images, labels, outputs)
    return images, outputs


def check_shape(what, shape, wanted, hint=""):
    """End the program where the network's input or output has another shape than it must have."""
    if shape is None:  # of a subclass of Model: it takes what it is given
        return
    if not isinstance(shape, tuple):
        fail(f"the network has {len(shape)} {what}s; it must have one")
    found, wanted = shape[1:], tuple(wanted)
    fits = all(n in (None, side) for n, side in zip(found, wanted, strict=False))
    if len(found) != len(wanted) or not fits:
        fail(f"the network's {what} has the shape {found}; it must be {wanted}{hint}")


def check_accuracy(model):
    """End the program where no metric is the accuracy, or the one that there is would be wrong."""
    if compiled.find_accuracy(model) is None:
        fail("the network is compiled without an accuracy; add metrics=['accuracy'] to compile")
    metrics = [inner for each in model.metrics for inner in getattr(each, "metrics", [each])]
    one_hot = model.loss is None or compiled.wants_one_hot(model)
    if not one_hot and any(type(each) is keras.metrics.CategoricalAccuracy for each in metrics):
        fail(
            "CategoricalAccuracy wants one-hot labels, and this loss is given whole numbers; "
            "metrics=['accuracy'] takes the one that fits"
        )


def check_outputs(model, outputs):
    """End the program where the loss wants probabilities and the network has no softmax.

    `outputs` (n, classes) are its answers.
    """
    loss, logits = compiled.describe(model)["loss"].split(" ")[0], compiled.takes_logits(model)
    meaning = find_meaning(outputs)
    if meaning == PROBABILITIES and logits:
        print(
            f"warning: the network answers with probabilities, and {loss} with from_logits=True "
            "wants logits: take the softmax from the last layer, or from_logits=True from the loss"
        )
    elif meaning != PROBABILITIES and not logits and compiled.is_cross_entropy(model):
        fail(
            f"the network answers with {', '.join(f'{x:.2f}' for x in outputs[0][:3])}, ..., "
            f"which are no probabilities, and {loss} wants such: give the last layer "
            "activation='softmax', or the loss from_logits=True"
        )


def warn_of_faint_images(model, images):
    """Warn where all that reaches the first layer with weights is near 0: it cannot learn then."""
    calls = find_calls(model, within=False)
    first = next((call for call in calls if getattr(call.layer, "weights", [])), None)
    if first and first.inputs[0] is not model.inputs[0]:
        images = keras.Model(model.inputs, first.inputs[0])(images, training=False)
    largest = float(keras.ops.max(keras.ops.abs(keras.ops.cast(images, "float32"))))
    if largest < FAINT:
        print(
            f"warning: what reaches the first layer with weights is {largest:.4f} at most; are the "
            "images divided by 255 twice? common.normalise does it once"
        )
