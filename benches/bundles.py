#!/usr/bin/env python3
"""Split searches into bundles, work on them in two processes, merge them, and compare the answers.

    benches/bundles.py [--pieces 7] [--kills 6] [--seed 1] [--only WORD] [--program target/release/foldline] [-- COMMAND FILES…]

Each instance (those of benches/checkpoints.py whose search can be split) is first run in peace. Then `foldline split` cuts it, two
processes at a time run `foldline work` on its bundles, of which so many are killed with SIGKILL at random moments or end at a limit, and
`foldline merge` has the answer; it is killed once as well. The answer must be that of the run in peace. Of the commands that keep a
certificate beside a checkpoint, the certificate must be there and accepted. Nothing may be left over.

Exit code 1 if an answer differs, a run ends with an error, or a file is left over.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from checkpoints import CERTIFIED, ROOT, Instances, comparable, finished, killed, replay

SPLIT = {"verify", "equivalent", "maximum", "range", "positive", "surjective", "zero", "lipschitz", "zonotope", "train"}


class Bundles:
    """A split question."""

    def __init__(self, program: str, question: list[str], folder: Path, chance: random.Random, kills: int):
        self.program, self.question, self.folder, self.chance, self.kills = program, question, folder, chance, kills
        self.lock = threading.Lock()
        self.runs = self.decided = self.killed = 0

    def work(self, bundle: Path) -> None:
        """Works on a bundle until nothing is left to do."""
        command = [self.program, "work", str(bundle), "--quiet", "--threads", "1"]
        while not self.decided:
            with self.lock:
                seconds, kind = self.chance.uniform(0.05, 1.0), self.chance.choice(["kill", "limit"])
                disturbs = self.kills > 0
                self.kills -= disturbs
                self.runs += 1
            if disturbs and kind == "kill":
                if killed(command, seconds):
                    self.killed += 1
                    continue
            limit = ["--seconds", str(seconds)] if disturbs else []
            run = subprocess.run([*command, *limit], capture_output=True, text=True)
            if run.returncode not in (0, 1, 3):
                print(f"{' '.join(command)}: exit code {run.returncode}: {run.stderr}", file=sys.stderr)
                self.decided = -1
            self.decided = self.decided or int(run.returncode == 1)
            if run.returncode in (0, 1):
                return


def row(program: str, question: list[str], pieces: int, kills: int, chance: random.Random, folder: Path) -> str:
    """A row of the table; exits if something is wrong."""
    name = " ".join(Path(word).name for word in question)
    certified = question[0] in CERTIFIED or question[:2] == ["zonotope", "norm"]
    proof = folder / "proof"
    expected_proof = folder / "in_peace"
    with_proof = lambda path: ["--certificate", str(path), "--no-check"] if certified else []
    start = time.monotonic()
    expected = finished([program, *question, "--json", *with_proof(expected_proof)])
    in_peace = time.monotonic() - start
    out = folder / "bundles"
    start = time.monotonic()
    answer = finished([program, "split", *question, *with_proof(proof), "--pieces", str(pieces), "--out", str(out), "--json"], [0])
    cut = time.monotonic() - start
    bundles = Bundles(program, question, folder, chance, kills)
    start = time.monotonic()
    waiting = [Path(path) for path in answer["bundles"]]
    chance.shuffle(waiting)
    if answer["bundles"]:
        # As if one had been moved to another machine and back.
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        moved = waiting[0]
        for path in out.glob(f"{moved.stem}[.-]*"):
            path.rename(elsewhere / path.name)
        waiting[0] = elsewhere / moved.name

    def worker() -> None:
        while True:
            with bundles.lock:
                if not waiting:
                    return
                bundle = waiting.pop()
            bundles.work(bundle)

    workers = [threading.Thread(target=worker) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    if bundles.decided < 0:
        sys.exit(f"{name}: a run of a bundle failed")
    worked = time.monotonic() - start
    if answer["bundles"]:
        for path in elsewhere.iterdir():
            path.rename(out / path.name)
        elsewhere.rmdir()
    merge = [program, "merge", str(out), "--json"]
    start = time.monotonic()
    kill_once(merge, chance.uniform(0.0, 0.5), out, proof)
    merged = finished(merge)
    joined = time.monotonic() - start
    if comparable(merged) != comparable(expected):
        sys.exit(f"{name}: in peace {comparable(expected)}, from bundles {comparable(merged)}")
    if out.exists():
        sys.exit(f"{out} is left over after the answer")
    if certified:
        files = [word for word in question[1:] if Path(word).is_file()]
        finished([program, "check", str(proof), *files, "--json"], [0])
        proof.unlink()
        expected_proof.unlink()
        if list(folder.glob("*.partial*")):
            sys.exit(f"{name}: a part of a certificate is left over after the answer")
    if question[0] == "verify" and merged["answer"] == "violated":
        replay(program, question[1], question[2], merged["witness"], folder)
    counts = [len(answer["bundles"]), bundles.runs, bundles.killed]
    times = [f"{seconds:.1f}" for seconds in (in_peace, cut, worked, joined)]
    return "| " + " | ".join(map(str, [name, merged["answer"], *counts, *times, "yes" if certified else ""])) + " |"


def kill_once(merge: list[str], seconds: float, out: Path, proof: Path) -> None:
    """Kills a merge; if it is faster, all is as it was before."""
    saved = out.with_name("saved")
    shutil.copytree(out, saved)
    if not killed(merge, seconds):
        shutil.rmtree(out, ignore_errors=True)
        proof.unlink(missing_ok=True)
        saved.rename(out)
    else:
        shutil.rmtree(saved)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="*", metavar="COMMAND FILES")
    parser.add_argument("--pieces", type=int, default=7)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--program", default=str(ROOT / "target/release/foldline"))
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    print("| instance | answer | pieces | runs | killed | in peace, s | split | work | merge | certificate |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generated = [question for question in Instances(folder).all(certified=True) if question[0].startswith(arguments.only)]
        generated = [question for question in generated if question[0] in SPLIT and question[1] != "contains"]
        for question in [arguments.command] if arguments.command else generated:
            print(row(arguments.program, question, arguments.pieces, arguments.kills, chance, folder), flush=True)


if __name__ == "__main__":
    main()
