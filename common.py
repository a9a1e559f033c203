"""What the five scripts share, in the order in which a run happens.

Hyperparameters, data, optimizer, the run's folder, training, evaluation, report. A script builds
and compiles its network; the functions here do the rest. What makes a run robust, exact and fast
is in internals/, one subject a module. Nothing happens on import.
"""

import dataclasses
import gc
import importlib.util
import math
import sys
from typing import Literal

if not importlib.util.find_spec("internals"):  # as where a run keeps its copy of this file
    print(
        "error: no folder internals here; copy script.py beside it, as my_cnn.py", file=sys.stderr
    )
    raise SystemExit(2)
from internals.core.keras_loader import keras

import numpy as np

from internals.core import stdio
from internals.core.files import write_text
from internals.core.probabilities import find_meaning, to_probabilities
from internals.core.signals import handling_signals, raising_signals
from internals.core.terminal import fill, say
from internals.core.text import count_nouns
from internals.data import dataset, image_reading
from internals.data.batches import ImageBatches
from internals.data.dataset import Dataset
from internals.data.loading import read_data
from internals.data.preprocessing import digest_preprocessing
from internals.report import while_training
from internals.runs.exit_status import ending
from internals.runs.hyperparameters import as_json, check_hyperparameters, parse_hyperparameters
from internals.runs.resuming import follows_cosine, reopen_run
from internals.runs.run import Run, create_run
from internals.runs.sources import LOADED_AS, digest_code, remembering
from internals.training import (
    architecture,
    chance_level,
    checkpoint,
    class_balance,
    compiled,
    devices,
    distributed,
    first_batch,
    jax_scan,
    memory_estimate,
    run_summary,
    start_weights,
    tensorflow_speedups,
)
from internals.training.muon import Muon


def launch(main):
    """Run a script's `main`; whatever ends it, end with a message and an exit status."""
    if main.__module__ in LOADED_AS:
        return
    stdio.make_robust()
    gc.freeze()  # the garbage collector skips what is loaded; else it takes a second at the end
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

    recipe: str = "published"  # name of the block of values to start from
    data: str = "cifar10"  # cifar10, cifar100, digits (no download), an archive, an image folder
    labels: str = ""  # a table of file and class (.csv), for an image folder without class folders
    skip_unreadable: bool = False  # leave out images that cannot be read, and record which
    image_size: int = 32  # pixels a side of the images: 32, and for an image folder 16 to 512
    epochs: int  # how many times the network sees every training image
    batch_size: int  # images per update of the weights
    optimizer: Literal["sgd", "adam", "muon"]  # how an update follows from the gradient
    learning_rate: float  # size of an update: too small learns slowly, too large not at all
    adam_share: float = 1.0  # muon: Adam trains all but convolutions, at learning_rate times this
    momentum: float  # share of the last update that is carried into the next (not adam), 0 to 1
    nesterov: bool  # look ahead along the momentum (not adam; no effect with momentum 0)
    schedule: Literal["inverse_time", "cosine"] = "inverse_time"  # how the learning rate changes
    decay: float  # inverse_time: learning rate / (1 + decay * updates so far); 0 keeps it constant
    warmup: float = 0.0  # cosine: share of all updates in which the rate rises to learning_rate
    weight_decay: float = 0.0  # each update shrinks weights by this share times the learning rate
    class_weights: Literal["none", "balanced"] = "none"  # balanced: all classes count alike
    label_smoothing: float = 0.0  # share of each label that is spread evenly over all classes
    flip: bool = False  # mirror each training image in every second epoch
    shift: int = 0  # move each training image by at most this many pixels, anew each epoch
    flip_test: bool = False  # predict each test image and its mirror image, and take the mean
    validation_split: float  # share of training images held out for validation; 0 uses the test set
    keep_best: bool = False  # at the end go back to the epoch with the lowest validation loss
    seed: int = 0  # start of all random numbers; the same seed gives the same run on a processor
    precision: Literal["float32", "bfloat16", "float16"] = "float32"  # of numbers in the layers
    name: str = ""  # a word or two for the run's folder, such as no-dropout
    results: str = "results"  # the folder for all runs
    start_from: str = ""  # the folder of a run whose weights this one begins with
    resume: str = ""  # the folder of a run that goes on, from where it stopped or to more epochs

    def __post_init__(self):
        check_hyperparameters(self)

    def but(self, **changes):
        """Return these hyperparameters with changes."""
        return dataclasses.replace(self, **changes)


def parse_args(description, *recipes, arguments=None):
    """Return one of the recipes with the command line's changes, and say what changed.

    With `resume` return the hyperparameters of the run that goes on. It may have more epochs, and
    `data`, `labels` and `skip_unreadable` may lead to the same images in another way. In a notebook
    `arguments` are given as a list, such as ["--epochs", "2"].
    """
    return parse_hyperparameters(description, recipes, arguments)


# ------------------------------------------------------------------------------------------------
# Data


def load_data(hyperparameters) -> Dataset:
    """Load what `data` names; hold out the first training images, a share of `validation_split`."""
    return read_data(hyperparameters)


def normalise(images):
    """Return a batch of images, 0 to 255 in uint8, as float32 from 0 to 1.

    Images stay uint8, a quarter of the memory, until their batch is needed.
    """
    return keras.ops.cast(images, "float32") / 255


# ------------------------------------------------------------------------------------------------
# Before the network is built


def prepare(hyperparameters):
    """Seed all random numbers, connect to other machines, if any, and set the layers' `precision`.

    Weights and sums stay float32, and so do layers with dtype="float32".
    """
    devices.set_seed(hyperparameters.seed)
    distributed.join_others()
    devices.keep_programs()
    precision = hyperparameters.precision
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")


def make_optimizer(hyperparameters, data):
    """Return the Keras optimizer; the number of training images sets the steps of its schedule.

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
    """Return the learning rate, or a Keras schedule of it for this number of updates.

    `decay` has the formula of Keras 2. The cosine falls to 0. In the warmup before it, the rate
    rises from a tenth.
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

    samples.png shows some images of each class. With `first_images=36` it shows the first 36.
    """
    dataset.check_keep_best(hyperparameters, data)
    first_batch.check(model, normalise, data, hyperparameters.label_smoothing)
    start = start_weights.start_from(model, hyperparameters)
    memory_estimate.check_training(model, data, hyperparameters)
    hyperparameters = distributed.redirect_results(hyperparameters)
    recipe = make_optimizer(hyperparameters, data), make_loss(hyperparameters)
    record = {  # most of it must be unchanged when the run is resumed
        "hyperparameters": as_json(hyperparameters) | {"resume": ""},
        "data": dataset.describe(data),
        "test_set": dataset.digest(data.x_test, data.y_test),  # alike whatever was held out
        "code": digest_code(script, __file__),
        "network": architecture.digest(model),
        "preprocessing": digest_preprocessing(normalise, data.image_shape),
        "backend": keras.backend.backend(),
        "edits": compiled.describe_edits(model, *recipe, hyperparameters.precision),
        **compiled.describe(model),
        **start,
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
        image_reading.write_unreadable(run.folder / "unreadable.csv", data.unreadable)
        write_text(run.folder / "architecture.txt", architecture.draw_architecture(model))
        from internals.comparison import first_page  # here, because --help need not wait
        from internals.report import image_grids, style

        style.draw((image_grids.plot_samples, run, data, first_images))
        first_page.announce(run)
    return run


def train(run, model, data, callbacks=(), class_weight=None, epochs=None):
    """Train the compiled network, or go on training it, keeping every finished epoch on disk.

    `callbacks` and `class_weight` are as `fit` takes them. A second call, after a second `compile`
    or not, is another phase: its `epochs` come after those of the first; with 0 it is left out. An
    interrupt or a loss that is not finite ends it with the network of the last finished epoch.
    """
    hyperparameters = run.hyperparameters
    epochs = hyperparameters.epochs if epochs is None else epochs
    if epochs < 1:
        return
    size, seed = hyperparameters.batch_size, hyperparameters.seed
    callbacks = keras.tree.flatten(callbacks or [])  # `fit` takes a single one, and None
    batches = ImageBatches(data.x_train, data.y_train, normalise, size, seed)
    batches.set_augmentation(hyperparameters.flip, hyperparameters.shift)
    validation = ImageBatches(data.x_validation, data.y_validation, normalise)
    if hyperparameters.label_smoothing or compiled.wants_one_hot(model):
        batches.smooth_labels(hyperparameters.label_smoothing, data.num_classes)
        validation.smooth_labels(0, data.num_classes)  # not smoothed, like the test labels
    on_terminal = stdio.is_terminal()  # there Keras draws its progress bar
    with ending(run):
        first_batch.look(model, normalise, data, hyperparameters.label_smoothing)
        first_batch.check_callbacks(model, hyperparameters.keep_best, callbacks)
        record = checkpoint.Checkpoint(run, model, batches, validation, epochs, on_terminal)
        if run.stop or not record.go_on(callbacks):
            return
        class_weight = class_balance.choose_weights(hyperparameters, data, class_weight)
        weights = {str(label): weight for label, weight in (class_weight or {}).items()}
        plain = class_weight is not None or tensorflow_speedups.is_followed(model, callbacks)
        run.record |= {"devices": 1} if plain else {}  # or several GPUs share each batch
        run.save(callbacks=[type(each).__name__ for each in callbacks], class_weight=weights)
        try:
            speed = tensorflow_speedups.speeding_up(model, size, callbacks)
            streams = jax_scan.on_device(model, batches, validation, plain)
            drawing = while_training.Drawing(run)
            with handling_signals(record.request_stop), speed, drawing, streams as (shown, checked):
                model.fit(
                    shown,
                    initial_epoch=len(record.rows),
                    epochs=record.target(),
                    validation_data=checked,
                    callbacks=[
                        *callbacks,
                        record,
                        keras.callbacks.LambdaCallback(on_epoch_end=drawing.draw),
                        tensorflow_speedups.ProgressBar(),
                    ],
                    class_weight=class_weight,
                    shuffle=False,  # ImageBatches does it
                    verbose=int(on_terminal),
                )
        except checkpoint.Stop as stop:
            run.stop = stop
            record.restore()
        record.end()


# ------------------------------------------------------------------------------------------------
# Evaluation and report


def evaluate(model, images, labels, flip=False, run=None):
    """Return probabilities (n, classes), accuracy in [0, 1] and the mean loss, as compiled.

    Logits and other scores are made probabilities; a `run` records which they were. Labels are not
    smoothed, regularisation is not counted. With `flip` the probabilities are the mean of those of
    the image and its mirror image.
    """
    views = [images, images[:, :, ::-1]] if flip else [images]
    streams = [ImageBatches(view, labels, normalise).stream() for view in views]
    with compiled.taking_steps(model, 1):  # or all batches are in memory at once
        outputs = [model.predict(stream, verbose=0).astype("float32") for stream in streams]
    meaning = find_meaning(outputs[0], compiled.takes_logits(model))
    if run:
        run.save(outputs=meaning)
    probabilities = np.mean([to_probabilities(each, meaning) for each in outputs], axis=0)
    loss = compiled.mean_loss(model, labels, probabilities, np.mean(outputs, axis=0))
    return probabilities, float(np.mean(probabilities.argmax(axis=1) == labels)), loss


def report(run, model, data):
    """Evaluate the trained network on the test set, and write the tables and pictures.

    What is precious comes first: the weights, the accuracy, the numbers, then the pictures.
    """
    from internals.report import calibration, image_grids, run_plots, style, tables

    with ending(run):
        distributed.leave_others(run)
        architecture.save_network(model, run.folder / "model.keras")
        flip = run.hyperparameters.flip_test
        probabilities, accuracy, loss = evaluate(model, data.x_test, data.y_test, flip, run)
        *_, error = calibration.calibration_curve_of(probabilities, data.y_test)
        run.save(test_accuracy=accuracy, test_loss=loss, expected_calibration_error=error)
        run.save_predictions(data, probabilities)
        judged = run.folder, data.y_test, probabilities.argmax(axis=1), data.class_names
        matrix = tables.write_confusion_matrix(*judged)
        run.save(balanced_accuracy=tables.write_classification_report(*judged))
        history = run.history()  # None where the script did not train by `train`
        curves = [(run_plots.plot_history, run, name, data) for name in ("accuracy", "loss")]
        style.draw(
            *(curves if history is not None else []),
            (run_plots.plot_confusion_matrix, run, matrix, data.class_names),
            (image_grids.plot_predictions, run, data, probabilities),
            (image_grids.plot_mistakes, run, data, probabilities),
            (run_plots.plot_calibration, run, probabilities, data.y_test),
            (image_grids.plot_features, run, model, data, normalise),
        )
        run_summary.print_accuracy(run, data)
        chance_level.explain_chance_level(run, history, probabilities, data)
        finish(run)


def finish(run):
    """Say what the run has written and, where it is not at its end, how to go on."""
    status = run.stop.status if run.stop else "finished"
    run.save(status=status)
    if status == "diverged" or status == "finished" and follows_cosine(run.record):
        (run.folder / "checkpoint.npz").unlink(missing_ok=True)
    if epochs := run.record["epochs_done"]:  # 0 where the script did not train by `train`
        minutes = run.record.get("seconds", 0) / 60
        print(f"Training: {count_nouns(epochs, 'epoch')} in {minutes:.1f} minutes")
    try:
        from internals.comparison import page  # here, so that nothing wrong there stops a run

        page.refresh(run.folder)
    except Exception as error:
        print(f"The page that compares runs was not brought up to date: {error!r}")
    print(f"Files in {run.folder}:")
    print(fill(" ".join(path.name for path in sorted(run.folder.glob("[!.]*"))), "  "))
    if status == "interrupted":
        say(run.how_to_go_on())
    run.release()
    if run.stop and run.stop.exit_status:
        raise SystemExit(run.stop.exit_status)
