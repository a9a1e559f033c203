"""The state of the sources themselves."""

import ast
import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT, SCRIPTS


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff(arguments):
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."], cwd=ROOT, capture_output=True
    )
    assert ruff.returncode == 0, ruff.stdout.decode()


def test_scripts_differ_in_recipe_and_layers_only():
    def rest(script):
        text = (ROOT / f"{script}.py").read_text()
        main = text[text.index("def main(arguments=None):") :]
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
    """Return the modules of this project that a file imports, such as internals.core.files."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            names = [name.name for name in node.names]
            folder = ROOT.joinpath(*node.module.split("."))
            modules_named = [name for name in names if (folder / f"{name}.py").exists()]
            found |= {f"{node.module}.{name}" for name in modules_named} or {node.module}
    return found


def modules():
    """Return what each module of the project imports, by the name that others import it by."""
    paths = [*ROOT.glob("*.py"), *ROOT.glob("internals/**/*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return dict(zip(names, map(imported, paths)))


MAY_IMPORT = {  # packages, and modules, beside the package itself
    "core": set(),
    "data": {"core"},
    "runs": {"core"},
    "report": {"core"},
    "training": {"core", "runs"},
    "comparison": {"core", "data", "runs", "report"},
    "prediction": {"core", "data", "runs", "report"},
    "sweep": {"core", "data", "runs", "training"},
    "common": {
        "core",
        "data",
        "runs",
        "report",
        "training",
        "comparison.page",
        "comparison.first_page",
    },
    "compare": {"core", "data", "runs", "report", "comparison"},
    "predict": {"core", "data", "runs", "report", "prediction", "common"},
    "sweep.py": {
        "core",
        "data",
        "runs",
        "training",
        "sweep",
        "comparison.page",
        "comparison.table",
    },
}


def test_packages_import_what_they_may():
    seen = set()
    for name, imports in modules().items():
        package = name.split(".")[1] if name.startswith("internals.") else name
        owner = "sweep.py" if name == "sweep" else package
        if owner not in MAY_IMPORT or owner == "__init__":
            continue
        seen.add(owner)
        allowed = MAY_IMPORT[owner] | ({package} if name.startswith("internals.") else set())
        ours = {other.removeprefix("internals.") for other in imports if is_ours(other)}
        wrong = {other for other in ours if not {other, other.partition(".")[0]} & allowed}
        assert not wrong, f"{name} imports {sorted(wrong)}"
    assert seen == {*MAY_IMPORT}


def is_ours(name):
    return name.partition(".")[0] in {"internals", "common", "compare", "predict", "sweep"}


def test_every_module_is_in_a_package():
    flat = {path.name for path in ROOT.glob("internals/*.py")}
    assert flat == {"__init__.py"}
    assert {path.name for path in ROOT.glob("internals/*/")} - {"__pycache__"} == {*MAY_IMPORT} - {
        "common",
        "compare",
        "predict",
        "sweep.py",
    }


def test_scripts_know_keras_and_common_only():
    for script in SCRIPTS:
        known = {name.partition(".")[0] for name in modules()[script]} - {"dataclasses"}
        assert known == {"common", "keras"}, script


def test_no_import_runs_in_a_circle():
    house = modules()
    ours = {name: imports & {*house} for name, imports in house.items()}
    while ours:  # take away whoever knows only those that are gone
        ground = {name for name, imports in ours.items() if not imports & {*ours}}
        assert ground, f"a circle among {sorted(ours)}"
        ours = {name: imports for name, imports in ours.items() if name not in ground}


IMPORT_IN_A_THREAD = """
import gc, json, signal, sys, threading, warnings
sys.path.insert(0, sys.argv[1])
import {first}

def state():
    handlers = [str(signal.getsignal(number)) for number in (2, 15)]
    hooks = [sys.excepthook is sys.__excepthook__, sys.stdout is sys.__stdout__]
    return [handlers, hooks, len(warnings.filters), gc.isenabled(), gc.get_freeze_count()]

before = state()
thread = threading.Thread(target=__import__, args=("common",))
thread.start()
thread.join()
assert "common" in sys.modules, "the import failed"
print(json.dumps([before, state()]))
"""


@pytest.mark.parametrize("first", ["keras", "sys"])
def test_import_does_nothing(first):
    """What Keras itself changes is left to it: with Keras loaded before, nothing changes."""
    code = IMPORT_IN_A_THREAD.format(first=first)
    process = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, timeout=240
    )
    assert process.returncode == 0, process.stderr
    before, after = json.loads(process.stdout.splitlines()[-1])
    if first == "sys":
        before[2] = after[2]  # the warnings that libraries ignore
    assert before == after


def test_modules_are_short_and_say_what_they_hold():
    for path in ROOT.glob("internals/*/*.py"):
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
        ("docs/networks/resnet.py", "ResNetHyperparameters"),
        ("docs/networks/pretrained.py", "PretrainedHyperparameters"),
        ("internals/comparison/table.py", "Options"),
        ("internals/sweep/plan.py", "Options"),
        ("internals/prediction/arguments.py", "Options"),
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
