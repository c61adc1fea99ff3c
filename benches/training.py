"""How long exact training takes: the rows of a truth table, and random samples of growing size.

    python benches/training.py --foldline target/release/foldline [--truth FOLDER] [--timeout SECONDS]

With --truth it trains on every row of FOLDER/truth.csv (columns data, output, hidden, loss) and compares the losses; otherwise
on samples from a random network with K hidden nodes and noise of the given size ("inf": labels without a network), the
coordinates and labels being decimals with three digits. With --growth it fits the exponent of N in the number of partial
patterns. Prints Markdown tables with CPU seconds.
"""

import argparse
import csv
import json
import math
import pathlib
import random
import resource
import subprocess
import tempfile
import time

# d, K, N
SIZES = [(1, 1, 200), (1, 2, 40), (2, 1, 60), (2, 2, 20), (2, 2, 40), (3, 1, 25)]
NOISES = [0.05, 0.3, float("inf")]


def train(foldline, data, hidden, output, timeout):
    """The JSON answer, and CPU and wall seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [foldline, "train", str(data), "--hidden", str(hidden), "--json", "--quiet", "--timeout", str(timeout), *output]
    run = subprocess.run(command, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode not in (0, 3):
        raise SystemExit(f"{command}: {run.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(run.stdout), cpu, time.monotonic() - start


def sample(d, hidden, count, noise, output, seed):
    """Points with three decimals and labels from a random network, as CSV text."""
    rng = random.Random(f"{d} {hidden} {count} {noise} {output} {seed}")
    nodes = [[rng.gauss(0, 1) for _ in range(d + 1)] for _ in range(hidden)]
    signs, offset = [rng.choice([-1, 1]) for _ in range(hidden)], rng.gauss(0, 0.5)
    lines = [",".join([f"x{i + 1}" for i in range(d)] + ["y"])]
    for _ in range(count):
        x = [round(rng.uniform(-1, 1), 3) for _ in range(d)]
        if noise == float("inf"):
            y = rng.gauss(0, 1)
        else:
            y = offset + sum(s * max(0, sum(a * b for a, b in zip(node, x + [1]))) for s, node in zip(signs, nodes))
            y = (max(0, y) if output == "relu" else y) + noise * rng.gauss(0, 1)
        lines.append(",".join(f"{value:.3f}" for value in x + [y]))
    return "\n".join(lines) + "\n"


def growth(foldline, timeout, sizes):
    print("| d | K | N | noise | output | answer | gap | CPU s | wall s | partial patterns | exact |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for d, hidden, count in sizes:
            for noise in NOISES:
                for output in ["linear", "relu"]:
                    data = pathlib.Path(folder) / "sample.csv"
                    data.write_text(sample(d, hidden, count, noise, output, 0))
                    answer, cpu, wall = train(foldline, data, hidden, ["--output", output], timeout)
                    loss, bound = answer["loss_approx"], answer["lower_bound_approx"]
                    gap = 0 if loss == 0 else (loss - bound) / loss
                    counts = answer["statistics"]
                    print(f"| {d} | {hidden} | {count} | {noise} | {output} | {answer['answer']} | {gap:.2g} | {cpu:.2f} "
                          f"| {wall:.2f} | {counts['nodes']:,} | {counts['exact']:,} |", flush=True)


# d, K, output, the numbers of points
GROWTH = [(1, 1, "linear", [50, 100, 200]), (1, 1, "relu", [50, 100, 200, 400]), (1, 2, "linear", [10, 20, 40]),
          (1, 2, "relu", [8, 12, 18]), (2, 1, "linear", [15, 30, 60]), (2, 1, "relu", [15, 25, 40, 60])]


def exponent(points):
    """The slope of the line through the logarithms, by least squares."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    x0, y0 = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - x0) * (y - y0) for x, y in zip(xs, ys)) / sum((x - x0) ** 2 for x in xs)


def fitted_growth(foldline, timeout):
    print("| d | K | output | N: partial patterns | exponent | paper's |\n| --- | --- | --- | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "sample.csv"
        for d, hidden, output, counts in GROWTH:
            points = []
            for count in counts:
                nodes = []
                for noise in [0.3, float("inf")]:
                    for seed in [0, 1]:
                        data.write_text(sample(d, hidden, count, noise, output, seed))
                        answer, _, _ = train(foldline, data, hidden, ["--output", output], timeout)
                        if answer["answer"] != "optimal":
                            raise SystemExit(f"not proved in {timeout} s: d = {d}, K = {hidden}, N = {count}, {output}")
                        nodes.append(answer["statistics"]["nodes"])
                points.append((count, sum(nodes) / len(nodes)))
            shown = ", ".join(f"{count}: {nodes:,.0f}" for count, nodes in points)
            paper = hidden * d + (2**hidden - 1) * d
            print(f"| {d} | {hidden} | {output} | {shown} | {exponent(points):.1f} | {paper} |", flush=True)


def truth(foldline, folder, timeout):
    rows = list(csv.DictReader((folder / "truth.csv").open()))
    wrong, total = 0, 0.0
    print("| data | output | K | loss | above the table's | answer | CPU s |\n| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        output = ["--output", "relu"] if row["output"] == "relu" else ["--output", "linear", "--no-output-bias"]
        answer, cpu, _ = train(foldline, folder / f"{row['data']}.csv", row["hidden"], output, timeout)
        difference, total = answer["loss_approx"] - float(row["loss"]), total + cpu
        good = answer["answer"] == "optimal" and difference <= 1e-9 * max(1, float(row["loss"]))
        wrong += not good
        print(f"| {row['data']} | {row['output']} | {row['hidden']} | {answer['loss_approx']:.12g} | {difference:+.1e} "
              f"| {answer['answer']} | {cpu:.2f} |", flush=True)
    print(f"\n{len(rows)} rows, {wrong} with another loss or not proved, {total:.1f} CPU s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foldline", required=True)
    parser.add_argument("--truth", type=pathlib.Path)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--sizes", nargs="*", help="d,K,N such as 2,2,20")
    arguments = parser.parse_args()
    if arguments.truth:
        truth(arguments.foldline, arguments.truth, arguments.timeout)
    elif arguments.growth:
        fitted_growth(arguments.foldline, arguments.timeout)
    else:
        sizes = [tuple(map(int, size.split(","))) for size in arguments.sizes or []] or SIZES
        growth(arguments.foldline, arguments.timeout, sizes)


if __name__ == "__main__":
    main()
