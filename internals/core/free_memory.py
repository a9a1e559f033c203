"""The memory that is free for this process, and numbers of bytes as text."""

import contextlib
import math
from pathlib import Path

SIZES = range(512, 15, -16)  # pixels a side that are worth naming, the largest first
CGROUPS = (  # limit, use and statistics of a container, in either version of Linux's groups
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def find_free(root="/"):
    """Return the bytes of memory that this process may still take; inf where one cannot see it."""
    free = [math.inf]
    with contextlib.suppress(OSError, ValueError, KeyError):  # no Linux
        kilobytes = read_table(Path(root, "proc/meminfo"))["MemAvailable:"]
        free.append(1024 * kilobytes)
    for limit, used, statistics, cache in CGROUPS:
        group = Path(root, "sys/fs/cgroup")
        with contextlib.suppress(OSError, ValueError, KeyError):  # no container, or no limit: "max"
            taken = int((group / used).read_text()) - read_table(group / statistics)[cache]
            free.append(int((group / limit).read_text()) - taken)
    return max(0, min(free))


def read_table(path):
    """Return {name: number} from lines that begin with a name and a number."""
    rows = (line.split() for line in path.read_text().splitlines())
    return {name: int(number) for name, number, *_ in rows}


def bytes_of_images(count, shape):
    """Return the bytes of so many images of (height, width, 3), as uint8."""
    return count * math.prod(shape)


def format_bytes(number):
    """Return a number of bytes in words."""
    return f"{number / 1e9:,.1f} GB" if number >= 5e7 else f"{number / 1e6:,.1f} MB"
