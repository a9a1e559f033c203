"""predict.py --labelled: a run's network on a folder of class folders."""

import json
import shutil

import common

import pandas as pd
import pytest
from conftest import save_wide_photos

from internals.prediction.labelled import evaluate
from internals.prediction.pictures import Preparation
from internals.runs.run_reader import read_run


@pytest.fixture
def run(wide_run, tmp_path):
    """Return the run, whose folder is a copy."""
    return read_run(shutil.copytree(wide_run, tmp_path / "copy" / wide_run.name))


SQUEEZED = Preparation()


def ask(run, folder, preparation=SQUEEZED):
    return evaluate(run, str(folder), preparation, common.normalise)


def record_of(run, name):
    return json.loads((run.folder / "labelled" / name / "evaluation.json").read_text())


def test_own_test_images_have_the_run_s_accuracy(run, wide_photos, capsys):
    before = {path.name: path.read_bytes() for path in run.folder.glob("*.*")}
    assert ask(run, wide_photos / "test") == []
    said = capsys.readouterr().out
    right = round(40 * run.accuracy)
    assert right == 35 and "Accuracy: 87.50% of 40 images, 95 % interval 73.2 to 95.8 %\n" in said
    assert "87.50% of the run's own test images" in said
    place = run.folder / "labelled" / "test"
    record = record_of(run, "test")
    assert record["accuracy"] == run.accuracy and record["right"] == right
    assert record["unlike_the_training_images"] == 0
    table, own = pd.read_csv(place / "predictions.csv"), run.predictions
    assert table.probability.tolist() == own.probability.tolist()
    assert table.image.tolist() == own.image.str.removeprefix("test/").tolist()
    for name in ("confusion_matrix.csv", "classification_report.txt"):
        assert (place / name).read_bytes() == before[name], name
    pictures = {path.name for path in place.glob("*.png")}
    assert pictures == {"confusion_matrix.png", "mistakes.png", "calibration.png"}
    assert before == {path.name: path.read_bytes() for path in run.folder.glob("*.*")}
    assert "warning" not in said


def test_each_folder_has_its_place(run, wide_photos, tmp_path, undrawn):
    save_wide_photos(tmp_path / "other" / "test", 6)
    ask(run, wide_photos / "test")
    ask(run, tmp_path / "other" / "test")
    ask(run, wide_photos / "test", Preparation(crop=True))
    save_wide_photos(tmp_path / "other" / "test", 8)
    ask(run, tmp_path / "other" / "test")
    places = {path.name for path in (run.folder / "labelled").iterdir()}
    assert places == {"test", "test-2", "test-crop"}
    assert record_of(run, "test")["images"] == 40 and record_of(run, "test-2")["images"] >= 8
    assert record_of(run, "test-crop")["right"] < 35


def test_classes_that_the_run_does_not_know_or_that_are_not_there(run, tmp_path, undrawn, capsys):
    save_wide_photos(tmp_path / "new", 12)
    (tmp_path / "new" / "right").rename(tmp_path / "new" / "upwards")
    count = len([*(tmp_path / "new" / "left").iterdir()])
    ask(run, tmp_path / "new")
    said = " ".join(capsys.readouterr().out.split())
    assert f"left out: {12 - count} images of upwards, no classes of the run" in said
    assert "no images of right: nothing is known of them" in said
    record = record_of(run, "new")
    assert record["images"] == count and record["left_out"] == {"upwards": 12 - count}
    assert record["images_of_class"] == {"left": count, "right": 0}


def test_training_images_are_said_to_be_such(run, wide_photos, undrawn, capsys):
    ask(run, wide_photos / "train")
    assert "warning: the run was trained on these images" in capsys.readouterr().out
    run.record["hyperparameters"]["data"] = str(wide_photos.parent)  # where train/ is deeper
    ask(run, wide_photos / "train")
    assert "warning: the run was trained on these images" in capsys.readouterr().out
    ask(run, wide_photos / "test")
    assert "warning" not in capsys.readouterr().out


def test_unreadable_images_are_left_out_and_named(run, tmp_path, undrawn, capsys):
    save_wide_photos(tmp_path / "new", 9)
    (tmp_path / "new" / "left" / "half.png").write_bytes(b"half")
    (tmp_path / "new" / "left" / "notes.txt").write_text("none of the pictures")
    (tmp_path / "new" / "left" / "more").mkdir()
    (problem,) = ask(run, tmp_path / "new")
    assert "2 files and folders passed over: 1 .txt, 1 folder" in capsys.readouterr().out
    assert problem.startswith(f"{tmp_path / 'new' / 'left' / 'half.png'} is no picture")
    record = record_of(run, "new")
    assert record["images"] == 9 and record["unreadable"] == [problem]


def test_wrong_folders(run, wide_photos, tmp_path, capsys):
    save_wide_photos(tmp_path / "capitals", 4)
    (tmp_path / "capitals" / "left").rename(tmp_path / "capitals" / "Left")
    (tmp_path / "empty").mkdir()
    for name, files in (("phone", "a.heic b.heic"), ("bare", "")):
        (tmp_path / name / "left").mkdir(parents=True)
        for file in files.split():
            (tmp_path / name / "left" / file).touch()
    (tmp_path / "others" / "cats").mkdir(parents=True)
    for folder, words in (
        (tmp_path / "nowhere", "nowhere'; it must be a folder with a folder for each class"),
        (
            wide_photos,
            f"no folder in it has images and the name of a class of the run, left, right; "
            f"name {wide_photos / 'test'}, which has",
        ),
        (tmp_path / "capitals", "Left is no class of the run, which has 'left'; rename"),
        (tmp_path / "empty", "it has no folders"),
        (tmp_path / "phone", "there are no images in its folders left, only 2 .heic; pip install"),
        (tmp_path / "bare", "there are no images in its folders left\n"),
        (tmp_path / "others", "it has cats"),
    ):
        with pytest.raises(SystemExit) as stop:
            ask(run, folder)
        message = capsys.readouterr().err
        assert stop.value.code == 2 and words in message and message.count("\n") == 1, message
    assert not (run.folder / "labelled").exists()
