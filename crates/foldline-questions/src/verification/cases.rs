//! A property as a list of cases: an input region, and clauses of which none may come true there.

use std::collections::HashMap;

use foldline_kernel::{Atom, Formula, LinearConstraint, Property, Rational};

/// One disjunct of the property's input part with all clauses that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Constraints on the input alone.
    pub region: Vec<LinearConstraint>,
    /// Conjunctions of the remaining atoms; an empty one is true everywhere.
    pub clauses: Vec<Vec<Atom>>,
}

/// Known bounds of one input on the way down the formula.
type Interval = (Option<Rational>, Option<Rational>);

struct Expansion {
    cases: Vec<Case>,
    index: HashMap<Vec<LinearConstraint>, usize>,
}

/// The property's disjunctive normal form, grouped by input region.
///
/// Conjunctions whose input bounds contradict each other are dropped on the way, so formulas
/// that select one of many boxes do not multiply out.
pub fn cases(property: &Property) -> Vec<Case> {
    let mut expansion = Expansion { cases: Vec::new(), index: HashMap::new() };
    let intervals = vec![(None, None); property.inputs];
    expand(vec![&property.formula], &[], Vec::new(), intervals, &mut expansion);
    expansion.cases
}

/// Follows the conjuncts in `pending`; disjunctions wait in `choices` and are taken one by one.
fn expand<'a>(
    mut pending: Vec<&'a Formula>,
    choices: &[&'a [Formula]],
    mut atoms: Vec<&'a Atom>,
    mut intervals: Vec<Interval>,
    expansion: &mut Expansion,
) {
    let mut choices = choices.to_vec();
    while let Some(formula) = pending.pop() {
        match formula {
            Formula::Atom(atom) => {
                if !tighten(&mut intervals, atom) {
                    return;
                }
                atoms.push(atom);
            }
            Formula::And(parts) => pending.extend(parts),
            Formula::Or(parts) => choices.push(parts),
        }
    }
    match choices.pop() {
        None => expansion.add(&atoms),
        Some(parts) => {
            for part in parts {
                let (atoms, intervals) = (atoms.clone(), intervals.clone());
                expand(vec![part], &choices, atoms, intervals, expansion);
            }
        }
    }
}

/// Enters a bound of a single input; false if the interval becomes empty.
fn tighten(intervals: &mut [Interval], atom: &Atom) -> bool {
    let ([(coordinate, factor)], true) = (&atom.input[..], atom.output.is_empty()) else {
        return true;
    };
    let bound = &atom.bound / factor;
    let (low, high) = &mut intervals[*coordinate];
    if *factor > Rational::ZERO {
        if high.as_ref().is_none_or(|high| bound < *high) {
            *high = Some(bound);
        }
    } else if low.as_ref().is_none_or(|low| bound > *low) {
        *low = Some(bound);
    }
    match (low, high) {
        (Some(low), Some(high)) => low <= high,
        _ => true,
    }
}

impl Expansion {
    fn add(&mut self, atoms: &[&Atom]) {
        let on_input = |atom: &&&Atom| atom.output.is_empty();
        let mut region: Vec<LinearConstraint> = Vec::new();
        for atom in atoms.iter().filter(on_input) {
            let constraint = LinearConstraint {
                coefficients: atom.input.clone(),
                bound: atom.bound.clone(),
                strict: atom.strict,
            };
            if !region.contains(&constraint) {
                region.push(constraint);
            }
        }
        let clause = atoms.iter().filter(|atom| !on_input(atom)).map(|&atom| atom.clone());
        let clause: Vec<Atom> = clause.collect();
        let next = self.cases.len();
        let place = *self.index.entry(region.clone()).or_insert(next);
        if place == next {
            self.cases.push(Case { region, clauses: Vec::new() });
        }
        let clauses = &mut self.cases[place].clauses;
        if clauses.len() > 64 || !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
}
