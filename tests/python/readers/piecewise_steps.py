"""Steps of random models with piecewise-linear operators, reductions, and what moves or makes elements."""

import numpy as np
from onnx import helper


class Steps:
    def number(self, value):
        """A constant of one element."""
        return self.constant(np.array(value, dtype=self.dtype))

    def step_leaky(self, name, shape):
        attributes = {"alpha": self.random.choice([0.1, 0.25, 1.5, -0.5, 0.0, 1.0])} if self.random.random() < 0.8 else {}
        return self.node("LeakyRelu", [name], **attributes), shape

    def step_parametric(self, name, shape):
        if self.operator_set < 9 and self.dtype is np.float64:
            return None
        return self.node("PRelu", [name, self.weights(self.broadcastable(shape))]), shape

    def step_clip(self, name, shape):
        low, high = sorted(self.random.uniform(-2, 2) for _ in range(2))
        if self.random.random() < 0.3:
            low, high = 0.0, 6.0
        uses_low, uses_high = self.random.random() < 0.7, self.random.random() < 0.7
        if self.operator_set < 11:
            if self.dtype is np.float64:
                return None
            attributes = {key: value for key, value, used in (("min", low, uses_low), ("max", high, uses_high)) if used}
            return self.node("Clip", [name], **attributes), shape
        inputs = [name, self.number(low) if uses_low else ""]
        if uses_high:
            inputs.append(self.number(high))
        return self.node("Clip", inputs if uses_low or uses_high else inputs[:1]), shape

    def step_hard_sigmoid(self, name, shape):
        if self.dtype is np.float64:
            return None
        attributes = {"alpha": 0.3, "beta": 0.4} if self.random.random() < 0.5 else {}
        return self.node("HardSigmoid", [name], **attributes), shape

    def step_several(self, name, shape):
        """Max, Min, Mean or Sum of the tensor, constants and earlier tensors."""
        operator = self.random.choice(["Max", "Min", "Max", "Min", "Mean"])
        if self.operator_set < 8 and operator != "Mean" and self.dtype is np.float64:
            return None
        others = [entry[0] for entry in self.history if entry[1] == shape]
        inputs = [name]
        for _ in range(self.random.randint(0, 3)):
            if others and self.random.random() < 0.5:
                inputs.append(self.random.choice(others))
            else:
                stored = shape if self.operator_set < 8 else self.broadcastable(shape)
                inputs.append(self.constant(self.values(stored)))
        self.random.shuffle(inputs)
        return self.node(operator, inputs), shape

    def step_reduce(self, name, shape):
        if not shape:
            return None
        operator = self.random.choice(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1"])
        axes = self.random.sample(range(len(shape)), self.random.randint(1, len(shape)))
        if self.operator_set >= 11 and self.random.random() < 0.3:
            axes = [axis - len(shape) for axis in axes]
        keeps = self.random.random() < 0.5
        attributes = {} if keeps and self.random.random() < 0.5 else {"keepdims": int(keeps)}
        inputs = [name]
        if self.random.random() < 0.15:
            axes = list(range(len(shape)))
        elif self.operator_set >= (13 if operator == "ReduceSum" else 18):
            inputs.append(self.constant(np.array(axes, dtype=np.int64)))
        else:
            attributes["axes"] = axes
        reduced = {axis % len(shape) for axis in axes}
        sizes = [(1 if i in reduced else size) for i, size in enumerate(shape) if keeps or i not in reduced]
        return self.node(operator, inputs, **attributes), tuple(sizes)

    def step_split(self, name, shape):
        axes = [axis for axis, size in enumerate(shape) if size > 1]
        if not axes:
            return None
        axis = self.random.choice(axes)
        size = shape[axis]
        first = self.random.randint(1, size - 1)
        lengths, inputs, attributes = [first, size - first], [name], {"axis": axis}
        if self.random.random() < 0.4 and (size % 2 == 0 or self.operator_set >= 18):
            lengths = [-(-size // 2), size // 2]
            if self.operator_set >= 18:
                attributes["num_outputs"] = 2
        elif self.operator_set >= 13:
            inputs.append(self.constant(np.array(lengths, dtype=np.int64)))
        else:
            attributes["split"] = lengths
        outputs = [self.fresh(), self.fresh()]
        self.nodes.append(helper.make_node("Split", inputs, outputs, **attributes))
        shapes = [shape[:axis] + (length,) + shape[axis + 1 :] for length in lengths]
        chosen = self.random.randrange(2)
        self.history.append((outputs[1 - chosen], shapes[1 - chosen]))
        return outputs[chosen], shapes[chosen]

    def step_pad(self, name, shape):
        if not shape:
            return None
        rank = len(shape)
        mode = self.random.choice(["constant", "constant", "edge", "reflect"] + (["wrap"] if self.operator_set >= 19 else []))
        most = {"reflect": lambda size: min(2, size - 1), "wrap": lambda size: min(2, size)}.get(mode, lambda size: 2)
        pads = [self.random.randint(0, most(shape[i % rank])) for i in range(2 * rank)]
        if mode == "constant" and self.random.random() < 0.2 and shape[0] > 1:
            pads[0] = -1
        result = tuple(size + pads[i] + pads[rank + i] for i, size in enumerate(shape))
        if min(result) < 1 or np.prod(result) > 64:
            return None
        value = self.random.choice([0.0, 0.0, 1.5])
        if self.operator_set < 11:
            attributes = {"value": value} if value else {}
            return self.node("Pad", [name], pads=pads, mode=mode, **attributes), result
        inputs = [name, self.constant(np.array(pads, dtype=np.int64))]
        if value:
            inputs.append(self.number(value))
        return self.node("Pad", inputs, mode=mode), result

    def step_repeat(self, name, shape):
        if not shape:
            return None
        if self.random.random() < 0.5 and self.operator_set >= 8:
            wanted = tuple(self.random.choice([size, 1]) if size > 1 else self.random.randint(1, 3) for size in shape)
            wanted = wanted[self.random.randint(0, len(wanted) - 1) :] if self.random.random() < 0.5 else (1,) + wanted
            stored = self.constant(np.array(wanted, dtype=np.int64))
            return self.node("Expand", [name, stored]), np.broadcast_shapes(shape, wanted)
        repeats = [self.random.randint(1, 2) for _ in shape]
        stored = self.constant(np.array(repeats, dtype=np.int64))
        return self.node("Tile", [name, stored]), tuple(size * times for size, times in zip(shape, repeats))

    def step_cast(self, name, shape):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        if self.random.random() < 0.5:
            return self.node("Cast", [name], to=kind), shape
        integers = self.numbers.integers(-3, 4, size=self.broadcastable(shape))
        stored = self.constant(integers.astype(self.random.choice([np.int32, np.int64])))
        return self.node("Add", [name, self.node("Cast", [stored], to=kind)]), shape

    def step_constant_of_shape(self, name, shape):
        if self.operator_set < 9:
            return None
        sizes = self.node("Shape", [name])
        value = helper.make_tensor("v", helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype)), [1], [0.75])
        return self.node("Mul", [name, self.node("ConstantOfShape", [sizes], value=value)]), shape

    def step_power(self, name, shape):
        return self.node("Pow", [name, self.number(self.random.choice([1, 1, 1, 0]))]), shape

    def step_einsum(self, name, shape):
        if self.operator_set < 12 or not 1 <= len(shape) <= 3:
            return None
        letters = "abc"[: len(shape)]
        kind = self.random.random()
        if kind < 0.4:
            width = self.random.randint(1, 4)
            matrix = self.weights((shape[-1], width))
            equation, result = f"{letters},{letters[-1]}z->{letters[:-1]}z", shape[:-1] + (width,)
            return self.node("Einsum", [name, matrix], equation=equation), result
        if kind < 0.7:
            matrix = self.weights((shape[0],))
            return self.node("Einsum", [matrix, name], equation=f"{letters[0]},{letters}->{letters[1:]}"), shape[1:]
        return self.node("Einsum", [name], equation=f"...{letters[-1]}->{letters[-1]}..."), shape[-1:] + shape[:-1]

    def step_dequantize(self, name, shape):
        if not shape or self.operator_set < 13 or self.dtype is np.float64:
            return None
        kind = self.random.choice([np.int8, np.uint8])
        weights = self.constant(self.numbers.integers(0, 100, size=(shape[-1], 3)).astype(kind))
        per_axis = self.random.random() < 0.5
        size = (3,) if per_axis else ()
        scale = self.constant(np.asarray(np.abs(self.numbers.normal(size=size)) + 0.01, dtype=np.float32))
        inputs = [weights, scale]
        if self.random.random() < 0.7:
            inputs.append(self.constant(np.asarray(self.numbers.integers(0, 9, size=size), dtype=kind)))
        matrix = self.node("DequantizeLinear", inputs, **({"axis": 1} if per_axis else {}))
        return self.node("MatMul", [name, matrix]), shape[:-1] + (3,)

    def step_range(self, name, shape):
        """Integers counted, compared and cast: what exporters write for positions."""
        if not shape or self.operator_set < 11:
            return None
        bounds = [self.constant(np.array(value, dtype=np.int64)) for value in (0, shape[-1], 1)]
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        positions = self.node("Cast", [self.node("Range", bounds)], to=kind)
        return self.node("Mul", [name, positions]), shape

    def step_choose(self, name, shape):
        """Elements by constant indices: gathered, replaced or added to."""
        if not shape or self.operator_set < 11:
            return None
        axis = self.random.randrange(len(shape))
        kind = self.random.random()
        if kind < 0.3:
            count = shape[:axis] + (self.random.randint(1, shape[axis]),) + shape[axis + 1 :]
            indices = self.constant(self.numbers.integers(-shape[axis], shape[axis], size=count))
            return self.node("GatherElements", [name, indices], axis=axis), count
        depth = self.random.randint(1, len(shape))
        places = self.numbers.permutation(int(np.prod(shape[:depth])))[: self.random.randint(1, 3)]
        indices = np.stack(np.unravel_index(places, shape[:depth]), axis=-1).astype(np.int64)
        stored = self.constant(indices)
        if kind < 0.6:
            return self.node("GatherND", [name, stored]), (len(places),) + shape[depth:]
        updates = self.constant(self.values((len(places),) + shape[depth:]))
        adds = {"reduction": "add"} if self.operator_set >= 16 and self.random.random() < 0.5 else {}
        return self.node("ScatterND", [name, stored, updates], **adds), shape

    def step_running_sum(self, name, shape):
        if not shape or self.operator_set < 11:
            return None
        axis = self.constant(np.array(self.random.randrange(len(shape)), dtype=np.int64))
        flags = {key: self.random.randint(0, 1) for key in ("exclusive", "reverse")}
        return self.node("CumSum", [name, axis], **flags), shape

    def step_triangle(self, name, shape):
        if len(shape) < 2 or self.operator_set < 14:
            return None
        diagonal = self.constant(np.array(self.random.randint(-2, 2), dtype=np.int64))
        return self.node("Trilu", [name, diagonal], upper=self.random.randint(0, 1)), shape

    def step_extract(self, name, shape):
        if len(shape) != 2 or self.dtype is np.float64:
            return None
        indices = self.constant(self.numbers.integers(0, shape[1], size=3))
        return self.node("ArrayFeatureExtractor", [name, indices], domain="ai.onnx.ml"), (shape[0], 3)

    def floats(self, count):
        return [float(np.float32(value)) for value in self.numbers.normal(size=count)]

    def step_fused_gemm(self, name, shape):
        if len(shape) != 2 or self.dtype is np.float64:
            return None
        width = self.random.randint(1, 5)
        attributes = {"activation": self.random.choice(["Relu", "LeakyRelu"]), "alpha": 0.5, "transB": 1}
        if attributes["activation"] == "LeakyRelu":
            attributes["activation_alpha"] = 0.25
        inputs = [name, self.weights((width, shape[1])), self.weights((width,))]
        return self.node("FusedGemm", inputs, domain="com.microsoft", **attributes), (shape[0], width)

    def step_scaler(self, name, shape):
        if len(shape) != 2 or self.dtype is np.float64:
            return None
        offset, scale = self.floats(shape[1]), self.floats(self.random.choice([1, shape[1]]))
        if len(scale) != len(offset):
            offset = offset[:1]
        return self.node("Scaler", [name], domain="ai.onnx.ml", offset=offset, scale=scale), shape

    def step_regressor(self, name, shape):
        if len(shape) != 2 or self.dtype is np.float64:
            return None
        targets = self.random.randint(1, 3)
        attributes = {"coefficients": self.floats(targets * shape[1]), "targets": targets}
        if self.random.random() < 0.7:
            attributes["intercepts"] = self.floats(targets)
        return self.node("LinearRegressor", [name], domain="ai.onnx.ml", **attributes), (shape[0], targets)

    def step_function(self, name, shape):
        """A function that the file defines: max(slope·a, a) · factor, for slopes below 1."""
        if self.operator_set < 13 or self.dtype is np.float64:
            return None
        leaky = helper.make_node("LeakyRelu", ["a"], ["l"])
        reference = leaky.attribute.add()
        reference.name, reference.ref_attr_name, reference.type = "alpha", "slope", 1
        product = helper.make_node("Mul", ["l", "factor"], ["b"])
        imports = [helper.make_opsetid("", self.operator_set)]
        self.functions = [
            helper.make_function("mine", "scaled", ["a", "factor"], ["b"], [leaky, product], imports, ["slope"])
        ]
        return self.node("scaled", [name, self.number(0.75)], domain="mine", slope=0.25), shape
