#!/usr/bin/env python3
"""Zonotope containment and norms side by side with zonoopt, a linear program and numpy, in one run.

    benches/compare/zonotope_tools.py [--foldline target/release/foldline] [--limit 60] [--skip-cases] [--large]

Needs numpy, scipy and zonoopt; whatever is missing is said to be so. All of these compute in floats.

- zonoopt has no test of one zonotope in another: its vertices of INNER are tested one after another with its `contains_point`.
- pypolycontain's test (Sadraddini and Tedrake 2019, a sufficient condition) needs pydrake to be solved; the same linear program
  is given to scipy's HiGHS here: A = B·Γ with the least largest row sum of |Γ|. It is right only when it says yes.
- numpy evaluates the support functions at all normals of OUTER (containment), or all 2^n sign vectors (norms, as LazySets does).

The shared cases of known truth (../shared/data/zonotopes, if they are there) are answered by each tool in one process, so that
its start-up counts once; foldline starts anew for each case. CPU seconds of whole processes.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "zonotopes"

READ = """
import json, sys
from fractions import Fraction
import numpy
def read(z):
    number = lambda v: float(Fraction(str(v)))
    if "segments" in z:
        G = numpy.array([[number(v) / 2 for v in g] for g in z["segments"]]).reshape(len(z["segments"]), -1)
        return G.sum(axis=0), G
    G = [[number(v) for v in g] for g in z["generators"]]
    c = numpy.array([number(v) for v in z["center"]]) if "center" in z else numpy.zeros(len(G[0]))
    return c, numpy.array(G).reshape(len(G), len(c))
"""

CONTAINS = {
    "zonoopt": """
import scipy.sparse, zonoopt
def contains(outer, inner):
    make = lambda z: zonoopt.Zono(scipy.sparse.csc_matrix(z[1].T), z[0])
    vertices = zonoopt.get_vertices(make(inner)) if len(inner[1]) else inner[0][None]
    return all(make(outer).contains_point(v) for v in vertices)
""",
    "linear program": """
import scipy.optimize, scipy.sparse as sparse
def contains(outer, inner):
    # Columns: the entries of Gamma+ and Gamma- (m x n each, row by row), then s.
    B, A = outer[1].T, numpy.vstack([inner[1], inner[0] - outer[0]]).T
    (d, m), n = B.shape, A.shape[1]
    if m == 0:
        return not A.any()
    equal = sparse.kron(B, sparse.eye(n))
    equal = sparse.hstack([equal, -equal, sparse.csr_matrix((d * n, 1))])
    rows = sparse.kron(sparse.eye(m), numpy.ones((1, n)))
    rows = sparse.hstack([rows, rows, -numpy.ones((m, 1))])
    cost = numpy.zeros(2 * m * n + 1); cost[-1] = 1
    done = scipy.optimize.linprog(cost, A_ub=rows, b_ub=numpy.zeros(m), A_eq=equal, b_eq=A.ravel(), method="highs")
    return done.status == 0 and done.fun <= 1 + 1e-9
""",
    "numpy": """
import itertools
def contains(outer, inner):
    B, A = outer[1], numpy.vstack([inner[1], inner[0] - outer[0]])
    d = B.shape[1]
    if d == 1:
        return abs(A).sum() <= abs(B).sum() + 1e-9
    scale = 0.0
    subsets = itertools.combinations(range(len(B)), d - 1)
    while len(chunk := numpy.array(list(itertools.islice(subsets, 20000)))):
        M = B[chunk]
        normals = numpy.stack([(-1) ** j * numpy.linalg.det(numpy.delete(M, j, axis=2)) for j in range(d)], axis=1)
        below, above = numpy.abs(normals @ B.T).sum(axis=1), numpy.abs(normals @ A.T).sum(axis=1)
        good = below > 1e-9
        scale = max(scale, (above[good] / below[good]).max(initial=0.0))
    return scale <= 1 + 1e-9
""",
}

NORM = {
    "numpy, 2^n": """
def norm(z, p):
    c, G = z
    sums = c[None]
    for g in G:
        sums = numpy.concatenate([sums + g, sums - g])
    return numpy.linalg.norm(sums, ord=numpy.inf if p == "inf" else int(p), axis=1).max()
""",
    "zonoopt": """
import scipy.sparse, zonoopt
def norm(z, p):
    Z = zonoopt.Zono(scipy.sparse.csc_matrix(z[1].T), z[0])
    if p == "inf":
        box = Z.bounding_box()
        return max(max(abs(i.lower()), abs(i.upper())) if callable(i.lower) else max(abs(i.lower), abs(i.upper)) for i in box.to_array())
    return numpy.linalg.norm(zonoopt.get_vertices(Z), ord=int(p), axis=1).max()
""",
}

RUN_CONTAINS = """
for line in sys.stdin:
    outer, inner = json.loads(line)
    try:
        print("yes" if contains(read(outer), read(inner)) else "no", flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
"""

RUN_NORM = """
for line in sys.stdin:
    z, p = json.loads(line)
    try:
        print(repr(float(norm(read(z), p))), flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""


def cpu(command, text="", limit=60.0, codes=(0,)):
    """CPU seconds of a process and what it prints, also if it is stopped by the limit."""
    def set_limit():
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 2))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=text, capture_output=True, text=True, preexec_fn=set_limit, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    if done.returncode < 0:
        return seconds, done.stdout, f"stopped after {limit:.0f} s"
    if done.returncode not in codes:
        return seconds, done.stdout, (done.stderr.strip().splitlines() or ["failed"])[-1]
    return seconds, done.stdout, ""


def generic(d, n, seed=0):
    rng = random.Random(1000 * d + n + seed)
    return {"center": [rng.randint(-9, 9) for _ in range(d)],
            "generators": [[rng.randint(-100, 100) for _ in range(d)] for _ in range(n)]}


LARGE = [(3, 500), (5, 60), (10, 20)]


class Bench:
    def __init__(self, foldline, limit, folder):
        self.foldline, self.limit, self.folder = foldline, limit, Path(folder)

    def write(self, name, content):
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def ours(self, *arguments):
        """The median of five runs: CPU seconds and the JSON answer."""
        command = [self.foldline, "zonotope", *arguments, "--json", "--threads", "1"]
        runs = sorted((cpu(command, limit=self.limit, codes=(0, 1, 3)) for _ in range(5)), key=lambda run: run[0])
        return runs[2][0], json.loads(runs[2][1])

    def theirs(self, program, run, instances):
        text = "".join(json.dumps(instance) + "\n" for instance in instances)
        return cpu([sys.executable, "-W", "ignore", "-c", READ + program + run], text, self.limit)


def shared_cases(bench):
    """Every tool on the cases of known truth."""
    cases = json.loads((SHARED / "containment.json").read_text())
    print(f"| {len(cases)} cases of known truth | CPU s | answered | wrong yes | wrong no |\n| --- | --- | --- | --- | --- |")
    total, wrong = 0.0, {"yes": 0, "no": 0}
    for case in cases:
        paths = bench.write("o.json", case["outer"]), bench.write("i.json", case["inner"])
        seconds, out, _ = cpu([bench.foldline, "zonotope", "contains", *paths, "--json"], codes=(0, 1))
        total += seconds
        answer = json.loads(out)["answer"]
        wrong[answer] += answer != ("yes" if case["contained"] else "no")
    print(f"| foldline, a process each | {total:.2f} | {len(cases)} | {wrong['yes']} | {wrong['no']} |", flush=True)
    for name, program in CONTAINS.items():
        instances = [(case["outer"], case["inner"]) for case in cases]
        seconds, out, stopped = bench.theirs(program, RUN_CONTAINS, instances)
        words = out.splitlines()
        answered = sum(word in wrong for word in words)
        yes = sum(word == "yes" and not case["contained"] for word, case in zip(words, cases))
        no = sum(word == "no" and case["contained"] for word, case in zip(words, cases))
        print(f"| {name}{', ' + stopped if stopped else ''} | {seconds:.2f} | {answered} | {yes} | {no} |", flush=True)


def containment(bench, small):
    print("\n| containment | tool | CPU s | answer |\n| --- | --- | --- | --- |")
    for d, m in small + LARGE:
        outer, inner = generic(d, m), generic(d, m, seed=7)
        inner["generators"] = [[f"{v}/2" for v in g] for g in inner["generators"]]
        paths = bench.write("o.json", outer), bench.write("i.json", inner)
        what = f"d = {d}, m = n = {m}"
        seconds, answer = bench.ours("contains", *paths)
        print(f"| {what} | foldline | {seconds:.3f} | {answer['answer']}, scale ≈ {answer['scale_approx']:.6f} |")
        for name, program in CONTAINS.items():
            seconds, out, stopped = bench.theirs(program, RUN_CONTAINS, [(outer, inner)])
            print(f"| | {name} | {seconds:.2f} | {stopped or out.strip()} |", flush=True)


def norms(bench, small):
    print("\n| norm | tool | p = 1 | p = 2 | inf |\n| --- | --- | --- | --- | --- |")
    for d, n in small + LARGE:
        zonotope = generic(d, n)
        path = bench.write("z.json", zonotope)
        cells, values = [], []
        for p in ("1", "2", "inf"):
            seconds, answer = bench.ours("norm", path, "--p", p)
            values.append(answer.get("value_approx", answer.get("value_squared_approx", 0) ** 0.5))
            cells.append(f"{seconds:.3f} s: {values[-1]:.8g}")
        print(f"| d = {d}, n = {n} | foldline | " + " | ".join(cells) + " |")
        for name, program in NORM.items():
            cells = []
            for p, exact in zip(("1", "2", "inf"), values):
                if name.startswith("numpy") and n > 22:
                    cells.append(f"2^{n} sums")
                    continue
                seconds, out, stopped = bench.theirs(program, RUN_NORM, [(zonotope, p)])
                try:
                    close = abs(float(out) - exact) <= 1e-6 * exact
                    cells.append(f"{seconds:.2f} s" + ("" if close else f": {float(out):.8g}, not the maximum"))
                except ValueError:
                    cells.append(stopped or out.strip()[:60])
            print(f"| | {name} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foldline", default=str(ROOT / "target" / "release" / "foldline"))
    parser.add_argument("--limit", type=float, default=60.0, help="CPU seconds a tool may take")
    parser.add_argument("--skip-cases", action="store_true", help="leave the shared cases out")
    parser.add_argument("--large", action="store_true", help="only the largest instances")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.foldline, options.limit, folder)
        if SHARED.is_dir() and not options.skip_cases:
            shared_cases(bench)
        containment(bench, [] if options.large else [(2, 30), (3, 30), (4, 12)])
        norms(bench, [] if options.large else [(3, 16), (5, 20)])


if __name__ == "__main__":
    main()
