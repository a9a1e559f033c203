"""Two groups beside each other: chance or not, and all else that differs."""

import pytest
from made_runs import make_run, write_predictions

from internals.comparison.differences import (
    compare_groups,
    count_causes,
    describe_group,
    diff_sources,
    explain,
    format_comparison,
    list_differences,
    scripts_differ,
)
from internals.comparison.table import Options, compare


def two_groups(results):
    first, second = compare(Options(results=results, sort="started")).groups[::-1]
    return first, second


def causes(first, second):
    facts = describe_group(first), describe_group(second)
    return count_causes(*facts, scripts_differ(first, second))


@pytest.mark.parametrize(
    "changes, count, names",
    [
        ({"hyperparameters": {"learning_rate": 0.2}}, 1, {"learning_rate"}),
        ({"hyperparameters": {"learning_rate": 0.2, "epochs": 3, "decay": 1}}, 2, None),
        ({"network": "b2" * 32}, 1, {"layers (fingerprint)"}),
        ({"hyperparameters": {"momentum": 0.9}, "optimizer": {"class": "Adam"}}, 1, None),
        ({"hyperparameters": {"batch_norm": 0}, "network": "b2" * 32}, 1, None),
        ({"optimizer": {"class": "SGD", "momentum": 0.9}}, 1, {"optimizer momentum"}),
        ({"backend": "torch"}, 1, {"backend"}),
        ({"backend": "torch", "versions": {"python": "3.13.0"}}, 2, None),
        ({"backend": "torch", "device": None, "versions": None}, 1, None),  # not known to differ
        (
            {"backend": "torch", "versions": {"python": "3.12.1", "torch": "2"}, "device": "gpu"},
            2,  # that PyTorch has a version follows from the backend
            {"backend", "device", "version of jax", "version of torch"},
        ),
    ],
)
def test_everything_else_that_differs(tmp_path, changes, count, names):
    make_run(tmp_path, 1)
    make_run(tmp_path, 2, **changes)
    first, second = two_groups(tmp_path)
    rows = list_differences(describe_group(first), describe_group(second))
    assert names is None or {name for name, *_ in rows} == names
    assert causes(first, second) == count
    text = format_comparison(first, second)
    assert ("the cause cannot be told" in text) == (count > 1)


def test_scripts_as_a_diff(tmp_path):
    hyperparameters = {"learning_rate": 0.2}
    one, other = make_run(tmp_path, 1), make_run(tmp_path, 2, hyperparameters=hyperparameters)
    (one / "script.py").write_text("import keras\nDense(10)\n")
    (other / "script.py").write_text("import keras\nDense(20)\n\x1b[31m\n")
    first, second = two_groups(tmp_path)
    lines = diff_sources(first, second)
    assert lines[3:6] == [" import keras", "-Dense(10)", "+Dense(20)"]
    assert not any("\x1b" in line for line in lines)
    assert "+Dense(20)" in format_comparison(first, second)
    assert causes(first, second) == 1  # the network is the same: the edit is another
    (other / "run.json").write_text((other / "run.json").read_text().replace("a1a1", "b2b2"))
    assert causes(*two_groups(tmp_path)) == 2  # and now layers were edited as well


def test_one_run_each_is_mcnemars(tmp_path):
    one, other = make_run(tmp_path, 1), make_run(tmp_path, 2, backend="torch")
    first, second = two_groups(tmp_path)
    assert compare_groups(first, second).method == "none"
    assert "whether this is chance is not known: python sweep.py 4layerCNN.py" in explain(
        compare_groups(first, second), first, second
    )
    right = [True] * 40 + [False] * 60
    write_predictions(one, right)
    write_predictions(other, right)
    first, second = two_groups(tmp_path)
    same = compare_groups(first, second)
    assert same.method == "mcnemar" and same.amount == 0 and same.more_than_chance is False
    write_predictions(other, [True] * 60 + [False] * 40)
    first, second = two_groups(tmp_path)
    found = compare_groups(first, second)
    assert (found.only_first, found.only_second, found.more_than_chance) == (0, 20, True)
    words = explain(found, first, second)
    assert words.startswith("+20.00 points, 95 % interval +13.") and "more than chance." in words
    assert "these two networks differ (McNemar's test); whether another seed would say" in words
    write_predictions(other, [True] * 59)  # of other test images: they cannot be paired
    assert compare_groups(*two_groups(tmp_path)).method == "none"
    (other / "predictions.csv").write_text("no,table\n1,2\n")
    assert compare_groups(*two_groups(tmp_path)).method == "none"


def test_seeds_are_welchs_and_a_run_alone_is_said(tmp_path):
    for seed, accuracy in enumerate((0.70, 0.71, 0.72)):
        make_run(tmp_path, 1 + seed, seed=seed, accuracy=accuracy)
    make_run(tmp_path, 20, accuracy=0.9, backend="torch")
    first, second = two_groups(tmp_path)
    found = compare_groups(first, second)
    assert (found.method, found.low, found.more_than_chance) == ("one run", None, None)
    assert explain(found, first, second) == (
        "+19.00 points. 3 and 1 seeds: no interval, for one run has no spread. "
        "Better: python sweep.py 4layerCNN.py ... --seed 0 1 2"
    )
    make_run(tmp_path, 21, accuracy=0.91, backend="torch", seed=1)
    first, second = two_groups(tmp_path)
    words = explain(compare_groups(first, second), first, second)
    assert "more than chance. Welch's interval over 3 and 2 seeds." in words
    assert "not more" not in words


def test_no_accuracy_yet(tmp_path):
    make_run(tmp_path, 1)
    make_run(tmp_path, 2, backend="torch", test_accuracy=None)
    first, second = two_groups(tmp_path)
    words = explain(compare_groups(first, second), first, second)
    assert words == "No difference is given: it takes a finished run on each side."
