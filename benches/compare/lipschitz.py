"""Exact Lipschitz constants: foldline beside LipMIP's mixed-integer program, solved by HiGHS.

The program is that of Jordan and Dimakis (Exactly computing the local Lipschitz constant of ReLU
networks, NeurIPS 2020): a binary variable a neuron, its pre-activation and activation by big-M
constraints over the box, and backpropagation as products of binaries and bounded numbers.
HiGHS runs on one thread with its default gap (1e-4), foldline on one thread and exactly. Where
hyperplanes meet in a lower-dimensional set the program may be larger than the constant: it
lets a neuron at 0 be on or off as it likes. The networks here are random, so that hardly happens.

    cargo build --release -p foldline-cli -p foldline --bin foldline --example lipschitz_calls
    python benches/compare/lipschitz.py [--binaries target/release] [--limit 120] [SHAPE …]

needs numpy and highspy. Like is compared with like: of HiGHS only the CPU time of the solver's
first call in a process counts, not Python nor writing the program down. So it is for the column
"call" of foldline: the CPU time (user and system) of a process of the example `lipschitz_calls` that
asks once, less that of one that only reads the files. "again" is what a second call in the same
process adds. "process" is the program `foldline` with everything, and "beyond inspect" that less
`foldline inspect` on the same network; so reading the region and the options, starting and
printing count. All are means of many runs, taken in turn. The ratios are HiGHS to "call" and to
"beyond inspect".
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy

SHAPES = ["2-20-1", "3-30-1", "4-20-1", "4-40-1", "3-16-16-1", "4-12-12-1", "6-30-1", "10-20-1", "10-60-1"]


def random_network(shape, seed=1):
    """Weights N(0, 1/inputs) and biases N(0, 1/4), rounded to multiples of 1/256."""
    random = numpy.random.default_rng(seed)
    layers = []
    for index, (inputs, outputs) in enumerate(zip(shape, shape[1:])):
        weights = numpy.round(random.normal(size=(outputs, inputs)) / inputs**0.5 * 256) / 256
        bias = numpy.round(random.normal(size=outputs) * 0.5 * 256) / 256
        activation = "relu" if index + 2 < len(shape) else "linear"
        layers.append({"weights": weights.tolist(), "bias": bias.tolist(), "activation": activation})
    return {"layers": layers}


class Program:
    """A mixed-integer program that is being written down."""

    def __init__(self):
        import highspy

        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.integer = highspy.HighsVarType.kInteger
        self.count = 0

    def variable(self, low, high, binary=False):
        self.highs.addVar(low, high)
        if binary:
            self.highs.changeColIntegrality(self.count, self.integer)
        self.count += 1
        return self.count - 1

    def at_most(self, terms, bound):
        """Σ coefficient · variable ≤ bound."""
        columns = [column for column, _ in terms]
        self.highs.addRow(-self.highs.inf, bound, len(terms), columns, [value for _, value in terms])

    def equal(self, terms, bound):
        columns = [column for column, _ in terms]
        self.highs.addRow(bound, bound, len(terms), columns, [value for _, value in terms])


def product_with_binary(program, a, v, low, high):
    """A variable a·v, for a binary a and low ≤ v ≤ high."""
    g = program.variable(min(low, 0.0), max(high, 0.0))
    program.at_most([(g, 1.0), (a, -high)], 0.0)
    program.at_most([(g, -1.0), (a, low)], 0.0)
    program.at_most([(g, 1.0), (v, -1.0), (a, -low)], -low)
    program.at_most([(g, -1.0), (v, 1.0), (a, high)], high)
    return g


def interval(weights, low, high):
    positive, negative = numpy.maximum(weights, 0), numpy.minimum(weights, 0)
    return positive @ low + negative @ high, positive @ high + negative @ low


def lipmip(network, low, high, p, limit):
    """The program's optimum, its upper bound, whether it was solved, and the solver's CPU seconds."""
    program = Program()
    layers = [(numpy.array(layer["weights"]), numpy.array(layer["bias"])) for layer in network["layers"]]
    low, high = numpy.array(low, float), numpy.array(high, float)
    values = [program.variable(l, h) for l, h in zip(low, high)]
    binaries = []
    for weights, bias in layers[:-1]:
        least, most = interval(weights, low, high)
        least, most = least + bias, most + bias
        binary, activation = [], []
        for row, b, l, u in zip(weights, bias, least, most):
            z = program.variable(l, u)
            program.equal([(z, -1.0)] + list(zip(values, row)), -b)
            if u <= 0 or l >= 0:
                a = program.variable(float(l >= 0), float(l >= 0))
                r = z if l >= 0 else program.variable(0.0, 0.0)
            else:
                a = program.variable(0, 1, binary=True)
                r = program.variable(0.0, u)
                program.at_most([(z, 1.0), (r, -1.0)], 0.0)
                program.at_most([(r, 1.0), (a, -u)], 0.0)
                program.at_most([(r, 1.0), (z, -1.0), (a, -l)], -l)
            binary.append(a)
            activation.append(r)
        binaries.append(binary)
        values = activation
        low, high = numpy.maximum(least, 0), numpy.maximum(most, 0)
    # Backpropagation: adjoint variables with their intervals.
    last = layers[-1][0][0]
    adjoint = [program.variable(value, value) for value in last]
    low, high = last.copy(), last.copy()
    for (weights, _), binary in zip(reversed(layers[:-1]), reversed(binaries)):
        gated = [product_with_binary(program, a, v, l, h) for a, v, l, h in zip(binary, adjoint, low, high)]
        low, high = interval(weights.T, numpy.minimum(low, 0), numpy.maximum(high, 0))
        adjoint = []
        for column, l, h in zip(weights.T, low, high):
            v = program.variable(l, h)
            program.equal([(v, -1.0)] + list(zip(gated, column)), 0.0)
            adjoint.append(v)
    sizes = []
    for v, l, h in zip(adjoint, low, high):
        # |v| ≤ v + 2·l⁻·(1 − s) and ≤ −v + 2·h⁺·s.
        size, s = program.variable(0.0, max(h, -l)), program.variable(0, 1, binary=True)
        program.at_most([(size, 1.0), (v, -1.0), (s, 2 * max(-l, 0.0))], 2 * max(-l, 0.0))
        program.at_most([(size, 1.0), (v, 1.0), (s, -2 * max(h, 0.0))], 0.0)
        sizes.append((size, max(h, -l)))
    if p == "inf":
        objective = [size for size, _ in sizes]
    else:
        most = max(bound for _, bound in sizes)
        top = program.variable(0.0, most)
        chosen = [program.variable(0, 1, binary=True) for _ in sizes]
        program.equal([(c, 1.0) for c in chosen], 1.0)
        for (size, _), c in zip(sizes, chosen):
            program.at_most([(top, 1.0), (size, -1.0), (c, most)], most)
        objective = [top]
    import highspy

    highs = program.highs
    for column in objective:
        highs.changeColCost(column, 1.0)
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    highs.setOptionValue("time_limit", float(limit))
    start = time.process_time()
    highs.run()
    seconds = time.process_time() - start
    info = highs.getInfo()
    solved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return info.objective_function_value, info.mip_dual_bound, solved, seconds


def child_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def output(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def cpu(command):
    before = child_cpu()
    output(command)
    return child_cpu() - before


def means(commands, least=2.0):
    """The mean CPU time of each command, run in turn until they took `least` seconds of it (3 to 200 times)."""
    totals, runs = [0.0] * len(commands), 0
    while runs < 3 or sum(totals) < least * len(commands) and runs < 200:
        for place, command in enumerate(commands):
            totals[place] += cpu(command)
        runs += 1
    return [total / runs for total in totals]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    parser.add_argument("--binaries", default="target/release", help="where cargo put the programs")
    parser.add_argument("--limit", type=float, default=120, help="seconds a program of HiGHS may take")
    parser.add_argument("--solve", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.solve:
        network, region, p = arguments.solve
        sides = json.load(open(region))["box"]
        answer = lipmip(json.load(open(network)), *zip(*sides), p, arguments.limit)
        print(json.dumps(answer))
        return
    print("CPU milliseconds of foldline, seconds of HiGHS")
    print("network     p    foldline           call  again  process  beyond inspect   LipMIP in HiGHS      CPU s   ratios")
    with tempfile.TemporaryDirectory() as folder:
        for text in arguments.shapes:
            shape = [int(part) for part in text.split("-")]
            network, region = os.path.join(folder, "network.json"), os.path.join(folder, "box.json")
            json.dump(random_network(shape), open(network, "w"))
            json.dump({"box": [[-1, 1]] * shape[0]}, open(region, "w"))
            for p in ["1", "inf", "2"]:
                compare(arguments, text, network, region, p)


def compare(arguments, text, network, region, p):
    program = os.path.join(arguments.binaries, "foldline")
    example = os.path.join(arguments.binaries, "examples", "lipschitz_calls")
    ask = [program, "lipschitz", network, "--p", p, "--over", region, "--json", "--threads", "1"]
    inspect = [program, "inspect", network, "--json"]
    calls = [[example, network, region, p, str(count)] for count in range(3)]
    process, start, none, one, two = means([ask, inspect, *calls])
    call, beyond = max(one - none, 1e-5), max(process - start, 1e-5)
    ours = json.loads(output(ask))
    value = ours["value_approx"] if p != "2" else ours["value_squared_approx"] ** 0.5
    numbers = [1000 * number for number in (call, two - one, process, beyond)]
    head = f"{text:11} {p:4} {value:<16.12g} " + "{:7.2f}{:7.2f}{:9.2f}{:16.2f}   ".format(*numbers)
    if p == "2":
        print(f"{head} (not a linear program)", flush=True)
        return
    solve = [sys.executable, __file__, "--limit", str(arguments.limit), "--solve", network, region, p]
    found, bound, solved, theirs = json.loads(output(solve))
    note = f"{found:.10g}" if solved else f"{found:.6g} … {bound:.6g}"
    agree = "" if not solved or abs(found - value) <= 2e-4 * value else "  DIFFERENT"
    least = "" if solved else ">"
    ratios = f"{least}{theirs / call:.0f}, {least}{theirs / beyond:.0f}"
    print(f"{head} {note:20} {theirs:7.3f}   {ratios}{agree}", flush=True)


if __name__ == "__main__":
    main()
