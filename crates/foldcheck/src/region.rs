//! The inputs a case speaks about: the box and the region rows, from a clause's atoms on inputs alone.

use std::rc::Rc;

use foldline_kernel::linear::{LinearConstraint, combine_terms};
use foldline_kernel::{Atom, Rational};

use crate::clauses::Clauses;
use crate::exact_word::bits_before_point;
use crate::fixed::too_large;
use crate::lines::{Fields, Reason};
use crate::node::InputBox;
use crate::substitution::Bound;
use crate::word::Word;

/// A bound of one input, if it has one.
type End = Option<Rational>;

/// The same, and whether equality is excluded.
type StrictEnd = Option<(Rational, bool)>;

/// A bound of one input from an atom: which input, whether from above, and the value.
fn single_bound(atom: &Atom) -> Option<(usize, bool, Rational)> {
    match (atom.input.as_slice(), atom.output.as_slice()) {
        ([(input, factor)], []) => Some((*input, *factor > Rational::ZERO, &atom.bound / factor)),
        _ => None,
    }
}

/// The tightest bounds that atoms on single inputs give, strict ones the tighter of equal ones.
fn single_bounds<'a>(
    atoms: impl Iterator<Item = &'a Atom>,
    inputs: usize,
) -> (Vec<StrictEnd>, Vec<StrictEnd>) {
    let (mut lower, mut upper) = (vec![None; inputs], vec![None; inputs]);
    for atom in atoms {
        let Some((input, is_upper, value)) = single_bound(atom) else { continue };
        let known: &mut StrictEnd = if is_upper { &mut upper[input] } else { &mut lower[input] };
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
    let contradict = |(lower, upper): (&StrictEnd, &StrictEnd)| match (lower, upper) {
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
#[derive(Debug, Clone)]
pub struct Region {
    atoms: Vec<LinearConstraint>,
    lower: Vec<End>,
    upper: Vec<End>,
}

impl Region {
    /// The region of a clause.
    pub fn new(clauses: &Clauses, clause: usize, inputs: usize) -> Self {
        let numbers = clauses.input_atoms(clause);
        let atoms = || numbers.iter().map(|&number| clauses.atom(number));
        let (lower, upper) = single_bounds(atoms(), inputs);
        let values = |ends: Vec<StrictEnd>| ends.into_iter().map(|end| Some(end?.0)).collect();
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

    /// The ends without a bound: pairs of an input and whether it is the upper end.
    pub fn open_ends(&self) -> Vec<(usize, bool)> {
        let mut ends = Vec::new();
        for (input, (lower, upper)) in self.lower.iter().zip(&self.upper).enumerate() {
            ends.extend(lower.is_none().then_some((input, false)));
            ends.extend(upper.is_none().then_some((input, true)));
        }
        ends
    }

    /// The part where every open end is within `radius`.
    pub fn inside(&self, radius: &Rational) -> Self {
        let or = |end: &End, other: &Rational| Some(end.clone().unwrap_or_else(|| other.clone()));
        let minus = -radius.clone();
        Self {
            atoms: self.atoms.clone(),
            lower: self.lower.iter().map(|end| or(end, &minus)).collect(),
            upper: self.upper.iter().map(|end| or(end, radius)).collect(),
        }
    }

    /// In (y, s) with s > 0, the points x = y/s that are at or beyond `radius` in the open end
    /// `axis` and in no open end further out: y_axis = ±radius, s ≤ 1.
    pub fn face(&self, (axis, is_upper): (usize, bool), radius: &Rational) -> Self {
        let s = self.lower.len();
        // A bound of x_j is one of y_j = s·x_j together with 0.
        let zero = |end: &End| end.as_ref().map(|_| Rational::ZERO);
        let lower = self.lower.iter().map(|end| end.clone().min(zero(end))).collect();
        let upper = self.upper.iter().map(|end| end.clone().max(zero(end))).collect();
        let homogeneous = |atom: &LinearConstraint| {
            let mut terms = atom.coefficients.clone();
            terms.push((s, -atom.bound.clone()));
            LinearConstraint::new(terms, Rational::ZERO, atom.strict)
        };
        let mut atoms: Vec<LinearConstraint> = self.atoms.iter().map(homogeneous).collect();
        atoms.push(LinearConstraint::new(vec![(s, -Rational::ONE)], Rational::ZERO, true));
        let mut face = Self { atoms, lower, upper }.inside(radius);
        let edge = if is_upper { radius.clone() } else { -radius.clone() };
        face.lower[axis] = Some(edge.clone());
        face.upper[axis] = Some(edge);
        face.lower.push(Some(Rational::ZERO));
        face.upper.push(Some(Rational::ONE));
        face
    }

    /// How many bits the box's ends have before the point, at most.
    pub fn growth(&self) -> usize {
        let ends = self.lower.iter().chain(&self.upper).flatten();
        ends.map(bits_before_point).max().unwrap_or(0)
    }

    /// The box, if every input has both bounds.
    pub fn area<W: Word>(&self, precision: u32) -> Result<InputBox<W>, Reason> {
        let all = |ends: &[End], side: &str| {
            let end = |(input, end): (usize, &End)| {
                end.clone().ok_or_else(|| format!("input {input} has no {side} bound"))
            };
            ends.iter().enumerate().map(end).collect::<Result<Vec<_>, Reason>>()
        };
        InputBox::new(all(&self.lower, "lower")?, all(&self.upper, "upper")?, precision)
    }

    /// The region rows.
    pub fn rows<W: Word>(&self, reach: &[W], precision: u32) -> Result<Vec<Rc<Bound<W>>>, Reason> {
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
