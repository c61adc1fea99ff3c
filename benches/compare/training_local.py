"""Exact training beside local methods: how often L-BFGS and Adam miss the least loss, and by how much.

For every row of FOLDER/truth.csv (columns data, output, hidden, loss) foldline finds the optimum, and then each local method
starts RESTARTS times from parameters that are drawn from N(0, 1). For the local methods the points are shifted and scaled to
mean 0 and deviation 1, the labels scaled to deviation 1; losses are scaled back. L-BFGS is scipy's with the exact gradient, at
most 1,000 iterations; Adam runs all restarts side by side in numpy, 3,000 full-batch steps with the rate falling
from 0.05 to 0.0005. A run *misses* if its loss is above the optimum by more than 0.1 % and by more than 1e-6.

    python benches/compare/training_local.py --foldline target/release/foldline --truth FOLDER [--restarts 1000] [--rows TEXT]

needs numpy and scipy, and prints a Markdown table. --rows keeps the rows whose `data output hidden` contain TEXT.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import time

import numpy
import scipy.optimize


class Networks:
    """Many networks with K hidden nodes at once: parameters are arrays whose first axis counts the networks."""

    def __init__(self, points, labels, hidden, relu):
        self.points, self.labels, self.hidden, self.relu = points, labels, hidden, relu
        self.d = points.shape[1]
        self.size = hidden * (self.d + 2) + (1 if relu else 0)

    def loss_and_gradient(self, theta):
        """For parameters of shape (R, size): losses (R,) and gradients (R, size)."""
        k, d = self.hidden, self.d
        a = theta[:, :k * d].reshape(-1, k, d)
        b = theta[:, k * d:k * (d + 1)]
        w = theta[:, k * (d + 1):k * (d + 2)]
        before = a @ self.points.T + b[:, :, None]
        on = before > 0
        nodes = numpy.where(on, before, 0)
        value = (w[:, :, None] * nodes).sum(axis=1)
        if self.relu:
            value = value + theta[:, -1:]
        error = (numpy.maximum(value, 0) if self.relu else value) - self.labels
        slope = 2 * error * (value > 0) if self.relu else 2 * error
        by_node = slope[:, None, :] * on * w[:, :, None]
        parts = [(by_node @ self.points).reshape(-1, k * d), by_node.sum(axis=2), (slope[:, None, :] * nodes).sum(axis=2)]
        if self.relu:
            parts.append(slope.sum(axis=1, keepdims=True))
        return (error * error).sum(axis=1), numpy.concatenate(parts, axis=1)


def lbfgs(networks, starts):
    def one(theta):
        loss, gradient = networks.loss_and_gradient(theta[None])
        return loss[0], gradient[0]

    options = {"maxiter": 1000, "maxfun": 2000, "ftol": 1e-13, "gtol": 1e-9}
    return numpy.array([scipy.optimize.minimize(one, start, jac=True, method="L-BFGS-B", options=options).fun
                        for start in starts])


def adam(networks, starts, steps=3000):
    theta, first, second = starts.copy(), numpy.zeros_like(starts), numpy.zeros_like(starts)
    best = numpy.full(len(starts), numpy.inf)
    for step in range(1, steps + 1):
        loss, gradient = networks.loss_and_gradient(theta)
        best = numpy.minimum(best, loss)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = 0.05 * 0.01 ** (step / steps)
        theta -= rate * (first / (1 - 0.9**step)) / (numpy.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return best


def optimum(foldline, data, hidden, relu, timeout):
    output = ["--output", "relu"] if relu else ["--output", "linear", "--no-output-bias"]
    command = [foldline, "train", str(data), "--hidden", str(hidden), "--json", "--quiet", "--timeout", str(timeout), *output]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    return answer["answer"], answer["loss_approx"]


def described(losses, least):
    missed = losses > least + max(1e-3 * least, 1e-6)
    above = (losses - least) / least if least > 1e-6 else losses
    unit = " %" if least > 1e-6 else ""
    factor = 100 if least > 1e-6 else 1
    words = [f"{missed.mean() * 100:.1f} %"]
    words += [f"{max(0.0, float(value)) * factor:.3g}{unit}" for value in (above.min(), numpy.median(above))]
    return words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foldline", required=True)
    parser.add_argument("--truth", type=pathlib.Path, required=True)
    parser.add_argument("--restarts", type=int, default=1000)
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--rows", default="")
    arguments = parser.parse_args()
    print("| data | output | K | least loss | L-BFGS misses | its best is above by | median | Adam misses | its best | median "
          "| CPU s of both |\n" + "| --- " * 11 + "|")
    for row in csv.DictReader((arguments.truth / "truth.csv").open()):
        if arguments.rows not in f"{row['data']} {row['output']} {row['hidden']}":
            continue
        data, hidden, relu = arguments.truth / f"{row['data']}.csv", int(row["hidden"]), row["output"] == "relu"
        answer, least = optimum(arguments.foldline, data, hidden, relu, arguments.timeout)
        table = numpy.loadtxt(data, delimiter=",", skiprows=1, ndmin=2)
        points, labels = table[:, :-1], table[:, -1]
        points = (points - points.mean(axis=0)) / numpy.where(points.std(axis=0) > 0, points.std(axis=0), 1)
        scale = labels.std() or 1.0
        networks = Networks(points, labels / scale, hidden, relu)
        random = numpy.random.default_rng(0)
        starts = random.normal(size=(arguments.restarts, networks.size))
        start = time.process_time()
        columns = [described(method(networks, starts) * scale**2, least) for method in (lbfgs, adam)]
        seconds = time.process_time() - start
        mark = "" if answer == "optimal" else " (not proved)"
        cells = [row["data"], row["output"], row["hidden"], f"{least:.9g}{mark}", *columns[0], *columns[1], f"{seconds:.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
