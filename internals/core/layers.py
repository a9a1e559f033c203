"""The layers of any network as one list, those of networks within it too, and each call of them."""

import dataclasses

from internals.core.keras_loader import keras


@dataclasses.dataclass(frozen=True)
class Call:
    """A place in a network's graph at which a layer, or an operation such as +, is computed."""

    layer: object  # a shared layer has several calls
    inputs: list  # Keras's symbols
    outputs: list


def find_calls(model, within=True):
    """Return the calls in the network's graph, in the order in which they are computed.

    A network within the network stands for its own calls, unless `within` is False: then it is a
    call itself, as one without a graph always is. Of a subclass of Model, which has none, the list
    is empty.
    """
    graph = getattr(model, "_functional", None) or model  # a Sequential is made of one
    levels = getattr(graph, "_nodes_by_depth", {})
    calls = []
    for depth in sorted(levels, reverse=True):
        for node in levels[depth]:
            if node.is_input:
                continue
            network = within and isinstance(node.operation, keras.Model)
            inner = find_calls(node.operation) if network else []
            calls += inner or [Call(node.operation, node.input_tensors, node.outputs)]
    return calls


def find_layers(model):
    """Return each layer of the network once, in the order of their calls.

    Of a network without a graph they are those that it holds, in the order in which it got them.
    """
    layers = [call.layer for call in find_calls(model)] or model.layers
    return [*dict.fromkeys(layer for layer in layers if isinstance(layer, keras.Layer))]
