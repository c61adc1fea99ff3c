//! A network as stages: the affine maps between its ReLU layers, in integers and in floats.

use foldline_geometry::arrangements::{FloatRows, Numbers, RowSign};
use foldline_geometry::directed::{UNIT_ROUNDOFF, nearest};
use foldline_geometry::integer::{ExactInteger, Overflow, convert};
use foldline_kernel::{Integer, Layer, Natural, Rational};

/// Rows of an affine map over one positive denominator, sparse.
#[derive(Debug, Clone)]
pub struct Stage {
    rows: Vec<StageRow>,
    /// The positive denominator.
    pub denominator: Natural,
}

#[derive(Debug, Clone)]
struct StageRow {
    columns: Vec<u32>,
    /// Numerators of the weights, then of the bias.
    wide: Vec<Integer>,
    small: Option<Vec<i128>>,
    floats: Vec<f64>,
    /// |weights|, and more than their sum with the bias.
    magnitudes: Vec<f64>,
    size: f64,
}

/// The rows of the neurons before, those that are off as zeros, one column after another.
struct Active {
    columns: Vec<f64>,
    /// For each neuron its error and what is rounded of it: to be weighted with |weight|.
    errors: Vec<f64>,
    /// More than the sum of all magnitudes, for what underflow can hide.
    size: f64,
}

impl Active {
    fn new(
        before: &FloatRows,
        offset: usize,
        on: &[RowSign],
        width: usize,
        roundings: f64,
    ) -> Self {
        let count = on.len();
        let (mut columns, mut errors) = (vec![0.0; count * width], vec![0.0; count]);
        let mut size = 0.0;
        for neuron in (0..count).filter(|&neuron| on[neuron] == RowSign::On) {
            let row = &before.coefficients[(offset + neuron) * width..][..width];
            let mut largest = 0.0f64;
            for (index, &value) in row.iter().enumerate() {
                columns[index * count + neuron] = value;
                largest = largest.max(value.abs());
            }
            let error = before.errors[offset + neuron];
            errors[neuron] = error * (1.0 + 1e-9) + roundings * largest;
            size += largest + error;
        }
        Self { columns, errors, size }
    }
}

/// Σ a_i b_i in four independent sums, which the processor can add side by side.
fn dense_dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (heads, tails) = (a.chunks_exact(4).zip(b.chunks_exact(4)), a.len() / 4 * 4);
    for (a, b) in heads {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a[tails..].iter().zip(&b[tails..]).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

impl Stage {
    /// One layer without its activation.
    pub fn new(layer: &Layer) -> Self {
        let rows = layer.rows.iter().map(|row| {
            let numerators = row.numerators.iter().chain([&row.bias]).cloned().collect();
            StageRow::new(row.columns.clone(), numerators, &layer.denominator)
        });
        Self { rows: rows.collect(), denominator: layer.denominator.clone() }
    }

    /// `self` after `first`.
    pub fn after(&self, first: &Stage) -> Self {
        let denominator = &self.denominator * &first.denominator;
        let compose = |row: &StageRow| {
            let (bias, weights) = row.wide.split_last().expect("a bias");
            let mut sum = std::collections::BTreeMap::new();
            let mut constant = bias * first.denominator.as_ibig();
            for (&column, weight) in row.columns.iter().zip(weights) {
                let inner = &first.rows[column as usize];
                for (&column, value) in inner.columns.iter().zip(&inner.wide) {
                    *sum.entry(column).or_insert(Integer::ZERO) += weight * value;
                }
                constant += weight * inner.wide.last().expect("a bias");
            }
            sum.retain(|_, value| *value != Integer::ZERO);
            let (columns, mut wide): (Vec<u32>, Vec<Integer>) = sum.into_iter().unzip();
            wide.push(constant);
            StageRow::new(columns, wide, &denominator)
        };
        Self { rows: self.rows.iter().map(compose).collect(), denominator }
    }

    /// The map that changes nothing, on so many numbers.
    pub fn identity(width: usize) -> Self {
        let row = |k: usize| {
            StageRow::new(vec![k as u32], vec![Integer::ONE, Integer::ZERO], &Natural::ONE)
        };
        Self { rows: (0..width).map(row).collect(), denominator: Natural::ONE }
    }

    /// Only one of its rows.
    pub fn only(mut self, row: usize) -> Self {
        self.rows = vec![self.rows.swap_remove(row)];
        self
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rational weights (input, value) and bias of a row.
    pub fn rational_row(&self, index: usize) -> (Vec<(usize, Rational)>, Rational) {
        let row = &self.rows[index];
        let ratio = |value: &Integer| Rational::from_parts(value.clone(), self.denominator.clone());
        let (bias, weights) = row.wide.split_last().expect("a bias");
        let weights = row.columns.iter().zip(weights);
        (weights.map(|(&column, value)| (column as usize, ratio(value))).collect(), ratio(bias))
    }

    /// The rows as functions of the walk's coordinates, `width` numbers each.
    ///
    /// `before` has the rows of the neurons before, from group `offset` on, over `scale`; those
    /// that are off count as 0. The result is over scale · denominator.
    pub fn exact(
        &self,
        before: &Numbers,
        offset: usize,
        on: &[RowSign],
        scale: &Integer,
        width: usize,
    ) -> Numbers {
        if let Numbers::Small(before) = before
            && let Ok(scale) = i128::from_integer(scale)
            && let Ok(rows) = self.compose(before, offset, on, &scale, width, |row| {
                row.small.as_deref().ok_or(Overflow)
            })
        {
            return Numbers::Small(rows);
        }
        let groups = offset + on.len();
        let wide: Vec<Integer> = (0..groups).flat_map(|k| before.integers(k, width)).collect();
        let rows = self.compose(&wide, offset, on, scale, width, |row| Ok(&row.wide));
        Numbers::Wide(rows.expect("big integers do not overflow"))
    }

    fn compose<'s, T: ExactInteger + 's>(
        &'s self,
        before: &[T],
        offset: usize,
        on: &[RowSign],
        scale: &T,
        width: usize,
        numerators: impl Fn(&'s StageRow) -> Result<&'s [T], Overflow>,
    ) -> Result<Vec<T>, Overflow> {
        let mut rows = vec![T::zero(); self.rows.len() * width];
        for (row, sum) in self.rows.iter().zip(rows.chunks_exact_mut(width)) {
            let numerators = numerators(row)?;
            for (&column, weight) in row.columns.iter().zip(numerators) {
                let column = column as usize;
                if on[column] == RowSign::On {
                    let inner = &before[(offset + column) * width..][..width];
                    for (value, inner) in sum.iter_mut().zip(inner) {
                        *value = value.plus(&weight.times(inner)?)?;
                    }
                }
            }
            sum[0] = sum[0].plus(&numerators[row.columns.len()].times(scale)?)?;
        }
        Ok(rows)
    }

    /// The same in floats, for the true values instead of numerators, with error bounds.
    ///
    /// Each term is rounded as a weight, as a product and in sums: (n + 6) roundings at most.
    pub fn floats(
        &self,
        before: &FloatRows,
        offset: usize,
        on: &[RowSign],
        width: usize,
        into: &mut FloatRows,
    ) {
        let roundings = (on.len() + 6) as f64 * UNIT_ROUNDOFF;
        let active = Active::new(before, offset, on, width, roundings);
        for row in &self.rows {
            let (weights, bias) = row.floats.split_at(row.columns.len());
            let bias = bias[0];
            let is_dense = row.columns.len() == on.len();
            let dot = |values: &[f64]| {
                if is_dense { dense_dot(weights, values) } else { row.sparse_dot(weights, values) }
            };
            let start = into.coefficients.len();
            into.coefficients.extend(active.columns.chunks_exact(on.len()).map(dot));
            into.coefficients[start] += bias;
            let error = if is_dense {
                dense_dot(&row.magnitudes, &active.errors)
            } else {
                row.sparse_dot(&row.magnitudes, &active.errors)
            };
            let error = (error + roundings * bias.abs()) * (1.0 + 1e-9);
            into.errors.push(error + 1e-300 * (1.0 + active.size + row.size));
        }
    }

    /// The rows at lexicographic values: each number is a pair, a value and its change.
    ///
    /// `inner` has the pairs of the neurons before over `scale`, `unit` those of the constant 1.
    pub fn lexicographic(
        &self,
        inner: &[(Integer, Integer)],
        unit: &(Integer, Integer),
        scale: &Integer,
    ) -> Vec<(Integer, Integer)> {
        let value = |row: &StageRow| {
            let bias = row.wide.last().expect("a bias") * scale;
            let mut sum = (&bias * &unit.0, &bias * &unit.1);
            for (&column, weight) in row.columns.iter().zip(&row.wide) {
                let (value, change) = &inner[column as usize];
                sum.0 += weight * value;
                sum.1 += weight * change;
            }
            sum
        };
        self.rows.iter().map(value).collect()
    }
}

impl StageRow {
    fn new(columns: Vec<u32>, wide: Vec<Integer>, denominator: &Natural) -> Self {
        let float =
            |value: &Integer| nearest(&Rational::from_parts(value.clone(), denominator.clone()));
        let floats: Vec<f64> = wide.iter().map(float).collect();
        let magnitudes: Vec<f64> = floats[..columns.len()].iter().map(|w| w.abs()).collect();
        let size = floats.iter().map(|value| value.abs()).sum();
        Self { small: convert(&wide).ok(), columns, floats, wide, magnitudes, size }
    }

    fn sparse_dot(&self, weights: &[f64], values: &[f64]) -> f64 {
        let terms = self.columns.iter().zip(weights);
        terms.map(|(&column, weight)| weight * values[column as usize]).sum()
    }
}
