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
    for path in [*ROOT.glob("*.py"), *ROOT.glob("internals/**/*.py")]:
        lines = [line for line in path.read_text().splitlines() if "import tensorflow" in line]
        assert not lines or "internals" in path.parts, path
        assert all(line.startswith("    ") and "  # " in line for line in lines), lines


def imported(path):
    """Return the modules of this project that a file imports, such as internals.runs.run."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            names = [name.name for name in node.names]
            folder = ROOT.joinpath(*node.module.split("."))
            rooms = [name for name in names if (folder / f"{name}.py").exists()]
            found |= {f"{node.module}.{room}" for room in rooms} or {node.module}
    return found


def floors():
    """Return what each file of the house imports, by the name that others import it by."""
    paths = [*ROOT.glob("*.py"), *ROOT.glob("internals/**/*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return dict(zip(names, map(imported, paths)))


def test_scripts_know_keras_and_common_only():
    for script in SCRIPTS:
        known = {name.partition(".")[0] for name in floors()[script]} - {"dataclasses"}
        assert known == {"common", "keras"}, script


def test_no_arrow_runs_up_or_in_a_circle():
    house = floors()
    ours = {name: imports & {*house} for name, imports in house.items()}
    assert ours["common"] and all(name.startswith("internals.") for name in ours["common"])
    for name, imports in ours.items():
        if name.startswith("internals."):
            assert all(other.startswith("internals.") for other in imports), name
    while ours:  # take away whoever knows only those that are gone
        ground = {name for name, imports in ours.items() if not imports & {*ours}}
        assert ground, f"a circle among {sorted(ours)}"
        ours = {name: imports for name, imports in ours.items() if name not in ground}


def test_rooms_can_be_held_in_mind():
    for path in ROOT.glob("internals/**/*.py"):
        assert len(path.read_text().splitlines()) <= 250, path
        opening = ast.get_docstring(ast.parse(path.read_text()))
        assert opening, path
    assert len((ROOT / "common.py").read_text().splitlines()) <= 400


def documents():
    """Return the README, the chapters and the docstrings of scripts and tools, by path."""
    texts = {path: path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]}
    tools = [*ROOT.glob("*.py"), *ROOT.glob("internals/**/*.py"), *ROOT.glob("docs/**/*.py")]
    tools += [ROOT / "tests" / "benchmark.py"]
    return texts | {path: ast.get_docstring(ast.parse(path.read_text())) for path in tools}


def test_every_flag_named_exists():
    flags = {"--help", "--nthreads"}  # the second is that of Dask's workers
    for path, owner in (
        ("common.py", "Hyperparameters"),
        ("vgg16.py", "VGG16Hyperparameters"),
        ("internals/comparison/table.py", "Options"),
        ("internals/sweep/plan.py", "Options"),
        ("internals/prediction/answers.py", "Options"),
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
    written = {"architecture.txt", "script.py", "classification_report.txt", "results/index.html"}
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
