//! Branch and bound on all threads, depth first or best first, with evidence, checkpoints and limits.
//!
//! Every part that is opened is visited once. Depth first, a worker that has none takes one that
//! another gave away: its oldest, so that much work comes with it. Best first, all parts wait in one
//! place, and the one with the largest bound is next.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use foldline_kernel::interrupt::{Stopped, unless_stopped};
use serde_json::Value;

use crate::checkpoint::{Keeper, Share, StateError, expected, field, list, saving_if_possible};
use crate::evidence::{Evidence, EvidenceError, Storage};
use crate::open_parts::{Given, OpenParts};
use crate::pieces::OPEN_PARTS;
use crate::workers::{ReleaseOnPanic, on_all};

/// How long an idle worker waits before it looks at the limits again.
const WAIT: Duration = Duration::from_millis(50);

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

    /// The same part as data.
    fn to_json(&self, part: &Self::Part) -> Value;

    /// The part of such data.
    ///
    /// # Errors
    /// If it is no part of this search.
    fn restore(&self, state: &Value) -> Result<Self::Part, StateError>;

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

    /// The state to save, given that of the open parts.
    fn state(&self, open: Value) -> Value {
        open
    }
}

/// In which order parts are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Below the last part first.
    DepthFirst,
    /// The part with the largest bound first; where those that wait take more bytes than this, a
    /// worker goes depth first below the part that it has.
    BestFirst {
        /// So many bytes.
        most_bytes: usize,
    },
    /// The part first that has waited longest: parts of about the same size are open at each moment.
    BreadthFirst,
}

/// The place of a part among those that wait.
#[derive(Debug, Clone, Copy)]
pub struct Rank {
    /// See [`Search::bound`].
    pub bound: f64,
    /// See [`Search::depth`].
    pub depth: usize,
    /// See [`Search::bytes`].
    pub bytes: usize,
}

/// The rank of a part.
fn rank<S: Search>(search: &S, part: &S::Part) -> Rank {
    Rank { bound: search.bound(part), depth: search.depth(part), bytes: search.bytes(part) }
}

/// How a search is run.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Worker threads.
    pub threads: usize,
    /// Whether a limit is reached. Asked before every visit.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Gets the state now and then, and when a limit ends the search.
    pub keeper: Option<&'a dyn Keeper>,
}

/// Why a search ended.
#[derive(Debug)]
pub enum Ended<F> {
    /// Every part is closed.
    Exhausted,
    /// A visit found what ends the search.
    Found(F),
    /// A limit is reached.
    Stopped {
        /// The largest bound of the open parts.
        bound: f64,
    },
    /// A log could not be written.
    Failed(io::Error),
}

/// The parts with which a search begins, and the evidence of the others.
pub struct Open<P> {
    /// With the numbers of their stretches; 0 without evidence.
    parts: Vec<(P, u32)>,
    evidence: Option<Evidence>,
    /// Whether an earlier run left them.
    is_resumed: bool,
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

/// Searches below all open parts, depth first. The evidence comes back as far as it goes.
///
/// # Panics
/// If a visit panics, or a part was lost or visited twice.
pub fn depth_first<S: Search>(
    search: &S,
    open: Open<S::Part>,
    run: Run<'_>,
) -> (Ended<S::Found>, Option<Evidence>) {
    drive(search, open, run, Order::DepthFirst)
}

/// The same with the largest bound first. Where open parts take more than so many bytes, workers
/// go depth first.
///
/// # Panics
/// If a visit panics, or a part was lost or visited twice.
pub fn best_first<S: Search>(
    search: &S,
    open: Open<S::Part>,
    run: Run<'_>,
    most_bytes: usize,
) -> (Ended<S::Found>, Option<Evidence>) {
    drive(search, open, run, Order::BestFirst { most_bytes })
}

fn drive<S: Search>(
    search: &S,
    open: Open<S::Part>,
    run: Run<'_>,
    order: Order,
) -> (Ended<S::Found>, Option<Evidence>) {
    let Open { parts, mut evidence, is_resumed } = open;
    let opened = parts.len() as u64;
    let share = run.keeper.map_or(&Share::Whole, Keeper::share);
    let (order, enough) = match (order, share) {
        (Order::DepthFirst, Share::Beginning { parts }) => (Order::BreadthFirst, *parts),
        (order, Share::Beginning { parts }) => (order, *parts),
        (order, _) => (order, usize::MAX),
    };
    let ranked = |(part, stretch)| {
        let rank = rank(search, &part);
        Given { part, stretch, rank }
    };
    let given = parts.into_iter().map(ranked).collect();
    let is_kept = run.keeper.is_some();
    let parts = OpenParts::new(given, order, evidence.as_mut(), run.threads, is_kept);
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => return (Ended::Failed(error), None),
    };
    let pool = Pool {
        search,
        run,
        order,
        enough,
        parts,
        changed: Condvar::new(),
        idle: AtomicUsize::new(0),
        done: AtomicBool::new(false),
        opened: AtomicU64::new(opened),
        visited: AtomicU64::new(0),
        interrupted: Mutex::new(Vec::new()),
        ended: Mutex::new(None),
    };
    // The state of a search whose logs cannot be written is not saved.
    let state = || match pool.parts.to_json(search) {
        Ok(open) => Some(search.state(open)),
        Err(error) => {
            pool.end(Ended::Failed(error));
            None
        }
    };
    let was_stopped = |_: &()| matches!(*pool.ended(), Some(Ended::Stopped { .. }));
    saving_if_possible(run.keeper, state, was_stopped, || {
        let is_begun = match share {
            Share::Piece(begun) => begun.begin(is_resumed),
            Share::Whole | Share::Beginning { .. } => true,
        };
        if is_begun {
            on_all(run.threads, || pool.parts.lose_worker(), |worker| pool.work(worker));
        }
        if matches!(share, Share::Piece(_)) {
            // That all parts of a piece are closed says nothing about the search.
            pool.end(Ended::Stopped { bound: f64::NEG_INFINITY });
        }
    });
    let mut open = pool.interrupted.into_inner().expect("no worker panicked");
    pool.parts.for_each(|part| open.push(search.bound(part)));
    let ended = match pool.ended.into_inner().expect("no worker panicked") {
        Some(Ended::Stopped { .. }) if !open.is_empty() || matches!(share, Share::Piece(_)) => {
            Ended::Stopped { bound: open.into_iter().fold(f64::NEG_INFINITY, f64::max) }
        }
        // A limit may be reached when the last part has just been closed.
        None | Some(Ended::Stopped { .. }) => {
            let (opened, visited) = (pool.opened.into_inner(), pool.visited.into_inner());
            assert_eq!(opened, visited, "each part that was opened is visited once");
            Ended::Exhausted
        }
        Some(other) => other,
    };
    if let Some(evidence) = &mut evidence {
        pool.parts.return_to(evidence);
    }
    (ended, evidence)
}

/// The state that workers share.
struct Pool<'a, S: Search> {
    search: &'a S,
    run: Run<'a>,
    order: Order,
    /// With so many parts that wait the search ends: they are to be dealt out.
    enough: usize,
    parts: OpenParts<S::Part>,
    changed: Condvar,
    /// Workers without a part.
    idle: AtomicUsize,
    done: AtomicBool,
    opened: AtomicU64,
    visited: AtomicU64,
    /// The bounds of the parts whose visit was stopped.
    interrupted: Mutex<Vec<f64>>,
    /// Why the search is done, if not because all is closed.
    ended: Mutex<Option<Ended<S::Found>>>,
}

impl<S: Search> Pool<'_, S> {
    fn work(&self, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.done, changed: Some(&self.changed) };
        let outline = |part: &S::Part| self.search.outline(part);
        let mut workspace = self.search.workspace();
        let mut left = Left { parts: Vec::new(), records: String::new() };
        while let Some(part) = self.parts.pop(worker, outline).or_else(|| self.take(worker)) {
            if self.done.load(Ordering::Relaxed) || (self.run.stop)() {
                self.parts.put_back(worker, part);
                return self.end(Ended::Stopped { bound: f64::INFINITY });
            }
            let bound = self.search.bound(&part);
            match unless_stopped(|| self.search.visit(part, &mut workspace, &mut left)) {
                Ok(None) => {}
                Ok(Some(found)) => return self.end(Ended::Found(found)),
                Err(Stopped) => {
                    // The worker's hand still has the part, if anyone asks for it.
                    self.interrupted.lock().expect("no worker panicked").push(bound);
                    return self.end(Ended::Stopped { bound: f64::INFINITY });
                }
            }
            self.opened.fetch_add(left.parts.len() as u64, Ordering::Relaxed);
            self.visited.fetch_add(1, Ordering::Relaxed);
            let held = match self.parts.replace(worker, &mut left) {
                Ok(held) => held,
                Err(error) => return self.end(Ended::Failed(error)),
            };
            self.give(worker, held);
        }
    }

    /// Gives parts away, if others should have them.
    fn give(&self, worker: usize, held: usize) {
        let (count, most_bytes) = match self.order {
            Order::DepthFirst if held > 1 && self.idle.load(Ordering::Relaxed) > 0 => {
                (1, usize::MAX)
            }
            Order::DepthFirst => return,
            Order::BestFirst { most_bytes } => (held, most_bytes),
            Order::BreadthFirst => (held, usize::MAX),
        };
        let visited = self.visited.load(Ordering::Relaxed);
        let rank = |part: &S::Part| match self.order {
            Order::BreadthFirst => Rank { bound: -(visited as f64), depth: 0, bytes: 0 },
            _ => rank(self.search, part),
        };
        match self.parts.give_oldest(worker, count, most_bytes, rank) {
            0 => {}
            1 => self.changed.notify_one(),
            _ => self.changed.notify_all(),
        }
        if self.enough < usize::MAX && self.parts.waiting() >= self.enough {
            self.end(Ended::Stopped { bound: f64::INFINITY });
        }
    }

    fn ended(&self) -> std::sync::MutexGuard<'_, Option<Ended<S::Found>>> {
        self.ended.lock().expect("no worker panicked")
    }

    /// Ends the search for all workers. What was found counts more than a limit.
    fn end(&self, ended: Ended<S::Found>) {
        let mut known = self.ended();
        if known.is_none() || matches!(ended, Ended::Found(_)) {
            *known = Some(ended);
        }
        drop(known);
        let _guard = self.parts.shared();
        self.done.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// A part that another worker gave away; none at the end.
    fn take(&self, worker: usize) -> Option<S::Part> {
        let mut shared = self.parts.shared();
        loop {
            if self.done.load(Ordering::Relaxed) {
                return None;
            }
            let outline = |part: &S::Part| self.search.outline(part);
            if let Some(part) = self.parts.take(worker, &mut shared, outline) {
                return Some(part);
            }
            if self.idle.fetch_add(1, Ordering::Relaxed) + 1 == self.parts.workers() {
                self.done.store(true, Ordering::Relaxed);
                self.changed.notify_all();
                return None;
            }
            if (self.run.stop)() {
                drop(shared);
                self.end(Ended::Stopped { bound: f64::INFINITY });
                return None;
            }
            shared = self.changed.wait_timeout(shared, WAIT).expect("no worker panicked").0;
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
