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
    """Return the README, the chapters and the docstrings of scripts and tools, by path."""
    texts = {path: path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]}
    tools = [*ROOT.glob("*.py"), *ROOT.glob("docs/*.py"), ROOT / "tests" / "benchmark.py"]
    return texts | {path: ast.get_docstring(ast.parse(path.read_text())) for path in tools}


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
    written = {"architecture.txt", "classification_report.txt", "results/index.html"}
    for document, text in documents().items():
        linked = re.findall(r"\]\((?!http|#)([^)#]+)\)", text)
        run = re.findall(r"python3? (?:-m \w+ )?((?:\w+/)?\w+\.py)", text)
        quoted = re.findall(r"`([\w/.-]+\.(?:py|html|toml|txt))`", text)
        missing = [path for path in linked if not (document.parent / path).exists()]
        missing += [path for path in {*run, *quoted} - written if not (ROOT / path).exists()]
        assert not missing, f"{document} names {missing}"


def test_every_chapter_named_exists():
    for document, text in documents().items():
        for path, heading in re.findall(r"\]\(([\w/.]*)#([\w-]+)\)", text):
            chapter = (document.parent / path).read_text() if path else text
            titles = re.findall(r"^#+ (.+)$", chapter, re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
            assert heading in anchors, f"{document} names {path}#{heading}"
