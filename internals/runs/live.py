"""What open pages are told of the runs that train: the script live.js beside the page.

Each run has a file of its own there, which nobody else writes, and live.js is made of all of them.
A page of a file:// address may load a script, and nothing else.
"""

import contextlib
import hashlib
import json
import math
import statistics
import time

from internals.core import locks
from internals.core.files import write_text
from internals.core.text import count_nouns
from internals.runs import identity
from internals.runs.run_reader import REFERENCE, describe_ending

PAGE = "index.html"  # in the folder of results
FILES = "index_files"  # the folder beside the page
SCRIPT = "live.js"
CURVES = ("accuracy", "val_accuracy", "loss", "val_loss")
AT_WORK = ("training", "evaluating")  # states of a run; the others are ends, as run.json names them
NEEDED = {"run", "identity", "state", "done", "epochs", "patience", "written"}
KEPT = 3600  # seconds that the end of a run is told
FIRST_EPOCH = 3600  # seconds that the first epoch may take; a run seems dead after three times that
REPORT = 300  # seconds for what comes between and after the epochs


class LiveRun:
    """A run, as open pages see it. Where they cannot be told, the run goes on all the same."""

    def __init__(self, run):
        self.run, self.ended = run, False
        self.results = find_results(run.folder, run.script)
        self.told = {}
        if self.results:
            name = run.folder.resolve().relative_to(self.results).as_posix()
            digest = hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()
            self.path = self.results / FILES / f"live_{digest[:16]}.json"
            self.told = {"run": name, "script": run.script, "identity": digest_identity(run.record)}
            with contextlib.suppress(OSError):
                remove_dead(self.results)
        run.lock.callback(self.end)

    def tell(self, state, rows, epochs):
        """Tell that the run, with these rows of history.csv, is to have so many epochs."""
        seconds = [row["seconds"] for row in rows]
        longest = max(seconds, default=FIRST_EPOCH)
        self.told |= {
            "state": state,
            "caption": self.run.caption,
            "done": len(rows),
            "epochs": epochs,
            "left": estimate_left(seconds, epochs),
            "patience": REPORT + 3 * longest,
            "history": {name: [round_for_plot(row[name]) for row in rows] for name in CURVES},
        }
        self.write()

    def end(self):
        """Tell how the run has ended."""
        if "state" in self.told and not self.ended:
            self.ended = True
            record = {"status": "running"} | self.run.record
            if record["status"] == "running":
                record["status"] = "stopped"
            words = describe_ending(record, self.told["done"])
            self.told |= {"state": record["status"], "ending": words}
            self.told["test_accuracy"] = record.get("test_accuracy")
            self.write()

    def write(self):
        self.told["written"] = time.time()
        if self.results:
            with contextlib.suppress(OSError):  # of a disk that is full, or may only be read
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_text(self.path, json.dumps(self.told), shared=True)
                write_script(self.results)


def find_results(folder, script):
    """Return the folder of results, with the page, in which a run of the script lies; or None."""
    folder = folder.resolve()
    results = folder.parent.parent
    if folder.parent.name != script:
        return None
    return results.parent if results.name == REFERENCE else results


def find_address(results, keys=()):
    """Return the address of the page, as a browser takes it, with the rows of these keys ticked."""
    address = (results / PAGE).resolve().as_uri()
    return f"{address}#runs={','.join(keys)}" if keys else address


def digest_identity(record):
    """Return a few letters that stand for all that makes a run the run that it is."""
    return hashlib.sha256(identity.name_of_run(record).encode()).hexdigest()[:16]


def estimate_left(seconds, epochs):
    """Return the seconds until all epochs are done, by the last of them; None before the first.

    The very first one takes longer: the network is compiled.
    """
    if not seconds:
        return None
    return round(statistics.mean((seconds[1:] or seconds)[-5:]) * (epochs - len(seconds)), 1)


def round_for_plot(value):
    """Return a number with as many digits as a plot shows; None for one that is not finite."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def find_files(results):
    """Return what tells whether a run's file has changed, by its path."""
    found = {}
    for path in sorted((results / FILES).glob("live_*.json")):
        with contextlib.suppress(FileNotFoundError):  # another process may remove one
            state = path.stat()
            found[path] = state.st_mtime_ns, state.st_ino, state.st_size
    return found


def read(path):
    """Return what a run's file tells; {} where it is gone or damaged."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return told if NEEDED <= {*told} else {}
    except (OSError, ValueError, TypeError):
        return {}


def read_all(paths):
    """Return what these files tell, a dictionary each, the run first that began first."""
    told = [each for each in map(read, paths) if each]
    return sorted(told, key=lambda each: each["run"].rpartition("/")[2])


def read_at_work(results):
    """Return what the runs tell that train or are evaluated now, a dictionary each."""
    told, now = read_all(find_files(results)), time.time()
    return [t for t in told if t["state"] in AT_WORK and now - t["written"] < t["patience"]]


def describe(told):
    """Return in words how far a run is that is at work."""
    if told["state"] == "evaluating":
        return f"{count_nouns(told['done'], 'epoch')} done, being evaluated"
    return f"epoch {min(told['done'] + 1, told['epochs'])} of {told['epochs']}"


def write_script(results):
    """Write live.js of what all runs tell; again where one has told something meanwhile.

    So the last process that writes it has looked at all files since, and none is left out.
    """
    for _ in range(3):
        files = find_files(results)
        text = json.dumps(read_all(files), separators=(",", ":"))
        write_text(results / FILES / SCRIPT, f"trainingRuns({text});\n", shared=True)
        if find_files(results) == files:
            return


def remove_dead(results):
    """Remove the files of runs that have ended long ago, or were killed; OSError if it cannot."""
    for path in find_files(results):
        told = read(path)
        at_work = told.get("state") in AT_WORK
        if at_work and not locks.is_locked(results / told["run"]):
            path.unlink(missing_ok=True)
        elif not at_work and time.time() - told.get("written", 0) > KEPT:
            path.unlink(missing_ok=True)


def prepare(results):
    """Write live.js for a page that is about to be written: it loads the file, so it must exist."""
    with contextlib.suppress(OSError):
        (results / FILES).mkdir(parents=True, exist_ok=True)
        remove_dead(results)
        write_script(results)
