"""docs/programs/transfer.py: which images the two classes get, and what is trained from what."""

import json
import sys

import pytest
from conftest import ROOT, import_script, write_run

sys.path.insert(0, str(ROOT / "docs" / "programs"))


@pytest.fixture
def transfer():
    return import_script("transfer")


@pytest.fixture
def source(tmp_path):
    """Return a folder of three classes; the files of a part have names and contents of its own."""
    for part, count in (("train", 600), ("test", 3)):
        for name in ("cat", "dog", "ship"):
            (tmp_path / "all" / part / name).mkdir(parents=True)
            for number in range(count):
                path = tmp_path / "all" / part / name / f"{number:04d}.jpg"
                path.write_text(f"{part} {number}")
    return tmp_path / "all"


def test_few_images_none_of_which_is_validated_or_tested(transfer, source):
    eight, few = transfer.make_folders(source, (2, 100))
    assert {path.name for path in (eight / "train").iterdir()} == {"ship"}
    assert len(list((eight / "train" / "ship").iterdir())) == 600
    for count, folder in few.items():
        parts = {
            part: {path.read_text() for path in (folder / part / "cat").iterdir()}
            for part in ("train", "val", "test")
        }
        assert [len(each) for each in parts.values()] == [count, 500, 3]
        assert len(set.union(*parts.values())) == count + 503
        assert {path.name for path in (folder / "train").iterdir()} == {"cat", "dog"}
    assert transfer.make_folders(source, (2, 100)) == (eight, few)  # a second time


def test_each_seed_begins_with_the_weights_of_its_own(transfer, source, monkeypatch):
    trained = []
    monkeypatch.setattr(transfer, "train", lambda _, name, *flags: trained.append((name, flags)))
    monkeypatch.setattr(transfer, "run_named", lambda _, name, seed: f"{name}-of-{seed}")
    transfer.main(transfer.Options(source, images=(2,), seed=(0, 7)))
    assert [name for name, _ in trained] == ["eight-classes", "two-2-scratch", *["two-2-start"] * 2]
    starts = [flags[-4:] for _, flags in trained[2:]]
    assert starts == [
        ("--start-from", f"eight-classes-of-{seed}", "--seed", seed) for seed in (0, 7)
    ]
    assert all("--start-from" not in flags for _, flags in trained[:2])


def test_run_that_is_begun_with_has_finished(transfer, tmp_path):
    ended = [
        write_run(tmp_path, transfer.SCRIPT, n, name="eight-classes", seed=1) for n in (1, 2, 3)
    ]
    for folder, status in zip(ended, ("interrupted", "finished", "running")):
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps(record | {"status": status}))
    options = transfer.Options(tmp_path, results=tmp_path)
    assert transfer.run_named(options, "eight-classes", 1) == ended[1]
    with pytest.raises(ValueError, match="no finished run called eight-classes with seed 2"):
        transfer.run_named(options, "eight-classes", 2)


def test_a_folder_without_the_two_classes(transfer, source, capsys):
    (source / "train" / "cat").rename(source / "train" / "lion")
    with pytest.raises(SystemExit) as ended:
        transfer.make_folders(source, (2,))
    assert ended.value.code == 2 and "must have cat and dog" in capsys.readouterr().err
