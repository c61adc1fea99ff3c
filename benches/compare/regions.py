"""Cells per CPU second: foldline beside regioncam (networks in the plane) and Sage (arrangements).

    python benches/compare/regions.py [--foldline target/release/foldline] [--sage-python PYTHON]

regioncam is imported by the Python that runs this script (`pip install regioncam numpy`). Sage is
`pip install passagemath-polyhedra passagemath-modules passagemath-combinat passagemath-graphs` in
an environment of its own, whose Python is named with --sage-python. A peer that is missing is
reported as missing. Times are CPU seconds of all threads; foldline's include starting and reading.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

SAGE = """
import json, sys, time
import sage.all__sagemath_polyhedra
from sage.geometry.hyperplane_arrangement.arrangement import HyperplaneArrangements
from sage.rings.rational_field import QQ
normals, offsets, mode = json.load(open(sys.argv[1]))
names = tuple("x%d" % i for i in range(len(normals[0])))
planes = [[list(a), -b] for a, b in zip(normals, offsets)]
arrangement = HyperplaneArrangements(QQ, names)(*planes)
start = time.process_time()
count = arrangement.n_regions() if mode == "count" else len(arrangement.regions())
print(json.dumps([int(count), time.process_time() - start]))
"""


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def foldline(program, arguments):
    """The answer and the CPU seconds of one run."""
    before = children_cpu()
    run = subprocess.run([program, *arguments, "--json"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return json.loads(run.stdout), children_cpu() - before


def show(name, tool, cells, seconds, note=""):
    rate = f"{cells / seconds:>12,.0f}" if cells else " " * 12
    print(f"{name:<26} {tool:<34} {cells if cells else '-':>10} {seconds:>9.3f} {rate}  {note}", flush=True)


def network(widths, seed):
    """A random network with weights that floats of 32 bits hold exactly."""
    chance = random.Random(seed)
    weight = lambda scale: round(chance.gauss(0, scale) * 2**16) / 2**16
    layers = []
    for index, (before, after) in enumerate(zip(widths, widths[1:])):
        scale = (2 / before) ** 0.5
        layers.append({
            "weights": [[weight(scale) for _ in range(before)] for _ in range(after)],
            "bias": [weight(0.3) for _ in range(after)],
            "activation": "relu" if index + 2 < len(widths) else "linear",
        })
    return {"layers": layers}


def regioncam_run(layers, size):
    import numpy
    import regioncam
    start = time.process_time()
    camera = regioncam.Regioncam(size)
    for layer in layers:
        weights = numpy.array(layer["weights"], dtype=numpy.float32).T
        camera.linear(weights, numpy.array(layer["bias"], dtype=numpy.float32))
        if layer["activation"] == "relu":
            camera.relu()
    return camera.num_faces, time.process_time() - start


def networks(program, folder, repeats):
    for widths in [(2, 64, 1), (2, 300, 1), (2, 64, 64, 1), (2, 64, 64, 64, 1), (2, 128, 128, 1), (2, 256, 256, 1)]:
        name = "net " + "-".join(map(str, widths))
        net = network(widths, 1)
        size = 2.0
        path = os.path.join(folder, "net.json")
        box = os.path.join(folder, "box.json")
        json.dump(net, open(path, "w"))
        json.dump({"box": [[-size, size]] * widths[0]}, open(box, "w"))
        for _ in range(repeats):
            arguments = ["regions", path, "--over", box, "--count", "cells", "--threads", "1"]
            answer, seconds = foldline(program, arguments)
            show(name, "foldline --count cells", answer["cells"], seconds)
            answer, seconds = foldline(program, ["regions", path, "--over", box, "--threads", "1"])
            show(name, "foldline (all four counts)", answer["cells"], seconds)
            try:
                cells, seconds = regioncam_run(net["layers"], size)
                wrong = cells - answer["cells"]
                show(name, "regioncam", cells, seconds, f"off by {wrong}" if wrong else "")
            except ImportError as error:
                print(f"regioncam is missing: {error}")


def deep_networks(program, folder, repeats):
    """Networks with two and three hidden layers in R^2, R^3 and R^4, on one thread and on two."""
    for widths in [(2, 256, 256, 1), (2, 64, 64, 64, 1), (3, 32, 32, 1), (3, 64, 64, 1), (3, 32, 32, 32, 1),
                   (4, 16, 16, 1), (4, 32, 32, 1), (4, 16, 16, 16, 1), (4, 16, 64, 1), (4, 24, 24, 24, 1)]:
        name = "net " + "-".join(map(str, widths))
        path = os.path.join(folder, "net.json")
        box = os.path.join(folder, "box.json")
        json.dump(network(widths, 1), open(path, "w"))
        json.dump({"box": [[-2, 2]] * widths[0]}, open(box, "w"))
        for _ in range(repeats):
            for threads in ["1", "2"]:
                arguments = ["regions", path, "--over", box, "--count", "cells", "--threads", threads]
                answer, seconds = foldline(program, arguments)
                show(name, f"foldline --threads {threads}", answer["cells"], seconds)


def arrangements(program, folder, sage, repeats):
    chance = random.Random(2)
    cases = [("generic", 12, 2), ("generic", 12, 3), ("generic", 10, 4), ("generic", 400, 2),
             ("generic", 100, 3), ("generic", 40, 4), ("generic", 60, 4), ("small integers", 40, 3), ("small integers", 30, 4)]
    for kind, count, dimension in cases:
        bound = 1000 if kind == "generic" else 2
        normals, offsets = [], []
        while len(normals) < count:
            normal = [chance.randint(-bound, bound) for _ in range(dimension)]
            if any(normal):
                normals.append(normal)
                offsets.append(chance.randint(-bound, bound))
        name = f"{kind} n={count} d={dimension}"
        path = os.path.join(folder, "planes.json")
        json.dump({"normals": normals, "offsets": offsets}, open(path, "w"))
        for _ in range(repeats):
            answer, seconds = foldline(program, ["arrangement", "cells", path])
            show(name, "foldline (deletion-restriction)", answer["cells"], seconds)
            arguments = ["arrangement", "cells", path, "--method", "enumerate", "--threads", "1"]
            answer, seconds = foldline(program, arguments)
            show(name, "foldline --method enumerate", answer["cells"], seconds)
            if not sage:
                continue
            for mode, words in [("count", "Sage n_regions()"), ("list", "Sage regions()")]:
                if answer["cells"] > (3000 if mode == "count" else 1500):
                    continue
                task = os.path.join(folder, "sage.json")
                json.dump([normals, offsets, mode], open(task, "w"))
                run = subprocess.run([sage, "-c", SAGE, task], capture_output=True, text=True)
                if run.returncode != 0:
                    print(f"Sage is missing: {run.stderr.strip().splitlines()[-1]}")
                    continue
                cells, seconds = json.loads(run.stdout)
                show(name, words, cells, seconds, "" if cells == answer["cells"] else "differs")
    if not sage:
        print("Sage is missing: no --sage-python was given")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--foldline", default="target/release/foldline")
    parser.add_argument("--sage-python")
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'instance':<26} {'tool':<34} {'cells':>10} {'CPU s':>9} {'cells/CPU s':>12}")
    with tempfile.TemporaryDirectory() as folder:
        networks(arguments.foldline, folder, arguments.repeats)
        deep_networks(arguments.foldline, folder, arguments.repeats)
        arrangements(arguments.foldline, folder, arguments.sage_python, arguments.repeats)


if __name__ == "__main__":
    main()
