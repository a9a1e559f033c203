"""Draw test images, taken at random, with what a trained network calls them.

python 4layerCNN.py --recipe modern --name answers
python docs/pictures/answers.py results/4layerCNN/*_answers
"""

from drawing import clear_ticks, new_figure, np, save

from trained import run_folder

from internals.comparison.disagreements import read_pictures
from internals.core.palette import RIGHT_COLOR, WRONG_COLOR
from internals.runs.run_reader import read_run

COLUMNS, ROWS = 10, 2


def draw(run, seed=0):
    chosen = np.random.default_rng(seed).choice(len(run.predictions), COLUMNS * ROWS, False)
    answers = run.predictions.iloc[chosen]
    pictures = read_pictures(run, answers.image)
    figure = new_figure(12, 3.6)
    for axes, answer in zip(figure.subplots(ROWS, COLUMNS).flat, answers.itertuples(), strict=True):
        clear_ticks(axes)
        axes.imshow(pictures[answer.image])
        right = answer.true == answer.predicted
        words = f"{'✓' if right else '✗'} {answer.predicted} {answer.probability:.0%}"
        words = words.replace("%", " %") + ("\n" if right else f"\n({answer.true})")
        axes.set_title(words, fontsize=9, color=RIGHT_COLOR if right else WRONG_COLOR)
    wrong = (answers.true != answers.predicted).sum()
    title = f"{len(answers)} test images taken at random: {run.record['script']}.py names {wrong} "
    title += f"wrongly (✗, its class in brackets); of all it names {run.accuracy:.1%} rightly"
    figure.suptitle(title.replace("%", " %"), x=0.01, ha="left", fontsize=11)
    return figure


if __name__ == "__main__":
    save(draw(read_run(run_folder("predictions.csv"))), __file__)
