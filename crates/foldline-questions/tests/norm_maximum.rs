//! The largest norm on small random zonotopes, half of them degenerate, against all sign vectors.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use foldline_kernel::number::{Abs, parse_rational};
use foldline_kernel::{Rational, Zonotope};
use foldline_questions::norm_maximum::{
    Limit, Maximum, Norm, NormError, Options, Value, Verdict, maximize_norm,
};

/// A small generator of random numbers; the same sequence every time.
struct Random(u64);

impl Random {
    fn next(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }

    fn number(&mut self, spread: i64) -> Rational {
        let numerator = self.next(2 * spread as u64 + 1) as i64 - spread;
        Rational::from(numerator) / Rational::from([1, 1, 2, 3][self.next(4) as usize])
    }

    fn vector(&mut self, dimension: usize, spread: i64) -> Vec<Rational> {
        (0..dimension).map(|_| self.number(spread)).collect()
    }
}

fn scaled(vector: &[Rational], factor: &Rational) -> Vec<Rational> {
    vector.iter().map(|value| value * factor).collect()
}

/// A random zonotope; a degenerate one has zero, parallel, repeated, flat or tiny generators, or is
/// symmetric so that many vertices have the same norm.
fn random_zonotope(random: &mut Random, most: u64, is_degenerate: bool) -> Zonotope {
    let dimension = 1 + random.next(5) as usize;
    let count = random.next(most + 1) as usize;
    let mut generators: Vec<Vec<Rational>> =
        (0..count).map(|_| random.vector(dimension, 6)).collect();
    let mut center = random.vector(dimension, 4);
    if random.next(2) == 0 {
        center = vec![Rational::ZERO; dimension];
    }
    if is_degenerate && count > 1 {
        for _ in 0..1 + random.next(3) {
            let (from, to) =
                (random.next(count as u64) as usize, random.next(count as u64) as usize);
            generators[to] = match random.next(6) {
                0 => vec![Rational::ZERO; dimension],
                1 => scaled(&generators[from], &random.number(3)),
                2 => generators[from].clone(),
                3 => scaled(&generators[from], &Rational::from(-1)),
                4 => {
                    let tiny = parse_rational("1e-25").unwrap();
                    scaled(&generators[to], &tiny)
                }
                _ => {
                    center = scaled(&generators[from], &random.number(2));
                    generators[to].clone()
                }
            };
        }
        match random.next(4) {
            0 => generators
                .iter_mut()
                .for_each(|generator| generator[dimension - 1] = Rational::ZERO),
            1 => {
                // Signed unit vectors and their sums: many ties.
                for (index, generator) in generators.iter_mut().enumerate() {
                    let units =
                        (0..dimension).map(|j| ((index + j) % dimension < 1 + index % 2).into());
                    *generator = units.map(|one: u8| Rational::from(one)).collect();
                }
            }
            2 => {
                let huge = parse_rational("1e40").unwrap();
                generators.iter_mut().for_each(|generator| *generator = scaled(generator, &huge));
            }
            _ => {}
        }
    }
    Zonotope { center, generators }
}

fn points(zonotope: &Zonotope) -> Vec<Vec<Rational>> {
    let mut points = vec![zonotope.center.clone()];
    for generator in &zonotope.generators {
        let both = |point: &Vec<Rational>| {
            let plus = point.iter().zip(generator).map(|(a, b)| a + b).collect();
            let minus = point.iter().zip(generator).map(|(a, b)| a - b).collect();
            [plus, minus]
        };
        points = points.iter().flat_map(both).collect();
    }
    points
}

fn power_sum(point: &[Rational], p: u32) -> Rational {
    point.iter().fold(Rational::ZERO, |sum, value| {
        sum + (0..p).fold(Rational::ONE, |power, _| power * value.clone().abs())
    })
}

fn found(zonotope: &Zonotope, norm: &Norm, options: &Options) -> Maximum {
    match maximize_norm(zonotope, norm, options).unwrap().verdict {
        Verdict::Found(maximum) => maximum,
        other => panic!("{other:?}"),
    }
}

/// The vertex is the signed sum, and a vertex: no other sign vector gives the middle of an edge on it.
fn check_point(zonotope: &Zonotope, maximum: &Maximum) {
    assert_eq!(maximum.signs.len(), zonotope.generators.len());
    let mut sum = zonotope.center.clone();
    for (generator, &sign) in zonotope.generators.iter().zip(&maximum.signs) {
        assert!(sign == 1 || sign == -1);
        sum.iter_mut().zip(generator).for_each(|(sum, v)| *sum += v * Rational::from(sign));
    }
    assert_eq!(sum, maximum.vertex);
}

fn check(zonotope: &Zonotope, norms: &[Norm], options: &Options) {
    let points = points(zonotope);
    let largest =
        |value: &dyn Fn(&Vec<Rational>) -> Rational| points.iter().map(value).max().unwrap();
    for norm in norms {
        let maximum = found(zonotope, norm, options);
        check_point(zonotope, &maximum);
        let vertex = &maximum.vertex;
        let (expected, at_vertex) = match norm {
            Norm::Infinity => {
                let value = |z: &Vec<Rational>| z.iter().map(|v| v.clone().abs()).max().unwrap();
                (largest(&value), value(vertex))
            }
            Norm::Polytope(rows) => {
                let product = |row: &Vec<Rational>, z: &Vec<Rational>| {
                    row.iter().zip(z).fold(Rational::ZERO, |sum, (a, b)| sum + a * b).abs()
                };
                let value =
                    |z: &Vec<Rational>| rows.iter().map(|row| product(row, z)).max().unwrap();
                (largest(&value), value(vertex))
            }
            Norm::Power(p) if *p.denominator() == 1u8.into() => {
                let p = p.numerator().to_string().parse().unwrap();
                (largest(&|z| power_sum(z, p)), power_sum(vertex, p))
            }
            Norm::Power(_) => continue,
        };
        match (&maximum.value, norm) {
            (Value::Exact(value) | Value::Squared(value), _) => {
                assert_eq!((value, &at_vertex), (&expected, &expected), "{norm:?} {zonotope:?}");
            }
            (Value::Between { lower, upper }, Norm::Power(p)) => {
                let p = p.numerator().to_string().parse().unwrap();
                let power = |value: &Rational| power_sum(std::slice::from_ref(value), p);
                assert!(
                    power(lower) <= expected && expected <= power(upper),
                    "{norm:?} {zonotope:?}"
                );
                assert!(power(lower) <= at_vertex, "{norm:?} {zonotope:?}");
                let gap = (upper - lower) * Rational::from(1_000_000_000);
                assert!(gap <= *lower, "{norm:?} {lower} {upper} {zonotope:?}");
            }
            (value, _) => panic!("{value:?}"),
        }
    }
}

fn norms(random: &mut Random, dimension: usize) -> Vec<Norm> {
    let rows = (0..1 + random.next(4)).map(|_| random.vector(dimension, 3)).collect();
    vec![
        Norm::Power(Rational::ONE),
        Norm::Power(Rational::from(2)),
        Norm::Power(Rational::from(3)),
        Norm::Infinity,
        Norm::Polytope(rows),
    ]
}

fn agree(seed: u64, cases: usize, most: u64) {
    let mut random = Random(seed);
    let options = Options { threads: 1, ..Options::default() };
    for case in 0..cases {
        let zonotope = random_zonotope(&mut random, most, case % 2 == 0);
        let norms = norms(&mut random, zonotope.dimension());
        check(&zonotope, &norms, &options);
        // The same by cones of directions, down to single cells.
        let few_signs = case % 4;
        let by_cones = Options { few_generators: 0, few_signs, ..options.clone() };
        check(&zonotope, &norms[1..3], &by_cones);
    }
}

#[test]
fn all_sign_vectors_agree() {
    agree(1, 200, 7);
}

/// 2,000 zonotopes, half of them degenerate.
#[test]
fn all_sign_vectors_agree_on_many() {
    agree(2, 2000, 10);
}

#[test]
fn more_threads_say_the_same() {
    let mut random = Random(5);
    let zonotope = Zonotope {
        center: random.vector(3, 5),
        generators: (0..60).map(|_| random.vector(3, 50)).collect(),
    };
    let two = Norm::Power(Rational::from(2));
    let values: Vec<Value> = [1, 2, 5]
        .map(|threads| found(&zonotope, &two, &Options { threads, ..Options::default() }).value)
        .to_vec();
    assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{values:?}");
}

#[test]
fn fractional_powers_lie_between_their_neighbours() {
    let mut random = Random(7);
    for _ in 0..20 {
        let zonotope = random_zonotope(&mut random, 6, false);
        let bounds = |p: &str| {
            let norm = Norm::Power(parse_rational(p).unwrap());
            match found(&zonotope, &norm, &Options::default()).value {
                Value::Between { lower, upper } => (lower, upper),
                other => panic!("{other:?}"),
            }
        };
        let (below, middle, above) = (bounds("5/2"), bounds("101/40"), bounds("51/20"));
        assert!(above.0 <= middle.1 && middle.0 <= below.1);
        // p = 4 = 8/2: the same through another denominator is the same number.
        assert!(bounds("1e9").1 >= bounds("1e15").0);
    }
}

#[test]
fn norms_without_meaning_are_refused() {
    let zonotope = Zonotope { center: vec![Rational::ONE; 2], generators: vec![] };
    let refuse = |norm| maximize_norm(&zonotope, &norm, &Options::default()).unwrap_err();
    let half = parse_rational("0.5").unwrap();
    assert_eq!(refuse(Norm::Power(half.clone())), NormError::BelowOne(half));
    assert_eq!(refuse(Norm::Polytope(vec![])), NormError::NoRows);
    let error = refuse(Norm::Polytope(vec![vec![Rational::ONE; 2], vec![Rational::ONE]]));
    assert_eq!(error, NormError::Dimension { row: 1, found: 1, expected: 2 });
    let fine = parse_rational("1.0000001").unwrap();
    assert!(matches!(refuse(Norm::Power(fine)), NormError::Denominator(_)));
    let point = found(&zonotope, &Norm::Power(Rational::from(2)), &Options::default());
    assert_eq!(point.value, Value::Squared(Rational::from(2)));
}

/// Why [Z, Thm 2.1] needs p ≥ 1: for p = 1/2 a point inside an edge beats both ends of it.
#[test]
fn below_one_the_maximum_is_not_at_a_vertex() {
    // Generators (10, 12) and (2, −2): vertices ±(12, 10), ±(8, 14), and (11, 11) between two of them.
    let root_sum = |x: f64, y: f64| x.sqrt() + y.sqrt();
    assert!(root_sum(11.0, 11.0) > root_sum(12.0, 10.0).max(root_sum(8.0, 14.0)) + 1e-3);
}

#[test]
fn limits_leave_bounds() {
    let mut random = Random(11);
    let zonotope = Zonotope {
        center: random.vector(7, 5),
        generators: (0..80).map(|_| random.vector(7, 50)).collect(),
    };
    let stop = Arc::new(AtomicBool::new(true));
    for (options, expected) in [
        (Options { timeout: Some(Duration::from_millis(30)), ..Options::default() }, Limit::Time),
        (Options { stop: Some(stop), ..Options::default() }, Limit::Stopped),
    ] {
        let two = Norm::Power(Rational::from(2));
        match maximize_norm(&zonotope, &two, &options).unwrap().verdict {
            Verdict::Undecided { best, lower, upper, limit } => {
                assert_eq!(limit, expected);
                let Value::Squared(square) = best.value else { panic!("a square") };
                assert!(&lower * &lower <= square);
                assert!(upper.is_none_or(|upper| &upper * &upper >= square));
            }
            Verdict::Found(_) => assert_eq!(expected, Limit::Time, "it was asked to stop"),
        }
    }
}
