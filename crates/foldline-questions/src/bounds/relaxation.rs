//! Backward substitution of linear relaxations: a linear bound of any row over the inputs.

use foldline_geometry::tableau::Ended;
use foldline_geometry::{Polytope, Tableau};
use foldline_kernel::interrupt;

use super::reduced::{Reduced, add_multiple, rounding_error};
use super::unfold::{Empty, Known};
use crate::proof::{Proof, Side, round_multipliers};

/// Scratch space and counters for bounding rows of one [`Reduced`] over one [`Polytope`].
#[derive(Debug, Default)]
pub struct Relaxation {
    /// The linear function: d coefficients, the constant, padding, then used-up columns.
    pub gradient: Vec<f64>,
    /// What rounding and row errors may have taken: the function minus this is sound.
    pub slack: f64,
    /// Multipliers of the half-spaces in the last bound.
    pub multipliers: Vec<(u32, f64)>,
    /// Linear programs solved.
    pub lps: u64,
    /// What the search writes down, if a proof is wanted.
    pub proof: Option<Proof>,
    /// What a checker's multipliers may lose against those of the last bound; none where a proof
    /// must tell it the multipliers.
    pub solution_error: Option<f64>,
    scratch: Vec<f64>,
    basis: (Vec<u32>, Vec<u32>),
}

impl Relaxation {
    /// Sets `gradient` to a linear function of x that is below `sign·(row index)`, up to `slack`.
    ///
    /// An undecided neuron with bounds l < 0 < u is replaced by a line below (slope 0 or 1) or by
    /// the chord above, as its coefficient's sign demands. `gap(neuron, g)` hears how much each
    /// replacement may lose.
    #[inline(always)]
    pub fn substitute<const FUSED: bool>(
        &mut self,
        reduced: &Reduced,
        index: usize,
        sign: f64,
        mut gap: impl FnMut(usize, f64),
    ) {
        let (head, dimension) = (reduced.head, reduced.dimension);
        self.gradient.clear();
        self.gradient.extend(reduced.row(index).iter().map(|value| sign * value));
        let mut magnitude = reduced.magnitudes[index];
        let mut slack = reduced.errors[index];
        let mut steps = 0;
        let mut work = self.gradient.len();
        for neuron in (0..reduced.columns[index]).rev() {
            let coefficient = self.gradient[head + neuron];
            if coefficient == 0.0 {
                continue;
            }
            let (lower, upper) = (reduced.lower[neuron], reduced.upper[neuron]);
            let factor = if coefficient > 0.0 {
                let keep = upper > -lower;
                gap(neuron, coefficient * if keep { -lower } else { upper });
                if !keep {
                    continue;
                }
                coefficient
            } else {
                let factor = coefficient * (upper / (upper - lower));
                self.gradient[dimension] -= factor * lower;
                gap(neuron, factor * lower);
                factor
            };
            steps += 1;
            let width = factor.abs();
            slack += width * reduced.errors[neuron];
            magnitude += width * (reduced.magnitudes[neuron] + (upper - lower));
            let source = reduced.row(neuron);
            add_multiple::<FUSED>(&mut self.gradient[..source.len()], factor, source);
            work += source.len();
        }
        interrupt::count(work);
        self.slack = slack * (1.0 + 1e-9) + rounding_error(2 * steps, magnitude);
    }

    /// A sound lower bound of `sign·(row index)` over the polytope.
    #[inline(always)]
    pub fn lower_bound<const FUSED: bool>(
        &mut self,
        reduced: &Reduced,
        index: usize,
        sign: f64,
        polytope: &Polytope,
        tableau: &mut Tableau,
    ) -> f64 {
        self.substitute::<FUSED>(reduced, index, sign, |_, _| ());
        self.minimum(polytope, tableau)
    }

    /// A sound lower bound of the current linear function minus its slack over the polytope.
    #[inline(always)]
    pub fn minimum(&mut self, polytope: &Polytope, tableau: &mut Tableau) -> f64 {
        let dimension = polytope.dimension;
        self.scratch.resize(dimension, 0.0);
        self.multipliers.clear();
        self.solution_error = Some(0.0);
        if polytope.half_spaces() > 0 {
            self.lps += 1;
            interrupt::count(polytope.half_spaces() * dimension);
            let ended = tableau.minimize(&self.gradient, &mut self.multipliers);
            if self.proof.is_some() && (!self.multipliers.is_empty() || ended == Ended::Stalled) {
                self.take_basis(polytope, tableau, ended);
            }
        }
        let constant = self.gradient[dimension];
        let bound =
            polytope.lower_bound(&self.gradient, constant, &self.multipliers, &mut self.scratch);
        let bound = (bound - self.slack).next_down();
        if bound.is_nan() { f64::NEG_INFINITY } else { bound }
    }

    /// Takes the multipliers that a checker gets from the optimal basis, or rounded ones to be told.
    #[inline(never)]
    fn take_basis(&mut self, polytope: &Polytope, tableau: &Tableau, ended: Ended) {
        let Some(proof) = &mut self.proof else { return };
        self.solution_error = None;
        if ended == Ended::Optimal {
            let (rows, inputs) = &mut self.basis;
            tableau.basis(rows, inputs);
            self.solution_error = proof.bases.multipliers(
                (rows, inputs),
                proof.permanent,
                &self.gradient,
                polytope,
                &mut self.multipliers,
            );
        }
        if self.solution_error.is_none() {
            round_multipliers(&mut self.multipliers);
        }
    }

    /// How far a checker's minimum may be from the last one, of a row of this magnitude.
    pub fn margin(&self, proof: &Proof, magnitude: f64, polytope: &Polytope) -> f64 {
        self.solution_error.unwrap_or(0.0)
            + proof.margin(magnitude, self.slack, polytope, &self.multipliers)
    }

    /// Bounds the pre-activation of an undecided row from both sides and enters what that gives.
    #[inline(always)]
    pub fn tighten<const FUSED: bool>(
        &mut self,
        reduced: &Reduced,
        index: usize,
        known: &mut Known,
        polytope: &Polytope,
        tableau: &mut Tableau,
    ) -> Result<(), Empty> {
        let lower = self.lower_bound::<FUSED>(reduced, index, 1.0, polytope, tableau);
        let lower = self.settled(reduced, index, Side::Lower, lower, known.lower, polytope);
        known.lower = known.lower.max(lower);
        known.settle()?;
        if known.sign == 0 {
            let upper = self.lower_bound::<FUSED>(reduced, index, -1.0, polytope, tableau);
            let upper = self.settled(reduced, index, Side::Upper, upper, -known.upper, polytope);
            known.upper = known.upper.min(-upper);
            known.settle()?;
        }
        Ok(())
    }

    /// The bound as a checker will know it; as it is where no proof is written.
    #[inline(always)]
    fn settled(
        &mut self,
        reduced: &Reduced,
        index: usize,
        side: Side,
        bound: f64,
        known: f64,
        polytope: &Polytope,
    ) -> f64 {
        let Some(proof) = &self.proof else { return bound };
        let margin = self.margin(proof, reduced.magnitudes[index], polytope);
        let multipliers = self.solution_error.is_none().then_some(&self.multipliers[..]);
        let height = proof.clip.as_ref().map_or(0.0, |clip| {
            let terms = self.gradient.iter().zip(&clip.inner).map(|(factor, x)| factor * x);
            terms.sum::<f64>() + self.gradient[polytope.dimension] - bound
        });
        let Some(proof) = &mut self.proof else { return bound };
        let neuron = reduced.neurons[index];
        proof.settled_bound((neuron, side), (bound, height), margin, known, multipliers)
    }
}
