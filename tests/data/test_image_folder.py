"""Each source of images, on data made here."""

import os
import re
import shutil

import common

import numpy as np
import pytest
import sklearn.datasets
from conftest import save_images
from PIL import Image

from internals.data.image_file import read_image
from internals.data.image_reading import interleave_classes
from internals.runs.exit_status import ending


def test_digits(make_hyperparameters):
    data = common.load_data(make_hyperparameters(data="digits"))
    assert data.x_train.shape == (1437, 32, 32, 3) and data.x_test.shape == (360, 32, 32, 3)
    assert data.x_train.dtype == np.uint8
    assert data.y_train.shape == (1437,) and data.y_train.dtype == np.int64
    assert data.class_names == [str(digit) for digit in range(10)]
    assert data.validation_is_test
    # every original digit is there once, enlarged: back at 8 x 8 and 0..16 it is the original
    images = np.concatenate([data.x_train, data.x_test])[:, ::4, ::4, 0] / 255 * 16
    labels = np.concatenate([data.y_train, data.y_test])
    ours = sorted((label, *image.ravel().round()) for image, label in zip(images, labels))
    original = sklearn.datasets.load_digits()
    assert ours == sorted((t, *x) for x, t in zip(original.data, original.target))


def test_validation_split_holds_out_the_first(make_hyperparameters):
    whole = common.load_data(make_hyperparameters())
    data = common.load_data(make_hyperparameters(validation_split=0.1))
    assert len(data.x_validation) == 144 and len(data.x_train) == 1293
    assert not data.validation_is_test
    np.testing.assert_array_equal(data.x_validation, whole.x_train[:144])
    np.testing.assert_array_equal(data.x_train, whole.x_train[144:])
    np.testing.assert_array_equal(data.y_train, whole.y_train[144:])
    assert set(data.y_validation) == set(range(10))


def test_validation_split_that_holds_out_nothing(make_hyperparameters, capsys):
    with pytest.raises(SystemExit) as stop:
        common.load_data(make_hyperparameters(validation_split=1e-6))
    assert stop.value.code == 2
    assert "0 of 1437" in capsys.readouterr().err


def test_folder_with_test(tmp_path, make_hyperparameters, random):
    x = random.integers(0, 256, (60, 32, 32, 3), dtype="uint8")
    y = np.repeat([0, 1, 2], [40, 15, 5])
    names = ["ant", "bee", "cow"]
    save_images(tmp_path / "train", x, y, names)
    save_images(tmp_path / "test", x[::2], y[::2], names)
    data = common.load_data(make_hyperparameters(data=str(tmp_path)))
    assert data.class_names == names
    assert data.x_train.dtype == np.uint8 and data.y_train.dtype == np.int64
    assert data.x_test.shape == (30, 32, 32, 3)
    as_set = {(label, image.tobytes()) for image, label in zip(data.x_train, data.y_train)}
    assert as_set == {(label, image.tobytes()) for image, label in zip(x, y)}
    again = common.load_data(make_hyperparameters(data=str(tmp_path), seed=1))
    np.testing.assert_array_equal(again.x_train, data.x_train)


def test_first_tenth_of_a_folder_holds_every_class():
    labels = np.repeat([0, 1, 2], [5000, 300, 11])
    order = interleave_classes(labels)
    assert sorted(order) == list(range(len(labels)))
    counts = np.bincount(labels[order][: len(labels) // 10])
    np.testing.assert_allclose(counts, [500, 30, 1.1], atol=1)


def test_a_class_keeps_its_only_training_image():
    labels = np.repeat([0, 1, 2], [80, 79, 1])
    first = labels[interleave_classes(labels)][:16]
    np.testing.assert_array_equal(np.bincount(first, minlength=3), [8, 8, 0])


def test_class_without_a_training_image_ends_the_program(
    tmp_path, make_hyperparameters, random, capsys
):
    x = random.integers(0, 256, (22, 32, 32, 3), dtype="uint8")
    for part in ("train", "test"):
        save_images(tmp_path / part, x, [0] * 20 + [1, 1], ["cat", "emu"])
    half = make_hyperparameters(data=str(tmp_path), validation_split=0.5)
    assert np.bincount(common.load_data(half).y_train).tolist() == [10, 1]
    with pytest.raises(SystemExit) as end:
        common.load_data(half.but(validation_split=0.9))
    words = "it would hold out each training image of the class 'emu', which has 2; add images"
    assert end.value.code == 2 and words in capsys.readouterr().err


def load(zygote, folder, output):
    """Have a script load a folder, and end it there: no image can be held out."""
    return zygote.run(
        "4layerCNN", "--data", folder, "--validation-split", "1e-6", cwd=output, output=output
    )


def test_what_is_read_and_what_is_passed_over(zygote, tmp_path, random):
    """Everything with the name of an image is read or counted; what is hidden is neither."""
    folder = tmp_path / "photos"
    x = random.integers(0, 256, (22, 32, 32, 3), dtype="uint8")
    save_images(folder / "train", x[:10], [0, 1] * 5, ["ant", "bee"])
    save_images(folder / "test", x[10:14], [0, 1] * 2, ["ant", "bee"])
    ant = folder / "train" / "ant"
    for image, suffix in zip(x[14:], ("jpg", "JPEG", "jfif", "bmp", "gif", "webp", "tif", "tiff")):
        kind = {"format": "JPEG"} if suffix == "jfif" else {}
        Image.fromarray(image).save(ant / f"photo.{suffix}", **kind)
    (ant / "linked.png").symlink_to(folder / "test" / "ant" / "0000.png")
    for name in ("._0000.png", ".DS_Store", "a.heic", "b.HEIC", "notes.txt"):
        (ant / name).write_text("no image")
    (folder / "test" / "bee" / "c.heic").write_text("no image")
    (ant / "deep").mkdir()
    (ant / "gone.png").symlink_to("nowhere.png")
    (ant / "endless.png").symlink_to("endless.png")
    os.mkfifo(ant / "pipe.png")
    for name in ("extra", ".cache"):
        save_images(folder / name, x[:2], [0, 1], ["ant", "bee"])
    (folder / "empty").mkdir()
    process = load(zygote, folder, tmp_path)
    assert process.stderr == "error: validation_split is 1e-06; it would hold out 0 of 19 images\n"
    for line in (
        f"warning: not used in {folder}: extra; only train, test and val, valid or validation are",
        "8 files and folders passed over: 3 .heic, 2 broken links, 1 .txt, 1 folder, "
        "1 special file; pip install pillow-heif, and .heic is read",
        "warning: 1 of 4 test images are training images as well",
    ):
        assert line in process.stdout.splitlines()


def test_nothing_is_said_where_everything_is_used(zygote, tmp_path, digits_folder):
    process = load(zygote, digits_folder, tmp_path)
    assert "0 of 200 images" in process.stderr
    assert not re.search("warning|passed over|no folder", process.stdout)


def test_test_images_cut_from_train_are_announced(zygote, tmp_path, digits_folder):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "train").symlink_to(digits_folder / "train")
    process = load(zygote, tmp_path / "photos", tmp_path)
    assert "no folder test" in process.stdout and "a fifth of each class" in process.stdout


def test_accents_spelt_in_two_ways(tmp_path, make_hyperparameters, random):
    """A Mac may write e and its accent apart; the class, and its place, stay the same."""
    x = random.integers(0, 256, (8, 32, 32, 3), dtype="uint8")
    save_images(tmp_path / "train", x[:4], [0, 1] * 2, ["caf\u00e9", "cafz"])
    save_images(tmp_path / "test", x[4:], [0, 1] * 2, ["cafe\u0301", "cafz"])
    data = common.load_data(make_hyperparameters(data=str(tmp_path)))
    assert data.class_names == ["cafz", "caf\u00e9"]
    for image, label in zip(data.x_test, data.y_test):
        (index,) = [n for n in range(4) if np.array_equal(x[4 + n], image)]
        assert label == 1 - index % 2


def test_folder_without_test(tmp_path, make_hyperparameters, random):
    x = random.integers(0, 256, (32, 32, 32, 3), dtype="uint8")
    y = np.repeat([0, 1, 2], [20, 10, 2])
    save_images(tmp_path / "train", x, y, ["ant", "bee", "cow"])

    def load(seed):
        return common.load_data(make_hyperparameters(data=str(tmp_path), seed=seed))

    data = load(seed=0)
    np.testing.assert_array_equal(np.bincount(data.y_test), [4, 2, 1])
    np.testing.assert_array_equal(np.bincount(data.y_train), [16, 8, 1])
    both = [image.tobytes() for image in (*data.x_train, *data.x_test)]
    assert sorted(both) == sorted(image.tobytes() for image in x)
    np.testing.assert_array_equal(load(seed=1).x_test, data.x_test)  # or seeds have other tests


def test_interrupted_while_loading(make_hyperparameters, monkeypatch, capsys):
    def load_digits():
        raise KeyboardInterrupt

    monkeypatch.setattr("internals.data.dataset.load_digits", load_digits)
    with pytest.raises(SystemExit) as stop, ending():
        common.load_data(make_hyperparameters())
    assert stop.value.code == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_test_images_keep_their_names(tmp_path, make_hyperparameters, random):
    x = random.integers(0, 256, (30, 32, 32, 3), dtype="uint8")
    y = np.arange(30) % 3
    save_images(tmp_path / "train", x, y, ["ant", "bee", "cow"])
    save_images(tmp_path / "test", x[:12], y[:12], ["ant", "bee", "cow"])
    for folder in ("test", "train"):
        data = common.load_data(make_hyperparameters(data=str(tmp_path)))
        assert len(data.test_names) == len(data.x_test)
        for name, image in zip(data.test_names, data.x_test):
            assert name.startswith(f"{folder}/")
            np.testing.assert_array_equal(read_image(tmp_path / name), image)
        if folder == "test":
            shutil.rmtree(tmp_path / "test")  # now a fifth of train is held out
