"""Steps of random models with operators on constants: what exporters leave in a graph and foldline computes as it reads."""

import numpy as np
from onnx import helper


class Steps:
    """Each step joins the tensor with a constant that operators have made of stored ones."""

    def element(self):
        """ONNX's number of the model's type."""
        return helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))

    def join(self, name, shape, constant):
        """The tensor with a computed constant that broadcasts to its shape."""
        return self.node(self.random.choice(["Add", "Sub", "Mul"]), [name, constant]), shape

    def integers(self, low, high, shape, kind=np.int64):
        return self.constant(self.numbers.integers(low, high, size=shape).astype(kind))

    def step_remainder(self, name, shape):
        if self.operator_set < 10:
            return None
        size = self.broadcastable(shape)
        divisors = self.numbers.integers(1, 6, size=size) * self.numbers.choice([-1, 1], size=size)
        inputs = [self.integers(-9, 10, size), self.constant(divisors.astype(np.int64))]
        attributes = self.random.choice([{}, {"fmod": 0}, {"fmod": 1}])
        return self.join(name, shape, self.node("Cast", [self.node("Mod", inputs, **attributes)], to=self.element()))

    def step_reciprocal(self, name, shape):
        size = self.broadcastable(shape)
        data = self.numbers.uniform(0.25, 4, size=size) * self.numbers.choice([-1, 1], size=size)
        return self.join(name, shape, self.node("Reciprocal", [self.constant(np.asarray(data, dtype=self.dtype))]))

    def step_root(self, name, shape):
        """A root, rounded to the type; in DOUBLE it would be another number than in FLOAT."""
        if self.is_mixed:
            return None
        data = np.asarray(self.numbers.uniform(0, 9, size=self.broadcastable(shape)), dtype=self.dtype)
        return self.join(name, shape, self.node("Sqrt", [self.constant(data)]))

    def step_whole(self, name, shape):
        operator = self.random.choice(["Floor", "Ceil"])
        data = np.asarray(self.numbers.normal(size=self.broadcastable(shape)) * 3, dtype=self.dtype)
        return self.join(name, shape, self.node(operator, [self.constant(data)]))

    def step_constant_power(self, name, shape):
        size = self.broadcastable(shape)
        data = self.numbers.uniform(0.5, 2, size=size) * self.numbers.choice([-1, 1], size=size)
        base = self.constant(np.asarray(data, dtype=self.dtype))
        return self.join(name, shape, self.node("Pow", [base, self.number(self.random.choice([-1, 0, 2, 3]))]))

    def step_product(self, name, shape):
        """Products of the elements of a constant."""
        if not shape:
            return None
        axis = self.random.randrange(len(shape))
        whole = shape[:axis] + (self.random.randint(1, 4),) + shape[axis + 1 :]
        inputs, attributes = [self.constant(self.values(whole))], {"keepdims": 1}
        if self.operator_set < 18:
            attributes["axes"] = [axis]
        else:
            inputs.append(self.constant(np.array([axis], dtype=np.int64)))
        return self.join(name, shape, self.node("ReduceProd", inputs, **attributes))

    def step_size(self, name, shape):
        count = self.node("Cast", [self.node("Size", [name])], to=self.element())
        return self.join(name, shape, count)

    def step_cast_like(self, name, shape):
        if self.operator_set < 15:
            return None
        if self.random.random() < 0.3:
            return self.node("CastLike", [name, name]), shape
        stored = self.integers(-3, 4, self.broadcastable(shape), self.random.choice([np.int32, np.int64]))
        return self.join(name, shape, self.node("CastLike", [stored, name]))

    def step_not_a_number(self, name, shape):
        """What replaces NaN or infinity, of which there is none."""
        if self.operator_set < 10:
            return None
        operator = self.random.choice(["IsNaN", "IsInf"])
        attributes = {"detect_negative": 0} if operator == "IsInf" and self.random.random() < 0.3 else {}
        return self.node("Where", [self.node(operator, [name], **attributes), self.number(0.25), name]), shape

    def step_quantize(self, name, shape):
        """Constants that are quantized and taken back, as quantized networks have their weights."""
        if not shape or self.operator_set < 10 or self.dtype is np.float64:
            return None
        kind = self.random.choice([np.int8, np.uint8])
        weights = self.constant(np.asarray(self.numbers.normal(size=(shape[-1], 3)) * 3, dtype=np.float32))
        per_axis = self.operator_set >= 13 and self.random.random() < 0.5
        size = (3,) if per_axis else ()
        scale = np.asarray(np.abs(self.numbers.normal(size=size)) * 0.1 + 0.01, dtype=np.float32)
        zero = np.asarray(self.numbers.integers(0, 9, size=size), dtype=kind)
        parameters = [self.constant(scale), self.constant(zero)]
        attributes = {"axis": 1} if per_axis else {}
        levels = self.node("QuantizeLinear", [weights] + parameters, **attributes)
        matrix = self.node("DequantizeLinear", [levels] + parameters, **attributes)
        return self.node("MatMul", [name, matrix]), shape[:-1] + (3,)
