"""What the tests share: an empty Keras cache, small images, and scripts run as a user does."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = tempfile.mkdtemp(prefix="keras-")
os.environ |= {"KERAS_HOME": CACHE, "PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True

import importlib

import common

import numpy as np
import pytest
from PIL import Image

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

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "zygote.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, script, *arguments, cwd, output):
        """Start a script in `cwd`, its terminal being two files in `output`; return its pid."""
        self.output = Path(output)
        request = {"script": script, "arguments": [*map(str, arguments)]}
        request |= {"cwd": str(cwd), "output": str(output)}
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


@pytest.fixture(scope="session")
def zygote():
    zygote = Zygote()
    yield zygote
    zygote.process.stdin.close()
    zygote.process.wait()


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
    (x_train, y_train), (x_test, y_test), names = common.load_digits()
    save_images(folder / "train", x_train[:train], y_train[:train], names)
    save_images(folder / "test", x_test[:test], y_test[:test], names)
    return folder


@pytest.fixture(scope="session")
def digits_folder(tmp_path_factory):
    """Return a folder of 200 training and 80 test images of the digits 0 to 9."""
    return save_digits(tmp_path_factory.mktemp("digits"), 200, 80)


@pytest.fixture
def make_hyperparameters(tmp_path):
    """Return a function that makes 4layerCNN's hyperparameters with changes."""

    def make(**changes):
        values = {"data": "digits", "results": str(tmp_path / "results"), "epochs": 1} | changes
        return common.dataclasses.replace(import_script("4layerCNN").HYPERPARAMETERS, **values)

    return make


@pytest.fixture
def small_data():
    """Return 96 training, 32 validation and 40 test digits, by class as uneven as they come."""
    (x, y), (x_test, y_test), names = common.load_digits()
    return common.Dataset(x[:96], y[:96], x[96:128], y[96:128], x_test[:40], y_test[:40], names)


@pytest.fixture
def small_model():
    """Return a compiled network with BatchNormalization and Dropout that trains in a second."""

    def build(hyperparameters, num_classes=10):
        keras = common.keras
        common.set_seed(hyperparameters.seed)
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
        optimizer = common.make_optimizer(hyperparameters)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build


@pytest.fixture
def random():
    return np.random.default_rng(0)
