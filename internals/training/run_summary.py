"""The summary of a run: on the terminal, in the title of a plot, on the page."""

import math
from pathlib import Path

from internals.training import devices, memory_estimate


def describe(run, model, data):
    """Print what is trained, where, on what, with how many weights, and what that takes."""
    device, own = run.record["device"], run.hyperparameters
    count, precision = run.record["data"]["images"], own.precision
    validation = f"{count['validation']:,} validation, " if count["validation"] else ""
    also = "" if validation else " (shown as validation)"
    steps = math.ceil(count["train"] / own.batch_size)
    print(f"script:     {run.script}")
    print(f"recipe:     {own.recipe}")
    print(f"run folder: {run.folder}")
    several = f"{run.record['devices']} x " if run.record["devices"] > 1 else ""
    print(f"device:     {several}{device} with the {run.record['backend']} backend")
    seen = devices.count_gpus()
    if seen > run.record["devices"]:
        print(f"note: {seen} GPUs are seen, {run.record['devices']} used; {devices.why_not_all()}")
    if precision != "float32":
        print(f"precision:  {precision}, weights and softmax float32")
    if device == "cpu" and devices.lacks_arithmetic(precision):
        print(
            f"warning: this processor has no {precision} arithmetic; compare the "
            "seconds of an epoch, float32 is likely faster"
        )
    print(f"images:     {count['train']:,} training, {validation}{count['test']:,} test{also}")
    print(f"classes:    {data.num_classes}")
    print(f"parameters: {run.record['parameters']:,}")
    print(f"memory:     {memory_estimate.describe(model, data, own.batch_size)}")
    print(f"steps:      {steps:,} an epoch, {steps * own.epochs:,} in all")


def enumerate_values(own):
    """Return the hyperparameters that a plot should name, in one line."""
    words = [Path(own.data).name, f"{own.recipe} recipe", own.optimizer]
    words += [f"images of {own.image_size} x {own.image_size}"] * (own.image_size != 32)
    words.append(f"learning rate {own.learning_rate:g}")
    if own.optimizer == "sgd" and own.momentum:
        words.append(f"{'Nesterov ' * own.nesterov}momentum {own.momentum:g}")
    if own.schedule == "cosine":
        words.append(f"cosine with {own.warmup:.0%} warm-up")
    elif own.decay:
        words.append(f"decay {own.decay:g}")
    if own.weight_decay:
        words.append(f"weight decay {own.weight_decay:g}")
    if own.label_smoothing:
        words.append(f"label smoothing {own.label_smoothing:g}")
    words += ["mirrored"] * own.flip + [f"shifted by {own.shift}"] * (own.shift > 0)
    words += ["test images mirrored, too"] * own.flip_test
    epochs = f"{own.epochs} epoch{'s' * (own.epochs != 1)}"
    words += [f"batch size {own.batch_size}", epochs, f"seed {own.seed}"]
    if own.precision != "float32":
        words.append(own.precision)
    return ", ".join(words)
