//! Norms of derivatives inside an affine hull, exactly: of intervals from above, along a direction from below.

use foldline_kernel::number::{Abs, power_of_two};
use foldline_kernel::{Integer, LinearConstraint, Rational};

use crate::lines::{Reason, rational};
use crate::slopes::{Range, Slopes};

/// With more derivatives of unknown sign than this, their magnitudes are added up.
const MOST_SIGNS: usize = 8;
/// The largest numerator of an exponent whose powers are taken.
const LARGEST_EXPONENT: isize = 64;
/// Fraction bits of roots.
const ROOT_BITS: usize = 64;

/// A vector or a row.
type Row = Vec<Rational>;

/// Which norm of the Jacobian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// Largest column sum (p = 1).
    LargestColumn,
    /// Largest derivative of one output (p < 1), on hulls that are parallel to the axes.
    LargestEntry,
    /// Largest row sum (p = ∞).
    LargestRow,
    /// The square of the Euclidean norm of one output's gradient.
    Square,
    /// The largest singular value of several outputs' Jacobian.
    Singular,
    /// The dual norm of one output's gradient for p = a/b > 1: its exponent is a/(a − b).
    Power {
        /// The numerator a.
        a: isize,
        /// The denominator b.
        b: isize,
    },
}

impl Norm {
    /// The norm for p and so many outputs.
    pub fn new(p: &str, outputs: usize) -> Result<Self, Reason> {
        if p == "inf" {
            return Ok(Norm::LargestRow);
        }
        let p = rational(p)?;
        let none = "there is no certificate for this p and so many outputs";
        if p <= Rational::ZERO || outputs > 1 && p != Rational::ONE && p != Rational::from(2) {
            return Err(none.to_owned());
        }
        Ok(match p {
            p if p < Rational::ONE => Norm::LargestEntry,
            p if p == Rational::ONE => Norm::LargestColumn,
            p if p == Rational::from(2) && outputs == 1 => Norm::Square,
            p if p == Rational::from(2) => Norm::Singular,
            p => {
                let a = isize::try_from(p.numerator()).ok().filter(|&a| a <= LARGEST_EXPONENT);
                let b = isize::try_from(p.denominator()).ok();
                let (a, b) = a.zip(b).ok_or("the numerator of p is too large")?;
                Norm::Power { a, b }
            }
        })
    }

    /// The word of the claim.
    pub fn word(self) -> &'static str {
        match self {
            Norm::LargestColumn | Norm::LargestEntry | Norm::LargestRow => "value",
            Norm::Square => "square",
            Norm::Singular | Norm::Power { .. } => "between",
        }
    }
}

fn sum(values: impl Iterator<Item = Rational>) -> Rational {
    values.fold(Rational::ZERO, |sum, value| sum + value)
}

fn product(a: &[Rational], b: &[Rational]) -> Rational {
    sum(a.iter().zip(b).map(|(x, y)| x * y))
}

fn size(range: &Range) -> Rational {
    range.0.clone().abs().max(range.1.clone().abs())
}

fn unit(inputs: usize, j: usize) -> Row {
    (0..inputs).map(|i| Rational::from(u8::from(i == j))).collect()
}

/// The directions inside an affine hull.
#[derive(Debug)]
pub struct Hull {
    inputs: usize,
    /// An orthogonal basis; the axes where the hull is parallel to them.
    basis: Vec<Row>,
    lengths: Row,
}

impl Hull {
    /// Of the hull that constraints give that hold with equality.
    pub fn new<'c>(inputs: usize, equalities: impl Iterator<Item = &'c LinearConstraint>) -> Self {
        let mut orthogonal: Vec<Row> = Vec::new();
        let rest = |orthogonal: &[Row], vector: Row| {
            orthogonal.iter().fold(vector.clone(), |rest, other| {
                let factor = product(&vector, other) / product(other, other);
                rest.iter().zip(other).map(|(x, y)| x - &factor * y).collect::<Row>()
            })
        };
        let normals = equalities.map(|constraint| {
            let mut normal = vec![Rational::ZERO; inputs];
            constraint.coefficients.iter().for_each(|(j, value)| normal[*j] += value);
            normal
        });
        let mut across = 0;
        let units = (0..inputs).map(|j| unit(inputs, j));
        let vectors = normals.map(|normal| (normal, true)).chain(units.map(|unit| (unit, false)));
        for (vector, is_normal) in vectors {
            let rest = rest(&orthogonal, vector);
            if rest.iter().any(|value| !value.is_zero()) {
                across += usize::from(is_normal);
                orthogonal.push(rest);
            }
        }
        let basis = orthogonal.split_off(across);
        let lengths = basis.iter().map(|q| product(q, q)).collect();
        Self { inputs, basis, lengths }
    }

    /// Whether it is parallel to the axes.
    pub fn is_aligned(&self) -> bool {
        let is_axis = |q: &Row| q.iter().filter(|value| !value.is_zero()).count() == 1;
        self.basis.iter().all(is_axis)
    }

    /// Whether a function with this gradient is constant on the hull.
    pub fn is_constant(&self, gradient: &[Rational]) -> bool {
        self.basis.iter().all(|q| product(q, gradient).is_zero())
    }

    /// The orthogonal projection onto the hull's directions.
    fn projected(&self, vector: &[Rational]) -> Row {
        let mut result = vec![Rational::ZERO; self.inputs];
        for (q, length) in self.basis.iter().zip(&self.lengths) {
            let factor = product(q, vector) / length;
            result.iter_mut().zip(q).for_each(|(sum, value)| *sum += &factor * value);
        }
        result
    }

    fn contains(&self, direction: &[Rational]) -> bool {
        self.projected(direction) == direction
    }
}

/// What is claimed of the norm.
#[derive(Debug)]
pub struct Size {
    /// The norm.
    pub norm: Norm,
    /// The outputs it is about.
    pub outputs: Vec<usize>,
    /// The constant is at least this (its square for `Square`).
    pub lower: Rational,
    /// It is at most this.
    pub upper: Rational,
}

impl Size {
    /// Whether no Jacobian within the intervals is larger, with what `bound` tells.
    pub fn bounds(&self, slopes: &Slopes, hull: &Hull, told: &[Rational]) -> Result<bool, Reason> {
        match self.norm {
            Norm::Square => self.bounds_square(slopes, hull, told),
            Norm::Singular => self.bounds_singular(slopes, hull, told),
            _ => self.bounds_sizes(slopes, hull, told),
        }
    }

    /// In the hull's basis, reflected at what is told.
    fn bounds_square(
        &self,
        slopes: &Slopes,
        hull: &Hull,
        told: &[Rational],
    ) -> Result<bool, Reason> {
        let mut basis = hull.basis.clone();
        if !told.is_empty() {
            let length = product(told, told);
            if told.len() != hull.inputs || length.is_zero() || !hull.contains(told) {
                return Err("expected nothing, or a vector of the hull that is not 0".to_owned());
            }
            for q in &mut basis {
                let factor = Rational::from(2) * product(q, told) / &length;
                q.iter_mut().zip(told).for_each(|(value, u)| *value -= &factor * u);
            }
        }
        let ranges = slopes.ranges(self.outputs[0], &basis);
        let squares = ranges.iter().zip(&hull.lengths).map(|(range, length)| {
            let size = size(range);
            &size * &size / length
        });
        Ok(sum(squares) <= self.upper)
    }

    /// ‖J‖ ≤ ‖middle‖ + δ, where δ² is at least the sum of squares of the radii.
    fn bounds_singular(
        &self,
        slopes: &Slopes,
        hull: &Hull,
        told: &[Rational],
    ) -> Result<bool, Reason> {
        let delta = match told {
            [] => Rational::ZERO,
            [delta] if *delta >= Rational::ZERO => delta.clone(),
            _ => return Err("expected nothing, or one number that is not negative".to_owned()),
        };
        let two = Rational::from(2);
        let ranges: Vec<Vec<Range>> =
            self.outputs.iter().map(|&output| slopes.ranges(output, &hull.basis)).collect();
        let radii = ranges.iter().flat_map(|row| row.iter().zip(&hull.lengths));
        let squares = radii.map(|((low, high), length)| {
            let radius = (high - low) / &two;
            &radius * &radius / length
        });
        if sum(squares) > &delta * &delta || delta > self.upper {
            return Ok(false);
        }
        let left = &self.upper - delta;
        let square = &left * &left;
        let middle =
            |i: usize| ranges.iter().map(move |row| (&row[i].0 + &row[i].1) / Rational::from(2));
        let count = hull.basis.len();
        let entry = |i: usize, j: usize| {
            let diagonal = if i == j { &square * &hull.lengths[i] } else { Rational::ZERO };
            diagonal - sum(middle(i).zip(middle(j)).map(|(a, b)| a * b))
        };
        let matrix = (0..count).map(|i| (0..count).map(|j| entry(i, j)).collect()).collect();
        Ok(is_positive_semidefinite(matrix))
    }

    /// The dual norm of the gradients' projections plus vectors across the hull, which are told.
    fn bounds_sizes(
        &self,
        slopes: &Slopes,
        hull: &Hull,
        told: &[Rational],
    ) -> Result<bool, Reason> {
        let inputs = hull.inputs;
        let across: Vec<Row> = told.chunks(inputs).map(<[Rational]>::to_vec).collect();
        let is_across = |w: &Row| w.len() == inputs && hull.is_constant(w);
        let fits = across.len() == self.outputs.len() && across.iter().all(is_across);
        if !told.is_empty() && !fits {
            return Err("expected nothing, or a vector across the hull for each output".to_owned());
        }
        let columns: Vec<Row> = (0..inputs).map(|j| hull.projected(&unit(inputs, j))).collect();
        let zero = vec![Rational::ZERO; inputs];
        let ranges_of = |(place, &output): (usize, &usize)| -> Vec<Range> {
            let w = across.get(place).unwrap_or(&zero);
            let ranges = slopes.ranges(output, &columns);
            ranges.into_iter().zip(w).map(|((low, high), w)| (low + w, high + w)).collect()
        };
        let ranges: Vec<Vec<Range>> = self.outputs.iter().enumerate().map(ranges_of).collect();
        let sizes: Vec<Row> = ranges.iter().map(|row| row.iter().map(size).collect()).collect();
        let column = |j: usize| sum(sizes.iter().map(|row| row[j].clone()));
        Ok(match self.norm {
            Norm::LargestColumn | Norm::LargestEntry => {
                (0..inputs).all(|j| column(j) <= self.upper)
            }
            Norm::LargestRow => (0..sizes.len()).all(|place| {
                sum(sizes[place].iter().cloned()) <= self.upper
                    || self.bounds_signs(slopes, &columns, place, &ranges[place], across.get(place))
            }),
            Norm::Power { a, b } => self.bounds_powers(&sizes[0], a, a - b),
            Norm::Square | Norm::Singular => false,
        })
    }

    /// p = ∞: the derivative of one output along every possible sign vector.
    fn bounds_signs(
        &self,
        slopes: &Slopes,
        columns: &[Row],
        place: usize,
        ranges: &[Range],
        across: Option<&Row>,
    ) -> bool {
        let zero = Rational::ZERO;
        let unknown: Vec<usize> =
            (0..ranges.len()).filter(|&j| ranges[j].0 < zero && ranges[j].1 > zero).collect();
        if unknown.len() > MOST_SIGNS {
            return false;
        }
        let one = |negative: bool| if negative { -Rational::ONE } else { Rational::ONE };
        let mut signs: Row = ranges.iter().map(|(low, _)| one(*low < zero)).collect();
        (0u32..1 << unknown.len()).all(|choice| {
            for (bit, &j) in unknown.iter().enumerate() {
                signs[j] = one(choice >> bit & 1 == 1);
            }
            let along =
                |i: usize| sum(columns.iter().zip(&signs).map(|(column, s)| &column[i] * s));
            let vector: Row = (0..signs.len()).map(along).collect();
            let constant = across.map_or(Rational::ZERO, |w| product(w, &signs));
            let high = &slopes.ranges(self.outputs[place], &[vector])[0].1;
            high + constant <= self.upper
        })
    }

    /// Σ (size/upper)^(a/c) ≤ 1, with c-th roots rounded up to multiples of 2⁻⁶⁴.
    fn bounds_powers(&self, sizes: &[Rational], a: isize, c: isize) -> bool {
        if self.upper.is_zero() {
            return sizes.iter().all(Rational::is_zero);
        }
        let mut total = Rational::ZERO;
        for size in sizes {
            let ratio = size / &self.upper;
            if ratio > Rational::ONE {
                return false;
            }
            total += root_above(&ratio, c).pow(a);
        }
        total <= Rational::ONE
    }

    /// Whether the Jacobian (one row an output) has at least the lower size, and for exact claims
    /// no larger one, as `along` shows where that is needed.
    pub fn is_attained(
        &self,
        jacobian: &[Row],
        hull: &Hull,
        along: Option<&Row>,
    ) -> Result<bool, Reason> {
        let needs_direction = match self.norm {
            Norm::LargestEntry if !hull.is_aligned() => {
                return Err("for p < 1 the region's hull must be parallel to the axes".to_owned());
            }
            Norm::Square | Norm::LargestEntry => false,
            Norm::LargestColumn | Norm::LargestRow => !hull.is_aligned(),
            Norm::Singular | Norm::Power { .. } => self.lower > Rational::ZERO,
        };
        if needs_direction != along.is_some() {
            let is = if needs_direction { "is needed" } else { "means nothing" };
            return Err(format!("a direction {is} here"));
        }
        if let Some(along) = along {
            return self.is_attained_along(jacobian, hull, along);
        }
        let projected: Vec<Row> = jacobian.iter().map(|row| hull.projected(row)).collect();
        let absolute = |row: &Row| sum(row.iter().map(|value| value.clone().abs()));
        let column = |j: usize| sum(projected.iter().map(|row| row[j].clone().abs()));
        Ok(match self.norm {
            Norm::Square => product(&projected[0], &projected[0]) == self.lower,
            Norm::LargestColumn | Norm::LargestEntry => {
                (0..hull.inputs).map(column).max().unwrap_or(Rational::ZERO) == self.lower
            }
            Norm::LargestRow => {
                projected.iter().map(absolute).max().unwrap_or(Rational::ZERO) == self.lower
            }
            Norm::Singular | Norm::Power { .. } => true,
        })
    }

    fn is_attained_along(
        &self,
        jacobian: &[Row],
        hull: &Hull,
        along: &Row,
    ) -> Result<bool, Reason> {
        let direction = match self.norm {
            // The b-th roots of its entries are told.
            Norm::Power { b, .. } => along.iter().map(|root| signed_power(root, b)).collect(),
            _ => along.clone(),
        };
        if !hull.contains(&direction) || direction.iter().all(Rational::is_zero) {
            return Err("the direction is 0, or not one of the hull".to_owned());
        }
        let image: Row = jacobian.iter().map(|row| product(row, &direction)).collect();
        let absolute = |row: &Row| sum(row.iter().map(|value| value.clone().abs()));
        let largest = |row: &Row| row.iter().map(|value| value.clone().abs()).max();
        Ok(match self.norm {
            Norm::LargestColumn => absolute(&image) >= &self.lower * absolute(&direction),
            Norm::LargestRow => {
                let length = largest(&direction).unwrap_or(Rational::ZERO);
                largest(&image).unwrap_or(Rational::ZERO) >= &self.lower * length
            }
            Norm::Square | Norm::Singular | Norm::LargestEntry => {
                let square = &self.lower * &self.lower * product(&direction, &direction);
                product(&image, &image) >= square
            }
            Norm::Power { a, b } => {
                let length = sum(along.iter().map(|root| root.clone().abs().pow(a)));
                image[0].clone().abs().pow(a) >= self.lower.clone().pow(a) * length.pow(b)
            }
        })
    }
}

fn signed_power(root: &Rational, exponent: isize) -> Rational {
    let power = root.clone().abs().pow(exponent);
    if *root < Rational::ZERO { -power } else { power }
}

/// The least multiple r of 2⁻⁶⁴ with r^degree ≥ value, for 0 ≤ value ≤ 1.
fn root_above(value: &Rational, degree: isize) -> Rational {
    let scaled = value * power_of_two(ROOT_BITS as i64 * degree as i64);
    if scaled.is_zero() {
        return Rational::ZERO;
    }
    // The largest whole r with r^degree < scaled, bit by bit.
    let mut below = Integer::ZERO;
    for bit in (0..=ROOT_BITS).rev() {
        let next = &below + (Integer::ONE << bit);
        if Rational::from(next.clone()).pow(degree) < scaled {
            below = next;
        }
    }
    Rational::from(below + Integer::ONE) * power_of_two(-(ROOT_BITS as i64))
}

/// Elimination meets no negative pivot, and a zero pivot only in a zero row.
fn is_positive_semidefinite(mut matrix: Vec<Row>) -> bool {
    for k in 0..matrix.len() {
        let pivot_row = matrix[k].clone();
        let rest_is_zero = pivot_row[k + 1..].iter().all(Rational::is_zero);
        if pivot_row[k] < Rational::ZERO || pivot_row[k].is_zero() && !rest_is_zero {
            return false;
        }
        if rest_is_zero {
            continue;
        }
        for i in k + 1..matrix.len() {
            let factor = &pivot_row[i] / &pivot_row[k];
            for j in k + 1..matrix.len() {
                let change = &factor * &pivot_row[j];
                matrix[i][j] -= change;
            }
        }
    }
    true
}
