"""Matplotlib, loaded whatever the user's matplotlibrc and MPLBACKEND say; all import it here.

A wrong one of them would end the program. The pictures here depend on neither: style.plain draws
them. What else runs in the process, such as a notebook, has the user's own settings as before.
"""

import contextlib
import importlib.util
import logging
import os
import sys
from pathlib import Path


@contextlib.contextmanager
def own_settings():
    """Hide the user's settings from Matplotlib: it finds those that it comes with."""
    names = ("MPLBACKEND", "MATPLOTLIBRC")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    elsewhere = contextlib.nullcontext()
    if found := importlib.util.find_spec("matplotlib"):  # else the import says so
        folder = Path(found.origin).parent / "mpl-data"
        os.environ["MATPLOTLIBRC"] = str(folder / "matplotlibrc")
        if os.path.exists("matplotlibrc"):  # the one of the folder where we are comes first
            elsewhere = contextlib.chdir(folder)
    try:
        with elsewhere:
            yield
    finally:
        os.environ.pop("MATPLOTLIBRC", None)
        os.environ |= before


def take_settings():
    """Give Matplotlib the user's settings, those that it can take."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # what is wrong in a file of theirs concerns no picture here
    settings = {}
    with contextlib.suppress(Exception):  # a damaged file can raise nearly anything
        path = matplotlib.matplotlib_fname()
        found = matplotlib.rc_params_from_file(path, use_default_template=False)
        settings = dict(dict.items(found))  # found["backend"] itself would choose one
    if backend := os.environ.get("MPLBACKEND"):
        settings["backend"] = backend
    for name, value in settings.items():
        with contextlib.suppress(ValueError):
            matplotlib.rcParams[name] = value
    logger.setLevel(level)


loaded = "matplotlib" in sys.modules  # a notebook may have it
with own_settings():
    import matplotlib
    from matplotlib.figure import Figure
if not loaded:
    take_settings()

__all__ = ["Figure", "matplotlib"]
