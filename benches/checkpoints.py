#!/usr/bin/env python3
"""Kill runs of foldline at random moments, let them go on from their checkpoints, and compare the answers.

    benches/checkpoints.py [--kills 20] [--seed 1] [--only WORD] [--certificate] [--program target/release/foldline] [-- COMMAND FILES…]

Each instance is first run in peace. Then it is started with --checkpoint and killed with SIGKILL at a random moment, again and again,
until so many kills are done; after that it may finish. Its answer must be that of the run in peace: every exact number of it, but for points, of
which there may be several. A witness of `verify` must replay exactly, and the checkpoint must be gone. If the run finishes before
all kills are done it starts from the beginning. Without a command, one instance of every command that has checkpoints is generated: random
weights, and some ten CPU seconds of work each. `--only lipschitz` runs those whose command begins so. With `--certificate` the runs write
certificates as well (of the commands that keep them with a checkpoint), and `foldline check` must accept the one that is there at the end.

Exit code 1 if an answer differs, a run ends with an error, or a checkpoint is left over.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import training

ROOT = Path(__file__).resolve().parent.parent

# The commands that keep a certificate with their state.
CERTIFIED = {"verify", "maximum", "range", "positive", "zero", "surjective", "equivalent", "lipschitz", "train", "regions"}
# Points may differ from run to run, and so do times and counts.
POINTS = {"argmax", "argmin", "witness", "witness_f32", "point", "points", "gradient", "jacobian", "ray", "vertex", "signs", "network"}
VARYING = {"seconds", "statistics", "fraction_done", "positive_direction", "negative_direction"}


def layer(chance: random.Random, inputs: int, outputs: int, activation: str) -> dict:
    """A layer of integers over 16."""
    number = lambda: f"{chance.randint(-32, 32)}/16"
    weights = [[number() for _ in range(inputs)] for _ in range(outputs)]
    return {"weights": weights, "bias": [number() for _ in range(outputs)], "activation": activation}


def random_network(chance: random.Random, sizes: list[int]) -> dict:
    """ReLU layers of these sizes, the last one linear."""
    kinds = ["relu"] * (len(sizes) - 2) + ["linear"]
    return {"layers": [layer(chance, *shape, kind) for *shape, kind in zip(sizes, sizes[1:], kinds)]}


def evaluate(network: dict, point: list[float]) -> list[float]:
    """The outputs, in floats."""
    for part in network["layers"]:
        rows = zip(part["weights"], part["bias"])
        point = [sum(float(Fraction(w)) * x for w, x in zip(row, point)) + float(Fraction(b)) for row, b in rows]
        if part["activation"] == "relu":
            point = [max(value, 0.0) for value in point]
    return point


def near_the_top(chance: random.Random, network: dict, factor: float) -> int:
    """`factor` times the largest value at some corners of [-1, 1]^d."""
    inputs = len(network["layers"][0]["weights"][0])
    corners = ([chance.choice([-1.0, 1.0]) for _ in range(inputs)] for _ in range(300))
    return round(max(evaluate(network, corner)[0] for corner in corners) * factor)


class Instances:
    """Writes the files of the generated instances."""

    def __init__(self, folder: Path):
        self.folder = folder

    def write(self, name: str, content) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def box(self, inputs: int) -> str:
        return self.write(f"box{inputs}.json", {"box": [[-1, 1]] * inputs})

    def verify(self, seed: int, factor: float) -> list[str]:
        """The claim that a network stays below `factor` times the best of some corners."""
        chance = random.Random(seed)
        network = random_network(chance, [6, 24, 24, 24, 1])
        lines = [f"(declare-const X_{i} Real)" for i in range(6)] + ["(declare-const Y_0 Real)"]
        lines += [f"(assert (>= X_{i} -1))\n(assert (<= X_{i} 1))" for i in range(6)]
        lines += [f"(assert (>= Y_0 {near_the_top(chance, network, factor)}))"]
        spec = self.write(f"spec{seed}.vnnlib", "\n".join(lines) + "\n")
        return ["verify", self.write(f"net{seed}.json", network), spec]

    def positive(self, seed: int, factor: float) -> list[str]:
        """The same, as a question for positive values."""
        chance = random.Random(seed)
        network = random_network(chance, [6, 24, 24, 24, 1])
        last = network["layers"][-1]
        last["bias"] = [str(Fraction(last["bias"][0]) - near_the_top(chance, network, factor))]
        return ["positive", self.write(f"shifted{seed}.json", network), "--over", self.box(6)]

    def on_box(self, command: str, seed: int, sizes: list[int], *options: str) -> list[str]:
        """A question about a random network on a cube."""
        network = random_network(random.Random(seed), sizes)
        name = f"net{seed}_{'-'.join(map(str, sizes))}.json"
        return [command, self.write(name, network), "--over", self.box(sizes[0]), *options]

    def equivalent(self, seed: int, sizes: list[int]) -> list[str]:
        """A network and a copy whose first layer has other biases."""
        chance = random.Random(seed)
        network = random_network(chance, sizes)
        first = self.write(f"first{seed}.json", network)
        biases = network["layers"][0]["bias"]
        network["layers"][0]["bias"] = [str(Fraction(bias) + Fraction(chance.randint(-8, 8), 1024)) for bias in biases]
        return ["equivalent", first, self.write(f"second{seed}.json", network), "--over", self.box(sizes[0])]

    def arrangement(self, seed: int, dimension: int, count: int) -> list[str]:
        """Random hyperplanes."""
        chance = random.Random(seed)
        normals = [[chance.randint(-99, 99) for _ in range(dimension)] for _ in range(count)]
        offsets = [chance.randint(-99, 99) for _ in range(count)]
        path = self.write(f"planes{seed}.json", {"normals": normals, "offsets": offsets})
        return ["arrangement", "cells", path, "--method", "enumerate"]

    def train(self, size: tuple[int, int, int], noise: float, output: str, *options: str) -> list[str]:
        """A sample of benches/training.py."""
        (d, hidden, count), name = size, "-".join(map(str, size))
        data = self.write(f"sample{name}-{noise}-{output}.csv", training.sample(d, hidden, count, noise, output, 0))
        return ["train", data, "--hidden", str(hidden), "--output", output, *options]

    def zonotope(self, seed: int, dimension: int, count: int) -> str:
        """Random generators."""
        chance = random.Random(seed)
        generators = [[chance.randint(-99, 99) for _ in range(dimension)] for _ in range(count)]
        content = {"center": [1] * dimension, "generators": generators}
        return self.write(f"zonotope{seed}.json", content)

    def contains(self, seed: int, dimension: int, counts: list[int]) -> list[str]:
        """Two random zonotopes, OUTER and INNER."""
        return ["zonotope", "contains", *(self.zonotope(seed + i, dimension, n) for i, n in enumerate(counts))]

    def all(self, certified: bool) -> list[list[str]]:
        """An instance of every command; with certificates, constants of networks whose proof takes some seconds."""
        wide, narrow = ([3, 32, 32, 1], [4, 20, 20, 1]) if certified else ([6, 32, 32, 1], [5, 24, 24, 1])
        return [
            self.verify(3, 1.15),
            self.positive(3, 1.15),
            self.on_box("maximum", 4, [6, 36, 36, 36, 1]),
            self.on_box("range", 5, [6, 24, 24, 24, 2]),
            self.equivalent(6, [4, 20, 20, 1]),
            self.on_box("lipschitz", 7, wide, "--p", "inf"),
            self.on_box("lipschitz", 8, wide, "--p", "2"),
            self.on_box("lipschitz", 9, narrow, "--p", "0"),
            self.on_box("regions", 10, [3, 160, 160, 1], "--count", "cells"),
            self.arrangement(11, 4, 90),
            self.train((1, 2, 40), 0.05, "relu"),
            self.train((2, 2, 60), float("inf"), "linear"),
            self.train((1, 4, 12), float("inf"), "linear", "--zero-loss"),
            self.contains(12, 6, [90, 60]),
            ["zonotope", "norm", self.zonotope(14, 6, 90), "--p", "2"],
        ]


def finished(command: list[str], codes: list[int] = [0, 1]) -> dict:
    """The answer of a run that may end by itself."""
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in codes:
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


def comparable(answer):
    """An answer without what may differ from run to run."""
    if isinstance(answer, list):
        return [comparable(part) for part in answer]
    if not isinstance(answer, dict):
        return answer
    skipped = POINTS | VARYING
    skipped |= {f"{key}_approx" for key in skipped}
    return {key: comparable(value) for key, value in answer.items() if key not in skipped}


def torture(program: str, question: list[str], kills: int, chance: random.Random, folder: Path, certified: bool) -> str:
    """A row of the table; exits if the answers differ."""
    proof = folder / "proof.gz"
    plain = [program, *question, "--json", *(["--certificate", str(proof), "--no-check"] if certified else [])]
    start, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    expected = finished(plain)
    seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used
    state = folder / "state.json"
    command = [*plain, "--checkpoint", str(state)]
    done = resumed = restarts = 0
    largest = 0
    while done < kills:
        had_state = state.exists()
        # Up to a fifth of the time that the whole takes, and at least long enough to save.
        if killed(command, chance.uniform(0.0, max(0.6, seconds / 5))):
            done += 1
            resumed += had_state
        else:
            restarts += 1
        largest = max([largest] + [path.stat().st_size for path in [state] if path.exists()])
    answer = finished(command)
    name = " ".join(Path(word).name for word in question)
    if comparable(answer) != comparable(expected):
        sys.exit(f"{name}: in peace {comparable(expected)}, after {done} kills {comparable(answer)}")
    if state.exists():
        sys.exit(f"{state} is left over after the answer")
    if certified:
        finished([program, "check", str(proof), *(word for word in question[1:] if Path(word).is_file()), "--json"], [0])
        proof.unlink()
        if list(folder.glob("*.partial")):
            sys.exit("a part of a certificate is left over after the answer")
    if question[0] == "verify" and answer["answer"] == "violated":
        replay(program, question[1], question[2], answer["witness"], folder)
    nodes = [run["statistics"].get("nodes", run["statistics"].get("cells", 0)) for run in (expected, answer)]
    row = [name, answer["answer"], f"{used:.1f}", done, resumed, restarts, *(f"{count:,}" for count in nodes), largest // 1024]
    return "| " + " | ".join(map(str, row)) + " |"


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
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--certificate", action="store_true")
    parser.add_argument("--program", default=str(ROOT / "target/release/foldline"))
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    print("| instance | answer | CPU s in peace | kills | went on | finished early | nodes in peace | nodes in all | largest state, kB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generated = [question for question in Instances(folder).all(arguments.certificate) if question[0].startswith(arguments.only)]
        if arguments.certificate:
            generated = [question for question in generated if question[0] in CERTIFIED or question[:2] == ["zonotope", "norm"]]
        for question in [arguments.command] if arguments.command else generated:
            print(torture(arguments.program, question, arguments.kills, chance, folder, arguments.certificate), flush=True)


if __name__ == "__main__":
    main()
