//! The property's formula as numbered clauses: which atoms must be true together.

use std::collections::HashMap;

use foldline_kernel::number::power_of_two;
use foldline_kernel::{Atom, Formula, Rational};

use crate::exact_word::bits_before_point;
use crate::lines::Reason;
use crate::units::Units;

/// The most clauses that are expanded.
const MOST_CLAUSES: usize = 1_000_000;

/// An atom's content, by which repeated ones are recognised.
type Key = (Vec<(usize, Rational)>, Vec<(usize, Rational)>, Rational, bool);

/// A formula's atoms and its clauses, which are lists of atoms.
#[derive(Debug, Default)]
pub struct Clauses {
    atoms: Vec<Atom>,
    numbers: HashMap<Key, u32>,
    clauses: Vec<Vec<u32>>,
}

impl Clauses {
    /// Expands `formula`.
    pub fn new(formula: &Formula) -> Result<Self, Reason> {
        let listed = formula
            .clauses(MOST_CLAUSES)
            .ok_or_else(|| format!("the property has more than {MOST_CLAUSES} clauses"))?;
        let mut expansion = Self::default();
        // All atoms of the formula have numbers, by their first places in it.
        expansion.number_all(formula);
        for atoms in listed {
            let clause = atoms.into_iter().map(|atom| expansion.number(atom)).collect();
            expansion.clauses.push(clause);
        }
        Ok(expansion)
    }

    /// How many clauses there are.
    pub fn len(&self) -> usize {
        self.clauses.len()
    }

    /// How many different atoms there are.
    pub fn atoms(&self) -> usize {
        self.atoms.len()
    }

    /// How many bits the atoms' numbers have before the point, at most.
    pub fn growth(&self) -> usize {
        let of_atom = |atom: &Atom| {
            let factors = atom.input.iter().chain(&atom.output).map(|(_, factor)| factor);
            factors.chain([&atom.bound]).map(bits_before_point).max().unwrap_or(0)
        };
        self.atoms.iter().map(of_atom).max().unwrap_or(0)
    }

    /// The same clauses of atoms whose inputs, and both sides, are counted in `units`.
    pub fn in_units(&self, units: &Units) -> Self {
        let change = |(atom, &unit): (&Atom, &i64)| {
            let own = power_of_two(-unit);
            let input = |(j, value): &(usize, Rational)| {
                (*j, value * power_of_two(units.inputs[*j] - unit))
            };
            Atom {
                input: atom.input.iter().map(input).collect(),
                output: atom.output.iter().map(|(k, value)| (*k, value * &own)).collect(),
                bound: &atom.bound * &own,
                strict: atom.strict,
            }
        };
        self.with_atoms(self.atoms.iter().zip(&units.atoms).map(change).collect())
    }

    /// The same clauses of atoms about (y, s), the input `s` the last: bounds become coefficients of s.
    pub fn homogeneous(&self, s: usize) -> Self {
        let change = |atom: &Atom| {
            let Atom { mut input, output, bound, strict } = atom.clone();
            input.push((s, -bound));
            Atom::new(input, output, Rational::ZERO, strict)
        };
        self.with_atoms(self.atoms.iter().map(change).collect())
    }

    fn with_atoms(&self, atoms: Vec<Atom>) -> Self {
        Self { atoms, numbers: HashMap::new(), clauses: self.clauses.clone() }
    }

    /// An atom by its number.
    pub fn atom(&self, number: u32) -> &Atom {
        &self.atoms[number as usize]
    }

    /// The numbers of the atoms of `clause` that do not involve outputs, in order.
    pub fn input_atoms(&self, clause: usize) -> Vec<u32> {
        self.select(clause, |atom| atom.output.is_empty())
    }

    /// The numbers of the atoms of `clause` that involve outputs, in order.
    pub fn output_atoms(&self, clause: usize) -> Vec<u32> {
        self.select(clause, |atom| !atom.output.is_empty())
    }

    fn select(&self, clause: usize, wanted: impl Fn(&Atom) -> bool) -> Vec<u32> {
        let all = self.clauses[clause].iter().copied();
        all.filter(|&number| wanted(self.atom(number))).collect()
    }

    fn number_all(&mut self, formula: &Formula) {
        match formula {
            Formula::Atom(atom) => {
                self.number(atom);
            }
            Formula::And(parts) | Formula::Or(parts) => {
                parts.iter().for_each(|part| self.number_all(part));
            }
        }
    }

    /// The atom's number, the same for a repeated atom.
    fn number(&mut self, atom: &Atom) -> u32 {
        let key = (atom.input.clone(), atom.output.clone(), atom.bound.clone(), atom.strict);
        let next = self.atoms.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.atoms.push(atom.clone());
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(bound: i32) -> Formula {
        Formula::Atom(Atom::new(vec![(0, 1.into())], vec![], bound.into(), false))
    }

    fn expand(formula: &Formula) -> Vec<Vec<u32>> {
        Clauses::new(formula).unwrap().clauses
    }

    #[test]
    fn clauses_come_in_the_order_of_the_format() {
        let or = |bounds: &[i32]| Formula::Or(bounds.iter().copied().map(atom).collect());
        let formula = Formula::And(vec![atom(9), or(&[1, 2]), or(&[3, 9])]);
        // Atoms are numbered as the formula has them: 9, 1, 2, 3.
        assert_eq!(expand(&formula), [vec![0, 1, 3], vec![0, 1], vec![0, 2, 3], vec![0, 2]]);
        let vanishing = Formula::And(vec![atom(7), Formula::Or(vec![])]);
        assert_eq!(Clauses::new(&vanishing).unwrap().atoms(), 1);
        assert_eq!(expand(&Formula::And(vec![])), [Vec::<u32>::new()]);
        assert!(expand(&Formula::Or(vec![])).is_empty());
    }

    #[test]
    fn explosions_are_refused() {
        let or = Formula::Or((0..100).map(atom).collect());
        assert!(Clauses::new(&Formula::And(vec![or; 10])).is_err());
    }
}
