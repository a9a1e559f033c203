"""Draw a photograph as six epochs of training show it, mirrored and moved by up to 4 pixels.

python docs/pictures/augmentation.py
"""

from drawing import clear_ticks, flower, new_figure, np, save

from internals.data.batches import ImageBatches


def draw():
    image = flower()
    batches = ImageBatches(image[None], np.zeros(1), lambda images: images, seed=0)
    batches.set_augmentation(flip=True, shift=4)
    shown = [("as it is", image)]
    for epoch in range(6):
        batches.shuffle(epoch)
        shown.append((f"epoch {epoch + 1}", batches[0][0][0]))
    figure = new_figure(12, 2.2)
    for axes, (title, pixels) in zip(figure.subplots(1, len(shown)), shown, strict=True):
        axes.imshow(pixels, interpolation="nearest")
        axes.set_title(title, fontsize=11)
        clear_ticks(axes)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
