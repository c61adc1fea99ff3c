//! A network as stages: the affine maps between its ReLU layers, in integers and in floats.

use foldline_geometry::arrangements::{FloatRows, Numbers, PartialSums, RowSign};
use foldline_geometry::directed::{UNIT_ROUNDOFF, nearest};
use foldline_geometry::integer::{ExactInteger, Overflow, convert};
use foldline_kernel::interrupt::{self, EXACT};
use foldline_kernel::{Integer, Layer, Natural, Rational};

/// Rows of an affine map over one positive denominator, sparse.
#[derive(Debug, Clone)]
pub struct Stage {
    rows: Vec<StageRow>,
    /// The same in floats, column by column: for each neuron before.
    columns: Vec<Column>,
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
    /// Σ|floats|.
    size: f64,
}

/// Sums of more numbers than this are not kept from one cell to the next.
const MOST_KEPT: usize = 1 << 22;

/// What a stage makes of one neuron before it.
#[derive(Debug, Clone, Default)]
struct Column {
    /// Rows with a weight for it.
    rows: Vec<u32>,
    weights: Vec<f64>,
}

impl Column {
    /// sums ← sums + weights · value.
    fn add(&self, value: f64, sums: &mut [f64]) {
        if self.rows.len() == sums.len() {
            sums.iter_mut().zip(&self.weights).for_each(|(sum, weight)| *sum += weight * value);
            return;
        }
        for (&row, weight) in self.rows.iter().zip(&self.weights) {
            sums[row as usize] += weight * value;
        }
    }

    /// Adds a row of values, known to `error`, to the sums of [`Stage::floats`].
    fn add_row(&self, values: &[f64], error: f64, roundings: f64, sums: &mut [f64]) {
        let (size, sums) = sums.split_last_mut().expect("the size");
        let mut parts = sums.chunks_exact_mut(sums.len() / (values.len() + 1));
        let mut largest = 0.0f64;
        for (&value, sums) in values.iter().zip(&mut parts) {
            self.add(value, sums);
            largest = largest.max(value.abs());
        }
        let error_of_terms = error * (1.0 + 1e-9) + roundings * largest;
        let errors = parts.next().expect("one part more than values");
        for (&row, weight) in self.rows.iter().zip(&self.weights) {
            errors[row as usize] += weight.abs() * error_of_terms;
        }
        *size += largest + error;
    }
}

impl Stage {
    /// One layer without its activation.
    pub fn new(layer: &Layer) -> Self {
        let rows = layer.rows.iter().map(|row| {
            interrupt::count(EXACT * row.columns.len());
            let numerators = row.numerators.iter().chain([&row.bias]).cloned().collect();
            StageRow::new(row.columns.clone(), numerators, &layer.denominator)
        });
        Self::from_rows(rows.collect(), layer.inputs, layer.denominator.clone())
    }

    fn from_rows(rows: Vec<StageRow>, inputs: usize, denominator: Natural) -> Self {
        let mut columns = vec![Column::default(); inputs];
        for (index, row) in rows.iter().enumerate() {
            for (&column, &weight) in row.columns.iter().zip(&row.floats) {
                columns[column as usize].rows.push(index as u32);
                columns[column as usize].weights.push(weight);
            }
        }
        Self { rows, columns, denominator }
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
                interrupt::count(EXACT * inner.columns.len());
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
        let rows = self.rows.iter().map(compose).collect();
        Self::from_rows(rows, first.columns.len(), denominator)
    }

    /// The map that changes nothing, on so many numbers.
    pub fn identity(width: usize) -> Self {
        let row = |k: usize| {
            StageRow::new(vec![k as u32], vec![Integer::ONE, Integer::ZERO], &Natural::ONE)
        };
        Self::from_rows((0..width).map(row).collect(), width, Natural::ONE)
    }

    /// Only one of its rows.
    pub fn only(mut self, row: usize) -> Self {
        let row = self.rows.swap_remove(row);
        Self::from_rows(vec![row], self.columns.len(), self.denominator)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Number of columns.
    pub fn inputs(&self) -> usize {
        self.columns.len()
    }

    /// Of each row the columns with a weight, and the numerators of these, then of the bias.
    pub fn numerators(&self) -> impl Iterator<Item = (&[u32], &[Integer])> {
        self.rows.iter().map(|row| (&*row.columns, &*row.wide))
    }

    /// The rational weights (input, value) and bias of a row.
    pub fn rational_row(&self, index: usize) -> (Vec<(usize, Rational)>, Rational) {
        let row = &self.rows[index];
        interrupt::count(EXACT * row.columns.len());
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
            interrupt::count(EXACT / 4 * width * row.columns.len());
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
    /// `on` are the neurons before that are on (numbered from −`offset`). Each term is rounded as
    /// a weight, as a product and in sums: (n + 6) roundings at most. The sums stand coordinate by
    /// coordinate, then those of the errors, then the size of what was added.
    pub fn floats(
        &self,
        before: &FloatRows,
        offset: usize,
        on: &[u32],
        width: usize,
        partial: &mut PartialSums,
        into: &mut FloatRows,
    ) {
        let count = self.rows.len();
        if count == 0 {
            return;
        }
        let length = count * (width + 1) + 1;
        let keep = (on.len() + 1).saturating_mul(length) <= MOST_KEPT;
        if !keep {
            partial.clear();
        }
        let neurons = || on.iter().filter(|&&row| row as usize >= offset);
        let same = neurons().zip(&partial.added).take_while(|(a, b)| a == b).count();
        partial.added.truncate(same);
        partial.sums.truncate((same + 1) * length);
        let roundings = (self.columns.len() + 6) as f64 * UNIT_ROUNDOFF;
        if partial.sums.is_empty() {
            partial.sums.resize(length, 0.0);
            for (index, row) in self.rows.iter().enumerate() {
                let bias = row.floats[row.columns.len()];
                partial.sums[index] = bias;
                partial.sums[count * width + index] = roundings * bias.abs();
            }
        }
        for &row in neurons().skip(same) {
            if keep {
                partial.sums.extend_from_within(partial.sums.len() - length..);
                partial.added.push(row);
            }
            let start = partial.sums.len() - length;
            let values = &before.coefficients[row as usize * width..][..width];
            let error = before.errors[row as usize];
            let column = &self.columns[row as usize - offset];
            interrupt::count(length);
            column.add_row(values, error, roundings, &mut partial.sums[start..]);
        }
        let sums = &partial.sums[partial.sums.len() - length..];
        for (index, row) in self.rows.iter().enumerate() {
            into.coefficients.extend(sums[index..count * width].iter().step_by(count));
            let error = sums[count * width + index] * (1.0 + 1e-9);
            into.errors.push(error + 1e-300 * (1.0 + sums[length - 1] + row.size));
        }
        if !keep {
            partial.clear();
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
        let size = floats.iter().map(|value| value.abs()).sum();
        Self { small: convert(&wide).ok(), columns, floats, wide, size }
    }
}
