"""The one style of all pictures: fonts, axes, titles, and how a figure is written."""

import contextlib
import functools
import itertools
import math
import sys
import textwrap

from internals.core.matplotlib_loader import Figure

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.style import context
from matplotlib.text import Text

from internals.core.files import write_file
from internals.core.text import shorten

OTHER_FONTS = ["Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Microsoft YaHei"]
FAMILIES = ["DejaVu Sans", *(f for f in OTHER_FONTS if f in font_manager.get_font_names())]
DPI = 100
MOST_TICKS = 12
MARGIN = 0.12  # inches between a figure's edge and its title
SETTINGS = {
    "font.family": FAMILIES,  # before any text is made: later it takes long
    "text.parse_math": False,  # a class or a run may be called "$5 $10"
}


@contextlib.contextmanager
def plain():
    """Draw with Matplotlib's defaults and the style here, whatever a matplotlibrc says.

    All that makes pictures is decorated with it. In a notebook the user's settings come back.
    """
    with context(["default", SETTINGS]):
        yield


def draw(*pictures):
    """Call each (function, arguments ...); one that fails costs its picture, nothing else."""
    for plot, *arguments in pictures:
        try:
            plot(*arguments)
        except Exception as error:  # a failed picture must not cost the next one
            print(f"warning: {plot.__name__} drew nothing: {error!r}", file=sys.stderr)


@functools.cache
def known_letters():
    """Return the letters that Matplotlib can draw with these fonts."""
    fonts = [font_manager.get_font(font_manager.findfont(family)) for family in FAMILIES]
    return {ord("\n")}.union(*(font.get_charmap() for font in fonts))


def short_names(class_names, length=24):
    """Return the names for a plot: cut at `length`, a number where no font has the letters."""
    names = [shorten(name, length) for name in class_names]
    return [
        name if name == drawable(name) else f"class {label}" for label, name in enumerate(names)
    ]


def drawable(text):
    """Return the text with "?" for each letter that would be drawn as a box."""
    return "".join(letter if ord(letter) in known_letters() else "?" for letter in text)


def new_figure(title, words, width, height):
    """Return a figure with a title, words in small print, and so many inches of room below them."""
    width = max(width, measure_width([title], 13, "bold") + 2 * MARGIN)
    lines = [line for each in words for line in textwrap.wrap(each, int(15 * width))]
    total = height + 0.5 + 0.14 * len(lines)
    figure = Figure(figsize=(math.ceil(DPI * width) / DPI, round(total, 2)), dpi=DPI)
    left, style = MARGIN / width, {"va": "top"}
    figure.text(left, 1 - 0.12 / total, title, fontsize=13, fontweight="bold", **style)
    figure.text(left, 1 - 0.4 / total, "\n".join(lines), fontsize=8, color="#666666", **style)
    return figure


def name_run(run):
    """Return the words that tell a run from others: its folder's name and its hyperparameters."""
    return [run.folder.name, run.caption]


def add_axes(figure, left, bottom, width, height, **settings):
    """Return axes at that place, in inches from the figure's lower left corner."""
    across, up = figure.get_size_inches()
    place = (left / across, bottom / up, width / across, height / up)
    return figure.add_axes(place, **settings)


def add_picture(figure, picture, left, bottom, width, height, **settings):
    """Return axes that show a picture at that place, without ticks and frame."""
    axes = add_axes(figure, left, bottom, width, height, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.imshow(picture, interpolation="nearest", **settings)
    return axes


def measure_width(texts, size, weight="normal"):
    """Return the inches that the longest of these one-line texts takes in a font of this size."""
    font = font_manager.FontProperties(family=FAMILIES, size=size, weight=weight)
    measure = RendererAgg(1, 1, DPI).get_text_width_height_descent
    return max((measure(drawable(text), font, False)[0] for text in texts), default=0) / DPI


def new_chart(title, xlabel, ylabel):
    """Return a figure and its axes for several runs, with room for a legend on the right."""
    figure = Figure(figsize=(8, 4.5), dpi=DPI)
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


def choose_epochs(last):
    """Return the epochs to be named on an axis: 1, and round ones up to the last."""
    steps = (base * 10**power for power in itertools.count() for base in (1, 2, 5))
    step = next(step for step in steps if step != 2 and last / step <= MOST_TICKS)
    return sorted({1, *range(step, last + 1, step)})


def save_figure(figure, path, **settings):
    """Write the figure as a PNG file, whole or not at all; runs may have names of any letters."""
    for text in figure.findobj(Text):
        text.set_text(drawable(text.get_text()))
    canvas = FigureCanvasAgg(figure)
    write_file(path, functools.partial(canvas.print_png, **settings))  # savefig draws all twice
