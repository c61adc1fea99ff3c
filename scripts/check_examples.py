"""Check data/examples: the ONNX file is the JSON file, and every property has the verdict in its file name.

    python3 check_examples.py          (pip install numpy onnx onnxruntime)

Weights are compared exactly; verdicts come from oracle.py; each witness is rounded to float32 and run in onnxruntime, and what
the float network says there is printed beside the exact answer.
"""

from fractions import Fraction
from pathlib import Path

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper

import oracle

EXAMPLES = Path(__file__).parent.parent / "data/examples"


def onnx_layers(path):
    """Weights and biases of the Gemm nodes as exact fractions."""
    graph = onnx.load(path).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    gemms = [node for node in graph.node if node.op_type == "Gemm"]
    return [([[Fraction(float(value)) for value in row] for row in tensors[node.input[1]]],
             [Fraction(float(value)) for value in tensors[node.input[2]]]) for node in gemms]


def rounded_inside(point, text):
    """The nearest float32 point, and whether it still satisfies the input part of the text."""
    rounded = numpy.array([float(value) for value in point], dtype=numpy.float32)
    exact = [Fraction(float(value)) for value in rounded]
    inputs_only = "\n".join(line for line in text.splitlines() if "Y_" not in line)
    return rounded, oracle.satisfies([([[Fraction(0)] * len(exact)], [Fraction(0)], False)], inputs_only, exact)


def main():
    for directory in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        layers = oracle.read_network((directory / f"{directory.name}.json").read_text())
        onnx_file = directory / f"{directory.name}.onnx"
        if onnx_layers(onnx_file) != [(weights, bias) for weights, bias, _ in layers]:
            raise SystemExit(f"{directory}: ONNX and JSON differ")
        session = onnxruntime.InferenceSession(str(onnx_file))
        for file in sorted(directory.glob("*.vnnlib")):
            text = file.read_text()
            verdict, witness = oracle.decide(layers, text)
            if not file.stem.endswith(verdict):
                raise SystemExit(f"{file}: the oracle says {verdict}")
            print(f"{directory.name}/{file.stem}: {verdict}")
            if witness is not None:
                rounded, inside = rounded_inside(witness, text)
                print("  exact output  ", *(f"{float(value):.9f}" for value in oracle.evaluate(layers, witness)))
                print("  onnxruntime   ", *(f"{value:.9f}" for value in session.run(None, {"X": rounded[None, :]})[0][0]),
                      "" if inside else "(the rounded point is outside the region)")


if __name__ == "__main__":
    main()
