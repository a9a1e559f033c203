"""Say what oneDNN does in an epoch of a script, and how fast: where the limit of the library lies.

It trains three epochs on generated images and adds up what oneDNN prints of the second. The sums
are kept in docs/benchmarks/profile_SCRIPT.json, of which docs/programs/tables.py makes a table.

    python docs/programs/profile_onednn.py 4layerCNN
"""

import collections
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from internals.runs.run import read_history, read_record

RECORDS = ROOT / "docs" / "benchmarks"
IMAGES = {"train": 400, "test": 10}  # of each of ten classes


@dataclasses.dataclass(frozen=True)
class Options:
    """What is profiled; the comments are the help texts."""

    script: Annotated[str, tyro.conf.Positional] = "4layerCNN"


def make_images(folder):
    """Write random images as folders of ten classes."""
    random = np.random.default_rng(0)
    for part, count in IMAGES.items():
        for label in range(10):
            place = Path(folder, "images", part, f"class{label}")
            place.mkdir(parents=True)
            for index, image in enumerate(random.integers(0, 256, (count, 32, 32, 3), "uint8")):
                Image.fromarray(image).save(place / f"{index}.png")


def count_operations(shape):
    """Return the floating-point operations of a convolution, as oneDNN writes its shape."""
    sizes = {name: int(size) for name, size in re.findall(r"([a-z]{2})(\d+)", shape)}
    per_output = sizes["ic"] * sizes["kh"] * sizes["kw"]
    return 2 * sizes["mb"] * sizes["oc"] * sizes["oh"] * sizes["ow"] * per_output


def add_up(lines):
    """Return seconds and operations by kind and direction, of what is printed after epoch 1."""
    sums, epochs = collections.defaultdict(lambda: [0.0, 0]), 0
    for line in lines:
        epochs += line.startswith("epoch ")
        if epochs == 1 and "onednn_verbose" in line and ",exec," in line:
            words = line.strip().split(",")
            kind, _, direction = words[words.index("exec") + 2 :][:3]
            total = sums[kind, "" if direction == "undef" else direction.replace("_", " ")]
            total[0] += float(words[-1]) / 1000
            total[1] += count_operations(words[-2]) if kind == "convolution" else 0
    return [[*name, *sums[name]] for name in sorted(sums, key=lambda name: -sums[name][0])]


def main(options):
    """Train, print the sums, and keep them with the seconds that the epoch took."""
    with tempfile.TemporaryDirectory() as folder:
        make_images(folder)
        command = [sys.executable, ROOT / f"{options.script}.py", "--epochs", "3"]
        command += ["--data", f"{folder}/images", "--results", f"{folder}/results"]
        environment = os.environ | {"ONEDNN_VERBOSE": "1"}
        process = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        )
        (run,) = Path(folder).glob("results/*/2*/")
        record, seconds = read_record(run), read_history(run).seconds[1]
    sums = add_up(process.stdout.splitlines())
    for kind, direction, spent, operations in sums:
        rate = f"{operations / spent / 1e9:8.0f} GFLOP/s" if operations else ""
        print(f"{kind:20}{direction:22}{spent:6.2f} s {rate}")
    print(f"the epoch took {seconds} s")
    keys = ("processor", "cores", "backend", "versions")
    found = {"script": options.script, "epoch_seconds": seconds, "sums": sums}
    found |= {key: record[key] for key in keys}
    record_file = RECORDS / f"profile_{options.script}.json"
    record_file.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
