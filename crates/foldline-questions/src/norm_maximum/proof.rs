//! What a search for the largest norm leaves for a certificate: that all functionals or sign vectors were
//! looked at, or its tree of cones.

use std::fmt::Write;

use foldline_engine::evidence::Evidence;
use foldline_geometry::zonotopes::fan::Split;
use foldline_geometry::zonotopes::floats::exact_float;
use foldline_kernel::Rational;
use foldline_kernel::number::power_of_two;

/// How the search found that no point has a larger norm.
#[derive(Debug)]
pub enum Record {
    /// The norm is the largest of few functionals, and all of their support values were looked at.
    Directions,
    /// All sign vectors were looked at.
    Signs,
    /// The directions were split into cones: for each orthant of the fan the records of a tree.
    Cones(Evidence),
}

/// It was cut along the sum of two of its rays: first the half without the first of them.
pub(super) fn split(records: &mut String, split: Split) {
    let [first, second] = split.edge;
    writeln!(records, "split {first} {second}").expect("a string takes all");
}

/// A linear function w that is above the support function on all rays, with ‖w‖ small enough.
pub(super) fn above(records: &mut String, vector: &[Rational]) {
    records.push_str("above");
    for value in vector {
        write!(records, " {value}").expect("a string takes all");
    }
    records.push('\n');
}

/// The linear function that floats gave, in the zonotope's own units.
pub(super) fn exact_apex(shift: i64, apex: &[f64]) -> Vec<Rational> {
    let scale = power_of_two(shift);
    apex.iter().map(|&value| exact_float(value) * &scale).collect()
}

/// All sign vectors that agree with the signs of the cone were looked at.
pub(super) fn signs(records: &mut String) {
    records.push_str("signs\n");
}
