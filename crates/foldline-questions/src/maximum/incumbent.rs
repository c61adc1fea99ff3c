//! The largest value found so far, shared by the workers: exact, with a float below it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline_geometry::directed::round_down;
use foldline_kernel::linear::dot;
use foldline_kernel::{Network, Rational};

use super::statement::{Attained, Objective};

/// The incumbent of a run. It only rises.
pub struct Incumbent<'a> {
    network: &'a Network,
    objectives: &'a [Objective],
    best: Mutex<Option<Attained>>,
    /// The bits of the largest float that is at most the value.
    floor: AtomicU64,
}

impl<'a> Incumbent<'a> {
    /// None yet.
    pub fn new(network: &'a Network, objectives: &'a [Objective]) -> Self {
        let floor = AtomicU64::new(f64::NEG_INFINITY.to_bits());
        Self { network, objectives, best: Mutex::new(None), floor }
    }

    /// Evaluates the network exactly at a point of the region (in the original inputs) and enters
    /// the largest objective there.
    pub fn offer(&self, point: Vec<Rational>) {
        let output = self.network.evaluate(&point).output;
        let values = self.objectives.iter().map(|objective| dot(objective, &output));
        let Some(value) = values.max() else { return };
        let mut best = self.best.lock().expect("no worker panicked");
        if best.as_ref().is_none_or(|best| value > best.value) {
            self.floor.store(round_down(&value).to_bits(), Ordering::Relaxed);
            *best = Some(Attained { value, point });
        }
    }

    /// A float at most the value; −∞ without one.
    pub fn floor(&self) -> f64 {
        f64::from_bits(self.floor.load(Ordering::Relaxed))
    }

    /// The value, exactly.
    ///
    /// # Panics
    /// If there is none yet.
    pub fn value(&self) -> Rational {
        self.best().expect("a search begins with a point").value
    }

    /// The value and its point.
    pub fn best(&self) -> Option<Attained> {
        self.best.lock().expect("no worker panicked").clone()
    }
}
