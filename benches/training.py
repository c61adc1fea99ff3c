"""How long exact training takes: the rows of a truth table, and random samples of growing size.

    python benches/training.py --foldline target/release/foldline [--truth FOLDER] [--timeout SECONDS]

With --truth it trains on every row of FOLDER/truth.csv (columns data, output, hidden, loss) and compares the losses; otherwise
on samples from a random network with K hidden nodes and noise of the given size ("inf": labels without a network), the
coordinates and labels being decimals with three digits. Prints Markdown tables with CPU seconds.
"""

import argparse
import csv
import json
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
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--sizes", nargs="*", help="d,K,N such as 2,2,20")
    arguments = parser.parse_args()
    if arguments.truth:
        truth(arguments.foldline, arguments.truth, arguments.timeout)
    else:
        sizes = [tuple(map(int, size.split(","))) for size in arguments.sizes or []] or SIZES
        growth(arguments.foldline, arguments.timeout, sizes)


if __name__ == "__main__":
    main()
