//! A proof of containment without facet normals: gauges over a tree of the inner generators' signs.

use foldline_geometry::zonotopes::segments::{primitive, scaled};
use foldline_geometry::zonotopes::{GaugeProgram, Span};
use foldline_kernel::number::least_common_multiple;
use foldline_kernel::{Integer, Rational, Zonotope};

/// A line of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An inner generator (the last number is the shift of the centers) as a combination of
    /// OUTER's generators.
    Generator(usize, Vec<Rational>),
    /// Both signs of the next generator; the first one's may be taken as positive.
    Split,
    /// The sum of the fixed ones as a combination; with the others' gauges it is at most 1.
    Leaf(Vec<Rational>),
}

/// Proves INNER ⊆ OUTER, or finds that it is not so.
///
/// `stop` is asked at every node; when it says so, there is no proof.
///
/// # Panics
/// If the dimensions differ.
pub fn gauge_tree(
    outer: &Zonotope,
    inner: &Zonotope,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<Record>> {
    assert_eq!(outer.dimension(), inner.dimension(), "zonotopes of different dimensions");
    let directions: Vec<Vec<Integer>> =
        outer.generators.iter().filter_map(|g| Some(primitive(g)?.0)).collect();
    let span = Span::new(outer.dimension(), &directions);
    let shift: Vec<Rational> = inner.center.iter().zip(&outer.center).map(|(a, b)| a - b).collect();
    let vectors = || inner.generators.iter().chain([&shift]);
    let inside = |vector: &Vec<Rational>| {
        primitive(vector).is_none_or(|(direction, _)| span.violated(&direction).is_none())
    };
    if !vectors().all(inside) {
        return None;
    }
    let common = outer
        .generators
        .iter()
        .chain(vectors())
        .flatten()
        .fold(1u8.into(), |common, v| least_common_multiple(&common, v.denominator()));
    let pick = |vector: &Vec<Rational>| -> Vec<Integer> {
        let vector = scaled(vector, &common);
        span.coordinates.iter().map(|&index| vector[index].clone()).collect()
    };
    let generators: Vec<Vec<Integer>> = outer.generators.iter().map(pick).collect();
    let program = GaugeProgram::new(span.rank(), &generators).expect("they span their span");
    let mut ordered: Vec<(Rational, usize, Vec<Integer>)> = Vec::new();
    let mut records = Vec::new();
    for (index, vector) in vectors().map(pick).enumerate() {
        ordered.push((program.gauge(&vector).value, index, vector));
    }
    ordered.sort_by(|left, right| right.0.cmp(&left.0));
    for (_, index, vector) in &ordered {
        records.push(Record::Generator(*index, program.gauge(vector).coefficients));
    }
    let mut rest = vec![Rational::ZERO];
    for (gauge, ..) in ordered.iter().rev() {
        let sum = rest.last().expect("not empty") + gauge;
        rest.push(sum);
    }
    rest.reverse();
    let mut open = vec![(0, vec![Integer::ZERO; span.rank()])];
    while let Some((fixed, sum)) = open.pop() {
        if stop() {
            return None;
        }
        let gauge = program.gauge(&sum);
        if gauge.value + &rest[fixed] <= Rational::ONE {
            records.push(Record::Leaf(gauge.coefficients));
            continue;
        }
        let (_, _, generator) = ordered.get(fixed)?; // a vertex outside
        records.push(Record::Split);
        if fixed > 0 {
            open.push((fixed + 1, sum.iter().zip(generator).map(|(s, g)| s - g).collect()));
        }
        open.push((fixed + 1, sum.iter().zip(generator).map(|(s, g)| s + g).collect()));
    }
    Some(records)
}
