"""Make data/examples/collision: a 5-20-20-20-5 collision-avoidance network of the shape of ACAS Xu, and properties of it.

The network learns collision_table.py; the advisory with the smallest score is issued. Every verdict in the file names below was
found by oracle.py (exactly, over all activation patterns of the small box).

    python3 train_collision.py [DIRECTORY]          (pip install numpy onnx; takes about a minute)
"""

import json
import sys
import time
from pathlib import Path

import numpy

import oracle
from case_files import number_text, property_text
from collision_table import scores, training_states
from network_files import as_json_network, write_json, write_onnx
from small_training import predict, train

CLEAR_IS_BEST = [f"(<= Y_0 Y_{other})" for other in range(1, 5)]
SLOW_TRAFFIC = ["0.1", "0.2", "-0.05", "0.05", "-0.05", "0.05", "0.9", "1.0", "0.3", "0.45"]
HEAD_ON = ["0.3", "0.4", "-0.02", "0.02", "0.98", "1.0", "0.7", "0.75", "0.7", "0.75"]
HEAD_ON_WIDER = ["0.3", "0.4", "-0.02", "0.02", "0.98", "1.0", "0.7", "0.8", "0.7", "0.8"]
LEFT_BEHIND = ["0.5", "1.0", "0.9", "1.0", "-1.0", "-0.9", "0.5", "1.0", "0.3", "0.6"]
FAR_AWAY = ["0.8", "1.0", "-0.5", "0.5", "-0.2", "0.2", "0.3", "0.6", "0.3", "0.6"]
FROM_THE_LEFT = ["0.1", "0.2", "0.3", "0.4", "-0.6", "-0.4", "0.5", "1.0", "0.5", "1.0"]


def trained():
    """The trained weights and biases."""
    generator = numpy.random.default_rng(5)
    states = training_states(60000, generator)
    wanted = scores(states)
    weights, biases = train([5, 20, 20, 20, 5], states, wanted, steps=50000, seed=3, grid=256, batch=512, rate=0.005)
    outputs = predict(weights, biases, states)
    agreement = (outputs.argmin(axis=1) == wanted.argmin(axis=1)).mean()
    print(f"error {numpy.sqrt(((outputs - wanted) ** 2).mean()):.3f}, same advisory in {agreement:.1%}")
    return weights, biases


def properties(limit):
    """File name, what is claimed, the box, the assertions of the unsafe set."""
    either_turn = "(or " + " ".join(f"(<= Y_{other} Y_0)" for other in range(1, 5)) + ")"
    strong_left = [f"(<= Y_3 Y_{other})" for other in (0, 1, 2, 4)]
    return [
        ("slow_traffic_ahead_holds",
         "Claim: with slow traffic 500 to 1000 m straight ahead, the advisory is never `clear of conflict`.\n"
         "Unsafe: the score of `clear of conflict` is minimal.", SLOW_TRAFFIC, CLEAR_IS_BEST),
        ("head_on_holds",
         "Claim: with oncoming traffic 1500 to 2000 m ahead, both at 70 to 75 m/s, the advisory is never `clear of conflict`.\n"
         "Unsafe: the score of `clear of conflict` is minimal.", HEAD_ON, CLEAR_IS_BEST),
        ("head_on_wider_violated",
         "Claim: with oncoming traffic 1500 to 2000 m ahead, both at 70 to 80 m/s, the advisory is never `clear of conflict`.\n"
         "Unsafe: the score of `clear of conflict` is minimal. (It is, in about one of 200,000 random states.)",
         HEAD_ON_WIDER, CLEAR_IS_BEST),
        ("left_behind_holds",
         "Claim: with slower traffic far behind that flies away, the advisory is `clear of conflict`.\n"
         "Unsafe: some turn has a score that is as small.", LEFT_BEHIND, [either_turn]),
        ("far_away_violated",
         "Claim: with traffic at least 4 km ahead on nearly the same heading, the advisory is `clear of conflict`.\n"
         "Unsafe: some turn has a score that is as small.", FAR_AWAY, [either_turn]),
        ("from_the_left_violated",
         "Claim: with traffic that crosses from the left, 500 to 1000 m away, the advisory is never `strong left`.\n"
         "Unsafe: the score of `strong left` is minimal.", FROM_THE_LEFT, strong_left),
        ("score_limit_holds",
         "Claim: with traffic that crosses from the left, 500 to 1000 m away, the score of `strong right` is at most the limit,\n"
         "which is exactly its largest value there. Unsafe: a score above the limit.", FROM_THE_LEFT, [f"(> Y_4 {limit})"]),
        ("score_limit_violated",
         "Claim: with traffic that crosses from the left, 500 to 1000 m away, the score of `strong right` is below the limit,\n"
         "which is exactly its largest value there. Unsafe: a score of the limit or more.", FROM_THE_LEFT, [f"(>= Y_4 {limit})"]),
    ]


def box_atoms(box):
    """The bounds of a box given as low, high, low, high, ...."""
    atoms = []
    for index in range(len(box) // 2):
        atoms += [f"(>= X_{index} {box[2 * index]})", f"(<= X_{index} {box[2 * index + 1]})"]
    return atoms


def main(directory):
    weights, biases = trained()
    network = as_json_network(weights, biases)
    layers = oracle.read_network(json.dumps(network))
    directory.mkdir(parents=True, exist_ok=True)
    write_onnx(directory / "collision.onnx", weights, biases, "collision")
    write_json(directory / "collision.json", network)
    region = next(oracle.input_regions(property_text(5, 5, box_atoms(FROM_THE_LEFT)), 5))
    limit, point = oracle.maximum(layers, region, output=4)
    print("largest score", limit, float(limit), "at", *point, flush=True)
    for name, claim, box, assertions in properties(number_text(limit)):
        text = property_text(5, 5, box_atoms(box) + assertions)
        started = time.time()
        verdict, witness = oracle.decide(layers, text)
        print(f"{name}: {verdict}, {time.time() - started:.0f} s", *(witness or []), flush=True)
        if not name.endswith(verdict):
            raise SystemExit(f"{name}: the oracle says {verdict}")
        commented = "".join(f"; {line}\n" for line in claim.split("\n"))
        (directory / f"{name}.vnnlib").write_text(commented + "\n" + text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "data/examples/collision")
