#!/usr/bin/env python3
"""The yardstick: every question on fixed inputs, today's build beside an older one, and what grew.

    benches/regression/compare.py --new target/release --out docs/regression.md
    benches/regression/compare.py --old ../old/target/release --new target/release

A folder of a build has the programs foldline and foldcheck. For each question three runs are measured: without a certificate, with one
(written but not checked by the command itself), and foldcheck on it. Instructions are counted by callgrind, on the portable path, since valgrind has no AVX-512; CPU
seconds are the median of `--repeats` native runs, old and new alternating, so that both meet the same load. `--filter` chooses rows.
Exit code 1 if an answer differs, a certificate is not accepted, or something grew by more than `--tolerance` percent of instructions
(certificates: bytes; memory: twice that and 2 MiB). Needs Python 3.11, valgrind and GNU time (Debian's packages valgrind and time).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from measure import instructions, native
from questions import questions, write_inputs

STEPS = ["answer", "certificate", "check"]


@dataclass
class Figures:
    """What was measured of one step of one question with one build."""

    instructions: int = 0
    seconds: list = field(default_factory=list)
    mebibytes: float = 0.0
    bytes: int = 0


class Build:
    """The programs of one build."""

    def __init__(self, folder, inputs, work):
        self.foldline, self.foldcheck = Path(folder) / "foldline", Path(folder) / "foldcheck"
        self.inputs, self.work = inputs, work
        self.work.mkdir()
        shown = subprocess.run([self.foldline, "verify", "--help"], capture_output=True, text=True, check=True)
        # Older builds do not check what they write.
        self.unchecked = ["--no-check"] if "--no-check" in shown.stdout else []

    def command(self, question, step):
        """The command of one step."""
        certificate = str(self.work / f"{question.name}.certificate".replace(" ", "_").replace("/", "_"))
        if step == "check":
            return [str(self.foldcheck), certificate, *(self.inputs[name] for name in question.files)]
        arguments = [self.inputs.get(word, word) for word in question.command]
        arguments = [str(self.work / "reduced") if word == "OUT" else word for word in arguments]
        threads = ["--threads", "1"] if question.one_thread else []
        ending = ["--certificate", certificate, *self.unchecked] if step == "certificate" else []
        return [str(self.foldline), *arguments, *threads, "--json", *ending]

    def size(self, question):
        """The bytes of a question's certificate."""
        command = self.command(question, "certificate")
        return Path(command[command.index("--certificate") + 1]).stat().st_size


def answer(output):
    """The part of a JSON answer that must not change."""
    try:
        found = json.loads(output)
    except ValueError:
        return None
    kept = ["answer", "value", "value_squared", "scale", "loss", "cells", "linear_regions", "distinct_affine_maps",
            "bounded_cells", "count", "volume", "threshold", "largest_difference"]
    result = {key: found[key] for key in kept if key in found}
    if found.get("answer") == "range":
        result["outputs"] = [{end: output[end] for end in ("minimum", "maximum")} for output in found["outputs"]]
    return result


def check_step(builds, question, step, figures, repeats):
    """Runs one step natively, the builds alternating; gives what is wrong."""
    wrong, answers = [], []
    for build in builds:
        run = native(build.command(question, step))
        answers.append(answer(run.output))
        if run.code not in (0, 1) or step == "check" and run.code != 0:
            wrong.append(f"{question.name}, {step}: exit code {run.code}: {run.output.decode(errors='replace')[:200]}")
    if step != "check" and answers[0] != answers[-1]:
        wrong.append(f"{question.name}: the answers differ: {answers[0]} and {answers[-1]}")
    for _ in range(repeats):
        for build, measured in zip(builds, figures):
            run = native(build.command(question, step))
            measured.seconds.append(run.seconds)
            measured.mebibytes = max(measured.mebibytes, run.mebibytes)
    if step == "certificate" and not wrong:
        for build, measured in zip(builds, figures):
            measured.bytes = build.size(question)
    return wrong


def grown(name, step, old, new, tolerance):
    """What grew from one build to the next, in words."""
    found = []
    limits = [("instructions", old.instructions, new.instructions, old.instructions * tolerance / 100),
              ("bytes", old.bytes, new.bytes, old.bytes * tolerance / 100),
              ("MiB", old.mebibytes, new.mebibytes, old.mebibytes * tolerance / 50 + 2)]
    for unit, before, after, slack in limits:
        if after > before + slack:
            found.append(f"{name}, {step}: {before:,.0f} → {after:,.0f} {unit}")
    return found


def row(name, step, measured):
    """A line of the table: one build, or two and their ratio."""
    def numbers(show):
        return " → ".join(show(figures) for figures in measured)

    ratio = f"{measured[-1].instructions / measured[0].instructions:.3f}" if len(measured) > 1 else ""
    size = numbers(lambda figures: f"{figures.bytes:,}") if step == "certificate" else ""
    return "| " + " | ".join([
        name, step, numbers(lambda figures: f"{figures.instructions / 1e6:,.1f}"), ratio,
        numbers(lambda figures: f"{statistics.median(figures.seconds):.4f}"),
        numbers(lambda figures: f"{figures.mebibytes:.1f}"), size]) + " |"


def main():
    """Measures, prints the table and what grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", metavar="DIR", help="an older build to compare with")
    parser.add_argument("--new", metavar="DIR", required=True, help="the build to measure")
    parser.add_argument("--repeats", type=int, default=10, help="native runs of each step [default: 10]")
    parser.add_argument("--jobs", type=int, default=2, help="callgrind runs at once: counts do not depend on it [default: 2]")
    parser.add_argument("--tolerance", type=float, default=2.0, help="percent that may be noise [default: 2]")
    parser.add_argument("--filter", default="", metavar="TEXT", help="only rows whose name contains TEXT")
    parser.add_argument("--out", metavar="FILE", help="replace the table in this Markdown file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        inputs = write_inputs(folder)
        folders = [given for given in (arguments.old, arguments.new) if given]
        builds = [Build(given, inputs, folder / f"build{index}") for index, given in enumerate(folders)]
        lines, complaints, growth = measure_all(builds, arguments)
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.out:
        replace_table(Path(arguments.out), text)
    for line in complaints:
        print(f"WRONG: {line}", file=sys.stderr)
    for line in growth:
        print(f"grew: {line}", file=sys.stderr)
    return 1 if complaints or growth else 0


def measure_all(builds, arguments):
    """The table, what is wrong, and what grew."""
    chosen = [question for question in questions() if arguments.filter in question.name]
    steps = [(question, step) for question in chosen for step in (STEPS if question.files else STEPS[:1])]
    figures = {(question.name, step): [Figures() for _ in builds] for question, step in steps}
    complaints = []
    for question, step in steps:
        measured = figures[question.name, step]
        complaints += check_step(builds, question, step, measured, arguments.repeats)

    def count(job):
        question, step, index = job
        figures[question.name, step][index].instructions = instructions(builds[index].command(question, step))

    with ThreadPoolExecutor(arguments.jobs) as pool:
        # Certificates are written again while they are counted: checks come after.
        for group in (STEPS[:2], STEPS[2:]):
            jobs = [(*pair, index) for pair in steps if pair[1] in group for index in range(len(builds))]
            list(pool.map(count, jobs))
    lines = [f"Measured on {date.today()}.", "",
             "| question | step | million instructions | ratio | CPU s | peak MiB | bytes |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    growth = []
    for question, step in steps:
        measured = figures[question.name, step]
        lines.append(row(question.name, step, measured))
        if len(measured) > 1:
            growth += grown(question.name, step, *measured, arguments.tolerance)
    return lines, complaints, growth


def replace_table(path, text):
    """Puts the table between the marks of a page."""
    start, end = "<!-- figures: regression -->\n", "<!-- end of figures: regression -->"
    before, _, rest = path.read_text().partition(start)
    if not rest:
        raise SystemExit(f"{path} has no line {start.strip()}")
    path.write_text(before + start + "\n" + text + "\n" + end + rest.partition(end)[2])


if __name__ == "__main__":
    sys.exit(main())
