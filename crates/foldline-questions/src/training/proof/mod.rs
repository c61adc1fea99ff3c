//! Proofs that no network has a smaller loss: a tree over signs of pre-activations, each leaf with an exact reason.
//!
//! The least loss is known when a proof is written, so a part of the parameters is closed as soon
//! as its bound reaches it. The walk goes depth first over the nodes of the search, with the same
//! bounds and splits; what the search concludes from dichotomies is written down with reasons that
//! can be checked alone. Every reason is exact. `docs/certificate-format.md` has the records.

mod finished;
mod implied;
mod leaf;
mod walk;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use foldline_kernel::{Integer, Rational, Sample};

use super::cells::Cells;
use super::node::Node;
use super::problem::{Problem, State};
use super::statement::Architecture;
use crate::checkpoint::{Keeper, StateError, saving};
use crate::workers::start_with_stack;
use finished::Finished;

/// What is to be proved.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'a> {
    /// Every network has at least this loss.
    AtLeast(&'a Rational),
    /// No network has the loss 0.
    Positive,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum NoProof {
    /// The limit ran out.
    #[error("stopped")]
    Stopped,
    /// The records cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The state of an earlier run is none of this proof.
    #[error(transparent)]
    State(#[from] StateError),
    /// A network with all signs decided has a smaller loss: the claim is wrong.
    #[error("the claim is wrong: {0} is attained")]
    Wrong(Rational),
}

/// How a proof is searched for.
pub struct ProofRun<'a> {
    /// Threads; at least 1.
    pub threads: usize,
    /// Asked at every node.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Called now and then with the number of leaves.
    pub progress: &'a (dyn Fn(u64) + Sync),
    /// Gets the finished parts now and then, and when the proof is stopped; it goes on from those that it has.
    pub keeper: Option<&'a dyn Keeper>,
}

/// Writes the trees for all sign patterns w, from K positive output weights down to none.
///
/// The trees do not depend on the number of threads. Returns the number of leaves.
///
/// # Errors
/// See [`NoProof`].
pub fn prove(
    sample: &Sample,
    architecture: Architecture,
    claim: Claim<'_>,
    run: &ProofRun<'_>,
    out: &mut dyn io::Write,
) -> Result<u64, NoProof> {
    let problem = Problem::new(sample, architecture, |groups| (0..groups.len()).collect());
    let rows: Vec<&[_]> = problem.groups.groups.iter().map(|group| group.row.as_slice()).collect();
    let cells = Cells::new(&rows, run.stop).ok_or(NoProof::Stopped)?;
    let goal = match claim {
        Claim::AtLeast(loss) => Some(problem.excess(loss)),
        Claim::Positive => None,
    };
    let threshold = goal.as_ref().map_or(CLEAR, |excess| problem.float_excess_above(excess));
    let (leaves, helpers) = (AtomicU64::new(0), AtomicUsize::new(run.threads.max(1) - 1));
    let finished = Finished::new(run.keeper, problem.groups.len(), &leaves)?;
    let (problem, cells, panicked) = (&problem, &cells, AtomicBool::new(false));
    let prover =
        Prover { problem, cells, goal, threshold, run, leaves, helpers, panicked, finished };
    let state = || prover.finished.to_json(prover.leaves.load(Ordering::Relaxed));
    let is_stopped = |written: &Result<(), _>| matches!(written, Err(NoProof::Stopped));
    saving(run.keeper, state, is_stopped, || prover.write(architecture.hidden, out))?;
    Ok(prover.leaves.into_inner())
}

/// Starts a thread for a walk that may be as deep as there are signs to be decided; where there is
/// less room, with a smaller stack, or none.
fn with_room<'scope, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl Fn() -> T + Copy + Send + 'scope,
) -> Option<thread::ScopedJoinHandle<'scope, T>> {
    STACKS.into_iter().find_map(|stack| start_with_stack(scope, stack, work))
}

/// The stack of a thread, in bytes; and smaller ones. The thread at hand has 8 MiB or so.
const STACKS: [usize; 3] = [256 << 20, 64 << 20, 16 << 20];

/// A bound above this, in float units, is positive without a doubt.
const CLEAR: f64 = 1e-9;

/// What stays the same in a proof.
struct Prover<'a> {
    problem: &'a Problem,
    cells: &'a Cells,
    /// The excess over the least losses that is to be reached, or that the loss is to be above 0.
    goal: Option<Rational>,
    /// At least that in float units.
    threshold: f64,
    run: &'a ProofRun<'a>,
    leaves: AtomicU64,
    /// Threads that may be started yet.
    helpers: AtomicUsize,
    /// Whether a helper panicked.
    panicked: AtomicBool,
    /// What is finished, for a later run.
    finished: Finished,
}

/// The records of a finished part of a tree, and the signs that they rely on, as bits by group.
#[derive(Clone)]
struct Subtree {
    text: String,
    needs: Vec<State>,
}

impl Prover<'_> {
    /// Writes the trees of all sign patterns.
    fn write(&self, hidden: usize, out: &mut dyn io::Write) -> Result<(), NoProof> {
        for positive in (0..=hidden).rev() {
            let root = Node::root(self.problem, self.cells, positive);
            let before = vec![0; self.problem.groups.len()];
            let work = || self.prove(root.clone(), &before);
            let tree = thread::scope(|scope| match with_room(scope, work) {
                Some(thread) => thread.join().expect("no thread panicked"),
                None => work(),
            })?;
            write!(out, "signs {positive}\n{}", tree.text)?;
        }
        Ok(())
    }

    /// Whether a bound of the excess over the least losses is enough.
    fn reaches(&self, excess: &Rational) -> bool {
        match &self.goal {
            Some(goal) => excess >= goal,
            None => excess + &self.problem.least > Rational::ZERO,
        }
    }

    /// A part without needs yet.
    fn leaf(&self, text: String) -> Subtree {
        let leaves = self.leaves.fetch_add(1, Ordering::Relaxed) + 1;
        if leaves.is_multiple_of(64) {
            (self.run.progress)(leaves);
        }
        Subtree { text, needs: vec![0; self.problem.groups.len()] }
    }
}

/// −1 or 1 times a number.
fn signed(value: &Integer, positive: bool) -> Integer {
    if positive { value.clone() } else { -value }
}
