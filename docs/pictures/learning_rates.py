"""Draw the learning rate of minivggnet.py by epoch, as published and under a cosine.

python docs/pictures/learning_rates.py
"""

from drawing import BLUE, ORANGE, new_figure, np, save

import common

import minivggnet
from internals.report.style import clear_axes


def draw():
    figure = new_figure(8, 3.2)
    axes = figure.subplots()
    modern, epochs = minivggnet.MODERN, minivggnet.MODERN.epochs
    for recipe, color in ((minivggnet.PUBLISHED, BLUE), (modern, ORANGE)):
        updates = epochs * 50_000 // recipe.batch_size
        schedule = common.make_schedule(recipe, updates)
        at = np.linspace(0, updates, 200)
        rates = [float(schedule(update)) for update in at]
        label = f"{recipe.recipe}, {recipe.optimizer}"
        axes.plot(at / updates * epochs, rates, color=color, label=label)
    axes.set(xlabel="epoch", ylabel="learning rate", xlim=(0, epochs), ylim=(0, None))
    axes.legend(frameon=False)
    clear_axes(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
