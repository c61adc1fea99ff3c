//! Several searches in a row for one answer: one time limit, one progress report, one checkpoint.
//!
//! The checkpoint's state is `{"finished": […], "open": …}`: what the finished searches found, and
//! the state of the one that was going on.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use crate::checkpoint::{
    Keeper, Share, StateError, expected, field, list, numbers_text, read_numbers,
};
use crate::maximum::{Answer, Attained};
use crate::verification::statement::ProgressCallback;
use crate::verification::{Options, Progress, Statistics, Verdict, Witness};
use crate::zero_function;

/// What one search finds, as JSON and back.
pub trait Found: Sized {
    /// None where a limit ended the search.
    fn to_json(&self) -> Option<Value>;
    /// What was written.
    fn from_json(state: &Value) -> Result<Self, StateError>;
}

/// Searches that make up one run.
pub struct Sequence<'a> {
    options: &'a Options,
    keeper: Option<&'a dyn Keeper>,
    start: Instant,
    /// How many there are.
    count: usize,
    /// How many were asked for.
    begun: usize,
    /// What the first ones found, in this run or an earlier one.
    finished: Vec<Value>,
    /// Where an earlier run stopped within the search after those.
    open: Option<Value>,
    /// Whether a limit has ended a search: the state is that of it, whatever comes after.
    is_cut: bool,
    statistics: Statistics,
}

impl<'a> Sequence<'a> {
    /// A run of `count` searches, which goes on from the state that the keeper has.
    pub fn new(
        options: &'a Options,
        keeper: Option<&'a dyn Keeper>,
        count: usize,
    ) -> Result<Self, StateError> {
        let (mut finished, mut open) = (Vec::new(), None);
        if let Some(state) = keeper.and_then(Keeper::resumed) {
            finished = list(state, "finished")?.to_vec();
            open = Some(field(state, "open")?.clone()).filter(|open| !open.is_null());
            if finished.len() > count {
                return Err(StateError("it has more searches than there are".to_owned()));
            }
        }
        let start = Instant::now();
        let statistics = Statistics::default();
        let (begun, is_cut) = (0, false);
        Ok(Self { options, keeper, start, count, begun, finished, open, is_cut, statistics })
    }

    /// The next search, or what an earlier run found in it.
    ///
    /// # Errors
    /// If the state is not one of the search.
    pub fn next<F: Found>(
        &mut self,
        search: impl FnOnce(&Options, Option<&dyn Keeper>) -> Result<(F, Statistics), StateError>,
    ) -> Result<F, StateError> {
        self.step(search, false)
    }

    /// Like [`Self::next`], for searches with errors of their own. The state is saved as soon as the search has
    /// ended: records that it leaves behind are of no use to an earlier state.
    ///
    /// # Errors
    /// Those of the search, and if the state is not one of it.
    pub fn next_saved<F: Found, E: From<StateError>>(
        &mut self,
        search: impl FnOnce(&Options, Option<&dyn Keeper>) -> Result<(F, Statistics), E>,
    ) -> Result<F, E> {
        self.step(search, true)
    }

    fn step<F: Found, E: From<StateError>>(
        &mut self,
        search: impl FnOnce(&Options, Option<&dyn Keeper>) -> Result<(F, Statistics), E>,
        saves: bool,
    ) -> Result<F, E> {
        self.begun += 1;
        if let Some(entry) = self.finished.get(self.begun - 1) {
            let statistics = read_statistics(field(entry, "statistics")?)?;
            let found = F::from_json(field(entry, "found")?)?;
            self.add(&statistics, true);
            return Ok(found);
        }
        let options = self.options_of_part();
        let stage = self.keeper.filter(|_| !self.is_cut).map(|keeper| Stage {
            keeper,
            finished: &self.finished,
            open: self.open.take(),
        });
        let (found, statistics) = search(&options, stage.as_ref().map(|stage| stage as _))?;
        drop(stage);
        let json = found.to_json();
        self.add(&statistics, json.is_some());
        match json {
            None => self.is_cut = true,
            Some(_) if self.is_cut => {}
            Some(json) => {
                let statistics = statistics_json(&statistics);
                self.finished.push(json!({"found": json, "statistics": statistics}));
                if let Some(keeper) = self.keeper.filter(|keeper| saves || keeper.is_due()) {
                    keeper.save(&json!({"finished": self.finished, "open": null}));
                }
            }
        }
        Ok(found)
    }

    /// What the finished searches found, as a part of the state: a later run begins with it.
    pub fn finished(&self) -> Value {
        Value::Array(self.finished.clone())
    }

    /// The counts of all searches so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    fn add(&mut self, more: &Statistics, is_finished: bool) {
        let part = if is_finished { 1.0 } else { more.fraction };
        self.statistics = sum(&self.statistics, more, part / self.count as f64);
    }

    /// The options of one of the searches: what is left of the time, and progress of the whole.
    fn options_of_part(&self) -> Options {
        let (before, count, start) = (self.statistics, self.count, self.start);
        let progress = self.options.progress.clone().map(|report| {
            let shifted = move |progress: &Progress| {
                let part = progress.statistics.fraction / count as f64;
                let statistics = sum(&before, &progress.statistics, part);
                report(&Progress { statistics, elapsed: start.elapsed() });
            };
            Arc::new(shifted) as ProgressCallback
        });
        let timeout = self.options.timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        Options { timeout, progress, ..self.options.clone() }
    }
}

/// The keeper of one search of a sequence.
struct Stage<'a> {
    keeper: &'a dyn Keeper,
    finished: &'a [Value],
    open: Option<Value>,
}

/// The keeper of a search whose last state says what it found, and of what comes after the search.
///
/// The state is that of a sequence of two: the first one is finished by its last state.
pub struct WithEnd<'a> {
    keeper: &'a dyn Keeper,
    /// The search's last state, once it is over.
    end: Mutex<Option<Value>>,
    /// Whether an earlier run ended the search.
    is_over: bool,
    /// Where an earlier run stopped.
    open: Option<Value>,
}

impl<'a> WithEnd<'a> {
    /// The keeper of the search.
    ///
    /// # Errors
    /// If the keeper's state is not one of such a search.
    pub fn new(keeper: &'a dyn Keeper) -> Result<Self, StateError> {
        let (mut end, mut open) = (None, None);
        if let Some(state) = keeper.resumed() {
            end = list(state, "finished")?.first().cloned();
            open = Some(field(state, "open")?.clone()).filter(|open| !open.is_null());
        }
        Ok(Self { keeper, is_over: end.is_some(), end: Mutex::new(end), open })
    }

    /// The keeper of what comes after the search.
    pub fn after(&self) -> AfterEnd<'_> {
        let end = self.end.lock().expect("no save panicked").clone();
        let open = self.open.as_ref().filter(|_| self.is_over);
        AfterEnd { keeper: self.keeper, end, open }
    }
}

impl Keeper for WithEnd<'_> {
    fn resumed(&self) -> Option<&Value> {
        // What was saved as the end is what the search goes on from, and ends at once.
        let state = self.keeper.resumed()?;
        let end = || state.pointer("/finished/0").filter(|end| !end.is_null());
        if self.is_over { end() } else { self.open.as_ref() }
    }

    fn is_due(&self) -> bool {
        !self.is_over && self.keeper.is_due()
    }

    fn share(&self) -> &Share {
        self.keeper.share()
    }

    fn wants_end(&self) -> bool {
        true
    }

    fn save(&self, state: &Value) {
        if !self.is_over {
            self.keeper.save(&json!({"finished": [], "open": state}));
            *self.end.lock().expect("no save panicked") = Some(state.clone());
        }
    }
}

/// The keeper of what comes after a search: see [`WithEnd`].
pub struct AfterEnd<'a> {
    keeper: &'a dyn Keeper,
    end: Option<Value>,
    open: Option<&'a Value>,
}

impl Keeper for AfterEnd<'_> {
    fn resumed(&self) -> Option<&Value> {
        self.open
    }

    fn is_due(&self) -> bool {
        self.keeper.is_due()
    }

    fn share(&self) -> &Share {
        self.keeper.share()
    }

    fn save(&self, state: &Value) {
        let finished: Vec<&Value> = self.end.iter().collect();
        // A search that was answered without a state is answered so again.
        let finished = if finished.is_empty() { vec![&Value::Null] } else { finished };
        self.keeper.save(&json!({"finished": finished, "open": state}));
    }
}

impl Keeper for Stage<'_> {
    fn resumed(&self) -> Option<&Value> {
        self.open.as_ref()
    }

    fn is_due(&self) -> bool {
        self.keeper.is_due()
    }

    fn share(&self) -> &Share {
        self.keeper.share()
    }

    fn save(&self, state: &Value) {
        self.keeper.save(&json!({"finished": self.finished, "open": state}));
    }
}

fn sum(a: &Statistics, b: &Statistics, fraction: f64) -> Statistics {
    Statistics {
        regions: a.regions + b.regions,
        nodes: a.nodes + b.nodes,
        lps: a.lps + b.lps,
        exact_leaves: a.exact_leaves + b.exact_leaves,
        exact_lps: a.exact_lps + b.exact_lps,
        attack_points: a.attack_points + b.attack_points,
        fraction: a.fraction + fraction,
    }
}

fn statistics_json(statistics: &Statistics) -> Value {
    let Statistics { regions, nodes, lps, exact_leaves, exact_lps, attack_points, .. } = statistics;
    json!([regions, nodes, lps, exact_leaves, exact_lps, attack_points])
}

fn read_statistics(state: &Value) -> Result<Statistics, StateError> {
    let counts = state.as_array().map(|counts| counts.iter().filter_map(Value::as_u64));
    match counts.map(Iterator::collect::<Vec<u64>>).as_deref() {
        Some(&[regions, nodes, lps, exact_leaves, exact_lps, attack_points]) => Ok(Statistics {
            regions,
            nodes,
            lps,
            exact_leaves,
            exact_lps,
            attack_points,
            fraction: 1.0,
        }),
        _ => Err(expected("six counts", state)),
    }
}

impl Found for Answer {
    fn to_json(&self) -> Option<Value> {
        match self {
            Answer::Undecided { .. } | Answer::Maximum { attained: None, .. } => None,
            Answer::Maximum { maximum: Attained { value, point }, attained } => {
                let value = numbers_text(std::slice::from_ref(value));
                Some(json!({"value": value, "point": numbers_text(point), "attained": attained}))
            }
            Answer::Unbounded { point, direction } => {
                let (point, direction) = (numbers_text(point), numbers_text(direction));
                Some(json!({"point": point, "direction": direction}))
            }
            Answer::Empty => Some(json!("empty")),
        }
    }

    fn from_json(state: &Value) -> Result<Self, StateError> {
        if state == "empty" {
            return Ok(Answer::Empty);
        }
        let point = read_numbers(field(state, "point")?)?;
        if let Some(direction) = state.get("direction") {
            return Ok(Answer::Unbounded { point, direction: read_numbers(direction)? });
        }
        let value = read_numbers(field(state, "value")?)?.pop();
        let value = value.ok_or_else(|| expected("a value", state))?;
        let attained = field(state, "attained")?.as_bool();
        Ok(Answer::Maximum { maximum: Attained { value, point }, attained })
    }
}

impl Found for Verdict {
    fn to_json(&self) -> Option<Value> {
        match self {
            Verdict::Violated(Witness { input, output }) => {
                Some(json!({"input": numbers_text(input), "output": numbers_text(output)}))
            }
            Verdict::Holds { vacuous } => Some(json!({"vacuous": vacuous})),
            Verdict::Undecided(_) => None,
        }
    }

    fn from_json(state: &Value) -> Result<Self, StateError> {
        if let Some(vacuous) = state.get("vacuous").and_then(Value::as_bool) {
            return Ok(Verdict::Holds { vacuous });
        }
        let input = read_numbers(field(state, "input")?)?;
        Ok(Verdict::Violated(Witness { input, output: read_numbers(field(state, "output")?)? }))
    }
}

impl Found for zero_function::Answer {
    fn to_json(&self) -> Option<Value> {
        match self {
            zero_function::Answer::Yes => Verdict::Holds { vacuous: false }.to_json(),
            zero_function::Answer::No(witness) => Verdict::Violated(witness.clone()).to_json(),
            zero_function::Answer::Undecided(_) => None,
        }
    }

    fn from_json(state: &Value) -> Result<Self, StateError> {
        Ok(match Verdict::from_json(state)? {
            Verdict::Violated(witness) => zero_function::Answer::No(witness),
            _ => zero_function::Answer::Yes,
        })
    }
}
