"""Certificates of training, interpolation and separability, checked slowly and plainly in exact fractions.

Used by check_certificate.py for statements of these kinds. Written from docs/certificate-format.md alone.
"""

import csv
from fractions import Fraction

from certificate_lines import integer, rational
from exact_statement import number_of, require

def read_sample(data):
    """(points, labels) of a CSV file with a header, the last column being the label."""
    header, *rows = [row for row in csv.reader(data.decode().splitlines()) if row]
    numbers = [[number_of(field.strip()) for field in row] for row in rows]
    require(rows and len(header) >= 2 and all(len(row) == len(header) for row in rows), "not a sample")
    return [row[:-1] for row in numbers], [row[-1] for row in numbers]

def dot(left, right):
    return sum((a * b for a, b in zip(left, right)), Fraction(0))

def read_network(lines, fields, dimension, relu, most):
    """A function of a point, w0, the number of nodes, and the fields of the line after the network."""
    require(len(fields) == 2 and fields[0] == "offset", "expected `offset`")
    offset, nodes, fields = rational(fields[1]), [], lines.read()
    while fields[0] == "node":
        require(len(fields) == dimension + 3 and fields[1] in "+-" and len(nodes) < most, "not a node, or one too many")
        nodes.append((1 if fields[1] == "+" else -1, list(map(rational, fields[2:]))))
        fields = lines.read()

    def value(point):
        total = offset + sum(sign * max(0, dot(node, [*point, 1])) for sign, node in nodes)
        return max(Fraction(0), total) if relu else total
    return value, offset, len(nodes), fields

def check_interpolation(lines, claim, sample):
    require(len(claim) == 2 and claim[0] in ("relu", "linear") and claim[1] in ("yes", "no"), "unknown statement")
    points, labels = sample
    fields = lines.read()
    if claim[1] == "yes":
        value, _, _, fields = read_network(lines, fields, len(points[0]), claim[0] == "relu", len(points))
        require(all(value(point) == label for point, label in zip(points, labels)), "the network misses a label")
        return require(fields == ["end"], "the end was expected")
    rows = [integer(field, 0, len(points)) for field in fields[1:]]
    if fields[0] == "conflict" and len(rows) == 2:
        first, second = rows
        require(points[first] == points[second] and labels[first] != labels[second], "the rows are not in conflict")
    else:
        require(fields[0] == "negative" and len(rows) == 1 and claim[0] == "relu" and labels[rows[0]] < 0, "no conflict")
    require(lines.read() == ["end"], "the end was expected")

def check_separability(lines, claim, sample):
    require(len(claim) == 2 and claim[1] in ("yes", "no"), "unknown statement")
    planes, (points, labels) = integer(claim[0], 1), sample
    require(set(labels) <= {0, 1}, "a label is not 0 or 1")
    if claim[1] == "yes":
        above = [True] * len(points)
        for _ in range(planes):
            fields = lines.read()
            require(fields[0] == "plane" and len(fields) == len(points[0]) + 2, "a hyperplane was expected")
            offset, *normal = map(rational, fields[1:])
            require(any(normal), "the normal is zero")
            above = [earlier and dot(normal, point) > offset for earlier, point in zip(above, points)]
        require(above == [label == 1 for label in labels], "the hyperplanes do not separate")
    else:
        # A node: which hyperplane the points are given to.
        open_nodes = [{}]
        while open_nodes:
            plane_of, (word, *fields) = open_nodes.pop(), lines.read()
            if word == "assign" and len(fields) == 1:
                point = integer(fields[0], 0, len(points))
                require(labels[point] == 0 and point not in plane_of, "the point has label 1, or a hyperplane")
                used = len(set(plane_of.values()))
                open_nodes += [{**plane_of, point: plane} for plane in reversed(range(min(used + 1, planes)))]
            else:
                require(word == "meet", f"unknown record: {word[:40]}")
                check_meet(fields, points, labels, plane_of)
    require(lines.read() == ["end"], "the end was expected")

def check_meet(fields, points, labels, plane_of):
    """Points of one hyperplane and points with label 1 have a common combination."""
    terms = []
    for field in fields:
        row, star, factor = field.partition("*")
        require(star, "a term was expected")
        terms.append((integer(row, 0, len(points)), integer(factor, 1)))
    below = [row for row, _ in terms if labels[row] == 0]
    require(below and all(row in plane_of for row in below), "a point is not given to a hyperplane")
    require(len({plane_of[row] for row in below}) == 1, "the points are given to different hyperplanes")
    total = [0] * (len(points[0]) + 1)
    for row, factor in terms:
        sign = factor if labels[row] else -factor
        total = [value + sign * x for value, x in zip(total, [*points[row], 1])]
    require(not any(total), "the combinations do not meet")

class Networks:
    """The networks that a training statement is about, and the sample in groups of equal points."""
    def __init__(self, relu, hidden, bias, sample):
        self.relu, self.hidden, self.bias = relu, hidden, bias
        places = {}
        for point, label in zip(*sample):
            places.setdefault(tuple(point), []).append(label)
        self.points = [[*point, Fraction(1)] for point in places]
        self.counts = [len(labels) for labels in places.values()]
        self.sums = [sum(labels) for labels in places.values()]
        self.squares = [sum(label * label for label in labels) for labels in places.values()]
        self.size = hidden * len(self.points[0]) + bias

    def least(self, group):
        """The least loss of a group, whatever the network."""
        if self.relu and self.sums[group] <= 0:
            return self.squares[group]
        return self.squares[group] - self.sums[group] ** 2 / self.counts[group]

    def hidden_row(self, group, node, sign=1):
        row = [Fraction(0)] * self.size
        start = node * len(self.points[0])
        row[start:start + len(self.points[0])] = [sign * x for x in self.points[group]]
        return row

class Part:
    """The signs decided on the way to a node: ("h", group, node), ("o", group) or ("w",) -> 1 or -1, in order."""
    def __init__(self, networks, positive, signs):
        self.networks, self.positive, self.signs = networks, positive, signs

    def knows_value(self, group):
        return all(("h", group, node) in self.signs for node in range(self.networks.hidden))

    def value_row(self, group):
        row = [Fraction(0)] * self.networks.size
        for node in range(self.networks.hidden):
            if self.signs["h", group, node] > 0:
                own = self.networks.hidden_row(group, node, 1 if node < self.positive else -1)
                row = [a + b for a, b in zip(row, own)]
        if self.networks.bias:
            row[-1] = Fraction(1)
        return row

    def row(self, name):
        """The row of a constraint, which is not negative."""
        sign = self.signs.get(name)
        require(sign, "no constraint of that part")
        if name[0] == "h":
            return self.networks.hidden_row(name[1], name[2], sign)
        if name[0] == "w":
            return [Fraction(0)] * (self.networks.size - 1) + [Fraction(sign)]
        return [sign * value for value in self.value_row(name[1])]

    def name(self, text):
        """A constraint's name, written hG.J, oG or w."""
        if text == "w":
            return ("w",)
        groups = len(self.networks.points)
        if text[:1] == "o":
            return ("o", integer(text[1:], 0, groups))
        group, dot_, node = text[1:].partition(".")
        require(text[:1] == "h" and dot_, "no constraint of that part")
        return ("h", integer(group, 0, groups), integer(node, 0, self.networks.hidden))

    def program(self):
        """(constant, rows with counts and sums): the loss is constant + the sum of count v^2 - 2 sum v, v = row theta."""
        constant, terms = Fraction(0), []
        for group in range(len(self.networks.points)):
            row = self.value_row(group) if self.knows_value(group) else None
            output = self.signs.get(("o", group)) if self.networks.relu else 1
            if row is None or output is None and any(row):
                constant += self.networks.least(group)
                continue
            constant += self.networks.squares[group]
            if output == 1 and any(row):
                terms.append((row, self.networks.counts[group], self.networks.sums[group]))
        return constant, terms

    def half_known(self, text):
        """A group where only the output is undecided."""
        group = integer(text, 0, len(self.networks.points))
        known = self.networks.relu and self.knows_value(group) and ("o", group) not in self.signs
        require(known and any(self.value_row(group)), "it is not only the output that is undecided there")
        return group

    def bound(self, fields):
        """The least loss where these constraints are zero, if all have multipliers >= 0.

        A group where only the output is undecided costs at least what its convex minorant does: zero more than its least loss
        up to a kink, then the loss of v; at a kink at 0 (`k`) its slope may be anything from 0 to that of the loss.
        """
        networks, size = self.networks, self.networks.size
        curved = [self.half_known(field[1:]) for field in fields if field[0] == "c"]
        convex = curved + [self.half_known(field[1:]) for field in fields if field[0] == "k"]
        require(len(set(convex)) == len(convex), "a group comes twice")
        fields = [field for field in fields if field[0] != "c"]
        kinks = [(place, self.half_known(field[1:])) for place, field in enumerate(fields) if field[0] == "k"]
        rows = [[-x for x in self.value_row(self.half_known(field[1:]))] if field[0] == "k" else self.row(self.name(field)) for field in fields]
        constant, terms = self.program()
        for group in curved:
            constant += networks.squares[group] - networks.least(group)
            terms.append((self.value_row(group), networks.counts[group], networks.sums[group]))
        linear = [sum((total * row[i] for row, _, total in terms), Fraction(0)) for i in range(size)]
        system = [[-row[i] for row in rows] + [sum((count * row[i] * row[j] for row, count, _ in terms), Fraction(0))
                                               for j in range(size)] + [linear[i]] for i in range(size)]
        system += [[Fraction(0)] * len(rows) + row + [Fraction(0)] for row in rows]
        solution, free = solve(system)
        require(solution is not None and not any(column < len(rows) for column in free), "the constraints are not independent")
        require(all(value >= 0 for value in solution[:len(rows)]), "a multiplier is negative")
        require(all(solution[place] <= -networks.sums[group] for place, group in kinks), "the multiplier at a kink is too large")
        for group in curved:
            value = dot(self.value_row(group), solution[len(rows):])
            require(value >= 0 and value * networks.counts[group] >= networks.sums[group], "a group is not curved there")
        return constant - dot(linear, solution[len(rows):])

    def check_none(self, fields):
        total = [Fraction(0)] * self.networks.size
        for field in fields:
            name, star, factor = field.partition("*")
            require(star, "a term was expected")
            factor = integer(factor, 1)
            total = [value + factor * entry for value, entry in zip(total, self.row(self.name(name)))]
        require(fields and not any(total), "the constraints do not cancel")

    def check_swap(self, fields):
        require(len(fields) == 3, "swap has three fields")
        group = integer(fields[0], 0, len(self.networks.points))
        first, second = (integer(field, 0, self.networks.hidden) for field in fields[1:])
        require((first < self.positive) == (second < self.positive), "the nodes have different signs")
        names = [("h", group, node) for node in (first, second)]
        require([self.signs.get(name) for name in names] == [-1, 1], "the nodes are not off and on there")
        before = list(self.signs)[:list(self.signs).index(names[0])]
        one, other = ({(name[1], self.signs[name]) for name in before if name[0] == "h" and name[2] == node}
                      for node in (first, second))
        require(one == other, "something told the nodes apart before")

    def split(self, word, fields):
        """The two children."""
        if word == "offset":
            require(self.networks.bias and not fields, "the output has no bias")
            name = ("w",)
        elif word == "split":
            require(len(fields) == 2, "split has two fields")
            name = self.name(f"h{fields[0]}.{fields[1]}")
        else:
            require(len(fields) == 1, "output has one field")
            name = self.name(f"o{fields[0]}")
            require(self.networks.relu and self.knows_value(name[1]) and any(self.value_row(name[1])), "no output to be split")
        require(name not in self.signs, "that is decided already")
        return [Part(self.networks, self.positive, {**self.signs, name: sign}) for sign in (1, -1)]

def solve(system):
    """A solution of the equations (the last column is the right side) and the free columns; None if there is none."""
    width, pivots, rank = len(system[0]) - 1, [], 0
    for column in range(width):
        found = next((line for line in range(rank, len(system)) if system[line][column]), None)
        if found is None:
            continue
        system[rank], system[found] = system[found], system[rank]
        pivot = system[rank][column]
        system[rank] = [value / pivot for value in system[rank]]
        for line, values in enumerate(system):
            if line != rank and values[column]:
                factor = values[column]
                system[line] = [value - factor * above if above else value for value, above in zip(values, system[rank])]
        pivots.append(column)
        rank += 1
    if any(line[-1] for line in system[rank:]):
        return None, []
    solution = [Fraction(0)] * width
    for line, column in zip(system, pivots):
        solution[column] = line[-1]
    return solution, [column for column in range(width) if column not in pivots]

def check_training(lines, claim, sample):
    require(len(claim) == 5 and claim[0] in ("relu", "linear") and claim[2] in ("bias", "unbiased"), "unknown statement")
    require(claim[3] == "loss" or claim[3] == "zero" and claim[4] in ("yes", "no"), "unknown statement")
    networks = Networks(claim[0] == "relu", integer(claim[1], 1, 101), claim[2] == "bias", sample)
    is_zero_yes, loss, fields = claim[3:] == ["zero", "yes"], None, lines.read()
    if claim[3:] != ["zero", "no"]:
        loss = Fraction(0) if is_zero_yes else rational(claim[4])
        value, offset, count, fields = read_network(lines, fields, len(sample[0][0]), networks.relu, networks.hidden)
        require(count == networks.hidden and (networks.bias or offset == 0), "the network is not of the kind of the statement")
        found = sum((value(point) - label) ** 2 for point, label in zip(*sample))
        require(found == loss, f"the network has the loss {found}")
    for positive in () if is_zero_yes else reversed(range(networks.hidden + 1)):
        require(fields == ["signs", str(positive)], "the tree for other signs was expected")
        open_nodes = [Part(networks, positive, {})]
        while open_nodes:
            part, (word, *rest) = open_nodes.pop(), lines.read()
            if word in ("split", "output", "offset"):
                open_nodes += reversed(part.split(word, rest))
            elif word == "bound":
                bound = part.bound(rest)
                require(bound > 0 if loss is None else bound >= loss, "the loss may be smaller there")
            else:
                require(word in ("none", "swap"), f"unknown record: {word[:40]}")
                (part.check_none if word == "none" else part.check_swap)(rest)
        fields = lines.read()
    require(fields == ["end"], "the end was expected")

KINDS = {"training": (check_training, "data"), "interpolation": (check_interpolation, "data"),
         "separability": (check_separability, "points")}

def check(lines, data, digest):
    """The statement that the certificate proves about a sample, given as its file's bytes and their hash."""
    require(lines.read() == ["foldline-certificate", "1"], "not a certificate of version 1")
    word, kind, *claim = lines.read()
    require(word == "statement" and kind in KINDS, "unknown statement")
    own, role = KINDS[kind]
    fields = lines.read()
    require(len(fields) == 3 and fields[::2] == [role, digest], "the certificate is about another file")
    own(lines, claim, read_sample(data))
    require(lines.number == len(lines.lines), "something stands after the end")
    return " ".join([kind, *claim])
