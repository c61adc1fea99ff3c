//! Upper bounds of the Jacobian's norm on a part, from intervals of well-chosen functionals.

use foldline_geometry::Polytope;
use foldline_geometry::directed::nearest;
use foldline_kernel::Rational;
use foldline_kernel::number::from_f64_bits;

use super::adjoint::{Adjoint, Functional};
use super::domain::Patch;
use super::ellipsoid::Ellipsoid;
use super::matrix::{Matrix, is_positive_semidefinite};
use super::norm::{Kind, Norm};
use crate::bounds::Reduced;

/// Covers the rounding of the few dozen operations that put ranges together, relatively.
const INFLATION: f64 = 1.0 + 1e-12;

/// Covers in addition the C library's power function, which is accurate to a few units.
const POWER_INFLATION: f64 = 1.0 + 1e-11;

/// The part of a bound that rounding may make up before exact arithmetic is worth its time.
const MUCH_ROUNDED: f64 = 1.0 / 1024.0;

/// With more coordinates of unknown sign than this, signs are not tried one by one.
const MOST_SIGNS: usize = 11;

/// A norm in floats: never below the exact one when given magnitudes that are not.
#[derive(Debug, Clone)]
pub struct FloatNorm {
    kind: Kind,
    /// The exponent q of `Kind::Power`.
    q: f64,
    /// The functionals; for the Euclidean norm such that their squares add up to (at least) its square.
    pub functionals: Vec<Vec<f64>>,
    /// Whether they are the coordinates.
    aligned: bool,
}

impl FloatNorm {
    /// Rounds an exact norm.
    pub fn new(norm: &Norm) -> Self {
        let round = |matrix: &Matrix| -> Vec<Vec<f64>> {
            matrix.iter().map(|row| row.iter().map(nearest).collect()).collect()
        };
        let functionals = match norm.kind {
            Kind::Euclidean => euclidean_functionals(&norm.gram_inverse),
            _ => round(&norm.functionals),
        };
        let q = if let Kind::Power(q) = &norm.kind { nearest(q) } else { 0.0 };
        let unit = |(i, row): (usize, &Vec<f64>)| {
            row.iter().enumerate().all(|(j, &value)| value == f64::from(u8::from(i == j)))
        };
        let aligned = functionals.iter().enumerate().all(unit);
        Self { kind: norm.kind.clone(), q, functionals, aligned }
    }

    /// The norm of magnitudes, one list an output with one number a functional.
    pub fn of(&self, sizes: &[Vec<f64>]) -> f64 {
        let sum = |row: &Vec<f64>| row.iter().sum::<f64>();
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0f64, f64::max);
        let value = match self.kind {
            Kind::LargestEntry => largest(&mut sizes.iter().flatten().copied()),
            Kind::LargestRow => largest(&mut sizes.iter().map(sum)),
            Kind::LargestColumn => {
                let columns = 0..self.functionals.len();
                largest(&mut columns.map(|j| sizes.iter().map(|row| row[j]).sum()))
            }
            Kind::Euclidean => euclidean(sizes),
            Kind::Power(_) => power_norm(&sizes[0], self.q),
        };
        value * INFLATION
    }
}

/// (Σ a^q)^(1/q), from above.
fn power_norm(values: &[f64], q: f64) -> f64 {
    let largest = values.iter().fold(0.0f64, |most, &value| most.max(value));
    if largest <= 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = values.iter().map(|value| (value / largest).powf(q)).sum();
    largest * (sum * POWER_INFLATION).powf(1.0 / q) * POWER_INFLATION
}

/// The Euclidean operator norm of a matrix M ≥ 0, from above: its largest singular value is at most
/// √(max_j (Mᵀ M w)_j / w_j) for every w > 0, and at most the Frobenius norm.
fn euclidean(sizes: &[Vec<f64>]) -> f64 {
    let frobenius = sizes.iter().flatten().map(|value| value * value).sum::<f64>().sqrt();
    if sizes.len() < 2 || !frobenius.is_finite() || frobenius <= 0.0 {
        return frobenius;
    }
    let columns = sizes[0].len();
    let image = |w: &[f64]| {
        let rows: Vec<f64> =
            sizes.iter().map(|row| row.iter().zip(w).map(|(a, b)| a * b).sum()).collect();
        (0..columns).map(move |j| sizes.iter().zip(&rows).map(|(row, y)| row[j] * y).sum::<f64>())
    };
    let mut w = vec![1.0; columns];
    let mut best = frobenius;
    for _ in 0..8 {
        let next: Vec<f64> = image(&w).collect();
        let ratio = next.iter().zip(&w).fold(0.0f64, |most, (a, b)| most.max(a / b));
        best = best.min((ratio * INFLATION).sqrt());
        let scale = next.iter().fold(0.0f64, |most, &value| most.max(value));
        w = next.iter().map(|value| (value / scale).max(1e-9)).collect();
    }
    best
}

/// Rows L with hᵀSh ≤ ‖L h‖² for the inverse S of a Gram matrix, shown exactly.
fn euclidean_functionals(s: &[Vec<Rational>]) -> Vec<Vec<f64>> {
    let count = s.len();
    let unit = |i: usize, j: usize| u8::from(i == j);
    let entries = || (0..count).flat_map(|i| (0..count).map(move |j| (i, j)));
    if entries().all(|(i, j)| s[i][j] == Rational::from(unit(i, j))) {
        return (0..count).map(|i| (0..count).map(|j| f64::from(unit(i, j))).collect()).collect();
    }
    // Cholesky's factors in floats, made larger until exact arithmetic confirms them.
    let mut rows = vec![vec![0.0f64; count]; count];
    for (i, j) in entries().filter(|(i, j)| i <= j) {
        let rest = nearest(&s[i][j]) - (0..i).map(|k| rows[k][i] * rows[k][j]).sum::<f64>();
        rows[i][j] = if i == j { rest.max(0.0).sqrt() } else { rest / rows[i][i] };
    }
    let exact = |value: f64| from_f64_bits(value.to_bits()).unwrap_or(Rational::ZERO);
    for factor in [1.0 + 1e-12, 1.0 + 1e-9, 1.0 + 1e-6, 1.001, 2.0] {
        let larger: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().map(|value| value * factor).collect()).collect();
        let product = |i: usize, j: usize| {
            larger.iter().fold(Rational::ZERO, |sum, row| sum + exact(row[i]) * exact(row[j]))
        };
        let difference = |i: usize| (0..count).map(|j| product(i, j) - &s[i][j]).collect();
        if is_positive_semidefinite((0..count).map(difference).collect()) {
            return larger;
        }
    }
    // Hopelessly scaled: no bound in floats, exact leaves decide.
    vec![vec![f64::NAN; count]; count]
}

/// An upper bound with what it is most sensitive to.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// No Jacobian on the part has a larger norm.
    pub value: f64,
    /// The measured output that matters most.
    pub output: usize,
    /// The functional (hull coordinates) that matters most.
    pub direction: Vec<f64>,
    /// Whether the shares of an ellipsoid say which neurons matter most.
    by_shares: bool,
    /// Whether rounding makes up much of it, so that exact intervals may be far better.
    pub is_blurred: bool,
}

impl Bound {
    /// What it is above `enough`, in the unit of the influences.
    pub fn excess(&self, enough: f64) -> f64 {
        let enough = enough.max(0.0);
        if self.by_shares { self.value * self.value - enough * enough } else { self.value - enough }
    }
}

/// How a neuron's slope moves a bound, roughly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Influence {
    /// How much.
    pub width: f64,
    /// Whether it is larger with the neuron on.
    pub active: bool,
}

/// Scratch space for bounding Jacobians.
#[derive(Debug, Default)]
pub struct Bounder {
    adjoints: Vec<Adjoint>,
    functional: Functional,
    /// The norm's functionals on the current system.
    parts: Vec<Functional>,
    sizes: Vec<Vec<f64>>,
    ranges: Vec<Vec<(f64, f64)>>,
    ellipsoid: Ellipsoid,
}

impl Bounder {
    /// Bounds the norm on the part that `reduced` describes; a bound of at most `enough` is not improved.
    #[inline(always)]
    pub fn bound(
        &mut self,
        norm: &FloatNorm,
        reduced: &Reduced,
        patch: &Patch,
        polytope: &Polytope,
        enough: f64,
    ) -> Bound {
        let outputs = reduced.targets;
        self.adjoints.resize(outputs, Adjoint::default());
        self.sizes.resize(outputs, Vec::new());
        self.ranges.resize(outputs, Vec::new());
        for output in 0..outputs {
            self.adjoints[output].compute(reduced, output);
            self.sizes[output].clear();
            self.ranges[output].clear();
        }
        self.parts.resize(norm.functionals.len(), Functional::default());
        let mut error = 0.0f64;
        for (v, part) in norm.functionals.iter().zip(&mut self.parts) {
            part.set(reduced, patch, polytope, v);
            for output in 0..outputs {
                let (low, high) = part.range(reduced, &self.adjoints[output]);
                error += part.error(reduced, &self.adjoints[output]);
                self.ranges[output].push((low, high));
                self.sizes[output].push(high.max(-low));
            }
        }
        let value = norm.of(&self.sizes);
        let value = if value.is_nan() { f64::INFINITY } else { value };
        let size = |row: &Vec<f64>| row.iter().fold(0.0f64, |most, &value| most.max(value));
        let output = (0..outputs)
            .max_by(|&a, &b| size(&self.sizes[a]).total_cmp(&size(&self.sizes[b])))
            .unwrap_or(0);
        let direction = self.direction(norm, output);
        let is_blurred = value.is_infinite() || error.is_nan() || error > MUCH_ROUNDED * value;
        let mut bound = Bound { value, output, direction, by_shares: false, is_blurred };
        match norm.kind {
            _ if bound.value <= enough => {}
            Kind::Euclidean if outputs == 1 => {
                if norm.aligned {
                    bound = self.along_direction(norm, bound, reduced, patch, polytope);
                }
                if reduced.count() > 1 && bound.value.is_finite() && bound.value > enough {
                    let value =
                        self.ellipsoid.bound(&self.parts, reduced, &self.adjoints[0], enough);
                    bound.value = bound.value.min(value);
                    bound.by_shares = true;
                }
            }
            Kind::LargestRow => bound = self.by_signs(bound, reduced),
            _ => {}
        }
        bound
    }

    /// The functional whose range makes the norm of an output large.
    fn direction(&self, norm: &FloatNorm, output: usize) -> Vec<f64> {
        let ranges = &self.ranges[output];
        let middle = |&(low, high): &(f64, f64)| low / 2.0 + high / 2.0;
        let weights: Vec<f64> = match norm.kind {
            Kind::LargestColumn | Kind::LargestEntry => {
                let sizes = &self.sizes[output];
                let best = (0..sizes.len()).max_by(|&a, &b| sizes[a].total_cmp(&sizes[b]));
                let entry =
                    |j: usize| if Some(j) == best { middle(&ranges[j]).signum() } else { 0.0 };
                (0..sizes.len()).map(entry).collect()
            }
            Kind::LargestRow => ranges.iter().map(|range| middle(range).signum()).collect(),
            Kind::Euclidean | Kind::Power(_) => ranges.iter().map(middle).collect(),
        };
        let mut direction = vec![0.0; norm.functionals[0].len()];
        for (v, weight) in norm.functionals.iter().zip(weights) {
            direction.iter_mut().zip(v).for_each(|(sum, value)| *sum += weight * value);
        }
        direction
    }

    /// p = ∞: Σ|h_j| is the largest σ·h over sign vectors; only unknown signs are tried, each vector
    /// differing from the last in one sign (a Gray code).
    #[inline(always)]
    fn by_signs(&mut self, mut bound: Bound, reduced: &Reduced) -> Bound {
        let mut whole = 0.0f64;
        for output in 0..reduced.targets {
            let ranges = &self.ranges[output];
            let unknown: Vec<usize> =
                (0..ranges.len()).filter(|&j| ranges[j].0 < 0.0 && ranges[j].1 > 0.0).collect();
            let sum = self.sizes[output].iter().sum::<f64>() * INFLATION;
            if unknown.len() > MOST_SIGNS || !sum.is_finite() {
                whole = whole.max(sum);
                continue;
            }
            let mut sigma: Vec<f64> =
                ranges.iter().map(|&(low, _)| if low < 0.0 { -1.0 } else { 1.0 }).collect();
            self.functional.set_sum(&self.parts, &sigma);
            let mut most = f64::NEG_INFINITY;
            for step in 1u32..=1 << unknown.len() {
                let high = self.functional.range(reduced, &self.adjoints[output]).1;
                if high > most {
                    most = high;
                    if high > whole {
                        (bound.output, bound.direction) = (output, sigma.clone());
                    }
                }
                if let Some(&j) = unknown.get(step.trailing_zeros() as usize) {
                    self.functional.add(-2.0 * sigma[j], &self.parts[j]);
                    sigma[j] = -sigma[j];
                }
            }
            whole = whole.max(most.min(sum));
        }
        bound.value = bound.value.min(whole);
        bound
    }

    /// p = 2, one output: ranges in an orthogonal basis whose first vector points to the middle, so
    /// that deviations across it count with their squares only.
    #[inline(always)]
    fn along_direction(
        &mut self,
        norm: &FloatNorm,
        mut bound: Bound,
        reduced: &Reduced,
        patch: &Patch,
        polytope: &Polytope,
    ) -> Bound {
        let count = norm.functionals.len();
        let middle: Vec<f64> =
            self.ranges[0].iter().map(|&(low, high)| low / 2.0 + high / 2.0).collect();
        let length = middle.iter().map(|value| value * value).sum::<f64>().sqrt();
        if !(length.is_normal() && bound.value.is_finite()) || count < 2 {
            return bound;
        }
        // Householder: I − 2 u uᵀ maps the first unit vector to ± the middle's direction.
        let mut u: Vec<f64> = middle.iter().map(|value| value / length).collect();
        u[0] += if u[0] >= 0.0 { 1.0 } else { -1.0 };
        let square: f64 = u.iter().map(|value| value * value).sum();
        let mut sizes = Vec::with_capacity(count);
        for i in 0..count {
            let entry = |j: usize| f64::from(u8::from(i == j)) - 2.0 * u[i] * u[j] / square;
            let v: Vec<f64> = (0..count).map(entry).collect();
            self.functional.set(reduced, patch, polytope, &v);
            let (low, high) = self.functional.range(reduced, &self.adjoints[0]);
            sizes.push(high.max(-low));
        }
        // The basis is orthogonal up to some dozen roundings a coordinate.
        let loss = 1.0 + 1e-13 * (count * count) as f64;
        let value = norm.of(&[sizes]) * loss;
        bound.value = if value.is_nan() { bound.value } else { bound.value.min(value) };
        bound
    }

    /// How the slope of each undecided neuron moves the bound.
    pub fn influences(
        &mut self,
        bound: &Bound,
        reduced: &Reduced,
        patch: &Patch,
        polytope: &Polytope,
    ) -> Vec<Influence> {
        self.functional.set(reduced, patch, polytope, &bound.direction);
        let adjoint = &self.adjoints[bound.output];
        let shares = if bound.by_shares { self.ellipsoid.shares.get(1..) } else { None };
        let influence = |k: usize| {
            let (low, high) = self.functional.reach(adjoint, k);
            let width = shares.map_or(high - low, |shares| shares[k]);
            Influence { width, active: high >= -low }
        };
        (0..reduced.count()).map(influence).collect()
    }
}
