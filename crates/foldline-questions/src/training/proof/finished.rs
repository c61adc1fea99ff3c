//! The finished parts of a proof's trees that are in no larger one: what a checkpoint holds of a proof.
//!
//! The walk is the same in every run. So a part is known by the decisions that lead to it, and a later
//! run takes it from here where it comes to it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::Subtree;
use crate::checkpoint::{Keeper, StateError, count, expected, list};
use crate::training::node::Node;
use crate::training::problem::State;
use crate::training::resume::decisions_to_numbers;

/// Parts with fewer bytes of records are found again sooner than kept.
const SMALLEST: usize = 2000;

/// The parts by the sign pattern and the decisions that lead to them.
pub struct Finished {
    /// Whether anyone wants them.
    is_kept: bool,
    parts: Mutex<BTreeMap<Vec<usize>, Subtree>>,
}

/// The way to a node: after the sign pattern its decisions, four numbers each.
fn way(node: &Node) -> Vec<usize> {
    [vec![node.positive], decisions_to_numbers(&node.decisions)].concat()
}

impl Finished {
    /// What an earlier run left; `leaves` is set to the number of leaves so far.
    ///
    /// # Errors
    /// If the keeper's state is not one of a proof about so many groups.
    pub fn new(
        keeper: Option<&dyn Keeper>,
        groups: usize,
        leaves: &AtomicU64,
    ) -> Result<Self, StateError> {
        let mut parts = BTreeMap::new();
        if let Some(state) = keeper.and_then(Keeper::resumed) {
            leaves.store(count(state, "leaves")?, Ordering::Relaxed);
            for part in list(state, "parts")? {
                let (way, tree) = read(part, groups)
                    .ok_or_else(|| expected("decisions, signs and records", part))?;
                parts.insert(way, tree);
            }
        }
        Ok(Self { is_kept: keeper.is_some(), parts: Mutex::new(parts) })
    }

    /// The records below a node: from an earlier run, or those that `find` finds, which then take the place
    /// of their parts.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn or_find<E>(
        &self,
        node: Node,
        find: impl FnOnce(Node) -> Result<Subtree, E>,
    ) -> Result<Subtree, E> {
        if !self.is_kept {
            return find(node);
        }
        let way = way(&node);
        let known = self.parts.lock().expect("no save panicked").get(&way).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let tree = find(node)?;
        if tree.text.len() >= SMALLEST {
            self.add(way, tree.clone());
        }
        Ok(tree)
    }

    fn add(&self, way: Vec<usize>, tree: Subtree) {
        let mut parts = self.parts.lock().expect("no save panicked");
        let below = parts.range(way.clone()..).take_while(|(other, _)| other.starts_with(&way));
        let below: Vec<Vec<usize>> = below.map(|(other, _)| other.clone()).collect();
        below.iter().for_each(|other| drop(parts.remove(other)));
        parts.insert(way, tree);
    }

    /// The state of the proof.
    pub fn to_json(&self, leaves: u64) -> Value {
        let parts = self.parts.lock().expect("no save panicked");
        let parts: Vec<Value> =
            parts.iter().map(|(way, tree)| json!([way, tree.needs, tree.text])).collect();
        json!({"leaves": leaves, "parts": parts})
    }
}

fn read(part: &Value, groups: usize) -> Option<(Vec<usize>, Subtree)> {
    let numbers = |index: usize| -> Option<Vec<u64>> {
        part.get(index)?.as_array()?.iter().map(Value::as_u64).collect()
    };
    let way = numbers(0)?.into_iter().map(|number| number as usize).collect();
    let needs: Option<Vec<State>> =
        numbers(1)?.into_iter().map(|number| State::try_from(number).ok()).collect();
    let needs = needs.filter(|needs| needs.len() == groups)?;
    Some((way, Subtree { text: part.get(2)?.as_str()?.to_owned(), needs }))
}
