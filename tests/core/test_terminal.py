"""Text for terminals of any width."""

import subprocess
import sys

import pytest
from conftest import ROOT

from internals.core import stdio, terminal

LONG = "learning_rate is 0.5, which is 12 % of what it was; try /a/path/that/is/as/long-as/this"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_end_between_words(width):
    lines = terminal.fill(LONG, width=width, later="  ").splitlines()
    assert " ".join(line.strip() for line in lines) == LONG
    assert all(len(line) <= width for line in lines)
    assert not any(line.endswith("12") for line in lines)


def test_commands_are_left_whole():
    command = "KERAS_BACKEND=jax python 4layerCNN.py --resume 'results/4layerCNN/a b' --epochs 30"
    assert terminal.fill(f"To go on: {command}", width=40).splitlines() == ["To go on:", command]


def test_text_that_is_piped_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    terminal.say(LONG)
    monkeypatch.setattr(stdio, "is_terminal", lambda: True)
    terminal.say(LONG)
    whole, *lines = capsys.readouterr().out.splitlines()
    assert whole == LONG and len(lines) > 2 and max(map(len, lines)) <= 40


def test_description_is_printed_for_help_only(capsys):
    text = "What it\ndoes.\n\nMore of\nit.\n\n    python it.py\n"
    terminal.print_description(text, ["--epochs", "2"])
    assert capsys.readouterr().out == ""
    terminal.print_description(text, ["--help"])
    assert capsys.readouterr().out == "What it does.\n\nMore of it.\n\n    python it.py\n\n"


def test_help_fits():
    process = subprocess.run(
        [sys.executable, ROOT / "compare.py", "--help"], capture_output=True, text=True
    )
    assert process.stdout.startswith("Lay runs side by side")
    assert all(len(line) <= terminal.WIDTH for line in process.stdout.splitlines())
