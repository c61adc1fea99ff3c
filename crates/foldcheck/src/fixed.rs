//! Layers whose weights are known between two neighbouring words.

use foldline_kernel::number::Integer;
use foldline_kernel::{Layer, Row};

use crate::lines::Reason;
use crate::word::Word;

/// The rejection of whatever does not fit into words.
pub fn too_large(precision: u32) -> Reason {
    format!("a number is too large for precision {precision}")
}

/// A layer whose weights are known to lie between two neighbouring words.
#[derive(Debug)]
pub struct FixedLayer<W> {
    rows: Vec<FixedRow<W>>,
}

/// One row of weights, and its bias.
#[derive(Debug)]
pub struct FixedRow<W> {
    /// Inputs with non-zero weight, increasing.
    pub columns: Vec<u32>,
    /// The weights rounded down.
    pub floors: Vec<W>,
    /// The weights rounded up.
    pub ceilings: Vec<W>,
    /// The bias rounded down and up.
    pub bias: [W; 2],
}

impl<W: Word> FixedLayer<W> {
    /// Rounds `layer`'s weights and biases; none where one is too large.
    pub fn new(layer: &Layer, precision: u32) -> Option<Self> {
        let denominator = Integer::from(layer.denominator.clone());
        let round = |numerator: &Integer| W::bracket(numerator, &denominator, precision);
        let fixed_row = |row: &Row| {
            let weights: Option<Vec<(W, W)>> = row.numerators.iter().map(round).collect();
            let (floors, ceilings) = weights?.into_iter().unzip();
            let columns = row.columns.clone();
            Some(FixedRow { columns, floors, ceilings, bias: round(&row.bias)?.into() })
        };
        let rows = layer.rows.iter().map(fixed_row).collect::<Option<_>>()?;
        Some(Self { rows })
    }

    /// One row.
    pub fn row(&self, index: usize) -> &FixedRow<W> {
        &self.rows[index]
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}
