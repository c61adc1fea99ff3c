"""Small certificates of cell counts written by hand, right and forged, for scripts/check_certificate.py.

    python tests/python/test_check_cells.py

With the environment variable FOLDLINE, the program also writes some for random networks, which must be accepted.
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_certificate  # noqa: E402


def network_of(*layers):
    names = ("weights", "bias", "activation")
    return json.dumps({"layers": [dict(zip(names, layer)) for layer in layers]}).encode()


# relu(x), relu(x - y), then relu of their difference minus 1: with both on y - 1, with the first alone x - 1.
NETWORK = network_of(([[1, 0], [1, -1]], [0, 0], "relu"), ([[1, -1]], [-1], "relu"))
PROOF = ["split 0", "split 1", "split 2", "cell 3 2", "cell 3 1/2", "split 2", "cell 2 3", "cell 1/2 3",
         "split 1", "basis n1", "cell -1 -2", "cell -1 1"]
# A neuron, its double, its opposite shifted (x > 0, 2 x > 0, 1 - x > 0), one that is 0 and one that is 5.
PARALLEL = network_of(([[1], [2], [-1], [0], [0]], [0, 0, 1, 0, 5], "relu"))
BOX = json.dumps({"box": [[1, None], [None, 1]]}).encode()


def run(certificate, network, region=None):
    """(exit code, what is printed) of the checker on these files."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in [("proof", certificate), ("network.json", network), ("region.json", region)]:
            if data is not None:
                paths.append(str(pathlib.Path(folder) / name))
                pathlib.Path(paths[-1]).write_bytes(data)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            code = check_certificate.main(paths)
        return code, output.getvalue().strip()


class CheckCells(unittest.TestCase):
    def run_records(self, claim, records, network, region):
        header = ["foldline-certificate 1", f"statement regions {claim}"]
        for word, data in (("network", network), ("region", region)):
            if data is not None:
                header.append(f"{word} {word}.json {hashlib.sha256(data).hexdigest()}")
        return run(("\n".join([*header, *records, "end"]) + "\n").encode(), network, region)

    def accepted(self, claim, records, network=NETWORK, region=None):
        self.assertEqual(self.run_records(claim, records, network, region), (0, f"accepted: regions {claim}"))

    def rejected(self, claim, records, reason, network=NETWORK, region=None):
        code, output = self.run_records(claim, records, network, region)
        self.assertEqual(code, 1, output)
        self.assertIn(reason, output)

    def bent(self, position, record, reason):
        self.rejected("cells 6", [*PROOF[:position], record, *PROOF[position + 1:]], reason)

    def test_a_tree(self):
        self.accepted("cells 6", PROOF)
        self.rejected("cells 5", PROOF, "the tree has 6 cells")
        self.rejected("cells 7", PROOF, "the tree has 6 cells")
        self.rejected("cells six", PROOF, "not an integer")
        self.rejected("linear 6", PROOF, "unknown statement")

    def test_bent_records(self):
        self.bent(2, "split 1", "neuron 1 is none of this layer's")
        self.bent(1, "split 2", "neuron 2 is none of this layer's")
        self.bent(2, "split 3", "out of range")
        self.bent(2, "cell 3 2", "not every neuron has a sign")
        self.bent(3, "cell 3 1", "not inside of n2")
        self.bent(3, "cell 3 4", "not inside of n1")
        self.bent(3, "cell -3 -4", "not inside of n0")
        self.bent(3, "cell 3", "a number for each input")
        self.bent(3, "cell 3 2/1", "not in lowest terms")
        self.bent(9, "basis n0", "not every neuron has a sign")
        self.bent(9, "basis n1 n1", "depend on each other")
        self.bent(9, "basis n2", "not known here")
        self.bent(9, "basis r0", "not known here")
        self.bent(9, "split 2", "not inside of n2")
        self.bent(11, "split 2", "none of this layer's")
        self.bent(10, "on 2 1", "was not expected")
        self.rejected("cells 6", PROOF[:-1], "was not expected")
        self.rejected("cells 6", [*PROOF, "cell -1 1"], "the end was expected")

    def test_neurons_without_splits(self):
        # Where x < 0, 1 - x is positive; the opposite does not follow from x > 0.
        proof = ["split 0", "basis n0", "split 2", "cell 1/2", "cell 2", "basis n0", "cell -1"]
        self.accepted("cells 3", proof, PARALLEL)
        self.rejected("cells 3", [*proof[:2], "cell 1/2"], "not every neuron has a sign", PARALLEL)
        self.rejected("cells 3", ["split 3"], "none of this layer's", PARALLEL)
        self.rejected("cells 3", ["split 4"], "none of this layer's", PARALLEL)
        # Twice the same hyperplane: the second is forced as soon as a basis says so, and stays without a sign if none does.
        self.rejected("cells 3", ["split 0", "split 2", "cell 1/2"], "not every neuron has a sign", PARALLEL)

    def test_regions(self):
        self.accepted("cells 1", ["basis r0 r1", "cell 2 0"], region=BOX)
        self.rejected("cells 1", ["basis r0 r1", "cell 1 0"], "not inside of r0", region=BOX)
        self.rejected("cells 1", ["basis r0 r1", "cell 2 1"], "not inside of r1", region=BOX)
        self.rejected("cells 1", ["basis r0 r2", "cell 2 0"], "not known here", region=BOX)
        flat = json.dumps({"box": [[1, 1], [0, 1]]}).encode()
        self.rejected("cells 1", ["basis r0 r3", "cell 1 1/2"], "not inside of r0", region=flat)

    def test_networks_without_neurons(self):
        line = network_of(([[1, 1]], [0], "linear"))
        self.accepted("cells 1", ["cell 0 0"], line)
        self.rejected("cells 1", ["split 0"], "out of range", line)

    @unittest.skipUnless("FOLDLINE" in os.environ, "FOLDLINE names no program")
    def test_written_certificates(self):
        chance = random.Random(4)
        for case in range(30):
            # Half of the networks have weights so small that neurons are repeated, parallel, concurrent or dead.
            widths, most = [chance.randint(1, 3), *(chance.randint(1, 4) for _ in range(chance.randint(1, 2))), 1], 1 + case % 2 * 50
            layers = [([[chance.randint(-most, most) for _ in range(before)] for _ in range(after)],
                       [chance.randint(-most, most) for _ in range(after)],
                       "relu" if index + 2 < len(widths) else "linear")
                      for index, (before, after) in enumerate(zip(widths, widths[1:]))]
            network = network_of(*layers)
            kind = case % 3
            box = [[-2, 2] if kind == 1 else chance.choice([[-1, None], [None, 1], [None, None]]) for _ in range(widths[0])]
            region = json.dumps({"box": box}).encode() if kind else None
            with tempfile.TemporaryDirectory() as folder:
                for name, data in (("network.json", network), ("region.json", region)):
                    if data is not None:
                        (pathlib.Path(folder) / name).write_bytes(data)
                command = [os.environ["FOLDLINE"], "regions", "network.json", "--count", "cells", "--certificate", "proof"]
                command += ["--over", "region.json"] if region else []
                subprocess.run(command, cwd=folder, check=True, capture_output=True)
                proof = (pathlib.Path(folder) / "proof").read_bytes()
            code, output = run(proof, network, region)
            self.assertEqual(code, 0, (output, network, region))
            # The number of cells is part of what is proved.
            claim = next(line for line in proof.split(b"\n") if line.startswith(b"statement"))
            code, output = run(proof.replace(claim, claim + b"0"), network, region)
            self.assertIn("the tree has", output)


if __name__ == "__main__":
    unittest.main()
