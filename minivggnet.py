"""MiniVGGNet: four convolutions as in 4layerCNN, each followed by batch normalisation.

Batch normalisation gives each channel mean 0 and standard deviation 1. Then it scales and shifts
the channel by two numbers that are learned. The decay is the learning rate over the number of
epochs: after 40 epochs the learning rate has fallen to about a ninth. This is the most accurate of
the five published recipes.

Measured on JPEG copies of the images, means of three seeds: 80.38 % of the test images after 40
epochs, with JAX on an NVIDIA H200: once compiled, an epoch takes 0.5 seconds. With --recipe modern
85.64 % after 30, with TensorFlow on a processor: on one core of a Xeon an epoch took 85 seconds.

    python minivggnet.py --data digits --epochs 10
    python minivggnet.py --decay 0 --name constant-learning-rate
"""

import common

from keras import Input, Sequential
from keras.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
)

PUBLISHED = common.Hyperparameters(
    epochs=40,
    batch_size=64,
    optimizer="sgd",
    learning_rate=0.01,
    momentum=0.9,
    nesterov=True,
    decay=0.01 / 40,
    validation_split=0.0,
    keep_best=False,
    seed=0,
)

MODERN = PUBLISHED.but(
    recipe="modern",
    epochs=30,
    optimizer="muon",
    learning_rate=0.02,
    adam_share=0.3,
    momentum=0.95,
    schedule="cosine",
    decay=0.0,
    warmup=0.2,
    weight_decay=0.05,
    label_smoothing=0.1,
    flip=True,
    shift=2,
    flip_test=True,
)


def build_model(image_shape, num_classes):
    """Return the network for images of `image_shape`; its output is a probability per class."""
    return Sequential(
        [
            Input(image_shape),
            # 32 x 32 x 3
            Conv2D(32, 3, padding="same", activation="relu"),
            BatchNormalization(),
            Conv2D(32, 3, padding="same", activation="relu"),
            BatchNormalization(),
            MaxPooling2D(),
            Dropout(0.25),
            # 16 x 16 x 32
            Conv2D(64, 3, padding="same", activation="relu"),
            BatchNormalization(),
            Conv2D(64, 3, padding="same", activation="relu"),
            BatchNormalization(),
            MaxPooling2D(),
            Dropout(0.25),
            # 8 x 8 x 64
            Flatten(),
            Dense(512, activation="relu"),
            BatchNormalization(),
            Dropout(0.5),
            Dense(num_classes, activation="softmax", dtype="float32"),
        ]
    )


def main(arguments=None):
    """Train the network and write everything about the run to its folder."""
    hyperparameters = common.parse_args(__doc__, PUBLISHED, MODERN, arguments=arguments)
    data = common.load_data(hyperparameters)
    common.prepare(hyperparameters)
    model = build_model(data.image_shape, data.num_classes)
    model.compile(
        optimizer=common.make_optimizer(hyperparameters, data),
        loss=common.make_loss(hyperparameters),
        metrics=["accuracy"],
    )
    run = common.start_run(__file__, model, data, hyperparameters)
    common.train(run, model, data)
    common.report(run, model, data)
    return run, model


if __name__ == "__main__":
    common.launch(main)
