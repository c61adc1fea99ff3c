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
    /// The clauses' numbers in the property's normal form; only where a proof is written.
    pub numbers: Vec<usize>,
}

/// Known bounds of one variable on the way down the formula.
type Interval = (Option<Rational>, Option<Rational>);

/// One branch of the expansion: what was chosen, what must still be followed.
struct Branch<'a> {
    pending: Vec<&'a Formula>,
    choices: Vec<&'a [Formula]>,
    atoms: Vec<&'a Atom>,
    /// Intervals of the inputs, then of the outputs.
    intervals: Vec<Interval>,
}

/// The property's disjunctive normal form, made chunk by chunk: it can be exponentially large.
///
/// Conjunctions whose bounds of a single input or output contradict each other are dropped on
/// the way, so formulas that select one of many boxes do not multiply out.
pub struct Expansion<'a> {
    inputs: usize,
    branches: Vec<Branch<'a>>,
}

/// The most clauses of a chunk.
const CHUNK: usize = 1 << 16;

impl<'a> Expansion<'a> {
    /// Starts the expansion.
    pub fn new(property: &'a Property) -> Self {
        let root = Branch {
            pending: vec![&property.formula],
            choices: Vec::new(),
            atoms: Vec::new(),
            intervals: vec![(None, None); property.inputs + property.outputs],
        };
        Self { inputs: property.inputs, branches: vec![root] }
    }

    /// The next clauses, grouped by input region; fewer once `stop` says so, none at the end.
    pub fn next_chunk(&mut self, stop: &dyn Fn() -> bool) -> Option<Vec<Case>> {
        let mut groups = Groups { cases: Vec::new(), index: HashMap::new() };
        let mut count = 0;
        while !stop()
            && let Some(branch) = self.branches.pop()
        {
            if let Some(atoms) = self.follow(branch) {
                groups.add(&atoms);
                count += 1;
            }
            if count == CHUNK {
                break;
            }
        }
        (count > 0).then_some(groups.cases)
    }

    /// Whether every clause has been given.
    pub fn is_finished(&self) -> bool {
        self.branches.is_empty()
    }

    /// Follows one branch to its next disjunction; a branch without one is a clause.
    fn follow(&mut self, mut branch: Branch<'a>) -> Option<Vec<&'a Atom>> {
        while let Some(formula) = branch.pending.pop() {
            match formula {
                Formula::Atom(atom) => {
                    if !tighten(&mut branch.intervals, self.inputs, atom) {
                        return None;
                    }
                    branch.atoms.push(atom);
                }
                Formula::And(parts) => branch.pending.extend(parts),
                Formula::Or(parts) => branch.choices.push(parts),
            }
        }
        let Some(parts) = branch.choices.pop() else {
            return Some(branch.atoms);
        };
        for part in parts.iter().rev() {
            self.branches.push(Branch {
                pending: vec![part],
                choices: branch.choices.clone(),
                atoms: branch.atoms.clone(),
                intervals: branch.intervals.clone(),
            });
        }
        None
    }
}

struct Groups {
    cases: Vec<Case>,
    index: HashMap<Vec<LinearConstraint>, usize>,
}

/// Enters a bound of a single input or output; false if the interval becomes empty.
fn tighten(intervals: &mut [Interval], inputs: usize, atom: &Atom) -> bool {
    let (place, factor) = match (&atom.input[..], &atom.output[..]) {
        ([(input, factor)], []) => (*input, factor),
        ([], [(output, factor)]) => (inputs + *output, factor),
        _ => return true,
    };
    let bound = &atom.bound / factor;
    let (low, high) = &mut intervals[place];
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

impl Groups {
    fn add(&mut self, atoms: &[&Atom]) {
        let on_input = |atom: &&&Atom| atom.output.is_empty();
        let mut region: Vec<LinearConstraint> = Vec::new();
        for atom in atoms.iter().filter(on_input) {
            let constraint = on_inputs(atom);
            if !region.contains(&constraint) {
                region.push(constraint);
            }
        }
        let clause = atoms.iter().filter(|atom| !on_input(atom)).map(|&atom| atom.clone());
        let clause: Vec<Atom> = clause.collect();
        let next = self.cases.len();
        let place = *self.index.entry(region.clone()).or_insert(next);
        if place == next {
            self.cases.push(Case { region, clauses: Vec::new(), numbers: Vec::new() });
        }
        let clauses = &mut self.cases[place].clauses;
        if clauses.len() > 64 || !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
}

/// The property's input part: atoms that involve outputs count as true.
pub fn input_part(property: &Property) -> Property {
    Property { formula: without_outputs(&property.formula), ..property.clone() }
}

fn without_outputs(formula: &Formula) -> Formula {
    let always = Formula::And(Vec::new());
    match formula {
        Formula::Atom(atom) if !atom.output.is_empty() => always,
        Formula::Atom(_) => formula.clone(),
        Formula::And(parts) => {
            let parts = parts.iter().map(without_outputs).filter(|part| *part != always);
            Formula::And(parts.collect())
        }
        Formula::Or(parts) => {
            let parts: Vec<Formula> = parts.iter().map(without_outputs).collect();
            if parts.contains(&always) { always } else { Formula::Or(parts) }
        }
    }
}

/// The cases for a proof, whose clauses have the numbers that the certificate format gives them.
pub struct Numbered {
    /// The cases.
    pub cases: Vec<Case>,
    /// Clauses with contradictory bounds of a single input.
    pub off: Vec<usize>,
}

/// The most clauses a proof may speak about.
pub const MOST_CLAUSES: usize = 1_000_000;

/// All cases at once, their clauses numbered; none if there are too many.
pub fn numbered_cases(property: &Property) -> Option<Numbered> {
    let mut numbered = Numbered { cases: Vec::new(), off: Vec::new() };
    let mut index: HashMap<Vec<LinearConstraint>, usize> = HashMap::new();
    for (number, atoms) in property.formula.clauses(MOST_CLAUSES)?.into_iter().enumerate() {
        let mut intervals = vec![(None, None); property.inputs + property.outputs];
        let mut on_inputs_alone = atoms.iter().filter(|atom| atom.output.is_empty());
        if !on_inputs_alone.all(|atom| tighten(&mut intervals, property.inputs, atom)) {
            numbered.off.push(number);
            continue;
        }
        let (inputs, outputs): (Vec<&Atom>, Vec<&Atom>) =
            atoms.into_iter().partition(|atom| atom.output.is_empty());
        let region: Vec<LinearConstraint> = inputs.iter().map(|atom| on_inputs(atom)).collect();
        let next = numbered.cases.len();
        let place = *index.entry(region.clone()).or_insert(next);
        if place == next {
            numbered.cases.push(Case { region, clauses: Vec::new(), numbers: Vec::new() });
        }
        let case = &mut numbered.cases[place];
        case.clauses.push(outputs.into_iter().cloned().collect());
        case.numbers.push(number);
    }
    Some(numbered)
}

fn on_inputs(atom: &Atom) -> LinearConstraint {
    LinearConstraint {
        coefficients: atom.input.clone(),
        bound: atom.bound.clone(),
        strict: atom.strict,
    }
}
