"""The one style of all pictures: fonts, axes, titles, and how a figure is written."""

import contextlib
import functools
import itertools
import math
import sys
import textwrap

from internals.core.matplotlib_loader import Figure

import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.image import FigureImage
from matplotlib.style import context
from matplotlib.text import Text

from internals.core.files import write_file
from internals.core.text import shorten_names

OTHER_FONTS = ["Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Microsoft YaHei"]
FAMILIES = ["DejaVu Sans", *(f for f in OTHER_FONTS if f in font_manager.get_font_names())]
DPI = 200  # so that a slide shows no blur
MOST_TICKS = 12
GREY = "#666666"  # of small print
MARGIN = 0.12  # inches between a figure's edge and its title
CHART_WIDTH = 8  # inches
LONGEST_TITLE = 6.2  # inches that a title gets in one line, on a narrower picture too
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
    """Return the names for a plot, as `shorten_names` does, or a number in place of odd letters.

    Odd are those that no font here has.
    """
    names = shorten_names(class_names, length)
    return [
        name if name == drawable(name) else f"class {label}" for label, name in enumerate(names)
    ]


def drawable(text):
    """Return the text with "?" for each letter that would be drawn as a box."""
    return "".join(letter if ord(letter) in known_letters() else "?" for letter in text)


def new_figure(title, words, width, height):
    """Return a figure with a title, words in small print, and so many inches of room below them.

    It is wider where a title of one line needs that; a longer title has several lines.
    """
    width = max(width, min(measure_width([title], 13, "bold"), LONGEST_TITLE) + 2 * MARGIN)
    titles = wrap(title, width - 2 * MARGIN, 13, "bold")
    lines = [line for each in words for line in wrap(each, width - 2 * MARGIN, 8)]
    above = 0.18 + 0.22 * len(titles)  # inches that the title takes
    total = height + above + 0.1 + 0.14 * len(lines)
    figure = Figure(figsize=(math.ceil(DPI * width) / DPI, round(total, 2)), dpi=DPI)
    left, style = MARGIN / width, {"va": "top"}
    title = "\n".join(titles)
    figure.text(left, 1 - 0.12 / total, title, fontsize=13, fontweight="bold", **style)
    figure.text(left, 1 - above / total, "\n".join(lines), fontsize=8, color=GREY, **style)
    return figure


def wrap(text, inches, size, weight="normal"):
    """Return the text in lines that are no longer than so many inches in a font of this size."""
    letters, whole = max(len(text), 1), text.replace(" %", "\N{NO-BREAK SPACE}%")
    while True:
        lines = textwrap.wrap(whole, letters) or [""]
        longest = measure_width(lines, size, weight)
        if longest <= inches or letters == 1:
            return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
        letters = max(1, min(letters - 1, int(letters * inches / longest)))


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


class Pixels(FigureImage):
    """A picture that is drawn dot by dot: Matplotlib would resample it, four times as long."""

    def make_image(self, renderer, magnification=1.0, unsampled=False):
        """Return the picture as RGBA from the lowest row up, and its place."""
        pixels = self.get_array()
        opaque = np.full((*pixels.shape[:2], 4), 255, "uint8")
        opaque[..., :3] = pixels[::-1]
        return opaque, self.ox, self.oy, None


def add_pixels(figure, pixels, left, bottom):
    """Show uint8 (height, width, 3) dot by dot, its lower left corner at that place in inches.

    Return axes for words on it, which count its dots from the upper left corner.
    """
    height, width = pixels.shape[:2]
    x, y = round(left * DPI), round(bottom * DPI)
    picture = Pixels(figure, offsetx=x, offsety=y)
    picture.set_data(pixels)
    figure.images.append(picture)
    axes = add_axes(figure, x / DPI, y / DPI, width / DPI, height / DPI)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.set_axis_off()
    axes.set_zorder(1)
    return axes


def measure_width(texts, size, weight="normal"):
    """Return the inches that the longest of these one-line texts takes in a font of this size."""
    font = font_manager.FontProperties(family=FAMILIES, size=size, weight=weight)
    measure = RendererAgg(1, 1, DPI).get_text_width_height_descent
    return max((measure(drawable(text), font, False)[0] for text in texts), default=0) / DPI


def headline(run, accuracy):
    """Return the words with which a picture of a run begins: its script and its accuracy."""
    kind = "test accuracy" if "test_accuracy" in run.record else "accuracy"
    return f"{run.script}: {kind} {100 * accuracy:.1f} %"


def keep_labels_inside(figure):
    """Move the left edge of the axes to the right as far as their longest labels need."""
    width = figure.get_size_inches()[0] * figure.dpi
    figure.align_ylabels()
    lack = MARGIN / 2 * figure.dpi - min(axes.get_tightbbox().x0 for axes in figure.axes)
    for axes in figure.axes if lack > 0 else ():
        left, bottom, across, up = axes.get_position().bounds
        axes.set_position((left + lack / width, bottom, across - lack / width, up))


def new_chart(title, height, **labels):
    """Return the axes of a chart of several runs, on which all words have the room they need."""
    figure = Figure(figsize=(CHART_WIDTH, height), dpi=DPI, layout="constrained")
    figure.get_layout_engine().set(w_pad=MARGIN, h_pad=MARGIN / 2)
    lines = "\n".join(wrap(title, CHART_WIDTH - 2 * MARGIN, 12, "bold"))
    style = {"ha": "left", "fontsize": 12, "fontweight": "bold"}
    figure.suptitle(lines, x=MARGIN / CHART_WIDTH, **style)
    axes = figure.subplots()
    axes.set(**labels)
    clear_axes(axes)
    return axes


def clear_axes(axes):
    """Leave of the axes a pale grid behind what is drawn, and two lines."""
    axes.grid(color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def black_or_white(color):
    """Return in which of the two letters on this (red, green, blue, ...) are read better: 4.5:1."""
    share = np.array(color[:3])
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return "black" if light @ (0.2126, 0.7152, 0.0722) > 0.179 else "white"


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
