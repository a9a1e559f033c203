"""Distributed training: several devices, or several machines, that train one run with JAX.

A run is started once on each machine, as a process that Keras's own variables describe:
KERAS_DISTRIBUTION_JOB_ADDRESSES (host:port of the first), _NUM_PROCESSES and _PROCESS_ID. All
processes do the same steps, each on its share of every batch. The first one prints and writes;
the output and files of the others are thrown away.
"""

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from internals.core.keras_loader import keras

import numpy as np

from internals.core.files import fail
from internals.runs.exit_status import exit_run
from internals.runs.run import Run

VARIABLES = [f"KERAS_DISTRIBUTION_{name}" for name in ("NUM_PROCESSES", "PROCESS_ID")]
ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
ON_CPU = "SCAN_ON_CPU"  # set by tests: treat processors as GPUs
TEMPORARY_FOLDERS = []  # folders for what nobody needs, removed at the end
SILENCE = 30  # seconds without a sign of life, after which a process counts as dead


def is_joined():
    """Return whether this process is one of several that train a run, and none has left yet."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return jax.distributed.is_initialized()


def join_others():
    """Meet the other processes of this run, where Keras's variables say that there are some."""
    if ADDRESSES not in os.environ:
        return
    address = os.environ[ADDRESSES].split(",")[0]
    if keras.backend.backend() != "jax":
        fail(f"{ADDRESSES} is {address}; only KERAS_BACKEND=jax trains on several machines")
    words = [os.environ.get(name, "") for name in VARIABLES]
    if not all(word.isdecimal() for word in words) or not int(words[1]) < int(words[0]):
        fail(
            f"{VARIABLES[0]} is {words[0]!r} and {VARIABLES[1]} {words[1]!r}; they must be how "
            "many processes there are, and which of them this is, counted from 0"
        )
    count, number = map(int, words)
    print(f"process {number} of {count} waits for the others at {address}", flush=True)
    import jax

    try:  # not by keras.distribution.initialize, which notices a death after 100 seconds only
        jax.distributed.initialize(
            address, count, number, heartbeat_timeout_seconds=SILENCE, shutdown_timeout_seconds=10
        )
    except (RuntimeError, ValueError, OSError) as error:
        fail(f"{ADDRESSES} is {address}; the processes did not meet: {error}", 1)
    if number:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


@contextlib.contextmanager
def ending_at_once():
    """End a process that fails at once: JAX would have it wait for the others, who wait for it."""
    try:
        yield
    except BaseException as error:
        if not is_joined():
            raise
        if not isinstance(error, SystemExit):
            sys.excepthook(type(error), error, error.__traceback__)
        end_now(getattr(error, "code", 1))


def end_now(exit_status):
    remove_folders()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(exit_status)


@contextlib.contextmanager
def expecting_others():
    """End the program with a message where another process has died; JAX raises what it likes.

    On GPUs it may be JAX that ends the program, with a message of its own.
    """
    try:
        yield
    except Exception as error:
        if not is_joined():
            raise
        reason = str(error).splitlines()[0][:200]
        with contextlib.suppress(SystemExit):
            exit_run(Run.held, "failed", f"another process of this run has ended: {reason}", 1)
        end_now(1)  # an exception would meet Keras's, of weights that are gone


def redirect_results(hyperparameters):
    """Return the hyperparameters; those of a process that is not the first write to a folder aside.

    It is removed at the end. A run to resume is copied into it before the first process goes on.
    """
    if not is_joined():
        return hyperparameters
    import jax
    from jax.experimental import multihost_utils

    if jax.process_index():
        aside = tempfile.mkdtemp(prefix="run-")
        TEMPORARY_FOLDERS.append(aside)
        atexit.register(remove_folders)
        hyperparameters = hyperparameters.but(results=aside)
        if folder := hyperparameters.resume:
            copy = shutil.copytree(folder, Path(aside, Path(folder).name))
            hyperparameters = hyperparameters.but(resume=str(copy))
    with expecting_others():
        multihost_utils.sync_global_devices("folders")
    return hyperparameters


def remove_folders():
    for folder in TEMPORARY_FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)


def max_over_processes(number):
    """Return the largest of the numbers that the processes have; each must ask."""
    if not is_joined():
        return number
    from jax.experimental import multihost_utils

    with expecting_others():
        return int(multihost_utils.process_allgather(np.int32(number or 0)).max())


def leave_others(run):
    """Part from the other processes once training is over: the first goes on alone."""
    if not is_joined():
        return
    import jax

    first = jax.process_index() == 0
    jax.distributed.shutdown()
    if not first:
        raise SystemExit(run.stop.exit_status if run.stop else 0)


def find_devices(batch_size):
    """Return the GPUs (or TPUs) that share each batch with JAX; none elsewhere or on a processor.

    They are all that divide it evenly.
    """
    if keras.backend.backend() != "jax":
        return []
    import jax

    devices = jax.devices()
    if jax.process_count() > 1:
        if batch_size % len(devices):
            fail(
                f"batch_size is {batch_size}; it must be a multiple of {len(devices)}, the devices "
                "of all processes"
            )
        return devices
    if devices[0].platform == "cpu" and ON_CPU not in os.environ:
        return []
    return devices[: max(n for n in range(1, len(devices) + 1) if batch_size % n == 0)]
