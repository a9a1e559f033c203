"""Executors of a sweep's jobs: threads on this machine, or the workers of a Dask cluster."""

import collections
import contextlib
import dataclasses
import pickle
import sys
import threading

import joblib

from internals.core.files import fail
from internals.core.signals import handling_signals, restore_defaults
from internals.sweep import jobs
from internals.sweep.jobs import ROOT

PATIENCE = 10  # seconds for a scheduler, and then for its first worker, to answer


def run_jobs(executor, todo):
    """Yield the Outcome of each job as it ends; one that another process has comes last."""
    busy = []
    for outcome in executor.run(todo, patient=False):
        if outcome.status == "busy":
            busy.append(outcome.job)
        yield outcome
    if busy:
        yield from executor.run(busy, patient=True)


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


class LocalExecutor:
    """This machine: `at_once` scripts at a time."""

    def __init__(self, at_once):
        self.at_once = at_once

    def run(self, todo, patient):
        """Yield the Outcome of each job as it ends."""
        parallel = joblib.Parallel(self.at_once, "threading", return_as="generator_unordered")
        yield from parallel(joblib.delayed(jobs.run_job)(job, patient) for job in todo)

    stop = staticmethod(jobs.stop_scripts)


class DaskExecutor:
    """A Dask cluster that is there, of workers that share results, scripts and data by path."""

    def __init__(self, address):
        try:
            import distributed  # here, because only a cluster needs it
        except ModuleNotFoundError:
            fail(f"scheduler is {address!r}; that needs another package: pip install distributed")
        try:
            self.client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            fail(f"scheduler is {address!r}; it cannot be reached: {error}")
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            fail(f"scheduler is {address!r}; it has no worker. To start one: dask worker {address}")
        self.threads = collections.Counter()  # of the workers on each machine
        for worker in self.client.scheduler_info(n_workers=-1)["workers"].values():
            self.threads[worker["host"]] += worker["nthreads"]
        self.at_once = sum(self.threads.values()) or 1

    def run(self, todo, patient):
        """Yield the Outcome of each job as it ends; a job whose worker is lost runs on another."""
        with joblib.parallel_config("dask", client=self.client, pure=False):
            parallel = joblib.Parallel(-1, return_as="generator_unordered", batch_size=1)
            calls = (portable(run_on_worker, job, patient, self.threads) for job in todo)
            try:
                yield from parallel(joblib.delayed(call)() for call in calls)
            except Exception as error:  # no worker comes, or a job has cost the lives of several
                fail(f"the cluster has lost a job: {error}; the same command goes on from here", 1)

    def stop(self, sweep, number):
        """Pass a signal on to the sweep's scripts, and start no more."""
        self.client.run(portable(jobs.stop_scripts, sweep, number))


def portable(function, *arguments):
    """Return a call that a worker can make though it does not find this project by itself."""
    pickled = pickle.dumps((function, arguments))

    def call():  # a function inside a function is sent to the worker whole
        if ROOT not in sys.path:
            sys.path.insert(0, ROOT)
        function, arguments = pickle.loads(pickled)
        return function(*arguments)

    return call


def run_on_worker(job, patient, threads):
    """Do the job in a worker, with its share of the machine."""
    import distributed

    worker = distributed.get_worker()
    at_once = threads.get(worker.ip, worker.state.nthreads)
    return jobs.run_job(dataclasses.replace(job, at_once=at_once), patient)
