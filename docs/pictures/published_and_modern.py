"""Draw the accuracy of udacity_cnn.py by minutes of training, published recipe against modern ones.

python docs/pictures/published_and_modern.py
"""

import json
import statistics

from drawing import (
    BANDS,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    ROOT,
    committed,
    count_seeds,
    draw_seeds,
    explain,
    mark_test,
    new_figure,
    np,
    save,
)

from tables import UDACITY, run_named, seeds_of

from internals.report.style import clear_axes

SCRIPT = "udacity_cnn"
RUNS = [  # words, row of docs/epoch_seconds.json, a run, with its other seeds, and a place
    ("published", "published", UDACITY, BLUE, "below"),
    ("a fifth, with Muon", "muon", run_named(SCRIPT, "muon-fifth"), PURPLE, "above"),
    ("modern with SGD", "all", run_named(SCRIPT, "modern"), GREEN, "below right"),
    ("modern, with Muon", "muon", run_named(SCRIPT, "muon"), ORANGE, "right"),
]
WITH_MUON = 1.03  # the time of an epoch in those with SGD, timed in turns: docs/results.md
NEAR = {"textcoords": "offset points"}
PLACES = {  # of a line's name, seen from its end
    "right": {"xytext": (10, 0), "ha": "left", "va": "center"} | NEAR,
    "below right": {"xytext": (10, -10), "ha": "left", "va": "top"} | NEAR,
    "above": {"xytext": (-8, 8), "ha": "left", "va": "bottom"} | NEAR,
    "below": {"xytext": (4, -14), "ha": "left", "va": "top"} | NEAR,
}


def draw():
    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    timed = json.loads((ROOT / "docs" / "epoch_seconds.json").read_text())[SCRIPT]["seconds"]
    timed["muon"] = [WITH_MUON * seconds for seconds in timed["all"]]
    accuracies = []
    for name, row, run, color, place in RUNS:
        runs = committed(*seeds_of(run))
        epochs = len(runs[0].history)
        minutes = np.arange(1, epochs + 1) * statistics.median(timed[row]) / 60
        draw_seeds(axes, minutes, runs, color)
        accuracies.append(mark_test(axes, minutes[-1], runs, color))
        words = f"{name}, {epochs} epochs,\n{count_seeds(runs)}: {accuracies[-1]:.1f} %"
        axes.annotate(words, (minutes[-1], accuracies[-1]), **PLACES[place], color=color)
    axes.set(xlabel="minutes on two cores of a processor", xlim=(0, 14), ylim=(25, 88))
    axes.set_ylabel("accuracy on held-out images, %")
    explain(axes, f"{BANDS}; diamond: test set")
    figure.suptitle(
        f"{SCRIPT}.py: {accuracies[-1]:.1f} % on the test set with the modern recipe, "
        f"{accuracies[0]:.1f} % as published",
        fontsize=12,
        fontweight="bold",
    )
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
