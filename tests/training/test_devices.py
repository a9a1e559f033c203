"""What is said of the machine."""

import importlib
import os
import re
from pathlib import Path

import pytest

from internals.core import keras_loader
from internals.training.devices import lacks_arithmetic


def test_precision_that_the_processor_lacks():
    if not (processor := Path("/proc/cpuinfo")).exists():
        pytest.skip("only Linux says what the processor can do")
    flags = processor.read_text()
    assert not lacks_arithmetic("float32")
    assert lacks_arithmetic("bfloat16") == (not re.search(r"\b(avx512_|amx_)?bf16\b", flags))


@pytest.mark.parametrize(
    ("machine", "before", "after"),
    [("x86_64", None, "1"), ("AMD64", None, "1"), ("x86_64", "0", "0"), ("arm64", None, None)],
)
def test_onednn_on_every_x86_processor(monkeypatch, machine, before, after):
    monkeypatch.delenv(name := "TF_ENABLE_ONEDNN_OPTS", raising=False)
    if before:
        monkeypatch.setenv(name, before)
    monkeypatch.setattr("platform.machine", lambda: machine)
    importlib.reload(keras_loader)
    assert os.environ.get(name) == after
