"""Draw the accuracy of three networks by seconds of training on a GPU, published against modern.

python docs/pictures/on_a_gpu.py
"""

from drawing import BLUE, ORANGE, committed, draw_seeds, new_figure, np, save

from tables import RECIPES, gpu_epochs, read_run, seeds_of

from internals.report.style import clear_axes


def draw():
    timed = gpu_epochs()
    figure = new_figure(9, 3.6)
    panels = figure.subplots(1, len(timed), sharey=True)
    pairs = {read_run(runs[0])[0]["script"]: runs for runs in RECIPES}
    for axes, (script, seconds) in zip(panels, timed.items(), strict=True):
        for recipe, run, color in zip(seconds, pairs[script], (BLUE, ORANGE), strict=True):
            runs = committed(*seeds_of(run))
            epochs = len(runs[0].history)
            at = np.arange(1, epochs + 1) * seconds[recipe]
            seeds = "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"
            draw_seeds(axes, at, runs, color, label=f"{recipe}, {epochs} epochs, {seeds}")
        axes.set(xlabel="seconds on a GPU", xlim=(0, None), ylim=(10, 95))
        axes.set_title(f"{script}.py", loc="left", fontsize=12)
        axes.legend(frameon=False, loc="lower right", fontsize=9)
        axes.grid(axis="y", color="#e5e5e5")
        clear_axes(axes)
    panels[0].set_ylabel("accuracy on test images, %")
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
