"""What the five scripts share, in the order in which a run happens.

Hyperparameters, data, run folder, training, evaluation, plots, report. A script builds and compiles
its network; the functions here do the rest. Nothing happens on import.
"""

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import importlib.metadata
import io
import itertools
import json
import math
import os
import platform
import re
import shlex
import signal
import socket
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Literal


@contextlib.contextmanager
def quiet_import():
    """Silence what TensorFlow's libraries write while they load; no setting of theirs does."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or it reports a missing GPU as an error
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


with quiet_import():
    import speed

    import keras

import matplotlib
import numpy as np
import pandas as pd
import seaborn
import sklearn.datasets
import sklearn.metrics
import sklearn.model_selection
import tyro
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image, ImageOps

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)  # its drawings hold "\|/" in plain strings
    from keras_sequential_ascii import keras2ascii

# ------------------------------------------------------------------------------------------------
# Hyperparameters


def fail(message, exit_status=2):
    """Print one clear message, by default about wrong input, and end the program."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(exit_status)


@contextlib.contextmanager
def explain_end():
    """End the program with a message where it is interrupted or cannot write the run's files."""
    try:
        yield
    except KeyboardInterrupt:
        fail("interrupted", exit_status=128 + signal.SIGINT)
    except OSError as error:
        fail(
            f"the run's files cannot be written: {error}\nWhat was written before is kept; "
            "--resume FOLDER goes on after the last finished epoch",
            exit_status=1,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """What can be changed about a run; each comment is also the flag's help text.

    A value out of its range ends the program with a message and exit status 2.
    """

    data: str = "cifar10"  # cifar10, digits (no download), cifar-10-python.tar.gz, an image folder
    epochs: int  # how many times the network sees every training image
    batch_size: int  # images per update of the weights
    optimizer: Literal["sgd", "adam"]  # how an update follows from the gradient
    learning_rate: float  # size of an update: too small learns slowly, too large not at all
    momentum: float  # share of the last update that is carried into the next (sgd only), 0 to 1
    nesterov: bool  # look ahead along the momentum (sgd only; no effect with momentum 0)
    decay: float  # learning rate / (1 + decay * updates so far); 0 keeps it constant
    validation_split: float  # share of the training images held out; 0 shows the test set instead
    keep_best: bool = False  # at the end go back to the epoch with the lowest validation loss
    seed: int = 0  # start of all random numbers; the same seed gives the same run
    precision: Literal["float32", "bfloat16", "float16"] = "float32"  # of the layers' arithmetic
    name: str = ""  # a word or two for the run's folder, such as no-dropout
    results: str = "results"  # the folder for all runs
    resume: str = ""  # the folder of a run that was interrupted, to go on where it stopped

    def __post_init__(self):
        def is_number(value):
            return isinstance(value, int | float) and math.isfinite(value)

        def is_whole(value):
            return isinstance(value, int) and not isinstance(value, bool)

        def check(field, allowed, wanted):
            value = getattr(self, field)
            if not allowed(value):
                fail(f"{field} is {value!r}; it must be {wanted}")

        def is_text(value):
            return isinstance(value, str) and value.isprintable()

        check(
            "data",
            lambda s: isinstance(s, str) and s,
            "cifar10, digits, a cifar-10-python.tar.gz or an image folder",
        )
        check("epochs", lambda n: is_whole(n) and n >= 1, "a whole number, 1 or more")
        check("batch_size", lambda n: is_whole(n) and n >= 1, "a whole number, 1 or more")
        check("optimizer", lambda word: word in ("sgd", "adam"), "'sgd' or 'adam'")
        check("learning_rate", lambda x: is_number(x) and x > 0, "a number above 0")
        check("momentum", lambda x: is_number(x) and 0 <= x <= 1, "a number from 0 to 1")
        check("decay", lambda x: is_number(x) and x >= 0, "a number, 0 or more")
        check("validation_split", lambda x: is_number(x) and 0 <= x < 1, "from 0 to below 1")
        check("seed", lambda n: is_whole(n) and 0 <= n < 2**32, "a whole number, 0 to 4294967295")
        check(
            "precision",
            lambda word: word in ("float32", "bfloat16", "float16"),
            "'float32', 'bfloat16' or 'float16'",
        )
        check("name", lambda s: is_text(s) and len(s) <= 50, "50 printable characters at most")
        check("results", lambda s: isinstance(s, str) and s, "the name of a folder")
        if self.keep_best and not self.validation_split:
            fail(
                "keep_best needs a held-out part of the training images, such as validation_split "
                "0.1: an epoch chosen by its test accuracy makes that accuracy look too good"
            )

    def __str__(self):
        """Return the values that a plot should name, in one line."""
        words = [Path(self.data).name, self.optimizer, f"learning rate {self.learning_rate:g}"]
        if self.optimizer == "sgd" and self.momentum:
            words.append(f"{'Nesterov ' * self.nesterov}momentum {self.momentum:g}")
        if self.decay:
            words.append(f"decay {self.decay:g}")
        epochs = f"{self.epochs} epoch{'s' * (self.epochs != 1)}"
        words += [f"batch size {self.batch_size}", epochs, f"seed {self.seed}"]
        if self.precision != "float32":
            words.append(self.precision)
        return ", ".join(words)


def parse_args(defaults, description):
    """Return the script's hyperparameters with the command line's changes, and say what changed.

    With `resume` they are those of the run that goes on, with nothing changed but more epochs.
    """
    kind = type(defaults)
    hyperparameters = tyro.cli(kind, default=defaults, description=description)
    folder = hyperparameters.resume
    if folder:
        record = read_record(Path(folder))
        if record["script"] != Path(sys.argv[0]).stem:
            fail(f"resume is {folder!r}; that is a run of {record['script']}.py")
        if record["status"] not in ("running", "interrupted"):
            fail(f"resume is {folder!r}; that run has {record['status']}, it cannot go on")
        try:
            defaults = kind(**record["hyperparameters"] | {"resume": folder})
        except TypeError as error:
            fail(f"resume is {folder!r}; its hyperparameters are not those of this script: {error}")
        hyperparameters = tyro.cli(kind, default=defaults)
    for field in dataclasses.fields(kind):
        own, now = getattr(defaults, field.name), getattr(hyperparameters, field.name)
        if now == own:
            continue
        if folder and not (field.name == "epochs" and now > own):
            fail(
                f"{field.name} is {now!r}; a resumed run keeps its own, {own!r}, or has more epochs"
            )
        print(f"{field.name}: {now} (the {'run' if folder else 'script'}'s own: {own or 'none'})")
    return hyperparameters


def set_seed(seed):
    """Seed Python, NumPy and the backend, and have a GPU compute the same results every time."""
    with quiet_import():  # Keras seeds TensorFlow, where there is one, on every backend
        keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # Keras has no switch of its own for deterministic GPU arithmetic

        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()


def set_precision(precision):
    """Have the layers compute in `precision`; weights, sums and what asks for float32 stay that."""
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")


def lacks_arithmetic(precision):
    """Return whether the processor, as Linux describes it, cannot multiply in `precision`."""
    processor = Path("/proc/cpuinfo")
    if precision == "float32" or not processor.exists():
        return False
    instructions = {
        "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
        "float16": {"avx512_fp16", "amx_fp16", "asimdhp"},
    }
    return instructions[precision].isdisjoint(processor.read_text().split())


def make_optimizer(hyperparameters):
    """Return the Keras optimizer; decay is the one of Keras 2, exact after every update."""
    learning_rate = hyperparameters.learning_rate
    if hyperparameters.decay:
        learning_rate = keras.optimizers.schedules.InverseTimeDecay(
            learning_rate, decay_steps=1, decay_rate=hyperparameters.decay
        )
    if hyperparameters.optimizer == "adam":
        return keras.optimizers.Adam(learning_rate)
    return keras.optimizers.SGD(
        learning_rate, momentum=float(hyperparameters.momentum), nesterov=hyperparameters.nesterov
    )


# ------------------------------------------------------------------------------------------------
# Data

IMAGE_SIZE = (32, 32)
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
MOST_CLASSES = 1000
CIFAR10_CLASS_NAMES = "airplane automobile bird cat deer dog frog horse ship truck".split()
CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
DOWNLOAD_TIMEOUT = 60  # seconds without an answer
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # read_image refuses it


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Images as uint8 (n, height, width, 3), labels as int64 (n,), and a name per label."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: list

    @property
    def image_shape(self):
        return self.x_train.shape[1:]

    @property
    def num_classes(self):
        return len(self.class_names)

    @property
    def validation_is_test(self):
        return self.x_validation is self.x_test


@explain_end()
def load_data(hyperparameters):
    """Load what `data` names and hold out the first `validation_split` of the training images."""
    source, split = hyperparameters.data, hyperparameters.validation_split
    try:
        if source == "cifar10":
            parts = load_cifar10()
        elif source == "digits":
            parts = load_digits()
        elif Path(source).is_dir():
            parts = load_folder(Path(source), hyperparameters.seed)
        elif Path(source).is_file():
            parts = load_archive(Path(source))
        else:
            fail(
                f"data is {source!r}, and there is no such file or folder; it must be cifar10, "
                "digits, a cifar-10-python.tar.gz or an image folder"
            )
    except OSError as error:
        fail(f"data is {source!r}; it cannot be read: {error}")
    (x, y), test, class_names = parts
    held_out = round(split * len(x))
    if split and not 0 < held_out < len(x):
        fail(f"validation_split is {split}; it would hold out {held_out} of {len(x)} images")
    validation = (x[:held_out], y[:held_out]) if split else test
    return Dataset(x[held_out:], y[held_out:], *validation, *test, class_names)


def load_cifar10():
    """Return CIFAR-10 as Keras downloads, checks and caches it: 50,000 and 10,000 images."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        with one_process_at_a_time():
            parts = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras raises nothing narrower when a download fails
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras"), "datasets")
        fail(
            f"CIFAR-10 could not be loaded: {error}\n"
            "To try without it:    --data digits (needs no download)\n"
            f"To bring it by hand:  fetch {CIFAR10_URL} (163 MB) on any machine, then\n"
            "                      --data path/to/cifar-10-python.tar.gz, or put it at\n"
            f"                      {folder / 'cifar-10-batches-py-target_archive'}"
        )
    finally:
        socket.setdefaulttimeout(timeout)
    train, test = ((np.ascontiguousarray(x), y.ravel().astype("int64")) for x, y in parts)
    return train, test, CIFAR10_CLASS_NAMES


def load_archive(path):
    """Check the archive at `path`, have Keras cache a copy of it, and return CIFAR-10."""
    with open(path, "rb") as archive:
        found = hashlib.file_digest(archive, "sha256").hexdigest()
    if found != CIFAR10_SHA256:
        fail(
            f"{path} is not the complete cifar-10-python.tar.gz: its SHA-256 is {found}, "
            f"it must be {CIFAR10_SHA256}"
        )
    with one_process_at_a_time():
        keras.utils.get_file(
            "cifar-10-batches-py-target",  # where keras.datasets.cifar10 looks for it
            origin=path.resolve().as_uri(),
            extract=True,
            file_hash=CIFAR10_SHA256,
        )
    return load_cifar10()


@contextlib.contextmanager
def one_process_at_a_time():
    """Wait while another process of this user downloads or unpacks CIFAR-10: Keras does not."""
    user = os.getuid() if os.name == "posix" else "user"
    path = Path(tempfile.gettempdir(), f"cifar-10-{user}.lock")
    path.touch()
    with locked(path):
        yield


@contextlib.contextmanager
def locked(path, wait=True):
    """Keep other processes from locking the file or folder; at the latest it ends with this one.

    Raises BlockingIOError if another process has it and `wait` is false. Windows has no such
    locks, so nobody is kept out there.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def load_digits():
    """Return scikit-learn's digits enlarged to 32 x 32 x 3: 1,437 training and 360 test images."""
    images, labels = sklearn.datasets.load_digits(return_X_y=True)
    images = np.rint(images.reshape(-1, 8, 8) * (255 / 16)).astype("uint8")  # 0..16 to 0..255
    images = images.repeat(4, axis=1).repeat(4, axis=2)[..., np.newaxis].repeat(3, axis=3)
    x_train, x_test, y_train, y_test = sklearn.model_selection.train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=0
    )
    return (x_train, y_train), (x_test, y_test), [str(digit) for digit in range(10)]


def load_folder(folder, seed):
    """Return the images of `folder`: train/<class>/* and test/<class>/*, resized to 32 x 32.

    Without test/, a fifth of each class becomes the test set, chosen by `seed`.
    """
    if not (folder / "train").is_dir():
        fail(f"{folder} has no folder train; images belong in train/<class>/ and test/<class>/")
    x_train, y_train, class_names = load_classes(folder / "train")
    if (folder / "test").is_dir():
        x_test, y_test, test_names = load_classes(folder / "test")
        if odd := set(class_names) ^ set(test_names):
            fail(f"{folder}: train and test must hold the same classes; only one has {min(odd)!r}")
        return (x_train, y_train), (x_test, y_test), class_names
    held_out = hold_out_fifth(y_train, seed)
    for label in np.flatnonzero(np.bincount(y_train) < 2):
        fail(
            f"{folder / 'train' / class_names[label]} has one image; without a folder test each "
            "class needs 2 or more, so that one can be held out for the test"
        )
    test = x_train[held_out], y_train[held_out]
    return (x_train[~held_out], y_train[~held_out]), test, class_names


def hold_out_fifth(labels, seed):
    """Return a mask (n,) of a fifth of each class, one image or more, chosen by `seed`."""
    random = np.random.default_rng(seed)
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        mask[random.choice(members, max(1, round(len(members) / 5)), replace=False)] = True
    return mask


def load_classes(folder):
    """Return uint8 images (n, 32, 32, 3), int64 labels (n,) and names from `folder`/<class>/*."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    if not 2 <= len(classes) <= MOST_CLASSES:
        fail(f"{folder} has {len(classes)} class folders; it must have 2 to {MOST_CLASSES}")
    paths, labels = [], []
    for label, path in enumerate(classes):
        images = sorted(image for image in path.iterdir() if image.suffix.lower() in IMAGE_SUFFIXES)
        if not images:
            fail(f"{path} has no images; a class needs one or more of {', '.join(IMAGE_SUFFIXES)}")
        paths += images
        labels += [label] * len(images)
    order = spread_classes(np.array(labels))
    images, unreadable = np.empty((len(order), *IMAGE_SIZE, 3), dtype="uint8"), []
    for image, index in zip(images, order, strict=True):
        try:
            image[:] = read_image(paths[index])
        except Exception as error:  # a damaged file can raise nearly anything in a decoder
            unreadable.append(f"{paths[index]}: {error}")
    if unreadable:
        fail(f"{len(unreadable)} unreadable images in {folder}:\n" + "\n".join(unreadable[:10]))
    return images, np.array(labels)[order], [make_printable(path.name) for path in classes]


def make_printable(name):
    """Return a folder's name as one line; control characters and stray bytes become "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def spread_classes(labels):
    """Return an order, always the same, in which each class is spread evenly from the start on.

    So the first part of them, which `validation_split` holds out, has its share of each class.
    """
    random = np.random.default_rng(0)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        position[members] = np.arange(len(members)) / len(members)
    return np.argsort(position, kind="stable")


def read_image(path):
    """Return the image at `path` as uint8 (32, 32, 3), upright and on white."""
    with Image.open(path) as image:
        if image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        image.draft("RGB", IMAGE_SIZE)  # a large JPEG is decoded at a fraction of its size
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return np.asarray(image.convert("RGB").resize(IMAGE_SIZE, Image.Resampling.BILINEAR))


# ------------------------------------------------------------------------------------------------
# Run folder


@dataclasses.dataclass
class Run:
    """A run's folder, its hyperparameters and what its run.json holds."""

    folder: Path
    hyperparameters: Hyperparameters
    record: dict
    stop: Exception = None  # why training ended early, if it did

    @property
    def script(self):
        return self.record["script"]

    def save(self, **changes):
        """Add `changes` to the record and write it to run.json."""
        self.record |= changes
        text = json.dumps(self.record, indent=2, ensure_ascii=False)
        write_text(self.folder / "run.json", text + "\n")

    def history(self):
        """Return history.csv as a data frame, one row per epoch."""
        return pd.read_csv(self.folder / "history.csv")


def read_record(folder):
    """Return what the run.json in `folder` holds."""
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record["hyperparameters"], dict) or not record["script"]:
            raise ValueError("it lacks hyperparameters")
        return {"status": "unknown"} | record
    except (OSError, ValueError, TypeError, KeyError) as error:
        fail(f"{path} is not the record of a run: {error!r}")


def write_file(path, write):
    """Have `write(path)` write a file whole or not at all: it is made beside and then renamed."""
    if not path.parent.exists():
        print(f"{path.parent} has been removed; it is made again")
        path.parent.mkdir(parents=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(beside)
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())  # or a power failure could leave the new name without content
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path, text):
    write_file(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def make_run_folder(results, script, started, name):
    """Create and return results/<script>/<started>[_<name>], a folder that no other run has."""
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    for count in itertools.count(1):
        stamp = f"{started:%Y-%m-%d_%H-%M-%S}" + (f"-{count}" if count > 1 else "")
        folder = Path(results, script, f"{stamp}_{name}" if name else stamp)
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue  # another run began in the same second
        except OSError as error:
            fail(f"results is {results!r}; no folder can be made there: {error.strerror}")


@explain_end()
def start_run(script, model, data, hyperparameters, first_images=0):
    """Make the run's folder, or check the one to resume, and describe the run on the terminal.

    samples.png shows some images of each class, or with `first_images` that many from the first on.
    """
    script, started = Path(script).stem, datetime.datetime.now()
    same = {  # what a resumed run must find as it was
        "backend": keras.backend.backend(),
        "network": describe_network(model),
        "data": describe_data(data),
    }
    if hyperparameters.resume:
        run = Run(Path(hyperparameters.resume), hyperparameters, {})
        run.record = read_record(run.folder)
        try:
            with locked(run.folder, wait=False):
                pass
        except BlockingIOError:
            fail(f"resume is {hyperparameters.resume!r}; that run is still being trained")
        for left_by_a_crash in run.folder.glob(".*.part.*"):
            left_by_a_crash.unlink()
        for what, now in same.items():
            if run.record.get(what) != now:
                fail(f"resume is {hyperparameters.resume!r}; its {what} is not the same any more")
    else:
        folder = make_run_folder(hyperparameters.results, script, started, hyperparameters.name)
        run = Run(folder, hyperparameters, {"script": script, "name": hyperparameters.name})
        run.record |= {"started": started.isoformat(timespec="seconds"), "epochs_done": 0}
    run.save(
        status="running",
        hyperparameters=dataclasses.asdict(hyperparameters) | {"resume": ""},
        parameters=model.count_params(),
        device=find_device(model),
        cores=os.cpu_count(),
        versions=find_versions(),
        **same,
    )
    images = same["data"]["images"]
    validation = f"{images['validation']:,} validation, " if images["validation"] else ""
    also = "" if validation else " (shown as validation)"
    print(f"script:     {script}")
    print(f"run folder: {run.folder}")
    print(f"device:     {run.record['device']} with the {same['backend']} backend")
    if hyperparameters.precision != "float32":
        print(f"precision:  {hyperparameters.precision}, weights and softmax float32")
    if run.record["device"] == "cpu" and lacks_arithmetic(hyperparameters.precision):
        print(
            f"warning: this processor has no {hyperparameters.precision} arithmetic; compare the "
            "seconds of an epoch, float32 is likely faster"
        )
    print(f"images:     {images['train']:,} training, {validation}{images['test']:,} test{also}")
    print(f"classes:    {data.num_classes}")
    print(f"parameters: {model.count_params():,}")
    write_text(run.folder / "architecture.txt", draw_architecture(model))
    plot_samples(run, data, first_images)
    return run


def describe_data(data):
    """Return the counts, the class names and a digest of all images and labels."""
    digest = hashlib.sha256()
    for part in ("train", "validation", "test"):
        digest.update(np.ascontiguousarray(getattr(data, f"x_{part}")))
        digest.update(np.ascontiguousarray(getattr(data, f"y_{part}")))
    held_out = 0 if data.validation_is_test else len(data.x_validation)
    return {
        "images": {"train": len(data.x_train), "validation": held_out, "test": len(data.x_test)},
        "image_shape": list(data.image_shape),
        "class_names": data.class_names,
        "sha256": digest.hexdigest(),
    }


def describe_network(model):
    """Return a digest of the layers and their settings, all but their names."""
    settings = [[type(layer).__name__, layer.get_config() | {"name": ""}] for layer in model.layers]
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def find_versions():
    """Return the versions of Python and of the packages that a result depends on."""
    packages = ("keras", keras.backend.backend(), "numpy")
    versions = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version()} | versions


def find_device(model):
    """Return the kind of device that holds the network's weights: gpu, tpu, mps or cpu."""
    device = str(model.weights[0].value.device).lower().replace("cuda", "gpu")
    return next((kind for kind in ("gpu", "tpu", "mps") if kind in device), "cpu")


def draw_architecture(model):
    """Return the network as keras_sequential_ascii prints it, channels first.

    The package reads `input_shape` and `output_shape`, which layers had until Keras 2.
    """

    def channels_first(shape):
        return (shape[0], shape[-1], *shape[1:-1])

    class View:
        def __init__(self, layer):
            self.__class__ = type(type(layer).__name__, (View,), {})
            self.name = layer.name
            self.input_shape = channels_first(layer.input.shape)
            self.output_shape = channels_first(layer.output.shape)
            self.activation = getattr(layer, "activation", None)
            self.count_params = layer.count_params

    class Views:
        layers = [View(layer) for layer in model.layers]

    with contextlib.redirect_stdout(io.StringIO()) as drawing:
        keras2ascii(Views)
    return drawing.getvalue()


# ------------------------------------------------------------------------------------------------
# Training

EVALUATION_BATCH_SIZE = 100  # larger is no faster and takes more memory


class ImageBatches(keras.utils.PyDataset):
    """Batches of images as float32 in [0, 1], made from uint8 as they are needed.

    With a `seed` the images are shuffled: their order depends on the seed and the epoch alone.
    """

    def __init__(self, images, labels, batch_size, seed=None):
        super().__init__()
        self.images, self.labels, self.batch_size, self.seed = images, labels, batch_size, seed
        self.order = np.arange(len(images))

    def shuffle(self, epoch):
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.images))

    def __len__(self):
        return math.ceil(len(self.images) / self.batch_size)

    def choose(self, index):
        """Return the images and labels of a batch as they are in memory."""
        chosen = self.order[index * self.batch_size :][: self.batch_size]
        return self.images[chosen], self.labels[chosen]

    def __getitem__(self, index):
        images, labels = self.choose(index)
        return images.astype("float32") / 255, labels

    def stream(self):
        """Return what Keras reads fastest: the same batches in the same order on every backend."""
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf  # its own pipeline prepares the next batches beside training

        shape = (None, *self.images.shape[1:])
        options = tf.data.Options()
        options.autotune.enabled = False  # at the end of an epoch its thread sleeps for seconds
        return (
            tf.data.Dataset.from_generator(
                lambda: map(self.choose, range(len(self))),
                output_signature=(tf.TensorSpec(shape, "uint8"), tf.TensorSpec((None,), "int64")),
            )
            .map(lambda images, labels: (tf.cast(images, "float32") / 255, labels))
            .prefetch(2)
            .apply(tf.data.experimental.assert_cardinality(len(self)))
            .with_options(options)
        )


GUESSING_ADVICE = (
    "try batch normalisation, as in minivggnet.py and vgg16.py, or a learning rate three times "
    "smaller or larger"
)


def is_guessing(accuracy, loss, labels):
    """Return whether a network knows no more than how frequent each class is among `labels`."""
    shares = np.bincount(labels) / len(labels)
    known = shares[shares > 0]
    return accuracy < shares.max() + 0.1 and loss > -0.99 * np.sum(known * np.log(known))


class Stop(Exception):
    """Training ends before its last epoch."""

    def __init__(self, status, exit_status, reason):
        super().__init__(reason)
        self.status, self.exit_status = status, exit_status


@contextlib.contextmanager
def stoppable(recorder):
    """Have Ctrl-C and SIGTERM end training after the batch; a second one ends the program."""

    def stop(number, frame):
        recorder.signal_number = number
        for signal_number in before:
            signal.signal(signal_number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)


class Recorder(keras.callbacks.Callback):
    """Shuffle the images before each epoch; after it, keep on disk all that a later start needs.

    checkpoint.npz holds the finished epochs, every variable of network and optimizer (the state of
    the dropout layers included) and, with `keep_best`, the weights of the best epoch.
    """

    def __init__(self, run, model, batches, quiet):
        super().__init__()
        self.run, self.batches, self.quiet = run, batches, quiet
        self.warned = False
        self.path = run.folder / "checkpoint.npz"
        self.rows, self.best, self.signal_number = [], None, None  # rows of history.csv
        model.optimizer.build(model.trainable_variables)
        self.variables = [*model.variables, *model.optimizer.variables]
        self.weights = model.weights

    def restore(self):
        """Go back to the last finished epoch, if there is one."""
        self.rows = []
        if not self.path.exists():
            return
        try:
            with np.load(self.path, allow_pickle=False) as saved:
                arrays = {name: saved[name] for name in saved.files}
            history = self.run.history().to_dict("records")
            self.rows = history[: int(arrays["epochs"])]
            for index, variable in enumerate(self.variables):
                variable.assign(arrays[f"variable{index}"])
            if self.run.hyperparameters.keep_best:
                self.best = [arrays[f"best{index}"] for index in range(len(self.weights))]
        except Exception as error:  # a damaged file can raise nearly anything
            fail(f"{self.path} or history.csv beside it is damaged: {error}")

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.shuffle(epoch)
        if keras.backend.backend() == "torch":  # its dropout draws from PyTorch's own generator
            keras.utils.set_random_seed((self.run.hyperparameters.seed + epoch) % 2**32)
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.on_test_batch_end(batch)
        if not math.isfinite(logs["loss"]):
            own = self.run.hyperparameters
            reason = (
                f"the loss became {logs['loss']}. Likely the updates are too large: learning_rate "
                f"is {own.learning_rate}, momentum {own.momentum}; try a third of the first, or "
                "less of the second"
            )
            raise Stop("diverged", 1, reason)

    def on_test_batch_end(self, batch, logs=None):
        if self.signal_number:
            raise Stop("interrupted", 128 + self.signal_number, "interrupted")

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1}
        row |= {name: logs[name] for name in ("accuracy", "loss", "val_accuracy", "val_loss")}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self.started, 3)
        self.rows.append(row)
        if self.run.hyperparameters.keep_best and self.best_epoch() == epoch + 1:
            self.best = [keras.ops.convert_to_numpy(weight) for weight in self.weights]
        history = pd.DataFrame(self.rows).to_csv(index=False)
        write_text(self.run.folder / "history.csv", history)
        write_file(self.path, self.save)
        self.run.save(epochs_done=epoch + 1)
        if not self.quiet:
            print(
                f"epoch {epoch + 1}/{self.params['epochs']}"
                f"  loss {row['loss']:.4f}  accuracy {row['accuracy']:.4f}"
                f"  val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:.4f}"
                f"  {row['seconds']:.1f} s",
                flush=True,
            )
        if not self.warned and is_guessing(row["accuracy"], row["loss"], self.batches.labels):
            self.warned = True
            print(f"No better than guessing so far. If that lasts, {GUESSING_ADVICE}")

    def best_epoch(self):
        """Return the epoch with the lowest validation loss, counted from 1."""
        return min(self.rows, key=lambda row: row["val_loss"])["epoch"]

    def save(self, path):
        arrays = {
            f"variable{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(self.variables)
        }
        arrays |= {f"best{index}": weight for index, weight in enumerate(self.best or [])}
        np.savez(path, epochs=len(self.rows), **arrays)


@explain_end()
def train(run, model, data):
    """Train the compiled network, or go on training it, keeping every finished epoch on disk.

    An interrupt, a loss that is not finite or a lack of memory or disk space ends it early: the
    network is then the one of the last finished epoch.
    """
    hyperparameters = run.hyperparameters
    batches = ImageBatches(
        data.x_train, data.y_train, hyperparameters.batch_size, hyperparameters.seed
    )
    validation = ImageBatches(data.x_validation, data.y_validation, EVALUATION_BATCH_SIZE)
    on_terminal = sys.stdout.isatty()  # there Keras draws its progress bar
    recorder = Recorder(run, model, batches, quiet=on_terminal)
    recorder.restore()
    speed.speed_up(model, hyperparameters.batch_size)
    try:
        with locked(run.folder), stoppable(recorder):
            model.fit(
                batches.stream(),
                initial_epoch=len(recorder.rows),
                epochs=hyperparameters.epochs,
                validation_data=validation.stream(),
                callbacks=[recorder],
                shuffle=False,  # ImageBatches does it
                verbose=int(on_terminal),
            )
    except Stop as stop:
        run.stop = stop
        recorder.restore()
    except Exception as error:
        if not re.search("out of memory|OOM|RESOURCE_EXHAUSTED|allocate", repr(error), re.I):
            raise
        fail(f"out of memory; lower batch_size, {hyperparameters.batch_size}: {error}", 1)
    epochs = len(recorder.rows)
    run.save(epochs_done=epochs, seconds=round(sum(row["seconds"] for row in recorder.rows), 3))
    if run.stop:
        if on_terminal:
            print()  # the progress bar has not ended its line
        print(f"Epoch {epochs + 1} of {hyperparameters.epochs}: {run.stop}")
    if not epochs:
        run.save(status=run.stop.status)
        print("No epoch was finished: there is no accuracy to report")
        raise SystemExit(run.stop.exit_status)
    if run.stop and run.stop.status == "interrupted":
        print("Evaluating the epochs that are done; a second Ctrl-C skips that", flush=True)
    if hyperparameters.keep_best:
        for weight, best in zip(recorder.weights, recorder.best, strict=True):
            weight.assign(best)
        run.save(best_epoch=recorder.best_epoch())
        print(f"Kept the weights of epoch {recorder.best_epoch()}: the lowest validation loss")


# ------------------------------------------------------------------------------------------------
# Evaluation


def evaluate(model, images, labels):
    """Predict once; return predicted labels (n,), accuracy in [0, 1] and mean cross-entropy."""
    batches = ImageBatches(images, labels, EVALUATION_BATCH_SIZE)
    model.steps_per_execution = 1  # or TensorFlow has all batches of an execution in memory at once
    probabilities = model.predict(batches.stream(), verbose=0)
    loss = keras.losses.SparseCategoricalCrossentropy()(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    return predicted, float(np.mean(predicted == labels)), float(loss)


# ------------------------------------------------------------------------------------------------
# Plots

TRAIN_COLOR, VALIDATION_COLOR = "#0072b2", "#e07b00"  # told apart with any colour vision
RIGHT_COLOR, WRONG_COLOR = "#18792b", "#c4201d"
OTHER_FONTS = ["Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Microsoft YaHei"]
matplotlib.rcParams["text.parse_math"] = False  # a class may be called "$5 $10"


@functools.cache
def known_letters():
    """Have Matplotlib use what there is of OTHER_FONTS; return the letters it can draw."""
    installed = set(font_manager.get_font_names())
    families = ["DejaVu Sans", *(font for font in OTHER_FONTS if font in installed)]
    matplotlib.rcParams["font.family"] = families
    fonts = [font_manager.get_font(font_manager.findfont(family)) for family in families]
    return set().union(*(font.get_charmap() for font in fonts))


def short_names(class_names, length=24):
    """Return the names for a plot: cut at `length`, a number where no font has the letters."""
    return [
        (name if len(name) <= length else name[: length - 1] + "…")
        if {ord(letter) for letter in name} <= known_letters()
        else f"class {label}"
        for label, name in enumerate(class_names)
    ]


def new_figure(run, title, width=8, height=5.5):
    """Return a figure that names its run and the run's main hyperparameters."""
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    figure.suptitle(  # the empty lines keep room for the details
        f"{run.script}: {title}\n\n", x=0.012, ha="left", fontsize=13, fontweight="bold"
    )
    details = f"{run.folder.name}\n{run.hyperparameters}"
    figure.text(0.012, 1 - 0.36 / height, details, va="top", fontsize=8, color="#666666")
    return figure


def save_figure(figure, path):
    """Write the figure as a PNG file, whole or not at all."""
    write_file(path, figure.savefig)


def plot_images(figure, images, titles, colors, rows, columns):
    """Draw images in a grid, each under its title."""
    for index, (image, title, color) in enumerate(zip(images, titles, colors, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1, xticks=[], yticks=[])
        axes.imshow(image, interpolation="nearest")
        axes.set_title(title, fontsize=8, color=color)
        axes.spines[:].set_visible(False)


def plot_samples(run, data, first_images=0):
    """Draw samples.png: images of each class, or the first training images in their order."""
    if first_images:
        chosen = np.arange(min(first_images, len(data.x_train)))
        columns, title = 12, f"the first {len(chosen)} training images"
    else:
        each = 1 if data.num_classes > 4 else 5
        labels = range(0, data.num_classes, math.ceil(data.num_classes / 100))
        chosen = np.concatenate([np.flatnonzero(data.y_train == n)[:each] for n in labels])
        columns, title = 5 if data.num_classes <= 20 else 10, "training images of each class"
        if len(labels) < data.num_classes:
            title = f"training images of {len(labels)} of the {data.num_classes:,} classes"
    names = short_names(data.class_names, 18)
    titles = [names[label] for label in data.y_train[chosen]]
    rows = math.ceil(len(chosen) / columns)
    figure = new_figure(run, title, width=1.25 * columns + 0.5, height=1.4 * rows + 0.9)
    plot_images(figure, data.x_train[chosen], titles, ["black"] * len(chosen), rows, columns)
    save_figure(figure, run.folder / "samples.png")


def plot_history(run, metric, validation_name):
    """Draw accuracy.png or loss.png: training against validation, per epoch."""
    history = run.history()
    figure = new_figure(run, f"training and validation {metric}")
    axes = figure.add_subplot()
    marker = "o" if len(history) <= 30 else None
    axes.plot(history.epoch, history[metric], color=TRAIN_COLOR, marker=marker, label="training")
    validation = history[f"val_{metric}"]
    axes.plot(
        history.epoch, validation, color=VALIDATION_COLOR, marker=marker, label=validation_name
    )
    if "best_epoch" in run.record:
        axes.axvline(run.record["best_epoch"], color="gray", linestyle=":", label="weights kept")
    axes.set(xlabel="epoch", ylabel=metric)
    axes.set_ylim(0, 1 if metric == "accuracy" else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)  # hides nothing
    save_figure(figure, run.folder / f"{metric}.png")


def plot_confusion_matrix(run, matrix, class_names):
    """Draw confusion_matrix.png; numbers up to 25 classes, colours by share of the true class."""
    count = len(class_names)
    size = min(max(8, 0.19 * count + 3), 24)
    figure = new_figure(run, "confusion matrix", width=size + 0.8, height=size)
    axes = figure.add_subplot()
    seaborn.heatmap(
        matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1),
        annot=matrix if count <= 25 else None,
        fmt="d",
        cmap="Blues",
        vmin=0,
        vmax=1,
        square=True,
        linewidths=0.5 if count <= 25 else 0,
        xticklabels=False,  # seaborn takes seconds to place a hundred
        yticklabels=False,
        cbar_kws={"label": "share of the true class", "shrink": 0.7, "aspect": 30},
        ax=axes,
    )
    named = np.arange(0, count, math.ceil(count / 120))  # a name needs room to be read
    names = np.array(short_names(class_names))[named]
    axes.set_xticks(named + 0.5, names, rotation=90 if max(map(len, names)) > 2 else 0)
    axes.set_yticks(named + 0.5, names)
    axes.set(xlabel="predicted class", ylabel="true class")
    save_figure(figure, run.folder / "confusion_matrix.png")


def plot_predictions(run, data, predicted, rows=4, columns=8):
    """Draw predictions.png: test images, the same in every run, titled predicted (true)."""
    chosen = np.random.default_rng(0).permutation(len(data.x_test))[: rows * columns]
    true, guess = data.y_test[chosen], predicted[chosen]
    names = np.array(short_names(data.class_names, 18))
    titles = [f"{p}\n({t})" for p, t in zip(names[guess], names[true], strict=True)]
    colors = [RIGHT_COLOR if right else WRONG_COLOR for right in guess == true]
    figure = new_figure(
        run, "test images, predicted (true) class", width=1.3 * columns, height=1.6 * rows + 0.9
    )
    plot_images(figure, data.x_test[chosen], titles, colors, rows, columns)
    save_figure(figure, run.folder / "predictions.png")


# ------------------------------------------------------------------------------------------------
# Report


@explain_end()
def report(run, model, data):
    """Evaluate the trained network on the test set and write what is to be seen of it.

    What is precious comes first: the weights, the accuracy, the numbers, then the pictures.
    """
    write_file(run.folder / "model.keras", model.save)
    predicted, accuracy, loss = evaluate(model, data.x_test, data.y_test)
    run.save(test_accuracy=accuracy, test_loss=loss)
    labels = range(data.num_classes)
    matrix = sklearn.metrics.confusion_matrix(data.y_test, predicted, labels=labels)
    table = pd.DataFrame(matrix, data.class_names, data.class_names)
    write_text(run.folder / "confusion_matrix.csv", table.to_csv(index_label="true/predicted"))
    words = sklearn.metrics.classification_report(
        data.y_test,
        predicted,
        labels=labels,
        target_names=data.class_names,
        digits=4,
        zero_division=0,
    )
    write_text(run.folder / "classification_report.txt", words)
    exit_status = run.stop.exit_status if run.stop else 0
    validation_name = "validation (the test set)" if data.validation_is_test else "validation"
    for plot, *arguments in (
        (plot_history, "accuracy", validation_name),
        (plot_history, "loss", validation_name),
        (plot_confusion_matrix, matrix, data.class_names),
        (plot_predictions, data, predicted),
    ):
        try:
            plot(run, *arguments)
        except Exception as error:  # a failed picture must not cost the next one
            print(f"error: {plot.__name__} failed: {error!r}", file=sys.stderr)
            exit_status = exit_status or 1
    run.save(status=run.stop.status if run.stop else "finished")
    if run.record["status"] != "interrupted":
        (run.folder / "checkpoint.npz").unlink(missing_ok=True)
    print(f"Accuracy: {accuracy:.2%} of {len(predicted):,} test images")
    last = run.history().iloc[-1]
    if is_guessing(accuracy, loss, data.y_test) and is_guessing(
        last.accuracy, last.loss, data.y_train
    ):
        favourite = np.bincount(predicted).argmax()
        share, name = np.mean(predicted == favourite), data.class_names[favourite]
        print(f"No better than guessing: it called {share:.0%} of the test images {name!r}.")
        print(f"The network has not begun to learn; {GUESSING_ADVICE}")
    epochs, seconds = run.record["epochs_done"], run.record["seconds"]
    print(f"Training: {epochs} epoch{'s' * (epochs != 1)} in {seconds / 60:.1f} minutes")
    refresh_page(run.folder.parent.parent)
    print(f"Files in {run.folder}:")
    print("  " + " ".join(sorted(path.name for path in run.folder.iterdir())))
    if run.record["status"] == "interrupted":
        print(f"To go on: python {sys.argv[0]} --resume {shlex.quote(str(run.folder))}")
    if exit_status:
        raise SystemExit(exit_status)


def refresh_page(results):
    """Bring the page that lays all runs side by side up to date; a run never fails by it."""
    try:
        import compare  # here, so that nothing that is wrong with it can stop a run

        compare.write_page(compare.Options(results=results))
        print(f"Side by side with other runs: {results / 'index.html'}")
    except Exception as error:
        print(f"The page {results / 'index.html'} was not refreshed: {error!r}")
