"""MobileNetV2, trained by others on 1.2 million photographs, and then on yours.

It is the first choice for photographs of your own, above all if there are few. At first only the
new last layer learns: what the others know is worth keeping. Then all of them learn, a little.

The weights are downloaded once, 9 MB, and kept in ~/.keras. --weights none begins without them.

    python docs/networks/pretrained.py --data photos --image-size 160
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import common

from keras import Input, Model, applications, optimizers
from keras.layers import Dense, Dropout, GlobalAveragePooling2D, Rescaling

from internals.core.files import fail


@dataclass(frozen=True, kw_only=True)
class PretrainedHyperparameters(common.Hyperparameters):
    """The hyperparameters of all scripts, and those of a network that has learned before."""

    weights: Literal["imagenet", "none"]  # what the network begins with; imagenet: a download
    epochs_of_all: int  # epochs in which all layers learn, after those of the last one; 0: none
    rate_of_all: float  # learning rate of these epochs

    def __post_init__(self):
        super().__post_init__()
        for name in ("epochs_of_all", "rate_of_all"):
            if not getattr(self, name) >= 0:
                fail(f"{name} is {getattr(self, name)}; it must be a number, 0 or more")


RECIPE = PretrainedHyperparameters(  # not tuned
    epochs=10,
    batch_size=32,
    optimizer="adam",
    learning_rate=0.001,
    momentum=0.0,
    nesterov=False,
    decay=0.0,
    flip=True,
    shift=8,
    validation_split=0.1,
    keep_best=True,
    image_size=160,
    weights="imagenet",
    epochs_of_all=10,
    rate_of_all=0.00001,
)


def build_model(image_shape, num_classes, weights):
    """Return the network for images of `image_shape`, and that part of it which has learned."""
    weights = None if weights == "none" else weights
    learned = applications.MobileNetV2(image_shape, include_top=False, weights=weights)
    inputs = Input(image_shape)
    outputs = Rescaling(2, offset=-1)(inputs)  # it was trained on numbers from -1 to 1
    outputs = learned(outputs, training=False)  # keep the means of its batch normalisation
    outputs = Dropout(0.2)(GlobalAveragePooling2D()(outputs))
    outputs = Dense(num_classes, activation="softmax", dtype="float32")(outputs)
    return Model(inputs, outputs), learned


def main(arguments=None):
    """Train the last layer, then all of them, and write everything about the run to its folder."""
    hyperparameters = common.parse_args(__doc__, RECIPE, arguments=arguments)
    data = common.load_data(hyperparameters)
    common.prepare(hyperparameters)
    model, learned = build_model(data.image_shape, data.num_classes, hyperparameters.weights)
    learned.trainable = False
    compiled = {"loss": common.make_loss(hyperparameters), "metrics": ["accuracy"]}
    model.compile(common.make_optimizer(hyperparameters, data), **compiled)
    run = common.start_run(__file__, model, data, hyperparameters)
    common.train(run, model, data)
    learned.trainable = True
    model.compile(optimizers.Adam(hyperparameters.rate_of_all), **compiled)
    common.train(run, model, data, epochs=hyperparameters.epochs_of_all)
    common.report(run, model, data)
    return run, model


if __name__ == "__main__":
    common.launch(main)
