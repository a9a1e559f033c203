"""What the five scripts share, in the order in which a run happens.

Hyperparameters, data, optimizer, the run's folder, training, evaluation, report. A script builds
and compiles its network; the functions here do the rest. What makes a run robust, exact and fast
is in internals/, one subject a module. Nothing happens on import.
"""

import dataclasses
import gc
import math
import sys
from pathlib import Path
from typing import Literal

from internals.core.keras_loader import keras

import numpy as np

from internals.core import stdio
from internals.core.files import fail, write_file, write_text
from internals.core.probabilities import find_meaning, to_probabilities
from internals.core.signals import handling_signals, raising_signals
from internals.core.text import count_nouns
from internals.data import cifar10, dataset, image_folder
from internals.data.batches import ImageBatches
from internals.data.dataset import Dataset
from internals.data.preprocessing import digest_preprocessing
from internals.runs.exit_status import ending
from internals.runs.hyperparameters import as_json, check_hyperparameters, parse_hyperparameters
from internals.runs.run import Run, create_run, reopen_run
from internals.runs.sources import digest_code, remembering
from internals.training import (
    architecture,
    chance_level,
    checkpoint,
    compiled,
    devices,
    distributed,
    first_batch,
    jax_scan,
    memory_estimate,
    run_summary,
    tensorflow_speedups,
)
from internals.training.muon import Muon


def launch(main):
    """Run a script's `main`; whatever ends it, end with a message and an exit status."""
    stdio.make_robust()
    gc.freeze()  # what is loaded stays: searching it again would take a second at the end
    with (
        remembering(main.__code__.co_filename, __file__),
        distributed.ending_at_once(),
        raising_signals(),
        ending(),
        architecture.explaining_small_images(),
    ):
        main()


# ------------------------------------------------------------------------------------------------
# Hyperparameters


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """What can be changed about a run; each comment is also the flag's help text.

    A value out of its range ends the program with a message and exit status 2.
    """

    recipe: str = "published"  # the block of values to start from: its name
    data: str = "cifar10"  # cifar10, digits (no download), cifar-10-python.tar.gz, an image folder
    image_size: int = 32  # pixels a side of the images; another for an image folder only, 16 to 512
    epochs: int  # how many times the network sees every training image
    batch_size: int  # images per update of the weights
    optimizer: Literal["sgd", "adam", "muon"]  # how an update follows from the gradient
    learning_rate: float  # size of an update: too small learns slowly, too large not at all
    adam_share: float = 1.0  # muon: rate of Adam, for all but convolutions, in learning_rates
    momentum: float  # share of the last update that is carried into the next (not adam), 0 to 1
    nesterov: bool  # look ahead along the momentum (not adam; no effect with momentum 0)
    schedule: Literal["inverse_time", "cosine"] = "inverse_time"  # how the learning rate changes
    decay: float  # inverse_time: learning rate / (1 + decay * updates so far); 0 keeps it constant
    warmup: float = 0.0  # cosine: share of all updates in which the rate rises to learning_rate
    weight_decay: float = 0.0  # share of a weight, times the rate, that an update takes off it
    label_smoothing: float = 0.0  # share of each label that is spread evenly over all classes
    flip: bool = False  # mirror each training image in every second epoch
    shift: int = 0  # move each training image by up to so many pixels, every epoch anew
    flip_test: bool = False  # predict each test image and its mirror image, and take the mean
    validation_split: float  # share of the training images held out; 0 shows the test set instead
    keep_best: bool = False  # at the end go back to the epoch with the lowest validation loss
    seed: int = 0  # start of all random numbers; the same seed gives the same run on a processor
    precision: Literal["float32", "bfloat16", "float16"] = "float32"  # of the layers' arithmetic
    name: str = ""  # a word or two for the run's folder, such as no-dropout
    results: str = "results"  # the folder for all runs
    resume: str = ""  # the folder of a run that was interrupted, to go on where it stopped

    def __post_init__(self):
        check_hyperparameters(self)

    def but(self, **changes):
        """Return these hyperparameters with changes."""
        return dataclasses.replace(self, **changes)


def parse_args(description, *recipes, arguments=None):
    """Return one of the recipes with the command line's changes, and say what changed.

    With `resume` it is that of the run that goes on, with nothing changed but more epochs. In a
    notebook `arguments` are given as a list, such as ["--epochs", "2"].
    """
    return parse_hyperparameters(description, recipes, arguments)


# ------------------------------------------------------------------------------------------------
# Data

CIFAR10_CLASS_NAMES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def load_data(hyperparameters):
    """Load what `data` names and hold out the first `validation_split` of the training images."""
    if Run.probe:  # a sweep asks about many runs of the same images
        return Run.probe.load_data(hyperparameters, read_data)
    return read_data(hyperparameters)


def read_data(hyperparameters):
    """Return the images and labels that `data` names as a Dataset."""
    source, split = hyperparameters.data, hyperparameters.validation_split
    dataset.check_size(source, hyperparameters.image_size)
    try:
        if source == "cifar10":
            parts = load_cifar10()
        elif source == "digits":
            parts = dataset.load_digits()
        elif Path(source).is_dir() and cifar10.is_unpacked(Path(source)):
            parts = load_cifar10(Path(source))
        elif Path(source).is_dir():
            parts = image_folder.load_folder(Path(source), hyperparameters.image_size)
        elif Path(source).is_file():
            cifar10.keep_archive(Path(source))  # from now on Keras need not download it
            parts = load_cifar10()
        else:
            fail(
                f"data is {source!r}, and there is no such file or folder; it must be cifar10, "
                "digits, a cifar-10-python.tar.gz or an image folder"
            )
    except OSError as error:
        fail(f"data is {source!r}; it cannot be read: {error}")
    (x, y), (x_test, y_test, *names), class_names = parts
    held_out = round(split * len(x))
    if split and not 0 < held_out < len(x):
        fail(f"validation_split is {split}; it would hold out {held_out} of {len(x)} images")
    validation = (x[:held_out], y[:held_out]) if split else (x_test, y_test)
    return Dataset(x[held_out:], y[held_out:], *validation, x_test, y_test, class_names, *names)


def load_cifar10(folder=None):
    """Return CIFAR-10 as Keras downloads, checks and caches it: 50,000 and 10,000 images.

    With a `folder` they are read there; it is what cifar-10-python.tar.gz unpacks to.
    """
    if folder:
        parts = cifar10.read_batches(folder)
    else:
        with cifar10.downloading():
            parts = keras.datasets.cifar10.load_data()
    train, test = ((np.ascontiguousarray(x), y.ravel().astype("int64")) for x, y in parts)
    return train, test, CIFAR10_CLASS_NAMES


def normalise(images):
    """Return a batch of images, 0 to 255 in uint8, as float32 from 0 to 1.

    Images stay uint8, a quarter of the memory, until their batch is needed.
    """
    return keras.ops.cast(images, "float32") / 255


# ------------------------------------------------------------------------------------------------
# Before the network is built


def prepare(hyperparameters):
    """Seed all random numbers, meet the other machines, if any, and set the layers' `precision`.

    Weights, sums and the layers that ask for float32 stay that.
    """
    devices.set_seed(hyperparameters.seed)
    distributed.join_others()
    precision = hyperparameters.precision
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")


def make_optimizer(hyperparameters, data):
    """Return the Keras optimizer for so many training images.

    Weight decay is decoupled from the gradient, and spares biases and batch normalisation.
    """
    steps = math.ceil(len(data.x_train) / hyperparameters.batch_size)  # of an epoch
    rate = make_schedule(hyperparameters, hyperparameters.epochs * steps)
    weight_decay = hyperparameters.weight_decay or None
    if hyperparameters.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate, weight_decay=weight_decay)
    elif hyperparameters.optimizer == "muon":
        optimizer = Muon(
            rate,
            weight_decay=weight_decay,
            adam_weight_decay=hyperparameters.adam_share * hyperparameters.weight_decay,
            adam_lr_ratio=hyperparameters.adam_share,
            momentum=hyperparameters.momentum,
            nesterov=hyperparameters.nesterov,
        )
    else:
        optimizer = keras.optimizers.SGD(
            rate, hyperparameters.momentum, hyperparameters.nesterov, weight_decay=weight_decay
        )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def make_schedule(hyperparameters, updates):
    """Return the learning rate of each of so many updates, as Keras takes it.

    Decay is the one of Keras 2. The cosine falls to 0; before it the rate rises from a tenth.
    """
    highest = hyperparameters.learning_rate
    if hyperparameters.schedule == "cosine":
        rising = min(round(hyperparameters.warmup * updates), updates - 1)
        start = {"warmup_target": highest, "warmup_steps": rising} if rising else {}
        first = highest / 10 if rising else highest
        return keras.optimizers.schedules.CosineDecay(first, updates - rising, **start)
    if hyperparameters.decay:
        return keras.optimizers.schedules.InverseTimeDecay(highest, 1, hyperparameters.decay)
    return highest


def make_loss(hyperparameters):
    """Return Keras's name of the cross-entropy: labels are whole numbers, smoothed ones are not."""
    return f"{'' if hyperparameters.label_smoothing else 'sparse_'}categorical_crossentropy"


# ------------------------------------------------------------------------------------------------
# The run


def start_run(script, model, data, hyperparameters, first_images=0):
    """Make the run's folder, or check the one to resume, and describe the run on the terminal.

    samples.png shows some images of each class, or with `first_images` that many from the first on.
    """
    first_batch.check(model, normalise, data, hyperparameters.label_smoothing)
    memory_estimate.check_training(model, data, hyperparameters)
    hyperparameters = distributed.redirect_results(hyperparameters)
    recipe = make_optimizer(hyperparameters, data), make_loss(hyperparameters)
    record = {  # what a resumed run must find as it was, and where it is computed
        "hyperparameters": as_json(hyperparameters) | {"resume": ""},
        "data": dataset.describe(data),
        "test_set": dataset.digest(data.x_test, data.y_test),  # alike whatever was held out
        "code": digest_code(script, __file__),
        "network": architecture.digest(model),
        "preprocessing": digest_preprocessing(normalise, data.image_shape),
        "backend": keras.backend.backend(),
        "edits": compiled.describe_edits(model, *recipe),
        **compiled.describe(model),
    }
    if Run.probe:  # a sweep asks what the run would be
        Run.probe.start_run(record)
    if hyperparameters.resume:
        run = reopen_run(script, __file__, hyperparameters, record)
    else:
        run = create_run(script, __file__, hyperparameters)
    with ending(run):
        run.record |= record | {"parameters": model.count_params()}
        run.record |= devices.describe(model, hyperparameters.batch_size)
        run.caption = run_summary.format_hyperparameters(hyperparameters, record["edits"])
        if not hyperparameters.resume:
            run.save(status="running")
        run_summary.print_summary(run, model, data)
        write_text(run.folder / "architecture.txt", architecture.draw_architecture(model))
        from internals.report import image_grids  # here, because --help need not wait for it

        image_grids.plot_samples(run, data, first_images)
    return run


def train(run, model, data, callbacks=(), class_weight=None, epochs=None):
    """Train the compiled network, or go on training it, keeping every finished epoch on disk.

    `callbacks` and `class_weight` are as `fit` takes them. A second call, after a second `compile`
    or not, is another phase: its `epochs` come after those of the first. An interrupt, a loss that
    is not finite or a lack of memory or disk space ends training early: the network is then the one
    of the last finished epoch.
    """
    hyperparameters = run.hyperparameters
    size, seed = hyperparameters.batch_size, hyperparameters.seed
    batches = ImageBatches(data.x_train, data.y_train, normalise, size, seed)
    batches.set_augmentation(hyperparameters.flip, hyperparameters.shift)
    validation = ImageBatches(data.x_validation, data.y_validation, normalise)
    if hyperparameters.label_smoothing or compiled.wants_one_hot(model):
        batches.smooth_labels(hyperparameters.label_smoothing, data.num_classes)
        validation.smooth_labels(0, data.num_classes)  # those stay sure, as the test's are
    on_terminal = sys.stdout.isatty()  # there Keras draws its progress bar
    epochs = epochs or hyperparameters.epochs
    with ending(run):
        first_batch.look(model, normalise, data, hyperparameters.label_smoothing)
        record = checkpoint.Checkpoint(run, model, batches, validation, epochs, on_terminal)
        if run.stop or not record.go_on():
            return
        weights = {str(label): float(weight) for label, weight in (class_weight or {}).items()}
        run.save(callbacks=[type(each).__name__ for each in callbacks], class_weight=weights)
        plain = class_weight is not None or tensorflow_speedups.is_followed(model, callbacks)
        try:
            speed = tensorflow_speedups.speeding_up(model, size, callbacks)
            streams = jax_scan.on_device(model, batches, validation, plain)
            with handling_signals(record.request_stop), speed, streams as (shown, checked):
                model.fit(
                    shown,
                    initial_epoch=len(record.rows),
                    epochs=record.target(),
                    validation_data=checked,
                    callbacks=[*callbacks, record],
                    class_weight=class_weight,
                    shuffle=False,  # ImageBatches does it
                    verbose=int(on_terminal),
                )
        except checkpoint.Stop as stop:
            run.stop = stop
            record.restore()
        if run.stop and on_terminal:
            print()  # the progress bar has not ended its line
        record.end()


# ------------------------------------------------------------------------------------------------
# Evaluation and report


def evaluate(model, images, labels, flip=False):
    """Return probabilities (n, classes), accuracy in [0, 1] and the mean loss, as compiled.

    Logits and other scores are made probabilities. Labels are not smoothed, regularisation is not
    counted. With `flip` the probabilities are the mean of those of the image and its mirror image.
    """
    model.steps_per_execution = 1  # or TensorFlow has all batches of an execution in memory at once
    views = [images, images[:, :, ::-1]] if flip else [images]
    streams = [ImageBatches(view, labels, normalise).stream() for view in views]
    outputs = [model.predict(stream, verbose=0).astype("float32") for stream in streams]
    meaning = find_meaning(outputs[0], compiled.takes_logits(model))
    probabilities = np.mean([to_probabilities(each, meaning) for each in outputs], axis=0)
    loss = compiled.mean_loss(model, labels, probabilities, np.mean(outputs, axis=0))
    return probabilities, float(np.mean(probabilities.argmax(axis=1) == labels)), loss


def report(run, model, data):
    """Evaluate the trained network on the test set and write what is to be seen of it.

    What is precious comes first: the weights, the accuracy, the numbers, then the pictures.
    """
    from internals.report import feature_maps, image_grids, run_plots, tables  # --help need not

    with ending(run):
        distributed.leave_others(run)
        write_file(run.folder / "model.keras", model.save)
        flip = run.hyperparameters.flip_test
        probabilities, accuracy, loss = evaluate(model, data.x_test, data.y_test, flip)
        run.save(test_accuracy=accuracy, test_loss=loss)
        *_, error = feature_maps.calibration_curve_of(probabilities, data.y_test)
        run.save(expected_calibration_error=error)
        run.save_predictions(data, probabilities)
        predicted = probabilities.argmax(axis=1)
        matrix = tables.write_confusion_matrix(run.folder, data.y_test, predicted, data.class_names)
        tables.write_classification_report(run.folder, data.y_test, predicted, data.class_names)
        history = run.history()  # None where the script did not train by `train`
        curves = [(run_plots.plot_history, run, name, data) for name in ("accuracy", "loss")]
        run_plots.draw(
            *(curves if history is not None else []),
            (run_plots.plot_confusion_matrix, run, matrix, data.class_names),
            (image_grids.plot_predictions, run, data, probabilities),
            (image_grids.plot_mistakes, run, data, probabilities),
            (run_plots.plot_calibration, run, probabilities, data.y_test),
            (image_grids.plot_features, run, model, data, normalise),
        )
        print(f"Accuracy: {accuracy:.2%} of {len(predicted):,} test images")
        chance_level.explain_chance_level(history, accuracy, probabilities, data)
        finish(run)


def finish(run):
    """Say what the run has written and, where it is not at its end, how to go on."""
    status = run.stop.status if run.stop else "finished"
    run.save(status=status)
    if status in ("finished", "diverged"):
        (run.folder / "checkpoint.npz").unlink(missing_ok=True)
    epochs, seconds = run.record["epochs_done"], run.record.get("seconds", 0)
    print(f"Training: {count_nouns(epochs, 'epoch')} in {seconds / 60:.1f} minutes")
    try:
        from internals.comparison import page  # here, so that nothing wrong there stops a run

        page.refresh(run.folder)
    except Exception as error:
        print(f"The page that compares runs was not brought up to date: {error!r}")
    print(f"Files in {run.folder}:")
    print("  " + " ".join(path.name for path in sorted(run.folder.glob("[!.]*"))))
    if status == "interrupted":
        print(run.how_to_go_on())
    run.release()
    if run.stop and run.stop.exit_status:
        raise SystemExit(run.stop.exit_status)
