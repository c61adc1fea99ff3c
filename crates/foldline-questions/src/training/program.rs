//! The program of a partial pattern in floats: its bound, about and soundly.

use foldline_geometry::quadratic::{Guess, dual_active_set};

use super::pattern::{Label, Pattern};
use super::problem::Problem;
use super::sound_bound::{Piece, Term, sound_bound};

/// Added to the diagonal of H relative to its largest entry, so that guesses always exist; the
/// next one is tried where rounding spoils the one before.
const REGULARISATIONS: [f64; 3] = [1e-9, 1e-7, 1e-5];

/// How often the groups' sides are corrected.
const ROUNDS: usize = 12;

/// min θ'Hθ − 2c'θ + constant over the rows g·θ ≥ 0, from the groups whose states are known, plus
/// a convex function of v for each group where only the output's state is not.
///
/// That function is ([v]₊ − y)² where y ≤ 0, and [v − y]₊² where y > 0, which is never above.
#[derive(Debug, Clone)]
pub struct FloatProgram {
    /// The rows g of the constraints.
    pub rows: Vec<Vec<f64>>,
    /// Which they are.
    pub labels: Vec<Label>,
    /// The groups that are on.
    terms: Vec<Term>,
    /// The groups where only the output's state is unknown.
    soft: Vec<Term>,
    /// Their names.
    soft_labels: Vec<Label>,
    /// What the known groups add, apart from θ, and how many do.
    constant: (f64, usize),
    hessian: Vec<f64>,
    linear: Vec<f64>,
    /// The number of parameters of a hidden node.
    width: usize,
}

/// The minimum of a program, about.
#[derive(Debug, Clone)]
pub struct Minimum {
    /// The least value.
    pub value: f64,
    /// Where it is.
    pub point: Vec<f64>,
    /// The active constraints, and the soft groups at kinks under the names of their outputs.
    pub active: Vec<Label>,
    /// The soft groups where their functions are quadratic.
    pub curved: Vec<Label>,
    /// What the minimum is, at least, with all roundings covered.
    pub sound: f64,
}

/// Where a group with unknown output is taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Where its function is zero.
    Flat,
    /// Where it is quadratic.
    Curved,
}

impl FloatProgram {
    /// The program of a pattern.
    pub fn new(problem: &Problem, pattern: &Pattern) -> Self {
        let n = problem.parameters();
        let mut program = Self {
            rows: Vec::new(),
            labels: Vec::new(),
            terms: Vec::new(),
            soft: Vec::new(),
            soft_labels: Vec::new(),
            constant: (0.0, 0),
            hessian: vec![0.0; n * n],
            linear: vec![0.0; n],
            width: problem.block(),
        };
        let negate = |value: &f64| -value;
        for (index, group) in problem.float.iter().enumerate() {
            let row = &group.row;
            let value = pattern
                .has_value(problem, index)
                .then(|| pattern.value_row(problem, index, row, &0.0, negate));
            let value_row = value.as_deref();
            let all = |_| true;
            pattern.constraints(problem, index, row, value_row, &0.0, negate, all, |label, row| {
                program.labels.push(label);
                program.rows.push(row);
            });
            let Some(row) = value else { continue };
            let (count, label_sum) = (group.count, group.label_sum);
            let term = Term { group: index as u32, row, count, label_sum };
            match pattern.output(problem, index) {
                None => {
                    program.soft.push(term);
                    program.soft_labels.push((index as u32, problem.architecture.hidden as u8));
                }
                Some(true) => {
                    program.constant.0 += group.on;
                    program.constant.1 += 1;
                    add(&mut program.hessian, &mut program.linear, &term);
                    program.terms.push(term);
                }
                Some(false) => {
                    program.constant.0 += group.off;
                    program.constant.1 += 1;
                }
            }
        }
        if let Some((label, row)) = pattern.offset_constraint(problem, &1.0, &0.0, negate) {
            program.labels.push(label);
            program.rows.push(row);
        }
        program
    }

    /// About the minimum, not followed beyond what is `enough`.
    pub fn minimise(&self, enough: f64) -> Option<Minimum> {
        let mut sides = vec![Side::Flat; self.soft.len()];
        let mut round = 0;
        loop {
            round += 1;
            let (rows, kinks) = self.rows_with(&sides);
            let (value, guess) = self.solve(&rows, &sides, enough)?;
            let changed = self.correct(&mut sides, &guess, &kinks);
            if changed && round < ROUNDS {
                continue;
            }
            let pieces = self.pieces(&sides, &guess, &kinks);
            let sound = sound_bound(&pieces, self.constant, &guess.point, self.width);
            let label = |&index: &usize| match index.checked_sub(self.rows.len()) {
                None => self.labels[index],
                Some(kink) => self.soft_labels[kinks[kink]],
            };
            let active = guess.active.iter().map(label).collect();
            let soft = self.soft_labels.iter().zip(&sides);
            let curved = soft.filter(|(_, side)| **side == Side::Curved);
            let curved = curved.map(|(label, _)| *label).collect();
            // Sides that are not right yet do not belong to a lower bound.
            let value = if changed { sound.max(0.0) } else { value };
            return Some(Minimum { value, point: guess.point, active, curved, sound });
        }
    }

    /// The constraints, and v ≤ 0 for the groups taken to be at or below a kink; which those are.
    fn rows_with(&self, sides: &[Side]) -> (Vec<Vec<f64>>, Vec<usize>) {
        let mut rows = self.rows.clone();
        let is_kink =
            |&index: &usize| sides[index] == Side::Flat && self.soft[index].label_sum < 0.0;
        let kinks: Vec<usize> = (0..sides.len()).filter(is_kink).collect();
        let below = |&index: &usize| self.soft[index].row.iter().map(|entry| -entry).collect();
        rows.extend(kinks.iter().map(below));
        (rows, kinks)
    }

    /// The quadratic program with the groups on these sides.
    fn solve(&self, rows: &[Vec<f64>], sides: &[Side], enough: f64) -> Option<(f64, Guess<f64>)> {
        let n = self.linear.len();
        let (mut hessian, mut linear) = (self.hessian.clone(), self.linear.clone());
        let mut constant = self.constant.0;
        let curved = |(_, side): &(&Term, &Side)| **side == Side::Curved;
        for (term, _) in self.soft.iter().zip(sides).filter(curved) {
            add(&mut hessian, &mut linear, term);
            constant += term.kink() * term.label_sum;
        }
        let largest = (0..n).map(|i| hessian[i * n + i]).fold(1.0, f64::max);
        let value =
            |point: &[f64]| constant - linear.iter().zip(point).map(|(c, x)| c * x).sum::<f64>();
        let guess = REGULARISATIONS.iter().find_map(|regularisation| {
            let mut hessian = hessian.clone();
            (0..n).for_each(|i| hessian[i * n + i] += regularisation * largest);
            dual_active_set(&hessian, &linear, rows, |point| value(point) > enough)
        })?;
        Some((value(&guess.point), guess))
    }

    /// Moves groups that are on the wrong side at the minimum; whether there were any.
    fn correct(&self, sides: &mut [Side], guess: &Guess<f64>, kinks: &[usize]) -> bool {
        let mut changed = false;
        for (term, side) in self.soft.iter().zip(sides.iter_mut()) {
            let at: f64 = term.row.iter().zip(&guess.point).map(|(a, x)| a * x).sum();
            let size = 1e-9 * (1.0 + at.abs());
            let is_wrong = match side {
                Side::Curved => at < term.kink() - size,
                Side::Flat => term.label_sum >= 0.0 && at > term.kink() + size,
            };
            if is_wrong {
                *side = if *side == Side::Flat { Side::Curved } else { Side::Flat };
                changed = true;
            }
        }
        for (index, multiplier) in self.kink_multipliers(guess, kinks) {
            if multiplier > -self.soft[index].label_sum * (1.0 + 1e-9) {
                sides[index] = Side::Curved;
                changed = true;
            }
        }
        changed
    }

    /// The multipliers of the groups at kinks.
    fn kink_multipliers<'a>(
        &self,
        guess: &'a Guess<f64>,
        kinks: &'a [usize],
    ) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let hard = self.rows.len();
        let active = guess.active.iter().zip(&guess.multipliers);
        active
            .filter(move |(index, _)| **index >= hard)
            .map(move |(index, multiplier)| (kinks[index - hard], *multiplier))
    }

    /// What the lower bound is made of.
    fn pieces(&self, sides: &[Side], guess: &Guess<f64>, kinks: &[usize]) -> Vec<Piece<'_>> {
        let mut pieces: Vec<Piece<'_>> = self.terms.iter().map(Piece::Square).collect();
        let soft = self.soft.iter().zip(sides);
        let curved = soft.filter(|(_, side)| **side == Side::Curved);
        pieces.extend(curved.map(|(term, _)| Piece::Curved(term)));
        for (&index, &multiplier) in guess.active.iter().zip(&guess.multipliers) {
            pieces.push(match index.checked_sub(self.rows.len()) {
                None => Piece::Constraint(&self.rows[index], self.labels[index].0, multiplier),
                Some(kink) => Piece::Kink(&self.soft[kinks[kink]], multiplier),
            });
        }
        pieces
    }
}

/// Adds a group that is on to H and c.
fn add(hessian: &mut [f64], linear: &mut [f64], term: &Term) {
    let n = linear.len();
    for i in (0..n).filter(|&i| term.row[i] != 0.0) {
        linear[i] += term.row[i] * term.label_sum;
        for j in 0..n {
            hessian[i * n + j] += term.count * term.row[i] * term.row[j];
        }
    }
}
