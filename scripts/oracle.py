"""A brute-force exact oracle: does some point of the region satisfy a VNN-LIB text together with its network output?

    python3 oracle.py NETWORK.json PROPERTY.vnnlib     prints the verdict, and a witness if there is one
    python3 oracle.py --maximum NETWORK.json PROPERTY.vnnlib     prints the maximum of output 0 over the input part

It walks all activation patterns neuron by neuron and keeps a pattern as long as its closed cell is not empty; where a neuron has
one sign on the whole cell, the other sign adds no point and is dropped. On a full pattern the network is affine, and each clause
is one exact linear feasibility question. It shares no code with the Rust crates. Needs only the standard library.
"""

import json
import sys
from fractions import Fraction

from exact_polyhedron import Polyhedron
from vnnlib_text import clauses_of


class Exhausted(Exception):
    """The given number of cells was not enough."""


def read_network(text):
    """The layers (weights, bias, is_relu) of a JSON network, every number exact."""
    return layers_of(json.loads(text, parse_float=str))


def layers_of(network):
    """The layers (weights, bias, is_relu) of a decoded JSON network; a float stands for the decimal it prints as."""
    return [([[Fraction(str(value)) for value in row] for row in layer["weights"]],
             [Fraction(str(value)) for value in layer["bias"]],
             layer["activation"] == "relu") for layer in network["layers"]]


def evaluate(layers, point):
    """The exact output at a point."""
    values = list(point)
    for weights, bias, is_relu in layers:
        values = [sum((weight * value for weight, value in zip(row, values)), offset) for row, offset in zip(weights, bias)]
        if is_relu:
            values = [max(value, Fraction(0)) for value in values]
    return values


def decide(layers, text, cell_limit=None):
    """("violated", witness point) or ("holds", None) for a network and a VNN-LIB text."""
    dimension = len(layers[0][0][0])
    for clause in clauses_of(text):
        region = Polyhedron(dimension)
        mixed = []
        for coefficients, constant, strict in clause:
            if any(name[0] == "Y" for name in coefficients):
                mixed.append((coefficients, constant, strict))
            elif region is not None:
                normal = [coefficients.get(f"X_{index}", 0) for index in range(dimension)]
                region = region.intersected(normal, -constant, strict)
        if region is None:
            continue
        for cell, outputs in cells(layers, region, cell_limit):
            point = _point_of_clause(cell, outputs, mixed)
            if point is not None:
                return "violated", point
    return "holds", None


def cells(layers, region, cell_limit=None):
    """All closed cells of the region, each with the affine forms (coefficients + [constant]) of the outputs on it."""
    dimension = region.dimension
    identity = [[Fraction(int(row == column)) for column in range(dimension + 1)] for row in range(dimension)]
    stack = [(region, 0, identity, [])]
    seen = 0
    while stack:
        cell, depth, previous, done = stack.pop()
        if depth == len(layers):
            seen += 1
            if cell_limit is not None and seen > cell_limit:
                raise Exhausted
            yield cell, previous
            continue
        weights, bias, is_relu = layers[depth]
        if len(done) == len(weights):
            stack.append((cell, depth + 1, done, []))
            continue
        form = _combined(weights[len(done)], bias[len(done)], previous, dimension)
        if not is_relu:
            stack.append((cell, depth, previous, done + [form]))
            continue
        for child, kept in _children(cell, form):
            stack.append((child, depth, previous, done + [form if kept else [Fraction(0)] * (dimension + 1)]))


def maximum(layers, region, output=0):
    """(value, point) of the largest value of an output over a closed region; (None, None) if unbounded or empty."""
    best = (None, None)
    for cell, outputs in cells(layers, region):
        value, point = cell.maximum(outputs[output][:-1], outputs[output][-1])
        if value is None:
            return None, None
        if best[0] is None or value > best[0]:
            best = (value, point)
    return best


def _combined(row, offset, previous, dimension):
    form = [Fraction(0)] * dimension + [offset]
    for weight, other in zip(row, previous):
        if weight:
            form = [value + weight * term for value, term in zip(form, other)]
    return form


def _children(cell, form):
    """The closed parts of a cell where a form is >= 0 (True) and <= 0 (False), without parts that add no point."""
    normal, constant = form[:-1], form[-1]
    negated = [-value for value in normal]
    if not any(normal):
        return [(cell, constant > 0)]
    if cell.intersected(normal, -constant, strict=True) is None:
        return [(cell, True)]
    if cell.intersected(negated, constant, strict=True) is None:
        return [(cell, False)]
    return [(cell.intersected(negated, constant), True), (cell.intersected(normal, -constant), False)]


def _point_of_clause(cell, outputs, mixed):
    """A point of the cell that satisfies atoms over inputs and outputs, or None."""
    for coefficients, constant, strict in mixed:
        form = [Fraction(0)] * cell.dimension + [constant]
        for name, coefficient in coefficients.items():
            index = int(name[2:])
            if name[0] == "X":
                form[index] += coefficient
            else:
                form = [value + coefficient * term for value, term in zip(form, outputs[index])]
        cell = cell.intersected(form[:-1], -form[-1], strict)
        if cell is None:
            return None
    return cell.point()


def satisfies(layers, text, point):
    """Whether a point and its exact output satisfy the text: a check of a witness that needs no cells."""
    values = {f"X_{index}": value for index, value in enumerate(point)}
    values.update({f"Y_{index}": value for index, value in enumerate(evaluate(layers, point))})

    def holds(atom):
        coefficients, constant, strict = atom
        total = constant + sum(value * values[name] for name, value in coefficients.items())
        return total < 0 or (total == 0 and not strict)

    return any(all(holds(atom) for atom in clause) for clause in clauses_of(text))


def input_regions(text, dimension):
    """The input part of every clause, strict rows read as closed; empty ones are left out."""
    for clause in clauses_of(text):
        region = Polyhedron(dimension)
        for coefficients, constant, _ in clause:
            if region is not None and all(name[0] == "X" for name in coefficients):
                region = region.intersected([coefficients.get(f"X_{index}", 0) for index in range(dimension)], -constant)
        if region is not None:
            yield region


def main(arguments):
    wants_maximum = "--maximum" in arguments
    network_file, property_file = [argument for argument in arguments if not argument.startswith("--")]
    with open(network_file) as file:
        layers = read_network(file.read())
    with open(property_file) as file:
        text = file.read()
    if wants_maximum:
        for region in input_regions(text, len(layers[0][0][0])):
            value, point = maximum(layers, region)
            print(value, [str(coordinate) for coordinate in point or []])
        return
    verdict, point = decide(layers, text)
    print(verdict)
    if point is not None:
        print("input", *point)
        print("output", *evaluate(layers, point))


if __name__ == "__main__":
    main(sys.argv[1:])
