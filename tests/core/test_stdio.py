"""Standard streams as a notebook, IDLE and Spyder have them, and none at all."""

import os
import sys
import warnings

from internals.core import stdio


class Window:
    """A stream that can do nothing but write."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_stream_of_a_window_is_used_as_it_is(monkeypatch):
    window = Window()
    monkeypatch.setattr(sys, "stdout", window)
    monkeypatch.setattr(sys, "stderr", window)
    stdio.make_robust()
    print("größer 更多")
    assert sys.stdout is window and window.text == "größer 更多\n"
    assert not stdio.is_terminal()


def test_no_stream(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert not stdio.is_terminal()
    stdio.make_robust()
    print("nobody reads it", flush=True)
    assert sys.stdout.name == os.devnull


def test_warnings_end_no_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stdio.make_robust()
        warnings.warn("of a library", DeprecationWarning, stacklevel=1)
