//! Exact contradictions: positive multiples of constraints that add up to a false one.

use std::collections::HashSet;

use foldline_kernel::Rational;
use foldline_kernel::number::Integer;

use crate::clauses::Clauses;
use crate::clock::Clock;
use crate::exact::{exact_map, excess_below};
use crate::lines::{Fields, Reason, index, integer};
use crate::node::{Node, Sign};
use crate::region::Region;
use crate::stages::Stages;
use crate::word::Word;

/// What is to be contradicted beside the facts of the node.
#[derive(Debug, Clone, Copy)]
pub enum Assumption<'a> {
    /// Nothing.
    Nothing,
    /// These atoms, which involve outputs, are true.
    Atoms(&'a [u32]),
    /// The neuron's pre-activation has this sign, strictly.
    Strictly(usize, Sign),
}

/// The constraint coefficients·x ≤ bound, or `<` where strict.
struct Constraint {
    coefficients: Vec<Rational>,
    bound: Rational,
    strict: bool,
}

/// Where terms find their constraints.
pub struct Facts<'a, W> {
    pub node: &'a mut Node<W>,
    pub stages: &'a Stages,
    pub region: &'a Region,
    pub clauses: &'a Clauses,
    pub assumption: Assumption<'a>,
    pub clock: &'a Clock<'a>,
}

impl<W: Word> Facts<'_, W> {
    /// Checks that the terms contradict each other.
    pub fn contradict(mut self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let inputs = self.node.area.lower.len();
        let mut sums = vec![Rational::ZERO; inputs];
        let mut bound = Rational::ZERO;
        let mut strict = false;
        let mut used = HashSet::new();
        for field in fields.by_ref() {
            let Some((what, factor)) = field.split_once('*') else {
                return Err(format!("expected a term `WHAT*Y`, found `{field}`"));
            };
            let factor = integer(factor)?;
            if factor <= Integer::ZERO {
                return Err(format!("the multiplier of `{field}` is not positive"));
            }
            if !used.insert(what.to_owned()) {
                return Err(format!("`{what}` is used twice"));
            }
            let factor = Rational::from(factor);
            let constraint = self.constraint(what)?;
            for (sum, value) in sums.iter_mut().zip(&constraint.coefficients) {
                if !value.is_zero() {
                    *sum += &factor * value;
                }
            }
            bound += &factor * &constraint.bound;
            strict |= constraint.strict;
        }
        if let Some(input) = sums.iter().position(|sum| !sum.is_zero()) {
            return Err(format!("the terms do not cancel: input {input} is left"));
        }
        if bound < Rational::ZERO || bound.is_zero() && strict {
            return Ok(());
        }
        Err("the terms do not contradict each other".to_owned())
    }

    fn constraint(&mut self, what: &str) -> Result<Constraint, Reason> {
        let inputs = self.node.area.lower.len();
        let unit = |input: usize, bound: Rational, sign: i8| {
            let mut coefficients = vec![Rational::ZERO; inputs];
            coefficients[input] = Rational::from(sign);
            Constraint { coefficients, bound: Rational::from(sign) * bound, strict: false }
        };
        if what == "z" {
            let Assumption::Strictly(neuron, sign) = self.assumption else {
                return Err("`z` is for `side` only".to_owned());
            };
            return self.neuron(neuron, sign, true);
        }
        let kind = what.chars().next().unwrap_or(' ');
        let number = &what[kind.len_utf8().min(what.len())..];
        match kind {
            'l' => {
                let input = index(number, inputs, "input")?;
                Ok(unit(input, self.node.area.lower[input].clone(), -1))
            }
            'u' => {
                let input = index(number, inputs, "input")?;
                Ok(unit(input, self.node.area.upper[input].clone(), 1))
            }
            'i' => self.input_atom(index(number, self.region.atoms(), "atom on inputs alone")?),
            'n' => {
                let neuron = index(number, self.node.neurons.len(), "neuron")?;
                match self.node.neurons[neuron].sign {
                    Sign::Undecided => Err(format!("neuron {neuron} has no sign")),
                    sign => self.neuron(neuron, sign, false),
                }
            }
            'a' => self.output_atom(number, false),
            's' => self.output_atom(number, true),
            _ => Err(format!("expected a constraint such as `l0`, found `{what}`")),
        }
    }

    fn input_atom(&self, number: usize) -> Result<Constraint, Reason> {
        let atom = self.region.atom(number);
        let mut coefficients = vec![Rational::ZERO; self.node.area.lower.len()];
        for (input, value) in &atom.coefficients {
            coefficients[*input] = value.clone();
        }
        Ok(Constraint { coefficients, bound: atom.bound.clone(), strict: atom.strict })
    }

    /// That a pre-activation is ≥ 0 or ≤ 0, or strictly so.
    fn neuron(&mut self, neuron: usize, sign: Sign, strict: bool) -> Result<Constraint, Reason> {
        let (layer, row) = self.stages.place(neuron);
        if !self.node.decided_before(layer, self.stages) {
            return Err(format!("a neuron of a layer before that of neuron {neuron} has no sign"));
        }
        let mut coefficients = exact_map(self.node, layer, self.stages, self.clock).row(row);
        let mut bound = -coefficients.pop().unwrap_or(Rational::ZERO);
        if sign == Sign::Active {
            coefficients = coefficients.into_iter().map(|value| -value).collect();
            bound = -bound;
        }
        Ok(Constraint { coefficients, bound, strict })
    }

    /// A bound of an atom of the clause, by the signs.
    fn output_atom(&mut self, number: &str, is_sum: bool) -> Result<Constraint, Reason> {
        let Assumption::Atoms(atoms) = self.assumption else {
            return Err("`a` and `s` are for `exact` only".to_owned());
        };
        let number = index(number, atoms.len(), "atom that involves outputs")?;
        let atom = self.clauses.atom(atoms[number]);
        let mut coefficients = excess_below(atom, self.node, self.stages, is_sum, self.clock)?;
        let bound = -coefficients.pop().unwrap_or(Rational::ZERO);
        Ok(Constraint { coefficients, bound, strict: atom.strict })
    }
}
