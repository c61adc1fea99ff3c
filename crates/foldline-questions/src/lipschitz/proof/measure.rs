//! The norms of certificates: records that bound intervals of Jacobians.

use foldline_geometry::ExactConstraint;
use foldline_geometry::directed::nearest;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::number::{from_f64_bits, magnitude, power_of_two};
use foldline_kernel::{LinearConstraint, Rational};

use super::hull::Hull;
use super::{Claim, NoProof};
use crate::lipschitz::matrix::{Matrix, dot, is_positive_semidefinite};
use crate::lipschitz::power::{power, square_root};
use crate::lipschitz::ranges::Slopes;
use crate::lipschitz::statement::Exponent;

/// With more derivatives of unknown sign than this, their magnitudes are added up.
const MOST_SIGNS: usize = 8;
/// The largest numerator of an exponent whose powers a checker takes.
const LARGEST_EXPONENT: i64 = 64;
/// Fraction bits of a checker's roots.
const ROOT_BITS: i64 = 64;

/// How a norm is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Largest column sum.
    Columns,
    /// Largest row sum.
    Rows,
    /// Sum of squares of one output.
    Squares,
    /// Largest singular value.
    Singular,
    /// The dual norm for p = a/b, with exponent a/(a − b).
    Power {
        /// The numerator a.
        a: i64,
        /// The denominator b.
        b: i64,
    },
}

/// Intervals of each output along each vector.
pub type Ranges = Vec<Vec<(Rational, Rational)>>;

/// The sum of all values.
pub fn sum(values: impl Iterator<Item = Rational>) -> Rational {
    values.fold(Rational::ZERO, |sum, value| sum + value)
}

fn size((low, high): &(Rational, Rational)) -> Rational {
    magnitude(low).max(magnitude(high))
}

fn middle((low, high): &(Rational, Rational)) -> Rational {
    (low + high) / Rational::from(2)
}

fn radius((low, high): &(Rational, Rational)) -> Rational {
    (high - low) / Rational::from(2)
}

fn exact(value: f64) -> Rational {
    from_f64_bits(value.to_bits()).unwrap_or(Rational::ZERO)
}

fn words(values: &[Rational]) -> String {
    values.iter().map(|value| format!(" {value}")).collect()
}

impl Measure {
    /// The norm of a claim.
    pub fn new(p: &Exponent, outputs: usize) -> Result<Self, NoProof> {
        let Exponent::Finite(value) = p else { return Ok(Measure::Rows) };
        if p.is_at_most_one() {
            return Ok(Measure::Columns);
        }
        if p.is_two() {
            return Ok(if outputs == 1 { Measure::Squares } else { Measure::Singular });
        }
        let a = i64::try_from(value.numerator()).ok().filter(|&a| a <= LARGEST_EXPONENT);
        let b = i64::try_from(value.denominator()).ok();
        let (a, b) = a.zip(b).ok_or(NoProof::Unsupported("the numerator of p is above 64"))?;
        Ok(Measure::Power { a, b })
    }

    /// The vectors along which derivatives are bounded.
    pub fn vectors(self, hull: &Hull) -> &Matrix {
        match self {
            Measure::Squares | Measure::Singular => &hull.basis,
            _ => &hull.columns,
        }
    }

    /// The record that closes a node, if intervals show that no cell in it is larger.
    pub fn bound(
        self,
        claim: &Claim<'_>,
        hull: &Hull,
        slopes: &Slopes,
        ranges: &Ranges,
    ) -> Option<String> {
        let upper = claim.upper;
        match self {
            Measure::Squares => {
                let squares = ranges[0].iter().zip(&hull.lengths);
                let square = sum(squares.map(|(range, length)| {
                    let size = size(range);
                    &size * &size / length
                }));
                if square <= *upper {
                    return Some("bound\n".to_owned());
                }
                reflected(claim, hull, slopes, &ranges[0])
            }
            Measure::Singular => singular(upper, hull, ranges),
            Measure::Power { a, b } => {
                is_power_bounded(upper, &ranges[0], a, a - b).then(|| "bound\n".to_owned())
            }
            Measure::Columns | Measure::Rows => {
                if self.is_bounded(claim, hull, slopes, ranges) {
                    return Some("bound\n".to_owned());
                }
                if hull.is_aligned() { None } else { self.across(upper, hull, ranges) }
            }
        }
    }

    fn is_bounded(self, claim: &Claim<'_>, hull: &Hull, slopes: &Slopes, ranges: &Ranges) -> bool {
        if self == Measure::Columns {
            let column = |j: usize| sum(ranges.iter().map(|row| size(&row[j])));
            return (0..hull.columns.len()).all(|j| column(j) <= *claim.upper);
        }
        claim.outputs.iter().zip(ranges).all(|(&output, row)| {
            sum(row.iter().map(size)) <= *claim.upper
                || is_bounded_by_signs(claim, hull, slopes, output, row)
        })
    }

    /// Vectors across the hull, one an output, with which the derivatives' sizes are small enough.
    fn across(self, upper: &Rational, hull: &Hull, ranges: &Ranges) -> Option<String> {
        let (inputs, normals, outputs) = (hull.columns.len(), hull.normals.len(), ranges.len());
        // Coefficients of the normals, then bounds of the magnitudes.
        let dimension = outputs * (normals + inputs);
        let place = |i: usize, j: usize| outputs * normals + i * inputs + j;
        let mut constraints = Vec::new();
        let mut push = |terms: Vec<(usize, Rational)>, bound: Rational| {
            let constraint = LinearConstraint::new(terms, bound, false);
            constraints.push(ExactConstraint::new(dimension, &constraint));
        };
        for (i, row) in ranges.iter().enumerate() {
            for (j, range) in row.iter().enumerate() {
                for sign in [Rational::ONE, -Rational::ONE] {
                    let term = |k: usize| (i * normals + k, &hull.normals[k][j] * &sign);
                    let mut terms: Vec<_> = (0..normals).map(term).collect();
                    terms.push((place(i, j), -Rational::ONE));
                    push(terms, -(middle(range) * &sign));
                }
            }
        }
        let groups: Vec<Vec<(usize, usize)>> = if self == Measure::Columns {
            (0..inputs).map(|j| (0..outputs).map(|i| (i, j)).collect()).collect()
        } else {
            (0..outputs).map(|i| (0..inputs).map(|j| (i, j)).collect()).collect()
        };
        for group in groups {
            let radii = sum(group.iter().map(|&(i, j)| radius(&ranges[i][j])));
            let terms = group.iter().map(|&(i, j)| (place(i, j), Rational::ONE)).collect();
            push(terms, upper - radii);
        }
        let point = feasible_point(dimension, &constraints)?;
        let mut record = "bound".to_owned();
        for i in 0..outputs {
            let factors = &point[i * normals..(i + 1) * normals];
            let entry = |j: usize| sum((0..normals).map(|k| &factors[k] * &hull.normals[k][j]));
            record += &words(&(0..inputs).map(entry).collect::<Vec<_>>());
        }
        Some(record + "\n")
    }
}

/// Whether every sign vector σ that is possible has σ·gradient within the constant.
fn is_bounded_by_signs(
    claim: &Claim<'_>,
    hull: &Hull,
    slopes: &Slopes,
    output: usize,
    ranges: &[(Rational, Rational)],
) -> bool {
    let zero = Rational::ZERO;
    let unknown: Vec<usize> =
        (0..ranges.len()).filter(|&j| ranges[j].0 < zero && ranges[j].1 > zero).collect();
    if unknown.len() > MOST_SIGNS {
        return false;
    }
    let one = |negative: bool| if negative { -Rational::ONE } else { Rational::ONE };
    let mut sigma: Vec<Rational> = ranges.iter().map(|(low, _)| one(*low < zero)).collect();
    let vectors = (0u32..1 << unknown.len()).map(|signs| {
        for (place, &j) in unknown.iter().enumerate() {
            sigma[j] = one(signs >> place & 1 == 1);
        }
        // The projection is symmetric: its rows are its columns.
        hull.columns.iter().map(|column| dot(column, &sigma)).collect()
    });
    let vectors: Matrix = vectors.collect();
    slopes.ranges(output, &vectors).iter().all(|(_, high)| high <= claim.upper)
}

/// p = 2: in the basis reflected such that its first vector points to the middle of the gradients,
/// about.
fn reflected(
    claim: &Claim<'_>,
    hull: &Hull,
    slopes: &Slopes,
    ranges: &[(Rational, Rational)],
) -> Option<String> {
    let lengths: Vec<f64> = hull.lengths.iter().map(|length| nearest(length).sqrt()).collect();
    let middles: Vec<f64> = ranges
        .iter()
        .zip(&lengths)
        .map(|(range, length)| nearest(&middle(range)) / length)
        .collect();
    let whole = middles.iter().map(|value| value * value).sum::<f64>().sqrt();
    if !whole.is_normal() {
        return None;
    }
    let first = if middles[0] >= 0.0 { 1.0 } else { -1.0 };
    let longest = lengths.iter().fold(0.0f64, |most, &length| most.max(length));
    let factor = |j: usize| {
        let entry = middles[j] / whole + if j == 0 { first } else { 0.0 };
        exact((entry * 1024.0 * longest / lengths[j]).round())
    };
    let mut u = vec![Rational::ZERO; hull.columns.len()];
    for (j, q) in hull.basis.iter().enumerate() {
        let factor = factor(j);
        u.iter_mut().zip(q).for_each(|(sum, value)| *sum += &factor * value);
    }
    let length = dot(&u, &u);
    if length.is_zero() {
        return None;
    }
    let turned = |q: &Vec<Rational>| {
        let factor = Rational::from(2) * dot(q, &u) / &length;
        q.iter().zip(&u).map(|(value, u)| value - &factor * u).collect()
    };
    let basis: Matrix = hull.basis.iter().map(turned).collect();
    let ranges = slopes.ranges(claim.outputs[0], &basis);
    let square = sum(ranges.iter().zip(&hull.lengths).map(|(range, length)| {
        let size = size(range);
        &size * &size / length
    }));
    (square <= *claim.upper).then(|| format!("bound{}\n", words(&u)))
}

/// Several outputs, p = 2: the middle's norm, and the Frobenius norm of the radii.
fn singular(upper: &Rational, hull: &Hull, ranges: &Ranges) -> Option<String> {
    let radii = ranges.iter().flat_map(|row| row.iter().zip(&hull.lengths));
    let squares = sum(radii.map(|(range, length)| {
        let radius = radius(range);
        &radius * &radius / length
    }));
    let delta = exact(nearest(&square_root(&squares).1) * (1.0 + 1e-12));
    if delta > *upper || &delta * &delta < squares {
        return None;
    }
    let left = upper - &delta;
    let square = &left * &left;
    let count = hull.basis.len();
    let product =
        |i: usize, j: usize| sum(ranges.iter().map(|row| middle(&row[i]) * middle(&row[j])));
    let entry = |i: usize, j: usize| {
        let diagonal = if i == j { &square * &hull.lengths[i] } else { Rational::ZERO };
        diagonal - product(i, j)
    };
    let matrix = (0..count).map(|i| (0..count).map(|j| entry(i, j)).collect()).collect();
    let told = if delta.is_zero() { String::new() } else { format!(" {delta}") };
    is_positive_semidefinite(matrix).then(|| format!("bound{told}\n"))
}

/// Σ (size/upper)^(a/c) ≤ 1 with roots rounded up.
fn is_power_bounded(upper: &Rational, ranges: &[(Rational, Rational)], a: i64, c: i64) -> bool {
    if upper.is_zero() {
        return ranges.iter().all(|range| size(range).is_zero());
    }
    let mut total = Rational::ZERO;
    for range in ranges {
        let ratio = size(range) / upper;
        if ratio > Rational::ONE {
            return false;
        }
        total += root_above(&ratio, c).pow(a as isize);
    }
    total <= Rational::ONE
}

/// At least the root of a ratio ≤ 1, as a multiple of 2⁻⁶⁴: within one unit of the least one.
pub fn root_above(ratio: &Rational, degree: i64) -> Rational {
    if ratio.is_zero() {
        return Rational::ZERO;
    }
    if *ratio == Rational::ONE {
        return Rational::ONE;
    }
    let above = if degree == 1 {
        ratio.clone()
    } else {
        power(ratio, &(Rational::ONE / Rational::from(degree))).1
    };
    Rational::from((above * power_of_two(ROOT_BITS)).ceil()) * power_of_two(-ROOT_BITS)
}
