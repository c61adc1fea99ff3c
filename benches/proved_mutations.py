#!/usr/bin/env python3
"""Mutated certificates, properties and networks: does the proved checker accept a false claim?

    benches/proved_mutations.py [--count 10000] [--seed 1] [--programs target/release]

Statements of data/cases and data/examples with certificates that the proved checker accepts are the beginning. A mutation changes a certificate (a line dropped, doubled,
exchanged with another; a field dropped, exchanged, doubled; a number changed; the claim turned around), or a number of the property or of the network, with the
certificate's hash changed to fit. Both checkers say what they think of it. For every certificate that the proved checker accepts, `foldline verify` says
whether the claim is true. Exit code 1 if one is not. Build first: `cargo build --release -p foldline-cli -p foldcheck` and `proof/build`. Standard library only.
"""

import argparse
import collections
import gzip
import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROVED = ROOT / "proof" / "foldcheck-proved"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def other_number(text, rng):
    """A number near this one, or far from it."""
    if "." in text:
        value = float(text)
        return repr(rng.choice([-value, value + 1, value - 1, value * 2, value / 2, 0.0, value + rng.uniform(-1, 1)]))
    value = int(text)
    return str(rng.choice([-value, value + 1, value - 1, value * 2, value // 2, 0, rng.randint(-9, 9)]))


def change_number(text, rng):
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    match = rng.choice(found)
    return text[: match.start()] + other_number(match.group(), rng) + text[match.end():]


def change_certificate(text, rng):
    lines = text.splitlines()
    kind = rng.choice(["drop", "double", "exchange", "field", "number", "number", "number", "claim"])
    first = 1 if len(lines) < 7 else rng.choice([1, 5, 5, 5])
    at = rng.randrange(first, len(lines))
    if kind == "drop":
        del lines[at]
    elif kind == "double":
        lines.insert(at, lines[at])
    elif kind == "exchange":
        other = rng.randrange(first, len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "field":
        fields = lines[at].split(" ")
        which = rng.randrange(len(fields))
        fields[which:which + 1] = rng.choice([[], [fields[which]] * 2, [rng.choice(fields)], [rng.choice(rng.choice(lines).split(" "))]])
        lines[at] = " ".join(fields)
    elif kind == "number":
        lines[at] = change_number(lines[at], rng)
    else:
        lines[1] = lines[1].replace("holds", "HOLDS").replace("violated", "holds").replace("HOLDS", "violated")
    return "\n".join(lines) + "\n"


def with_hash(certificate, role, text):
    return re.sub(rf"^({role} \S+) \S+$", r"\1 " + hashlib.sha256(text.encode()).hexdigest(), certificate, flags=re.MULTILINE)


def seeds(programs, scratch):
    """Network, property and certificate of each statement whose certificate the proved checker accepts."""
    statements = []
    for path in sorted((ROOT / "data" / "cases").glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            statements += [(json.dumps(case["network"]), case["property"]) for case in json.load(file)["cases"]]
    for path in sorted((ROOT / "data" / "examples").glob("*/*.vnnlib")):
        statements.append(((path.parent / f"{path.parent.name}.json").read_text(), path.read_text()))
    found = []
    for network, property_ in statements:
        files = write(scratch, network, property_, "")
        run(programs / "foldline", "verify", *files[:2], "--threads", "1", "--quiet", "--timeout", "10", "--certificate", files[2], "--no-check")
        if files[2].exists() and run(PROVED, files[2], *files[:2])[0] == 0:
            certificate = files[2].read_text()
            found += [(network, property_, certificate)] * (4 if " holds\n" in certificate else 1)
    return found


def write(scratch, network, property_, certificate):
    files = scratch / "network.json", scratch / "property.vnnlib", scratch / "certificate"
    for file, text in zip(files, (network, property_, certificate)):
        file.write_text(text, encoding="utf-8")
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "target" / "release")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    counts, wrong, truth_of = collections.Counter(), 0, {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        beginnings = seeds(arguments.programs, scratch)
        print(f"{len(set(beginnings))} certificates to begin with", flush=True)
        made = 0
        while made < arguments.count:
            before = network, property_, certificate = rng.choice(beginnings)
            what = rng.choice(["certificate", "certificate", "property", "network"])
            if what == "certificate":
                certificate = change_certificate(certificate, rng)
            elif what == "property":
                property_ = change_number(property_, rng)
                certificate = with_hash(certificate, "property", property_)
            else:
                network = change_number(network, rng)
                certificate = with_hash(certificate, "network", network)
            if (network, property_, certificate) == before:
                continue
            made += 1
            files = write(scratch, network, property_, certificate)
            theirs, (ours, text) = run(arguments.programs / "foldcheck", files[2], *files[:2])[0] == 0, run(PROVED, files[2], *files[:2])
            verdict = "both reject"
            if ours == 0:
                if (network, property_) not in truth_of:
                    code, _ = run(arguments.programs / "foldline", "verify", *files[:2], "--threads", "1", "--quiet", "--timeout", "60")
                    truth_of[network, property_] = {0: "holds", 1: "violated"}.get(code, "unknown")
                claim = text.split()[2]
                true = truth_of[network, property_]
                verdict = ("both accept" if theirs else "the proved checker alone accepts") + (", true" if claim == true else f", but it is {true}")
                if claim != true:
                    wrong += 1
                    print("a false claim is accepted:", network, property_, certificate, sep="\n", flush=True)
            elif theirs:
                verdict = "foldcheck alone accepts"
                print(f"{what}: foldcheck alone accepts:", text.strip() or f"code {ours}", flush=True)
            elif ours != 1:
                verdict = f"foldcheck rejects, the proved checker ends with code {ours}"
            counts[what, verdict] += 1
    for (what, verdict), count in sorted(counts.items()):
        print(f"{what}: {verdict}: {count}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
