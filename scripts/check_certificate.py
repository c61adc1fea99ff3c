"""Check a certificate of foldline, slowly and plainly, in exact fractions and without any rounding.

    python scripts/check_certificate.py CERTIFICATE NETWORK PROPERTY

prints `accepted: STATEMENT` (exit code 0) or `rejected: line N: REASON` (1). Wrong usage is 2, files that cannot be read or
are not understood 4. NETWORK is ONNX (.onnx, a chain of affine operators and ReLUs) or foldline's JSON (.json), PROPERTY is
VNN-LIB; every file may be gzipped. Written from docs/certificate-format.md alone. ONNX needs the package onnx.
"""

import copy, functools, gzip, hashlib, inspect, itertools, json
import math, operator, pathlib, re, sys
from collections import namedtuple
from fractions import Fraction

CONSTANT = -1
ACTIVE, INACTIVE, UNDECIDED = 1, -1, 0

class Rejection(Exception):
    """The certificate is wrong, or another file is not understood."""

def require(condition, reason):
    if not condition:
        raise Rejection(reason)

class Affine(dict):
    """An affine function: variable -> nonzero coefficient, and CONSTANT -> constant. As a constraint it says <= 0."""
    def add(self, function, factor=1):
        """self + factor * function, in place."""
        for variable, coefficient in function.items():
            self[variable] = self.get(variable, 0) + factor * coefficient
            if not self[variable]:
                del self[variable]
        return self

    def substituted(self, functions):
        """With functions instead of the variables."""
        result = Affine() + self.constant()
        for variable, coefficient in self.terms():
            result.add(functions[variable], coefficient)
        return result

    def __add__(self, other): return Affine(self).add(other if isinstance(other, dict) else {CONSTANT: other})
    def __mul__(self, factor): return Affine().add(self, factor)
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + -other
    def __rsub__(self, other): return -self + other
    def __truediv__(self, divisor): return self * (1 / divisor)
    def __hash__(self): return hash(frozenset(self.items()))
    def constant(self): return self.get(CONSTANT, Fraction(0))
    def terms(self): return [(variable, coefficient) for variable, coefficient in self.items() if variable != CONSTANT]
    def at(self, values): return sum((c * values[variable] for variable, c in self.terms()), self.constant())
    __radd__, __rmul__ = __add__, __mul__

def variables(count, start=0):  # the affine functions that are one variable each
    return [Affine({start + j: Fraction(1)}) for j in range(count)]

class Network:
    """ReLU layers and affine outputs. The pre-activations of the first layer are affine in the inputs, those of the others in the
    neurons (numbered through all layers) of the layer before; the outputs in those of the last layer, or in the inputs."""
    def __init__(self, inputs):
        self.inputs, self.neurons, self.layer_of, self.first, self.links, self.outputs = inputs, [], [], [0], [], []

    def relu(self, functions):
        """Appends a ReLU layer with these pre-activations and returns its activations."""
        start = len(self.neurons)
        self.neurons += functions
        self.layer_of += [len(self.first) - 1] * len(functions)
        self.first.append(len(self.neurons))
        for k in range(start, len(self.neurons)):
            factors = ((i, factor_between(self.neurons[i], self.neurons[k])) for i in range(start, k))
            self.links.append(next((link for link in factors if link[1]), None))
        return variables(len(functions), start)

    def values_at(self, point):
        """The outputs at a point."""
        activations, earlier = [], point
        for start, end in itertools.pairwise(self.first):
            activations += [max(Fraction(0), function.at(earlier)) for function in self.neurons[start:end]]
            earlier = activations
        return [function.at(earlier) for function in self.outputs]

def factor_between(base, function):
    """f = +-2^n with function = f * base, else None."""
    if not function or base.keys() != function.keys():
        return None
    factor = next(function[variable] / base[variable] for variable in base)
    powers = all(number & (number - 1) == 0 for number in (abs(factor.numerator), factor.denominator))
    return factor if powers and function == base * factor else None

def number_of(text):
    """A decimal number, or p/q."""
    pattern = r"-?[0-9]+/[0-9]+|[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
    require(re.fullmatch(pattern, text), f"not a number: {text[:40]}")
    return Fraction(text)

def json_object(pairs):
    """A dict of the pairs; repeated keys are refused."""
    require(len(dict(pairs)) == len(pairs), "a key of the network is repeated")
    return dict(pairs)

def read_json_network(data):
    """A network from foldline's JSON, whose numbers are kept as texts at first."""
    layers = json.loads(data, object_pairs_hook=json_object, parse_float=str, parse_int=str, parse_constant=str)["layers"]
    network = Network(len(layers[0]["weights"][0]))
    functions = variables(network.inputs)
    for layer in layers:
        rows, biases = layer["weights"], layer["bias"]
        require(len(layer) == 3 and layer["activation"] in ("relu", "linear"), "a layer has weights, bias and activation only")
        require(all(isinstance(numbers, list) for numbers in (layers, biases, rows, *rows)), "weights and bias are lists")
        before, functions = functions, []
        for row, bias in zip(rows, biases, strict=True):
            functions.append(Affine() + number_of(bias))
            for weight, earlier in zip(row, before, strict=True):
                functions[-1].add(earlier, number_of(weight))
        functions = network.relu(functions) if layer["activation"] == "relu" else functions
    network.outputs = functions
    return network

ARITHMETIC = {"Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": operator.truediv, "MatMul": operator.matmul}
ATTRIBUTES = {"Gemm": {"alpha", "beta", "transA", "transB"}, "Flatten": {"axis"}, "Squeeze": {"axes"}, "Unsqueeze": {"axes"},
              "Constant": {"value"}, "Reshape": set(), "Relu": set(), "Identity": set(), **dict.fromkeys(ARITHMETIC, set())}

def read_onnx_network(data):
    """A network from an ONNX model that is a chain of affine operators with constants and of ReLUs."""
    global numpy, onnx  # JSON networks do without them
    import numpy, onnx
    graph = onnx.load_model_from_string(data).graph
    constants = {tensor.name: onnx_constant(tensor) for tensor in graph.initializer}
    (source,) = [value for value in graph.input if value.name not in constants]
    name, shape = source.name, [dimension.dim_value for dimension in source.type.tensor_type.shape.dim]
    shape[0] = shape[0] or 1
    require(min(shape) > 0 and len(graph.output) == 1 and not graph.sparse_initializer, "the model is not of the simple kind")
    network = Network(math.prod(shape))
    tensor = numpy.array(variables(network.inputs), dtype=object).reshape(shape)
    for node in graph.node:
        kind, (result,) = node.op_type, node.output
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        supported = node.domain in ("", "ai.onnx") and kind in ATTRIBUTES and attributes.keys() <= ATTRIBUTES[kind]
        require(supported, f"the operator {kind}, or an attribute of it, is not supported")
        require(result not in constants and result != name, "a name is given twice")
        if kind == "Constant" or kind == "Identity" and node.input[0] in constants:
            constants[result] = onnx_constant(attributes["value"]) if kind == "Constant" else constants[node.input[0]]
        else:
            require(list(node.input).count(name) == 1, f"the model is not a chain of operators (at {kind})")
            operands = [tensor if operand == name else constants[operand] for operand in node.input if operand]
            tensor, name = tensor if kind == "Identity" else onnx_result(kind, attributes, tensor, operands, network), result
    require(graph.output[0].name == name, "the output of the model is not the end of its chain of operators")
    network.outputs = list(tensor.flat)
    return network

def onnx_constant(tensor):
    """A constant: floats as an array of fractions, integers (for shapes) as a list."""
    require(tensor.data_location != onnx.TensorProto.EXTERNAL, "weights outside of the model file are not supported")
    values = onnx.numpy_helper.to_array(tensor)
    if values.dtype.kind == "i":
        return values.flatten().tolist()
    require(values.dtype.kind == "f", "the type of a constant is not supported")
    return numpy.array(list(map(Fraction, values.astype(float).flatten().tolist())), dtype=object).reshape(values.shape)

def onnx_result(kind, attributes, tensor, operands, network):
    """The tensor after an operator; numpy's rules for shapes are those of ONNX."""
    if kind == "Relu":
        return numpy.array(network.relu(list(tensor.flat)), dtype=object).reshape(tensor.shape)
    if kind in ARITHMETIC or kind == "Gemm":
        left, right, *added = operands
        require(all(isinstance(operand, numpy.ndarray) for operand in operands), f"{kind} with integers is not supported")
        if kind in ARITHMETIC:
            return numpy.asarray(ARITHMETIC[kind](left, right), dtype=object)
        require(left.ndim == right.ndim == 2, "Gemm needs two matrices")
        left, right = left.T if attributes.get("transA") else left, right.T if attributes.get("transB") else right
        result = left @ right * Fraction(attributes.get("alpha", 1))
        return result + numpy.broadcast_to(added[0] * Fraction(attributes.get("beta", 1)), result.shape) if added else result
    require(operands[0] is tensor, f"the shape of {kind} is not constant")
    axes = operands[1] if len(operands) == 2 else attributes.get("axes")
    if kind == "Flatten":
        return tensor.reshape((math.prod(tensor.shape[:attributes.get("axis", 1)]), -1))
    if kind == "Reshape":
        return tensor.reshape([size or tensor.shape[place] for place, size in enumerate(axes)])
    return (numpy.squeeze if kind == "Squeeze" else numpy.expand_dims)(tensor, axes and tuple(axes))

# inputs(x) + outputs(y) <= 0, or < 0 if strict; both are Affine, and the constant is in `inputs`.
Atom = namedtuple("Atom", ["inputs", "outputs", "strict"])

def read_property(data, network):
    """The formula of a VNN-LIB text: an Atom, or a pair of "and" or "or" and a list of formulas."""
    declared, asserted = set(), []
    for command in expressions_of(data.decode("utf-8")):
        if command[0] == "declare-const" and command[2:] == ["Real"] and command[1] not in declared:
            declared.add(command[1])
        elif command[0] == "assert" and len(command) == 2:
            asserted.append(formula_of(command[1], declared))
        else:
            raise Rejection(f"not understood in the property: {str(command)[:60]}")
    expected = {f"X_{j}" for j in range(network.inputs)} | {f"Y_{j}" for j in range(len(network.outputs))}
    require(declared == expected, "the variables of the property do not fit the network")
    return ("and", asserted)

def expressions_of(text):
    """Nested lists of words."""
    stack = [[]]
    for token in re.findall(r"[()]|[^\s()]+", re.sub(r";[^\n]*", "", text)):
        word = [] if token == "(" else stack.pop() if token == ")" else token
        (stack if token == "(" else stack[-1]).append(word)
    (expressions,) = stack
    return expressions

def formula_of(expression, declared):
    """A formula from nested lists."""
    head, *parts = expression
    if head in ("and", "or"):
        return (head, [formula_of(part, declared) for part in parts])
    require(head in ("<=", ">=", "<", ">", "="), f"not understood in the property: {str(expression)[:60]}")
    left, right = (linear_of(part, declared) for part in parts)
    if head == "=":
        return ("and", [atom_of(left - right, False), atom_of(right - left, False)])
    return atom_of(left - right if head[0] == "<" else right - left, len(head) == 1)

def atom_of(function, strict):
    """The atom function <= 0 (< 0) from an affine function of names."""
    inputs, outputs = (Affine({int(name[2:]): c for name, c in function.terms() if name[0] == side}) for side in "XY")
    return Atom(inputs + function.constant(), outputs, strict)

def linear_of(expression, declared):
    """An affine function of names from nested lists."""
    if isinstance(expression, str):
        return Affine({expression: Fraction(1)}) if expression in declared else Affine() + number_of(expression)
    head, first, *rest = expression[:1] + [linear_of(part, declared) for part in expression[1:]]
    require(head in ("+", "-", "*"), f"not understood in the property: {str(expression)[:60]}")
    if head != "*":
        return sum(rest, first) if head == "+" else first - sum(rest, Affine()) if rest else -first
    for part in rest:
        first, part = (first, part) if first.terms() else (part, first)
        require(not part.terms(), "the property is not linear")
        first = first * part.constant()
    return first

def clauses_of(formula):
    """The clauses of a formula in their order, each a list of atoms without repetitions."""
    if isinstance(formula, Atom):
        return [[formula]]
    parts = [clauses_of(part) for part in formula[1]]
    if formula[0] == "or":
        return list(itertools.chain(*parts))
    return [list(dict.fromkeys(itertools.chain(*choice))) for choice in itertools.product(*parts)]

def is_true(formula, point, values):
    """Whether a formula is true at inputs and outputs, exactly."""
    if isinstance(formula, Atom):
        excess = formula.inputs.at(point) + formula.outputs.at(values)
        return excess < 0 or excess == 0 and not formula.strict
    return (all if formula[0] == "and" else any)(is_true(part, point, values) for part in formula[1])

def bound_of(atom):
    """(input, whether it is an upper bound, value) for an atom on a single input, else None."""
    if atom.outputs or len(atom.inputs.terms()) != 1:
        return None
    ((variable, coefficient),) = atom.inputs.terms()
    return variable, coefficient > 0, -atom.inputs.constant() / coefficient

def contradicts_itself(clause):
    """Whether the atoms of a clause on single inputs contradict each other, or one without variables is false."""
    sides = {}
    for atom in clause:
        if not atom.outputs and not atom.inputs.terms() and not is_true(atom, [], []):
            return True
        if bound := bound_of(atom):
            variable, is_upper, value = bound
            sides.setdefault(variable, ([], []))[is_upper].append((-value if is_upper else value, atom.strict))
    pairs = [(*max(lower), *max(upper)) for lower, upper in sides.values() if lower and upper]  # the largest, strict ones first
    return any(low > -high or low == -high and (strict or strict_high) for low, strict, high, strict_high in pairs)

class Lines:
    """The records of a certificate, one after the other; `number` is the number of the line that was read last."""
    def __init__(self, data):
        self.lines, self.number = data.removesuffix(b"\n").split(b"\n"), 0

    def read(self):
        """The fields of the next line."""
        self.number += 1
        require(self.number <= len(self.lines), "the certificate ends too early")
        fields = self.lines[self.number - 1].decode("utf-8", errors="replace").split(" ")
        require(all(fields), "an empty field")
        return fields

def integer(text, least=-math.inf, end=math.inf):
    """An integer in decimal, at least `least` and below `end`."""
    require(re.fullmatch("0|-?[1-9][0-9]*", text), f"not an integer: {text[:40]}")
    require(least <= int(text) < end, f"out of range: {text[:40]}")
    return int(text)

def rational(text):
    """An integer, or p/q in lowest terms."""
    numerator, slash, denominator = text.partition("/")
    p, q = integer(numerator), integer(denominator) if slash else 1
    require(not slash or q > 1 and math.gcd(p, q) == 1, f"not in lowest terms: {text[:40]}")
    return Fraction(p, q)

def dyadic(text):
    """m or m:e, which is m * 2^e."""
    mantissa, colon, exponent = text.partition(":")
    m, e = integer(mantissa), integer(exponent) if colon else 0
    require(abs(m) < 2**63 and abs(e) <= 1100, f"out of range: {text[:40]}")
    return m * Fraction(2) ** e

class State:
    """A node of a tree: facts about the points of a box and rows where one of the clauses that are left is true."""
    def __init__(self, network, clauses, input_atoms, lower, upper, left):
        self.network, self.clauses, self.input_atoms = network, clauses, input_atoms
        self.lower, self.upper, self.left, self.clip_rows, self.closed = lower, upper, left, [], False
        self.rows = [atom.inputs for atom in input_atoms if not bound_of(atom)]
        self.signs, self.low, self.high, self.slopes, self.known = {}, {}, {}, {}, {}

    def child(self):
        """A copy that can be changed by itself."""
        child = copy.copy(self)
        for name in ("lower", "upper", "left", "rows", "signs", "low", "high", "slopes", "known"):
            setattr(child, name, getattr(self, name).copy())
        return child

    def sign(self, neuron):
        """The sign of a neuron; a linked one has that of its link, or the other one."""
        root, factor = self.network.links[neuron] or (neuron, 1)
        return self.signs.get(root, UNDECIDED) * (1 if factor > 0 else -1)

    def free_neuron(self, text):
        """A neuron that is undecided and not linked."""
        neuron = integer(text, 0, len(self.network.neurons))
        require(not self.network.links[neuron] and not self.sign(neuron), "the neuron is linked or has a sign")
        return neuron

    def left_clause(self, text):
        """The number of a clause that is left, and its atoms that involve outputs."""
        clause = integer(text, 0, len(self.clauses))
        require(clause in self.left, "this clause is not left")
        return clause, [atom for atom in self.clauses[clause] if atom.outputs]

    def without_a_layer(self, function):
        """Replaces the activations of one layer by affine functions of what is before the layer."""
        activations, pre_activations, constant = Affine(), Affine(), function.constant()
        for neuron, coefficient in function.terms():
            root, factor = not self.sign(neuron) and self.network.links[neuron] or (neuron, 1)
            activations.add({root: coefficient * abs(factor)})
            pre_activations.add({root: coefficient * min(factor, 0)})
        for neuron, coefficient in activations.items():
            if self.sign(neuron) or coefficient > 0:
                slope, offset = (self.sign(neuron) == ACTIVE if self.sign(neuron) else self.slopes.get(neuron, 0)), 0
            else:
                low, high = self.low.get(neuron, 0), self.high.get(neuron, 0)
                require(low < 0 < high, f"the interval of neuron {neuron} is not known")
                slope, offset = high / (high - low), -high * low / (high - low)
            pre_activations.add({neuron: coefficient * slope})
            constant += coefficient * offset
        return pre_activations.substituted(self.network.neurons) + constant

    def linear_bound(self, function, layer):
        """L of an affine function of the activations just before a layer, an affine function of x."""
        return functools.reduce(lambda bound, _: self.without_a_layer(bound), range(layer), function)

    def minimum(self, function, multipliers):
        """The minimum of an affine function of x by a multiplier list."""
        total = Affine(function)
        for field in multipliers:
            place, _, factor = field.partition("*")
            place, factor = integer(place), dyadic(factor)
            rows, place = (self.rows, place) if place >= 0 else (self.clip_rows, -place - 1)
            require(place < len(rows) and factor >= 0, f"no such row, or negative: {field[:40]}")
            total.add(rows[place], factor)
        return total.constant() + sum(min(h * self.lower[j], h * self.upper[j]) for j, h in total.terms())

    def bound_of_excess(self, atom):
        """L of the excess of an atom."""
        return self.linear_bound(atom.outputs.substituted(self.network.outputs), len(self.network.first) - 1) + atom.inputs

    def exact(self, function, layer):
        """An affine function of the activations just before a layer as one of x, by the signs of all neurons before it."""
        require(all(map(self.sign, range(self.network.first[layer]))), "a neuron of an earlier layer has no sign")
        if layer == 0:
            return function
        return function.substituted({k: self.exact_neuron(k) if self.sign(k) == ACTIVE else {} for k, _ in function.terms()})

    def exact_neuron(self, neuron):
        """The pre-activation of a neuron as an affine function of x."""
        if neuron not in self.known:
            self.known[neuron] = self.exact(self.network.neurons[neuron], self.network.layer_of[neuron])
        return self.known[neuron]

    def constraint(self, name):
        """The constraint of a term that the node gives, as (function, strict)."""
        kind, number = name[:1], name[1:]
        if kind == "i":
            return self.input_atoms[integer(number, 0, len(self.input_atoms))][::2]
        if kind == "n":
            neuron = integer(number, 0, len(self.network.neurons))
            require(self.sign(neuron), f"neuron {neuron} has no sign")
            return self.exact_neuron(neuron) * -self.sign(neuron), False
        require(kind == "l" or kind == "u", f"there is no such constraint: {name[:40]}")
        j = integer(number, 0, self.network.inputs)
        return (Affine({j: Fraction(-1)}) + self.lower[j] if kind == "l" else Affine({j: Fraction(1)}) - self.upper[j]), False

    def check_terms(self, fields, extra):
        """An exact contradiction; `extra` are the constraints beyond those of the node, (function, strict) by name."""
        total, some_strict, names = Affine(), False, [field.partition("*")[0] for field in fields]
        require(len(set(names)) == len(names), "a constraint is used twice")
        for name, field in zip(names, fields):
            function, strict = extra[name] if name in extra else self.constraint(name)
            total.add(function, integer(field[len(name) + 1:], 1))
            some_strict = some_strict or strict
        require(not total.terms(), "the terms do not cancel")
        require(total.constant() > 0 or total.constant() == 0 and some_strict, "the terms are no contradiction")

    def apply(self, word, fields):
        """One record, whose fields are the arguments of a method; gives the children of the node if it splits, else None."""
        method = getattr(self, "record_" + word, None)
        require(method, f"unknown record: {word[:40]}")
        try:
            inspect.signature(method).bind(*fields)
        except TypeError:
            raise Rejection("a field is missing or superfluous") from None
        return method(*fields)

    def record_lower(self, neuron, value, *rows): self.tighten(neuron, value, 1, self.low, max, rows)
    def record_upper(self, neuron, value, *rows): self.tighten(neuron, value, -1, self.high, min, rows)

    def tighten(self, neuron, value, side, bounds, best, multipliers):
        """A bound of a pre-activation: side * value is at most the minimum of L(side * pre-activation)."""
        neuron, value = self.free_neuron(neuron), dyadic(value)
        function = self.linear_bound(self.network.neurons[neuron] * side, self.network.layer_of[neuron])
        require(self.minimum(function, multipliers) >= side * value, "the bound does not follow")
        bounds[neuron] = best(bounds.get(neuron, value), value)
        low, high = self.low.get(neuron, -math.inf), self.high.get(neuron, math.inf)
        if low > high:
            self.closed = True
        elif high <= 0 or low >= 0:
            self.signs[neuron] = INACTIVE if high <= 0 else ACTIVE
        elif neuron in self.low and neuron in self.high:
            self.slopes[neuron] = 1 if high > -low else 0

    def record_slope(self, neuron, slope):
        self.slopes[integer(neuron, 0, len(self.network.neurons))] = integer(slope, 0, 2)

    def record_refute(self, clause, place, *multipliers):
        clause, atoms = self.left_clause(clause)
        self.refute(clause, [(1, atoms[integer(place, 0, len(atoms))])], multipliers)

    def record_joint(self, clause, *fields):
        clause, atoms = self.left_clause(clause)
        factors = list(map(dyadic, fields[:len(atoms)]))
        require(len(factors) == len(atoms) and min(factors, default=0) >= 0, "a factor is missing or negative")
        self.refute(clause, [(factor, atom) for factor, atom in zip(factors, atoms) if factor], fields[len(atoms):])

    def refute(self, clause, parts, multipliers):
        """Refutes a clause by a sum of excesses of its atoms with positive factors."""
        total = Affine()
        for factor, atom in parts:
            total.add(self.bound_of_excess(atom), factor)
        minimum = self.minimum(total, multipliers)
        require(minimum > 0 or minimum == 0 and any(atom.strict for _, atom in parts), "the clause is not refuted")
        self.left.remove(clause)

    def record_empty(self, *multipliers):
        require(self.minimum(Affine(), multipliers) > 0, "the part is not empty")
        self.closed = True

    def record_clip(self):
        require(len(self.left) == 1, "more than one clause is left")
        self.clip_rows = [self.bound_of_excess(atom) for atom in self.left_clause(str(*self.left))[1]]

    def record_split(self, neuron):
        neuron = self.free_neuron(neuron)
        function, children = self.exact_neuron(neuron), (self.child(), self.child())
        for child, sign in zip(children, (ACTIVE, INACTIVE)):
            child.signs[neuron] = sign
            child.rows.append(function * -sign)
        return children

    def record_halve(self, variable, value):
        variable, value = integer(variable, 0, self.network.inputs), dyadic(value)
        require(self.lower[variable] < value < self.upper[variable], "the value is not inside the box")
        children = (self.child(), self.child())
        children[0].upper[variable] = children[1].lower[variable] = value
        return children

    def record_side(self, neuron, sign, *terms):
        neuron = self.free_neuron(neuron)
        require(sign in ("+", "-"), "a sign was expected")
        self.check_terms(terms, {"z": (self.exact_neuron(neuron) * int(sign + "1"), True)})
        self.signs[neuron] = ACTIVE if sign == "+" else INACTIVE

    def record_exact(self, clause, *terms):
        clause, atoms = self.left_clause(clause)
        require(all(map(self.sign, range(len(self.network.neurons)))), "a neuron has no sign")
        excesses = ((self.bound_of_excess(atom), atom.strict) for atom in atoms)  # with all signs L is exact
        self.check_terms(terms, {f"a{number}": excess for number, excess in enumerate(excesses)})
        self.left.remove(clause)

def check_certificate(lines, network, formula, network_hash, property_hash):
    """The statement that the certificate proves; Rejection if it proves none."""
    require(lines.read() == ["foldline-certificate", "1"], "not a certificate of version 1")
    statement = " ".join(lines.read())
    require(statement in ("statement verification holds", "statement verification violated"), "unknown statement")
    for word, expected in (("network", network_hash), ("property", property_hash)):
        fields = lines.read()
        require(len(fields) == 3 and fields[::2] == [word, expected], f"the certificate is about another {word}")
    fields = lines.read()
    require(fields[0] == "precision" and len(fields) == 2 and integer(fields[1], 20, 53), "the precision was expected")
    if statement.endswith("holds"):
        check_clauses(lines, network, clauses_of(formula))
    else:
        word, *fields = lines.read()
        require(word == "witness" and len(fields) == network.inputs, "a witness was expected")
        point = list(map(rational, fields))
        require(is_true(formula, point, network.values_at(point)), "the formula is not true at the witness")
        require(lines.read() == ["end"], "the end was expected")
    require(lines.number == len(lines.lines), "something stands after the end")
    return statement.removeprefix("statement ")

def check_clauses(lines, network, clauses):
    """Records that together refute every clause, and the end."""
    missing = set(range(len(clauses)))
    while True:
        word, *fields = lines.read()
        numbers = [integer(field, 0, len(clauses)) for field in fields]
        if word == "end":
            return require(not fields and not missing, "a clause is missing, or a field superfluous")
        if word == "off":
            require(len(numbers) == 1 and contradicts_itself(clauses[numbers[0]]), "the clause does not contradict itself")
        else:
            require(word == "case" and numbers, f"unknown record: {word[:40]}")
            check_case(lines, network, clauses, numbers)
        missing.difference_update(numbers)

def check_case(lines, network, clauses, numbers):
    """A case after its first line: bounds of inputs, and a tree in preorder."""
    input_atoms, *others = [[atom for atom in clauses[number] if not atom.outputs] for number in numbers]
    require(all(set(other) == set(input_atoms) for other in others), "the clauses differ in their atoms on inputs")
    bounds, record = list(filter(None, map(bound_of, input_atoms))), lines.read()
    if record[0] == "void":
        total, some_strict = weighted_sum(record[1:], input_atoms)
        require(not total.terms(), "the multipliers do not cancel")
        return require(total.constant() > 0 or total.constant() == 0 and some_strict, "the multipliers are no contradiction")
    given = {bound[:2] for bound in bounds}
    while record[0] == "reach":
        bounds.append(bound_of_reach(record[1:], input_atoms, network.inputs))
        require(bounds[-1][:2] not in given, "an atom gives this bound")
        record = lines.read()
    lower, upper = ([[value for k, is_upper, value in bounds if k == j and is_upper == side] for j in range(network.inputs)]
                    for side in (False, True))
    require(all(lower + upper), "an input has no bound")
    open_nodes = [State(network, clauses, input_atoms, list(map(max, lower)), list(map(min, upper)), set(numbers))]
    while open_nodes:
        node, children = open_nodes.pop(), []
        while not children and not node.closed and node.left:
            word, *fields = record or lines.read()
            record, children = None, node.apply(word, fields)
        open_nodes.extend(reversed(children or []))

def weighted_sum(fields, input_atoms):
    """The sum of atoms' excesses with the multipliers in the fields, and whether a strict atom takes part."""
    factors, total = list(map(rational, fields)), Affine()
    require(len(factors) == len(input_atoms) and min(factors, default=0) >= 0, "one multiplier >= 0 an atom is needed")
    for factor, atom in zip(factors, input_atoms):
        total.add(atom.inputs, factor)
    return total, any(factor and atom.strict for factor, atom in zip(factors, input_atoms))

def bound_of_reach(fields, input_atoms, inputs):
    """A bound of an input that no atom gives by itself, in the form of bound_of."""
    require(len(fields) >= 3 and fields[1] in ("lower", "upper"), "reach is not well formed")
    variable, value, side = integer(fields[0], 0, inputs), rational(fields[2]), 1 if fields[1] == "upper" else -1
    total = weighted_sum(fields[3:], input_atoms)[0]
    require(dict(total.terms()) == {variable: side}, "the multipliers do not give this input")
    require(-total.constant() <= side * value, "the bound does not follow")
    return variable, side > 0, value

def main(arguments):
    if len(arguments) != 3:
        print("usage: check_certificate.py CERTIFICATE NETWORK PROPERTY", file=sys.stderr)
        return 2
    sys.set_int_max_str_digits(0)
    try:
        files = [pathlib.Path(path).read_bytes() for path in arguments]
        files = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in files]
        certificate, network_data, property_data = files
        readers = {".json": read_json_network, ".onnx": read_onnx_network}
        network = readers[arguments[1].removesuffix(".gz")[-5:]](network_data)
        formula = read_property(property_data, network)
    except Exception as error:  # whatever it is, nothing has been checked yet
        print(f"cannot read the files: {type(error).__name__}: {error}", file=sys.stderr)
        return 4
    lines, hashes = Lines(certificate), [hashlib.sha256(data).hexdigest() for data in files[1:]]
    try:
        print(f"accepted: {check_certificate(lines, network, formula, *hashes)}")
    except Rejection as reason:
        print(f"rejected: line {lines.number}: {reason}")
        return 1
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
