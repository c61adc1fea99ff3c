"""Certificates of cell counts: what they cost to write and to check, in time, memory and bytes.

    python benches/cell_certificates.py 2-64-64 3-32-32 4-16-16 [--foldline PROGRAM] [--foldcheck PROGRAM]

Networks are random, with the given inputs and ReLU layers and one output, on the box [-2, 2]^d. For each:
its cells, CPU seconds of counting alone, of counting and writing, and of checking; the largest memory of
writing and checking; bytes and gzipped bytes a cell. Build first:
`cargo build --release -p foldline-cli -p foldcheck`. Standard library only.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "compare"))
from regions import network  # noqa: E402  (the same random networks)


def run(command):
    """CPU seconds, megabytes at most, and standard output of a command that must succeed."""
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen([str(word) for word in command], stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if child.returncode != 0:
        sys.exit(f"{command[0]} ended with {child.returncode}: {text}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def gzipped_size(path):
    """The size of a file after gzip, without holding it in memory."""
    class Counter:
        size = 0

        def write(self, data):
            self.size += len(data)

        def flush(self):
            pass

    counter = Counter()
    with open(path, "rb") as plain, gzip.GzipFile(fileobj=counter, mode="wb", compresslevel=6) as packed:
        while block := plain.read(1 << 20):
            packed.write(block)
    return counter.size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("widths", nargs="+")
    parser.add_argument("--foldline", default="target/release/foldline")
    parser.add_argument("--foldcheck", default="target/release/foldcheck")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("| network | cells | counting | writing | memory | bytes a cell | gzipped | checking | memory |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for text in arguments.widths:
            widths = [int(word) for word in text.split("-")]
            net, box, proof = folder / "net.json", folder / "box.json", folder / "proof"
            net.write_text(json.dumps(network([*widths, 1], arguments.seed)))
            box.write_text(json.dumps({"box": [[-2, 2]] * widths[0]}))
            count = [arguments.foldline, "regions", net, "--over", box, "--count", "cells"]
            count += ["--threads", "1", "--json"]
            counting, _, answer = run(count)
            cells = json.loads(answer)["cells"]
            writing, memory, _ = run([*count, "--certificate", proof, "--no-check"])
            checking, check_memory, _ = run([arguments.foldcheck, proof, net, box])
            size, packed = proof.stat().st_size, gzipped_size(proof)
            proof.unlink()
            print(f"| {text} | {cells:,} | {counting:.2f} s | {writing:.2f} s | {memory:.0f} MB | {size / cells:.0f} "
                  f"| {packed / cells:.0f} | {checking:.2f} s | {check_memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
