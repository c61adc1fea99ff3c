//! Proofs of a number of cells: a tree of splits, with bases that force every other sign.
//!
//! They are told by the walk that counts: its splits, the hyperplanes through the vertices that
//! show why neurons do not cut a cell, and a point in each cell. The checker knows neither the
//! walk nor its vertices. A walk has parts, in a fixed order: each thread records its own ones, and their records one after
//! another are the proof. The splits above a part come before it, since the last part or skipped part.

use std::fmt::Write;

use foldline_geometry::arrangements::{Cell, Reason};
use foldline_kernel::{Network, Polyhedron, Rational, Region};

use super::Outcome;
use super::hull::hull;
use super::layered::LayeredNetwork;
use super::search::{Collect, Done, Options, Shared, walk_all};

/// What takes the records of parts.
pub trait Parts: Sync {
    /// The records of a part and the number of its cells. Each part comes once, in any order; false ends the walk.
    fn add(&self, part: u64, records: String, cells: u64) -> bool;
}

/// Proves the number of cells of a network on a full-dimensional polyhedron, but for what is `done`.
///
/// `None` if the polyhedron has no interior points.
///
/// # Panics
/// If there are too many dimensions, which counting the cells tells first.
pub fn prove_cells(
    network: &Network,
    region: &Polyhedron,
    options: &Options,
    done: Done,
    parts: &dyn Parts,
) -> Option<Outcome<u64>> {
    let (dimension, pieces) = (network.inputs(), vec![region.clone()]);
    let shared = Shared::new(options, done);
    let prepared = shared.limits.unless_reached(|| match hull(&Region { dimension, pieces }) {
        Some((hull, pieces)) if hull.directions.len() == dimension => {
            Some(LayeredNetwork::new(network, None, &hull, &pieces))
        }
        _ => None,
    });
    let Ok(layered) = prepared else {
        return Some(Outcome::Undecided { limit: shared.limits.which(), cells: shared.cells() });
    };
    let layered = &layered?;
    let make = || Recording { layered, dimension, parts, records: String::new() };
    let (_, limit) = walk_all(layered, &shared, make);
    let cells = shared.cells();
    Some(match limit {
        Some(limit) => Outcome::Undecided { limit, cells },
        None => Outcome::Counted(cells),
    })
}

/// The records of a thread since the last part that it passed or walked.
struct Recording<'p> {
    layered: &'p LayeredNetwork,
    dimension: usize,
    parts: &'p dyn Parts,
    records: String,
}

impl Recording<'_> {
    fn record(&mut self, words: std::fmt::Arguments<'_>) {
        self.records.write_fmt(words).expect("a string takes everything");
    }
}

impl Collect for Recording<'_> {
    fn only_counts(&self) -> bool {
        false
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        let point = self.layered.input(&cell.interior_point(), self.dimension);
        let point: Vec<String> = point.iter().map(Rational::to_string).collect();
        self.record(format_args!("cell {}\n", point.join(" ")));
    }

    fn wants_reasons(&self) -> bool {
        true
    }

    /// The neuron that has both signs in the cell, or constraints with independent gradients that force signs
    /// in it and in its parts: those of the region by `r`, a split neuron's side by `n`.
    fn reason(&mut self, reason: &Reason) {
        match reason {
            Reason::Split(level, row) => {
                let neuron = self.layered.neuron(*level, *row);
                self.record(format_args!("split {neuron}\n"));
            }
            Reason::Basis(rows) => {
                self.record(format_args!("basis"));
                for &(level, row) in rows {
                    match self.layered.constraint(level, row) {
                        Some(index) => self.record(format_args!(" r{index}")),
                        None => {
                            let neuron = self.layered.neuron(level, row);
                            self.record(format_args!(" n{neuron}"));
                        }
                    }
                }
                self.record(format_args!("\n"));
            }
        }
    }

    fn skip(&mut self) {
        self.records.clear();
    }

    fn leave(&mut self, part: u64, cells: u64) -> bool {
        self.parts.add(part, std::mem::take(&mut self.records), cells)
    }
}
