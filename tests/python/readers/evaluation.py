"""Evaluation of ONNX models in exact fractions, or as bounds of magnitudes, with numpy and nothing of foldline."""

from fractions import Fraction

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from . import constant_values, window_values
from . import piecewise_values as values
from .window_values import one

PIECEWISE = {
    "LeakyRelu", "PRelu", "Clip", "HardSigmoid", "Max", "Min", "Mean", "ReduceSum", "ReduceMean", "ReduceMax",
    "ReduceMin", "ReduceL1", "ReduceProd", "Einsum", "DequantizeLinear", "Where",
}
TRUTHS = {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or"}
WINDOWS = {"Conv", "ConvTranspose", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool"}
MADE = {
    "GatherElements", "GatherND", "ScatterND", "CumSum", "Trilu", "ArrayFeatureExtractor", "Split", "Pad", "Expand",
    "Tile", "ConstantOfShape", "Range", "Resize", "Upsample", "DepthToSpace", "SpaceToDepth",
}
OF_CONSTANTS = {
    "Mod", "Reciprocal", "Sqrt", "Floor", "Ceil", "Pow", "IsNaN", "IsInf", "QuantizeLinear", "TopK", "Shrink",
    "ScatterElements",
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
        self.truths = set()  # names of computed truth values, which magnitudes stand for

    def run(self, point):
        known = {tensor.name: self.load(tensor) for tensor in self.model.graph.initializer}
        name = [v.name for v in self.model.graph.input if v.name not in known][0]
        known[name] = np.abs(point) if self.magnitude else point
        return self.graph(self.model.graph, known)

    def graph(self, graph, known):
        """The graph's first output from the tensors that are known."""
        for node in graph.node:
            inputs = [known[name] if name else None for name in node.input]
            if node.op_type == "If":
                branches = {a.name: a.g for a in node.attribute}
                result = self.graph(branches["then_branch" if inputs[0] else "else_branch"], dict(known))
            else:
                result = self.node(node, inputs)
            results = result if isinstance(result, list) else [result]
            known.update((name, as_array(value)) for name, value in zip(node.output, results))
        return known[graph.output[0].name]

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
        if operator in ("Scaler", "LinearRegressor", "LinearClassifier"):
            return self.learned(operator, x, attributes)
        if operator in ("Imputer", "ZipMap"):
            return x
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
            return self.stored(attributes)
        if operator in TRUTHS:
            self.roundings += 4
            result = self.truth(operator, inputs)
            if result.dtype != bool:
                self.truths.add(node.output[0])
            return result
        if operator in ("Cast", "CastLike"):
            # A truth value counts twice, as that it is the wrong one adds no more than the number it chooses.
            if node.input[0] in self.truths:
                return np.full(x.shape, 2.0)
            like = attributes["to"] if operator == "Cast" else TensorProto.FLOAT
            return values.cast(x, like, self.numbers, self.magnitude)
        if operator in OF_CONSTANTS:
            return self.of_constants(operator, inputs, attributes)
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
        coefficients = vector("coefficients").reshape(-1, x.shape[-1])
        result = np.matmul(x, coefficients.T)
        result = result + vector("intercepts") if "intercepts" in attributes else result
        # A classifier's labels are not read.
        return [None, result] if operator == "LinearClassifier" else result

    def stored(self, attributes):
        """What Constant holds, as a tensor or as numbers."""
        if "value" in attributes:
            return self.load(attributes["value"])
        ((name, value),) = attributes.items()
        kind = TensorProto.FLOAT if name.startswith("value_float") else TensorProto.INT64
        shape = [len(value)] if name.endswith("s") else []
        return self.load(helper.make_tensor("", kind, shape, value if shape else [value]))

    def of_constants(self, operator, inputs, attributes):
        x, magnitude = inputs[0], self.magnitude
        self.roundings += 8
        if operator == "Mod":
            return constant_values.remainder(x, inputs[1], attributes)
        if operator == "Reciprocal":
            return one(x) / x
        if operator == "Sqrt":
            return constant_values.root(x, self.dtype())
        if operator in ("Floor", "Ceil"):
            return constant_values.whole(operator, x, magnitude)
        if operator == "Pow":
            return constant_values.power(x, inputs[1])
        if operator in ("IsNaN", "IsInf"):
            return np.zeros(x.shape, dtype=bool)
        compute = {
            "QuantizeLinear": constant_values.quantize, "TopK": constant_values.top, "Shrink": constant_values.shrink,
            "ScatterElements": constant_values.scatter_elements,
        }[operator]
        return compute(inputs, attributes, magnitude)

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
        if operator == "Einsum":
            self.roundings += 2 * max(operand.size for operand in inputs)
            return values.einsum(attributes["equation"].decode(), inputs)
        if operator == "DequantizeLinear":
            result = values.dequantize(inputs, attributes)
            return np.abs(result) if magnitude else result
        # Near the change both values count, and what decides between them is no better known than they are.
        if magnitude and x.dtype != bool:
            return x * 4 + inputs[1] * 4 + inputs[2] * 4
        return np.where(*inputs)

    def truth(self, operator, inputs):
        """A truth value; as a magnitude that of the numbers that are compared."""
        if operator == "Not":
            return ~inputs[0] if inputs[0].dtype == bool else inputs[0]
        if operator in ("And", "Or"):
            computed = [operand for operand in inputs if operand.dtype != bool]
            if computed:
                return np.broadcast_arrays(computed[0], *inputs)[0]
            return (np.logical_and if operator == "And" else np.logical_or)(*inputs)
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

    def dtype(self):
        return np.float64 if self.model.graph.output[0].type.tensor_type.elem_type == 11 else np.float32

    def normalize(self, inputs, attributes):
        x, scale, bias, mean, variance = inputs
        dtype = self.dtype()
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
        if operator == "Size":
            return np.array(x.size, dtype=np.int64)
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
        given = attributes["scales"] if "scales" in attributes else None if sizes is not None else np.ravel(inputs[index])
        scales = None if given is None else [float(scale) for scale in given]
        self.roundings += 16
        return window_values.resize(x, attributes, scales, sizes, self.version, self.magnitude)
