"""Time training: the scripts against a bare Keras fit and plain PyTorch of the same network.

The three train in turns, in short rounds, each the first in a third of them, on generated images,
with the script's batch size and optimizer. Shared processors change their speed within seconds, so
what counts are the ratios within a round: their median and, in brackets, their quartiles. PyTorch
takes part where it is installed. Nothing else should run meanwhile; all five scripts take about a
quarter of an hour. A bare Keras is one without our environment: on an x86 processor without
AVX-VNNI, AVX-512 VNNI or AMX it goes without oneDNN. DNNL_MAX_CPU_ISA=AVX2 has a newer processor
compute like an older one.

    python tests/benchmark.py
    python tests/benchmark.py 4layerCNN vgg16 --precision bfloat16 --json figures.json
    KERAS_BACKEND=jax python tests/benchmark.py --epochs
"""

import contextlib
import csv
import dataclasses
import importlib
import importlib.util
import json
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Annotated, Literal

import tyro

ROOT = Path(__file__).resolve().parent.parent
STEPS = {"4layerCNN": 64, "6layerCNN": 40, "minivggnet": 32, "vgg16": 8, "udacity_cnn": 240}
NAMES = {"ours": "ours", "keras": "Keras fit", "torch": "PyTorch"}
IMAGES = {"train": 50_000, "test": 10_000}
EPOCHS = 6  # of which the first is not timed
ON_GPU = [("4layerCNN", {}), ("4layerCNN", {"batch_size": 128})]
ON_GPU += [("vgg16", {"precision": "bfloat16"})]
MATRIX_SIZE = 2048
INSTRUCTIONS = "avx2 avx_vnni avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_bf16 amx_fp16".split()
PROBE = """
import joblib
from internals.training import devices
import tensorflow as tf

print("processor:", devices.find_processor(), "with", joblib.cpu_count(), "cores")
tf.nn.conv2d(tf.ones((1, 8, 8, 16)), tf.ones((3, 3, 16, 16)), 1, "SAME")
"""
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # the unit of a process's largest size


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What is timed; the comments are the help texts."""

    scripts: Annotated[tuple[str, ...], tyro.conf.Positional] = tuple(STEPS)  # default: all five
    precision: Literal["float32", "bfloat16", "float16"] = "float32"  # of the layers' arithmetic
    rounds: int = 10  # of each of the three, in turns
    steps: int | None = None  # timed in each round (default: about two seconds of them)
    json: Path | None = None  # a file for all figures
    epochs: bool = False  # instead: the seconds of whole epochs of what is to be fast on a GPU


# ------------------------------------------------------------------------------------------------
# What is timed, each in a process of its own


class Pacer:
    """Stand between the training loop of one process and the parent, who says when to train.

    A round is a quarter of its steps untimed, then all of them timed; the end of an epoch, with
    its validation and its checkpoint, belongs to neither and starts the round again.
    """

    def __init__(self, pipe, started, batch_size, matrix_product):
        self.pipe, self.started = pipe, started
        self.batch_size, self.matrix_product = batch_size, matrix_product
        self.steps = None  # of a round; none before the first

    def epoch_begins(self):
        self.since, self.done = None, 0

    def after(self, steps):
        """Be told that `steps` more training steps are done; return when the next may be."""
        now = time.perf_counter()
        if not self.steps:
            self.answer(time.monotonic() - self.started)
            return
        self.done += steps
        if self.since is None and self.done >= self.steps / 4:
            self.since, self.done = now, 0
        elif self.since is not None and self.done >= self.steps:
            self.answer(self.done * self.batch_size / (now - self.since))

    def answer(self, figure):
        """Send a figure, then more of them, until the parent asks for a round of training."""
        self.pipe.send(figure)
        while (message := self.pipe.recv()) in ("memory", "limit"):
            if message == "memory":
                self.pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE)
            else:
                self.pipe.send(max(time_matrix_product(self.matrix_product) for _ in range(3)))
        if message == "stop":
            raise SystemExit
        self.steps = message
        self.epoch_begins()


def time_matrix_product(matrix_product):
    """Return the FLOP/s of one product of two square matrices."""
    started = time.perf_counter()
    matrix_product()
    return 2 * MATRIX_SIZE**3 / (time.perf_counter() - started)


def make_images():
    """Return random images and labels as CIFAR-10 has them."""
    import numpy as np

    random = np.random.default_rng(0)
    for count in IMAGES.values():
        yield random.integers(0, 256, (count, 32, 32, 3), dtype="uint8")
        yield random.integers(0, 10, count)


def keras_matrix_product(precision):
    """Return a function that multiplies two matrices and waits for the result."""
    from keras import ops, random

    matrix = random.normal((MATRIX_SIZE, MATRIX_SIZE), dtype=precision)
    return lambda: float(ops.cast(ops.matmul(matrix, matrix)[0, 0], "float32"))


def train_ours(pacer, script, recipe, precision):
    """Run the script's own main with other images and flags."""
    module = importlib.import_module(script)
    common = module.common
    recorder = common.checkpoint
    (x, y, x_test, y_test), names = make_images(), [*map(str, range(10))]
    data = common.Dataset(x, y, x_test, y_test, x_test, y_test, names)
    pacer.matrix_product = keras_matrix_product(precision)

    class PacedRecorder(recorder.Checkpoint):
        def on_epoch_begin(self, epoch, logs=None):
            super().on_epoch_begin(epoch, logs)
            pacer.epoch_begins()
            self.steps = 0

        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            steps = self.steps  # several, with steps_per_execution, fewer at the end of the epoch
            self.steps = min(batch + 1, len(self.batches))
            pacer.after(self.steps - steps)

    recorder.Checkpoint = PacedRecorder
    with tempfile.TemporaryDirectory() as results:
        run_main(module, data, {"epochs": 1000, "results": results, "precision": precision})


def run_main(module, data, changes):
    """Run a script on other images, with other values than those of its published recipe."""
    module.common.load_data = lambda hyperparameters: data
    module.common.parse_args = lambda _, published, *__, **___: published.but(**changes)
    module.main()


def time_epochs(pipe, script, changes):
    """Run the script's own main on random images; send the seconds of each epoch after the first.

    Validation and checkpoint are part of an epoch; the first compiles.
    """
    module = importlib.import_module(script)
    (x, y, x_test, y_test), names = make_images(), [*map(str, range(10))]
    data = module.common.Dataset(x, y, x_test, y_test, x_test, y_test, names)
    nowhere = contextlib.redirect_stdout(open(os.devnull, "w"))
    with tempfile.TemporaryDirectory() as results, nowhere:
        run_main(module, data, changes | {"epochs": EPOCHS, "results": results})
        history = next(Path(results).glob("*/*/history.csv"))
        pipe.send([float(row["seconds"]) for row in csv.DictReader(history.open())][1:])


def train_keras(pacer, script, recipe, precision):
    """Fit as the tutorials do: all images in memory as float32, and no callbacks."""
    import keras

    x, y, x_test, y_test = make_images()
    x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255
    model = keras.models.model_from_json(recipe["network"])
    optimizer = keras.optimizers.deserialize(recipe["optimizer"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    pacer.matrix_product = keras_matrix_product(precision)
    paced = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: pacer.epoch_begins(),
        on_train_batch_end=lambda batch, logs: pacer.after(1),
    )
    validation = (x_test, y_test)
    model.fit(
        x, y, pacer.batch_size, 1000, verbose=0, validation_data=validation, callbacks=[paced]
    )


def train_torch(pacer, script, recipe, precision):
    """Train as the PyTorch tutorials do: eager, channels last, one loop."""
    import torch

    x, y, *_ = map(torch.from_numpy, make_images())
    x = x.float() / 255
    network = make_torch_network(recipe["layers"]).to(memory_format=torch.channels_last)
    optimizer, schedule = make_torch_optimizer(recipe, network)
    constrained = [layer.weight for layer in network if hasattr(layer, "max_norm")]
    cross_entropy, lower = torch.nn.CrossEntropyLoss(), getattr(torch, precision)
    scaler = torch.amp.GradScaler("cpu", enabled=precision == "float16")
    matrix = torch.randn(MATRIX_SIZE, MATRIX_SIZE, dtype=lower)
    pacer.matrix_product = lambda: matrix @ matrix
    total_loss, right = 0.0, 0
    for _ in range(1000):
        pacer.epoch_begins()
        for chosen in torch.randperm(len(x)).split(pacer.batch_size):
            images, labels = x[chosen].permute(0, 3, 1, 2), y[chosen]  # in memory channels last
            with torch.autocast("cpu", lower, enabled=precision != "float32"):
                output = network(images)
            loss = cross_entropy(output.float(), labels)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            with torch.no_grad():
                for weight in constrained:
                    weight.copy_(torch.renorm(weight, 2, 0, 3))
            total_loss += loss.item()
            right += (output.argmax(1) == labels).sum().item()
            pacer.after(1)


def make_torch_network(layers):
    """Return Keras layers, as `describe` gives them, as PyTorch has them; no softmax at the end."""
    from torch import nn

    modules = []
    for kind, settings, before in layers:
        channels = before[-1]
        if kind == "Conv2D":
            padding = settings["padding"]
            modules.append(nn.Conv2d(channels, settings["filters"], 3, padding=padding))
        elif kind == "Dense":
            modules.append(nn.Linear(channels, settings["units"]))
            if settings["kernel_constraint"]:
                modules[-1].max_norm = settings["kernel_constraint"]["config"]["max_value"]
        elif kind == "BatchNormalization":
            normalise = nn.BatchNorm2d if len(before) == 4 else nn.BatchNorm1d
            modules.append(normalise(channels, eps=1e-3, momentum=0.01))
        elif kind == "Dropout":
            modules.append(nn.Dropout(settings["rate"]))
        elif kind == "MaxPooling2D":
            modules.append(nn.MaxPool2d(2))
        elif kind == "Flatten":
            modules.append(nn.Flatten())
        elif kind != "Activation":
            raise ValueError(f"{kind} is not translated")
        if settings.get("activation") == "relu":
            modules.append(nn.ReLU())
    return nn.Sequential(*modules)


def make_torch_optimizer(recipe, network):
    """Return the script's optimizer and its decaying learning rate as PyTorch has them."""
    import torch

    rate, momentum = recipe["learning_rate"], recipe["momentum"]
    if recipe["optimizer"]["class_name"] == "Adam":
        optimizer = torch.optim.Adam(network.parameters(), rate, eps=1e-7)
    else:
        nesterov = recipe["nesterov"] and momentum > 0
        optimizer = torch.optim.SGD(network.parameters(), rate, momentum, nesterov=nesterov)
    decay = recipe["decay"]
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 1 / (1 + decay * n))


def describe(pipe, script, precision):
    """Send the script's recipe: network, optimizer, and floating-point operations per image."""
    module = importlib.import_module(script)
    common = module.common
    own = module.PUBLISHED.but(precision=precision)
    common.prepare(own)
    model = module.build_model((32, 32, 3), 10)
    data = types.SimpleNamespace(x_train=range(50_000))  # the published recipes ask for no more
    recipe = {name: getattr(own, name) for name in ("batch_size", "momentum", "nesterov", "decay")}
    recipe |= {
        "learning_rate": own.learning_rate,
        "optimizer": common.keras.optimizers.serialize(common.make_optimizer(own, data)),
        "network": model.to_json(),
        "layers": [
            (type(layer).__name__, layer.get_config(), layer.input.shape) for layer in model.layers
        ],
        "operations": common.tensorflow_speedups.count_operations(model),
        "versions": common.devices.find_versions(),
    }
    pipe.send(recipe)


# ------------------------------------------------------------------------------------------------
# Who times it


def start(target, *arguments):
    """Call `target(pipe, ...)` in a new process; return the process and the pipe's other end."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, pipe


def work(pipe, started, kind, script, recipe, precision):
    """Train as `kind` does, at the parent's pace; of its output only a traceback is seen."""
    pacer = Pacer(pipe, started, recipe["batch_size"], None)
    train = {"ours": train_ours, "keras": train_keras, "torch": train_torch}[kind]
    terminal = os.dup(2)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        os.dup2(nowhere.fileno(), 2)
        try:
            train(pacer, script, recipe, precision)
        finally:
            os.dup2(terminal, 2)


def describe_machine():
    """Return the processor, its instruction sets, and which of them TensorFlow's oneDNN uses."""
    flags = Path("/proc/cpuinfo")
    words = set(flags.read_text().split()) if flags.exists() else set()
    command, environment = [sys.executable, "-c", PROBE], os.environ | {"ONEDNN_VERBOSE": "1"}
    spoken = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    used = "exec,cpu,convolution" in spoken and re.search("cpu,isa:(.*)", spoken)
    return {
        "processor": re.search("processor: (.*)", spoken)[1],
        "instructions": [name for name in INSTRUCTIONS if name in words],
        "onednn": used[1].strip() if used else None,
    }


def ask(pipe, message):
    pipe.send(message)
    return pipe.recv()


def measure(script, options):
    """Return the figures of one script: rounds of images a second, FLOP/s, bytes, seconds."""
    process, pipe = start(describe, script, options.precision)
    recipe = pipe.recv()
    process.join()
    steps = options.steps or STEPS[script]
    workers, first_step = {}, {}
    for kind in NAMES:
        if kind != "torch" or importlib.util.find_spec("torch"):
            arguments = (time.monotonic(), kind, script, recipe, options.precision)
            process, workers[kind] = start(work, *arguments)
            first_step[kind] = workers[kind].recv()
    rounds = []
    order = [*workers]
    for _ in range(options.rounds):
        rates = {kind: ask(workers[kind], steps) for kind in order}
        order.append(order.pop(0))  # nobody always follows the same one
        limits = [ask(pipe, "limit") for kind, pipe in workers.items() if kind != "keras"]
        rounds.append(rates | {"limit": max(limits)})
    memory = {kind: ask(pipe, "memory") for kind, pipe in workers.items()}
    for pipe in workers.values():
        pipe.send("stop")
    return {
        "script": script,
        "precision": options.precision,
        "batch_size": recipe["batch_size"],
        "steps": steps,
        "operations_per_image": recipe["operations"],
        "versions": recipe["versions"],
        "first_step_seconds": first_step,
        "peak_memory_bytes": memory,
        "rounds": rounds,
    }


def spread(figures):
    """Return median and quartiles as text."""
    if len(figures) < 2:
        return f"{figures[0]:.2f}"
    low, middle, high = statistics.quantiles(figures, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def show(figures):
    """Print one script's figures."""
    rounds, operations = figures["rounds"], figures["operations_per_image"]
    print(
        f"\n{figures['script']}: {figures['precision']}, batch size {figures['batch_size']}, "
        f"{len(rounds)} rounds of {figures['steps']} steps, "
        f"{operations / 1e6:,.0f} million operations an image"
    )
    print(f"{'':12}{'images/s':>9}{'limit':>8}{'peak memory':>13}{'first step':>12}")
    for kind, memory in figures["peak_memory_bytes"].items():
        rate = statistics.median(one[kind] for one in rounds)
        share = statistics.median(one[kind] * operations / one["limit"] for one in rounds)
        seconds = figures["first_step_seconds"][kind]
        print(
            f"{NAMES[kind]:12}{rate:>9,.0f}{share:>8.0%}{memory / 1e9:>10.2f} GB{seconds:>10.1f} s"
        )
    for kind in (kind for kind in NAMES if kind != "ours" and kind in rounds[0]):
        print(f"ours / {NAMES[kind]}: {spread([one['ours'] / one[kind] for one in rounds])}")
    limit = statistics.median(one["limit"] for one in rounds)
    print(f"limit: a matrix product at {limit / 1e9:,.0f} GFLOP/s", flush=True)


def show_epochs():
    """Print the seconds of an epoch of each run that has a target on a GPU."""
    for script, changes in ON_GPU:
        process, pipe = start(time_epochs, script, changes)
        seconds = pipe.recv()
        process.join()
        words = " ".join(f"{name} {value}" for name, value in changes.items())
        print(f"{script} {words}: {statistics.median(seconds):.2f} s an epoch, of {seconds}")


def main(options):
    """Measure the scripts one after the other."""
    if options.epochs:
        show_epochs()
        return
    if unknown := set(options.scripts) - set(STEPS):
        sys.exit(f"error: {min(unknown)!r} is no script; they are {', '.join(STEPS)}")
    machine, all_figures = describe_machine(), []
    print(f"{machine['processor']}: {' '.join(machine['instructions'])}")
    print(f"oneDNN uses {machine['onednn'] or 'nothing: TensorFlow goes without it'}")
    for script in options.scripts:
        all_figures.append(measure(script, options) | {"machine": machine})
        show(all_figures[-1])
        if options.json:
            options.json.write_text(json.dumps(all_figures, indent=2) + "\n")


sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
