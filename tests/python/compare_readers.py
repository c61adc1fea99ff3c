"""Compares foldline's reading of ONNX models with onnx's and onnxruntime's.

Random small models over all operators and layouts are written with onnx, evaluated
  - by foldline (exact, through the example program `evaluate`),
  - by an evaluator in this file in exact fractions, which must agree exactly, and
  - by onnxruntime in floats, which must agree within a proven rounding bound.
For plain chains of affine layers and ReLUs the weights are compared number by number.

    cargo build --release -p foldline-formats --example evaluate
    python tests/python/compare_readers.py --evaluate target/release/examples/evaluate
    python tests/python/compare_readers.py --evaluate ... --networks some/*.onnx more/*.onnx.gz

Needs numpy, onnx and onnxruntime.
"""

import argparse
import collections
import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OPERATOR_SETS = [7, 8, 9, 11, 12, 13, 14, 17, 21]
TYPES = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}


def exact(array):
    """The array with every float as the fraction it denotes."""
    flat = [Fraction(float(value)) for value in np.asarray(array).ravel()]
    result = np.empty(len(flat), dtype=object)
    result[:] = flat
    return result.reshape(np.shape(array))


def as_array(value):
    """numpy turns arrays of fractions without dimensions into plain fractions: turn them back."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), dtype=object if isinstance(value, Fraction) else np.asarray(value).dtype)
    array[()] = value
    return array


# ---------------------------------------------------------------- random models


class Generator:
    """Builds one random model; tracks the shape of every tensor."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.dtype = self.random.choice([np.float32, np.float32, np.float64])
        self.operator_set = self.random.choice(OPERATOR_SETS)
        self.nodes, self.initializers, self.listed = [], [], []
        self.history = []  # (name, shape) of computed tensors
        self.count = 0

    def fresh(self, prefix="t"):
        self.count += 1
        return f"{prefix}{self.count}"

    def values(self, shape):
        kind = self.random.random()
        data = self.numbers.normal(size=shape)
        if kind < 0.2:
            data = np.round(data * 2) / 2
        elif kind < 0.4:
            data = data * (self.numbers.random(shape) < 0.4)
        elif kind < 0.5:
            data = data * 10.0 ** self.numbers.integers(-6, 6, size=shape)
        return np.asarray(data, dtype=self.dtype)

    def tensor(self, array, name):
        array = np.asarray(array)
        if self.random.random() < 0.5:
            return numpy_helper.from_array(array, name)
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        return helper.make_tensor(name, kind, array.shape, array.ravel().tolist())

    def constant(self, array):
        """The name of a constant, stored in one of the ways ONNX has."""
        name = self.fresh("c")
        kind = self.random.random()
        if kind < 0.2:
            self.nodes.append(
                helper.make_node("Constant", [], [name], value=self.tensor(array, name + "v"))
            )
            return name
        self.initializers.append(self.tensor(array, name))
        if kind < 0.4:
            code = helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype)
            self.listed.append(helper.make_tensor_value_info(name, code, np.shape(array)))
        return name

    def weights(self, shape):
        """A constant float tensor, sometimes itself computed from constants."""
        kind = self.random.random()
        if kind < 0.06:
            parts = [self.constant(self.values(shape)), self.constant(self.values(shape))]
            return self.node(self.random.choice(["Add", "Sub", "Mul"]), parts)
        if kind < 0.1 and len(shape) == 2:
            return self.node("Transpose", [self.constant(self.values(shape[::-1]))], perm=[1, 0])
        if kind < 0.13 and len(shape) == 2:
            left = self.constant(self.values((shape[0], 2)))
            return self.node("MatMul", [left, self.constant(self.values((2, shape[1])))])
        return self.constant(self.values(shape))

    def node(self, operator, inputs, **attributes):
        output = self.fresh()
        name = self.fresh("n") if self.random.random() < 0.5 else ""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name, **attributes))
        return output

    def broadcastable(self, shape):
        """A random shape that broadcasts to `shape`."""
        kept = shape[self.random.randint(0, len(shape)) :]
        return tuple(size if self.random.random() < 0.7 else 1 for size in kept)

    # Each step takes and returns (name, shape), or None where it does not apply.

    def step_matmul(self, name, shape):
        if not shape:
            return None
        width = self.random.randint(1, 6)
        if self.random.random() < 0.7:
            matrix = self.weights((shape[-1], width))
            return self.node("MatMul", [name, matrix]), shape[:-1] + (width,)
        if len(shape) == 1:
            matrix = self.weights((width, shape[0]))
            return self.node("MatMul", [matrix, name]), (width,)
        batch = shape[:-2] if self.random.random() < 0.3 else ()
        matrix = self.weights(batch + (width, shape[-2]))
        return self.node("MatMul", [matrix, name]), shape[:-2] + (width, shape[-1])

    def step_bottleneck(self, name, shape):
        """Two products that are not worth merging: foldline keeps a linear layer."""
        if len(shape) != 2 or shape[0] != 1:
            return None
        narrow = self.node("MatMul", [name, self.weights((shape[1], 2))])
        self.history.append((narrow, (1, 2)))
        return self.node("MatMul", [narrow, self.weights((2, 40))]), (1, 40)

    def step_vector_product(self, name, shape):
        if len(shape) < 2 or shape[-1] > 6 or len(shape) > 3:
            return None
        return self.node("MatMul", [name, self.weights((shape[-1],))]), shape[:-1]

    def step_gemm(self, name, shape):
        if len(shape) != 2:
            return None
        flags = {key: 1 for key in ("transA", "transB") if self.random.random() < 0.4}
        attributes = dict(flags)
        for key in ("alpha", "beta"):
            if self.random.random() < 0.4:
                attributes[key] = self.random.choice([0.5, -1.25, 0.1, 3.0])
        other = self.random.randint(1, 6)
        if self.random.random() < 0.75:
            rows, inner = shape[::-1] if "transA" in flags else shape
            result = (rows, other)
            stored = (other, inner) if "transB" in flags else (inner, other)
            inputs = [name, self.weights(stored)]
        else:
            inner, columns = shape[::-1] if "transB" in flags else shape
            result = (other, columns)
            stored = (inner, other) if "transA" in flags else (other, inner)
            inputs = [self.weights(stored), name]
        if self.operator_set < 11 or self.random.random() < 0.8:
            inputs.append(self.weights(self.broadcastable(result)))
        return self.node("Gemm", inputs, **attributes), result

    def step_elementwise(self, name, shape):
        operator = self.random.choice(["Add", "Sub", "Mul", "Div", "Add"])
        other = self.broadcastable(shape)
        if self.random.random() < 0.1 and np.prod(shape) < 12:
            other = (2,) + shape
        data = self.values(other)
        if operator == "Div":
            data = np.where(data == 0, self.dtype(3), data).astype(self.dtype)
        inputs = [name, self.constant(data)]
        if operator != "Div" and self.random.random() < 0.4:
            inputs.reverse()
        return self.node(operator, inputs), np.broadcast_shapes(shape, other)

    def step_unary(self, name, shape):
        operator = self.random.choice(["Neg", "Abs", "Identity"])
        return self.node(operator, [name]), shape

    def step_relu(self, name, shape):
        return self.node("Relu", [name]), shape

    def step_dropout(self, name, shape):
        if self.operator_set >= 12 and self.random.random() < 0.5:
            flag = self.constant(np.array(False))
            ratio = self.constant(np.array(0.5, dtype=np.float32))
            return self.node("Dropout", [name, ratio, flag]), shape
        attributes = {"ratio": 0.3} if self.operator_set < 12 else {}
        return self.node("Dropout", [name], **attributes), shape

    def step_flatten(self, name, shape):
        low = -len(shape) if self.operator_set >= 11 else 0
        axis = self.random.randint(low, len(shape))
        rows, columns = np.prod(shape[:axis], dtype=int), np.prod(shape[axis:], dtype=int)
        return self.node("Flatten", [name], axis=axis), (int(rows), int(columns))

    def step_reshape(self, name, shape):
        count = int(np.prod(shape, dtype=int))
        divisors = [d for d in range(1, count + 1) if count % d == 0]
        first = self.random.choice(divisors)
        target = self.random.choice([(count,), (1, count), (first, count // first), (1, first, -1)])
        result = tuple(count // first if size == -1 else size for size in target)
        stored = list(target)
        if self.random.random() < 0.4:
            for index in range(min(len(stored), len(shape))):
                if stored[index] == shape[index] and self.random.random() < 0.5:
                    stored[index] = 0
        if -1 not in stored and self.random.random() < 0.4:
            stored[self.random.randrange(len(stored))] = -1
        target_name = self.constant(np.array(stored, dtype=np.int64))
        return self.node("Reshape", [name, target_name]), result

    def step_reshape_by_shape(self, name, shape):
        """What exporters write for x.view(x.size(0), -1)."""
        if not shape:
            return None
        sizes = self.node("Shape", [name])
        first = self.node("Gather", [sizes, self.constant(np.array([0], dtype=np.int64))])
        rest = self.constant(np.array([-1], dtype=np.int64))
        target = self.node("Concat", [first, rest], axis=0)
        result = (shape[0], int(np.prod(shape[1:], dtype=int)))
        return self.node("Reshape", [name, target]), result

    def axes(self, axes):
        """Axes as an attribute or as an input, whichever the operator set has."""
        if self.operator_set < 13:
            return [], {"axes": axes}
        return [self.constant(np.array(axes, dtype=np.int64))], {}

    def step_squeeze(self, name, shape):
        ones = [index for index, size in enumerate(shape) if size == 1]
        if not ones:
            return None
        if self.random.random() < 0.3:
            return self.node("Squeeze", [name]), tuple(size for size in shape if size != 1)
        chosen = self.random.sample(ones, self.random.randint(1, len(ones)))
        inputs, attributes = self.axes(chosen)
        result = tuple(size for index, size in enumerate(shape) if index not in chosen)
        return self.node("Squeeze", [name] + inputs, **attributes), result

    def step_unsqueeze(self, name, shape):
        if len(shape) > 3:
            return None
        axis = self.random.randint(0, len(shape))
        inputs, attributes = self.axes([axis])
        result = shape[:axis] + (1,) + shape[axis:]
        return self.node("Unsqueeze", [name] + inputs, **attributes), result

    def step_transpose(self, name, shape):
        if self.random.random() < 0.3:
            return self.node("Transpose", [name]), shape[::-1]
        order = list(range(len(shape)))
        self.random.shuffle(order)
        if not order:
            return None
        return self.node("Transpose", [name], perm=order), tuple(shape[axis] for axis in order)

    def step_skip(self, name, shape):
        """Adds or subtracts an earlier tensor, whatever ReLUs lie between."""
        fitting = [entry for entry in self.history if entry[1] == shape and entry[0] != name]
        if not fitting:
            return None
        other = self.random.choice(fitting)[0]
        kind = self.random.random()
        if kind < 0.3:
            return self.node("Sum", [name, other, name]), shape
        inputs = [name, other] if kind < 0.6 else [other, name]
        return self.node(self.random.choice(["Add", "Sub"]), inputs), shape

    def step_concat(self, name, shape):
        if not shape:
            return None
        axis = self.random.randrange(len(shape))
        fits = lambda s: len(s) == len(shape) and s[:axis] + s[axis + 1 :] == shape[:axis] + shape[axis + 1 :]
        fitting = [entry for entry in self.history if fits(entry[1])]
        other, other_shape = self.random.choice(fitting) if fitting else (name, shape)
        if self.random.random() < 0.3:
            other_shape = shape[:axis] + (2,) + shape[axis + 1 :]
            other = self.weights(other_shape)
        size = shape[axis] + other_shape[axis]
        inputs = [name, other] if self.random.random() < 0.5 else [other, name]
        return self.node("Concat", inputs, axis=axis), shape[:axis] + (size,) + shape[axis + 1 :]

    def step_slice(self, name, shape):
        if not shape:
            return None
        axis = self.random.randrange(len(shape))
        size = shape[axis]
        step = self.random.choice([1, 1, 2, -1]) if self.operator_set >= 10 else 1
        start, end = self.random.randint(-size, size), self.random.choice([size, 1000, -1, -1000])
        length = len(range(size)[start:end:step])
        if length == 0:
            return None
        result = shape[:axis] + (length,) + shape[axis + 1 :]
        if self.operator_set < 10:
            node = self.node("Slice", [name], starts=[start], ends=[end], axes=[axis])
        else:
            lists = [[start], [end], [axis], [step]]
            inputs = [self.constant(np.array(values, dtype=np.int64)) for values in lists]
            node = self.node("Slice", [name] + inputs)
        return node, result

    def step_gather(self, name, shape):
        if not shape:
            return None
        axis = self.random.randrange(len(shape))
        low = -shape[axis] if self.operator_set >= 11 else 0
        indices = [self.random.randint(low, shape[axis] - 1) for _ in range(3)]
        scalar = self.random.random() < 0.3
        stored = np.array(indices[0] if scalar else indices, dtype=np.int64)
        result = shape[:axis] + (() if scalar else (3,)) + shape[axis + 1 :]
        return self.node("Gather", [name, self.constant(stored)], axis=axis), result

    def step_normalize(self, name, shape):
        if len(shape) < 2:
            return None
        channels = shape[1]
        positive = np.abs(self.values((channels,))) + self.dtype(0.25)
        data = [self.values((channels,)) for _ in range(3)] + [positive.astype(self.dtype)]
        names = [self.constant(array) for array in data]
        attributes = {"epsilon": 0.001} if self.random.random() < 0.5 else {}
        return self.node("BatchNormalization", [name] + names, **attributes), shape

    def model(self):
        steps = [getattr(self, name) for name in dir(self) if name.startswith("step_")]
        weights = {"step_matmul": 5, "step_gemm": 5, "step_relu": 6, "step_elementwise": 3, "step_skip": 2}
        chances = [weights.get(step.__name__, 1) for step in steps]
        width = self.random.randint(1, 6)
        shape = self.random.choice([(1, width), (width,), (1, 1, 1, width), (1, 2, 2, 3), (2, width), (1, 40)])
        declared = list(shape)
        if shape[0] == 1 and self.random.random() < 0.4:
            declared[0] = "batch"
        graph_input = helper.make_tensor_value_info("x", TYPES[self.dtype], declared)
        name = "x"
        self.history.append((name, shape))
        for _ in range(self.random.randint(1, 14)):
            step = self.random.choices(steps, chances)[0](name, shape)
            if step is None or np.prod(step[1], dtype=int) > 64:
                continue
            name, shape = step
            self.history.append((name, tuple(shape)))
        if name == "x":
            name = self.node("Identity", [name])
        if self.random.random() < 0.1:
            self.node("Relu", ["x"])  # a node that the output does not need
        declared = list(shape) if self.random.random() < 0.7 else [None] * len(shape)
        output = helper.make_tensor_value_info(name, TYPES[self.dtype], declared)
        inputs = self.listed + [graph_input] if self.random.random() < 0.5 else [graph_input] + self.listed
        graph = helper.make_graph(self.nodes, "g", inputs, [output], self.initializers)
        imports = [helper.make_opsetid("", self.operator_set)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)


def plain_model(seed):
    """A chain of Gemm or MatMul + Add with ReLUs between; returns model and its float weights."""
    generator = Generator(seed)
    numbers, draw = generator.numbers, generator.random
    sizes = [draw.randint(1, 8) for _ in range(draw.randint(2, 5))]
    name, layers = "x", []
    for index, (inner, outer) in enumerate(zip(sizes, sizes[1:])):
        matrix = numbers.normal(size=(outer, inner)).astype(generator.dtype)
        bias = numbers.normal(size=outer).astype(generator.dtype)
        if draw.random() < 0.5:
            inputs = [name, generator.constant(matrix), generator.constant(bias)]
            name = generator.node("Gemm", inputs, transB=1)
        else:
            name = generator.node("MatMul", [name, generator.constant(np.ascontiguousarray(matrix.T))])
            name = generator.node("Add", [name, generator.constant(bias)])
        last = index == len(sizes) - 2
        if not last or draw.random() < 0.3:
            name = generator.node("Relu", [name])
            layers.append((matrix, bias, "relu"))
        else:
            layers.append((matrix, bias, "linear"))
    kind = TYPES[generator.dtype]
    graph_input = helper.make_tensor_value_info("x", kind, ["n", sizes[0]])
    output = helper.make_tensor_value_info(name, kind, ["n", sizes[-1]])
    graph = helper.make_graph(
        generator.nodes, "g", [graph_input] + generator.listed, [output], generator.initializers
    )
    imports = [helper.make_opsetid("", generator.operator_set)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8), layers


# ---------------------------------------------------------------- exact evaluation


def rounded_factor(scale, radicand, dtype):
    """scale/√radicand, correctly rounded to dtype: the nearest float to it, by exact comparison."""
    if scale == 0:
        return Fraction(0)
    square = scale * scale / radicand
    guess = dtype(abs(float(scale)) / float(radicand) ** 0.5)
    near = [guess]
    for direction in (np.inf, -np.inf):
        value = guess
        for _ in range(3):
            value = np.nextafter(value, dtype(direction))
            near.append(value)
    near = sorted(Fraction(float(value)) for value in near)
    below = max(value for value in near if value * value <= square)
    above = min(value for value in near if value * value >= square)
    middle = (below + above) / 2
    if middle * middle == square:
        raise ArithmeticError("a tie: draw another model")
    value = below if middle * middle > square else above
    return -value if scale < 0 else value


class Evaluator:
    """Evaluates a model in fractions, or, with `magnitude`, bounds the sums of absolute values.

    `roundings` counts the roundings on the longest path, for the a-priori bound
    |computed − exact| ≤ ((1 + u)^roundings − 1) · magnitude.
    """

    def __init__(self, model, magnitude=False, numbers=exact):
        self.model, self.magnitude, self.numbers = model, magnitude, numbers
        self.version = model.opset_import[0].version
        self.roundings = 0

    def run(self, point):
        values = {tensor.name: self.load(tensor) for tensor in self.model.graph.initializer}
        name = [v.name for v in self.model.graph.input if v.name not in values][0]
        values[name] = np.abs(point) if self.magnitude else point
        for node in self.model.graph.node:
            inputs = [values[name] if name else None for name in node.input]
            values[node.output[0]] = as_array(self.node(node, inputs))
        return values[self.model.graph.output[0].name]

    def load(self, tensor):
        array = numpy_helper.to_array(tensor)
        if array.dtype.kind != "f":
            return array
        array = self.numbers(array)
        return np.abs(array) if self.magnitude else array

    def node(self, node, inputs):
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        operator = node.op_type
        x = inputs[0] if inputs else None
        if operator in ("Add", "Sub", "Mul", "Div", "Sum"):
            self.roundings += len(inputs)
        if operator in ("Add", "Sum") or operator == "Sub" and self.magnitude:
            return sum(inputs[1:], inputs[0])
        if operator == "Sub":
            return inputs[0] - inputs[1]
        if operator == "Mul":
            return inputs[0] * inputs[1]
        if operator == "Div":
            return inputs[0] / inputs[1]
        if operator in ("Identity", "Dropout") or self.magnitude and operator in ("Neg", "Abs", "Relu"):
            return x
        if operator == "Neg":
            return -x
        if operator == "Abs":
            return np.abs(x)
        if operator == "Relu":
            return np.where(x > 0, x, x * 0)
        if operator == "MatMul":
            self.roundings += x.shape[-1] + 1
            return np.matmul(inputs[0], inputs[1])
        if operator == "Gemm":
            return self.gemm(inputs, attributes)
        if operator == "BatchNormalization":
            return self.normalize(inputs, attributes)
        if operator == "Constant":
            return self.load(attributes["value"])
        return self.arrange(operator, inputs, attributes)

    def gemm(self, inputs, attributes):
        a, b = inputs[0], inputs[1]
        a = a.T if attributes.get("transA") else a
        b = b.T if attributes.get("transB") else b
        self.roundings += a.shape[1] + 4
        number = lambda name: self.load(helper.make_tensor("", 1, [], [attributes.get(name, 1.0)]))
        result = np.matmul(a, b) * number("alpha")
        return result + inputs[2] * number("beta") if len(inputs) > 2 else result

    def normalize(self, inputs, attributes):
        x, scale, bias, mean, variance = inputs
        dtype = np.float64 if self.model.graph.output[0].type.tensor_type.elem_type == 11 else np.float32
        epsilon = Fraction(float(np.float32(attributes.get("epsilon", 1e-5))))
        factor = np.empty(len(scale), dtype=object)
        factor[:] = [rounded_factor(Fraction(s), Fraction(v) + epsilon, dtype) for s, v in zip(scale, variance)]
        shape = (1, -1) + (1,) * (x.ndim - 2)
        scale, bias, mean = factor.reshape(shape), bias.reshape(shape), mean.reshape(shape)
        if self.numbers is not exact:
            scale = scale.astype(float)
        self.roundings += 12
        return (x + mean) * scale + bias if self.magnitude else (x - mean) * scale + bias

    def arrange(self, operator, inputs, attributes):
        x = inputs[0]
        later = [list(map(int, np.ravel(value))) for value in inputs[1:] if value.dtype.kind == "i"]
        if operator == "Flatten":
            axis = attributes.get("axis", 1)
            return x.reshape(int(np.prod(x.shape[:axis], dtype=int)), -1)
        if operator == "Reshape":
            target = [x.shape[i] if size == 0 else size for i, size in enumerate(later[0])]
            return x.reshape(target)
        if operator == "Shape":
            return np.array(x.shape, dtype=np.int64)
        if operator == "Gather":
            return np.take(x, inputs[1], axis=attributes.get("axis", 0))
        if operator == "Concat":
            return np.concatenate(inputs, axis=attributes["axis"])
        if operator == "Transpose":
            return np.transpose(x, attributes.get("perm"))
        axes = later[0] if len(inputs) > 1 else attributes.get("axes")
        if operator == "Squeeze":
            return np.squeeze(x, axis=tuple(axes) if axes is not None else None)
        if operator == "Unsqueeze":
            return np.expand_dims(x, tuple(axes))
        if operator == "Slice":
            if self.version < 10:
                later = [attributes[name] for name in ("starts", "ends", "axes")] + [[1]]
            slices = [slice(None)] * x.ndim
            for start, end, axis, step in zip(*later):
                slices[axis] = slice(start, end, step)
            return x[tuple(slices)]
        raise NotImplementedError(operator)


# ---------------------------------------------------------------- comparison


def runtime_session(content):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def foldline(program, path, points):
    lines = "\n".join(" ".join(str(Fraction(float(value))) for value in np.ravel(p)) for p in points)
    done = subprocess.run([program, str(path)], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return [[Fraction(token) for token in line.split()] for line in done.stdout.splitlines()]


def check_runtime(model, session, points, answers):
    """The largest |onnxruntime − foldline| / bound, which must not exceed 1, and the largest
    difference relative to the largest output."""
    worst, relative = 0.0, 0.0
    for point, answer in zip(points, answers):
        name = session.get_inputs()[0].name
        output = np.ravel(session.run(None, {name: point})[0])
        evaluator = Evaluator(model, magnitude=True, numbers=lambda a: np.asarray(a, dtype=float))
        magnitude = np.ravel(evaluator.run(np.asarray(point, dtype=float)))
        unit = 2.0**-24 if output.dtype == np.float32 else 2.0**-53
        bound = (evaluator.roundings + 2) * unit * 1.01 * magnitude + 1e-38
        assert len(output) == len(answer), f"{len(output)} outputs, foldline has {len(answer)}"
        for value, expected, limit in zip(output, answer, bound):
            difference = float(abs(Fraction(float(value)) - expected))
            assert difference <= limit, f"onnxruntime {value}, foldline {float(expected)}, bound {limit}"
            worst = max(worst, difference / limit)
            relative = max(relative, difference / (float(max(map(abs, answer))) or 1.0))
    return worst, relative


def random_points(shape, dtype, numbers, count):
    points = [numbers.normal(size=shape).astype(dtype) for _ in range(count - 1)]
    return points + [np.zeros(shape, dtype=dtype)]


def compare_random(program, count, first_seed, folder):
    operators, skipped, worst, exact_values = collections.Counter(), 0, 0.0, 0
    seed, done = first_seed, 0
    while done < count:
        seed += 1
        model = Generator(seed).model()
        content = model.SerializeToString()
        try:
            session = runtime_session(content)
            shape = [s if isinstance(s, int) else 1 for s in session.get_inputs()[0].shape]
            kind = model.graph.output[0].type.tensor_type.elem_type
            dtype = np.float64 if kind == TensorProto.DOUBLE else np.float32
            points = random_points(shape, dtype, np.random.default_rng(seed), 4)
            session.run(None, {session.get_inputs()[0].name: points[0]})
        except Exception as error:  # a model that onnxruntime refuses says nothing
            skipped += 1
            print(f"seed {seed}: onnxruntime refuses: {str(error)[:120]}", file=sys.stderr)
            continue
        path = folder / f"model{seed}.onnx"
        path.write_bytes(content)
        try:
            answers = foldline(program, path, points)
            for point, answer in zip(points, answers):
                expected = list(np.ravel(Evaluator(model).run(exact(point))))
                assert answer == expected, f"exact values differ: {answer} {expected}"
                exact_values += len(answer)
            worst = max(worst, check_runtime(model, session, points, answers)[0])
        except ArithmeticError:
            continue
        except Exception as error:
            print(f"seed {seed}: {error}\n{[n.op_type for n in model.graph.node]}")
            (pathlib.Path(tempfile.gettempdir()) / "failing.onnx").write_bytes(content)
            raise SystemExit(1)
        operators.update({n.op_type for n in model.graph.node})
        path.unlink()
        done += 1
    print(f"{done} random models agree ({skipped} refused by onnxruntime): {exact_values} outputs")
    print(f"  exactly as fractions; onnxruntime within {worst:.3f} of the rounding bound")
    print("  models with each operator:", dict(sorted(operators.items())))


def compare_plain(program, count, first_seed, folder):
    weights = 0
    for seed in range(first_seed, first_seed + count):
        model, layers = plain_model(seed)
        path = folder / "plain.onnx"
        path.write_bytes(model.SerializeToString())
        done = subprocess.run([program, str(path), "--json"], capture_output=True, text=True)
        found = json.loads(done.stdout)["layers"]
        assert len(found) == len(layers), f"seed {seed}: {len(found)} layers"
        for layer, (matrix, bias, activation) in zip(found, layers):
            assert layer["activation"] == activation, seed
            rows = [[Fraction(value) for value in row] for row in layer["weights"]]
            assert rows == exact(matrix).tolist(), f"seed {seed}: weights differ"
            assert [Fraction(value) for value in layer["bias"]] == exact(bias).tolist(), seed
            weights += matrix.size + bias.size
    print(f"{count} plain models: {weights} weights equal bit for bit")


def compare_networks(program, paths, exact_up_to=300_000):
    for path in paths:
        content = pathlib.Path(path).read_bytes()
        content = gzip.decompress(content) if path.endswith(".gz") else content
        model, session = onnx.load_from_string(content), runtime_session(content)
        shape = [s if isinstance(s, int) else 1 for s in session.get_inputs()[0].shape]
        points = random_points(shape, np.float32, np.random.default_rng(7), 20)
        answers = foldline(program, path, points)
        worst, relative = check_runtime(model, session, points, answers)
        exactly = 0
        if sum(np.prod(t.dims, dtype=int) for t in model.graph.initializer) <= exact_up_to:
            for point, answer in list(zip(points, answers))[:2]:
                assert answer == list(np.ravel(Evaluator(model).run(exact(point)))), path
                exactly += 1
        print(
            f"{pathlib.Path(path).name}: {exactly} points exactly, {len(points)} by onnxruntime:"
            f" {worst:.1e} of the rounding bound, largest relative difference {relative:.1e}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluate", required=True, help="the built example `evaluate`")
    parser.add_argument("--models", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--networks", nargs="*", help="compare these networks instead")
    options = parser.parse_args()
    if options.networks:
        compare_networks(options.evaluate, options.networks)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare_plain(options.evaluate, 100, options.seed, pathlib.Path(folder))
        compare_random(options.evaluate, options.models, options.seed, pathlib.Path(folder))


if __name__ == "__main__":
    main()
