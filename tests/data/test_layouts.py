"""What a folder of images may look like: its own validation images, and where train/ may lie."""

import common

import numpy as np
import pytest
from conftest import save_images

NAMES = ["ant", "bee"]


@pytest.fixture
def photos(tmp_path, random):
    """Return a folder of 12 training, 8 validation and 4 test images, and these in one array."""
    x = random.integers(0, 256, (24, 32, 32, 3), dtype="uint8")
    folder = tmp_path / "photos"
    for part, images in (("train", x[:12]), ("val", x[12:20]), ("test", x[20:])):
        save_images(folder / part, images, [0, 1] * (len(images) // 2), NAMES)
    return folder


def load(make_hyperparameters, folder, **changes):
    return common.load_data(make_hyperparameters(data=str(folder), **changes))


def as_set(images):
    return {image.tobytes() for image in images}


@pytest.mark.parametrize("name", ["val", "valid", "Validation"])
def test_own_validation_images(photos, make_hyperparameters, capsys, name):
    """Nothing is held out of train then, and the best epoch may be chosen by them."""
    expected = as_set(load(make_hyperparameters, photos).x_validation)
    (photos / "val").rename(photos / name)
    for split, words in ((0.0, ""), (0.25, "; validation_split, 0.25, holds out nothing:")):
        capsys.readouterr()
        data = load(make_hyperparameters, photos, validation_split=split, keep_best=True)
        assert f"validation: the folder {name} of {photos}{words}" in capsys.readouterr().out
        assert (len(data.x_train), len(data.x_validation), len(data.x_test)) == (12, 8, 4)
        assert not data.validation_is_test
        assert as_set(data.x_validation) == expected
        assert data.notes == {"validation_folder": name}


def test_a_part_is_named_in_place_of_the_folder(photos, make_hyperparameters, capsys):
    for part in ("train", "test"):
        with pytest.raises(SystemExit):
            load(make_hyperparameters, photos / part)
        assert f"name {photos}, which has one" in capsys.readouterr().err


def test_train_and_val_alone(photos, make_hyperparameters, capsys):
    """Without test the validation images are the test, and are shown as such."""
    for path in [*photos.glob("test/*/*"), *photos.glob("test/*"), photos / "test"]:
        path.rmdir() if path.is_dir() else path.unlink()
    data = load(make_hyperparameters, photos)
    assert f"no folder test in {photos}: val is the test set" in capsys.readouterr().out
    assert len(data.x_test) == 8 and data.validation_is_test
    assert data.notes == {"test_folder": "val"} and data.test_names[0].startswith("val/")
    split = load(make_hyperparameters, photos, validation_split=0.25)
    assert (len(split.x_train), len(split.x_validation), len(split.x_test)) == (9, 3, 8)
    with pytest.raises(SystemExit):
        load(make_hyperparameters, photos, keep_best=True)
    assert "keep_best needs a held-out part" in capsys.readouterr().err


def test_classes_of_validation_are_those_of_train(photos, make_hyperparameters, capsys):
    (photos / "val" / "bee").rename(photos / "val" / "cow")
    with pytest.raises(SystemExit):
        load(make_hyperparameters, photos)
    words = "train and val must hold the same classes; only train has 'bee'"
    assert words in capsys.readouterr().err


def test_folder_in_a_folder(photos, make_hyperparameters, capsys, tmp_path):
    """What an archive unpacks to is found, and its images keep their names below `data`."""
    (tmp_path / "data" / "more").mkdir(parents=True)
    expected = load(make_hyperparameters, photos)
    photos.rename(tmp_path / "data" / "more" / "photos")
    (tmp_path / "data" / "__MACOSX").mkdir()
    (tmp_path / "data" / "Thumbs.db").touch()
    data = load(make_hyperparameters, tmp_path / "data")
    assert f"using {tmp_path / 'data' / 'more' / 'photos'}, which" in capsys.readouterr().out
    np.testing.assert_array_equal(data.x_train, expected.x_train)
    assert data.test_names.tolist() == [f"more/photos/{name}" for name in expected.test_names]
