//! The trees of a search below the cases of a property: opened one after another, saved and read back.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::case_problems::Opening;
use super::counters::Counters;
use super::node::{Node, Place, Workspace};
use super::part::Part as ExactPart;
use super::problem::Problem;
use super::proof_cases::{ProofCases, ProofPiece};
use super::proof_state::{proved_node_from_json, proved_node_to_json};
use super::resume::{node_from_json, node_to_json};
use crate::checkpoint::{StateError, count, expected};
use crate::proof::Proof;

/// A piece of a case's region.
#[derive(Clone)]
pub struct Root {
    /// The record that comes before its tree.
    head: String,
    problem: Arc<Problem>,
    place: Place,
    share: f64,
}

impl Root {
    /// Begins the tree of the piece: its first node. None if the piece has no point.
    ///
    /// # Panics
    /// If the worker writes no proof.
    pub fn begin(self, space: &mut Workspace, counters: &Counters) -> Option<Node> {
        let Root { head, problem, place, share } = self;
        counters.regions.add(1);
        let node = Node { place, ..Node::root(problem, share) };
        let proof = space.relaxation.proof.as_mut().expect("only proofs have pieces to begin");
        proof.text += &head;
        if node.problem.own_box
            && let Err(terms) = ExactPart::new(&node).decide()
        {
            // Otherwise its closure, which need not be empty, would be searched to the end.
            proof.with_terms("nowhere", &terms);
            return None;
        }
        Some(node)
    }
}

/// The cases of a property, with or without a proof.
pub enum Cases<'a> {
    /// Without.
    Plain(Opening<'a>),
    /// With.
    Proved(Box<ProofCases>),
}

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

/// The trees below the cases of a property.
pub struct Trees<'a> {
    /// The cases.
    pub cases: Cases<'a>,
    /// The pieces of cases of which an earlier run left nodes.
    reopened: Mutex<HashMap<usize, Vec<Root>>>,
}

impl<'a> Trees<'a> {
    /// The trees below these cases.
    pub fn new(cases: Cases<'a>) -> Self {
        Self { cases, reopened: Mutex::new(HashMap::new()) }
    }

    /// The number of cases.
    pub fn len(&self) -> usize {
        match &self.cases {
            Cases::Plain(opening) => opening.len(),
            Cases::Proved(cases) => cases.len(),
        }
    }

    /// An empty proof for a worker, if one is wanted.
    pub fn proof(&self) -> Option<Proof> {
        match &self.cases {
            Cases::Plain(_) => None,
            Cases::Proved(cases) => Some(cases.proof()),
        }
    }

    /// The roots of an opened case's trees.
    pub fn roots(&self, case: usize, pieces: Vec<ProofPiece>) -> Vec<Root> {
        let share = 1.0 / (self.len() * pieces.len().max(1)) as f64;
        let root = |(piece, (head, problem)): (usize, ProofPiece)| {
            let place = Place { case, piece };
            Root { head, problem: Arc::new(problem), place, share }
        };
        pieces.into_iter().enumerate().map(root).collect()
    }

    /// The pieces of a case that an earlier run opened: the same ones, nothing counted.
    fn reopened(&self, case: usize) -> Vec<Root> {
        let pieces = match &self.cases {
            Cases::Plain(opening) => {
                let problems = opening.problems(case).into_iter();
                problems.map(|problem| (String::new(), problem)).collect()
            }
            Cases::Proved(cases) => {
                let opened = cases.open(case, &mut cases.proof(), &Counters::default());
                opened.unwrap_or_default()
            }
        };
        self.roots(case, pieces)
    }

    /// An open part without what can be computed anew.
    pub fn outline(&self, part: &Part) -> Part {
        match part {
            Part::Cases(cases) => Part::Cases(cases.clone()),
            Part::Root(root) => Part::Root(root.clone()),
            Part::Node(node) => Part::Node(match self.cases {
                Cases::Plain(_) => node.outline(),
                Cases::Proved(_) => node.outline_with_bases(),
            }),
        }
    }

    /// An open part as JSON.
    pub fn to_json(&self, part: &Part) -> Value {
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

    /// The open part that a saved state describes.
    ///
    /// # Errors
    /// If it describes no part of these trees.
    pub fn restore(&self, state: &Value) -> Result<Part, StateError> {
        let index = |key: &str| state.get(key).and_then(Value::as_u64).map(|value| value as usize);
        if let (Some(start), Some(end)) = (index("from_case"), index("to_case")) {
            let fits = start <= end && end <= self.len();
            let cases = if fits { Ok(start..end) } else { Err(expected("cases", state)) };
            return cases.map(Part::Cases);
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

    /// The piece that a saved state names.
    fn root_of(&self, state: &Value) -> Result<Root, StateError> {
        let index = |key: &str| count(state, key).map(|value| value as usize);
        let (case, piece) = (index("case")?, index("piece")?);
        if case >= self.len() {
            return Err(StateError(format!("there is no case {case}")));
        }
        let mut reopened = self.reopened.lock().expect("no opening panicked");
        let roots = reopened.entry(case).or_insert_with(|| self.reopened(case));
        let root = roots.get(piece).cloned();
        root.ok_or_else(|| StateError(format!("case {case} has no piece {piece}")))
    }
}
