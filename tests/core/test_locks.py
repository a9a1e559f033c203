"""Locks of files and folders, against another process and another part of this one."""

import os
import subprocess
import sys

import filelock
import pytest
from conftest import ROOT

from internals.core.locks import NAME, is_locked, locked


@pytest.mark.parametrize("name", ["folder", "folder/file.lock"])
def test_a_lock_is_seen_and_leaves_nothing(tmp_path, name):
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    assert not is_locked(path)
    assert [*tmp_path.glob("folder/*"), *tmp_path.glob("folder/.*")] == []  # a look makes no file
    with locked(path):
        assert is_locked(path)
        with pytest.raises(filelock.Timeout), locked(path, patience=0):
            pass
    assert not is_locked(path)
    assert not [*tmp_path.glob("folder/*"), *tmp_path.glob("folder/.*")]


def test_lock_of_a_killed_process_is_free(tmp_path):
    code = "import os, sys\nfrom internals.core.locks import locked\n"
    code += "with locked(sys.argv[1]):\n    os.kill(os.getpid(), 9)\n"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment)
    assert (tmp_path / NAME).exists() and not is_locked(tmp_path)
    with locked(tmp_path, patience=0):
        pass


def test_lock_that_one_may_only_read_counts_as_held(tmp_path, monkeypatch):
    (tmp_path / NAME).touch()

    def refuse(*arguments, **settings):
        raise PermissionError("read only")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    assert is_locked(tmp_path)
