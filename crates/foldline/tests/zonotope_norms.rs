//! Largest norms with known truth, and reduced zonotopes against exact containment.

use std::path::PathBuf;

use foldline::formats::zonotope::parse_zonotope;
use foldline::questions::containment::{self, Scale, contains};
use foldline::questions::norm_maximum::{
    Norm, Options, Value, Verdict, estimate_norm, maximize_norm,
};
use foldline::questions::order_reduction::{self, Method, reduce};
use foldline::{Rational, Zonotope, parse_rational};

fn norm(p: &str) -> Norm {
    if p == "inf" { Norm::Infinity } else { Norm::Power(parse_rational(p).unwrap()) }
}

fn largest(zonotope: &Zonotope, p: &str) -> Value {
    match maximize_norm(zonotope, &norm(p), &Options::default()).unwrap().verdict {
        Verdict::Found(maximum) => maximum.value,
        other => panic!("{other:?}"),
    }
}

/// The cases of the shared data, where they are there.
#[test]
fn known_norms_are_found() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/zonotopes/norms.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    for case in cases.as_array().unwrap() {
        let file = case["zonotope"].to_string();
        let zonotope = parse_zonotope("case.json", file.as_bytes()).unwrap();
        let number = |key: &str| parse_rational(case[key].as_str().unwrap()).unwrap();
        assert_eq!(largest(&zonotope, "1"), Value::Exact(number("L1")), "{}", case["name"]);
        assert_eq!(largest(&zonotope, "2"), Value::Squared(number("L2_squared")));
        assert_eq!(largest(&zonotope, "inf"), Value::Exact(number("Linf")));
        let Value::Between { lower, upper } = largest(&zonotope, "3") else { panic!("bounds") };
        let cube = |value: &Rational| value * value * value;
        assert!(cube(&lower) <= number("L3_cubed") && number("L3_cubed") <= cube(&upper));
        assert!((&upper - &lower) * parse_rational("1e9").unwrap() <= lower);
    }
}

fn random_zonotope(dimension: usize, count: usize) -> Zonotope {
    let mut state = 9u64;
    let mut number = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Rational::from((state >> 33) as i64 % 201 - 100)
    };
    let generators = (0..count).map(|_| (0..dimension).map(|_| number()).collect()).collect();
    let center = (0..dimension).map(|_| number()).collect();
    Zonotope { center, generators }
}

/// The least scale by which `outer` holds `inner`, both moved to 0.
fn scale(outer: &Zonotope, inner: &Zonotope) -> Rational {
    let about_zero = |zonotope: &Zonotope| Zonotope {
        center: vec![Rational::ZERO; zonotope.dimension()],
        generators: zonotope.generators.clone(),
    };
    let options = containment::Options::default();
    match contains(&about_zero(outer), &about_zero(inner), &options).scale {
        Scale::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn certified_epsilons_hold_and_are_close() {
    for (dimension, count, method) in [
        (2, 300, Method::Lewis(0.3)),
        (3, 120, Method::Lewis(0.3)),
        (3, 60, Method::Girard(12)),
        (3, 60, Method::Pca(12)),
    ] {
        let zonotope = random_zonotope(dimension, count);
        let reduction = reduce(&zonotope, method, &order_reduction::Options::default()).unwrap();
        assert_eq!(reduction.zonotope.center, zonotope.center);
        assert!(reduction.zonotope.generators.len() < count);
        let least =
            scale(&reduction.zonotope, &zonotope).max(scale(&zonotope, &reduction.zonotope));
        let least = least - Rational::ONE;
        let certified = reduction.certified_epsilon().unwrap();
        assert!(
            least <= certified && reduction.least_epsilon() <= least,
            "{method:?} {least} {certified}"
        );
        assert!(certified - &least <= parse_rational("0.05").unwrap(), "{method:?}");
        if !matches!(method, Method::Lewis(_)) {
            assert!(
                scale(&reduction.zonotope, &zonotope) <= Rational::ONE,
                "{method:?}: not outer"
            );
        }
    }
}

/// All generators are extreme rays of a cone: about 0 no proper subset can hold the zonotope, so the
/// inclusions of [Z, Thm 7.1] can only be about the center.
#[test]
fn inclusions_are_about_the_center() {
    let circle = |k: i64| {
        let (a, b) = (Rational::from(1 - k * k), Rational::from(2 * k));
        let c = Rational::from(1 + k * k);
        vec![a / &c, b / &c, Rational::ONE]
    };
    let segments: Vec<Vec<Rational>> = (-40..=40).map(circle).collect();
    let zonotope = Zonotope::from_segments(3, &segments);
    let reduction =
        reduce(&zonotope, Method::Lewis(0.5), &order_reduction::Options::default()).unwrap();
    assert!(reduction.zonotope.generators.len() < segments.len());
    let epsilon = reduction.certified_epsilon().unwrap();
    assert!(scale(&reduction.zonotope, &zonotope) <= &epsilon + Rational::ONE);
}

#[test]
fn estimates_enclose_the_norm() {
    let zonotope = random_zonotope(3, 150);
    for p in ["1", "2", "inf", "3"] {
        let (low, high) = match largest(&zonotope, p) {
            Value::Exact(value) => (value.clone(), value),
            Value::Between { lower, upper } => (lower, upper),
            Value::Squared(square) => {
                let root = foldline::text::approximate(&square).unwrap().sqrt();
                let near = |factor: f64| parse_rational(&format!("{}", root * factor)).unwrap();
                (near(1.0 - 1e-12), near(1.0 + 1e-12))
            }
        };
        let estimate = estimate_norm(&zonotope, &norm(p), 0.3, 1, &Options::default()).unwrap();
        let (lower, best) = estimate.best();
        let best = best.unwrap();
        assert!(*lower <= high, "{p}");
        if best.probability == 1.0 {
            assert!(*best.upper.as_ref().unwrap() >= low, "{p}");
        }
        assert!(lower * parse_rational("1.3").unwrap() >= low, "{p}: a poor vertex");
    }
}
