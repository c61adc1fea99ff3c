"""Certificates of training, interpolation and separability for scripts/check_training.py: written by hand, right and forged.

    python tests/python/test_check_training.py

Where the program is there (environment variable FOLDLINE, or target/debug/foldline) those that it writes are checked, too.
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

FOLDLINE = pathlib.Path(os.environ.get("FOLDLINE", ROOT / "target" / "debug" / "foldline"))
STEP = "x,y\n0,1\n1,0\n2,0\n1,0\n"
ZIGZAG = "x,y\n0,0\n1,1\n2,0\n3,1\n4,0\n"
MIDDLE = "x,y\n0,1\n1,0\n2,1\n5,0\n-1,0\n"
APART = "x,y\n0,1\n5,0\n-1,0\n"
CONFLICT = "x,y\n0,1\n1,0\n1,2\n2,-1\n"


class CheckTraining(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def check_files(self, certificate):
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            code = check_certificate.main([str(certificate), str(self.directory / "data.csv")])
        return code, output.getvalue().strip()

    def check(self, data, statement, body):
        """(exit code, what is printed)."""
        (self.directory / "data.csv").write_text(data)
        role = "points" if statement.startswith("separability") else "data"
        digest = hashlib.sha256(data.encode()).hexdigest()
        certificate = self.directory / "proof.cert"
        certificate.write_text(f"foldline-certificate 1\nstatement {statement}\n{role} d {digest}\n{body}")
        return self.check_files(certificate)

    def accepted(self, data, statement, body):
        self.assertEqual(self.check(data, statement, body), (0, f"accepted: {statement}"))

    def rejected(self, data, statement, body, reason=""):
        code, output = self.check(data, statement, body)
        self.assertEqual(code, 1, output)
        self.assertRegex(output, f"^rejected: line [0-9]+: .*{reason}")

    def test_networks(self):
        yes = "training linear 1 bias zero yes"
        self.accepted(STEP, yes, "offset 0\nnode + -1 1\nend\n")
        for body, reason in (("offset 0\nnode - -1 1\nend\n", "has the loss 4"), ("offset 0\nend\n", "of the kind"), ("offset 0\nnode + -1\nend\n", "node"),
                             ("offset 0\nnode + -1 1\nsigns 1\n", "end"), ("offset 0\nnode + -1 1\nend\nend\n", "after the end")):
            self.rejected(STEP, yes, body, reason)
        self.rejected(STEP, "training linear 1 unbiased zero yes", "offset 1\nnode - 1 0\nend\n", "of the kind")
        loss = "training linear 1 bias loss 0"
        self.accepted(STEP, loss, "offset 0\nnode + -1 1\nsigns 1\nbound\nsigns 0\nbound\nend\n")
        self.rejected(STEP, loss, "offset 0\nnode + -1 1\nend\n", "signs")
        self.rejected(STEP, loss, "offset 0\nnode + -1 1\nsigns 1\nbound\nend\n", "signs")

    def test_convex_groups(self):
        claim = "training relu 1 unbiased zero no"
        way = "signs 1\nsplit 0 0\nsplit 1 0\nsplit 2 0\noutput 1\noutput 2\n"
        high, low = "x,y\n0,-1\n1,6\n-1,6\n", "x,y\n0,-1\n1,1\n2,3\n"
        rest = "bound\n" * 5 + "signs 0\nbound\nend\n"
        for data in (high, low):
            self.accepted(data, claim, f"{way}bound{' c0' if data is high else ''}\n{rest}")
        for data, leaf, reason in ((high, "k0", "kink is too large"), (high, "c0 c0", "comes twice"), (high, "c0 k0", "comes twice"),
                                   (high, "c1", "not only the output"), (high, "k1", "not only the output"), (high, "c3", "out of range"),
                                   (low, "c0", "not curved"), (low, "k0", "a multiplier is negative")):
            self.rejected(data, claim, f"{way}bound {leaf}\n{rest}", reason)
        self.rejected(high, claim, "signs 1\nsplit 0 0\nbound\nbound c0\n", "not only the output")
        self.rejected(high, "training linear 1 unbiased zero no", "signs 1\nsplit 0 0\nbound c0\n", "not only the output")

    def test_leaves(self):
        for tree, reason in (("bound", "may be smaller"), ("bound h0.0", "no constraint"), ("split 0 0\nbound h0.0 h0.0", "not independent"),
                             ("split 0 0\nsplit 0 0", "decided already"), ("output 0", "no output"), ("none", "do not cancel"),
                             ("split 0 0\nnone h0.0*1", "do not cancel"), ("split 0 0\nnone h0.0*0", "out of range"), ("swap 0 0 0", "not off and on"),
                             ("hold", "unknown record"), ("offset\noffset", "decided already"), ("split 9 0", "out of range")):
            self.rejected(ZIGZAG, "training linear 1 bias zero no", f"signs 1\n{tree}\nsigns 0\nbound\nend\n", reason)
        self.rejected("x,y\n0,1\n", "training linear 1 unbiased zero no", "signs 1\nsplit 0 0\nbound h0.0\nbound\nsigns 0\nbound\nend\n", "negative")
        self.rejected(ZIGZAG, "training linear 2 bias zero no", "signs 2\nsplit 0 0\nsplit 0 1\nswap 0 0 1\n", "not off and on")

    def test_separability(self):
        self.accepted(MIDDLE, "separability 2 no", "assign 1\nmeet 1*2 0*1 2*1\nend\n")
        for body, reason in (("assign 1\nmeet 1*2 0*1 2*2\nend\n", "do not meet"), ("assign 1\nmeet 3*1 4*1 0*1 2*1\nend\n", "not given"),
                             ("assign 1\nassign 1\n", "hyperplane"), ("assign 0\n", "label 1"), ("meet 0*1 2*1\nend\n", "not given")):
            self.rejected(MIDDLE, "separability 2 no", body, reason)
        meet = "meet 1*1 2*5 0*6\n"
        self.accepted(APART, "separability 1 no", f"assign 1\nassign 2\n{meet}end\n")
        self.rejected(APART, "separability 2 no", f"assign 1\nassign 2\n{meet}{meet}end\n", "different")
        self.accepted(APART, "separability 2 yes", "plane -1/2 1\nplane -3 -1\nend\n")
        for body in ("plane 0 1\nplane -3 -1\nend\n", "plane -1/2 1\nplane -6 -1\nend\n", "plane -1 0\nplane -3 -1\nend\n"):
            self.rejected(APART, "separability 2 yes", body)

    def test_interpolation(self):
        self.accepted(CONFLICT, "interpolation linear no", "conflict 1 2\nend\n")
        self.accepted(CONFLICT, "interpolation relu no", "negative 3\nend\n")
        self.rejected(CONFLICT, "interpolation linear no", "negative 3\nend\n")
        self.rejected(CONFLICT, "interpolation linear no", "conflict 0 1\nend\n", "not in conflict")
        self.accepted(STEP, "interpolation relu yes", "offset 1\nnode - 1 0\nend\n")
        self.rejected(STEP, "interpolation relu yes", "offset 1\nnode + 1 0\nend\n", "misses")

    def test_written(self):
        if not FOLDLINE.exists():
            self.skipTest(f"{FOLDLINE} is missing")
        chance = random.Random(1)
        commands = [(["train", "--hidden", hidden, "--output", output, *more], "-3 -2 -1 0 1/2 1 2".split())
                    for hidden in "12" for output in ("relu", "linear") for more in ([], ["--no-output-bias"], ["--zero-loss"])]
        commands += [(["interpolate", "--output", "linear"], ["0", "1"])] + [(["separable", "--planes", planes], ["0", "0", "1"]) for planes in "123"]
        for round_ in range(int(os.environ.get("CASES_A_COMMAND", "2"))):
            for command, labels in commands:
                d, count = 1 + round_ % 2, chance.randint(2, 6)
                rows = [[*(str(chance.randint(-2, 2)) for _ in range(d)), chance.choice(labels)] for _ in range(count)]
                data, proof = self.directory / "data.csv", self.directory / "proof.cert.gz"
                data.write_text("\n".join(",".join(row) for row in [[*(f"x{j}" for j in range(d)), "y"], *rows]) + "\n")
                line = [str(FOLDLINE), command[0], str(data), *command[1:], "--json", "--certificate", str(proof)]
                done = subprocess.run(line, capture_output=True, text=True, check=False)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                answer = json.loads(done.stdout)["answer"]
                code, output = self.check_files(proof)
                self.assertEqual(code, 0, (output, line, rows))
                if answer in ("yes", "no"):
                    self.assertTrue(output.endswith(" " + answer), output)


if __name__ == "__main__":
    unittest.main()
