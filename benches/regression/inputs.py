"""The fixed inputs of the yardstick: small networks, regions, data, zonotopes and graphs, the same on every machine.

All numbers are multiples of 1/256 from a linear congruential generator, so that no library decides what they are.
"""

import json
from fractions import Fraction


class Numbers:
    """A linear congruential generator (Knuth's MMIX constants); only its high bits are used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, end):
        """A whole number from 0 to end - 1."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) * end >> 31

    def weight(self, size):
        """A multiple of 1/256 of magnitude at most `size`."""
        return Fraction(self.below(512 * size + 1) - 256 * size, 256)


def text(value):
    """An exact number as foldline reads it."""
    return str(value)


def network(seed, widths, size=1, bias=True):
    """A JSON network with ReLU after every layer but the last; `widths` begins with the inputs."""
    numbers = Numbers(seed)
    layers = []
    for index, (columns, rows) in enumerate(zip(widths, widths[1:])):
        weights = [[text(numbers.weight(size)) for _ in range(columns)] for _ in range(rows)]
        biases = [text(numbers.weight(size)) if bias else "0" for _ in range(rows)]
        activation = "linear" if index == len(widths) - 2 else "relu"
        layers.append({"weights": weights, "bias": biases, "activation": activation})
    return {"layers": layers}


def changed(original, layer, row, column, amount):
    """The network with one weight changed by `amount`."""
    copy = json.loads(json.dumps(original))
    weights = copy["layers"][layer]["weights"][row]
    weights[column] = text(Fraction(weights[column]) + Fraction(amount))
    return copy


def lowered(original, amount):
    """The network with `amount` taken from every output."""
    copy = json.loads(json.dumps(original))
    last = copy["layers"][-1]
    last["bias"] = [text(Fraction(value) - amount) for value in last["bias"]]
    return copy


def cancelling(seed, inputs, neurons):
    """A network with two hidden layers that is 0 everywhere: every neuron of the second has a twin of opposite weight.

    A twin has its weights times 3, so that the two are no copies; its output weight is divided by -3.
    """
    made = network(seed, [inputs, neurons, neurons, 1])
    _, second, last = made["layers"]
    for row, bias in list(zip(second["weights"], second["bias"])):
        second["weights"].append([text(3 * Fraction(value)) for value in row])
        second["bias"].append(text(3 * Fraction(bias)))
    last["weights"][0] += [text(-Fraction(value) / 3) for value in last["weights"][0]]
    last["bias"] = ["0"]
    return made


def convex(seed, inputs, neurons):
    """A network of one hidden layer whose output weights are positive."""
    made = network(seed, [inputs, neurons, 1], size=2)
    last = made["layers"][1]
    last["weights"] = [[text(abs(Fraction(value))) for value in row] for row in last["weights"]]
    return made


def box(dimension, size=1):
    """The region [-size, size]^dimension."""
    return {"box": [[-size, size]] * dimension}


def half_space(dimension):
    """An unbounded region: the sum of the coordinates is at most 1."""
    return {"A": [[1] * dimension], "b": [1]}


def flat(dimension):
    """A box of which a plane is left: the coordinates add up to 1/2."""
    return {"box": [[-1, 1]] * dimension, "A": [[1] * dimension, [-1] * dimension], "b": ["1/2", "-1/2"]}


def property_text(inputs, outputs, assertions, size=1):
    """A VNN-LIB property over the box [-size, size]^inputs with these further assertions."""
    lines = [f"(declare-const X_{i} Real)" for i in range(inputs)]
    lines += [f"(declare-const Y_{i} Real)" for i in range(outputs)]
    for i in range(inputs):
        lines += [f"(assert (>= X_{i} -{size}))", f"(assert (<= X_{i} {size}))"]
    return "\n".join(lines + [f"(assert {assertion})" for assertion in assertions]) + "\n"


def zonotope(seed, dimension, generators, size=2):
    """A zonotope about 0."""
    numbers = Numbers(seed)
    rows = [[text(numbers.weight(size)) for _ in range(dimension)] for _ in range(generators)]
    return {"center": [0] * dimension, "generators": rows}


def scaled(original, factor):
    """The zonotope with its generators times `factor`."""
    rows = [[text(Fraction(value) * Fraction(factor)) for value in row] for row in original["generators"]]
    return {"center": original["center"], "generators": rows}


def arrangement(seed, dimension, planes):
    """Hyperplanes a·x = b."""
    numbers = Numbers(seed)
    normals = [[text(numbers.weight(2)) for _ in range(dimension)] for _ in range(planes)]
    return {"normals": normals, "offsets": [text(numbers.weight(2)) for _ in range(planes)]}


def data(seed, dimension, rows, label):
    """A CSV of points and labels; `label` gets the point and the generator."""
    numbers = Numbers(seed)
    lines = [",".join([f"x{i}" for i in range(dimension)] + ["label"])]
    for _ in range(rows):
        point = [numbers.weight(2) for _ in range(dimension)]
        lines.append(",".join(decimal(value) for value in [*point, label(point, numbers)]))
    return "\n".join(lines) + "\n"


def decimal(value):
    """A multiple of 1/256 (or a whole number) as an exact decimal."""
    return str(float(value))


def kink(point, numbers):
    """max(0, first coordinate) with noise."""
    return max(Fraction(0), point[0]) + numbers.weight(1) / 16


def corner(point, _):
    """1 where both of the first coordinates are above -1/2."""
    return int(all(value > Fraction(-1, 2) for value in point[:2]))


def noise(_, numbers):
    """A label that has nothing to do with the point."""
    return abs(numbers.weight(2))


def graph(seed, colors, size, clique):
    """A coloured graph; with `clique` the first vertices of all colours are adjacent."""
    numbers = Numbers(seed)
    vertices = [color for color in range(colors) for _ in range(size)]
    edges = []
    for u, first in enumerate(vertices):
        for v in range(u + 1, len(vertices)):
            planted = clique and u % size == 0 and v % size == 0
            if first != vertices[v] and (planted or numbers.below(2) == 0):
                edges.append([u, v])
    return {"colors": vertices, "edges": edges}
