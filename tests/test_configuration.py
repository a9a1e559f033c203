"""A run under a user's configuration: none of it decides a result, or costs a run."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT, only_run, run_script

KERAS = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}
MATPLOTLIB = """text.usetex: True
font.family: No Such Font
figure.dpi: 20
savefig.dpi: 10
axes.facecolor: black
backend: qtagg
nonsense
"""


@pytest.fixture(scope="module")
def configured(tmp_path_factory):
    """Return the folder of a run under everything that a user may have set, and what it printed."""
    folder = tmp_path_factory.mktemp("configured")
    (folder / "keras.json").write_text(json.dumps(KERAS))
    (folder / "matplotlibrc").write_text(MATPLOTLIB)
    process = run_script(
        "udacity_cnn",
        *("--data", "digits", "--epochs", 1),
        cwd=folder,
        KERAS_HOME=str(folder),
        MATPLOTLIBRC=str(folder / "matplotlibrc"),
        MPLBACKEND="foo",
        PYTHONWARNINGS="error",
        PYTHONIOENCODING="ascii",
        COLUMNS="20",
    )
    return folder, process


def test_no_setting_decides_a_result(configured, tmp_path, zygote):
    folder, process = configured
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    arguments = ["--data", "digits", "--epochs", 1]
    other = zygote.run("udacity_cnn", *arguments, cwd=tmp_path, output=tmp_path, drawn=True)
    assert other.returncode == 0, other.stderr
    runs = [only_run(each / "results") for each in (folder, tmp_path)]
    histories = [(run / "history.csv").read_text().rsplit(",", 1)[0] for run in runs]
    assert histories[0] == histories[1]
    for name in ("samples", "accuracy", "calibration", "confusion_matrix"):
        assert size_of(runs[0] / f"{name}.png") == size_of(runs[1] / f"{name}.png"), name


def size_of(picture):
    return picture.read_bytes()[16:24]  # width and height of a PNG file


def test_backend_that_is_not_there_is_named(tmp_path):
    process = run_script(
        "udacity_cnn", "--data", "digits", cwd=tmp_path, KERAS_BACKEND="tensroflow"
    )
    assert process.returncode == 2 and process.stdout == ""
    assert process.stderr == (
        "error: KERAS_BACKEND is 'tensroflow'; it must be tensorflow, jax or torch\n"
    )


def test_kept_script_says_where_it_can_start(tmp_path):
    for name, kept in (("udacity_cnn.py", "script.py"), ("common.py", "common.py")):
        shutil.copy(ROOT / name, tmp_path / kept)
    environment = {name: os.environ[name] for name in os.environ if name != "PYTHONPATH"}
    command = [sys.executable, "script.py"]
    process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert process.returncode
    assert process.stderr.startswith("error: no folder internals here; copy script.py")
    assert process.stderr.count("\n") == 1
