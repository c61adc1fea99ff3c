"""Certificates about a network on a region (maximum, range, positivity, zero), checked slowly and plainly in exact fractions.

Used by check_certificate.py for statements of these kinds. Written from docs/certificate-format.md alone.
"""

from fractions import Fraction

from certificate_lines import integer, rational
from check_lipschitz import read_json_region
from exact_statement import Affine, Atom, Rejection, joined, read_property, require

KINDS = ("maximum", "range", "positivity", "zero")

def read_region(data, network):
    """The pieces of a region, each a list of atoms on inputs alone."""
    if data is None:
        return [[]]
    if data.lstrip().startswith(b"{"):
        return [[Atom(constraint, Affine(), False) for constraint in read_json_region(data, network.inputs)]]
    return pieces_of(input_part(read_property(data, network)))

def input_part(formula):
    """A formula with its atoms on outputs taken as true, nested parts of the same kind joined and constants resolved."""
    if isinstance(formula, Atom):
        return ("and", []) if formula.outputs else formula
    return joined(formula[0], map(input_part, formula[1]))

def pieces_of(formula):
    """The clauses of a formula as pieces in their normal form."""
    met = {}  # the numbers of the constraints

    def restricted(piece, atom):
        (first, factor), *others = sorted(atom.inputs.terms())
        atom = Atom(atom.inputs / abs(factor), Affine(), atom.strict)
        met.setdefault(atom, len(met))
        bounds, general = piece
        if others:
            return bounds, general | {atom}
        bounds, excess = dict(bounds), lambda atom: (-atom.inputs.constant(), not atom.strict)
        tightest = min([bounds[first, factor > 0], atom] if (first, factor > 0) in bounds else [atom], key=excess)
        bounds[first, factor > 0] = tightest
        sides = [bounds.get((first, side)) for side in (False, True)]
        width = None if None in sides else -sum(side.inputs.constant() for side in sides)
        impossible = width is not None and (width < 0 or width == 0 and any(side.strict for side in sides))
        return None if impossible else (frozenset(bounds.items()), general)

    def distributed(formula, pieces):
        if isinstance(formula, Atom):
            return [piece for piece in (restricted(piece, formula) for piece in pieces) if piece]
        if formula[0] == "and":
            for part in sorted(formula[1], key=lambda part: not isinstance(part, Atom)):
                pieces = distributed(part, pieces)
            return pieces
        return list(dict.fromkeys(piece for part in formula[1] for piece in distributed(part, pieces)))
    pieces = distributed(formula, [(frozenset(), frozenset())])
    return [[atom for _, atom in sorted(bounds, key=lambda bound: bound[0])] + sorted(general, key=met.get) for bounds, general in pieces]

def without_biases(network, point):
    """The outputs at a point of the network whose biases are 0."""
    activations, earlier = [], point
    for start, end in zip(network.first, network.first[1:]):
        values = (function.at(earlier) - function.constant() for function in network.neurons[start:end])
        activations += [max(Fraction(0), value) for value in values]
        earlier = activations
    return [function.at(earlier) - function.constant() for function in network.outputs]

class Claim:
    """What the statements of these kinds have in common."""
    def __init__(self, lines, network, pieces, check_clauses):
        self.lines, self.network, self.pieces, self.check_clauses = lines, network, pieces, check_clauses
        self.region = ("or", [("and", piece) for piece in pieces])

    def output(self, text):
        return integer(text, 0, len(self.network.outputs))

    def point(self, word):
        first, *fields = self.lines.read()
        require(first == word and len(fields) == self.network.inputs, f"{word} was expected")
        return list(map(rational, fields))

    def end(self):
        require(self.lines.read() == ["end"], "the end was expected")

    def beyond(self, output, sign, bound):
        """The atom sign y > bound."""
        return Atom(Affine() + bound, Affine({output: Fraction(-sign)}), True)

    def nowhere(self, formula=None):
        """Cases for the region and the formula."""
        self.check_clauses(self.lines, self.network, ("and", [self.region, formula]) if formula else self.region)

    def witness(self, formula):
        """A point of the region where one of the atoms in the formula is true."""
        point = self.point("witness")
        require(any(holds(piece, point) for piece in self.pieces), "the witness is not in the region")
        values = self.network.values_at(point)
        require(any(atom.outputs.at(values) + atom.inputs.constant() < 0 for atom in formula), "it is not true at the witness")
        self.end()

    def value(self, output, sign, value):
        """The value is taken in the closure of a piece, and nothing is beyond it."""
        inside = self.point("inside")
        pieces = [piece for piece in self.pieces if holds(piece, inside)]
        require(pieces, "the point is not in the region")
        point = self.point("point")
        require(any(all(atom.inputs.at(point) <= 0 for atom in piece) for piece in pieces), "the point is not in the closure")
        require(self.network.values_at(point)[output] == value, "the output has another value there")
        self.nowhere(self.beyond(output, sign, sign * value))

    def ray(self, output, sign):
        """The output grows (falls) without bound along a ray in a piece."""
        point = self.point("point")
        pieces = [piece for piece in self.pieces if holds(piece, point)]
        require(pieces, "the point is not in the region")
        along = self.point("direction")
        recedes = lambda atom: atom.inputs.at(along) - atom.inputs.constant() <= 0
        require(any(all(map(recedes, piece)) for piece in pieces), "the ray leaves that piece")
        require(sign * without_biases(self.network, along)[output] > 0, "the output does not grow along the direction")
        self.end()

    def side(self, output, sign, text):
        """One end of an interval."""
        if text == "unbounded":
            self.ray(output, sign)
        else:
            self.value(output, sign, rational(text))

def holds(piece, point):
    """Whether a point is in a piece."""
    excesses = ((atom.inputs.at(point), atom.strict) for atom in piece)
    return all(excess < 0 or excess == 0 and not strict for excess, strict in excesses)

def check_questions(lines, kind, fields, network, pieces, check_clauses):
    """The records after the header."""
    claim = Claim(lines, network, pieces, check_clauses)
    outputs = range(len(network.outputs))
    match kind, fields:
        case "maximum", [output, "empty"]:
            claim.output(output)
            claim.nowhere()
        case "range", ["empty"]:
            claim.nowhere()
        case "maximum", [output, "value", value]:
            claim.value(claim.output(output), 1, rational(value))
        case "maximum", [output, "unbounded"]:
            claim.ray(claim.output(output), 1)
        case "range", ends:
            require(len(ends) == 2 * len(outputs), "the range has two ends for each output")
            for output in outputs:
                claim.side(output, -1, ends[2 * output])
                claim.side(output, 1, ends[2 * output + 1])
        case "positivity", [output, "yes" | "no" as answer]:
            positive = claim.beyond(claim.output(output), 1, 0)
            claim.nowhere(positive) if answer == "no" else claim.witness([positive])
        case "zero", [which, "yes" | "no" as answer]:
            chosen = outputs if which == "all" else [claim.output(which)]
            others = [claim.beyond(output, sign, 0) for output in chosen for sign in (1, -1)]
            claim.nowhere(("or", others)) if answer == "yes" else claim.witness(others)
        case _:
            raise Rejection("unknown statement")
