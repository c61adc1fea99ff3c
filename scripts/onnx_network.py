"""ONNX models in exact fractions: affine operators, ReLUs and others made of them, convolutions, pooling. Needs the package onnx."""

import itertools, math, operator
from fractions import Fraction

from exact_statement import Affine, require, variables
from lowered_network import Program

ARITHMETIC = {"Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": operator.truediv}
WINDOW = {"kernel_shape", "strides", "pads", "auto_pad", "dilations"}
ATTRIBUTES = {"MatMul": set(), "Gemm": {"alpha", "beta", "transA", "transB"}, "Flatten": {"axis"}, "Squeeze": {"axes"},
              "Unsqueeze": {"axes"}, "Constant": {"value"}, "Reshape": set(), "Relu": set(), "Identity": set(), "Transpose": {"perm"},
              "LeakyRelu": {"alpha"}, "Clip": {"min", "max"}, "Max": set(), "Min": set(), "Neg": set(), "Abs": set(), "Sum": set(), "BatchNormalization": {"epsilon", "momentum"},
              "Concat": {"axis"}, "Conv": WINDOW | {"group"},
              "AveragePool": WINDOW | {"count_include_pad"}, "MaxPool": WINDOW, "GlobalAveragePool": set(), "GlobalMaxPool": set(),
              **dict.fromkeys(ARITHMETIC, set())}

def read_onnx_network(data):
    """A network from an ONNX model; every tensor is an array of fractions or, where it depends on the inputs, of affine functions."""
    global numpy, onnx  # JSON networks do without them
    import numpy, onnx
    graph = onnx.load_model_from_string(data).graph
    tensors = {tensor.name: onnx_constant(tensor) for tensor in graph.initializer}
    sources = [value for value in graph.input if value.name not in tensors]
    require(sources and graph.output and not graph.sparse_initializer, "the model is not of the simple kind")
    shapes = [[dimension.dim_value for dimension in source.type.tensor_type.shape.dim] for source in sources]
    shapes = [[size or int(place == 0) for place, size in enumerate(shape)] for shape in shapes]
    require(all(min(shape, default=1) > 0 for shape in shapes), "a size of an input is not known")
    program = Program(sum(map(math.prod, shapes)))
    inputs = iter(variables(program.inputs))
    for source, shape in zip(sources, shapes):
        tensors[source.name] = array_of(itertools.islice(inputs, math.prod(shape)), shape)
    for node in needed(graph):
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        supported = node.domain in ("", "ai.onnx") and attributes.keys() <= ATTRIBUTES.get(node.op_type, set())
        require(supported and node.op_type in ATTRIBUTES, f"the operator {node.op_type}, or an attribute of it, is not supported")
        (result,) = node.output
        require(result not in tensors, "a name is given twice")
        tensors[result] = simplified(Node(node.op_type, attributes, [tensors.get(name) for name in node.input], program).result())
    require(all(isinstance(tensors.get(output.name), numpy.ndarray) for output in graph.output), "an output is not computed")
    return program.network([Affine() + value for output in graph.output for value in tensors[output.name].flat])

def needed(graph):
    """The nodes that the outputs depend on."""
    names, nodes = {output.name for output in graph.output}, []
    for node in reversed(graph.node):
        if names & set(node.output):
            names |= set(node.input)
            nodes.insert(0, node)
    return nodes

def array_of(values, shape):
    values = list(values)
    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)

def onnx_constant(tensor):
    """A constant: floats as an array of fractions, integers (for shapes) as a list."""
    require(tensor.data_location != onnx.TensorProto.EXTERNAL, "weights outside of the model file are not supported")
    values = onnx.numpy_helper.to_array(tensor)
    if values.dtype.kind == "i":
        return values.flatten().tolist()
    require(values.dtype.kind == "f", "the type of a constant is not supported")
    return array_of(map(Fraction, values.astype(float).flatten().tolist()), values.shape)

def simplified(tensor):
    """The tensor as a constant where no element depends on the inputs."""
    if not is_computed(tensor) or any((Affine() + value).terms() for value in tensor.flat):
        return tensor
    return array_of(((Affine() + value).constant() for value in tensor.flat), tensor.shape)

def is_computed(tensor):
    return isinstance(tensor, numpy.ndarray) and any(isinstance(value, Affine) for value in tensor.flat)

def rounded_factor(scale, radicand):
    """The 32-bit float next to scale / sqrt(radicand), by exact comparison of squares."""
    require(radicand > 0, "a variance is not positive")
    guess = numpy.float32(abs(float(scale)) / math.sqrt(radicand))
    below = above = guess
    while Fraction(float(below)) ** 2 * radicand > scale * scale:
        below = numpy.nextafter(below, numpy.float32(0))
    while Fraction(float(above)) ** 2 * radicand < scale * scale:
        above = numpy.nextafter(above, numpy.float32(numpy.inf))
    while (following := numpy.nextafter(below, numpy.float32(numpy.inf))) < above:
        below, above = (following, above) if Fraction(float(following)) ** 2 * radicand <= scale * scale else (below, following)
    middle = (Fraction(float(below)) + Fraction(float(above))) / 2
    require(below == above or middle ** 2 * radicand != scale * scale, "a factor lies in the middle of two floats")
    factor = Fraction(float(below if middle ** 2 * radicand > scale * scale else above))
    return -factor if scale < 0 else factor

class Node:
    """One operator with its operands; numpy's rules for shapes are those of ONNX."""
    def __init__(self, kind, attributes, operands, program):
        self.kind, self.attributes, self.operands, self.program = kind, attributes, operands, program

    def result(self):
        kind, (first, *others) = self.kind, self.operands or [None]
        if kind == "Constant":
            return onnx_constant(self.attributes["value"])
        if kind == "Identity":
            return first
        require(isinstance(first, numpy.ndarray), f"an operand of {kind} is missing or made of integers")
        if kind in ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"):
            return self.moved(first, *others)
        require(all(isinstance(other, numpy.ndarray) or other is None for other in others), f"{kind} with integers is not supported")
        if kind in ("Conv", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool"):
            return self.windows(*self.operands)
        if kind in ARITHMETIC:
            divides, multiplies = kind == "Div" and is_computed(others[0]), kind == "Mul" and all(map(is_computed, self.operands))
            require(not divides and not multiplies, f"{kind} of computed tensors is not affine")
            return numpy.asarray(ARITHMETIC[kind](first, others[0]), dtype=object)
        if kind in ("Neg", "Sum"):
            return -first if kind == "Neg" else sum(others, first)
        return {"MatMul": self.product, "Gemm": self.gemm, "BatchNormalization": self.normalized}.get(kind, self.piecewise)(*self.operands)

    def moved(self, tensor, axes=None):
        require(axes is None or isinstance(axes, list), f"the shape of {self.kind} is not constant")
        axes = self.attributes.get("axes", axes)
        if self.kind == "Flatten":
            return tensor.reshape((math.prod(tensor.shape[:self.attributes.get("axis", 1)]), -1))
        if self.kind == "Reshape":
            return tensor.reshape([size or tensor.shape[place] for place, size in enumerate(axes)])
        if self.kind == "Transpose":
            return tensor.transpose(self.attributes.get("perm"))
        return (numpy.squeeze if self.kind == "Squeeze" else numpy.expand_dims)(tensor, axes and tuple(axes))

    def linear(self, tensor, rows, shape):
        """The sums of weight * element that rows lists, as a tensor."""
        if not is_computed(tensor):
            return array_of((sum(tensor.flat[position] * weight for position, weight in row) for row in rows), shape)
        functions = [Affine() + element for element in tensor.flat]
        return array_of(self.program.combined(functions, rows), shape)

    def product(self, left, right):
        """A matrix product. Positions are multiplied instead of elements: each row lists where its terms are, and their weights."""
        require(not (is_computed(left) and is_computed(right)), "a product of computed tensors is not affine")
        tensor, is_left = (right, False) if is_computed(right) else (left, True)
        places = numpy.arange(tensor.size).reshape(tensor.shape)
        a, b = (places, right) if is_left else (left, places)
        a, b = a[None, :] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
        require(a.shape[-1] == b.shape[-2], "matrices do not fit")
        batch = numpy.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = numpy.broadcast_to(a, batch + a.shape[-2:]), numpy.broadcast_to(b, batch + b.shape[-2:])
        rows = []
        for index in numpy.ndindex(*batch, a.shape[-2], b.shape[-1]):
            pairs = zip(a[index[:-2] + (index[-2], slice(None))], b[index[:-2] + (slice(None), index[-1])])
            rows.append([(int(p), w) for p, w in (pair if is_left else pair[::-1] for pair in pairs) if w])
        shape = batch + (() if left.ndim == 1 else (a.shape[-2],)) + (() if right.ndim == 1 else (b.shape[-1],))
        return self.linear(tensor, rows, shape)

    def gemm(self, left, right, added=None):
        require(left.ndim == right.ndim == 2, "Gemm needs two matrices")
        left, right = left.T if self.attributes.get("transA") else left, right.T if self.attributes.get("transB") else right
        alpha, beta = Fraction(self.attributes.get("alpha", 1)), Fraction(self.attributes.get("beta", 1))
        left, right = (left * alpha, right) if is_computed(right) else (left, right * alpha)
        result = self.product(left, right)
        return result if added is None else result + numpy.broadcast_to(added * beta, result.shape)

    def normalized(self, x, scale, bias, mean, variance):
        """(x - mean) * factor + bias, where the factor scale / sqrt(variance + epsilon) is correctly rounded to a 32-bit float."""
        require(not any(map(is_computed, (scale, bias, mean, variance))), "the parameters of BatchNormalization are not constant")
        epsilon = Fraction(self.attributes.get("epsilon", float(numpy.float32(1e-5))))
        factor = array_of((rounded_factor(*pair) for pair in zip(scale.flat, (variance + epsilon).flat)), scale.shape)
        factor, bias, mean = (values.reshape((-1,) + (1,) * (x.ndim - 2)) for values in (factor, bias, mean))
        return (x - mean) * factor + bias

    def piecewise(self, first, *others):
        """Relu and what is made of it."""
        program = self.program
        if self.kind == "Concat":
            return numpy.concatenate(self.operands, axis=self.attributes["axis"])
        functions = [Affine() + element for element in first.flat]
        if self.kind == "Relu":
            return array_of((program.relu if is_computed(first) else program.positive_parts)(functions), first.shape)
        if self.kind == "LeakyRelu":
            slope = Fraction(self.attributes.get("alpha", float(numpy.float32(0.01))))
            if slope == 1:
                return first
            parts = program.positive_parts([part for function in functions for part in (function, -function if slope else Affine())])
            return array_of((above - below * slope for above, below in zip(parts[::2], parts[1::2])), first.shape)
        if self.kind == "Clip":
            return array_of(self.clipped(functions, *others), first.shape)
        if self.kind == "Abs":
            split = program.relu if is_computed(first) else program.positive_parts
            parts = split([part for function in functions for part in (function, -function)])
            return array_of((above + below for above, below in zip(parts[::2], parts[1::2])), first.shape)
        sign = 1 if self.kind == "Max" else -1
        operands = numpy.broadcast_arrays(*self.operands)
        groups = [[(Affine() + value) * sign for value in values] for values in zip(*(operand.flat for operand in operands))]
        return array_of((function * sign for function in program.maxima(groups)), operands[0].shape)

    def clipped(self, functions, low=None, high=None):
        bounds = [Fraction(self.attributes[name]) if name in self.attributes else None if bound is None else bound.item()
                  for name, bound in (("min", low), ("max", high))]
        largest = Fraction(float(numpy.finfo(numpy.float32).max))
        low, high = (None if bound is None or bound == end else bound for bound, end in zip(bounds, (-largest, largest)))
        if low is None and high is None:
            return functions
        if high is None:
            return [part + low for part in self.program.positive_parts([function - low for function in functions])]
        if low is None:
            return [high - part for part in self.program.positive_parts([high - function for function in functions])]
        require(low < high, "the bounds of Clip are the wrong way round")
        parts = self.program.positive_parts([part for function in functions for part in (function - low, function - high)])
        return [above - below + low for above, below in zip(parts[::2], parts[1::2])]

    def windows(self, x, kernel=None, bias=None):
        """Convolution and pooling: for each window the places of its elements, and the elements of the kernel that they meet."""
        require(not is_computed(kernel), "the kernel is not constant")
        spatial, is_global = x.shape[2:], self.kind.startswith("Global")
        sizes = spatial if is_global else self.attributes["kernel_shape"] if kernel is None else kernel.shape[2:]
        axes = [self.axis(number, size, spatial, sizes) for number, size in enumerate(spatial)]
        taps = [[tuple(zip(*steps)) for steps in itertools.product(*window)] for window in itertools.product(*axes)]
        taps = [[(tap, source) for tap, source in window if None not in source] for window in taps]
        counts = tuple(map(len, axes))
        places = numpy.arange(x.size).reshape(x.shape)
        channels = list(itertools.product(range(x.shape[0]), range(x.shape[1] if kernel is None else kernel.shape[0])))
        if kernel is None:
            groups = [[int(places[(n, c) + source]) for _, source in window] for n, c in channels for window in taps]
            return self.pooled(x, groups, x.shape[:2] + counts, math.prod(sizes))
        width, group_size = kernel.shape[1], kernel.shape[0] // self.attributes.get("group", 1)
        rows = [[(int(places[(n, m // group_size * width + c) + source]), kernel[(m, c) + tap])
                 for c in range(width) for tap, source in window if kernel[(m, c) + tap]] for n, m in channels for window in taps]
        result = self.linear(x, rows, (x.shape[0], kernel.shape[0]) + counts)
        return result if bias is None else result + bias.reshape((1, -1) + (1,) * len(spatial))

    def pooled(self, x, groups, shape, kernel_size):
        if self.kind.endswith("MaxPool"):
            functions = [Affine() + element for element in x.flat]
            return array_of(self.program.maxima([[functions[place] for place in group] for group in groups]), shape)
        whole = self.attributes.get("count_include_pad")
        rows = [[(place, Fraction(1, kernel_size if whole else len(group))) for place in group] for group in groups]
        return self.linear(x, rows, shape)

    def axis(self, number, size, spatial, sizes):
        """For each window along an axis its pairs of a place in the kernel and one on the axis, None in the padding."""
        rank, length = len(spatial), sizes[number]
        stride, dilation = (self.attributes.get(name, [1] * rank)[number] for name in ("strides", "dilations"))
        pads = self.attributes.get("pads", [0] * 2 * rank)
        begin, end, reach = pads[number], pads[rank + number], (length - 1) * dilation + 1
        mode = self.attributes.get("auto_pad", b"NOTSET")
        if mode.startswith(b"SAME"):
            total = max(0, (math.ceil(size / stride) - 1) * stride + reach - size)
            begin = total // 2 if mode == b"SAME_UPPER" else total - total // 2
            end = total - begin
        elif mode == b"VALID":
            begin, end = 0, 0
        starts = range(-begin, size + end - reach + 1, stride)
        places = [[start + tap * dilation for tap in range(length)] for start in starts]
        return [[(tap, place if 0 <= place < size else None) for tap, place in enumerate(window)] for window in places]
