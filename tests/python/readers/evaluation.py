"""Evaluation of ONNX models in exact fractions, or as bounds of magnitudes, with numpy and nothing of foldline."""

from fractions import Fraction

import numpy as np
from onnx import helper, numpy_helper

from . import piecewise_values as values
from . import window_values

PIECEWISE = {
    "LeakyRelu", "PRelu", "Clip", "HardSigmoid", "Max", "Min", "Mean", "ReduceSum", "ReduceMean", "ReduceMax",
    "ReduceMin", "ReduceL1", "Pow", "Einsum", "DequantizeLinear", "Where", "Not", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual",
}
WINDOWS = {"Conv", "ConvTranspose", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool"}
MADE = {
    "GatherElements", "GatherND", "ScatterND", "CumSum", "Trilu", "ArrayFeatureExtractor", "Split", "Pad", "Expand", "Tile", "Cast", "ConstantOfShape", "Range", "Resize", "Upsample", "DepthToSpace",
    "SpaceToDepth",
}


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
        known = {tensor.name: self.load(tensor) for tensor in self.model.graph.initializer}
        name = [v.name for v in self.model.graph.input if v.name not in known][0]
        known[name] = np.abs(point) if self.magnitude else point
        for node in self.model.graph.node:
            inputs = [known[name] if name else None for name in node.input]
            result = self.node(node, inputs)
            results = result if isinstance(result, list) else [result]
            known.update((name, as_array(value)) for name, value in zip(node.output, results))
        return known[self.model.graph.output[0].name]

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
        if operator == "FusedGemm":
            x = self.gemm(inputs, attributes)
            slope = attributes.get("activation_alpha", 0) if attributes["activation"] == b"LeakyRelu" else 0
            return values.sloped(x, values.of_float(slope, x), self.magnitude)
        if operator in ("Scaler", "LinearRegressor"):
            return self.learned(operator, x, attributes)
        if operator == "scaled":
            self.roundings += 4
            return values.sloped(x, values.of_float(attributes["slope"], x), self.magnitude) * inputs[1]
        if operator == "MatMul":
            self.roundings += x.shape[-1] + 1
            return np.matmul(inputs[0], inputs[1])
        if operator == "Gemm":
            return self.gemm(inputs, attributes)
        if operator == "BatchNormalization":
            return self.normalize(inputs, attributes)
        if operator == "Constant":
            return self.load(attributes["value"])
        if operator in PIECEWISE:
            return self.piecewise(operator, inputs, attributes)
        if operator in WINDOWS:
            return self.windows(operator, inputs, attributes)
        return self.arrange(operator, inputs, attributes)

    def learned(self, operator, x, attributes):
        vector = lambda key: self.load(helper.make_tensor("", 1, [len(attributes[key])], attributes[key]))
        self.roundings += x.shape[-1] + 4
        if operator == "Scaler":
            offset = vector("offset")
            return (x + offset if self.magnitude else x - offset) * vector("scale")
        result = np.matmul(x, vector("coefficients").reshape(attributes["targets"], -1).T)
        return result + vector("intercepts") if "intercepts" in attributes else result

    def piecewise(self, operator, inputs, attributes):
        x, magnitude = inputs[0], self.magnitude
        self.roundings += 4
        if operator == "LeakyRelu":
            return values.sloped(x, values.of_float(attributes.get("alpha", 0.01), x), magnitude)
        if operator == "PRelu":
            return values.sloped(x, inputs[1], magnitude)
        if operator == "Clip":
            return values.clip(inputs, attributes, magnitude)
        if operator == "HardSigmoid":
            return values.hard_sigmoid(x, attributes, magnitude)
        if operator in ("Max", "Min", "Mean"):
            self.roundings += len(inputs)
            return values.several(operator, inputs, magnitude)
        if operator.startswith("Reduce"):
            self.roundings += x.size
            axes = list(map(int, inputs[1])) if len(inputs) > 1 else attributes.get("axes")
            return values.reduce(operator, x, axes, attributes, magnitude)
        if operator == "Pow":
            return np.where(inputs[1] == 1, x, x * 0 + 1)
        if operator == "Einsum":
            self.roundings += 2 * max(operand.size for operand in inputs)
            return values.einsum(attributes["equation"].decode(), inputs)
        if operator == "DequantizeLinear":
            result = values.dequantize(inputs, attributes)
            return np.abs(result) if magnitude else result
        return self.choice(operator, inputs)

    def choice(self, operator, inputs):
        if operator == "Where":
            # Near the change both values count, and what decides between them is no better known than they are.
            if self.magnitude and inputs[0].dtype != bool:
                return inputs[0] * 4 + inputs[1] * 4 + inputs[2] * 4
            return np.where(*inputs)
        if operator == "Not":
            return ~inputs[0] if inputs[0].dtype == bool else inputs[0]
        if self.magnitude and inputs[0].dtype.kind == "f":
            return inputs[0] + inputs[1]
        return values.compare(operator, *inputs)

    def windows(self, operator, inputs, attributes):
        x = inputs[0]
        if operator in ("Conv", "ConvTranspose"):
            self.roundings += inputs[1].size + 2
            compute = window_values.convolution if operator == "Conv" else window_values.transposed_convolution
            result = compute(x, inputs[1], attributes)
            shape = (1, -1) + (1,) * (x.ndim - 2)
            return result + inputs[2].reshape(shape) if len(inputs) > 2 else result
        if operator.startswith("Global"):
            attributes = {"kernel_shape": x.shape[2:]}
        self.roundings += x.size + 2
        return window_values.pool(x, attributes, operator.endswith("AveragePool"))

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
        later = [list(map(int, np.ravel(v))) for v in inputs[1:] if v is not None and v.dtype.kind == "i"]
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
        if operator in MADE:
            return self.made(operator, inputs, attributes)
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

    def made(self, operator, inputs, attributes):
        """Operators that repeat, cut or make elements."""
        x = inputs[0]
        integers = [list(map(int, np.ravel(value))) if value is not None else None for value in inputs[1:]]
        if operator == "Split":
            axis = attributes.get("axis", 0)
            count = attributes.get("num_outputs", 2)
            length = -(-x.shape[axis] // count)
            lengths = integers[0] if integers else attributes.get("split", [length, x.shape[axis] - length])
            return np.split(x, np.cumsum(lengths)[:-1], axis=axis)
        if operator == "Pad":
            pads = integers[0] if integers else attributes["pads"]
            zero = 0 * x.flat[0]
            value = inputs[2].flat[0] if len(inputs) > 2 else zero + values.of_float(attributes.get("value", 0), x)
            return values.pad(x, pads, attributes.get("mode", b"constant").decode(), value)
        if operator == "Expand":
            return np.broadcast_to(x, np.broadcast_shapes(x.shape, integers[0]))
        if operator == "Tile":
            return np.tile(x, integers[0])
        if operator == "Cast":
            return values.cast(x, attributes["to"], self.numbers, self.magnitude)
        if operator == "ConstantOfShape":
            value = self.load(attributes["value"]) if "value" in attributes else np.zeros(1)
            return np.full(list(map(int, x)), value.flat[0])
        if operator == "Range":
            return np.arange(int(x), *(int(value) for value in inputs[1:]))
        if operator == "DepthToSpace":
            return window_values.depth_to_space(x, attributes["blocksize"], attributes.get("mode", b"DCR"))
        if operator == "SpaceToDepth":
            return window_values.space_to_depth(x, attributes["blocksize"])
        if operator in values.CHOICES:
            self.roundings += x.size
            return values.CHOICES[operator](inputs, attributes)
        index = 2 if operator == "Resize" and self.version >= 11 else 1
        sizes = integers[2] if len(inputs) > 3 and inputs[3] is not None else None
        scales = None if sizes is not None else [float(scale) for scale in np.ravel(inputs[index])]
        return window_values.resize(x, attributes, scales, sizes, self.version)
