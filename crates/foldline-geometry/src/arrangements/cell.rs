//! What a visitor may ask about a cell: signs, boundedness, exact vertices, facets.

use foldline_kernel::Integer;

use super::rows::{Numbers, RowSign};

/// A full-dimensional cell of the walk, valid while it is visited.
pub trait Cell {
    /// The signs of a level's rows on the cell.
    fn signs(&self, level: usize) -> &[RowSign];
    /// Whether the cell is bounded.
    fn is_bounded(&self) -> bool;
    /// The exact rows of a level on this cell.
    fn exact_rows(&mut self, level: usize) -> &Numbers;
    /// The vertices and rays, exact and homogeneous: x_0 > 0 for a vertex, 0 for a ray.
    fn generators(&mut self) -> Vec<Vec<Integer>>;
    /// Approximate generators in the same order, each a positive multiple of the exact one.
    fn approximate(&self) -> Vec<Vec<f64>>;
    /// For each facet that is not at infinity: a level and row whose hyperplane contains it, and
    /// which of the generators lie on it.
    fn facets(&self) -> Vec<Facet>;
}

/// A face of dimension d − 1 of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The level of a hyperplane that contains it.
    pub level: usize,
    /// The row of that hyperplane.
    pub row: usize,
    /// Positions in the cell's list of generators, increasing.
    pub generators: Vec<usize>,
}
