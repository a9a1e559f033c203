"""Each source of images, on data made here."""

import hashlib
import io
import pickle
import sys
import tarfile
import zlib

import common

import numpy as np
import pytest
import sklearn.datasets
from conftest import save_images
from PIL import Image

from internals.images import read_image, spread_classes


def test_image_bomb_is_refused(tmp_path):
    def chunk(kind, content):
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    def picture(width, height):
        size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        header = chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
        path = tmp_path / "bomb.png"
        data = chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data)
        return path

    for width, height in ((60_000, 60_000), (10_000, 10_000)):
        with pytest.raises((Image.DecompressionBombError, ValueError), match="pixels"):
            read_image(picture(width, height))


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
    order = spread_classes(labels)
    assert sorted(order) == list(range(len(labels)))
    counts = np.bincount(labels[order][: len(labels) // 10])
    np.testing.assert_allclose(counts, [500, 30, 1.1], atol=1)


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
    np.testing.assert_array_equal(load(seed=0).x_test, data.x_test)
    assert not np.array_equal(load(seed=1).x_test, data.x_test)


def test_kinds_of_images(tmp_path):
    def read(image, name, **options):
        image.save(tmp_path / name, **options)
        pixels = read_image(tmp_path / name)
        assert pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8
        return pixels[16, 16].tolist()

    red = (255, 0, 0)
    assert read(Image.new("RGB", (32, 32), red), "same.png") == [255, 0, 0]
    assert read(Image.new("RGB", (300, 200), red), "large.bmp") == [255, 0, 0]
    assert read(Image.new("RGB", (3, 5), red), "small.gif") == [255, 0, 0]
    np.testing.assert_allclose(
        read(Image.new("RGB", (900, 900), red), "x.jpg"), [254, 0, 0], atol=2
    )
    assert read(Image.new("L", (64, 64), 100), "grey.png") == [100, 100, 100]
    assert read(Image.new("1", (64, 64), 1), "bits.png") == [255, 255, 255]
    deep = Image.fromarray(np.full((32, 32), 100 * 256 + 7, dtype="uint16"))
    assert read(deep, "deep.png") == [100, 100, 100]
    assert read(Image.new("LA", (32, 32), (0, 0)), "clear.png") == [255, 255, 255]
    assert read(Image.new("RGBA", (32, 32), (*red, 0)), "ghost.png") == [255, 255, 255]
    assert read(Image.new("RGBA", (32, 32), (*red, 255)), "solid.png") == [255, 0, 0]
    palette = Image.new("RGB", (32, 32), red).convert("P")
    assert read(palette, "palette.png") == [255, 0, 0]
    assert read(palette, "hole.png", transparency=palette.getpixel((0, 0))) == [255, 255, 255]


def test_photo_is_turned_upright(tmp_path):
    pixels = np.zeros((32, 32, 3), dtype="uint8")
    pixels[:, :16] = 255  # white on the left, and the camera was turned clockwise
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "photo.png", exif=exif)
    upright = read_image(tmp_path / "photo.png")
    assert upright[:16].min() == 255 and upright[16:].max() == 0


@pytest.fixture
def fake_archive(tmp_path, monkeypatch):
    """Return a tar.gz built like CIFAR-10's, which common and Keras take for the real one."""
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for index, name in enumerate([f"data_batch_{n}" for n in range(1, 6)] + ["test_batch"]):
            labels = [(index + image) % 10 for image in range(10_000)]
            pixels = np.zeros((10_000, 3072), dtype="uint8")
            pixels[:, 0] = labels  # red in the upper left corner
            content = io.BytesIO(pickle.dumps({b"data": pixels, b"labels": labels}))
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content.getbuffer())
            archive.addfile(member, content)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    keras_module = sys.modules["keras.src.datasets.cifar10"]
    get_file = keras_module.get_file
    monkeypatch.setattr("internals.cifar10.SHA256", digest)
    monkeypatch.setattr(
        keras_module, "get_file", lambda **given: get_file(**given | {"file_hash": digest})
    )
    return path


def test_archive(fake_archive, make_hyperparameters):
    data = common.load_data(make_hyperparameters(data=str(fake_archive)))
    assert data.x_train.shape == (50_000, 32, 32, 3) and data.x_test.shape == (10_000, 32, 32, 3)
    assert data.x_train.dtype == np.uint8 and data.x_train.flags.c_contiguous
    assert data.y_train.shape == (50_000,) and data.y_train.dtype == np.int64
    np.testing.assert_array_equal(data.x_train[:, 0, 0, 0], data.y_train)
    assert data.class_names[0] == "airplane" and data.class_names[9] == "truck"
    fake_archive.unlink()  # from now on Keras finds its own copy
    cached = common.load_data(make_hyperparameters(data="cifar10"))
    np.testing.assert_array_equal(cached.y_test, data.y_test)


def test_interrupted_while_loading(make_hyperparameters, monkeypatch, capsys):
    def load_digits():
        raise KeyboardInterrupt

    monkeypatch.setattr("internals.images.load_digits", load_digits)
    with pytest.raises(SystemExit) as stop:
        common.load_data(make_hyperparameters())
    assert stop.value.code == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_wrong_archive(tmp_path, make_hyperparameters, capsys):
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(b"half of it")
    with pytest.raises(SystemExit) as stop:
        common.load_data(make_hyperparameters(data=str(path)))
    message = capsys.readouterr().err
    assert stop.value.code == 2
    assert str(path) in message and hashlib.sha256(b"half of it").hexdigest() in message
