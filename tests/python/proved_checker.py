"""The proved checker accepts certificates of `verify` and rejects the contrary claims; skipped where proof/build has not been run.

Takes the program from the variable FOLDLINE. Every statement of data/examples, and some of data/cases.
"""

import gzip
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROVED = ROOT / "proof" / "foldcheck-proved"
EVERY = 40


def statements():
    for path in sorted((ROOT / "data" / "examples").glob("*/*.vnnlib")):
        yield (path.parent / f"{path.parent.name}.json").read_text(encoding="utf-8"), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "data" / "cases").glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for case in json.load(file)["cases"][::EVERY]:
                yield json.dumps(case["network"]), case["property"]


def main():
    if not PROVED.exists():
        print("skipped: proof/foldcheck-proved is not there (proof/build)")
        return
    foldline, count = os.environ["FOLDLINE"], 0
    with tempfile.TemporaryDirectory() as folder:
        network, property_, certificate = (pathlib.Path(folder) / name for name in ("network.json", "property.vnnlib", "certificate"))
        check = [PROVED, certificate, network, property_]
        for network_text, property_text in statements():
            network.write_text(network_text, encoding="utf-8")
            property_.write_text(property_text, encoding="utf-8")
            subprocess.run([foldline, "verify", network, property_, "--quiet", "--certificate", certificate, "--no-check"],
                           check=False, capture_output=True)
            done = subprocess.run(check, check=False, capture_output=True, text=True)
            assert done.returncode == 0 and done.stdout.startswith("accepted: "), (property_text, done)
            text = certificate.read_text(encoding="utf-8")
            first, second, rest = text.split("\n", 2)
            other = second.replace("violated", "holds") if "violated" in second else second.replace("holds", "violated")
            certificate.write_text("\n".join((first, other, rest)), encoding="utf-8")
            done = subprocess.run(check, check=False, capture_output=True, text=True)
            assert done.returncode == 1 and done.stdout.startswith("rejected: "), (property_text, done)
            count += 1
    print(f"{count} statements accepted, and their contraries rejected")


if __name__ == "__main__":
    main()
