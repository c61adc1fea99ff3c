"""Lipschitz constants: the part of scripts/check_certificate.py that is about them, in exact fractions.

Regions are all of R^d or foldline's JSON ({"box": …, "A": …, "b": …}). Written from docs/certificate-format.md alone.
"""

import itertools, json
from fractions import Fraction

from exact_statement import CONSTANT, Affine, Atom, Network, json_object, number_of, require, variables

def read_json_region(data, inputs):
    """The constraints of a region that is one polyhedron, in their order: affine functions that are <= 0."""
    region = json.loads(data, object_pairs_hook=json_object, parse_float=str, parse_int=str)
    require(region.keys() <= {"box", "A", "b"}, "the region is of a kind that is not read here")
    constraints = []
    for j, side in enumerate(region.get("box", [])):
        for sign, end in zip((-1, 1), side, strict=True):
            if end is not None and str(end).lower() not in ("-inf", "inf", "-infinity", "infinity"):
                constraints.append(Affine({j: Fraction(sign)}) - sign * number_of(end))
    for row, bound in zip(region.get("A", []), region.get("b", []), strict=True):
        weights = Affine().add({j: number_of(weight) for j, weight in enumerate(row) if number_of(weight)})
        constraints.append(weights - number_of(bound))
    require(all(constraint.terms() and max(constraint) < inputs for constraint in constraints), "a constraint is not understood")
    return constraints

def dot(a, b):
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))

def is_positive_semidefinite(matrix):
    """By elimination, in place."""
    for k, row in enumerate(matrix):
        if row[k] < 0 or not row[k] and any(row[k:]):
            return False
        for other in matrix[k + 1:]:
            factor = other[k] / row[k] if row[k] else 0
            other[k:] = [x - factor * y for x, y in zip(other[k:], row[k:])]
    return True

def root_above(value, degree):
    """The least multiple r of 2^-64 with r^degree >= value, for 0 <= value <= 1."""
    low, high = -1, 2 ** 64
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if Fraction(middle, 2 ** 64) ** degree >= value else (middle, high)
    return Fraction(high, 2 ** 64)

class Hull:
    """The directions inside of an affine hull that these functions are 0 on."""
    def __init__(self, inputs, equalities):
        axes = [[Fraction(i == j) for i in range(inputs)] for j in range(inputs)]
        orthogonal = []
        for vector in [[function.get(j, Fraction(0)) for j in range(inputs)] for function in equalities] + [None] + axes:
            if vector is None:
                across = len(orthogonal)
                continue
            rest = vector
            for other in orthogonal:
                factor = dot(vector, other) / dot(other, other)
                rest = [x - factor * y for x, y in zip(rest, other)]
            orthogonal += [rest] if any(rest) else []
        self.basis = orthogonal[across:]
        self.columns = [self.projected(axis) for axis in axes]
        self.is_aligned = all(sum(map(bool, q)) == 1 for q in self.basis)

    def projected(self, vector):
        parts = [[dot(q, vector) / dot(q, q) * x for x in q] for q in self.basis]
        return [sum(column, Fraction(0)) for column in zip(*parts)] if parts else [Fraction(0)] * len(vector)

    def is_constant(self, gradient):
        return not any(dot(q, gradient) for q in self.basis)

class Lipschitz:
    """A claim about a network and a piece of the region."""
    def __init__(self, network, p, outputs, lower, upper):
        self.network, self.p, self.outputs, self.lower, self.upper = network, p, outputs, lower, upper
        self.repeats = []
        for start, end in itertools.pairwise(network.first):
            for k in range(start, end):
                pairs = ((i, sign) for i in range(start, k) for sign in (1, -1) if network.neurons[k] == network.neurons[i] * sign)
                self.repeats.append(next(pairs, None))

    def sign(self, signs, k):
        other = self.repeats[k]
        return signs.get(other[0], 0) * other[1] if other else signs.get(k, 0)

    def substituted(self, signs, neuron=None):
        """The outputs and the undecided pre-activations in inputs ("x", j) and activations ("r", k); or one pre-activation."""
        before, undecided = {j: Affine({("x", j): Fraction(1)}) for j in range(self.network.inputs)}, {}
        for start, end in itertools.pairwise(self.network.first):
            current = {}
            for k in range(start, end):
                z, sign, other = self.network.neurons[k].substituted(before), self.sign(signs, k), self.repeats[k]
                if k == neuron:
                    require(all(name[0] == "x" for name, _ in z.terms()), "a neuron of an earlier layer has no sign")
                    return z
                if sign:
                    current[k] = z if sign > 0 else Affine()
                elif other:
                    current[k] = Affine({("r", other[0]): Fraction(1)}) + (z if other[1] < 0 else 0)
                else:
                    undecided[k], current[k] = z, Affine({("r", k): Fraction(1)})
            before = current
        return [output.substituted(before) for output in self.network.outputs], undecided

    def gradient(self, function):
        return [function.get(("x", j), Fraction(0)) for j in range(self.network.inputs)]

    def ranges(self, signs, vectors):
        """For each output the intervals of its derivative along the vectors."""
        outputs, undecided = self.substituted(signs)
        result = []
        for output in (outputs[i] for i in self.outputs):
            slopes = {k: [output.get(("r", k), Fraction(0))] * 2 for k in undecided}
            for k in reversed(undecided):
                slopes[k] = [min(slopes[k][0], 0), max(slopes[k][1], 0)]
                for (kind, i), factor in undecided[k].terms():
                    if kind == "r":
                        ends = sorted(end * factor for end in slopes[k])
                        slopes[i] = [a + b for a, b in zip(slopes[i], ends)]
            rows = []
            for vector in vectors:
                low = high = dot(self.gradient(output), vector)
                for k, z in undecided.items():
                    ends = sorted(end * dot(self.gradient(z), vector) for end in slopes[k])
                    low, high = low + ends[0], high + ends[1]
                rows.append((low, high))
            result.append(rows)
        return result

    def is_bounded(self, hull, signs, told):
        """Whether no cell with these signs has a larger norm."""
        inputs, several = self.network.inputs, len(self.outputs) > 1
        if self.p == 2:
            basis = hull.basis
            if told and not several:
                require(len(told) == inputs and any(told) and hull.projected(told) == told, "not a vector of the hull")
                basis = [[x - 2 * dot(q, told) / dot(told, told) * u for x, u in zip(q, told)] for q in basis]
            ranges, lengths = self.ranges(signs, basis), [dot(q, q) for q in basis]
            if not several:
                return sum(max(-low, high) ** 2 / length for (low, high), length in zip(ranges[0], lengths)) <= self.upper
            require(len(told) <= 1 and min(told, default=0) >= 0, "a number >= 0 or nothing was expected")
            delta, left = sum(told, Fraction(0)), self.upper - sum(told, Fraction(0))
            radii = sum(((high - low) / 2) ** 2 / length for row in ranges for (low, high), length in zip(row, lengths))
            middles = [[(low + high) / 2 for low, high in row] for row in ranges]
            matrix = [[left ** 2 * lengths[i] * (i == j) - sum(row[i] * row[j] for row in middles) for j in range(len(basis))]
                      for i in range(len(basis))]
            return radii <= delta ** 2 and left >= 0 and is_positive_semidefinite(matrix)
        across = [told[i:i + inputs] for i in range(0, len(told), inputs)] or [[Fraction(0)] * inputs] * len(self.outputs)
        fits = len(across) == len(self.outputs) and all(len(w) == inputs and hull.is_constant(w) for w in across)
        require(fits, "nothing or a vector across the hull for each output was expected")
        ranges = [[(low + x, high + x) for (low, high), x in zip(row, w)]
                  for row, w in zip(self.ranges(signs, hull.columns), across)]
        sizes = [[max(-low, high) for low, high in row] for row in ranges]
        if self.p == "inf":
            return all(sum(size) <= self.upper or self.is_bounded_by_signs(hull, signs, place, ranges[place], across[place])
                       for place, size in enumerate(sizes))
        if self.p <= 1:
            return all(sum(column) <= self.upper for column in zip(*sizes))
        if not self.upper or max(sizes[0]) > self.upper:
            return not any(sizes[0])
        a, b = self.p.as_integer_ratio()
        return sum(root_above(size / self.upper, a - b) ** a for size in sizes[0]) <= 1

    def is_bounded_by_signs(self, hull, signs, place, row, across):
        choices = [(-1, 1) if low < 0 < high else (-1,) if low < 0 else (1,) for low, high in row]
        if sum(len(choice) > 1 for choice in choices) > 8:
            return False
        for sigma in itertools.product(*choices):
            vector = [dot(sigma, column) for column in zip(*hull.columns)]
            if self.ranges(signs, [vector])[place][0][1] + dot(sigma, across) > self.upper:
                return False
        return True

    def check_attained(self, pieces, fields, rationals):
        """A point inside a piece and a cell where the norm is what is claimed."""
        inputs, along = self.network.inputs, None
        point = rationals(fields[:inputs])
        if len(fields) > inputs:
            require(fields[inputs] == "along" and len(fields) == 2 * inputs + 1, "the direction is not well formed")
            along = rationals(fields[inputs + 1:])
        for hull, is_inside in pieces:
            if is_inside(point):
                break
        else:
            require(False, "the point is not in the interior of the region")
        signs, coordinates = {}, {("x", j): x for j, x in enumerate(point)}
        for k in range(len(self.network.neurons)):
            z = self.substituted(signs, k)
            value = z.at(coordinates)
            require(value or hull.is_constant(self.gradient(z)), f"the point is not inside a cell: neuron {k} is at 0")
            signs[k] = 1 if value > 0 else -1
        # All neurons have a sign of their own here, repeated ones too.
        repeats, self.repeats = self.repeats, [None] * len(self.repeats)
        outputs, _ = self.substituted(signs)
        self.repeats = repeats
        jacobian = [self.gradient(outputs[i]) for i in self.outputs]
        require(self.is_attained(hull, jacobian, along), "the norm of the derivative is another one there")

    def is_attained(self, hull, jacobian, along):
        exact = self.p == "inf" or self.p <= 1 or self.p == 2 and len(jacobian) == 1
        square = exact and self.p == 2
        needed = not square and (not hull.is_aligned if exact else self.lower > 0)
        require((along is not None) == bool(needed), "a direction is missing or superfluous")
        require(self.p in ("inf", 2) or self.p >= 1 or hull.is_aligned, "for p < 1 the hull must be parallel to the axes")
        projected = [hull.projected(row) for row in jacobian]
        if not needed:
            sums = [sum(map(abs, row)) for row in (projected if self.p == "inf" else zip(*projected))]
            return not exact or (dot(projected[0], projected[0]) if square else max(sums)) == self.lower
        a, b = (1, 1) if self.p == "inf" else self.p.as_integer_ratio()
        direction = along if exact or self.p == 2 else [abs(root) ** b * (1 if root > 0 else -1) for root in along]
        require(any(direction) and hull.projected(direction) == direction, "the direction is 0, or not one of the hull")
        image = [dot(row, direction) for row in jacobian]
        if self.p == "inf":
            return max(map(abs, image)) >= self.lower * max(map(abs, direction))
        if self.p == 1:
            return sum(map(abs, image)) >= self.lower * sum(map(abs, direction))
        if self.p == 2:
            return dot(image, image) >= self.lower ** 2 * dot(direction, direction)
        return abs(image[0]) ** a >= self.lower ** a * sum(abs(root) ** a for root in along) ** b

def check_piece(lines, claim, constraints, must_be_empty, rationals):
    """`void`, or `hull` records, `interior` and a tree; returns the hull and what is inside of it."""
    inputs, equalities, (word, *fields) = claim.network.inputs, set(), lines.read()
    if word == "void":
        bound, _ = added_up(fields, {f"c{i}": (function, False) for i, function in enumerate(constraints)})
        return require(bound < 0, "the terms do not contradict each other")
    require(not must_be_empty, "void was expected")
    while word == "hull":
        bound, used = added_up(fields, {f"c{i}": (function, False) for i, function in enumerate(constraints)})
        require(not bound and used, "the terms do not show equalities")
        equalities |= {int(name[1:]) for name in used}
        word, *fields = lines.read()
    require(word == "interior" and len(fields) == inputs, "an interior point was expected")

    def is_inside(point):
        return all(function.at(point) == 0 if i in equalities else function.at(point) < 0 for i, function in enumerate(constraints))
    point, hull = rationals(fields), Hull(inputs, [constraints[i] for i in sorted(equalities)])
    require(is_inside(point), "the point is not in the interior of that part of the region")
    own = {f"c{i}": (function, i not in equalities) for i, function in enumerate(constraints)}
    open_nodes = [({}, {})]
    while open_nodes:
        signs, splits = open_nodes.pop()
        word, *fields = lines.read()
        if word == "bound":
            require(claim.is_bounded(hull, signs, rationals(fields)), "the derivatives of that part may be larger")
        elif word == "flat":
            bound, used = added_up(fields, own | splits)
            strict = any((own | splits)[name][1] for name in used)
            require(bound < 0 or not bound and strict, "the terms do not contradict each other")
        else:
            require(word in ("split", "constant") and len(fields) == 1 and fields[0].isdecimal(), "unknown record")
            k = int(fields[0])
            free = k < len(claim.repeats) and not claim.repeats[k] and k not in signs
            require(free, "the neuron has a sign or repeats another")
            z = claim.substituted(signs, k)
            is_constant = hull.is_constant(claim.gradient(z))
            require(is_constant == (word == "constant"), "the pre-activation is constant, or is not")
            if is_constant:
                open_nodes.append((signs | {k: 1 if z.at({("x", j): x for j, x in enumerate(point)}) > 0 else -1}, splits))
                continue
            plain = Affine({name if name == CONSTANT else name[1]: c for name, c in z.items()})
            open_nodes += [(signs | {k: sign}, splits | {f"n{k}": (plain * -sign, True)}) for sign in (-1, 1)]
    return hull, is_inside

def added_up(fields, functions):
    """Minus the constant of the sum of multiples of functions, whose variables must cancel, and the names used."""
    total, used = Affine(), set()
    for field in fields:
        name, _, factor = field.partition("*")
        require(name in functions and name not in used and factor.isdecimal() and int(factor) > 0, "a term is not well formed")
        used.add(name)
        total.add(functions[name][0], Fraction(int(factor)))
    require(not total.terms(), "the terms do not cancel")
    return -total.constant(), used

def jump(network, output, i):
    """(f(x with u for x_i), f(x)) in (x, u): two copies of every layer, side by side."""
    result, d = Network(network.inputs + 1), network.inputs
    before, moved = dict(enumerate(variables(d))), dict(enumerate(variables(d)))
    moved[i] = Affine({d: Fraction(1)})
    for start, end in itertools.pairwise(network.first):
        functions = [function.substituted(side) for side in (before, moved) for function in network.neurons[start:end]]
        activations = result.relu(functions)
        before, moved = (dict(enumerate(part, start)) for part in (activations[:end - start], activations[end - start:]))
    result.outputs = [network.outputs[output].substituted(side) for side in (moved, before)]
    return result

def check_jump(lines, network, constraints, output, value, rationals, check_clauses):
    """p = 0: two points, and for each input the proof that no change of it changes the output by more."""
    require(all(len(constraint.terms()) == 1 for constraint in constraints), "for p = 0 the region must be a box")
    points = []
    for expected in ("inside", "from", "to"):
        word, *fields = lines.read()
        require(word == expected and len(fields) == network.inputs, f"{expected} was expected")
        points.append(rationals(fields))
        require(all(constraint.at(points[-1]) <= 0 for constraint in constraints), "the point is not in the region")
    _, start, end = points
    require(sum(x != y for x, y in zip(start, end)) <= 1, "the points differ in more than one input")
    change = network.values_at(end)[output] - network.values_at(start)[output]
    require(change == value, "the output grows by another amount between these points")
    for i in range(network.inputs):
        copied = [Affine({network.inputs if j == i else j: c for j, c in f.items()}) for f in constraints if i in f]
        atoms = [Atom(constraint, Affine(), False) for constraint in constraints + copied]
        more = Atom(Affine() + value, Affine({0: Fraction(-1), 1: Fraction(1)}), True)
        check_clauses(lines, jump(network, output, i), ("and", atoms + [more]))

def check_lipschitz(lines, statement, network, constraints, rationals, check_clauses):
    """The records after the header."""
    require(len(statement) >= 3, "the claim is not well formed")
    p, outputs, word, *numbers = statement
    p = p if p == "inf" else rationals([p])[0]
    require(all(i.isdecimal() and int(i) < len(network.outputs) for i in outputs.split(",")), "there is no such output")
    outputs, numbers = list(map(int, outputs.split(","))), rationals(numbers)
    several, counts = len(outputs) > 1, {"empty": 0, "value": 1, "square": 1, "between": 2}
    require(counts.get(word) == len(numbers) and min(numbers, default=0) >= 0, "the claim is not well formed")
    if p == 0 and word == "value" and not several:
        return check_jump(lines, network, constraints, outputs[0], numbers[0], rationals, check_clauses)
    if word != "empty":
        expected = "value" if p == "inf" or 0 < p <= 1 else "square" if p == 2 and not several else "between"
        known = p == "inf" or p > 0 and p.numerator <= 64 and (not several or p in (1, 2))
        require(word == expected and known, "there is no certificate for this p and so many outputs")
    claim = Lipschitz(network, p, outputs, *([numbers[0], numbers[-1]] if numbers else [0, 0]))
    piece = check_piece(lines, claim, constraints, not numbers, rationals)
    if numbers:
        attained, *fields = lines.read()
        require(attained == "attained" and len(fields) >= network.inputs, "attained was expected")
        claim.check_attained([piece] if piece else [], fields, rationals)
    require(lines.read() == ["end"], "the end was expected")
