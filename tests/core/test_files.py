"""Files that are written whole or not at all, and processes that take turns."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

from internals.core.files import write_file, write_text


def test_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write(beside):
        beside.write_text("ne")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_file(path, write)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_two_processes_take_turns(tmp_path):
    if os.name != "posix":
        pytest.skip("no such lock there")
    code = (
        "import os, time\n"
        "from internals.data import cifar\n"
        "with cifar.one_process_at_a_time():\n"
        "    os.mkdir('turn')\n"
        "    time.sleep(0.5)\n"
        "    os.rmdir('turn')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
        for _ in range(2)
    ]
    assert [process.wait() for process in both] == [0, 0]
