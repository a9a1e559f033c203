"""Train a network on eight classes of CIFAR-10, then ask it to learn the other two from few images.

Each run on the two classes is made twice: from scratch, and from the weights of the eight (those of
its seed). It needs CIFAR-10 as an image folder, and copies what it uses beside it. Runs that are
there already are not trained again; docs/pictures/transfer.py draws them.

    python docs/programs/make_jpeg_copy.py cifar10-jpeg
    python docs/programs/transfer.py cifar10-jpeg
"""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import tyro

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from internals.core.files import fail
from internals.runs.run import find_folders, read_record

SCRIPT = "udacity_cnn"
NEW = ("cat", "dog")  # the two classes; the network learns the others first
FEW = ("--epochs", "60", "--batch-size", "16")  # 20 images of each class: 3 updates an epoch
RATES = {"scratch": "0.01", "start": "0.005"}  # chosen on the images of val/


@dataclasses.dataclass(frozen=True)
class Options:
    """What is trained; the comments are the help texts."""

    data: Annotated[Path, tyro.conf.Positional]  # CIFAR-10 as a folder: train/<class>/*, test/...
    images: tuple[int, ...] = (20, 100, 500)  # of each of the two classes
    seed: tuple[int, ...] = (0, 1, 2)
    epochs: int = 10  # on the eight classes
    results: Path = ROOT / "results"  # the folder of all runs


def copy_images(source, folder, classes, parts):
    """Copy images of these classes; `parts` is {part: (part of source, slice of its images)}."""
    for part, (origin, chosen) in parts.items():
        for name in classes:
            found = sorted((source / origin / name).iterdir())[chosen]
            (folder / part / name).mkdir(parents=True, exist_ok=True)
            for path in found:
                shutil.copy(path, folder / part / name)


def make_folders(source, images):
    """Return the folder of the eight classes, and {images of a class: folder of the two}."""
    names = sorted(path.name for path in (source / "train").iterdir() if path.is_dir())
    if not set(NEW) < set(names):
        fail(f"data is {str(source)!r}; its train/ must have {' and '.join(NEW)} and other classes")
    every, last = slice(None), slice(-500, None)
    old = [name for name in names if name not in NEW]
    folder = source.parent / f"{source.name}-without-{'-'.join(NEW)}"
    copy_images(source, folder, old, {"train": ("train", every), "test": ("test", every)})
    few = {}
    for count in images:
        few[count] = source.parent / f"{source.name}-{'-'.join(NEW)}-{count}"
        parts = {"train": ("train", slice(count)), "val": ("train", last), "test": ("test", every)}
        copy_images(source, few[count], NEW, parts)
    return folder, few


def train(options, name, *flags):
    """Train the script with its modern recipe and these flags, unless that has been done."""
    command = [sys.executable, ROOT / "sweep.py", f"{SCRIPT}.py", "--recipe", "modern"]
    command += ["--results", options.results, "--name", name, *flags]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True)


def run_named(options, name, seed):
    """Return the folder of the finished run that was given this name, with this seed."""
    for folder in find_folders(options.results / SCRIPT):
        record = read_record(folder)
        own = record["hyperparameters"]
        if (own["name"], own["seed"], record["status"]) == (name, seed, "finished"):
            return folder
    raise ValueError(f"there is no finished run called {name} with seed {seed}")


def main(options):
    """Train on the eight classes, then on the two."""
    options = dataclasses.replace(options, results=options.results.absolute())
    eight, few = make_folders(options.data.absolute(), options.images)
    seeds = [str(seed) for seed in options.seed]
    train(options, "eight-classes", "--data", eight, "--epochs", options.epochs, "--seed", *seeds)
    for count, folder in few.items():
        flags = ["--data", folder, *FEW]
        rate = ["--learning-rate", RATES["scratch"]]
        train(options, f"two-{count}-scratch", *flags, *rate, "--seed", *seeds)
        rate = ["--learning-rate", RATES["start"]]
        for seed in options.seed:
            start = ["--start-from", run_named(options, "eight-classes", seed), "--seed", seed]
            train(options, f"two-{count}-start", *flags, *rate, *start)


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
