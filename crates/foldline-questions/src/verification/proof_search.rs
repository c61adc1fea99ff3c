//! The search that writes a proof: one case after another, each tree in preorder.

use std::io::{self, Write};
use std::sync::Arc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::{Network, Property, Rational};

use super::Found;
use super::cases::{Case, Numbered, numbered_cases};
use super::counters::Counters;
use super::node::{Node, Workspace};
use super::problem::Problem;
use super::region::{Bounds, Extent, extent, shown_bound};
use super::search::Visitor;
use crate::bounds::FloatNetwork;
use crate::proof::Proof;

/// Why no proof can be written.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Writing failed.
    #[error("the certificate cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The property is too large to number its clauses.
    #[error("the property has more than {} clauses", super::cases::MOST_CLAUSES)]
    TooManyClauses,
    /// The region is unbounded.
    #[error("input X_{0} is unbounded: certificates for unbounded regions are not there yet")]
    Unbounded(usize),
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
    /// Searches all cases and writes the records between the header and `end`.
    pub fn run(&self, property: &Property, out: &mut dyn Write) -> Result<Found, ProofError> {
        let Numbered { cases, off } = numbered_cases(property).ok_or(ProofError::TooManyClauses)?;
        let network = Arc::new(self.network.clone());
        let float = FloatNetwork::new(self.network);
        let mut space = Workspace::new();
        for number in off {
            writeln!(out, "off {number}")?;
        }
        let share = 1.0 / cases.len().max(1) as f64;
        for case in &cases {
            let opened = self.open(case, &network, &float, &mut space, share)?;
            let root = match opened {
                Opened::Root(node) => vec![*node],
                Opened::Empty => Vec::new(),
                Opened::Violation(point) => return Ok(Found::Violation(point)),
            };
            let found = self.tree(root, &mut space, out)?;
            if found != Found::Nothing {
                return Ok(found);
            }
        }
        Ok(Found::Nothing)
    }

    fn tree(
        &self,
        mut stack: Vec<Node>,
        space: &mut Workspace,
        out: &mut dyn Write,
    ) -> Result<Found, ProofError> {
        flush(space, out)?;
        while let Some(node) = stack.pop() {
            if (self.stop)() {
                return Ok(Found::Stopped);
            }
            if let Some(point) = self.visitor.visit(node, space, &mut stack) {
                return Ok(Found::Violation(point));
            }
            flush(space, out)?;
        }
        Ok(Found::Nothing)
    }

    /// Writes a case's head and makes its root, unless its region is empty.
    fn open(
        &self,
        case: &Case,
        network: &Arc<Network>,
        float: &FloatNetwork,
        space: &mut Workspace,
        share: f64,
    ) -> Result<Opened, ProofError> {
        let numbers: Vec<String> = case.numbers.iter().map(usize::to_string).collect();
        let mut proof = Proof::new(self.precision);
        proof.record(&format!("case {}", numbers.join(" ")));
        let dimension = network.inputs();
        let exact = case.region.iter();
        let exact: Vec<ExactConstraint> =
            exact.map(|constraint| ExactConstraint::new(dimension, constraint)).collect();
        let point = match feasibility(dimension, &exact) {
            Feasibility::Point(point) => point,
            Feasibility::Contradiction(multipliers) => {
                empty_region(&exact, &multipliers, &mut proof);
                space.relaxation.proof = Some(proof);
                return Ok(Opened::Empty);
            }
        };
        if case.clauses.iter().any(Vec::is_empty) {
            return Ok(Opened::Violation(point));
        }
        let bounds = self.bounds(case, dimension, &mut proof)?;
        self.visitor.counters.regions.add(1);
        let (clauses, numbers) = (&case.clauses, case.numbers.clone());
        let problem = Problem::new(
            network.clone(),
            float,
            &case.region,
            bounds,
            clauses,
            numbers,
            Vec::new(),
        );
        space.relaxation.proof = Some(proof);
        Ok(Opened::Root(Box::new(Node::root(Arc::new(problem), share))))
    }

    /// The box of a case's region; bounds that no single atom gives are recorded with a proof.
    fn bounds(
        &self,
        case: &Case,
        dimension: usize,
        proof: &mut Proof,
    ) -> Result<Vec<(Rational, Rational)>, ProofError> {
        let singles = single_bounds(case, dimension, self.visitor.counters);
        let mut bounds = Vec::new();
        for (coordinate, (low, high)) in singles.into_iter().enumerate() {
            let mut side = |known: Option<Rational>, word: &str, sign: i8| {
                if let Some(value) = known {
                    return Ok::<Rational, ProofError>(value);
                }
                let (value, multipliers) = shown_bound(dimension, &case.region, coordinate, sign)
                    .ok_or(ProofError::Unbounded(coordinate))?;
                let value = if sign < 0 { -value } else { value };
                let multipliers: Vec<String> =
                    multipliers.iter().map(ToString::to_string).collect();
                let multipliers = multipliers.join(" ");
                proof.record(&format!("reach {coordinate} {word} {value} {multipliers}"));
                Ok(value)
            };
            let low = side(low, "lower", -1)?;
            let high = side(high, "upper", 1)?;
            bounds.push((low, high));
        }
        Ok(bounds)
    }
}

enum Opened {
    Root(Box<Node>),
    Empty,
    Violation(Vec<Rational>),
}

fn flush(space: &mut Workspace, out: &mut dyn Write) -> io::Result<()> {
    if let Some(proof) = &mut space.relaxation.proof {
        out.write_all(proof.text.as_bytes())?;
        proof.text.clear();
    }
    Ok(())
}

/// Bounds that single atoms give.
fn single_bounds(case: &Case, dimension: usize, counters: &Counters) -> Vec<Bounds> {
    let singles = case.region.iter().filter(|constraint| constraint.coefficients.len() == 1);
    let closed =
        singles.map(|single| foldline_kernel::LinearConstraint { strict: false, ..single.clone() });
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
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    proof.record(format!("void {}", values.join(" ")).trim_end());
}
