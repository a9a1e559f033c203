"""What README and docs say, against the reference runs and the Keras that is installed."""

import ast
import functools
import importlib
import re
import sys
import warnings

from internals.core.keras_loader import keras

import keras_sequential_ascii
import numpy as np
import pytest
from conftest import ROOT, SCRIPTS
from scipy import stats

from internals.training.architecture import draw_architecture


@functools.cache
def tables():
    sys.path.insert(0, str(ROOT / "docs" / "programs"))
    return importlib.import_module("tables")


def test_tables_are_those_of_the_runs():
    filled = set()
    for document in tables().DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        filled |= {*re.findall("<!-- end of (.*) -->", text)}
        mend = f"python docs/programs/tables.py mends {document.name}"
        assert tables().fill(text, document) == text, mend
    assert filled == {*tables().TABLES}


def test_accuracy_is_that_of_the_epoch_and_of_the_test_set():
    record, history = tables().read_run("4layerCNN/2026-11-20_14-18-01_gpu")
    assert record["epochs_done"] == 100
    cell = functools.partial(tables().accuracy_after, "4layerCNN/2026-11-20_14-18-01_gpu")
    assert float(cell(10)) == pytest.approx(100 * history.val_accuracy.iloc[9], abs=0.006)
    assert float(cell(100)) == pytest.approx(100 * record["test_accuracy"], abs=0.006)
    with pytest.raises(ValueError, match="no test accuracy"):  # its validation is held out
        tables().accuracy_after("udacity_cnn/2026-11-20_12-56-35_tutorial", 10)


def test_every_accuracy_of_a_run_says_how_many_seeds():
    for name, table in tables().TABLES.items():
        cells = re.findall(r"\[(.+?)\]\(results/.+?\)( \(n = \d+\))?", table())
        assert all(seeds for _, seeds in cells), name
        assert all(("±" in accuracy) == (seeds != " (n = 1)") for accuracy, seeds in cells), name


def test_experiments_have_mean_spread_and_interval():
    rows = tables().experiments_table().splitlines()
    (dropout,) = (row for row in rows if "`Dropout(0.0), twice`" in row)
    seeds = np.array([0.7132, 0.7065, 0.7162, 0.7178])
    mean, spread = 100 * seeds.mean(), 100 * seeds.std(ddof=1)
    assert re.search(rf"\[{mean:.2f} ± {spread:.2f}\]\(.*?\) \(n = 4\)", dropout)
    assert dropout.endswith("| \N{MINUS SIGN}3.67 to +0.66 |")


def test_rows_with_few_learners_have_no_interval():
    for name in ("experiments", "modern recipes", "fewer epochs", "ablation"):
        table = tables().TABLES[name]()
        rows = [row for row in table.splitlines() if row.startswith("| `")]
        pairs = (
            zip(rows, rows[1:], strict=False) if name == "ablation" else ((row,) for row in rows)
        )
        for pair in pairs:
            learners = [int(n) for row in pair for n in re.findall(r"\(n = (\d+)\)", row)]
            lacks = min(learners) < 3 or any("0 of" in row for row in pair)
            lacks |= "the published recipe" in pair[-1]  # the first row of each ablation
            lacks |= "; " in pair[-1]  # trained with two backends
            assert lacks == (" to " not in pair[-1]), pair[-1]
        assert "not other images" in table.replace("\n", " ")


def test_networks_asked_twice_are_paired_and_bold_is_holms():
    found = tables().ablation_table().splitlines()
    (row,) = (row for row in found if "`udacity_cnn.py` | `flip_test` |" in row)
    asked = [accuracies_of("udacity_cnn", name) for name in ("all", "6-label-smoothing")]
    low, high = stats.ttest_rel(*asked).confidence_interval()
    assert f"| {low:+.2f} to {high:+.2f} |" in row
    kept = re.findall(r"\*\*(.*?)\*\*", tables().experiments_table())
    assert kept == [
        "\N{MINUS SIGN}38.39 to \N{MINUS SIGN}31.77",
        "\N{MINUS SIGN}2.92 to \N{MINUS SIGN}1.29",
    ]


def accuracies_of(script, name):
    run = tables().run_named(script, name)
    return tables().accuracies_after(run, tables().read_run(run)[0]["epochs_done"])


def test_no_row_mixes_backends_devices_precisions_or_images():
    on_gpu, on_processor = tables().FOUR_LAYERS, "4layerCNN/2026-11-21_01-14-33_float32-seed-0"
    other = "4layerCNN/2026-11-21_01-12-50_bfloat16-seed-0"
    for runs, words in (
        ((on_gpu, on_processor), "in backend, device$"),
        ((on_processor, other), "in precision$"),
        ((on_processor, tables().UDACITY), "in images$"),
    ):
        with pytest.raises(ValueError, match=words):
            tables().accuracy_cells(runs, 2)


@pytest.mark.parametrize("script", SCRIPTS)
def test_docstring_has_a_measured_result(script):
    docstring = ast.get_docstring(ast.parse((ROOT / f"{script}.py").read_text(encoding="utf-8")))
    said = re.findall(r"(\d+\.\d\d) %(?: of the test images)?\s+(?:after|with) (\d+)", docstring)
    assert said
    for accuracy, epochs in said:
        assert accuracy in accuracies(script, int(epochs))


def accuracies(script, epochs):
    """Return the test accuracy after so many epochs of each run that has it, and of its seeds."""
    for folder in (ROOT / "results" / "reference" / script).iterdir():
        record, history = tables().read_run(f"{script}/{folder.name}")
        held_out = record["data"]["images"]["validation"]
        if epochs == len(history) or epochs < len(history) and not held_out:
            yield tables().accuracy_after(f"{script}/{folder.name}", epochs)
            yield f"{np.mean(tables().accuracies_after(f'{script}/{folder.name}', epochs)):.2f}"


def old_code():
    text = (ROOT / "docs" / "old_code.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(.+?)` \| (.+?) \| `(.+?)` \|$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def names():
    """Return what the lines of the table may use: a small trained network and the layers."""
    images, labels = np.zeros((4, 4, 4, 3), "float32"), np.zeros(4, int)
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted = model.fit(images, labels, validation_data=(images, labels), verbose=0)
    return {
        "keras": keras,
        "Conv2D": keras.layers.Conv2D,
        "Input": keras.Input,
        "Sequential": keras.Sequential,
        "SGD": keras.optimizers.SGD,
        "InverseTimeDecay": keras.optimizers.schedules.InverseTimeDecay,
        "ModelCheckpoint": keras.callbacks.ModelCheckpoint,
        "sequential_model_to_ascii_printout": keras_sequential_ascii.keras2ascii,
        "draw_architecture": draw_architecture,
        "model": model,
        "images": images,
        "fitted": fitted,
    }


def test_old_code_is_found():
    assert len(old_code()) == 15


@pytest.mark.parametrize(("old", "message", "new"), old_code())
def test_old_code(old, message, new, names):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(old, dict(names))
            said = " ".join(str(warning.message) for warning in caught)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
    assert message.replace("`", "") in said.replace("`", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(new, dict(names))
