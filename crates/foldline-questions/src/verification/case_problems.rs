//! From a case to bounded, full-dimensional problems: emptiness, affine hull, unbounded ends.

use std::sync::Arc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::{Atom, LinearConstraint, Network, Rational};

use super::cases::Case;
use super::counters::Counters;
use super::node::{Node, Place};
use super::problem::Problem;
use super::region::{Extent, extent, implicit_equalities};
use super::transform::{Transform, onto_affine_hull, outside_box};
use crate::bounds::FloatNetwork;

/// All cases of a property on a network, opened one after another.
pub struct Opening<'a> {
    network: Arc<Network>,
    float: FloatNetwork,
    cases: &'a [Case],
}

/// What the opening of a case gives.
pub enum Entry {
    /// The roots of its search trees; none if the region is empty.
    Nodes(Vec<Node>),
    /// A violating point, found at once.
    Violation(Vec<Rational>),
}

/// A region in transformed coordinates, on its way to becoming problems.
#[derive(Clone)]
pub struct Piece {
    /// The network in these coordinates.
    pub network: Arc<Network>,
    /// Its floats.
    pub float: FloatNetwork,
    /// The region.
    pub constraints: Vec<LinearConstraint>,
    /// The clauses.
    pub clauses: Vec<Vec<Atom>>,
    /// How to get back to the original inputs, last step first.
    pub transforms: Vec<Transform>,
}

impl<'a> Opening<'a> {
    /// Prepares to open `cases` of a property of `network`.
    pub fn new(network: &Network, cases: &'a [Case]) -> Self {
        let float = FloatNetwork::new(network);
        Self { network: Arc::new(network.clone()), float, cases }
    }

    /// Number of cases.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Opens one case.
    pub fn open(&self, index: usize, counters: &Counters) -> Entry {
        let piece = self.whole(index);
        if piece.clauses.iter().any(Vec::is_empty) {
            return match region_point(&piece, counters) {
                Some(point) => Entry::Violation(point),
                None => Entry::Nodes(Vec::new()),
            };
        }
        let mut problems = Vec::new();
        prepare(piece, &mut problems, counters);
        let share = 1.0 / (self.cases.len() * problems.len().max(1)) as f64;
        let mut nodes = Vec::new();
        for (piece, problem) in problems.into_iter().enumerate() {
            counters.regions.add(1);
            let place = Place { case: index, piece };
            nodes.push(Node { place, ..Node::root(Arc::new(problem), share) });
        }
        Entry::Nodes(nodes)
    }

    /// The problems of a case that was opened by an earlier run: the same ones, nothing counted.
    pub fn problems(&self, index: usize) -> Vec<Arc<Problem>> {
        let mut problems = Vec::new();
        prepare(self.whole(index), &mut problems, &Counters::default());
        problems.into_iter().map(Arc::new).collect()
    }

    fn whole(&self, index: usize) -> Piece {
        let case = &self.cases[index];
        Piece {
            network: self.network.clone(),
            float: self.float.clone(),
            constraints: case.region.clone(),
            clauses: case.clauses.clone(),
            transforms: Vec::new(),
        }
    }

    /// Whether no case has a point in its input region.
    pub fn is_vacuous(&self, counters: &Counters) -> bool {
        self.cases.iter().all(|case| {
            let piece = Piece {
                network: self.network.clone(),
                float: self.float.clone(),
                constraints: case.region.clone(),
                clauses: Vec::new(),
                transforms: Vec::new(),
            };
            region_point(&piece, counters).is_none()
        })
    }
}

fn exact_constraints(piece: &Piece) -> Vec<ExactConstraint> {
    let dimension = piece.network.inputs();
    piece.constraints.iter().map(|constraint| ExactConstraint::new(dimension, constraint)).collect()
}

fn region_point(piece: &Piece, counters: &Counters) -> Option<Vec<Rational>> {
    counters.exact_lps.add(1);
    feasible_point(piece.network.inputs(), &exact_constraints(piece))
}

/// Splits a piece into problems: bounded and with interior. An empty piece gives none.
fn prepare(piece: Piece, problems: &mut Vec<Problem>, counters: &Counters) {
    let bounds = match extent(piece.network.inputs(), &piece.constraints, counters) {
        Extent::Empty => return,
        Extent::Box(bounds) => bounds,
    };
    let equalities =
        implicit_equalities(piece.network.inputs(), &piece.constraints, &bounds, counters);
    if !equalities.is_empty() {
        match onto_affine_hull(&piece, &equalities) {
            Some(piece) => prepare(piece, problems, counters),
            None => problems.extend(single_point(piece, &equalities)),
        }
        return;
    }
    if bounds.iter().any(|(low, high)| low.is_none() || high.is_none()) {
        for part in outside_box(&piece, &bounds) {
            prepare(part, problems, counters);
        }
        return;
    }
    let bounds = bounds.into_iter().filter_map(|(low, high)| Some((low?, high?))).collect();
    let Piece { network, float, constraints, clauses, transforms } = piece;
    problems.push(Problem::new(
        network,
        &float,
        &constraints,
        bounds,
        &clauses,
        Vec::new(),
        transforms,
    ));
}

/// A region that is one point stays in its own coordinates: its box has no width.
fn single_point(piece: Piece, equalities: &[LinearConstraint]) -> Option<Problem> {
    let dimension = piece.network.inputs();
    let exact: Vec<ExactConstraint> = equalities
        .iter()
        .flat_map(|equality| [equality.clone(), super::region::opposite(equality)])
        .map(|constraint| ExactConstraint::new(dimension, &constraint))
        .collect();
    let point = feasible_point(dimension, &exact)?;
    let bounds = point.into_iter().map(|value| (value.clone(), value)).collect();
    let Piece { network, float, constraints, clauses, transforms } = piece;
    Some(Problem::new(network, &float, &constraints, bounds, &clauses, Vec::new(), transforms))
}
