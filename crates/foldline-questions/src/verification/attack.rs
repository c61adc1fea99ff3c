//! Looks for a violation by descending from many points at once, beside the search.

use foldline_kernel::interrupt;

use super::counters::Counters;
use super::problem::Problem;
use crate::bounds::float_network::FloatRow;
use crate::bounds::has_wide_instructions;

/// Points that descend together, one a vector lane.
const LANES: usize = 16;
/// Gradient steps a descent.
const STEPS: usize = 60;
/// First step, as a fraction of each coordinate's range, and its decay.
const FIRST_STEP: f64 = 0.25;
const DECAY: f64 = 0.89;

type Lanes = [f64; LANES];

/// A small pseudo-random generator (splitmix64): seeded, so runs repeat.
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A descent from many points towards a clause, step by step.
///
/// A lane's loss is a soft maximum of the excesses of the clause's atoms; the steps go against
/// the gradient's signs and shrink. All in floats: what it finds is a guess.
pub struct Descent {
    clause: usize,
    /// It ends where a loss is at most this.
    enough: f64,
    point: Vec<Lanes>,
    /// The least loss met and its point.
    best: (f64, Vec<f64>),
    step: f64,
    steps: usize,
    random: Random,
}

impl Descent {
    /// Begins at `starts` and at random points of the bounding box.
    pub fn new(
        problem: &Problem,
        clause: usize,
        starts: &[Vec<f64>],
        enough: f64,
        mut random: Random,
    ) -> Self {
        let point = starting_lanes(problem, starts, &mut random);
        let best = (f64::INFINITY, Vec::new());
        Self { clause, enough, point, best, step: FIRST_STEP, steps: 0, random }
    }

    /// One towards a random clause, which ends where floats call a point a violation.
    pub fn to_some_clause(problem: &Problem, starts: &[Vec<f64>], seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5DEE_CE66);
        let clause = (random.next() % problem.clauses.len() as u64) as usize;
        Self::new(problem, clause, starts, 0.0, random)
    }

    /// The work of one step, as `interrupt` counts it.
    pub fn step_work(problem: &Problem) -> u64 {
        (2 * LANES * problem.float.weights()) as u64
    }

    /// Takes one step; true once the descent is over.
    pub fn advance(&mut self, problem: &Problem, counters: &Counters) -> bool {
        #[cfg(target_arch = "x86_64")]
        if has_wide_instructions() {
            // SAFETY: the features were detected at run time.
            return unsafe { self.advance_wide(problem, counters) };
        }
        self.advance_with::<false>(problem, counters)
    }

    /// The best point met.
    pub fn best(self) -> Option<Vec<f64>> {
        let (_, point) = self.best;
        (!point.is_empty()).then_some(point)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,fma")]
    fn advance_wide(&mut self, problem: &Problem, counters: &Counters) -> bool {
        self.advance_with::<true>(problem, counters)
    }

    #[inline(always)]
    fn advance_with<const FUSED: bool>(&mut self, problem: &Problem, counters: &Counters) -> bool {
        let trace = forward::<FUSED>(problem, &self.point);
        let (losses, weights) = clause_losses(problem, self.clause, &trace.excesses);
        counters.attack_points.add(LANES as u64);
        for lane in 0..LANES {
            if losses[lane] < self.best.0 {
                let point = self.point.iter().map(|value| value[lane]);
                self.best = (losses[lane], point.collect());
            }
        }
        self.steps += 1;
        if self.best.0 <= self.enough || self.steps == STEPS {
            return true;
        }
        let gradient = backward::<FUSED>(problem, &trace, &weights);
        advance(problem, &mut self.point, &gradient, self.step, &mut self.random);
        self.step *= DECAY;
        false
    }
}

/// The best point met on a whole descent; see [`Descent`].
pub fn descend(
    problem: &Problem,
    clause: usize,
    starts: &[Vec<f64>],
    enough: f64,
    random: Random,
    counters: &Counters,
) -> Option<Vec<f64>> {
    let mut descent = Descent::new(problem, clause, starts, enough, random);
    while !descent.advance(problem, counters) {}
    descent.best()
}

fn starting_lanes(problem: &Problem, starts: &[Vec<f64>], random: &mut Random) -> Vec<Lanes> {
    let (lower, upper) = (&problem.polytope.lower, &problem.polytope.upper);
    let mut point = vec![[0.0; LANES]; problem.dimension()];
    for lane in 0..LANES {
        for (j, value) in point.iter_mut().enumerate() {
            value[lane] = match starts.get(lane) {
                Some(start) => start[j],
                None => lower[j] + (upper[j] - lower[j]) * random.unit(),
            };
        }
    }
    point
}

/// Values of every layer and the excesses of every target.
struct Trace {
    values: Vec<Vec<Lanes>>,
    excesses: Vec<Lanes>,
}

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[inline(always)]
fn at<const FUSED: bool>(row: &FloatRow, values: &[Lanes]) -> Lanes {
    interrupt::count(LANES * row.columns.len());
    let mut sum = [row.bias; LANES];
    for (&column, &weight) in row.columns.iter().zip(&row.values) {
        let source = &values[column as usize];
        for lane in 0..LANES {
            sum[lane] = multiply_add::<FUSED>(weight, source[lane], sum[lane]);
        }
    }
    sum
}

#[inline(always)]
fn spread<const FUSED: bool>(row: &FloatRow, amount: &Lanes, into: &mut [Lanes]) {
    interrupt::count(LANES * row.columns.len());
    for (&column, &weight) in row.columns.iter().zip(&row.values) {
        let target = &mut into[column as usize];
        for lane in 0..LANES {
            target[lane] = multiply_add::<FUSED>(weight, amount[lane], target[lane]);
        }
    }
}

#[inline(always)]
fn forward<const FUSED: bool>(problem: &Problem, point: &[Lanes]) -> Trace {
    // Plain loops: closures would not be compiled for the wide instructions.
    let mut values = vec![point.to_vec()];
    for layer in problem.float.layers.iter() {
        let last = &values[values.len() - 1];
        let mut next = Vec::with_capacity(layer.rows.len());
        for row in &layer.rows {
            let mut sum = at::<FUSED>(row, last);
            if layer.relu {
                for value in &mut sum {
                    *value = value.max(0.0);
                }
            }
            next.push(sum);
        }
        values.push(next);
    }
    let outputs = &values[values.len() - 1];
    let mut excesses = Vec::with_capacity(problem.float.targets.len());
    for (input, output) in &problem.float.targets {
        let mut sum = at::<FUSED>(output, outputs);
        let rest = at::<FUSED>(input, point);
        for lane in 0..LANES {
            sum[lane] += rest[lane];
        }
        excesses.push(sum);
    }
    Trace { values, excesses }
}

/// The largest excess of the clause's atoms in each lane, and weights of a soft maximum.
fn clause_losses(problem: &Problem, clause: usize, excesses: &[Lanes]) -> (Lanes, Vec<Lanes>) {
    let atoms = &problem.clauses[clause];
    let mut losses = [f64::NEG_INFINITY; LANES];
    for &atom in atoms {
        for lane in 0..LANES {
            losses[lane] = losses[lane].max(excesses[atom][lane]);
        }
    }
    let mut weights = vec![[0.0; LANES]; excesses.len()];
    for &atom in atoms {
        for lane in 0..LANES {
            let temperature = 0.1 * losses[lane].abs() + 1e-4;
            weights[atom][lane] = ((excesses[atom][lane] - losses[lane]) / temperature).exp();
        }
    }
    (losses, weights)
}

/// The gradient of the weighted sum of targets.
#[inline(always)]
fn backward<const FUSED: bool>(problem: &Problem, trace: &Trace, weights: &[Lanes]) -> Vec<Lanes> {
    let mut direct = vec![[0.0; LANES]; problem.dimension()];
    let mut adjoint = vec![[0.0; LANES]; trace.values[trace.values.len() - 1].len()];
    for ((input, output), weight) in problem.float.targets.iter().zip(weights) {
        spread::<FUSED>(input, weight, &mut direct);
        spread::<FUSED>(output, weight, &mut adjoint);
    }
    for (index, layer) in problem.float.layers.iter().enumerate().rev() {
        let mut below = vec![[0.0; LANES]; trace.values[index].len()];
        for (position, row) in layer.rows.iter().enumerate() {
            let mut amount = adjoint[position];
            if layer.relu {
                let value = &trace.values[index + 1][position];
                for lane in 0..LANES {
                    amount[lane] = if value[lane] > 0.0 { amount[lane] } else { 0.0 };
                }
            }
            spread::<FUSED>(row, &amount, &mut below);
        }
        adjoint = below;
    }
    for (sum, term) in adjoint.iter_mut().zip(&direct) {
        sum.iter_mut().zip(term).for_each(|(value, more)| *value += more);
    }
    adjoint
}

fn advance(
    problem: &Problem,
    point: &mut [Lanes],
    gradient: &[Lanes],
    step: f64,
    random: &mut Random,
) {
    let (lower, upper) = (&problem.polytope.lower, &problem.polytope.upper);
    for (j, (values, slopes)) in point.iter_mut().zip(gradient).enumerate() {
        let length = step * (upper[j] - lower[j]);
        for lane in 0..LANES {
            let sign = if slopes[lane] == 0.0 { 0.0 } else { slopes[lane].signum() };
            let moved = values[lane] - sign * length * (0.5 + random.unit());
            values[lane] = moved.clamp(lower[j], upper[j]);
        }
    }
}
