//! The search that writes a proof: one case after another, each tree in preorder.

use std::io;
use std::sync::Arc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::interrupt::{Stopped, unless_stopped};
use foldline_kernel::{LinearConstraint, Network, Property, Rational};

use super::Found;
use super::case_problems::Piece;
use super::cases::{Case, Numbered, numbered_cases};
use super::counters::Counters;
use super::node::{Node, Workspace};
use super::part::Part;
use super::perspective::{face_box, inner_box, open_ends, perspective, radius_beyond};
use super::problem::Problem;
use super::proof_state::{OpenProof, OpenTree, Position};
use super::region::{Bounds, Extent, extent, shown_bound};
use super::search::Visitor;
use super::transform::Transform;
use super::units::{Units, precision};
use crate::bounds::FloatNetwork;
use crate::checkpoint::{Journal, StateError};
use crate::proof::{Proof, dyadic};

/// Why no proof can be written.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Writing failed.
    #[error("the certificate cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The property is too large to number its clauses.
    #[error("the property has more than {} clauses", super::cases::MOST_CLAUSES)]
    TooManyClauses,
    /// The kept state is none of this proof.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What stays the same over all cases.
pub struct ProofSearch<'a> {
    /// The network.
    pub network: &'a Network,
    /// Counters and seed.
    pub visitor: Visitor<'a>,
    /// Fraction bits of checkers with fixed point numbers.
    pub precision: u32,
    /// Polled at every node.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl ProofSearch<'_> {
    /// Searches all cases and writes the records between the header and `end`, from where `out`
    /// was left.
    pub fn run(&self, property: &Property, out: &mut dyn Journal) -> Result<Found, ProofError> {
        let Numbered { mut cases, off } =
            numbered_cases(property).ok_or(ProofError::TooManyClauses)?;
        let counters = self.visitor.counters;
        let open = out.resumed().map(|state| OpenProof::from_json(state, counters)).transpose()?;
        let mut network = self.network.clone();
        let mut transforms = Vec::new();
        let mut head = String::new();
        if precision(&network, property).1 {
            let units = Units::new(&network, &cases, counters);
            head += &units.records(property);
            cases = cases.iter().map(|case| units.case(case)).collect();
            network = units.network(&network);
            transforms.push(units.transform());
        }
        off.iter().for_each(|number| head += &format!("off {number}\n"));
        if open.is_none() {
            out.write_all(head.as_bytes())?;
        }
        let float = FloatNetwork::new(&network);
        let network = Arc::new(network);
        let mut space = Workspace::new();
        let (first, mut open) = match open {
            Some(OpenProof { position, tree }) if position.case < cases.len() => {
                (position.case, Some((position.part, tree)))
            }
            Some(_) => return Err(StateError("it names more cases than there are".into()).into()),
            None => (0, None),
        };
        for (number, case) in cases.iter().enumerate().skip(first) {
            let piece = Piece {
                transforms: transforms.clone(),
                ..Piece::whole(&network, &float, &case.region, &case.clauses)
            };
            let share = 1.0 / cases.len() as f64;
            let found = self.case((number, case), piece, share, open.take(), &mut space, out)?;
            if found != Found::Nothing {
                return Ok(found);
            }
        }
        Ok(Found::Nothing)
    }

    /// One case, from the open tree of one of its parts on where there is one.
    fn case(
        &self,
        (number, case): (usize, &Case),
        piece: Piece,
        share: f64,
        open: Option<(usize, OpenTree)>,
        space: &mut Workspace,
        out: &mut dyn Journal,
    ) -> Result<Found, ProofError> {
        let mut proof = Proof::new(self.precision, &piece.float, !piece.transforms.is_empty());
        let numbers: Vec<String> = case.numbers.iter().map(usize::to_string).collect();
        proof.record(&format!("case {}", numbers.join(" ")));
        let parts = match self.parts(piece, &mut proof) {
            Ok(parts) => parts,
            Err(point) => return Ok(Found::Violation(point)),
        };
        space.relaxation.proof = Some(proof);
        match open {
            None => flush(space, out)?,
            // An earlier run wrote this.
            Some(_) => written(space),
        }
        let (first, mut open) = open.map_or((0, None), |(part, tree)| (part, Some(tree)));
        if open.is_some() && first >= parts.len() {
            return Err(StateError("it names more parts than there are".to_owned()).into());
        }
        let share = share / parts.len().max(1) as f64;
        for (part, (head, mut problem)) in parts.into_iter().enumerate().skip(first) {
            let position = Position { case: number, part };
            problem.numbers.clone_from(&case.numbers);
            let root = Node::root(Arc::new(problem), share);
            let stack = match open.take() {
                Some(tree) => tree.restore(&root.problem)?,
                None => {
                    out.write_all(head.as_bytes())?;
                    self.visitor.counters.regions.add(1);
                    if root.problem.own_box
                        && let Err(terms) = Part::new(&root).decide()
                        && let Some(proof) = &mut space.relaxation.proof
                    {
                        // Otherwise its closure, which need not be empty, would be searched to the end.
                        proof.with_terms("nowhere", &terms);
                        flush(space, out)?;
                        continue;
                    }
                    vec![root]
                }
            };
            let found = self.tree(position, stack, space, out)?;
            if found != Found::Nothing {
                return Ok(found);
            }
        }
        Ok(Found::Nothing)
    }

    fn tree(
        &self,
        position: Position,
        mut stack: Vec<Node>,
        space: &mut Workspace,
        out: &mut dyn Journal,
    ) -> Result<Found, ProofError> {
        let counters = self.visitor.counters;
        while let Some(node) = stack.pop() {
            if (self.stop)() {
                stack.push(node);
                out.save(&position.to_json(&stack, counters))?;
                return Ok(Found::Stopped);
            }
            let (open, before) = (node.outline_with_bases(), stack.len());
            match unless_stopped(|| self.visitor.visit(node, space, &mut stack)) {
                Ok(None) => {}
                Ok(Some(point)) => return Ok(Found::Violation(point)),
                Err(Stopped) => {
                    // Neither its parts nor what was recorded of it count.
                    stack.truncate(before);
                    stack.push(open);
                    out.save(&position.to_json(&stack, counters))?;
                    return Ok(Found::Stopped);
                }
            }
            flush(space, out)?;
            if out.is_due() && !stack.is_empty() {
                out.save(&position.to_json(&stack, counters))?;
            }
        }
        Ok(Found::Nothing)
    }

    /// Records where a case's region is, and gives the parts to search, each with the record that
    /// comes before its tree; a violating point where there are no clauses to refute.
    fn parts(
        &self,
        piece: Piece,
        proof: &mut Proof,
    ) -> Result<Vec<(String, Problem)>, Vec<Rational>> {
        let dimension = piece.network.inputs();
        let exact = ExactConstraint::all(dimension, &piece.constraints);
        let point = match feasibility(dimension, &exact) {
            Feasibility::Point(point) => point,
            Feasibility::Contradiction(multipliers) => {
                empty_region(&exact, &multipliers, proof);
                return Ok(Vec::new());
            }
        };
        if piece.clauses.iter().any(Vec::is_empty) {
            let back = |point: Vec<Rational>, step: &Transform| step.back(&point);
            return Err(piece.transforms.iter().rev().fold(point, back));
        }
        let bounds = self.bounds(&piece.constraints, dimension, proof);
        let ends = open_ends(&bounds);
        let radius = radius_beyond(&bounds);
        let inside = inner_box(&bounds, &radius);
        if ends.is_empty() {
            return Ok(vec![(String::new(), Problem::new(piece, inside))]);
        }
        proof.record(&format!("perspective {}", dyadic(radius.to_f64().value())));
        let cone = perspective(&piece);
        let boxed = |piece: Piece, bounds| Problem { own_box: true, ..Problem::new(piece, bounds) };
        let mut parts = vec![(String::new(), boxed(piece, inside))];
        for end in ends {
            let head = format!("face {} {}\n", end.0, side_word(end.1));
            parts.push((head, boxed(cone.clone(), face_box(&bounds, end, &radius))));
        }
        Ok(parts)
    }

    /// The box of a case's region; bounds that no single atom gives are recorded with a proof.
    fn bounds(
        &self,
        region: &[LinearConstraint],
        dimension: usize,
        proof: &mut Proof,
    ) -> Vec<Bounds> {
        let mut bounds = single_bounds(region, dimension, self.visitor.counters);
        for (coordinate, (low, high)) in bounds.iter_mut().enumerate() {
            for (end, is_upper) in [(low, false), (high, true)] {
                let sign = if is_upper { 1 } else { -1 };
                if end.is_none()
                    && let Some((value, multipliers)) =
                        shown_bound(dimension, region, coordinate, sign)
                {
                    let value = if is_upper { value } else { -value };
                    let multipliers = joined(&multipliers);
                    let side = side_word(is_upper);
                    proof.record(&format!("reach {coordinate} {side} {value} {multipliers}"));
                    *end = Some(value);
                }
            }
        }
        bounds
    }
}

fn side_word(is_upper: bool) -> &'static str {
    if is_upper { "upper" } else { "lower" }
}

fn joined(values: &[Rational]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn flush(space: &mut Workspace, out: &mut dyn Journal) -> io::Result<()> {
    if let Some(proof) = &space.relaxation.proof {
        out.write_all(proof.text.as_bytes())?;
    }
    written(space);
    Ok(())
}

/// The records so far need not be handed on any more.
fn written(space: &mut Workspace) {
    if let Some(proof) = &mut space.relaxation.proof {
        proof.text.clear();
    }
}

/// Bounds that single atoms give.
fn single_bounds(
    region: &[LinearConstraint],
    dimension: usize,
    counters: &Counters,
) -> Vec<Bounds> {
    let singles = region.iter().filter(|constraint| constraint.coefficients.len() == 1);
    let closed = singles.map(|single| LinearConstraint { strict: false, ..single.clone() });
    match extent(dimension, &closed.collect::<Vec<_>>(), counters) {
        Extent::Box(bounds) => bounds,
        Extent::Empty => vec![(None, None); dimension],
    }
}

/// Records the contradiction between the atoms on inputs of a case.
fn empty_region(exact: &[ExactConstraint], multipliers: &[(usize, Rational)], proof: &mut Proof) {
    let mut values = vec![Rational::ZERO; exact.len()];
    for (index, value) in multipliers {
        values[*index] += value * Rational::from(exact[*index].scale.clone());
    }
    proof.record(format!("void {}", joined(&values)).trim_end());
}
