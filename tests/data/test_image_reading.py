"""Files that cannot be read, 16 bits, and a run without some of its images."""

import functools

import common

import numpy as np
import pandas as pd
import pytest
from conftest import save_images
from PIL import Image

from internals.data.dataset import describe
from internals.data.image_reading import find_bit_depth
from internals.runs import identity
from internals.runs.hyperparameters import as_json
from internals.runs.run import read_record
from internals.sweep.script_probe import which_data

NAMES = ["ant", "bee"]


@pytest.fixture
def folder(tmp_path, random):
    """Return a folder of 16 training and 8 test images of two classes."""
    x = random.integers(0, 256, (24, 32, 32, 3), dtype="uint8")
    save_images(tmp_path / "photos" / "train", x[:16], [0, 1] * 8, NAMES)
    save_images(tmp_path / "photos" / "test", x[16:], [0, 1] * 4, NAMES)
    return tmp_path / "photos"


def spoil(folder, *names):
    for name in names:
        (folder / name).write_text("no image")


SPOILT = ["test/bee/0001.png", *(f"train/ant/{number:04d}.png" for number in range(0, 12, 2))]


def test_all_unreadable_files_are_listed(folder, make_hyperparameters, tmp_path, capsys):
    spoil(folder, *SPOILT)
    with pytest.raises(SystemExit) as end:
        common.load_data(make_hyperparameters(data=str(folder)))
    assert end.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"error: 7 of 24 images in {folder} cannot be read:"
    assert lines[1:6] == [f"  {name}: cannot identify image file" for name in SPOILT[:5]]
    table = tmp_path / "results" / "unreadable.csv"
    assert lines[6:] == [
        "  and 2 more",
        f"The complete list is in {table}.",
        "Mend or remove them, or leave them out with --skip-unreadable",
    ]
    assert pd.read_csv(table).file.tolist() == SPOILT


def test_run_without_them(folder, start, small_model, make_hyperparameters, capsys):
    """The run keeps the list, may go on, and is the one that never had these files."""
    spoil(folder, *SPOILT)
    own = make_hyperparameters(data=str(folder), skip_unreadable=True)
    data = common.load_data(own)
    assert "7 of 24 images cannot be read and are left out" in capsys.readouterr().out
    assert (len(data.x_train), len(data.x_test), len(data.test_names)) == (10, 7, 7)
    assert not {*SPOILT} & {*data.test_names}
    run, _ = start(own, data, functools.partial(small_model, num_classes=2))
    assert read_record(run.folder)["data"]["unreadable"] == 7
    assert pd.read_csv(run.folder / "unreadable.csv").file.tolist() == SPOILT
    for name in SPOILT:
        (folder / name).unlink()
    clean = common.load_data(own.but(skip_unreadable=False))
    np.testing.assert_array_equal(clean.x_train, data.x_train)
    np.testing.assert_array_equal(clean.y_test, data.y_test)
    record = run.record | {"hyperparameters": as_json(own.but(skip_unreadable=False))}
    record |= {"data": describe(clean)}
    assert identity.is_same_run(run.record, record)
    assert not identity.find_obstacle(*map(identity.facts_to_go_on, (run.record, record)))


def test_test_set_is_held_out_of_readable_images(folder, make_hyperparameters):
    """A class of two images, one of them spoilt, has none for the test."""
    for path in folder.glob("test/*/*"):
        path.unlink()
    for name in NAMES:
        (folder / "test" / name).rmdir()
    (folder / "test").rmdir()
    spoil(folder, *(f"train/ant/{number:04d}.png" for number in range(0, 10, 2)))
    data = common.load_data(make_hyperparameters(data=str(folder), skip_unreadable=True))
    assert np.bincount(data.y_train).tolist() == [2, 6]
    assert np.bincount(data.y_test).tolist() == [1, 2]


@pytest.mark.parametrize("part", ["train", "test"])
def test_class_that_is_empty_then(folder, make_hyperparameters, capsys, part):
    spoil(folder, *(path.relative_to(folder) for path in folder.glob(f"{part}/bee/*")))
    with pytest.raises(SystemExit):
        common.load_data(make_hyperparameters(data=str(folder), skip_unreadable=True))
    output = capsys.readouterr()
    assert f"Class 'bee' of {part} has 0 images left and needs 1: mend" in output.err
    assert "are left out" not in output.out


def test_lack_of_memory_is_no_unreadable_file(folder, make_hyperparameters, monkeypatch):
    def load(image):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", load)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(MemoryError):
        common.load_data(make_hyperparameters(data=str(folder), skip_unreadable=True))


def test_sweep_reads_anew_what_is_read_otherwise(make_hyperparameters):
    own = make_hyperparameters()
    for changes in ({"skip_unreadable": True}, {"labels": "own.csv"}, {"image_size": 16}):
        assert which_data(own.but(**changes)) != which_data(own)
    assert which_data(own.but(seed=1)) == which_data(own)


# ------------------------------------------------------------------------------------------------
# 16 bits


def deepen(folder, factors):
    """Save each class's grey values, times its factor, in files of 16 bits."""
    for name, factor in factors.items():
        for path in folder.glob(f"*/{name}/*"):
            grey = np.asarray(Image.open(path).convert("L")).astype("uint16")
            Image.fromarray(grey * factor).save(path)


def grey_mean(folder):
    return np.mean([np.asarray(Image.open(path).convert("L")) for path in folder.glob("train/*/*")])


def test_12_bits_in_files_of_16(folder, make_hyperparameters, capsys):
    """All images are read on one scale, which the run records for predict.py."""
    mean = grey_mean(folder)
    deepen(folder, {"ant": 16, "bee": 12})
    data = common.load_data(make_hyperparameters(data=str(folder)))
    assert "24 images of 16 bits per channel have no value above 4,0" in capsys.readouterr().out
    assert data.notes == {"bit_depth": 12}
    assert data.x_train[data.y_train == 0].mean() == pytest.approx(mean, rel=0.1)
    assert data.x_train[data.y_train == 1].mean() == pytest.approx(mean * 12 / 16, rel=0.1)


def test_classes_on_two_scales_are_named(folder, make_hyperparameters, capsys):
    deepen(folder, {"ant": 16, "bee": 257})
    data = common.load_data(make_hyperparameters(data=str(folder)))
    warning = capsys.readouterr().out
    words = "warning: images of 16 bits per channel are nearly black in test/ant (up to 4,0"
    assert words in warning
    assert "train/ant" in warning and "bee" not in warning
    assert data.notes == {"bit_depth": 16}


def test_full_16_bits_are_left_alone(folder, make_hyperparameters, capsys):
    deepen(folder, {"bee": 257})
    data = common.load_data(make_hyperparameters(data=str(folder)))
    assert "16 bits" not in capsys.readouterr().out
    assert data.notes == {"bit_depth": 16}


def test_bit_depths():
    peaks = [1, 255, 256, 1023, 1024, 4095, 4096, 16383, 16384, 65535]
    assert [*map(find_bit_depth, peaks)] == [8, 8, 10, 10, 12, 12, 14, 14, 16, 16]
