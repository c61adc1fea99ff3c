//! Proofs that no network has a smaller loss: a tree over signs of pre-activations, each leaf with an exact reason.
//!
//! The least loss is known when a proof is written, so a part of the parameters is closed as soon
//! as its bound reaches it. The walk is independent of the search: it decides one sign at a time, at the
//! group whose loss the part's bound misses most, and every reason is checked in
//! exact arithmetic before it is written. `docs/certificate-format.md` has the records.

mod exact;
mod impossible;
mod part;

use std::io;

use foldline_kernel::{Integer, Rational, Sample};

use super::problem::Problem;
use super::statement::Architecture;
use exact::ExactProgram;
use impossible::{Strict, strictly};
use part::{Bit, Part};

/// Float bounds this close to the goal, relatively, are tried in exact arithmetic.
const NEAR: f64 = 1e-9;

/// What is to be proved.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'a> {
    /// Every network has at least this loss, which is the least.
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
    /// A network with all signs decided has a smaller loss: the claim is wrong.
    #[error("the claim is wrong: {0} is attained")]
    Wrong(Rational),
}

/// Writes the trees for all sign patterns w, from K positive output weights down to none.
///
/// `stop` is asked at every node. Returns the number of leaves.
///
/// # Errors
/// See [`NoProof`].
pub fn prove(
    sample: &Sample,
    architecture: Architecture,
    claim: Claim<'_>,
    stop: &dyn Fn() -> bool,
    out: &mut dyn io::Write,
) -> Result<u64, NoProof> {
    let problem = Problem::new(sample, architecture, |groups| (0..groups.len()).collect());
    let scale = Rational::from(problem.groups.label_scale.clone());
    let goal = match claim {
        Claim::AtLeast(loss) => Some(loss * &scale * &scale),
        Claim::Positive => None,
    };
    let least = problem.least.clone();
    let threshold = goal
        .as_ref()
        .map_or(f64::MIN_POSITIVE, |goal| (goal - &least).to_f64().value() / problem.float_unit);
    let mut walk = Walk { problem: &problem, goal, threshold, stop, out, leaves: 0 };
    for positive in (0..=architecture.hidden).rev() {
        writeln!(walk.out, "signs {positive}")?;
        walk.tree(positive)?;
    }
    Ok(walk.leaves)
}

struct Walk<'a> {
    problem: &'a Problem,
    /// The scaled loss to be reached, or that it is to be above 0.
    goal: Option<Rational>,
    /// The goal's excess over the least loss in float units.
    threshold: f64,
    stop: &'a dyn Fn() -> bool,
    out: &'a mut dyn io::Write,
    leaves: u64,
}

/// What happens at a node.
enum Step {
    Close(String),
    Decide(Bit),
}

impl Walk<'_> {
    fn tree(&mut self, positive: usize) -> Result<(), NoProof> {
        let mut part = Part::new(self.problem, positive);
        loop {
            if (self.stop)() {
                return Err(NoProof::Stopped);
            }
            match self.step(&mut part)? {
                Step::Decide(bit) => {
                    let record = match bit {
                        Bit::Hidden(group, node) => format!("split {group} {node}"),
                        Bit::Output(group) => format!("output {group}"),
                        Bit::Offset => "offset".to_owned(),
                    };
                    writeln!(self.out, "{record}")?;
                    part.decide(bit);
                }
                Step::Close(record) => {
                    self.leaves += 1;
                    writeln!(self.out, "{record}")?;
                    if !part.go_on() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn step(&self, part: &mut Part<'_>) -> Result<Step, NoProof> {
        if let Some((group, first, second)) = part.swap() {
            return Ok(Step::Close(format!("swap {group} {first} {second}")));
        }
        if let Strict::Never(terms) = strictly(part) {
            let terms: String =
                terms.iter().map(|(bit, factor)| format!(" {}*{factor}", name(*bit))).collect();
            return Ok(Step::Close(format!("none{terms}")));
        }
        let float = part.float_program();
        let (bound, active, point) = float.solve();
        let next = part.next(&point);
        if bound >= self.threshold * (1.0 - NEAR) - 1e-12 || next.is_none() {
            let exact = ExactProgram::new(part);
            let (value, active) = exact.bound(&active);
            if self.reaches(&value) {
                return Ok(close(part, &active));
            }
            if next.is_none() {
                let (value, active) = exact.minimum(|value| self.reaches(value));
                if self.reaches(&value) {
                    return Ok(close(part, &active));
                }
                return Err(NoProof::Wrong(self.problem.groups.loss(&value)));
            }
        }
        Ok(Step::Decide(next.expect("something is undecided")))
    }

    fn reaches(&self, loss: &Rational) -> bool {
        self.goal.as_ref().map_or(*loss > Rational::ZERO, |goal| loss >= goal)
    }
}

fn close(part: &Part<'_>, active: &[usize]) -> Step {
    let names: String = active.iter().map(|&index| format!(" {}", name(part.bit(index)))).collect();
    Step::Close(format!("bound{names}"))
}

/// A constraint's name in a record.
fn name(bit: Bit) -> String {
    match bit {
        Bit::Hidden(group, node) => format!("h{group}.{node}"),
        Bit::Output(group) => format!("o{group}"),
        Bit::Offset => "w".to_owned(),
    }
}

/// −1 or 1 times a number.
fn signed(value: &Integer, positive: bool) -> Integer {
    if positive { value.clone() } else { -value }
}
