"""predict.py on many pictures, and on those that a run has seen in its test."""

import common

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from internals.prediction import answers, asking
from internals.prediction.pictures import Preparation
from internals.runs.run_reader import read_run

SQUEEZED = Preparation()


def ask(folder, paths, preparation=SQUEEZED):
    """Return the rows of the table that predict.py makes for these pictures."""
    return asking.ask(
        read_run(folder), [str(path) for path in paths], preparation, [], common.normalise
    )


@pytest.fixture
def own(wide_run):
    """Return the folder of drawings, without those of other tests."""
    for path in (wide_run / "own").glob("*"):
        path.unlink()
    return wide_run / "own"


def test_files_of_the_test_images_get_the_answers_of_the_test(wide_run, wide_photos, own, capsys):
    table = read_run(wide_run).predictions
    paths = [wide_photos / name for name in table.image]
    rows = pd.DataFrame(ask(wide_run, paths))
    assert rows["first"].tolist() == table.predicted.tolist()
    assert rows.first_probability.to_numpy() == pytest.approx(table.probability, abs=2e-6)
    assert "unlike" not in rows and rows.share_right.notna().all()
    said = capsys.readouterr().out
    assert "squeezed, 32 x 32 pixels, as the run's images were" in said
    assert {path.name for path in own.iterdir()} == {"pictures.png"}  # too many to draw each
    cropped = pd.DataFrame(ask(wide_run, paths, Preparation(crop=True)))
    assert (cropped["first"] == table.predicted).mean() < 0.8  # their ends are cut off
    assert "share_right" not in cropped
    assert {path.name for path in own.iterdir()} == {"pictures.png", "pictures-crop.png"}


def test_some_are_drawn_one_by_one(wide_run, wide_photos, own, monkeypatch):
    paths = sorted((wide_photos / "test" / "left").iterdir())[:3]
    for most, drawn in ((3, {path.stem + ".png" for path in paths}), (2, {"pictures.png"})):
        monkeypatch.setattr(asking, "MOST_SHEETS", most)
        assert {row["drawn"] for row in ask(wide_run, paths)} == drawn
        for path in own.iterdir():
            path.unlink()


def test_unlike_picture_has_no_belief(wide_run, tmp_path, own, capsys):
    Image.new("RGB", (60, 20), "black").save(tmp_path / "night.png")
    (row,) = ask(wide_run, [tmp_path / "night.png"])
    said = capsys.readouterr().out
    assert "%" in said and "it is unlike the training images" in said and "interval" not in said
    assert row["unlike"].startswith("it is unlike") and "share_right" not in row


def test_place_that_cannot_be_written_costs_drawings_only(wide_run, wide_photos, own, capsys):
    own.mkdir(exist_ok=True)
    own.rmdir()
    own.write_text("in the way")  # as a folder that one may only read
    try:
        paths = sorted((wide_photos / "test" / "left").iterdir())[:3]
        rows = ask(wide_run, paths)
    finally:
        own.unlink()
    said = capsys.readouterr()
    assert len(rows) == 3 and said.out.count(".jpg: ") + said.out.count(".png: ") == 3
    assert said.err.count("warning: nothing is drawn: ") == said.err.count("\n") == 1
    assert "Drawn in" not in said.out


@pytest.mark.parametrize(
    ("accuracy", "warned"), [(0.5, True), (0.54, True), (0.6, False), (0.97, False)]
)
def test_network_that_guesses(wide_run, tmp_path, capsys, accuracy, warned):
    run = read_run(wide_run)
    run.record["test_accuracy"] = accuracy
    answers.introduce(run, Preparation(), (32, 32))
    assert ("hardly better than guessing" in capsys.readouterr().out) == warned


@pytest.mark.parametrize(
    ("count", "accuracy", "warned"), [(10, 0.12, True), (10, 0.3, False), (1000, 0.05, False)]
)
def test_guessing_among_many_classes(tmp_path, capsys, count, accuracy, warned):
    table = pd.DataFrame({"true": [*map(str, range(count))]})

    class Known:
        pass

    run = Known()
    run.accuracy = accuracy
    answers.warn_of_guessing(run, count, table)
    answers.warn_of_guessing(run, count, None)
    assert (capsys.readouterr().out.count("hardly better") == 2) == warned


def test_long_paths_do_not_bury_the_answer():
    folder = "/very/long/path" * 20
    answer = answers.Answer(f"{folder}/cat.jpg", ["n" * 30, "m" * 30, "o" * 30], np.ones(3) / 3)
    first, *others = str(answer).splitlines()
    assert "/cat.jpg: nnn" in first and first.startswith("…")
    assert max(map(len, [first, *others])) <= 100
    assert answer.row()["picture"] == f"{folder}/cat.jpg"
