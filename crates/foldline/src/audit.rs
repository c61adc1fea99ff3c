//! Why a point is not in a property's unsafe set: the assertions that fail, and by how much.

use foldline_kernel::{Atom, Formula, Rational};

/// An assertion that is false at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The assertion; `None` for a disjunction of nothing, which is always false.
    pub atom: Option<Atom>,
    /// Left-hand side minus right-hand side: > 0, or 0 where equality is excluded.
    pub excess: Rational,
    /// 1 for an assertion that must be true; n where it belongs to the best of n alternatives.
    pub alternatives: usize,
}

/// The assertions that make `formula` false at (x, y); none if and only if it is true.
///
/// Of a disjunction whose alternatives are all false, only the alternative closest to being
/// true is reported: the one whose largest excess is smallest.
pub fn failures(formula: &Formula, x: &[Rational], y: &[Rational]) -> Vec<Failure> {
    match formula {
        Formula::Atom(atom) if atom.holds_at(x, y) => vec![],
        Formula::Atom(atom) => {
            let excess = atom.excess(x, y);
            vec![Failure { atom: Some(atom.clone()), excess, alternatives: 1 }]
        }
        Formula::And(parts) => parts.iter().flat_map(|part| failures(part, x, y)).collect(),
        Formula::Or(parts) => closest_alternative(parts, x, y),
    }
}

/// The failures of the alternative that misses by least; empty where one is true.
fn closest_alternative(parts: &[Formula], x: &[Rational], y: &[Rational]) -> Vec<Failure> {
    let mut best: Option<(Rational, Vec<Failure>)> = None;
    for part in parts {
        let found = failures(part, x, y);
        let Some(largest) = found.iter().map(|failure| &failure.excess).max().cloned() else {
            return vec![];
        };
        if best.as_ref().is_none_or(|(least, _)| largest < *least) {
            best = Some((largest, found));
        }
    }
    let Some((_, mut found)) = best else {
        return vec![Failure { atom: None, excess: Rational::ZERO, alternatives: 0 }];
    };
    if parts.len() > 1 {
        for failure in &mut found {
            failure.alternatives = parts.len();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    fn number(token: &str) -> Rational {
        parse_rational(token).unwrap()
    }

    /// Y_0 ≤ bound, or < where strict.
    fn below(bound: &str, strict: bool) -> Formula {
        Formula::Atom(Atom::new(vec![], vec![(0, Rational::ONE)], number(bound), strict))
    }

    fn excesses(formula: &Formula, y: &str) -> Vec<String> {
        let found = failures(formula, &[], &[number(y)]);
        assert_eq!(found.is_empty(), formula.holds_at(&[], &[number(y)]));
        found.iter().map(|failure| failure.excess.to_string()).collect()
    }

    #[test]
    fn conjunctions_list_every_failure() {
        let formula = Formula::And(vec![below("1", false), below("1", true), below("1/3", false)]);
        assert_eq!(excesses(&formula, "1"), ["0", "2/3"]);
        assert_eq!(excesses(&formula, "0"), Vec::<String>::new());
    }

    #[test]
    fn disjunctions_report_the_closest_alternative() {
        let far = Formula::And(vec![below("-5", false), below("1", true)]);
        let formula = Formula::Or(vec![far, below("-1", false)]);
        let found = failures(&formula, &[], &[number("1/2")]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].excess.clone(), found[0].alternatives), (number("3/2"), 2));
        assert_eq!(excesses(&formula, "-1"), Vec::<String>::new());
    }

    #[test]
    fn a_disjunction_of_nothing_is_false() {
        let found = failures(&Formula::Or(vec![]), &[], &[]);
        assert_eq!(found, [Failure { atom: None, excess: Rational::ZERO, alternatives: 0 }]);
    }
}
