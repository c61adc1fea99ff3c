"""How scripts/exact_statement.py reads NNET networks and negations in VNN-LIB.

    python tests/python/test_exact_statement.py
"""

import pathlib
import sys
import unittest
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from check_certificate import clauses_of  # noqa: E402
from exact_statement import Network, Rejection, read_nnet_network, read_property, variables  # noqa: E402

# max(0, x0 - x1) + max(0, x0 / 10 + x1 - 3) + 1/2.
NNET = b"""// a comment
2,2,1,2,
2,2,1,
0,
-1,-1,
1,1,
0,0,0,
1,1,1,
1,-1,
0.1,1e0,
0.0,
-3,
1,1,
.5,
"""
LINES = NNET.split(b"\n")
WEIGHTS = b"\n".join(LINES[8:])


def clauses(formula):
    network = Network(2)
    network.outputs = variables(1)
    names = ("X_0", "X_1", "Y_0")
    text = "".join(f"(declare-const {name} Real)" for name in names) + f"(assert {formula})"
    return clauses_of(read_property(text.encode(), network))


class ExactStatement(unittest.TestCase):
    def test_nnet(self):
        old = NNET.replace(b"0,0,0,", b"0,0,35.1,0,0,").replace(b"1,1,1,", b"1,1,9,1,1,").replace(b"2,2,1,2,", b"2,2,1,1,")
        for text in (NNET, old, b"2\n2,2,1\n0\n0\n0\n0\n0\n" + WEIGHTS, b"2,2,1,2\n2,2,1,1\n0\n0\n0\n0\n0\n" + WEIGHTS,
                     b"// Neurify\n2,2,1,2\n2,2,1\n0,0\n" + WEIGHTS, b"\xef\xbb\xbf" + NNET.replace(b"\n", b"\r\n\r\n // more\r\n")):
            network = read_nnet_network(text)
            for point, value in (((0, 0), "1/2"), ((1, -1), "5/2"), ((10, 12), "21/2"), ((30, 10), "61/2")):
                self.assertEqual(network.values_at([Fraction(x) for x in point]), [Fraction(value)], text)

    def test_nnet_that_means_nothing(self):
        for text in (b"", b"\n".join(LINES[:-2]), NNET + b"0,", NNET.replace(b"1e0,", b"1e0,1,"), NNET.replace(b"1e0", b"nan"),
                     NNET.replace(b"2,2,1,\n", b"2,2,\n"), NNET.replace(b"\n0,\n", b"\n"), NNET.replace(b"\n0,\n", b"\n0,1,\n"),
                     NNET.replace(b".5,", b".5,1,"), NNET.replace(b"2,2,1,\n", b"2,0,1,\n")):
            with self.assertRaises((Rejection, ValueError), msg=text):
                read_nnet_network(text)

    def test_negations(self):
        for formula, positive in (
                ("(not (<= Y_0 1))", "(> Y_0 1)"), ("(not (> Y_0 1))", "(<= Y_0 1)"), ("(not (>= X_0 Y_0))", "(< X_0 Y_0)"),
                ("(not (or (< Y_0 1) (>= X_0 0)))", "(and (>= Y_0 1) (< X_0 0))"), ("(not (not (= Y_0 1)))", "(= Y_0 1)"),
                ("(not (and (< Y_0 1) (not (>= X_0 0))))", "(or (>= Y_0 1) (>= X_0 0))"), ("(not (!= Y_0 1))", "(== Y_0 1)"),
                ("(not (= Y_0 1))", "(or (< Y_0 1) (> Y_0 1))"), ("(distinct Y_0 1)", "(or (< Y_0 1) (> Y_0 1))"),
                ("(=> (>= X_0 0) (<= Y_0 1))", "(or (< X_0 0) (<= Y_0 1))"), ("(not (<= 1 0))", "true"),
                ("(not (=> (>= X_0 0) (<= Y_0 1)))", "(and (>= X_0 0) (> Y_0 1))"), ("(not true)", "false"),
                ("(<= 0 Y_0 1)", "(and (<= 0 Y_0) (<= Y_0 1))"), ("(not (<= 0 Y_0 1))", "(or (< Y_0 0) (< 1 Y_0))")):
            self.assertEqual(clauses(formula), clauses(positive), formula)
        for formula in ("(not)", "(not true false)", "(and)", "(or)", "(=> true)", "(!= 1 2 3)", "(<= 1)", "(xor true false)"):
            with self.assertRaises(Rejection, msg=formula):
                clauses(formula)


if __name__ == "__main__":
    unittest.main()
