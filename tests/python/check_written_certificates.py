"""Certificates that foldline writes are accepted by the independent checker of scripts/check_certificate.py.

For the examples, for the smallest generated cases of every family (each an ordinary JSON network and a VNN-LIB file;
the environment variable CASES_A_FAMILY asks for more), and for NNET networks with negations and comparisons without
variables. Takes the program's path from the environment variable FOLDLINE.
"""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "scripts" / "check_certificate.py"
FOLDLINE = os.environ.get("FOLDLINE", str(ROOT / "target" / "debug" / "foldline"))
CASES_A_FAMILY = int(os.environ.get("CASES_A_FAMILY", "60"))


def decide(network: pathlib.Path, property_: pathlib.Path, certificate: pathlib.Path) -> str:
    """Runs foldline; its answer."""
    command = [FOLDLINE, "verify", network, property_, "--json", "--quiet", "--certificate", certificate]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["answer"]


def check(network: pathlib.Path, property_: pathlib.Path, certificate: pathlib.Path) -> str:
    """What the independent checker says."""
    command = [sys.executable, CHECKER, certificate, network, property_]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def examples() -> list[tuple[pathlib.Path, pathlib.Path]]:
    """The shipped networks with their properties."""
    pairs = []
    for property_ in sorted((ROOT / "data" / "examples").glob("*/*.vnnlib")):
        pairs.append((property_.parent / f"{property_.parent.name}.onnx", property_))
    return pairs


def generated(scratch: pathlib.Path) -> list[tuple[pathlib.Path, pathlib.Path]]:
    """The smallest cases of each family, written to files."""
    pairs = []
    for file in sorted((ROOT / "data" / "cases").glob("*.json.gz")):
        lines = gzip.decompress(file.read_bytes()).decode().splitlines()
        cases = sorted((line.strip().rstrip(",") for line in lines if line.strip().startswith('{"name"')), key=len)
        for number, text in enumerate(cases[:CASES_A_FAMILY]):
            start = text.index('"network":') + len('"network":')
            end = text.index(',"property":')
            network = scratch / f"{file.name}-{number}.json"
            network.write_text(text[start:end], encoding="utf-8")
            property_ = scratch / f"{file.name}-{number}.vnnlib"
            property_.write_text(json.loads(text)["property"], encoding="utf-8")
            pairs.append((network, property_))
    return pairs


# max(0, x0 - x1) + max(0, x0 + x1), at most 2 on the square, with the means of an input that is not there.
NNET = "2,2,1,2,\n2,2,1,\n0,\n-1,-1,0,\n1,1,0,\n0,0,0,0,\n1,1,1,1,\n1,-1,\n1,1,\n0,\n0,\n1,1,\n0,\n"
# Each with its answer.
FORMULAS = {
    "(not (< Y_0 5))": "holds", "(not (<= Y_0 1))": "violated", "(not (and (<= Y_0 3) (>= Y_0 (- 1))))": "holds",
    "(not (or (> Y_0 1) (!= X_0 1)))": "holds", "(=> (>= Y_0 0) (>= X_0 3))": "holds", "(<= 3 Y_0 4)": "holds",
    "(or (<= 1 0) (>= Y_0 5))": "holds", "(< 1 1)": "holds", "(or (<= X_0 X_0) (>= Y_0 5))": "violated",
    "(and (or (<= X_0 X_0) (>= Y_0 5)) (>= X_0 2))": "holds", "(and (<= 0 1) (>= Y_0 5))": "holds",
    "(and (>= Y_0 0) (or (< X_1 X_1) (> Y_0 2) false))": "holds",
}


def constructed(scratch: pathlib.Path) -> list[tuple[pathlib.Path, pathlib.Path]]:
    """An NNET network with the formulas, each on the square."""
    network = scratch / "fold.nnet"
    network.write_text(NNET, encoding="utf-8")
    declared = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "Y_0"))
    square = "".join(f"(assert (<= -1 X_{j} 1))\n" for j in range(2))
    pairs = []
    for number, (formula, answer) in enumerate(FORMULAS.items()):
        property_ = scratch / f"{number}-{answer}.vnnlib"
        property_.write_text(f"{declared}{square}(assert {formula})\n", encoding="utf-8")
        pairs.append((network, property_))
    return pairs


def main() -> int:
    """Checks every pair; prints what failed and a closing count."""
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for network, property_ in examples() + generated(scratch) + constructed(scratch):
            certificate = scratch / "certificate.gz"
            answer = decide(network, property_, certificate)
            said = check(network, property_, certificate)
            is_known = network.suffix != ".nnet" or property_.stem.endswith(answer)
            if is_known and said == f"accepted: verification {answer}":
                passed += 1
            else:
                failed += 1
                print(f"{network.name} {property_.name}: foldline says {answer}, the checker: {said}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
