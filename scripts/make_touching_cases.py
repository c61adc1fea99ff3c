"""Make data/cases/touching.json.gz: networks whose maximum over a region is exactly 0, asked for f >= 0 and for f > 0.

    python3 make_touching_cases.py [FILE]

Every function is built so that f <= 0 on the region and f = 0 at a known point, usually not dyadic; then coordinates are changed
by a unimodular matrix, layers are added and neurons are hidden (hide_network.py), which change neither fact. Unsafe `Y_0 >= 0`
is violated, unsafe `Y_0 > 0` holds. oracle.py confirms. Seeded. Needs only the standard library.
"""

import sys
from fractions import Fraction
from pathlib import Path
from random import Random

import oracle
from building_blocks import (absolute, bent, beside, cut_below, folded, identity_layer, larger_of, linear, negative, shifted,
                             single_layer, smaller_of, summed, tent, then, value)
from case_files import case, json_network, property_text, region_atom, write_cases
from exact_polyhedron import Polyhedron
from hide_network import hidden

DENOMINATORS = [3, 3, 5, 7, 9, 11, 13]


class Touching:
    """A network, a point where it is 0, and the rows (normal, bound) that its being <= 0 elsewhere rests on."""

    def __init__(self, network, point, required, argument):
        self.network, self.point, self.required, self.argument = network, point, required, argument


def random_point(dimension, random):
    return [Fraction(random.randint(-15, 15), random.choice(DENOMINATORS)) for _ in range(dimension)]


def vanishing_form(point, random, first=0):
    """An integer form that is 0 at the point, with a coefficient at `first` and none before it."""
    normal = [0] * first + [random.choice([-2, -1, 1, 2])] + [random.choice([-1, 0, 0, 1, 2]) for _ in point[first + 1:]]
    level = sum((factor * coordinate for factor, coordinate in zip(normal, point)), Fraction(0))
    return [factor * level.denominator for factor in normal], -level.numerator


def cone(point, random, skip=0):
    """Neurons of a sum of -c |form| over independent forms without the first `skip` of them, sometimes with a few more forms."""
    neurons = []
    more = [random.randrange(skip, len(point)) for _ in range(random.choice([0, 0, 1, 2]))]
    for index in list(range(skip, len(point))) + more:
        neurons += absolute(-random.choice([1, 1, 2, Fraction(1, 2), 3]), vanishing_form(point, random, index))
    return neurons


def interior(dimension, random):
    point = random_point(dimension, random)
    network = single_layer(dimension, cone(point, random))
    return Touching(network, point, [], "f = -sum c|l|, the forms l are independent and vanish at the point only")


def slopes(dimension, random, count):
    """A cone plus `count` linear terms that the region keeps <= 0."""
    point = random_point(dimension, random)
    neurons, required = cone(point, random, count) if count < dimension else [], []
    for index in range(count):
        form = vanishing_form(point, random, index)
        if random.random() < 0.6:
            normal = [0] * dimension
            normal[index] = random.choice([-1, 1]) * point[index].denominator
            form = (normal, -int(normal[index] * point[index]))
        neurons += linear(random.choice([1, 2, Fraction(1, 2)]), form)
        required.append((form[0], -form[1]))
    return Touching(single_layer(dimension, neurons), point, required,
                    f"f = sum of {count} linear terms <= 0 on the region, minus absolute values; 0 where all vanish")


def facet(dimension, random):
    return slopes(dimension, random, 1)


def ridge(dimension, random):
    return slopes(dimension, random, min(2, dimension))


def second_layer(dimension, random):
    """min(f, g) with f, g positive somewhere, but never together."""
    point = random_point(dimension, random)
    crossing = vanishing_form(point, random)
    left_out = 0 if dimension == 1 or random.random() < 0.5 else 1
    first = single_layer(dimension, cone(point, random, left_out) + linear(2, crossing))
    second = single_layer(dimension, (cone(point, random, 1) if dimension > 1 else []) + linear(-1, crossing))
    return Touching(smaller_of(first, second), point, [],
                    "f = min(g + 2l, h - l) with g, h <= 0: one of 2l and -l is <= 0; f = 0 where g, h and l vanish")


def tents(dimension, random):
    """Tents of height 1 at the point, cut off below half a unit, in a second layer."""
    point = random_point(dimension, random)
    neurons = []
    for index in range(dimension):
        neurons += tent(1, vanishing_form(point, random, index))
    network = cut_below(single_layer(dimension, neurons, -dimension), Fraction(1, 2))
    return Touching(network, point, [], "f = max(-1/2, sum of tents of height 1 - their number)")


def several_points(dimension, random):
    if dimension <= 2 and random.random() < 0.5:
        return folds(dimension, random)
    first, second = random_point(dimension, random), random_point(dimension, random)
    network = larger_of(single_layer(dimension, cone(first, random)), single_layer(dimension, cone(second, random)))
    return Touching(network, random.choice([first, second]), [], "f = max of two cones <= 0 with different apexes")


def folds(dimension, random):
    """Sawtooths folded twice, each at most 1: the peaks are at 1/9 and 7/9 of each coordinate."""
    forms = []
    for index in range(dimension):
        normal = [0] * dimension
        normal[index] = random.choice([-1, 1])
        forms.append((normal, random.randint(0, 1)))
    network = summed(folded(dimension, forms, 2), -dimension)
    point = [(random.choice([Fraction(1, 9), Fraction(7, 9)]) - constant) / normal[index]
             for index, (normal, constant) in enumerate(forms)]
    return Touching(network, point, [], "f = sum of (fold(fold(t)) - 1), each at most 0, and 0 at t = 1/9 and 7/9")


def whole_face(dimension, random):
    """The maximum is attained on a set with many points."""
    point = random_point(dimension, random)
    kind = random.randrange(3)
    if kind == 0 and dimension > 1:
        network, required = single_layer(dimension, cone(point, random, random.randint(1, dimension - 1))), []
        argument = "f = -sum c|l| over fewer forms than coordinates"
    elif kind == 1:
        form = vanishing_form(point, random)
        network, required = single_layer(dimension, linear(1, form)), [(form[0], -form[1])]
        argument = "f is linear and <= 0 is a row of the region"
    else:
        forms = [vanishing_form(point, random, index) for index in range(dimension)]
        first = single_layer(dimension, [(-1, forms[0]), (-2, forms[-1])])
        second = single_layer(dimension, [(-1, negative(forms[0]))])
        network, required = smaller_of(first, second), []
        argument = "f = min of two sums of -[l]+"
    return Touching(network, point, required, argument)


def corner(dimension, random):
    """A convex function minus its largest value at the corners of a box."""
    low = [Fraction(random.randint(-6, 0), random.choice([1, 2, 3])) for _ in range(dimension)]
    high = [value + Fraction(random.randint(1, 6), random.choice([1, 3, 5])) for value in low]
    neurons = [(random.choice([1, 2]), ([random.randint(-3, 3) for _ in low], random.randint(-3, 3))) for _ in range(4)]
    network = single_layer(dimension, neurons)
    corners = [[]]
    for pair in zip(low, high):
        corners = [start + [end] for start in corners for end in pair]
    best = max(corners, key=lambda point: value(network, point))
    required = []
    for index in range(dimension):
        unit = [int(index == other) for other in range(dimension)]
        required += [(unit, high[index]), ([-entry for entry in unit], -low[index])]
    return Touching(shifted(network, -value(network, best)[0]), best, required,
                    "f is convex, minus its largest value at the corners of the box")


def searched(dimension, random):
    """A random network minus its maximum over a box, which only the oracle knows."""
    sizes = [dimension, 4, 3][: random.choice([2, 3])]
    network = []
    for fan_in, fan_out in zip(sizes, sizes[1:] + [1]):
        network.append(([[Fraction(random.randint(-3, 3)) for _ in range(fan_in)] for _ in range(fan_out)],
                        [Fraction(random.randint(-3, 3)) for _ in range(fan_out)]))
    required, region = [], Polyhedron(dimension)
    for index in range(dimension):
        unit = [int(index == other) for other in range(dimension)]
        required += [(unit, Fraction(random.randint(1, 5), 2)), ([-entry for entry in unit], Fraction(random.randint(1, 5), 3))]
    for normal, bound in required:
        region = region.intersected(normal, bound)
    layers = oracle.layers_of(json_network(network))
    best, point = oracle.maximum(layers, region)
    return Touching(shifted(network, -best), point, required, "a random network minus its maximum, found by the oracle")


def triangle(dimension, random):
    """sum |m_j| - sum c_i |l_i| with m_j combined from the l_i: all kinks meet in the point, the triangle inequality decides."""
    point = random_point(dimension, random)
    forms = [vanishing_form(point, random, index) for index in range(dimension)]
    limits, neurons = [Fraction(random.choice([0, 0, 1]), 2) for _ in forms], []
    for _ in range(random.randint(1, 3)):
        factors = [random.choice([-2, -1, 0, 1, 1, 2]) for _ in forms]
        normal = [sum(factor * form[0][index] for factor, form in zip(factors, forms)) for index in range(dimension)]
        neurons += absolute(1, (normal, sum(factor * form[1] for factor, form in zip(factors, forms))))
        limits = [limit + abs(factor) for limit, factor in zip(limits, factors)]
    for limit, form in zip(limits, forms):
        neurons += absolute(-limit, form)
    return Touching(single_layer(dimension, neurons), point, [],
                    "f = sum |m_j| - sum c_i |l_i|, m_j = sum u_ji l_i, c_i >= sum_j |u_ji|")


def subadditive(dimension, random):
    """[g + h]+ - [g]+ - [h]+ - [b]+ with a bowl b: 0 where b is, if g is 0 there too."""
    point = random_point(dimension, random)
    parts = []
    for _ in range(2):
        neurons = [(random.choice([-2, -1, 1, 2]), ([random.randint(-3, 3) for _ in point], random.randint(-3, 3)))
                   for _ in range(2)]
        parts.append(single_layer(dimension, neurons))
    parts[0] = shifted(parts[0], -value(parts[0], point)[0])
    left_out = random.choice([0, 0, dimension - 1])
    bowl = single_layer(dimension, [(-factor, form) for factor, form in cone(point, random, left_out)])
    together = beside(beside(parts[0], parts[1]), bowl)
    network = then(together, [(1, ([1, 1, 0], 0)), (-1, ([1, 0, 0], 0)), (-1, ([0, 1, 0], 0)), (-1, ([0, 0, 1], 0))])
    return Touching(network, point, [], "f = [g + h]+ - [g]+ - [h]+ - [b]+ <= 0; g and b are 0 at the point")


BUILDERS = {"interior": interior, "facet": facet, "ridge": ridge, "second-layer": second_layer, "tents": tents,
            "triangle": triangle, "subadditive": subadditive,
            "several-points": several_points, "whole-face": whole_face, "corner": corner, "searched": searched}


def deepened(network, random):
    """Up to two hidden layers more, at most three in all, without losing f <= 0 or f = 0."""
    while len(network) < 4 and random.random() < 0.55:
        move = random.randrange(3)
        if move == 0:
            network = identity_layer(network)
        elif move == 1:
            first, second = random.choice([(1, 1), (2, -1), (Fraction(1, 2), Fraction(-1, 4)), (3, -2)])
            network = bent(network, random.choice([1, Fraction(1, 2), 2]), first, second)
        else:
            network = cut_below(network, random.choice([1, Fraction(1, 4), 3]))
    return network


def region_rows(touching, random):
    """(kind, rows (normal, bound, comparison)) of a region that contains the point and the required rows."""
    dimension = len(touching.point)
    kind = random.choice(["box", "box", "polytope", "unbounded", "flat"])
    rows = [(normal, bound, "<=") for normal, bound in touching.required]
    for index in range(dimension):
        for sign in (-1, 1):
            normal = [sign * int(index == other) for other in range(dimension)]
            if any(_parallel(normal, other) for other, _ in touching.required):
                continue
            if kind == "unbounded" and random.random() < 0.6:
                continue
            bound = sign * touching.point[index] + random.choice([Fraction(1, 3), Fraction(1, 2), 1, 2, Fraction(7, 10)])
            rows.append((normal, Fraction(round(bound * 10), 10) + Fraction(1, 10), "<="))
    if kind == "polytope":
        for _ in range(random.randint(1, 3)):
            form = vanishing_form(touching.point, random)
            rows.append((form[0], Fraction(-form[1] + random.choice([0, 0, 1, 2])), "<="))
    if kind == "flat":
        form = vanishing_form(touching.point, random, random.randrange(dimension))
        if random.random() < 0.5:
            rows.append((form[0], Fraction(-form[1]), "="))
        else:
            rows += [(form[0], Fraction(-form[1]), "<="), (form[0], Fraction(-form[1]), ">=")]
    return kind, rows


def _parallel(first, second):
    ratios = {Fraction(left) / right for left, right in zip(second, first) if right != 0}
    zeros = all(left == 0 for left, right in zip(second, first) if right == 0)
    return zeros and len(ratios) == 1 and ratios.pop() > 0


def change_coordinates(network, point, rows, random):
    """x_i := x_i + k x_j in the network and the region, and the inverse on the point: a unimodular change."""
    if len(point) < 2:
        return network, point, rows
    point = point[:]
    weights = [row[:] for row in network[0][0]]
    rows = [(list(normal), bound, comparison) for normal, bound, comparison in rows]
    for _ in range(random.randint(1, 2)):
        first, second = random.sample(range(len(point)), 2)
        factor = random.choice([-2, -1, 1, 2])
        for normal in weights + [normal for normal, _, _ in rows]:
            normal[second] += factor * normal[first]
        point[first] -= factor * point[second]
    return [(weights, network[0][1])] + network[1:], point, rows


def make(index, builder_name, dimension, random):
    """The two cases of one network."""
    touching = BUILDERS[builder_name](dimension, random)
    kind, rows = region_rows(touching, random)
    network, point = deepened(touching.network, random), touching.point
    if builder_name not in ("searched", "corner") and random.random() < 0.35:
        network, point, rows = change_coordinates(network, point, rows, random)
        kind += ", coordinates changed"
    network = hidden(network, random, random.randint(0, 7))
    if value(network, point) != [0]:
        raise SystemExit(f"{builder_name} {index}: the value at the point is {value(network, point)}")
    atoms = [region_atom(normal, bound, comparison) for normal, bound, comparison in rows]
    argument = f"{touching.argument}; region: {kind}"
    cases = []
    for label, atom, verdict, witness in [("reached", "(>= Y_0 0)", "violated", point), ("exceeded", "(> Y_0 0)", "holds", None)]:
        cases.append(case(f"touching/{builder_name}/{index:03}/{label}", "touching", json_network(network),
                          property_text(dimension, 1, atoms + [atom]), None if builder_name == "searched" else verdict,
                          argument, witness, cell_limit=4000))
    return cases


def main(path):
    random = Random(20240601)
    cases = []
    for name, dimensions in [("interior", (1, 2, 3, 4, 5)), ("facet", (1, 2, 3, 4, 5)), ("ridge", (2, 3, 4, 5)),
                             ("second-layer", (1, 2, 3, 4)), ("tents", (1, 2, 3)), ("triangle", (2, 3, 4, 5)),
                             ("subadditive", (1, 2, 3)), ("several-points", (1, 2, 3)),
                             ("whole-face", (1, 2, 3, 4)), ("corner", (1, 2, 3, 4)), ("searched", (1, 2, 3))]:
        for index in range(28):
            cases += make(index, name, dimensions[index % len(dimensions)], random)
        print(name, len(cases), flush=True)
    write_cases(path, "Networks whose maximum over the region is exactly 0; unsafe Y_0 >= 0 and unsafe Y_0 > 0", cases)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "data/cases/touching.json.gz")
