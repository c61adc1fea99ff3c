"""Certificates about convolutional networks are accepted by `foldline check` and by scripts/check_certificate.py.

Small random networks with Conv, pooling, LeakyRelu, Clip, BatchNormalization and skips; each with a property that bounds
an output from above, once where it holds and once where it does not. Takes the program's path from the environment
variable FOLDLINE, the number of networks from NETWORKS.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "scripts" / "check_certificate.py"
FOLDLINE = os.environ.get("FOLDLINE", str(ROOT / "target" / "debug" / "foldline"))
NETWORKS = int(os.environ.get("NETWORKS", "12"))


class Model:
    """A convolutional network under construction: [1, 2, 5, 5] to [1, 2]."""

    def __init__(self, seed):
        self.numbers = np.random.default_rng(seed)
        self.nodes, self.constants, self.name = [], [], "x"

    def step(self, operator, shapes=(), **attributes):
        inputs = [self.name]
        for shape in shapes:
            values = self.numbers.normal(size=shape) / np.sqrt(np.prod(shape[1:], dtype=int) or 1)
            inputs.append(f"c{len(self.constants)}")
            self.constants.append(numpy_helper.from_array(values.astype(np.float32), inputs[-1]))
        self.name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [self.name], **attributes))

    def normalize(self, channels):
        self.step("BatchNormalization", [(channels,)] * 3)
        variance = np.abs(self.numbers.normal(size=channels)) + 0.5
        self.constants.append(numpy_helper.from_array(variance.astype(np.float32), f"c{len(self.constants)}"))
        self.nodes[-1].input.append(self.constants[-1].name)

    def write(self, path):
        value = lambda name, shape: helper.make_tensor_value_info(name, 1, shape)
        graph = helper.make_graph(self.nodes, "g", [value("x", [1, 2, 5, 5])], [value(self.name, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, path)


def network(seed, path):
    model = Model(seed)
    model.step("Conv", [(3, 2, 2, 2), (3,)], strides=[1 + seed % 2, 1], pads=[0, 1, 0, 0])
    if seed % 3 == 0:
        model.normalize(3)
    activation = ["Relu", "LeakyRelu", "Relu", "Clip"][seed % 4]
    if activation == "Clip":
        bounds = [numpy_helper.from_array(np.float32(value), name) for value, name in ((0, "low"), (1, "high"))]
        model.constants += bounds
        model.step("Clip")
        model.nodes[-1].input.extend(["low", "high"])
    else:
        model.step(activation)
    before = model.name
    pool = ["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"][seed // 2 % 4]
    if not pool.startswith("Global"):
        model.step(pool, kernel_shape=[2, 2], strides=[2, 2])
        model.step("Conv", [(2, 3, 2, 2), (2,)], auto_pad="SAME_UPPER")
        model.step("Relu")
    elif seed % 5 == 0:
        model.step("Conv", [(3, 1, 1, 1)], group=3)
        model.step("Relu")
        model.nodes.append(helper.make_node("Add", [before, model.name], ["skip"]))
        model.name = "skip"
    if pool.startswith("Global"):
        model.step(pool)
    model.step("Flatten")
    model.write(path)
    flat = onnx.shape_inference.infer_shapes(onnx.load(path)).graph.output[0]
    width = flat.type.tensor_type.shape.dim[1].dim_value
    model.step("Gemm", [(width, 2), (2,)])
    model.write(path)


def specification(bound, free, center):
    """The inputs near `center`, of which `free` are free; unsafe is an output above the bound."""
    lines = [f"(declare-const X_{i} Real)" for i in range(len(center))]
    lines += ["(declare-const Y_0 Real)", "(declare-const Y_1 Real)"]
    for index, value in enumerate(center):
        reach = 0.5 if index in free else 0
        lines += [f"(assert (>= X_{index} {value - reach}))", f"(assert (<= X_{index} {value + reach}))"]
    return "\n".join(lines + [f"(assert (>= Y_0 {bound:.6f}))"]) + "\n"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def main() -> int:
    """Checks every certificate with both checkers; prints what failed and counts."""
    passed, failed = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model, formula, certificate = folder / "net.onnx", folder / "spec.vnnlib", folder / "proof.gz"
        for seed in range(NETWORKS):
            network(seed, model)
            numbers = np.random.default_rng(seed)
            center, free = numbers.integers(-4, 5, size=50) / 4, set(numbers.choice(50, 4, replace=False).tolist())
            session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
            reach = np.isin(np.arange(50), list(free)) * 0.5
            points = [center + numbers.uniform(-1, 1, size=50) * reach for _ in range(200)]
            highest = max(float(session.run(None, {"x": p.reshape(1, 2, 5, 5).astype(np.float32)})[0][0, 0]) for p in points)
            for slack in (0.3, 0.02, -0.01):
                formula.write_text(specification(highest + slack, free, center))
                certificate.unlink(missing_ok=True)
                said = run(FOLDLINE, "verify", model, formula, "--json", "--quiet", "--certificate", certificate)
                answer = json.loads(said)["answer"] if said.startswith("{") else said
                checks = run(FOLDLINE, "check", certificate, model, formula), run(sys.executable, CHECKER, certificate, model, formula)
                wanted = f"ACCEPTED\nstatement  verification {answer}\n", f"accepted: verification {answer}"
                if all(check.startswith(words) for check, words in zip(checks, wanted)):
                    passed[answer] = passed.get(answer, 0) + 1
                else:
                    failed += 1
                    print(f"network {seed}, slack {slack}: foldline says {answer}, the checkers: {checks}")
    print(f"accepted by both checkers: {passed}; failed: {failed}")
    return 1 if failed or len(passed) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
