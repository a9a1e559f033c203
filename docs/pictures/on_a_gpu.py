"""Draw the accuracy of three networks by seconds of training on a GPU, published against modern.

The seconds are those of epochs timed apart, without the compiling at the beginning of a run.

python docs/pictures/on_a_gpu.py
"""

from drawing import (
    BANDS,
    BLUE,
    GRAY,
    ORANGE,
    committed,
    count_seeds,
    draw_seeds,
    mark_test,
    new_figure,
    np,
    save,
)

from matplotlib.ticker import MaxNLocator
from tables import ON_A_GPU, gpu_epochs, read_run, seeds_of

from internals.report.style import clear_axes


def first_epochs(runs):
    """Return by how many seconds the first epoch of each run took longer than its later ones."""
    seconds = [run.history.seconds for run in runs]
    return [each.iloc[0] - each.iloc[1:].median() for each in seconds]


def draw():
    timed = gpu_epochs()
    figure = new_figure(11, 4.4)
    panels = figure.subplots(1, len(timed), sharey=True)
    pairs = {read_run(runs[0])[0]["script"]: runs[:2] for runs in ON_A_GPU}
    for axes, (script, seconds) in zip(panels, timed.items(), strict=True):
        longer = []
        for recipe, run, color in zip(seconds, pairs[script], (BLUE, ORANGE), strict=True):
            runs = committed(*seeds_of(run))
            at = np.arange(1, len(runs[0].history) + 1) * seconds[recipe]
            draw_seeds(axes, at, runs, color)
            accuracy = mark_test(axes, at[-1], runs, color)
            name = "modern with SGD" if recipe == "modern" else recipe
            words = f"{name}: {accuracy:.1f} %,\n{len(at)} epochs, {count_seeds(runs)}"
            below = {"ha": "right", "va": "top", "textcoords": "offset points"}
            gap = 8 if recipe == "modern" else -20
            below |= {"va": "bottom"} if gap > 0 else {}
            axes.annotate(words, (at[-1], accuracy), (4, gap), color=color, **below)
            longer += first_epochs(runs)
        compiling = f"{min(longer):.0f} to {max(longer):.0f} s more, for compiling"
        axes.set_xlabel(f"seconds of the epochs; the first took\n{compiling}")
        axes.set(xlim=(0, None), ylim=(10, 100))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_title(f"{script}.py", loc="left", fontsize=12)
        clear_axes(axes)
    panels[0].set_ylabel("accuracy on test images, %")
    words = f"{BANDS}; diamond: the test at the end"
    figure.suptitle(words, fontsize=10, color=GRAY, x=0.01, ha="left")
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
