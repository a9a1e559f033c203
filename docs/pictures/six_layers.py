"""Draw accuracy and loss of 6layerCNN.py over 100 epochs, training against validation.

    python docs/pictures/six_layers.py
"""

from drawing import BLUE, ORANGE, committed, new_figure, save

from internals.figures import clear_axes

RUN = "6layerCNN/2026-11-20_14-18-01_gpu"
EPOCHS = [1, 10, 20, 50, 100]  # those of the tutorial's figures


def draw():
    (run,) = committed(RUN)
    history = run.history
    figure = new_figure(11, 3.8)
    for axes, metric, unit, factor in zip(
        figure.subplots(1, 2), ("accuracy", "loss"), (", %", ""), (100, 1), strict=True
    ):
        for column, color, label in (
            (metric, BLUE, "training"),
            (f"val_{metric}", ORANGE, "validation (the test set)"),
        ):
            axes.plot(history.epoch, factor * history[column], color=color, label=label)
        axes.set(xlabel="epoch", xticks=EPOCHS, xlim=(0, 101))
        axes.set_title(f"{metric}{unit}", loc="left", fontsize=12)
        clear_axes(axes)
    drawn = axes.get_legend_handles_labels()
    figure.legend(*drawn, loc="outside lower center", ncols=2, frameon=False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
