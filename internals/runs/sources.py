"""The code of a run: the texts of script and common.py, and a digest of what they compute."""

import ast
import contextlib
import difflib
import hashlib
import linecache

OF_THE_REPORT = ("launch", "report", "finish")  # functions that decide no result
MOST_LINES = 8  # of a diff in a message
LOADED_AS = ("asked", "script")  # what a script is called that is loaded to be asked, not launched
LAUNCHED = {}  # texts by path, as they were when the script that runs was started


@contextlib.contextmanager
def remembering(*paths):
    """Keep the texts that run now: they may be edited before the run's folder is made."""
    LAUNCHED.update({path: read(path) for path in paths})
    try:
        yield
    finally:
        LAUNCHED.clear()


def find_text(path):
    """Return the text of a script: the one that was launched, else what the file holds now."""
    return LAUNCHED.get(path) or read(path)


def read(path):
    """Return the text at `path` as it is now; of a notebook's cell, too; "" where there is none."""
    linecache.checkcache(path)
    return "".join(linecache.getlines(path))


def digest_code(*paths):
    """Return a digest of what the code at these paths computes.

    Comments, docstrings, layout, blocks of hyperparameters and what only reports do not count.
    """
    texts = [strip(find_text(path)) for path in paths]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def strip(text):
    """Return a script as Python writes it, without what decides no result."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a notebook's cell with a command for IPython
        return text
    tree.body = [part for part in tree.body if not is_recipe(part) and not is_report(part)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def is_recipe(node):
    """Return whether a statement only gives a block of hyperparameters its name.

    run.json holds the values, so they are no code.
    """
    made = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.func
    name = getattr(made, "attr", getattr(made, "id", ""))
    return name == "but" or name.endswith("Hyperparameters")


def is_report(node):
    return isinstance(node, ast.FunctionDef) and node.name in OF_THE_REPORT


def describe_edits(folder, script, common):
    """Return the first lines that were edited since the run in `folder` began, as diff does."""
    lines = []
    for name, path in (("script.py", script), ("common.py", common)):
        kept = folder / name
        was = kept.read_text(encoding="utf-8", errors="replace") if kept.is_file() else ""
        texts = (strip(text).splitlines() for text in (was, find_text(path)))
        changes = [*difflib.unified_diff(*texts, lineterm="", n=0)][2:]
        lines += [f"{name}: {line}" for line in changes if not line.startswith("@@")]
    return "\n".join(lines[:MOST_LINES])
