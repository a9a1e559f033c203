"""What is said of the machine."""

import importlib
import os
import re
from pathlib import Path

import pytest

from internals.core import keras_loader
from internals.training.devices import keep_programs, lacks_arithmetic


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


@pytest.mark.parametrize(
    ("device", "variables", "kept"),
    [
        ("gpu", {}, "cache/jax"),
        ("cpu", {}, None),
        ("gpu", {"jax_compilation_cache_dir": "elsewhere"}, "elsewhere"),
    ],
)
def test_jax_keeps_what_it_compiles_for_a_gpu(monkeypatch, tmp_path, device, variables, kept):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    monkeypatch.setattr(jax, "default_backend", lambda: device)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    try:
        for name, value in variables.items():
            jax.config.update(name, value)
        keep_programs()
        folder = jax.config.jax_compilation_cache_dir
        assert folder == (str(tmp_path / kept) if kept == "cache/jax" else kept)
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
