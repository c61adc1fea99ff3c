"""Measures one run of a program: instructions by callgrind, CPU time and peak memory by GNU time.

Callgrind has no AVX-512, so it counts the portable path; the wide path is compared by CPU time.
"""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


GNU_TIME = "/usr/bin/time"


@dataclass
class Run:
    """One native run."""

    code: int
    output: bytes
    seconds: float
    """CPU time, user and system."""
    mebibytes: float
    """The largest resident set."""


def native(command):
    """Runs a command as it is.

    GNU time starts it: the system counts a process's memory from its fork on, and this interpreter is larger than most runs.
    """
    with tempfile.NamedTemporaryFile("r") as kibibytes, tempfile.TemporaryFile() as output:
        started = [GNU_TIME, "--format", "%M", "--output", kibibytes.name, "--quiet", *command]
        process = subprocess.Popen(started, stdout=output, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        seconds = usage.ru_utime + usage.ru_stime
        return Run(process.returncode, output.read(), seconds, int(kibibytes.read()) / 1024)


def instructions(command):
    """The number of instructions that a command executes, without what CPUID would allow beyond AVX2."""
    with tempfile.TemporaryDirectory() as folder:
        wrapped = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={Path(folder) / 'out'}", *command]
        process = subprocess.run(wrapped, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        found = re.search(r"Collected : (\d+)", process.stderr)
        if found is None:
            raise RuntimeError(f"callgrind failed on {' '.join(command)}:\n{process.stderr[-2000:]}")
        return int(found[1])
