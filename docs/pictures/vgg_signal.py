"""Draw what is left of images, and of the gradient, layer by layer of an untrained VGG16.

With Glorot's initialisation, with He's, and with batch normalisation; it takes a minute.

    python docs/pictures/vgg_signal.py
"""

from drawing import BLUE, GRAY, GREEN, ORANGE, legend_below, new_figure, np, save, small_photographs

import common

from keras import Model, initializers

import vgg16
from internals.report.style import clear_axes

IMAGES = 32
ROUNDING = 2.0**-24  # of a weight: float32 has 24 binary digits
WAYS = {  # what is drawn: batch normalisation, initialisation
    "Glorot's initialisation": (False, initializers.GlorotUniform),
    "He's initialisation": (False, initializers.HeNormal),
    "Glorot's, with batch normalisation": (True, initializers.GlorotUniform),
}


def with_kernels(model):
    """Return the layers that have a kernel: convolutions and dense layers, in order."""
    return [layer for layer in model.layers if hasattr(layer, "kernel")]


def measure(model, layers, images, labels):
    """Return of each of the layers the size of its sums and of the gradient, for one batch.

    Sizes are root mean squares. The gradient's is given as a share of the weights' own size.
    """
    import tensorflow  # here, because Keras has no gradient of its own

    inside = Model(model.inputs, [*(layer.output for layer in layers), *model.outputs])
    with tensorflow.GradientTape() as tape:
        *sums, answers = inside(common.normalise(images), training=True)
        loss = common.keras.ops.mean(
            common.keras.losses.sparse_categorical_crossentropy(labels, answers)
        )
    kernels = [layer.kernel.value for layer in layers]
    slopes = tape.gradient(loss, kernels)
    shares = [size(slope) / size(kernel) for slope, kernel in zip(slopes, kernels, strict=True)]
    return [size(each) for each in sums], shares


def size(numbers):
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(np.asarray(numbers, dtype="float64")))))


def initialise(model, initializer):
    """Draw the kernels of a network anew."""
    for number, layer in enumerate(model.layers):
        if hasattr(layer, "kernel"):
            layer.kernel.assign(initializer(seed=number)(layer.kernel.shape))


def draw():
    images = small_photographs(IMAGES)
    labels = np.arange(IMAGES) % 10  # any: the network knows nothing yet
    figure = new_figure(11, 4.4)
    panels = figure.subplots(1, 2)
    for (words, way), color in zip(WAYS.items(), (ORANGE, GREEN, BLUE), strict=True):
        batch_norm, initializer = way
        common.keras.utils.set_random_seed(0)  # of dropout
        model = vgg16.build_model((32, 32, 3), 10, batch_norm)
        initialise(model, initializer)
        sums, gradients = measure(model, with_kernels(model), images, labels)
        steps = [vgg16.PUBLISHED.learning_rate * each for each in gradients]
        for axes, numbers in zip(panels, (sums, steps), strict=True):
            layers = np.arange(1, len(numbers) + 1)
            axes.semilogy(layers, numbers, color=color, marker="o", markersize=4, label=words)
            print(words, *(f"{number:.1e}" for number in numbers))
    for axes, title in zip(
        panels, ("size of a layer's sums", "a step, as a share of a layer's weights"), strict=True
    ):
        axes.set_title(title, loc="left", fontsize=12)
        axes.set(xlabel="layer: 13 convolutions, 3 dense", xticks=[1, 4, 7, 10, 13, 16])
        axes.yaxis.set_major_formatter(lambda number, _: f"{number:.9f}".rstrip("0").rstrip("."))
        clear_axes(axes)
    panels[1].axhline(ROUNDING, color=GRAY, linestyle="--", linewidth=1)
    words = "a smaller step is rounded away in float32"
    panels[1].annotate(
        words, (3, ROUNDING), (0, 4), textcoords="offset points", va="bottom", color=GRAY
    )
    legend_below(figure, panels[0])
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
