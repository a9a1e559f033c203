"""Draw the accuracy of minivggnet.py with and without batch normalisation, by epoch.

python docs/pictures/batch_norm.py
"""

from drawing import BANDS, BLUE, ORANGE, committed, draw_seeds, explain, new_figure, np, save

from tables import run_named, seeds_of

from internals.report.style import clear_axes

LINES = {
    "with batch normalisation": ("batch-norm", BLUE),
    "without": ("no-batch-norm", ORANGE),
}


def draw():
    figure = new_figure(8, 3.4)
    axes = figure.subplots()
    for words, (name, color) in LINES.items():
        runs = committed(*seeds_of(run_named("minivggnet", name)))
        epochs = np.arange(1, len(runs[0].history) + 1)
        label = f"{words}, {len(runs)} seeds"
        draw_seeds(axes, epochs, runs, color, marker="o", markersize=4, label=label)
    axes.set(xlabel="epoch", ylabel="test accuracy, %", xticks=epochs)
    explain(axes, BANDS)
    axes.legend(frameon=False, loc="lower right")
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
