//! Whether a normal's ratio is exactly the best one: floats bound the difference, a prime shows that it is 0.
//!
//! With the ratio N/D the difference D·Σ_A − N·Σ_B of the weighted sums over a hyperplane's minors is an
//! integer. If it is 0 modulo the prime and floats show that it is smaller than the prime, it is 0.

use foldline_geometry::directed::{UNIT_ROUNDOFF, nearest};
use foldline_geometry::modular::{PRIME, combine, residue, residue_of_small, times};
use foldline_geometry::zonotopes::float_pencils::{FloatPencil, PencilResidues};
use foldline_kernel::{Integer, Rational};

use super::by_normals::{Bounded, Lengths};
use super::problem::Problem;

/// A test for ties with one ratio.
pub struct Ties<'a> {
    lengths: &'a Lengths,
    /// Modulo the prime: the lengths of B, then of A.
    weights: Vec<u64>,
    directions: usize,
    /// Numerator and denominator of the ratio, in floats and modulo the prime.
    floats: [f64; 2],
    residues: [u64; 2],
    /// The functions of the pencil modulo the prime, as they are and times the lengths.
    rows: [Vec<u64>; 2],
    weighted: [Vec<u64>; 2],
    is_filled: bool,
}

impl<'a> Ties<'a> {
    /// The test for a problem.
    pub fn new(problem: &Problem, lengths: &'a Lengths) -> Self {
        let weights = problem.outer.exact().iter().chain(problem.inner.exact());
        Self {
            lengths,
            weights: weights.map(residue).collect(),
            directions: problem.columns.directions,
            floats: [0.0; 2],
            residues: [0; 2],
            rows: Default::default(),
            weighted: Default::default(),
            is_filled: false,
        }
    }

    /// The ratio that is compared with.
    pub fn set_ratio(&mut self, ratio: &Rational) {
        let parts = [ratio.numerator().clone(), Integer::from(ratio.denominator().clone())];
        self.residues = [residue(&parts[0]), residue(&parts[1])];
        self.floats = parts.map(|part| nearest(&Rational::from(part)));
    }

    /// Forgets the last pencil.
    pub fn start_pencil(&mut self) {
        self.is_filled = false;
    }

    /// Whether the ratio of the hyperplane that `index` selects is certainly the one compared with.
    ///
    /// `sums` are those of B and A in floats.
    pub fn is_tie(
        &mut self,
        pencil: &FloatPencil<'_>,
        residues: &mut PencilResidues<'_>,
        index: usize,
        sums: [Bounded; 2],
    ) -> bool {
        self.is_small(pencil, index, sums)
            && self.fill(residues)
            && self.difference(pencil, index) == Some(0)
    }

    /// Whether floats show that the difference is smaller than the prime.
    fn is_small(&self, pencil: &FloatPencil<'_>, index: usize, sums: [Bounded; 2]) -> bool {
        let shifts = &pencil.columns.shifts;
        let members = pencil.chosen.iter().chain([&index]);
        let exponent: i64 = members.map(|&member| shifts[member]).sum();
        let part = |side: usize| {
            let exponent = exponent + self.lengths.sides[side].exponent;
            let scale = match i32::try_from(exponent) {
                Ok(exponent) => 2f64.powi(exponent) * self.floats[side],
                Err(_) => f64::INFINITY,
            };
            Bounded { value: scale * sums[side].value, error: scale * sums[side].error }
        };
        let (outer, inner) = (part(0), part(1));
        let rounding = 16.0 * UNIT_ROUNDOFF * (outer.value + inner.value);
        let most = (outer.value - inner.value).abs() + outer.error + inner.error + rounding;
        1.02 * most * pencil.determinant + 1e-280 < 0.9 * PRIME as f64
    }

    fn fill(&mut self, residues: &mut PencilResidues<'_>) -> bool {
        if self.is_filled {
            return true;
        }
        let Some(rows) = residues.rows() else { return false };
        for (function, row) in rows.iter().enumerate() {
            self.rows[function].clone_from(row);
            let products =
                row.iter().zip(&self.weights).map(|(&value, &weight)| times(value, weight));
            self.weighted[function].clear();
            self.weighted[function].extend(products);
        }
        self.is_filled = true;
        true
    }

    /// The difference modulo the prime, up to a factor; `None` if a sign is not known.
    fn difference(&self, pencil: &FloatPencil<'_>, index: usize) -> Option<u64> {
        let [x, y] = &self.rows;
        let (a, b) = (y[index], x[index]);
        let [p, q] = pencil.rows;
        let (float_a, float_b) = (q[index], p[index]);
        let uncertain = uncertainty(pencil, float_a, float_b);
        let mut sums = [[0i128; 2]; 2];
        let ends = [0..self.directions, self.directions..x.len()];
        for (sums, columns) in sums.iter_mut().zip(ends) {
            for column in columns {
                let value = float_a * p[column] - float_b * q[column];
                // What is 0 modulo the prime adds nothing, whatever its sign.
                if value.abs() <= uncertain && combine(a, x[column], b, y[column]) != 0 {
                    return None;
                }
                let terms = self.weighted.each_ref().map(|row| i128::from(row[column]));
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum += if value < 0.0 { -term } else { term };
                }
            }
        }
        let [outer, inner] =
            sums.map(|[x, y]| combine(a, residue_of_small(x), b, residue_of_small(y)));
        let [numerator, denominator] = self.residues;
        Some(combine(denominator, inner, numerator, outer))
    }
}

/// Beyond this the sign of a·(first function) − b·(second) in floats is right.
fn uncertainty(pencil: &FloatPencil<'_>, a: f64, b: f64) -> f64 {
    let [gap, other] = pencil.errors;
    let [x, y] = pencil.largest;
    let (a, b) = (a.abs(), b.abs());
    let inherited = a * gap + b * other + other * (x + gap) + gap * (y + other);
    1.01 * (inherited + 3.0 * UNIT_ROUNDOFF * (a * x + b * y)) + 1e-290
}
