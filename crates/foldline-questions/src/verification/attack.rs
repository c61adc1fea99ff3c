//! Looks for a violation by sampling and descending, before and beside the search.

use super::candidate;
use super::counters::Counters;
use super::problem::Problem;
use foldline_kernel::Rational;

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

/// Tries the centre, then `effort` rounds of random starts, each followed by sign-gradient steps.
pub fn attack(
    problem: &Problem,
    effort: usize,
    seed: u64,
    counters: &Counters,
) -> Option<Vec<Rational>> {
    let (lower, upper) = (&problem.polytope.lower, &problem.polytope.upper);
    let mut random = Random::new(seed ^ 0x5DEE_CE66);
    let centre: Vec<f64> = lower.iter().zip(upper).map(|(l, u)| l + (u - l) / 2.0).collect();
    for round in 0..effort {
        for clause in 0..problem.clauses.len().min(16) {
            let start = if round == 0 {
                centre.clone()
            } else {
                lower.iter().zip(upper).map(|(l, u)| l + (u - l) * random.unit()).collect()
            };
            let found = descend(problem, clause, start, &mut random, counters);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// Lowers the largest excess of a clause's atoms by sign-gradient steps of shrinking size.
fn descend(
    problem: &Problem,
    clause: usize,
    mut point: Vec<f64>,
    random: &mut Random,
    counters: &Counters,
) -> Option<Vec<Rational>> {
    let (lower, upper) = (&problem.polytope.lower, &problem.polytope.upper);
    let atoms = &problem.clauses[clause];
    let mut step = 0.25;
    for _ in 0..24 {
        let excesses = problem.float.excesses(&point);
        let worst = atoms.iter().copied().max_by(|&a, &b| excesses[a].total_cmp(&excesses[b]))?;
        if excesses[worst] <= 0.0
            && let Some(found) = candidate::repair(problem, &point, counters)
        {
            return Some(found);
        }
        let mut weights = vec![0.0; problem.atoms.len()];
        weights[worst] = 1.0;
        let gradient = problem.float.gradient(&point, &weights);
        for j in 0..point.len() {
            let width = upper[j] - lower[j];
            let shift = step * width * (0.5 + random.unit());
            let sign = if gradient[j] == 0.0 { 0.0 } else { gradient[j].signum() };
            point[j] = (point[j] - sign * shift).clamp(lower[j], upper[j]);
        }
        counters.attack_points.add(1);
        step *= 0.8;
    }
    candidate::repair(problem, &point, counters)
}
