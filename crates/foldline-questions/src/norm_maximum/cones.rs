//! Branch and bound over directions: a cone is dropped when no vertex that is extreme in one of its
//! directions can have a larger norm.
//!
//! Over a simplicial cone the support function is below a linear function w·u, so a vertex z with
//! h(u) = z·u for the u of the cone in which it is longest has ‖z‖ ≤ ‖w‖. Every vertex of largest
//! norm has such a u, namely the functional with ‖z‖ = u·z/‖u‖ that supports the ball at z.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use foldline_engine::evidence::{Evidence, EvidenceError, Storage};
use foldline_engine::{Left, Open, Run, Search, depth_first};
use foldline_geometry::zonotopes::fan::{Cone, half_fan};
use serde_json::Value;

use super::incumbent::Problem;
use super::powers::Power;
use super::signs::complete;
use super::ties::short_enough;
use super::{proof, resume};
use crate::checkpoint::{Keeper, StateError};

/// Bounds this close to the threshold, relatively, are computed again in exact arithmetic.
const NEAR: f64 = 1e-7;

/// A cone, and a float above the norms that it can contribute.
#[derive(Clone)]
pub struct Node {
    /// The cone.
    pub cone: Cone,
    /// Infinity where nothing is known.
    pub bound: f64,
}

/// Half of all directions.
fn roots(problem: &Problem<'_>) -> Vec<Node> {
    let node = |cone| Node { cone, bound: f64::INFINITY };
    half_fan(problem.generators).into_iter().map(node).collect()
}

/// The search over directions.
struct ConeSearch<'a> {
    problem: &'a Problem<'a>,
    /// Whether it writes down why cones were closed.
    is_recorded: bool,
}

/// Searches all directions, or those that an earlier run left `open`; gives the largest bound among
/// the cones that a limit leaves open, and the records, if there is a `storage` for them.
pub fn search(
    problem: &Problem<'_>,
    open: Option<&Value>,
    storage: Option<Storage>,
    threads: usize,
    keeper: Option<&dyn Keeper>,
) -> Result<(Option<f64>, Option<Evidence>), EvidenceError> {
    let search = ConeSearch { problem, is_recorded: storage.is_some() };
    let open = match (open, storage) {
        (None, None) => Open::new(roots(problem)),
        (None, Some(storage)) => Open::with_evidence(roots(problem), storage),
        (Some(open), None) => Open::from_json(&search, open)?,
        (Some(open), Some(storage)) => Open::with_evidence_from_json(&search, open, storage)?,
    };
    let stop = || problem.is_stopped();
    let (ended, evidence) = depth_first(&search, open, Run { threads, stop: &stop, keeper });
    Ok((ended.open_bound()?, evidence))
}

impl Search for ConeSearch<'_> {
    type Part = Node;
    type Workspace = ();
    type Found = Infallible;

    fn workspace(&self) {}

    fn visit(&self, node: Node, (): &mut (), left: &mut Left<Node>) -> Option<Infallible> {
        match visit(self.problem, node, self.is_recorded.then_some(&mut left.records)) {
            Step::Closed => {}
            Step::Halves(halves) => left.parts.extend(halves),
            Step::Open(node) => {
                // Nothing is known of it yet: a later run visits it again.
                left.records.clear();
                left.parts.push(node);
            }
        }
        None
    }

    fn outline(&self, node: &Node) -> Node {
        node.clone()
    }

    fn to_json(&self, node: &Node) -> Value {
        resume::cone_to_json(node)
    }

    fn restore(&self, state: &Value) -> Result<Node, StateError> {
        resume::read_cone(state, self.problem)
    }

    fn bound(&self, node: &Node) -> f64 {
        node.bound
    }

    fn state(&self, open: Value) -> Value {
        resume::with_best("cones", open, self.problem)
    }
}

/// What became of a cone.
enum Step {
    /// Nothing in it has a norm above the threshold any more.
    Closed,
    Halves([Node; 2]),
    /// The search was stopped in it.
    Open(Node),
}

/// Drops, finishes or splits a cone.
fn visit(problem: &Problem<'_>, node: Node, records: Option<&mut String>) -> Step {
    problem.cones.fetch_add(1, Ordering::Relaxed);
    let norm = |vector: &Vec<f64>| problem.power.norm_above(vector);
    let mut above = node.cone.above();
    let mut bound = above.as_ref().map_or(f64::INFINITY, |(above, _)| norm(above));
    // The shortest vector in the 2-norm need not be short in another one.
    if problem.power != Power::Two
        && bound > problem.threshold()
        && let Some(apex) = node.cone.apex()
        && norm(&apex) < bound
    {
        bound = norm(&apex);
        above = Some((apex, (0..node.cone.rays.len()).collect()));
    }
    if let Some((above, _)) = &above
        && bound <= problem.threshold()
    {
        if let Some(records) = records {
            proof::above(records, &proof::exact_apex(problem.generators.shift, above));
        }
        return Step::Closed;
    }
    let signs = node.cone.signs();
    let free = signs.iter().filter(|&&sign| sign == 0).count();
    if free > problem.few_signs
        && bound <= problem.threshold() * (1.0 + NEAR)
        && let Some((_, active)) = &above
        && let Some(exact) = short_enough(problem, &node.cone, active)
    {
        if let Some(records) = records {
            proof::above(records, &exact);
        }
        return Step::Closed;
    }
    let bound = bound.min(node.bound);
    let bisector =
        if free <= problem.few_signs { None } else { node.cone.bisector(problem.generators) };
    let Some((split, ray)) = bisector else {
        records.into_iter().for_each(proof::signs);
        let is_done = complete(problem, &signs);
        return if is_done { Step::Closed } else { Step::Open(Node { cone: node.cone, bound }) };
    };
    records.into_iter().for_each(|records| proof::split(records, split));
    let halves = node.cone.halves(split, &Arc::new(ray));
    Step::Halves(halves.map(|cone| Node { cone, bound }))
}
