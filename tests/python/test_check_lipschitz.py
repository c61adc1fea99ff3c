"""Small certificates of Lipschitz constants written by hand, right and forged, for scripts/check_certificate.py.

    python tests/python/test_check_lipschitz.py
"""

import contextlib
import hashlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_certificate  # noqa: E402


def network_of(*layers):
    names = ("weights", "bias", "activation")
    return json.dumps({"layers": [dict(zip(names, layer)) for layer in layers]}).encode()


# |x|, whose second neuron repeats the first; relu(x) - relu(-x) = x; |x + y|, 2 relu(x + y).
MAGNITUDE = network_of(([[1], [-1]], [0, 0], "relu"), ([[1, 1]], [0], "linear"))
IDENTITY = network_of(([[1], [-1]], [0, 0], "relu"), ([[1, -1]], [0], "linear"))
RIDGE = network_of(([[1, 1], [-1, -1]], [0, 0], "relu"), ([[1, 1]], [0], "linear"))
TWO_OUTPUTS = network_of(([[1, 1], [1, -1]], [0, 0], "relu"), ([[3, 0], [0, 4]], [0, 0], "linear"))
LINE = json.dumps({"A": [[1, -1], [-1, 1]], "b": [0, 0]}).encode()
BOX = json.dumps({"box": [[-1, 1], [-1, 1]]}).encode()


class CheckLipschitz(unittest.TestCase):
    def run_files(self, claim, records, network, region):
        """(exit code, what is printed)."""
        with tempfile.TemporaryDirectory() as folder:
            files = [("network.json", network)] + ([("region.json", region)] if region else [])
            header = ["foldline-certificate 1", f"statement lipschitz {claim}"]
            for word, (name, data) in zip(("network", "region"), files):
                header.append(f"{word} {name} {hashlib.sha256(data).hexdigest()}")
            text = "\n".join([*header, "precision 40", *records, "end"]) + "\n"
            paths = []
            for name, data in [("proof", text.encode()), *files]:
                paths.append(str(pathlib.Path(folder) / name))
                pathlib.Path(paths[-1]).write_bytes(data)
            output = io.StringIO()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
                code = check_certificate.main(paths)
            return code, output.getvalue().strip()

    def accepted(self, claim, records, network=MAGNITUDE, region=None):
        result = self.run_files(claim, records, network, region)
        self.assertEqual(result, (0, f"accepted: lipschitz {claim}"))

    def rejected(self, claim, records, reason, network=MAGNITUDE, region=None):
        code, output = self.run_files(claim, records, network, region)
        self.assertEqual(code, 1, output)
        self.assertIn(reason, output)

    def test_a_tree_and_a_point(self):
        proof = ["interior 0", "split 0", "bound", "bound", "attained 1/3"]
        for claim in ("1 0 value 1", "inf 0 value 1", "2 0 square 1", "1/2 0 value 1"):
            self.accepted(claim, proof)
            # One bound for both signs.
            self.accepted(claim, ["interior 0", "bound", "attained 1/3"])
        self.rejected("1 0 value 2", proof, "the norm of the derivative is another one there")
        self.rejected("1 0 value 1/2", proof, "the derivatives of that part may be larger")
        self.rejected("1 0 value 1", [*proof[:-1], "attained 0"], "neuron 0 is at 0")
        self.rejected("1 0 value 1", [*proof[:-1], "attained 1 along 1"], "missing or superfluous")
        self.rejected("1 0 value 1", ["interior 0", "split 1"], "has a sign or repeats another")
        self.rejected("1 0 value 1", ["interior 0", "constant 0"], "is constant, or is not")
        self.rejected("1 0 value 1", ["interior 0", "split 0", "bound", "flat n0*1"], "do not cancel")
        self.rejected("1 0 value 1", ["interior 0", "split 0", "bound", "flat"], "do not contradict")
        self.rejected("2 0 value 1", proof, "no certificate for this p")
        self.rejected("1 1 value 1", proof, "no such output")
        self.rejected("1 0 empty", ["interior 0"], "void was expected")

    def test_what_cancels_is_seen(self):
        # Not split the slopes are linked: r_1 = r_0 - z, so the derivative is 1 whatever r_0 is.
        self.accepted("1 0 value 1", ["interior 0", "bound", "attained 1"], IDENTITY)

    def test_enclosures(self):
        self.accepted("3 0 between 1 1", ["interior 0", "bound", "attained 1 along 2"])
        self.accepted("5/3 0 between 1/2 3", ["interior 0", "bound", "attained 1 along -1"])
        self.accepted("3 0 between 0 1", ["interior 0", "bound", "attained 1"])
        self.rejected("3 0 between 1 1", ["interior 0", "bound", "attained 1"], "missing or superfluous")
        self.rejected("3 0 between 2 3", ["interior 0", "bound", "attained 1 along 1"], "another one there")
        self.rejected("3 0 between 1/2 3/4", ["interior 0", "bound"], "may be larger")
        self.rejected("67/2 0 between 1 1", ["interior 0"], "no certificate for this p")
        # The gradient (1, 1) for p = 3: 2^(2/3) = 1.587…
        proof = ["interior 0 0", "bound", "attained 1 0 along 1 1"]
        self.accepted("3 0 between 1587401/1000000 1587402/1000000".replace("1587402/1000000", "793701/500000"), proof, RIDGE)
        self.rejected("3 0 between 1 1587401/1000000", proof, "may be larger", RIDGE)
        self.rejected("3 0 between 793701/500000 2", proof, "another one there", RIDGE)

    def test_several_outputs(self):
        # Both on: [[3, 3], [4, -4]] with singular values 3√2 and 4√2 = 5.6568…
        tree = ["split 0", "split 1", "bound", "bound", "split 1", "bound", "bound"]
        proof = ["interior 0 0", *tree, "attained 1 0 along 1 -1"]
        self.accepted("2 0,1 between 707/125 5657/1000", proof, TWO_OUTPUTS)
        self.rejected("2 0,1 between 5657/1000 6", proof, "another one there", TWO_OUTPUTS)
        self.rejected("2 0,1 between 1 28/5", proof, "may be larger", TWO_OUTPUTS)
        self.accepted("1 0,1 value 7", ["interior 0 0", "bound", "attained 1 0"], TWO_OUTPUTS)
        self.accepted("inf 0,1 value 8", ["interior 0 0", "bound", "attained 1 0"], TWO_OUTPUTS)

    def test_flat_regions(self):
        # On x = y: |2t| to 2|t|, √2|t|, |t|.
        proof = ["hull c0*1 c1*1", "interior 0 0", "bound"]
        self.accepted("1 0 value 1", [*proof, "attained 1 1 along 1 1"], RIDGE, LINE)
        self.accepted("inf 0 value 2", [*proof, "attained 1 1 along 1 1"], RIDGE, LINE)
        self.accepted("2 0 square 2", [*proof, "attained 1 1"], RIDGE, LINE)
        self.accepted("1 0 value 1", [*proof[:2], "bound 0 0", "attained 1 1 along 1 1"], RIDGE, LINE)
        self.rejected("1 0 value 1", [*proof[:2], "bound 1 1"], "across the hull", RIDGE, LINE)
        self.rejected("1 0 value 1", [*proof[:2], "bound 1 -1"], "may be larger", RIDGE, LINE)
        self.rejected("1 0 value 1", [*proof, "attained 1 1"], "missing or superfluous", RIDGE, LINE)
        self.rejected("1 0 value 1", [*proof, "attained 1 1 along 1 2"], "not one of the hull", RIDGE, LINE)
        self.rejected("1 0 value 1", [*proof, "attained 1 0 along 1 1"], "interior of the region", RIDGE, LINE)
        self.rejected("1 0 value 1", ["interior 0 0"], "interior of that part", RIDGE, LINE)
        self.rejected("1 0 value 1", ["hull c0*1"], "do not cancel", RIDGE, LINE)
        self.rejected("1 0 value 1", ["hull c0*1 c1*2"], "do not cancel", RIDGE, LINE)
        self.rejected("1 0 value 1", ["void c0*1 c1*1"], "do not contradict", RIDGE, LINE)
        wide = json.dumps({"A": [[1, -1], [-1, 1]], "b": [1, 0]}).encode()
        self.rejected("1 0 value 1", ["hull c0*1 c1*1"], "do not show equalities", RIDGE, wide)

    def test_boxes(self):
        proof = ["interior 0 0", "bound", "attained 1/2 0"]
        self.accepted("2 0 square 2", proof, RIDGE, BOX)
        self.accepted("2 0 square 2", [proof[0], "bound 1 1", proof[2]], RIDGE, BOX)
        self.rejected("2 0 square 2", [proof[0], "bound 0 0"], "not a vector of the hull", RIDGE, BOX)
        self.rejected("2 0 square 2", [*proof[:2], "attained 1 0"], "interior of the region", RIDGE, BOX)
        empty = json.dumps({"box": [[1, -1], [0, 1]]}).encode()
        self.accepted("2 0 empty", ["void c0*1 c1*1"], RIDGE, empty)

    def test_changes_of_one_input(self):
        # p = 0: |x + y| on the box changes by at most 2, from (1, -1) to (1, 1) for example.
        points = ["inside 0 0", "from 1 -1", "to 1 1"]
        self.rejected("0 0 value 3", points, "another amount", RIDGE, BOX)
        self.rejected("0 0 value 2", [*points[:2], "to -1 1"], "more than one input", RIDGE, BOX)
        self.rejected("0 0 value 2", ["inside 2 0"], "not in the region", RIDGE, BOX)
        self.rejected("0 0 value 2", ["inside 0 0", "from 0 0", "to 0 2"], "not in the region", RIDGE, BOX)
        self.rejected("0 0 value 2", points, "", RIDGE, LINE)


if __name__ == "__main__":
    unittest.main()
