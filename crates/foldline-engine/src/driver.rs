//! Branch and bound on all threads, depth first or best first, with evidence, checkpoints and limits.
//!
//! Every part that is opened is visited once. Depth first, a worker that has none takes one that
//! another gave away: its oldest, so that much work comes with it. Best first, all parts wait in one
//! place, and the one with the largest bound is next; a worker may dive, which means that it goes
//! depth first for some visits before it gives back what is left.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use foldline_kernel::interrupt::{Stopped, unless_stopped};

use crate::checkpoint::{Keeper, Share, saving_if_possible};
use crate::evidence::Evidence;
use crate::limits::REPORT;
use crate::open::Open;
use crate::open_parts::{Given, OpenParts};
use crate::search::{Left, Search};
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard};
use crate::workers::{ReleaseOnPanic, on_all, watched};

/// How long an idle worker waits before it looks at the limits again.
const WAIT: Duration = Duration::from_millis(50);

/// In which order parts are visited.
#[allow(clippy::enum_variant_names, reason = "these are the names of the orders")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Below the last part first.
    DepthFirst,
    /// The part with the largest bound first; where those that wait take more bytes than this, a
    /// worker goes depth first below the part that it has.
    BestFirst {
        /// So many bytes.
        most_bytes: usize,
        /// So many visits below a part before what is left of it waits with the others.
        dive: usize,
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
pub(crate) fn rank<S: Search>(search: &S, part: &S::Part) -> Rank {
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

impl Ended<Infallible> {
    /// The largest bound that a limit left open, of a search that ends in no other way; none if all
    /// parts are closed.
    ///
    /// # Errors
    /// If a log could not be written.
    pub fn open_bound(self) -> io::Result<Option<f64>> {
        match self {
            Ended::Exhausted => Ok(None),
            Ended::Found(never) => match never {},
            Ended::Stopped { bound } => Ok(Some(bound)),
            Ended::Failed(error) => Err(error),
        }
    }
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
    drive(search, open, run, Order::BestFirst { most_bytes, dive: 1 })
}

/// The same with dives: a worker visits so many parts below the best one, depth first, before it
/// looks for the best one again. That keeps the parts that wait few.
///
/// # Panics
/// If a visit panics, or a part was lost or visited twice.
pub fn best_first_with_dives<S: Search>(
    search: &S,
    open: Open<S::Part>,
    run: Run<'_>,
    most_bytes: usize,
    dive: usize,
) -> (Ended<S::Found>, Option<Evidence>) {
    drive(search, open, run, Order::BestFirst { most_bytes, dive })
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
    let is_piece = matches!(share, Share::Piece(_));
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
    let is_kept = run.keeper.is_some() || S::WANTS_OPEN;
    let parts = OpenParts::new(given, order, evidence.as_mut(), run.threads, is_kept);
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) => return (Ended::Failed(error), None),
    };
    let pool = Pool::new(search, run, order, enough, parts, opened);
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
        if share.begin(is_resumed) {
            pool.work_on_all();
        }
        if is_piece {
            // That all parts of a piece are closed says nothing about the search.
            pool.end(Ended::Stopped { bound: f64::INFINITY });
        }
        // What is open in a piece says nothing of what is open elsewhere.
        if S::WANTS_OPEN && !is_piece && was_stopped(&()) {
            pool.parts.with_open(|open| search.stopped(open));
        }
    });
    let bound = pool.parts.largest_bound(search);
    let ended = match (pool.ended.into_inner().expect("no worker panicked"), bound) {
        // What is open elsewhere may have any bound.
        (Some(Ended::Stopped { bound }), _) if is_piece => Ended::Stopped { bound },
        (Some(Ended::Stopped { .. }), Some(bound)) => Ended::Stopped { bound },
        // A limit may be reached when the last part has just been closed.
        (None | Some(Ended::Stopped { .. }), _) => {
            let (opened, visited) =
                (pool.opened.load(Ordering::Relaxed), pool.visited.load(Ordering::Relaxed));
            assert_eq!(opened, visited, "each part that was opened is visited once");
            Ended::Exhausted
        }
        (Some(other), _) => other,
    };
    if let Some(evidence) = &mut evidence {
        pool.parts.return_to(evidence);
    }
    (ended, evidence)
}

/// The state that workers share.
pub(crate) struct Pool<'a, S: Search> {
    search: &'a S,
    run: Run<'a>,
    order: Order,
    /// With so many parts that wait the search ends: they are to be dealt out.
    enough: usize,
    pub(crate) parts: OpenParts<S::Part>,
    changed: Condvar,
    /// Workers without a part.
    idle: AtomicUsize,
    done: AtomicBool,
    opened: AtomicU64,
    visited: AtomicU64,
    /// Why the search is done, if not because all is closed.
    pub(crate) ended: Mutex<Option<Ended<S::Found>>>,
}

impl<'a, S: Search> Pool<'a, S> {
    /// All at its beginning, with so many parts opened.
    pub(crate) fn new(
        search: &'a S,
        run: Run<'a>,
        order: Order,
        enough: usize,
        parts: OpenParts<S::Part>,
        opened: u64,
    ) -> Self {
        Self {
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
            ended: Mutex::new(None),
        }
    }

    /// Works on all threads, and reports the largest bound meanwhile.
    fn work_on_all(&self) {
        let work = || {
            on_all(self.run.threads, || self.parts.lose_worker(), |worker| self.work(worker));
        };
        let look = || {
            let bound = self.parts.largest_bound(self.search);
            bound.into_iter().for_each(|bound| self.search.report(bound));
        };
        if self.search.is_watched() { watched(REPORT, look, work) } else { work() }
    }

    pub(crate) fn work(&self, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.done, changed: Some(&self.changed) };
        let mut workspace = self.search.workspace();
        let mut left = Left { parts: Vec::new(), records: String::new() };
        let mut depth = 0;
        while let Some(part) = self.parts.pop(worker, self.search).or_else(|| self.take(worker)) {
            if self.done.load(Ordering::Relaxed) || (self.run.stop)() {
                self.parts.put_back(worker, part);
                return self.end(Ended::Stopped { bound: f64::INFINITY });
            }
            match unless_stopped(|| self.search.visit(part, &mut workspace, &mut left)) {
                Ok(None) => {}
                Ok(Some(found)) => return self.end(Ended::Found(found)),
                // The worker's hand still has the part's bound, and the part if anyone asks for it.
                Err(Stopped) => return self.end(Ended::Stopped { bound: f64::INFINITY }),
            }
            self.opened.fetch_add(left.parts.len() as u64, Ordering::Relaxed);
            self.visited.fetch_add(1, Ordering::Relaxed);
            let held = match self.parts.replace(worker, &mut left) {
                Ok(held) => held,
                Err(error) => return self.end(Ended::Failed(error)),
            };
            depth += 1;
            if self.give(worker, held, depth) || held == 0 {
                depth = 0;
            }
        }
    }

    /// Gives parts away, if others should have them, after so many visits of a dive.
    fn give(&self, worker: usize, held: usize, depth: usize) -> bool {
        let is_asked = || self.idle.load(Ordering::Relaxed) > 0;
        let (count, most_bytes) = match self.order {
            Order::DepthFirst if held > 1 && is_asked() => (1, usize::MAX),
            Order::BestFirst { most_bytes, dive } if depth >= dive || is_asked() => {
                (held, most_bytes)
            }
            Order::BreadthFirst => (held, usize::MAX),
            Order::DepthFirst | Order::BestFirst { .. } => return false,
        };
        let visited = self.visited.load(Ordering::Relaxed);
        let rank = |part: &S::Part| match self.order {
            Order::BreadthFirst => Rank { bound: -(visited as f64), depth: 0, bytes: 0 },
            _ => rank(self.search, part),
        };
        let given = self.parts.give_oldest(worker, count, most_bytes, rank);
        match given {
            0 => {}
            1 => self.changed.notify_one(),
            _ => self.changed.notify_all(),
        }
        if self.enough < usize::MAX && self.parts.waiting() >= self.enough {
            self.end(Ended::Stopped { bound: f64::INFINITY });
        }
        given > 0
    }

    fn ended(&self) -> MutexGuard<'_, Option<Ended<S::Found>>> {
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
            if let Some(part) = self.parts.take(worker, &mut shared, self.search) {
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
