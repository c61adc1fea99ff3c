"""Every Lipschitz constant of ../shared/data/lipschitz, compared to all the digits given there.

    python benches/lipschitz_truth.py [--foldline target/release/foldline] [--foldcheck target/release/foldcheck]

L1 and Linf are compared with the exact value rounded to a double, L2 squared with the exact
rational. Prints a line a network and region with the CPU seconds (user and system) of the three
runs, on one thread each, starting and reading included. With --foldcheck a certificate is written
and checked for each.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import tempfile
from fractions import Fraction

COLUMNS = {"1": ("L1", "value"), "2": ("L2_squared_exact", "value_squared"), "inf": ("Linf", "value")}


def child_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def agrees(p, answer, row):
    column, key = COLUMNS[p]
    if p == "2":
        return Fraction(answer[key]) == Fraction(row[column])
    value = Fraction(answer[key])
    return value.numerator / value.denominator == float(row[column])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--foldline", default="target/release/foldline")
    parser.add_argument("--foldcheck", help="write certificates, too, and have them checked by this")
    parser.add_argument("--data", default="../shared/data/lipschitz")
    arguments = parser.parse_args()
    counted, right = 0, 0
    print("network          domain   agree     CPU s" + ("   certified s   kB   checked s" if arguments.foldcheck else ""))
    with tempfile.TemporaryDirectory() as folder:
        for row in csv.DictReader(open(os.path.join(arguments.data, "truth.csv"))):
            network = os.path.join(arguments.data, row["net"] + ".json")
            inputs = len(json.load(open(network))["layers"][0]["weights"][0])
            region = os.path.join(folder, "box.json")
            json.dump({"box": [[-1, 1]] * inputs}, open(region, "w"))
            over = ["--over", region] if row["domain"] == "box" else []
            agree, seconds, certified, size, checked = [], 0.0, 0.0, 0, 0.0
            for p in COLUMNS:
                command = [arguments.foldline, "lipschitz", network, "--p", p, *over, "--json", "--threads", "1"]
                before = child_cpu()
                answer = json.loads(run(command))
                seconds += child_cpu() - before
                agree.append(agrees(p, answer, row))
                if not arguments.foldcheck:
                    continue
                certificate = os.path.join(folder, "proof.gz")
                before = child_cpu()
                run([*command, "--certificate", certificate, "--no-check"])
                certified += child_cpu() - before
                size += os.path.getsize(certificate)
                before = child_cpu()
                run([arguments.foldcheck, certificate, network, *over[1:]])
                checked += child_cpu() - before
            counted += len(agree)
            right += sum(agree)
            line = f"{row['net']:16} {row['domain']:8} {sum(agree)} of {len(agree)}  {seconds:7.3f}"
            if arguments.foldcheck:
                line += f"   {certified:8.3f}  {size / 1000:8.1f}  {checked:7.3f}"
            print(line, flush=True)
    print(f"{right} of {counted} values agree")


if __name__ == "__main__":
    main()
