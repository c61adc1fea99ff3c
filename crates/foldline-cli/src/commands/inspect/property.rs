//! What `inspect` says about a property.

use std::fmt::Write;
use std::time::Instant;

use foldline::formats::vnnlib::parse_noted_property;
use foldline::text::exact_for_people;
use foldline::{Atom, Formula, Property, Rational};
use serde_json::{Value, json};

use crate::describe::{count, plural, shorten};
use crate::load::told;
use crate::report::{Exit, Failure, Report};

/// Inputs whose bounds are printed for people at most.
const MOST_INPUTS: usize = 24;

/// Reads the property in `content` and describes it.
pub fn report(name: &str, content: &str, start: Instant) -> Result<Report, Failure> {
    let (inputs, outputs) = declared_sizes(content);
    let property = told(parse_noted_property(name, content, inputs, outputs)?);
    let counts = Counts::of(&property.formula);
    let statistics = json!({"assertions": counts.atoms()});
    let mut report = Report::new("inspect", "property", Exit::Yes, start, statistics);
    report.set("file", name);
    report.set("inputs", inputs);
    report.set("outputs", outputs);
    report.set("input_assertions", counts.input);
    report.set("output_assertions", counts.output);
    report.set("mixed_assertions", counts.mixed);
    report.set("strict_assertions", counts.strict);
    report.set("clauses", counts.clauses);
    report.set("input_regions", counts.regions);
    let hull = input_box(&property);
    let end = |bound: &Option<Rational>| Value::from(bound.as_ref().map(Rational::to_string));
    let exact = |side: &Side| json!([end(&side.lower), end(&side.upper)]);
    report.set("input_box", hull.as_ref().map(|hull| hull.iter().map(exact).collect::<Vec<_>>()));
    report.text = text(name, &property, &counts, hull.as_deref());
    Ok(report)
}

/// How many inputs and outputs the text declares. Only a guess: the reader checks it.
fn declared_sizes(text: &str) -> (usize, usize) {
    let without_comments: Vec<&str> =
        text.lines().map(|line| line.split(';').next().unwrap_or_default()).collect();
    let text = without_comments.join(" ");
    let (mut inputs, mut outputs) = (0, 0);
    for command in text.split('(') {
        let mut words = command.split_whitespace();
        let head = words.next().unwrap_or_default();
        let name = words.next().unwrap_or_default();
        match head {
            "declare-const" | "declare-fun" if name.starts_with('X') => inputs += 1,
            "declare-const" | "declare-fun" if name.starts_with('Y') => outputs += 1,
            "declare-input" => inputs = tensor_size(command),
            "declare-output" => outputs = tensor_size(command),
            _ => {}
        }
    }
    (inputs, outputs)
}

/// The product of the numbers between brackets, 1 where there are none.
fn tensor_size(declaration: &str) -> usize {
    let shape = declaration.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let sizes = shape.map_or("", |(sizes, _)| sizes).split(',');
    sizes.filter_map(|size| size.trim().parse().ok()).fold(1usize, usize::saturating_mul)
}

/// How many assertions of which kind, and how many alternatives.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    input: u64,
    output: u64,
    mixed: u64,
    strict: u64,
    /// Conjunctions in the formula's disjunctive form.
    clauses: u64,
    /// Alternatives among the assertions about inputs alone.
    regions: u64,
}

impl Counts {
    fn of(formula: &Formula) -> Self {
        let mut counts = Self { clauses: clauses(formula), ..Self::default() };
        counts.regions = input_alternatives(formula);
        counts.add(formula);
        counts
    }

    fn add(&mut self, formula: &Formula) {
        match formula {
            Formula::And(parts) | Formula::Or(parts) => {
                parts.iter().for_each(|part| self.add(part))
            }
            Formula::Atom(atom) => {
                self.strict += u64::from(atom.strict);
                match (atom.input.is_empty(), atom.output.is_empty()) {
                    (_, true) => self.input += 1,
                    (true, false) => self.output += 1,
                    (false, false) => self.mixed += 1,
                }
            }
        }
    }

    fn atoms(&self) -> u64 {
        self.input + self.output + self.mixed
    }
}

/// The number of clauses if all disjunctions were moved outward.
fn clauses(formula: &Formula) -> u64 {
    match formula {
        Formula::Atom(_) => 1,
        Formula::And(parts) => parts.iter().map(clauses).fold(1, u64::saturating_mul),
        Formula::Or(parts) => parts.iter().map(clauses).fold(0, u64::saturating_add),
    }
}

/// The same count where assertions about outputs are left out; alternatives that differ in
/// those only are one.
fn input_alternatives(formula: &Formula) -> u64 {
    match formula {
        Formula::Atom(_) => 1,
        Formula::And(parts) => parts.iter().map(input_alternatives).fold(1, u64::saturating_mul),
        Formula::Or(parts) => {
            let (about_inputs, others): (Vec<_>, Vec<_>) =
                parts.iter().partition(|part| mentions_inputs(part));
            let count = about_inputs.into_iter().map(input_alternatives);
            count.fold(u64::from(!others.is_empty()), u64::saturating_add)
        }
    }
}

fn mentions_inputs(formula: &Formula) -> bool {
    match formula {
        Formula::Atom(atom) => atom.output.is_empty(),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().any(mentions_inputs),
    }
}

/// The bounds of one input; `None` is no bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Side {
    lower: Option<Rational>,
    upper: Option<Rational>,
}

/// The smallest box that the bounds on single inputs give; `None` where they exclude each other.
fn input_box(property: &Property) -> Option<Vec<Side>> {
    bound(&property.formula, vec![Side::default(); property.inputs])
}

fn bound(formula: &Formula, mut hull: Vec<Side>) -> Option<Vec<Side>> {
    match formula {
        Formula::Atom(atom) => {
            tighten(&mut hull, atom);
            let empty = |side: &Side| match (&side.lower, &side.upper) {
                (Some(lower), Some(upper)) => lower > upper,
                _ => false,
            };
            (!hull.iter().any(empty)).then_some(hull)
        }
        Formula::And(parts) => parts.iter().try_fold(hull, |hull, part| bound(part, hull)),
        Formula::Or(parts) if !parts.iter().any(mentions_inputs) => {
            if parts.is_empty() {
                None
            } else {
                Some(hull)
            }
        }
        Formula::Or(parts) => {
            parts.iter().filter_map(|part| bound(part, hull.clone())).reduce(union)
        }
    }
}

/// Applies a bound on a single input.
fn tighten(hull: &mut [Side], atom: &Atom) {
    if let ([(index, factor)], true) = (atom.input.as_slice(), atom.output.is_empty()) {
        let end = &atom.bound / factor;
        let side = &mut hull[*index];
        if *factor > Rational::ZERO {
            side.upper = Some(side.upper.take().map_or(end.clone(), |upper| upper.min(end)));
        } else {
            side.lower = Some(side.lower.take().map_or(end.clone(), |lower| lower.max(end)));
        }
    }
}

/// The smallest box around two boxes.
fn union(a: Vec<Side>, b: Vec<Side>) -> Vec<Side> {
    let join = |(a, b): (Side, Side)| Side {
        lower: a.lower.zip(b.lower).map(|(a, b)| a.min(b)),
        upper: a.upper.zip(b.upper).map(|(a, b)| a.max(b)),
    };
    a.into_iter().zip(b).map(join).collect()
}

fn text(name: &str, property: &Property, counts: &Counts, hull: Option<&[Side]>) -> String {
    let mut text = format!(
        "property    {name}: {}, {}\nassertions  {} ({} on inputs, {} on outputs, {} on both; {} strict)\n\
         clauses     {} in the unsafe set, {} of the inputs\n",
        plural(property.inputs as u64, "input"),
        plural(property.outputs as u64, "output"),
        count(counts.atoms()),
        count(counts.input),
        count(counts.output),
        count(counts.mixed),
        count(counts.strict),
        count(counts.clauses),
        plural(counts.regions, "region"),
    );
    let Some(hull) = hull else {
        text.push_str(
            "\nthe bounds on single inputs exclude each other: no input satisfies them\n",
        );
        return text;
    };
    text.push_str("\nbox around the inputs\n");
    let end = |bound: &Option<Rational>, open: &str| {
        bound.as_ref().map_or(open.to_owned(), |value| shorten(&exact_for_people(value)))
    };
    for (index, side) in hull.iter().take(MOST_INPUTS).enumerate() {
        let (lower, upper) = (end(&side.lower, "-∞"), end(&side.upper, "∞"));
        let _ = writeln!(text, "  X_{index}  {lower} … {upper}");
    }
    if hull.len() > MOST_INPUTS {
        let _ = writeln!(text, "  … and {} more (--json has all)", hull.len() - MOST_INPUTS);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_counted() {
        let text = "(declare-const X_0 Real)\n(declare-fun X_1 () Real) ; (declare-const X_9 Real)\n\
                    ( declare-const Y_0 Real)";
        assert_eq!(declared_sizes(text), (2, 1));
        let text = "(declare-network f (declare-input X Real [1, 5]) (declare-output Y Real[]))";
        assert_eq!(declared_sizes(text), (5, 1));
    }

    #[test]
    fn boxes_join_over_alternatives() {
        let at = |lower: i32, upper: i32| {
            let atom = |factor: i32, bound: i32| {
                let terms = vec![(0, Rational::from(factor))];
                Formula::Atom(Atom::new(terms, vec![], Rational::from(bound), false))
            };
            Formula::And(vec![atom(-2, -2 * lower), atom(1, upper)])
        };
        let formula = Formula::Or(vec![at(0, 1), at(3, 4), at(9, 8)]);
        assert_eq!((clauses(&formula), input_alternatives(&formula)), (3, 3));
        let property = Property { inputs: 1, outputs: 1, formula };
        let expected = Side { lower: Some(Rational::ZERO), upper: Some(Rational::from(4)) };
        assert_eq!(input_box(&property), Some(vec![expected]));
    }
}
