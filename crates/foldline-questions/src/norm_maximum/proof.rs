//! What the search over directions writes down for a certificate: its tree of cones, in the order of
//! a depth-first walk.

use foldline_geometry::zonotopes::fan::Split;
use foldline_geometry::zonotopes::floats::exact_float;
use foldline_kernel::Rational;
use foldline_kernel::number::power_of_two;

/// How the search found that no point has a larger norm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The norm is the largest of few functionals, and all of their support values were looked at.
    #[default]
    Directions,
    /// All sign vectors were looked at.
    Signs,
    /// The directions were split into cones.
    Cones,
}

/// What a search leaves for a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The way it went.
    pub scheme: Scheme,
    /// The cones, parents before children: for each orthant of the fan a tree.
    pub nodes: Vec<ConeRecord>,
}

/// What was done with a cone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConeRecord {
    /// It was cut along the sum of two of its rays: first the half without the first of them.
    Split([usize; 2]),
    /// A linear function w that is above the support function on all rays, with ‖w‖ small enough.
    Above(Vec<Rational>),
    /// All sign vectors that agree with the signs of the cone were looked at.
    Signs,
}

impl Record {
    pub(super) fn all_signs(&mut self) {
        *self = Self { scheme: Scheme::Signs, nodes: Vec::new() };
    }

    pub(super) fn cones(&mut self) {
        *self = Self { scheme: Scheme::Cones, nodes: Vec::new() };
    }

    pub(super) fn split(&mut self, split: Split) {
        self.nodes.push(ConeRecord::Split(split.edge));
    }

    pub(super) fn above(&mut self, shift: i64, apex: &[f64]) {
        let scale = power_of_two(shift);
        let apex = apex.iter().map(|&value| exact_float(value) * &scale).collect();
        self.nodes.push(ConeRecord::Above(apex));
    }

    pub(super) fn exactly_above(&mut self, vector: Vec<Rational>) {
        self.nodes.push(ConeRecord::Above(vector));
    }

    pub(super) fn signs(&mut self) {
        self.nodes.push(ConeRecord::Signs);
    }
}
