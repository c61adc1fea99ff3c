//! Backward substitution of linear relaxations: a linear bound of any row over the inputs.

use foldline_geometry::{Polytope, Tableau};

use super::reduced::{Reduced, add_multiple, rounding_error};
use super::unfold::{Empty, Known};
use crate::proof::{Proof, dyadic, round_multipliers};

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
    scratch: Vec<f64>,
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
        let used = reduced.used(index);
        let (head, dimension) = (reduced.head, reduced.dimension);
        self.gradient.clear();
        self.gradient.extend(reduced.row(index)[..used].iter().map(|value| sign * value));
        let mut magnitude = reduced.magnitudes[index];
        let mut slack = reduced.errors[index];
        let mut steps = 0;
        for neuron in (0..used - head).rev() {
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
            let source = &reduced.row(neuron)[..head + neuron];
            add_multiple::<FUSED>(&mut self.gradient[..head + neuron], factor, source);
        }
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
        if polytope.half_spaces() > 0 {
            self.lps += 1;
            tableau.minimize(&self.gradient, &mut self.multipliers);
            if self.proof.is_some() {
                round_multipliers(&mut self.multipliers);
            }
        }
        let constant = self.gradient[dimension];
        let bound =
            polytope.lower_bound(&self.gradient, constant, &self.multipliers, &mut self.scratch);
        let bound = (bound - self.slack).next_down();
        if bound.is_nan() { f64::NEG_INFINITY } else { bound }
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
        if self.proof.is_some() {
            return self.tighten_recorded::<FUSED>(reduced, index, known, lower, polytope, tableau);
        }
        known.lower = known.lower.max(lower);
        known.settle()?;
        if known.sign == 0 {
            let upper = -self.lower_bound::<FUSED>(reduced, index, -1.0, polytope, tableau);
            known.upper = known.upper.min(upper);
            known.settle()?;
        }
        Ok(())
    }

    /// The same with rounded bounds, recording those that are new; of a neuron whose sign gets
    /// decided, the deciding bound alone.
    #[inline(always)]
    fn tighten_recorded<const FUSED: bool>(
        &mut self,
        reduced: &Reduced,
        index: usize,
        known: &mut Known,
        lower: f64,
        polytope: &Polytope,
        tableau: &mut Tableau,
    ) -> Result<(), Empty> {
        let (neuron, magnitude) = (reduced.neurons[index], reduced.magnitudes[index]);
        let error = self.slack;
        let of_lower = self.multipliers.clone();
        let claim = |proof: &Option<Proof>, bound: f64, error: f64, multipliers: &[(u32, f64)]| {
            let claimed =
                |proof: &Proof| proof.claimed_below(bound, magnitude, error, polytope, multipliers);
            proof.as_ref().map_or(bound, claimed)
        };
        let lower = claim(&self.proof, lower, error, &of_lower);
        let upper = if lower >= 0.0 {
            f64::INFINITY
        } else {
            let upper = self.lower_bound::<FUSED>(reduced, index, -1.0, polytope, tableau);
            -claim(&self.proof, upper, self.slack, &self.multipliers)
        };
        let Some(proof) = &mut self.proof else {
            return Ok(());
        };
        if lower > known.lower && upper > 0.0 {
            known.lower = lower;
            proof.with_multipliers(&format!("lower {neuron} {}", dyadic(lower)), &of_lower);
            known.settle()?;
        }
        if upper < known.upper && known.sign == 0 {
            known.upper = upper;
            let words = format!("upper {neuron} {}", dyadic(upper));
            proof.with_multipliers(&words, &self.multipliers);
            known.settle()?;
        }
        Ok(())
    }
}
