"""What a script has compiled its network with: loss, optimizer, metrics and steps at once.

All of it is read from the network, so that what was compiled is what is recorded and judged.
"""

import contextlib
import functools
import inspect
import json
import re

from internals.core.keras_loader import keras

import numpy as np

from internals.core.files import fail
from internals.training import architecture

KERAS_LOSSES = {each for each in vars(keras.losses).values() if callable(each)}
CROSS_ENTROPIES = {
    keras.losses.sparse_categorical_crossentropy,
    keras.losses.categorical_crossentropy,
}


def find_loss(model):
    """Return the loss: a function or an object, of Keras or one's own; None if not compiled."""
    loss = getattr(model, "loss", None)
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        (loss,) = loss.values() if isinstance(loss, dict) else loss
    return keras.losses.get(loss)


def find_optimizer(model):
    """Return the optimizer, and not what scales the loss for it with float16."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)


def find_function(loss):
    """Return the function behind a loss, such as Keras's categorical_crossentropy."""
    loss = getattr(loss, "fn", loss)
    return loss.func if isinstance(loss, functools.partial) else loss


def settings_of(loss):
    """Return the settings of a loss; {} of a function, whose settings cannot be seen."""
    if isinstance(loss, functools.partial):
        return loss.keywords
    return loss.get_config() if hasattr(loss, "get_config") else {}


def takes_logits(model):
    """Return whether the loss takes the network's output for logits, as with from_logits=True."""
    return bool(settings_of(find_loss(model)).get("from_logits"))


def wants_one_hot(model):
    """Return whether the loss wants labels as (n, classes).

    All of Keras's do but the sparse one; a loss of one's own is given whole numbers (n,).
    """
    loss = find_loss(model)
    kinds = {find_function(loss), *type(loss).__mro__} - {keras.losses.Loss}
    sparse = {
        keras.losses.sparse_categorical_crossentropy,
        keras.losses.SparseCategoricalCrossentropy,
    }
    return not kinds & sparse and bool(kinds & KERAS_LOSSES)


def make_labels(model, labels, num_classes):
    """Return labels (n,) as the loss wants them."""
    return np.eye(num_classes, dtype="float32")[labels] if wants_one_hot(model) else labels


def is_cross_entropy(model):
    """Return whether the loss is the cross-entropy of the classes, with nothing added to it."""
    loss = find_loss(model)
    of_keras = type(loss) in KERAS_LOSSES or loss in KERAS_LOSSES
    return of_keras and find_function(loss) in CROSS_ENTROPIES and not model.losses


def is_plain_mean(loss):
    """Return whether a loss of Keras is the mean over all images, not their sum or over some."""
    settings = settings_of(loss)
    is_mean = settings.get("reduction", "mean") in ("sum_over_batch_size", "mean")
    return is_mean and settings.get("ignore_class") is None


def mean_loss(model, labels, probabilities, outputs):
    """Return the mean loss of answers (n, classes) to labels (n,).

    Where it is the cross-entropy it is that of the probabilities, whatever the network's output.
    """
    loss = find_loss(model)
    if loss is None or find_function(loss) in CROSS_ENTROPIES:
        values = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    else:
        labels = make_labels(model, labels, outputs.shape[1])
        values = loss(*map(keras.ops.convert_to_tensor, (labels, outputs)))
    return float(keras.ops.mean(values))


# ------------------------------------------------------------------------------------------------
# Steps


@contextlib.contextmanager
def taking_steps(model, steps, changed=False):
    """Have Keras take so many steps at once, with functions that it makes anew for that.

    Those that it has keep the number of steps and the calls of the layers, which may have
    `changed`, with which they were made.
    """
    names = ("train_function", "test_function", "predict_function")
    before, made = model.steps_per_execution, [getattr(model, name, None) for name in names]
    if steps == before and not changed:
        yield
        return
    model.steps_per_execution = steps
    for name in names:
        setattr(model, name, None)
    try:
        yield
    finally:
        model.steps_per_execution = before
        for name, function in zip(names, made, strict=True):
            setattr(model, name, function)


# ------------------------------------------------------------------------------------------------
# Metrics


def build_metrics(model, images, labels, outputs):
    """Have Keras make the metrics of loss and accuracy now, from what the network answers.

    Made in the first step of training, TensorFlow would trace that step a second time.
    """
    if model.loss is not None:
        values = {"x": images, "y": labels, "y_pred": outputs, "sample_weight": None}
        takes_training = "training" in inspect.signature(model.compute_loss).parameters
        model.compute_loss(**values, **({"training": True} if takes_training else {}))
        try:
            model.compute_metrics(**values)
        except Exception as error:  # each backend has its own
            words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            fail(
                f"the metrics of compile do not take the labels, {describe_labels(model)}: {words}"
            )
        model.reset_metrics()


def describe_labels(model):
    """Return in words which labels loss and metrics are given, and which metrics fit them."""
    if wants_one_hot(model):
        return "which are one-hot (n, classes) for this loss, so none that begins with Sparse fits"
    return "which are whole numbers (n,) for this loss, so those that begin with Sparse fit"


def find_accuracy(model):
    """Return the name under which Keras reports the accuracy; None where nothing measures it.

    That of the likeliest class is meant, not that of the five likeliest.
    """
    own_step = model.loss is None  # with metrics of its own, which it may make as it likes
    names = [each.name for each in model.metrics] if own_step else [*model.get_metrics_result()]
    known = [
        each for each in names if each.endswith("accuracy") and not re.search("top|binary", each)
    ]
    found = (each for each in ("accuracy", "acc", *known) if each in names)
    return next(found, "accuracy" if own_step else None)


# ------------------------------------------------------------------------------------------------
# The record


def describe(model):
    """Return loss and optimizer of the compiled network as JSON can hold them.

    `cross_entropy` tells whether the loss is that and nothing else, `logits` whether it takes the
    network's output for such.
    """
    loss = model.loss if isinstance(model.loss, str) else find_loss(model)
    loss = "that of its own train_step" if loss is None else loss
    if not isinstance(loss, str):
        settings = dict(settings_of(loss))
        if isinstance(settings.get("name"), str):  # counted up by Keras through a whole program
            settings["name"] = re.sub(r"_\d+$", "", settings["name"])
        loss = f"{getattr(loss, '__name__', type(loss).__name__)} {settings or ''}".strip()
    return {
        "loss": loss,
        "cross_entropy": is_cross_entropy(model) and is_plain_mean(find_loss(model)),
        "logits": takes_logits(model),
        "optimizer": describe_optimizer(model.optimizer),
    }


def describe_optimizer(optimizer):
    """Return the class of an optimizer and all its settings as JSON can hold them."""
    try:
        settings = {"class": type(optimizer).__name__} | optimizer.get_config()
    except NotImplementedError:  # of a schedule; Keras could not save the network either
        fail("the learning rate's schedule has no get_config, so no run can keep it; give it one")
    settings.pop("name", None)  # counted up by Keras
    rate = settings.get("learning_rate")
    if isinstance(rate, dict) and rate.get("class_name") == "__lambda__":
        code = architecture.describe_function(rate["config"])
        settings["learning_rate"] = {"class_name": "function", "config": code}
    return json.loads(json.dumps(settings, default=str))


def describe_edits(model, recipe_optimizer, recipe_loss, recipe_precision):
    """Return optimizer, loss and precision in words, each only where it is not the recipe's.

    Captions name them in place of the recipe's values.
    """
    edits = {}
    optimizer = find_optimizer(model)
    if describe_optimizer(optimizer) != describe_optimizer(recipe_optimizer):
        edits["optimizer"] = describe_in_words(optimizer)
    if find_loss(model) is not keras.losses.get(recipe_loss):
        edits["loss"] = describe(model)["loss"]
    if model.compute_dtype != recipe_precision:
        edits["precision"] = model.compute_dtype
    return edits


def describe_in_words(optimizer):
    """Return the class of an optimizer, its learning rate and what else is not as by default."""
    settings = describe_optimizer(optimizer)
    rate, usual = settings.pop("learning_rate"), default_settings(optimizer)
    rate = rate["class_name"] if isinstance(rate, dict) else f"{rate:g}"
    words = [settings.pop("class"), f"learning rate {rate}"]
    words += [
        f"{name.replace('_', ' ')} {value}"
        for name, value in settings.items()
        if value != usual.get(name)
    ]
    return ", ".join(words)


def default_settings(optimizer):
    """Return the settings of such an optimizer that is given none; {} where it wants some."""
    try:
        return describe_optimizer(type(optimizer)())
    except TypeError:
        return {}
