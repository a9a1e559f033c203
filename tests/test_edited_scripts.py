"""Edited scripts as whole programs: started, stopped, swept and asked as the five are."""

import json
import signal
import subprocess
import sys

import pytest
from conftest import ROOT, only_run, run_script, save_digits
from edited_scripts import NETWORKS, TINY, compiled, replace

from internals.runs.run_reader import read_run


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Return a folder of 120 training and 40 test digits."""
    return save_digits(tmp_path_factory.mktemp("few"), 120, 40)


@pytest.fixture
def run(zygote, tmp_path, few):
    """Return a function that runs a text as edited.py in a fork, in a folder of its own."""

    def run(text, *arguments, **environment):
        path = tmp_path / "edited.py"
        path.write_text(text)
        if "--resume" not in arguments:
            arguments = ("--data", few, *arguments)
        places = {"cwd": tmp_path, "output": tmp_path, "drawn": True}
        return zygote.run(path.with_suffix(""), *arguments, **places, **environment)

    return run


ONE_EPOCH = ("--epochs", "1", "--no-keep-best")
INTERRUPT = """    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1 and not hyperparameters.resume:
                import os, signal
                os.kill(os.getpid(), signal.SIGINT)
    common.train(run, model, data, callbacks=[Stop()])
"""


@pytest.mark.parametrize("name", ["base within", "subclass"])
def test_interrupted_and_resumed(run, tmp_path, name):
    """Ctrl-C in the second epoch, a docstring more, and on: with all pictures."""
    text = NETWORKS[name].replace("    common.train(run, model, data)\n", INTERRUPT)
    process = run(text, "--epochs", "2", "--no-keep-best")
    assert process.returncode == 130, process.stdout + process.stderr
    folder = only_run(tmp_path / "results")
    assert (folder / "features.png").exists() and "drew nothing" not in process.stderr
    process = run(
        text.replace("    model = build", "    x = 1\n    model = build"), "--resume", folder
    )
    assert process.returncode == 2
    assert "its code is not the same any more\nscript.py: +    x = 1" in process.stderr
    changed = text.replace('"""Train the network and', '"""In other words: train it, and')
    process = run(changed, "--resume", folder)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "It goes on after epoch 1" in process.stdout
    record = read_run(folder)
    assert len(record.history) == 2 and record.record["status"] == "finished"


def test_lost_picture_costs_no_run(run, tmp_path):
    broken = replace(
        (
            "    common.report(run",
            "    from internals.report import run_plots\n"
            "    def lose(*_): raise RuntimeError('no ink')\n"
            "    run_plots.plot_calibration = lose\n    common.report(run",
        ),
        text=TINY,
    )
    process = run(broken, *ONE_EPOCH)
    assert process.returncode == 0
    assert "warning: lose drew nothing: RuntimeError('no ink')" in process.stderr
    folder = only_run(tmp_path / "results")
    assert read_run(folder).record["status"] == "finished"
    assert (folder / "features.png").exists()


def test_table_names_what_was_compiled_and_what_does_not_count(run, tmp_path):
    text = replace(*compiled(optimizer="keras.optimizers.RMSprop(0.0003)"), text=TINY)
    for script in (TINY, TINY, text):
        assert run(script, *ONE_EPOCH).returncode == 0
    for path in tmp_path.glob("results/*/*/run.json"):
        assert json.loads(path.read_text())["command"].startswith("python edited.py --data ")
    process = run_script("compare", "--results", tmp_path / "results")
    assert "RMSprop, learning rate 0.0003" in process.stdout, process.stdout
    assert "1 run does not count: a later one has its seed" in process.stdout


def test_own_error_about_a_file_is_its_own(run):
    text = replace(
        ("    common.train(run", "    open('MUSHROOMS.csv')\n    common.train(run"), text=TINY
    )
    process = run(text, *ONE_EPOCH)
    assert process.returncode == 1 and "out of memory" not in process.stderr
    assert "FileNotFoundError" in process.stderr and "MUSHROOMS.csv" in process.stderr
    in_training = TINY.replace(
        "    common.train(run, model, data)\n",
        "    class Read(keras.callbacks.Callback):\n"
        "        def on_epoch_begin(self, epoch, logs=None):\n"
        "            open('MUSHROOMS.csv')\n"
        "    common.train(run, model, data, callbacks=[Read()])\n",
    )
    process = run(in_training, *ONE_EPOCH)
    assert process.returncode == 1 and "FileNotFoundError" in process.stderr
    assert "the run's files cannot be written" not in process.stderr


# ------------------------------------------------------------------------------------------------
# Places from which scripts are started


NOTEBOOK = """
import sys
sys.argv = ["ipykernel_launcher.py", "-f", "kernel.json"]
sys.path.insert(0, {root!r})
import importlib, threading
script = importlib.import_module("udacity_cnn")
arguments = ["--data", {data!r}, "--epochs", 1, "--no-keep-best", "--results", "r"]
try:
    script.main()
except SystemExit as error:
    assert error.code == 2  # CIFAR-10 is not there; but "-f" was no flag of ours
found = []
thread = threading.Thread(target=lambda: found.append(script.main(arguments)))
thread.start()
thread.join()
run, model = found[0]
assert model.built and run.record["status"] == "finished"
assert run.record["command"].startswith("python udacity_cnn.py --data ")
print("all well")
"""


def test_main_in_a_notebook_and_in_a_thread(tmp_path, few):
    code = NOTEBOOK.format(root=str(ROOT), data=str(few))
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert process.stdout.endswith("all well\n"), process.stdout + process.stderr


def test_home_of_nobody_and_a_folder_as_table(tmp_path, results):
    for flag, value, words in (
        ("--results", "~nosuchuser/runs", "is not a folder of runs"),
        ("--csv", "~nosuchuser/table.csv", "there is no folder"),
        ("--csv", str(tmp_path), "that is a folder"),
    ):
        process = run_script("compare", flag, value, cwd=results.parent)
        assert process.returncode == 2 and words in process.stderr, process.stderr
        assert process.stderr.count("\n") == 1


def test_compare_is_interrupted_without_a_traceback(tmp_path, results):
    code = (
        f"import sys, os, signal, runpy; sys.path.insert(0, {str(ROOT)!r})\n"
        "import internals.comparison.table as table\n"
        "def stop(*_): os.kill(os.getpid(), signal.SIGINT)\n"
        "table.read_folders = stop\n"
        f"sys.argv = ['compare.py', '--results', {str(results)!r}]\n"
        f"runpy.run_path({str(ROOT / 'compare.py')!r}, run_name='__main__')\n"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == 128 + signal.SIGINT and process.stderr == "error: interrupted\n"
