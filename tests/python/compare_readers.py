"""Compares foldline's reading of ONNX models with onnx's and onnxruntime's.

Random small models over all operators and layouts are written with onnx, evaluated
  - by foldline (exact, through the example program `evaluate`),
  - by an evaluator in this file in exact fractions, which must agree exactly, and
  - by onnxruntime in floats, which must agree within a proven rounding bound.
For plain chains of affine layers and ReLUs the weights are compared number by number.

    cargo build --release -p foldline-formats --example evaluate
    python tests/python/compare_readers.py --evaluate target/release/examples/evaluate
    python tests/python/compare_readers.py --evaluate ... --models 150 \\
        --write-cases crates/foldline-formats/tests/cases/onnx_models.txt.gz
    python tests/python/compare_readers.py --evaluate ... --networks some/*.onnx more/*.onnx.gz

Needs numpy, onnx and onnxruntime.
"""

import argparse
import collections
import gzip
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime

from readers.evaluation import Evaluator, exact
from readers.models import Generator, in_double, plain_model


def runtime_session(content):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def foldline(program, path, points):
    lines = "\n".join(" ".join(str(Fraction(float(value))) for value in np.ravel(p)) for p in points)
    done = subprocess.run([program, str(path)], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return [[Fraction(token) for token in line.split()] for line in done.stdout.splitlines()]


def check_runtime(model, session, points, answers):
    """The largest |onnxruntime − foldline| / bound, which must not exceed 1, and the largest
    difference relative to the largest output."""
    worst, relative = 0.0, 0.0
    for point, answer in zip(points, answers):
        name = session.get_inputs()[0].name
        output = numbers_of(session.run(None, {name: point})[0])
        evaluator = Evaluator(model, magnitude=True, numbers=lambda a: np.asarray(a, dtype=float))
        magnitude = np.ravel(evaluator.run(np.asarray(point, dtype=float)))
        unit = 2.0**-24 if output.dtype == np.float32 else 2.0**-53
        bound = (evaluator.roundings + 2) * unit * 1.01 * magnitude + 1e-38
        assert len(output) == len(answer), f"{len(output)} outputs, foldline has {len(answer)}"
        for value, expected, limit in zip(output, answer, bound):
            difference = float(abs(Fraction(float(value)) - expected))
            assert difference <= limit, f"onnxruntime {value}, foldline {float(expected)}, bound {limit}"
            worst = max(worst, difference / limit)
            relative = max(relative, difference / (float(max(map(abs, answer))) or 1.0))
    return worst, relative


def numbers_of(output):
    """The numbers of a tensor, or of a dictionary a row as ZipMap makes them."""
    rows = [list(row.values()) for row in output] if isinstance(output, list) else output
    return np.ravel(np.asarray(rows, dtype=np.float32) if isinstance(output, list) else rows)


def random_points(shape, dtype, numbers, count):
    points = [numbers.normal(size=shape).astype(dtype) for _ in range(count - 1)]
    return points + [np.zeros(shape, dtype=dtype)]


def draw(seed):
    """A random model, points, a session of onnxruntime with it, and else why there is none.

    What mixes types onnxruntime refuses: it gets the same numbers in DOUBLE.
    """
    generator = Generator(seed)
    model = generator.model()
    shape = [d.dim_value or 1 for d in graph_input(model).type.tensor_type.shape.dim]
    points = random_points(shape, generator.dtype, np.random.default_rng(seed), 4)
    try:
        session = runtime_session((in_double(model) if generator.is_mixed else model).SerializeToString())
        session.run(None, {session.get_inputs()[0].name: points[0]})
    except Exception as error:
        kernel = re.search(r"implementation for (\w+)\((\d+)\)", str(error))
        if not kernel:
            print(f"seed {seed}: onnxruntime refuses: {str(error)[:160]}", file=sys.stderr)
        return model, points, None, f"{kernel[1]} of operator set {kernel[2]}" if kernel else None
    return model, points, session, ""


def graph_input(model):
    stored = {tensor.name for tensor in model.graph.initializer}
    return next(value for value in model.graph.input if value.name not in stored)


# Of so many models every operator must be in one.
ENOUGH = 600


def compare_random(program, count, first_seed, folder, cases=None):
    operators, alone, mixed = collections.Counter(), collections.Counter(), 0
    skipped, borders, worst, exact_values = 0, 0, 0.0, 0
    seed, done = first_seed, 0
    while done < count:
        seed += 1
        model, points, session, why = draw(seed)
        if why is None:
            skipped += 1
            continue
        path = folder / f"model{seed}.onnx"
        path.write_bytes(model.SerializeToString())
        try:
            answers = foldline(program, path, points)
            for point, answer in zip(points, answers):
                expected = list(np.ravel(Evaluator(model).run(exact(point))))
                assert answer == expected, f"exact values differ: {answer} {expected}"
                exact_values += len(answer)
            if session:
                worst = max(worst, check_runtime(model, session, points, answers)[0])
        except ArithmeticError:
            continue
        except Exception as error:
            # Resize where implementations differ.
            if isinstance(error, RuntimeError) and any(words in str(error) for words in ["rounding decides", "in floats"]):
                borders += 1
                continue
            print(f"seed {seed}: {error}\n{[n.op_type for n in model.graph.node]}")
            (pathlib.Path(tempfile.gettempdir()) / "failing.onnx").write_bytes(path.read_bytes())
            raise SystemExit(1)
        if cases is not None:
            cases.append((model, points[:2], answers[:2]))
        operators.update({(n.op_type, n.domain) for n in model.graph.node})
        alone.update([why] if why else [])
        mixed += session is not None and Generator(seed).is_mixed
        path.unlink()
        done += 1
    print(f"{done} random models agree ({skipped} more refused by onnxruntime, {borders} by foldline where rounding decides): {exact_values} outputs exactly as fractions")
    compared = done - alone.total()
    print(f"  {compared} by onnxruntime ({mixed} of mixed types in DOUBLE), within {worst:.3f} of the rounding bound")
    print(f"  for {alone.total()} it has no kernels:", ", ".join(f"{why} {n}" for why, n in sorted(alone.items())))
    counts = [f"{name} {count}" for (name, _), count in sorted(operators.items())]
    print("  models with each operator:", ", ".join(counts))
    missing = sorted(f"{name} {domain}".strip() for name, domain in listed_operators() - set(operators))
    print("  operators of docs/formats.md in none of them:", ", ".join(missing) or "none")
    if missing and count >= ENOUGH:
        raise SystemExit(1)


def listed_operators():
    """The operators in the tables of docs/formats.md, which are the reader's own: (name, domain)."""
    page = (pathlib.Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    tables = page.split("<!-- operators: ")[1].split("<!-- end of operators -->")[0]
    cells = [line.split(" | ")[0].removeprefix("| ") for line in tables.splitlines() if line.startswith("| ")]
    names = [cell.partition(" (") for cell in cells if cell not in ("operator", "---")]
    return {(name, domain.removesuffix(")")) for name, _, domain in names}


def write_cases(path, cases):
    """A line a model, in hexadecimal digits; then a line a point, and its exact values: tests without onnx read this."""
    lines = []
    for model, points, answers in cases:
        lines.append(f"model {model.SerializeToString().hex()}")
        for point, answer in zip(points, answers):
            coordinates = " ".join(str(Fraction(float(value))) for value in np.ravel(point))
            lines.append(f"at {coordinates} is {' '.join(map(str, answer))}")
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write("\n".join(lines).encode() + b"\n")
    print(f"{len(cases)} models in {path}")


def compare_plain(program, count, first_seed, folder):
    weights = 0
    for seed in range(first_seed, first_seed + count):
        model, layers = plain_model(seed)
        path = folder / "plain.onnx"
        path.write_bytes(model.SerializeToString())
        done = subprocess.run([program, str(path), "--json"], capture_output=True, text=True)
        found = json.loads(done.stdout)["layers"]
        assert len(found) == len(layers), f"seed {seed}: {len(found)} layers"
        for layer, (matrix, bias, activation) in zip(found, layers):
            assert layer["activation"] == activation, seed
            rows = [[Fraction(value) for value in row] for row in layer["weights"]]
            assert rows == exact(matrix).tolist(), f"seed {seed}: weights differ"
            assert [Fraction(value) for value in layer["bias"]] == exact(bias).tolist(), seed
            weights += matrix.size + bias.size
    print(f"{count} plain models: {weights} weights equal bit for bit")


def compare_networks(program, paths, exact_up_to=300_000):
    for path in paths:
        content = pathlib.Path(path).read_bytes()
        content = gzip.decompress(content) if path.endswith(".gz") else content
        model, session = onnx.load_from_string(content), runtime_session(content)
        shape = [s if isinstance(s, int) else 1 for s in session.get_inputs()[0].shape]
        points = random_points(shape, np.float32, np.random.default_rng(7), 20)
        answers = foldline(program, path, points)
        worst, relative = check_runtime(model, session, points, answers)
        exactly = 0
        if sum(np.prod(t.dims, dtype=int) for t in model.graph.initializer) <= exact_up_to:
            for point, answer in list(zip(points, answers))[:2]:
                assert answer == list(np.ravel(Evaluator(model).run(exact(point)))), path
                exactly += 1
        print(
            f"{pathlib.Path(path).name}: {exactly} points exactly, {len(points)} by onnxruntime:"
            f" {worst:.1e} of the rounding bound, largest relative difference {relative:.1e}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluate", required=True, help="the built example `evaluate`")
    parser.add_argument("--models", type=int, default=ENOUGH)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write-cases", type=pathlib.Path, help="write the random models and their values to this file")
    parser.add_argument("--networks", nargs="*", help="compare these networks instead")
    options = parser.parse_args()
    if options.networks:
        compare_networks(options.evaluate, options.networks)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare_plain(options.evaluate, 100, options.seed, pathlib.Path(folder))
        cases = []
        compare_random(options.evaluate, options.models, options.seed, pathlib.Path(folder), cases)
        if options.write_cases:
            write_cases(options.write_cases, cases)


if __name__ == "__main__":
    main()
