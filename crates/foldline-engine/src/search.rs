//! What a question tells the driver: how a part of its search space is visited, and what is known of it.

use serde_json::Value;

use crate::checkpoint::StateError;

/// What is left of a part after a visit, and why.
#[derive(Debug)]
pub struct Left<P> {
    /// Parts that together contain all that is left, in the order of the evidence; the first one
    /// is visited first. None: the part is closed.
    pub parts: Vec<P>,
    /// The records of the visited part, if evidence is wanted.
    pub records: String,
}

/// A question, as the driver sees it.
pub trait Search: Sync {
    /// Whether the search wants its open parts when a limit ends it: see [`Search::stopped`].
    const WANTS_OPEN: bool = false;

    /// A part of the search space.
    type Part: Send;
    /// A worker's memory.
    type Workspace;
    /// What ends the search.
    type Found: Send;

    /// The memory of a new worker.
    fn workspace(&self) -> Self::Workspace;

    /// Visits a part: closes it, puts what is left of it into `left`, or ends the search.
    ///
    /// A limit may unwind out of it; then the part is open as before.
    fn visit(
        &self,
        part: Self::Part,
        workspace: &mut Self::Workspace,
        left: &mut Left<Self::Part>,
    ) -> Option<Self::Found>;

    /// The same part without what can be computed anew.
    fn outline(&self, part: &Self::Part) -> Self::Part;

    /// The same part as data; without this a search must have no keeper.
    fn to_json(&self, _part: &Self::Part) -> Value {
        Value::Null
    }

    /// The part of such data.
    ///
    /// # Errors
    /// If it is no part of this search.
    fn restore(&self, _state: &Value) -> Result<Self::Part, StateError> {
        Err(StateError("this search has no checkpoint".to_owned()))
    }

    /// No point of the part has a larger value, for questions that ask for one.
    fn bound(&self, _part: &Self::Part) -> f64 {
        f64::INFINITY
    }

    /// How deep in the tree a part is: of parts with the same bound the deepest is next.
    fn depth(&self, _part: &Self::Part) -> usize {
        0
    }

    /// About how many bytes a part takes.
    fn bytes(&self, _part: &Self::Part) -> usize {
        0
    }

    /// Whether [`Search::report`] is to be called.
    fn is_watched(&self) -> bool {
        false
    }

    /// Gets the largest bound of the open parts now and then.
    fn report(&self, _bound: f64) {}

    /// Gets the open parts after a limit has ended the search and before they are saved; not where
    /// the run has only a piece of the search.
    fn stopped(&self, _open: &mut [&mut Self::Part]) {}

    /// The state to save, given that of the open parts.
    fn state(&self, open: Value) -> Value {
        open
    }
}
