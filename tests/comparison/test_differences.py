"""Two groups beside each other: chance or not, and all else that differs."""

import gzip
import shutil

import pandas as pd
import pytest
from made_runs import DATA, change_record, make_run, write_predictions

from internals.comparison.differences import (
    compare_groups,
    diff_sources,
    explain,
    explain_several,
    format_comparison,
    scripts_differ,
)
from internals.comparison.recorded_facts import count_causes, describe_group, list_differences
from internals.comparison.table import Options, compare
from internals.core.intervals import Difference


def two_groups(results):
    first, second = compare(Options(results=results, sort="started")).groups[::-1]
    return first, second


def causes(first, second):
    facts = describe_group(first), describe_group(second)
    return count_causes(*facts, scripts_differ(first, second))


def compared(first, second):
    return format_comparison(first, second, compare_groups(first, second))


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
    text = compared(first, second)
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
    assert "+Dense(20)" in compared(first, second)
    assert causes(first, second) == 1  # the network is the same: the edit is another
    (other / "run.json").write_text((other / "run.json").read_text().replace("a1a1", "b2b2"))
    assert causes(*two_groups(tmp_path)) == 2  # and now layers were edited as well


def test_steps_of_a_schedule_follow_from_the_images(tmp_path):
    """Fewer training images are one cause, though the cosine then has fewer steps."""
    for number, count in enumerate((1000, 200)):
        data = DATA | {"images": DATA["images"] | {"train": count}}
        rate = {"class_name": "CosineDecay", "config": {"decay_steps": count}}
        make_run(tmp_path, number, data=data, optimizer={"class": "SGD", "learning_rate": rate})
    assert causes(*two_groups(tmp_path)) == 1


def test_one_run_each_is_paired_by_image(tmp_path):
    one, other = make_run(tmp_path, 1), make_run(tmp_path, 2, backend="torch")
    first, second = two_groups(tmp_path)
    assert explain(compare_groups(first, second), first, second) == (
        "+0.00 points. No interval: it takes three seeds on each side, and here are 1 and 1. "
        "Add two more seeds: KERAS_BACKEND=jax python sweep.py 4layerCNN.py --seed 1 2 and "
        "two more seeds: KERAS_BACKEND=torch python sweep.py 4layerCNN.py --seed 1 2"
    )
    right = [True] * 40 + [False] * 60
    write_predictions(one, right)
    write_predictions(other, right)
    first, second = two_groups(tmp_path)
    same = compare_groups(first, second)
    assert same.method == "paired images" and same.amount == 0 and same.more_than_chance is False
    write_predictions(other, [True] * 60 + [False] * 40)
    first, second = two_groups(tmp_path)
    found = compare_groups(first, second)
    assert (found.only_first, found.only_second, found.more_than_chance) == (0, 20, True)
    words = explain(found, first, second)
    assert words.startswith("+20.00 points, 95 % interval +11.44 to +27.78: more than chance.")
    labels = first.label, second.label
    named = "In pairs: 0 test images are named rightly by {} alone, 20 by {} alone. Bonett"
    assert named.format(*labels) in words
    assert (
        "not other seeds. For those, add two more seeds: KERAS_BACKEND=jax python sweep.py" in words
    )
    packed = gzip.compress((other / "predictions.csv").read_bytes())
    (other / "predictions.csv.gz").write_bytes(packed)
    (other / "predictions.csv").unlink()
    assert compare_groups(*two_groups(tmp_path)) == found
    failed = make_run(tmp_path, 3, seed=-1, accuracy=0.1, backend="torch")  # the first by seed
    write_predictions(failed, [True] * 3 + [False] * 97)
    assert compare_groups(*two_groups(tmp_path)) == found  # a seed at chance is none to pair
    shutil.rmtree(failed)
    write_predictions(other, [True] * 59)  # of other test images: they cannot be paired
    assert compare_groups(*two_groups(tmp_path)).method == "few"
    (other / "predictions.csv").write_text("no,table\n1,2\n")
    assert compare_groups(*two_groups(tmp_path)).method == "few"


def make_seeds(results, accuracies, started, **changes):
    """Write a run a seed, from seed 0 on; where given, the loss is one that says it learned."""
    return [
        make_run(results, started + seed, seed=seed, accuracy=accuracy, **changes)
        for seed, accuracy in enumerate(accuracies)
    ]


def test_seeds_are_welchs_from_three_on_each_side(tmp_path):
    make_seeds(tmp_path, (0.70, 0.71, 0.72), 1)
    make_run(tmp_path, 20, accuracy=0.9, backend="torch", seed=1)
    first, second = two_groups(tmp_path)
    found = compare_groups(first, second)
    assert (found.method, found.low, found.more_than_chance) == ("few", None, None)
    assert explain(found, first, second) == (
        "+19.00 points. No interval: it takes three seeds on each side, and here are 3 and 1. "
        "Add two more seeds: KERAS_BACKEND=torch python sweep.py 4layerCNN.py --seed 0 2"
    )
    make_run(tmp_path, 21, accuracy=0.91, backend="torch", seed=0)
    first, second = two_groups(tmp_path)
    assert "one more seed: KERAS_BACKEND=torch python sweep.py 4layerCNN.py --seed 2" in explain(
        compare_groups(first, second), first, second
    )
    make_run(tmp_path, 22, accuracy=0.92, backend="torch", seed=7)
    first, second = two_groups(tmp_path)
    words = explain(compare_groups(first, second), first, second)
    assert words == (
        "+20.00 points, 95 % interval +17.73 to +22.27: more than chance. "
        "Welch's interval over 3 and 3 seeds; it covers other seeds, not other images."
    )
    make_seeds(tmp_path, [0.7 + seed / 100 for seed in range(8)], 30)
    first, second = two_groups(tmp_path)
    words = explain(compare_groups(first, second), first, second)
    assert "beside more than seven seeds it takes four, and here are 3 and 8. Add one more" in words


def test_seeds_that_fail_are_told_apart(tmp_path):
    make_seeds(tmp_path, (0.70, 0.71, 0.72, 0.33), 1)  # of three classes
    make_seeds(tmp_path, (0.80, 0.81, 0.82), 10, backend="torch")
    first, second = two_groups(tmp_path)
    assert first.accuracy_text == "3 of 4 learn: 71.00 ± 1.00 % (n = 3)"
    words = explain(compare_groups(first, second), first, second)
    assert words.startswith("+10.00 points, 95 % interval +7.73 to +12.27: more than chance.")
    assert "1 of 4 seeds stays at chance level (exact 95 % interval 1 to 81 %); the" in words
    words = explain(compare_groups(first, second), first, second, "After Holm's.")
    assert words.endswith("not other images.") and "chance. After Holm's. 4layerCNN" in words
    make_seeds(tmp_path, (0.33, 0.34), 20, backend="numpy")
    *_, third = sorted(
        compare(Options(results=tmp_path)).groups, key=lambda each: each.newest.started
    )
    found = compare_groups(first, third)
    assert (found.method, found.low, found.p) == ("at chance", None, None)
    words = explain(found, first, third)
    assert words.startswith("-37.50 points. No interval, for one side learns nothing; ")
    assert "2 of 2 seeds stay at chance level (exact 95 % interval 16 to 100 %)." in words
    assert "those that learn" not in words


def test_one_run_each_that_fails(tmp_path):
    make_run(tmp_path, 1, accuracy=0.33)
    make_run(tmp_path, 2, accuracy=0.34, backend="torch")
    found = compare_groups(*two_groups(tmp_path))
    assert found.method == "few" and found.amount == pytest.approx(0.01)


def write_training(folder, loss):
    """Add a column of training accuracies and one of losses to a run's history."""
    history = pd.read_csv(folder / "history.csv").assign(accuracy=0.5, loss=loss)
    history.to_csv(folder / "history.csv", index=False)


def test_the_same_networks_asked_twice_are_paired(tmp_path):
    once = make_seeds(tmp_path, (0.70, 0.75, 0.80), 1, hyperparameters={"flip_test": False})
    twice = make_seeds(tmp_path, (0.71, 0.762, 0.811), 10, hyperparameters={"flip_test": True})
    assert compare_groups(*two_groups(tmp_path)).method == "welch"  # nothing says they are the same
    for folders in (once, twice):
        for seed, folder in enumerate(folders):
            write_training(folder, 1.5 + seed)
    first, second = two_groups(tmp_path)
    found = compare_groups(first, second)
    assert found.method == "paired seeds"
    assert explain(found, first, second) == (
        "+1.10 points, 95 % interval +0.85 to +1.35: more than chance. In pairs: the same 3 "
        "networks, asked in two ways. Student's interval; it covers other seeds, not other images."
    )
    change_record(twice[0], best_epoch=2)  # of the other, the last epoch's weights were kept
    assert compare_groups(*two_groups(tmp_path)).method == "welch"
    change_record(twice[0], best_epoch=None)
    write_training(twice[0], 1.6)
    assert compare_groups(*two_groups(tmp_path)).method == "welch"


def test_the_same_seeds_of_other_networks_are_not_paired(tmp_path):
    for started, backend in ((1, "jax"), (10, "torch")):
        for folder in make_seeds(tmp_path, (0.70, 0.75, 0.80), started, backend=backend):
            write_training(folder, 1.5)
    assert compare_groups(*two_groups(tmp_path)).method == "welch"


def test_several_comparisons_are_corrected():
    unlike = [Difference(0.1, 0.01, 0.2, "welch", p=p) for p in (0.03, 0.001, 0.2)]
    unlike.insert(1, Difference(0.1, None, None, "few"))
    assert explain_several(unlike) == [
        "After Holm's correction for 3 comparisons: may be chance.",
        "",
        "After Holm's correction for 3 comparisons: more than chance.",
        "After Holm's correction for 3 comparisons: may be chance.",
    ]
    assert explain_several(unlike[:2]) == ["", ""]


def test_no_accuracy_yet(tmp_path):
    make_run(tmp_path, 1)
    make_run(tmp_path, 2, backend="torch", test_accuracy=None)
    first, second = two_groups(tmp_path)
    words = explain(compare_groups(first, second), first, second)
    assert words == "No difference is given: it takes a finished run on each side."
