#!/usr/bin/env python3
"""Run foldline on benchmarks in VNN-COMP's layout and write what came out as Markdown.

    benches/verification.py --data ../shared/data/acasxu --data ../shared/data/tllverify --out docs/performance.md

A benchmark is a folder with `instances.csv` (network, property, time limit) and, optionally, `verdicts.csv` (network, property,
`sat` or `unsat`). The release program is built and every instance run; verdicts are compared with the known ones; every witness is put
into onnxruntime, if that is installed, with its inputs rounded to float32. The section of each benchmark in the file of `--out` is
replaced (new ones are added at the end); without `--out` the sections are printed. Needs Python 3.11 and cargo.

Exit code 1 if a verdict differs from the known one, a witness is not one exactly, or an instance ended in an error.
"""

import argparse
import csv
import gzip
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import vnnlib_text  # noqa: E402

try:
    import numpy
    import onnxruntime
except ImportError:
    onnxruntime = None

WORDS = {"holds": "unsat", "violated": "sat"}
OVERALL = "overall"


@dataclass
class Replay:
    """What became of a witness."""

    is_exact: bool
    is_f32: bool
    """Whether foldline found a witness in 32-bit floats."""
    float_violates: bool | None = None
    """What onnxruntime's output says; none where it was not asked."""
    nearest_violates: bool | None = None
    """Whether the rounded input violates exactly."""
    error: float = 0.0
    """Largest difference between onnxruntime's output and the exact output there."""


@dataclass
class Instance:
    """A row of the results with what else is known."""

    row: dict
    limit: float
    known: str
    replay: Replay | None = None

    @property
    def name(self):
        return short(self.row["network"]), short(self.row["property"])

    def number(self, key):
        return float(self.row[key] or "nan")

    @property
    def verdict(self):
        return WORDS.get(self.row["answer"], self.row["answer"])

    @property
    def is_wrong(self):
        return self.row["answer"] == "error" or self.verdict in WORDS.values() and self.known not in ("", self.verdict)


@dataclass
class Benchmark:
    """The instances of a folder."""

    name: str
    folder: Path
    instances: list = field(default_factory=list)


def short(path):
    """A file's name without folder and endings."""
    name = Path(path).name
    for ending in (".gz", ".onnx", ".nnet", ".json", ".vnnlib"):
        name = name.removesuffix(ending)
    return name


def program(given):
    """The path of the release program, built if none is given."""
    if given:
        return given.resolve()
    subprocess.run(["cargo", "build", "--release", "--quiet", "--package", "foldline-cli"], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/foldline"


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def known_verdicts(folder):
    """`sat` or `unsat` by (network, property), without folders and `.gz`."""
    path = folder / "verdicts.csv"
    rows = rows_of(path)[1:] if path.exists() else []
    return {(short(row[0]), short(row[1])): row[2] for row in rows}


def run(foldline, folder, work, options):
    """The benchmark with all its answers; resumes what `work` already has."""
    work.mkdir(parents=True, exist_ok=True)
    results = work / "results.csv"
    command = [foldline, "run", folder / "instances.csv", "--out", results, "--witnesses", work / "witnesses", *options]
    finished = subprocess.run(command, stdout=subprocess.DEVNULL)
    if finished.returncode not in (0, 4) or not results.exists():
        raise SystemExit(f"foldline ended with {finished.returncode}")
    with open(results, newline="") as file:
        answers = {(row["network"], row["property"]): row for row in csv.DictReader(file)}
    known = known_verdicts(folder)
    benchmark = Benchmark(folder.name, folder)
    for index, (network, claim, limit) in enumerate(rows_of(folder / "instances.csv"), start=1):
        row = answers[network.strip(), claim.strip()]
        instance = Instance(row, float(limit), known.get((short(network), short(claim)), ""))
        if row["answer"] == "violated":
            instance.replay = replay(foldline, folder, work / "witnesses", index, instance)
        benchmark.instances.append(instance)
    return benchmark


def existing(path):
    """The path, or the same with or without `.gz`."""
    other = path.with_name(path.name.removesuffix(".gz") if path.name.endswith(".gz") else path.name + ".gz")
    return path if path.exists() else other


def content(path):
    data = existing(path).read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def witness(path):
    """The numbers of a result file by variable."""
    words = path.read_text().replace("(", " ").replace(")", " ").split()[1:]
    return {name: Fraction(value) for name, value in zip(words[::2], words[1::2])}


def replay(foldline, folder, witnesses, index, instance):
    """Replays the witness of an instance: exactly, and in onnxruntime at the nearest 32-bit floats."""
    network, claim = folder / instance.row["network"], folder / instance.row["property"]
    (exact_file,) = witnesses.glob(f"{index:04}_*.exact")
    (float_file,) = witnesses.glob(f"{index:04}_*.counterexample")
    verdict = subprocess.run([foldline, "replay", existing(network), existing(claim), exact_file], stdout=subprocess.DEVNULL)
    replay = Replay(verdict.returncode == 1, instance.row["witness_f32"] == "yes")
    if onnxruntime and ".onnx" in network.name:
        text = content(claim).decode()
        inputs = {name: value for name, value in witness(float_file).items() if name.startswith("X_")}
        run_floats(replay, foldline, network, text, inputs)
    return replay


def run_floats(replay, foldline, network, text, inputs):
    """Fills in what onnxruntime says at the 32-bit floats nearest to `inputs`."""
    values = numpy.array([float(inputs[f"X_{index}"]) for index in range(len(inputs))], dtype=numpy.float32)
    point = {f"X_{index}": Fraction(float(value)) for index, value in enumerate(values)}
    found = {f"Y_{index}": Fraction(float(value)) for index, value in enumerate(session(network)(values))}
    arguments = ["--input", ",".join(str(value) for value in point.values()), "--json"]
    answer = subprocess.run([foldline, "eval", existing(network), *arguments], capture_output=True, text=True, check=True)
    exact = {f"Y_{index}": Fraction(value) for index, value in enumerate(json.loads(answer.stdout)["output"])}
    replay.float_violates = vnnlib_text.holds_at(text, point | found)
    replay.nearest_violates = vnnlib_text.holds_at(text, point | exact)
    replay.error = max(abs(float(found[name] - exact[name])) for name in exact)


SESSIONS = {}


def session(network):
    """The network in onnxruntime as a function of a flat array."""
    if network not in SESSIONS:
        SESSIONS.clear()
        loaded = onnxruntime.InferenceSession(content(network), providers=["CPUExecutionProvider"])
        (argument,) = loaded.get_inputs()
        shape = [size if isinstance(size, int) and size > 0 else 1 for size in argument.shape]
        SESSIONS[network] = lambda values: loaded.run(None, {argument.name: values.reshape(shape)})[0].ravel()
    return SESSIONS[network]


def seconds(value):
    """Seconds, to a thousandth or to three digits."""
    if value < 0.0005:
        return "< 0.001"
    return "" if math.isnan(value) else f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def table(header, rows, left):
    """A Markdown table; the first `left` columns are text, the others numbers."""
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def words_of(replay):
    """A witness in a few words for the table."""
    if replay is None:
        return ""
    exact = "exact" if replay.is_exact else "NOT EXACT"
    floats = {None: "", True: ", also in floats", False: ", not in floats"}[replay.float_violates]
    return exact + (", f32" if replay.is_f32 else "") + floats


def details(benchmark):
    """The table with one row an instance."""
    header = ["network", "property", "verdict", "known", "witness", "wall s", "CPU s", "nodes", "LPs", "exact leaves", "exact LPs"]

    def row(instance):
        known = "**differs**" if instance.is_wrong else "agrees" if instance.known else ""
        counts = [f"{int(instance.row[key] or 0):,}" for key in ("nodes", "lps", "exact_leaves", "exact_lps")]
        times = [seconds(instance.number(key)) for key in ("seconds", "cpu_seconds")]
        return [*instance.name, instance.row["answer"], known, words_of(instance.replay), *times, *counts]

    return table(header, [row(instance) for instance in benchmark.instances], 5)


def overall(benchmark):
    """The benchmark's row of the overall table."""
    instances = benchmark.instances
    answers = [instance.row["answer"] for instance in instances]
    decided = sum(answer in WORDS for answer in answers)
    known = [instance for instance in instances if instance.known and instance.verdict in WORDS.values()]
    agree = sum(not instance.is_wrong for instance in known)
    cpu = [instance.number("cpu_seconds") for instance in instances]
    wall = [instance.number("seconds") for instance in instances]
    late = sum(instance.number("seconds") > instance.limit for instance in instances)
    counts = [f"{decided} of {len(instances)}", str(answers.count("holds")), str(answers.count("violated")), f"{agree} of {len(known)}"]
    times = [seconds(value) for value in (sum(cpu), statistics.median(cpu), max(cpu), max(wall))]
    return [f"[{benchmark.name}](#{benchmark.name})", *counts, *times, str(late)]


OVERALL_HEADER = ["benchmark", "decided", "holds", "violated", "agree with the known verdict", "CPU s, all", "median", "most", "wall s, most",
                  "over the limit"]


def audit(benchmark):
    """What became of the witnesses, in sentences."""
    replays = [instance.replay for instance in benchmark.instances if instance.replay]
    if not replays:
        return ""
    lines = [f"Replayed exactly (`foldline replay`), {sum(r.is_exact for r in replays)} of {len(replays)} witnesses violate; beside "
             f"{sum(r.is_f32 for r in replays)} of them foldline found 32-bit floats that violate exactly as well."]
    asked = [instance for instance in benchmark.instances if instance.replay and instance.replay.float_violates is not None]
    if not asked:
        return f"{lines[0]} None was replayed in onnxruntime."
    agree = [instance for instance in asked if instance.replay.float_violates == instance.replay.nearest_violates]
    violate = sum(instance.replay.float_violates for instance in asked)
    lines.append(f"In onnxruntime {onnxruntime.__version__}, at these floats or those nearest to the witness, {violate} of {len(asked)} violate; at "
                 f"{len(agree)} of {len(asked)} points that is also the exact verdict there. Outputs differ from the exact ones by at most "
                 f"{max(instance.replay.error for instance in asked):.1e}.")
    lines += [f"\n- {' '.join(instance.name)}: {explanation(instance.replay)}." for instance in asked if explanation(instance.replay)]
    return "\n".join(lines)


def explanation(replay):
    """Why onnxruntime does not confirm a witness; nothing where it does."""
    if replay.float_violates and replay.nearest_violates:
        return ""
    if not replay.float_violates and not replay.nearest_violates:
        return "the nearest 32-bit floats do not violate, exactly or in onnxruntime; the exact witness does"
    if replay.float_violates:
        return "the nearest 32-bit floats do not violate exactly, but onnxruntime's outputs say so"
    return f"the point violates exactly, but not by onnxruntime's outputs, which are off by up to {replay.error:.1e}"


def report(benchmark):
    """The section of one benchmark."""
    when = f"{len(benchmark.instances)} instances, run on {time.strftime('%Y-%m-%d')}."
    parts = [when, audit(benchmark), "<details><summary>Every instance</summary>", details(benchmark), "</details>"]
    return "\n\n".join(part for part in parts if part)


def replaced(text, name, section):
    """The document with the section between a benchmark's markers replaced, or added at the end."""
    start, end = f"<!-- figures: {name} -->", f"<!-- end of figures: {name} -->"
    block = f"{start}\n\n{section}\n\n{end}"
    if start not in text:
        return f"{text.rstrip()}\n\n## {name}\n\n{block}\n"
    return text[:text.index(start)] + block + text[text.index(end) + len(end):]


def with_overall(text, rows):
    """The document with these rows of the overall table replaced or added."""
    start = f"<!-- figures: {OVERALL} -->"
    lines = text[text.index(start):].split("<!-- end")[0].splitlines() if start in text else []
    old = {cells[0]: cells for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ["))}
    merged = old | {row[0]: row for row in rows}
    return replaced(text, OVERALL, table(OVERALL_HEADER, list(merged.values()), 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True, help="a benchmark's folder; may be repeated")
    parser.add_argument("--out", type=Path, help="the Markdown file whose sections are replaced")
    parser.add_argument("--foldline", type=Path, help="the program; built if it is not given")
    parser.add_argument("--work", type=Path, help="a folder for results and witnesses, which a second run resumes")
    parser.add_argument("--timeout", help="a limit in seconds in place of those in instances.csv")
    parser.add_argument("--threads", help="worker threads")
    arguments = parser.parse_args()
    foldline = program(arguments.foldline)
    options = [word for name in ("timeout", "threads") if (value := getattr(arguments, name)) for word in (f"--{name}", value)]
    with tempfile.TemporaryDirectory() as scratch:
        work = arguments.work or Path(scratch)
        benchmarks = [run(foldline, folder.resolve(), work / folder.resolve().name, options) for folder in arguments.data]
    text = arguments.out.read_text() if arguments.out and arguments.out.exists() else "# Performance\n"
    text = with_overall(text, [overall(benchmark) for benchmark in benchmarks])
    for benchmark in benchmarks:
        text = replaced(text, benchmark.name, report(benchmark))
    if arguments.out:
        arguments.out.write_text(text)
    else:
        print(text, end="")
    instances = [instance for benchmark in benchmarks for instance in benchmark.instances]
    faults = sum(instance.is_wrong or bool(instance.replay and not instance.replay.is_exact) for instance in instances)
    raise SystemExit(f"{faults} instances are wrong" if faults else 0)


if __name__ == "__main__":
    main()
