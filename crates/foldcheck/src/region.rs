//! The inputs a case speaks about: the box and the region rows, from a clause's atoms on inputs alone.

use std::rc::Rc;

use foldline_kernel::linear::{LinearConstraint, combine_terms};
use foldline_kernel::{Atom, Rational};

use crate::clauses::Clauses;
use crate::fixed::too_large;
use crate::lines::{Fields, Reason};
use crate::node::InputBox;
use crate::substitution::Bound;

/// A bound of one input, and whether equality is excluded.
type End = Option<(Rational, bool)>;

/// A bound of one input from an atom: which input, whether from above, and the value.
fn single_bound(atom: &Atom) -> Option<(usize, bool, Rational)> {
    match (atom.input.as_slice(), atom.output.as_slice()) {
        ([(input, factor)], []) => Some((*input, *factor > Rational::ZERO, &atom.bound / factor)),
        _ => None,
    }
}

/// The tightest bounds that atoms on single inputs give, strict ones the tighter of equal ones.
fn single_bounds<'a>(atoms: impl Iterator<Item = &'a Atom>, inputs: usize) -> (Vec<End>, Vec<End>) {
    let (mut lower, mut upper) = (vec![None; inputs], vec![None; inputs]);
    for atom in atoms {
        let Some((input, is_upper, value)) = single_bound(atom) else { continue };
        let known: &mut End = if is_upper { &mut upper[input] } else { &mut lower[input] };
        let tighter = match known {
            None => true,
            Some((end, strict)) if *end == value => atom.strict && !*strict,
            Some((end, _)) => (value < *end) == is_upper,
        };
        if tighter {
            *known = Some((value, atom.strict));
        }
    }
    (lower, upper)
}

/// Whether a clause's atoms on single inputs, or without variables, contradict each other.
pub fn has_no_point(clauses: &Clauses, clause: usize, inputs: usize) -> bool {
    let atoms = || clauses.input_atoms(clause).into_iter().map(|number| clauses.atom(number));
    let (lower, upper) = single_bounds(atoms(), inputs);
    let contradict = |(lower, upper): (&End, &End)| match (lower, upper) {
        (Some((lower, left)), Some((upper, right))) => {
            lower > upper || lower == upper && (*left || *right)
        }
        _ => false,
    };
    let constant = |atom: &Atom| atom.input.is_empty() && atom.output.is_empty();
    let is_false = |atom: &Atom| constant(atom) && !atom.holds_at(&[], &[]);
    lower.iter().zip(&upper).any(contradict) || atoms().any(is_false)
}

/// A sum of atoms with multipliers: terms·x ≤ bound, or `<` where a strict atom takes part.
struct Combination {
    terms: Vec<(usize, Rational)>,
    bound: Rational,
    strict: bool,
}

/// A case's region while its `reach` records are read.
#[derive(Debug)]
pub struct Region {
    atoms: Vec<LinearConstraint>,
    lower: Vec<Option<Rational>>,
    upper: Vec<Option<Rational>>,
}

impl Region {
    /// The region of a clause.
    pub fn new(clauses: &Clauses, clause: usize, inputs: usize) -> Self {
        let numbers = clauses.input_atoms(clause);
        let atoms = || numbers.iter().map(|&number| clauses.atom(number));
        let (lower, upper) = single_bounds(atoms(), inputs);
        let values = |ends: Vec<End>| ends.into_iter().map(|end| Some(end?.0)).collect();
        let constraint = |atom: &Atom| LinearConstraint {
            coefficients: atom.input.clone(),
            bound: atom.bound.clone(),
            strict: atom.strict,
        };
        Self {
            atoms: atoms().map(constraint).collect(),
            lower: values(lower),
            upper: values(upper),
        }
    }

    /// A `reach` record: a bound of an input that no atom on it alone gives.
    pub fn reach(&mut self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let input = fields.index(self.lower.len(), "input")?;
        let is_upper = match fields.word()? {
            "lower" => false,
            "upper" => true,
            other => return Err(format!("expected `lower` or `upper`, found `{other}`")),
        };
        let value = fields.rational()?;
        let Combination { terms, bound, .. } = self.combination(fields)?;
        let sign = Rational::from(if is_upper { 1 } else { -1 });
        let limit = &sign * &value;
        if terms != [(input, sign)] {
            return Err(format!("the multipliers do not leave input {input} alone"));
        }
        if bound > limit {
            return Err(format!("the multipliers give {bound}, not {limit} or less"));
        }
        let known = if is_upper { &mut self.upper[input] } else { &mut self.lower[input] };
        if known.is_some() {
            return Err(format!("input {input} has this bound already"));
        }
        *known = Some(value);
        Ok(())
    }

    /// A `void` record: the atoms contradict each other.
    pub fn void(&self, fields: Fields<'_>) -> Result<(), Reason> {
        let Combination { terms, bound, strict } = self.combination(fields)?;
        if let Some((input, _)) = terms.first() {
            return Err(format!("the multipliers do not cancel: input {input} is left"));
        }
        if bound < Rational::ZERO || bound.is_zero() && strict {
            return Ok(());
        }
        Err("the multipliers give no contradiction".to_owned())
    }

    /// The sum of all atoms with the multipliers that the remaining fields give.
    fn combination(&self, mut fields: Fields<'_>) -> Result<Combination, Reason> {
        let mut terms = Vec::new();
        let (mut bound, mut strict) = (Rational::ZERO, false);
        for atom in &self.atoms {
            let factor = fields.rational()?;
            if factor < Rational::ZERO {
                return Err(format!("the multiplier {factor} is negative"));
            }
            let scaled = atom.coefficients.iter().map(|(input, value)| (*input, &factor * value));
            terms.extend(scaled);
            bound += &factor * &atom.bound;
            strict |= atom.strict && !factor.is_zero();
        }
        fields.finish()?;
        Ok(Combination { terms: combine_terms(terms), bound, strict })
    }

    /// The box, if every input has both bounds.
    pub fn area(&self, precision: u32) -> Result<InputBox, Reason> {
        let all = |ends: &[Option<Rational>], side: &str| {
            let end = |(input, end): (usize, &Option<Rational>)| {
                end.clone().ok_or_else(|| format!("input {input} has no {side} bound"))
            };
            ends.iter().enumerate().map(end).collect::<Result<Vec<_>, Reason>>()
        };
        InputBox::new(all(&self.lower, "lower")?, all(&self.upper, "upper")?, precision)
    }

    /// The region rows.
    pub fn rows(&self, reach: &[i64], precision: u32) -> Result<Vec<Rc<Bound>>, Reason> {
        let general = self.atoms.iter().filter(|atom| atom.coefficients.len() != 1);
        let row = |atom: &LinearConstraint| {
            let bound = Bound::of_constraint(&atom.coefficients, &atom.bound, reach, precision);
            bound.map(Rc::new).ok_or_else(|| too_large(precision))
        };
        general.map(row).collect()
    }

    /// An atom on inputs alone.
    pub fn atom(&self, index: usize) -> &LinearConstraint {
        &self.atoms[index]
    }

    /// The number of atoms on inputs alone.
    pub fn atoms(&self) -> usize {
        self.atoms.len()
    }
}
