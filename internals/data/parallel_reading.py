"""Many image files read in parallel, with a progress bar.

The processes load the module of the function that they call, and no Keras.
"""

import concurrent.futures
import signal
import sys
import time

import joblib
import numpy as np
import rich.progress
from joblib.externals import loky

ALONE = 1.0  # seconds, about as long as other processes take to begin
AT_ONCE = 16  # images, as long as it is not known how many can be read in TURN
TURN = 0.25  # seconds: how long a process reads before it hands over


def read_all(read, paths, shape):
    """Return uint8 images (n, *shape), and the problem of each path that cannot be read.

    On a terminal a bar shows how far it is.
    """
    images, problems = np.empty((len(paths), *shape), dtype="uint8"), {}
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
        for start, part in read_parts(read, paths):
            for index, image in enumerate(part, start):
                if isinstance(image, str):
                    problems[index] = image
                else:
                    images[index] = image
            bar.advance(task, len(part))
    return images, [problems[index] for index in sorted(problems)]


def read_parts(read, paths):
    """Yield (place of the first, what `read_part` returns) for parts of the paths, in any order.

    Other processes are a matter of speed only: whatever keeps them from reading, this one does it.
    """
    began, seconds, done = time.monotonic(), 0, 0
    while done < len(paths) and not pays(seconds, done, len(paths) - done):
        yield done, read_part(read, paths[done : done + AT_ONCE])
        done += AT_ONCE
        seconds = time.monotonic() - began
    size = max(1, int(done * TURN / seconds)) if seconds else 1
    waiting = {start: paths[start : start + size] for start in range(done, len(paths), size)}
    try:
        yield from read_elsewhere(read, waiting)
    except Exception as error:
        print(f"reading goes on in one process: {error!r}".splitlines()[0])
    for start, part in waiting.items():
        yield start, read_part(read, part)


def pays(seconds, done, left):
    """Return whether other processes would save time: so many images were read in these seconds."""
    if joblib.cpu_count() == 1 or seconds < ALONE or not done:
        return False
    return seconds / done * left > 2 * ALONE


def read_elsewhere(read, waiting):
    """Yield as read_parts does from {place of the first: paths}; what is done is taken out."""
    if not waiting:
        return
    workers = min(joblib.cpu_count(), len(waiting))
    pool = loky.ProcessPoolExecutor(workers, initializer=leave_signals_to_parent)
    try:
        futures = {pool.submit(read_part, read, part): start for start, part in waiting.items()}
        for future in concurrent.futures.as_completed(list(futures)):
            start = futures.pop(future)
            yield start, future.result()
            del waiting[start], future  # the images are in memory once
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def leave_signals_to_parent():
    """Have Ctrl-C, which a terminal sends to all processes, end the workers by their parent."""
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
