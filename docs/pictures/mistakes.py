"""Draw the mistakes of udacity_cnn.py alone, without the right answers that outshine them.

python docs/pictures/mistakes.py
"""

from drawing import GRAY, committed, new_figure, np, save, write_number

RUN = "udacity_cnn/2026-11-20_12-56-35_tutorial"


def draw():
    (run,) = committed(RUN)
    names, matrix = [*run.matrix.columns], run.matrix.to_numpy()
    mistakes = np.where(np.eye(len(names)), np.nan, matrix)
    figure = new_figure(8, 7)
    axes = figure.subplots()
    image = axes.imshow(mistakes, cmap="Oranges", vmin=0)
    for (row, column), count in np.ndenumerate(matrix):
        style = {"color": GRAY, "style": "italic"} if row == column else {}
        write_number(axes, image, (row, column), count, **style)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(image, shrink=0.7, aspect=30, label="test images; grey: the right answers")
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
