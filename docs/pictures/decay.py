"""Draw the accuracy of 6layerCNN.py by epoch with two decays of the learning rate, side by side.

    python docs/pictures/decay.py
"""

from drawing import BLUE, ORANGE, committed, new_figure, save

from tables import run_named

from internals.figures import clear_axes

DECAYS = ("1e-6", "1e-4")
LINES = {
    "accuracy": (BLUE, "training"),
    "val_accuracy": (ORANGE, "validation (the test set)"),
}


def draw():
    runs = committed(*(run_named("6layerCNN", f"decay-{decay}") for decay in DECAYS))
    figure = new_figure(11, 3.8)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, run, decay in zip(panels, runs, DECAYS, strict=True):
        for column, (color, label) in LINES.items():
            axes.plot(run.history.epoch, 100 * run.history[column], color=color, label=label)
        axes.set_title(f"accuracy, %, with decay {decay}", loc="left", fontsize=12)
        axes.set(xlabel="epoch", xticks=[1, *range(10, len(run.history) + 1, 10)])
        clear_axes(axes)
    drawn = axes.get_legend_handles_labels()
    figure.legend(*drawn, loc="outside lower center", ncols=2, frameon=False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
