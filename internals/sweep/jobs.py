"""A job of a sweep: find its run, claim it, start its script, and judge the result.

Dask's workers import this module as well, so it loads no Keras.
"""

import contextlib
import dataclasses
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import filelock
import joblib

from internals.core import locks
from internals.core.files import relative
from internals.runs import identity, live
from internals.runs.commands import CAN_GO_ON
from internals.runs.run import find_folders, read_record

ROOT = str(Path(__file__).resolve().parents[2])  # the folder that Python must find internals in
ENDED = ("finished", "diverged")  # such a run is not made again
STATES = ("unfinished", "diverged", "trained", "finished")  # of runs, the best last
PATIENCE = 1  # seconds between two looks at a run that another process has
LAST_LINES = 8  # of a failed script's output

THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")
GPU_SHARED = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A run that is wanted, and where and how its script is started."""

    label: str  # what tells it from the others
    script: str
    arguments: list
    wanted: dict  # what its run.json must say
    folder: str  # where the command is given
    sweep: str  # whose job it is
    at_once: int = 1  # scripts that share the machine; 1 leaves it as it is

    @property
    def results(self):
        return Path(self.folder, self.wanted["hyperparameters"]["results"])

    @property
    def log(self):
        """Return the path of the script's output, whose name is that of the run's identity."""
        digest = live.digest_identity(self.wanted)
        return self.results / ".sweep" / f"{Path(self.script).stem}-{digest}.log"

    @property
    def full_label(self):
        """Return the label with the script's name before it."""
        stem = Path(self.script).stem
        return stem if self.label == stem else f"{stem} {self.label}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a job."""

    job: Job
    status: str  # that of the run, or busy: another process has it
    run: Path | None = None  # the run's folder, where there is one
    seconds: float = 0  # that its script took, now
    words: str = ""  # what is to be said of it


def run_job(job, patient=False):
    """Do the job and return its Outcome: "busy" while another process has it, unless `patient`."""
    try:
        outcome = claim_and_start(job)
        while patient and outcome.status == "busy":
            time.sleep(PATIENCE)
            outcome = claim_and_start(job)
    except OSError as error:  # such as a full disk; the other jobs go on
        return Outcome(job, "failed", words=str(error))
    return outcome


def claim_and_start(job):
    if not job.log.parent.is_dir():
        raise OSError(
            f"{socket.gethostname()} has no {job.log.parent}: each worker must find the results, "
            "the scripts and the data under the same path as the machine on which sweep.py runs"
        )
    if job.sweep in STOPPED:
        return Outcome(job, "interrupted")
    claim = locks.locked(job.log.with_suffix(".lock"), patience=0)
    with contextlib.suppress(filelock.Timeout), claim:
        folder, state = find_run(job)
        if state != "trained":
            outcome = Outcome(job, state, folder) if state in ENDED else start(job, folder)
            if not outcome.words:
                with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
                    job.log.unlink(missing_ok=True)
            return outcome
    return Outcome(job, "busy")


def start(job, folder):
    """Run the script to make the job's run, or to go on with the one in `folder`."""
    arguments = ["--resume", relative(folder, job.folder)] if folder else job.arguments
    began = time.monotonic()
    with open(job.log, "ab") as log:
        log.truncate(0)
        exit_status = run_script(job, arguments, log)
    seconds = time.monotonic() - began
    stopped, words = job.sweep in STOPPED, ""
    if exit_status and not stopped:
        lines = job.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        ended = f"signal {-exit_status}" if exit_status < 0 else f"exit status {exit_status}"
        words = "\n".join([f"{ended}; the end of {job.log}:", *lines[-LAST_LINES:]])
    folder, state = find_run(job)
    if exit_status == 0 and not state:
        words = explain_other(job)
    status = state if state in ENDED else "interrupted" if stopped else "failed"
    return Outcome(job, status, folder, seconds, words)


def explain_other(job):
    """Return in words what the run of a script that has ended well is not, of what was wanted."""
    folders = find_folders(job.results / Path(job.script).stem)
    made = identity.facts_to_go_on(read_record(folders[-1])) if folders else {}
    obstacle = made and identity.find_obstacle(identity.facts_to_go_on(job.wanted), made)
    if not obstacle:
        return "the script has made no run that can be found"
    name, wanted, found = obstacle
    return f"its run, {folders[-1].name}, has {name} {found!r}; sweep.py was to have {wanted!r}"


# ------------------------------------------------------------------------------------------------
# Runs that are there already


def find_run(job):
    """Return folder and state of the run that is the job's, the best one; None, None without."""
    found = {}
    for folder in find_folders(job.results / Path(job.script).stem):
        with contextlib.suppress(OSError, ValueError):  # a broken folder is no such run
            record = read_record(folder)
            if identity.is_same_run(record, job.wanted) and (state := state_of(folder, record)):
                found[folder, state] = STATES.index(state), record.get("epochs_done", 0)
    return max(found, key=found.get, default=(None, None))


def state_of(folder, record):
    """Return the run's state, by all that one can see here; None where it cannot go on."""
    if record["status"] in ENDED:
        return record["status"]
    if record["status"] not in CAN_GO_ON:
        return None
    if locks.is_locked(folder):
        return "trained"  # in this moment, by another process
    lost = record.get("epochs_done") and not (folder / "checkpoint.npz").exists()
    return None if lost else "unfinished"


# ------------------------------------------------------------------------------------------------
# The scripts that run in this process's name

LOCK = threading.Lock()
RUNNING = {}  # the sweep to which each process belongs
STOPPED = set()  # sweeps


def run_script(job, arguments, log):
    """Return the exit status of the script; None where the sweep has been stopped before."""
    with LOCK:
        if job.sweep in STOPPED:
            return None
        process = subprocess.Popen(
            [sys.executable, job.script, *arguments],
            cwd=job.folder,
            env=environment(job),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # or Ctrl-C in the terminal reaches the script twice
        )
        RUNNING[process] = job.sweep
    try:
        return process.wait()
    finally:
        with LOCK:
            del RUNNING[process]


def environment(job):
    """Return the environment of the job's script: its backend, and its share of the machine."""
    variables = os.environ | {"KERAS_BACKEND": job.wanted["backend"]}
    if job.at_once > 1:
        cores = max(1, joblib.cpu_count() // job.at_once)
        variables |= dict.fromkeys(THREADS, str(cores)) | GPU_SHARED
    return variables


def stop_scripts(sweep, number):
    """Pass a signal on to the scripts of a sweep, and start no more of them."""
    with LOCK:
        STOPPED.add(sweep)
        for process, owner in RUNNING.items():
            if owner == sweep and os.name == "posix":  # on Windows the console has told them
                process.send_signal(number)
