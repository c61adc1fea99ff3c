"""Exact training beside a mixed-integer program with quadratic objective (big-M, one binary a hidden node and point) in SCIP.

Variables are a_j, b_j (and w0), the hidden values h_ij = max(0, a_j x_i + b_j) by

    h >= 0,  h >= a x + b,  h <= a x + b + M_i (1 - z),  h <= M_i z,  z binary,

under an output ReLU the outputs by the same four constraints, and t >= sum of squared errors, which is minimised. The output
weights are -1 or 1, one program for each number of positive ones; each is given the best loss so far as a limit. Such
programs need bounds on a, b and w0: here the absolute values of the optimum that foldline found, times FACTOR (2), but at least
0.01 of the largest; M_i follows from them. With --weights W every bound is W instead, as a user who does not know the optimum must guess.

    python benches/compare/training_scip.py --foldline target/release/foldline --folder DATA [--limit 120] [ROW …]

ROW is `data,output,hidden`, the outputs being relu, linear or linear_no_output_bias. It needs pyscipopt and numpy. Every solver
setting of --settings is tried (default, easycip, optimality); one thread. CPU seconds of a process of its own, user and system, what loading
Python and SCIP takes subtracted; foldline likewise as a whole process, with one thread.
"""

import argparse
import json
import multiprocessing
import pathlib
import resource
import subprocess

import numpy

ROWS = ["tiny_d1_N6_rand,linear_no_output_bias,1", "tiny_d1_N6_rand,linear_no_output_bias,2", "tiny_d1_N8_rand,linear_no_output_bias,2",
        "tiny_d1_N8_rand,relu,1", "tiny_d2_N8_rand,linear_no_output_bias,2", "d1_N12_k2noise,linear_no_output_bias,1",
        "d1_N12_k2noise,linear_no_output_bias,2", "diabetes_N20_d2,linear_no_output_bias,1", "diabetes_N20_d2,relu,1",
        "diabetes_N20_d2,linear_no_output_bias,2"]


def solve(points, labels, positive, bounds, relu, bias, limit, best, setting):
    """SCIP's status, loss and bound for one number of positive output weights."""
    from pyscipopt import SCIP_PARAMEMPHASIS, Model, quicksum

    model = Model()
    model.hideOutput()
    if setting != "default":
        model.setEmphasis(getattr(SCIP_PARAMEMPHASIS, setting.upper()))
        model.hideOutput()
    model.setParam("limits/time", limit)
    model.setParam("timing/clocktype", 1)  # CPU time
    model.setParam("limits/gap", 1e-9)
    model.setParam("limits/absgap", 1e-9)
    if best is not None:
        model.setObjlimit(best)
    count, d = points.shape
    weight_bounds, offset_bound = bounds
    nodes = [[model.addVar(lb=-bound, ub=bound) for bound in row] for row in weight_bounds]
    offset = model.addVar(lb=-offset_bound, ub=offset_bound) if bias else 0

    def relu_of(value, most):
        h, z = model.addVar(lb=0, ub=most), model.addVar(vtype="B")
        model.addCons(h >= value)
        model.addCons(h <= value + most * (1 - z))
        model.addCons(h <= most * z)
        return h

    errors = []
    for i in range(count):
        terms, reach = [offset], offset_bound
        for j, node in enumerate(nodes):
            most = float(sum(bound * abs(x) for bound, x in zip(weight_bounds[j], [*points[i], 1.0])))
            value = quicksum(node[k] * float(points[i, k]) for k in range(d)) + node[d]
            h = relu_of(value, most)
            terms.append(h if j < positive else -h)
            reach += most
        output = quicksum(terms)
        if relu:
            output = relu_of(output, reach)
        error = model.addVar(lb=None)
        model.addCons(error == output - float(labels[i]))
        errors.append(error)
    loss = model.addVar(lb=0)
    model.addCons(quicksum(error * error for error in errors) <= loss)
    model.setObjective(loss)
    model.optimize()
    found = model.getObjVal() if model.getNSols() else None
    return model.getStatus(), found, model.getDualbound()


def run(queue, data, bounds, hidden, relu, bias, limit, setting):
    """All sign patterns; run in a process of its own."""
    table = numpy.loadtxt(data, delimiter=",", skiprows=1, ndmin=2)
    import pyscipopt  # noqa: F401  (loading it is not counted)
    start = resource.getrusage(resource.RUSAGE_SELF)
    best, lower, proved = None, numpy.inf, True
    for positive in range(hidden, -1, -1):
        used = resource.getrusage(resource.RUSAGE_SELF)
        left = limit - (used.ru_utime - start.ru_utime)
        if left <= 0:
            proved = False
            break
        status, found, bound = solve(table[:, :-1], table[:, -1], positive, bounds, relu, bias, left, best, setting)
        proved &= status in ("optimal", "infeasible", "gaplimit")
        if found is not None and (best is None or found < best):
            best = found
        lower = min(lower, bound)
    used = resource.getrusage(resource.RUSAGE_SELF)
    queue.put((proved, best, used.ru_utime + used.ru_stime - start.ru_utime - start.ru_stime))


def apart(*arguments):
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=run, args=(queue, *arguments))
    process.start()
    result = queue.get()
    process.join()
    return result


def foldline(program, data, hidden, relu, bias):
    """The loss, the weights (a_j, b_j), w0, and CPU seconds."""
    output = ["--output", "relu" if relu else "linear", *([] if bias else ["--no-output-bias"])]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "train", data, "--hidden", str(hidden), "--json", "--quiet", "--threads", "1", *output]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    first, last = answer["network"]["layers"]
    nodes = [[abs(number(value)) for value in [*row, bias]] for row, bias in zip(first["weights"], first["bias"])]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return answer["loss_approx"], nodes, abs(number(last["bias"][0])), seconds


def number(value):
    top, _, bottom = str(value).partition("/")
    return float(top) / float(bottom or 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foldline", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--limit", type=float, default=120, help="CPU seconds for SCIP")
    parser.add_argument("--factor", type=float, default=2)
    parser.add_argument("--weights", type=float, help="a bound for all weights instead")
    parser.add_argument("--settings", nargs="*", default=["default"])
    parser.add_argument("rows", nargs="*")
    arguments = parser.parse_args()
    print("| data | output | K | least loss | foldline CPU s | setting | SCIP's loss | proved | SCIP CPU s | times |\n" + "| --- " * 10 + "|")
    for row in arguments.rows or ROWS:
        data, output, hidden = row.split(",")
        path, hidden, relu, bias = arguments.folder / f"{data}.csv", int(hidden), output == "relu", output in ("relu", "linear")
        least, nodes, offset, own = foldline(arguments.foldline, path, hidden, relu, bias)
        floor = 0.01 * max(map(max, nodes))
        bounds = [[arguments.factor * max(value, floor) for value in node] for node in nodes], arguments.factor * max(offset, floor)
        if arguments.weights:
            bounds = [[arguments.weights] * len(node) for node in nodes], arguments.weights
        if not bias:
            bounds = bounds[0], 0.0
        for setting in arguments.settings:
            proved, loss, seconds = apart(path, bounds, hidden, relu, bias, arguments.limit, setting)
            shown = "none" if loss is None else f"{loss:.9g}"
            sign = "" if proved else "> "
            print(f"| {data} | {output} | {hidden} | {least:.9g} | {own:.3f} | {setting} | {shown} | {'yes' if proved else 'no'} "
                  f"| {seconds:.2f} | {sign}{seconds / max(own, 1e-3):.0f} |", flush=True)


if __name__ == "__main__":
    main()
