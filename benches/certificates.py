"""Writes and checks a certificate for every instance of VNN-COMP-style folders, and tabulates the cost.

For each instance: CPU seconds of the search on one thread without writing and with writing (plain text, so
that compression does not count), the certificate's size plain and gzipped, its leaves (one more than its
splits in each case), and CPU seconds of `foldcheck`. Build first: `cargo build --release -p foldline-cli -p foldcheck`.

    python benches/certificates.py --data FOLDER [FOLDER …] --out docs/certificates-table.md

Standard library only.
"""

import argparse
import csv
import gzip
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def timed(command: list[str]) -> tuple[float, int, str]:
    """CPU seconds, exit code and standard output of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.returncode, done.stdout + done.stderr


def instances(folder: pathlib.Path) -> list[tuple[pathlib.Path, pathlib.Path]]:
    """The network and property of each row of `instances.csv`."""
    with open(folder / "instances.csv", newline="", encoding="utf-8") as rows:
        return [(folder / row[0], folder / row[1]) for row in csv.reader(rows) if row]


def measure(network, property_, programs, scratch, limit) -> dict:
    """One row of the table."""
    search = [programs / "foldline", "verify", network, property_, "--threads", "1", "--quiet"]
    search += ["--timeout", limit]
    certificate = scratch / "certificate"
    certificate.unlink(missing_ok=True)
    plain, code, _ = timed([str(word) for word in search])
    writing, code_again, text = timed([str(word) for word in [*search, "--certificate", certificate, "--no-check"]])
    row = {"network": network.name, "property": property_.name, "search": plain, "writing": writing}
    row["answer"] = {0: "holds", 1: "violated", 3: "undecided"}.get(code_again, "error")
    if code != code_again or not certificate.exists():
        return row | {"result": "no certificate: " + text.strip().splitlines()[-1] if text.strip() else "none"}
    content = certificate.read_bytes()
    names = [line.split(b" ", 1)[0] for line in content.splitlines()]
    row["leaves"] = names.count(b"split") + names.count(b"halve") + names.count(b"case")
    row["bytes"], row["gzipped"] = len(content), len(gzip.compress(content, 6))
    checking, code, text = timed([str(word) for word in [programs / "foldcheck", certificate, network, property_]])
    return row | {"checking": checking, "result": text.splitlines()[0] if text else f"exit {code}"}


def table(rows: list[dict]) -> str:
    """The rows as Markdown."""
    lines = ["| network | property | answer | search s | writing s | leaves | bytes | gzipped | checking s | result |"]
    lines.append("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        cells = [row["network"], row["property"], row["answer"], f"{row['search']:.2f}", f"{row['writing']:.2f}"]
        cells += [str(row.get(key, "")) for key in ("leaves", "bytes", "gzipped")]
        cells += [f"{row['checking']:.2f}" if "checking" in row else "", row["result"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(name: str, rows: list[dict]) -> str:
    """What the rows of one folder say together."""
    accepted = [row for row in rows if row["result"] == "accepted"]
    holding = [row for row in accepted if row["answer"] == "holds"]
    text = f"| {name} | {len(rows)} | {len(accepted)} |"
    if not holding:
        return text + " | | | | | | |"
    total = {key: sum(row[key] for row in holding) for key in ("search", "writing", "checking", "gzipped", "leaves")}
    median = statistics.median(row["gzipped"] / max(row["leaves"], 1) for row in holding)
    return text + (
        f" {len(holding)} | {total['search']:.1f} | {total['writing']:.1f} ({total['writing'] / total['search']:.2f}×) |"
        f" {total['checking']:.1f} ({total['checking'] / total['search']:.2f}×) | {total['gzipped'] / 1e6:.1f} MB |"
        f" {median:.0f} |"
    )


def main() -> int:
    """Measures, writes the page, and fails if a certificate was not accepted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "target" / "release")
    parser.add_argument("--timeout", default="120")
    parser.add_argument("--heading", default="")
    parser.add_argument("--every", type=int, default=1, help="measure every N-th instance of each folder only")
    arguments = parser.parse_args()
    head = "| benchmark | instances | accepted | of these hold | search CPU s | writing | checking | gzipped | median bytes a leaf |"
    lines = [arguments.heading, "", head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    tables, failed = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.data:
            rows = []
            for network, property_ in instances(folder)[:: arguments.every]:
                rows.append(measure(network, property_, arguments.programs, pathlib.Path(scratch), arguments.timeout))
                print(rows[-1], file=sys.stderr)
            failed += sum(row["result"] != "accepted" for row in rows)
            lines.append(summary(folder.resolve().name, rows))
            tables.append(f"## {folder.resolve().name}\n\n{table(rows)}")
    arguments.out.write_text("\n".join(lines) + "\n\n" + "\n\n".join(tables) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
