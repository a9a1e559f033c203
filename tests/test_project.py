"""The state of the sources themselves."""

import re
import subprocess
import sys

from conftest import ROOT, SCRIPTS


def test_ruff():
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."], cwd=ROOT, capture_output=True
    )
    assert ruff.returncode == 0, ruff.stdout.decode()


def test_scripts_differ_in_recipe_and_layers_only():
    def rest(script):
        text = (ROOT / f"{script}.py").read_text()
        main = text[text.index("def main():") :]
        for own in (", hyperparameters.batch_norm", ", first_images=36"):
            main = main.replace(own, "")
        return main

    assert len({rest(script) for script in SCRIPTS}) == 1


def test_nobody_imports_tensorflow_but_where_it_says_why():
    lines = [
        line
        for script in (*SCRIPTS, "common")
        for line in (ROOT / f"{script}.py").read_text().splitlines()
        if re.search(r"import tensorflow", line)
    ]
    assert all(line.startswith("        import") and "  # " in line for line in lines), lines
