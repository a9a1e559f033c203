"""accuracy.png and loss.png of a run that trains, drawn by a process that it does not wait for.

Matplotlib in a thread would hold up the training, and disturb what a notebook draws meanwhile.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]  # the folder that Python must find internals in
PERIOD = 15  # seconds between two drawings
NICENESS = 10  # of the process: it takes what training leaves


class Drawing:
    """The process that draws; it is started once a run has trained for a while, and then waits.

    As a context it is killed in the end, so that it neither delays the program nor draws after it.
    """

    def __init__(self, run):
        self.run, self.process, self.last = run, None, time.monotonic()

    def draw(self, epoch, logs=None):
        """Have the plots drawn after an epoch, if the last time is long enough ago."""
        now = time.monotonic()
        if now - self.last < PERIOD:
            return
        self.last = now
        with contextlib.suppress(OSError):  # it cannot be started, or has been killed
            if self.process is None:
                self.process = start(self.run.folder, self.run.caption)
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        for half in self.run.folder.glob(f".*.{self.process.pid}.part.png"):
            half.unlink(missing_ok=True)


def start(folder, caption):
    """Return a process that draws the plots of the run in `folder` for each line that it reads."""
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "internals.report.while_training", folder.resolve(), caption],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,  # or Ctrl-C in the terminal reaches it
    )


def main(folder, caption):
    """Draw the plots whenever a line comes, until none can come any more."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for _ in sys.stdin:
        draw_plots(Path(folder), caption)


def draw_plots(folder, caption):
    """Draw accuracy.png and loss.png of a run by what its folder holds."""
    import pandas as pd

    from internals.report import run_plots, style  # here, because the run itself need not wait

    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    history = pd.read_csv(folder / "history.csv")
    known = {"folder": folder, "caption": caption, "script": record["script"], "record": record}
    values = SimpleNamespace(**record["hyperparameters"])
    run = SimpleNamespace(**known, hyperparameters=values, history=lambda: history)
    classes, images = record["data"]["class_names"], record["data"]["images"]
    data = SimpleNamespace(
        class_names=classes,
        num_classes=len(classes),
        validation_is_test=not images["validation"],
    )
    style.draw(*((run_plots.plot_history, run, name, data) for name in ("accuracy", "loss")))


if __name__ == "__main__":
    main(*sys.argv[1:])
