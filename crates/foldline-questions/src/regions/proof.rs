//! Proofs of a number of cells: a tree of splits, with bases that force every other sign.
//!
//! The walk decides the neurons of one layer after another on cells with a point in their
//! interior. A neuron with both signs at known points of a cell cuts it; otherwise an exact linear
//! program finds a point on the other side, or the bounds of an optimal basis, which show that
//! there is none. A basis is tried on all neurons in the cell and in its parts, so most neurons
//! need no linear program. Nothing is shared with the engine that carries cells by their
//! vertices, whose count must come out again.

use std::rc::Rc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Basis, Integer, Natural, Network, Polyhedron, Rational};

use super::layered::cut;
use super::stages::Stage;

/// The most points of a cell that are remembered.
const MOST_POINTS: usize = 32;

/// Interior points are tried with denominators up to 2 to this.
const MOST_BITS: usize = 128;

/// A constraint of a cell, as a basis names it.
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
    /// Bounds with independent gradients, to force signs in the cell and its parts.
    Basis(Vec<Bound>),
    /// A cell, with a point in its interior.
    Cell(Vec<Rational>),
}

/// An affine function (d coefficients, then the constant), or a point in homogeneous coordinates
/// (the last one is 0 for a direction), up to a positive factor.
type Vector = Vec<Integer>;

fn dot(a: &[Integer], b: &[Integer]) -> Integer {
    a.iter().zip(b).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
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
    let function = |constraint: &ExactConstraint| {
        let coefficients = constraint.coefficients.iter().map(|value| -value.clone());
        coefficients.chain([constraint.bound.clone()]).collect()
    };
    let (stages, _) = cut(network, None);
    let mut proof = Proof {
        dimension,
        first_of: first_of(&stages),
        bounds: constraints.iter().map(function).collect(),
        names: (0..constraints.len()).map(Bound::Region).collect(),
        constraints,
        bases: Basis::new(dimension, &[]).into_iter().collect(),
        stages,
        proceed,
        say,
        cells: 0,
    };
    let node = proof.first_node(homogeneous(&start));
    let finished = proof.node(node)?;
    Ok(finished.then_some(proof.cells))
}

/// The number of each stage's first neuron.
fn first_of(stages: &[Stage]) -> Vec<usize> {
    let mut next = 0;
    let mut first = |stage: &Stage| {
        next += stage.len();
        next - stage.len()
    };
    stages.iter().map(&mut first).collect()
}

fn homogeneous(point: &[Rational]) -> Vector {
    let (mut point, denominator) = over_common_denominator(point);
    point.push(denominator.into());
    point
}

/// A cell of what has been decided so far.
#[derive(Clone)]
struct Node {
    level: usize,
    /// The pre-activations of the level.
    functions: Rc<Vec<Vector>>,
    /// Its neurons without a sign.
    undecided: Vec<usize>,
    /// The next level's pre-activations, as far as the neurons that are on contribute to them.
    next: Vec<Vector>,
    /// Points and directions of the closed cell.
    points: Vec<Vector>,
    /// A point of the interior.
    witness: Vector,
}

struct Proof<'p, E> {
    dimension: usize,
    stages: Vec<Stage>,
    first_of: Vec<usize>,
    /// The cell at hand, for linear programs, as functions, and by name.
    constraints: Vec<ExactConstraint>,
    bounds: Vec<Vector>,
    names: Vec<Bound>,
    bases: Vec<Basis>,
    proceed: &'p dyn Fn() -> bool,
    say: &'p mut dyn FnMut(Step) -> Result<(), E>,
    cells: u64,
}

impl<E> Proof<'_, E> {
    fn first_node(&self, witness: Vector) -> Node {
        let functions = match self.stages.first() {
            Some(stage) => stage.first_functions(self.dimension),
            None => Vec::new(),
        };
        let (points, next) = (Vec::new(), Vec::new());
        let mut node = Node {
            level: 0,
            functions: Rc::default(),
            undecided: Vec::new(),
            next,
            points,
            witness,
        };
        self.enter(&mut node, 0, functions);
        node
    }

    /// Begins a level: signs that a basis in force forces are given at once.
    fn enter(&self, node: &mut Node, level: usize, functions: Vec<Vector>) {
        node.level = level;
        node.undecided = (0..functions.len()).collect();
        node.functions = Rc::new(functions);
        let scale = self.stages[..self.stages.len().min(level + 1)]
            .iter()
            .fold(Integer::ONE, |scale, stage| scale * stage.denominator.as_ibig());
        node.next = match self.stages.get(level + 1) {
            Some(stage) => stage.biases(self.dimension, &scale),
            None => Vec::new(),
        };
        self.decide(node, 0);
    }

    /// Gives a sign to every neuron on which a basis, from number `first` on, forces it.
    fn decide(&self, node: &mut Node, first: usize) {
        let functions = Rc::clone(&node.functions);
        let mut on = Vec::new();
        node.undecided.retain(|&neuron| {
            let bases = self.bases[first..].iter().rev();
            let Some(sign) = bases.filter_map(|basis| basis.sign_of(&functions[neuron])).next()
            else {
                return true;
            };
            if sign {
                on.push(neuron);
            }
            false
        });
        on.into_iter().for_each(|neuron| self.turn_on(node, neuron));
    }

    fn turn_on(&self, node: &mut Node, neuron: usize) {
        if let Some(stage) = self.stages.get(node.level + 1) {
            stage.add_column(neuron, &node.functions[neuron], &mut node.next);
        }
    }

    /// Walks over a cell and its parts; false if it was told to end.
    fn node(&mut self, mut node: Node) -> Result<bool, E> {
        loop {
            let Some(found) = self.cutting(&mut node)? else { return Ok(false) };
            if let Some(neuron) = found {
                return self.split(node, neuron);
            }
            let level = node.level + 1;
            if level >= self.stages.len() {
                self.cells += 1;
                let (_, point) = self.shortened(&node.witness);
                (self.say)(Step::Cell(point))?;
                return Ok(true);
            }
            let functions = std::mem::take(&mut node.next);
            self.enter(&mut node, level, functions);
        }
    }

    /// Decides which of the level's neurons cut the cell, and names bases for the others; of those
    /// that cut, the one with the most points on both sides. None if told to end.
    fn cutting(&mut self, node: &mut Node) -> Result<Option<Option<usize>>, E> {
        let mut best: Option<(usize, usize)> = None;
        let mut place = 0;
        while let Some(&neuron) = node.undecided.get(place) {
            if !(self.proceed)() {
                return Ok(None);
            }
            let functions = Rc::clone(&node.functions);
            let function = &functions[neuron];
            let (above, below) = sides(function, node);
            if above > 0 && below > 0 {
                if best.is_none_or(|(balance, _)| above.min(below) > balance) {
                    best = Some((above.min(below), neuron));
                }
                place += 1;
                continue;
            }
            match self.reach(function, above == 0) {
                Ok(point) => {
                    if node.points.len() == MOST_POINTS {
                        node.points.remove(0);
                    }
                    node.points.push(point);
                }
                Err(bounds) => {
                    let functions: Vec<&[Integer]> =
                        bounds.iter().map(|&index| &*self.bounds[index]).collect();
                    let basis = Basis::new(self.dimension, &functions);
                    self.bases.push(basis.expect("an optimal basis is independent"));
                    let names = bounds.iter().map(|&index| self.names[index]).collect();
                    (self.say)(Step::Basis(names))?;
                    self.decide(node, self.bases.len() - 1);
                    assert_ne!(node.undecided.get(place), Some(&neuron), "its basis forces a sign");
                }
            }
        }
        Ok(Some(best.map(|(_, neuron)| neuron)))
    }

    /// A point (or direction) of the closed cell where the function is positive (or negative); or
    /// the bounds of a basis that shows that there is none.
    fn reach(&self, function: &[Integer], positive: bool) -> Result<Vector, Vec<usize>> {
        let turned = |value: &Integer| if positive { value.clone() } else { -value.clone() };
        let objective: Vec<Integer> = function[..self.dimension].iter().map(turned).collect();
        match maximize(self.dimension, &self.constraints, &objective) {
            ExactOutcome::Optimal { point, value, multipliers } => {
                let largest = value + Rational::from(turned(&function[self.dimension]));
                if largest > Rational::ZERO {
                    return Ok(homogeneous(&point));
                }
                Err(multipliers.into_iter().map(|(index, _)| index).collect())
            }
            ExactOutcome::Unbounded { direction, .. } => {
                let mut direction = over_common_denominator(&direction).0;
                direction.push(Integer::ZERO);
                Ok(direction)
            }
            ExactOutcome::Infeasible { .. } => unreachable!("the witness is inside"),
        }
    }

    /// Splits a cell by a neuron that has both signs at its points, and walks over both parts.
    fn split(&mut self, mut node: Node, neuron: usize) -> Result<bool, E> {
        let number = self.first_of[node.level] + neuron;
        (self.say)(Step::Split(number))?;
        let function = node.functions[neuron].clone();
        let opposite = negated(&function);
        node.undecided.retain(|&other| other != neuron);
        let witnesses = [&function, &opposite].map(|side| interior(side, &node));
        let [above, below] = witnesses;
        let mut on = node.clone();
        self.turn_on(&mut on, neuron);
        Ok(self.side(on, number, function, above)? && self.side(node, number, opposite, below)?)
    }

    /// Walks over the part of a cell where a function is not negative.
    fn side(
        &mut self,
        mut node: Node,
        number: usize,
        function: Vector,
        witness: Vector,
    ) -> Result<bool, E> {
        node.points.retain(|point| dot(&function, point) >= Integer::ZERO);
        self.constraints.push(ExactConstraint {
            coefficients: negated(&function[..self.dimension]),
            bound: function[self.dimension].clone(),
            strict: false,
            scale: Natural::ONE,
        });
        self.bounds.push(function);
        self.names.push(Bound::Neuron(number));
        node.witness = self.shortened(&witness).0;
        let bases = self.bases.len();
        let finished = self.node(node);
        self.bases.truncate(bases);
        self.constraints.pop();
        self.bounds.pop();
        self.names.pop();
        finished
    }

    fn is_inside(&self, point: &[Integer]) -> bool {
        self.bounds.iter().all(|bound| {
            let is_constant = || bound[..self.dimension].iter().all(Integer::is_zero);
            dot(bound, point) > Integer::ZERO || is_constant()
        })
    }

    /// An interior point with fewer digits near the given one, homogeneous and not.
    fn shortened(&self, point: &[Integer]) -> (Vector, Vec<Rational>) {
        let denominator = &point[self.dimension];
        for bits in (0..MOST_BITS).step_by(2) {
            let scale = Integer::ONE << bits;
            let nearest = |value: &Integer| {
                let double = value * &scale * Integer::from(2);
                let half =
                    if *value < Integer::ZERO { -denominator.clone() } else { denominator.clone() };
                (double + half) / (denominator * Integer::from(2))
            };
            let mut short: Vector = point[..self.dimension].iter().map(nearest).collect();
            short.push(scale);
            if self.is_inside(&short) {
                return (short.clone(), affine(&short));
            }
        }
        (point.to_vec(), affine(point))
    }
}

/// How many of the cell's known points are on each side.
fn sides(function: &[Integer], node: &Node) -> (usize, usize) {
    let (mut above, mut below) = (0, 0);
    for point in node.points.iter().chain([&node.witness]) {
        let value = dot(function, point);
        above += usize::from(value > Integer::ZERO);
        below += usize::from(value < Integer::ZERO);
    }
    (above, below)
}

/// A point of the cell's interior where the function is positive; it is so at some known point.
fn interior(function: &[Integer], node: &Node) -> Vector {
    let low = -dot(function, &node.witness);
    if low < Integer::ZERO {
        return node.witness.clone();
    }
    let is_above = |point: &&Vector| dot(function, point) > Integer::ZERO;
    let above = node.points.iter().find(is_above).expect("the neuron cuts the cell");
    // high·witness + 2·low·above has the value high·low; from low = 0 any step will do.
    let high = dot(function, above);
    let (own, other) =
        if low.is_zero() { (Integer::ONE, Integer::ONE) } else { (high, low * Integer::from(2)) };
    node.witness.iter().zip(above).map(|(w, p)| &own * w + &other * p).collect()
}

fn negated(vector: &[Integer]) -> Vector {
    vector.iter().map(|value| -value.clone()).collect()
}

/// The point with these homogeneous coordinates.
fn affine(point: &[Integer]) -> Vec<Rational> {
    let (denominator, numerators) = point.split_last().expect("at least one coordinate");
    let denominator = Rational::from(denominator.clone());
    numerators.iter().map(|value| Rational::from(value.clone()) / &denominator).collect()
}
