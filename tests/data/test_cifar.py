"""CIFAR-10 and CIFAR-100 from archives and folders made here."""

import dataclasses
import hashlib
import pickle
import shutil
import sys
import tarfile

import common
from internals.core.keras_loader import keras

import numpy as np
import pytest

from internals.comparison import disagreements
from internals.data import cifar
from internals.data.dataset import describe


def make_batches(kind):
    """Return {name: (labels, pixels)}: the label is the red of the upper left corner."""
    batches = {}
    for index, (name, count) in enumerate(zip(kind.md5, kind.counts)):
        labels = (np.arange(count) + index) % len(kind.class_names)
        pixels = np.zeros((count, 3072), dtype="uint8")
        pixels[:, 0], pixels[:, -1] = labels, index
        batches[name] = labels, pixels
    return batches


@pytest.fixture(scope="module", params=cifar.KINDS, ids=lambda kind: kind.data)
def made(request, tmp_path_factory):
    """Return a kind whose archive and batches are built here, and the folder that has them."""
    kind, folder = request.param, tmp_path_factory.mktemp("cifar")
    if kind is cifar.CIFAR100:  # of the other Keras wants the real number
        kind = dataclasses.replace(kind, counts=(500, 200))
    place = folder / "data" / kind.unpacked
    place.mkdir(parents=True)
    for name, (labels, pixels) in make_batches(kind).items():
        content = {b"data": pixels, kind.label_key.encode(): labels.tolist()}
        (place / name).write_bytes(pickle.dumps(content | {b"coarse_labels": [7] * len(labels)}))
    with tarfile.open(folder / kind.archive, "w:gz", compresslevel=1) as archive:
        archive.add(place, kind.unpacked)
    md5 = {name: hashlib.md5((place / name).read_bytes()).hexdigest() for name in kind.md5}
    sha256 = hashlib.sha256((folder / kind.archive).read_bytes()).hexdigest()
    return dataclasses.replace(kind, sha256=sha256, md5=md5), folder


@pytest.fixture
def known(made, monkeypatch, tmp_path):
    """Have what was built here taken for the real one, and an empty cache of Keras."""
    kind, _ = made
    keras_module = sys.modules[f"keras.src.datasets.{kind.data}"]
    get_file = keras_module.get_file
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(keras.config, "get_keras_home", lambda: str(tmp_path), raising=False)
    monkeypatch.setattr(cifar, "KINDS", (kind,))
    monkeypatch.setattr(
        keras_module, "get_file", lambda **given: get_file(**given | {"file_hash": kind.sha256})
    )
    return made


def check(data, kind):
    """Check each label against the corner of its image."""
    *train, test = kind.counts
    assert data.x_train.shape == (sum(train), 32, 32, 3) and data.x_test.shape == (test, 32, 32, 3)
    assert data.x_train.dtype == np.uint8 and data.x_train.flags.c_contiguous
    assert data.y_train.shape == (sum(train),) and data.y_train.dtype == np.int64
    np.testing.assert_array_equal(data.x_train[:, 0, 0, 0], data.y_train)
    np.testing.assert_array_equal(data.x_test[:, 0, 0, 0], data.y_test)
    assert data.class_names == kind.class_names and data.num_classes == len({*data.y_test})


def test_archive_is_kept(known, make_hyperparameters, tmp_path):
    kind, folder = known
    own = shutil.copy(folder / kind.archive, tmp_path)
    data = common.load_data(make_hyperparameters(data=str(own)))
    check(data, kind)
    (tmp_path / kind.archive).unlink()  # from now on Keras finds its own copy
    kept = common.load_data(make_hyperparameters(data=kind.data))
    np.testing.assert_array_equal(kept.x_test, data.x_test)


def test_unpacked_archive(known, make_hyperparameters):
    """It is read itself, or from the folder that torchvision puts it in."""
    kind, folder = known
    for place in (folder / "data" / kind.unpacked, folder / "data"):
        data = common.load_data(make_hyperparameters(data=str(place)))
        check(data, kind)
        shown = disagreements.read_picture(str(place), 123) if place == folder / "data" else None
    np.testing.assert_array_equal(data.x_test[123], shown)
    (folder / "other" / kind.unpacked).mkdir(parents=True, exist_ok=True)
    for name in kind.md5:  # a pickle can run any program
        (folder / "other" / kind.unpacked / name).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(SystemExit):
        common.load_data(make_hyperparameters(data=str(folder / "other")))


def test_binary_version(known, make_hyperparameters, tmp_path, capsys):
    kind, folder = known
    place = tmp_path / kind.binary
    place.mkdir()
    for name, (labels, pixels) in make_batches(kind).items():
        head = np.full((len(labels), kind.label_bytes), 7, dtype="uint8")
        head[:, -1] = labels
        np.hstack([head, pixels]).tofile(place / f"{name}.bin")
    data = common.load_data(make_hyperparameters(data=str(place)))
    check(data, kind)
    pickled = common.load_data(make_hyperparameters(data=str(folder / "data")))
    assert describe(data) == describe(pickled)
    path = place / f"{[*kind.md5][-1]}.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SystemExit):
        common.load_data(make_hyperparameters(data=str(tmp_path)))
    assert f"{path.name} is not the one of {kind.name}: it has" in capsys.readouterr().err


@pytest.mark.parametrize("kind", cifar.KINDS, ids=lambda kind: kind.data)
def test_download_that_fails(kind, make_hyperparameters, monkeypatch, capsys):
    def get_file(**given):
        assert given["origin"] == kind.url and given["file_hash"] == kind.sha256
        assert given["fname"] == kind.kept.name
        raise Exception("URL fetch failure")

    assert getattr(keras.datasets, kind.data)  # it is loaded
    monkeypatch.setattr(sys.modules[f"keras.src.datasets.{kind.data}"], "get_file", get_file)
    with pytest.raises(SystemExit) as end:
        common.load_data(make_hyperparameters(data=kind.data))
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert f"{kind.name} could not be loaded: URL fetch failure" in message
    assert f"fetch {kind.url} (" in message and f"--data path/to/{kind.archive}, or" in message
    assert f"{kind.kept}_archive" in message


def test_two_in_one_folder(tmp_path, make_hyperparameters, capsys):
    for kind in cifar.KINDS:
        (tmp_path / kind.unpacked).mkdir()
        for name in kind.md5:
            (tmp_path / kind.unpacked / name).touch()
    with pytest.raises(SystemExit):
        common.load_data(make_hyperparameters(data=str(tmp_path)))
    words = f"{tmp_path} holds cifar-10-batches-py and cifar-100-python; name one of them"
    assert words in capsys.readouterr().err


def test_class_names():
    """The labels of CIFAR-100 are in the order of the alphabet; a few are known by heart."""
    names = cifar.CIFAR100_CLASS_NAMES
    assert len({*names}) == 100 and names == sorted(names)
    assert (names[0], names[19], names[58], names[99]) == (
        "apple",
        "cattle",
        "pickup_truck",
        "worm",
    )


def test_wrong_archive(tmp_path, make_hyperparameters, capsys):
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(b"half of it")
    with pytest.raises(SystemExit) as stop:
        common.load_data(make_hyperparameters(data=str(path)))
    message = capsys.readouterr().err
    assert stop.value.code == 2
    assert str(path) in message and hashlib.sha256(b"half of it").hexdigest() in message
