"""What is said of the machine."""

import re
from pathlib import Path

import pytest

from internals.devices import lacks_arithmetic


def test_precision_that_the_processor_lacks():
    if not (processor := Path("/proc/cpuinfo")).exists():
        pytest.skip("only Linux says what the processor can do")
    flags = processor.read_text()
    assert not lacks_arithmetic("float32")
    assert lacks_arithmetic("bfloat16") == (not re.search(r"\b(avx512_|amx_)?bf16\b", flags))
