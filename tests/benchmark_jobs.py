"""Time runs at once: with each number of jobs, the images that all scripts train a second.

Each round sweeps over as many seeds as there are jobs, with one job at a time and with several,
in turns, and takes the epochs after the first. Nothing else should run meanwhile.

    python tests/benchmark_jobs.py
    python tests/benchmark_jobs.py 4layerCNN udacity_cnn --jobs 2 --rounds 3
"""

import dataclasses
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import tyro

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from internals.runs.run import find_folders, read_history, read_record


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What is timed; the comments are the help texts."""

    scripts: Annotated[tuple[str, ...], tyro.conf.Positional] = ("udacity_cnn", "4layerCNN")
    jobs: int = 2  # at once, against one after another
    rounds: int = 3  # of both, in turns
    epochs: int = 15  # of each run, on the digits


def images_a_second(script, at_once, options):
    """Return the images that all scripts together train a second, in `at_once` jobs."""
    with tempfile.TemporaryDirectory() as results:
        seeds = map(str, range(options.jobs))
        command = [sys.executable, ROOT / "sweep.py", "--jobs", str(at_once), ROOT / f"{script}.py"]
        command += ["--data", "digits", "--epochs", str(options.epochs), "--results", results]
        subprocess.run([*command, "--seed", *seeds], stdout=subprocess.DEVNULL, check=True)
        rates = []
        for folder in find_folders(Path(results)):
            images = read_record(folder)["data"]["images"]["train"]
            rates.append(images / read_history(folder).seconds[1:].median())
    return at_once * statistics.mean(rates)


def main():
    options = tyro.cli(Options, description=__doc__)
    for script in options.scripts:
        ratios = []
        for number in range(options.rounds):
            order = (1, options.jobs) if number % 2 else (options.jobs, 1)
            rates = {jobs: images_a_second(script, jobs, options) for jobs in order}
            ratios.append(rates[options.jobs] / rates[1])
            words = ", ".join(f"{rates[jobs]:,.0f} images/s with {jobs}" for jobs in sorted(rates))
            print(f"{script}: {words}: {ratios[-1]:.2f}", flush=True)
        print(
            f"{script}: {options.jobs} jobs at once / one: median {statistics.median(ratios):.2f}"
        )


if __name__ == "__main__":
    main()
