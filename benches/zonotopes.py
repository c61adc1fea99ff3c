#!/usr/bin/env python3
"""Zonotopes: foldline side by side with other tools, in CPU seconds of whole processes.

    benches/zonotopes.py [--foldline target/release/foldline] [--limit 60] [--table]

Compares facets, vertices and containment with whatever of these is there: TOPCOM (Debian:
`topcom`, exact), polymake (Debian: `polymake`, exact), scipy's qhull (floats, by adding one
generator after another) and a numpy enumeration of all normals (floats). Each tool runs in a
process of its own, start-up included; a tool that is not installed, or not done within the limit,
is said to be so; polymake is left out where it would need hours. `--table` measures foldline alone on the sizes of the documentation's table.
Instances are seeded; those of ../shared/data/zonotopes are used where they are there.
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

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data" / "zonotopes"

QHULL = """
import json, sys, numpy
from scipy.spatial import ConvexHull
generators = numpy.array(json.load(open(sys.argv[1]))["generators"], dtype=float)
d = generators.shape[1]
points = numpy.zeros((1, d))
for i, g in enumerate(generators):
    points = numpy.concatenate([points - g, points + g])
    if i + 1 >= d:
        points = points[ConvexHull(points).vertices]
print(len(points))
"""

NORMALS = """
import itertools, json, sys, numpy
outer, inner = (json.load(open(path)) for path in sys.argv[1:3])
B, A = (numpy.array(z["generators"], dtype=float) for z in (outer, inner))
A = numpy.vstack([A, numpy.array(inner["center"], float) - numpy.array(outer["center"], float)])
d = B.shape[1]
scale = 0.0
subsets = itertools.combinations(range(len(B)), d - 1)
while True:
    chunk = numpy.array(list(itertools.islice(subsets, 20000)))
    if not len(chunk):
        break
    M = B[chunk]
    normals = numpy.stack(
        [(-1) ** j * numpy.linalg.det(numpy.delete(M, j, axis=2)) for j in range(d)], axis=1)
    below = numpy.abs(normals @ B.T).sum(axis=1)
    above = numpy.abs(normals @ A.T).sum(axis=1)
    good = below > 1e-9
    scale = max(scale, (above[good] / below[good]).max())
print(scale)
"""

POLYMAKE = """
use application "polytope";
my $m = new Matrix<Rational>([%s]);
my $z = zonotope($m, centered => 1);
print $z->%s, "\\n";
"""

POLYMAKE_CONTAINS = """
use application "polytope";
my $a = zonotope(new Matrix<Rational>([%s]), centered => 1);
my $b = zonotope(new Matrix<Rational>([%s]), centered => 1);
my $inside = 1;
for my $row (@{$b->FACETS * transpose($a->VERTICES)}) {
    for my $value (@$row) { $inside = 0 if $value < 0; }
}
print $inside ? "yes" : "no", "\\n";
"""


def cpu(command, stdin=None, limit=60.0, codes=(0,)):
    """CPU seconds and output of a process that ends with one of these codes, or why there are none."""
    def set_limit():
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 2))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True,
                              timeout=20 * limit, preexec_fn=set_limit)
    except FileNotFoundError:
        return None, "not installed"
    except subprocess.TimeoutExpired:
        return None, "over the limit"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode < 0:
        return None, f"over {limit:.0f} s"
    if done.returncode not in codes:
        message = done.stderr.strip().splitlines()
        return None, message[-1][:60] if message else f"exit code {done.returncode}"
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, done.stdout.strip()


def generic(d, n, size=100, seed=0):
    rng = random.Random(1000 * d + n + seed)
    return {"center": [0] * d,
            "generators": [[rng.randint(-size, size) for _ in range(d)] for _ in range(n)]}


def floating(d, n, seed):
    """Generators that are 64-bit floats."""
    rng = random.Random(1000 * d + n + seed)
    return {"center": [0] * d, "generators": [[rng.uniform(-1, 1) for _ in range(d)] for _ in range(n)]}


def mixed(zonotope):
    """Contained, and touching wherever a facet contains one of the first two generators."""
    first, second, *rest = zonotope["generators"]
    sums = [[f"{a + sign * b}/2" for a, b in zip(first, second)] for sign in (1, -1)]
    return {**zonotope, "generators": sums + rest}


class Bench:
    def __init__(self, foldline, limit, folder):
        self.foldline, self.limit, self.folder = foldline, limit, Path(folder)

    def write(self, name, zonotope):
        path = self.folder / name
        path.write_text(json.dumps(zonotope))
        return str(path)

    def ours(self, *arguments):
        """The median of five runs."""
        runs = sorted((cpu([self.foldline, "zonotope", *arguments, "--json", "--threads", "1"]
                           if arguments[0] == "contains"
                           else [self.foldline, "zonotope", *arguments, "--json"],
                           limit=self.limit, codes=(0, 1)) for _ in range(5)),
                      key=lambda run: run[0] if run[0] is not None else 1e9)
        return runs[2]

    def topcom(self, zonotope):
        """All cocircuits of the generators: the facets with their sign vectors, in pairs."""
        path = self.folder / "topcom.txt"
        path.write_text(json.dumps(zonotope["generators"]) + "\n")
        with open(path, encoding="utf-8") as stdin:
            seconds, out = cpu(["topcom-points2cocircuits"], stdin, self.limit)
        if seconds is None:
            return seconds, out
        return seconds, str(2 * sum(line.startswith("[{") for line in out.splitlines()))

    def polymake(self, text):
        path = self.folder / "script.pl"
        path.write_text(text)
        return cpu(["polymake", "--script", str(path)], limit=self.limit)

    def python(self, program, *arguments):
        return cpu([sys.executable, "-c", program, *arguments], limit=self.limit)


def rows(zonotope):
    """The generators as polymake's `zonotope` wants them: each with a 1 before it."""
    return ",".join("[1," + ",".join(map(str, g)) + "]" for g in zonotope["generators"])


def show(what, tool, result):
    seconds, answer = result
    time = "—" if seconds is None else f"{seconds:.4f}"
    print(f"| {what} | {tool} | {time} | {answer if len(answer) < 40 else answer[:37] + '…'} |", flush=True)


def count(result):
    seconds, out = result
    return seconds, out if seconds is None else str(json.loads(out)["count"])


def scale(result):
    seconds, out = result
    if seconds is None:
        return result
    answer = json.loads(out)
    return seconds, f"{answer['answer']}, scale ≈ {answer['scale_approx']:.9g}"


def compare(bench):
    print("| instance | tool | CPU s | answer |\n| --- | --- | --- | --- |")
    for d, n in [(4, 30), (4, 50), (6, 20)]:
        zonotope = generic(d, n)
        path = bench.write("z.json", zonotope)
        what = f"facets, d = {d}, n = {n}"
        show(what, "foldline, list as JSON", count(bench.ours("facets", path)))
        show(what, "foldline, count", count(bench.ours("facets", path, "--count")))
        show(what, "TOPCOM", bench.topcom(zonotope))
        if n <= 30 and d <= 4:
            show(what, "polymake", bench.polymake(POLYMAKE % (rows(zonotope), "N_FACETS")))
    for d, n in [(3, 50), (5, 20)]:
        zonotope = generic(d, n)
        path = bench.write("z.json", zonotope)
        what = f"vertices, d = {d}, n = {n}"
        show(what, "foldline, list as JSON", count(bench.ours("vertices", path)))
        show(what, "scipy's qhull (floats)", bench.python(QHULL, path))
        if d <= 3:
            show(what, "polymake", bench.polymake(POLYMAKE % (rows(zonotope), "N_VERTICES")))
    for d, m, n in [(3, 20, 20), (4, 10, 10), (3, 100, 100), (5, 30, 30)]:
        outer, inner = generic(d, m), generic(d, n, seed=7)
        paths = bench.write("o.json", outer), bench.write("i.json", inner)
        what = f"containment, d = {d}, m = {m}, n = {n}"
        show(what, "foldline", scale(bench.ours("contains", *paths)))
        show(what, "numpy, all normals (floats)", bench.python(NORMALS, *paths))
        if m <= 20:
            contains = POLYMAKE_CONTAINS % (rows(inner), rows(outer))
            show(what, "polymake", bench.polymake(contains))
    if SHARED.is_dir():
        shared(bench)


def shared(bench):
    cases = json.loads((SHARED / "containment.json").read_text())
    total, wrong = 0.0, 0
    for case in cases:
        paths = bench.write("o.json", case["outer"]), bench.write("i.json", case["inner"])
        seconds, out = cpu([bench.foldline, "zonotope", "contains", *paths, "--json"], codes=(0, 1))
        total += seconds
        wrong += (json.loads(out)["answer"] == "yes") != case["contained"]
    print(f"| {len(cases)} shared containment cases | foldline, one process each | {total:.3f} | {wrong} wrong |")


def table(bench):
    """Containment of random zonotopes, integers and floats, and of a zonotope in itself, where everything touches.

    So does the fourth: two generators a, b are replaced by (a + b)/2 and (a - b)/2. Beside them what TOPCOM takes for the outer
    zonotope's facets alone, and polymake for containment.
    """
    print("| d | m = n | normals | CPU s | floats, CPU s | in itself, CPU s | touching, CPU s | TOPCOM, OUTER's facets alone | polymake |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for d, m in [(2, 1000), (3, 500), (4, 100), (5, 60), (6, 30), (8, 20), (10, 20)]:
        outer, inner = generic(d, m), generic(d, m, seed=7)
        paths = bench.write("o.json", outer), bench.write("i.json", inner)
        seconds, out = bench.ours("contains", *paths)
        itself, _ = bench.ours("contains", paths[0], paths[0])
        floats, _ = bench.ours("contains", *(bench.write(f"f{k}.json", floating(d, m, k)) for k in range(2)))
        touching, _ = bench.ours("contains", paths[0], bench.write("t.json", mixed(outer)))
        normals = json.loads(out)["statistics"]["normals"]
        topcom, answer = bench.topcom(outer)
        topcom = answer if topcom is None else f"{topcom:.1f}"
        polymake, answer = bench.polymake(POLYMAKE_CONTAINS % (rows(inner), rows(outer)))
        polymake = answer if polymake is None else f"{polymake:.1f}"
        print(f"| {d} | {m} | {normals:,} | {seconds:.3f} | {floats:.3f} | {itself:.3f} | {touching:.3f} | {topcom} | {polymake} |",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foldline", default=str(ROOT / "target" / "release" / "foldline"))
    parser.add_argument("--limit", type=float, default=60.0, help="CPU seconds a tool may take")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.foldline, options.limit, folder)
        if options.table:
            table(bench)
        else:
            compare(bench)


if __name__ == "__main__":
    main()
