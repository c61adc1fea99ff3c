//! Proofs of a number of cells: a tree of splits, with bases that force every other sign.
//!
//! They are told by the walk that counts: its splits, the hyperplanes through the vertices that
//! show why neurons do not cut a cell, and a point in each cell. The checker knows neither the
//! walk nor its vertices.

use foldline_geometry::arrangements::{Cell, Plan, Reason, Visitor, walk};
use foldline_kernel::{Network, Polyhedron, Rational, Region};

use super::hull::hull;
use super::layered::LayeredNetwork;

/// A constraint of a cell, as a basis names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A constraint of the region, from 0.
    Region(usize),
    /// A neuron that was split on, from 0 over all layers: its side of the cell.
    Neuron(usize),
}

/// A step of the proof, in the order of a walk that takes "on" first.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The neuron has both signs in the cell.
    Split(usize),
    /// Bounds with independent gradients, to force signs in the cell and its parts.
    Basis(Vec<Bound>),
    /// A cell, with a point in its interior.
    Cell(Vec<Rational>),
}

/// Proves the number of cells of a network on a full-dimensional polyhedron.
///
/// `say` gets the steps and may end the walk by an error; `None` if `proceed` said no, or if the
/// polyhedron has no interior points.
///
/// # Errors
/// Those of `say`.
///
/// # Panics
/// If there are too many dimensions, which counting the cells tells first.
pub fn prove_cells<E>(
    network: &Network,
    region: &Polyhedron,
    proceed: &dyn Fn() -> bool,
    say: &mut dyn FnMut(Step) -> Result<(), E>,
) -> Result<Option<u64>, E> {
    let dimension = network.inputs();
    let pieces = vec![region.clone()];
    let layered = match hull(&Region { dimension, pieces }) {
        Some((hull, pieces)) if hull.directions.len() == dimension => {
            LayeredNetwork::new(network, None, &hull, &pieces)
        }
        _ => return Ok(None),
    };
    let mut proof = Proof { layered: &layered, dimension, proceed, say, error: None, cells: 0 };
    let finished = walk(&layered, Plan::default(), &mut proof);
    match proof.error {
        Some(error) => Err(error),
        None => Ok(finished.then_some(proof.cells)),
    }
}

struct Proof<'p, E> {
    layered: &'p LayeredNetwork,
    dimension: usize,
    proceed: &'p dyn Fn() -> bool,
    say: &'p mut dyn FnMut(Step) -> Result<(), E>,
    error: Option<E>,
    cells: u64,
}

impl<E> Proof<'_, E> {
    fn tell(&mut self, step: Step) {
        if self.error.is_none() {
            self.error = (self.say)(step).err();
        }
    }
}

impl<E> Visitor for Proof<'_, E> {
    fn cells(&mut self, count: u64) {
        self.cells += count;
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        self.cells += 1;
        let point = self.layered.input(&cell.interior_point(), self.dimension);
        self.tell(Step::Cell(point));
    }

    fn wants_reasons(&self) -> bool {
        true
    }

    fn reason(&mut self, reason: &Reason) {
        let step = match reason {
            Reason::Split(level, row) => Step::Split(self.layered.neuron(*level, *row)),
            Reason::Basis(rows) => {
                let bound =
                    |&(level, row): &(usize, usize)| match self.layered.constraint(level, row) {
                        Some(constraint) => Bound::Region(constraint),
                        None => Bound::Neuron(self.layered.neuron(level, row)),
                    };
                Step::Basis(rows.iter().map(bound).collect())
            }
        };
        self.tell(step);
    }

    fn proceed(&mut self) -> bool {
        self.error.is_none() && (self.proceed)()
    }
}
