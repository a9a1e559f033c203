"""What belongs together: seeds in a group, groups in a data set."""

import pytest
from conftest import HOSTILE, write_run
from made_runs import DATA, make_run

from internals.comparison.curves import plotly_lines
from internals.comparison.table import Options, compare


def groups_of(results):
    return compare(Options(results=results)).groups


@pytest.fixture
def runs(tmp_path):
    """Return a folder with a run of seed 0, and a function that makes a second one."""
    make_run(tmp_path, 1, accuracy=0.5)
    return tmp_path, lambda **changes: make_run(tmp_path, 2, accuracy=0.6, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"seed": 1, "name": "other words"},
        {"seed": 1, "device": "gpu", "versions": {"python": "3.13.0"}},
        {"seed": 1, "hyperparameters": {"resume": "a run", "data": "/moved/pets"}},
        {"seed": 1, "script": "copy"},
    ],
)
def test_what_does_not_decide_the_result(runs, changes):
    results, second = runs
    (second(**changes) / "script.py").write_text("# another comment\n")
    (group,) = groups_of(results)
    assert group.figures["n"] == 2 and group.accuracies == [0.5, 0.6]


@pytest.mark.parametrize(
    "changes",
    [
        {"hyperparameters": {"learning_rate": 0.2}},
        {"hyperparameters": {"a_later_field": "cosine"}},
        {"hyperparameters": {"precision": "bfloat16"}},
        {"network": "b2" * 32},
        {"loss": "focal"},
        {"optimizer": {"class": "SGD", "momentum": 0.9}},
        {"data": DATA | {"sha256": "e2" * 32}},
        {"backend": "torch"},
    ],
)
def test_what_decides_the_result(runs, changes):
    results, second = runs
    second(seed=1, **changes)
    groups = groups_of(results)
    assert [group.figures["n"] for group in groups] == [1, 1]
    assert len({group.label for group in groups}) == len({group.key for group in groups}) == 2


def test_layers_edited_in_place_are_told_apart(runs):
    results, second = runs
    second(network="b2" * 32)
    assert [group.label for group in groups_of(results)] == [
        "4layerCNN, layers b2b2b2b2b2",
        "4layerCNN, layers a1a1a1a1a1",
    ]


def test_only_complete_runs_count_and_a_seed_once(runs):
    results, _ = runs
    make_run(results, 2, seed=0, accuracy=0.52)  # the same seed again: no second sample
    make_run(results, 3, seed=1, accuracy=0.60)
    make_run(results, 4, seed=2, accuracy=0.1, hyperparameters={"epochs": 9})  # below
    cut = make_run(results, 5, seed=3, accuracy=0.2, status="interrupted")
    lines = (cut / "history.csv").read_text().splitlines()
    (cut / "history.csv").write_text("\n".join(lines[:2]))
    make_run(results, 7, seed=5, accuracy=0.9, status="interrupted", phases=[{}, {}])
    diverged = make_run(results, 6, seed=4, accuracy=0.11, status="diverged")
    (diverged / "history.csv").write_text("\n".join(lines[:3]))
    group, other = groups_of(results)
    assert len(group.runs) == 6 and other.first.settings["epochs"] == "9"
    assert group.accuracies == [0.52, 0.60]
    assert group.seeds_at_chance == (1, 3)  # failing is a result
    assert group.status == "3 finished, 2 interrupted, 1 diverged"


def test_data_sets_are_never_mixed(runs):
    results, second = runs
    second(test_set="other", data=DATA | {"sha256": "e2" * 32})
    make_run(results, 3, accuracy=0.7, hyperparameters={"validation_split": 0.1}, seed=1)
    make_run(results, 4, accuracy=0.8, data=DATA | {"class_names": ["cat", "dog", "lizard"]})
    data_sets = compare(Options(results=results)).data_sets
    assert [[group.first.accuracy for group in each.groups] for each in data_sets] == [
        [0.8],  # the newest run's
        [0.7, 0.5],
        [0.6],
    ]
    assert [each.title for each in data_sets] == [
        "pets: 3 classes, 30 test images",
        "pets: 3 classes, 30 test images (2)",
        "pets: 3 classes, 30 test images (3)",
    ]


@pytest.mark.parametrize("sort", ["accuracy", "started"])
def test_rows_that_are_called_alike_are_numbered_by_age(tmp_path, sort):
    """However they are sorted; what differs is deeper than a label goes."""
    for day, accuracy in enumerate((0.5, 0.7, 0.6)):
        make_run(tmp_path, day, accuracy=accuracy, optimizer={"class": "SGD", "clip": day})
    options = Options(results=tmp_path, sort=sort)
    found = {group.first.accuracy: group.label for group in compare(options).groups}
    assert [found[each][-3:] for each in (0.7, 0.6)] == ["(2)", "(3)"] and "(" not in found[0.5]


def test_labels_say_what_differs(results):
    write_run(results, "vgg16", 4, name="deep-seed-3", accuracy=0.2)
    groups = groups_of(results)
    assert [group.label for group in groups] == [
        f"6layerCNN, {HOSTILE}",
        "4layerCNN, epochs 3, learning rate 0.01",
        "4layerCNN, epochs 2, learning rate 0.1",
        "vgg16, deep",
    ]


def test_means_curves_and_pictures_are_of_the_seeds_that_learn(tmp_path):
    make_run(tmp_path, 1, seed=0, accuracy=0.1)  # at chance: three classes
    learner = make_run(tmp_path, 2, seed=1, accuracy=0.8)
    (group,) = groups_of(tmp_path)
    assert group.seeds_at_chance == (1, 2) and group.first.folder == learner
    assert group.figures["last_epoch"] == group.figures["best_epoch"] == 0.8
    assert group.matrix.equals(group.first.matrix)
    assert len(group.drawn) == 2 and group.averaged == [group.first]
    band, *seeds, mean = plotly_lines(group)
    assert (band["kind"], len(seeds), mean["name"]) == ("band", 2, "4layerCNN (n = 1)")
