"""A run's folder and its record: the one reader and writer of run.json and history.csv."""

import contextlib
import dataclasses
import datetime
import itertools
import json
import os
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from internals.core import locks
from internals.core.files import fail, write_text
from internals.runs import sources
from internals.runs.commands import CAN_GO_ON, command_that_runs, on_its_backend

RUN_FOLDER = re.compile(r"\d{4}-\d\d-\d\d_\d\d-")  # how the name of a run's folder begins
RESULTS = """
test_accuracy test_loss balanced_accuracy expected_calibration_error best_epoch
""".split()  # of fewer epochs than a resumed run comes to have


@dataclasses.dataclass
class Run:
    """A run's folder, its hyperparameters and what its run.json holds."""

    folder: Path
    hyperparameters: object
    record: dict
    stop: Exception = None  # why training ended early, if it did
    caption: str = ""  # the values that a plot should name, in one line
    phase: int = 0  # which call of `train` is the last
    live: object = None  # what tells open pages of it, once it trains: see live.py
    lock: contextlib.ExitStack = dataclasses.field(default_factory=contextlib.ExitStack)
    held = None  # the run that this process has taken
    probe = None  # of a sweep, which only asks what a run would be: see sweep/script_probe.py

    @property
    def script(self):
        return self.record["script"]

    def take(self):
        """Lock the folder until `release`; raises filelock.Timeout if another process has it."""
        self.lock.enter_context(locks.locked(self.folder, patience=1))
        Run.held = self

    @classmethod
    def leave_held(cls):
        """Release the run that this process has taken: a notebook's cells go on after a fault."""
        if cls.held:
            cls.held.stopped("failed", "another run began in the same process")

    def release(self):
        """Let other processes have the run."""
        self.lock.close()
        Run.held = None

    def stopped(self, status, reason):
        """Record how and why the run ended, where the disk still takes it, and release it."""
        if self.record.get("status") in (None, "running"):  # else it has been said before
            with contextlib.suppress(OSError):
                self.save(status=status, reason=reason)
        self.release()

    def how_to_go_on(self):
        """Return what is left of an ended run, and the command that goes on with it."""
        if self.record.get("status") not in CAN_GO_ON:
            return "What it has finished is kept"
        script = sys.argv[0] if sources.LAUNCHED else f"{self.script}.py"  # or it is a notebook
        command = shlex.join(["python", script, "--resume", str(self.folder)])
        return f"What it has finished is kept. To go on: {on_its_backend(self.record, command)}"

    def save(self, **changes):
        """Add `changes` to the record and write it to run.json."""
        self.record |= changes
        text = json.dumps(self.record, indent=2, ensure_ascii=False)
        write_text(self.folder / "run.json", text + "\n")

    def save_history(self, rows):
        """Write history.csv, a row per epoch, from a list of dictionaries."""
        write_text(self.folder / "history.csv", pd.DataFrame(rows).to_csv(index=False))

    def save_predictions(self, data, probabilities):
        """Write predictions.csv, a row per test image, from probabilities (n, classes)."""
        names, predicted = np.array(data.class_names), probabilities.argmax(axis=1)
        table = {
            "image": np.arange(len(predicted)) if data.test_names is None else data.test_names,
            "true": names[data.y_test],
            "predicted": names[predicted],
            "probability": probabilities.max(axis=1),
            "true_probability": probabilities[np.arange(len(predicted)), data.y_test],
        }
        text = pd.DataFrame(table).to_csv(index=False, float_format="%.6g")
        write_text(self.folder / "predictions.csv", text)

    def history(self):
        """Return history.csv, a row an epoch; None where no epoch was recorded."""
        return read_history(self.folder) if (self.folder / "history.csv").exists() else None


def read_record(folder):
    """Return what the run.json in `folder` holds; OSError or ValueError where it is no run's."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    if not isinstance(record.get("hyperparameters"), dict) or not record.get("script"):
        raise ValueError("it lacks hyperparameters")
    return {"status": "unknown"} | record


def start_time(record):
    """Return when a run began, to be compared with others; ValueError where it is no time.

    One that was recorded without a time zone is taken for this machine's.
    """
    return datetime.datetime.fromisoformat(record["started"]).astimezone(datetime.UTC)


def read_history(folder):
    """Return history.csv, a row an epoch; OSError or ValueError where it is missing or damaged."""
    return pd.read_csv(folder / "history.csv")


def find_folders(path):
    """Return the run folders at or anywhere below `path`, also those without run.json.

    None is looked for within a run, nor in a folder whose name begins with a dot.
    """
    found, seen, left = [], set(), [path]
    while left:
        folder = left.pop()
        is_run = RUN_FOLDER.match(folder.name)
        if is_run or (folder / "run.json").exists():
            found.append(folder)
        if is_run and folder != path:
            continue
        with contextlib.suppress(OSError):  # a folder that one may not read has no run to show
            if (known := os.path.realpath(folder)) not in seen:  # a link may lead in a circle
                seen.add(known)
                with os.scandir(folder) as entries:
                    names = [each.name for each in entries if each.is_dir()]
                left += [folder / name for name in names if not name.startswith(".")]
    return sorted(found)


def make_run_folder(results, script, started, name):
    """Create and return results/<script>/<started>[_<name>], a folder that no other run has."""
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    try:
        Path(results, script).mkdir(parents=True, exist_ok=True)
        for count in itertools.count(1):
            stamp = f"{started:%Y-%m-%d_%H-%M-%S}" + (f"-{count}" if count > 1 else "")
            folder = Path(results, script, f"{stamp}_{name}" if name else stamp)
            with contextlib.suppress(FileExistsError):  # another run began in the same second
                folder.mkdir()
                return folder
    except OSError as error:
        fail(f"results is {results!r}; no folder can be made there: {error.strerror}")


def create_run(script, common, hyperparameters):
    """Return a new run, not yet recorded; its folder keeps the texts at `script` and `common`."""
    started, name, stem = datetime.datetime.now(), hyperparameters.name, Path(script).stem
    folder = make_run_folder(hyperparameters.results, stem, started, name)
    stamp = started.astimezone().isoformat(timespec="seconds")  # with the time zone
    record = {"script": stem, "name": name, "started": stamp, "epochs_done": 0}
    record |= {"command": command_that_runs(script)}
    run = Run(folder, hyperparameters, record)
    Run.leave_held()
    run.take()
    for name, source in (("script.py", script), ("common.py", common)):
        if text := sources.find_text(source):
            write_text(folder / name, text)
    return run
