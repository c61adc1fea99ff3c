//! Formulas of VNN-LIB: comparisons of linear terms under `and`, `or`, `not` and `=>`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use foldline_kernel::number::Rational;
use foldline_kernel::property::{Atom, Formula};

use super::term::{Linear, term};
use super::variables::Variables;
use crate::sexpr::{Expression, Expressions, Fault};

/// The bounds that one conjunction states for single inputs.
///
/// `X_0 ≥ 2` beside `X_0 ≤ 1` is a box with lower > upper. That is the empty set like any other
/// contradiction, but so often a slip that it is worth a word.
#[derive(Debug, Default)]
pub struct Bounds {
    /// The largest lower bound of each input.
    lower: BTreeMap<usize, Rational>,
    /// The smallest upper bound of each input.
    upper: BTreeMap<usize, Rational>,
    /// Whether they contradict each other, of which one word is enough.
    is_inverted: bool,
}

impl Bounds {
    /// Notes `left ≤ right` where it bounds an input; `place` is the comparison. The first
    /// contradiction is returned.
    fn note(&mut self, left: &Linear, right: &Linear, place: Expression<'_>) -> Option<Fault> {
        let (input, bound, is_upper) =
            match (left.as_input(), right.as_constant(), left.as_constant(), right.as_input()) {
                (Some(input), Some(bound), ..) => (input, bound, true),
                (.., Some(bound), Some(input)) => (input, bound, false),
                _ => return None,
            };
        let own = if is_upper { &mut self.upper } else { &mut self.lower };
        let kept = own.entry(input).or_insert_with(|| bound.clone());
        if is_upper && bound < kept || !is_upper && bound > kept {
            *kept = bound.clone();
        }
        let (lower, upper) = (self.lower.get(&input)?, self.upper.get(&input)?);
        if lower <= upper || std::mem::replace(&mut self.is_inverted, true) {
            return None;
        }
        Some(place.fault(format!(
            "the box is inverted, so this part is empty: with {}, input {input} has lower bound \
             {lower} above upper bound {upper}",
            place.shown()
        )))
    }
}

/// The conjunctions that say nothing since their box is inverted: the first, and how many.
#[derive(Debug, Default)]
pub struct Inverted {
    first: RefCell<Option<Fault>>,
    count: Cell<usize>,
}

impl Inverted {
    fn add(&self, fault: Option<Fault>) {
        let Some(fault) = fault else { return };
        self.count.set(self.count.get() + 1);
        self.first.borrow_mut().get_or_insert(fault);
    }

    /// A warning for the file `name` with this text; none if no box is inverted.
    pub fn warning(self, name: &str, text: &str) -> Option<String> {
        let first = self.first.into_inner()?.locate(name, text);
        Some(match self.count.get() - 1 {
            0 => first.to_string(),
            1 => format!("{first}; and 1 more"),
            more => format!("{first}; and {more} more"),
        })
    }
}

/// The conjunction, with nested conjunctions and constants resolved.
pub fn conjunction(parts: Vec<Formula>) -> Formula {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Formula::And(inner) => flat.extend(inner),
            Formula::Or(inner) if inner.is_empty() => return Formula::Or(Vec::new()),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 { flat.remove(0) } else { Formula::And(flat) }
}

/// The disjunction, with nested disjunctions and constants resolved.
pub fn disjunction(parts: Vec<Formula>) -> Formula {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Formula::Or(inner) => flat.extend(inner),
            Formula::And(inner) if inner.is_empty() => return Formula::And(Vec::new()),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 { flat.remove(0) } else { Formula::Or(flat) }
}

/// Whether both, or either, of two formulas are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connective {
    And,
    Or,
}

impl Connective {
    fn dual(self) -> Self {
        match self {
            Connective::And => Connective::Or,
            Connective::Or => Connective::And,
        }
    }

    /// The formula of these parts; not inlined, to keep the recursion's frames small.
    #[inline(never)]
    fn join(self, parts: Vec<Formula>) -> Formula {
        match self {
            Connective::And => conjunction(parts),
            Connective::Or => disjunction(parts),
        }
    }
}

/// Reads formulas over given variables.
#[derive(Debug, Clone, Copy)]
pub struct FormulaReader<'a> {
    /// The declared variables.
    pub variables: &'a Variables,
    /// Where inverted boxes are noted.
    pub inverted: &'a Inverted,
}

impl FormulaReader<'_> {
    /// Reads `expression`, or its negation; `bounds` are those of the conjunction it stands in.
    ///
    /// This recurses, so what needs room on the stack stands in functions of its own.
    pub fn read(
        self,
        expression: Expression<'_>,
        negated: bool,
        bounds: Option<&mut Bounds>,
    ) -> Result<Formula, Fault> {
        match expression.word() {
            Some("true") => return Ok(truth(!negated)),
            Some("false") => return Ok(truth(negated)),
            _ => {}
        }
        let Some((head, arguments)) = expression.call() else {
            return Err(not_a_formula(expression));
        };
        match head {
            "and" => self.connective(expression, Connective::And, negated, bounds),
            "or" => self.connective(expression, Connective::Or, negated, bounds),
            "not" => match arguments.exactly() {
                Some([argument]) => self.read(argument, !negated, None),
                None => Err(expression.fault("`not` takes 1 formula")),
            },
            "=>" => self.implication(expression, arguments, negated),
            "<=" | ">=" | "<" | ">" | "=" | "==" | "!=" | "distinct" => {
                self.comparison(expression, negated, bounds)
            }
            _ => Err(not_a_formula(expression)),
        }
    }

    fn connective(
        self,
        expression: Expression<'_>,
        connective: Connective,
        negated: bool,
        bounds: Option<&mut Bounds>,
    ) -> Result<Formula, Fault> {
        let arguments = expression.call().map(|(_, arguments)| arguments);
        let mut own = Bounds::default();
        let mut bounds = match (connective, negated) {
            (Connective::And, false) => Some(bounds.unwrap_or(&mut own)),
            _ => None,
        };
        let mut parts = Vec::new();
        for argument in arguments.into_iter().flatten() {
            parts.push(self.read(argument, negated, bounds.as_deref_mut())?);
        }
        if parts.is_empty() {
            return Err(expression.fault("a connective needs at least 1 formula"));
        }
        Ok(if negated { connective.dual() } else { connective }.join(parts))
    }

    /// `(=> a b c)` is ¬a ∨ ¬b ∨ c.
    fn implication(
        self,
        expression: Expression<'_>,
        arguments: Expressions<'_>,
        negated: bool,
    ) -> Result<Formula, Fault> {
        let mut remaining = arguments.clone().count();
        if remaining < 2 {
            return Err(expression.fault("`=>` takes at least 2 formulas"));
        }
        let mut parts = Vec::with_capacity(remaining);
        for argument in arguments {
            remaining -= 1;
            parts.push(self.read(argument, (remaining > 0) != negated, None)?);
        }
        Ok(if negated { Connective::And } else { Connective::Or }.join(parts))
    }

    /// `(<= a b c)` is a ≤ b and b ≤ c; the other comparisons likewise.
    #[inline(never)]
    fn comparison(
        self,
        expression: Expression<'_>,
        negated: bool,
        mut bounds: Option<&mut Bounds>,
    ) -> Result<Formula, Fault> {
        let Some((head, arguments)) = expression.call() else {
            return Err(expression.fault("expected a comparison"));
        };
        let found = arguments.clone().count();
        let unequal = matches!(head, "!=" | "distinct");
        if found < 2 || unequal && found > 2 {
            let least = if unequal { "" } else { "at least " };
            return Err(expression.fault(format!("`{head}` takes {least}2 terms, found {found}")));
        }
        let terms: Vec<Linear> =
            arguments.map(|argument| term(argument, self.variables)).collect::<Result<_, _>>()?;
        let mut parts = Vec::with_capacity(found);
        for pair in terms.windows(2) {
            let [left, right] = pair else { continue };
            if let Some(bounds) = bounds.as_deref_mut().filter(|_| !negated) {
                if matches!(head, "<=" | "<" | "=" | "==") {
                    self.inverted.add(bounds.note(left, right, expression));
                }
                if matches!(head, ">=" | ">" | "=" | "==") {
                    self.inverted.add(bounds.note(right, left, expression));
                }
            }
            parts.push(compare(head, left, right, negated));
        }
        Ok(if negated { Connective::Or } else { Connective::And }.join(parts))
    }
}

#[cold]
fn not_a_formula(expression: Expression<'_>) -> Fault {
    const FORMULAS: &str =
        "expected `true`, `false`, `and`, `or`, `not`, `=>`, `<=`, `>=`, `<`, `>` or `=`";
    expression.fault(match expression.call() {
        Some((head, _)) => format!("unknown function `{head}` in a formula, {FORMULAS}"),
        None => format!("expected a formula such as `(<= X_0 1)`, found {}", expression.shown()),
    })
}

/// The formula that always or never holds.
fn truth(value: bool) -> Formula {
    if value { Formula::And(Vec::new()) } else { Formula::Or(Vec::new()) }
}

/// One comparison of two terms, or its negation.
fn compare(head: &str, left: &Linear, right: &Linear, negated: bool) -> Formula {
    match (head, negated) {
        ("<=", false) | (">", true) => atom(left, right, false),
        ("<", false) | (">=", true) => atom(left, right, true),
        (">=", false) | ("<", true) => atom(right, left, false),
        (">", false) | ("<=", true) => atom(right, left, true),
        ("=" | "==", false) | ("!=" | "distinct", true) => {
            conjunction(vec![atom(left, right, false), atom(right, left, false)])
        }
        _ => disjunction(vec![atom(left, right, true), atom(right, left, true)]),
    }
}

/// `left ≤ right`, or `<`; a truth value where no variable remains.
fn atom(left: &Linear, right: &Linear, strict: bool) -> Formula {
    let atom: Atom = left.at_most(right, strict);
    if atom.input.is_empty() && atom.output.is_empty() {
        truth(atom.holds_at(&[], &[]))
    } else {
        Formula::Atom(atom)
    }
}
