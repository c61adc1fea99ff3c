"""Check a certificate of foldline, slowly and plainly, in exact fractions and without any rounding.

    python scripts/check_certificate.py CERTIFICATE NETWORK PROPERTY            (verification)
    python scripts/check_certificate.py CERTIFICATE NETWORK [REGION]            (lipschitz: check_lipschitz.py; regions: check_cells.py;
                                                                                 maximum, range, positivity, zero: check_questions.py)
    python scripts/check_certificate.py CERTIFICATE ZONOTOPE [ZONOTOPE|MATRIX]  (containment, norm: check_zonotopes.py)
    python scripts/check_certificate.py CERTIFICATE DATA                        (training, interpolation, separability: check_training.py)

prints `accepted: STATEMENT` (exit code 0) or `rejected: line N: REASON` (1). Wrong usage is 2, files that cannot be read or
are not understood 4. NETWORK is ONNX (.onnx), NNET (.nnet) or foldline's JSON (.json),
PROPERTY is VNN-LIB, REGION and ZONOTOPE foldline's JSON, DATA a CSV file; every file may be gzipped. Written from
docs/certificate-format.md alone. ONNX needs the package onnx.
"""

import copy, functools, gzip, hashlib, inspect, itertools, math, pathlib, re, sys
from fractions import Fraction

import check_questions, check_training, check_zonotopes
from certificate_lines import Lines, integer, rational
from check_cells import check_cells
from check_lipschitz import check_lipschitz, read_json_region
from exact_statement import (Affine, Atom, Network, Rejection, read_json_network, read_nnet_network, read_property, require,
                             variables)
from onnx_network import read_onnx_network

ACTIVE, INACTIVE, UNDECIDED = 1, -1, 0

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

def atoms_of(formula):
    """The atoms of a formula in their order."""
    return [formula] if isinstance(formula, Atom) else list(itertools.chain(*map(atoms_of, formula[1])))

def in_units(network, clauses, of_inputs, of_neurons, of_atoms):
    """Network and clauses with inputs, neurons and atoms counted in units; `of_atoms` gives those of the atoms."""
    result, before = Network(network.inputs), [Affine({j: unit}) for j, unit in enumerate(of_inputs)]
    inputs = before
    for start, end in itertools.pairwise(network.first):
        result.relu([network.neurons[k].substituted(before) / of_neurons[k] for k in range(start, end)])
        before = [Affine({k: unit}) for k, unit in enumerate(of_neurons)]
    result.outputs = [function.substituted(before) for function in network.outputs]
    changed = {atom: Atom(atom.inputs.substituted(inputs) / unit, atom.outputs / unit, atom.strict)
               for atom, unit in of_atoms.items()}
    return result, [[changed[atom] for atom in clause] for clause in clauses]

def homogeneous(function, before, s):
    """A function with others instead of its variables, and the variable s instead of 1."""
    return (function - function.constant()).substituted(before).add({s: function.constant()})

@functools.cache
def homogeneous_network(network):
    """s f(y/s) in the inputs (y, s), where the last neuron of each ReLU layer hands on s."""
    result, before, s, links = Network(network.inputs + 1), variables(network.inputs), network.inputs, []
    constants = {k + network.layer_of[k]: sign for k, sign in network.constants.items()}
    for layer, (start, end) in enumerate(itertools.pairwise(network.first)):
        own = [homogeneous(function, before, s) for function in network.neurons[start:end]] + [Affine({s: Fraction(1)})]
        before, s = dict(enumerate(result.relu(own), start)), len(result.neurons) - 1
        links += [link and (link[0] + layer, link[1]) for link in network.links[start:end]] + [None]
        constants[s] = ACTIVE
    result.outputs, result.links, result.constants = [homogeneous(function, before, s) for function in network.outputs], links, constants
    return result

def dyadic(text):
    """m or m:e, which is m * 2^e."""
    mantissa, colon, exponent = text.partition(":")
    m, e = integer(mantissa), integer(exponent) if colon else 0
    require(abs(m) < 2**63 and abs(e) <= 1100, f"out of range: {text[:40]}")
    return m * Fraction(2) ** e

def seven_bits(value):
    """The largest m * 2^e <= value with integers m, e and 64 <= |m| <= 128, or 0."""
    unit = Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() - 7)
    unit *= 1 if abs(value) < 128 * unit else 2
    return value // unit * unit

def solved(equations):
    """The solution of equations (coefficients, then the right-hand side); None if there is not exactly one."""
    done = []
    for k in range(len(equations)):
        pivot = next((row for row in equations if row[k]), None)
        if pivot is None:
            return None
        others, pivot = [row for row in equations if row is not pivot], [value / pivot[k] for value in pivot]
        without = lambda row: [value - row[k] * own for value, own in zip(row, pivot)]
        done, equations = [*map(without, done), pivot], list(map(without, others))
    return [row[-1] for row in done]

class State:
    """A node of a tree: facts about the points of a box and rows where one of the clauses that are left is true."""
    def __init__(self, network, clauses, input_atoms, lower, upper, left):
        self.network, self.clauses, self.input_atoms = network, clauses, input_atoms
        self.lower, self.upper, self.left, self.clip_rows, self.closed, self.bases = lower, upper, left, [], False, []
        self.rows = [atom.inputs for atom in input_atoms if not bound_of(atom)]
        self.signs, self.low, self.high, self.slopes, self.known = dict(network.constants), {}, {}, {}, {}

    def child(self):
        """A copy that can be changed by itself."""
        child = copy.copy(self)
        for name in ("lower", "upper", "left", "rows", "signs", "low", "high", "slopes", "known"):
            setattr(child, name, getattr(self, name).copy())
        child.bases = self.bases[-100:]
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

    def row(self, place):
        """A row, or a clip row, by its name; None if it is not there."""
        rows, place = (self.rows, place) if place >= 0 else (self.clip_rows, -place - 1)
        return rows[place] if place < len(rows) else None

    def minimum(self, function, multipliers):
        """The minimum of an affine function of x by (row, multiplier) pairs."""
        total = Affine(function)
        for row, factor in multipliers:
            total.add(row, factor)
        return total.constant() + sum(min(h * self.lower[j], h * self.upper[j]) for j, h in total.terms())

    def listed(self, fields):
        """The pairs of a multiplier list."""
        pairs = [(self.row(integer(place)), dyadic(factor)) for place, _, factor in (field.partition("*") for field in fields)]
        require(all(row is not None and factor >= 0 for row, factor in pairs), "no such row, or a negative multiplier")
        return pairs

    def best_minimum(self, function, multipliers):
        """The minimum by a multiplier list or, if that is empty, by the best basis."""
        lists = [self.listed(multipliers)]
        for names, inputs in [] if multipliers else self.bases:
            rows = list(map(self.row, names))
            solution = None not in rows and solved([[row.get(j, 0) for row in rows] + [-function.get(j, 0)] for j in inputs])
            lists.append(list(zip(rows, (max(factor, 0) for factor in solution or ()))))
        return max(self.minimum(function, pairs) for pairs in lists)

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

    def record_bases(self, *words):
        for names, _, inputs in (word.partition("/") for word in words):
            names, inputs = list(map(integer, names.split(","))), [integer(j, 0, self.network.inputs) for j in inputs.split(",")]
            require(len(names) == len(inputs), "a basis has as many rows as inputs")
            require(max(names) < len(self.rows), "a row of a basis is not there")
            self.bases = [*self.bases, (names, inputs)]

    def record_bounds(self, *told):
        told = list(told)
        for neuron in range(len(self.network.neurons)):
            for side, start in ((1, f"{neuron}>="), (-1, f"{neuron}<=")):
                if not (self.closed or self.network.links[neuron] or self.sign(neuron)):
                    value, *rows = told.pop(0).removeprefix(start).split(",") if told and told[0].startswith(start) else [None]
                    self.bound(neuron, side, value, rows)
        require(not told, "a bound is told that is not asked for, or not well formed")

    def record_lower(self, neuron, value, *rows): self.bound(self.free_neuron(neuron), 1, value, rows)
    def record_upper(self, neuron, value, *rows): self.bound(self.free_neuron(neuron), -1, value, rows)
    def bound(self, neuron, side, value, multipliers):
        """An end of the interval of a pre-activation: side * V is at most the minimum of L(side * pre-activation)."""
        function = self.linear_bound(self.network.neurons[neuron] * side, self.network.layer_of[neuron])
        least = self.best_minimum(function, multipliers)
        value = side * seven_bits(least) if value is None else dyadic(value)
        require(least >= side * value, "the bound does not follow")
        bounds, best = (self.low, max) if side > 0 else (self.high, min)
        bounds[neuron] = best(bounds.get(neuron, value), value)
        low, high = self.low.get(neuron, -math.inf), self.high.get(neuron, math.inf)
        if low > high:
            self.closed = True
        elif high <= 0 or low >= 0:
            self.signs[neuron] = INACTIVE if high <= 0 else ACTIVE
        elif neuron in self.low and neuron in self.high:
            self.slopes[neuron] = 1 if high > -low else 0

    def record_refute(self, clause, place, *multipliers):
        clause, atoms = self.left_clause(clause)
        self.refute(clause, [(1, atoms[integer(place, 0, len(atoms))])], multipliers, True)

    def record_joint(self, clause, *fields):
        clause, atoms = self.left_clause(clause)
        factors = list(map(dyadic, fields[:len(atoms)]))
        require(len(factors) == len(atoms) and min(factors, default=0) >= 0, "a factor is missing or negative")
        self.refute(clause, [(factor, atom) for factor, atom in zip(factors, atoms) if factor], fields[len(atoms):], False)

    def refute(self, clause, parts, multipliers, single):
        """Refutes a clause by a sum of excesses of its atoms with positive factors."""
        total = Affine()
        for factor, atom in parts:
            total.add(self.bound_of_excess(atom), factor)
        minimum = (self.best_minimum if single else self.minimum)(total, multipliers if single else self.listed(multipliers))
        require(minimum > 0 or minimum == 0 and any(atom.strict for _, atom in parts), "the clause is not refuted")
        self.left.remove(clause)

    def record_empty(self, *multipliers):
        require(self.minimum({}, self.listed(multipliers)) > 0, "the part is not empty")
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
        named = {term.partition("*")[0] for term in terms}
        kinds = itertools.product(enumerate(atoms), (("a", False), ("s", True)))
        self.check_terms(terms, {f"{word}{number}": (self.excess_by_signs(atom, is_sum), atom.strict)
                                 for (number, atom), (word, is_sum) in kinds if f"{word}{number}" in named})
        self.left.remove(clause)

    def excess_by_signs(self, atom, is_sum):
        """An affine function of x that is at most the excess of an atom, by signs alone."""
        function = atom.outputs.substituted(self.network.outputs)
        for layer in reversed(range(len(self.network.first) - 1)):
            kept, is_last = Affine(), layer == len(self.network.first) - 2
            for neuron, factor in function.terms():
                sign = self.sign(neuron)
                require(sign or factor >= 0, "a neuron has no sign, and the atom needs it")
                if sign == ACTIVE and not (is_sum and is_last and factor > 0):
                    kept.add({neuron: factor})
            function = kept.substituted(self.network.neurons) + function.constant()
        return function + atom.inputs

    def record_nowhere(self, *terms):
        self.check_terms(terms, {})
        self.closed = True

def check_certificate(lines, network, formula, network_hash, property_hash):
    """The statement that the certificate proves; Rejection if it proves none."""
    require(lines.read() == ["foldline-certificate", "1"], "not a certificate of version 1")
    statement = " ".join(lines.read())
    kind, *claim = statement.removeprefix("statement ").split(" ")
    is_question = kind in check_questions.KINDS
    require(is_question or kind in ("lipschitz", "regions") or statement in ("statement verification holds", "statement verification violated"),
            "unknown statement")
    named = [("network", network_hash), ("property" if kind == "verification" else "region", property_hash)]
    for word, expected in named if property_hash else named[:1]:
        fields = lines.read()
        require(len(fields) == 3 and fields[::2] == [word, expected], f"the certificate is about another {word}")
    if kind != "regions":
        fields = lines.read()
        require(fields[0] == "precision" and len(fields) == 2 and integer(fields[1], 20, 53), "the precision was expected")
    if is_question:
        check_questions.check_questions(lines, kind, claim, network, formula, check_clauses)
    elif kind == "regions":
        check_cells(lines, claim, network, formula)
        require(lines.read() == ["end"], "the end was expected")
    elif kind == "lipschitz":
        check_lipschitz(lines, claim, network, formula, lambda fields: list(map(rational, fields)), check_clauses)
    elif statement.endswith("holds"):
        check_clauses(lines, network, formula)
    else:
        word, *fields = lines.read()
        require(word == "witness" and len(fields) == network.inputs, "a witness was expected")
        point = list(map(rational, fields))
        require(is_true(formula, point, network.values_at(point)), "the formula is not true at the witness")
        require(lines.read() == ["end"], "the end was expected")
    require(lines.number == len(lines.lines), "something stands after the end")
    return statement.removeprefix("statement ")

def check_clauses(lines, network, formula):
    """Records that together refute every clause, and the end."""
    clauses, record = clauses_of(formula), lines.read()
    if record[0] == "units":
        atoms, of_inputs = list(dict.fromkeys(atoms_of(formula))), units_of(record, "inputs", network.inputs)
        of_neurons, of_atoms = units_of(lines.read(), "neurons", len(network.neurons)), units_of(lines.read(), "atoms", len(atoms))
        network, clauses = in_units(network, clauses, of_inputs, of_neurons, dict(zip(atoms, of_atoms)))
        record = lines.read()
    missing = set(range(len(clauses)))
    while record[0] != "end":
        word, numbers = record[0], [integer(field, 0, len(clauses)) for field in record[1:]]
        if word == "off":
            require(len(numbers) == 1 and contradicts_itself(clauses[numbers[0]]), "the clause does not contradict itself")
        else:
            require(word == "case" and numbers, f"unknown record: {word[:40]}")
            check_case(lines, network, clauses, numbers)
        missing.difference_update(numbers)
        record = lines.read()
    require(len(record) == 1 and not missing, "a clause is missing, or a field superfluous")

def units_of(fields, kind, count):
    """The units that a record gives."""
    require(fields[:2] == ["units", kind] and len(fields) == count + 2, f"units of the {kind} were expected")
    return [Fraction(2) ** integer(field, -10_000, 10_001) for field in fields[2:]]

def check_case(lines, network, clauses, numbers):
    """A case after its first line: bounds of inputs, and a tree, or several where inputs are unbounded."""
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
        require(bounds[-1][:2] not in given, "this bound is given already")
        given.add(bounds[-1][:2])
        record = lines.read()
    faces = []
    if record[0] == "perspective":
        faces = [end for end in itertools.product(range(network.inputs), (False, True)) if end not in given]
        require(len(record) == 2 and faces and dyadic(record[1]) > 0, "perspective without need, or with a wrong radius")
        radius, record = dyadic(record[1]), None
        bounds += [(j, is_upper, radius if is_upper else -radius) for j, is_upper in faces]
    lower, upper = ([[value for k, is_upper, value in bounds if k == j and is_upper == side] for j in range(network.inputs)]
                    for side in (False, True))
    require(all(lower + upper), "an input has no bound")
    lower, upper = list(map(max, lower)), list(map(min, upper))
    check_tree(lines, State(network, clauses, input_atoms, lower, upper, set(numbers)), record)
    for face in faces:
        check_face(lines, network, clauses, input_atoms, lower, upper, set(numbers), face, radius)

def check_tree(lines, root, record=None):
    """A tree in preorder, of which one record may have been read."""
    open_nodes = [root]
    while open_nodes:
        node, children = open_nodes.pop(), []
        while not children and not node.closed and node.left:
            word, *fields = record or lines.read()
            record, children = None, node.apply(word, fields)
        open_nodes.extend(reversed(children or []))

def check_face(lines, network, clauses, input_atoms, lower, upper, left, face, radius):
    """A tree about (y, s), x = y/s, for the points x outside of the box and furthest out beyond this end of it."""
    (j, is_upper), s, cone = face, network.inputs, homogeneous_network(network)
    require(lines.read() == ["face", str(j), "upper" if is_upper else "lower"], "another face was expected")
    lower, upper = [min(value, 0) for value in lower] + [Fraction(0)], [max(value, 0) for value in upper] + [Fraction(1)]
    lower[j] = upper[j] = radius if is_upper else -radius

    def lifted(atoms):
        return [Atom(homogeneous(atom.inputs, variables(s), s), atom.outputs, atom.strict) for atom in atoms]
    input_atoms = lifted(input_atoms) + [Atom(Affine({s: Fraction(-1)}), Affine(), True)]
    check_tree(lines, State(cone, list(map(lifted, clauses)), input_atoms, lower, upper, left))

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

def kind_of(certificate):
    """The kind of statement that a certificate says it is about."""
    found = re.match(rb"[^\n]*\nstatement ([a-z-]+)", certificate)
    return found[1].decode() if found else ""

def subject_of(kind, names, files):
    """A function that checks a certificate's lines, and that returns the statement; the files are read already."""
    if kind in ("containment", "norm"):
        return lambda lines: check_zonotopes.check(lines, files)
    if kind in check_training.KINDS:
        (data,) = files
        check_training.read_sample(data)
        return lambda lines: check_training.check(lines, data, hashlib.sha256(data).hexdigest())
    network_data, *others = files
    readers = {".json": read_json_network, ".nnet": read_nnet_network, ".onnx": read_onnx_network}
    network = readers[names[0].removesuffix(".gz")[-5:]](network_data)
    if kind in check_questions.KINDS:
        formula = check_questions.read_region(others[0] if others else None, network)
    elif kind in ("lipschitz", "regions"):
        formula = read_json_region(others[0], network.inputs) if others else []
    else:
        formula = read_property(others[0], network)
    hashes = [hashlib.sha256(data).hexdigest() for data in files]
    return lambda lines: check_certificate(lines, network, formula, *hashes, *[None] * (2 - len(hashes)))

def main(arguments):
    if len(arguments) not in (2, 3):
        print("usage: check_certificate.py CERTIFICATE FILES", file=sys.stderr)
        return 2
    sys.set_int_max_str_digits(0)
    try:
        files = [pathlib.Path(path).read_bytes() for path in arguments]
        certificate, *files = [gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in files]
        check = subject_of(kind_of(certificate), arguments[1:], files)
    except Exception as error:  # whatever it is, nothing has been checked yet
        print(f"cannot read the files: {type(error).__name__}: {error}", file=sys.stderr)
        return 4
    lines = Lines(certificate)
    try:
        print(f"accepted: {check(lines)}")
    except Rejection as reason:
        print(f"rejected: line {lines.number}: {reason}")
        return 1
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
