#!/usr/bin/env python3
"""Break the search on purpose and see whether the checker notices: does a wrong proof ever pass?

    benches/mutants.py [--only engine] --out docs/trust.md

Some rows stop each search several times and let it go on from its checkpoint. The workspace is copied to a temporary folder. There one mistake at a time is put into the search, the programs are built, and
`foldline verify --certificate` runs on cases of known truth (`data/cases`). Wherever it says `holds`, `foldcheck` is given the
certificate. A mistake may make the search slow, crash, or answer `holds` wrongly; the checker has to reject every certificate of
such an answer. The table replaces what is between the markers in the file of `--out`; without `--out` it is printed alone.
*Too large*: rejected because a number does not fit into the checker's fixed point, which says nothing about the mistake. Needs Python
3.11 and cargo.

Exit code 1 if a certificate of a wrong answer is accepted, or if the search without a mistake does not get everything right.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- mutants -->", "<!-- end of mutants -->"

WANTED = {
    ("touching", "violated"): 100,
    ("float_traps", "violated"): 40,
    ("random_small", "violated"): 30,
    ("touching", "holds"): 10,
    ("float_traps", "holds"): 10,
    ("random_small", "holds"): 10,
}
"""How many cases of each file and verdict."""

TIME_LIMIT = 10
"""Seconds a search may take; a mistake may make it endless."""

UNDECIDED = 3
"""The exit code of a search that a limit ended."""

RUNS = 8
"""How often a search is stopped, if it does not end before."""

THREADS = 4
"""More than parts at first: so parts are given away from the start."""

QUESTIONS = "crates/foldline-questions/src/"
GEOMETRY = "crates/foldline-geometry/src/"
ENGINE = "crates/foldline-engine/src/"


@dataclass
class Mutant:
    """A mistake: texts of one source file, each found there exactly once, and what they become."""

    title: str
    path: str = ""
    changes: list[tuple[str, str]] = field(default_factory=list)
    # Whether each search is stopped again and again, to go on from its checkpoint.
    stopped: bool = False


MUTANTS = [
    Mutant("none"),
    Mutant(
        "a bound below 0 refutes, not one above",
        QUESTIONS + "verification/node.rs",
        [("let refuted = bound > relaxation", "let refuted = bound < relaxation")],
    ),
    Mutant(
        "a neuron is inactive where its lower bound is ≤ 0",
        QUESTIONS + "bounds/unfold.rs",
        [("if self.upper <= 0.0 {", "if self.lower <= 0.0 {")],
    ),
    Mutant(
        "the inactive child of a split is dropped",
        QUESTIONS + "verification/branch.rs",
        [("vec![active, inactive]", "vec![active]")],
    ),
    Mutant(
        "the margin has the wrong sign",
        QUESTIONS + "proof.rs",
        [("self.unit * (MARGIN * sizes + error * MARGIN * 2f64.powi(52))", "-self.unit * 65536.0 * magnitude")],
    ),
    Mutant(
        "claimed bounds are rounded inward",
        QUESTIONS + "proof.rs",
        [("if towards_zero <= value {", "if towards_zero >= value {")],
    ),
    Mutant(
        "the chord has half its slope",
        QUESTIONS + "bounds/relaxation.rs",
        [("coefficient * (upper / (upper - lower))", "coefficient * (0.5 * upper / (upper - lower))")],
    ),
    Mutant(
        "the line below a ReLU has slope 2",
        QUESTIONS + "bounds/relaxation.rs",
        [("                coefficient\n            } else {", "                2.0 * coefficient\n            } else {")],
    ),
    Mutant(
        "the last of several clauses clips",
        QUESTIONS + "verification/node.rs",
        [("if let &[clause] = &alive[..]", "if let &[.., clause] = &alive[..]")],
    ),
    Mutant(
        "a refuted clause takes those after it along",
        QUESTIONS + "verification/node.rs",
        [("        {\n            continue;\n        }\n        space.candidates", "        {\n            break;\n        }\n        space.candidates")],
    ),
    Mutant(
        "multipliers meet the right-hand side of another row",
        GEOMETRY + "polytope.rs",
        [("multiplier * self.bounds[index];", "multiplier * self.bounds[self.bounds.len() - 1 - index];")],
    ),
    Mutant(
        "a side is ruled out without an exact LP",
        QUESTIONS + "verification/branch.rs",
        [
            (
                "if is_clear(distance) {",
                "if below && -reduced.lower[index] <= reduced.upper[index].max(nearly_zero) {\n"
                'proof.iter_mut().for_each(|proof| proof.record(&format!("side {neuron} +")));\n'
                "return Ok(Some(1));\n}\nif is_clear(distance) {",
            ),
        ],
    ),
    Mutant(
        "exact leaves take ≤ for <",
        QUESTIONS + "verification/leaf.rs",
        [
            (
                "                    atom_constraint(problem, &problem.atoms[atom], &leaf.outputs),",
                "                    ExactConstraint { strict: true, ..atom_constraint(problem, &problem.atoms[atom], &leaf.outputs) },",
            )
        ],
    ),
    Mutant(
        "the half-space of a split looks the other way",
        QUESTIONS + "verification/branch.rs",
        [("let sign = if active { -1.0 } else { 1.0 };", "let sign = if active { 1.0 } else { -1.0 };")],
    ),
    Mutant(
        "the box ends a tenth too early",
        QUESTIONS + "verification/problem.rs",
        [("|(_, high)| round_up(high))", "|(low, high)| 0.9 * round_up(high) + 0.1 * round_up(low))")],
    ),
    Mutant(
        "the negative of a neuron gets the same sign",
        QUESTIONS + "bounds/unfold.rs",
        [("if factor > 0.0 { earlier.sign } else { -earlier.sign }", "earlier.sign")],
    ),
    Mutant(
        "a face of an unbounded region is forgotten",
        QUESTIONS + "verification/proof_cases.rs",
        [("for end in ends {", "for end in ends.into_iter().skip(1) {")],
    ),
    Mutant(
        "biases are not multiplied by s",
        QUESTIONS + "verification/perspective.rs",
        [("row.weights.push((s, std::mem::take(&mut row.bias)));", "row.weights.push((s, Rational::ZERO));")],
    ),
    Mutant(
        "a part that is given away is lost",
        ENGINE + "open_parts.rs",
        [("            shared.waiting.push(Given { part, stretch, rank });\n", "            drop(part);\n")],
    ),
    Mutant(
        "parts are dropped while a worker is idle",
        ENGINE + "driver.rs",
        [
            (
                "            self.opened.fetch_add(left.parts.len() as u64, Ordering::Relaxed);",
                "            if self.idle.load(Ordering::Relaxed) > 0 {\nleft.parts.truncate(1);\n}\n"
                "            self.opened.fetch_add(left.parts.len() as u64, Ordering::Relaxed);",
            )
        ],
    ),
    Mutant(
        "the search ends when one worker is idle",
        ENGINE + "driver.rs",
        [("+ 1 == self.parts.workers()", "+ 1 >= 1")],
    ),
    Mutant(
        "of the subtrees given away the first one is written first",
        ENGINE + "evidence.rs",
        [("pending.extend(&stretch.given);", "pending.extend(stretch.given.iter().rev());")],
    ),
    Mutant(
        "only the first worker's records are written",
        ENGINE + "open_parts.rs",
        [
            (
                "            log.append(left.records.as_bytes())?;",
                "            if worker == 0 {\nlog.append(left.records.as_bytes())?;\n}",
            )
        ],
    ),
    Mutant(
        "what another worker gave away is taken for closed",
        ENGINE + "evidence.rs",
        [
            (
                "            pending.extend(&stretch.given);",
                "            stretch.given.iter().for_each(|&given| is_written[given as usize] = true);",
            )
        ],
    ),
    Mutant("none, in several runs", stopped=True),
    Mutant(
        "the first open part of a checkpoint is forgotten",
        ENGINE + "open.rs",
        [("list(state, OPEN_PARTS)?.iter().map(entry)", "list(state, OPEN_PARTS)?.iter().skip(1).map(entry)")],
        stopped=True,
    ),
    Mutant(
        "a checkpoint is saved without what a worker was visiting",
        ENGINE + "open_parts.rs",
        [("let held = hand.stack.iter().chain(&hand.visiting);", "let held = hand.stack.iter();")],
        stopped=True,
    ),
    Mutant(
        "a checkpoint is saved without the half of what waits",
        ENGINE + "open_parts.rs",
        [
            (
                "let held = hand.stack.iter().chain(&hand.visiting);",
                "let held = hand.stack.iter().skip(hand.stack.len() / 2).chain(&hand.visiting);",
            )
        ],
        stopped=True,
    ),
    Mutant(
        "what was given away before a checkpoint is not named in it",
        ENGINE + "open_parts.rs",
        [("let given = trail.given.iter().copied().chain(first..first + count).collect();", "let given = (first..first + count).collect();")],
        stopped=True,
    ),
    Mutant(
        "a restored part ends before its half-spaces do",
        QUESTIONS + "part_state.rs",
        [("polytope.push(&row[..dimension], row[dimension]);", "polytope.push(&row[..dimension], row[dimension] - 0.1);")],
        stopped=True,
    ),
    Mutant(
        "restored intervals have half their upper ends",
        QUESTIONS + "verification/proof_state.rs",
        [("(known.lower, known.upper) = (ends[0], ends[1]);", "(known.lower, known.upper) = (ends[0], 0.5 * ends[1]);")],
        stopped=True,
    ),
    Mutant(
        "a log goes on at its beginning",
        ENGINE + "log.rs",
        [("flushed: mark.bytes, buffer", "flushed: 0, buffer")],
        stopped=True,
    ),
]


@dataclass
class Instance:
    """A case as two files."""

    verdict: str
    network: Path
    property: Path


@dataclass
class Outcome:
    """What a search answered and the checker said to its certificate."""

    answer: str
    accepted: bool = False
    reason: str = ""


class Workspace:
    """A copy of the workspace, in which sources change and programs are built."""

    def __init__(self, folder: Path):
        self.folder = folder
        target = os.environ.get("CARGO_TARGET_DIR")
        self.target = Path(target).resolve() if target else ROOT / "target" / "mutants"
        # New times of change: cargo must not take the last run's last mistake for up to date.
        for name in ["Cargo.toml", "Cargo.lock"]:
            shutil.copyfile(ROOT / name, folder / name)
        ignore = shutil.ignore_patterns("target")
        shutil.copytree(ROOT / "crates", folder / "crates", ignore=ignore, copy_function=shutil.copyfile)

    def changed(self, mutant: Mutant) -> str:
        """The source file with the mistake."""
        text = (self.folder / mutant.path).read_text()
        for old, new in mutant.changes:
            if text.count(old) != 1:
                sys.exit(f"{mutant.path}: {text.count(old)} times `{old}`, expected once")
            text = text.replace(old, new)
        return text

    def build(self, mutant: Mutant) -> None:
        """Builds the programs with a mistake; the sources are then as they were."""
        path = self.folder / mutant.path
        original = path.read_text() if mutant.path else ""
        if mutant.path:
            path.write_text(self.changed(mutant))
        # Link-time optimisation would be most of the building time.
        fast = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}
        environment = {**os.environ, **fast, "CARGO_TARGET_DIR": str(self.target), "RUSTFLAGS": "-A warnings"}
        command = ["cargo", "build", "--release", "--quiet", "-p", "foldline-cli", "-p", "foldcheck"]
        subprocess.run(command, cwd=self.folder, env=environment, check=True)
        if mutant.path:
            path.write_text(original)

    def program(self, name: str) -> str:
        """The path of a built program."""
        return str(self.target / "release" / name)


def candidates(folder: Path) -> dict[tuple[str, str], list[Instance]]:
    """All cases as files, by case file and verdict."""
    found = {}
    for family, verdict in WANTED:
        with gzip.open(ROOT / "data" / "cases" / f"{family}.json.gz", "rt") as file:
            # Numbers stay the decimals that they are written as.
            cases = json.load(file, parse_float=Token, parse_int=Token)["cases"]
        found[family, verdict] = chosen = []
        for number, case in enumerate(case for case in cases if case["verdict"] == verdict):
            stem = folder / f"{family}-{verdict}-{number}"
            network, property_file = stem.with_suffix(".json"), stem.with_suffix(".vnnlib")
            network.write_text(json.dumps(case["network"], default=str))
            property_file.write_text(case["property"])
            chosen.append(Instance(verdict, network, property_file))
    return found


class Token(str):
    """A JSON number by its text; as a JSON string it means the same number to foldline."""


def run(command: list[str]) -> tuple[int, dict]:
    """Exit code and JSON answer of a program."""
    process = subprocess.run(command, capture_output=True, text=True)
    try:
        return process.returncode, json.loads(process.stdout)
    except json.JSONDecodeError:
        return process.returncode, {"answer": "panic" if process.returncode in (70, 101) else process.stderr}


def answer_of(command: list[str], state: Path, stopped: bool) -> dict:
    """The answer of a search, in one run or in several, each with a little more time."""
    limits = [0.002 * number for number in range(RUNS)] if stopped else []
    for seconds in limits:
        code, answer = run([*command, "--checkpoint", str(state), "--timeout", str(seconds)])
        if code != UNDECIDED:
            state.unlink(missing_ok=True)
            return answer
    checkpoint = ["--checkpoint", str(state)] if stopped else []
    _, answer = run([*command, *checkpoint, "--timeout", str(TIME_LIMIT)])
    state.unlink(missing_ok=True)
    return answer


def try_instance(workspace: Workspace, instance: Instance, stopped: bool) -> Outcome:
    """Searches, and has a `holds` checked."""
    files = [str(instance.network), str(instance.property)]
    certificate = instance.network.with_suffix(".certificate")
    options = ["--certificate", str(certificate), "--no-check", "--threads", str(THREADS), "--json", "--quiet"]
    command = [workspace.program("foldline"), "verify", *files, *options]
    outcome = Outcome(answer_of(command, instance.network.with_suffix(".state"), stopped)["answer"])
    if outcome.answer == "holds":
        code, verdict = run([workspace.program("foldcheck"), "--json", str(certificate), *files])
        outcome.accepted = code == 0
        outcome.reason = verdict.get("reason", verdict["answer"])
    for path in certificate.parent.glob(f"{certificate.name}*"):
        path.unlink()
    return outcome


def choose(folder: Path) -> list[Instance]:
    """The wanted number of cases, spread over each file."""
    chosen = []
    for (family, verdict), instances in candidates(folder).items():
        wanted = WANTED[family, verdict]
        step = len(instances) / wanted
        chosen += [instances[int(index * step)] for index in range(wanted)]
    return chosen


@dataclass
class Row:
    """The counts of a mutant."""

    title: str
    wrong: int = 0
    wrong_accepted: int = 0
    right: int = 0
    right_accepted: int = 0
    missed: int = 0
    panics: int = 0
    other: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, truth: str, outcome: Outcome) -> None:
        """Counts one outcome."""
        if outcome.answer == "holds" == truth:
            self.right += 1
            self.right_accepted += outcome.accepted
        elif outcome.answer == "holds":
            self.wrong += 1
            self.wrong_accepted += outcome.accepted
            self.reasons[outcome.reason] = self.reasons.get(outcome.reason, 0) + 1
        elif outcome.answer == "panic":
            self.panics += 1
        elif outcome.answer != truth:
            self.other += 1

    def cells(self) -> list[str]:
        """The cells of the table."""
        rejected = self.wrong - self.wrong_accepted
        right = f"{self.right_accepted} of {self.right}"
        too_large = sum(count for reason, count in self.reasons.items() if "too large" in reason)
        counts = [self.wrong, rejected, too_large, self.wrong_accepted, right, self.panics, self.other]
        return [self.title, *map(str, counts)]


HEAD = [
    "mistake",
    "wrong `holds`",
    "rejected",
    "of these too large",
    "accepted",
    "right `holds` accepted",
    "panics",
    "undecided or errors",
]


def table(rows: list[Row], count: int) -> str:
    """The section's text."""
    line = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731
    lines = [line(HEAD), line(["---"] + ["---:"] * (len(HEAD) - 1)), *(line(row.cells()) for row in rows)]
    broken = [row for row in rows if not row.title.startswith("none")]
    wrong, accepted = sum(row.wrong for row in broken), sum(row.wrong_accepted for row in broken)
    violated = sum(number for (_, verdict), number in WANTED.items() if verdict == "violated")
    summary = (
        f"{count} instances a row, {violated} of them violated. All mistakes together: {wrong} wrong `holds`, "
        f"{wrong - accepted} rejected, {accepted} accepted."
    )
    return "\n".join([*lines, "", summary])


def replace_section(path: Path, section: str) -> None:
    """Puts the section between the markers."""
    text = path.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{section}\n{END}{after}")


def measure(workspace: Workspace, folder: Path, jobs: int, only: str) -> tuple[list[Row], int]:
    """Builds and runs every mutant."""
    rows: list[Row] = []
    instances = choose(folder)
    with ThreadPoolExecutor(jobs) as pool:
        for mutant in [mutant for mutant in MUTANTS if not mutant.path or only in mutant.path]:
            start = time.monotonic()
            workspace.build(mutant)
            built = time.monotonic()
            row = Row(mutant.title)
            outcomes = pool.map(lambda instance: try_instance(workspace, instance, mutant.stopped), instances)
            for instance, outcome in zip(instances, outcomes):
                row.add(instance.verdict, outcome)
                if outcome.answer == "holds" != instance.verdict and outcome.accepted:
                    print(f"ACCEPTED: {mutant.title}: {instance.network.name}", file=sys.stderr)
            rows.append(row)
            times = f"built in {built - start:.0f} s, run in {time.monotonic() - built:.0f} s"
            print(" | ".join(row.cells()), times, row.reasons, sep="; ", file=sys.stderr, flush=True)
    return rows, len(instances)


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="Markdown file with the markers")
    parser.add_argument("--only", default="", metavar="PATH", help="only mistakes in source files whose path contains this")
    parser.add_argument("--jobs", type=int, default=2, help="searches at a time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        source, cases = Path(temporary) / "source", Path(temporary) / "cases"
        source.mkdir()
        cases.mkdir()
        workspace = Workspace(source)
        for mutant in MUTANTS:
            if mutant.path:
                workspace.changed(mutant)
        rows, count = measure(workspace, cases, arguments.jobs, arguments.only)
    section = table(rows, count)
    print(section)
    if arguments.out:
        replace_section(arguments.out, section)
    right = sum(number for (_, verdict), number in WANTED.items() if verdict == "holds")
    unbroken = [row for row in rows if row.title.startswith("none")]
    intact = all(row.wrong == row.panics == row.other == 0 and row.right == right for row in unbroken)
    return 0 if intact and not any(row.wrong_accepted for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
