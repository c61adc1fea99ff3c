//! A network on a polytope, with every decided neuron eliminated.
//!
//! On a polytope most neurons have a known sign. What is left of the network is a triangular
//! system: the pre-activation of each undecided neuron is an affine function of the inputs x and
//! of the activations r = max(0, z) of undecided neurons before it. Bounds then cost
//! O(undecided²) instead of a pass through all layers. Each row carries a bound of everything
//! that rounding did to it: |exact z − row(x, r)| ≤ error for all x in the polytope.

use foldline_geometry::directed::{LARGEST_MAGNITUDE, UNDERFLOW_SLACK, UNIT_ROUNDOFF};

/// A triangular system of undecided neurons, then the targets as further rows.
///
/// A neuron's row has columns for the undecided neurons of earlier layers only: the neurons of one
/// layer do not depend on each other. So the rows of a wide first layer are short.
#[derive(Debug, Default)]
pub struct Reduced {
    /// Input dimension d.
    pub dimension: usize,
    /// Width of a row's first part: d coefficients, the constant, padding.
    pub head: usize,
    /// Index of each undecided neuron among all ReLU neurons, increasing.
    pub neurons: Vec<u32>,
    /// Layer of each undecided neuron.
    pub layers: Vec<u16>,
    /// Proved lower bounds of the pre-activations (< 0).
    pub lower: Vec<f64>,
    /// Proved upper bounds of the pre-activations (> 0).
    pub upper: Vec<f64>,
    /// Rows: first the undecided neurons', then the targets'; each one padded with zeros.
    pub rows: Vec<f64>,
    /// Where each row begins in `rows`, and where the last one ends.
    pub starts: Vec<usize>,
    /// Number of columns of each row.
    pub columns: Vec<usize>,
    /// Error bound of each row.
    pub errors: Vec<f64>,
    /// Σ|coefficient|·(bound of the variable) of each row.
    pub magnitudes: Vec<f64>,
    /// Number of target rows.
    pub targets: usize,
    /// Whether all undecided neurons are columns; else some were relaxed on the way.
    pub complete: bool,
}

/// Width of the input part of a row.
pub fn head_width(dimension: usize) -> usize {
    padded(dimension + 1)
}

/// So many numbers with padding: whole vectors of eight.
pub fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

impl Reduced {
    /// Number of undecided neurons.
    pub fn count(&self) -> usize {
        self.neurons.len()
    }

    /// One row.
    #[inline(always)]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.rows[self.starts[index]..self.starts[index + 1]]
    }

    /// Appends a row whose numbers, after the head, are those of the first neurons' columns.
    pub fn push_row(&mut self, row: &[f64]) {
        self.columns.push(row.len() - self.head);
        self.rows.extend_from_slice(row);
        self.rows.resize(self.starts[self.starts.len() - 1] + padded(row.len()), 0.0);
        self.starts.push(self.rows.len());
    }

    /// Removes the last row.
    pub fn pop_row(&mut self) {
        self.columns.pop();
        self.starts.pop();
        self.rows.truncate(self.starts[self.starts.len() - 1]);
    }

    /// Whether a row involves no undecided neuron.
    pub fn is_affine(&self, index: usize) -> bool {
        self.row(index)[self.head..].iter().all(|&value| value == 0.0)
    }
}

impl Clone for Reduced {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        copy.clone_from(self);
        copy
    }

    /// Reuses the memory that is there: a search copies systems again and again.
    fn clone_from(&mut self, source: &Self) {
        self.dimension = source.dimension;
        self.head = source.head;
        self.neurons.clone_from(&source.neurons);
        self.layers.clone_from(&source.layers);
        self.lower.clone_from(&source.lower);
        self.upper.clone_from(&source.upper);
        self.rows.clone_from(&source.rows);
        self.starts.clone_from(&source.starts);
        self.columns.clone_from(&source.columns);
        self.errors.clone_from(&source.errors);
        self.magnitudes.clone_from(&source.magnitudes);
        self.targets = source.targets;
        self.complete = source.complete;
    }
}

/// Adds `factor · source` to `row`.
#[inline(always)]
pub fn add_multiple<const FUSED: bool>(row: &mut [f64], factor: f64, source: &[f64]) {
    if FUSED {
        for (value, &term) in row.iter_mut().zip(source) {
            *value = factor.mul_add(term, *value);
        }
    } else {
        for (value, &term) in row.iter_mut().zip(source) {
            *value += factor * term;
        }
    }
}

/// Turns a magnitude into a rounding error bound after `roundings` operations an entry.
#[inline(always)]
pub fn rounding_error(roundings: usize, magnitude: f64) -> f64 {
    if magnitude <= LARGEST_MAGNITUDE {
        (2 * roundings + 16) as f64 * UNIT_ROUNDOFF * magnitude + UNDERFLOW_SLACK
    } else {
        f64::INFINITY
    }
}

/// Σ|coefficient|·(bound of the variable) over the used part of a row.
#[inline(always)]
pub fn magnitude_of(
    row: &[f64],
    dimension: usize,
    head: usize,
    reach: &[f64],
    caps: &[f64],
) -> f64 {
    let mut sum = row[dimension].abs();
    for j in 0..dimension {
        sum += row[j].abs() * reach[j];
    }
    for (value, cap) in row[head..].iter().zip(caps) {
        sum += value.abs() * cap;
    }
    sum * (1.0 + 1e-9)
}
