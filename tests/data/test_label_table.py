"""Tables of file and class, as people have them."""

import common

import numpy as np
import pandas as pd
import pytest
from conftest import save_images
from PIL import Image

CLASSES = ["cat", "dog"] * 10


@pytest.fixture
def kaggle(tmp_path, random):
    """Return a folder as Kaggle's CIFAR-10 unpacks to: train/1.png and on, test/1.png and on."""
    folder = tmp_path / "kaggle"
    for part, first in (("train", 0), ("test", 100)):
        (folder / part).mkdir(parents=True)
        for number in range(1, 21):
            pixels = np.full((32, 32, 3), first + number, dtype="uint8")
            Image.fromarray(pixels).save(folder / part / f"{number}.png")
    write(folder / "trainLabels.csv", ["id", "label"], range(1, 21))
    return folder


def write(path, head, files, classes=CLASSES, separator=",", encoding="utf-8"):
    rows = [head] if head else []
    rows += zip(files, classes)
    lines = [separator.join(map(str, row)) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def load(make_hyperparameters, folder, table, **changes):
    return common.load_data(make_hyperparameters(data=str(folder), labels=str(table), **changes))


def by_number(data):
    """Return {number of an image: class}, from its grey and its label."""
    images = np.concatenate([data.x_train, data.x_test])[:, 0, 0, 0]
    labels = np.concatenate([data.y_train, data.y_test])
    return {int(number): data.class_names[label] for number, label in zip(images, labels)}


EXPECTED = dict(zip(range(1, 21), CLASSES))


def test_kaggle(kaggle, make_hyperparameters, capsys):
    data = load(make_hyperparameters, kaggle, kaggle / "trainLabels.csv")
    assert by_number(data) == EXPECTED
    assert (len(data.x_train), len(data.x_test)) == (16, 4)
    assert {name.rpartition("/")[0] for name in data.test_names} == {"train"}
    assert "20 images of the folder not used: not in trainLabels.csv" in capsys.readouterr().out
    assert data.notes == {"labels": "trainLabels.csv"}


@pytest.mark.parametrize(
    "head, name, options",
    [
        (None, "{}.png", {}),
        (["Image Name", "Species"], "train/{}.png", {"separator": ";"}),
        (["file", "class"], ".\\train\\{}.png", {"separator": "\t", "encoding": "utf-8-sig"}),
        (["what", "it is"], "{}", {}),
        (["path", "label"], "{folder}/train/{}.png", {}),
        (None, " train/{}.png ", {}),
    ],
    ids=["no header", "semicolons", "Windows", "unknown header", "whole paths", "blanks"],
)
def test_tables_as_they_come(kaggle, make_hyperparameters, tmp_path, head, name, options):
    files = [name.format(number, folder=kaggle) for number in EXPECTED]
    table = write(tmp_path / "own.csv", head, files, **options)
    assert by_number(load(make_hyperparameters, kaggle, table)) == EXPECTED


def test_more_columns(kaggle, make_hyperparameters, tmp_path):
    """Classes and a row's number may look like the names of files."""
    table = tmp_path / "own.csv"
    files = [f"{number}.png" for number in EXPECTED]
    columns = {"id": range(20, 0, -1), "label": [1, 2] * 10, "file": files, "note": "x, y"}
    pd.DataFrame(columns).to_csv(table, index=False)
    data = load(make_hyperparameters, kaggle, table)
    assert by_number(data) == {number: "12"[(number - 1) % 2] for number in EXPECTED}


def test_classes_stay_text(kaggle, make_hyperparameters, tmp_path):
    classes = ["nan", "NA", "1", "01", "1.0"] * 4
    table = write(tmp_path / "own.csv", ["id", "label"], EXPECTED, classes)
    data = load(make_hyperparameters, kaggle, table)
    assert data.class_names == sorted({*classes})
    assert by_number(data) == dict(zip(EXPECTED, classes))


def test_missing_files(kaggle, make_hyperparameters, tmp_path, capsys):
    (kaggle / "train" / "7.png").unlink()
    (kaggle / "test" / "7.png").unlink()
    Image.new("RGB", (9, 9)).save(kaggle / "train" / "9.jpg")
    with pytest.raises(SystemExit):
        load(make_hyperparameters, kaggle, kaggle / "trainLabels.csv")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"error: 2 of 20 images in {kaggle} cannot be read:"
    assert lines[1:3] == ["  7: there is no such image", "  9: 2 images could be meant"]
    data = load(make_hyperparameters, kaggle, kaggle / "trainLabels.csv", skip_unreadable=True)
    assert len(by_number(data)) == 18 and len(data.unreadable) == 2


def test_missing_first_file_is_no_header(kaggle, make_hyperparameters, tmp_path):
    table = write(tmp_path / "own.csv", None, ["none", *EXPECTED], [CLASSES[0], *CLASSES])
    data = load(make_hyperparameters, kaggle, table, skip_unreadable=True)
    assert by_number(data) == EXPECTED
    assert data.unreadable == (("none", "there is no such image"),)


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "id,label\n1,cat\n1.png,dog\n2,dog\n",
            "gives 1 file a second class: 1.png (cat, dog); it",
        ),
        ("id,label\n1,cat\n2,\n3,\n", "has no class for 2 files: 2, 3"),
        ("id,label\n1,cat\n2,cat\n", "has the classes cat; there must be 2 to 1000"),
        ("id,label\n1,cat\n2,cat\n3,dog\n", "class 'dog' has one image; each class needs 2"),
        ("a,b,c\n1,x,y\n2,x,z\n", "has the columns a, b, c; it must have two, or call the two"),
        ("id,label\nx,cat\ny,dog\n", "names no image of"),
        ("", "it cannot be read as a table of file and class"),
        (",\n,\n", "all its cells are empty"),
        ("id,label\n1,cat,dog\n2,cat\n", "it cannot be read as a table of file and class"),
    ],
)
def test_tables_that_cannot_be_used(kaggle, make_hyperparameters, tmp_path, capsys, text, words):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(SystemExit) as end:
        load(make_hyperparameters, kaggle, tmp_path / "own.csv")
    message = capsys.readouterr().err
    assert end.value.code == 2 and words in message and message.count("\n") == 1


def test_empty_rows_and_classes_in_capitals(kaggle, make_hyperparameters, tmp_path, capsys):
    """As a spreadsheet leaves rows; a class that was typed otherwise once is told."""
    table = write(tmp_path / "own.csv", ["id", "label"], range(1, 21))
    table.write_text(table.read_text() + ",\n , \n")
    assert by_number(load(make_hyperparameters, kaggle, table)) == EXPECTED
    assert "capitals" not in capsys.readouterr().out
    table = write(table, ["id", "label"], range(1, 21), ["Cat"] * 2 + CLASSES[2:])
    load(make_hyperparameters, kaggle, table)
    assert "classes that differ in capitals only: Cat, cat" in capsys.readouterr().out


def test_table_in_another_encoding(kaggle, make_hyperparameters, tmp_path, capsys):
    table = write(tmp_path / "own.csv", ["id", "label"], EXPECTED, encoding="utf-16")
    with pytest.raises(SystemExit):
        load(make_hyperparameters, kaggle, table)
    assert "it is not in UTF-8: save it as CSV in UTF-8" in capsys.readouterr().err


def test_names_spelled_otherwise(make_hyperparameters, tmp_path, random):
    """A zip from macOS has e and an accent as two letters; .JPG is .jpg; a link is a folder."""
    x = random.integers(0, 256, (8, 32, 32, 3), dtype="uint8")
    save_images(tmp_path / "elsewhere", x, [0, 1] * 4, ["a", "b"])
    pictures = sorted(tmp_path.glob("elsewhere/*/*"))
    names = [f"e\u0301{number}.PNG" for number in range(8)]
    for path, name in zip(pictures, names, strict=True):
        path.rename(path.with_name(name))
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "linked" / "again").symlink_to(folder)  # in a circle
    files = [f"\u00e9{number}.png" for number in range(8)]
    table = write(tmp_path / "own.csv", None, files, ["a"] * 4 + ["b"] * 4)
    data = load(make_hyperparameters, folder, table)
    assert (len(data.x_train), len(data.x_test)) == (6, 2) and not data.unreadable


def test_files_beside_the_table(make_hyperparameters, tmp_path, random):
    """Names count from the table's folder, too, even where that is not below `data`."""
    x = random.integers(0, 256, (8, 32, 32, 3), dtype="uint8")
    save_images(tmp_path / "pictures", x, [0, 1] * 4, ["a", "b"])
    (tmp_path / "empty").mkdir()
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.glob("pictures/*/*"))
    table = write(tmp_path / "own.csv", None, files, [path.parent.name for path in files])
    for folder in ("pictures", "empty"):
        data = load(make_hyperparameters, tmp_path / folder, table)
        assert (len(data.x_train), len(data.x_test)) == (6, 2)
