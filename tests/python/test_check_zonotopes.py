"""Certificates about zonotopes: those that foldline writes are accepted by scripts/check_certificate.py, forged ones are not.

    FOLDLINE=target/debug/foldline python tests/python/test_check_zonotopes.py
"""

import contextlib
import hashlib
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_certificate  # noqa: E402

FOLDLINE = os.environ.get("FOLDLINE", str(ROOT / "target" / "debug" / "foldline"))
NORMS = ["1", "2", "inf", "3", "3/2", "matrix"]

SQUARE = {"center": [1, 0], "generators": [[2, 0], [0, 1]]}
DIAMOND = {"center": [0, 0], "generators": [[1, 1], [1, -1]]}
UNIT = {"center": [0, 0], "generators": [[1, 0], [0, 1]]}


def instance(rng, number):
    """A random zonotope, half of them with zero, parallel and repeated generators."""
    dimension, count = rng.randint(1, 4), rng.randint(0, 7)
    entry = lambda: rng.choice([rng.randint(-5, 5), f"{rng.randint(-9, 9)}/{rng.randint(2, 6)}"])
    generators = [[entry() for _ in range(dimension)] for _ in range(count)]
    if number % 2:
        generators.append([0] * dimension)
        generators += generators[:1] * 2
    return {"center": [entry() for _ in range(dimension)], "generators": generators}


class CheckZonotopes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, name, content):
        path = self.directory / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def check(self, *paths):
        """(exit code, what the checker prints)."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = check_certificate.main(list(paths))
        return code, output.getvalue().strip()

    def hand(self, statement, files, records):
        """The check of a certificate written by hand about zonotopes."""
        roles = ["zonotope", "matrix"] if statement.startswith("norm") else ["outer", "inner"]
        paths = [self.write(f"{role}.json", file) for role, file in zip(roles, files)]
        lines = ["foldline-certificate 1", f"statement {statement}"]
        for role, path in zip(roles, paths):
            lines.append(f"{role} f {hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()}")
        return self.check(self.write("proof", "\n".join([*lines, *records, "end"]) + "\n"), *paths)

    def accepts(self, statement, files, *records):
        self.assertEqual(self.hand(statement, files, records), (0, f"accepted: {statement}"))

    def rejects(self, reason, statement, files, *records):
        code, said = self.hand(statement, files, records)
        self.assertEqual(code, 1, said)
        self.assertIn(reason, said)

    def test_norms_by_hand(self):
        self.accepts("norm 1 value 4", [SQUARE], "vertex + -", "directions")
        self.accepts("norm 2 square 10", [SQUARE], "vertex + -", "signs")
        self.accepts("norm inf value 3", [SQUARE], "vertex + -", "directions")
        self.accepts("norm 3 between 3 4", [SQUARE], "vertex + -", "signs")
        self.accepts("norm matrix value 4", [SQUARE, [[1, 1], [1, "-1/2"]]], "vertex + +", "directions")
        cones = ["vertex + +", "cones", "above 3 1", "split 0 1", "above 3 -1", "signs"]
        self.accepts("norm 2 square 10", [SQUARE], *cones)
        self.rejects("the norm of the vertex is another", "norm 1 value 4", [SQUARE], "vertex - -", "signs")
        self.rejects("a sum with signs", "norm 1 value 2", [SQUARE], "vertex - -", "signs")
        self.rejects("larger in some direction", "norm 1 value 2", [SQUARE], "vertex - -", "directions")
        self.rejects("larger in some direction", "norm inf value 1", [SQUARE], "vertex - -", "directions")
        self.rejects("larger in some direction", "norm matrix value 2", [SQUARE, [[1, 1]]], "vertex - -", "directions")
        self.rejects("norm of the vertex is smaller", "norm 3 between 31/10 4", [SQUARE], "vertex + -", "signs")
        self.rejects("a sum with signs", "norm 3 between 3 3", [SQUARE], "vertex + -", "signs")
        self.rejects("no such claim", "norm 2 value 10", [SQUARE], "vertex + -", "signs")
        self.rejects("no such directions", "norm 2 square 10", [SQUARE], "vertex + -", "directions")
        self.rejects("p is below 1", "norm 1/2 between 1 2", [SQUARE], "vertex + -", "signs")
        self.rejects("one sign a generator", "norm 2 square 10", [SQUARE], "vertex +", "signs")
        self.rejects("the dimensions differ", "containment no", [SQUARE, {"generators": [[1]]}], "point 1", "normal 1 1")
        for place, bent, reason in [(2, "above 3 0", "not above"), (2, "above 4 1", "larger norm"), (3, "split 0 0", "two rays"),
                                    (4, "above 3 1", "not above"), (5, "leaf", "split, above or signs")]:
            records = [*cones[:place], bent, *cones[place + 1:]]
            self.rejects(reason, "norm 2 square 10", [SQUARE], *records)
        self.rejects("a sum with these signs", "norm 2 square 2", [SQUARE], "vertex - +", "cones", "signs", "signs")

    def test_containment_by_hand(self):
        self.accepts("containment yes", [DIAMOND, UNIT], "normals 0 1")
        self.accepts("containment no", [UNIT, DIAMOND], "point 1 1", "normal 1 0")
        gauges = ["gauges", "generator 0 1/2 1/2", "generator 1 1/2 -1/2", "generator 2 0 0"]
        self.accepts("containment yes", [DIAMOND, UNIT], *gauges, "split", "leaf 1/2 1/2")
        self.rejects("larger at a normal", "containment yes", [UNIT, DIAMOND], "normals 0 1")
        self.rejects("equation of coordinate 1", "containment yes", [DIAMOND, UNIT], "normals 0", "equation 1")
        self.rejects("do not span", "containment yes", [{"generators": [[1, 1]]}] * 2, "normals 0 1")
        self.rejects("separates nothing", "containment no", [DIAMOND, UNIT], "point 1 1", "normal 1 1")
        self.rejects("not between -1 and 1", "containment no", [UNIT, DIAMOND], "point 2 0", "normal 1 0")
        self.rejects("is not the vector", "containment yes", [DIAMOND, UNIT], *gauges, "leaf 1/2 1/2")
        self.rejects("named twice", "containment yes", [DIAMOND, UNIT], *gauges[:2], gauges[1], gauges[3], "leaf 0 0")
        large = ["gauges", "generator 0 1 1", "generator 1 1 -1", "generator 2 0 0"]
        self.rejects("more than 1", "containment yes", [UNIT, DIAMOND], *large, "leaf 0 0")

    def written(self, *arguments):
        """Runs foldline with a certificate; checks that, with this checker and with `foldline check`."""
        proof = str(self.directory / "written")
        paths = [argument for argument in arguments if argument.endswith(".json")]
        command = [FOLDLINE, "zonotope", *arguments, "--certificate", proof, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        code, said = self.check(proof, *paths)
        self.assertEqual(code, 0, f"{arguments}: {said}")
        checked = subprocess.run([FOLDLINE, "check", proof, *paths], capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        return said

    @unittest.skipUnless(pathlib.Path(FOLDLINE).exists(), "foldline is not built")
    def test_written_certificates(self):
        rng = random.Random(3)
        for number in range(40):
            path = self.write("z.json", instance(rng, number))
            dimension = len(json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["center"])
            norm = NORMS[number % len(NORMS)]
            rows = self.write("m.json", [[rng.randint(-3, 3) for _ in range(dimension)] for _ in range(3)])
            self.written("norm", path, *(["--matrix", rows] if norm == "matrix" else ["--p", norm]))
            other = instance(rng, number)
            if len(other["center"]) == dimension:
                self.written("contains", path, self.write("other.json", other))
            self.written("contains", path, path)
        # More generators than are walked by signs alone.
        generators = [[rng.randint(-9, 9) for _ in range(3)] for _ in range(30)]
        path = self.write("z.json", {"center": [1, 0, 2], "generators": generators})
        for norm in ("1", "2", "3"):
            self.written("norm", path, "--p", norm)


if __name__ == "__main__":
    unittest.main()
