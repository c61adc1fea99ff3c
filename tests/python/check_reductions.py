"""Reads what `foldline hard-instances` and `foldline reduce` write with onnx and onnxruntime.

Every model must pass onnx's checker, and onnxruntime must give foldline's exact values at points where
all intermediate numbers are 32-bit floats: the hidden witness of each violated instance, and
points with few bits near it. Zonotopes are read with scipy where that is installed.

    FOLDLINE=target/debug/foldline python tests/python/check_reductions.py
"""

import csv
import json
import os
import pathlib
import random
import subprocess
import tempfile
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime

FOLDLINE = os.environ["FOLDLINE"]


def foldline(*arguments, codes=(0,)):
    """The JSON answer of a command."""
    run = subprocess.run([FOLDLINE, *map(str, arguments), "--json"], capture_output=True, text=True)
    assert run.returncode in codes, (arguments, run.stderr)
    return json.loads(run.stdout)


def hidden_witness(path):
    words = path.read_text().replace("(", " ").replace(")", " ").split()[1:]
    values = dict(zip(words[::2], words[1::2]))
    return [float(Fraction(values[f"X_{index}"])) for index in range(sum(w[0] == "X" for w in words))]


def compare(model, point):
    """onnxruntime's value and foldline's exact one, which have to be equal."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    [[theirs]] = session.run(None, {"X": np.array([point], dtype=np.float32)})[0]
    text = ",".join(str(Fraction(value)) for value in point)
    [ours] = foldline("eval", model, "--input", text)["output"]
    assert Fraction(float(theirs)) == Fraction(ours), (model, point, theirs, ours)


def check_pack(folder, numbers):
    foldline("hard-instances", "--out", folder, "--sizes", "2:3,3:2,4:2", "--seed", 11)
    with open(folder / "truth.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        model = folder / row["network"]
        onnx.checker.check_model(onnx.load(model), full_check=True)
        if row["truth"] == "sat":
            point = hidden_witness(folder / "witnesses" / (row["name"] + ".txt"))
            compare(model, point)
        inputs = int(row["inputs"])
        for _ in range(3):
            compare(model, [numbers.randint(-64, 320) / 16 for _ in range(inputs)])
    return len(rows)


def check_zonotopes(folder):
    try:
        from scipy.io import loadmat
    except ImportError:
        return "scipy is not installed: .mat files not compared"
    graph = folder / "graph.json"
    graph.write_text('{"colors": [0, 0, 1, 1], "edges": [[0, 2], [1, 3]]}')
    files = foldline("reduce", "clique", graph, "--to", "zonotope", "--out", folder / "z")["files"]
    for role in ("outer", "inner"):
        theirs = loadmat(files[role + "_mat"])
        ours = json.loads(pathlib.Path(files[role]).read_text())
        generators = [[float(Fraction(x)) for x in vector] for vector in ours["generators"]]
        assert np.array_equal(theirs["G"], np.array(generators).T)
        assert np.array_equal(theirs["c"].ravel(), [float(Fraction(x)) for x in ours["center"]])
    return "zonotopes agree with scipy"


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        count = check_pack(folder / "pack", random.Random(1))
        print(f"{count} models agree with onnx and onnxruntime; {check_zonotopes(folder)}")


if __name__ == "__main__":
    main()
