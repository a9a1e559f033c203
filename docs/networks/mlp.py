"""A multilayer perceptron: one hidden layer of 400 units that each see every pixel.

It has about as many weights as 4layerCNN.py, 1.2 million, and no convolution. So if 4layerCNN.py is
better, the number of weights is not the reason.

    python docs/networks/mlp.py
    python docs/networks/mlp.py --data digits
"""

from linear import RECIPE, common, run_baseline  # linear.py, beside this file

from keras import Input, Sequential
from keras.layers import Dense, Flatten

RECIPE = RECIPE.but(learning_rate=0.01)  # of 0.003, 0.01, 0.03, 0.1 best on held-out images


def build_model(image_shape, num_classes):
    """Return the network for images of `image_shape`; its output is a probability per class."""
    return Sequential(
        [
            Input(image_shape),
            # 32 x 32 x 3
            Flatten(),
            # 3,072
            Dense(400, activation="relu"),
            Dense(num_classes, activation="softmax", dtype="float32"),
        ]
    )


def main(arguments=None):
    run_baseline(__file__, build_model, RECIPE, __doc__, arguments)


if __name__ == "__main__":
    common.launch(main)
