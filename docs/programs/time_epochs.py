"""Time an epoch of each row of ablation.py in turns; nothing else should run meanwhile.

Each round trains three epochs of each row in a process of its own; the first epoch, in which the
network is compiled, is not counted. What comes out is added to docs/epoch_seconds.json; figures of
another machine are replaced.

    python docs/programs/time_epochs.py udacity_cnn --rounds 2
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import tyro
from ablation import rows

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from internals.runs.run import read_history, read_record

FIGURES = ROOT / "docs" / "epoch_seconds.json"
OF_MACHINE = ("processor", "cores", "operating_system", "device", "backend", "versions")


@dataclasses.dataclass(frozen=True)
class Options:
    """What is timed; the comments are the help texts."""

    script: Annotated[str, tyro.conf.Positional]  # such as udacity_cnn
    data: str = "cifar10"  # as the scripts take it
    precision: str = "float32"  # of all rows
    rounds: int = 2  # of each row, in turns
    row: tuple[str, ...] = ()  # which rows (default: all of the script)


def time_row(options, flags, results):
    """Return the seconds of the epochs after the first, and the run's record."""
    command = [sys.executable, ROOT / f"{options.script}.py", *flags, "--epochs", "3"]
    command += ["--data", options.data, "--precision", options.precision, "--results", results]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    folder = max(Path(results).glob("*/*/"))
    return read_history(folder).seconds[1:].tolist(), read_record(folder)


def main(options):
    """Time the rows and keep the figures."""
    flags = rows(options.script)
    seconds = {row: [] for row in options.row or flags}
    for _ in range(options.rounds):
        for row in seconds:
            with tempfile.TemporaryDirectory() as results:
                found, record = time_row(options, flags[row], results)
            seconds[row] += found
            print(f"{row}: {', '.join(f'{each:.1f}' for each in found)} s", flush=True)
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    machine = {"precision": options.precision} | {name: record[name] for name in OF_MACHINE}
    before = known.get(options.script, {})
    if machine == {name: before.get(name) for name in machine}:
        seconds = {
            row: before["seconds"].get(row, []) + seconds.get(row, [])
            for row in before["seconds"] | seconds
        }
    known[options.script] = machine | {"seconds": seconds}
    FIGURES.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
