"""What the tests share: an empty Keras cache, small images, and scripts run as a user does."""

import dataclasses
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = tempfile.mkdtemp(prefix="keras-")
os.environ |= {"KERAS_HOME": CACHE, "PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores Ctrl-C
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # by nohup
    signal.signal(signal.SIGHUP, lambda *_: None)  # which, unlike SIG_IGN, no child inherits

import importlib

import common
from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from internals.comparison import page
from internals.comparison.page import PICTURES
from internals.data.dataset import load_digits
from internals.report import style
from internals.runs.run import Run
from internals.training import run_summary
from internals.training.checkpoint import Checkpoint
from internals.training.devices import set_seed

gc.freeze()  # what is loaded stays: each search of it would take half a second
SCRIPTS = ("4layerCNN", "6layerCNN", "minivggnet", "vgg16", "udacity_cnn")


def pytest_unconfigure():
    shutil.rmtree(CACHE, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def no_files_left_behind():
    """Fail the session if a test left a file in the checkout."""

    def files():
        skipped = {".git", ".venv", ".pytest_cache", ".ruff_cache", "__pycache__"}
        return {path for path in ROOT.rglob("*") if not skipped & set(path.relative_to(ROOT).parts)}

    before = files()
    yield
    assert files() == before


@pytest.fixture(autouse=True)
def no_run_held():
    """Release the run that a test began and left, or the next test would end it."""
    yield
    if Run.held:
        Run.held.release()


def run_script(script, *arguments, cwd=ROOT, **environment):
    """Run a script in a process of its own; return it with returncode, stdout and stderr."""
    return subprocess.run(
        [sys.executable, ROOT / f"{script}.py", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


class Zygote:
    """A process that has loaded Keras once and runs scripts in forks of itself."""

    def __init__(self, **environment):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "zygote.py"],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, script, *arguments, cwd, output, drawn=False, **environment):
        """Start a script in `cwd`, its terminal being two files in `output`; return its pid."""
        self.output = Path(output)
        request = {"script": str(script), "arguments": [*map(str, arguments)]}
        request |= {"cwd": str(cwd), "output": str(output), "drawn": drawn}
        request |= {"environment": environment}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline().removeprefix("pid "))

    def wait(self):
        """Return the finished script with returncode (-9: killed), stdout and stderr."""
        status = int(self.process.stdout.readline().removeprefix("status "))
        texts = [(self.output / f"{name}.txt").read_text() for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(None, status, *texts)

    def run(self, *arguments, **places):
        self.start(*arguments, **places)
        return self.wait()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope="session")
def zygote():
    zygote = Zygote()
    yield zygote
    zygote.end()


def import_script(name):
    return importlib.import_module(name)


def only_run(results):
    """Return the folder of the one run below `results`."""
    (folder,) = Path(results).glob("*/*/")
    return folder


def save_images(folder, images, labels, names):
    """Write images as folder/<class>/NNNN.png."""
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = Path(folder, names[label], f"{index:04d}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def save_digits(folder, train, test):
    """Write that many training and test images of the digits 0 to 9; return the folder."""
    (x_train, y_train), (x_test, y_test), names = load_digits()
    save_images(folder / "train", x_train[:train], y_train[:train], names)
    save_images(folder / "test", x_test[:test], y_test[:test], names)
    return folder


@pytest.fixture(scope="session")
def digits_folder(tmp_path_factory):
    """Return a folder of 200 training and 80 test images of the digits 0 to 9."""
    return save_digits(tmp_path_factory.mktemp("digits"), 200, 80)


def save_wide_photos(folder, count):
    """Write photos whose class is what lies at their left or right end, in many kinds of files."""
    random = np.random.default_rng(count)
    for index in range(count):
        pixels = random.integers(0, 120, (30, 90, 3), dtype="uint8")
        name = ("left", "right")[index % 2]
        pixels[:, :20] = pixels[:, :20] + 130 * (name == "left")
        pixels[:, 70:] = pixels[:, 70:] + 130 * (name == "right")
        photo = Image.fromarray(pixels)
        if index % 5 == 1:
            photo.putalpha(200)
        elif index % 5 == 2:
            photo = photo.convert("P")
        elif index % 5 == 3:
            photo = Image.fromarray(pixels[..., 0].astype("uint16") * 256)
        mislabelled = ("left", "right")[(index + (index % 9 == 0)) % 2]
        path = folder / mislabelled / f"{index:03d}.{'jpg' if index % 5 == 4 else 'png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        photo.save(path)


@pytest.fixture(scope="session")
def wide_photos(tmp_path_factory):
    """Return a folder of training and 40 test photos, of which every ninth has the wrong label."""
    folder = tmp_path_factory.mktemp("wide")
    save_wide_photos(folder / "train", 60)
    save_wide_photos(folder / "test", 40)
    return folder


@pytest.fixture(scope="session")
def wide_run(tmp_path_factory, wide_photos):
    """Return the folder of a run whose network tells wide photos apart by their ends."""
    results = str(tmp_path_factory.mktemp("wide-run") / "results")
    hyperparameters = dataclasses.replace(
        import_script("4layerCNN").PUBLISHED, data=str(wide_photos), results=results, epochs=1
    )
    data = common.load_data(hyperparameters)
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.AveragePooling2D((32, 8))])
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile(loss=common.make_loss(hyperparameters), metrics=["accuracy"])
    ends = np.array([[2, 0]] * 3 + [[0, 0]] * 6 + [[0, 2]] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "draw", lambda *_: None)
        patch.setattr(page, "refresh", lambda *_: None)
        run = common.start_run("wide.py", model, data, hyperparameters)
        model.set_weights([ends, np.zeros(2)])
        common.report(run, model, data)
    return run.folder


@pytest.fixture
def make_hyperparameters(tmp_path):
    """Return a function that makes 4layerCNN's hyperparameters with changes."""

    def make(**changes):
        values = {"data": "digits", "results": str(tmp_path / "results"), "epochs": 1} | changes
        return dataclasses.replace(import_script("4layerCNN").PUBLISHED, **values)

    return make


@pytest.fixture
def small_data():
    """Return 96 training, 32 validation and 40 test digits, by class as uneven as they come."""
    (x, y), (x_test, y_test), names = load_digits()
    return common.Dataset(x[:96], y[:96], x[96:128], y[96:128], x_test[:40], y_test[:40], names)


@pytest.fixture
def small_model(small_data):
    """Return a compiled network with BatchNormalization and Dropout that trains in a second."""

    def build(hyperparameters, num_classes=10):
        set_seed(hyperparameters.seed)
        model = keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                keras.layers.Conv2D(4, 3, strides=4, activation="relu"),
                keras.layers.BatchNormalization(),
                keras.layers.Flatten(),
                keras.layers.Dropout(0.3),
                keras.layers.Dense(num_classes, activation="softmax"),
            ]
        )
        optimizer = common.make_optimizer(hyperparameters, small_data)
        model.compile(optimizer, common.make_loss(hyperparameters), metrics=["accuracy"])
        return model

    return build


@pytest.fixture
def start(small_model, small_data):
    """Return a function that starts or resumes a run of the small network and trains it."""

    def start(hyperparameters, data=small_data, build=small_model):
        model = build(hyperparameters)
        run = common.start_run("small.py", model, data, hyperparameters)
        common.train(run, model, data)
        run.release()  # as the end of the process would
        return run, model

    return start


@pytest.fixture
def undrawn(monkeypatch):
    """Have reports write no pictures and no page, which take most of their time."""
    monkeypatch.setattr(style, "draw", lambda *_: None)
    monkeypatch.setattr(page, "refresh", lambda *_: None)


@pytest.fixture
def eager():
    """Have TensorFlow make no graphs: a few steps take less time than a graph of them."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf  # Keras has no such switch for a data set's functions

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def at_epoch(monkeypatch):
    """Return a function that has `action(recorder)` happen as an epoch, counted from 1, begins."""

    def at_epoch(number, action):
        begin = Checkpoint.on_epoch_begin

        def on_epoch_begin(self, epoch, logs=None):
            begin(self, epoch, logs)
            if epoch + 1 == number:
                monkeypatch.undo()
                action(self)

        monkeypatch.setattr(Checkpoint, "on_epoch_begin", on_epoch_begin)

    return at_epoch


@pytest.fixture
def handlers():
    """Restore the signal handlers afterwards: an interrupted run leaves the default ones."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number):
    return lambda recorder: os.kill(os.getpid(), number)


LABELS = np.array([0, 0, 0, 0, 1, 1, 2])


PREDICTED = np.array([0, 1, 1, 2, 1, 0, 2])


class KnownModel:
    """A network that predicts PREDICTED with a probability of 0.8."""

    weights = [keras.Variable(0.0)]
    layers = []
    steps_per_execution = 1

    def predict(self, batches, verbose):
        probabilities = np.full((len(PREDICTED), 3), 0.1, dtype="float32")
        probabilities[np.arange(len(PREDICTED)), PREDICTED] = 0.8
        return probabilities

    def save(self, path):
        path.write_bytes(b"weights")


@pytest.fixture
def run(tmp_path, make_hyperparameters):
    hyperparameters = make_hyperparameters(epochs=2)
    record = {"script": "known", "epochs_done": 2, "seconds": 90.0}
    record |= {"hyperparameters": dataclasses.asdict(hyperparameters)}
    folder = tmp_path / "results" / "known" / "2026-11-20_14-30-12"
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(
        "epoch,accuracy,loss,val_accuracy,val_loss,learning_rate,seconds\n"
        "1,0.25,1.5,0.5,1.25,0.1,40\n2,0.5,1.25,0.75,1.0,0.1,50\n"
    )
    caption = run_summary.format_hyperparameters(hyperparameters, {})
    return Run(folder, hyperparameters, record, caption=caption)


@pytest.fixture
def data(random):
    images = random.integers(0, 256, (7, 32, 32, 3), dtype="uint8")
    return common.Dataset(images, LABELS, images, LABELS, images, LABELS, ["ant", "b<e>", "$c$"])


HOSTILE = "<script>alert(1)</script>"


def write_run(results, script, started, *, accuracy=0.5, epochs=3, name="", **hyperparameters):
    """Write what compare.py reads of a finished run; return its folder."""
    folder = results / script / f"2026-11-20_14-30-{started:02d}"
    folder.mkdir(parents=True)
    own = {"epochs": epochs, "learning_rate": 0.1, "data": "digits", "name": name, "results": "r"}
    record = {"script": script, "name": name, "status": "finished", "parameters": 1_250_858}
    record |= {
        "started": f"2026-11-20T14:30:{started:02d}",
        "hyperparameters": own | hyperparameters,
    }
    record |= {"test_accuracy": accuracy}
    (folder / "run.json").write_text(json.dumps(record))
    history = pd.DataFrame({"epoch": range(1, epochs + 1)})
    history["val_accuracy"] = np.linspace(0.1, accuracy, epochs)
    history["seconds"] = 30.0
    history.to_csv(folder / "history.csv", index=False)
    matrix = pd.DataFrame([[5, 1, 0], [2, 4, 0], [0, 3, 3]], ["cat", "dog", HOSTILE])
    matrix.columns = matrix.index
    matrix.to_csv(folder / "confusion_matrix.csv")
    for picture in PICTURES:
        Image.new("RGB", (8, 5), "white").save(folder / f"{picture}.png")
    return folder


@pytest.fixture
def results(tmp_path):
    """Return a folder of three runs, of which the last by name is the best."""
    folder = tmp_path / "results"
    write_run(folder, "4layerCNN", 1, accuracy=0.25, epochs=2)
    write_run(folder, "4layerCNN", 2, accuracy=0.5, learning_rate=0.01)
    write_run(folder, "6layerCNN", 3, accuracy=0.75, epochs=20, name=HOSTILE)
    return folder


@pytest.fixture
def random():
    return np.random.default_rng(0)
