//! Properties as formulas over a network's inputs and outputs: the set that is called unsafe.

use crate::linear::{combine_terms, dot};
use crate::number::Rational;

/// The atom `input · x + output · y ≤ bound`, or `<` where `strict`; x are inputs, y outputs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    /// Pairs (input, coefficient): increasing, no coefficient zero.
    pub input: Vec<(usize, Rational)>,
    /// Pairs (output, coefficient): increasing, no coefficient zero.
    pub output: Vec<(usize, Rational)>,
    /// The right-hand side.
    pub bound: Rational,
    /// Whether equality is excluded.
    pub strict: bool,
}

impl Atom {
    /// Builds an atom from terms in any order; repeated variables add up, zeros vanish.
    pub fn new(
        input: Vec<(usize, Rational)>,
        output: Vec<(usize, Rational)>,
        bound: Rational,
        strict: bool,
    ) -> Self {
        Self { input: combine_terms(input), output: combine_terms(output), bound, strict }
    }

    /// Left-hand side minus right-hand side at (x, y): the atom holds where this is ≤ 0 (< 0).
    pub fn excess(&self, x: &[Rational], y: &[Rational]) -> Rational {
        dot(&self.input, x) + dot(&self.output, y) - &self.bound
    }

    /// Whether the atom holds at (x, y), exactly.
    pub fn holds_at(&self, x: &[Rational], y: &[Rational]) -> bool {
        let excess = self.excess(x, y);
        if self.strict { excess < Rational::ZERO } else { excess <= Rational::ZERO }
    }
}

/// A monotone formula over atoms. `And` of nothing is true, `Or` of nothing is false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    /// One linear inequality.
    Atom(Atom),
    /// All of these.
    And(Vec<Formula>),
    /// At least one of these.
    Or(Vec<Formula>),
}

impl Formula {
    /// Whether the formula holds at (x, y), exactly.
    pub fn holds_at(&self, x: &[Rational], y: &[Rational]) -> bool {
        match self {
            Formula::Atom(atom) => atom.holds_at(x, y),
            Formula::And(parts) => parts.iter().all(|part| part.holds_at(x, y)),
            Formula::Or(parts) => parts.iter().any(|part| part.holds_at(x, y)),
        }
    }

    /// The clauses of the disjunctive normal form, in the order of `docs/certificate-format.md`:
    /// an *or* one part after another, an *and* with the last part changing fastest; repeated
    /// atoms of a clause once. None if there are more than `limit`.
    pub fn clauses(&self, limit: usize) -> Option<Vec<Vec<&Atom>>> {
        match self {
            Formula::Atom(atom) => (limit > 0).then(|| vec![vec![atom]]),
            Formula::Or(parts) => {
                let mut clauses = Vec::new();
                for part in parts {
                    clauses.append(&mut part.clauses(limit - clauses.len())?);
                }
                Some(clauses)
            }
            Formula::And(parts) => parts.iter().try_fold(vec![Vec::new()], |before, part| {
                let choices = part.clauses(limit)?;
                if before.len().checked_mul(choices.len())? > limit {
                    return None;
                }
                let combined = before.iter().flat_map(|left| {
                    choices.iter().map(move |right| {
                        let mut clause: Vec<&Atom> = left.clone();
                        for &atom in right {
                            if !clause.contains(&atom) {
                                clause.push(atom);
                            }
                        }
                        clause
                    })
                });
                Some(combined.collect())
            }),
        }
    }
}

/// A property in the sense of VNN-LIB: the formula describes the *unsafe* set.
///
/// It is violated by a network f when some x makes the formula true at (x, f(x)),
/// and holds otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// The unsafe set.
    pub formula: Formula,
}
