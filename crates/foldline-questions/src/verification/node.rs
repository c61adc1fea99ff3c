//! One node of the search: bound, close clauses, or choose a split.

use std::sync::Arc;

use foldline_geometry::{Polytope, Tableau};

use super::branch;
use super::problem::Problem;
use super::settled::only_touches;
use crate::bases::Bases;
use crate::bounds::reduced::Reduced;
use crate::bounds::{Empty, Known, Relaxation, has_wide_instructions, unfold};
use crate::proof::{dyadic, round_multipliers};

/// Which of a run's problems a node belongs to: cases in order, and the pieces of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The case.
    pub case: usize,
    /// The piece of its region.
    pub piece: usize,
}

/// A part of the region, with what is known of the network there.
#[derive(Debug, Clone)]
pub struct Node {
    /// What is searched.
    pub problem: Arc<Problem>,
    /// The part in floats, outward: box, permanent half-spaces, then clipping ones.
    pub polytope: Polytope,
    /// Number of permanent half-spaces (region and splits).
    pub permanent: usize,
    /// The parent's reduced system; none if it must be built from the weights.
    pub reduced: Option<Arc<Reduced>>,
    /// Signs and bounds of all ReLU neurons.
    pub known: Vec<Known>,
    /// The neurons split on the way here, with their signs (true: ≥ 0).
    pub splits: Vec<(u32, bool)>,
    /// Clauses not yet refuted.
    pub clauses: Vec<u32>,
    /// Number of splits of input coordinates.
    pub input_splits: u32,
    /// Share of the search space, a guess for progress reports.
    pub share: f64,
    /// Where the problem comes from.
    pub place: Place,
    /// The bases that a proof has named on the way here.
    pub bases: Bases,
}

/// What became of a node.
#[derive(Debug)]
pub enum Step {
    /// No point of this part violates the property.
    Closed,
    /// Floats cannot settle it and nothing is left to split: exact arithmetic must.
    Leaf(Box<Node>),
    /// Parts that together contain every violating point of it.
    Split(Vec<Node>),
}

/// Reusable memory of one worker.
pub struct Workspace {
    /// Bounding scratch and LP count.
    pub relaxation: Relaxation,
    /// Points worth testing for a violation, found on the way.
    pub candidates: Vec<Vec<f64>>,
    /// Exact LPs solved since this was last read.
    pub exact_lps: u64,
    /// What each undecided neuron's relaxation loses for the target at hand.
    pub gaps: Vec<f64>,
    work: Reduced,
    widest: bool,
}

impl Workspace {
    /// Scratch for problems of any size.
    pub fn new() -> Self {
        Self {
            relaxation: Relaxation::default(),
            candidates: Vec::new(),
            work: Reduced::default(),
            exact_lps: 0,
            gaps: Vec::new(),
            widest: has_wide_instructions(),
        }
    }
}

/// The most undecided neurons that are kept as columns; the rest is relaxed to bands.
const COLUMN_LIMIT: usize = 2048;

impl Node {
    /// The whole region of a problem.
    pub fn root(problem: Arc<Problem>, share: f64) -> Self {
        let mut known = vec![Known::NOTHING; problem.float.neurons];
        problem.signs.iter().for_each(|&(neuron, sign)| known[neuron as usize].sign = sign);
        Self {
            polytope: problem.polytope.clone(),
            permanent: problem.half_spaces,
            reduced: None,
            known,
            splits: Vec::new(),
            clauses: (0..problem.clauses.len() as u32).collect(),
            input_splits: 0,
            share,
            place: Place::default(),
            bases: Bases::default(),
            problem,
        }
    }

    /// Whether the node is the whole region of its problem.
    pub fn is_root(&self) -> bool {
        self.splits.is_empty() && self.input_splits == 0 && self.reduced.is_none()
    }

    /// The same part without what its parent computed for it, but with what a proof named on the way.
    pub fn outline_with_bases(&self) -> Node {
        Node { bases: self.bases.clone(), ..self.outline() }
    }

    /// The same part without what its parent computed for it.
    pub fn outline(&self) -> Node {
        Node {
            problem: self.problem.clone(),
            polytope: self.polytope.clone(),
            reduced: None,
            known: self.known.clone(),
            splits: self.splits.clone(),
            clauses: self.clauses.clone(),
            bases: Bases::default(),
            ..*self
        }
    }
}

/// What a question does with a node once its neurons are bounded.
pub trait Goal {
    /// Tries to close the node by bounds of the targets; what is not closed is split by the choice.
    ///
    /// May replace the node's clipping half-spaces. Implementations are `#[inline(always)]`, so
    /// that they are compiled for the wide instructions with the rest.
    fn close<const FUSED: bool>(
        &self,
        node: &mut Node,
        reduced: &Reduced,
        tableau: &mut Tableau,
        space: &mut Workspace,
    ) -> Option<Choice>;
}

/// The goal of verification: every clause refuted.
pub struct RefuteClauses;

impl Goal for RefuteClauses {
    #[inline(always)]
    fn close<const FUSED: bool>(
        &self,
        node: &mut Node,
        reduced: &Reduced,
        tableau: &mut Tableau,
        space: &mut Workspace,
    ) -> Option<Choice> {
        let problem = node.problem.clone();
        let choice = refute::<FUSED>(&problem, node, reduced, tableau, space);
        (!node.clauses.is_empty()).then_some(choice)
    }
}

/// Processes a node with the widest instructions the processor has.
pub fn process(node: Node, goal: &impl Goal, space: &mut Workspace, exact_lps: &mut u64) -> Step {
    #[cfg(target_arch = "x86_64")]
    if space.widest {
        // SAFETY: the features were detected at run time.
        return unsafe { process_wide(node, goal, space, exact_lps) };
    }
    process_with::<false>(node, goal, space, exact_lps)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
fn process_wide(node: Node, goal: &impl Goal, space: &mut Workspace, exact_lps: &mut u64) -> Step {
    process_with::<true>(node, goal, space, exact_lps)
}

#[inline(always)]
fn process_with<const FUSED: bool>(
    mut node: Node,
    goal: &impl Goal,
    space: &mut Workspace,
    exact_lps: &mut u64,
) -> Step {
    let problem = &*node.problem.clone();
    let mut tableau = Tableau::new(&node.polytope);
    if let Some(proof) = &mut space.relaxation.proof {
        proof.permanent = node.permanent;
        proof.bases = std::mem::take(&mut node.bases);
    }
    if is_proved_empty(&node.polytope, &mut tableau, &mut space.relaxation) {
        return Step::Closed;
    }
    let bounded = bounded::<FUSED>(problem, &mut node, &mut tableau, space);
    if let Some(proof) = &mut space.relaxation.proof {
        proof.bounds();
    }
    let Ok(reduced) = bounded else {
        return Step::Closed;
    };
    let Some(choice) = goal.close::<FUSED>(&mut node, &reduced, &mut tableau, space) else {
        return Step::Closed;
    };
    if let Some(proof) = &mut space.relaxation.proof {
        proof.new_bases();
        node.bases = std::mem::take(&mut proof.bases);
        node.bases.hand_on();
    }
    branch::split(node, reduced, &choice, exact_lps, &mut space.relaxation.proof)
}

/// Restores feasibility; true if the polytope is soundly proved empty.
#[inline(always)]
fn is_proved_empty(
    polytope: &Polytope,
    tableau: &mut Tableau,
    relaxation: &mut Relaxation,
) -> bool {
    if tableau.restore(&mut relaxation.multipliers) || relaxation.multipliers.is_empty() {
        return false;
    }
    if let Some(proof) = &mut relaxation.proof {
        return proof.empty(polytope, &mut relaxation.multipliers);
    }
    let zero = vec![0.0; polytope.dimension];
    let mut scratch = vec![0.0; polytope.dimension];
    polytope.lower_bound(&zero, 0.0, &relaxation.multipliers, &mut scratch) > 0.0
}

#[inline(always)]
fn bounded<const FUSED: bool>(
    problem: &Problem,
    node: &mut Node,
    tableau: &mut Tableau,
    space: &mut Workspace,
) -> Result<Reduced, Empty> {
    let Workspace { relaxation, work, .. } = space;
    match node.reduced.take() {
        Some(parent) if parent.complete => {
            parent.refine::<FUSED>(&mut node.known, &node.polytope, tableau, relaxation, work)
        }
        _ => unfold::<FUSED>(
            &problem.float,
            &mut node.known,
            if relaxation.proof.is_some() { usize::MAX } else { COLUMN_LIMIT },
            &node.polytope,
            tableau,
            relaxation,
        ),
    }
}

/// The clause hardest to refute, as a guide for splitting.
pub struct Choice {
    /// Its linear bound's gradient.
    pub gradient: Vec<f64>,
    /// What each undecided neuron's relaxation may lose.
    pub gaps: Vec<f64>,
}

/// Drops the clauses that are refuted here; adds clipping half-spaces if one is left.
#[inline(always)]
fn refute<const FUSED: bool>(
    problem: &Problem,
    node: &mut Node,
    reduced: &Reduced,
    tableau: &mut Tableau,
    space: &mut Workspace,
) -> Choice {
    let count = reduced.count();
    let dimension = reduced.dimension;
    let mut choice = Choice { gradient: vec![0.0; dimension], gaps: vec![0.0; count] };
    let mut worst = f64::INFINITY;
    let mut clips: Vec<(Vec<f64>, f64)> = Vec::new();
    let mut alive = Vec::new();
    let mut vertex = vec![0.0; dimension];
    for clause in std::mem::take(&mut node.clauses) {
        let atoms = &problem.clauses[clause as usize];
        let mut refuted = false;
        let mut clause_clips = Vec::new();
        let mut clause_worst = f64::NEG_INFINITY;
        space.gaps.clear();
        space.gaps.resize(count, 0.0);
        let mut gradient = vec![0.0; dimension];
        for &atom in atoms {
            let gaps = &mut space.gaps;
            space.relaxation.substitute::<FUSED>(reduced, count + atom, 1.0, |neuron, gap| {
                gaps[neuron] += gap;
            });
            let bound = space.relaxation.minimum(&node.polytope, tableau);
            if refutes(problem, clause, atom, bound, reduced, &node.polytope, &mut space.relaxation)
                || only_touches(node, reduced, (clause, atom), bound, space)
            {
                refuted = true;
                break;
            }
            let linear = &space.relaxation.gradient;
            let right = (space.relaxation.slack - linear[dimension]).next_up();
            if right.is_finite() && linear[..dimension].iter().all(|value| value.is_finite()) {
                clause_clips.push((linear[..dimension].to_vec(), right));
            }
            if bound > clause_worst {
                clause_worst = bound;
                gradient.copy_from_slice(&linear[..dimension]);
                tableau.vertex(&node.polytope, &mut vertex);
            }
        }
        if refuted || clause_clips.len() > 1 && jointly_refuted(node, clause, &clause_clips, space)
        {
            continue;
        }
        space.candidates.push(vertex.clone());
        if clause_worst < worst {
            worst = clause_worst;
            choice.gaps.copy_from_slice(&space.gaps);
            choice.gradient.copy_from_slice(&gradient);
        }
        clips = clause_clips;
        alive.push(clause);
    }
    node.polytope.truncate(node.permanent);
    if let &[clause] = &alive[..]
        && clips.len() == problem.clauses[clause as usize].len()
    {
        for (normal, bound) in &clips {
            node.polytope.push(normal, *bound);
        }
        if let Some(proof) = &mut space.relaxation.proof {
            proof.record("clip");
        }
    }
    node.clauses = alive;
    choice
}

/// Whether a bound of an atom's excess shows that the atom is false; records it if so.
fn refutes(
    problem: &Problem,
    clause: u32,
    atom: usize,
    bound: f64,
    reduced: &Reduced,
    polytope: &Polytope,
    relaxation: &mut Relaxation,
) -> bool {
    let Some(proof) = &relaxation.proof else {
        return bound > 0.0 || bound >= 0.0 && problem.atoms[atom].strict;
    };
    let magnitude = reduced.magnitudes[reduced.count() + atom];
    let refuted = bound > relaxation.margin(proof, magnitude, polytope);
    if refuted {
        let atoms = &problem.clauses[clause as usize];
        let place = atoms.iter().position(|&other| other == atom).unwrap_or(0);
        record_refutation(relaxation, problem.numbers[clause as usize], place);
    }
    refuted
}

/// Records that the last bound refutes atom `place` of the clause with this number.
pub fn record_refutation(relaxation: &mut Relaxation, number: usize, place: usize) {
    let Some(proof) = &mut relaxation.proof else { return };
    proof.new_bases();
    let told = match relaxation.solution_error {
        Some(_) => &[],
        None => &relaxation.multipliers[..],
    };
    proof.with_multipliers(&format!("refute {number} {place}"), told);
}

/// Whether no point of the polytope satisfies all the linear relaxations of a clause's atoms.
#[inline(always)]
fn jointly_refuted(
    node: &Node,
    clause: u32,
    clips: &[(Vec<f64>, f64)],
    space: &mut Workspace,
) -> bool {
    let mut polytope = node.polytope.clone();
    for (normal, bound) in clips {
        polytope.push(normal, *bound);
    }
    let mut tableau = Tableau::new(&polytope);
    let relaxation = &mut space.relaxation;
    relaxation.lps += 1;
    if relaxation.proof.is_none() {
        return is_proved_empty(&polytope, &mut tableau, relaxation);
    }
    let found = !tableau.restore(&mut relaxation.multipliers) && !relaxation.multipliers.is_empty();
    found && jointly_recorded(node, clause, clips.len(), &polytope, relaxation)
}

/// Records a joint refutation if its multipliers show it with a margin.
fn jointly_recorded(
    node: &Node,
    clause: u32,
    atoms: usize,
    polytope: &Polytope,
    relaxation: &mut Relaxation,
) -> bool {
    let Relaxation { multipliers, proof: Some(proof), .. } = relaxation else {
        return false;
    };
    round_multipliers(multipliers);
    let zero = vec![0.0; polytope.dimension];
    let bound = polytope.lower_bound(&zero, 0.0, multipliers, &mut zero.clone());
    if atoms != node.problem.clauses[clause as usize].len()
        || bound <= proof.margin(polytope.magnitude(multipliers), 0.0, polytope, multipliers)
    {
        return false;
    }
    let first = node.polytope.half_spaces() as u32;
    let of_atom = |atom: usize| {
        let entry = multipliers.iter().find(|&&(index, _)| index == first + atom as u32);
        dyadic(entry.map_or(0.0, |&(_, value)| value))
    };
    let weights: Vec<String> = (0..atoms).map(of_atom).collect();
    let number = node.problem.numbers[clause as usize];
    let rest: Vec<(u32, f64)> =
        multipliers.iter().copied().filter(|&(index, _)| index < first).collect();
    proof.with_multipliers(&format!("joint {number} {}", weights.join(" ")), &rest);
    true
}
