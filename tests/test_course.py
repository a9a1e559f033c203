"""The course's worked example, its pictures, its baselines and its JPEG copy."""

import importlib
import re
import sys

import keras
import numpy as np
import pytest
from conftest import ROOT, only_run
from PIL import Image

from internals.data.dataset import load_digits
from internals.data.image_folder import load_folder

COURSE = ROOT / "docs" / "course"
sys.path[:0] = [str(ROOT / "docs" / folder) for folder in ("programs", "networks", "pictures")]
QUICK = "baselines decay mistakes rates receptive_field seeds six_layers".split()


def small_network(weights):
    """Return the network of chapter 9 with these weights, and SGD with its learning rate."""
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2, activation="relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.set_weights(weights)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    return model


@pytest.fixture(scope="module")
def step():
    """Return weights, probabilities and loss of chapter 9 before and after Keras makes the step."""
    from gradient_step import HIDDEN, HIDDEN_BIAS, OUTPUT, OUTPUT_BIAS

    weights = [HIDDEN, HIDDEN_BIAS, OUTPUT, OUTPUT_BIAS]
    image, right = np.array([[1.0, 2.0]]), np.array([1])
    model, found = small_network(weights), []
    for _ in range(2):
        shares = np.asarray(model(image))[0]
        before = model.get_weights()
        loss = model.train_on_batch(image, right)
        found.append((before, shares, float(loss)))
    return found


def test_worked_step_is_what_keras_computes(step):
    (before, _, _), (after, _, _) = step
    text = (COURSE / "09_backpropagation.md").read_text()
    number = r"(-?\d\.\d{3})"
    rows = dict(
        (name, [float(each) for each in numbers])
        for name, *numbers in re.findall(
            rf"^\| (\w.*?) \| {number} \| {number} \| {number} \|$", text, re.MULTILINE
        )
    )
    places = {
        "first pixel to first unit": (0, (0, 0)),
        "second pixel to first unit": (0, (1, 0)),
        "bias of the first unit": (1, 0),
        "first unit to class 0": (2, (0, 0)),
        "first unit to class 1": (2, (0, 1)),
        "bias of class 0": (3, 0),
        "bias of class 1": (3, 1),
    }
    assert rows.keys() == places.keys()
    for name, (array, place) in places.items():
        was, now = before[array][place], after[array][place]
        assert rows[name] == pytest.approx([was, (was - now) / 0.1, now], abs=0.00051), name
    for array in range(4):  # what the table leaves out has not moved
        for place in np.ndindex(before[array].shape):
            if (array, place if len(place) > 1 else place[0]) not in places.values():
                assert before[array][place] == after[array][place]


def test_worked_step_has_the_probabilities_and_losses_of_keras(step):
    text = (COURSE / "09_backpropagation.md").read_text()
    for _, shares, loss in step:
        for number in (*shares, loss):
            assert f"{number:.3f}" in text


def test_chapters_are_numbered_and_lead_to_each_other():
    chapters = importlib.import_module("chapters")
    found = chapters.chapters()
    assert [chapters.number_of(path) for path in found] == [*range(1, len(found) + 1)]
    course = (ROOT / "docs" / "course.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\d+\. \[.*?\]\(course/(.*?)\)", course, re.MULTILINE)
    assert listed == [path.name for path in found]
    for path in chapters.DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        assert chapters.fill(text, path) == text, f"python docs/programs/chapters.py mends {path}"
        unlinked = re.findall(r"(?i)(?<!\[)\bchapter\s\d+", text)
        assert not unlinked, f"{path} names {unlinked} without a link, which cannot be numbered"


def test_chapters_begin_with_what_they_are_for():
    for path in importlib.import_module("chapters").chapters():
        assert path.read_text(encoding="utf-8").split("\n")[4].startswith("**After this chapter")


def test_inserted_chapter_moves_those_after_it(tmp_path, monkeypatch):
    chapters = importlib.import_module("chapters")
    monkeypatch.setattr(chapters, "COURSE", tmp_path)
    (tmp_path / "01_first.md").write_text("# 1. First\n\nText, see [chapter 2](02_last.md).\n")
    (tmp_path / "02_new.md").write_text("# New\n\nText.\n")
    (tmp_path / "03_last.md").write_text("# 2. Last\n\nText.\n")
    monkeypatch.setattr(chapters, "DOCUMENTS", chapters.chapters())
    chapters.main()
    first, new, last = (path.read_text() for path in chapters.chapters())
    assert "see [chapter 3](03_last.md)" in first and first.endswith("next: [2. New](02_new.md)\n")
    around = "[The course](../course.md) | previous: [1. First](01_first.md) | "
    around += "next: [3. Last](03_last.md)"
    assert new == f"# 2. New\n\n{around}\n\nText.\n\n{around}\n"
    assert last.startswith("# 3. Last\n")
    chapters.main()
    assert [path.read_text() for path in chapters.chapters()] == [first, new, last]


@pytest.mark.parametrize("name", QUICK)
def test_picture_is_what_its_program_draws(name, tmp_path):
    drawing, picture = importlib.import_module("drawing"), importlib.import_module(name)
    drawing.save(picture.draw(), tmp_path / f"{name}.py")
    new, committed = (
        np.asarray(Image.open(folder / f"{name}.png").convert("RGB"), dtype=int)
        for folder in (tmp_path, ROOT / "docs" / "pictures")
    )
    assert new.shape == committed.shape
    other = (np.abs(new - committed).max(axis=2) > 60).sum()  # pixels
    assert other < 50, f"python docs/pictures/{name}.py draws another"


def test_every_picture_has_its_command_in_the_course():
    chapters = "".join(path.read_text() for path in COURSE.glob("*.md"))
    for path in (ROOT / "docs" / "pictures").glob("*.png"):
        assert f"](../pictures/{path.name})" in chapters, path
        assert f"python docs/pictures/{path.stem}.py" in chapters, path


def test_signal_shrinks_under_glorot_and_not_under_he():
    signal = importlib.import_module("vgg_signal")
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3)).astype("uint8")
    found = {}
    for _, initializer in {signal.WAYS[name] for name in signal.WAYS if "batch" not in name}:
        model = keras.Sequential([keras.Input((8, 8, 3))])
        for _ in range(8):
            model.add(keras.layers.Conv2D(32, 3, padding="same", activation="relu"))
        model.add(keras.layers.Flatten())
        model.add(keras.layers.Dense(10, activation="softmax"))
        signal.initialise(model, initializer)
        sums, gradients = signal.measure(model, signal.with_kernels(model), images, np.arange(8))
        assert len(sums) == len(gradients) == 9
        found[initializer.__name__] = sums[7] / sums[0]
    assert found["GlorotUniform"] < 0.2 * found["HeNormal"]


def test_gradient_grows_less_with_shortcuts():
    drawn = importlib.import_module("resnet_signal")
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3)).astype("uint8")
    growth = {}
    for shortcuts in (True, False):
        keras.utils.set_random_seed(0)
        model = drawn.resnet.build_model((16, 16, 3), 10, 5, shortcuts)
        layers = drawn.in_line(model)
        assert len(layers) == 6 * 5 + 2
        _, gradients = drawn.measure(model, layers, images, np.arange(8))
        growth[shortcuts] = gradients[0] / gradients[-2]
    assert growth[False] > 2 * growth[True], growth


def test_receptive_field_is_what_changes():
    receptive = importlib.import_module("receptive_field")
    model = importlib.import_module("4layerCNN").build_model((32, 32, 3), 10)
    fields = receptive.receptive_fields(model)
    assert [seen for _, seen, _ in fields] == [3, 5, 6, 10, 14, 16]
    assert type(model.layers[6]).__name__ == "MaxPooling2D" and fields[-1][2] == 6
    image = np.random.default_rng(0).random((1, 32, 32, 3)).astype("float32")
    images = np.repeat(image, 33, axis=0)
    for column in range(32):
        images[column, :, column] += 1
    for layer in model.layers[:7]:
        images = layer(images)
    out = np.asarray(images)[:, 2, 2]
    changed = np.flatnonzero(np.any(out[:32] != out[32], axis=1))
    assert len(changed) <= 16 and np.ptp(changed) < 16 and len(changed) > 12


@pytest.mark.parametrize(("name", "parameters"), [("linear", 30_730), ("mlp", 1_233_210)])
def test_baseline_is_as_large_as_it_says(name, parameters):
    network = importlib.import_module(name).build_model((32, 32, 3), 10)
    assert network.count_params() == parameters
    assert len((ROOT / "docs" / "networks" / f"{name}.py").read_text().splitlines()) < 60


def test_baseline_trains_and_reports(tmp_path, zygote):
    arguments = ("--data", "digits", "--epochs", 1)
    places = {"cwd": tmp_path, "output": tmp_path, "drawn": True}
    done = zygote.run(ROOT / "docs" / "networks" / "mlp", *arguments, **places)
    assert done.returncode == 0, done.stderr
    assert (only_run(tmp_path / "results") / "accuracy.png").exists()


def test_jpeg_copy(tmp_path, zygote, make_hyperparameters):
    program = ROOT / "docs" / "programs" / "make_jpeg_copy"
    own = {"cwd": tmp_path, "output": tmp_path}
    done = zygote.run(program, "copy", "--data", "digits", **own)
    assert done.returncode == 0, done.stderr
    assert "1,437 training and 360 test images in copy" in done.stdout
    with Image.open(tmp_path / "copy" / "train" / "3" / "0000.jpg") as image:
        assert image.layer == [(1, 2, 2, 0), (2, 1, 1, 1), (3, 1, 1, 1)]  # half the colours
        assert [table[:8] for table in image.quantization.values()] == [  # those of quality 75
            [8, 6, 5, 8, 12, 20, 26, 31],
            [9, 9, 12, 24, 50, 50, 50, 50],
        ]
    read = load_folder(tmp_path / "copy", make_hyperparameters())
    (x, _), names = read.train, read.class_names
    assert len(x) == 1437 and len(names) == 10
    digits, labels = load_digits()[0]
    of_three, copies = digits[labels == 3], sorted((tmp_path / "copy" / "train" / "3").iterdir())
    assert len(of_three) == len(copies)
    for image, path in zip(of_three[:5], copies):
        assert np.abs(np.asarray(Image.open(path), dtype=int) - image).mean() < 10
    again = zygote.run(program, "copy", "--data", "digits", **own)
    assert again.returncode == 2 and "'copy', which exists" in again.stderr
    nowhere = zygote.run(program, "no/copy", "--data", "digits", **own)
    assert nowhere.returncode == 2 and "cannot be written" in nowhere.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "stderr.txt", "stdout.txt"]
