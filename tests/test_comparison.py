"""Runs read, ordered and laid in a table."""

from conftest import HOSTILE

from internals import comparison
from internals.comparison import Options


def order(results, **options):
    runs, _ = comparison.read_runs(Options(results=results, **options))
    return [run.folder.name[-2:] for run in runs]


def test_table(results):
    runs, broken = comparison.read_runs(Options(results=results))
    table = comparison.make_table(runs)
    assert broken == {}
    names = [f"{run.record['script']}/{run.folder.name}" for run in runs]
    assert [*table.run] == names
    assert [*table.accuracy] == [0.75, 0.5, 0.25]
    assert [*table.epochs] == [20, 3, 2]
    assert [*table.minutes] == [10.0, 1.5, 1.0]
    assert [*table.seconds_per_epoch] == [30.0, 30.0, 30.0]
    assert [*table.learning_rate] == [0.1, 0.01, 0.1]
    assert "data" not in table and "name" not in table  # the same in all, and not a hyperparameter
    text = comparison.show_table(table)
    assert "75.00%" in text and "1,250,858" in text


def test_order_and_choice(results):
    assert order(results) == ["03", "02", "01"]
    assert order(results, sort="minutes") == ["01", "02", "03"]
    assert order(results, sort="epochs") == ["03", "02", "01"]
    assert order(results, sort="started") == ["03", "02", "01"]
    assert order(results, script="4layerCNN.py") == ["02", "01"]
    assert order(results, limit=1) == ["03"]
    one = next(results.glob("4layerCNN/*01"))
    assert order(results, runs=(one, results / "6layerCNN", one)) == ["03", "01"]


def test_labels_say_what_differs(results):
    runs, _ = comparison.read_runs(Options(results=results))
    assert [run.label for run in runs] == [
        f"6layerCNN, {HOSTILE}",
        "4layerCNN, epochs 3, learning rate 0.01",
        "4layerCNN, epochs 2, learning rate 0.1",
    ]
    assert len({run.color for run in runs}) == 3


def test_most_confused(results):
    (run, *_), _ = comparison.read_runs(Options(results=results))
    assert comparison.most_confused(run, count=2) == [
        "cat and dog: 3 times (1 cat called dog, 2 dog called cat)",
        f"dog and {HOSTILE}: 3 times (0 dog called {HOSTILE}, 3 {HOSTILE} called dog)",
    ]
