"""The two readers of VNN-LIB in scripts/ agree with each other and with plain evaluation, on random formulas.

    python tests/python/test_vnnlib_text.py
"""

import pathlib
import random
import sys
import unittest
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import exact_statement  # noqa: E402
import vnnlib_text  # noqa: E402
from check_certificate import clauses_of, is_true  # noqa: E402

NAMES = ["X_0", "X_1", "Y_0"]
MEANING = {"<=": lambda a, b: a <= b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
           "=": lambda a, b: a == b}


def any_formula(numbers, depth):
    """A formula as text, and a function that says whether it is true at a point."""
    kind = numbers.choice(["and", "or", "not"]) if depth and numbers.random() < 0.8 else "comparison"
    if kind == "comparison":
        head, name, bound = numbers.choice(list(MEANING)), numbers.choice(NAMES), numbers.randint(-1, 1)
        if numbers.random() < 0.15:  # without variables
            return f"({head} {bound} 0)", lambda point: MEANING[head](bound, 0)
        return f"({head} (* 2 {name}) {bound})", lambda point: MEANING[head](2 * point[name], bound)
    parts = [any_formula(numbers, depth - 1) for _ in range(1 if kind == "not" else numbers.randint(1, 3))]
    text = f"({kind} {' '.join(part for part, _ in parts)})"
    values = [value for _, value in parts]
    if kind == "not":
        return text, lambda point: not values[0](point)
    return text, lambda point: (all if kind == "and" else any)(value(point) for value in values)


class VnnlibText(unittest.TestCase):
    def test_random_formulas(self):
        numbers = random.Random(1)
        network = exact_statement.Network(2)
        network.outputs = exact_statement.variables(1)
        declared = "".join(f"(declare-const {name} Real)" for name in NAMES)
        outcomes = set()
        for _ in range(2000):
            formula, value = any_formula(numbers, 3)
            text = f"{declared}(assert {formula})"
            read = exact_statement.read_property(text.encode(), network)
            clauses = clauses_of(read)
            for _ in range(5):
                point = {name: Fraction(numbers.randint(-2, 2), 2) for name in NAMES}
                expected, places = value(point), (list(point.values())[:2], [point["Y_0"]])
                self.assertEqual(is_true(read, *places), expected, formula)
                self.assertEqual(any(all(is_true(atom, *places) for atom in clause) for clause in clauses), expected, formula)
                self.assertEqual(vnnlib_text.holds_at(text, point), expected, formula)
                self.assertEqual(any(all(self.holds(atom, point) for atom in clause) for clause in vnnlib_text.clauses_of(text)),
                                 expected, formula)
                outcomes.add(expected)
        self.assertEqual(outcomes, {True, False})

    @staticmethod
    def holds(atom, point):
        coefficients, constant, strict = atom
        excess = sum((factor * point[name] for name, factor in coefficients.items()), constant)
        return excess < 0 or excess == 0 and not strict


if __name__ == "__main__":
    unittest.main()
