"""The memory that is free for this process, and numbers of bytes as text."""

import contextlib
import math
from pathlib import Path

SIZES = range(512, 15, -16)  # pixels a side that are worth naming, the largest first
CGROUPS = {  # folder, limit, use and cache of a container, in either version of Linux's groups
    "": ("max", "current", "inactive_file"),
    "memory": ("limit_in_bytes", "usage_in_bytes", "total_inactive_file"),
}


def find_free(root="/"):
    """Return the bytes of memory that this process may still take; inf where one cannot see it."""
    free = [math.inf]
    with contextlib.suppress(OSError, ValueError, KeyError):  # no Linux
        kilobytes = read_table(Path(root, "proc/meminfo"))["MemAvailable:"]
        free.append(1024 * kilobytes)
    for folder, (limit, used, cache) in CGROUPS.items():
        group = Path(root, "sys/fs/cgroup", folder)
        with contextlib.suppress(OSError, ValueError, KeyError):  # no container, or no limit: "max"
            cached = read_table(group / "memory.stat")[cache]
            taken = int((group / f"memory.{used}").read_text()) - cached
            free.append(int((group / f"memory.{limit}").read_text()) - taken)
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
