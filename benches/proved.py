#!/usr/bin/env python3
"""The proved checker beside foldcheck: certificates of `verify`, accepted or not, and CPU seconds of both.

    benches/proved.py --data FOLDER [FOLDER …] [--cases FILE.json.gz …] [--questions FILE.json.gz …] [--rows FILE.md]

A folder has `instances.csv` (network, property, …). For each instance a certificate is written on one thread and checked by both programs, one
after the other; user CPU seconds, reading included. With --cases the statements of data/cases are counted by what the proved checker says. With --questions
`maximum`, `range`, `positive` and `zero` are asked about the networks of these files on random boxes and half-spaces, and about values that are wrong by one. --rows writes one row an instance. Build first: `cargo build --release -p foldline-cli -p foldcheck` and `proof/build`. Standard library only.
"""

import argparse
import collections
import csv
import gzip
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROVED = ROOT / "proof" / "foldcheck-proved"


def timed(command):
    """User CPU seconds, exit code and standard output of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, done.returncode, (done.stdout + done.stderr).strip()


def instances(folder):
    """The network and property of each row of `instances.csv`."""
    with open(folder / "instances.csv", newline="", encoding="utf-8") as rows:
        return [(folder / row[0], folder / row[1]) for row in csv.reader(rows) if row and (folder / row[0]).exists()]


def measure(network, property_, programs, scratch, lowered, limit):
    """One row: the answer, what both checkers say, and their times."""
    certificate = scratch / "certificate"
    certificate.unlink(missing_ok=True)
    search = [programs / "foldline", "verify", network, property_, "--threads", "1", "--quiet", "--timeout", limit]
    _, code, text = timed([*search, "--certificate", certificate, "--no-check"])
    row = {"network": network.name, "property": property_.name, "answer": {0: "holds", 1: "violated"}.get(code, "none")}
    if not certificate.exists():
        return row | {"foldcheck": None, "proved": None, "says": "no certificate: " + text}
    if network not in lowered:
        lowered[network] = scratch / f"{len(lowered)}.json"
        timed([programs / "foldline", "inspect", network, "--lowered", lowered[network], "--json"])
    row["foldcheck"], code, text = timed([programs / "foldcheck", certificate, network, property_])
    if code != 0:
        return row | {"proved": None, "says": "foldcheck: " + text}
    row["proved"], code, text = timed([PROVED, certificate, lowered[network], property_, "--original", network])
    row["says"] = "accepted" if code == 0 and text.startswith(f"accepted: verification {row['answer']}\n") else text
    return row


def ratio(row):
    return row["proved"] / max(row["foldcheck"], 0.001)


def summary(name, rows):
    """One row of a table."""
    accepted = [row for row in rows if row["says"] == "accepted"]
    long = [row for row in accepted if row["foldcheck"] >= 0.1]
    ours, theirs = (sum(row[key] for row in accepted) for key in ("proved", "foldcheck"))
    worst = f"{max(map(ratio, long)):.1f}×" if long else ""
    return f"| {name} | {len(rows)} | {len(accepted)} | {theirs:.1f} | {ours:.1f} | {ours / max(theirs, 0.001):.1f}× | {worst} |"


def count_cases(path, programs, scratch):
    """How many statements of a file of cases are accepted, and why others are not."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        cases = json.load(file, parse_float=lambda text: text)["cases"]
    counts = collections.Counter()
    for case in cases:
        network, property_ = scratch / "network.json", scratch / "property.vnnlib"
        network.write_text(json.dumps(case["network"]), encoding="utf-8")
        property_.write_text(case["property"], encoding="utf-8")
        row = measure(network, property_, programs, scratch, {network: network}, "60")
        row["says"] = row["says"] if row["answer"] == case["verdict"] else "the answer differs"
        reason = row["says"].splitlines()[0]
        if reason.startswith("rejected: line "):
            reason = reason.split(": ", 2)[2]
        counts[f"{row['answer']}: {reason}"] += 1
        if "says no" in reason:
            print(f"{path.name}: {case['name']}: {reason}", flush=True)
    return counts


def random_region(dimension, rng):
    """A box some of whose ends are open, and perhaps a half-space."""
    sides = [[rng.choice([None, -2, -1, "-1/3"]), rng.choice([None, 0, 1, "7/5"])] for _ in range(dimension)]
    region = {"box": sides}
    if rng.random() < 0.3:
        region |= {"A": [[rng.randint(-2, 2) for _ in range(dimension)]], "b": [rng.randint(-1, 3)]}
    return region


def count_questions(path, programs, scratch):
    """How many certificates of questions about the networks of a file of cases are accepted, and how many wrong values."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        cases = json.load(file, parse_float=lambda text: text)["cases"]
    rng, counts = random.Random(1), collections.Counter()
    for case in cases:
        layers = case["network"]["layers"]
        network, region, certificate = scratch / "network.json", scratch / "region.json", scratch / "certificate"
        network.write_text(json.dumps(case["network"]), encoding="utf-8")
        region.write_text(json.dumps(random_region(len(layers[0]["weights"][0]), rng)), encoding="utf-8")
        output = str(rng.randrange(len(layers[-1]["bias"])))
        for words in (["maximum", "--output", output], ["range"], ["positive", "--output", output], ["zero"]):
            over = [] if words[0] in ("positive", "zero") and rng.random() < 0.3 else [region]
            certificate.unlink(missing_ok=True)
            command = [programs / "foldline", words[0], network, *words[1:], *(["--over", region] if over else [])]
            timed([*command, "--threads", "1", "--quiet", "--timeout", "20", "--certificate", certificate, "--no-check"])
            if not certificate.exists() or timed([programs / "foldcheck", certificate, network, *over])[1] != 0:
                counts[words[0], "no certificate that foldcheck accepts"] += 1
                continue
            _, code, text = timed([PROVED, certificate, network, *over])
            counts[words[0], text.splitlines()[0].split(" ")[0] if code in (0, 1) else f"code {code}"] += 1
            if code != 0:
                print(f"{path.name}: {case['name']}: {words} {region.read_text()}: {text}", flush=True)
            lines = certificate.read_text(encoding="utf-8").split("\n")
            fields = lines[1].split(" ")
            if words[0] in ("maximum", "range") and fields[-1].lstrip("-").replace("/", "").isdigit():
                numerator, _, denominator = fields[-1].partition("/")
                fields[-1] = str(int(numerator) + int(denominator or 1) * rng.choice([1, -1])) + ("/" + denominator if denominator else "")
            elif fields[-1] in ("yes", "no"):
                fields[-1] = "no" if fields[-1] == "yes" else "yes"
            else:
                continue
            certificate.write_text("\n".join([lines[0], " ".join(fields), *lines[2:]]), encoding="utf-8")
            _, code, text = timed([PROVED, certificate, network, *over])
            counts[words[0] + ", wrong", "accepted" if code == 0 else "not accepted"] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--cases", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--questions", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "target" / "release")
    parser.add_argument("--rows", type=pathlib.Path)
    parser.add_argument("--timeout", default="600")
    arguments = parser.parse_args()
    lines = ["| network | property | answer | foldcheck s | proved s | ratio | result |", "| --- | --- | --- | ---: | ---: | ---: | --- |"]
    bad = 0
    if arguments.data:
        print("| benchmark | instances | accepted | foldcheck s | proved s | ratio | largest ratio (from 0.1 s) |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for folder in arguments.data:
        with tempfile.TemporaryDirectory() as scratch:
            lowered = {}
            rows = [measure(n, p, arguments.programs, pathlib.Path(scratch), lowered, arguments.timeout) for n, p in instances(folder)]
        print(summary(folder.resolve().name, rows), flush=True)
        bad += sum(row["says"] != "accepted" for row in rows)
        for row in rows:
            times = f"{row['foldcheck']:.2f} | {row['proved']:.2f} | {ratio(row):.1f}×" if row["proved"] is not None else " | |"
            lines.append(f"| {row['network']} | {row['property']} | {row['answer']} | {times} | {row['says'].splitlines()[0]} |")
        if arguments.rows:
            arguments.rows.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for path in arguments.cases:
        with tempfile.TemporaryDirectory() as scratch:
            for reason, count in sorted(count_cases(path, arguments.programs, pathlib.Path(scratch)).items()):
                print(f"{path.name}: {count} {reason}", flush=True)
    for path in arguments.questions:
        with tempfile.TemporaryDirectory() as scratch:
            for (kind, what), count in sorted(count_questions(path, arguments.programs, pathlib.Path(scratch)).items()):
                print(f"{path.name}: {kind}: {count} {what}", flush=True)
                bad += kind.endswith("wrong") and what == "accepted"
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
