"""Draw the test accuracy by epoch of the linear model, the perceptron and 4layerCNN.py.

    python docs/pictures/baselines.py
"""

from drawing import BLUE, GREEN, ORANGE, ROOT, committed, new_figure, np, save

from internals.figures import clear_axes

EPOCHS = 10
LINES = {  # what is drawn, and the runs of it, by what their folders in results/ are called
    "4layerCNN.py": ("4layerCNN/*_float32-seed-*", BLUE),
    "perceptron": ("mlp/*_seed-*", GREEN),
    "linear model": ("linear/*_seed-*", ORANGE),
}


def draw():
    figure = new_figure(8, 3.6)
    axes = figure.subplots()
    for words, (pattern, color) in LINES.items():
        folders = sorted(ROOT.glob(f"results/{pattern}"))
        curves = [100 * run.history.val_accuracy[:EPOCHS] for run in committed(*folders)]
        epochs = np.arange(1, len(curves[0]) + 1)
        axes.fill_between(epochs, np.min(curves, 0), np.max(curves, 0), color=color, alpha=0.3)
        axes.plot(epochs, np.mean(curves, axis=0), color=color, marker="o", markersize=4)
        place = (epochs[-1] + 0.2, np.mean(curves, axis=0)[-1])
        axes.text(*place, words, color=color, va="center")
    axes.set(xlabel="epoch", ylabel="test accuracy, %", xlim=(0.7, 12), ylim=(0, 80))
    axes.set_xticks(range(1, EPOCHS + 1))
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
