//! What a search begins with: its own first parts, or what an earlier run left of it.

use serde_json::Value;

use crate::checkpoint::{StateError, expected, field, list};
use crate::evidence::{Evidence, EvidenceError, Storage};
use crate::pieces::OPEN_PARTS;
use crate::search::Search;

/// The parts with which a search begins, and the evidence of the others.
pub struct Open<P> {
    /// With the numbers of their stretches; 0 without evidence.
    pub(crate) parts: Vec<(P, u32)>,
    pub(crate) evidence: Option<Evidence>,
    /// Whether an earlier run left them.
    pub(crate) is_resumed: bool,
}

impl<P: Send> Open<P> {
    /// The parts of a new search, the first one to be visited first.
    pub fn new(parts: Vec<P>) -> Self {
        let parts = parts.into_iter().rev().map(|part| (part, 0)).collect();
        Self { parts, evidence: None, is_resumed: false }
    }

    /// The same for a search that records its evidence.
    pub fn with_evidence(parts: Vec<P>, storage: Storage) -> Self {
        let evidence = Some(Evidence::new(storage, parts.len()));
        let mut parts: Vec<(P, u32)> = parts.into_iter().zip(1..).collect();
        parts.reverse();
        Self { parts, evidence, is_resumed: false }
    }

    /// What an earlier run left of a search without evidence.
    ///
    /// # Errors
    /// If it is no state of this search.
    pub fn from_json(search: &impl Search<Part = P>, state: &Value) -> Result<Self, StateError> {
        if state.get("evidence").is_some() {
            return Err(StateError("it is one with evidence".to_owned()));
        }
        let parts = parts(search, state, |stretch| stretch == 0)?;
        Ok(Self { parts, evidence: None, is_resumed: true })
    }

    /// What an earlier run left of a search that records its evidence in `storage`.
    ///
    /// # Errors
    /// If it is no state of this search, or its logs are not there any more.
    pub fn with_evidence_from_json(
        search: &impl Search<Part = P>,
        state: &Value,
        storage: Storage,
    ) -> Result<Self, EvidenceError> {
        let evidence = Evidence::from_json(field(state, "evidence")?, storage)?;
        let is_open = |stretch: u32| evidence.stretches.get(stretch as usize) == Some(&None);
        let parts = parts(search, state, is_open)?;
        Ok(Self { parts, evidence: Some(evidence), is_resumed: true })
    }
}

/// The open parts of a state, each with a stretch that `fits`.
fn parts<P>(
    search: &impl Search<Part = P>,
    state: &Value,
    fits: impl Fn(u32) -> bool,
) -> Result<Vec<(P, u32)>, StateError> {
    let entry = |entry: &Value| {
        let wrong = || expected("a part and the number of its stretch", entry);
        let stretch = entry.get(0).and_then(Value::as_u64);
        let stretch = stretch.and_then(|number| u32::try_from(number).ok());
        let stretch = stretch.filter(|&stretch| fits(stretch)).ok_or_else(wrong)?;
        let part = search.restore(entry.get(1).ok_or_else(wrong)?)?;
        Ok((part, stretch))
    };
    list(state, OPEN_PARTS)?.iter().map(entry).collect()
}
