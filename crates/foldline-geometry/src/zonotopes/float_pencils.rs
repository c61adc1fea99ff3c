//! The walk of `pencils.rs` in floats with a bound of all errors, and exact decisions where they leave something open.
//!
//! A level carries, as floats, what Gaussian elimination leaves of the coordinate functions: their
//! values at all columns, and for each function one bound of the error at any column. Whether a
//! direction lies in the span of the chosen ones is certain where a value is beyond its error; else a
//! prime tells (`residues.rs`), or else integers.

use std::ops::{ControlFlow, Range};

use foldline_kernel::number::{BitTest, power_of_two};
use foldline_kernel::{Integer, Rational};

use super::pencils::Columns;
use super::residues::Residues;
use super::span::Span;
use crate::directed::{UNIT_ROUNDOFF, nearest};
use crate::modular::PRIME;

/// Covers what underflow can hide in a step.
const UNDERFLOW: f64 = 1e-290;

/// Columns as floats: vector j is its floats times 2^(shift of j), which are at most 1.
#[derive(Debug)]
pub struct FloatColumns<'a> {
    /// The exact vectors.
    pub exact: &'a Columns,
    /// One exponent a vector.
    pub shifts: Vec<i64>,
    root: Level,
    residues: Residues,
}

impl<'a> FloatColumns<'a> {
    /// The floats next to the vectors.
    pub fn new(exact: &'a Columns) -> Self {
        let largest = |vector: &Vec<Integer>| vector.iter().map(BitTest::bit_len).max();
        let shifts: Vec<i64> =
            exact.vectors.iter().map(|vector| largest(vector).unwrap_or(0) as i64).collect();
        let row = |coordinate: usize| -> Vec<f64> {
            let vectors = exact.vectors.iter().zip(&shifts);
            let float = |(vector, &shift): (&Vec<Integer>, &i64)| match &vector[coordinate] {
                small if small.bit_len() <= 53 && shift < 1000 => {
                    small.to_f64().value() * 2f64.powi(-shift as i32)
                }
                large => nearest(&(Rational::from(large.clone()) * power_of_two(-shift))),
            };
            vectors.map(float).collect()
        };
        let root = Level {
            rows: (0..exact.rank).map(row).collect(),
            errors: vec![UNIT_ROUNDOFF; exact.rank],
            largest: vec![1.0; exact.rank],
            closed: vec![false; exact.directions],
            determinant: 1.0,
            exponent: 0,
        };
        let residues = Residues::new(exact.rank, &exact.vectors);
        Self { exact, shifts, root, residues }
    }
}

/// All hyperplanes around an (r−2)-dimensional flat, in floats.
#[derive(Debug)]
pub struct FloatPencil<'a> {
    /// The vectors of the walk.
    pub columns: &'a FloatColumns<'a>,
    /// Two functions that vanish on the flat: their values at all vectors, each over 2^(its shift).
    pub rows: [&'a [f64]; 2],
    /// Bounds of the errors of these values.
    pub errors: [f64; 2],
    /// Their largest magnitudes.
    pub largest: [f64; 2],
    /// Which directions lie in the flat.
    pub closed: &'a [bool],
    /// The chosen directions, increasing.
    pub chosen: &'a [usize],
    /// The functions' values at columns i and j as a 2×2 determinant, times a number of at most
    /// this magnitude and 2^(the sum of the shifts of chosen, i and j), are an integer: the
    /// determinant of the chosen vectors, i and j.
    pub determinant: f64,
}

impl FloatPencil<'_> {
    /// The directions that may complete the chosen ones to a basis of a hyperplane.
    pub fn candidates(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self.chosen.last().map_or(0, |last| last + 1);
        (first..self.closed.len()).filter(|&index| !self.closed[index])
    }
}

/// What a walk is for.
pub trait FloatPencilVisitor {
    /// Looks at one pencil; `residues` are its two functions' modulo the prime, if asked for.
    fn pencil(
        &mut self,
        pencil: &FloatPencil<'_>,
        residues: &mut PencilResidues<'_>,
    ) -> ControlFlow<()>;

    /// The floats are too inaccurate below these chosen directions (the last of which may be in the
    /// span of the others and earlier directions): nothing below has been visited.
    fn too_close(&mut self, chosen: &[usize]) -> ControlFlow<()>;
}

/// The functions of a pencil modulo the prime, computed when asked for.
#[derive(Debug)]
pub struct PencilResidues<'a> {
    residues: &'a mut Residues,
    place: usize,
}

impl PencilResidues<'_> {
    /// The two functions of the pencil, both times one factor; `None` if they cannot be had.
    pub fn rows(&mut self) -> Option<&[Vec<u64>]> {
        self.residues.rows(self.place)
    }
}

#[derive(Debug, Clone)]
struct Level {
    rows: Vec<Vec<f64>>,
    errors: Vec<f64>,
    largest: Vec<f64>,
    closed: Vec<bool>,
    /// An upper bound of the magnitude of the product of all pivots.
    determinant: f64,
    /// The sum of the chosen vectors' shifts.
    exponent: i64,
}

enum Step {
    Ready,
    /// The set is not the lexicographically first basis of its flat.
    Repeated,
    /// No pivot is certainly not zero.
    TooClose,
}

struct Walk<'a, V> {
    columns: &'a FloatColumns<'a>,
    residues: Residues,
    visitor: &'a mut V,
    levels: Vec<Level>,
    chosen: Vec<usize>,
}

/// Visits every pencil whose first chosen direction is in `first`; all of them if that is `None`.
///
/// For r = 2 there is one pencil, which has no chosen direction.
///
/// # Panics
/// If the rank is below 2.
pub fn visit_float_pencils<V: FloatPencilVisitor>(
    columns: &FloatColumns<'_>,
    first: Option<Range<usize>>,
    visitor: &mut V,
) -> ControlFlow<()> {
    assert!(columns.exact.rank >= 2, "no pencils in less than two dimensions");
    let first = first.unwrap_or(0..columns.exact.directions);
    let (residues, levels) = (columns.residues.clone(), vec![columns.root.clone()]);
    Walk { columns, residues, visitor, levels, chosen: Vec::new() }.descend(0, first)
}

impl<V: FloatPencilVisitor> Walk<'_, V> {
    /// Visits what is below the level at `place` with the next choice in `range`.
    fn descend(&mut self, place: usize, range: Range<usize>) -> ControlFlow<()> {
        let left = self.levels[place].rows.len();
        if left == 2 {
            return self.visit(place);
        }
        let directions = self.columns.exact.directions;
        // So many more have to be chosen after this one.
        let end = range.end.min((directions + 2).saturating_sub(left));
        for index in range.start..end {
            if self.levels[place].closed[index] {
                continue;
            }
            if self.levels.len() == place + 1 {
                self.levels.push(self.levels[place].clone());
            }
            let step = self.choose(place, index);
            self.chosen.push(index);
            let flow = match step {
                Step::Repeated => ControlFlow::Continue(()),
                Step::Ready => self.descend(place + 1, index + 1..directions),
                Step::TooClose => self.visitor.too_close(&self.chosen),
            };
            self.chosen.pop();
            flow?;
        }
        ControlFlow::Continue(())
    }

    fn visit(&mut self, place: usize) -> ControlFlow<()> {
        let level = &self.levels[place];
        let pencil = FloatPencil {
            columns: self.columns,
            rows: [&level.rows[0], &level.rows[1]],
            errors: [level.errors[0], level.errors[1]],
            largest: [level.largest[0], level.largest[1]],
            closed: &level.closed,
            chosen: &self.chosen,
            determinant: level.determinant,
        };
        self.visitor.pencil(&pencil, &mut PencilResidues { residues: &mut self.residues, place })
    }

    /// Fills the level after `place` with the functions that vanish on one more vector.
    fn choose(&mut self, place: usize, column: usize) -> Step {
        let (head, tail) = self.levels.split_at_mut(place + 1);
        let (level, next) = (&head[place], &mut tail[0]);
        let share = |row: &usize| level.rows[*row][column].abs() / level.largest[*row];
        let is_certain =
            |row: &usize| level.rows[*row][column].abs() > 4.0 * level.errors[*row] + UNDERFLOW;
        let pivots = (0..level.rows.len()).filter(is_certain);
        let Some(pivot) = pivots.max_by(|a, b| share(a).total_cmp(&share(b))) else {
            return Step::TooClose;
        };
        let value = level.rows[pivot][column];
        next.rows.truncate(level.rows.len() - 1);
        next.errors.clear();
        next.largest.clear();
        let others = (0..level.rows.len()).filter(|&row| row != pivot);
        for (target, source) in others.enumerate() {
            let factor = level.rows[source][column] / value;
            let largest =
                subtract(&level.rows[source], factor, &level.rows[pivot], &mut next.rows[target]);
            next.rows[target][column] = 0.0;
            next.errors.push(level.error(source, pivot, factor, value));
            next.largest.push(largest);
        }
        next.determinant = level.determinant * (value.abs() + level.errors[pivot]) * 1.01;
        next.exponent = level.exponent + self.columns.shifts[column];
        next.closed.clone_from(&level.closed);
        self.residues.choose(place, pivot, column);
        self.close(place + 1, column)
    }

    /// Marks the directions that lie in the flat; one before `index` that joins it repeats it.
    fn close(&mut self, place: usize, index: usize) -> Step {
        for direction in 0..self.columns.exact.directions {
            let level = &self.levels[place];
            if level.closed[direction] || level.is_outside(direction) {
                continue;
            }
            if direction == index || self.is_inside(place, index, direction) {
                if direction < index {
                    return Step::Repeated;
                }
                self.levels[place].closed[direction] = true;
            }
        }
        Step::Ready
    }

    /// Whether a direction is in the span of the chosen ones and `index`, exactly.
    fn is_inside(&mut self, place: usize, index: usize, direction: usize) -> bool {
        if let Some(rows) = self.residues.rows(place) {
            if rows.iter().any(|row| row[direction] != 0) {
                return false;
            }
            if self.levels[place].largest_minor(direction, self.columns) < 0.9 * PRIME as f64 {
                return true;
            }
        }
        let members = self.chosen.iter().chain([&index, &direction]);
        let vectors: Vec<Vec<Integer>> =
            members.map(|&member| self.columns.exact.vectors[member].clone()).collect();
        Span::new(self.columns.exact.rank, &vectors).rank() < vectors.len()
    }
}

impl Level {
    /// Whether some function is not 0 at a direction for certain.
    fn is_outside(&self, direction: usize) -> bool {
        let mut rows = self.rows.iter().zip(&self.errors);
        rows.any(|(row, error)| row[direction].abs() > *error)
    }

    /// An upper bound of the determinants of the chosen vectors and a direction that lies in their
    /// span as far as floats can tell.
    fn largest_minor(&self, direction: usize, columns: &FloatColumns<'_>) -> f64 {
        let rows = self.rows.iter().zip(&self.errors);
        let value =
            rows.fold(0.0, |most: f64, (row, error)| most.max(row[direction].abs() + error));
        match i32::try_from(self.exponent + columns.shifts[direction]) {
            Ok(exponent) => 1.01 * self.determinant * value * 2f64.powi(exponent),
            Err(_) => f64::INFINITY,
        }
    }

    /// A bound of the error of row `source` − factor·row `pivot`.
    fn error(&self, source: usize, pivot: usize, factor: f64, value: f64) -> f64 {
        let (error, gap) = (self.errors[source], self.errors[pivot]);
        let (largest, steepest) = (self.largest[source], self.largest[pivot]);
        let factor = factor.abs();
        let factor_error = 1.01 * (error + factor * gap) / (value.abs() - gap)
            + 1.01 * UNIT_ROUNDOFF * factor
            + UNDERFLOW;
        let rounding = 2.1 * UNIT_ROUNDOFF * (largest + factor * steepest);
        1.01 * (error + factor * gap + factor_error * (steepest + gap) + rounding) + UNDERFLOW
    }
}

/// `out` = row − factor·pivot, and the largest magnitude in it.
fn subtract(row: &[f64], factor: f64, pivot: &[f64], out: &mut Vec<f64>) -> f64 {
    out.clear();
    out.extend(row.iter().zip(pivot).map(|(x, y)| x - factor * y));
    // Sixteen at a time: a single maximum would be one long chain.
    let mut largest = [0.0f64; 16];
    let (chunks, rest) = out.as_chunks::<16>();
    for chunk in chunks {
        for (most, value) in largest.iter_mut().zip(chunk) {
            *most = if value.abs() > *most { value.abs() } else { *most };
        }
    }
    largest.iter().chain(rest).fold(0.0, |most, value| most.max(value.abs()))
}
