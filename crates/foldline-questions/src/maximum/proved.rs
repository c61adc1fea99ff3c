//! The search for the maximum M that is at the same time the proof that nothing is above M.
//!
//! Parts are opened as for the property "some point is above M", whose number M is not known yet,
//! and closed for the incumbent t ≤ M of that moment. That proves as much about M: all records but
//! one are lists of multipliers y ≥ 0 without a constant. The objective stands in them as −F + t, in a
//! clipping half-space as −p·x ≤ q − t: with M in place of t a sum with these y only gets larger.
//! The exception is what a checker finds by itself, with M (`told_late.rs`).
//!
//! Where a region is unbounded, one search cannot do. Its outer parts are about s·F(x/s), and the
//! property there is −s·F + M·s < 0: M is a coefficient, and multipliers found for t fit no other number.

use foldline_engine::evidence::{Evidence, Storage};
use foldline_engine::{Ended, Left, Open, Run, Search, best_first};
use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};
use serde_json::Value;
use std::convert::Infallible;

use super::goal::targets;
use super::pieces::ClosedPiece;
use super::resume;
use super::search::{MOST_BYTES, bytes};
use super::statement::Objective;
use super::visit::{Visited, Visitor};
use crate::checkpoint::{StateError, field, floats_text, read_floats};
use crate::verification::counters::Counters;
use crate::verification::node::Workspace;
use crate::verification::precision;
use crate::verification::proof_cases::{ProofCases, ProofError};
use crate::verification::trees::{self, Cases, Trees};

/// The property that some point of the region has an objective above `value`.
pub fn property_above(
    network: &Network,
    region: &Region,
    objective: &Objective,
    value: &Rational,
) -> Property {
    let negated = objective.iter().map(|(output, factor)| (*output, -factor.clone())).collect();
    let above = Atom::new(Vec::new(), negated, -value.clone(), true);
    Property {
        inputs: network.inputs(),
        outputs: network.outputs(),
        formula: Formula::And(vec![region.formula(), Formula::Atom(above)]),
    }
}

/// The cases of a proof about a maximum that is not known yet, if one search can make it, and the
/// fraction bits for which that is made.
///
/// # Errors
/// If there are too many cases.
pub fn cases(
    network: &Network,
    region: &Region,
    pieces: &[ClosedPiece],
    objectives: &[Objective],
    counters: &Counters,
) -> Result<Option<(ProofCases, u32)>, ProofError> {
    let [objective] = objectives else { return Ok(None) };
    if pieces.iter().any(ClosedPiece::is_unbounded) {
        return Ok(None);
    }
    let property = property_above(network, region, objective, &Rational::ZERO);
    let (bits, needs_units) = precision(network, &property);
    // Units depend on M.
    if needs_units {
        return Ok(None);
    }
    let mut cases = ProofCases::new(network, &property, bits, counters)?;
    Ok(cases.set_clauses(&targets(objective)).then_some((cases, bits)))
}

/// An open part.
pub struct Part {
    /// A proved upper bound of the objective on it.
    upper: f64,
    /// The incumbent for whose values its clipping half-spaces are.
    floor: f64,
    /// The part.
    part: trees::Part,
}

impl Part {
    /// A part about whose values nothing is known.
    fn unbounded(part: trees::Part) -> Self {
        Self { upper: f64::INFINITY, floor: f64::NEG_INFINITY, part }
    }
}

/// The search of all pieces for values above the incumbent, which it raises.
pub struct ProvedSearch<'a> {
    trees: Trees<'a>,
    visitor: Visitor<'a>,
}

impl<'a> ProvedSearch<'a> {
    /// The search below these cases.
    pub fn new(cases: ProofCases, visitor: Visitor<'a>) -> Self {
        Self { trees: Trees::new(Cases::Proved(Box::new(cases))), visitor }
    }

    /// Searches all pieces, or what an earlier run left `open`. If told to stop before the incumbent
    /// is the maximum, the largest upper bound of what is left; and the evidence so far.
    ///
    /// # Errors
    /// If records cannot be kept, or `open` is no state of this search.
    pub fn run(
        &self,
        open: Option<&Value>,
        storage: Storage,
        run: Run<'_>,
    ) -> Result<(Option<f64>, Option<Evidence>), ProofError> {
        let all = || vec![Part::unbounded(trees::Part::Cases(0..self.trees.len()))];
        let open = match open {
            None => Open::with_evidence(all(), storage),
            Some(state) => Open::with_evidence_from_json(self, state, storage)?,
        };
        let (ended, evidence) = best_first(self, open, run, MOST_BYTES);
        match ended {
            Ended::Exhausted => Ok((None, evidence)),
            Ended::Stopped { bound } => Ok((Some(bound), evidence)),
            Ended::Found(never) => match never {},
            Ended::Failed(error) => Err(ProofError::Evidence(error.into())),
        }
    }

    /// Opens the first of these cases; the others stay together.
    fn open(&self, cases: std::ops::Range<usize>, space: &mut Workspace, left: &mut Left<Part>) {
        let (Cases::Proved(proved), Some(proof)) = (&self.trees.cases, &mut space.relaxation.proof)
        else {
            unreachable!("this search writes a proof");
        };
        if cases.is_empty() {
            return;
        }
        // A point would come from a clause without atoms, and these have one.
        let pieces = proved.open(cases.start, proof, self.visitor.counters).unwrap_or_default();
        let roots = self.trees.roots(cases.start, pieces).into_iter().map(trees::Part::Root);
        left.parts.extend(roots.map(Part::unbounded));
        if cases.len() > 1 {
            left.parts.push(Part::unbounded(trees::Part::Cases(cases.start + 1..cases.end)));
        }
    }
}

impl Search for ProvedSearch<'_> {
    type Part = Part;
    type Workspace = Workspace;
    type Found = Infallible;

    fn workspace(&self) -> Workspace {
        let mut space = Workspace::new();
        space.relaxation.proof = self.trees.proof();
        space
    }

    fn visit(
        &self,
        Part { upper, floor, part }: Part,
        space: &mut Workspace,
        left: &mut Left<Part>,
    ) -> Option<Infallible> {
        match part {
            trees::Part::Cases(cases) => self.open(cases, space, left),
            trees::Part::Root(root) => {
                let node = root.begin(space, self.visitor.counters);
                left.parts.extend(node.map(|node| Part::unbounded(trees::Part::Node(node))));
            }
            trees::Part::Node(node) => {
                let Visited { parts, upper, floor } = self.visitor.visit(node, upper, floor, space);
                let part = |node| Part { upper, floor, part: trees::Part::Node(node) };
                left.parts.extend(parts.into_iter().map(part));
            }
        }
        if let Some(proof) = &mut space.relaxation.proof {
            std::mem::swap(&mut left.records, &mut proof.text);
            proof.text.clear();
        }
        None
    }

    fn outline(&self, part: &Part) -> Part {
        Part { part: self.trees.outline(&part.part), ..*part }
    }

    fn to_json(&self, part: &Part) -> Value {
        let mut state = self.trees.to_json(&part.part);
        state["values"] = floats_text(&[part.upper, part.floor]);
        state
    }

    fn restore(&self, state: &Value) -> Result<Part, StateError> {
        let part = self.trees.restore(state)?;
        match read_floats(field(state, "values")?)?[..] {
            [upper, floor] => Ok(Part { upper, floor, part }),
            _ => Err(StateError("a bound is missing".to_owned())),
        }
    }

    fn bound(&self, part: &Part) -> f64 {
        part.upper
    }

    /// A tree is begun before the next case is opened: so there are seldom many of them.
    fn depth(&self, part: &Part) -> usize {
        match &part.part {
            trees::Part::Cases(_) => 0,
            trees::Part::Root(_) => 1,
            trees::Part::Node(node) => 2 + node.splits.len(),
        }
    }

    fn bytes(&self, part: &Part) -> usize {
        match &part.part {
            trees::Part::Node(node) => bytes(node),
            _ => 1024,
        }
    }

    fn state(&self, open: Value) -> Value {
        resume::to_json(0, open, self.visitor.incumbent, self.visitor.counters)
    }
}
