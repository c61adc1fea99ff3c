"""Make data/cases/float_traps.json.gz: cases whose answer floating-point arithmetic gets wrong, half of them violated.

    python3 make_float_trap_cases.py [FILE]          (pip install numpy, only to round decimals to float32)

Each builder makes a function with a known exact maximum and asks for it with and without a tiny step, so that the pair differs in
its verdict. Most truths hold by construction (make_touching_cases.py's functions, rewritten without changing them); oracle.py
confirms. Seeded.
"""

import sys
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy

import oracle
from building_blocks import absolute, beside, linear, shifted, single_layer, then
from case_files import case, json_network, property_text, region_atom, write_cases
from exact_polyhedron import Polyhedron
from hide_network import add_cancelling_pair, hidden, permute, split_neuron
from make_touching_cases import cone, corner, facet, interior, random_point, second_layer, vanishing_form

DECIMALS = ["0.45", "0.1", "0.2", "0.3", "0.7", "1.1", "0.05", "0.95", "2.3", "0.0001", "16.7", "100.01", "0.123456789"]


class Trap:
    """A network with output 0 at most `top` on the region, reached at `point`."""

    def __init__(self, network, atoms, top, point, argument):
        self.network, self.atoms, self.top, self.point, self.argument = network, atoms, Fraction(top), point, argument


def pair(name, trap, step, random, expected=True):
    """One case that holds and one that is violated, at or next to the exact maximum."""
    step = Fraction(step)
    over = random.choice([f"(> Y_0 {trap.top})", above(">=", trap.top + step), above(">", trap.top + step)])
    reached = random.choice([f"(>= Y_0 {trap.top})", above(">=", trap.top - step), above(">", trap.top - step)])
    return [both(name + "/holds", trap, over, "holds" if expected else None),
            both(name + "/violated", trap, reached, "violated" if expected else None)]


def above(comparison, threshold):
    """The atom Y_0 >= threshold, written as plain VNN-LIB."""
    return region_atom([1], threshold, comparison).replace("X_0", "Y_0")


def both(name, trap, atom, verdict):
    """One case of a trap."""
    text = property_text(len(trap.point), len(trap.network[-1][1]), trap.atoms + [atom])
    witness = trap.point if verdict == "violated" else None
    return case(f"float_traps/{name}", "float traps", json_network(trap.network), text, verdict, trap.argument, witness, 4000)


def box_around(point, random):
    """Atoms of a box around a point."""
    atoms = []
    for index, coordinate in enumerate(point):
        unit = [int(index == other) for other in range(len(point))]
        atoms.append(region_atom([-entry for entry in unit], -Fraction(round(coordinate * 100 - random.randint(1, 99)), 100)))
        atoms.append(region_atom(unit, Fraction(round(coordinate * 100 + random.randint(1, 99)), 100)))
    return atoms


def known_peak(random, dimension=None):
    """A function with a known maximum, some decimal, over a box."""
    dimension = dimension or random.randint(1, 3)
    touching = random.choice([interior, corner, facet, second_layer])(dimension, random)
    atoms = [region_atom(normal, bound) for normal, bound in touching.required]
    atoms += [] if len(touching.required) > 1 else box_around(touching.point, random)
    top = random.choice([Fraction(random.choice(DECIMALS)), Fraction(random.randint(-9, 9), random.choice([3, 7]))])
    return Trap(shifted(touching.network, top), atoms, top, touching.point, touching.argument + f"; plus {top}")


def cancelling(random):
    """Copies of a neuron with huge weights that cancel: 2^24, 2^24 + 1, 2^53, 2^60 + 1."""
    trap = known_peak(random)
    network = hidden(trap.network, random, 0)
    for _ in range(random.randint(1, 3)):
        layer = random.randrange(len(network) - 1)
        huge = Fraction(random.choice([2 ** 24, 2 ** 24 + 1, 2 ** 25 - 1, 2 ** 53, 2 ** 60 + 1, 10 ** 15 + 1]))
        weights, bias = network[layer]
        neuron = random.randrange(len(bias))
        copies = random.choice([1, 2])
        weights.extend([weights[neuron][:] for _ in range(copies)])
        bias.extend([bias[neuron]] * copies)
        for row in network[layer + 1][0]:
            row.extend([huge, -huge] if copies == 2 else [-huge])
            row[neuron] += 0 if copies == 2 else huge
        permute(network, layer, random)
    trap.network = network
    return trap, random.choice(["1e-4", "1e-8", "1e-12", "1e-15"])


def summation_order(random):
    """Constants such as 1e8 + 1 - 1e8 inside biases: sum of relu(x_i + B_i) - sum of B_i, on x_i > -B_i."""
    dimension = random.randint(1, 4)
    high = [Fraction(random.choice(DECIMALS)) for _ in range(dimension)]
    huge = [Fraction(random.choice([10 ** 8, 10 ** 8 + 1, 2 ** 24, 2 ** 30, 10 ** 16])) for _ in range(dimension)]
    signs = [random.choice([-1, 1]) for _ in range(dimension)]
    neurons = [(sign, ([int(index == other) for other in range(dimension)], offset))
               for index, (sign, offset) in enumerate(zip(signs, huge))]
    for _ in range(random.randint(1, 3)):
        offset = random.choice([10 ** 8, 2 ** 24, 10 ** 12])
        neurons += [(1, ([0] * dimension, offset)), (-1, ([0] * dimension, offset - 1)), (-1, ([0] * dimension, 1))]
    network = single_layer(dimension, neurons, -sum(sign * offset for sign, offset in zip(signs, huge)))
    if random.random() < 0.5:
        network = then(network, [(1, ([1], 10 ** 8)), (-1, ([0], 10 ** 8 - 1))], -1)
    permute(network, 0, random)
    atoms, point = [], []
    for index, (sign, top) in enumerate(zip(signs, high)):
        unit = [int(index == other) for other in range(dimension)]
        atoms += [region_atom(unit, top), region_atom([-entry for entry in unit], top)]
        point.append(sign * top)
    trap = Trap(network, atoms, sum(high), point, "f = sum of s_i x_i on the box, since every x_i + B_i > 0")
    return trap, random.choice(["1e-7", "1e-10", "1e-13"])


def spike(random):
    """A slope with a spike about 1e-7 wide; the maximum is the tip of the spike."""
    dimension = random.randint(1, 3)
    centre = [Fraction(random.randint(-69, 69), random.choice([100, 110, 70])) for _ in range(dimension)]
    steep = Fraction(10) ** random.choice([6, 7, 7, 8])
    height = Fraction(random.choice(["0.5", "1", "0.001", "3"]))
    slope = [Fraction(random.randint(-3, 3), 4) for _ in range(dimension)]
    slope_top = sum((abs(entry) for entry in slope), Fraction(0))
    at_centre = sum((entry * coordinate for entry, coordinate in zip(slope, centre)), Fraction(0))
    height += slope_top - at_centre
    neurons = []
    for index in range(dimension):
        unit = [int(index == other) * steep for other in range(dimension)]
        neurons += absolute(-1, (unit, -steep * centre[index]))
    network = beside(single_layer(dimension, neurons, 1), single_layer(dimension, linear(1, (slope, 0))))
    network = then(network, [(height, ([1, 0], 0))] + linear(1, ([0, 1], 0)))
    network = hidden(network, random, random.randint(0, 2))
    atoms = []
    for index in range(dimension):
        unit = [int(index == other) for other in range(dimension)]
        atoms += [region_atom(unit, Fraction(1)), region_atom([-entry for entry in unit], Fraction(1))]
    trap = Trap(network, atoms, at_centre + height, centre,
                "f = s.x + h [1 - K sum |x_i - c_i|]+ with h K > |s|: on the spike largest at c, elsewhere at most sum |s_i|")
    return trap, random.choice(["1e-6", "1e-9", "1e-13"])


def decimals(random):
    """Linear functions of decimals: the maximum is a sum of products of decimals, exactly."""
    dimension = random.randint(1, 4)
    high = [Fraction(random.choice(DECIMALS)) for _ in range(dimension)]
    weights = [random.choice([Fraction(1), Fraction(random.choice(DECIMALS)), float32_value(random.choice(DECIMALS))])
               for _ in range(dimension)]
    network = single_layer(dimension, linear(1, (weights, 0)) if random.random() < 0.5 else
                           [(weight, ([int(index == other) for other in range(dimension)], 0))
                            for index, weight in enumerate(weights)])
    atoms = []
    low_is_high = random.random() < 0.3
    step = random.choice(["1e-9", "1e-12", "1e-18"])
    for index, top in enumerate(high):
        unit = [int(index == other) for other in range(dimension)]
        atoms += [region_atom(unit, top), region_atom([-entry for entry in unit], -top if low_is_high else Fraction(0))]
    top = sum(weight * bound for weight, bound in zip(weights, high))
    return Trap(network, atoms, top, high, "f = w.x with w >= 0 is largest where every x_i is"), step


def kink(random):
    """K [x_0 - c]+ with the kink at the decimal end of the box: 0 on the box, positive a hair beyond."""
    bound = Fraction(random.choice(DECIMALS))
    steep = Fraction(10) ** random.choice([6, 9, 12])
    dimension = random.randint(1, 3)
    unit = [steep] + [0] * (dimension - 1)
    touching = interior(dimension, random)
    touching.point[0] = bound
    network = single_layer(dimension, [(1, (unit, -steep * bound))] + cone(touching.point, random))
    atoms = [region_atom([1] + [0] * (dimension - 1), bound), region_atom([-1] + [0] * (dimension - 1), Fraction(1) - bound)]
    for index in range(1, dimension):
        other = [int(index == position) for position in range(dimension)]
        atoms += [region_atom(other, Fraction(6)), region_atom([-entry for entry in other], Fraction(6))]
    point = touching.point[:1] + [max(Fraction(-6), min(Fraction(6), entry)) for entry in touching.point[1:]]
    if point != touching.point:
        return kink(random)
    step = random.choice(["1e-9", "1e-15"])
    return Trap(network, atoms, 0, point, "K [x_0 - c]+ is 0 on x_0 <= c, minus absolute values"), step


def beyond_the_bound(random, index):
    """The kink again, but the violated case has a box that is wider by 1e-9, which float32 does not see."""
    bound, widening = Fraction(random.choice(DECIMALS)), Fraction(random.choice(["1e-9", "1e-10", "1e-12"]))
    steep = Fraction(10) ** 9
    network = hidden(single_layer(1, [(1, ([steep], -steep * bound)), (-1, ([steep], -steep * (bound + 1)))]), random, 2)
    cases = []
    for label, end, verdict in [("holds", bound, "holds"), ("violated", bound + widening, "violated")]:
        atoms = [region_atom([1], end), region_atom([-1], Fraction(1))]
        trap = Trap(network, atoms, 0, [end], "f = K [x - c]+ near c: positive exactly where x > c")
        cases.append(both(f"beyond-the-bound/{index:03}/{label}", trap, "(> Y_0 0)", verdict))
    return cases


def magnitudes(random):
    """Huge and tiny numbers: a known peak with neurons scaled by up to 10^40 and the output by up to 10^60."""
    trap = known_peak(random)
    factor = Fraction(10) ** random.choice([-60, -45, -38, -20, 20, 38, 60])
    weights, bias = trap.network[-1]
    network = trap.network[:-1] + [([[entry * factor for entry in row] for row in weights], [entry * factor for entry in bias])]
    scales = [Fraction(10) ** power for power in (-40, -38, -20, 20, 38, 40)] + [Fraction(2) ** power for power in (-140, 100)]
    trap.network, trap.top = hidden(network, random, random.randint(1, 3), scales), trap.top * factor
    trap.argument += f"; everything times {float(factor):g}"
    return trap, factor * Fraction(random.choice(["1e-6", "1e-12", "1e-20"]))


def near_tie(random, index):
    """Y_1 = Y_0 + tiny * sum |l| + d, the same function written in two ways: Y_0 >= Y_1 somewhere iff d <= 0."""
    dimension = random.randint(1, 3)
    point = random_point(dimension, random)
    base = single_layer(dimension, [(random.choice([-1, 1]), ([random.randint(-3, 3) for _ in point], random.randint(-3, 3)))
                                    for _ in range(3)])
    tiny = Fraction(random.choice(["1e-3", "1e-9", "1e-15"]))
    gap = Fraction(10) ** -random.choice([12, 15, 18, 24, 30])
    bowl = [(tiny * abs(factor), form) for factor, form in cone(point, random)]
    atoms = box_around(point, random)
    cases = []
    for label, offset, verdict in [("holds", gap, "holds"), ("violated", random.choice([-gap, Fraction(0)]), "violated")]:
        left = [([row[:] for row in weights], bias[:]) for weights, bias in base]
        for _ in range(random.randint(0, 2)):
            random.choice([split_neuron, add_cancelling_pair])(left, 0, random, (Fraction(1, 2), 2, 4))
        right = single_layer(dimension, list(zip(base[1][0][0], zip(*base[0]))) + bowl, offset)
        network = beside(left, right)
        if random.random() < 0.4:
            network = beside(network, single_layer(dimension, linear(1, vanishing_form(point, random)), -10 ** 6))
        permute(network, 0, random)
        trap = Trap(network, atoms, 0, point, f"Y_1 - Y_0 = {tiny} sum c|l| + {offset}")
        cases.append(both(f"near-tie/{index:03}/{label}", trap, "(>= Y_0 Y_1)", verdict))
    return cases


def searched(random):
    """A random network with short decimals as weights; its maximum is known only from the oracle."""
    dimension = random.randint(1, 2)
    network, sizes = [], [dimension, 5, 3, 1]
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        network.append(([[float32_value(f"{random.uniform(-1, 1):.3f}") for _ in range(fan_in)] for _ in range(fan_out)],
                        [float32_value(f"{random.uniform(-1, 1):.3f}") for _ in range(fan_out)]))
    atoms, region = [], Polyhedron(dimension)
    for index in range(dimension):
        unit = [int(index == other) for other in range(dimension)]
        for normal in (unit, [-entry for entry in unit]):
            bound = Fraction(random.choice(DECIMALS))
            region = region.intersected(normal, bound)
            atoms.append(region_atom(normal, bound))
    top, point = oracle.maximum(oracle.layers_of(json_network(network)), region)
    return Trap(network, atoms, top, point, "float32 weights; the maximum was found by the oracle"), "1e-15"


def float32_value(decimal):
    """The float32 nearest to a decimal, exactly."""
    return Fraction(float(numpy.float32(decimal)))


def main(path):
    random = Random(20240602)
    cases = []
    for builder in (cancelling, summation_order, spike, decimals, kink, magnitudes, searched):
        name = builder.__name__.replace("_", "-")
        for index in range(34):
            trap, step = builder(random)
            cases += pair(f"{name}/{index:03}", trap, step, random, expected=builder is not searched)
        print(name, len(cases), flush=True)
    for index in range(34):
        cases += beyond_the_bound(random, index)
        cases += near_tie(random, index)
    write_cases(path, "Cases that floating-point arithmetic gets wrong: the verdict rests on tiny exact differences", cases)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "data/cases/float_traps.json.gz")
