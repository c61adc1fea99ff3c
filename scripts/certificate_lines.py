"""The lines of a certificate and the numbers in them, read strictly as docs/certificate-format.md says."""

import math, re
from fractions import Fraction

from exact_statement import require

class Lines:
    """The records of a certificate, one after the other; `number` is the number of the line that was read last."""
    def __init__(self, data):
        self.lines, self.number = data.removesuffix(b"\n").split(b"\n"), 0

    def read(self):
        """The fields of the next line."""
        self.number += 1
        require(self.number <= len(self.lines), "the certificate ends too early")
        fields = self.lines[self.number - 1].decode("utf-8", errors="replace").split(" ")
        require(all(fields), "an empty field")
        return fields

def integer(text, least=-math.inf, end=math.inf):
    """An integer in decimal, at least `least` and below `end`."""
    require(re.fullmatch("0|-?[1-9][0-9]*", text), f"not an integer: {text[:40]}")
    require(least <= int(text) < end, f"out of range: {text[:40]}")
    return int(text)

def rational(text):
    """An integer, or p/q in lowest terms."""
    numerator, slash, denominator = text.partition("/")
    p, q = integer(numerator), integer(denominator) if slash else 1
    require(not slash or q > 1 and math.gcd(p, q) == 1, f"not in lowest terms: {text[:40]}")
    return Fraction(p, q)
