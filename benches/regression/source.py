#!/usr/bin/env python3
"""How large the source is and how long it takes to build: lines without tests by crate, seconds of a cold release build.

    benches/regression/source.py            lines only
    benches/regression/source.py --build    and a cold build of the two programs, in a folder of its own

A file's lines count up to its test module; blank lines and comments count too, as a reader meets them; `code` leaves them out.
Needs Python 3.11; cargo for the build (its crates should have been fetched before).
"""

import argparse
import resource
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def without_tests(path):
    """A source file's lines before its test module."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines[:-1]):
        if line == "#[cfg(test)]" and lines[number + 1].startswith("mod ") and lines[number + 1].endswith("{"):
            return lines[:number]
    return lines


def is_code(line):
    """Whether a line is neither blank nor a comment."""
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("//")


def sizes():
    """Lines and lines of code of each crate."""
    for crate in sorted((ROOT / "crates").iterdir()):
        files = [path for path in sorted((crate / "src").rglob("*.rs")) if path.name != "tests.rs" and "tests" not in path.parts]
        lines = [line for path in files for line in without_tests(path)]
        yield crate.name, len(files), len(lines), sum(map(is_code, lines))


def build():
    """Wall and CPU seconds of a cold release build."""
    with tempfile.TemporaryDirectory() as target:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = ["cargo", "build", "--release", "--offline", "--quiet", "--target-dir", target, "-p", "foldline-cli", "-p", "foldcheck"]
        subprocess.run(command, cwd=ROOT, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", action="store_true", help="time a cold build as well")
    arguments = parser.parse_args()
    print("| crate | files | lines without tests | code |\n| --- | ---: | ---: | ---: |")
    rows = list(sizes())
    for name, *numbers in [*rows, ("all", *map(sum, list(zip(*rows))[1:]))]:
        print(f"| {name} | " + " | ".join(f"{number:,}" for number in numbers) + " |")
    if arguments.build:
        wall, cpu = build()
        print(f"\nCold release build of both programs: {wall:.0f} s wall, {cpu:.0f} CPU s.")


if __name__ == "__main__":
    main()
