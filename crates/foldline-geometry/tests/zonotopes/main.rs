//! The geometry of zonotopes against brute force on small random instances, half of them degenerate.

mod brute_force;
mod random;

use std::collections::BTreeSet;

use brute_force::{determinant_sum, facet_set, gauge_by_lp, vertex_set};
use foldline_geometry::zonotopes::segments::scaled;
use foldline_geometry::zonotopes::{
    GaugeProgram, Segments, Span, count_facets, count_vertices, facets, vertices, volume,
};
use foldline_kernel::{Integer, Natural, Rational, Zonotope};
use random::Random;

const NEVER: fn() -> bool = || false;

/// Few in a development build, the full count with `--release --include-ignored`.
fn agree(seed: u64, count: usize) {
    let mut random = Random(seed);
    for case in 0..count {
        let zonotope = random.zonotope(case % 2 == 1);
        vertices_agree(&zonotope);
        facets_agree(&zonotope);
        assert_eq!(volume(&zonotope, &NEVER), Some(determinant_sum(&zonotope)), "{zonotope:?}");
        gauges_agree(&zonotope, &mut random);
    }
}

fn vertices_agree(zonotope: &Zonotope) {
    let found = vertices(zonotope, &NEVER).unwrap();
    let distinct: BTreeSet<Vec<Rational>> = found.iter().cloned().collect();
    assert_eq!(distinct.len(), found.len(), "a vertex twice: {zonotope:?}");
    assert_eq!(distinct, vertex_set(zonotope), "{zonotope:?}");
    assert_eq!(count_vertices(zonotope, &NEVER), Some(found.len() as u64));
}

fn facets_agree(zonotope: &Zonotope) {
    let found = facets(zonotope, &NEVER).unwrap();
    assert_eq!(count_facets(zonotope, &NEVER), Some(found.facets.len() as u64));
    for equation in &found.equations {
        let normal: Vec<Rational> = equation.normal.iter().cloned().map(Rational::from).collect();
        let opposite: Vec<Rational> = normal.iter().map(|value| -value).collect();
        assert_eq!(zonotope.support(&normal), equation.offset);
        assert_eq!(zonotope.support(&opposite), -equation.offset.clone());
    }
    let Span { coordinates, equations } = brute_force::span(zonotope);
    assert_eq!(found.equations.len(), equations.len());
    let restricted: Vec<(Vec<Integer>, Rational)> = found
        .facets
        .iter()
        .map(|facet| {
            let outside = (0..facet.normal.len()).filter(|index| !coordinates.contains(index));
            assert!(outside.into_iter().all(|index| facet.normal[index].is_zero()));
            let normal: Vec<Rational> = facet.normal.iter().cloned().map(Rational::from).collect();
            assert_eq!(zonotope.support(&normal), facet.offset, "{zonotope:?}");
            let normal = coordinates.iter().map(|&index| facet.normal[index].clone()).collect();
            (normal, facet.offset.clone())
        })
        .collect();
    let distinct: BTreeSet<(Vec<Integer>, Rational)> = restricted.iter().cloned().collect();
    assert_eq!(distinct.len(), restricted.len(), "a facet twice: {zonotope:?}");
    assert_eq!(distinct, facet_set(zonotope, &coordinates), "{zonotope:?}");
}

fn gauges_agree(zonotope: &Zonotope, random: &mut Random) {
    let segments = Segments::new(zonotope);
    let span = Span::new(segments.dimension, &segments.directions);
    let (lengths, _) = segments.integer_lengths();
    let vectors: Vec<Vec<Integer>> = segments
        .directions
        .iter()
        .zip(&lengths)
        .map(|(direction, length)| {
            span.coordinates.iter().map(|&index| &direction[index] * length).collect()
        })
        .collect();
    let program = GaugeProgram::new(span.rank(), &vectors).expect("they span");
    let point: Vec<Integer> = match random.below(3) {
        0 => vec![Integer::ZERO; span.rank()],
        1 => (0..span.rank()).map(|_| random.entry(4)).collect(),
        // A sum of generators: often on the boundary.
        _ => vectors.iter().fold(vec![Integer::ZERO; span.rank()], |mut sum, vector| {
            let sign = Integer::from(random.below(3) as i32 - 1);
            sum.iter_mut().zip(vector).for_each(|(sum, entry)| *sum += &sign * entry);
            sum
        }),
    };
    let gauge = program.gauge(&point);
    assert_eq!(Some(gauge.value.clone()), gauge_by_lp(&vectors, &point), "{zonotope:?} {point:?}");
    let mut sum = vec![Rational::ZERO; span.rank()];
    for (coefficient, vector) in gauge.coefficients.iter().zip(&vectors) {
        assert!(*coefficient <= gauge.value && -coefficient.clone() <= gauge.value);
        for (sum, entry) in sum.iter_mut().zip(vector) {
            *sum += coefficient * Rational::from(entry.clone());
        }
    }
    assert_eq!(scaled(&sum, &Natural::ONE), point);
    let support = |vector: &Vec<Integer>| {
        let product = |sum, (a, b): (&Integer, &Integer)| sum + a * b;
        vector.iter().zip(&gauge.normal).fold(Integer::ZERO, product)
    };
    let width: Natural = vectors.iter().map(|vector| support(vector).into_parts().1).sum();
    assert_eq!(Rational::from(support(&point)), &gauge.value * Rational::from(width));
    assert_eq!(gauge.value.is_zero(), gauge.normal.iter().all(Integer::is_zero));
}

#[test]
fn small_zonotopes_agree_with_brute_force() {
    agree(1, 60);
}

#[test]
#[ignore = "takes a minute; run in release"]
fn two_thousand_zonotopes_agree_with_brute_force() {
    agree(2, 2000);
}

#[test]
fn numbers_of_every_width_give_the_same_facets() {
    let mut random = Random(3);
    for _ in 0..6 {
        let zonotope = random.zonotope_of(4, 7, 9);
        let expected = facets(&zonotope, &NEVER).unwrap();
        let (count, size) = (count_vertices(&zonotope, &NEVER), volume(&zonotope, &NEVER).unwrap());
        // A linear map with determinant 2^(4·shift) and large entries keeps the combinatorics.
        for shift in [9, 25, 45, 90] {
            let factor = Rational::from(Integer::ONE << shift);
            let map = |vector: &Vec<Rational>| -> Vec<Rational> {
                let mut image: Vec<Rational> = vector.iter().map(|value| value * &factor).collect();
                image[1] += &vector[0] * Rational::from(3);
                image[3] += &vector[0] + &vector[1] - &vector[2];
                image
            };
            let large = Zonotope {
                center: map(&zonotope.center),
                generators: zonotope.generators.iter().map(map).collect(),
            };
            let found = facets(&large, &NEVER).unwrap();
            assert_eq!(found.facets.len(), expected.facets.len());
            assert_eq!(count_vertices(&large, &NEVER), count);
            let determinant = Rational::from(Integer::ONE << (4 * shift));
            assert_eq!(volume(&large, &NEVER), Some(&size * determinant));
            for facet in &found.facets {
                let normal: Vec<Rational> =
                    facet.normal.iter().cloned().map(Rational::from).collect();
                assert_eq!(large.support(&normal), facet.offset);
            }
        }
    }
}

#[test]
fn points_segments_and_stops() {
    let point = Zonotope { center: vec![3.into(), 4.into()], generators: vec![vec![0.into(); 2]] };
    assert_eq!(vertices(&point, &NEVER), Some(vec![point.center.clone()]));
    let found = facets(&point, &NEVER).unwrap();
    assert_eq!((found.equations.len(), found.facets.len()), (2, 0));
    let mut random = Random(5);
    let zonotope = random.zonotope_of(3, 8, 9);
    assert_eq!(vertices(&zonotope, &|| true), None);
    assert_eq!(facets(&zonotope, &|| true), None);
    assert_eq!(volume(&zonotope, &|| true), None);
}
