"""The calls and layers of networks of every kind."""

from internals.core.keras_loader import keras

from internals.core.layers import find_calls, find_layers


def names(items):
    return [type(getattr(item, "layer", item)).__name__ for item in items]


def test_chain_made_at_once_and_step_by_step():
    parts = [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    step_by_step = keras.Sequential()
    for part in [keras.Input((8, 8, 3)), *parts]:
        step_by_step.add(part)
    at_once = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    assert names(find_calls(step_by_step)) == ["Conv2D", "Flatten", "Dense"]
    assert names(find_calls(at_once)) == names(find_layers(at_once)) == ["Flatten"]


def test_shared_layer_and_operations():
    inputs = keras.Input((8, 8, 3))
    shared = keras.layers.Conv2D(3, 3, padding="same")
    model = keras.Model(inputs, shared(shared(inputs)) + inputs)
    calls = find_calls(model)
    assert names(calls) == ["Conv2D", "Conv2D", "Add"]
    assert calls[1].inputs[0] is calls[0].outputs[0]
    assert find_layers(model) == [shared]  # + is no layer


def test_network_within_a_network():
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, keras.layers.Flatten()])
    assert names(find_calls(model)) == ["Conv2D", "Flatten"]
    assert names(find_calls(model, within=False)) == ["Sequential", "Flatten"]


def test_subclass_has_layers_but_no_calls():
    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    model = Network()
    assert find_calls(model) == [] and names(find_layers(model)) == ["Dense"]
    inputs = keras.Input((8,))
    whole = keras.Model(inputs, keras.layers.Dense(3)(Network()(inputs)))
    assert names(find_calls(whole)) == ["Network", "Dense"]  # there it is a call like any other
