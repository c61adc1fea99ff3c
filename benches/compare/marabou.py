"""Gives the pack of `foldline hard-instances` to Marabou (maraboupy on PyPI) and to foldline, and checks both.

    python -m venv marabou && marabou/bin/pip install maraboupy onnx onnxruntime
    foldline hard-instances --out pack
    FOLDLINE=target/release/foldline marabou/bin/python benches/compare/marabou.py pack --timeout 60

An answer is wrong if it is not the truth of `truth.csv`, or if the point of a `sat` does not violate the
property: exactly, or (counted apart) not even within 1e-4 of the asked value. CPU time of each run.
"""

import argparse
import csv
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
from fractions import Fraction

MARGIN = Fraction(1, 10**4)


def read_property(path):
    """Lower and upper bounds of the inputs and the asked value, as texts, of a file of the pack."""
    bounds, asked = {}, None
    for sign, variable, number in re.findall(r"\(([<>])= (\w+) (-?[\d.]+)\)", path.read_text()):
        if variable == "Y_0":
            asked = number
        else:
            bounds.setdefault(int(variable[2:]), {})[sign] = number
    return [(bounds[i][">"], bounds[i]["<"]) for i in range(len(bounds))], asked


def solve_with_marabou(network, spec):
    """In a process of its own: prints the verdict, and the point of a `sat`."""
    from maraboupy import Marabou

    bounds, asked = read_property(pathlib.Path(spec))
    model = Marabou.read_onnx(network)
    inputs = model.inputVars[0].flatten()
    for variable, (lower, upper) in zip(inputs, bounds):
        model.setLowerBound(variable, float(lower))
        model.setUpperBound(variable, float(upper))
    output = model.outputVars[0].flatten()[0]
    model.addInequality([output], [-1.0], -float(asked))
    options = Marabou.createOptions(verbosity=0)
    verdict, values, _ = model.solve(verbose=False, options=options)
    print("VERDICT", verdict, *(repr(values[v]) for v in inputs if values))


def measured(command, limit):
    """A run that may use `limit` seconds of CPU time; None where it wants more."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    bound = lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    run = subprocess.run(command, capture_output=True, text=True, preexec_fn=bound)
    if run.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        run = None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return run, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def marabou(network, spec, timeout):
    command = [sys.executable, __file__, "--solve", str(network), str(spec)]
    run, seconds = measured(command, timeout)
    found = re.search(r"^VERDICT (.*)$", run.stdout, re.M) if run else None
    if not found:
        return ("timeout" if run is None else f"error {run.returncode}"), None, seconds
    verdict, *point = found.group(1).split()
    point = [Fraction(float(value.removeprefix("np.float64(").rstrip(")"))) for value in point]
    return verdict.lower(), point or None, seconds


def foldline(network, spec, timeout):
    with tempfile.NamedTemporaryFile(suffix=".txt") as result:
        command = [os.environ["FOLDLINE"], "vnncomp", network, spec, result.name, "1000000"]
        _, seconds = measured(list(map(str, command)), timeout)
        text = pathlib.Path(result.name).read_text()
    point = [Fraction(x) for x in re.findall(r"\(X_\d+ ([^)]+)\)", text)]
    return text.split()[0] if text else "timeout", point or None, seconds


def margin(network, spec, point):
    """How far the output at a point is above the asked value, exactly; None outside the box."""
    bounds, asked = read_property(spec)
    if any(not Fraction(lower) <= x <= Fraction(upper) for x, (lower, upper) in zip(point, bounds)):
        return None
    command = [os.environ["FOLDLINE"], "eval", str(network), "--json", "--input"]
    run = subprocess.run([*command, ",".join(map(str, point))], capture_output=True, text=True)
    return Fraction(re.search(r'"output":\["([^"]+)"\]', run.stdout).group(1)) - Fraction(asked)


def judge(verdict, point, truth, network, spec):
    if verdict not in ("sat", "unsat"):
        return verdict
    if verdict != truth:
        return "WRONG"
    if verdict == "sat":
        above = margin(network, spec, point)
        if above is None or above < -MARGIN:
            return "WRONG POINT"
        if above < 0:
            return "right, point off"
    return "right"


def main():
    if sys.argv[1:2] == ["--solve"]:
        return solve_with_marabou(sys.argv[2], sys.argv[3])
    parser = argparse.ArgumentParser()
    parser.add_argument("pack", type=pathlib.Path)
    parser.add_argument("--timeout", type=int, default=60, help="seconds of CPU time")
    parser.add_argument("--only", default="", help="instances whose name contains this")
    arguments = parser.parse_args()
    totals = {}
    print(f"{'instance':32} truth   {'Marabou':>28}   {'foldline':>28}")
    for row in csv.DictReader(open(arguments.pack / "truth.csv", newline="")):
        if arguments.only not in row["name"]:
            continue
        network, spec = (arguments.pack / row[key] for key in ("network", "property"))
        line = f"{row['name']:32} {row['truth']:6}"
        for name, solver in (("Marabou", marabou), ("foldline", foldline)):
            verdict, point, seconds = solver(network, spec, arguments.timeout)
            judged = judge(verdict, point, row["truth"], network, spec)
            totals[name, judged] = totals.get((name, judged), 0) + 1
            line += f"   {judged:>18} {seconds:7.1f} s"
        print(line, flush=True)
    for (name, judged), count in sorted(totals.items()):
        print(f"{name}: {judged}: {count}")


if __name__ == "__main__":
    main()
