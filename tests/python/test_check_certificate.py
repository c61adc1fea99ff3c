"""Small certificates written by hand, right and forged, for scripts/check_certificate.py.

    python tests/python/test_check_certificate.py

The test of ONNX networks is skipped where the package onnx is missing.
"""

import contextlib
import gzip
import hashlib
import io
import json
import pathlib
import re
import sys
import tempfile
import unittest
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_certificate  # noqa: E402


def layer(weights, bias, activation="relu"):
    return {"weights": weights, "bias": bias, "activation": activation}


def network_of(*layers):
    return json.dumps({"layers": list(layers)}).encode()


def property_of(inputs, outputs, *asserted):
    names = [f"X_{j}" for j in range(inputs)] + [f"Y_{j}" for j in range(outputs)]
    lines = [f"(declare-const {name} Real)" for name in names] + [f"(assert {formula})" for formula in asserted]
    return "\n".join(lines).encode()


def square(*asserted, outputs=1):
    """A property on -1 <= x <= 1 in two dimensions."""
    box = [f"({comparison} X_{j} {bound})" for j in (0, 1) for comparison, bound in ((">=", "-1"), ("<=", "1.0"))]
    return property_of(2, outputs, *box, *asserted)


# max(0, x0 - x1) + max(0, x0 + x1), at most 2 on the square.
FOLD = network_of(layer([[1, -1], [1, 1]], [0, 0]), layer([[1, 1]], [0], "linear"))
FOLD_BOUNDS = ["lower 0 -2", "upper 0 1:1", "lower 1 -2", "upper 1 2"]
AT_LEAST_5 = square("(>= Y_0 5)")
TOUCHING = square("(> Y_0 2)")
TOUCHING_PROOF = ["case 0", "split 0", "split 1", "exact 0 a0*1 u0*2", "exact 0 a0*1 u0*1 l1*1", "split 1",
                  "exact 0 a0*1 u0*1 u1*1", "exact 0 a0*1"]
AT_LEAST_2_AND_A_HALF = square("(>= Y_0 2.5)")
CLIP_PROOF = ["case 0", *FOLD_BOUNDS, "clip", "lower 0 -1:-1 -1*1", "lower 1 -1:-1 -1*1", "refute 0 0"]
# A neuron that is never negative on the square, and one that is -2 times another.
SIDE = network_of(layer([[1, 0]], [1]), layer([[1]], [0], "linear"))
LINKED = network_of(layer([[1, 0], [-2, 0]], [0, 0]), layer([[1, 1]], [0], "linear"))
LINKED_PROOF = ["case 0", "lower 0 -1", "upper 0 1", "refute 0 0"]
# Two layers: max(0, 1 - max(0, x0)) is at most 1.
DEEP = network_of(layer([[1, 0]], [0]), layer([[-1]], [1]), layer([["1/1"]], ["0.0"], "linear"))
TWO_CLAUSES = square("(or (and (>= Y_0 5) (>= X_0 0)) (and (>= X_0 0) (<= Y_0 (- 1))) (and (>= X_0 2) (<= Y_0 0)))")
TWO_CLAUSES_PROOF = ["off 2", "case 0 1", "lower 0 -2", "upper 0 2", "lower 1 -2", "upper 1 2", "refute 0 0", "refute 1 0"]
TRIANGLE = property_of(2, 1, "(<= (+ X_0 X_1) 1)", "(<= (- X_0 X_1) 1)", "(<= (* -1 X_0) 0)", "(>= Y_0 5)")
TRIANGLE_PROOF = ["case 0", "reach 0 upper 1 1/2 1/2 0", "reach 1 upper 1 1 0 1", "reach 1 lower -1 0 1 1", "lower 0 -1",
                  "upper 0 1 1*1", "lower 1 -1", "upper 1 1 0*1", "refute 0 0"]

# Everywhere, and beyond 1 in either direction.
EVERYWHERE = property_of(1, 1, "(< Y_0 0)")
MAGNITUDE = network_of(layer([[1], [-1]], [0, 0]), layer([[1, 1]], [0], "linear"))
EVERYWHERE_PROOF = ["case 0", "perspective 1", "split 0", "refute 0 0 0*1", "refute 0 0 0*1", "face 0 lower", "upper 0 -1",
                    "refute 0 0", "face 0 upper", "lower 0 1", "refute 0 0"]
# max(0, x) - max(0, x - 1) is at most 1; at infinity only s > 0 tells it from 2.
STEP = network_of(layer([[1], [1]], [0, -1]), layer([[1, -1]], [0], "linear"))
STEP_PROOF = ["case 0", "perspective 1", "lower 0 0", "upper 1 0", "refute 0 0", "face 0 upper", "lower 0 1", "lower 1 0",
              "exact 0 a0*1 i1*1"]
# Two faces of the line x0 = x1 + 1 have points with s = 0 only.
RAMP = network_of(layer([[1, 1]], ["-1/3"]))
LINE = property_of(2, 1, "(= (- X_0 X_1) 1)", "(< Y_0 0)")
LINE_PROOF = ["case 0", "perspective 1:1", "refute 0 0", "face 0 lower", "nowhere i1*1 l1*1 u0*1 i2*1", "face 0 upper", "refute 0 0",
              "face 1 lower", "refute 0 0", "face 1 upper", "nowhere i1*1 l1*1 u0*1 i2*1"]
STEEP = network_of(layer([["1e60"]], [0]))
TINY = property_of(1, 1, "(>= X_0 0)", "(<= X_0 1e-60)", "(>= Y_0 2)")
TINY_PROOF = ["units inputs -200", "units neurons 1", "units atoms -200 -200 0", "case 0", "lower 0 -1", "upper 0 1:-1",
              "refute 0 0"]


class CheckCertificate(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_files(self, certificate, network, formula, suffix=".json"):
        """(exit code, what is printed) for three files."""
        paths = [self.directory / name for name in ("certificate.txt", "network" + suffix, "property.vnnlib")]
        for path, data in zip(paths, (certificate, network, formula)):
            path.write_bytes(data)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            code = check_certificate.main([str(path) for path in paths])
        return code, output.getvalue().strip()

    def text(self, network, formula, records, statement="holds"):
        hashes = [hashlib.sha256(data).hexdigest() for data in (network, formula)]
        header = ["foldline-certificate 1", f"statement verification {statement}", f"network n {hashes[0]}",
                  f"property p {hashes[1]}", "precision 40"]
        return "\n".join([*header, *records, "end"]) + "\n"

    def accepted(self, network, formula, records, statement="holds"):
        text = self.text(network, formula, records, statement)
        result = self.run_files(text.encode(), network, formula)
        self.assertEqual(result, (0, f"accepted: verification {statement}"))

    def rejected(self, network, formula, records, reason, statement="holds", line=None):
        text = self.text(network, formula, records, statement)
        self.rejected_text(text, network, formula, reason, line)

    def rejected_text(self, text, network, formula, reason, line=None):
        code, output = self.run_files(text.encode(), network, formula)
        self.assertEqual(code, 1, output)
        self.assertRegex(output, f"^rejected: line {line or '[0-9]+'}: .*{reason}")

    def test_bounds_and_refute(self):
        proof = ["case 0", *FOLD_BOUNDS, "refute 0 0"]
        self.accepted(FOLD, AT_LEAST_5, proof)
        self.accepted(FOLD, square("(> Y_0 3)"), proof)
        self.rejected(FOLD, square("(>= Y_0 3)"), proof, "not refuted", line=11)
        self.rejected(FOLD, AT_LEAST_5, ["case 0", "refute 0 0"], "interval of neuron 0 is not known")
        self.rejected(FOLD, AT_LEAST_5, ["case 0", "lower 0 -15:-3"], "bound does not follow", line=7)
        self.rejected(FOLD, AT_LEAST_5, ["case 0", "upper 1 1"], "bound does not follow")
        self.rejected(FOLD, AT_LEAST_5, [*proof[:-1], "refute 0 1"], "out of range")
        self.rejected(FOLD, AT_LEAST_5, [*proof[:-1], "refute 1 0"], "out of range")
        self.rejected(FOLD, AT_LEAST_5, [*proof, "refute 0 0"], "", line=12)

    def test_slope_follows_the_interval(self):
        # With slope 0 the output is at least 0, with slope 1 at least 2 * x0.
        formula = property_of(2, 1, "(>= X_0 0.25)", "(<= X_0 1)", "(>= X_1 -1)", "(<= X_1 1)", "(<= Y_0 0.25)")
        bounds = ["lower 0 -3:-2", "upper 0 2", "lower 1 -3:-2", "upper 1 2"]
        self.accepted(FOLD, formula, ["case 0", *bounds, "refute 0 0"])
        self.accepted(FOLD, formula, ["case 0", "bounds", "refute 0 0"])
        flat = ["lower 0 -2", "upper 0 2", "lower 1 -2", "upper 1 2"]
        self.rejected(FOLD, formula, ["case 0", *flat, "refute 0 0"], "not refuted")

    def test_bounds_of_all_neurons(self):
        self.accepted(FOLD, AT_LEAST_5, ["case 0", "bounds", "refute 0 0"])
        self.accepted(FOLD, AT_LEAST_5, ["case 0", "bounds 0>=-3 1<=5:-1", "refute 0 0"])
        self.rejected(FOLD, AT_LEAST_5, ["case 0", "bounds 0>=-1", "refute 0 0"], "bound does not follow", line=7)
        for told in ("1<=2 0>=-2", "0>=-2 0>=-2", "2>=0", "00>=-2", "0=-2", "0>"):
            self.rejected(FOLD, AT_LEAST_5, ["case 0", f"bounds {told}", "refute 0 0"], "not asked for", line=7)
        self.rejected(FOLD, AT_LEAST_5, ["case 0", "bounds 0>=", "refute 0 0"], "not an integer")
        # A linked neuron has no bounds of its own, and bounds are rounded to seven bits.
        self.accepted(LINKED, square("(>= Y_0 5)"), ["case 0", "bounds", "refute 0 0"])
        self.rejected(LINKED, square("(>= Y_0 5)"), ["case 0", "bounds 1>=-2", "refute 0 0"], "not asked for")
        for value, rounded in (("0", "0"), ("127", "127"), ("255", "254"), ("-255", "-256"), ("1/3", "85/256"), ("-1/3", "-86/256"), ("64/127", "64/127")):
            expected = Fraction(rounded) if value != "64/127" else Fraction(64, 128)
            self.assertEqual(check_certificate.seven_bits(Fraction(value)), expected)

    def test_bases(self):
        # By the row the second pre-activation is at most 1 and the output at most 8/3.
        formula = square("(<= (+ X_0 X_1) 1)", "(>= Y_0 2.7)")
        self.accepted(FOLD, formula, ["case 0", "bases 0/0", "bounds", "refute 0 0"])
        self.accepted(FOLD, formula, ["case 0", "bases 0/1 -1/0 0,0/0,1", "bounds", "clip", "refute 0 0"])
        self.rejected(FOLD, formula, ["case 0", "bounds", "refute 0 0"], "not refuted")
        self.rejected(FOLD, formula, ["case 0", "bases -1/0 0,0/0,1", "bounds", "refute 0 0"], "not refuted")
        self.accepted(FOLD, formula, ["case 0", "bounds 0<=2 1<=1,0*1", "refute 0 0"])
        self.rejected(FOLD, formula, ["case 0", "bounds 1<=1,0*1:-1", "refute 0 0"], "bound does not follow")
        for bad, reason in (("0", "not an integer"), ("0/2", "out of range"), ("0,0/0", "as many"), ("1/0", "not there")):
            self.rejected(FOLD, formula, ["case 0", f"bases {bad}"], reason, line=7)

    def test_halve(self):
        proof = ["case 0", *FOLD_BOUNDS, "halve 0 1:-1", "refute 0 0", "refute 0 0"]
        self.accepted(FOLD, AT_LEAST_5, proof)
        self.rejected(FOLD, AT_LEAST_5, proof[:-1], "unknown record: end")
        for value in ("1", "-1", "7"):
            changed = [f"halve 0 {value}" if record.startswith("halve") else record for record in proof]
            self.rejected(FOLD, AT_LEAST_5, changed, "not inside the box")
        self.accepted(FOLD, square("(>= Y_0 2.75)"), ["case 0", "halve 0 0", *["upper 0 1", "upper 1 1", "lower 0 -2", "lower 1 -2"],
                      "refute 0 0", *["lower 0 -1", "lower 1 -1", "upper 0 2", "upper 1 2"], "refute 0 0"])

    def test_split_and_exact(self):
        self.accepted(FOLD, TOUCHING, TOUCHING_PROOF)
        self.rejected(FOLD, square("(>= Y_0 2)"), TOUCHING_PROOF, "no contradiction")
        for dropped in range(len(TOUCHING_PROOF)):
            self.rejected(FOLD, TOUCHING, TOUCHING_PROOF[:dropped] + TOUCHING_PROOF[dropped + 1:], "")
        changes = {"exact 0 a0*1 u0*2": ["exact 0 a0*1 u0*1", "exact 0 a0*1 u0*-2", "exact 0 a0*1 u0*2 l0*0", "exact 0 a0*1 u0*1 u0*1",
                                        "exact 0 a0*1 u0*2:0", "exact 0 a0*nan u0*2", "exact 0 a0*1 u0", "exact 0 z*1 a0*1 u0*2",
                                        "exact 0 a1*1 u0*2", "exact 0", "exact 0 a00*1 u0*2", "exact 0 *1"],
                   "exact 0 a0*1 u0*1 l1*1": ["exact 0 a0*1 u0*1 u1*1", "exact 0 a0*1 u0*2"]}
        for record, others in changes.items():
            for other in others:
                self.rejected(FOLD, TOUCHING, [other if given == record else given for given in TOUCHING_PROOF], "")
        self.rejected(FOLD, TOUCHING, ["case 0", "split 0", "split 0"], "has a sign")
        self.rejected(FOLD, TOUCHING, ["case 0", "split 0", "exact 0 a0*1 u0*2"], "a neuron has no sign", line=8)
        self.rejected(FOLD, TOUCHING, ["case 0", "split 0", "side 1 + z*1 n1*1"], "neuron 1 has no sign")
        self.rejected(DEEP, square("(> Y_0 1)"), ["case 0", "split 1"], "earlier layer has no sign")

    def test_rows_of_splits(self):
        # Where x0 - x1 <= 0 and x1 <= x0 - 1 there is nothing; row 1 comes from the region, row 0 too, row 2 from the split.
        formula = square("(<= X_1 (- X_0 1))", "(<= X_1 X_0)", "(>= Y_0 3.5)")
        self.accepted(FOLD, formula, ["case 0", "split 0", "upper 1 2", "lower 1 -2", "refute 0 0", "empty 0*1 2*1"])
        self.rejected(FOLD, formula, ["case 0", "split 0", "empty 0*1 2*1"], "not empty")
        self.rejected(FOLD, formula, ["case 0", "split 0", "upper 1 2", "lower 1 -2", "refute 0 0", "empty 1*1 2*1"], "not empty")
        self.rejected(FOLD, formula, ["case 0", "split 0", "upper 1 2", "lower 1 -2", "refute 0 0", "empty 3*1"], "no such row")

    def test_clip(self):
        self.accepted(FOLD, AT_LEAST_2_AND_A_HALF, CLIP_PROOF)
        without = [record for record in CLIP_PROOF if record != "clip"]
        self.rejected(FOLD, AT_LEAST_2_AND_A_HALF, without, "no such row")
        for factor in ("-1", "1/1", "1:1101", "9223372036854775808", "0.5", "1:-1", "nan", "", "+1", "inf"):
            changed = [record.replace("-1*1", f"-1*{factor}") for record in CLIP_PROOF]
            self.rejected(FOLD, AT_LEAST_2_AND_A_HALF, changed, "")
        self.rejected(FOLD, AT_LEAST_2_AND_A_HALF, [record.replace("-1*1", "-2*1") for record in CLIP_PROOF], "no such row")
        proof = [*TWO_CLAUSES_PROOF[:6], "clip"]
        self.rejected(FOLD, TWO_CLAUSES, proof, "more than one clause")
        self.accepted(FOLD, TWO_CLAUSES, [*TWO_CLAUSES_PROOF[:7], "clip", "refute 1 0"])

    def test_side(self):
        formula = square("(< Y_0 0)")
        self.accepted(SIDE, formula, ["case 0", "side 0 + z*1 l0*1", "refute 0 0"])
        self.accepted(SIDE, formula, ["case 0", "side 0 + z*1 i0*1", "exact 0 a0*1 n0*1"])
        self.rejected(SIDE, formula, ["case 0", "side 0 - z*1 l0*1", "refute 0 0"], "do not cancel")
        self.rejected(SIDE, formula, ["case 0", "side 0 - z*1 u0*1", "refute 0 0"], "no contradiction")
        self.rejected(SIDE, formula, ["case 0", "side 0 ? z*1 l0*1"], "a sign was expected")
        self.rejected(SIDE, formula, ["case 0", "side 0 + z*1 a0*1"], "no such constraint")
        self.rejected(SIDE, formula, ["case 0", "side 0 +"], "no contradiction")
        inside = property_of(2, 1, "(> X_0 0)", "(<= X_0 1)", "(<= X_1 1)", "(>= X_1 0)", "(> Y_0 2)")
        self.accepted(FOLD, inside, ["case 0", "side 1 + z*1 l0*1 l1*1", "split 0", "exact 0 a0*1 u0*2", "exact 0 a0*1 u0*1 u1*1"])
        # A strict bound of an input makes the sum strict.
        closed = network_of(layer([[-1, 0]], [0]), layer([[1]], [0], "linear"))
        self.accepted(closed, inside, ["case 0", "side 0 - z*1 i0*1", "exact 0 a0*1"])

    def test_linked_neurons(self):
        formula = square("(>= Y_0 3)")
        self.accepted(LINKED, formula, LINKED_PROOF)
        self.rejected(LINKED, formula, ["case 0", "split 1"], "linked")
        self.rejected(LINKED, formula, ["case 0", "lower 1 -2"], "linked")
        touching = square("(> Y_0 2)")
        proof = ["case 0", "split 0", "exact 0 a0*1 u0*1", "exact 0 a0*1 l0*2"]
        self.accepted(LINKED, touching, proof)
        triple = LINKED.replace(b"-2", b"-3")
        self.rejected(triple, formula, LINKED_PROOF, "neuron 1 is not known")

    def test_two_layers(self):
        formula = square("(> Y_0 1)")
        bounds = ["lower 0 -1", "upper 0 1", "upper 1 1"]
        self.accepted(DEEP, formula, ["case 0", *bounds, "lower 1 0", "refute 0 0"])
        self.rejected(DEEP, formula, ["case 0", "upper 1 1", "lower 1 0"], "not known")
        self.accepted(DEEP, formula, ["case 0", "split 0", "split 1", "exact 0 a0*1 n0*1", "exact 0 a0*1", "split 1",
                                      "exact 0 a0*1", "exact 0 a0*1"])
        self.rejected(DEEP, formula, ["case 0", *bounds[:2], "lower 1 1:-1"], "does not follow")

    def test_bounds_that_cross_close_the_node(self):
        rows = square("(>= Y_0 1)", "(<= (+ X_0 X_1) -3)")
        self.accepted(FOLD, rows, ["case 0", "empty 0*1"])
        self.accepted(FOLD, rows, ["case 0", "lower 0 -1 0*1", "upper 0 -2 0*5"])
        self.rejected(FOLD, rows, ["case 0", "empty"], "not empty")
        self.rejected(FOLD, rows, ["case 0", "empty 0*1:-1 0*-1"], "negative")

    def test_cases_and_off(self):
        self.accepted(FOLD, TWO_CLAUSES, TWO_CLAUSES_PROOF)
        self.rejected(FOLD, TWO_CLAUSES, TWO_CLAUSES_PROOF[1:], "clause is missing")
        self.rejected(FOLD, TWO_CLAUSES, [], "clause is missing", line=6)
        self.rejected(FOLD, TWO_CLAUSES, ["off 0"], "does not contradict itself")
        self.rejected(FOLD, TWO_CLAUSES, ["case 0 2"], "differ in their atoms")
        self.rejected(FOLD, TWO_CLAUSES, ["case 3"], "out of range")
        self.rejected(FOLD, TWO_CLAUSES, ["case"], "unknown record")
        self.rejected(FOLD, TWO_CLAUSES, [record for record in TWO_CLAUSES_PROOF if record != "refute 1 0"], "unknown record: end")
        self.accepted(FOLD, square("(> X_0 1)"), ["off 0"])
        self.rejected(FOLD, square("(>= X_0 1)"), ["off 0"], "does not contradict itself")

    def test_comparisons_without_variables(self):
        # They are truth values, and have no part in the clauses.
        proof = ["case 0", *FOLD_BOUNDS, "refute 0 0"]
        for formula in ("(or (<= 1 0) (>= Y_0 5))", "(or (>= Y_0 5) (< X_0 X_0))", "(and (<= 0 1) (>= Y_0 5))",
                        "(or (and (<= 1 0) (>= Y_0 0)) (>= Y_0 5) false)", "(and true (or (>= Y_0 5) (= 1 2)))"):
            self.accepted(FOLD, square(formula), proof)
        for formula in ("(< 1 1)", "false", "(and (>= Y_0 0) (<= 1 0))", "(or (<= 1 0) (!= 1 1))"):
            self.accepted(FOLD, square(formula), [])
            self.rejected(FOLD, square(formula), ["off 0"], "out of range")
        outside = "(and (or (<= X_0 X_0) (>= Y_0 5)) (> X_0 1))"
        self.accepted(FOLD, square(outside), ["off 0"])
        self.rejected(FOLD, square(outside), ["off 0", "off 1"], "out of range")

    def test_joint(self):
        two = network_of(layer([[1, 0]], [0]), layer([[1], [-1]], [0, 0], "linear"))
        formula = square("(>= Y_0 1)", "(>= Y_1 -0.5)", outputs=2)
        start = ["case 0", "lower 0 -1", "upper 0 1", "split 0"]
        self.accepted(two, formula, [*start, "joint 0 1 1", "joint 0 1:-3 0"])
        self.rejected(two, formula, [*start, "joint 0 1 0", "joint 0 1 0"], "not refuted")
        self.rejected(two, formula, [*start, "joint 0 1 -1", "joint 0 1 0"], "negative")
        self.rejected(two, formula, [*start, "joint 0 1"], "factor is missing")
        touching = square("(>= Y_0 0.5)", "(> Y_1 -0.5)", outputs=2)
        self.accepted(two, touching, [*start, "joint 0 1 1", "joint 0 1 0"])
        self.rejected(two, touching.replace(b"(> Y_1", b"(>= Y_1"), [*start, "joint 0 1 1"], "not refuted")

    def test_reach(self):
        self.accepted(FOLD, TRIANGLE, TRIANGLE_PROOF)
        for place, record in ((1, "reach 0 upper 1/2 1/2 1/2 0"), (1, "reach 0 upper 1 1/2 2/4 0"), (1, "reach 0 upper 1 1/2 1/2"),
                              (2, "reach 1 upper 1 1 0 -1"), (2, "reach 1 upper 1 1 1 1"), (3, "reach 1 lower -1/2 0 1 1"),
                              (3, "reach 1 upper -1 0 1 1"), (4, "reach 0 lower -1 0 0 1"), (1, "reach 2 upper 1 1/2 1/2 0")):
            self.rejected(FOLD, TRIANGLE, [*TRIANGLE_PROOF[:place], record, *TRIANGLE_PROOF[place + 1:]], "")
        self.rejected(FOLD, TRIANGLE, [TRIANGLE_PROOF[0], *TRIANGLE_PROOF[2:]], "no bound")

    def replaced(self, records, place, *others):
        return [*records[:place], *others, *records[place + 1:]]

    def test_unbounded(self):
        self.accepted(MAGNITUDE, EVERYWHERE, EVERYWHERE_PROOF)
        for place, record, reason in ((1, "perspective 0", "wrong radius"), (1, "perspective -1", "wrong radius"),
                                      (1, "perspective", "wrong radius"), (1, "perspective 1/2", "not an integer"),
                                      (1, "perspective 1:-1", "does not follow"), (5, "face 0 upper", "another face"),
                                      (5, "face 1 lower", "another face"), (5, "face 0 lower 0", "another face"),
                                      (6, "upper 2 1", "has a sign"), (6, "upper 3 1", "out of range"), (2, "split 2", "out of range")):
            self.rejected(MAGNITUDE, EVERYWHERE, self.replaced(EVERYWHERE_PROOF, place, record), reason)
        self.rejected(MAGNITUDE, EVERYWHERE, self.replaced(EVERYWHERE_PROOF, 1), "no bound")
        self.rejected(MAGNITUDE, EVERYWHERE, EVERYWHERE_PROOF[:5] + EVERYWHERE_PROOF[8:], "another face", line=11)
        self.rejected(MAGNITUDE, EVERYWHERE, EVERYWHERE_PROOF[:8], "another face", line=14)
        self.rejected(FOLD, AT_LEAST_5, ["case 0", "perspective 1"], "without need")

    def test_touching_at_infinity(self):
        far, near, beyond = (property_of(1, 1, "(>= X_0 0)", f"({bound})") for bound in (">= Y_0 2", ">= Y_0 1", "> Y_0 1"))
        self.accepted(STEP, far, STEP_PROOF)
        for record, reason in (("refute 0 0", "not refuted"), ("exact 0 a0*1 l1*1", "no contradiction"),
                               ("exact 0 a0*1", "do not cancel"), ("exact 0 a0*1 i2*1", "out of range")):
            self.rejected(STEP, far, self.replaced(STEP_PROOF, 8, record), reason)
        self.rejected(STEP, far, self.replaced(STEP_PROOF, 4, "nowhere i1*1"), "out of range")
        self.rejected(STEP, near, STEP_PROOF, "not refuted")
        proof = self.replaced(self.replaced(STEP_PROOF, 4, "exact 0 a0*1 u0*1"), 8, "exact 0 a0*1")
        self.accepted(STEP, beyond, proof)
        self.rejected(STEP, near, proof, "no contradiction", line=10)

    def test_empty_faces(self):
        self.accepted(RAMP, LINE, LINE_PROOF)
        for record, reason in (("nowhere i1*1 l1*1 u0*1", "do not cancel"), ("nowhere", "no contradiction"),
                               ("nowhere i1*1 l1*1 u0*1 l2*1", "no contradiction"), ("nowhere a0*1", "no such constraint")):
            self.rejected(RAMP, LINE, self.replaced(LINE_PROOF, 4, record), reason)
        self.rejected(RAMP, LINE, self.replaced(LINE_PROOF, 6, LINE_PROOF[4]), "no contradiction")

    def test_units(self):
        self.accepted(STEEP, TINY, TINY_PROOF)
        self.accepted(STEEP, TINY, self.replaced(TINY_PROOF, 0, "units inputs 3"))
        self.rejected(STEEP, TINY, self.replaced(TINY_PROOF, 1, "units neurons 0"), "does not follow")
        self.rejected(STEEP, TINY, self.replaced(TINY_PROOF, 5, "upper 0 1:-2"), "does not follow")
        for place, record in ((0, "units inputs"), (0, "units inputs 0 0"), (0, "units inputs 10001"), (0, "units inputs 1:1"),
                              (0, "units inputs nan"), (0, "units atoms 0"), (2, "units atoms 0 0"), (2, "case 0")):
            self.rejected(STEEP, TINY, self.replaced(TINY_PROOF, place, record), "", line=6 + place)
        self.rejected(STEEP, TINY, TINY_PROOF + TINY_PROOF[:1], "not an integer", line=13)
        bounds = ["lower 0 -1:-3", "upper 0 1:-3"]
        units = ["units inputs 1", "units neurons 3 -2", "units atoms 0 -1 1", "case 0"]
        formula = property_of(1, 1, "(>= X_0 -1)", "(<= X_0 1)", "(>= Y_0 1.5)")
        self.accepted(MAGNITUDE, formula, [*units, *bounds, "refute 0 0"])
        self.rejected(MAGNITUDE, formula, [*units, "lower 1 -4"], "linked")

    def test_violated(self):
        formula = square("(>= Y_0 2)", "(< X_1 1/2)".replace("1/2", "0.5"))
        self.accepted(FOLD, formula, ["witness 1 1/3"], "violated")
        self.rejected(FOLD, formula, ["witness 1 1/2"], "not true", "violated", line=6)
        self.rejected(FOLD, formula, ["witness 1 2/6"], "lowest terms", "violated")
        self.rejected(FOLD, formula, ["witness 1 1/3 0"], "a witness was expected", "violated")
        self.rejected(FOLD, formula, ["witness 1 1/3", "witness 1 1/3"], "end was expected", "violated")
        self.rejected(FOLD, formula, ["witness 1 1/3"], "unknown record|not an integer|out of range", "holds")
        self.rejected(FOLD, TOUCHING, TOUCHING_PROOF, "a witness was expected", "violated")

    def test_forged_frames(self):
        text = self.text(FOLD, TOUCHING, TOUCHING_PROOF)
        hashes = [hashlib.sha256(data).hexdigest() for data in (FOLD, TOUCHING)]
        for forged, line in ((text.replace(hashes[0], hashes[1]), 3), (text.replace(hashes[1], hashes[0]), 4),
                             (text.replace(hashes[0], hashes[0].upper()), 3), (text.replace("precision 40", "precision 53"), 5),
                             (text.replace("precision 40\n", ""), 5), (text.replace("certificate 1", "certificate 2"), 1),
                             (text.replace("holds", "holds "), 2), (text.replace("holds", "unknown"), 2), (text + "\n", 14),
                             (text + "off 0\n", 14), (text.replace("\n", "\r\n"), 1), (text.replace("split 1", "split  1"), 8),
                             (text.replace("split 1", "split 1 "), 8), (text.replace("split 1", "split 01"), 8),
                             (text.replace("split 1", "split \u0661"), 8), (text.replace("split 1", "split 1 1"), 8),
                             (text.replace("split 1", "split"), 8), (text.replace("split 1", "guess 1"), 8),
                             (text.replace("split 1", "__class__ 1"), 8), ("", 1)):
            self.rejected_text(forged, FOLD, TOUCHING, "", line)
        lines = text.splitlines(keepends=True)
        for count in range(len(lines)):
            self.rejected_text("".join(lines[:count]), FOLD, TOUCHING, "")
        self.rejected_text(text, FOLD.replace(b"[0]", b"[0.0]"), TOUCHING, "another network", 3)
        self.rejected_text(text, FOLD, TOUCHING.replace(b"1.0", b"0.9"), "another property", 4)

    def test_wrong_files(self):
        text = self.text(FOLD, TOUCHING, TOUCHING_PROOF).encode()
        for network in (b"", b"{}", FOLD.replace(b"relu", b"tanh"), FOLD.replace(b"-1", b"NaN"), FOLD.replace(b"-1", b"true"),
                        FOLD.replace(b"[0]", b"[0, 0]"), FOLD.replace(b"-1", b"1e99999"), FOLD.replace(b"-1", b'"1/0"')):
            self.assertEqual(self.run_files(text, network, TOUCHING)[0], 4)
        for formula in (b"(assert", b"(check-sat)", b"(assert (<= X_0 1))", square("(<= (* X_0 X_0) 1)"), square("(not)"), square("(or)"), square("(distinct 1 2 3)"),
                        square("(<= X_0)"), square("(<= X_9 1)"), square("(<= (abs X_0) 1)"), square("(<= X_0 1") + b"))))"):
            self.assertEqual(self.run_files(text, FOLD, formula)[0], 4, formula)
        self.assertEqual(self.run_files(text, FOLD, TOUCHING, ".nnet")[0], 4)
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(check_certificate.main(["a"]), 2)
            self.assertEqual(check_certificate.main([str(self.directory / name) for name in "abc"]), 4)

    def test_gzip(self):
        text = self.text(FOLD, TOUCHING, TOUCHING_PROOF).encode()
        packed = [gzip.compress(data) for data in (text, FOLD, TOUCHING)]
        self.assertEqual(self.run_files(*packed, suffix=".json.gz")[0], 0)
        self.assertEqual(self.run_files(packed[0][:-9], *packed[1:], suffix=".json.gz")[0], 4)

    def test_order_of_clauses(self):
        formula = square("(or (<= Y_0 1) (<= Y_0 2))", "(or (= Y_0 3) (<= Y_0 4))", "(<= Y_0 4)")
        network = check_certificate.read_json_network(FOLD)
        clauses = check_certificate.clauses_of(check_certificate.read_property(formula, network))
        bounds = [[(atom.outputs[0], -atom.inputs.constant()) for atom in clause[4:]] for clause in clauses]
        self.assertEqual(bounds, [[(1, first), *rest, *([] if (1, 4) in rest else [(1, 4)])] for first in (1, 2)
                                  for rest in ([(1, 3), (-1, -3)], [(1, 4)])])

    def test_onnx(self):
        try:
            import numpy
            from onnx import TensorProto, helper, numpy_helper
        except ImportError:
            self.skipTest("the package onnx is missing")
        rows = numpy.array([[1, -1], [1, 1]], dtype=numpy.float32)
        constants = {"W": rows, "two": numpy.float32([2]), "shape": numpy.array([0, -1]), "axes": numpy.array([0]),
                     "V": numpy.float32([[2], [2]]), "B": numpy.float32([[0]]), "L": numpy.float32([[4]])}
        nodes = [("Flatten", "x", "a", {}), ("Reshape", "a shape", "b", {}), ("Gemm", "b W", "c", {"transB": 1, "alpha": 0.5}),
                 ("Mul", "two c", "d", {}), ("Relu", "d", "e", {}), ("Div", "e two", "f", {}), ("Sub", "two f", "g", {}),
                 ("Sub", "two g", "h", {}), ("Identity", "V", "W2", {}), ("MatMul", "h W2", "i", {}), ("Add", "B i", "j", {}),
                 ("Unsqueeze", "j axes", "k", {}), ("Squeeze", "k axes", "l", {}), ("MatMul", "L l", "m", {})]

        def model(nodes):
            graph = helper.make_graph(
                [helper.make_node(kind, inputs.split(), [output], **attributes) for kind, inputs, output, attributes in nodes], "g",
                [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2, 1])],
                [helper.make_tensor_value_info(nodes[-1][2], TensorProto.FLOAT, None)],
                [numpy_helper.from_array(value, name) for name, value in constants.items()])
            return helper.make_model(graph).SerializeToString()

        network = check_certificate.read_onnx_network(model(nodes))
        fold = check_certificate.read_json_network(FOLD)
        self.assertEqual((network.neurons, network.links), (fold.neurons, fold.links))
        for point in ((0, 0), (3, 1), (-2, 5), (Fraction(1, 3), Fraction(-7, 5))):
            self.assertEqual(network.values_at(point), [4 * value for value in fold.values_at(point)])
        data, formula = model(nodes), square("(> Y_0 8)")
        proof = [re.sub(r"([lu][01])\*([12])", lambda term: f"{term[1]}*{4 * int(term[2])}", record) for record in TOUCHING_PROOF]
        result = self.run_files(self.text(data, formula, proof).encode(), data, formula, ".onnx")
        self.assertEqual(result, (0, "accepted: verification holds"))
        for wrong in (("Sigmoid", "m", "n", {}), ("Mul", "m m", "n", {}), ("MatMul", "m m", "n", {}), ("Div", "two m", "n", {})):
            self.assertEqual(self.run_files(b"", model([*nodes, wrong]), formula, ".onnx")[0], 4)


if __name__ == "__main__":
    unittest.main()
