"""A job of a sweep: find its run, claim it, start its script, and judge the result.

Dask's workers import this module as well, so it loads no Keras.
"""

import contextlib
import dataclasses
import hashlib
import os
import socket
import time
from pathlib import Path

from internals.core import locks
from internals.runs import identity
from internals.runs.run import CAN_GO_ON, find_folders, read_record
from internals.sweep.subprocesses import SCRIPTS, claimed, remove

HIDDEN = ".sweep"  # the folder in results/ for the output of the scripts that run
ENDED = ("finished", "diverged")  # such a run is not made again
PATIENCE = 1  # seconds between two looks at a run that another process has
LAST_LINES = 8  # of a failed script's output


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


# ------------------------------------------------------------------------------------------------
# Runs that are there already


def find_run(job):
    """Return folder and record of the run that is the job's: finished, or else the furthest.

    None, None where there is none.
    """
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
# The job


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
            return Outcome(number=job.number, status="failed", words=explain_lack(job))
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


def explain_lack(job):
    return (
        f"{socket.gethostname()} has no {job.log.parent}: each worker must find the results, the "
        "scripts and the data under the same path as the machine on which sweep.py runs"
    )


def start(job, found, log):
    """Run the script to make the job's run, or to go on with the one that was found."""
    folder, record = found
    arguments = job.arguments
    if record:
        arguments = ["--resume", os.path.relpath(folder, job.folder)]
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
    return describe_end(job, find_run(job), seconds, words)


def describe_end(job, found, seconds, words):
    """Return the Outcome of a job whose script has ended."""
    folder, record = found
    status = record["status"] if record else "failed"
    if status not in ENDED:
        status = "interrupted" if job.sweep in SCRIPTS.stopped else "failed"
    run = str(folder) if folder else ""
    return Outcome(number=job.number, status=status, run=run, seconds=seconds, words=words)
