"""The summary of a run: on the terminal, in the title of a plot, on the page."""

import dataclasses
import math
from pathlib import Path

from internals.core.terminal import say
from internals.core.text import count_nouns
from internals.training import class_balance, devices, memory_estimate

INDENT = " " * 12  # below the words of a line of the summary


def print_summary(run, model, data):
    """Print what is trained, where, on what, with how many weights, and what that takes."""
    device, hyperparameters = run.record["device"], run.hyperparameters
    count = run.record["data"]["images"]
    precision = find_precision(hyperparameters, run.record["edits"])
    validation = f"{count['validation']:,} validation, " if count["validation"] else ""
    also = "" if validation else " (used for validation, too)"
    steps = math.ceil(count["train"] / hyperparameters.batch_size)
    print(f"script:     {run.script}")
    print(f"recipe:     {hyperparameters.recipe}")
    print(f"run folder: {run.folder}")
    several = f"{run.record['devices']} x " if run.record["devices"] > 1 else ""
    print(f"device:     {several}{device} with the {run.record['backend']} backend")
    seen = devices.count_gpus()
    if seen > run.record["devices"]:
        say(f"note: {seen} GPUs are seen, {run.record['devices']} used; {devices.why_not_all()}")
    if precision != "float32":
        print(f"precision:  {precision}, weights {model.variable_dtype}")
    if device == "cpu" and devices.lacks_arithmetic(precision):
        say(
            f"warning: this processor has no {precision} arithmetic; compare the "
            "seconds of an epoch, float32 is likely faster"
        )
    say(
        f"images:     {count['train']:,} training, {validation}{count['test']:,} test{also}", INDENT
    )
    say(f"classes:    {data.num_classes}{describe_balance(data, hyperparameters)}", INDENT)
    print(f"parameters: {run.record['parameters']:,}")
    say(f"memory:     {memory_estimate.describe(model, data, hyperparameters.batch_size)}", INDENT)
    print(
        f"updates:    {steps:,} an epoch, {steps * hyperparameters.epochs:,} in "
        f"{count_nouns(hyperparameters.epochs, 'epoch')}"
    )


def print_accuracy(run, data):
    """Print the test accuracy and, where the classes are unbalanced, its mean over them."""
    print(f"Accuracy: {run.record['test_accuracy']:.2%} of {len(data.y_test):,} test images")
    if unbalanced := class_balance.describe_imbalance(data.y_test, data.class_names):
        balanced = run.record["balanced_accuracy"]
        say(f"Balanced accuracy, the mean over the classes ({unbalanced}): {balanced:.2%}")


def describe_balance(data, hyperparameters):
    """Return in words how unbalanced the training images are, and what is done; "" where not."""
    unbalanced = class_balance.describe_imbalance(data.y_train, data.class_names)
    if not unbalanced:
        return ""
    weighted = hyperparameters.class_weights == "balanced"
    words = "each counts alike" if weighted else "--class-weights balanced makes each count alike"
    return f", unbalanced ({unbalanced}): {words}"


def format_hyperparameters(values, edits):
    """Return the hyperparameters that a plot should name, in one line.

    `edits` holds the words for an "optimizer", a "loss" or a "precision" in place of the recipe's.
    """
    words = [Path(values.data).name, f"{values.recipe} recipe"]
    if values.image_size != 32:
        words.append(f"images of {values.image_size} x {values.image_size}")
    words += [edits["optimizer"]] if "optimizer" in edits else format_optimizer(values)
    words += [f"loss {edits['loss']}"] if "loss" in edits else []
    if values.class_weights != "none":
        words.append(f"{values.class_weights} classes")
    if values.label_smoothing:
        words.append(f"label smoothing {values.label_smoothing:g}")
    if values.flip:
        words.append("mirrored")
    if values.shift:
        words.append(f"shifted by {values.shift}")
    if values.flip_test:
        words.append("test images mirrored, too")
    words += [format_own(name, getattr(values, name)) for name in find_own(values)]
    epochs = count_nouns(values.epochs, "epoch")
    words += [f"batch size {values.batch_size}", epochs, f"seed {values.seed}"]
    precision = find_precision(values, edits)
    words += [precision] if precision != "float32" else []
    return ", ".join(words)


def find_precision(hyperparameters, edits):
    """Return the precision of the layers' arithmetic: the recipe's, if the script sets no other."""
    return edits.get("precision", hyperparameters.precision)


def find_own(values):
    """Return the names of the hyperparameters that a script has beside those of all scripts."""
    kinds = {kind.__name__: kind for kind in type(values).__mro__}
    shared = {field.name for field in dataclasses.fields(kinds["Hyperparameters"])}
    return [field.name for field in dataclasses.fields(values) if field.name not in shared]


def format_own(name, value):
    """Return a script's own hyperparameter in words, such as "no batch norm" or "blocks 3"."""
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"no {words}"
    return f"{words} {value}"


def format_optimizer(values):
    """Return the hyperparameters of the optimizer as a list of words."""
    words = [values.optimizer, f"learning rate {values.learning_rate:g}"]
    if values.optimizer == "muon":
        words.append(f"Adam at {values.adam_share:g} of it")
    if values.optimizer != "adam" and values.momentum:
        kind = "Nesterov momentum" if values.nesterov else "momentum"
        words.append(f"{kind} {values.momentum:g}")
    if values.schedule == "cosine":
        words.append(f"cosine with {values.warmup:.0%} warm-up")
    for name in ("decay", "weight_decay"):
        if value := getattr(values, name):
            words.append(f"{name.replace('_', ' ')} {value:g}")
    return words
