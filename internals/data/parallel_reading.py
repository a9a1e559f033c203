"""Many image files read in parallel, with a progress bar, by processes that load no Keras."""

import signal
import sys
import time

import joblib
import numpy as np
from PIL import UnidentifiedImageError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from internals.core.text import format_line

ALONE = 1.0  # seconds, about as long as other processes take to begin
ANSWER = 0.1  # seconds after which a process answers, with all that it has read: answers cost time
WORKERS = {
    "idle_worker_timeout": 5,  # seconds
    "initializer": signal.signal,  # Ctrl-C goes to all processes; the parent ends the workers
    "initargs": (signal.SIGINT, signal.SIG_IGN),
}


def read_all(read, paths, shape):
    """Return uint8 images (n, *shape), their peaks (n,), and {index: why it cannot be read}.

    `read` returns an image and a whole number for a path.
    """
    images, peaks = np.zeros((len(paths), *shape), dtype="uint8"), np.zeros(len(paths), dtype=int)
    problems = {}
    columns = "reading images", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        for index, found in enumerate(bar.track(read_each(read, paths), total=len(paths))):
            if isinstance(found, str):
                problems[index] = found
            else:
                images[index], peaks[index] = found
    return images, peaks, problems


def read_each(read, paths):
    """Yield what `read_or_explain` returns; other processes read where that saves time."""
    began = time.monotonic()
    for done, path in enumerate(paths, 1):
        yield read_or_explain(read, path)
        seconds, left = time.monotonic() - began, len(paths) - done
        if seconds >= ALONE and seconds / done * left > 2 * ALONE and joblib.cpu_count() > 1:
            some = max(1, round(ANSWER / seconds * done))
            parts = [paths[start : start + some] for start in range(done, len(paths), some)]
            rest = (joblib.delayed(read_some)(read, part) for part in parts)
            for found in joblib.Parallel(-1, return_as="generator", **WORKERS)(rest):
                yield from found
            return


def read_some(read, paths):
    """Return what `read_or_explain` does for each path."""
    return [read_or_explain(read, path) for path in paths]


def read_or_explain(read, path):
    """Return what `read` does, or in words why the image cannot be read."""
    try:
        return read(path)
    except MemoryError:  # the file may be sound
        raise
    except UnidentifiedImageError:  # its message repeats the path
        return "cannot identify image file"
    except Exception as error:  # a damaged file can raise nearly anything in a decoder
        return format_line(str(error) or repr(error))
