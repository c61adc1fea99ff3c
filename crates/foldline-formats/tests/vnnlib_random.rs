//! Random formulas, printed and read again, hold at the same points; random bytes never panic.

use std::fmt;

use foldline_formats::region::parse_region;
use foldline_formats::vnncomp_result::{WitnessNames, parse_result};
use foldline_formats::vnnlib::parse_property;
use foldline_kernel::number::Rational;
use proptest::prelude::*;

/// A term over X_0, X_1, Y_0, Y_1 (variables 0 to 3).
#[derive(Debug, Clone)]
enum Term {
    Number(i32, u32),
    Variable(usize),
    Sum(Vec<Term>),
    Difference(Vec<Term>),
    Multiple(i32, Box<Term>),
    Quotient(Box<Term>, u8),
}

/// A formula over such terms.
#[derive(Debug, Clone)]
enum Sentence {
    Constant(bool),
    Comparison(&'static str, Vec<Term>),
    Connective(&'static str, Vec<Sentence>),
    Not(Box<Sentence>),
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Thousandths with an exponent, as a decimal or as a negated one.
            Term::Number(n, 0) => write!(f, "{n}e-3"),
            Term::Number(n, 1) => write!(f, "(- (/ {} 1000))", -i64::from(*n)),
            Term::Number(n, _) => write!(f, "{n}/1000"),
            Term::Variable(k) => write!(f, "{}_{}", if *k < 2 { "X" } else { "Y" }, k % 2),
            Term::Sum(parts) => write!(f, "(+{})", spaced(parts)),
            Term::Difference(parts) => write!(f, "(-{})", spaced(parts)),
            Term::Multiple(n, part) => write!(f, "(* {n} {part})"),
            Term::Quotient(part, n) => write!(f, "(/\n{part} ; over\n{n})"),
        }
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sentence::Constant(value) => write!(f, "{value}"),
            Sentence::Comparison(head, parts) => write!(f, "({head}{})", spaced(parts)),
            Sentence::Connective(head, parts) => write!(f, "({head}{})", spaced(parts)),
            Sentence::Not(part) => write!(f, "(not {part})"),
        }
    }
}

fn spaced<T: fmt::Display>(parts: &[T]) -> String {
    parts.iter().map(|part| format!(" {part}")).collect()
}

impl Term {
    fn value(&self, point: &[Rational]) -> Rational {
        match self {
            Term::Number(n, _) => Rational::from(*n) / Rational::from(1000),
            Term::Variable(k) => point[*k].clone(),
            Term::Sum(parts) => {
                parts.iter().fold(Rational::ZERO, |sum, part| sum + part.value(point))
            }
            Term::Difference(parts) if parts.len() == 1 => -parts[0].value(point),
            Term::Difference(parts) => {
                let rest = parts[1..].iter();
                rest.fold(parts[0].value(point), |sum, part| sum - part.value(point))
            }
            Term::Multiple(n, part) => Rational::from(*n) * part.value(point),
            Term::Quotient(part, n) => part.value(point) / Rational::from(*n),
        }
    }
}

impl Sentence {
    fn value(&self, point: &[Rational]) -> bool {
        match self {
            Sentence::Constant(value) => *value,
            Sentence::Comparison(head, parts) => {
                let values: Vec<_> = parts.iter().map(|part| part.value(point)).collect();
                values.windows(2).all(|pair| match *head {
                    "<=" => pair[0] <= pair[1],
                    ">=" => pair[0] >= pair[1],
                    "<" => pair[0] < pair[1],
                    ">" => pair[0] > pair[1],
                    "=" | "==" => pair[0] == pair[1],
                    _ => pair[0] != pair[1],
                })
            }
            Sentence::Connective(head, parts) => {
                let mut values = parts.iter().map(|part| part.value(point));
                match *head {
                    "and" => values.all(|value| value),
                    "or" => values.any(|value| value),
                    // a ⟹ b ⟹ c fails only where a and b hold and c does not.
                    _ => {
                        let values: Vec<_> = values.collect();
                        let (last, first) = values.split_last().unwrap();
                        *last || first.contains(&false)
                    }
                }
            }
            Sentence::Not(part) => !part.value(point),
        }
    }
}

fn term(variables: usize) -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        (-3000..3000i32, 0..3u32).prop_map(|(n, style)| Term::Number(n, style)),
        (0..variables).prop_map(Term::Variable),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Term::Sum),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Term::Difference),
            (-3..4i32, inner.clone()).prop_map(|(n, part)| Term::Multiple(n, Box::new(part))),
            (inner, 1..5u8).prop_map(|(part, n)| Term::Quotient(Box::new(part), n)),
        ]
    })
}

fn sentence(variables: usize) -> impl Strategy<Value = Sentence> {
    let chain = (
        prop::sample::select(vec!["<=", ">=", "<", ">", "=", "=="]),
        prop::collection::vec(term(variables), 2..4),
    );
    let pair =
        (prop::sample::select(vec!["!=", "distinct"]), prop::collection::vec(term(variables), 2));
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Sentence::Constant),
        8 => chain.prop_map(|(head, parts)| Sentence::Comparison(head, parts)),
        2 => pair.prop_map(|(head, parts)| Sentence::Comparison(head, parts)),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let connective = |head| {
            let least = if head == "=>" { 2 } else { 1 };
            prop::collection::vec(inner.clone(), least..5)
                .prop_map(move |parts| Sentence::Connective(head, parts))
        };
        prop_oneof![
            connective("and"),
            connective("or"),
            connective("=>"),
            inner.clone().prop_map(|part| Sentence::Not(Box::new(part))),
        ]
    })
}

/// Points on a coarse grid, so that equalities are met.
fn points() -> impl Strategy<Value = Vec<Vec<Rational>>> {
    let number = (-6..7i8).prop_map(|n| Rational::from(n) / Rational::from(2));
    prop::collection::vec(prop::collection::vec(number, 4), 8)
}

const DECLARATIONS: &str = "(declare-const X_0 Real)(declare-const X_1 Real)
(declare-const Y_0 Real)(declare-const Y_1 Real)";

const GOOD: &str = "(vnnlib-version <1.0>) (declare-const X_0 Real) (declare-fun Y_0 () Real)
(assert (or (and (<= 0.5 X_0 1e3) (> (+ (* 2 X_0) (- Y_0 1/3)) 0)) (not (= (/ X_0 -4) |Y_0|))))";

const GOOD_TWO: &str = "(declare-network f (declare-input X Real [1,2]) (declare-output Y real []))
(assert (=> (<= X[0,1] 0.5) (!= (- Y) X [0, 0])))";

const GOOD_JSON: &str =
    r#"{"box": [[-0.5, "1/3"], [null, 2e1]], "A": [[1, -2.5], [0, 3]], "b": [1, "7"]}"#;

const GOOD_RESULT: &str = "sat\n((X_0 0.5) (X_1 -1e-3)\n(Y_0 (- 2)))";

/// Overwrites, inserts and removes bytes.
fn mutated(good: &str, changes: &[(u16, u8, u8)]) -> String {
    const TELLING: &[u8] = b"()[];|\"XY_-+*/<>=!.0159eE,{}: \n\0\xc3\xff";
    let mut bytes = good.as_bytes().to_vec();
    for &(position, kind, byte) in changes {
        let position = usize::from(position) % (bytes.len() + 1);
        let byte = TELLING.get(usize::from(byte)).copied().unwrap_or(byte);
        match kind % 4 {
            0 => bytes.insert(position, byte),
            1 => bytes.truncate(position.max(bytes.len() / 2)),
            _ if position == bytes.len() => {}
            2 => bytes[position] = byte,
            _ => drop(bytes.remove(position)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn printed_formulas_keep_their_meaning(sentence in sentence(4), points in points()) {
        let text = format!("{DECLARATIONS}(assert {sentence})");
        let property = parse_property("p", &text, 2, 2).unwrap();
        for point in points {
            let read = property.formula.holds_at(&point[..2], &point[2..]);
            prop_assert_eq!(read, sentence.value(&point), "{} at {:?}", text, point);
        }
    }

    #[test]
    fn regions_have_the_formula_s_points(sentence in sentence(2), points in points()) {
        let text = format!("{DECLARATIONS}(assert {sentence})");
        let region = parse_region("p", &text, 2).unwrap();
        for point in points {
            let contained = region.pieces.iter().any(|piece| piece.contains(&point[..2]));
            prop_assert_eq!(contained, sentence.value(&point), "{} at {:?}", text, point);
        }
    }

    #[test]
    fn damaged_texts_never_panic(
        changes in prop::collection::vec(any::<(u16, u8, u8)>(), 1..6),
    ) {
        for (good, inputs) in [(GOOD, 1), (GOOD_TWO, 2)] {
            let text = mutated(good, &changes);
            if let Err(error) = parse_property("p", &text, inputs, 1) {
                prop_assert!(error.place.starts_with("line "), "{error}");
            }
            let _ = parse_region("p", &text, inputs);
        }
        let _ = parse_region("r.json", &mutated(GOOD_JSON, &changes), 2);
        if let Err(error) = parse_result("r", &mutated(GOOD_RESULT, &changes), &WitnessNames::default()) {
            prop_assert!(error.place.starts_with("line "), "{error}");
        }
    }
}

#[test]
fn undamaged_texts_are_read() {
    parse_property("p", GOOD, 1, 1).unwrap();
    parse_property("p", GOOD_TWO, 2, 1).unwrap();
    parse_region("r.json", GOOD_JSON, 2).unwrap();
    parse_result("r", GOOD_RESULT, &WitnessNames::default()).unwrap();
}
