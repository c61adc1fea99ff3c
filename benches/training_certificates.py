"""What certificates of training cost: leaves, bytes, and CPU seconds of the search, of the search with the proof, and of the check.

    python benches/training_certificates.py --foldline target/release/foldline [--truth FOLDER] [--sizes d,K,N …]

With --truth it certifies every row of FOLDER/truth.csv, otherwise the samples of benches/training.py for each noise. Every certificate is
checked, and the run ends where one is rejected. Prints Markdown.
"""

import argparse
import csv
import gzip
import json
import pathlib
import resource
import subprocess
import tempfile

from training import NOISES, SIZES, sample


def run(command):
    """The JSON answer and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(foldline, data, hidden, output, timeout):
    """The cells of a row after its name."""
    command = [foldline, "train", data, "--hidden", hidden, "--json", "--quiet", "--timeout", timeout, *output]
    answer, alone = run(command)
    if answer["answer"] != "optimal":
        return ["bounded", f"{alone:.2f}", *["–"] * 5]
    with tempfile.TemporaryDirectory() as folder:
        proof = pathlib.Path(folder) / "proof.gz"
        _, together = run([*command, "--certificate", proof, "--no-check"])
        if not proof.exists():
            return ["no certificate", f"{alone:.2f}", f"> {together:.2f}", *["–"] * 4]
        checked, checking = run([foldline, "check", proof, data, "--json"])
        if checked["answer"] != "accepted":
            raise SystemExit(f"rejected: {command}")
        text = gzip.decompress(proof.read_bytes())
        leaves = sum(line.startswith((b"bound", b"none", b"swap")) for line in text.split(b"\n"))
        return [checked["answer"], f"{alone:.2f}", f"{together:.2f}", f"{leaves:,}", f"{len(text):,}", f"{proof.stat().st_size:,}", f"{checking:.2f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--foldline", required=True)
    parser.add_argument("--truth", type=pathlib.Path)
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--sizes", nargs="*")
    arguments = parser.parse_args()
    names = "data | output | K" if arguments.truth else "d | K | N | output | noise"
    head = f"| {names} | certificate | search s | with proof s | leaves | bytes | gzipped | check s |"
    print(head + "\n" + "| --- " * (head.count("|") - 1) + "|")
    if arguments.truth:
        for row in csv.DictReader((arguments.truth / "truth.csv").open()):
            output = ["--output", "relu"] if row["output"] == "relu" else ["--output", "linear", "--no-output-bias"]
            cells = measure(arguments.foldline, arguments.truth / f"{row['data']}.csv", row["hidden"], output, arguments.timeout)
            print("| " + " | ".join([row["data"], row["output"], row["hidden"], *cells]) + " |", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        for d, hidden, count in [tuple(map(int, size.split(","))) for size in arguments.sizes or []] or SIZES:
            for output in ["linear", "relu"]:
                # The larger of the two is asked for with a linear output only.
                for noise in [] if (d, hidden, count, output) == (2, 2, 40, "relu") else NOISES:
                    data = pathlib.Path(folder) / "sample.csv"
                    data.write_text(sample(d, hidden, count, noise, output, 0))
                    cells = measure(arguments.foldline, data, hidden, ["--output", output], arguments.timeout)
                    print("| " + " | ".join([*map(str, (d, hidden, count)), output, str(noise), *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
