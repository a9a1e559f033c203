"""Draw accuracy and loss of 6layerCNN.py over 100 epochs, training against validation.

python docs/pictures/six_layers.py
"""

from drawing import committed, draw_both, legend_below, new_figure, save

from internals.report.style import clear_axes

RUN = "6layerCNN/2026-11-20_14-18-01_gpu"
EPOCHS = [1, 10, 20, 50, 100]  # those of the tutorial's figures


def draw():
    (run,) = committed(RUN)
    figure = new_figure(11, 3.8)
    for axes, metric, unit, factor in zip(
        figure.subplots(1, 2), ("accuracy", "loss"), (", %", ""), (100, 1), strict=True
    ):
        draw_both(axes, run.history, metric, factor)
        axes.set(xlabel="epoch", xticks=EPOCHS, xlim=(0, 101))
        axes.set_title(f"{metric}{unit}", loc="left", fontsize=12)
        clear_axes(axes)
    legend_below(figure, axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
