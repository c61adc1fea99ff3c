"""Random small ONNX models over the operators that foldline reads."""

import random

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from . import choice_steps, constant_steps, piecewise_steps, window_steps

OPERATOR_SETS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]
TYPES = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}


class Generator(piecewise_steps.Steps, window_steps.Steps, choice_steps.Steps, constant_steps.Steps):
    """Builds one random model; tracks the shape of every tensor."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.dtype = self.random.choice([np.float32, np.float32, np.float64])
        # DOUBLE inputs with some FLOAT weights, as ONNX forbids and files have it.
        self.is_mixed = self.dtype is np.float64 and self.random.random() < 0.5
        self.operator_set = self.random.choice(OPERATOR_SETS)
        self.nodes, self.initializers, self.listed, self.functions = [], [], [], []
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
        if self.is_mixed and np.asarray(array).dtype == np.float64 and self.random.random() < 0.6:
            array = np.asarray(array, dtype=np.float32)
        kind = self.random.random()
        attributes = self.as_attribute(np.asarray(array))
        if kind < 0.1 and attributes:
            self.nodes.append(helper.make_node("Constant", [], [name], **attributes))
            return name
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

    def as_attribute(self, array):
        """A number or a list of numbers as Constant has had them since operator set 12; none for other constants."""
        names = {np.dtype(np.float32): "value_float", np.dtype(np.int64): "value_int"}
        if self.operator_set < 12 or self.is_mixed or array.ndim > 1 or array.dtype not in names or not array.size:
            return {}
        return {names[array.dtype] + "s" * array.ndim: array.tolist()}

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
        weights |= {"step_convolution": 2, "step_pool": 2, "step_resize": 2, "step_depth": 2, "step_classifier": 2}
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
        if len(shape) == 2 and self.dtype is np.float32 and self.random.random() < 0.05:
            name, output = self.named_scores(name, shape)
        inputs = self.listed + [graph_input] if self.random.random() < 0.5 else [graph_input] + self.listed
        graph = helper.make_graph(self.nodes, "g", inputs, [output], self.initializers)
        domains = {"com.microsoft": 1, "ai.onnx.ml": 1, "mine": 1}
        used = [helper.make_opsetid(d, v) for d, v in domains.items() if any(n.domain == d for n in self.nodes)]
        imports = [helper.make_opsetid("", self.operator_set)] + used
        return helper.make_model(graph, opset_imports=imports, functions=self.functions, ir_version=8)


def in_double(model):
    """The model with its FLOAT constants as DOUBLE, which changes no number."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    stored = list(copy.graph.initializer)
    stored += [a.t for node in copy.graph.node if node.op_type == "Constant" for a in node.attribute]
    for tensor in stored:
        if tensor.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    for value in copy.graph.input:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return copy


def plain_model(seed):
    """A chain of Gemm or MatMul + Add with ReLUs between; returns model and its float weights."""
    generator = Generator(seed)
    generator.is_mixed = False
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
