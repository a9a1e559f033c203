"""ResNet-20: blocks whose input is added to their output, so that more depth does not do harm.

The network of He and others (2016) for CIFAR-10: three stages of blocks, global average pooling in
place of wide dense layers. Where shapes differ, a shortcut is a 1 x 1 convolution (theirs: zeros).
--blocks 9 makes it 56 layers deep, --no-shortcuts leaves the additions out. The published recipe is
theirs, except that the learning rate falls along a cosine, not in two steps, and that weight decay
is decoupled. Theirs is L2 regularisation, which is added to the gradient.

    python docs/networks/resnet.py --data digits --epochs 5
    python docs/networks/resnet.py --recipe modern --no-shortcuts
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import common

from keras import Input, Model
from keras.layers import Activation, Add, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D


@dataclass(frozen=True, kw_only=True)
class ResNetHyperparameters(common.Hyperparameters):
    """The hyperparameters of all scripts, and the residual network's own."""

    blocks: Literal[1, 3, 5, 7, 9, 18]  # in each of three stages; layers are 6 * blocks + 2
    shortcuts: bool  # add each block's input to its output


PUBLISHED = ResNetHyperparameters(
    epochs=164,  # their 64,000 updates
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.1,
    momentum=0.9,
    nesterov=False,
    schedule="cosine",
    decay=0.0,
    weight_decay=0.001,  # decoupled: ten times their 0.0001, as momentum 0.9 makes it
    flip=True,
    shift=4,
    validation_split=0.0,
    blocks=3,
    shortcuts=True,
)

MODERN = PUBLISHED.but(
    recipe="modern",
    epochs=16,
    optimizer="muon",
    learning_rate=0.04,
    adam_share=0.3,
    momentum=0.95,
    nesterov=True,
    warmup=0.2,
    weight_decay=0.05,
    label_smoothing=0.1,
    shift=2,
    flip_test=True,
)


def convolve(inputs, filters, size, strides):
    """Return a convolution of `inputs` and its batch normalisation, which makes a bias needless."""
    settings = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    outputs = Conv2D(filters, size, strides=strides, **settings)(inputs)
    return BatchNormalization(momentum=0.9)(outputs)  # 0.99 is slow where twenty layers follow


def residual_block(inputs, filters, strides, shortcuts):
    """Return two convolutions of `inputs`, to which `inputs` is added."""
    outputs = Activation("relu")(convolve(inputs, filters, 3, strides))
    outputs = convolve(outputs, filters, 3, 1)
    if shortcuts:
        if inputs.shape[1:] != outputs.shape[1:]:
            inputs = convolve(inputs, filters, 1, strides)  # to the same shape
        outputs = Add()([inputs, outputs])
    return Activation("relu")(outputs)


def build_model(image_shape, num_classes, blocks=3, shortcuts=True):
    """Return the network for images of `image_shape`; its output is a probability per class."""
    inputs = Input(image_shape)
    outputs = Activation("relu")(convolve(inputs, 16, 3, 1))
    for filters in (16, 32, 64):  # 32 x 32, 16 x 16, 8 x 8
        for block in range(blocks):
            strides = 2 if block == 0 and filters > 16 else 1
            outputs = residual_block(outputs, filters, strides, shortcuts)
    outputs = GlobalAveragePooling2D()(outputs)
    outputs = Dense(num_classes, activation="softmax", dtype="float32")(outputs)
    return Model(inputs, outputs)


def main(arguments=None):
    hyperparameters = common.parse_args(__doc__, PUBLISHED, MODERN, arguments=arguments)
    data = common.load_data(hyperparameters)
    common.prepare(hyperparameters)
    blocks, shortcuts = hyperparameters.blocks, hyperparameters.shortcuts
    model = build_model(data.image_shape, data.num_classes, blocks, shortcuts)
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
