"""A job of a sweep: find its run, claim it, start its script as a process, and judge the result.

Dask's workers import this module as well, so it loads no Keras.
"""

import contextlib
import dataclasses
import hashlib
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
from internals.runs import identity
from internals.runs.run import CAN_GO_ON, find_folders, read_record

HIDDEN = ".sweep"  # the folder in results/ for the output of the scripts that run
ENDED = ("finished", "diverged")  # such a run is not made again
PATIENCE = 1  # seconds between two looks at a run that another process has
LAST_LINES = 8  # of a failed script's output
SHARED = (
    "each worker must find the results, the scripts and the data under the same path as the "
    "machine on which sweep.py runs"
)
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")
GPU_SHARED = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A run that is wanted, and where and how its script is started."""

    number: int  # its place in the plan
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
        digest = hashlib.sha256(identity.name_of_run(self.wanted).encode()).hexdigest()
        return self.results / HIDDEN / f"{Path(self.script).stem}-{digest[:16]}.log"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a job."""

    number: int
    status: str  # that of the run, or busy: another process has it
    run: str = ""  # the run's folder, where there is one
    seconds: float = 0  # that its script took, now
    words: str = ""  # what is to be said of it


def find_run(job):
    """Return folder and record of the job's run: finished, or else the furthest; or None, None."""
    found = []
    for folder in find_folders(job.results / Path(job.script).stem):
        with contextlib.suppress(OSError, ValueError):  # a broken folder is no such run
            record = read_record(folder)
            if identity.is_same_run(record, job.wanted) and is_usable((folder, record)):
                found.append((folder, record))

    def worth(run):
        record = run[1]
        status, epochs = record["status"], record.get("epochs_done", 0)
        return status == "finished", is_trained(run), status == "diverged", epochs

    return max(found, key=worth, default=(None, None))


def is_usable(run):
    """Return whether the run has ended, is trained, or can go on (not without its checkpoint)."""
    folder, record = run
    if record["status"] in CAN_GO_ON and record.get("epochs_done"):
        return (folder / "checkpoint.npz").exists() or is_trained(run)
    return record["status"] in (*ENDED, *CAN_GO_ON)


def is_trained(run):
    """Return whether a process trains the run in this moment, of all that one can see here."""
    folder, record = run
    return record is not None and record["status"] not in ENDED and locks.is_locked(folder)


# ------------------------------------------------------------------------------------------------
# Scripts as processes


def environment(job):
    """Return the environment of the job's script: its backend, and its share of the machine."""
    variables = os.environ | {"KERAS_BACKEND": job.wanted["backend"]}
    if job.at_once > 1:
        cores = max(1, joblib.cpu_count() // job.at_once)
        variables |= dict.fromkeys(THREADS, str(cores)) | GPU_SHARED
    return variables


class Scripts:
    """The scripts that run in this process's name, by the sweep to which they belong."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running, self.stopped = {}, set()

    def run(self, job, arguments, log):
        """Return the exit status of the script; None where the sweep has been stopped before."""
        with self.lock:
            if job.sweep in self.stopped:
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
            self.running[process] = job.sweep
        try:
            return process.wait()
        finally:
            with self.lock:
                del self.running[process]

    def stop(self, sweep, number):
        """Pass a signal on to the scripts of a sweep, and start no more of them."""
        with self.lock:
            self.stopped.add(sweep)
            for process, owner in self.running.items():
                if owner == sweep and os.name == "posix":  # on Windows the console has told them
                    process.send_signal(number)


SCRIPTS = Scripts()


@contextlib.contextmanager
def claimed(path):
    """Lock the job whose log file is at `path` and yield that open; None where it is taken.

    Whoever is killed, a script that goes on has locked its own run.
    """
    try:
        with locks.locked(path.with_suffix(".lock"), patience=0):
            with open(path, "ab", buffering=0) as log:
                yield log
    except filelock.Timeout:
        yield None


def remove(path):
    """Remove a log file that one has claimed."""
    with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
        path.unlink()


def run_job(job, patient=False):
    """Do the job unless it is done already, and return its Outcome.

    Where another process has it, the outcome is "busy", or if `patient` what it comes to.
    """
    try:
        return claim_and_start(job, patient)
    except OSError as error:  # such as a full disk; the other jobs go on
        return Outcome(number=job.number, status="failed", words=str(error))


def claim_and_start(job, patient):
    while True:
        if not job.log.parent.is_dir():
            words = f"{socket.gethostname()} has no {job.log.parent}: {SHARED}"
            return Outcome(number=job.number, status="failed", words=words)
        if job.sweep in SCRIPTS.stopped:
            return Outcome(number=job.number, status="interrupted")
        with claimed(job.log) as log:
            found = find_run(job)
            there = found[1] is not None and found[1]["status"] in ENDED
            if log and not there and not is_trained(found):
                return start(job, found, log)
            if log:
                remove(job.log)
            if there:
                return describe_end(job, found, 0, "")
        if not patient:
            return Outcome(number=job.number, status="busy")
        time.sleep(PATIENCE)


def start(job, found, log):
    """Run the script to make the job's run, or to go on with the one that was found."""
    folder, record = found
    arguments = job.arguments
    if record:
        arguments = ["--resume", relative(folder, job.folder)]
    log.truncate(0)
    began = time.monotonic()
    exit_status = SCRIPTS.run(job, arguments, log)
    seconds = time.monotonic() - began
    words = ""
    if exit_status and job.sweep not in SCRIPTS.stopped:
        lines = job.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        ended = f"signal {-exit_status}" if exit_status < 0 else f"exit status {exit_status}"
        words = "\n".join([f"{ended}; the end of {job.log}:", *lines[-LAST_LINES:]])
    else:
        remove(job.log)
    found = find_run(job)
    if exit_status == 0 and found[1] is None:
        words = explain_other(job)
    return describe_end(job, found, seconds, words)


def explain_other(job):
    """Return in words what the run of a script that has ended well is not, of what was wanted."""
    folders = find_folders(job.results / Path(job.script).stem)
    made = identity.facts_to_go_on(read_record(folders[-1])) if folders else {}
    obstacle = made and identity.find_obstacle(identity.facts_to_go_on(job.wanted), made)
    if not obstacle:
        return "the script has made no run that can be found"
    name, wanted, found = obstacle
    return f"its run, {folders[-1].name}, has {name} {found!r}; sweep.py was to have {wanted!r}"


def describe_end(job, found, seconds, words):
    """Return the Outcome of a job whose script has ended."""
    folder, record = found
    status = record["status"] if record else "failed"
    if status not in ENDED:
        status = "interrupted" if job.sweep in SCRIPTS.stopped else "failed"
    run = str(folder) if folder else ""
    return Outcome(number=job.number, status=status, run=run, seconds=seconds, words=words)
