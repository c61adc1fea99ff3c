//! The search below all cases of a property, as the driver sees it.

use std::ops::Range;

use foldline_engine::evidence::{Evidence, EvidenceError, Storage};
use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use foldline_kernel::Rational;
use foldline_kernel::interrupt;
use serde_json::{Value, json};

use super::case_problems::Entry;
use super::counters::Counters;
use super::leaf;
use super::node::{Node, RefuteClauses, Step, Workspace, process};
use super::trees::{Cases, Part, Trees};
use super::turns::Attacks;
use super::{Found, candidate};
use crate::checkpoint::StateError;

/// A worker's memory.
pub struct Memory {
    space: Workspace,
    /// The parts of a node.
    nodes: Vec<Node>,
}

/// The search for a violating point.
pub struct Verification<'a> {
    /// The trees below the cases.
    trees: Trees<'a>,
    /// How nodes are visited.
    pub visitor: Visitor<'a>,
    /// Which chunk of the property's expansion the cases are.
    pub chunk: u64,
}

impl<'a> Verification<'a> {
    /// The search for a violating point in these cases.
    pub fn new(cases: Cases<'a>, visitor: Visitor<'a>, chunk: u64) -> Self {
        Self { trees: Trees::new(cases), visitor, chunk }
    }

    /// Searches all cases, or what an earlier run left `open`; with `storage` for the evidence.
    pub fn run(
        &self,
        open: &Value,
        storage: Option<Storage>,
        run: Run<'_>,
    ) -> Result<(Found, Option<Evidence>), EvidenceError> {
        let all = || vec![Part::Cases(0..self.trees.len())];
        let open = match (open, storage) {
            (Value::Null, None) => Open::new(all()),
            (Value::Null, Some(storage)) => Open::with_evidence(all(), storage),
            (state, None) => Open::from_json(self, state)?,
            (state, Some(storage)) => Open::with_evidence_from_json(self, state, storage)?,
        };
        let (ended, evidence) = depth_first(self, open, run);
        let found = match ended {
            Ended::Exhausted => Found::Nothing,
            Ended::Found(point) => Found::Violation(point),
            Ended::Stopped { .. } => Found::Stopped,
            Ended::Failed(error) => return Err(error.into()),
        };
        Ok((found, evidence))
    }

    /// The state to save: what is open of the chunk, and the run's counters.
    pub fn state_of(chunk: u64, open: &Value, counters: &Counters) -> Value {
        json!({"chunk": chunk, "open": open, "counters": counters.values()})
    }

    /// Opens the first of these cases; the others stay together.
    fn open(
        &self,
        cases: Range<usize>,
        space: &mut Workspace,
        left: &mut Left<Part>,
    ) -> Option<Vec<Rational>> {
        let Range { start, end } = cases;
        if start == end {
            return None;
        }
        let counters = self.visitor.counters;
        match (&self.trees.cases, &mut space.relaxation.proof) {
            (Cases::Plain(opening), _) => match opening.open(start, counters) {
                Entry::Nodes(nodes) => left.parts.extend(nodes.into_iter().map(Part::Node)),
                Entry::Violation(point) => return Some(point),
            },
            (Cases::Proved(cases), Some(proof)) => match cases.open(start, proof, counters) {
                Ok(pieces) => {
                    let roots = self.trees.roots(start, pieces);
                    left.parts.extend(roots.into_iter().map(Part::Root));
                }
                Err(point) => return Some(point),
            },
            (Cases::Proved(_), None) => unreachable!("a worker that writes a proof has one"),
        }
        if start + 1 < end {
            left.parts.push(Part::Cases(start + 1..end));
        }
        None
    }
}

impl Search for Verification<'_> {
    type Part = Part;
    type Workspace = Memory;
    type Found = Vec<Rational>;

    fn workspace(&self) -> Memory {
        let mut space = Workspace::new();
        space.relaxation.proof = self.trees.proof();
        Memory { space, nodes: Vec::new() }
    }

    fn visit(
        &self,
        part: Part,
        Memory { space, nodes }: &mut Memory,
        left: &mut Left<Part>,
    ) -> Option<Vec<Rational>> {
        let found = match part {
            Part::Cases(cases) => self.open(cases, space, left),
            Part::Root(root) => {
                left.parts.extend(root.begin(space, self.visitor.counters).map(Part::Node));
                None
            }
            Part::Node(node) => {
                let found = self.visitor.visit(node, space, nodes);
                left.parts.extend(nodes.drain(..).map(Part::Node));
                found
            }
        };
        if let Some(proof) = &mut space.relaxation.proof {
            std::mem::swap(&mut left.records, &mut proof.text);
            proof.text.clear();
        }
        found
    }

    fn outline(&self, part: &Part) -> Part {
        self.trees.outline(part)
    }

    fn to_json(&self, part: &Part) -> Value {
        self.trees.to_json(part)
    }

    fn restore(&self, state: &Value) -> Result<Part, StateError> {
        self.trees.restore(state)
    }

    fn state(&self, open: Value) -> Value {
        Self::state_of(self.chunk, &open, self.visitor.counters)
    }
}

/// What visiting a node needs beside the node.
pub struct Visitor<'a> {
    /// The run's counters.
    pub counters: &'a Counters,
    /// The counterexample search beside the nodes.
    pub(super) attacks: Attacks,
}

impl<'a> Visitor<'a> {
    /// A visitor whose counterexample search has this seed.
    pub fn new(counters: &'a Counters, seed: u64) -> Self {
        Self { counters, attacks: Attacks::new(seed) }
    }

    /// Processes one node, whose parts are added to `parts`, the first to be visited first. A
    /// violating point, in the original inputs, ends the search.
    pub fn visit(
        &self,
        node: Node,
        space: &mut Workspace,
        parts: &mut Vec<Node>,
    ) -> Option<Vec<Rational>> {
        let counters = self.counters;
        counters.nodes.add(1);
        space.candidates.clear();
        let (problem, share) = (node.problem.clone(), node.share);
        let is_root = node.is_root();
        let mut exact_lps = 0;
        let before = interrupt::spent();
        let step = process(node, &RefuteClauses, space, &mut exact_lps);
        self.attacks.allow(interrupt::spent() - before);
        counters.exact_lps.add(exact_lps + std::mem::take(&mut space.exact_lps));
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        for point in &space.candidates {
            if let Some(exact) = candidate::repair(&problem, point, counters) {
                return Some(problem.original(&exact));
            }
        }
        match step {
            Step::Closed => {
                counters.close(share);
                None
            }
            Step::Leaf(node) => {
                counters.exact_leaves.add(1);
                let mut lps = 0;
                counters.close(share);
                let found = leaf::decide(&node, &mut lps, &mut space.relaxation.proof);
                counters.exact_lps.add(lps);
                found.map(|point| problem.original(&point))
            }
            Step::Split(children) => {
                parts.extend(children);
                self.attacks.begin(&problem, is_root, &space.candidates, counters);
                self.attacks.take_turn(counters)
            }
        }
    }
}
