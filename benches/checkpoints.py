#!/usr/bin/env python3
"""Kill runs of foldline at random moments, let them go on from their checkpoints, and compare the answers.

    benches/checkpoints.py [--kills 20] [--seed 1] [--program target/release/foldline] [-- COMMAND FILES…]

Each instance is first run in peace. Then it is started with --checkpoint and killed with SIGKILL at a random moment, again and again,
until so many kills are done; after that it may finish. Its answer must be that of the run in peace, a witness must replay exactly, the
largest difference of `equivalent` must be the same, and the checkpoint must be gone. If the run finishes before all kills are done it starts from the beginning. Without a command, such
as `verify NET SPEC`, instances of `verify` are generated: networks with random weights and a threshold that needs a search of some seconds.

Exit code 1 if an answer differs, a run ends with an error, or a checkpoint is left over.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def layer(chance: random.Random, inputs: int, outputs: int, activation: str) -> dict:
    """A layer of integers over 16."""
    number = lambda: f"{chance.randint(-32, 32)}/16"
    weights = [[number() for _ in range(inputs)] for _ in range(outputs)]
    return {"weights": weights, "bias": [number() for _ in range(outputs)], "activation": activation}


def evaluate(network: dict, point: list[float]) -> float:
    """The only output, in floats."""
    for part in network["layers"]:
        rows = zip(part["weights"], part["bias"])
        point = [sum(float(Fraction(w)) * x for w, x in zip(row, point)) + float(Fraction(b)) for row, b in rows]
        if part["activation"] == "relu":
            point = [max(value, 0.0) for value in point]
    return point[0]


def generated(folder: Path, seed: int, factor: float) -> tuple[Path, Path]:
    """A network with 6 inputs and three layers of 24, and the claim that it stays below `factor` times the best of some corners."""
    chance = random.Random(seed)
    sizes = [6, 24, 24, 24]
    layers = [layer(chance, a, b, "relu") for a, b in zip(sizes, sizes[1:])] + [layer(chance, 24, 1, "linear")]
    network = {"layers": layers}
    best = max(evaluate(network, [chance.choice([-1.0, 1.0]) for _ in range(6)]) for _ in range(300))
    lines = [f"(declare-const X_{i} Real)" for i in range(6)] + ["(declare-const Y_0 Real)"]
    lines += [f"(assert (>= X_{i} -1))\n(assert (<= X_{i} 1))" for i in range(6)]
    lines += [f"(assert (>= Y_0 {round(best * factor)}))"]
    net, spec = folder / f"net{seed}.json", folder / f"spec{seed}.vnnlib"
    net.write_text(json.dumps(network))
    spec.write_text("\n".join(lines) + "\n")
    return net, spec


def finished(command: list[str]) -> dict:
    """The answer of a run that may end by itself."""
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit code {run.returncode}: {run.stderr}")
    return json.loads(run.stdout)


def killed(command: list[str], seconds: float) -> bool:
    """Whether the run was killed; if not it has ended."""
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, errors = run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return True
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit code {run.returncode}: {errors}")
    return False


def torture(program: str, question: list[str], kills: int, chance: random.Random, folder: Path) -> str:
    """A row of the table; exits if the answers differ."""
    plain = [program, *question, "--json"]
    start = time.monotonic()
    expected = finished(plain)
    seconds = time.monotonic() - start
    state = folder / "state.json"
    command = [*plain, "--checkpoint", str(state)]
    done = resumed = restarts = 0
    largest = 0
    while done < kills:
        had_state = state.exists()
        # Up to a third of the time that the whole takes, and at least long enough to save.
        if killed(command, chance.uniform(0.0, max(0.6, seconds / 3))):
            done += 1
            resumed += had_state
        else:
            restarts += 1
        largest = max([largest] + [path.stat().st_size for path in [state] if path.exists()])
    answer = finished(command)
    name = " ".join(Path(word).name for word in question)
    for key in ["answer", "largest_difference", "value"]:
        if answer.get(key) != expected.get(key):
            sys.exit(f"{name}: {key} is {expected.get(key)} in peace, {answer.get(key)} after {done} kills")
    if state.exists():
        sys.exit(f"{state} is left over after the answer")
    if answer["answer"] == "violated":
        replay(program, question[1], question[2], answer["witness"], folder)
    counts = f"{expected['statistics']['nodes']} | {answer['statistics']['nodes']}"
    return f"| {name} | {answer['answer']} | {seconds:.1f} | {done} | {resumed} | {restarts} | {counts} | {largest // 1024} |"


def replay(program: str, net: str, spec: str, witness: dict, folder: Path) -> None:
    """Checks a witness with `foldline replay`."""
    values = [f"(X_{i} {value})" for i, value in enumerate(witness["input"])]
    values += [f"(Y_{i} {value})" for i, value in enumerate(witness["output"])]
    result = folder / "witness.txt"
    result.write_text("sat\n(" + "\n".join(values) + ")\n")
    run = subprocess.run([program, "replay", net, spec, str(result)], capture_output=True, text=True)
    if run.returncode != 1:
        sys.exit(f"the witness of {net} {spec} is none: {run.stdout}{run.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="*", metavar="COMMAND FILES")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", default=str(ROOT / "target/release/foldline"))
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    print("| instance | answer | seconds in peace | kills | resumed | finished early | nodes in peace | nodes in all | largest state, kB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hard = [(2, 1.3), (3, 1.15), (5, 1.05)]
        made = lambda seed, factor: ["verify", *map(str, generated(folder, seed, factor))]
        questions = [arguments.command] if arguments.command else [made(*choice) for choice in hard]
        for question in questions:
            print(torture(arguments.program, question, arguments.kills, chance, folder), flush=True)


if __name__ == "__main__":
    main()
