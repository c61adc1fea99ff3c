"""Make data/cases/random_small.json.gz: small random networks with properties of every shape VNN-LIB allows.

    python3 make_random_cases.py [FILE]

At most 3 inputs, 2 hidden layers, 5 neurons a layer, small integer weights, half of the networks degenerate (duplicate, zero,
parallel, concurrent neurons). Regions: boxes, several boxes, polytopes, unbounded, flat, empty. Properties: nested and/or, atoms
over inputs and outputs, strict and not, thresholds that are exact maxima. The truth is oracle.py's. Seeded. Needs only the
standard library.
"""

import sys
from fractions import Fraction
from pathlib import Path
from random import Random

import oracle
from case_files import case, json_network, number_text, property_text, region_atom, term_text, write_cases
from vnnlib_text import clauses_of

COMPARISONS = ["<=", "<=", ">=", ">=", "<", ">"]


def random_network(random, degenerate):
    """Layers with small integer weights."""
    inputs, outputs = random.randint(1, 3), random.randint(1, 3)
    sizes = [inputs] + [random.randint(2, 5) for _ in range(random.randint(1, 2))] + [outputs]
    network = [([[Fraction(random.randint(-3, 3)) for _ in range(fan_in)] for _ in range(fan_out)],
                [Fraction(random.randint(-3, 3)) for _ in range(fan_out)]) for fan_in, fan_out in zip(sizes, sizes[1:])]
    if degenerate:
        for weights, bias in network[:-1]:
            for _ in range(random.randint(1, 2)):
                make_degenerate(weights, bias, random)
    return network


def make_degenerate(weights, bias, random):
    """Make a neuron a duplicate, multiple, mirror or parallel of another, zero, or let all pass through one point."""
    first, second = random.randrange(len(bias)), random.randrange(len(bias))
    kind = random.choice(["multiple", "mirror", "parallel", "zero", "constant", "concurrent"])
    if kind in ("multiple", "mirror", "parallel"):
        factor = random.choice([1, 1, 2]) * (-1 if kind == "mirror" else 1)
        weights[first] = [factor * value for value in weights[second]]
        bias[first] = factor * bias[second] + (random.choice([-1, 1]) if kind == "parallel" else 0)
    elif kind in ("zero", "constant"):
        weights[first] = [Fraction(0)] * len(weights[first])
        bias[first] = Fraction(0) if kind == "zero" else Fraction(random.choice([-1, 1]))
    else:
        point = [Fraction(random.randint(-2, 2)) for _ in weights[0]]
        for index, row in enumerate(weights):
            bias[index] = -sum((value * coordinate for value, coordinate in zip(row, point)), Fraction(0))


def random_number(random):
    return random.choice([Fraction(random.randint(-4, 4)), Fraction(random.randint(-9, 9), 10),
                          Fraction(random.randint(-7, 7), 3), Fraction(random.randint(-5, 5), 4)])


def box_atoms(inputs, random, left_out=0.0, flat=0.0):
    """Bounds of a box; every bound may be left out, every coordinate may be fixed."""
    atoms = []
    for index in range(inputs):
        low = random_number(random)
        high = low + random.choice([0, 1, 2, Fraction(1, 3), Fraction(1, 2)])
        if random.random() < flat:
            atoms += random.choice([[f"(= X_{index} {number_text(low)})"],
                                    [f"(<= X_{index} {number_text(low)})", f"(>= X_{index} {number_text(low)})"]])
            continue
        if random.random() >= left_out:
            atoms.append(f"({random.choice(['>=', '>=', '>=', '>']) if high > low else '>='} X_{index} {number_text(low)})")
        if random.random() >= left_out:
            atoms.append(f"({random.choice(['<=', '<=', '<=', '<']) if high > low else '<='} X_{index} {number_text(high)})")
    return atoms


def linear_input_atom(inputs, random):
    """A half-space, a hyperplane now and then."""
    normal = [Fraction(random.randint(-3, 3)) for _ in range(inputs)]
    if not any(normal):
        normal[0] = Fraction(1)
    return region_atom(normal, random_number(random), random.choice(COMPARISONS * 2 + ["="]))


def region(inputs, random):
    """(kind, formulas) of an input region."""
    kind = random.choice(["box", "box", "boxes", "polytope", "unbounded", "unbounded polytope", "flat", "everything", "empty"])
    if kind == "box":
        return kind, box_atoms(inputs, random)
    if kind == "boxes":
        return kind, [either([all_of(box_atoms(inputs, random)) for _ in range(random.randint(2, 4))])]
    if kind == "polytope":
        return kind, box_atoms(inputs, random) + [linear_input_atom(inputs, random) for _ in range(random.randint(1, 3))]
    if kind == "unbounded":
        return kind, box_atoms(inputs, random, left_out=0.5)
    if kind == "unbounded polytope":
        return kind, [linear_input_atom(inputs, random) for _ in range(random.randint(1, 3))]
    if kind == "flat":
        return kind, box_atoms(inputs, random, left_out=0.1, flat=0.6)
    if kind == "empty" and inputs > 1:
        bound = random_number(random)
        normal = [Fraction(random.choice([-1, 1, 2])) for _ in range(inputs)]
        gap = random.choice([Fraction(0), Fraction(1), Fraction(1, 10 ** 9)])
        return kind, box_atoms(inputs, random) + [region_atom(normal, bound, "<"), region_atom(normal, bound + gap, ">=")]
    return "everything", []


def all_of(formulas):
    return formulas[0] if len(formulas) == 1 else f"(and {' '.join(formulas)})"


def either(formulas):
    return formulas[0] if len(formulas) == 1 else f"(or {' '.join(formulas)})"


def output_atom(network, random, center):
    """An atom over outputs, sometimes inputs too, with its threshold near or at the value at a point."""
    inputs, outputs = len(network[0][0][0]), len(network[-1][1])
    comparison = random.choice(COMPARISONS + COMPARISONS + ["="])
    values = oracle.evaluate(oracle.layers_of(json_network(network)), center)
    index = random.randrange(outputs)
    kind = random.random()
    if kind < 0.4:
        bound = values[index] + random.choice([0, 0, 1, -1, 2, Fraction(-1, 3), 5, -5])
        return f"({comparison} Y_{index} {number_text(bound)})"
    if kind < 0.6 and outputs > 1:
        return f"({comparison} Y_{index} Y_{(index + 1) % outputs})"
    coefficients = [Fraction(random.randint(-2, 2)) for _ in range(outputs)]
    coefficients[index] = Fraction(random.choice([-1, 1]))
    left, right = term_text(coefficients, "Y"), number_text(random_number(random))
    if kind > 0.75:
        mixed = [Fraction(random.randint(-2, 2)) for _ in range(inputs)]
        right = random.choice([f"(+ {term_text(mixed)} {right})", f"(- {term_text(mixed)} {right})"])
    return f"({comparison} {left} {right})"


def formula(network, random, center, depth):
    """A nested formula of and, or, output atoms and now and then an input atom."""
    draw = random.random()
    if depth == 0 or draw < 0.35:
        return output_atom(network, random, center)
    if draw < 0.45:
        return linear_input_atom(len(center), random)
    parts = [formula(network, random, center, depth - 1) for _ in range(random.randint(2, 3))]
    return all_of(parts) if draw < 0.7 else either(parts)


def at_the_maximum(network, atoms, random):
    """An atom that touches: an output against its exact maximum or minimum over the region; None if unbounded."""
    inputs, outputs = len(network[0][0][0]), len(network[-1][1])
    index, sign = random.randrange(outputs), random.choice([-1, 1])
    layers = oracle.layers_of(json_network(network))
    weights, bias, _ = layers[-1]
    layers[-1] = ([[sign * value for value in weights[index]]], [sign * bias[index]], False)
    best = None
    for part in oracle.input_regions(property_text(inputs, outputs, atoms), inputs):
        value, _ = oracle.maximum(layers, part)
        if value is None:
            return None
        best = value if best is None else max(best, value)
    if best is None:
        return None
    comparison = {1: random.choice([">", ">="]), -1: random.choice(["<", "<="])}[sign]
    return f"({comparison} Y_{index} {number_text(sign * best)})"


def contradicts_itself(text):
    """Whether some clause has a lower bound of one input above its upper bound (a broken box rather than an empty region)."""
    for clause in clauses_of(text):
        low, high = {}, {}
        for coefficients, constant, _ in clause:
            used = [(name, value) for name, value in coefficients.items() if value != 0]
            if len(used) == 1 and used[0][0][0] == "X":
                name, value = used[0]
                bound = -constant / value
                if value > 0:
                    high[name] = min(high.get(name, bound), bound)
                else:
                    low[name] = max(low.get(name, bound), bound)
        if any(name in high and high[name] < bound for name, bound in low.items()):
            return True
    return False


def make(index, random):
    """One case, or None if the draw is of no use."""
    degenerate = index % 2 == 1
    network = random_network(random, degenerate)
    inputs, outputs = len(network[0][0][0]), len(network[-1][1])
    last = "relu" if random.random() < 0.15 else "linear"
    kind, atoms = region(inputs, random)
    center = [random_number(random) for _ in range(inputs)]
    parts = list(oracle.input_regions(property_text(inputs, outputs, atoms), inputs))
    if parts:
        center = random.choice(parts).point()
    shape = random.random()
    if shape < 0.35:
        extra = at_the_maximum(network, atoms, random) if last == "linear" else output_atom(network, random, center)
        if extra is None:
            return None
        asserted = atoms + [extra]
    elif shape < 0.38:
        asserted = atoms
    elif shape < 0.75 or not atoms:
        asserted = atoms + [formula(network, random, center, 2) for _ in range(random.randint(1, 2))]
    else:
        other = box_atoms(inputs, random)
        asserted = [either([all_of(atoms + [formula(network, random, center, 1)]),
                            all_of(other + [output_atom(network, random, center)])])]
    text = property_text(inputs, outputs, asserted)
    if contradicts_itself(text) or len(clauses_of(text)) > 40:
        return None
    argument = f"random network{', degenerate' if degenerate else ''}; region: {kind}"
    return case(f"random/{index:03}", "random small", json_network(network, last), text, None, argument, cell_limit=10 ** 6)


def main(path):
    random = Random(20240603)
    cases, wanted = [], {"holds": 220, "violated": 220}
    while any(wanted.values()):
        made = make(len(cases), random)
        if made is not None and wanted[made["verdict"]] > 0:
            wanted[made["verdict"]] -= 1
            cases.append(made)
    write_cases(path, "Small random networks with properties of every shape; the truth is the brute-force oracle's", cases)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "data/cases/random_small.json.gz")
