//! The gauge of a zonotope about its center: an exact simplex with bounded variables and few rows.

use foldline_kernel::number::{Abs, Signed};
use foldline_kernel::{Integer, Rational};

/// The least s with y ∈ s·Z₀ for Z₀ = Σ [−1, 1]·v, with its two reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    /// s.
    pub value: Rational,
    /// Coefficients with Σ α_i v_i = y and |α_i| ≤ s.
    pub coefficients: Vec<Rational>,
    /// A function u with u·y = s·h(u), h being the support function of Z₀, and h(u) > 0;
    /// zero if y is.
    pub normal: Vec<Integer>,
}

/// Where a variable that is not basic stands: −1, 0 or 1.
type Place = i8;

/// Vectors that span R^r, ready for gauges of many points.
///
/// The linear program is to maximise λ with λ·y = Σ β_i v_i and |β_i| ≤ 1. It has r rows, so a
/// tableau of integers over one denominator is small; every division is exact (Edmonds).
/// It starts at β = 0; Bland's rule, as long as steps are degenerate, makes it finite.
#[derive(Debug, Clone)]
pub struct GaugeProgram {
    rank: usize,
    count: usize,
    /// r rows of m + r entries: the vectors, then the unit vectors, reduced; over `denominator`.
    rows: Vec<Vec<Integer>>,
    denominator: Integer,
    basic: Vec<usize>,
}

impl GaugeProgram {
    /// Reduces the vectors to a basis among them; none if they do not span R^rank.
    pub fn new(rank: usize, vectors: &[Vec<Integer>]) -> Option<Self> {
        let row = |coordinate: usize| {
            let unit = |index: usize| Integer::from(u8::from(index == coordinate));
            let entries = vectors.iter().map(|vector| vector[coordinate].clone());
            entries.chain((0..rank).map(unit)).collect()
        };
        let mut program = Self {
            rank,
            count: vectors.len(),
            rows: (0..rank).map(row).collect(),
            denominator: Integer::ONE,
            basic: vec![usize::MAX; rank],
        };
        let mut filled = 0;
        for column in 0..vectors.len() {
            let found = (filled..rank).find(|&row| !program.rows[row][column].is_zero());
            if let Some(row) = found {
                program.rows.swap(filled, row);
                program.basic.swap(filled, row);
                program.pivot(filled, column);
                filled += 1;
            }
        }
        (filled == rank).then_some(program)
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let pivot_row = self.rows[row].clone();
        let pivot = &pivot_row[column];
        for (index, other) in self.rows.iter_mut().enumerate() {
            if index == row {
                continue;
            }
            let factor = other[column].clone();
            for (entry, above) in other.iter_mut().zip(&pivot_row) {
                *entry = (&*entry * pivot - &factor * above) / &self.denominator;
            }
        }
        self.denominator = pivot.clone();
        if self.denominator.is_negative() {
            self.denominator = -&self.denominator;
            for entry in self.rows.iter_mut().flatten() {
                *entry = -std::mem::take(entry);
            }
        }
        self.basic[row] = column;
    }

    /// The gauge of `point`, r integers.
    pub fn gauge(&self, point: &[Integer]) -> Gauge {
        if point.iter().all(Integer::is_zero) {
            return Gauge {
                value: Rational::ZERO,
                coefficients: vec![Rational::ZERO; self.count],
                normal: vec![Integer::ZERO; self.rank],
            };
        }
        let mut program = self.clone();
        let ray = program.count + program.rank;
        // The ray's column −y in terms of the basis: the last r columns are the inverse, times D.
        for row in &mut program.rows {
            let inverse = row[self.count..].iter().zip(point);
            let entry = inverse.fold(Integer::ZERO, |sum, (a, y)| sum - a * y);
            row.push(entry);
        }
        let mut places: Vec<Place> = vec![0; program.count];
        program.enter(ray, 1, &mut places);
        let objective = program.basic.iter().position(|&variable| variable == ray);
        let mut objective = objective.expect("the ray leaves the zonotope");
        let mut stalled = false;
        while let Some((column, direction)) = program.improving(objective, &places, stalled) {
            stalled = !program.enter(column, direction, &mut places);
            objective = program.basic.iter().position(|&v| v == ray).expect("it stays basic");
        }
        program.outcome(objective, &places)
    }

    /// A column that would lengthen the ray, and in which direction: the steepest one, or the
    /// first one where the last step did not lengthen it.
    fn improving(
        &self,
        objective: usize,
        places: &[Place],
        stalled: bool,
    ) -> Option<(usize, Place)> {
        let mut improving = (0..self.count).filter_map(|column| {
            if self.basic.contains(&column) {
                return None;
            }
            // The ray's length is −Σ entry·x / D.
            let entry = &self.rows[objective][column];
            let direction: Place = match entry {
                zero if zero.is_zero() => return None,
                negative if negative.is_negative() => 1,
                _ => -1,
            };
            (places[column] != direction).then_some((column, direction))
        });
        if stalled {
            return improving.next();
        }
        improving.max_by_key(|&(column, _)| self.rows[objective][column].clone().abs())
    }

    /// D times the value of the basic variable of a row.
    fn value(&self, row: usize, places: &[Place]) -> Integer {
        let terms = self.rows[row].iter().zip(places);
        terms.fold(Integer::ZERO, |value, (entry, place)| match place {
            1 => value - entry,
            -1 => value + entry,
            _ => value,
        })
    }

    /// Moves a variable that is not basic until something is in the way: its own bound, or a
    /// basic variable's, which then makes room for it. Whether it moved at all.
    fn enter(&mut self, column: usize, direction: Place, places: &mut [Place]) -> bool {
        let ray = self.count + self.rank;
        // (step numerator, step denominator, row, bound reached)
        let mut first: Option<(Integer, Integer, usize, Place)> = None;
        for row in 0..self.rank {
            let variable = self.basic[row];
            let entry = &self.rows[row][column];
            if variable == ray || entry.is_zero() {
                continue;
            }
            // The basic variable falls where entry·direction is positive.
            let falls = entry.is_negative() == (direction < 0);
            let value = self.value(row, places);
            let (bound, room): (Place, Integer) = if falls {
                (-1, &self.denominator + value)
            } else {
                (1, &self.denominator - value)
            };
            let slope = if entry.is_negative() { -entry } else { entry.clone() };
            let sooner = first.as_ref().is_none_or(|(numerator, denominator, other, _)| {
                let (left, right) = (&room * denominator, numerator * &slope);
                left < right || left == right && variable < self.basic[*other]
            });
            if sooner {
                first = Some((room, slope, row, bound));
            }
        }
        if column != ray {
            let own = Integer::from((direction - places[column]).unsigned_abs());
            if first
                .as_ref()
                .is_none_or(|(numerator, denominator, ..)| *numerator > own * denominator)
            {
                places[column] = direction;
                return true;
            }
        }
        let (step, _, row, bound) = first.expect("a zonotope is bounded");
        places[self.basic[row]] = bound;
        if column != ray {
            places[column] = 0;
        }
        self.pivot(row, column);
        !step.is_zero()
    }

    fn outcome(&self, objective: usize, places: &[Place]) -> Gauge {
        let ratio = |numerator: Integer, denominator: &Integer| {
            Rational::from(numerator) / Rational::from(denominator.clone())
        };
        let length = self.value(objective, places); // of the ray, times D
        let mut coefficients: Vec<Rational> = places
            .iter()
            .map(|&place| ratio(&self.denominator * Integer::from(place), &length))
            .collect();
        for row in (0..self.rank).filter(|&row| row != objective) {
            coefficients[self.basic[row]] = ratio(self.value(row, places), &length);
        }
        // The objective row is u·(v_i), up to sign: the unit columns hold −u itself.
        let normal = self.rows[objective][self.count..self.count + self.rank].iter().map(|u| -u);
        let mut normal: Vec<Integer> = normal.collect();
        super::segments::make_primitive(&mut normal);
        Gauge { value: ratio(self.denominator.clone(), &length), coefficients, normal }
    }
}
