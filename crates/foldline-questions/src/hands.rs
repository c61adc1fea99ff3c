//! What the workers of a search hold: all of it can be listed at any moment, for a checkpoint.
//!
//! A part that is being visited is open until what is left of it is on a stack. Where someone may
//! ask for the open work, its outline is remembered until then.

use std::sync::{Mutex, MutexGuard};

/// Open work that workers pass around.
pub trait Part: Sized {
    /// The same part without what can be computed anew.
    fn outline(&self) -> Self;
}

/// One worker's open parts.
struct Hand<P> {
    stack: Vec<P>,
    /// Only where someone may ask for it.
    visiting: Option<P>,
}

/// The open parts of all workers.
pub struct Hands<P> {
    hands: Vec<Mutex<Hand<P>>>,
    is_kept: bool,
}

impl<P: Part> Hands<P> {
    /// Empty hands; `is_kept` says whether someone may ask for the open parts.
    pub fn new(workers: usize, is_kept: bool) -> Self {
        let empty = |_| Mutex::new(Hand { stack: Vec::new(), visiting: None });
        let hands = (0..workers).map(empty).collect();
        Self { hands, is_kept }
    }

    fn hand(&self, worker: usize) -> MutexGuard<'_, Hand<P>> {
        self.hands[worker].lock().expect("no worker panicked")
    }

    /// The last part of the worker's stack, which it visits now.
    pub fn pop(&self, worker: usize) -> Option<P> {
        let mut hand = self.hand(worker);
        let part = hand.stack.pop()?;
        hand.visiting = self.is_kept.then(|| part.outline());
        Some(part)
    }

    /// Notes that the worker visits a part that was not on its stack.
    pub fn visit(&self, worker: usize, part: &P) {
        if self.is_kept {
            self.hand(worker).visiting = Some(part.outline());
        }
    }

    /// Puts what is left of the visited part on the worker's stack, whose length it returns.
    pub fn replace(&self, worker: usize, parts: &mut Vec<P>) -> usize {
        let mut hand = self.hand(worker);
        hand.visiting = None;
        hand.stack.append(parts);
        hand.stack.len()
    }

    /// Takes all of the worker's stack, to be given away.
    pub fn take_all(&self, worker: usize) -> Vec<P> {
        std::mem::take(&mut self.hand(worker).stack)
    }

    /// Calls `each` for every part in a hand at one moment. The caller holds what parts are given
    /// away to, so that none changes hands.
    pub fn for_each(&self, each: impl FnMut(&P)) {
        let hands: Vec<_> = (0..self.hands.len()).map(|worker| self.hand(worker)).collect();
        hands.iter().flat_map(|hand| hand.stack.iter().chain(&hand.visiting)).for_each(each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Part for u32 {
        fn outline(&self) -> u32 {
            *self
        }
    }

    fn open(hands: &Hands<u32>) -> Vec<u32> {
        let mut open = Vec::new();
        hands.for_each(|part| open.push(*part));
        open
    }

    #[test]
    fn a_part_is_open_until_it_is_replaced() {
        let hands = Hands::new(2, true);
        hands.visit(1, &9);
        assert_eq!(hands.replace(0, &mut vec![1, 2]), 2);
        assert_eq!(hands.pop(0), Some(2));
        assert_eq!(open(&hands), [1, 2, 9]);
        assert_eq!(hands.replace(0, &mut vec![3, 4]), 3);
        assert_eq!(hands.replace(1, &mut Vec::new()), 0);
        assert_eq!(open(&hands), [1, 3, 4]);
        assert_eq!((hands.take_all(0), hands.pop(0)), (vec![1, 3, 4], None));
    }

    #[test]
    fn outlines_cost_nothing_where_nobody_asks() {
        let hands = Hands::new(1, false);
        hands.visit(0, &9);
        hands.replace(0, &mut vec![1]);
        assert_eq!((hands.pop(0), open(&hands)), (Some(1), vec![]));
    }
}
