//! How a long search hands out its state now and then, and goes on from such a state.
//!
//! A question describes its open work as a JSON value. Where the value is kept is the caller's
//! business: a [`Keeper`] takes it, and gives back the one that an earlier run left.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use foldline_kernel::Rational;
use foldline_kernel::number::parse_rational;
use serde_json::Value;

pub use crate::pieces::others;
use crate::workers::watched;

/// Keeps the state of a search outside of it.
pub trait Keeper: Sync {
    /// The state that an earlier run left, if there is one.
    fn resumed(&self) -> Option<&Value>;
    /// Whether it is time to save. Cheap: may be asked at every step.
    fn is_due(&self) -> bool;
    /// Replaces the state kept so far, all of it or nothing.
    fn save(&self, state: &Value);
    /// Which share of the question's work this run does. A keeper that passes states on to
    /// another one must pass this on, too.
    fn share(&self) -> &Share {
        &Share::Whole
    }
    /// Whether the state is wanted when the search is over, too, for what comes after it.
    fn wants_end(&self) -> bool {
        false
    }
}

/// Which share of a question's work a run does.
#[derive(Debug, Default)]
pub enum Share {
    /// All of it.
    #[default]
    Whole,
    /// Only the beginning: the search ends as soon as so many parts are open, to be dealt out.
    Beginning {
        /// So many.
        parts: usize,
    },
    /// Some open parts of one search, others being worked on elsewhere. What comes after that
    /// search is not begun, as nothing is known of the others.
    Piece(Begun),
}

impl Share {
    /// Notes that a search begins, if this is the run's business: only the first one of a run that has
    /// a piece is, and only if it goes on from a state.
    pub(crate) fn begin(&self, is_resumed: bool) -> bool {
        let Share::Piece(Begun(count)) = self else { return true };
        let more = if is_resumed { 1 } else { 2 };
        count.fetch_add(more, Ordering::Relaxed) == 0 && is_resumed
    }
}

/// How far a run came that has only a piece of a search.
#[derive(Debug, Default)]
pub struct Begun(AtomicUsize);

impl Begun {
    /// Whether the search of the piece has been answered, and another one would have been next.
    pub fn is_beyond(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// A state that no run of this question can have left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint's state is not one of this search: {0}")]
pub struct StateError(pub String);

/// How often the saving thread looks whether a save is due.
const POLL: Duration = Duration::from_millis(50);

/// Runs `body` while a thread of its own saves `state()` whenever that is due; once more after
/// `body` if `is_unfinished` says of its result that the search was stopped, or if the keeper wants the end.
///
/// `state` must describe all open work at whatever moment it is called: what is being processed
/// counts as open until what is left of it is.
pub fn saving<T>(
    keeper: Option<&dyn Keeper>,
    state: impl Fn() -> Value + Sync,
    is_unfinished: impl FnOnce(&T) -> bool,
    body: impl FnOnce() -> T,
) -> T {
    saving_if_possible(keeper, || Some(state()), is_unfinished, body)
}

/// The same where there may be no state, which then is not saved.
pub fn saving_if_possible<T>(
    keeper: Option<&dyn Keeper>,
    state: impl Fn() -> Option<Value> + Sync,
    is_unfinished: impl FnOnce(&T) -> bool,
    body: impl FnOnce() -> T,
) -> T {
    let Some(keeper) = keeper else {
        return body();
    };
    let ended = AtomicBool::new(false);
    let look = || {
        if !ended.load(Ordering::Relaxed)
            && keeper.is_due()
            && let Some(state) = state()
        {
            keeper.save(&state);
        }
    };
    let result = watched(POLL, look, || {
        let result = body();
        // The state of a search that is over is of no use.
        ended.store(true, Ordering::Relaxed);
        result
    });
    if (is_unfinished(&result) || keeper.wants_end())
        && let Some(state) = state()
    {
        keeper.save(&state);
    }
    result
}

/// Floats as one string, a space between two; each is read back exactly, infinities too.
pub fn floats_text(values: &[f64]) -> Value {
    let words: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    Value::String(words.join(" "))
}

/// The floats of such a string.
pub fn read_floats(value: &Value) -> Result<Vec<f64>, StateError> {
    let text = value.as_str().ok_or_else(|| expected("a string of numbers", value))?;
    let number = |word: &str| match word.parse::<f64>() {
        Ok(number) if !number.is_nan() => Ok(number),
        _ => Err(expected("a number", &Value::String(word.to_owned()))),
    };
    text.split_ascii_whitespace().map(number).collect()
}

/// Exact numbers as one string, a space between two.
pub fn numbers_text(values: &[Rational]) -> Value {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    Value::String(words.join(" "))
}

/// The numbers of such a string.
pub fn read_numbers(value: &Value) -> Result<Vec<Rational>, StateError> {
    let text = value.as_str().ok_or_else(|| expected("a string of numbers", value))?;
    let number = |word: &str| {
        parse_rational(word).map_err(|_| expected("a number", &Value::String(word.to_owned())))
    };
    text.split_ascii_whitespace().map(number).collect()
}

/// The value under `key` of an object.
pub fn field<'a>(object: &'a Value, key: &str) -> Result<&'a Value, StateError> {
    object.get(key).ok_or_else(|| StateError(format!("`{key}` is missing")))
}

/// The count under `key` of an object.
pub fn count(object: &Value, key: &str) -> Result<u64, StateError> {
    let value = field(object, key)?;
    value.as_u64().ok_or_else(|| expected(&format!("a count under `{key}`"), value))
}

/// The list under `key` of an object.
pub fn list<'a>(object: &'a Value, key: &str) -> Result<&'a [Value], StateError> {
    let value = field(object, key)?;
    let items = value.as_array().map(Vec::as_slice);
    items.ok_or_else(|| expected(&format!("a list under `{key}`"), value))
}

/// The message that something else was expected.
pub fn expected(what: &str, found: &Value) -> StateError {
    let text: String = found.to_string().chars().take(60).collect();
    StateError(format!("expected {what}, found {text}"))
}

/// Keeps the state in memory, as text: what a file would hold.
#[derive(Debug, Default)]
pub struct Memory {
    /// The state that an earlier run left.
    pub resumed: Option<Value>,
    /// The last state saved.
    pub saved: Mutex<Option<String>>,
}

impl Keeper for Memory {
    fn resumed(&self) -> Option<&Value> {
        self.resumed.as_ref()
    }

    fn is_due(&self) -> bool {
        true
    }

    fn save(&self, state: &Value) {
        *self.saved.lock().expect("no save panicked") = Some(state.to_string());
    }
}

impl Memory {
    /// What the next run finds.
    pub fn next(self) -> Self {
        let saved = self.saved.into_inner().expect("no save panicked");
        let resumed = saved.and_then(|text| serde_json::from_str(&text).ok());
        Self { resumed: resumed.or(self.resumed), saved: Mutex::new(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<Value>>);

    impl Keeper for Recorder {
        fn resumed(&self) -> Option<&Value> {
            None
        }
        fn is_due(&self) -> bool {
            self.0.lock().unwrap().is_empty()
        }
        fn save(&self, state: &Value) {
            self.0.lock().unwrap().push(state.clone());
        }
    }

    #[test]
    fn floats_come_back_exactly() {
        let values = [0.1, -0.0, 1e-310, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, 3.0];
        let read = read_floats(&floats_text(&values)).unwrap();
        assert!(values.iter().zip(&read).all(|(a, b)| a.to_bits() == b.to_bits()));
        assert_eq!(read_floats(&json!("")).unwrap(), Vec::<f64>::new());
        for bad in [json!("NaN"), json!("1 x"), json!(3)] {
            assert!(read_floats(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn states_are_saved_while_the_search_runs_and_when_it_was_stopped() {
        let keeper = Recorder::default();
        let work = Mutex::new(0);
        let state = || json!(*work.lock().unwrap());
        let saved = |keeper: &Recorder| keeper.0.lock().unwrap().clone();
        saving(
            Some(&keeper),
            state,
            |_| true,
            || {
                while saved(&keeper).is_empty() {
                    std::thread::yield_now();
                }
                *work.lock().unwrap() = 7;
            },
        );
        assert_eq!(saved(&keeper), [json!(0), json!(7)]);
        let finished = Recorder(Mutex::new(vec![json!("before")]));
        saving(Some(&finished), state, |_| false, || ());
        assert_eq!(saved(&finished), [json!("before")]);
    }
}
