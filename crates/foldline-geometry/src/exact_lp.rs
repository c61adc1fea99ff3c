//! Linear programs decided in exact integer arithmetic: a fraction-free simplex dictionary.
//!
//! Every entry is an integer over one common positive denominator, kept by Edmonds' integer
//! pivoting (each division is exact). Smallest-index (Bland) rules make every phase finite,
//! so touching, flat, empty and unbounded problems all end with an exact answer.

use foldline_kernel::interrupt::{self, EXACT};
use foldline_kernel::number::{Sign, UnsignedAbs};
use foldline_kernel::{Integer, LinearConstraint, Natural, Rational};

/// `coefficients·x ≤ bound`, or `<` where `strict`, in integers (denominators cleared).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactConstraint {
    /// One coefficient a dimension.
    pub coefficients: Vec<Integer>,
    /// Right-hand side.
    pub bound: Integer,
    /// Whether equality is excluded.
    pub strict: bool,
    /// The positive factor that turned the original constraint into integers.
    pub scale: Natural,
}

impl ExactConstraint {
    /// Clears the denominators of a sparse rational constraint in R^dimension.
    pub fn new(dimension: usize, constraint: &LinearConstraint) -> Self {
        let values = constraint.coefficients.iter().map(|(_, value)| value.clone());
        let values: Vec<Rational> = values.chain([constraint.bound.clone()]).collect();
        let (mut scaled, scale) = foldline_kernel::network::over_common_denominator(&values);
        let bound = scaled.pop().unwrap_or(Integer::ZERO);
        let mut coefficients = vec![Integer::ZERO; dimension];
        for ((coordinate, _), value) in constraint.coefficients.iter().zip(scaled) {
            coefficients[*coordinate] = value;
        }
        Self { coefficients, bound, strict: constraint.strict, scale }
    }

    /// Clears the denominators of several constraints.
    pub fn all(dimension: usize, constraints: &[LinearConstraint]) -> Vec<Self> {
        constraints.iter().map(|constraint| Self::new(dimension, constraint)).collect()
    }

    /// Whether `point` satisfies it.
    pub fn holds_at(&self, point: &[Rational]) -> bool {
        let terms = self.coefficients.iter().zip(point);
        let value = terms.fold(Rational::ZERO, |sum, (a, x)| sum + x * Rational::from(a.clone()));
        let bound = Rational::from(self.bound.clone());
        if self.strict { value < bound } else { value <= bound }
    }
}

/// How an exact maximisation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExactOutcome {
    /// A maximum is attained.
    Optimal {
        /// Where.
        point: Vec<Rational>,
        /// objective·point.
        value: Rational,
        /// Multipliers y_i > 0 with Σ y_i a_i = objective and Σ y_i b_i = value.
        multipliers: Vec<(usize, Rational)>,
    },
    /// No point satisfies the closed constraints: Σ y_i a_i = 0 and Σ y_i b_i < 0.
    Infeasible {
        /// Farkas multipliers: pairs (constraint, y_i > 0).
        multipliers: Vec<(usize, Natural)>,
    },
    /// The objective grows without limit from `point` along `direction`.
    Unbounded {
        /// A feasible point.
        point: Vec<Rational>,
        /// A recession direction with objective·direction > 0.
        direction: Vec<Rational>,
    },
}

struct Dictionary {
    dimension: usize,
    /// Basic variables, one a row: x_j is j, the slack of constraint i is dimension + i.
    basic: Vec<usize>,
    /// Nonbasic variables, one a column.
    nonbasic: Vec<usize>,
    /// Coefficients of the nonbasic variables, then the constant.
    rows: Vec<Vec<Integer>>,
    /// The objective in the same form.
    objective: Vec<Integer>,
    /// The common denominator, positive.
    denominator: Integer,
}

impl Dictionary {
    fn new(dimension: usize, constraints: &[ExactConstraint], objective: &[Integer]) -> Self {
        let slack = |constraint: &ExactConstraint| {
            let mut row: Vec<Integer> = constraint.coefficients.iter().map(|a| -a).collect();
            row.push(constraint.bound.clone());
            row
        };
        let mut objective = objective.to_vec();
        objective.push(Integer::ZERO);
        Self {
            dimension,
            basic: (dimension..dimension + constraints.len()).collect(),
            nonbasic: (0..dimension).collect(),
            rows: constraints.iter().map(slack).collect(),
            objective,
            denominator: Integer::ONE,
        }
    }

    fn is_free(&self, variable: usize) -> bool {
        variable < self.dimension
    }

    fn pivot(&mut self, leaving: usize, entering: usize) {
        let pivot_row = std::mem::take(&mut self.rows[leaving]);
        let pivot = pivot_row[entering].clone();
        let negative = pivot.is_below_zero();
        let denominator = std::mem::replace(&mut self.denominator, pivot.clone().abs_value());
        let update = |row: &mut Vec<Integer>| {
            interrupt::count(2 * EXACT * row.len());
            let factor = row[entering].clone();
            for (column, value) in row.iter_mut().enumerate() {
                if column != entering && !(value.is_zero() && factor.is_zero()) {
                    *value = (&*value * &pivot - &factor * &pivot_row[column]) / &denominator;
                }
                if negative {
                    *value = -std::mem::take(value);
                }
            }
        };
        for (index, row) in self.rows.iter_mut().enumerate() {
            if index != leaving {
                update(row);
            }
        }
        update(&mut self.objective);
        let mut row: Vec<Integer> = pivot_row.into_iter().map(|value| -value).collect();
        row[entering] = denominator;
        if negative {
            row.iter_mut().for_each(|value| *value = -std::mem::take(value));
        }
        self.rows[leaving] = row;
        std::mem::swap(&mut self.basic[leaving], &mut self.nonbasic[entering]);
    }

    /// Exchanges free variables for slacks, as far as possible.
    fn make_free_basic(&mut self) {
        for row in 0..self.rows.len() {
            if self.is_free(self.basic[row]) {
                continue;
            }
            let usable = |&column: &usize| {
                self.is_free(self.nonbasic[column]) && !self.rows[row][column].is_zero()
            };
            if let Some(column) = (0..self.dimension).find(usable) {
                self.pivot(row, column);
            }
        }
    }

    /// Dual simplex steps with smallest indices until feasible; else the contradicting row.
    fn make_feasible(&mut self) -> Result<(), usize> {
        loop {
            let infeasible = |&row: &usize| {
                !self.is_free(self.basic[row]) && self.rows[row][self.dimension].is_below_zero()
            };
            let rows = (0..self.rows.len()).filter(infeasible);
            let Some(row) = rows.min_by_key(|&row| self.basic[row]) else {
                return Ok(());
            };
            let positive =
                (0..self.dimension).filter(|&column| self.rows[row][column].is_above_zero());
            match positive.min_by_key(|&column| self.nonbasic[column]) {
                Some(column) => self.pivot(row, column),
                None => return Err(row),
            }
        }
    }

    /// Primal simplex steps with smallest indices; the unbounded column with its sign, if any.
    fn optimize(&mut self, stop_when_positive: bool) -> Result<(), (usize, bool)> {
        loop {
            if stop_when_positive && self.objective[self.dimension].is_above_zero() {
                return Ok(());
            }
            let improving = |&column: &usize| {
                let cost = &self.objective[column];
                cost.is_above_zero() || self.is_free(self.nonbasic[column]) && !cost.is_zero()
            };
            let columns = (0..self.dimension).filter(improving);
            let Some(column) = columns.min_by_key(|&column| self.nonbasic[column]) else {
                return Ok(());
            };
            match self.blocking_row(column) {
                Some(row) => self.pivot(row, column),
                None => return Err((column, self.objective[column].is_below_zero())),
            }
        }
    }

    /// The row that first reaches zero as the column's variable grows; smallest index on ties.
    fn blocking_row(&self, column: usize) -> Option<usize> {
        let mut best: Option<usize> = None;
        for row in 0..self.rows.len() {
            if self.is_free(self.basic[row]) || !self.rows[row][column].is_below_zero() {
                continue;
            }
            let better = best.is_none_or(|other| {
                let constant = |index: usize| &self.rows[index][self.dimension];
                let left = constant(row) * &self.rows[other][column];
                let right = constant(other) * &self.rows[row][column];
                // Coefficients are negative, so the ratios' order is turned around.
                left > right || left == right && self.basic[row] < self.basic[other]
            });
            if better {
                best = Some(row);
            }
        }
        best
    }

    fn ratio(&self, numerator: &Integer) -> Rational {
        Rational::from_parts_signed(numerator.clone(), self.denominator.clone())
    }

    fn point(&self) -> Vec<Rational> {
        let mut point = vec![Rational::ZERO; self.dimension];
        for (row, &variable) in self.basic.iter().enumerate() {
            if self.is_free(variable) {
                point[variable] = self.ratio(&self.rows[row][self.dimension]);
            }
        }
        point
    }

    fn direction(&self, column: usize, reversed: bool) -> Vec<Rational> {
        let mut direction = vec![Rational::ZERO; self.dimension];
        for (row, &variable) in self.basic.iter().enumerate() {
            if self.is_free(variable) {
                direction[variable] = self.ratio(&self.rows[row][column]);
            }
        }
        if self.is_free(self.nonbasic[column]) {
            direction[self.nonbasic[column]] = Rational::ONE;
        }
        if reversed {
            direction.iter_mut().for_each(|value| *value = -value.clone());
        }
        direction
    }

    fn farkas(&self, row: usize) -> Vec<(usize, Natural)> {
        let constraint = |variable: usize| variable - self.dimension;
        let mut multipliers =
            vec![(constraint(self.basic[row]), self.denominator.clone().unsigned_abs())];
        for (column, &variable) in self.nonbasic.iter().enumerate() {
            if !self.rows[row][column].is_zero() {
                let multiplier = self.rows[row][column].clone().unsigned_abs();
                multipliers.push((constraint(variable), multiplier));
            }
        }
        multipliers
    }

    /// The multipliers of the objective's row: what each nonbasic slack costs.
    fn dual(&self) -> Vec<(usize, Rational)> {
        let columns = (0..self.dimension).filter(|&column| !self.objective[column].is_zero());
        columns
            .map(|column| {
                let multiplier = self.ratio(&-&self.objective[column]);
                (self.nonbasic[column] - self.dimension, multiplier)
            })
            .collect()
    }

    fn solve(mut self, stop_when_positive: bool) -> ExactOutcome {
        self.make_free_basic();
        if let Err(row) = self.make_feasible() {
            return ExactOutcome::Infeasible { multipliers: self.farkas(row) };
        }
        match self.optimize(stop_when_positive) {
            Ok(()) => ExactOutcome::Optimal {
                point: self.point(),
                value: self.ratio(&self.objective[self.dimension]),
                multipliers: self.dual(),
            },
            Err((column, reversed)) => ExactOutcome::Unbounded {
                point: self.point(),
                direction: self.direction(column, reversed),
            },
        }
    }
}

/// Comparisons with zero (the big-number crate counts zero as positive).
trait AgainstZero {
    fn is_above_zero(&self) -> bool;
    fn is_below_zero(&self) -> bool;
    fn abs_value(self) -> Self;
}

impl AgainstZero for Integer {
    fn is_above_zero(&self) -> bool {
        *self > Integer::ZERO
    }
    fn is_below_zero(&self) -> bool {
        *self < Integer::ZERO
    }
    fn abs_value(self) -> Self {
        let (_, magnitude) = self.into_parts();
        Integer::from_parts(Sign::Positive, magnitude)
    }
}

/// Maximises objective·x over the closed constraints (strictness is ignored).
pub fn maximize(
    dimension: usize,
    constraints: &[ExactConstraint],
    objective: &[Integer],
) -> ExactOutcome {
    Dictionary::new(dimension, constraints, objective).solve(false)
}

/// Either a point that satisfies every constraint, strict ones strictly, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feasibility {
    /// A point.
    Point(Vec<Rational>),
    /// Multipliers y_i > 0 with Σ y_i a_i = 0 and Σ y_i b_i < 0, or = 0 with a strict constraint.
    Contradiction(Vec<(usize, Rational)>),
}

/// A point that satisfies every constraint, strict ones strictly; none if there is none.
pub fn feasible_point(dimension: usize, constraints: &[ExactConstraint]) -> Option<Vec<Rational>> {
    match feasibility(dimension, constraints) {
        Feasibility::Point(point) => Some(point),
        Feasibility::Contradiction(_) => None,
    }
}

/// Decides whether the constraints, strict ones strictly, have a common point.
pub fn feasibility(dimension: usize, constraints: &[ExactConstraint]) -> Feasibility {
    if constraints.iter().all(|constraint| !constraint.strict) {
        let objective = vec![Integer::ZERO; dimension];
        return match maximize(dimension, constraints, &objective) {
            ExactOutcome::Infeasible { multipliers } => contradiction(multipliers),
            ExactOutcome::Optimal { point, .. } | ExactOutcome::Unbounded { point, .. } => {
                Feasibility::Point(point)
            }
        };
    }
    // Maximise a common slack t ≤ 1 of the strict constraints: positive if and only if feasible.
    let mut extended: Vec<ExactConstraint> = constraints
        .iter()
        .map(|constraint| {
            let mut extended = ExactConstraint { strict: false, ..constraint.clone() };
            extended.coefficients.push(Integer::from(u8::from(constraint.strict)));
            extended
        })
        .collect();
    let mut objective = vec![Integer::ZERO; dimension];
    objective.push(Integer::ONE);
    extended.push(ExactConstraint {
        coefficients: objective.clone(),
        bound: Integer::ONE,
        strict: false,
        scale: Natural::ONE,
    });
    match Dictionary::new(dimension + 1, &extended, &objective).solve(true) {
        ExactOutcome::Optimal { mut point, value, .. } if value > Rational::ZERO => {
            point.pop();
            Feasibility::Point(point)
        }
        // Σ y_i a_i = 0 and Σ y_i = 1 over the strict constraints, Σ y_i b_i = value ≤ 0.
        ExactOutcome::Optimal { multipliers, .. } => Feasibility::Contradiction(multipliers),
        ExactOutcome::Infeasible { multipliers } => contradiction(multipliers),
        ExactOutcome::Unbounded { .. } => unreachable!("t is at most 1"),
    }
}

fn contradiction(multipliers: Vec<(usize, Natural)>) -> Feasibility {
    let rational = |(index, value)| (index, Rational::from(value));
    Feasibility::Contradiction(multipliers.into_iter().map(rational).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(coefficients: &[i64], bound: i64, strict: bool) -> ExactConstraint {
        ExactConstraint {
            coefficients: coefficients.iter().map(|&a| Integer::from(a)).collect(),
            bound: Integer::from(bound),
            strict,
            scale: Natural::ONE,
        }
    }

    #[test]
    fn finds_a_non_dyadic_vertex() {
        let constraints = [constraint(&[3, 1], 2, false), constraint(&[1, 3], 2, false)];
        let objective = [Integer::from(1), Integer::from(1)];
        let half = Rational::from_parts(1.into(), 2u8.into());
        let quarter = Rational::from_parts(1.into(), 4u8.into());
        assert_eq!(
            maximize(2, &constraints, &objective),
            ExactOutcome::Optimal {
                point: vec![half.clone(), half],
                value: Rational::ONE,
                multipliers: vec![(0, quarter.clone()), (1, quarter)],
            }
        );
    }

    #[test]
    fn unbounded_and_infeasible_come_with_evidence() {
        let constraints = [constraint(&[1, -1], 0, false), constraint(&[-1, 1], -1, false)];
        match maximize(2, &constraints, &[Integer::ZERO, Integer::ZERO]) {
            ExactOutcome::Infeasible { multipliers } => assert_eq!(multipliers.len(), 2),
            other => panic!("{other:?}"),
        }
        match maximize(2, &constraints[..1], &[Integer::ZERO, Integer::ONE]) {
            ExactOutcome::Unbounded { point, direction } => {
                assert!(constraints[0].holds_at(&point));
                assert!(direction[1] > Rational::ZERO && direction[0] <= direction[1]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn strictness_decides() {
        let closed = [constraint(&[1], 0, false), constraint(&[-1], 0, false)];
        assert_eq!(feasible_point(1, &closed), Some(vec![Rational::ZERO]));
        let half_open = [constraint(&[1], 0, true), constraint(&[-1], 0, false)];
        assert_eq!(feasible_point(1, &half_open), None);
        let open = [constraint(&[3], 2, true), constraint(&[-3], -1, true)];
        let point = feasible_point(1, &open).unwrap();
        assert!(open.iter().all(|constraint| constraint.holds_at(&point)));
        assert_eq!(feasible_point(2, &[constraint(&[0, 0], 0, true)]), None);
        assert!(feasible_point(2, &[]).is_some());
    }
}
