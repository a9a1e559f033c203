"""Draw the accuracy of 6layerCNN.py by epoch with two decays of the learning rate, side by side.

python docs/pictures/decay.py
"""

from drawing import committed, draw_both, legend_below, new_figure, save

from tables import run_named

from internals.report.style import clear_axes

DECAYS = ("1e-6", "1e-4")


def draw():
    runs = committed(*(run_named("6layerCNN", f"decay-{decay}") for decay in DECAYS))
    figure = new_figure(11, 3.8)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, run, decay in zip(panels, runs, DECAYS, strict=True):
        draw_both(axes, run.history, "accuracy", 100)
        axes.set_title(f"accuracy, %, with decay {decay}", loc="left", fontsize=12)
        axes.set(xlabel="epoch", xticks=[1, *range(10, len(run.history) + 1, 10)])
        clear_axes(axes)
    legend_below(figure, axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
