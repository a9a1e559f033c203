"""Wrong input through the real command line: one clear message, exit status 2, nothing written."""

import dataclasses
import os
import re
import shutil

import pytest
from conftest import ROOT, import_script, run_script
from PIL import Image

ARGUMENTS = {
    "--epochs 0": "epochs is 0",
    "--learning-rate -1": "learning_rate is -1.0",
    "--learning-rate nan": "learning_rate is nan",
    "--momentum 1.5": "momentum is 1.5",
    "--batch-size 0": "batch_size is 0",
    "--decay -0.1": "decay is -0.1",
    "--recipe mordern": "recipe is 'mordern'; it must be 'published' or 'modern'",
    "--warmup 0.2": "warmup is 0.2; only the cosine schedule has one",
    "--schedule cosine --decay 0.1": "decay is 0.1; the cosine schedule has none",
    "--schedule cosine --decay 0 --warmup 1": "warmup is 1.0; it must be from 0 to below 1",
    "--weight-decay -1": "weight_decay is -1.0",
    "--shift 9": "shift is 9; it must be a whole number of pixels, 0 to 8",
    "--label-smoothing 1": "label_smoothing is 1.0; it must be from 0 to below 1",
    "--image-size 15": "image_size is 15; it must be a whole number of pixels, 16 to 512",
    "--image-size 64": "image_size is 64; only the images of a folder are resized, and data is",
    "--optimizer rmsprop": "invalid choice 'rmsprop'",
    "--precision float8": "invalid choice 'float8'",
    "--validation-split 1": "validation_split is 1.0",
    "--keep-best": "keep_best needs a held-out part",
    "--seed -1": "seed is -1",
    "--learning-rat 1": "Unrecognized options: --learning-rat",
    "--epochs": "Missing value for argument '--epochs'",
    "--epochs ten": "Error parsing --epochs",
    "--data nowhere": "data is 'nowhere'",
    "--data empty": "empty has no folder train",
    "--data one-class": "train has 1 class folder; it must have 2 to 1000",
    "--data no-images": "bee has no images",
    "--data text": "train/ant/0000.png: cannot identify image file",
    "--data truncated": "train/bee/0003.jpg: image file is truncated",
    "--data other-classes": "only test has 'cow'",
    "--data only-heic": "bee has no images; a class needs one or more, such as .jpg or .png; it "
    "has 18 .heic",
    "--data capital-test": "capital-test has no folder test but Test; rename it to test",
    "--data capital-train": "capital-train has no folder train but Training; rename it to train",
    "--data test-file": "test is not a folder; images belong in test/<class>/",
    "--data classes-only": "has no folder train; make one and move ant, bee into it",
    "--data unzipped": "1 of 34 images in",
    "--data two-unzipped": "has no folder train; name",
    "--data loose": "loose has no folder train; it holds 15 images and no class folders; move the",
    "--data packed": "packed has no folder train; unpack photos.zip, then name the folder that",
    "--data kaggle": "train holds 15 images and no class folders; trainLabels.csv may have their "
    "classes: add --labels",
    "--data loose-test": "test holds 15 images and no class folders, so nobody knows",
    "--data two-validations": "two-validations has val and valid; keep one of them",
    "--data labels.csv": "labels.csv', a table: name the folder of its images, and add --labels",
    "--data digits --labels labels.csv": "data is 'digits'; with labels, data must be the folder",
    "--data loose --labels nowhere.csv": "nowhere.csv'; it cannot be read as a table of file",
    "--data loose --labels labels.csv": "labels.csv names no image of",
    "--data written-alike": "train has two classes that are both written 'bee?'",
    "--data file.txt": "/file.txt', a file: it must be cifar10, cifar100, digits, an archive of "
    "CIFAR or an image folder",
    "--data ant.png": "/ant.png', an image: name a folder that has train/<class>/* in it; to ask a",
    "--data photos.zip": "/photos.zip', an archive: unpack it first, then name the folder that has",
    "--data photos.tar.gz": "/photos.tar.gz', an archive: unpack it first, then name the",
    "--data nested": "nested/photos has no folder train; make one and move ant, bee into it",
    "--data cifar-10-python.tar.gz": "is not the complete cifar-10-python.tar.gz: its SHA-256 is",
    "--data cifar-10-batches-py": "data_batch_1 is not the one of CIFAR-10: its MD5 is",
    "--data digits --results file.txt": "results is 'file.txt'",
    "--data digits --results /proc/results": "results is '/proc/results'",
}

TWO_CLASSES = "no-images only-heic text truncated other-classes capital-test capital-train".split()
TWO_CLASSES += "test-file written-alike loose-test two-validations".split()


@pytest.fixture(scope="module")
def bad_input(tmp_path_factory, digits_folder):
    """Return a folder with what the arguments name: unusable image folders, and a file."""
    folder = tmp_path_factory.mktemp("bad-input")
    make_bad_input(folder, digits_folder)
    return folder


def make_bad_input(folder, digits_folder):
    """Write what the arguments name: image folders that cannot be used, and a file."""
    for name in ("file.txt", "photos.zip", "photos.tar.gz", "cifar-10-python.tar.gz"):
        (folder / name).write_text("not an archive, not a folder")
    (folder / "empty").mkdir()
    zero, one = digits_folder / "train" / "0", digits_folder / "train" / "1"
    shutil.copytree(zero, folder / "one-class" / "train" / "ant")
    shutil.copy(next(zero.iterdir()), folder / "ant.png")
    for name in TWO_CLASSES:
        shutil.copytree(zero, folder / name / "train" / "ant")
        shutil.copytree(one, folder / name / "train" / "bee")
    for path in (folder / "no-images" / "train" / "bee").iterdir():
        path.rename(path.with_suffix(".txt"))
    (folder / "text" / "train" / "ant" / "0000.png").write_text("no image")
    jpeg = folder / "truncated" / "train" / "bee" / "0003.jpg"
    Image.effect_noise((32, 32), 50).save(jpeg)
    jpeg.write_bytes(jpeg.read_bytes()[:-300])
    for path in (folder / "only-heic" / "train" / "bee").iterdir():
        path.rename(path.with_suffix(".heic"))
    shutil.copytree(zero, folder / "capital-test" / "Test" / "ant")
    (folder / "capital-train" / "train").rename(folder / "capital-train" / "Training")
    (folder / "test-file" / "test").write_text("not a folder")
    shutil.copytree(folder / "text" / "train", folder / "classes-only")
    shutil.copytree(folder / "text", folder / "unzipped" / "photos")
    (folder / "written-alike" / "train" / "bee").rename(folder / "written-alike/train/bee\1")
    shutil.copytree(one, folder / "written-alike" / "train" / "bee\2")
    for name in ("one", "other"):
        shutil.copytree(folder / "text", folder / "two-unzipped" / name)
    shutil.copytree(zero, folder / "loose")
    (folder / "packed").mkdir()
    shutil.copytree(folder / "classes-only", folder / "nested" / "photos")
    shutil.copy(folder / "photos.zip", folder / "packed")
    shutil.copytree(zero, folder / "kaggle" / "train")
    for table in ("labels.csv", "kaggle/trainLabels.csv"):
        (folder / table).write_text("id,label\n1,cat\n2,dog\n")
    shutil.copytree(zero, folder / "loose-test" / "test")
    for name in ("val", "valid"):
        shutil.copytree(folder / "loose-test" / "train", folder / "two-validations" / name)
    (folder / "cifar-10-batches-py").mkdir()
    for number in range(1, 6):  # pickles that run a program
        pickled = b"cos\nsystem\n(S'touch owned'\ntR."
        (folder / "cifar-10-batches-py" / f"data_batch_{number}").write_bytes(pickled)
    shutil.copytree(zero, folder / "other-classes" / "test" / "ant")
    shutil.copytree(zero, folder / "other-classes" / "test" / "cow")
    shutil.copytree(one, folder / "other-classes" / "test" / "bee")


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_bad_input(zygote, tmp_path, bad_input, arguments):
    before = sorted(bad_input.rglob("*"))
    process = zygote.run("4layerCNN", *arguments.split(), cwd=bad_input, output=tmp_path)
    message = re.sub(r"[│\s]+", " ", process.stderr)
    assert process.returncode == 2
    assert ARGUMENTS[arguments] in message
    assert "Traceback" not in process.stderr
    assert "epoch 1/" not in process.stdout
    if "cannot be read:" in message:  # the only thing that is written is what they are
        (bad_input / "results" / "unreadable.csv").unlink()
        (bad_input / "results").rmdir()
    assert sorted(bad_input.rglob("*")) == before


def test_download_that_fails(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    proxy = "http://127.0.0.1:9"  # nobody answers there
    process = run_script(
        "4layerCNN", cwd=tmp_path, KERAS_HOME=str(cache), https_proxy=proxy, HTTPS_PROXY=proxy
    )
    assert process.returncode == 2
    assert "Traceback" not in process.stderr
    for words in (
        "CIFAR-10 could not be loaded: URL fetch failure",
        "--data digits (needs no download)",
        "--data path/to/cifar-10-python.tar.gz",
        str(cache / "datasets" / "cifar-10-batches-py-target_archive"),
    ):
        assert words in process.stderr
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["keras.json"]


def test_wrong_value_in_the_script_itself(tmp_path):
    root = ROOT
    text = (root / "4layerCNN.py").read_text()
    assert "batch_size=32," in text
    (tmp_path / "edited.py").write_text(text.replace("batch_size=32,", "batch_size=3.5,"))
    process = run_script(tmp_path / "edited", PYTHONPATH=str(root))
    assert process.returncode == 2
    assert process.stderr == "error: batch_size is 3.5; it must be a whole number, 1 or more\n"


def test_help_describes_every_flag():
    process = run_script("vgg16", "--help", COLUMNS="200")
    assert process.returncode == 0
    words = re.sub(r"[│\s]+", " ", process.stdout.split("─ options ─")[1])
    for field in dataclasses.fields(import_script("vgg16").VGG16Hyperparameters):
        flag = f"--{field.name.replace('_', '-')}"
        (described,) = re.findall(rf" {flag}(?![\w-])(.*?)\(default:", words)
        assert len(described.split()) >= 5, flag


def test_no_permission(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    process = run_script("4layerCNN", "--data", "digits", "--results", tmp_path / "results")
    assert process.returncode == 2 and "Permission denied" in process.stderr
