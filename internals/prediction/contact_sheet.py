"""One picture of many photos as the network saw them, each with its answer."""

from pathlib import Path

from internals.core.text import format_path, shorten_names, shorten_path
from internals.prediction.picture_sheet import save_own
from internals.report.image_grids import draw_grid
from internals.report.style import GREY, plain

MOST = 96  # photos on one sheet


@plain()
def draw_contact_sheet(run, answers, images, preparation):
    """Draw <run>/own/pictures.png, or a free name, from the answers and images; return its path."""
    names = shorten_names([answer.names[0] for answer in answers], 24)
    titles = [
        f"{shorten_path(format_path(Path(answer.path).name), 18)}\n"
        f"{name}, {answer.probabilities[0]:.0%}"
        for answer, name in zip(answers, names, strict=True)
    ]
    colors = [GREY if answer.unlike else "black" for answer in answers]
    words = [run.name]
    if GREY in colors:
        words.append("in grey: pictures unlike the training images")
    title = f"{len(answers)} pictures as the network saw them: class and probability"
    figure = draw_grid(title, words, images, titles, colors, columns=8)
    photos = [Path(answer.path) for answer in answers]
    return save_own(figure, run, f"pictures{preparation.suffix}", photos)
