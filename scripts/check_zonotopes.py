"""Certificates about zonotopes, in exact integers and fractions: containment and the largest norm.

check_certificate.py calls this for the kinds `containment` and `norm`. Zonotopes and matrices are read from foldline's JSON
(center and generators, or segments; a list of rows). Written from docs/certificate-format.md alone.
"""

import functools, hashlib, itertools, json, math
from fractions import Fraction

from certificate_lines import integer, rational
from exact_statement import json_object, number_of, require

MOST_ORTHANT_DIMENSIONS, LARGEST_TERM, FRACTION_BITS = 20, 100, 96

def parse(data):
    """JSON whose numbers are kept as texts."""
    return json.loads(data, object_pairs_hook=json_object, parse_float=str, parse_int=str, parse_constant=str)

def rows_of(value):
    """A list of lists of numbers of one length, exactly."""
    require(isinstance(value, list) and all(isinstance(row, list) for row in value), "a list of lists was expected")
    rows = [list(map(number_of, row)) for row in value]
    require(len({len(row) for row in rows}) <= 1, "the rows have different lengths")
    return rows

def read_zonotope(data):
    """(center, generators) of a zonotope in JSON."""
    content = parse(data)
    if content.keys() == {"segments"}:
        generators = [[value / 2 for value in segment] for segment in rows_of(content["segments"])]
        return list(map(sum, zip(*generators))), generators
    require("generators" in content and content.keys() <= {"center", "generators"}, "center and generators were expected")
    generators = rows_of(content["generators"])
    center = list(map(number_of, content["center"])) if "center" in content else [Fraction(0)] * len(generators[0])
    require(all(len(generator) == len(center) for generator in generators), "a generator has another dimension")
    return center, generators

def read_matrix(data):
    """The rows of a matrix in JSON: a list of rows, or an object with one."""
    content = parse(data)
    (rows,) = content.values() if isinstance(content, dict) else (content,)
    return rows_of(rows)

def product(left, right):
    return sum(a * b for a, b in zip(left, right))

def plus(left, right, sign=1):
    return [a + sign * b for a, b in zip(left, right)]

def integers_of(vectors):
    """The vectors times their common denominator, and that."""
    common = math.lcm(*(value.denominator for vector in vectors for value in vector))
    return [[int(value * common) for value in vector] for vector in vectors], common

class Reader:
    """The records of a certificate, with the numbers in them."""
    def __init__(self, lines):
        self.lines = lines

    def fields(self, word):
        """The fields after a word that must come."""
        first, *fields = self.lines.read()
        require(first == word, f"{word} was expected, found {first[:40]}")
        return fields

    def numbers(self, word, count):
        return self.rationals(self.fields(word), count)

    def rationals(self, fields, count):
        require(len(fields) == count, "a number is missing or superfluous")
        return list(map(rational, fields))

def check(lines, files):
    """The statement that the certificate proves about the files with these bytes."""
    require(lines.read() == ["foldline-certificate", "1"], "not a certificate of version 1")
    reader, (_, kind, *claim) = Reader(lines), lines.read()
    require(claim, "a claim was expected")
    roles = {"containment": ["outer", "inner"], "norm": ["zonotope"] + ["matrix"] * (claim[:1] == ["matrix"])}[kind]
    require(len(files) == len(roles), "it is about another number of files")
    for role, data in zip(roles, files):
        fields = reader.fields(role)
        require(len(fields) == 2 and fields[1] == hashlib.sha256(data).hexdigest(), f"the certificate is about another {role}")
    (check_containment if kind == "containment" else check_norm)(reader, claim, files)
    require(lines.read() == ["end"], "the end was expected")
    require(lines.number == len(lines.lines), "something stands after the end")
    return " ".join([kind, *claim])

# Containment

def check_containment(reader, claim, files):
    """INNER is contained in OUTER, or is not."""
    (center, outer), (other, inner) = map(read_zonotope, files)
    require(len(center) == len(other), "the dimensions differ")
    if claim == ["no"]:
        factors = reader.numbers("point", len(inner))
        require(all(abs(factor) <= 1 for factor in factors), "a coefficient is not between -1 and 1")
        point = functools.reduce(plus, ([factor * v for v in g] for factor, g in zip(factors, inner)), other)
        normal = reader.numbers("normal", len(center))
        support = product(normal, center) + sum(abs(product(normal, generator)) for generator in outer)
        return require(product(normal, point) > support, "the normal separates nothing")
    require(claim == ["yes"], "yes or no was expected")
    vectors, _ = integers_of(outer + inner + [plus(other, center, -1)])
    outer, inner = vectors[:len(outer)], vectors[len(outer):]
    word, *fields = reader.lines.read()
    if word == "normals":
        return check_normals(reader, fields, outer, inner)
    require([word, *fields] == ["gauges"], "normals or gauges were expected")
    check_gauges(reader, outer, inner)

def check_normals(reader, fields, outer, inner):
    """All sets of r - 1 independent outer generators in the coordinates of their span."""
    dimension = len(inner[-1])
    chosen = [integer(field, 0, dimension) for field in fields]
    require(chosen == sorted(set(chosen)), "the coordinates are not increasing")
    for other in (j for j in range(dimension) if j not in chosen):
        weights = reader.numbers("equation", len(chosen))
        fits = (sum(w * v[j] for w, j in zip(weights, chosen)) == v[other] for v in outer + inner)
        require(all(fits), f"the equation of coordinate {other} is violated")
    outer, inner = ([[v[j] for j in chosen] for v in vectors] for vectors in (outer, inner))
    spans = [not chosen]
    def descend(functions, rest):
        """`functions` is a basis of those that vanish on the generators chosen so far."""
        if len(functions) == 1:
            wide, narrow = (sum(abs(product(functions[0], v)) for v in vectors) for vectors in (outer, inner))
            require(narrow <= wide, "the inner zonotope is larger at a normal")
            spans.append(wide > 0)
            return
        for place, vector in enumerate(rest):
            values = [product(f, vector) for f in functions]
            pivot = next((k for k, value in enumerate(values) if value), None)
            if pivot is not None:
                own = functions[pivot]
                left = [[values[pivot] * a - value * b for a, b in zip(f, own)]
                        for k, (f, value) in enumerate(zip(functions, values)) if k != pivot]
                descend([[a // math.gcd(*f) for a in f] for f in left], rest[place + 1:])
    if chosen:
        descend([[int(j == k) for k in chosen] for j in chosen], outer)
    require(any(spans), "the outer generators do not span the coordinates")

def check_gauges(reader, outer, inner):
    """A combination of outer generators for every inner one, then a tree over their signs."""
    def gauge(fields, target):
        factors = reader.rationals(fields, len(outer))
        total = functools.reduce(plus, ([factor * v for v in g] for factor, g in zip(factors, outer)), [0] * len(target))
        require(total == target, "the combination is not the vector")
        return max(map(abs, factors), default=Fraction(0))
    order, sizes = [], []
    for _ in inner:
        index, *fields = reader.fields("generator")
        order.append(integer(index, 0, len(inner)))
        sizes.append(gauge(fields, inner[order[-1]]))
    require(len(set(order)) == len(inner), "a generator is named twice")
    nodes = [(0, [0] * len(inner[0]))]
    while nodes:
        fixed, total = nodes.pop()
        word, *fields = reader.lines.read()
        if word == "leaf":
            require(gauge(fields, total) + sum(sizes[fixed:]) <= 1, "the gauges add up to more than 1")
        else:
            require(word == "split" and not fields and fixed < len(inner), "nothing is left to split")
            vector = inner[order[fixed]]
            nodes += [(fixed + 1, plus(total, vector, sign)) for sign in (-1, 1)[fixed == 0:]]

# The largest norm

class Largest:
    """The norm that nothing may exceed; vectors are integers in units of 1/`unit`."""
    def __init__(self, p, claimed, common):
        self.p, self.claimed = p, claimed
        self.unit = common << {1: 0, 2: 24}.get(p, 100)
        self.limit = math.floor(claimed * self.unit ** (2 if p == 2 else 1))
        self.norm = math.isqrt(self.limit) if p == 2 else self.limit

    def at_most(self, vector, bound):
        """Whether the norm of integers is at most an integer; for p other than 1, 2 a yes is right, a no right up to rounding."""
        if bound < 0:
            return False
        if self.p == 1:
            return sum(map(abs, vector)) <= bound
        if self.p == 2:
            return product(vector, vector) <= bound * bound
        if bound == 0 or max(map(abs, vector)) > bound:
            return not any(vector)
        return sum(power(abs(value), bound, self.p, True) for value in vector) <= 1 << FRACTION_BITS

    def holds(self, vector):
        return product(vector, vector) <= self.limit if self.p == 2 else self.at_most(vector, self.norm)

    def holds_of(self, vector):
        """The same of rationals."""
        if self.p == 1:
            return sum(map(abs, vector)) <= self.claimed
        return product(vector, vector) <= self.claimed if self.p == 2 else self.holds([math.ceil(abs(v) * self.unit) for v in vector])

    def length(self, vector):
        """An integer a little above the norm of integers."""
        low, high = max(map(abs, vector)), sum(map(abs, vector))
        for _ in range(16):
            middle = (low + high) // 2
            low, high = (low, middle) if self.at_most(vector, middle) else (middle, high)
        return high

def power(value, bound, p, up):
    """(value/bound)^p * 2^96 for 0 <= value <= bound, rounded up or down."""
    divide = lambda a, b: -(-a // b) if up else a // b
    scaled = divide(value << FRACTION_BITS * p.denominator, bound)
    root = integer_root(scaled, p.denominator)
    root += up and root ** p.denominator < scaled
    return functools.reduce(lambda total, _: divide(total * root, 1 << FRACTION_BITS), range(1, p.numerator), root)

def integer_root(value, degree):
    """The largest r with r^degree <= value, by Newton's method from above."""
    if degree == 1 or value < 2:
        return value
    root = 1 << -(-value.bit_length() // degree)
    while (better := ((degree - 1) * root + value // root ** (degree - 1)) // degree) < root:
        root = better
    return root

def all_fit(largest, start, free):
    """Whether every sum of `start` and +- each vector of `free` is short enough; the triangle inequality leaves most of them out."""
    ordered = sorted(((largest.length(vector), vector) for vector in free), key=lambda pair: -pair[0])
    if ordered and not any(start):  # opposite sums are as long
        start = ordered.pop(0)[1]
    rest = [*itertools.accumulate((length for length, _ in reversed(ordered)), initial=0)][::-1]
    nodes = [(0, start)]
    while nodes:
        place, total = nodes.pop()
        if place == len(ordered):
            if not largest.holds(total):
                return False
        elif not largest.at_most(total, largest.norm - rest[place]):
            nodes += [(place + 1, plus(total, ordered[place][1], sign)) for sign in (1, -1)]
    return True

def merged(vectors):
    """Vectors without zeros; those that are multiples of an earlier one are added to it, pointing its way."""
    found = {}
    for vector in vectors:
        first = next(filter(None, vector), None)
        if first:
            key = tuple(Fraction(value, first) for value in vector)
            found[key] = plus(found.get(key, [0] * len(vector)), vector, 1 if first > 0 else -1)
    return list(found.values())

def check_norm(reader, claim, files):
    """V is the largest norm; or it lies between two numbers."""
    center, generators = read_zonotope(files[0])
    shape = (claim[0], *claim[1:2], len(claim))
    exact = shape in (("1", "value", 3), ("inf", "value", 3), ("matrix", "value", 3), ("2", "square", 3))
    require(exact or shape[1:] == ("between", 4) and shape[0] not in ("1", "2", "inf", "matrix"), "there is no such claim")
    *_, least, most = [None, *map(rational, claim[2:])] if len(claim) == 4 else [rational(claim[2])] * 2
    require(least >= 0, "a norm is not negative")
    norm, rows = claim[0], None
    if norm == "matrix":
        rows = read_matrix(files[1])
        require(rows and len(rows[0]) == len(center), "the matrix does not fit the zonotope")
    elif norm == "inf":
        rows = [[Fraction(j == k) for k in range(len(center))] for j in range(len(center))]
    else:
        norm = rational(norm)
        require(norm >= 1 and max(norm.numerator, norm.denominator) <= LARGEST_TERM, "p is below 1, or its terms are too large")
    signs = reader.fields("vertex")
    require(len(signs) == len(generators) and set(signs) <= {"+", "-"}, "one sign a generator was expected")
    point = functools.reduce(lambda total, pair: plus(total, pair[1], int(pair[0] + "1")), zip(signs, generators), center)
    if exact:
        found = {1: lambda: sum(map(abs, point)), 2: lambda: product(point, point)}.get(
            norm, lambda: max(abs(product(row, point)) for row in rows))()
        require(found == least, "the norm of the vertex is another one")
    else:
        require(at_least(point, least, norm), "the norm of the vertex is smaller")
    scheme = reader.lines.read()
    vectors, common = integers_of([*generators, center])
    if scheme == ["directions"]:
        require(rows or norm == 1, "there are no such directions for this norm")
        check_directions(rows, [*generators, center], vectors, most, math.floor(most * common))
    else:
        require(scheme in (["signs"], ["cones"]) and not rows, "directions, signs or cones were expected")
        largest = Largest(norm, most, common)
        scale = largest.unit // common
        vectors = [[value * scale for value in vector] for vector in merged(vectors)]
        if scheme == ["signs"]:
            return require(all_fit(largest, [0] * len(center), vectors), "a sum with signs has a larger norm")
        check_cones(reader, len(center), vectors, largest)

def at_least(point, bound, p):
    """Whether the p-norm of rationals is at least a rational, up to rounding; a yes is right."""
    if bound == 0 or max(map(abs, point)) >= bound:
        return True
    ratios = [abs(value) / bound for value in point]
    return sum(power(ratio.numerator, ratio.denominator, p, False) for ratio in ratios) >= 1 << FRACTION_BITS

def check_directions(rows, exact, vectors, most, limit):
    """No support value in a direction that the norm asks for is above the norm."""
    for row in rows or ():
        require(sum(abs(product(row, vector)) for vector in exact) <= most, "the norm is larger in some direction")
    if not rows:
        for signs in itertools.product((1, -1), repeat=len(exact[-1]) - 1):
            reach = sum(abs(product((1, *signs), vector)) for vector in vectors)
            require(reach <= limit, "the norm is larger in some direction")

def check_cones(reader, dimension, vectors, largest):
    """A tree for each orthant whose first coordinate is not negative."""
    require(dimension <= MOST_ORTHANT_DIMENSIONS, "there are too many orthants")
    @functools.cache
    def products(ray):
        return [product(ray, vector) for vector in vectors]
    axis = lambda j, sign: tuple(sign * (j == k) for k in range(dimension))
    for orthant in range(1 << dimension - 1):
        nodes = [[axis(j, -1 if j and orthant >> j - 1 & 1 else 1) for j in range(dimension)]]
        while nodes:
            cone = nodes.pop()
            word, *fields = reader.lines.read()
            if word == "split":
                require(len(fields) == 2, "two rays were expected")
                first, second = (integer(field, 0, dimension) for field in fields)
                require(first != second, "an edge has two rays")
                ray = between(cone[first], cone[second])
                nodes += [[ray if k == replaced else own for k, own in enumerate(cone)] for replaced in (second, first)]
            elif word == "above":
                above = reader.rationals(fields, dimension)
                reaches = ((product(above, ray) * largest.unit, sum(map(abs, products(ray)))) for ray in cone)
                require(all(value >= reach for value, reach in reaches), "the vector is not above the support function at a ray")
                require(largest.holds_of(above), "the vector has a larger norm")
            else:
                require([word, *fields] == ["signs"], "split, above or signs were expected")
                start, free = [0] * dimension, []
                for vector, *values in zip(vectors, *map(products, cone)):
                    if min(values) < 0 < max(values):
                        free.append(vector)
                    else:
                        start = plus(start, vector, -1 if min(values) < 0 else 1)
                require(all_fit(largest, start, free), "a sum with these signs has a larger norm")

def between(first, second):
    """The sum of two rays, each scaled by a power of two so that the magnitude of its largest coordinate is in [1, 2)."""
    bits = [max(map(abs, ray)).bit_length() for ray in (first, second)]
    scales = [max(bits) - own for own in bits]
    return tuple((a << scales[0]) + (b << scales[1]) for a, b in zip(first, second))
