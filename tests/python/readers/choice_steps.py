"""Steps of random models with choices: by comparisons in every form exporters write, by size, and by constants."""

import numpy as np
from onnx import TensorProto, helper


class Steps:
    def two_sides(self, name):
        """A comparison of z = x − c with 0, and what meets there: k·z + d where it is true, l·z + d elsewhere."""
        shift, high, low, constant = (self.number(self.random.choice([-1.5, -0.5, 0.0, 0.5, 1.0])) for _ in range(4))
        z = self.node("Sub", [name, shift])
        above = self.node("Add", [self.node("Mul", [z, high]), constant])
        below = self.node("Add", [self.node("Mul", [z, low]), constant])
        if self.random.random() < 0.3:
            above = self.node("Add", [self.node("Mul", [self.node("Relu", [z]), high]), constant])
        operators = ["Greater", "Less"] + (["GreaterOrEqual", "LessOrEqual"] if self.operator_set >= 12 else [])
        operator = self.random.choice(operators)
        if operator.startswith("Less"):
            above, below = below, above
        condition = self.node(operator, [z, self.number(0)])
        if self.random.random() < 0.2:
            condition, above, below = self.node("Not", [condition]), below, above
        return condition, above, below

    def truths(self, shape):
        """A constant of truth values."""
        return self.constant(self.numbers.random(self.broadcastable(shape)) < 0.5)

    def as_number(self, condition):
        return self.node("Cast", [condition], to=helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype)))

    def step_where(self, name, shape):
        if self.operator_set < 9:
            return None
        condition, above, below = self.two_sides(name)
        if self.random.random() < 0.3:
            connection = self.random.choice(["And", "Or"])
            operands = [condition, self.truths(shape)]
            self.random.shuffle(operands)
            condition = self.node(connection, operands)
        return self.node("Where", [condition, above, below]), shape

    def step_truth_product(self, name, shape):
        """c·a + (1 − c)·b for a comparison c as the number 0 or 1."""
        if self.operator_set < 9:
            return None
        condition, above, below = self.two_sides(name)
        number, opposite = self.as_number(condition), self.as_number(self.node("Not", [condition]))
        sides = [[number, above], [opposite, below]]
        for side in sides:
            self.random.shuffle(side)
        return self.node("Add", [self.node("Mul", side) for side in sides]), shape

    def step_gate(self, name, shape):
        """c·a, which is 0 where the comparison c changes."""
        if self.operator_set < 9:
            return None
        shift = self.number(self.random.choice([-1.0, 0.0, 0.5]))
        z = self.node("Sub", [name, shift])
        number = self.as_number(self.node(self.random.choice(["Greater", "Less"]), [name, shift]))
        factors = [number, self.node("Mul", [z, self.number(self.random.choice([-2.0, 0.5]))])]
        self.random.shuffle(factors)
        return self.node("Mul", factors), shape

    def step_where_constant(self, name, shape):
        if self.operator_set < 11:
            return None
        numbers = self.constant(self.numbers.integers(0, 3, size=self.broadcastable(shape)))
        condition = self.node("Equal", [numbers, self.constant(np.array(1, dtype=np.int64))])
        if self.random.random() < 0.5:
            condition = self.node(self.random.choice(["And", "Or"]), [self.truths(shape), condition])
        return self.node("Where", [condition, name, self.number(0.25)]), shape

    def step_branch(self, name, shape):
        """The branch that a constant condition chooses; both read the tensor around them."""
        condition = self.constant(np.array(self.random.random() < 0.5))
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        branches = {}
        for key, operator in (("then_branch", "Relu"), ("else_branch", "Neg")):
            output = self.fresh()
            node = helper.make_node(operator, [name], [output])
            value = helper.make_tensor_value_info(output, kind, list(shape))
            branches[key] = helper.make_graph([node], key, [], [value])
        return self.node("If", [condition], **branches), shape

    def step_shrink(self, name, shape):
        # onnxruntime's Shrink of DOUBLE computes in FLOAT.
        if self.operator_set < 9 or self.dtype is np.float64:
            return None
        by = self.random.choice([0.0, 0.25, 0.5, 1.3])
        return self.node("Shrink", [name], lambd=by, bias=by), shape

    def step_top(self, name, shape):
        axes = [axis for axis, size in enumerate(shape) if size <= 5]
        if not axes:
            return None
        axis = self.random.choice(axes)
        count = self.random.randint(1, shape[axis])
        inputs, attributes = [name], {"axis": axis}
        if self.operator_set < 10:
            attributes["k"] = count
        else:
            inputs.append(self.constant(np.array([count], dtype=np.int64)))
        if self.operator_set >= 11:
            attributes["largest"] = self.random.randint(0, 1)
        values, indices = self.fresh(), self.fresh()
        self.nodes.append(helper.make_node("TopK", inputs, [values, indices], **attributes))
        return values, shape[:axis] + (count,) + shape[axis + 1 :]

    def step_scatter_elements(self, name, shape):
        if not shape or self.operator_set < 11:
            return None
        axis = self.random.randrange(len(shape))
        size = shape[:axis] + (self.random.randint(1, shape[axis]),) + shape[axis + 1 :]
        if self.operator_set >= 16 and self.random.random() < 0.5:
            attributes = {"reduction": "add"}
            indices = self.numbers.integers(-shape[axis], shape[axis], size=size)
        else:
            attributes = {}
            orders = self.numbers.permuted(np.broadcast_to(np.arange(shape[axis]), size[:axis] + size[axis + 1 :] + (shape[axis],)), axis=-1)
            indices = np.moveaxis(orders, -1, axis)[tuple(slice(length) for length in size)]
        stored = self.constant(np.ascontiguousarray(indices, dtype=np.int64))
        return self.node("ScatterElements", [name, stored, self.constant(self.values(size))], axis=axis, **attributes), shape

    def step_imputer(self, name, shape):
        if len(shape) != 2 or self.dtype is np.float64:
            return None
        imputed = self.floats(self.random.choice([1, shape[1]]))
        attributes = {"imputed_value_floats": imputed, "replaced_value_float": float("nan")}
        return self.node("Imputer", [name], domain="ai.onnx.ml", **attributes), shape

    def step_classifier(self, name, shape):
        """The scores of a linear classifier; its labels nobody reads."""
        if len(shape) != 2 or self.dtype is np.float64:
            return None
        classes = self.random.randint(3, 4)
        scores = self.fresh()
        attributes = {"classlabels_ints": list(range(classes)), "coefficients": self.floats(classes * shape[1])}
        attributes["intercepts"] = self.floats(classes)
        outputs = [self.fresh(), scores]
        self.nodes.append(helper.make_node("LinearClassifier", [name], outputs, domain="ai.onnx.ml", **attributes))
        self.history.append((scores, (shape[0], classes)))
        return scores, (shape[0], classes)

    def named_scores(self, name, shape):
        """The last node that scikit-learn's classifiers have: a dictionary by class for each row; its type, too."""
        output = self.node("ZipMap", [name], domain="ai.onnx.ml", classlabels_int64s=list(range(shape[1])))
        value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
        row = helper.make_map_type_proto(TensorProto.INT64, value)
        return output, helper.make_value_info(output, helper.make_sequence_type_proto(row))
