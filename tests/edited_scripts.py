"""Edits that people make to udacity_cnn.py, as text: other networks, and other lines of main()."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRIPT = (ROOT / "udacity_cnn.py").read_text(encoding="utf-8")
IMPORTS = "import keras\nfrom keras import Input, Model, Sequential, layers, ops, regularizers\n\n"
BLOCK = "layers.Conv2D(8, 3, activation='relu'), layers.MaxPooling2D(4)"
END = "layers.Flatten(), layers.Dense(num_classes, activation='softmax', dtype='float32')"


def replace(*pairs, text=SCRIPT):
    """Return the script with each (old, new); an old text that is not there is a mistake."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def with_network(body, before="", text=SCRIPT):
    """Return the script with another body of build_model, and what stands before that function."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    head = f"{before}\n\ndef build_model(image_shape, num_classes):\n"
    text = re.sub(
        r"def build_model.*?\n\n\n(?=def main)", lambda _: f"{head}{lines}\n\n", text, flags=re.S
    )
    return text.replace("import common\n", f"import common\n{IMPORTS}", 1)


def with_layers(*inner, end=END, before=""):
    """Return the script with a Sequential of these layers between Input and the last ones."""
    parts = ", ".join(["Input(image_shape)", *inner, end])
    return with_network(f"return Sequential([{parts}])", before)


def compiled(
    loss="'sparse_categorical_crossentropy'", metrics="['accuracy']", optimizer=None, **more
):
    """Return the pairs that make the script compile otherwise."""
    pairs = [("loss=common.make_loss(hyperparameters)", f"loss={loss}")]
    settings = "".join(f", {name}={value}" for name, value in more.items())
    pairs.append(('metrics=["accuracy"],', f"metrics={metrics}{settings},"))
    if optimizer:
        pairs.append(
            ("optimizer=common.make_optimizer(hyperparameters, data)", f"optimizer={optimizer}")
        )
    return pairs


LOGITS = "layers.Flatten(), layers.Dense(num_classes)"
OWN_CONVOLUTION = """
class Centred(layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel - ops.mean(kernel, axis=(0, 1), keepdims=True))
"""
OWN_NORMALIZATION = """
class Halved(layers.BatchNormalization):
    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=training, mask=mask) / 2
"""
OWN_LAYER = """
class Scale(layers.Layer):
    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.factor
"""
SUBCLASS = """
@keras.saving.register_keras_serializable()
class Network(Model):
    def __init__(self, num_classes, **settings):
        super().__init__(**settings)
        self.num_classes = num_classes
        self.convolution = layers.Conv2D(8, 3, strides=4, activation="relu")
        self.normalization = layers.BatchNormalization()
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(16)
        self.second = layers.BatchNormalization()
        self.dense = layers.Dense(num_classes, activation="softmax")

    def call(self, inputs, training=None):
        x = self.normalization(self.convolution(inputs), training=training)
        x = self.second(self.hidden(self.flatten(x)), training=training)
        return self.dense(x)

    def get_config(self):
        return {"num_classes": self.num_classes}
"""
OWN_STEP = """
class Careful(Model):
    def train_step(self, *arguments):
        return super().train_step(*arguments)
"""
RESIDUAL = """
inputs = Input(image_shape)
x = layers.Conv2D(8, 3, strides=4, padding="same", activation="relu")(inputs)
y = layers.Conv2D(8, 3, padding="same")(x)
x = layers.Activation("relu")(x + y)
x = layers.GlobalAveragePooling2D()(x)
return Model(inputs, layers.Dense(num_classes, activation="softmax")(x))
"""

NETWORKS = {  # all of them are trained, evaluated, saved and loaded again
    "residual": with_network(RESIDUAL),
    "product": with_network(RESIDUAL.replace("x + y", "x * y")),
    "branches": with_network(
        """
inputs = Input(image_shape)
parts = [layers.Conv2D(4, n, strides=4, padding="same")(inputs) for n in (1, 3, 5)]
x = layers.Flatten()(layers.Concatenate()(parts))
return Model(inputs, layers.Dense(num_classes, activation="softmax")(x))
"""
    ),
    "shared layer": with_network(
        """
inputs = Input(image_shape)
shared = layers.Conv2D(3, 3, padding="same", activation="relu")
x = layers.Flatten()(layers.MaxPooling2D(4)(shared(shared(inputs))))
return Model(inputs, layers.Dense(num_classes, activation="softmax")(x))
"""
    ),
    "block within": with_layers(f"Sequential([{BLOCK}])"),
    "base within": with_network(
        f"""
base = Sequential([Input(image_shape), {BLOCK}, layers.BatchNormalization()])
base.trainable = False
return Sequential([Input(image_shape), base, {END}])
"""
    ),
    "MobileNetV2 within": with_network(
        f"""
base = keras.applications.MobileNetV2(
    input_shape=image_shape, include_top=False, weights=None, alpha=0.35
)
base.trainable = False
return Sequential([Input(image_shape), base, layers.GlobalAveragePooling2D(), {END}])
"""
    ),
    "subclass": with_network("return Network(num_classes)", SUBCLASS),
    "own train_step": with_network(RESIDUAL.replace("Model(inputs,", "Careful(inputs,"), OWN_STEP),
    "without Input": with_network(f"return Sequential([{BLOCK}, {END}])"),
    "any size": with_network(
        """
inputs = Input((None, None, 3))
x = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3)(inputs))
return Model(inputs, layers.Dense(num_classes, activation="softmax")(x))
"""
    ),
    "model.add": with_network(
        """
model = Sequential()
model.add(Input(image_shape))
model.add(layers.Conv2D(8, 3, strides=4))
model.add(layers.Flatten())
model.add(layers.Dense(num_classes, activation="softmax"))
return model
"""
    ),
    "own convolution": with_layers(BLOCK, "Centred(8, 2, padding='same')", before=OWN_CONVOLUTION),
    "own convolution of tiny pictures": with_layers(
        BLOCK, "layers.MaxPooling2D(4), Centred(8, 2, padding='same')", before=OWN_CONVOLUTION
    ),
    "convolution of tiny pictures": with_layers(
        BLOCK, "layers.MaxPooling2D(4), layers.Conv2D(8, 2, padding='same')"
    ),
    "own normalization": with_layers("Halved()", BLOCK, before=OWN_NORMALIZATION),
    "normalization": with_layers("layers.BatchNormalization()", BLOCK),
    "frozen normalization": with_layers("layers.BatchNormalization(trainable=False)", BLOCK),
    "no scale": with_layers("layers.BatchNormalization(scale=False)", BLOCK),
    "no center": with_layers("layers.BatchNormalization(center=False)", BLOCK),
    "other axis": with_layers("layers.BatchNormalization(axis=1)", BLOCK),
    "GroupNormalization": with_layers("layers.GroupNormalization(1)", BLOCK),
    "adapted": with_network(
        f"""
convolution = layers.Conv2D(8, 2, padding="same")
model = Sequential([Input(image_shape), {BLOCK}, layers.MaxPooling2D(4), convolution, {END}])
convolution.enable_lora(2)
return model
"""
    ),
    "own layer": with_layers("Scale()", BLOCK, before=OWN_LAYER),
    "Lambda": with_layers("layers.Lambda(lambda x: x - 0.5)", BLOCK),
    "SeparableConv2D": with_layers("layers.SeparableConv2D(8, 3, strides=4)"),
    "augmentation": with_layers("layers.RandomFlip()", "layers.RandomRotation(0.1)", BLOCK),
    "Rescaling": with_layers("layers.Rescaling(2.0, offset=-1)", BLOCK),
    "attention": with_network(
        """
inputs = Input(image_shape)
x = layers.Reshape((16, 8))(layers.Conv2D(8, 3, strides=8, padding="same")(inputs))
x = layers.MultiHeadAttention(2, 4)(x, x)
return Model(inputs, layers.Dense(num_classes, activation="softmax")(layers.Flatten()(x)))
"""
    ),
    "rows in a recurrent layer": with_layers("layers.Reshape((32, 96))", "layers.GRU(8)"),
    "regulariser": with_layers("layers.Conv2D(8, 3, strides=4, kernel_regularizer='l2')"),
    "activity regulariser": with_layers(
        "layers.Conv2D(8, 3, strides=4, activity_regularizer=regularizers.L1(0.01))"
    ),
    "no convolution": with_layers("layers.Flatten()", "layers.Dense(16, activation='relu')"),
}
NETWORKS["logits"] = replace(
    *compiled("keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
    text=with_layers(BLOCK, end=LOGITS),
)
TINY = with_layers(BLOCK)
COMPILED = {  # name: (script, columns of history.csv beside the seven, words of every caption)
    "categorical_crossentropy": (compiled("'categorical_crossentropy'"), [], "loss categorical_c"),
    "mse": (compiled("'mse'"), [], "loss mse"),
    "binary_crossentropy": (compiled("'binary_crossentropy'"), [], "loss binary_crossentropy"),
    "focal": (compiled("keras.losses.CategoricalFocalCrossentropy()"), [], "CategoricalFocal"),
    "smoothed by the loss": (
        compiled("keras.losses.CategoricalCrossentropy(label_smoothing=0.1)"),
        [],
        "loss Categ",
    ),
    "own loss": (
        compiled("lambda y, p: -ops.log(ops.sum(p * ops.one_hot(y, 10), axis=-1) + 1e-7)"),
        [],
        "loss <lambda>",
    ),
    "acc": (compiled(metrics="['acc']"), [], ""),
    "an object": (compiled(metrics="[keras.metrics.SparseCategoricalAccuracy()]"), [], ""),
    "two metrics": (
        compiled(
            metrics="[keras.metrics.SparseTopKCategoricalAccuracy(5), "
            "keras.metrics.SparseCategoricalAccuracy()]"
        ),
        ["sparse_top_k_categorical_accuracy", "val_sparse_top_k_categorical_accuracy"],
        "",
    ),
    "AUC": (
        compiled("'categorical_crossentropy'", "['accuracy', keras.metrics.AUC(name='auc')]"),
        ["auc", "val_auc"],
        "",
    ),
    "a number for each class": (
        compiled("'categorical_crossentropy'", "['accuracy', keras.metrics.F1Score(name='f')]"),
        [f"{part}f_{n}" for part in ("", "val_") for n in range(10)],
        "",
    ),
    "RMSprop": (
        compiled(optimizer="keras.optimizers.RMSprop(0.0003)"),
        [],
        "RMSprop, learning rate 0.0003",
    ),
    "clipped": (compiled(optimizer="keras.optimizers.SGD(0.1, clipnorm=1.0)"), [], "clipnorm 1.0"),
    "accumulated": (
        compiled(optimizer="keras.optimizers.Adam(0.01, gradient_accumulation_steps=2)"),
        [],
        "gradient accumulation steps 2",
    ),
    "schedule": (
        compiled(
            optimizer="keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1, 9, .9))"
        ),
        [],
        "learning rate ExponentialDecay",
    ),
    "precision": (
        [
            (
                "    model = build_model(",
                "    keras.config.set_dtype_policy('mixed_bfloat16')\n    model = build_model(",
            )
        ],
        [],
        "seed 0, bfloat16",
    ),
    "eager": (compiled(run_eagerly=True), [], ""),
    "jit": (compiled(jit_compile=True), [], ""),
    "several steps": (compiled(steps_per_execution=2), [], ""),
}
