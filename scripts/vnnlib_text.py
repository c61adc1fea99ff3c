"""A tiny reader of VNN-LIB: the text becomes a list of clauses, each a list of exact linear atoms.

An atom is (coefficients, constant, strict) and says sum of coefficients[name] * name + constant <= 0 (or < 0), where names are
"X_0", "Y_1", .... The clauses together (one of them true) are the unsafe set. Needs only the standard library.
"""

import re
from fractions import Fraction

COMPARISONS = {"<=", ">=", "<", ">", "="}


def clauses_of(text):
    """The assertions of a VNN-LIB text, multiplied out."""
    clauses = [[]]
    for expression in _expressions(text):
        if expression[0] == "assert":
            clauses = _product([clauses, _clauses(expression[1])])
    return clauses


def holds_at(text, point):
    """Whether all assertions are true at a point, exactly; `point` has a Fraction for every "X_0", "Y_1", …."""
    assertions = [expression[1] for expression in _expressions(text) if expression[0] == "assert"]
    return all(_is_true(assertion, point) for assertion in assertions)


def _is_true(expression, point):
    head, *parts = expression
    if head == "not" and len(parts) == 1:
        return not _is_true(parts[0], point)
    if head in ("and", "or"):
        return (all if head == "and" else any)(_is_true(part, point) for part in parts)
    if head not in COMPARISONS or len(parts) != 2:
        raise ValueError(f"not understood: {expression}")
    left, right = (sum(factor * point.get(name, 1) for name, factor in _linear(part).items()) for part in parts)
    return {"<=": left <= right, ">=": left >= right, "<": left < right, ">": left > right, "=": left == right}[head]


def declared_names(text):
    """The declared variables, in order."""
    return [expression[1] for expression in _expressions(text) if expression[0] == "declare-const"]


def _expressions(text):
    text = re.sub(r";[^\n]*", "", text)
    stack = [[]]
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(token)
    if len(stack) != 1:
        raise ValueError("unbalanced parentheses")
    return stack[0]


def _clauses(expression, negated=False):
    head, *parts = expression
    if head == "not" and len(parts) == 1:
        return _clauses(parts[0], not negated)
    if head in ("and", "or"):
        parts = [_clauses(part, negated) for part in parts]
        return _product(parts) if (head == "and") != negated else [clause for part in parts for clause in part]
    if head not in COMPARISONS or len(parts) != 2:
        raise ValueError(f"not understood: {expression}")
    left, right = _linear(parts[0]), _linear(parts[1])
    if head == "=":
        atoms = [_atom(left, right, negated), _atom(right, left, negated)]
        return [[atom] for atom in atoms] if negated else [atoms]
    if (head[0] == ">") != negated:
        left, right = right, left
    return [[_atom(left, right, (len(head) == 1) != negated)]]


def _product(factors):
    result = [[]]
    for factor in factors:
        result = [first + second for first in result for second in factor]
    return result


def _atom(left, right, strict):
    """left <= right (or <) as an atom."""
    difference = _added(left, _scaled(right, -1))
    constant = difference.pop(None, Fraction(0))
    return difference, constant, strict


def _linear(expression):
    """A term as a dictionary from names to coefficients; the constant has the name None."""
    if isinstance(expression, str):
        if re.fullmatch(r"[XY]_\d+", expression):
            return {expression: Fraction(1)}
        return {None: Fraction(expression)}
    head, *parts = expression
    terms = [_linear(part) for part in parts]
    if head == "+":
        return _sum(terms)
    if head == "-":
        return _scaled(terms[0], -1) if len(terms) == 1 else _sum([terms[0]] + [_scaled(term, -1) for term in terms[1:]])
    if head == "*":
        return _multiplied(terms)
    raise ValueError(f"not understood: {expression}")


def _multiplied(terms):
    result = {None: Fraction(1)}
    for term in terms:
        if set(term) <= {None}:
            result = _scaled(result, term.get(None, Fraction(0)))
        elif set(result) <= {None}:
            result = _scaled(term, result.get(None, Fraction(0)))
        else:
            raise ValueError("a product of two variables is not linear")
    return result


def _sum(terms):
    result = {}
    for term in terms:
        result = _added(result, term)
    return result


def _added(first, second):
    result = dict(first)
    for name, value in second.items():
        result[name] = result.get(name, Fraction(0)) + value
    return result


def _scaled(term, factor):
    return {name: value * factor for name, value in term.items()}
