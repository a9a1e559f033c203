"""A run's network for other programs: an ONNX file or a SavedModel, preprocessing inside."""

import contextlib
import io
import os
import shutil
import warnings
from pathlib import Path

from internals.core.keras_loader import keras, quiet

import numpy as np

from internals.core.files import expand, fail
from internals.core.free_memory import format_bytes
from internals.core.probabilities import LOGITS, SCORES
from internals.core.text import enumerate_few, format_line, format_path
from internals.prediction import network, occlusion
from internals.runs.run_reader import class_names

PACKAGES = "onnx==1.23.2 tf2onnx==1.17.0 onnxruntime==1.32.0"  # with which it was tried
CHECKED, LARGEST = 8, 0.02  # images; the difference of probabilities that rounding may make
INPUT = "images"


class Exported(keras.Model):
    """A network that takes uint8 images (n, height, width, 3), and answers with probabilities."""

    def __init__(self, model, normalise, meaning, flip):
        super().__init__()
        self.model, self.normalise, self.meaning, self.flip = model, normalise, meaning, flip

    def call(self, images):
        answers = self.ask(images)
        return (answers + self.ask(images[:, :, ::-1])) / 2 if self.flip else answers

    def ask(self, images):
        """Return the probabilities of images, as `to_probabilities` makes them of outputs."""
        outputs = keras.ops.cast(self.model(self.normalise(images), training=False), "float32")
        if self.meaning == LOGITS:
            return keras.ops.softmax(outputs)
        if self.meaning == SCORES:
            return outputs / keras.ops.maximum(keras.ops.sum(outputs, 1, keepdims=True), 1e-12)
        return outputs


def export(run, path, normalise):
    """Write a run's network to `path`, run what was written, and say how far it is from the run's.

    The program ends with a message where that cannot be done; then nothing is left at `path`.
    """
    names, record = class_names(run), run.record
    model, normalise, shape = network.load_trained(run, names, normalise)
    flip = record["hyperparameters"].get("flip_test", False)
    images = make_images(shape)
    outputs = model.predict_on_batch(normalise(images)).astype("float32")
    exported = Exported(model, normalise, network.recorded_meaning(record, outputs), flip)
    predict = network.make_predict(model, normalise, record)
    wanted = occlusion.predict_all(predict, images, flip)
    target = expand(path)
    kind = "onnx" if target.suffix else "tf_saved_model"
    beside = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        write(exported, beside, kind, images)
        difference = compare(beside, kind, images, wanted)
        beside.rename(target)
    except OSError as error:
        fail(f"export is {path!r}; it cannot be written: {error.strerror or error}", 1)
    finally:
        beside.unlink(missing_ok=True) if target.suffix else shutil.rmtree(beside, True)
    print(f"Exported to {format_path(target)}, {format_bytes(measure(target))}")
    size = ", ".join(map(str, shape))
    print(f"takes:   {INPUT}, uint8 (n, {size}), red, green, blue from 0 to 255")
    print(f"answers: probabilities (n, {len(names)}) of {enumerate_few(names, 20)}")
    print(difference)


def make_images(shape):
    """Return some images of noise, dark to light, on which a network is tried."""
    noise = np.random.default_rng(0).integers(0, 256, (CHECKED, *shape))
    return (noise * np.linspace(0, 1, CHECKED)[:, None, None, None]).astype("uint8")


def write(exported, path, kind, images):
    """Write the network by what Keras has for it; end the program where a package is missing."""
    signature = [keras.InputSpec(shape=(None, *images.shape[1:]), dtype="uint8", name=INPUT)]
    silent = contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore")
    try:
        with quiet(), silent[0], silent[1]:
            exported(images)  # or Keras knows no shapes
            exported.export(path, format=kind, verbose=False, input_signature=signature)
    except ImportError as error:
        fail(explain_lack(kind, error))
    except OSError:
        raise
    except Exception as error:  # a layer or a preprocessing of one's own can do nearly anything
        words = format_line(f"{type(error).__name__}: {error}".splitlines()[0][:300])
        fail(f"this network cannot be exported as {kind}: {words}", 1)


def explain_lack(kind, error):
    """Return which package an export lacks, and how to come to one."""
    backend = keras.backend.backend()
    words = f"export as {kind} needs {error.name or 'a package'}, which is not installed"
    if kind != "onnx":
        return f"{words}: python -m pip install tensorflow"
    if backend != "tensorflow":  # others need other packages, which were not tried
        words = f"{words} for {backend}; with KERAS_BACKEND=tensorflow this is enough"
    return f"{words}: python -m pip install {PACKAGES}"


def compare(path, kind, images, wanted):
    """Run what was exported; return in words how far it is from what is wanted of it."""
    try:
        with quiet():
            found = run_exported(path, kind, images)
    except ImportError as error:
        return f"not checked: {error.name} is not installed: python -m pip install {PACKAGES}"
    largest = float(abs(found - wanted).max())
    if not largest <= LARGEST:
        fail(
            f"what was exported answers otherwise than the network: by {largest:.2g} of a "
            f"probability on {CHECKED} images, where {LARGEST} would do; it is not kept",
            1,
        )
    return f"checked: on {CHECKED} images the largest difference of a probability is {largest:.1e}"


def run_exported(path, kind, images):
    """Return the probabilities (n, classes) that an exported network gives images."""
    if kind == "onnx":
        import onnxruntime  # here, because few have it

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return session.run(None, {INPUT: images})[0]
    import tensorflow as tf  # it reads its own format, whatever the backend

    loaded = tf.saved_model.load(str(path))  # a name of its own, or it is gone before it is run
    return np.asarray(loaded.serve(tf.constant(images)))


def measure(path):
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [Path(path)]
    return sum(file.stat().st_size for file in files if file.is_file())
