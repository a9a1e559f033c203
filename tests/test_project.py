"""The state of the sources themselves."""

import ast
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


def documents():
    """Return the README and the docstrings of scripts and tools, by file name."""
    texts = {"README.md": (ROOT / "README.md").read_text()}
    for path in [*ROOT.glob("*.py"), ROOT / "tests" / "benchmark.py"]:
        texts[path.name] = ast.get_docstring(ast.parse(path.read_text()))
    return texts


def test_every_flag_named_exists():
    flags = {"--help"}
    for path, owner in (
        ("common.py", "Hyperparameters"),
        ("vgg16.py", "VGG16Hyperparameters"),
        ("compare.py", "Options"),
        ("tests/benchmark.py", "Options"),
    ):
        (body,) = (
            node.body
            for node in ast.parse((ROOT / path).read_text()).body
            if isinstance(node, ast.ClassDef) and node.name == owner
        )
        names = [field.target.id for field in body if isinstance(field, ast.AnnAssign)]
        flags |= {f"--{no}{name.replace('_', '-')}" for name in names for no in ("", "no-")}
    for document, text in documents().items():
        unknown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - flags
        assert not unknown, f"{document} names {unknown}"


def test_every_file_named_exists():
    for document, text in documents().items():
        linked = re.findall(r"\]\((?!http)([^)#]+)\)", text)
        run = re.findall(r"python3? (?:-m \w+ )?((?:tests/)?\w+\.py)", text)
        quoted = re.findall(r"`([\w/.-]+\.(?:py|html|toml|txt))`", text)
        written = {"architecture.txt", "classification_report.txt", "results/index.html"}
        for path in {*linked, *run, *quoted} - written:
            assert (ROOT / path).exists(), f"{document} names {path}"
