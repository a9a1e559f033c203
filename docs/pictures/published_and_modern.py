"""Draw the accuracy of udacity_cnn.py by minutes of training, published recipe against modern.

python docs/pictures/published_and_modern.py
"""

import json
import statistics

from drawing import BLUE, GREEN, ORANGE, ROOT, committed, draw_seeds, new_figure, np, save

from tables import UDACITY, run_named, seeds_of

from internals.report.style import clear_axes

SCRIPT = "udacity_cnn"
RUNS = [  # recipe, row of docs/epoch_seconds.json, and a run, whose other seeds are drawn with it
    ("published", "published", UDACITY, BLUE),
    ("modern", "all", run_named(SCRIPT, "all"), GREEN),
    ("modern", "all", run_named(SCRIPT, "modern"), ORANGE),
]


def draw():
    figure = new_figure(9, 4.4)
    axes = figure.subplots()
    timed = json.loads((ROOT / "docs" / "epoch_seconds.json").read_text())[SCRIPT]["seconds"]
    for recipe, row, run, color in RUNS:
        runs = committed(*seeds_of(run))
        epochs = len(runs[0].history)
        minutes = np.arange(1, epochs + 1) * statistics.median(timed[row]) / 60
        label = f"{recipe} recipe, {epochs} epochs, {len(runs)} seeds"
        draw_seeds(axes, minutes, runs, color, label=label)
    axes.set(xlabel="minutes on two cores of a processor", xlim=(0, None), ylim=(25, 84))
    axes.set_title("accuracy on held-out images, %", loc="left", fontsize=12)
    axes.legend(frameon=False, loc="lower right")
    axes.grid(axis="y", color="#e5e5e5")
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
