"""Write the network of an ONNX file as the proved checker reads it: ReLU layers and one affine map, exact fractions.

    python proof/lowered.py NETWORK.onnx NETWORK.json

Needs the packages onnx and numpy. That the JSON file says what the ONNX file says is to be believed, like the ONNX reader of
scripts/exact_statement.py that does the work.
"""

import gzip, itertools, json, pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "scripts"))
import exact_statement


def relu_without_links(network, functions):
    """Network.relu without the search for linked neurons, which the proved checker does itself."""
    start = len(network.neurons)
    network.neurons += functions
    network.first.append(len(network.neurons))
    return exact_statement.variables(len(functions), start)


def layer(functions, start, end, activation):
    """A layer of foldline's JSON, its weights those of the variables from start to end."""
    weights = [[str(function.get(j, 0)) for j in range(start, end)] for function in functions]
    return {"weights": weights, "bias": [str(function.constant()) for function in functions], "activation": activation}


def main(source, target):
    exact_statement.Network.relu = relu_without_links
    data = pathlib.Path(source).read_bytes()
    network = exact_statement.read_onnx_network(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    layers, before = [], (0, network.inputs)
    for start, end in itertools.pairwise(network.first):
        layers.append(layer(network.neurons[start:end], *before, "relu"))
        before = (start, end)
    layers.append(layer(network.outputs, *before, "linear"))
    pathlib.Path(target).write_text(json.dumps({"layers": layers}))


if __name__ == "__main__":
    main(*sys.argv[1:])
