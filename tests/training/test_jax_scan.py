"""What only JAX does: training on the device, on several devices, and on several machines."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys

from internals.core.keras_loader import keras

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Zygote, only_run

from internals.runs.run import read_record
from internals.training import jax_scan
from internals.training.distributed import join_others

needs_jax = pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
ROUNDING = {"rtol": 1e-5, "atol": 1e-5}
COMPILE_SOON = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true "


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the environment of a process in which JAX compiles fast, and nothing twice."""
    return {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": COMPILE_SOON,
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


@needs_jax
@pytest.mark.parametrize("script", ["on_jax.py", "on_jax_two_ways.py"])
def test_on_two_devices(environment, script):
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=0", "--tb=short"]
    flags = environment["XLA_FLAGS"] + "--xla_force_host_platform_device_count=2"
    process = subprocess.run(
        [*command, str(ROOT / "tests" / script)],
        cwd=ROOT,
        env=os.environ | environment | {"XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.fixture(scope="module")
def machines(environment):
    """Return two processes that start scripts, as two machines would."""
    both = [Zygote(**environment), Zygote(**environment)]
    yield both
    for each in both:
        each.end()


@pytest.fixture
def run_both(machines, tmp_path):
    """Return a function that has both train one run, with the signals they send themselves."""

    def run_both(*arguments, signals=("", "")):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
        for number, (machine, signals_itself) in enumerate(zip(machines, signals)):
            (output := tmp_path / f"output{number}").mkdir(exist_ok=True)
            own = {"KERAS_DISTRIBUTION_JOB_ADDRESSES": address, "SIGNAL": signals_itself}
            own |= {"KERAS_DISTRIBUTION_NUM_PROCESSES": "2"}
            own |= {"KERAS_DISTRIBUTION_PROCESS_ID": str(number)}
            machine.start("tests/small_network", *arguments, cwd=tmp_path, output=output, **own)
        return [machine.wait() for machine in machines]

    return run_both


def weights_of(folder):
    return keras.models.load_model(folder / "model.keras").get_weights()


@needs_jax
def test_two_machines_train_one_run(run_both, machines, tmp_path):
    alone = machines[0].run(
        "tests/small_network",
        *("--results", "alone"),
        cwd=tmp_path,
        output=tmp_path,
        SCAN_ON_CPU="1",
    )
    assert alone.returncode == 0, alone.stderr
    first, second = run_both(signals=("", f"2 {int(signal.SIGKILL)}"))
    assert second.returncode == -signal.SIGKILL
    assert first.returncode not in (0, 2) and "another" in first.stderr
    assert "2 x cpu" in first.stdout
    folder = only_run(tmp_path / "results")
    assert read_record(folder)["status"] in ("failed", "running")  # the latter where JAX ended it
    assert len(pd.read_csv(folder / "history.csv")) == 1

    first, second = run_both("--resume", folder)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "script:" not in second.stdout  # it has written nothing, either:
    assert only_run(tmp_path / "results") == folder
    assert read_record(folder)["devices"] == 2
    both = [path / "history.csv" for path in (folder, only_run(tmp_path / "alone"))]
    ours, one = (pd.read_csv(path).drop(columns="seconds") for path in both)
    np.testing.assert_allclose(ours, one, **ROUNDING)
    for ours, one in zip(weights_of(folder), weights_of(only_run(tmp_path / "alone"))):
        np.testing.assert_allclose(ours, one, **ROUNDING)


@needs_jax
def test_a_signal_to_one_machine_stops_both(run_both, tmp_path):
    first, second = run_both(signals=("", f"2 {int(signal.SIGINT)}"))
    assert (first.returncode, second.returncode) == (130, 130), first.stderr + second.stderr
    assert "Epoch 2 of 2: interrupted" in first.stdout
    assert read_record(only_run(tmp_path / "results"))["status"] == "interrupted"


def test_several_machines_need_jax(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "head:1234")
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(SystemExit):
        join_others()
    assert "only KERAS_BACKEND=jax trains on several machines" in capsys.readouterr().err
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "2")
    monkeypatch.setenv("KERAS_DISTRIBUTION_PROCESS_ID", "2")
    with pytest.raises(SystemExit):
        join_others()
    assert "counted from 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("full", "most", "steps"),
    [
        (1562, 250, 142),  # 11 times
        (390, 500, 390),
        (1409, 100, 100),  # a prime number: 14 times, and 9 steps
        (0, 500, 500),  # fewer images than a batch
    ],
)
def test_steps_of_a_stretch(full, most, steps):
    assert jax_scan.choose_steps(full, most) == steps
