"""Executors of a sweep's jobs: threads on this machine, or the workers of a Dask cluster."""

import collections
import contextlib
import dataclasses
import importlib.util
import sys
import threading
from pathlib import Path

import joblib

from internals.core.files import fail
from internals.core.signals import handling_signals, restore_defaults
from internals.sweep import jobs

ROOT = str(Path(__file__).resolve().parents[2])
PATIENCE = 10  # seconds for a scheduler, and then for its first worker, to answer


class LocalExecutor:
    """This machine: `at_once` scripts at a time."""

    def __init__(self, at_once):
        self.at_once = at_once

    def run(self, todo, patient):
        """Yield the Outcome of each job as it ends."""
        parallel = joblib.Parallel(
            self.at_once, return_as="generator_unordered", backend="threading", batch_size=1
        )
        yield from parallel(joblib.delayed(jobs.run_job)(job, patient) for job in todo)

    def stop(self, sweep, number):
        """Pass a signal on to the sweep's scripts, and start no more."""
        jobs.SCRIPTS.stop(sweep, number)


class DaskExecutor:
    """A Dask cluster that is there, of workers that share results, scripts and data by path."""

    def __init__(self, address):
        if not importlib.util.find_spec("distributed"):
            fail(f"scheduler is {address!r}; that needs another package: pip install distributed")
        import distributed  # here, because only a cluster needs it

        try:
            self.client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            fail(f"scheduler is {address!r}; it cannot be reached: {error}")
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            fail(f"scheduler is {address!r}; it has no worker. To start one: dask worker {address}")
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        on_host = collections.Counter()
        for worker in workers.values():
            on_host[worker["host"]] += worker["nthreads"]
        self.shares = {address: on_host[worker["host"]] for address, worker in workers.items()}
        self.at_once = sum(on_host.values()) or 1

    def run(self, todo, patient):
        """Yield the Outcome of each job as it ends; a job whose worker is lost runs on another."""
        run = portable_run(self.shares)
        with joblib.parallel_config("dask", client=self.client, pure=False):
            parallel = joblib.Parallel(-1, return_as="generator_unordered", batch_size=1)
            todo = (joblib.delayed(run)(ROOT, dataclasses.asdict(job), patient) for job in todo)
            try:
                for result in parallel(todo):
                    yield jobs.Outcome(**result)
            except Exception as error:  # no worker comes, or a job has cost the lives of several
                fail(f"the cluster has lost a job: {error}; the same command goes on from here", 1)

    def stop(self, sweep, number):
        self.client.run(portable_stop(), ROOT, sweep, number)


# A worker need not find this project by itself: functions inside functions are sent to it whole.


def portable_run(shares):
    """Return jobs.run_job for a worker that shares its machine with the other workers there."""

    def run(root, values, patient):
        import distributed

        sys.path[:0] = [] if root in sys.path else [root]
        from internals.sweep import jobs

        worker = distributed.get_worker()
        values |= {"at_once": shares.get(worker.address, worker.state.nthreads)}
        return dataclasses.asdict(jobs.run_job(jobs.Job(**values), patient))

    return run


def portable_stop():
    def stop(root, sweep, number):
        sys.path[:0] = [] if root in sys.path else [root]
        from internals.sweep import jobs

        jobs.SCRIPTS.stop(sweep, number)

    return stop


# ------------------------------------------------------------------------------------------------
# What both have in common


def make_executor(options):
    """Return the executor that the command line asks for."""
    return DaskExecutor(options.scheduler) if options.scheduler else LocalExecutor(options.jobs)


def run_jobs(executor, todo):
    """Yield the Outcome of each job as it ends; one that another process has comes last."""
    busy = set()
    for outcome in executor.run(todo, patient=False):
        if outcome.status == "busy":
            busy.add(outcome.number)
        yield outcome
    if busy:
        yield from executor.run([job for job in todo if job.number in busy], patient=True)


@contextlib.contextmanager
def forwarding_signals(executor, todo):
    """Pass Ctrl-C, or SIGTERM, on to the scripts, twice at most; yield the list of what came."""
    came = []

    def tell(number):
        if len(came) == 1:
            print("The scripts are told to end; a second Ctrl-C leaves them no time to report")
        executor.stop(todo[0].sweep, number)

    def pass_on(number):
        came.append(number)
        if len(came) == 2:  # whoever wants a third time wants nothing but an end
            restore_defaults()
        # in a thread of its own: the lock may be held by what the signal has interrupted
        threading.Thread(target=tell, args=(number,)).start()

    with handling_signals(pass_on, times=2):
        yield came
