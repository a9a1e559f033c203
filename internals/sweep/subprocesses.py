"""Scripts as processes: each claimed once, given its share of the machine, and interrupted."""

import contextlib
import os
import subprocess
import sys
import threading

import filelock
import joblib

from internals.core.locks import locked

THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")
GPU_SHARED = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@contextlib.contextmanager
def claimed(path):
    """Lock the job whose log file is at `path` and yield that open; None where it is taken.

    Whoever is killed, a script that goes on has locked its own run.
    """
    try:
        with locked(path.with_suffix(".lock"), patience=0):
            with open(path, "ab", buffering=0) as log:
                yield log
    except filelock.Timeout:
        yield None


def remove(path):
    """Remove a log file that one has claimed."""
    with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
        path.unlink()


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
