"""Polyhedra {x : a.x <= b, some rows strict} kept feasible row by row, in exact integer arithmetic.

The method is the simplex of Dutertre and de Moura (A Fast Linear-Arithmetic Solver for DPLL(T), 2006): every row gets a slack
variable, a strict row a.x < b is read as a.x <= b - delta with an infinitely small delta, and the smallest-index rule of Bland
makes every repair end. Nothing is rounded. Needs only the standard library.
"""

from fractions import Fraction
from math import gcd, lcm


class Polyhedron:
    """A non-empty polyhedron. A row (D, p, q, c_0, c_1, ...) says D * basic = p + q * delta + sum of c_j * nonbasic_j, D > 0.

    Variables 0 .. dimension-1 are the coordinates (free), all later ones are slacks (>= 0). Rows of slacks never mention a
    free variable, and nonbasic variables have the value 0.
    """

    def __init__(self, dimension):
        self.dimension = dimension
        self.variables = dimension
        self.nonbasic = list(range(dimension))
        self.basic = []
        self.rows = []

    def copy(self):
        """An independent copy; rows are immutable tuples and are shared."""
        other = Polyhedron.__new__(Polyhedron)
        other.dimension, other.variables = self.dimension, self.variables
        other.nonbasic, other.basic, other.rows = self.nonbasic[:], self.basic[:], self.rows[:]
        return other

    def intersected(self, normal, bound, strict=False):
        """The polyhedron with the row normal.x <= bound (or <) added; None if nothing is left of it."""
        result = self.copy()
        row = result._in_nonbasic_terms([-value for value in normal], bound, -1 if strict else 0)
        name = result.variables
        result.variables += 1
        for column, variable in enumerate(result.nonbasic):
            if variable < result.dimension and row[3 + column] != 0:
                result._append(name, row)
                result._pivot(len(result.rows) - 1, column)
                return result
        result._append(name, row)
        return result if result._repair() else None

    def _append(self, name, row):
        self.basic.append(name)
        self.rows.append(row)

    def _in_nonbasic_terms(self, coefficients, constant, infinitesimal):
        """The row of coefficients.x + constant + infinitesimal * delta, over the present nonbasic variables."""
        total = [Fraction(constant), Fraction(infinitesimal)] + [Fraction(0)] * len(self.nonbasic)
        for variable, coefficient in enumerate(coefficients):
            if coefficient == 0:
                continue
            if variable in self.nonbasic:
                total[2 + self.nonbasic.index(variable)] += coefficient
                continue
            row = self.rows[self.basic.index(variable)]
            factor = Fraction(coefficient) / row[0]
            for position, value in enumerate(row[1:]):
                if value:
                    total[position] += factor * value
        denominator = lcm(*(value.denominator for value in total))
        return _reduced([denominator] + [int(value * denominator) for value in total])

    def _repair(self):
        """Pivot until every slack is >= 0; False if some row shows that this cannot be."""
        while True:
            broken = [(name, position) for position, name in enumerate(self.basic)
                      if name >= self.dimension and self.rows[position][1:3] < (0, 0)]
            if not broken:
                return True
            position = min(broken)[1]
            row = self.rows[position]
            helpful = [(name, column) for column, name in enumerate(self.nonbasic) if row[3 + column] > 0]
            if not helpful:
                return False
            self._pivot(position, min(helpful)[1])

    def _pivot(self, position, column):
        """Exchange the basic variable of a row with the nonbasic variable of a column."""
        row = self.rows[position]
        pivot = row[3 + column]
        sign = 1 if pivot > 0 else -1
        new = [-sign * value for value in row]
        new[0] = abs(pivot)
        new[3 + column] = sign * row[0]
        new = _reduced(new)
        self.rows = [other if other[3 + column] == 0 else _substituted(other, new, column) for other in self.rows]
        self.rows[position] = new
        self.basic[position], self.nonbasic[column] = self.nonbasic[column], self.basic[position]

    def point(self):
        """A point of the polyhedron, strict rows kept strictly."""
        delta = Fraction(1)
        for name, row in zip(self.basic, self.rows):
            if name >= self.dimension and row[2] < 0:
                delta = min(delta, Fraction(row[1], -row[2]))
        coordinates = [Fraction(0)] * self.dimension
        for name, row in zip(self.basic, self.rows):
            if 0 <= name < self.dimension:
                coordinates[name] = (row[1] + row[2] * delta) / row[0]
        return coordinates

    def maximum(self, objective, constant=0):
        """(largest value, a point) of objective.x + constant over a polyhedron without strict rows; (None, None) if unbounded."""
        work = self.copy()
        work._append(-1, work._in_nonbasic_terms(objective, constant, 0))
        while True:
            goal = work.rows[-1]
            rising = [(name, column) for column, name in enumerate(work.nonbasic)
                      if goal[3 + column] > 0 or (name < work.dimension and goal[3 + column] != 0)]
            if not rising:
                return Fraction(goal[1], goal[0]), work.point()
            name, column = min(rising)
            limits = [(Fraction(row[1], -row[3 + column]), basic, position)
                      for position, (basic, row) in enumerate(zip(work.basic, work.rows))
                      if basic >= work.dimension and row[3 + column] < 0]
            if name < work.dimension or not limits:
                return None, None
            work._pivot(min(limits)[2], column)


def _substituted(row, entering, column):
    """The row with the variable of the column replaced by its expression."""
    scale, factor = entering[0], row[3 + column]
    result = [scale * value + factor * other for value, other in zip(row, entering)]
    result[0] = scale * row[0]
    result[3 + column] = factor * entering[3 + column]
    return _reduced(result)


def _reduced(row):
    divisor = gcd(*row)
    return tuple(value // divisor for value in row) if divisor > 1 else tuple(row)
