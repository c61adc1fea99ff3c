//! Proofs of a number of cells: a walk with one exact linear program a neuron, which says why.
//!
//! The walk decides neuron after neuron on cells with a witness in their interior. Where a linear
//! program shows that a neuron's sign is fixed, its multipliers are the reason; where it does
//! not, both sides have interior points and the walk goes on on both. Nothing is shared with the
//! engine that carries cells by their vertices, whose count must come out again.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline_kernel::linear::dot;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Integer, LinearConstraint, Network, Polyhedron, Rational};

use super::layered::cut;
use super::stages::Stage;

/// A constraint of a cell, as a reason names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A constraint of the region, from 0.
    Region(usize),
    /// A neuron that was split on, from 0 over all layers: its side of the cell.
    Neuron(usize),
}

/// A step of the proof, in the order of a walk that takes "on" first.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The neuron has both signs in the cell.
    Split(usize),
    /// The neuron z is fixed: z (on) or −z (off) is constant + Σ multiplier · bound, none negative.
    Fixed {
        /// The neuron.
        neuron: usize,
        /// Whether it is on.
        on: bool,
        /// The constant.
        constant: Rational,
        /// Bounds of the cell (each as a function that is not negative there) and multipliers.
        multipliers: Vec<(Bound, Rational)>,
    },
    /// A cell, with a point in its interior.
    Cell(Vec<Rational>),
}

/// Coefficients and constant of an affine function.
#[derive(Debug, Clone, PartialEq)]
struct Function {
    coefficients: Vec<Rational>,
    constant: Rational,
}

impl Function {
    fn at(&self, point: &[Rational]) -> Rational {
        let terms = self.coefficients.iter().zip(point);
        terms.fold(self.constant.clone(), |sum, (a, x)| sum + a * x)
    }

    fn is_zero(&self) -> bool {
        self.constant.is_zero() && self.coefficients.iter().all(Rational::is_zero)
    }

    fn negated(&self) -> Self {
        let coefficients = self.coefficients.iter().map(|value| -value.clone()).collect();
        Self { coefficients, constant: -self.constant.clone() }
    }

    /// The constraint self ≥ 0.
    fn not_negative(&self) -> ExactConstraint {
        let terms = self.coefficients.iter().map(|value| -value.clone()).enumerate().collect();
        let constraint = LinearConstraint::new(terms, self.constant.clone(), false);
        ExactConstraint::new(self.coefficients.len(), &constraint)
    }
}

/// Proves the number of cells of a network on a full-dimensional polyhedron.
///
/// `say` gets the steps and may end the walk by an error; `None` if `proceed` said no, or if the
/// polyhedron has no interior points.
///
/// # Errors
/// Those of `say`.
pub fn prove_cells<E>(
    network: &Network,
    region: &Polyhedron,
    proceed: &dyn Fn() -> bool,
    say: &mut dyn FnMut(Step) -> Result<(), E>,
) -> Result<Option<u64>, E> {
    let dimension = network.inputs();
    let mut constraints: Vec<ExactConstraint> =
        region.constraints.iter().map(|c| ExactConstraint::new(dimension, c)).collect();
    let has_normal = |constraint: &ExactConstraint| {
        constraint.coefficients.iter().any(|value| *value != Integer::ZERO)
    };
    constraints.iter_mut().for_each(|c| c.strict = c.strict || has_normal(c));
    let Some(start) = feasible_point(dimension, &constraints) else { return Ok(None) };
    constraints.iter_mut().for_each(|c| c.strict = false);
    let bounds = (0..constraints.len()).map(Bound::Region).collect();
    let (stages, _) = cut(network, None);
    let unit = |j: usize| Function {
        coefficients: (0..dimension).map(|i| Rational::from(u8::from(i == j))).collect(),
        constant: Rational::ZERO,
    };
    let inputs: Vec<Function> = (0..dimension).map(unit).collect();
    let mut proof = Proof { dimension, stages, constraints, bounds, proceed, say, cells: 0 };
    let first = proof.functions(0, &inputs);
    let finished = proof.node(0, 0, first, 0, start)?;
    Ok(finished.then_some(proof.cells))
}

/// Why a function is not negative: a constant, and multipliers of the cell's bounds.
type Reason = (Rational, Vec<(Bound, Rational)>);

struct Proof<'p, E> {
    dimension: usize,
    stages: Vec<Stage>,
    constraints: Vec<ExactConstraint>,
    bounds: Vec<Bound>,
    proceed: &'p dyn Fn() -> bool,
    say: &'p mut dyn FnMut(Step) -> Result<(), E>,
    cells: u64,
}

impl<E> Proof<'_, E> {
    /// The pre-activations of a layer as functions of the input.
    fn functions(&self, level: usize, values: &[Function]) -> Vec<Function> {
        let Some(stage) = self.stages.get(level) else { return Vec::new() };
        let compose = |row: usize| {
            let (weights, constant) = stage.rational_row(row);
            let coefficients = vec![Rational::ZERO; self.dimension];
            let mut sum = Function { coefficients, constant };
            for (input, weight) in weights {
                let value = &values[input];
                sum.constant += &weight * &value.constant;
                for (sum, value) in sum.coefficients.iter_mut().zip(&value.coefficients) {
                    *sum += &weight * value;
                }
            }
            sum
        };
        (0..stage.len()).map(compose).collect()
    }

    /// Walks below a cell on which the neurons of `level` before `next` are decided; `values` are
    /// activations before, pre-activations from there on; `base` numbers the level's first neuron.
    fn node(
        &mut self,
        mut level: usize,
        mut next: usize,
        mut values: Vec<Function>,
        mut base: usize,
        mut witness: Vec<Rational>,
    ) -> Result<bool, E> {
        loop {
            if next == values.len() {
                if level + 1 >= self.stages.len() {
                    self.cells += 1;
                    (self.say)(Step::Cell(witness))?;
                    return Ok(true);
                }
                level += 1;
                base += next;
                next = 0;
                values = self.functions(level, &values);
                continue;
            }
            if !(self.proceed)() {
                return Ok(false);
            }
            let neuron = base + next;
            let value = values[next].clone();
            if value.is_zero() {
                let (constant, multipliers) = (Rational::ZERO, Vec::new());
                (self.say)(Step::Fixed { neuron, on: false, constant, multipliers })?;
                next += 1;
                continue;
            }
            while value.at(&witness).is_zero() {
                witness = self.moved_off(&value, &witness);
            }
            let on = value.at(&witness) > Rational::ZERO;
            let towards = if on { value.negated() } else { value.clone() };
            match self.beyond(&towards, &witness) {
                Err((constant, multipliers)) => {
                    (self.say)(Step::Fixed { neuron, on, constant, multipliers })?;
                    if !on {
                        values[next] = self.zero();
                    }
                    next += 1;
                }
                Ok(other) => {
                    (self.say)(Step::Split(neuron))?;
                    let (above, below) = if on { (witness, other) } else { (other, witness) };
                    let mut rest = values.clone();
                    if !self.side(neuron, &value, level, next, values, base, above)? {
                        return Ok(false);
                    }
                    rest[next] = self.zero();
                    return self.side(neuron, &value.negated(), level, next, rest, base, below);
                }
            }
        }
    }

    /// Walks over one side of a split.
    fn side(
        &mut self,
        neuron: usize,
        bound: &Function,
        level: usize,
        next: usize,
        values: Vec<Function>,
        base: usize,
        witness: Vec<Rational>,
    ) -> Result<bool, E> {
        self.constraints.push(bound.not_negative());
        self.bounds.push(Bound::Neuron(neuron));
        let witness = self.shortened(witness);
        let finished = self.node(level, next + 1, values, base, witness);
        self.constraints.pop();
        self.bounds.pop();
        finished
    }

    fn zero(&self) -> Function {
        let coefficients = vec![Rational::ZERO; self.dimension];
        Function { coefficients, constant: Rational::ZERO }
    }

    fn is_inside(&self, point: &[Rational]) -> bool {
        self.constraints.iter().all(|constraint| {
            let strict = constraint.coefficients.iter().any(|value| *value != Integer::ZERO);
            ExactConstraint { strict, ..constraint.clone() }.holds_at(point)
        })
    }

    /// An interior point next to one, where the function is not 0 any more.
    fn moved_off(&self, function: &Function, point: &[Rational]) -> Vec<Rational> {
        let mut step = Rational::ONE;
        loop {
            let moved: Vec<Rational> =
                point.iter().zip(&function.coefficients).map(|(x, a)| x + &step * a).collect();
            if self.is_inside(&moved) {
                return moved;
            }
            step /= Rational::from(4u8);
        }
    }

    /// An interior point with fewer digits, near the given one where possible.
    fn shortened(&self, point: Vec<Rational>) -> Vec<Rational> {
        for bits in [0usize, 4, 8, 16, 32, 64] {
            let scale = Rational::from(Integer::ONE << bits);
            let rounded = |x: &Rational| Rational::from((x * &scale).round()) / &scale;
            let short: Vec<Rational> = point.iter().map(rounded).collect();
            if self.is_inside(&short) {
                return short;
            }
        }
        point
    }

    /// An interior point of the cell where the function is positive, given one where it is
    /// negative; or why there is none: −function as constant and multipliers of the bounds.
    fn beyond(&self, function: &Function, witness: &[Rational]) -> Result<Vec<Rational>, Reason> {
        let (objective, scale) = over_common_denominator(&function.coefficients);
        let scale = Rational::from(scale);
        let point = match maximize(self.dimension, &self.constraints, &objective) {
            ExactOutcome::Optimal { point, value, multipliers } => {
                let largest = value / &scale + &function.constant;
                if largest <= Rational::ZERO {
                    let multiplier = |(index, value): (usize, Rational)| {
                        let factor = Rational::from(self.constraints[index].scale.clone());
                        (self.bounds[index], value * factor / &scale)
                    };
                    return Err((-largest, multipliers.into_iter().map(multiplier).collect()));
                }
                point
            }
            ExactOutcome::Unbounded { point, direction } => {
                let terms: Vec<_> = function.coefficients.iter().cloned().enumerate().collect();
                let speed = dot(&terms, &direction);
                let value = function.at(&point);
                let far = if value > Rational::ZERO { Rational::ZERO } else { -value };
                let step = (far + Rational::ONE) / speed;
                point.iter().zip(&direction).map(|(x, v)| x + &step * v).collect()
            }
            ExactOutcome::Infeasible { .. } => unreachable!("the witness is inside"),
        };
        // Half of the way from there to where the function is 0.
        let (high, low) = (function.at(&point), function.at(witness));
        let part = &high / (&high - low) / Rational::from(2u8);
        Ok(point.iter().zip(witness).map(|(p, w)| p + &part * (w - p)).collect())
    }
}
