"""What only JAX does: training on the device, on several devices, and on several machines."""

import importlib.util
import os
import subprocess
import sys

import pytest
from conftest import ROOT

from internals import scanning

needs_jax = pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
TWO_DEVICES = "--xla_force_host_platform_device_count=2"


@needs_jax
def test_on_two_devices():
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=0", "--tb=short"]
    process = subprocess.run(
        [*command, str(ROOT / "tests" / "on_jax.py")],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax", "XLA_FLAGS": TWO_DEVICES},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize(
    ("full", "most", "steps"),
    [
        (1562, 250, 142),  # 11 times
        (390, 500, 390),
        (1409, 100, 100),  # a prime number: 14 times, and 9 steps
        (0, 500, 1),  # fewer images than a batch
    ],
)
def test_steps_of_a_stretch(full, most, steps):
    assert scanning.choose_steps(full, most) == steps
