//! Trees that are known beforehand.

use std::sync::atomic::{AtomicU64, Ordering};

use foldline_engine::checkpoint::StateError;
use foldline_engine::{Left, Search};
use foldline_kernel::interrupt;
use serde_json::{Value, json};

/// A mixer of bits, so that trees and stops are irregular and repeat.
pub fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A tree in which a part has none to three parts below it.
pub struct Tree {
    pub seed: u64,
    /// Visits until this one ends the search, if it is not 0.
    pub find: u64,
    /// Visits until this one panics, if it is not 0.
    pub panic: u64,
    pub visits: AtomicU64,
}

/// A part: its path from the root, as a number, and its depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub path: u64,
    pub depth: u32,
}

impl Tree {
    pub fn new(seed: u64) -> Self {
        Self { seed, find: 0, panic: 0, visits: AtomicU64::new(0) }
    }

    pub fn root(&self) -> Part {
        Part { path: self.seed, depth: 0 }
    }

    pub fn below(&self, part: &Part) -> Vec<Part> {
        let bits = mixed(part.path);
        let count = match part.depth {
            0..3 => 2,
            3..12 => bits % 4,
            _ => 0,
        };
        let below = |place| Part { path: mixed(bits ^ place), depth: part.depth + 1 };
        (0..count).map(below).collect()
    }

    /// All records in preorder, and the number of parts.
    pub fn preorder(&self) -> (String, u64) {
        let (mut text, mut count, mut stack) = (String::new(), 0, vec![self.root()]);
        while let Some(part) = stack.pop() {
            text += &record(&part);
            count += 1;
            stack.extend(self.below(&part).into_iter().rev());
        }
        (text, count)
    }
}

pub fn record(part: &Part) -> String {
    format!("{:x} {}\n", part.path, part.depth)
}

impl Search for Tree {
    type Part = Part;
    type Workspace = ();
    type Found = u64;

    fn workspace(&self) {}

    fn visit(&self, part: Part, (): &mut (), left: &mut Left<Part>) -> Option<u64> {
        // Limits may end a visit in its midst.
        interrupt::count(1 << 20);
        let number = self.visits.fetch_add(1, Ordering::Relaxed) + 1;
        if mixed(part.path ^ 7).is_multiple_of(5) {
            std::thread::yield_now();
        }
        assert!(number != self.panic, "on purpose");
        left.records += &record(&part);
        left.parts = self.below(&part);
        (number == self.find).then_some(part.path)
    }

    fn outline(&self, part: &Part) -> Part {
        part.clone()
    }

    fn to_json(&self, part: &Part) -> Value {
        json!([part.path, part.depth])
    }

    fn restore(&self, state: &Value) -> Result<Part, StateError> {
        let number = |place: usize| {
            state[place].as_u64().ok_or_else(|| StateError("no part of a tree".to_owned()))
        };
        Ok(Part { path: number(0)?, depth: number(1)? as u32 })
    }

    fn bound(&self, part: &Part) -> f64 {
        f64::from(part.depth)
    }

    fn bytes(&self, _: &Part) -> usize {
        1
    }
}

impl Tree {
    pub fn preorder_below(&self, root: &Part) -> String {
        let (mut text, mut stack) = (String::new(), vec![root.clone()]);
        while let Some(part) = stack.pop() {
            text += &record(&part);
            stack.extend(self.below(&part).into_iter().rev());
        }
        text
    }
}
