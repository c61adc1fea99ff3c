"""Write a trained network (float32 weights) as ONNX and as foldline's JSON, both holding exactly the same numbers.

Needs: pip install numpy onnx
"""

import json

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def as_json_network(weights, biases):
    """The JSON network object: ReLU after every layer but the last; numbers as the exact decimals of their float32 values."""
    last = len(weights) - 1
    return {"layers": [{
        "weights": [[_number(value) for value in row] for row in matrix],
        "bias": [_number(value) for value in bias],
        "activation": "linear" if index == last else "relu",
    } for index, (matrix, bias) in enumerate(zip(weights, biases))]}


def write_json(path, network):
    """Write a JSON network, one row of weights a line."""
    layers = []
    for layer in network["layers"]:
        rows = ",\n      ".join(json.dumps(row) for row in layer["weights"])
        layers.append('  {"weights": [\n      %s],\n   "bias": %s,\n   "activation": "%s"}'
                      % (rows, json.dumps(layer["bias"]), layer["activation"]))
    with open(path, "w") as file:
        file.write('{"layers": [\n%s\n]}\n' % ",\n".join(layers))


def write_onnx(path, weights, biases, name):
    """Write Gemm and Relu nodes; the input has shape [1, n]."""
    nodes, tensors, current = [], [], "X"
    last = len(weights) - 1
    for index, (matrix, bias) in enumerate(zip(weights, biases)):
        tensors.append(numpy_helper.from_array(matrix.astype(numpy.float32), f"weights_{index}"))
        tensors.append(numpy_helper.from_array(bias.astype(numpy.float32), f"bias_{index}"))
        output = "Y" if index == last else f"sum_{index}"
        nodes.append(helper.make_node("Gemm", [current, f"weights_{index}", f"bias_{index}"], [output], transB=1))
        current = output
        if index != last:
            current = f"hidden_{index}"
            nodes.append(helper.make_node("Relu", [output], [current]))
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [1, weights[0].shape[1]])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [1, weights[-1].shape[0]])],
        tensors)
    model = helper.make_model(graph, producer_name="foldline examples", opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _number(value):
    """A float32 as a number that JSON prints exactly (multiples of 1/1024 have short decimals)."""
    exact = float(numpy.float32(value))
    return int(exact) if exact.is_integer() else exact
