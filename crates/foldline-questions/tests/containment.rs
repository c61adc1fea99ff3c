//! Containment against brute force: a linear program for every sign vector of the inner zonotope.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[path = "../../foldline-geometry/tests/zonotopes/random.rs"]
mod random;

use foldline_geometry::exact_lp::{ExactConstraint, ExactOutcome, maximize};
use foldline_geometry::zonotopes::segments::scaled;
use foldline_kernel::number::{least_common_multiple, parse_rational};
use foldline_kernel::{Integer, Natural, Rational, Zonotope};
use foldline_questions::containment::{
    Options, Outcome, Progress, ProgressCallback, Route, Scale, Verdict, contains,
};
use random::Random;

/// The least s with point − c = Σ β_i g_i and |β_i| ≤ s, as a linear program in β and s.
fn gauge(zonotope: &Zonotope, point: &[Rational]) -> Option<Rational> {
    let count = zonotope.generators.len();
    let mut constraints = Vec::new();
    let mut push = |row: Vec<Rational>| {
        let common = row.iter().fold(Natural::ONE, |common, value| {
            least_common_multiple(&common, value.denominator())
        });
        let mut coefficients = scaled(&row, &common);
        let bound = coefficients.pop().expect("a bound");
        constraints.push(ExactConstraint {
            coefficients,
            bound,
            strict: false,
            scale: Natural::ONE,
        });
    };
    for coordinate in 0..zonotope.dimension() {
        for sign in [1, -1].map(Rational::from) {
            let mut row: Vec<Rational> = zonotope
                .generators
                .iter()
                .map(|generator| &generator[coordinate] * &sign)
                .collect();
            row.push(Rational::ZERO);
            row.push((&point[coordinate] - &zonotope.center[coordinate]) * &sign);
            push(row);
        }
    }
    for index in 0..=count {
        for sign in [1, -1] {
            let mut row = vec![Rational::ZERO; count + 2];
            row[index] = Rational::from(if index < count { sign } else { 0 });
            row[count] = Rational::from(-1);
            push(row);
        }
    }
    let mut objective = vec![Integer::ZERO; count + 1];
    objective[count] = Integer::from(-1);
    match maximize(count + 1, &constraints, &objective) {
        ExactOutcome::Optimal { value, .. } => Some(-value),
        _ => None,
    }
}

/// The least scale: the greatest gauge of the points of all sign vectors.
fn scale(outer: &Zonotope, inner: &Zonotope) -> Option<Rational> {
    let mut greatest = Rational::ZERO;
    for signs in 0..1u32 << inner.generators.len() {
        let mut point = inner.center.clone();
        for (index, generator) in inner.generators.iter().enumerate() {
            for (sum, value) in point.iter_mut().zip(generator) {
                if signs >> index & 1 == 1 { *sum += value } else { *sum -= value }
            }
        }
        greatest = greatest.max(gauge(outer, &point)?);
    }
    Some(greatest)
}

fn scaled_about(inner: &Zonotope, center: &[Rational], factor: &Rational) -> Zonotope {
    let times = |vector: &Vec<Rational>| vector.iter().map(|value| value * factor).collect();
    let moved = inner.center.iter().zip(center).map(|(a, c)| c + (a - c) * factor);
    Zonotope { center: moved.collect(), generators: inner.generators.iter().map(times).collect() }
}

/// The answers of all ways to decide agree with each other and with the expected scale.
fn check(outer: &Zonotope, inner: &Zonotope, expected: Option<&Rational>) {
    for route in [Route::Cheaper, Route::Normals, Route::Vertices, Route::Cones] {
        for verdict_only in [false, true] {
            let options = Options { route, verdict_only, threads: 2, ..Options::default() };
            let outcome = contains(outer, inner, &options);
            let at = format!("{route:?} {verdict_only}: {outer:?} {inner:?} {outcome:?}");
            match &outcome.scale {
                Scale::Value(value) => assert_eq!(Some(value), expected, "{at}"),
                Scale::Infinite => assert_eq!(None, expected, "{at}"),
                Scale::Bounds { lower, upper } => {
                    let expected = expected.expect(&at);
                    let is_below = upper.as_ref().is_none_or(|upper| expected <= upper);
                    assert!(verdict_only && lower <= expected && is_below, "{at}");
                }
            }
            let holds = expected.is_some_and(|scale| *scale <= Rational::ONE);
            assert_eq!(outcome.verdict == Verdict::Contained, holds, "{at}");
            check_separation(outer, inner, &outcome, &at);
        }
    }
}

fn check_separation(outer: &Zonotope, inner: &Zonotope, outcome: &Outcome, at: &str) {
    let Verdict::Separated(separation) = &outcome.verdict else {
        assert_eq!(outcome.verdict, Verdict::Contained, "{at}");
        return;
    };
    let mut point = inner.center.clone();
    for (&sign, generator) in separation.coefficients.iter().zip(&inner.generators) {
        assert!((-1..=1).contains(&sign));
        for (sum, value) in point.iter_mut().zip(generator) {
            *sum += value * Rational::from(sign);
        }
    }
    assert_eq!(point, separation.point, "{at}");
    let products = point.iter().zip(&separation.normal);
    let value = products.fold(Rational::ZERO, |sum, (a, b)| sum + a * b);
    assert_eq!(separation.offset, outer.support(&separation.normal), "{at}");
    assert!(value > separation.offset, "{at}");
}

fn pair(random: &mut Random, degenerate: bool) -> (Zonotope, Zonotope) {
    let outer = random.zonotope(degenerate);
    let dimension = outer.dimension();
    let count = random.below(5);
    let mut inner = random.zonotope_of(dimension, count, 3);
    if degenerate {
        // Sums of the outer one's generators: in its span, and often touching.
        for generator in &mut inner.generators {
            *generator = vec![Rational::ZERO; dimension];
            for source in &outer.generators {
                let factor = Rational::from(random.below(3) as i32 - 1);
                generator.iter_mut().zip(source).for_each(|(sum, value)| *sum += value * &factor);
            }
        }
        if random.below(3) > 0 {
            inner.center = outer.center.clone();
        }
    }
    (outer, inner)
}

fn agree(seed: u64, count: usize) {
    let mut random = Random(seed);
    for case in 0..count {
        let (outer, inner) = pair(&mut random, case % 2 == 1);
        let expected = scale(&outer, &inner);
        check(&outer, &inner, expected.as_ref());
        if let Some(scale) = expected.filter(|scale| !scale.is_zero()) {
            let touching = scaled_about(&inner, &outer.center, &(Rational::ONE / &scale));
            check(&outer, &touching, Some(&Rational::ONE));
            for beyond in ["1.000000001", "0.999999999999999999999"] {
                let factor = parse_rational(beyond).unwrap();
                let other = scaled_about(&touching, &outer.center, &factor);
                check(&outer, &other, Some(&factor));
            }
        }
    }
}

#[test]
fn small_pairs_agree_with_brute_force() {
    agree(1, 25);
}

#[test]
#[ignore = "takes minutes; run in release"]
fn two_thousand_pairs_agree_with_brute_force() {
    agree(2, 2000);
}

#[test]
fn huge_and_tiny_numbers_change_nothing() {
    let mut random = Random(9);
    for case in 0..12 {
        let (outer, inner) = pair(&mut random, case % 2 == 1);
        let expected = scale(&outer, &inner);
        // A linear map that scales every coordinate by itself.
        let factors = ["1e400", "1e-400", "12345678901234567", "1/3"];
        let factors = factors.map(|token| parse_rational(token).unwrap());
        let map = |vector: &Vec<Rational>| -> Vec<Rational> {
            vector.iter().zip(&factors).map(|(value, factor)| value * factor).collect()
        };
        let image = |zonotope: &Zonotope| Zonotope {
            center: map(&zonotope.center),
            generators: zonotope.generators.iter().map(map).collect(),
        };
        check(&image(&outer), &image(&inner), expected.as_ref());
    }
}

/// Generators that are in a plane but for less than floats can tell, and some that are in it.
#[test]
fn nearly_degenerate_pairs_agree_with_brute_force() {
    let mut random = Random(12);
    let tiny = ["1e-14", "1e-17", "1e-40"].map(|token| parse_rational(token).unwrap());
    for case in 0..60 {
        let (mut outer, inner) = pair(&mut random, case % 4 > 0);
        for generator in &mut outer.generators {
            for entry in generator.iter_mut() {
                if random.below(3) == 0 {
                    *entry += &tiny[case % 3] * Rational::from(random.below(5) as i32 - 2);
                }
            }
        }
        check(&outer, &inner, scale(&outer, &inner).as_ref());
    }
}

#[test]
fn a_clear_yes_is_known_before_the_scale() {
    let mut random = Random(5);
    let outer = random.zonotope_of(8, 50, 99);
    let inner = random.zonotope_of(8, 40, 9);
    let inner = Zonotope { center: outer.center.clone(), ..inner };
    // 99,884,400 normals.
    let quick = contains(&outer, &inner, &Options { verdict_only: true, ..Options::default() });
    assert_eq!((quick.verdict, quick.statistics.normals), (Verdict::Contained, 0));
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let progress = move |progress: &Progress| {
        raised.store(progress.contained == Some(true), Ordering::Relaxed);
    };
    let (stop, progress) = (Some(stop), Some(Arc::new(progress) as ProgressCallback));
    let outcome = contains(&outer, &inner, &Options { stop, progress, ..Options::default() });
    assert_eq!(outcome.verdict, Verdict::Contained);
    let Scale::Bounds { lower, upper: Some(upper) } = outcome.scale else {
        panic!("{:?}", outcome.scale)
    };
    assert!(lower > Rational::ZERO && lower <= upper && upper <= Rational::ONE);
}

#[test]
fn a_limit_leaves_it_undecided() {
    let mut random = Random(7);
    let outer = random.zonotope_of(5, 40, 99);
    let inner = random.zonotope_of(5, 40, 90);
    let options = Options { timeout: Some(std::time::Duration::ZERO), ..Options::default() };
    let outcome = contains(&outer, &inner, &options);
    assert!(matches!(outcome.verdict, Verdict::Undecided(_)), "{outcome:?}");
    assert!(matches!(outcome.scale, Scale::Bounds { .. }), "{outcome:?}");
}
