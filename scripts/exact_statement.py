"""Networks and properties in exact fractions, read from files: what scripts/check_certificate.py checks proofs about.

A network is NNET or foldline's JSON (or ONNX: see onnx_network.py), a property is VNN-LIB.
"""

import itertools, json, math, re
from collections import namedtuple
from fractions import Fraction

CONSTANT = -1

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
        self.constants = {}  # the signs of constant neurons, 1 or -1

    def relu(self, functions):
        """Appends a ReLU layer with these pre-activations and returns its activations."""
        start, reduced = len(self.neurons), [self.reduced(function) for function in functions]
        self.neurons += functions
        self.layer_of += [len(self.first) - 1] * len(functions)
        self.first.append(len(self.neurons))
        for k, function in enumerate(reduced):
            factors = ((start + i, factor_between(reduced[i], function)) for i in range(k) if reduced[i].terms() and function.terms())
            self.links.append(next((link for link in factors if link[1]), None))
            if not function.terms():
                self.constants[start + k] = 1 if function.constant() > 0 else -1
        return variables(len(functions), start)

    def reduced(self, function):
        """A pre-activation of the next layer with its weights moved to the activations that others repeat."""
        if not self.neurons:
            return function
        result = Affine() + function.constant()
        for neuron, weight in function.terms():
            root, factor = self.links[neuron] or (neuron, 1)
            if self.constants.get(neuron) != -1:
                result.add({root: weight * factor} if factor > 0 else {neuron: weight})
        return result

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
        functions = affine_layer(rows, biases, functions)
        functions = network.relu(functions) if layer["activation"] == "relu" else functions
    network.outputs = functions
    return network

def affine_layer(rows, biases, before):
    """One affine function of those before a row of weights and a bias, which are texts."""
    functions = []
    for row, bias in zip(rows, biases, strict=True):
        functions.append(Affine() + number_of(bias))
        for weight, earlier in zip(row, before, strict=True):
            functions[-1].add(earlier, number_of(weight))
    return functions

def read_nnet_network(data):
    """A network from an NNET file, in normalised units: of all that stands before the weights only the sizes matter."""
    lines = [line.strip() for line in data.decode("utf-8-sig").split("\n")]
    lines = iter([line for line in lines if line and not line.startswith("//")])

    def values():
        line = next(lines, None)
        require(line is not None, "the network ends too early")
        texts = [text.strip() for text in line.split(",")]
        return texts[:-1] if len(texts) > 1 and not texts[-1] else texts
    layers = int(values()[0])
    sizes = [int(text) for text in values()][:layers + 1]
    require(layers > 0 and len(sizes) == layers + 1 and min(sizes) > 0, "the sizes of the layers are not understood")
    flag = values()
    if layers == 1 or len(flag) != layers or not set(flag) <= {"0", "1", "2"}:
        for _ in ("minima", "maxima", "means", "ranges"):
            values()
    else:  # Neurify's files have the kinds of the layers there, and no normalisation
        require(set(flag) == {"0"}, "convolutional layers of NNET files are not supported")
    network = Network(sizes[0])
    functions = variables(network.inputs)
    for index, size in enumerate(sizes[1:], 1):
        rows, biases = [values() for _ in range(size)], [values() for _ in range(size)]
        require(all(len(bias) == 1 for bias in biases), "a line has one bias")
        functions = affine_layer(rows, [bias for (bias,) in biases], functions)
        functions = network.relu(functions) if index < layers else functions
    require(next(lines, None) is None, "something stands after the last bias")
    network.outputs = functions
    return network

# inputs(x) + outputs(y) <= 0, or < 0 if strict; both are Affine, and the constant is in `inputs`.
Atom = namedtuple("Atom", ["inputs", "outputs", "strict"])

def read_property(data, network):
    """The formula of a VNN-LIB text: an Atom, or a pair of "and" or "or" and a list of formulas (nothing: true or false)."""
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
    return joined("and", asserted)

def joined(kind, parts):
    """The conjunction or disjunction of formulas: nested ones of the same kind are joined, truth values resolved."""
    flat = []
    for part in parts:
        if not isinstance(part, Atom) and part[0] != kind and not part[1]:
            return part
        flat += part[1] if not isinstance(part, Atom) and part[0] == kind else [part]
    return flat[0] if len(flat) == 1 else (kind, flat)

def expressions_of(text):
    """Nested lists of words."""
    stack = [[]]
    for token in re.findall(r"[()]|[^\s()]+", re.sub(r";[^\n]*", "", text)):
        word = [] if token == "(" else stack.pop() if token == ")" else token
        (stack if token == "(" else stack[-1]).append(word)
    (expressions,) = stack
    return expressions

EITHER = {"and": "or", "or": "and"}
EQUAL = {"=": True, "==": True, "!=": False, "distinct": False}

def formula_of(expression, declared, negated=False):
    """A formula, or its negation, from nested lists."""
    if expression in ("true", "false"):
        return truth((expression == "true") != negated)
    head, *parts = expression if isinstance(expression, list) else [expression]
    if head in EITHER and parts:
        return joined(EITHER[head] if negated else head, [formula_of(part, declared, negated) for part in parts])
    if head == "not" and len(parts) == 1:
        return formula_of(parts[0], declared, not negated)
    if head == "=>" and len(parts) > 1:
        told = [formula_of(part, declared, negated != (part is not parts[-1])) for part in parts]
        return joined("and" if negated else "or", told)
    least, most = (2, 2) if EQUAL.get(head) is False else (2, math.inf)
    require(head in ("<=", ">=", "<", ">", *EQUAL) and least <= len(parts) <= most,
            f"not understood in the property: {str(expression)[:60]}")
    terms = [linear_of(part, declared) for part in parts]
    return joined("or" if negated else "and", [comparison(head, *pair, negated) for pair in itertools.pairwise(terms)])

def comparison(head, left, right, negated):
    """A comparison of two affine functions, or its negation."""
    if head in EQUAL:
        strict = EQUAL[head] == negated  # then they differ: one is less than the other
        return joined("or" if strict else "and", [atom_of(left - right, strict), atom_of(right - left, strict)])
    swapped = (head[0] == ">") != negated
    return atom_of(right - left if swapped else left - right, (len(head) == 1) != negated)

def truth(value):
    """The formula that always or never holds."""
    return ("and" if value else "or", [])

def atom_of(function, strict):
    """The atom function <= 0 (< 0) from an affine function of names; its truth value if it has no variables."""
    if not function.terms():
        return truth(function.constant() < 0 or function.constant() == 0 and not strict)
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
