"""Draw the first 16 kernels of a trained network, and what they make of a photograph.

python udacity_cnn.py --name kernels
python docs/pictures/kernels.py results/udacity_cnn/*_kernels
"""

from drawing import clear_ticks, flower, new_figure, np, save

from trained import first_kernels, load_model


def draw(model, count=16):
    weights, biases = first_kernels(model)
    photograph = np.pad(flower() / 255, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(photograph, (3, 3), axis=(0, 1))
    maps = np.maximum(np.einsum("yxcrs,rsck->kyx", windows, weights) + biases[:, None, None], 0)
    figure = new_figure(12, 5)
    panels = figure.subplots(4, count // 2 + 1)
    for axes in panels.flat:
        clear_ticks(axes)
    panels[1, 0].imshow(flower())
    panels[1, 0].set_title("photograph", fontsize=10)
    for number in range(count):
        row, column = divmod(number, count // 2)
        kernel = weights[..., number]
        axes = panels[2 * row, column + 1]
        axes.imshow(kernel / np.abs(kernel).max() / 2 + 0.5)
        axes.set_title(number + 1, fontsize=10)
        axes = panels[2 * row + 1, column + 1]
        axes.imshow(maps[number], cmap="gray", vmin=0)
    return figure


if __name__ == "__main__":
    save(draw(load_model()), __file__)
