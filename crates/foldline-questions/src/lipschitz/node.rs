//! One node of the search over cells: tighten, bound the Jacobian, close or choose a split.

use std::sync::Arc;

use foldline_geometry::{Polytope, Tableau};

use super::bound::{Bounder, FloatNorm, Influence};
use super::branch;
use super::domain::Patch;
use super::incumbent::{Gradients, Incumbent};
use super::leaf;
use crate::bounds::reduced::Reduced;
use crate::bounds::{Empty, Known, Relaxation, has_wide_instructions, unfold};

/// A part of a patch, with what is known of the network there.
#[derive(Debug, Clone)]
pub struct Node {
    /// What is searched.
    pub patch: Arc<Patch>,
    /// Its norm in floats.
    pub norm: Arc<FloatNorm>,
    /// The part in floats, outward: box, the patch's half-spaces, then those of the splits.
    pub polytope: Polytope,
    /// The parent's reduced system; none if it must be built from the weights.
    pub reduced: Option<Arc<Reduced>>,
    /// The parent's last dictionary; none where the box is another one.
    pub tableau: Option<Arc<Tableau>>,
    /// Signs and bounds of all ReLU neurons.
    pub known: Vec<Known>,
    /// The neurons split on the way here, with their signs (true: > 0).
    pub splits: Vec<(u32, bool)>,
    /// Points of the part met on the way, in floats.
    pub points: Vec<Vec<f64>>,
    /// Number of splits of input coordinates.
    pub input_splits: u32,
    /// No Jacobian of the part has a larger norm.
    pub bound: f64,
    /// Share of the search space, a guess for progress reports.
    pub share: f64,
    /// The number of its root among all roots.
    pub place: usize,
}

/// What became of a node.
#[derive(Debug)]
pub enum Step {
    /// No cell of this part has a larger norm than the incumbent.
    Closed,
    /// Nothing is left to split: exact arithmetic must measure the cell.
    Leaf(Box<Node>),
    /// Parts that together contain the interior of every cell in it.
    Split(Vec<Node>),
}

/// Reusable memory of one worker.
pub struct Workspace {
    /// Bounding scratch and LP count.
    pub relaxation: Relaxation,
    /// Gradients of points.
    pub gradients: Gradients,
    /// The number of nodes visited below each root.
    pub visits: Vec<u32>,
    bounder: Bounder,
    work: Reduced,
}

impl Workspace {
    /// Scratch for problems of any size.
    pub fn new() -> Self {
        Self {
            relaxation: Relaxation::default(),
            gradients: Gradients::default(),
            visits: Vec::new(),
            bounder: Bounder::default(),
            work: Reduced::default(),
        }
    }

    /// Whether a search has come so far that wide instructions save more than asking for them takes:
    /// a dozen traps on virtual machines, as long as the whole search of a small network.
    fn is_worth_asking(&self, node: &Node) -> bool {
        let visits = self.visits.get(node.place).map_or(0, |&visits| visits as usize);
        visits.saturating_mul(node.known.len().pow(2)) > LONG_WORK
    }
}

/// Nodes times squared neurons of a search that takes more than some dozen microseconds.
const LONG_WORK: usize = 1 << 16;

/// The most undecided neurons that are kept as columns; with more, inputs are halved first.
const COLUMN_LIMIT: usize = 2048;

/// A bound this little above the incumbent's norm may be equal to it: exact intervals are tried.
const NEARLY_TIED: f64 = 1.0 + 1e-9;

/// Pivots after which a dictionary is made anew from the polytope.
const MOST_PIVOTS: u32 = 200;

/// Of what a bound is too large by, the part that neurons without linear programs may make up.
const MINOR_PART: f64 = 0.125;

/// Points kept with a node.
const MOST_POINTS: usize = 48;

impl Node {
    /// The whole of a patch.
    pub fn root(patch: Arc<Patch>, norm: Arc<FloatNorm>, share: f64) -> Self {
        Self {
            polytope: patch.polytope.clone(),
            reduced: None,
            tableau: None,
            known: vec![Known::NOTHING; patch.float.neurons],
            splits: Vec::new(),
            points: Vec::new(),
            input_splits: 0,
            bound: f64::INFINITY,
            share,
            place: 0,
            patch,
            norm,
        }
    }
}

/// Processes a node with the widest instructions the processor has.
pub fn process(
    node: Node,
    space: &mut Workspace,
    incumbent: &Incumbent,
    exact_lps: &mut u64,
) -> Step {
    if space.is_worth_asking(&node) && has_wide_instructions() {
        // SAFETY: the features were detected at run time.
        #[cfg(target_arch = "x86_64")]
        return unsafe { process_wide(node, space, incumbent, exact_lps) };
    }
    process_with::<false>(node, space, incumbent, exact_lps)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
fn process_wide(
    node: Node,
    space: &mut Workspace,
    incumbent: &Incumbent,
    exact_lps: &mut u64,
) -> Step {
    process_with::<true>(node, space, incumbent, exact_lps)
}

#[inline(always)]
fn process_with<const FUSED: bool>(
    mut node: Node,
    space: &mut Workspace,
    incumbent: &Incumbent,
    exact_lps: &mut u64,
) -> Step {
    if node.bound <= incumbent.threshold() {
        return Step::Closed;
    }
    let (patch, norm) = (node.patch.clone(), node.norm.clone());
    let mut skip = Vec::new();
    if let Some(parent) = node.reduced.take() {
        // What the split alone gives costs no linear program.
        let simpler = with_known_signs::<FUSED>(&parent, &node, &mut space.work);
        let enough = incumbent.threshold();
        let bound = space.bounder.bound(&norm, &simpler, &patch, &node.polytope, enough);
        node.bound = node.bound.min(bound.value);
        if node.bound <= enough {
            return Step::Closed;
        }
        let influences = space.bounder.influences(&bound, &simpler, &patch, &node.polytope);
        skip = minor(&influences, bound.excess(enough));
        node.reduced = Some(Arc::new(simpler));
    }
    let mut tableau = dictionary(&mut node);
    if is_proved_empty(&node.polytope, &mut tableau, &mut space.relaxation) {
        return Step::Closed;
    }
    let Ok(reduced) = tightened::<FUSED>(&mut node, &skip, &mut tableau, space) else {
        return Step::Closed;
    };
    if !reduced.complete {
        return branch::halve(node);
    }
    let enough = incumbent.threshold();
    let bound = space.bounder.bound(&norm, &reduced, &patch, &node.polytope, enough);
    node.bound = node.bound.min(bound.value);
    if node.bound <= incumbent.threshold() {
        return Step::Closed;
    }
    if let Some(middle) = mean(&node.points) {
        space.gradients.offer(&patch, &norm, &middle, incumbent);
        if node.bound <= incumbent.threshold() {
            return Step::Closed;
        }
    }
    let may_be_tied = node.bound <= incumbent.below() * NEARLY_TIED;
    if (may_be_tied || bound.is_blurred)
        && let Some(enough) = incumbent.enough()
    {
        patch.float.sign_multiples(&mut node.known);
        if leaf::is_bounded_by(&node, &enough) {
            return Step::Closed;
        }
    }
    let influences = space.bounder.influences(&bound, &reduced, &patch, &node.polytope);
    node.tableau = Some(Arc::new(tableau));
    branch::split(node, reduced, &influences, exact_lps)
}

fn mean(points: &[Vec<f64>]) -> Option<Vec<f64>> {
    let first = points.first()?;
    let count = points.len() as f64;
    Some(
        (0..first.len())
            .map(|j| points.iter().map(|point| point[j]).sum::<f64>() / count)
            .collect(),
    )
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
    let zero = vec![0.0; polytope.dimension];
    let mut scratch = vec![0.0; polytope.dimension];
    polytope.lower_bound(&zero, 0.0, &relaxation.multipliers, &mut scratch) > 0.0
}

/// The parent's dictionary with the half-spaces that are new, or one from the start.
#[inline(always)]
fn dictionary(node: &mut Node) -> Tableau {
    let inherited = node.tableau.take().filter(|tableau| tableau.pivots < MOST_PIVOTS);
    let Some(inherited) = inherited else { return Tableau::new(&node.polytope) };
    let mut tableau = Arc::unwrap_or_clone(inherited);
    for index in tableau.half_spaces()..node.polytope.half_spaces() {
        tableau.append(&node.polytope, index);
    }
    tableau
}

/// The neurons whose influences together are a small part of the excess over the incumbent.
fn minor(influences: &[Influence], excess: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..influences.len()).collect();
    order.sort_unstable_by(|&a, &b| influences[a].width.total_cmp(&influences[b].width));
    let (mut minor, mut sum) = (vec![false; influences.len()], 0.0);
    if !excess.is_finite() {
        return minor;
    }
    for index in order {
        sum += influences[index].width;
        if sum >= MINOR_PART * excess || sum.is_nan() {
            break;
        }
        minor[index] = true;
    }
    minor
}

/// The parent's system with the signs that are known, bounds as they were.
#[inline(always)]
fn with_known_signs<const FUSED: bool>(
    parent: &Reduced,
    node: &Node,
    work: &mut Reduced,
) -> Reduced {
    work.clone_from(parent);
    let count = parent.count();
    let signs: Vec<i8> =
        parent.neurons.iter().map(|&neuron| node.known[neuron as usize].sign).collect();
    for index in 0..count + parent.targets {
        work.eliminate::<FUSED>(index, &signs, node.polytope.reach());
    }
    work.packed(|index| signs[index] == 0)
}

/// The node's reduced system with the signs that bounds decide.
#[inline(always)]
fn tightened<const FUSED: bool>(
    node: &mut Node,
    skip: &[bool],
    tableau: &mut Tableau,
    space: &mut Workspace,
) -> Result<Reduced, Empty> {
    let Workspace { relaxation, work, .. } = space;
    match node.reduced.take() {
        Some(parent) => refine::<FUSED>(&parent, node, skip, tableau, relaxation, work),
        None => unfold::<FUSED>(
            &node.patch.float,
            &mut node.known,
            if node.input_splits < branch::MOST_INPUT_SPLITS { COLUMN_LIMIT } else { usize::MAX },
            &node.polytope,
            tableau,
            relaxation,
        ),
    }
}

/// The parent's system on the node's smaller polytope.
///
/// Neurons of the last undecided layer need bounds only where no known point shows both signs, and not
/// where their signs would hardly matter (`skip`): no later row is relaxed with them.
#[inline(always)]
fn refine<const FUSED: bool>(
    parent: &Reduced,
    node: &mut Node,
    skip: &[bool],
    tableau: &mut Tableau,
    relaxation: &mut Relaxation,
    work: &mut Reduced,
) -> Result<Reduced, Empty> {
    work.clone_from(parent);
    let count = parent.count();
    let last_layer = parent.layers.last().copied().unwrap_or(0);
    let (head, dimension) = (parent.head, parent.dimension);
    let mut signs = vec![0i8; count];
    let Node { polytope, known, points, .. } = node;
    for index in 0..count {
        let known = &mut known[parent.neurons[index] as usize];
        work.eliminate::<FUSED>(index, &signs, polytope.reach());
        if known.sign == 0 {
            let is_last = parent.layers[index] == last_layer;
            let is_visible = is_last && work.is_affine(index);
            let clear = 1e-9 * work.magnitudes[index] + 8.0 * work.errors[index];
            for sign in [1.0, -1.0] {
                let seen = is_visible && {
                    let row = &work.row(index)[..head];
                    points.iter().any(|point| sign * value_at(row, point, dimension) < -clear)
                };
                if known.sign != 0 || seen || is_last && skip[index] {
                    continue;
                }
                let bound = relaxation.lower_bound::<FUSED>(work, index, sign, polytope, tableau);
                if sign > 0.0 {
                    known.lower = known.lower.max(bound);
                } else {
                    known.upper = known.upper.min(-bound);
                }
                known.settle()?;
                if known.sign == 0 && points.len() < MOST_POINTS {
                    let mut vertex = vec![0.0; dimension];
                    tableau.vertex(polytope, &mut vertex);
                    points.push(vertex);
                }
            }
            work.lower[index] = known.lower;
            work.upper[index] = known.upper;
        }
        signs[index] = known.sign;
    }
    for target in count..count + parent.targets {
        work.eliminate::<FUSED>(target, &signs, polytope.reach());
    }
    Ok(work.packed(|index| signs[index] == 0))
}

#[inline(always)]
fn value_at(row: &[f64], point: &[f64], dimension: usize) -> f64 {
    let mut sum = row[dimension];
    for j in 0..dimension {
        sum += row[j] * point[j];
    }
    sum
}
