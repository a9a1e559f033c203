"""The one style of all pictures: fonts, colours of the axes, titles, and how they are written.

It uses files.py and Matplotlib.
"""

import functools
import textwrap

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from internals.files import write_file

OTHER_FONTS = ["Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Microsoft YaHei"]
matplotlib.rcParams["text.parse_math"] = False  # a class or a run may be called "$5 $10"


@functools.cache
def known_letters():
    """Have Matplotlib use what there is of OTHER_FONTS; return the letters it can draw."""
    installed = set(font_manager.get_font_names())
    families = ["DejaVu Sans", *(font for font in OTHER_FONTS if font in installed)]
    matplotlib.rcParams["font.family"] = families
    fonts = [font_manager.get_font(font_manager.findfont(family)) for family in families]
    return set().union(*(font.get_charmap() for font in fonts))


def short_names(class_names, length=24):
    """Return the names for a plot: cut at `length`, a number where no font has the letters."""
    names = [shorten(name, length) for name in class_names]
    return [
        name if name == drawable(name) else f"class {label}" for label, name in enumerate(names)
    ]


def drawable(text):
    """Return the text with "?" for each letter that would be drawn as a box."""
    return "".join(
        letter if letter == "\n" or ord(letter) in known_letters() else "?" for letter in text
    )


def new_figure(run, title, width=8, height=5.5):
    """Return a figure that names its run and the run's main hyperparameters."""
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    lines = [run.folder.name, *textwrap.wrap(str(run.hyperparameters), int(15 * width))]
    figure.suptitle(  # the empty lines keep room for the details
        f"{run.script}: {title}" + "\n" * len(lines),
        x=0.012,
        ha="left",
        fontsize=13,
        fontweight="bold",
    )
    place = {"x": 0.012, "y": 1 - 0.36 / height, "va": "top"}
    figure.text(s="\n".join(lines), fontsize=8, color="#666666", **place)
    return figure


def new_chart(title, xlabel, ylabel):
    """Return a figure and its axes for several runs, with room for a legend on the right."""
    figure = Figure(figsize=(8, 4.5), dpi=100)
    axes = figure.add_axes((0.08, 0.2, 0.54, 0.7))
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    clear_axes(axes)
    return figure, axes


def clear_axes(axes):
    """Leave of the axes a pale grid behind what is drawn, and two lines."""
    axes.grid(color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def shorten(text, length=34):
    return text if len(text) <= length else text[: length - 1] + "…"


def save_figure(figure, path, **settings):
    """Write the figure as a PNG file, whole or not at all; runs may have names of any letters."""
    for text in figure.findobj(Text):
        text.set_text(drawable(text.get_text()))
        text.set_fontfamily(matplotlib.rcParams["font.family"])
    write_file(path, functools.partial(figure.savefig, **settings))
