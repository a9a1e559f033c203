"""The texts of a run, and which edits of them make another run."""

import pytest

from internals.runs.sources import describe_edits, digest_code, find_text, remembering

TEXT = '''"""A script."""

import common

PUBLISHED = common.Hyperparameters(epochs=1)
MODERN = PUBLISHED.but(epochs=2)
OWN = VGG16Hyperparameters(seed=1)


def build_model(shape):
    """Return it."""
    return [shape, 2]  # two


def report(run):
    print(run)
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ('"""A script."""', '"""Another."""', True),
        ('    """Return it."""\n', "", True),
        ("  # two", "", True),
        ("epochs=1", "epochs=3", True),  # run.json has the values
        ("\n\n\ndef", "\n\ndef", True),
        ("print(run)", "print()", True),
        ("seed=1", "seed=2", True),
        ("[shape, 2]", "[shape, 3]", False),
        ("import common", "import common\ncommon.x = 1", False),
        ("def build_model(shape)", "def build_model(shape=1)", False),
    ],
)
def test_digest(tmp_path, old, new, same):
    paths = [tmp_path / "one.py", tmp_path / "other.py"]
    assert old in TEXT
    for path, text in zip(paths, (TEXT, TEXT.replace(old, new))):
        path.write_text(text)
    one, other = (digest_code(str(path)) for path in paths)
    assert (one == other) == same


def test_cell_with_a_command_for_ipython(tmp_path):
    (tmp_path / "cell.py").write_text("%run x\n")
    assert len(digest_code(str(tmp_path / "cell.py"))) == 64


def test_text_is_that_of_the_launch_and_then_that_of_today(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("x = 1\n")
    with remembering(str(path)):
        path.write_text("x = 2\n")
        assert find_text(str(path)) == "x = 1\n"
    assert find_text(str(path)) == "x = 2\n"
    assert find_text(str(tmp_path / "none.py")) == ""


def test_edits_are_described(tmp_path):
    folder, script = tmp_path / "run", tmp_path / "script.py"
    folder.mkdir()
    (folder / "script.py").write_text(TEXT)
    script.write_text(TEXT.replace("[shape, 2]", "[shape, 3]").replace("A script", "Edited"))
    words = describe_edits(folder, str(script), str(tmp_path / "none.py"))
    assert words == "script.py: -    return [shape, 2]\nscript.py: +    return [shape, 3]"
