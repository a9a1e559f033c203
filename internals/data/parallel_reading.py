"""Many image files read in parallel, with a progress bar.

The processes load the module of the function that they call, and no Keras.
"""

import signal
import sys
import time

import joblib
import numpy as np
import rich.progress

ALONE = 1.0  # seconds, about as long as other processes take to begin
AT_ONCE = 16  # images that are read before it is looked at how long they took


def read_all(read, paths, shape):
    """Return uint8 images (n, *shape), and the problem of each path that cannot be read.

    On a terminal a bar shows how far it is.
    """
    images, problems, done = np.empty((len(paths), *shape), dtype="uint8"), [], 0
    bar = rich.progress.Progress(
        rich.progress.TextColumn("reading images"),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeRemainingColumn(),
        transient=True,
        disable=not sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task("", total=len(paths))
        for part in read_parts(read, paths):
            for index, image in enumerate(part, done):
                if isinstance(image, str):
                    problems.append(image)
                else:
                    images[index] = image
            done += len(part)
            bar.advance(task, len(part))
    return images, problems


def read_parts(read, paths):
    """Yield what `read_part` returns, part by part; other processes read where that saves time."""
    began, done = time.monotonic(), 0
    while done < len(paths) and not pays(time.monotonic() - began, done, len(paths) - done):
        yield read_part(read, paths[done : done + AT_ONCE])
        done += AT_ONCE
    size = max(1, done // 4)  # about a quarter of a second
    parts = [paths[start : start + size] for start in range(done, len(paths), size)]
    if parts:
        workers = {"initializer": leave_signals_to_parent, "idle_worker_timeout": 5}  # seconds
        parallel = joblib.Parallel(
            joblib.cpu_count(), return_as="generator", batch_size=1, **workers
        )
        yield from parallel(joblib.delayed(read_part)(read, part) for part in parts)


def pays(seconds, done, left):
    """Return whether other processes would save time: so many images were read in these seconds."""
    if joblib.cpu_count() == 1 or seconds < ALONE or not done:
        return False
    return seconds / done * left > 2 * ALONE


def leave_signals_to_parent():
    """Ignore Ctrl-C, which a terminal sends to all processes: the parent ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def read_part(read, paths):
    """Return for each path the image, or in words why it cannot be read."""
    found = []
    for path in paths:
        try:
            found.append(read(path))
        except Exception as error:  # a damaged file can raise nearly anything in a decoder
            found.append(f"{path}: {error}")
    return found
