#!/usr/bin/env python3
"""Measure `foldline range`: exact ranges of all outputs of a network over the input parts of properties.

    benches/ranges.py NETWORK PROPERTY… [--threads N] [--repeat K]

Prints a Markdown table: wall-clock and CPU seconds (the least of K runs), nodes, linear programs, and the ranges as decimals. Needs
Python 3.11 and a release build (`cargo build --release -p foldline-cli`).
"""

import argparse
import json
import resource
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "target" / "release" / "foldline"


def measure(network: str, region: str, threads: int) -> tuple[dict, float]:
    """The answer and the CPU seconds that it took."""
    command = [PROGRAM, "range", network, "--over", region, "--json", "--quiet", "--threads", str(threads)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(run.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("regions", nargs="+", metavar="PROPERTY")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print("| network | region | output | minimum | maximum |\n| --- | --- | --- | --- | --- |")
    totals = []
    for region in options.regions:
        runs = [measure(options.network, region, options.threads) for _ in range(options.repeat)]
        answer = runs[0][0]
        names = f"{Path(options.network).stem} | {Path(region).stem}"
        for index, output in enumerate(answer["outputs"]):
            low, high = output["minimum_approx"], output["maximum_approx"]
            print(f"| {names} | Y_{index} | {low:.12g} | {high:.12g} |")
        wall = min(run[0]["seconds"] for run in runs)
        cpu = min(run[1] for run in runs)
        counts = answer["statistics"]
        totals.append(f"| {names} | {wall:.2f} | {cpu:.2f} | {counts['nodes']:,} | {counts['lps']:,} | {counts['exact_lps']:,} |")
    print("\n| network | region | wall s | CPU s | nodes | LPs | exact LPs |\n| --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(totals))


if __name__ == "__main__":
    main()
