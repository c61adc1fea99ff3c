#!/usr/bin/env python3
"""Write the certificate of every case and example on 1, 2 and 8 threads, and have them checked by both checkers.

    benches/threads.py [--threads 1 2 8] [--program target/release/foldline] [--checker target/release/foldcheck]

For each statement of data/cases and data/examples the verdict must be the known one on any number of threads. Certificates that differ are
checked each, equal ones once, by `foldcheck` and by `scripts/check_certificate.py`; both must accept. The examples are ONNX files, for which the Python checker needs numpy and onnx.
Exit code 1 if a verdict is wrong or a certificate is rejected.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODES = {"holds": 0, "violated": 1}


def statements(folder: Path):
    """Name, network, property and verdict of each statement, written to `folder` where it is no file yet."""
    for path in sorted((ROOT / "data/cases").glob("*.json.gz")):
        for case in json.loads(gzip.decompress(path.read_bytes()))["cases"]:
            network, spec = folder / "n.json", folder / "p.vnnlib"
            network.write_text(json.dumps(case["network"]))
            spec.write_text(case["property"])
            yield case["name"], network, spec, case["verdict"]
    for spec in sorted((ROOT / "data/examples").glob("*/*.vnnlib")):
        verdict = next((word for word in CODES if spec.stem.endswith(word)), None)
        for network in spec.parent.glob("*.onnx"):
            yield spec.stem, network, spec, verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", nargs="+", default=["1", "2", "8"])
    parser.add_argument("--program", default=str(ROOT / "target/release/foldline"))
    parser.add_argument("--checker", default=str(ROOT / "target/release/foldcheck"))
    arguments = parser.parse_args()
    count = {"statements": 0, "holds": 0, "violated": 0, "certificates": 0, "different": 0, "accepted by both": 0}
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, network, spec, verdict in statements(folder):
            count["statements"] += 1
            written = {}
            for threads in arguments.threads:
                proof = folder / f"proof-{threads}"
                command = [arguments.program, "verify", str(network), str(spec), "--threads", threads, "--quiet"]
                run = subprocess.run([*command, "--certificate", str(proof), "--no-check"], capture_output=True, text=True)
                if run.returncode not in (0, 1) or verdict and run.returncode != CODES[verdict]:
                    faults.append(f"{case}, {threads} threads: exit code {run.returncode}, expected {verdict}: {run.stderr}")
                    continue
                count["certificates"] += 1
                written.setdefault(proof.read_bytes(), proof)
                found = "holds" if run.returncode == 0 else "violated"
            count[found] += 1
            count["different"] += len(written)
            for proof in written.values():
                files = [str(proof), str(network), str(spec)]
                checkers = [[arguments.checker], [sys.executable, str(ROOT / "scripts/check_certificate.py")]]
                runs = [subprocess.run([*checker, *files], capture_output=True, text=True) for checker in checkers]
                count["accepted by both"] += all(run.returncode == 0 for run in runs)
                faults += [f"{case}: {run.args[:2]}: {run.stdout}{run.stderr}" for run in runs if run.returncode != 0]
    print(", ".join(f"{value:,} {key}" for key, value in count.items()))
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
