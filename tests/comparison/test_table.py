"""Runs chosen, ordered and laid in a table."""

import json

import pandas as pd
from conftest import HOSTILE, write_run
from made_runs import change_record, make_run

from internals.comparison import table as comparison
from internals.comparison.groups import describe_confusion
from internals.comparison.table import Options, compare
from internals.core.files import write_csv


def order(results, **options):
    groups = compare(Options(results=results, **options)).groups
    return [group.first.folder.name[-2:] for group in groups]


def test_table(results):
    found = compare(Options(results=results))
    (data_set,) = found.data_sets
    table = comparison.make_table(data_set)
    assert found.broken == {}
    assert [*table.run] == [group.label for group in found.groups]
    assert [*table.accuracy] == [0.75, 0.5, 0.25]
    assert [*table.epochs] == [20, 3, 2]
    assert [*table.minutes] == [10.0, 1.5, 1.0]
    assert [*table.learning_rate] == ["0.1", "0.01", "0.1"]
    assert "data" not in table and "name" not in table  # the same in all, and not a hyperparameter
    text = comparison.show_table(data_set)
    assert "75.00 %" in text and "1,250,858" in text and "±" not in text


def test_runs_two_folders_deep(results):
    deep = write_run(results / "exp1", "vgg16", 4, accuracy=0.6)
    change_record(deep, started="2026-11-20T14:30:00-05:00")  # the latest, though not by its text
    assert order(results) == ["03", "04", "02", "01"]
    assert order(results, sort="started") == ["04", "03", "02", "01"]
    place = f"exp1/vgg16/{deep.name}"
    assert order(results, runs=(place,)) == order(results, runs=("exp1",)) == ["04"]


def test_order_and_choice(results):
    assert order(results) == ["03", "02", "01"]
    assert order(results, sort="minutes") == ["01", "02", "03"]
    assert order(results, sort="epochs") == ["03", "02", "01"]
    assert order(results, sort="started") == ["03", "02", "01"]
    assert order(results, script="4layerCNN.py") == ["02", "01"]
    assert order(results, limit=1) == ["03"]
    one = str(next(results.glob("4layerCNN/*01")))
    assert order(results, runs=(one, str(results / "6layerCNN"), one)) == ["03", "01"]


def test_choice_by_name_and_by_group(results):
    for number, seed in ((4, 0), (5, 1)):
        make_run(results, number, script="vgg16", seed=seed, name=f"wide-seed-{seed}", accuracy=0.6)
    groups = compare(Options(results=results)).groups
    (wide,) = [group for group in groups if len(group.runs) == 2]
    for words in (("wide-seed-0",), ("2026-11-20_14-30-04",), ("vgg16/2026-11-20_14-30-04",)):
        (group,) = compare(Options(results=results, runs=words)).groups
        assert [run.seed for run in group.runs] == ["0"]
    (group,) = compare(Options(results=results, runs=(wide.key,))).groups
    assert [run.seed for run in group.runs] == ["0", "1"] and group.key == wide.key


def test_table_fits_and_says_what_all_share(results):
    for number in range(10, 30):
        own = {f"setting_{letter}": f"{letter}{number}" for letter in "abcdefgh"}
        make_run(results, number, hyperparameters=own | {"shared": "by all"})
    (data_set, *_) = compare(Options(results=results, script="4layerCNN")).data_sets
    lines = comparison.show_table(data_set).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("all: script 4layerCNN, learning rate 0.1, precision")
    assert "shared by all" in lines[0]
    assert "setting_a" not in lines[0] and "setting h" in lines[-2]


def test_own_hyperparameters_may_be_called_as_a_column_is(results):
    """They have columns of their own, and those of the table keep what they show."""
    for number in (3, 5):
        own = {"n": number, "accuracy": number, "status": str(number), "run": f"r{number}"}
        folder = make_run(results, 20 + number, name=f"own-{number}")
        usual = json.loads((folder / "run.json").read_text())["hyperparameters"]
        change_record(folder, hyperparameters=usual | own)
    data_set = compare(Options(results=results, runs=("own-3", "own-5"))).data_sets[0]
    for group, cells in zip(data_set.groups, comparison.format_cells(data_set)):
        number = group.label.removeprefix("own-")
        assert cells["run"][0] == f"own-{number}" and cells["accuracy"][0] == "50.00 %"
        assert cells["own n"][0] == cells["own accuracy"][0] == cells["own status"][0] == number
    table = comparison.make_table(data_set)
    assert sorted(table["own n"]) == ["3", "5"] and set(table["n"]) == {1}


def test_seeds_are_one_row_with_their_spread(results):
    for seed, accuracy in enumerate((0.70, 0.72, 0.74)):
        make_run(results, 10 + seed, seed=seed, accuracy=accuracy, name=f"three-seed-{seed}")
    for folder in results.glob("6layerCNN/*"):
        change_record(folder, test_accuracy=None)
    data_set = compare(Options(results=results)).data_sets[0]
    lines = comparison.show_table(data_set).splitlines()
    (row,) = [line for line in lines if "three" in line]
    assert "72.00 ± 2.00 % (n = 3)" in row and "1.5 ± 0.0" in row


def test_best_epoch_chosen_by_the_test_set_is_marked(results):
    split = {"validation_split": 0.1}
    make_run(results, 10, hyperparameters=split, data=None, accuracy=0.6, name="honest")
    folder = make_run(results, 11, accuracy=0.5, name="chosen")
    history = pd.read_csv(folder / "history.csv")
    history.loc[1, "val_accuracy"] = 0.9
    history.to_csv(folder / "history.csv", index=False)
    groups = {group.label: group for group in compare(Options(results=results)).groups}
    assert groups["chosen"].best_epoch_text == "90.00 (2)*"
    assert groups["chosen"].last_epoch_text == "50.00 %"
    assert groups["honest"].best_epoch_text == "60.00 (3)"


def test_csv_holds_what_the_table_shows(results, tmp_path):
    for seed, accuracy in enumerate((0.70, 0.72)):
        make_run(results, 10 + seed, seed=seed, accuracy=accuracy)
    found = compare(Options(results=results))
    write_csv(tmp_path / "table.csv", comparison.make_whole_table(found))
    table = pd.read_csv(tmp_path / "table.csv")
    assert [*table.run] == [group.label for group in found.groups]
    assert table.n.max() == 2 and len(set(table.data)) == 2
    two = table[table.n == 2].iloc[0]
    assert round(two.accuracy, 6) == 0.71 and round(two.accuracy_std, 6) == 0.014142
    assert HOSTILE in "".join(table.run)


def test_most_confused(results):
    group = compare(Options(results=results)).groups[0]
    assert group.most_confused(count=2) == [
        "cat and dog: 3 times (cat called dog: 1; dog called cat: 2)",
        f"dog and {HOSTILE}: 3 times, always {HOSTILE} called dog",
    ]


def test_confusions_of_numbers_and_of_one_image():
    assert describe_confusion("3", "8", 0, 12) == "3 and 8: 12 times, always 8 called 3"
    assert describe_confusion("3", "8", 1, 0) == "3 and 8: once, 3 called 8"
    words = "3 and 8: 1,212 times (3 called 8: 1,200; 8 called 3: 12)"
    assert describe_confusion("3", "8", 1200, 12) == words


def test_old_runs_need_no_field_of_today(results):
    folder = write_run(results, "vgg16", 9, accuracy=0.9)
    text = (folder / "run.json").read_text().replace('"status": "finished", ', "")
    (folder / "run.json").write_text(text)
    group = compare(Options(results=results)).groups[0]
    assert group.status == "unknown" and group.accuracies == [0.9]
