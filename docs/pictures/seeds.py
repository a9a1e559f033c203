"""Draw the test accuracy of udacity_cnn.py with four seeds, and with one change each, as dots.

    python docs/pictures/seeds.py
"""

from drawing import BLUE, GRAY, committed, new_figure, np, save

from internals.figures import clear_axes

TUTORIAL = (
    "2026-11-20_12-56-35_tutorial",
    "2026-11-20_13-51-00_tutorial-seed-1",
    "2026-11-20_13-56-36_tutorial-seed-2",
    "2026-11-20_14-01-48_tutorial-seed-3",
)
ROWS = {
    "as published, seeds 0 to 3": TUTORIAL,
    "batch size 256": ("2026-11-21_03-08-56_batch-size-256",),
    "no dropout": ("2026-11-21_03-10-38_no-dropout",),
    "64 kernels in the first layer": ("2026-11-21_03-12-56_first-layer-64",),
    "images mirrored": ("2026-11-21_03-20-17_random-flip",),
}


def accuracies(folders):
    """Return the test accuracy of each run in percent."""
    return [100 * run.accuracy for run in committed(*(f"udacity_cnn/{name}" for name in folders))]


def draw():
    figure = new_figure(8, 2.8)
    axes = figure.subplots()
    published = accuracies(TUTORIAL)
    mean, spread = np.mean(published), np.std(published, ddof=1)
    axes.axvspan(mean - spread, mean + spread, color="#e8e8e8")
    for row, folders in enumerate(ROWS.values()):
        found = accuracies(folders)
        axes.plot(found, [row] * len(found), "o", color=BLUE, alpha=0.75)
    axes.set_yticks(range(len(ROWS)), ROWS)
    axes.set(xlabel="test accuracy, %", ylim=(len(ROWS) - 0.5, -0.5))
    words = "grey: mean ± standard deviation of the four seeds"
    axes.set_title(words, loc="left", fontsize=10, color=GRAY)
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
