//! The zonotopes of `data/` and, where they are there, all shared cases get their known answers.

use std::path::{Path, PathBuf};

use foldline::formats::parse_zonotope;
use foldline::geometry::zonotopes::{count_facets, count_vertices, facets, vertices, volume};
use foldline::questions::containment::{Options, Scale, Verdict, contains};
use foldline::{Rational, Zonotope, parse_rational};
use serde_json::Value;

const NEVER: fn() -> bool = || false;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> Zonotope {
    let path = root().join("data/zonotopes").join(name);
    foldline::formats::read_zonotope(&path).expect("an example")
}

/// A file of the shared data, next to the repository; none where it is not there.
fn shared(name: &str) -> Option<Vec<Value>> {
    let path = root().join("../shared/data/zonotopes").join(name);
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn zonotope(value: &Value) -> Zonotope {
    parse_zonotope("case.json", value.to_string().as_bytes()).expect("a zonotope")
}

fn scale(outer: &str, inner: &str) -> (bool, Scale) {
    let outcome = contains(&example(outer), &example(inner), &Options::default());
    (outcome.verdict == Verdict::Contained, outcome.scale)
}

#[test]
fn the_examples_touch_exceed_and_leave() {
    let value = |token: &str| Scale::Value(parse_rational(token).unwrap());
    assert_eq!(scale("diamond.json", "square.json"), (true, value("1")));
    assert_eq!(scale("diamond.json", "beyond.json"), (false, value("1.0000000005")));
    assert_eq!(scale("diamond.json", "flat.json"), (false, value("8/3")));
    assert_eq!(scale("flat.json", "flat.json"), (true, value("1")));
    assert_eq!(scale("flat.json", "square.json"), (false, Scale::Infinite));
}

#[test]
fn the_permutahedron_is_flat() {
    let permutahedron = example("permutahedron.json");
    let corners = vertices(&permutahedron, &NEVER).unwrap();
    assert_eq!(corners.len(), 24);
    for corner in corners {
        let arm = corner.iter().zip(&permutahedron.center).map(|(x, c)| x - c);
        let mut arm: Vec<Rational> = arm.collect();
        arm.sort();
        let expected = [-3, -1, 1, 3].map(|value| Rational::from(value) / Rational::from(2));
        assert_eq!(arm, expected);
    }
    let found = facets(&permutahedron, &NEVER).unwrap();
    assert_eq!((found.equations.len(), found.facets.len()), (1, 14));
    assert_eq!(volume(&permutahedron, &NEVER), Some(Rational::ZERO));
    assert_eq!(volume(&example("diamond.json"), &NEVER), Some(Rational::from(16)));
}

#[test]
fn the_shared_containment_cases() {
    for case in shared("containment.json").unwrap_or_default() {
        let (outer, inner) = (zonotope(&case["outer"]), zonotope(&case["inner"]));
        let outcome = contains(&outer, &inner, &Options::default());
        let contained = outcome.verdict == Verdict::Contained;
        assert_eq!(Some(contained), case["contained"].as_bool(), "{}", case["name"]);
        if let Some(ratio) = case["ratio"].as_str() {
            let expected = Scale::Value(parse_rational(ratio).unwrap());
            assert_eq!(outcome.scale, expected, "{}", case["name"]);
        }
    }
}

#[test]
fn the_shared_vertex_counts() {
    for case in shared("vertices.json").unwrap_or_default() {
        let zonotope = zonotope(&case["zonotope"]);
        let name = &case["name"];
        assert_eq!(count_vertices(&zonotope, &NEVER), case["vertices"].as_u64(), "{name}");
        assert_eq!(count_facets(&zonotope, &NEVER), case["facets"].as_u64(), "{name}");
    }
}
