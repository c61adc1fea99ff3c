//! From a solution of the reduced question to the clique, and from a clique to the solution.

use foldline_kernel::number::power_of_two;
use foldline_kernel::{CliqueFault, Rational};

use super::spikes::{steepness, total};
use super::{LipschitzForm, Reduction, Target, offset};

/// Why a point is no solution of the reduced question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSolution {
    /// A point of another space.
    #[error("the point has {found} coordinates, expected {expected}")]
    Dimension {
        /// Its coordinates.
        found: usize,
        /// Those of the reduced question.
        expected: usize,
    },
    /// The quantity that has to exceed a bound does not.
    #[error("{quantity} is {value} there; more than {bound} is needed")]
    Value {
        /// Such as `the output`.
        quantity: &'static str,
        /// What it is.
        value: Rational,
        /// What it has to exceed.
        bound: Rational,
    },
}

impl Reduction {
    /// The clique that a solution means: its vertices in the order of the colors.
    ///
    /// What is a solution, at `point`: f > k + C(k, 2) − 1 (maximum); h > 0 (positivity,
    /// surjectivity, zero, Lipschitz with two hidden layers; for zonotopes `point` is the normal
    /// of a separating hyperplane); slope k + C(k, 2) in the last input (Lipschitz); h above
    /// (k + C(k, 2) − 1)·ε·|y| (Lipschitz as printed).
    ///
    /// # Errors
    /// If `point` is no solution.
    ///
    /// # Panics
    /// Never: a solution that means no clique would contradict the reduction's proof.
    pub fn clique_at(&self, point: &[Rational]) -> Result<Vec<usize>, NoSolution> {
        let (found, expected) = (point.len(), self.function.inputs);
        if found != expected {
            return Err(NoSolution::Dimension { found, expected });
        }
        let clique = self.decode(&self.positions(point)?);
        let clique = clique.expect("a vertex at every position");
        let checked = self.graph.check_clique(&clique);
        assert_eq!(checked, Ok(()), "a solution without clique contradicts [Z, Prop 3.1]");
        Ok(clique)
    }

    /// The inputs of the spikes, one a color, at a solution.
    fn positions(&self, point: &[Rational]) -> Result<Vec<Rational>, NoSolution> {
        let colors = self.graph.classes();
        let exceeds = |quantity, value: Rational, bound: Rational| {
            if value > bound { Ok(()) } else { Err(NoSolution::Value { quantity, value, bound }) }
        };
        let value = || self.function.value(point);
        let less_one = total(colors) - Rational::ONE;
        match &self.target {
            Target::Maximum => {
                exceeds("the output", value(), less_one)?;
                Ok(point.to_vec())
            }
            Target::Lipschitz(LipschitzForm::Steps) => {
                let slope = self.function.gradient(point).pop().expect("a last input");
                exceeds("the slope in the last input", slope, less_one)?;
                let (steepness, time) = (steepness(colors), &point[colors]);
                Ok(point[..colors].iter().map(|x| x * &steepness + time).collect())
            }
            Target::Lipschitz(LipschitzForm::Printed { .. }) => {
                let depth = &point[colors] * self.scale();
                let length = if depth < Rational::ZERO { -depth.clone() } else { depth.clone() };
                exceeds("the output", value(), less_one * length)?;
                Ok(point[..colors].iter().map(|x| x / &depth).collect())
            }
            target => {
                let quantity = match target {
                    Target::Zonotope => "h_INNER - h_OUTER of the normal",
                    _ => "the output (before a last ReLU)",
                };
                exceeds(quantity, value(), Rational::ZERO)?;
                Ok(point[..colors].iter().map(|x| x / &point[colors]).collect())
            }
        }
    }

    /// The vertex of every color whose label is at most 1/8 away.
    fn decode(&self, positions: &[Rational]) -> Option<Vec<usize>> {
        let radius = power_of_two(-3);
        let near = |label: Rational, position: &Rational| {
            let distance = label - position;
            distance <= radius && distance >= -radius.clone()
        };
        let vertex = |(color, position): (usize, &Rational)| {
            let mut vertices = 0..self.graph.vertices();
            vertices.find(|&vertex| {
                self.graph.class(vertex) == color && near(self.labels.of(vertex), position)
            })
        };
        positions.iter().enumerate().map(vertex).collect()
    }

    /// The solution that a clique means: a point that [`Self::clique_at`] takes back.
    ///
    /// For Lipschitz constants it lies in the interior of a cell, whose gradient is large enough.
    ///
    /// # Errors
    /// If the vertices are no multicolored clique.
    pub fn solution(&self, clique: &[usize]) -> Result<Vec<Rational>, CliqueFault> {
        self.graph.check_clique(clique)?;
        let colors = self.graph.classes();
        let mut peak = vec![Rational::ZERO; colors];
        clique.iter().for_each(|&vertex| peak[self.graph.class(vertex)] = self.labels.of(vertex));
        let last = match &self.target {
            Target::Maximum => return Ok(peak),
            Target::Lipschitz(LipschitzForm::Steps) => {
                let steepness = steepness(colors);
                peak.iter_mut().for_each(|x| *x = &*x / &steepness);
                Rational::ZERO
            }
            Target::Lipschitz(LipschitzForm::Printed { .. }) => {
                let scale = self.scale();
                peak.iter_mut().for_each(|x| *x *= &scale);
                Rational::ONE
            }
            Target::Lipschitz(LipschitzForm::ThreeLayers) => {
                // Beside the peak, where every spike rises, and at most 1/2 is lost in all.
                let aside = Rational::ONE / (Rational::from(16) * total(colors));
                peak.iter_mut().for_each(|x| *x -= &aside);
                Rational::ONE
            }
            _ => Rational::ONE,
        };
        peak.push(last);
        Ok(peak)
    }

    /// For surjectivity: a direction along which the network is negative, clique or not.
    pub fn negative_direction(&self) -> Option<Vec<Rational>> {
        let colors = self.graph.classes();
        (self.target == Target::Surjectivity).then(|| {
            debug_assert!(offset(colors, &self.target) < Rational::ZERO);
            let mut direction = vec![Rational::ZERO; colors];
            direction.push(Rational::ONE);
            direction
        })
    }
}
