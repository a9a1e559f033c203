"""Draw the accuracy on held-out images of the two baselines by learning rate, one run each.

python docs/pictures/rates.py
"""

from drawing import GREEN, ORANGE, ROOT, committed, explain, new_figure, save

from internals.report.style import clear_axes

LINES = {"perceptron": ("mlp", GREEN), "linear model": ("linear", ORANGE)}


def draw():
    figure = new_figure(8, 3.4)
    axes = figure.subplots()
    for words, (script, color) in LINES.items():
        runs = committed(*sorted(ROOT.glob(f"results/reference/{script}/*_held-out-*")))
        runs.sort(key=lambda run: run.record["hyperparameters"]["learning_rate"])
        rates = [run.record["hyperparameters"]["learning_rate"] for run in runs]
        accuracies = [100 * run.history.val_accuracy.iloc[-1] for run in runs]
        axes.semilogx(rates, accuracies, color=color, marker="o")
        axes.text(rates[0], accuracies[0] + 3, words, color=color)
    axes.set(xlabel="learning rate", ylabel="accuracy on held-out images, %", ylim=(0, 60))
    explain(axes, "a dot is one run")
    axes.set_xticks([0.001, 0.003, 0.01, 0.03, 0.1])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlim(0.0008, 0.13)
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
