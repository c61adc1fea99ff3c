#!/usr/bin/env python3
"""CPU time of `verify` on random convolutional networks of which a property frees few inputs.

    benches/convolutions.py --program target/release/foldline [--before another/foldline] [--timeout 30]

Each kind has seven networks with 2 to 20 free inputs, and three properties each: another class comes within a margin of
the class at the centre. The margins are drawn from the values at 300 corners, so that some properties hold with room, some
barely, and some do not. Needs Python 3.11, numpy, onnx and onnxruntime.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

FREE = [2, 4, 6, 8, 12, 16, 20]
# Width of the square input, channels of both convolutions, and the largest values of the second pooling.
KINDS = {
    "strides": (18, 16, 16, None),
    "average pooling": (18, 16, 24, None),
    "two largest-value poolings, 7,808 neurons": (16, 8, 12, 2),
    "two largest-value poolings, 21,480 neurons": (18, 16, 24, 3),
}


class Model:
    """A network under construction: [1, 1, width, width] to [1, 5]."""

    def __init__(self, seed, width):
        self.numbers = np.random.default_rng(seed)
        self.width, self.nodes, self.constants, self.name = width, [], [], "x"

    def step(self, operator, shapes=(), **attributes):
        inputs = [self.name]
        for shape in shapes:
            scale = 1.4 / np.sqrt(np.prod(shape[1:], dtype=int)) if len(shape) > 1 else 0.1
            values = (self.numbers.normal(size=shape) * scale).astype(np.float32)
            inputs.append(f"c{len(self.constants)}")
            self.constants.append(numpy_helper.from_array(values, inputs[-1]))
        self.name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [self.name], **attributes))

    def built(self):
        value = lambda name, shape: helper.make_tensor_value_info(name, 1, shape)
        inputs = [value("x", [1, 1, self.width, self.width])]
        graph = helper.make_graph(self.nodes, "g", inputs, [value(self.name, None)], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def network(kind, seed):
    width, first, second, last_pool = KINDS[kind]
    model = Model(seed, width)
    model.step("Conv", [(first, 1, 3, 3), (first,)], pads=[1, 1, 1, 1])
    model.step("Relu")
    if kind != "strides":
        pool = "AveragePool" if last_pool is None else "MaxPool"
        model.step(pool, kernel_shape=[2, 2], strides=[2, 2])
    strides = [2, 2] if kind == "strides" else [1, 1]
    model.step("Conv", [(second, first, 3, 3), (second,)], strides=strides, pads=[1, 1, 1, 1])
    model.step("Relu")
    if last_pool:
        model.step("MaxPool", kernel_shape=[last_pool] * 2, strides=[last_pool] * 2)
    else:
        model.step("Conv", [(16, second, 3, 3), (16,)], strides=[2, 2])
        model.step("Relu")
    model.step("Flatten")
    flat = onnx.shape_inference.infer_shapes(model.built()).graph.output[0].type.tensor_type.shape.dim[1].dim_value
    model.step("Gemm", [(flat, 64), (64,)])
    model.step("Relu")
    model.step("Gemm", [(64, 5), (5,)])
    return model.built()


def properties(content, width, seed):
    """Three properties: the margin at the centre's class is below what corners reach, near it, and above it."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    run = lambda x: session.run(None, {"x": x.reshape(1, 1, width, width).astype(np.float32)})[0][0]
    numbers, inputs = np.random.default_rng(seed + 100), width * width
    center = np.round(numbers.uniform(0, 1, inputs), 4)
    start = numbers.integers(0, inputs - 40)
    is_free = np.isin(np.arange(inputs), start + numbers.choice(40, FREE[seed], replace=False))
    best = int(np.argmax(run(center)))
    margin = lambda y: y[best] - max(value for index, value in enumerate(y) if index != best)
    lowest = min(margin(run(center + is_free * numbers.choice([-0.1, 0.1], inputs))) for _ in range(300))
    span = max(margin(run(center)) - lowest, 1e-3)
    declared = [f"(declare-const X_{i} Real)" for i in range(inputs)] + [f"(declare-const Y_{i} Real)" for i in range(5)]
    for value, index in zip(center, range(inputs)):
        reach = 0.1 if is_free[index] else 0
        declared.append(f"(assert (and (>= X_{index} {value - reach:.6f}) (<= X_{index} {value + reach:.6f})))")
    for share in (0.5, 0.05, -0.1):
        others = [f"(and (>= (+ Y_{i} {lowest - share * span:.6f}) Y_{best}))" for i in range(5) if i != best]
        yield "\n".join(declared + [f"(assert (or {' '.join(others)}))"]) + "\n"


def measured(program, model, formula, timeout):
    """The answer and the CPU seconds of one run on one thread."""
    spent = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before = spent()
    command = [program, "verify", model, formula, "--json", "--quiet", "--threads", "1", "--timeout", str(timeout)]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["answer"], spent() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--before", help="an earlier build to compare with")
    parser.add_argument("--timeout", type=int, default=30)
    options = parser.parse_args()
    programs = [program for program in (options.before, options.program) if program]
    with tempfile.TemporaryDirectory() as folder:
        model, formula = pathlib.Path(folder) / "network.onnx", pathlib.Path(folder) / "property.vnnlib"
        for kind, (width, *_) in KINDS.items():
            runs = {program: [] for program in programs}
            for seed in range(len(FREE)):
                onnx.save(network(kind, seed), model)
                for text in properties(model.read_bytes(), width, seed):
                    formula.write_text(text)
                    for program in programs:
                        runs[program].append(measured(program, model, formula, options.timeout))
            for program in programs:
                answers = [answer for answer, _ in runs[program]]
                seconds = [cpu for _, cpu in runs[program]]
                counts = {answer: answers.count(answer) for answer in sorted(set(answers))}
                print(f"{kind}, {program}: median {statistics.median(seconds):.2f} CPU s, most {max(seconds):.2f}; {counts}")


if __name__ == "__main__":
    main()
