"""A script for sweeps to run in a tenth of a second: it writes what a run writes, without Keras.

With `--value` it knows how to fail: crash, diverge, or wait for the test to make a file.
"""

import argparse
import datetime
import json
import os
import signal
import sys
import time
from pathlib import Path

from internals.core.files import write_text
from internals.core.locks import locked

FIELDS = ("seed", "value", "name", "results", "resume")


def parse(arguments):
    """Return the hyperparameters of a command line."""
    parser = argparse.ArgumentParser()
    for field in FIELDS:
        parser.add_argument(f"--{field}", default="results" if field == "results" else "")
    parser.add_argument("--quick", action=argparse.BooleanOptionalAction, default=True)
    return vars(parser.parse_args(arguments))


def describe(own):
    """Return what run.json says of the run from the start."""
    data = {"sha256": "of the images", "images": {"train": 1, "validation": 0, "test": 1}}
    record = {"network": "of the layers", "backend": "tensorflow", "data": data}
    return {"hyperparameters": own | {"resume": ""}} | record


def begin(own):
    """Return the folder and the record of the run, a new one or the one to resume."""
    if own["resume"]:
        folder = Path(own["resume"])
        return folder, json.loads((folder / "run.json").read_text())
    now = datetime.datetime.now()
    name = f"{now:%Y-%m-%d_%H-%M-%S}_{os.getpid()}"
    folder = Path(own["results"], "fake_training", name)
    folder.mkdir(parents=True)
    record = {"script": "fake_training", "started": now.isoformat(), "parameters": 1}
    return folder, record | {"starts": 0, "epochs_done": 0} | describe(own)


def train(folder, record):
    """Train until the file "go" is there, or as `value` says; return how it ended."""

    record["signals"] = 0

    def stop(number, frame):
        record["signals"] += 1

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)

    def save(**changes):
        record.update(changes)
        write_text(folder / "run.json", json.dumps(record))

    write_text(folder / "environment.json", json.dumps(dict(os.environ)))
    save(status="running", starts=record["starts"] + 1)  # from now on the tests read both
    value = record["hyperparameters"]["value"]
    print("training begins", flush=True)
    if value == "crash":
        print("this is why\nit crashes", file=sys.stderr)
        raise SystemExit(3)
    while value == "wait" and not Path("go").exists() and not record["signals"]:
        time.sleep(0.02)
    if record["signals"]:
        time.sleep(0.3)  # for a second signal, which must not come
        (folder / "checkpoint.npz").touch()
        save(status="interrupted", epochs_done=1)
        raise SystemExit(130)
    write_text(folder / "history.csv", "epoch,val_accuracy,seconds\n1,0.5,60\n")
    diverges = value == "diverge"
    save(status="diverged" if diverges else "finished", test_accuracy=0.5, seconds=60.0)
    raise SystemExit(int(diverges))


if __name__ == "__main__":
    folder, record = begin(parse(sys.argv[1:]))
    with locked(folder, patience=5):
        train(folder, record)
