//! Questions about zonotopes that are stopped again and again answer as if they were not.

#[allow(dead_code, reason = "random zonotopes are for other tests")]
#[path = "../../foldline-geometry/tests/zonotopes/random.rs"]
mod random;

use std::time::Duration;

use foldline::questions::checkpoint::Memory;
use foldline::questions::containment::{self, Route, contains, contains_resumable};
use foldline::questions::norm_maximum::{
    self, Norm, maximize_norm, maximize_norm_resumable, statement::Value as NormValue,
};
use foldline::{Rational, Zonotope};
use random::Random;
use serde_json::{Value, json};

/// Asks within longer and longer limits until there is an answer; counts the runs that left a state.
fn in_pieces<T>(stops: &mut u32, ask: impl Fn(Duration, usize, &Memory) -> Option<T>) -> T {
    let mut keeper = Memory::default();
    for run in 1.. {
        if let Some(found) = ask(Duration::from_micros(40 * run), 1 + run as usize % 2, &keeper) {
            return found;
        }
        let has_saved = keeper.saved.lock().unwrap().is_some();
        let next = keeper.next();
        *stops += u32::from(has_saved);
        keeper = next;
    }
    unreachable!("the limit grows")
}

/// A zonotope of small integers, with parallel and zero generators.
fn zonotope(random: &mut Random, dimension: usize, count: usize) -> Zonotope {
    random.zonotope_of(dimension, count, 5)
}

#[test]
fn containment() {
    let (mut random, mut stops) = (Random(3), [0; 3]);
    let ways = [(Route::Normals, 9), (Route::Vertices, 9), (Route::Cheaper, 12)];
    for case in 0..12 {
        let (route, count) = ways[case % 3];
        let outer = zonotope(&mut random, 4, 3 * count);
        let inner = zonotope(&mut random, 4, count);
        let options = containment::Options { route, ..Default::default() };
        let expected = contains(&outer, &inner, &options);
        let (verdict, scale) = in_pieces(&mut stops[case % 3], |limit, threads, keeper| {
            let options = containment::Options { timeout: Some(limit), threads, ..options.clone() };
            let found = contains_resumable(&outer, &inner, &options, Some(keeper)).unwrap();
            let has_scale = !matches!(found.scale, containment::Scale::Bounds { .. });
            has_scale.then_some((found.verdict, found.scale))
        });
        assert_eq!(scale, expected.scale, "case {case}");
        let is_contained = |verdict| verdict == containment::Verdict::Contained;
        assert_eq!(is_contained(verdict), is_contained(expected.verdict), "case {case}");
    }
    assert!(stops[0] > 5 && stops[1] > 5, "{stops:?} runs left a state");
}

/// Bounds of a norm, or of its square.
fn bounds(value: NormValue) -> (Rational, Rational) {
    match value {
        NormValue::Exact(value) | NormValue::Squared(value) => (value.clone(), value),
        NormValue::Between { lower, upper } => (lower, upper),
    }
}

#[test]
fn norms() {
    let (mut random, mut stops) = (Random(4), [0; 2]);
    let powers = [Rational::from(2), Rational::from(3), Rational::ONE];
    for case in 0..12 {
        let by_cones = case % 2 == 0;
        let (dimension, count) = if by_cones { (4, 40) } else { (8, 22) };
        let few_generators = if by_cones { 0 } else { 20 };
        let zonotope = zonotope(&mut random, dimension, count);
        let norm = Norm::Power(powers[case % 3].clone());
        let options = norm_maximum::Options { few_generators, ..Default::default() };
        let found = |outcome: norm_maximum::Outcome| match outcome.verdict {
            norm_maximum::Verdict::Found(maximum) => Some(bounds(maximum.value)),
            norm_maximum::Verdict::Undecided { .. } => None,
        };
        let (low, high) = found(maximize_norm(&zonotope, &norm, &options).unwrap()).unwrap();
        let (lower, upper) = in_pieces(&mut stops[case % 2], |limit, threads, keeper| {
            let timeout = Some(limit);
            let options = norm_maximum::Options { timeout, threads, ..options.clone() };
            let outcome = maximize_norm_resumable(&zonotope, &norm, &options, keeper);
            found(outcome.unwrap().unwrap())
        });
        assert!(lower <= high && low <= upper, "case {case}: {lower} {upper}, {low} {high}");
        assert!(low < high || lower == upper, "case {case}");
    }
    assert!(stops[0] > 5 && stops[1] > 5, "{stops:?} runs left a state");
}

/// A state that an interrupted run leaves.
fn left(ask: impl Fn(Duration, &Memory)) -> Value {
    let state = (1..).find_map(|step| {
        let keeper = Memory::default();
        ask(Duration::from_micros(20 * step), &keeper);
        keeper.next().resumed
    });
    state.expect("some run is stopped there")
}

#[test]
fn states_that_do_not_fit_are_refused() {
    let mut random = Random(5);
    let (outer, inner) = (zonotope(&mut random, 4, 40), zonotope(&mut random, 4, 10));
    for route in [Route::Normals, Route::Vertices] {
        let ask = |limit, keeper: &Memory| {
            let timeout = Some(limit);
            let options = containment::Options { route, timeout, ..Default::default() };
            contains_resumable(&outer, &inner, &options, Some(keeper)).err()
        };
        let state = left(|limit, keeper| assert_eq!(ask(limit, keeper), None));
        for (change, is_refused) in [
            ((|_| ()) as fn(&mut Value), false),
            (|state| state["way"] = json!("both"), true),
            (|state| state["place"] = json!([1000]), true),
            (|state| state["place"] = json!([2, 1]), true),
            (|state| state["place"] = json!(vec![false; 40]), true),
            (|state| state["best"] = json!("1 2"), true),
            (|state| state["best"] = json!("1/2 1 1 1"), true),
            (|state| state["counters"] = json!([1, 2]), true),
            (|state| state["verdict_only"] = json!(true), true),
        ] {
            let mut resumed = state.clone();
            change(&mut resumed);
            let keeper = Memory { resumed: Some(resumed), ..Memory::default() };
            assert_eq!(ask(Duration::from_secs(60), &keeper).is_some(), is_refused);
        }
    }
    for few_generators in [0, 50] {
        let ask = |limit, keeper: &Memory| {
            let timeout = Some(limit);
            let options = norm_maximum::Options { few_generators, timeout, ..Default::default() };
            let norm = Norm::Power(Rational::from(2));
            maximize_norm_resumable(&outer, &norm, &options, keeper).unwrap().err()
        };
        let state = left(|limit, keeper| assert_eq!(ask(limit, keeper), None));
        for change in [
            (|state| state["best"] = json!("+-")) as fn(&mut Value),
            |state| state["best"] = json!("0".repeat(40)),
            |state| state["high"] = json!("x"),
            |state| state["cones"] = json!(["1 0 0"]),
            |state| state["signs"] = json!(["+x"]),
        ] {
            let mut resumed = state.clone();
            change(&mut resumed);
            let is_other = resumed.get("cones").is_some() && resumed.get("signs").is_some();
            let keeper = Memory { resumed: Some(resumed), ..Memory::default() };
            // A state with both kinds of work is read as sign vectors.
            let limit = Duration::from_millis(1);
            assert!(ask(limit, &keeper).is_some() || is_other && few_generators == 50);
        }
    }
}
