//! A formula's input part as a union of polyhedra: one polyhedron a clause, none twice.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use foldline_kernel::linear::{LinearConstraint, Polyhedron, Region};
use foldline_kernel::number::{Abs, Rational};
use foldline_kernel::property::{Atom, Formula};

use crate::vnnlib::{conjunction, disjunction};

/// The most polyhedra a region may be made of.
pub const MOST_PIECES: usize = 1_000_000;

/// The formula has more than [`MOST_PIECES`] clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyPieces;

/// The union of the input parts of the formula's clauses; atoms over outputs do not count.
pub fn input_region(formula: &Formula, dimension: usize) -> Result<Region, TooManyPieces> {
    let mut clauses = Clauses::default();
    let pieces = clauses.distribute(&input_part(formula), vec![Rc::new(Clause::default())])?;
    let pieces = pieces.iter().map(|piece| clauses.polyhedron(piece, dimension)).collect();
    Ok(Region { dimension, pieces })
}

/// The formula with every atom over outputs replaced by truth.
fn input_part(formula: &Formula) -> Formula {
    match formula {
        Formula::Atom(atom) if atom.output.is_empty() => formula.clone(),
        Formula::Atom(_) => Formula::And(Vec::new()),
        Formula::And(parts) => conjunction(parts.iter().map(input_part).collect()),
        Formula::Or(parts) => disjunction(parts.iter().map(input_part).collect()),
    }
}

/// A conjunction of constraints, given by their numbers; the tightest bounds of single inputs only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Clause {
    /// The bounds of each bounded input, inputs increasing.
    bounds: Vec<InputBounds>,
    /// The other constraints, increasing.
    general: Vec<u32>,
}

/// The constraints that bound one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct InputBounds {
    input: usize,
    lower: Option<u32>,
    upper: Option<u32>,
}

/// The constraints met so far, each under one number.
#[derive(Debug, Default)]
struct Clauses {
    constraints: Vec<LinearConstraint>,
    numbers: HashMap<LinearConstraint, u32>,
}

impl Clauses {
    /// The clauses of `formula` ∧ `clauses`, without those whose bounds contradict each other.
    fn distribute(
        &mut self,
        formula: &Formula,
        mut clauses: Vec<Rc<Clause>>,
    ) -> Result<Vec<Rc<Clause>>, TooManyPieces> {
        match formula {
            Formula::Atom(atom) => {
                let number = self.number(atom);
                clauses.retain_mut(|clause| self.restrict(clause, number));
                Ok(clauses)
            }
            Formula::And(parts) => {
                // Atoms first: they prune what the disjunctions multiply.
                let is_atom = |part: &&Formula| matches!(part, Formula::Atom(_));
                for part in parts.iter().filter(is_atom) {
                    clauses = self.distribute(part, clauses)?;
                }
                for part in parts.iter().filter(|part| !is_atom(part)) {
                    clauses = self.distribute(part, clauses)?;
                }
                Ok(clauses)
            }
            Formula::Or(parts) => {
                let mut seen = HashSet::new();
                let mut all = Vec::new();
                for part in parts {
                    for clause in self.distribute(part, clauses.clone())? {
                        if seen.insert(Rc::clone(&clause)) {
                            all.push(clause);
                        }
                    }
                    if all.len() > MOST_PIECES {
                        return Err(TooManyPieces);
                    }
                }
                Ok(all)
            }
        }
    }

    /// The number of the atom's constraint, scaled so that its first coefficient is ±1.
    fn number(&mut self, atom: &Atom) -> u32 {
        let mut coefficients = atom.input.clone();
        let mut bound = atom.bound.clone();
        if let Some(scale) = coefficients.first().map(|(_, first)| first.clone().abs())
            && scale != Rational::ONE
        {
            coefficients.iter_mut().for_each(|(_, coefficient)| *coefficient /= &scale);
            bound /= &scale;
        }
        let constraint = LinearConstraint { coefficients, bound, strict: atom.strict };
        let next = self.constraints.len() as u32;
        if let Some(&number) = self.numbers.get(&constraint) {
            return number;
        }
        self.constraints.push(constraint.clone());
        self.numbers.insert(constraint, next);
        next
    }

    /// Adds a constraint; false where the bounds of its input then contradict each other.
    fn restrict(&self, clause: &mut Rc<Clause>, number: u32) -> bool {
        let constraint = &self.constraints[number as usize];
        let [(input, coefficient)] = constraint.coefficients.as_slice() else {
            if let Err(position) = clause.general.binary_search(&number) {
                Rc::make_mut(clause).general.insert(position, number);
            }
            return true;
        };
        let found = clause.bounds.binary_search_by_key(input, |bounds| bounds.input);
        let mut bounds = match found {
            Ok(position) => clause.bounds[position],
            Err(_) => InputBounds { input: *input, lower: None, upper: None },
        };
        let own = if *coefficient > Rational::ZERO { &mut bounds.upper } else { &mut bounds.lower };
        if own.is_none_or(|kept| self.is_tighter(number, kept)) {
            *own = Some(number);
            let all = &mut Rc::make_mut(clause).bounds;
            match found {
                Ok(position) => all[position] = bounds,
                Err(position) => all.insert(position, bounds),
            }
        }
        self.is_possible(bounds)
    }

    /// Whether one bound excludes more than another of the same input from the same side.
    fn is_tighter(&self, number: u32, other: u32) -> bool {
        let [bound, other] = [number, other].map(|number| &self.constraints[number as usize]);
        (&bound.bound, !bound.strict) < (&other.bound, !other.strict)
    }

    /// Whether some number is within the bounds.
    fn is_possible(&self, bounds: InputBounds) -> bool {
        let (Some(lower), Some(upper)) = (bounds.lower, bounds.upper) else {
            return true;
        };
        // The lower bound reads −x ≤ bound.
        let [lower, upper] = [lower, upper].map(|number| &self.constraints[number as usize]);
        let width = &lower.bound + &upper.bound;
        width > Rational::ZERO || width.is_zero() && !lower.strict && !upper.strict
    }

    fn polyhedron(&self, clause: &Clause, dimension: usize) -> Polyhedron {
        let bounds = clause.bounds.iter().flat_map(|bounds| [bounds.lower, bounds.upper]);
        let numbers = bounds.flatten().chain(clause.general.iter().copied());
        let constraints = numbers.map(|number| self.constraints[number as usize].clone());
        Polyhedron { dimension, constraints: constraints.collect() }
    }
}
