"""A linear model: no hidden layer, no convolution, one weight for each pixel colour and class.

This is the baseline: a network of this project must do better. Each class has a template as large
as a photograph. The image is multiplied by it, number by number, and the largest sum wins.

    python docs/networks/linear.py
    python docs/networks/linear.py --data digits
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import common

from keras import Input, Sequential
from keras.layers import Dense, Flatten

RECIPE = common.Hyperparameters(
    epochs=10,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.001,  # of 0.001, 0.003, 0.01, 0.03 most accurate on held-out images
    momentum=0.9,
    nesterov=False,
    decay=0.0,
    validation_split=0.0,
)


def build_model(image_shape, num_classes):
    """Return the network for images of `image_shape`; its output is a probability per class."""
    outputs = Dense(num_classes, activation="softmax", dtype="float32")
    return Sequential([Input(image_shape), Flatten(), outputs])


def run_baseline(file, build_model, recipe, description, arguments=None):
    """Train the network and report on it, step by step as at the end of 4layerCNN.py.

    No tutorial has it, so there is one recipe.
    """
    hyperparameters = common.parse_args(description, recipe, arguments=arguments)
    data = common.load_data(hyperparameters)
    common.prepare(hyperparameters)
    model = build_model(data.image_shape, data.num_classes)
    optimizer = common.make_optimizer(hyperparameters, data)
    model.compile(optimizer, common.make_loss(hyperparameters), metrics=["accuracy"])
    run = common.start_run(file, model, data, hyperparameters)
    common.train(run, model, data)
    common.report(run, model, data)


def main(arguments=None):
    run_baseline(__file__, build_model, RECIPE, __doc__, arguments)


if __name__ == "__main__":
    common.launch(main)
