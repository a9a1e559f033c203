"""Draw the test accuracy of udacity_cnn.py with several seeds, and with one change each, as dots.

python docs/pictures/seeds.py
"""

from drawing import BLUE, GRAY, new_figure, np, save

from tables import UDACITY, accuracies_after, read_run, run_named

from internals.report.style import clear_axes

SCRIPT = "udacity_cnn"
ROWS = {
    "as published": UDACITY,
    "batch size 256": run_named(SCRIPT, "batch-size-256"),
    "no dropout": run_named(SCRIPT, "no-dropout"),
    "64 kernels in the first layer": run_named(SCRIPT, "first-layer-64"),
    "images mirrored": run_named(SCRIPT, "flip"),
}


def accuracies(run):
    """Return the test accuracy of each seed of the run in percent."""
    return accuracies_after(run, read_run(run)[0]["epochs_done"])


def draw():
    figure = new_figure(8, 2.8)
    axes = figure.subplots()
    published = accuracies(UDACITY)
    mean, spread = np.mean(published), np.std(published, ddof=1)
    axes.axvspan(mean - spread, mean + spread, color="#e8e8e8")
    for row, run in enumerate(ROWS.values()):
        found = accuracies(run)
        axes.plot(found, [row] * len(found), "o", color=BLUE, alpha=0.75)
    axes.set_yticks(range(len(ROWS)), ROWS)
    axes.set(xlabel="test accuracy, %", ylim=(len(ROWS) - 0.5, -0.5))
    words = "grey: mean ± standard deviation as published"
    axes.set_title(words, loc="left", fontsize=10, color=GRAY)
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
