//! A flat arrangement of hyperplanes in R^d, made ready for the walk.

use foldline_kernel::Integer;

use super::rows::{FROM_EXACT, FloatRows, Numbers, PartialSums, RowSign};
use super::start::spanning_columns;
use super::walk::Arrangement;

/// One level of hyperplanes; where their normals do not span R^d, modulo what they leave free.
#[derive(Debug, Clone)]
pub struct FlatArrangement {
    width: usize,
    rows: Numbers,
    count: usize,
    /// Whether the normals span R^d: otherwise every cell is unbounded.
    pub spans: bool,
}

impl FlatArrangement {
    /// Hyperplanes as rows of d + 1 numbers: constant, then coefficients.
    ///
    /// Equal hyperplanes do no harm, and a row without coefficients splits nothing.
    pub fn new(rows: &[Vec<Integer>]) -> Self {
        let width = rows.first().map_or(1, Vec::len);
        let linear: Vec<Vec<Integer>> = rows.iter().map(|row| row[1..].to_vec()).collect();
        let columns = spanning_columns(&linear, width - 1);
        let kept = |row: &Vec<Integer>| {
            let coefficients = columns.iter().map(|&column| row[column + 1].clone());
            [row[0].clone()].into_iter().chain(coefficients).collect::<Vec<Integer>>()
        };
        let spans = columns.len() + 1 == width;
        let numbers = Numbers::new(rows.iter().flat_map(kept).collect());
        Self { width: columns.len() + 1, rows: numbers, count: rows.len(), spans }
    }
}

/// Adds one exact row to float rows.
pub fn push_exact_row(row: Vec<Integer>, into: &mut FloatRows) {
    let start = into.coefficients.len();
    into.coefficients.resize(start + row.len(), 0.0);
    if row.iter().any(|value| *value != Integer::ZERO) {
        Numbers::new(row).to_floats(&mut into.coefficients[start..]);
    }
    into.errors.push(FROM_EXACT);
}

impl Arrangement for FlatArrangement {
    fn dimension(&self) -> usize {
        self.width - 1
    }

    fn levels(&self) -> usize {
        1
    }

    fn rows(&self, _level: usize) -> usize {
        self.count
    }

    fn float_rows(
        &self,
        _level: usize,
        _on: &[u32],
        _before: Option<&FloatRows>,
        _partial: &mut PartialSums,
        into: &mut FloatRows,
    ) {
        for index in 0..self.count {
            push_exact_row(self.rows.integers(index, self.width), into);
        }
    }

    fn exact_rows(&self, _: usize, _: &[Vec<RowSign>], _: Option<&Numbers>) -> Numbers {
        self.rows.clone()
    }
}
