"""Many image files read in parallel, with a progress bar, by processes that load no Keras."""

import signal
import sys
import time

import joblib
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

ALONE = 1.0  # seconds, about as long as other processes take to begin
WORKERS = {
    "idle_worker_timeout": 5,  # seconds
    "initializer": signal.signal,  # Ctrl-C goes to all processes; the parent ends the workers
    "initargs": (signal.SIGINT, signal.SIG_IGN),
}


def read_all(read, paths, shape):
    """Return uint8 images (n, *shape), and the problem of each path that cannot be read."""
    images, problems = np.empty((len(paths), *shape), dtype="uint8"), []
    columns = "reading images", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        for index, image in enumerate(bar.track(read_each(read, paths), total=len(paths))):
            if isinstance(image, str):
                problems.append(image)
            else:
                images[index] = image
    return images, problems


def read_each(read, paths):
    """Yield what `read_or_explain` returns; other processes read where that saves time."""
    began = time.monotonic()
    for done, path in enumerate(paths, 1):
        yield read_or_explain(read, path)
        seconds, left = time.monotonic() - began, len(paths) - done
        if seconds >= ALONE and seconds / done * left > 2 * ALONE and joblib.cpu_count() > 1:
            rest = (joblib.delayed(read_or_explain)(read, path) for path in paths[done:])
            yield from joblib.Parallel(-1, return_as="generator", **WORKERS)(rest)
            return


def read_or_explain(read, path):
    """Return the image, or in words why it cannot be read."""
    try:
        return read(path)
    except Exception as error:  # a damaged file can raise nearly anything in a decoder
        return f"{path}: {error}"
