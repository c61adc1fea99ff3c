"""Test cases for `foldline verify` as data: exact numbers as text, VNN-LIB properties, and the checks every case must pass.

A case is written only after its truth was established: the witness of a `violated` case is evaluated exactly, and the verdict is
compared with oracle.py unless that ran out of cells. Needs only the standard library.
"""

import gzip
import json
from fractions import Fraction

import oracle


def number_text(value):
    """An exact numeral: an integer, a terminating decimal of moderate length, or p/q."""
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator)
    decimal = decimal_text(value)
    return decimal if decimal is not None and len(decimal) <= 60 else f"{value.numerator}/{value.denominator}"


def decimal_text(value):
    """The terminating decimal of a fraction, or None."""
    digits, rest = 0, value.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        digits = max(digits, power)
    if rest != 1:
        return None
    scaled = str(abs(value.numerator) * 10 ** digits // value.denominator).rjust(digits + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{scaled[:-digits]}.{scaled[-digits:]}" if digits else sign + scaled


def json_number(value):
    """A JSON number where its text is exactly the value (integers of moderate size, short decimals), else an exact string."""
    value = Fraction(value)
    if value.denominator == 1 and abs(value) < 2 ** 53:
        return int(value)
    if 10 ** -300 < abs(value) < 10 ** 300 and Fraction(repr(float(value))) == value:
        return float(value)
    return number_text(value)


def json_network(network, last="linear"):
    """The JSON network object of a list of layers."""
    return {"layers": [{
        "weights": [[json_number(value) for value in row] for row in weights],
        "bias": [json_number(value) for value in bias],
        "activation": "relu" if index + 1 < len(network) else last,
    } for index, (weights, bias) in enumerate(network)]}


def term_text(coefficients, letter="X"):
    """A linear term over X or Y."""
    parts = [f"{letter}_{index}" if value == 1 else f"(* {number_text(value)} {letter}_{index})"
             for index, value in enumerate(coefficients) if value != 0]
    return "0" if not parts else parts[0] if len(parts) == 1 else f"(+ {' '.join(parts)})"


def region_atom(normal, bound, comparison="<="):
    """The atom normal.x <= bound; one variable alone is written as a plain bound."""
    used = [index for index, value in enumerate(normal) if value != 0]
    if len(used) == 1:
        factor = Fraction(normal[used[0]])
        if factor < 0:
            comparison = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "="}[comparison]
        return f"({comparison} X_{used[0]} {number_text(bound / factor)})"
    return f"({comparison} {term_text(normal)} {number_text(bound)})"


def property_text(inputs, outputs, atoms):
    """A VNN-LIB text from the atoms or formulas to assert."""
    lines = [f"(declare-const X_{index} Real)" for index in range(inputs)]
    lines += [f"(declare-const Y_{index} Real)" for index in range(outputs)]
    return "\n".join(lines + [f"(assert {atom})" for atom in atoms]) + "\n"


def case(name, family, network, text, expected, argument, witness=None, cell_limit=20000):
    """A checked case. `expected` is the verdict by construction, or None if only the oracle knows."""
    layers = oracle.layers_of(network)
    methods = [] if expected is None else ["construction"]
    try:
        verdict, found = oracle.decide(layers, text, cell_limit)
        methods.append("oracle")
        if expected is not None and verdict != expected:
            raise SystemExit(f"{name}: {expected} by construction, {verdict} by the oracle")
    except oracle.Exhausted:
        verdict, found = expected, None
    witness = found if witness is None else witness
    result = {"name": name, "family": family, "network": network, "property": text, "verdict": verdict,
              "truth": {"by": methods, "argument": argument}}
    if verdict == "violated" and witness is not None:
        if not oracle.satisfies(layers, text, witness):
            raise SystemExit(f"{name}: the witness does not satisfy the property")
        result["witness"] = [str(Fraction(coordinate)) for coordinate in witness]
    return result


def write_cases(path, description, cases):
    """Write {"description", "cases"}, one case a line; the same cases give the same bytes."""
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in cases)
    text = '{"description": %s,\n"cases": [\n%s\n]}\n' % (json.dumps(description), lines)
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(text.encode())
    families = {}
    for entry in cases:
        key = (entry["family"], entry["verdict"], "+".join(entry["truth"]["by"]))
        families[key] = families.get(key, 0) + 1
    for key, count in sorted(families.items()):
        print(*key, count)
