"""Draw the test accuracy by epoch of the linear model, the perceptron and 4layerCNN.py.

python docs/pictures/baselines.py
"""

from drawing import (
    BANDS,
    BLUE,
    GREEN,
    ORANGE,
    ROOT,
    committed,
    draw_seeds,
    explain,
    new_figure,
    np,
    save,
)

from internals.report.style import clear_axes

EPOCHS = 10
LINES = {  # what is drawn, and its runs, by what their folders in the reference are called
    "4layerCNN.py": ("4layerCNN/*_float32-seed-*", BLUE),
    "perceptron": ("mlp/*_seed-*", GREEN),
    "linear model": ("linear/*_seed-*", ORANGE),
}


def draw():
    figure = new_figure(8, 3.6)
    axes = figure.subplots()
    for words, (pattern, color) in LINES.items():
        folders = sorted(ROOT.glob(f"results/reference/{pattern}"))
        runs = committed(*folders)
        epochs = np.arange(1, min(EPOCHS, len(runs[0].history)) + 1)
        mean = draw_seeds(axes, epochs, runs, color, marker="o", markersize=4)
        axes.text(epochs[-1] + 0.2, mean[-1], words, color=color, va="center")
    axes.set(xlabel="epoch", ylabel="test accuracy, %", xlim=(0.7, 12), ylim=(0, 80))
    explain(axes, BANDS)
    axes.set_xticks(range(1, EPOCHS + 1))
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
