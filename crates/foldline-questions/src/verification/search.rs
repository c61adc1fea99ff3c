//! The search below all cases of a property, as the driver sees it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use foldline_engine::evidence::{Evidence, EvidenceError, Storage};
use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use foldline_kernel::Rational;
use foldline_kernel::interrupt;
use serde_json::{Value, json};

use super::case_problems::{Entry, Opening};
use super::counters::Counters;
use super::leaf;
use super::node::{Node, Place, RefuteClauses, Step, Workspace, process};
use super::part::Part as ExactPart;
use super::problem::Problem;
use super::proof_cases::ProofCases;
use super::proof_state::{proved_node_from_json, proved_node_to_json};
use super::resume::{node_from_json, node_to_json};
use super::turns::Attacks;
use super::{Found, candidate};
use crate::checkpoint::{StateError, expected};

/// A part of the search.
#[allow(clippy::large_enum_variant, reason = "nearly all parts are nodes")]
pub enum Part {
    /// Cases that are not opened yet.
    Cases(Range<usize>),
    /// A piece of a case's region, which a proof has not begun yet.
    Root(Root),
    /// A part of a piece.
    Node(Node),
}

/// A piece of a case's region.
#[derive(Clone)]
pub struct Root {
    /// The record that comes before its tree.
    head: String,
    problem: Arc<Problem>,
    place: Place,
    share: f64,
}

/// The cases of a property, with or without a proof.
pub enum Cases<'a> {
    /// Without.
    Plain(Opening<'a>),
    /// With.
    Proved(Box<ProofCases>),
}

impl Cases<'_> {
    /// The number of cases.
    pub fn len(&self) -> usize {
        match self {
            Cases::Plain(opening) => opening.len(),
            Cases::Proved(cases) => cases.len(),
        }
    }

    /// The pieces of a case that an earlier run opened: the same ones, nothing counted.
    fn reopened(&self, case: usize) -> Vec<Root> {
        let pieces: Vec<(String, Arc<Problem>)> = match self {
            Cases::Plain(opening) => {
                opening.problems(case).into_iter().map(|problem| (String::new(), problem)).collect()
            }
            Cases::Proved(cases) => {
                let opened = cases.open(case, &mut cases.proof(), &Counters::default());
                let pieces = opened.unwrap_or_default().into_iter();
                pieces.map(|(head, problem)| (head, Arc::new(problem))).collect()
            }
        };
        self.roots(case, pieces)
    }

    fn roots(&self, case: usize, pieces: Vec<(String, Arc<Problem>)>) -> Vec<Root> {
        let share = 1.0 / (self.len() * pieces.len().max(1)) as f64;
        let root =
            |(piece, (head, problem))| Root { head, problem, place: Place { case, piece }, share };
        pieces.into_iter().enumerate().map(root).collect()
    }
}

/// A worker's memory.
pub struct Memory {
    space: Workspace,
    /// The parts of a node.
    nodes: Vec<Node>,
}

/// The search for a violating point.
pub struct Verification<'a> {
    /// The cases.
    pub cases: Cases<'a>,
    /// How nodes are visited.
    pub visitor: Visitor<'a>,
    /// Which chunk of the property's expansion the cases are.
    pub chunk: u64,
    /// The pieces of cases of which an earlier run left nodes.
    reopened: Mutex<HashMap<usize, Vec<Root>>>,
}

impl<'a> Verification<'a> {
    /// The search for a violating point in these cases.
    pub fn new(cases: Cases<'a>, visitor: Visitor<'a>, chunk: u64) -> Self {
        Self { cases, visitor, chunk, reopened: Mutex::new(HashMap::new()) }
    }

    /// Searches all cases, or what an earlier run left `open`; with `storage` for the evidence.
    pub fn run(
        &self,
        open: &Value,
        storage: Option<Storage>,
        run: Run<'_>,
    ) -> Result<(Found, Option<Evidence>), EvidenceError> {
        let all = || vec![Part::Cases(0..self.cases.len())];
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
        match (&self.cases, &mut space.relaxation.proof) {
            (Cases::Plain(opening), _) => match opening.open(start, counters) {
                Entry::Nodes(nodes) => left.parts.extend(nodes.into_iter().map(Part::Node)),
                Entry::Violation(point) => return Some(point),
            },
            (Cases::Proved(cases), Some(proof)) => match cases.open(start, proof, counters) {
                Ok(pieces) => {
                    let pieces = pieces.into_iter();
                    let pieces = pieces.map(|(head, problem)| (head, Arc::new(problem))).collect();
                    let roots = self.cases.roots(start, pieces);
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

    /// Begins the tree of a piece.
    fn begin(&self, root: Root, space: &mut Workspace, left: &mut Left<Part>) {
        let Root { head, problem, place, share } = root;
        self.visitor.counters.regions.add(1);
        let node = Node { place, ..Node::root(problem, share) };
        let proof = space.relaxation.proof.as_mut().expect("only proofs have pieces to begin");
        proof.text += &head;
        if node.problem.own_box
            && let Err(terms) = ExactPart::new(&node).decide()
        {
            // Otherwise its closure, which need not be empty, would be searched to the end.
            proof.with_terms("nowhere", &terms);
            return;
        }
        left.parts.push(Part::Node(node));
    }

    /// The piece that a saved state names.
    fn root_of(&self, state: &Value) -> Result<Root, StateError> {
        let index = |key: &str| crate::checkpoint::count(state, key).map(|value| value as usize);
        let (case, piece) = (index("case")?, index("piece")?);
        if case >= self.cases.len() {
            return Err(StateError(format!("there is no case {case}")));
        }
        let mut reopened = self.reopened.lock().expect("no opening panicked");
        let roots = reopened.entry(case).or_insert_with(|| self.cases.reopened(case));
        let root = roots.get(piece).cloned();
        root.ok_or_else(|| StateError(format!("case {case} has no piece {piece}")))
    }
}

impl Search for Verification<'_> {
    type Part = Part;
    type Workspace = Memory;
    type Found = Vec<Rational>;

    fn workspace(&self) -> Memory {
        let mut space = Workspace::new();
        if let Cases::Proved(cases) = &self.cases {
            space.relaxation.proof = Some(cases.proof());
        }
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
                self.begin(root, space, left);
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
        match part {
            Part::Cases(cases) => Part::Cases(cases.clone()),
            Part::Root(root) => Part::Root(root.clone()),
            Part::Node(node) => Part::Node(match self.cases {
                Cases::Plain(_) => node.outline(),
                Cases::Proved(_) => node.outline_with_bases(),
            }),
        }
    }

    fn to_json(&self, part: &Part) -> Value {
        match part {
            Part::Cases(cases) => json!({"from_case": cases.start, "to_case": cases.end}),
            Part::Root(Root { place, .. }) => {
                json!({"begins": true, "case": place.case, "piece": place.piece})
            }
            Part::Node(node) => match self.cases {
                Cases::Plain(_) => node_to_json(node),
                Cases::Proved(_) => proved_node_to_json(node),
            },
        }
    }

    fn restore(&self, state: &Value) -> Result<Part, StateError> {
        let index = |key: &str| state.get(key).and_then(Value::as_u64).map(|value| value as usize);
        if let (Some(start), Some(end)) = (index("from_case"), index("to_case")) {
            let fits = start <= end && end <= self.cases.len();
            return if fits { Ok(Part::Cases(start..end)) } else { Err(expected("cases", state)) };
        }
        let root = self.root_of(state)?;
        if state.get("begins").is_some() {
            return Ok(Part::Root(root));
        }
        let Root { problem, place, .. } = root;
        Ok(Part::Node(match self.cases {
            Cases::Plain(_) => node_from_json(state, &problem, place)?,
            Cases::Proved(_) => proved_node_from_json(state, &problem, place)?,
        }))
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
