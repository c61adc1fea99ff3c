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

    fn compose<'s, T: ExactInteger>(
        &'s self,
        before: &[T],
        offset: usize,
        on: &[RowSign],
        scale: &T,
        width: usize,
        numerators: impl Fn(&'s StageRow) -> Result<&'s [T], Overflow>,
    ) -> Result<Vec<T>, Overflow>
    where
        T: 's,
    {
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
    pub fn floats(
        &self,
        before: &FloatRows,
        offset: usize,
        on: &[RowSign],
        width: usize,
        into: &mut FloatRows,
    ) {
        for row in &self.rows {
            let start = into.coefficients.len();
            into.coefficients.resize(start + width, 0.0);
            let sum = &mut into.coefficients[start..];
            let bias = row.floats[row.columns.len()];
            sum[0] = bias;
            // Errors handed on, and magnitudes of all that is rounded here.
            let (mut error, mut magnitude, mut weights) = (0.0, bias.abs(), 0.0);
            for (&column, &weight) in row.columns.iter().zip(&row.floats) {
                let column = column as usize;
                if on[column] != RowSign::On {
                    continue;
                }
                let inner = &before.coefficients[(offset + column) * width..][..width];
                let mut largest = 0.0f64;
                for (value, &inner) in sum.iter_mut().zip(inner) {
                    *value += weight * inner;
                    largest = largest.max(inner.abs());
                }
                let inner_error = before.errors[offset + column];
                error += weight.abs() * inner_error;
                magnitude += weight.abs() * largest;
                weights += weight.abs() + largest + inner_error;
            }
            // Each term is rounded as a weight, as a product and in at most n + 1 sums.
            let roundings = (row.columns.len() + 6) as f64 * UNIT_ROUNDOFF;
            let underflow = 1e-300 * (1.0 + weights);
            into.errors.push((error + roundings * magnitude) * (1.0 + 1e-9) + underflow);
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
        let floats = wide.iter().map(float).collect();
        Self { small: convert(&wide).ok(), columns, floats, wide }
    }
}
