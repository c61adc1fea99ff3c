"""Make copies of data/examples/obstacle/obstacle.json for `foldline equivalent`: one that is the same function, two that are nearly.

    python3 make_obstacle_copies.py [DIRECTORY]

`permuted.json`: the hidden neurons in another order, each scaled by a power of two that the next layer takes back. `rounded.json`:
weights and biases rounded to multiples of 1/64. `pruned.json`: weights of magnitude below 1/25 dropped. `region.json`: the box on which
the controller was trained. Needs Python alone; everything is exact.
"""

import json
import random
import sys
from fractions import Fraction
from pathlib import Path

OBSTACLE = Path(__file__).parent.parent / "data/examples/obstacle"


def read(path):
    """The layers as (weights, bias, activation) with fractions."""
    layers = json.loads(path.read_text(), parse_float=Fraction, parse_int=Fraction)["layers"]
    return [(layer["weights"], layer["bias"], layer["activation"]) for layer in layers]


def token(value):
    """A multiple of a power of two as an exact decimal."""
    text = f"{value.numerator / value.denominator:.20f}".rstrip("0").rstrip(".")
    assert Fraction(text) == value
    return text


def write(path, layers):
    """Write a JSON network, one row of weights a line."""
    parts = []
    for weights, bias, activation in layers:
        rows = ",\n      ".join("[" + ", ".join(map(token, row)) + "]" for row in weights)
        parts.append('  {"weights": [\n      %s],\n   "bias": [%s],\n   "activation": "%s"}'
                     % (rows, ", ".join(map(token, bias)), activation))
    path.write_text('{"layers": [\n%s\n]}\n' % ",\n".join(parts))


def permuted(layers, seed):
    """Every hidden layer shuffled and scaled."""
    chance = random.Random(seed)
    layers = [([list(row) for row in weights], list(bias), activation) for weights, bias, activation in layers]
    for index in range(len(layers) - 1):
        weights, bias, activation = layers[index]
        order = chance.sample(range(len(bias)), len(bias))
        scales = [Fraction(2) ** chance.randint(-2, 2) for _ in order]
        rows = [[scale * value for value in weights[old]] for old, scale in zip(order, scales)]
        layers[index] = (rows, [scale * bias[old] for old, scale in zip(order, scales)], activation)
        after, after_bias, after_activation = layers[index + 1]
        rows = [[row[old] / scale for old, scale in zip(order, scales)] for row in after]
        layers[index + 1] = (rows, after_bias, after_activation)
    return layers


def changed(layers, change):
    """Every weight and bias changed."""
    return [([[change(value) for value in row] for row in weights], [change(value) for value in bias], activation)
            for weights, bias, activation in layers]


def main():
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else OBSTACLE
    layers = read(OBSTACLE / "obstacle.json")
    write(directory / "permuted.json", permuted(layers, 5))
    write(directory / "rounded.json", changed(layers, lambda value: Fraction(round(value * 64), 64)))
    write(directory / "pruned.json", changed(layers, lambda value: value if abs(value) >= Fraction(1, 25) else Fraction(0)))
    (directory / "region.json").write_text('{"box": [[0, 4], [-2, 2]]}\n')


if __name__ == "__main__":
    main()
