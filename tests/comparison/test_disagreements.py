"""Test images that one network names rightly and the other does not."""

import numpy as np
import pytest
from made_runs import make_run, write_predictions
from PIL import Image

from internals.comparison.disagreements import (
    choose_runs,
    find_disagreements_of_runs,
    make_sheet,
    read_pictures,
)
from internals.comparison.table import Options, compare
from internals.data.dataset import load_digits


@pytest.fixture
def two_runs(tmp_path):
    folders = make_run(tmp_path, 1), make_run(tmp_path, 2, backend="torch")
    right = np.array([True] * 6 + [False] * 6)
    write_predictions(folders[0], right, sure=np.linspace(0.5, 0.61, 12))
    write_predictions(folders[1], right[::-1], sure=np.linspace(0.9, 0.79, 12))
    return folders


def read(tmp_path):
    groups = compare(Options(results=tmp_path, sort="started")).groups[::-1]
    return [group.first for group in groups]


def test_both_ways_the_surest_first(two_runs, tmp_path):
    only_first, only_second = find_disagreements_of_runs(*read(tmp_path))
    assert [row[0] for row in only_first] == [f"test/{n}.png" for n in (5, 4, 3, 2, 1, 0)]
    assert only_first[0] == ("test/5.png", "frog", "frog", 0.55, "cat", pytest.approx(0.85))
    assert [row[0] for row in only_second] == [f"test/{n}.png" for n in (11, 10, 9, 8, 7, 6)]
    write_predictions(two_runs[1], [True] * 9)
    with pytest.raises(ValueError, match="not about the same images"):
        find_disagreements_of_runs(*read(tmp_path))
    (two_runs[1] / "predictions.csv").unlink()
    with pytest.raises(ValueError, match="predictions.csv: "):
        find_disagreements_of_runs(*read(tmp_path))


def test_pictures_of_a_folder(two_runs, tmp_path):
    run = read(tmp_path)[0]
    photos = tmp_path / "photos"
    (photos / "test").mkdir(parents=True)
    Image.new("RGB", (32, 32), (9, 8, 7)).save(photos / "test" / "1.png")
    Image.new("RGB", (32, 32), "red").save(tmp_path / "private.png")
    assert read_pictures(run, ["test/1.png"]) == {}  # /photos/pets is not there
    run.record["hyperparameters"]["data"] = str(photos)
    found = read_pictures(run, ["test/1.png", "../private.png", "test/2.png"])
    assert [*found] == ["test/1.png"]
    assert found["test/1.png"].shape == (32, 32, 3) and (found["test/1.png"] == [9, 8, 7]).all()


def test_pictures_of_digits_and_the_sheet(two_runs, tmp_path):
    run = read(tmp_path)[0]
    run.record["hyperparameters"]["data"] = "digits"
    tests = load_digits()[1][0]
    found = read_pictures(run, ["0", "359", "360"])
    assert [*found] == ["0", "359"]
    sheet = np.asarray(make_sheet([found["0"]] * 33 + [found["359"]]))
    assert sheet.shape == (64, 1024, 3)
    np.testing.assert_array_equal(sheet[32:, 32:64], tests[359])


def test_the_same_seed_where_there_is_one(tmp_path):
    for number, (seed, backend) in enumerate([(0, "jax"), (3, "jax"), (3, "torch"), (5, "torch")]):
        make_run(tmp_path, number, seed=seed, backend=backend)
    groups = compare(Options(results=tmp_path)).groups
    assert [run.seed for run in choose_runs(*groups)] == ["3", "3"]
