"""Check the files of data/cases again: every verdict by oracle.py from the text of the file, every witness by exact evaluation.

    python3 check_cases.py [--patterns N] FILE...

With --patterns N networks of at most N neurons are also decided a second way, without the search of the oracle: all 2^n
activation patterns one after the other, each by a floating-point linear program of HiGHS (pip install scipy). That way
cannot tell a tie from a gap below 1e-7, so verdicts that hang on less are counted apart; it is of no use for the float
traps.
"""

import argparse
import gzip
import itertools
import json
from fractions import Fraction

import oracle
from vnnlib_text import clauses_of

TOLERANCE = 1e-7


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--patterns", type=int, default=0)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    for path in arguments.files:
        with gzip.open(path, "rt") as file:
            cases = json.load(file, parse_float=str)["cases"]
        counts = {}
        for case in cases:
            result = check(case, arguments.patterns)
            counts[result] = counts.get(result, 0) + 1
        print(path, len(cases), "cases:", counts)


def check(case, pattern_limit):
    """A word for the counts; stops the program at the first wrong case."""
    layers = oracle.layers_of(case["network"])
    verdict, _ = oracle.decide(layers, case["property"])
    if verdict != case["verdict"]:
        raise SystemExit(f"{case['name']}: the file says {case['verdict']}, the oracle {verdict}")
    if verdict == "violated" and not oracle.satisfies(layers, case["property"], [Fraction(text) for text in case["witness"]]):
        raise SystemExit(f"{case['name']}: the witness is wrong")
    neurons = sum(len(bias) for _, bias, is_relu in layers if is_relu)
    if neurons > pattern_limit:
        return "oracle"
    second = decide_by_patterns(layers, case["property"], neurons)
    if second == "tie":
        return "oracle; patterns see a tie"
    if second != verdict:
        raise SystemExit(f"{case['name']}: the file says {verdict}, the patterns {second}")
    return "oracle and patterns"


def decide_by_patterns(layers, text, neurons):
    """"holds", "violated", or "tie" where the best pattern is within the tolerance of the boundary."""
    dimension = len(layers[0][0][0])
    clauses = clauses_of(text)
    seen = {"holds"}
    for pattern in itertools.product([True, False], repeat=neurons):
        rows, outputs = pattern_rows(layers, pattern, dimension)
        if feasibility(rows, dimension) == "holds":
            continue
        for clause in clauses:
            seen.add(feasibility(rows + [clause_row(atom, outputs, dimension) for atom in clause], dimension))
        if "violated" in seen:
            return "violated"
    return "tie" if "tie" in seen else "holds"


def pattern_rows(layers, pattern, dimension):
    """The rows (normal, bound, strict) of the closed cell of a pattern, and the affine forms of the outputs on it."""
    forms = [[float(row == column) for column in range(dimension + 1)] for row in range(dimension)]
    signs, rows = iter(pattern), []
    for weights, bias, is_relu in layers:
        forms = [[sum(float(weight) * form[column] for weight, form in zip(row, forms)) for column in range(dimension + 1)]
                 for row in weights]
        for form, offset in zip(forms, bias):
            form[-1] += float(offset)
        if is_relu:
            for index, form in enumerate(forms):
                active = next(signs)
                rows.append(([-value for value in form[:-1]], form[-1], False) if active else (form[:-1], -form[-1], False))
                forms[index] = form if active else [0.0] * (dimension + 1)
    return rows, forms


def clause_row(atom, outputs, dimension):
    """An atom over inputs and outputs as a row over the inputs."""
    coefficients, constant, strict = atom
    form = [0.0] * dimension + [float(constant)]
    for name, coefficient in coefficients.items():
        index = int(name[2:])
        if name[0] == "X":
            form[index] += float(coefficient)
        else:
            form = [value + float(coefficient) * term for value, term in zip(form, outputs[index])]
    return form[:-1], -form[-1], strict


def feasibility(rows, dimension):
    """"violated" if the rows can be satisfied, "holds" if not, "tie" if strict rows only with a slack near 0."""
    from scipy.optimize import linprog
    strict = any(row[2] for row in rows)
    answer = linprog([0.0] * dimension + [-1.0], A_ub=[row[0] + [1.0 if row[2] else 0.0] for row in rows] or None,
                     b_ub=[row[1] for row in rows] or None, bounds=[(None, None)] * dimension + [(-1, 1)])
    if answer.status == 2 or (strict and answer.status == 0 and -answer.fun < -TOLERANCE):
        return "holds"
    if strict and abs(answer.fun) <= TOLERANCE:
        return "tie"
    return "violated"


if __name__ == "__main__":
    main()
