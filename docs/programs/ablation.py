"""Train a script from its published recipe to its modern one, one part more in each row.

Each row is a sweep over the seeds, with all parts above it and none below; tables.py makes a table
of them. Runs that are there already are not trained again.

    python docs/programs/ablation.py udacity_cnn --epochs 15 --seed 0 1 2
"""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import tyro

ROOT = Path(__file__).resolve().parents[2]

# What each row adds, and the flags that leave it out of the rows above.
PARTS = [
    (
        "1-optimizer",
        "SGD with momentum 0.9, learning rate 0.05 and larger batches, weights of the last epoch",
        "",
    ),
    ("2-cosine", "`schedule` cosine, `warmup` 0.2", "--schedule inverse_time --warmup 0"),
    ("3-weight-decay", "`weight_decay` 0.005", "--weight-decay 0"),
    ("4-flip", "`flip`", "--no-flip"),
    ("5-shift", "`shift` 2", "--shift 0"),
    ("6-label-smoothing", "`label_smoothing` 0.1", "--label-smoothing 0"),
    ("all", "`flip_test`", "--no-flip-test"),
]

# The last row, and the flags that make a script's modern recipe what it was with SGD.
MUON_ROW = ("8-muon", "Muon in place of SGD, with values of its own")
SGD = "--optimizer sgd --adam-share 1 --momentum 0.9 --learning-rate 0.05 --weight-decay 0.005"
WITH_SGD = {
    "udacity_cnn": SGD,
    "4layerCNN": SGD,
    "6layerCNN": f"{SGD} --batch-size 128",
    "vgg16": SGD,
    "minivggnet": f"{SGD} --batch-size 128 --weight-decay 0.01",  # the last value of a flag counts
}


FLAG = re.compile(r"--\S+(?: [^-]\S*)?")  # with its value, if it has one


def parts_of(script):
    """Return name, words and flags to leave it out of each row but the published recipe's."""
    return [*PARTS, (*MUON_ROW, WITH_SGD[script])]


def rows(script):
    """Return the flags of each row of a script by its name, the published recipe first."""
    parts = parts_of(script)
    found = {"published": ["--recipe", "published"]}
    for number, (name, _, _) in enumerate(parts):
        left_out = {}  # by flag: that of the first part left out counts
        for _, _, flags in reversed(parts[number + 1 :]):
            left_out |= {flag.split()[0]: flag for flag in FLAG.findall(flags)}
        found[name] = ["--recipe", "modern", *" ".join(left_out.values()).split()]
    return found


@dataclasses.dataclass(frozen=True)
class Options:
    """What is trained; the comments are the help texts."""

    script: Annotated[str, tyro.conf.Positional]  # such as udacity_cnn
    epochs: int = 15  # of every row
    seed: tuple[int, ...] = (0, 1, 2)  # of every row
    data: str = "cifar10"  # as the scripts take it
    jobs: int | None = None  # runs at the same time (default: as sweep.py finds best)


def main(options):
    """Sweep over the seeds of each row."""
    for name, flags in rows(options.script).items():
        command = [sys.executable, ROOT / "sweep.py"]
        command += ["--jobs", str(options.jobs)] if options.jobs else []
        command += [f"{options.script}.py", *flags, "--epochs", str(options.epochs)]
        command += ["--data", options.data, "--name", name]
        command += ["--seed", *map(str, options.seed)]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
