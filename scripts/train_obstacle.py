"""Make data/examples/obstacle: a 2-16-16-1 steering controller that drives around an obstacle, and properties of it.

Inputs: X_0, how far the obstacle is ahead, in metres (0 to 4); X_1, how far the car is to the left of the obstacle's centre, in
metres (-2 to 2). Output: Y_0, the steering, positive to the left, about -1 to 1. The rule it learns: steer to the side the car is
on already, the harder the nearer the obstacle is and the less the car has passed to the side.

    python3 train_obstacle.py [DIRECTORY]          (pip install numpy onnx)

The bound that is touched exactly is the maximum of the network, computed by oracle.py in rationals.
"""

import json
import sys
from pathlib import Path

import numpy

import oracle
from exact_polyhedron import Polyhedron
from network_files import as_json_network, write_json, write_onnx
from small_training import predict, train

HEADER = "; {title}\n;\n{claim}\n(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n\n"


def wanted_steering(ahead, left):
    """The rule the network is trained on."""
    side = numpy.tanh(6 * left)
    nearness = numpy.clip(1.25 - ahead / 4, 0, 1)
    in_the_way = numpy.clip(1.6 - numpy.abs(left), 0, 1)
    return side * nearness * in_the_way


def trained():
    """The trained weights and biases."""
    generator = numpy.random.default_rng(2024)
    inputs = numpy.column_stack([generator.uniform(0, 4, 20000), generator.uniform(-2, 2, 20000)])
    targets = wanted_steering(inputs[:, 0], inputs[:, 1])[:, None]
    weights, biases = train([2, 16, 16, 1], inputs, targets, steps=6000, seed=7)
    error = numpy.abs(predict(weights, biases, inputs) - targets)
    print(f"mean error {error.mean():.4f}, largest {error.max():.4f}")
    return weights, biases


def properties(limit):
    """File name, title, what is claimed, and the assertions of the unsafe set."""
    whole = [(0, "0.0", "4.0"), (1, "-2.0", "2.0")]
    return [
        ("steers_away_holds", "Near the obstacle and on its left side, the car steers left.",
         "Claim: if the obstacle is at most 2 m ahead and the car is 0.3 m to 0.8 m left of its centre, the steering is more\n"
         "than 0.5 to the left. Unsafe: a steering of at most 0.5.",
         [(0, "0.0", "2.0"), (1, "0.3", "0.8")], "(assert (<= Y_0 0.5))"),
        ("never_hesitates_violated", "Close to the obstacle, the car steers clearly to one side.",
         "Claim: if the obstacle is at most 1 m ahead and the car is within 0.5 m of its centre line, the steering is more than\n"
         "0.3 to the left or more than 0.3 to the right. Unsafe: a steering from -0.3 to 0.3. (A continuous controller that\n"
         "steers left on the left and right on the right must hesitate somewhere in between.)",
         [(0, "0.0", "1.0"), (1, "-0.5", "0.5")], "(assert (>= Y_0 -0.3))\n(assert (<= Y_0 0.3))"),
        ("steering_limit_holds", "The steering never exceeds its limit.",
         "Claim: wherever the car is, the steering is at most the limit below. The limit is exactly the largest value the\n"
         "network takes, so the claim holds with nothing to spare. Unsafe: a steering above the limit.",
         whole, f"(assert (> Y_0 {limit}))"),
        ("steering_limit_violated", "The steering stays below its limit.",
         "Claim: wherever the car is, the steering is less than the limit below. The limit is exactly the largest value the\n"
         "network takes, so the claim fails, at a single point. Unsafe: a steering of the limit or more.",
         whole, f"(assert (>= Y_0 {limit}))"),
    ]


def property_text(title, claim, box, assertions):
    """The VNN-LIB text."""
    commented = "".join(f"; {line}\n" for line in claim.split("\n"))
    bounds = "".join(f"(assert (>= X_{index} {low}))\n(assert (<= X_{index} {high}))\n" for index, low, high in box)
    return HEADER.format(title=title, claim=commented) + bounds + "\n" + assertions + "\n"


def main(directory):
    weights, biases = trained()
    network = as_json_network(weights, biases)
    layers = oracle.read_network(json.dumps(network))
    directory.mkdir(parents=True, exist_ok=True)
    write_onnx(directory / "obstacle.onnx", weights, biases, "obstacle")
    write_json(directory / "obstacle.json", network)
    region = Polyhedron(2)
    for normal, bound in [([1, 0], 4), ([-1, 0], 0), ([0, 1], 2), ([0, -1], 2)]:
        region = region.intersected(normal, bound)
    limit, point = oracle.maximum(layers, region)
    print("maximum", limit, float(limit), "at", *point)
    for name, title, claim, box, assertions in properties(limit):
        text = property_text(title, claim, box, assertions)
        verdict, witness = oracle.decide(layers, text)
        print(name, verdict, *(witness or []))
        if not name.endswith(verdict):
            raise SystemExit(f"{name}: the oracle says {verdict}")
        (directory / f"{name}.vnnlib").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "data/examples/obstacle")
