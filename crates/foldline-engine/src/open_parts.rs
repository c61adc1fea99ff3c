//! The open parts of a search: what workers hold, and what they have given away.
//!
//! All of them can be listed at any moment, for a checkpoint. A part that is being visited is open
//! until what is left of it is on a stack; its outline is remembered until then, if someone may ask.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io;
use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value, json};

use crate::driver::{Order, Rank};
use crate::evidence::{Evidence, Stretch};
use crate::log::{Log, Mark};
use crate::pieces::OPEN_PARTS;
use crate::search::{Left, Search};
use crate::sync::{AtomicUsize, Mutex, MutexGuard};

/// An open part and the number of its stretch.
pub struct Given<P> {
    /// The part.
    pub part: P,
    /// The number; 0 without evidence.
    pub stretch: u32,
    /// Its place among others.
    pub rank: Rank,
}

impl<P> Ord for Given<P> {
    /// By bound; equal bounds: the deeper part first.
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.rank, other.rank);
        one.bound.total_cmp(&other.bound).then(one.depth.cmp(&other.depth))
    }
}

impl<P> PartialOrd for Given<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> PartialEq for Given<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<P> Eq for Given<P> {}

/// Parts that wait for a worker.
enum Waiting<P> {
    /// The last one is taken.
    Stack(Vec<Given<P>>),
    /// The one with the largest bound is taken.
    Heap(BinaryHeap<Given<P>>),
}

impl<P> Waiting<P> {
    fn push(&mut self, given: Given<P>) {
        match self {
            Waiting::Stack(stack) => stack.push(given),
            Waiting::Heap(heap) => heap.push(given),
        }
    }

    fn pop(&mut self) -> Option<Given<P>> {
        match self {
            Waiting::Stack(stack) => stack.pop(),
            Waiting::Heap(heap) => heap.pop(),
        }
    }

    fn take_all(&mut self) -> Vec<Given<P>> {
        match self {
            Waiting::Stack(stack) => std::mem::take(stack),
            Waiting::Heap(heap) => std::mem::take(heap).into_vec(),
        }
    }

    /// The largest bound.
    fn largest(&self) -> Option<f64> {
        match self {
            Waiting::Stack(stack) => stack.iter().map(|given| given.rank.bound).reduce(f64::max),
            Waiting::Heap(heap) => heap.peek().map(|given| given.rank.bound),
        }
    }

    fn as_slice(&self) -> &[Given<P>] {
        match self {
            Waiting::Stack(stack) => stack,
            Waiting::Heap(heap) => heap.as_slice(),
        }
    }
}

/// What one worker holds.
struct Hand<P> {
    /// Its open parts; the last one is visited next.
    stack: Vec<P>,
    /// The part that it visits, where someone may ask for it.
    visiting: Option<P>,
    /// The bound of the part that it visits.
    bound: Option<f64>,
    log: Option<Log>,
    /// The stretch that it adds to.
    trail: Option<Trail>,
}

/// A stretch that is not closed yet.
struct Trail {
    stretch: u32,
    start: u64,
    given: Vec<u32>,
}

/// What no worker holds.
pub struct Shared<P> {
    /// Parts given away; at first all.
    waiting: Waiting<P>,
    /// Their bytes.
    bytes: usize,
    stretches: Vec<Option<Stretch>>,
}

/// The open parts of all workers, and the evidence of the closed ones.
pub struct OpenParts<P> {
    /// Locked before any of `hands`.
    shared: Mutex<Shared<P>>,
    hands: Vec<Mutex<Hand<P>>>,
    is_kept: bool,
    has_evidence: bool,
    /// Logs of earlier runs with more workers.
    further: Mutex<Vec<Log>>,
    /// Workers that could not be started.
    missing: AtomicUsize,
}

impl<P: Send> OpenParts<P> {
    /// Nothing held yet; `is_kept` says whether someone may ask for the open parts.
    ///
    /// # Errors
    /// If a log cannot be made.
    pub fn new(
        given: Vec<Given<P>>,
        order: Order,
        mut evidence: Option<&mut Evidence>,
        workers: usize,
        is_kept: bool,
    ) -> io::Result<Self> {
        let (mut logs, mut stretches) = (Vec::new(), Vec::new());
        if let Some(evidence) = &mut evidence {
            evidence.add_logs(workers)?;
            logs = std::mem::take(&mut evidence.logs);
            stretches = std::mem::take(&mut evidence.stretches);
        }
        let further = logs.split_off(workers.min(logs.len()));
        let mut logs = logs.into_iter();
        let hand = |_| {
            let log = logs.next();
            Mutex::new(Hand { stack: Vec::new(), visiting: None, bound: None, log, trail: None })
        };
        let hands = (0..workers).map(hand).collect();
        let bytes = given.iter().map(|given| given.rank.bytes).sum();
        let waiting = match order {
            Order::DepthFirst => Waiting::Stack(given),
            Order::BestFirst { .. } | Order::BreadthFirst => Waiting::Heap(given.into()),
        };
        let shared = Mutex::new(Shared { waiting, bytes, stretches });
        let (further, missing) = (Mutex::new(further), AtomicUsize::new(0));
        let has_evidence = evidence.is_some();
        Ok(Self { shared, hands, is_kept, has_evidence, further, missing })
    }

    /// The number of workers that there are.
    pub fn workers(&self) -> usize {
        self.hands.len() - self.missing.load(SeqCst)
    }

    /// Notes that one worker could not be started. To be called before the first one works: as
    /// long as that is not idle, nobody takes the search for finished.
    pub fn lose_worker(&self) {
        self.missing.fetch_add(1, SeqCst);
    }

    /// What no worker holds.
    pub fn shared(&self) -> MutexGuard<'_, Shared<P>> {
        self.shared.lock().expect("no worker panicked")
    }

    /// The number of parts that no worker holds.
    pub fn waiting(&self) -> usize {
        self.shared().waiting.as_slice().len()
    }

    fn hand(&self, worker: usize) -> MutexGuard<'_, Hand<P>> {
        self.hands[worker].lock().expect("no worker panicked")
    }

    /// The last part of the worker's stack, which it visits now.
    pub fn pop(&self, worker: usize, search: &impl Search<Part = P>) -> Option<P> {
        let mut hand = self.hand(worker);
        let part = hand.stack.pop()?;
        self.note(&mut hand, &part, search);
        Some(part)
    }

    /// Notes that a worker visits this part.
    fn note(&self, hand: &mut Hand<P>, part: &P, search: &impl Search<Part = P>) {
        hand.visiting = self.is_kept.then(|| search.outline(part));
        hand.bound = Some(search.bound(part));
    }

    /// Puts a part back that was not visited after all.
    pub fn put_back(&self, worker: usize, part: P) {
        let mut hand = self.hand(worker);
        (hand.visiting, hand.bound) = (None, None);
        hand.stack.push(part);
    }

    /// Notes what became of the visited part, at one moment: its records, and what is left of it.
    /// The number of parts that the worker holds now.
    ///
    /// # Errors
    /// If the records cannot be written.
    pub fn replace(&self, worker: usize, left: &mut Left<P>) -> io::Result<usize> {
        let mut hand = self.hand(worker);
        (hand.visiting, hand.bound) = (None, None);
        if let Some(log) = &mut hand.log {
            log.append(left.records.as_bytes())?;
        }
        left.records.clear();
        // The first part is visited first.
        hand.stack.extend(left.parts.drain(..).rev());
        Ok(hand.stack.len())
    }

    /// Gives the worker's oldest parts away, so many of them, unless more than `most_bytes` wait
    /// already. The number of parts given away.
    pub fn give_oldest(
        &self,
        worker: usize,
        count: usize,
        most_bytes: usize,
        rank: impl Fn(&P) -> Rank,
    ) -> usize {
        let mut shared = self.shared();
        let mut hand = self.hand(worker);
        if shared.bytes > most_bytes {
            return 0;
        }
        let Hand { stack, trail, .. } = &mut *hand;
        let count = count.min(stack.len());
        for part in stack.drain(..count) {
            let stretch = if self.has_evidence { shared.stretches.len() as u32 } else { 0 };
            if let Some(trail) = trail {
                trail.given.push(stretch);
                shared.stretches.push(None);
            }
            let rank = rank(&part);
            shared.bytes += rank.bytes;
            shared.waiting.push(Given { part, stretch, rank });
        }
        count
    }

    /// Takes a part that was given away, which the worker visits now. It holds nothing else.
    pub fn take(
        &self,
        worker: usize,
        shared: &mut Shared<P>,
        search: &impl Search<Part = P>,
    ) -> Option<P> {
        let mut hand = self.hand(worker);
        if let Some(Trail { stretch, start, given }) = hand.trail.take() {
            let end = hand.log.as_ref().map_or(0, Log::length);
            shared.stretches[stretch as usize] = Some(Stretch { log: worker, start, end, given });
        }
        let Given { part, stretch, rank } = shared.waiting.pop()?;
        shared.bytes -= rank.bytes;
        let start = hand.log.as_ref().map(Log::length);
        hand.trail = start.map(|start| Trail { stretch, start, given: Vec::new() });
        self.note(&mut hand, &part, search);
        Some(part)
    }

    /// The largest bound of the open parts at one moment; none if there are none.
    pub fn largest_bound(&self, search: &impl Search<Part = P>) -> Option<f64> {
        let shared = self.shared();
        let hands: Vec<_> = (0..self.hands.len()).map(|worker| self.hand(worker)).collect();
        let held = |hand: &MutexGuard<'_, Hand<P>>| {
            let bounds = hand.stack.iter().map(|part| search.bound(part));
            bounds.chain(hand.bound).reduce(f64::max)
        };
        shared.waiting.largest().into_iter().chain(hands.iter().filter_map(held)).reduce(f64::max)
    }

    /// Calls `change` with all open parts. Their ranks must stay as they are.
    pub fn with_open(&self, change: impl FnOnce(&mut [&mut P])) {
        let mut shared = self.shared();
        let mut hands: Vec<_> = (0..self.hands.len()).map(|worker| self.hand(worker)).collect();
        let mut waiting = shared.waiting.take_all();
        let mut open: Vec<&mut P> = waiting.iter_mut().map(|given| &mut given.part).collect();
        for hand in &mut hands {
            let hand = &mut **hand;
            open.extend(hand.stack.iter_mut().chain(&mut hand.visiting));
        }
        change(&mut open);
        waiting.into_iter().for_each(|given| shared.waiting.push(given));
    }

    /// All open parts with the evidence of all others, at one moment.
    ///
    /// # Errors
    /// If a log cannot be brought to the disk.
    pub fn to_json(&self, search: &impl Search<Part = P>) -> io::Result<Value> {
        let shared = self.shared();
        let mut hands: Vec<_> = (0..self.hands.len()).map(|worker| self.hand(worker)).collect();
        let mut stretches = shared.stretches.clone();
        let mut parts = Vec::new();
        let entry = |part: &P, stretch: u32| json!([stretch, search.to_json(part)]);
        for Given { part, stretch, .. } in shared.waiting.as_slice() {
            parts.push(entry(part, *stretch));
        }
        for (worker, hand) in hands.iter().enumerate() {
            // Each part that the worker holds gets a stretch of its own, as if it were given away.
            let first = stretches.len() as u32;
            let held = hand.stack.iter().chain(&hand.visiting);
            let mut count = 0;
            for (part, stretch) in held.zip(first..) {
                parts.push(entry(part, if self.has_evidence { stretch } else { 0 }));
                count += 1;
            }
            if let (Some(trail), Some(log)) = (&hand.trail, &hand.log) {
                let given = trail.given.iter().copied().chain(first..first + count).collect();
                let stretch = Stretch { log: worker, start: trail.start, end: log.length(), given };
                stretches[trail.stretch as usize] = Some(stretch);
                stretches.resize(stretches.len() + count as usize, None);
            }
        }
        let mut state = json!({OPEN_PARTS: parts});
        if self.has_evidence {
            let mut further = self.further.lock().expect("no save panicked");
            let logs = hands.iter_mut().filter_map(|hand| hand.log.as_mut()).chain(&mut *further);
            let marks = logs.map(Log::mark).collect::<io::Result<Vec<Mark>>>()?;
            state["evidence"] = Evidence::to_json(&marks, &stretches);
        }
        Ok(state)
    }

    /// Gives the logs back to the evidence.
    pub fn return_to(self, evidence: &mut Evidence) {
        let shared = self.shared.into_inner().expect("no worker panicked");
        evidence.stretches = shared.stretches;
        for hand in self.hands {
            let hand = hand.into_inner().expect("no worker panicked");
            if let Some(Trail { stretch, start, given }) = hand.trail
                && hand.stack.is_empty()
            {
                let log = evidence.logs.len();
                let end = hand.log.as_ref().map_or(0, Log::length);
                evidence.stretches[stretch as usize] = Some(Stretch { log, start, end, given });
            }
            evidence.logs.extend(hand.log);
        }
        evidence.logs.append(&mut self.further.into_inner().expect("no save panicked"));
    }
}
