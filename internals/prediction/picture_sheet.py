"""The sheet for one picture: photo, input of the network, occlusion map, probabilities."""

import contextlib
import hashlib
import itertools
import os
import re
import textwrap
from pathlib import Path

from internals.core.matplotlib_loader import Figure

import numpy as np
from matplotlib import colormaps
from matplotlib.patches import Rectangle
from PIL import Image

from internals.core.palette import BLUE
from internals.core.terminal import fill
from internals.core.text import format_path, shorten_name
from internals.data.image_file import open_image
from internals.report.style import DPI, GREY, add_axes, plain, save_figure, short_names

PHOTO = (480, 480)  # more pixels would not be seen
MOST_BARS, LETTERS = 10, 18  # LETTERS of a class's name stand in one line beside its bar
PANEL, WIDTH, HEIGHT, BOTTOM = 2.8, 12.6, 4.7, 0.95  # inches: a panel's side; below the panels
COLOR, PALE = BLUE, "#a9c9de"
LEAST_FALL = 0.05  # what stands for the darkest red at least, unless the answer is less sure
UNSEEN = 0.4  # a map with less than this of the darkest red says nothing
SOURCE = "Source"  # the name that PNG files have for where a picture comes from


@plain()
def draw_sheet(run, answer, seen, drops, preparation):
    """Draw <run>/own/<photo's name>.png from what the network saw and said; return its path."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI)
    name, share = answer.names[0], answer.probabilities[0]
    title = f"{shorten_name(name, 60)}, {100 * share:.1f} %"
    photo = shorten_name(format_path(Path(answer.path).name), 90)
    figure.text(0.15 / WIDTH, 1 - 0.34 / HEIGHT, title, size=13, weight="bold")
    figure.text(0.15 / WIDTH, 1 - 0.56 / HEIGHT, f"{photo}, by {run.name}", size=8, color=GREY)
    if words := answer.advice:
        if answer.belief:
            words = f"How far to believe it, if it is one of the {len(answer.names)}: {words}"
        figure.text(0.15 / WIDTH, 0.1 / HEIGHT, fill(words, width=165), size=9, linespacing=1.4)
    plot_photo(figure, answer.path, seen.shape, preparation)
    inverted = ", inverted" if preparation.invert else ""
    title = f"what the network saw: {seen.shape[1]} x {seen.shape[0]}{inverted}"
    add_panel(figure, 3.1, title).imshow(seen, interpolation="nearest")
    plot_occlusion_map(figure, seen, drops, short_names([name], 20)[0], share)
    plot_bars(figure, answer)
    photo = Path(answer.path)
    return save_own(figure, run, f"{name_file(photo.stem)}{preparation.suffix}", [photo])


def add_panel(figure, left, title="", bottom=BOTTOM, width=PANEL, height=PANEL):
    """Return axes at that place, in inches, for an image."""
    axes = add_axes(figure, left, bottom, width, height, xticks=[], yticks=[])
    axes.spines[:].set_color("#dddddd")  # where a white image ends
    axes.set_title(title, size=9)
    return axes


def plot_photo(figure, path, shape, preparation):
    """Draw the photo, and what is cut away of it paler."""
    photo, crop = open_image(path, PHOTO, preparation.bit_depth), preparation.crop
    photo.thumbnail(PHOTO)
    width, height = photo.size
    axes = add_panel(
        figure, 0.15, f"the photo, {'and its square' if crop else 'before it is squeezed'}"
    )
    smooth = "nearest" if max(photo.size) < min(PHOTO) / 4 else "antialiased"
    axes.imshow(photo, interpolation=smooth, extent=(0, width, height, 0))
    across = min(width, height * shape[1] / shape[0]) if crop else width
    down = min(height, width * shape[0] / shape[1]) if crop else height
    left, top = (width - across) / 2, (height - down) / 2
    strip = (left, height) if left else (width, top)
    for corner in ((0, 0), (width - strip[0], height - strip[1])):
        axes.add_patch(Rectangle(corner, *strip, color="white", alpha=0.65, linewidth=0))
    axes.add_patch(Rectangle((left, top), across, down, fill=False, color=GREY))


def plot_occlusion_map(figure, seen, drops, name, share):
    """Draw by how much a probability, now `share`, drops when a square is covered at each place."""
    axes = add_panel(figure, 6.05, f"what counted for “{name}”")
    largest = abs(drops).max()
    limit = max(largest, min(LEAST_FALL, share))
    grey = axes.imshow(seen.mean(axis=2), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    overlay = colormaps["RdBu_r"](0.5 + drops / limit / 2)
    overlay[..., 3] = 0.85 * np.sqrt(abs(drops) / limit)  # what counts for nothing stays as it is
    axes.imshow(overlay, interpolation="bilinear", extent=grey.get_extent())
    if largest < UNSEEN * limit:
        words = explain_nothing(seen, largest)
        style = {"facecolor": "white", "alpha": 0.9, "edgecolor": "none"}
        axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, bbox=style)
    scale = add_panel(figure, 6.05, bottom=BOTTOM - 0.2, height=0.1)
    scale.imshow(np.linspace(-1, 1, 101)[np.newaxis], cmap="RdBu_r", aspect="auto")
    points = f"{100 * limit:.{0 if limit >= LEAST_FALL else 1}f} points"
    style = {"va": "top", "size": 8, "transform": scale.transAxes}
    scale.text(0, -0.4, f"if covered: +{points}", ha="left", **style)
    scale.text(0.5, -0.4, "0", ha="center", **style)
    scale.text(1, -0.4, f"−{points}", ha="right", **style)


def plot_bars(figure, answer):
    """Draw the probabilities of the classes, the most probable at the top."""
    names = short_names(answer.names, 2 * LETTERS)[:MOST_BARS]
    left = len(answer.names) - len(names)
    title = f"probability{f' ({left} more classes)' if left else ''}"
    axes = add_panel(figure, 10.35, title, width=1.75)
    colors = [COLOR] + [PALE] * (len(names) - 1)
    axes.barh(range(len(names)), answer.probabilities[: len(names)], color=colors, height=0.7)
    for place, (name, share) in enumerate(zip(names, answer.probabilities, strict=False)):
        lines = textwrap.wrap(name, LETTERS)
        size = 9 if len(lines) == 1 else 7
        axes.text(-0.04, place, "\n".join(lines[:2]), ha="right", va="center", size=size)
        axes.text(share + 0.02, place, f"{100 * share:.1f} %", va="center", size=8)
    axes.set(xlim=(0, 1.25), ylim=(max(len(names), 4) - 0.5, -0.5))
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color("black")


def explain_nothing(seen, largest):
    """Return in words why the map shows nothing."""
    if (seen == seen[:1, :1]).all():
        return "the picture is all one colour:\nto cover a part of it\nchanges nothing"
    points = "less than 0.1 points" if largest < 0.001 else f"{100 * largest:.1f} points at most"
    return f"no part alone decides:\nto cover any one changes\nthe probability by\n{points}"


def save_own(figure, run, name, photos):
    """Write <run>/own/<name>.png, where the same photos were drawn before, or at a free name."""
    path, source = choose_path(run.folder / "own", name, photos)
    path.parent.mkdir(exist_ok=True)
    save_figure(figure, path, metadata={SOURCE: source})
    return path


def name_file(text):
    """Return a name for a file that any system takes."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:50] or "picture"


def choose_path(folder, name, photos):
    """Return where the photos were drawn before, or a free name, and what tells it from others."""
    paths = [os.fsencode(photo.resolve()) for photo in photos]
    source = hashlib.sha256(b"\0".join(paths)).hexdigest()
    for count in itertools.count(1):
        number = f"-{count}" if count > 1 else ""
        path = folder / f"{name}{number}.png"
        if not os.path.lexists(path) or read_source(path) == source:
            return path, source


def read_source(path):
    """Return what a PNG says of where it is from; None where it says nothing or is none."""
    with contextlib.suppress(Exception), Image.open(path, formats=["PNG"]) as image:
        return image.info.get(SOURCE)  # a damaged file can raise nearly anything in a decoder
