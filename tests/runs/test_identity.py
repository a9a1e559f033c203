"""What makes two runs the same run, repeats of one recipe, or one that may go on."""

import dataclasses

import common

import pytest
from conftest import import_script
from made_runs import make_run

from internals.comparison.recorded_facts import describe_group, list_differences
from internals.comparison.table import Options, compare
from internals.data.preprocessing import digest_preprocessing
from internals.runs import identity
from internals.runs.run import read_record

RECORD = {
    "script": "4layerCNN",
    "name": "first",
    "hyperparameters": {"epochs": 3, "seed": 0, "batch_size": 32, "data": "a", "name": "first"},
    "network": "n",
    "loss": "l",
    "optimizer": {"class": "SGD"},
    "preprocessing": "p",
    "backend": "jax",
    "data": {"sha256": "d", "class_names": ["cat", "dog"], "images": {"train": 9}},
    "device": "cpu",
    "versions": {"python": "3.12"},
}
DECIDING = [
    {"batch_size": 64},
    {"own_field": (1, 2)},
    {"network": "m"},
    {"loss": "k"},
    {"optimizer": {"class": "Adam"}},
    {"preprocessing": "q"},
    {"preprocessing": None},  # not recorded
    {"backend": "torch"},
    {"data": {"sha256": "e", "class_names": ["cat", "dog"]}},
    {"data": {"sha256": "d", "class_names": ["cat", "frog"]}},
]
IDLE = [
    {"data_folder": "b"},
    {"name": "second"},
    {"script": "my_cnn"},
    {"device": "gpu"},
    {"versions": {"python": "3.13"}},
    {"processor": "another"},
]


def changed(changes):
    """Return RECORD with changes, those of hyperparameters among them."""
    record = RECORD | {name: value for name, value in changes.items() if name in RECORD}
    own = {name: value for name, value in changes.items() if name not in RECORD}
    if "data_folder" in own:
        own["data"] = own.pop("data_folder")
    if "processor" in own:
        record["processor"] = own.pop("processor")
    return record | {"hyperparameters": RECORD["hyperparameters"] | own}


def obstacle(record):
    return identity.find_obstacle(*map(identity.facts_to_go_on, (RECORD, record)))


@pytest.mark.parametrize("changes", DECIDING)
def test_what_decides_tells_runs_and_groups_apart_and_keeps_a_run_from_going_on(changes):
    record = changed(changes)
    assert not identity.is_same_run(record, RECORD)
    assert identity.recipe_of(record) != identity.recipe_of(RECORD)
    assert obstacle(record)


@pytest.mark.parametrize("changes", IDLE)
def test_labels_places_and_environment_decide_nothing(changes):
    record = changed(changes)
    assert identity.is_same_run(record, RECORD)
    assert identity.recipe_of(record) == identity.recipe_of(RECORD)
    assert obstacle(record) is None


def test_seed_repeats_a_recipe_and_epochs_may_grow():
    other_seed, longer, shorter = (
        changed(each) for each in ({"seed": 1}, {"epochs": 4}, {"epochs": 2})
    )
    assert not identity.is_same_run(other_seed, RECORD)
    assert identity.recipe_of(other_seed) == identity.recipe_of(RECORD)
    assert obstacle(other_seed) == ("seed", 0, 1)
    for record in (longer, shorter):
        assert not identity.is_same_run(record, RECORD)
        assert identity.recipe_of(record) != identity.recipe_of(RECORD)
    assert obstacle(longer) is None and obstacle(shorter) == ("epochs", 3, 2)


def test_values_are_as_json_returns_them():
    in_memory, on_disk = changed({"filters": (32, 64)}), changed({"filters": [32, 64]})
    assert identity.is_same_run(in_memory, on_disk) and obstacle(in_memory)
    assert identity.find_obstacle(*map(identity.facts_to_go_on, (in_memory, on_disk))) is None


def test_whole_numbers_of_float_fields_are_one_value():
    published = import_script("4layerCNN").PUBLISHED
    whole, broken = published.but(decay=0, momentum=1), published.but(decay=0.0, momentum=1.0)
    texts = [repr(sorted(dataclasses.asdict(each).items())) for each in (whole, broken)]
    assert texts[0] == texts[1]
    assert isinstance(whole.decay, float) and isinstance(whole.epochs, int)


def divide_by_255(images):
    return common.keras.ops.cast(images, "float32") / 255


def minus_one_to_one(images):
    return common.keras.ops.cast(images, "float32") / 127.5 - 1


def test_edit_of_normalise_is_another_recipe(tmp_path):
    digests = [
        digest_preprocessing(each, (32, 32, 3))
        for each in (common.normalise, divide_by_255, minus_one_to_one)
    ]
    assert digests[0] == digests[1] != digests[2]
    for started, digest in enumerate([digests[0], digests[2]], start=1):
        make_run(tmp_path, started, preprocessing=digest)
    assert len(compare(Options(results=tmp_path)).groups) == 2  # neither vanishes behind the other


def test_run_of_before_says_not_recorded(tmp_path):
    make_run(tmp_path, 1, preprocessing="a" * 64)
    make_run(tmp_path, 2)
    first, second = compare(Options(results=tmp_path)).groups
    rows = list_differences(describe_group(first), describe_group(second))
    (row,) = (row for row in rows if row[0] == "preprocessing (fingerprint)")
    assert sorted(row[1:]) == ["aaaaaaaa", "not recorded"]


def test_normalise_and_common_are_recorded(start, make_hyperparameters):
    run, _ = start(make_hyperparameters())
    expected = digest_preprocessing(common.normalise, (32, 32, 3))
    assert read_record(run.folder)["preprocessing"] == expected
    assert "def normalise" in (run.folder / "common.py").read_text()
