//! What a visitor may ask about a cell: signs, boundedness, exact vertices, facets.

use foldline_kernel::Integer;

use super::rows::{Numbers, RowSign};
use super::walk::{Arrangement, Frame, Walk};

/// A full-dimensional cell of the walk, valid while it is visited.
pub trait Cell {
    /// The signs of a level's rows on the cell.
    fn signs(&self, level: usize) -> &[RowSign];
    /// The rows of a level that are on, in the order in which that was decided.
    fn on(&self, level: usize) -> &[u32];
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
    /// All rows (level and row) that are 0 on a facet of the cell, in order.
    fn vanishing(&mut self, facet: &Facet) -> Vec<(usize, usize)>;
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

/// The cell at hand, as a visitor sees it.
pub(super) struct View<'w, 'a, const W: usize, A: Arrangement> {
    pub walk: &'w mut Walk<'a, W, A>,
    pub frame: &'w Frame,
}

impl<const W: usize, A: Arrangement> View<'_, '_, W, A> {
    fn list(&self) -> &[u32] {
        &self.walk.lists[self.frame.list..self.frame.list_end]
    }
}

impl<const W: usize, A: Arrangement> Cell for View<'_, '_, W, A> {
    fn signs(&self, level: usize) -> &[RowSign] {
        &self.walk.signs[level]
    }

    fn on(&self, level: usize) -> &[u32] {
        &self.walk.on[level]
    }

    fn is_bounded(&self) -> bool {
        // Slot 0 is infinity.
        self.list().iter().all(|&index| !self.walk.generators.is_tight(index, 0))
    }

    fn exact_rows(&mut self, level: usize) -> &Numbers {
        self.walk.ensure_exact(level);
        self.walk.exact[level].as_ref().expect("ensured")
    }

    fn generators(&mut self) -> Vec<Vec<Integer>> {
        let list = self.list().to_vec();
        let exact = |index: u32| {
            self.walk.ensure_point(index);
            let point = self.walk.generators.exact[index as usize].as_ref();
            point.expect("ensured").integers(0, W)
        };
        list.into_iter().map(exact).collect()
    }

    fn approximate(&self) -> Vec<Vec<f64>> {
        let point = |&index: &u32| self.walk.generators.points[index as usize].to_vec();
        self.list().iter().map(point).collect()
    }

    fn facets(&self) -> Vec<Facet> {
        let generators = &self.walk.generators;
        let on = |slot: usize| -> Vec<usize> {
            let list = self.list().iter().enumerate();
            list.filter(|(_, index)| generators.is_tight(**index, slot)).map(|(k, _)| k).collect()
        };
        let faces: Vec<Vec<usize>> = (0..self.walk.slots.len()).map(on).collect();
        let contains =
            |a: &Vec<usize>, b: &Vec<usize>| b.iter().all(|k| a.binary_search(k).is_ok());
        let mut facets = Vec::new();
        for (slot, face) in faces.iter().enumerate() {
            // A facet is a largest face; of slots with the same face the first counts.
            let inside = |(other, larger): (usize, &Vec<usize>)| {
                other != slot
                    && contains(larger, face)
                    && (larger.len() > face.len() || other < slot)
            };
            let (level, row) = self.walk.slots[slot];
            if let Some(level) = level
                && !faces.iter().enumerate().any(inside)
            {
                facets.push(Facet { level, row, generators: face.clone() });
            }
        }
        facets
    }
    fn vanishing(&mut self, facet: &Facet) -> Vec<(usize, usize)> {
        let on: Vec<u32> = facet.generators.iter().map(|&k| self.list()[k]).collect();
        let mut found = Vec::new();
        for level in 0..self.walk.rows.len() {
            for row in 0..self.walk.rows[level].len() {
                let is_own = (level, row) == (facet.level, facet.row);
                // Floats at any of the generators mostly tell: exact numbers only if none does.
                let certain = |&index: &u32| self.walk.certain_sign(level, row, index).is_some();
                if is_own
                    || !on.iter().any(certain)
                        && on.iter().all(|&index| self.walk.sign(level, row, index).0 == 0)
                {
                    found.push((level, row));
                }
            }
        }
        found
    }
}
