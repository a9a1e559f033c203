"""A run's folder and its record: the one reader and writer of run.json and history.csv.

The ground floor: it uses files.py, the standard library and pandas.
"""

import dataclasses
import datetime
import itertools
import json
import re
from pathlib import Path

import pandas as pd

from internals.files import fail, locked, write_text

RUN_FOLDER = r"\d{4}-\d\d-\d\d_\d\d-"  # how the name of a run's folder begins


@dataclasses.dataclass
class Run:
    """A run's folder, its hyperparameters and what its run.json holds."""

    folder: Path
    hyperparameters: object
    record: dict
    stop: Exception = None  # why training ended early, if it did

    @property
    def script(self):
        return self.record["script"]

    def save(self, **changes):
        """Add `changes` to the record and write it to run.json."""
        self.record |= changes
        text = json.dumps(self.record, indent=2, ensure_ascii=False)
        write_text(self.folder / "run.json", text + "\n")

    def save_history(self, rows):
        """Write history.csv, a row per epoch, from a list of dictionaries."""
        write_text(self.folder / "history.csv", pd.DataFrame(rows).to_csv(index=False))

    def history(self):
        return read_history(self.folder)


def read_record(folder):
    """Return what the run.json in `folder` holds.

    Raises OSError or ValueError where it is missing, damaged or not the record of a run.
    """
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    if not isinstance(record.get("hyperparameters"), dict) or not record.get("script"):
        raise ValueError("it lacks hyperparameters")
    return {"status": "unknown"} | record


def read_record_to_resume(folder):
    """Return the record of the run in `folder`; end the program where there is none."""
    try:
        return read_record(folder)
    except (OSError, ValueError) as error:
        fail(f"{folder / 'run.json'} is not the record of a run: {error!r}")


def read_history(folder):
    """Return the history.csv in `folder` as a data frame, one row per epoch.

    Raises OSError or ValueError where it is missing or damaged.
    """
    return pd.read_csv(folder / "history.csv")


def find_folders(path):
    """Return the run folders at or up to two levels below `path`, also those without run.json."""
    candidates = [path, *path.glob("*/"), *path.glob("*/*/")]
    return [
        folder
        for folder in sorted(candidates)
        if (folder / "run.json").exists() or re.match(RUN_FOLDER, folder.name)
    ]


def make_run_folder(results, script, started, name):
    """Create and return results/<script>/<started>[_<name>], a folder that no other run has."""
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    for count in itertools.count(1):
        stamp = f"{started:%Y-%m-%d_%H-%M-%S}" + (f"-{count}" if count > 1 else "")
        folder = Path(results, script, f"{stamp}_{name}" if name else stamp)
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue  # another run began in the same second
        except OSError as error:
            fail(f"results is {results!r}; no folder can be made there: {error.strerror}")


def create(script, hyperparameters):
    """Return a new run in a folder of its own, its record begun but not yet written."""
    started, name = datetime.datetime.now(), hyperparameters.name
    folder = make_run_folder(hyperparameters.results, script, started, name)
    record = {"script": script, "name": name}
    record |= {"started": started.isoformat(timespec="seconds"), "epochs_done": 0}
    return Run(folder, hyperparameters, record)


def reopen(hyperparameters, same):
    """Return the run that `resume` names; end the program where `same` is not as it was."""
    resume = hyperparameters.resume
    folder = Path(resume)
    run = Run(folder, hyperparameters, read_record_to_resume(folder))
    try:
        with locked(folder, wait=False):
            pass
    except BlockingIOError:
        fail(f"resume is {resume!r}; that run is still being trained")
    for left_by_a_crash in folder.glob(".*.part.*"):
        left_by_a_crash.unlink()
    for what, now in same.items():
        if run.record.get(what) != now:
            fail(f"resume is {resume!r}; its {what} is not the same any more")
    return run
