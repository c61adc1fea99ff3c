"""Cell counts: the part of scripts/check_certificate.py that is about them, in exact fractions.

Written from docs/certificate-format.md alone. Functions of the inputs are lists: the coefficients, then the constant.
"""

from fractions import Fraction

from certificate_lines import integer, rational
from exact_statement import require

MOST_BASES = 100_000

def value_at(function, point):
    return sum((a * x for a, x in zip(function, point)), function[-1])

class Basis:
    """Functions with independent gradients; which others are sums C + sum M_j B_j of them with C, M_j >= 0."""
    def __init__(self, functions, inputs):
        # Gauss and Jordan's elimination: row = (a function, how much of each B_j is in it), 1 in the row's own column.
        self.inputs, self.rows, self.columns = inputs, [], []
        for j, function in enumerate(functions):
            row = list(function) + [Fraction(i == j) for i in range(len(functions))]
            row = self.reduced(row)
            column = next((column for column in range(inputs) if row[column]), None)
            require(column is not None, "the gradients of these bounds depend on each other")
            row = [x / row[column] for x in row]
            self.rows = [[x - other[column] * y for x, y in zip(other, row)] for other in self.rows] + [row]
            self.columns.append(column)

    def reduced(self, row):
        for column, own in zip(self.columns, self.rows):
            if row[column]:
                row = [x - row[column] * y for x, y in zip(row, own)]
        return row

    def sign_forced_on(self, function):
        """1: on, -1: off, None: neither."""
        rest = self.reduced(list(function) + [Fraction(0)] * len(self.rows))
        if any(rest[:self.inputs]):
            return None
        parts = [rest[self.inputs]] + [-x for x in rest[self.inputs + 1:]]  # C, M_1, …
        return 1 if min(parts) >= 0 and any(parts) else -1 if max(parts) <= 0 else None

class Node:
    """A node of the tree: the layer at hand, its functions, its neurons without a sign, and those that are on."""
    def __init__(self, network, layer, functions, bounds, bases):
        self.network, self.layer, self.functions, self.bounds, self.bases = network, layer, functions, bounds, bases
        self.undecided, self.on = set(functions), set()
        for basis in bases:
            self.decide(basis)

    def decide(self, basis):
        for k in sorted(self.undecided):
            sign = basis.sign_forced_on(self.functions[k])
            if sign:
                self.give(k, sign)

    def give(self, k, sign):
        self.undecided.remove(k)
        self.on |= {k} if sign > 0 else set()

    def settled(self):
        """The node of the first layer from here that has a neuron without a sign, or of the last one."""
        node = self
        while not node.undecided and node.layer + 2 < len(self.network.first):
            node = Node(self.network, node.layer + 1, node.next_functions(), node.bounds, node.bases)
        return node

    def next_functions(self):
        functions = {}
        for k in range(*self.network.first[self.layer + 1:self.layer + 3]):
            pre_activation = self.network.neurons[k]
            total = [Fraction(0)] * self.network.inputs + [pre_activation.constant()]
            for i, weight in pre_activation.terms():
                if i in self.on:
                    total = [x + weight * y for x, y in zip(total, self.functions[i])]
            functions[k] = total
        return functions

    def child(self, k, sign):
        """The side of a neuron that is split on."""
        child = Node(self.network, self.layer, {}, dict(self.bounds), list(self.bases))
        child.functions, child.undecided, child.on = self.functions, set(self.undecided), set(self.on)
        child.give(k, sign)
        child.bounds[f"n{k}"] = [sign * x for x in self.functions[k]]
        return child.settled()

def root(network, region):
    """The root: all of the region, given as affine functions that are <= 0."""
    def as_list(function):
        return [function.get(j, Fraction(0)) for j in range(network.inputs)] + [function.constant()]
    bounds = {f"r{i}": [-x for x in as_list(function)] for i, function in enumerate(region)}
    first = network.first[1] if len(network.first) > 1 else 0
    functions = {k: as_list(network.neurons[k]) for k in range(first)}
    return Node(network, 0, functions, bounds, [Basis([], network.inputs)]).settled()

def check_point(node, point):
    for name, bound in node.bounds.items():
        value = value_at(bound, point)
        require(value > 0 or value == 0 and not any(bound[:-1]), f"the point is not inside of {name}")

def check_cells(lines, claim, network, region):
    """The records of `statement regions cells N`."""
    require(len(claim) == 2 and claim[0] == "cells", "unknown statement")
    claimed, cells, open_nodes = integer(claim[1], 0), 0, [root(network, region)]
    while open_nodes:
        node = open_nodes.pop()
        word, *fields = lines.read()
        if word == "basis":
            require(len(node.bases) <= MOST_BASES, "too many bases are in force")
            require(all(name in node.bounds for name in fields), "a bound that is not known here")
            node.bases.append(Basis([node.bounds[name] for name in fields], network.inputs))
            node.decide(node.bases[-1])
            open_nodes.append(node.settled())
        elif word == "split":
            require(len(fields) == 1, "split names one neuron")
            k = integer(fields[0], 0, len(network.neurons))
            require(k in node.undecided, f"neuron {k} is none of this layer's that have no sign")
            open_nodes += [node.child(k, -1), node.child(k, 1)]
        else:
            require(word == "cell", f"a record {word[:40]} was not expected")
            require(not node.undecided, "not every neuron has a sign")
            require(len(fields) == network.inputs, "a point has a number for each input")
            check_point(node, list(map(rational, fields)))
            cells += 1
    require(cells == claimed, f"the tree has {cells} cells")
