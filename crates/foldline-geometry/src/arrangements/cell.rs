//! What a visitor may ask about a cell: signs, boundedness, exact vertices, facets.

use foldline_kernel::{Integer, Rational};

use super::generators::slack;
use super::rows::{Numbers, RowSign};
use super::walk::{Arrangement, Frame, Walk};

/// Interior points are tried with denominators below 2 to this.
const MOST_BITS: u32 = 50;

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
    /// A point of the interior: d numbers, with few digits where floats find it.
    fn interior_point(&mut self) -> Vec<Rational>;
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

    /// The middle of the vertices (with all rays added), rounded to as few bits as leave it inside
    /// all hyperplanes of the path; none if floats do not see any.
    fn short_point(&self) -> Option<Vec<Rational>> {
        let (mut middle, mut vertices) = ([0.0; W], 0.0);
        for &index in self.list() {
            let point = &self.walk.generators.points[index as usize];
            let is_ray = self.walk.generators.is_tight(index, 0);
            vertices += if is_ray { 0.0 } else { 1.0 };
            for (sum, value) in middle.iter_mut().zip(point) {
                *sum += if is_ray { *value } else { *value / point[0] };
            }
        }
        middle.iter_mut().for_each(|value| *value /= vertices);
        for bits in (0..MOST_BITS).step_by(2) {
            let scale = (1u64 << bits) as f64;
            let mut point = middle.map(|value| (value * scale).round());
            point[0] = scale;
            let largest = point.iter().fold(0.0f64, |a, b| a.max(b.abs()));
            let is_exact = largest < (1u64 << 52) as f64;
            if !is_exact {
                return None;
            }
            // Divided by a power of two, nothing is rounded.
            let unit = largest.log2().ceil().exp2();
            let scaled = point.map(|value| value / unit);
            let is_inside = |slot: usize| {
                let (value, error) = self.walk.row_of(slot).at(&scaled, slack::<W>(0.0));
                if self.walk.is_on(slot) { value > error } else { -value > error }
            };
            if (1..self.walk.slots.len()).all(is_inside) {
                let scale = Rational::from(1u64 << bits);
                let exact = |value: &f64| Rational::from(*value as i64) / &scale;
                return Some(point[1..].iter().map(exact).collect());
            }
        }
        None
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

    fn interior_point(&mut self) -> Vec<Rational> {
        if let Some(point) = self.short_point() {
            return point;
        }
        let generators = self.generators();
        let sum = |k: usize| generators.iter().map(|point| &point[k]).sum::<Integer>();
        let scale = Rational::from(sum(0));
        (1..W).map(|k| Rational::from(sum(k)) / &scale).collect()
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
