//! p = 0: sums of functions of one input, whose constants breakpoints give, and known networks.

use foldline::kernel::network::RationalRow;
use foldline::lipschitz::{Answer, Exponent, Refused, lipschitz};
use foldline::{
    Activation, Layer, LinearConstraint, Network, Options, Polyhedron, Rational, Region,
};

use crate::random::Random;

fn row(weights: &[(usize, Rational)], bias: Rational) -> RationalRow {
    RationalRow { weights: weights.to_vec(), bias }
}

fn number(value: i64) -> Rational {
    Rational::from(value)
}

fn network(hidden: &[(&[i64], i64)], output: &[i64]) -> Network {
    let dense =
        |weights: &[i64]| weights.iter().map(|&w| number(w)).enumerate().collect::<Vec<_>>();
    let inputs = hidden[0].0.len();
    let rows: Vec<RationalRow> =
        hidden.iter().map(|(weights, bias)| row(&dense(weights), number(*bias))).collect();
    let last = [row(&dense(output), number(0))];
    let layers = vec![
        Layer::new(inputs, &rows, Activation::Relu),
        Layer::new(hidden.len(), &last, Activation::Linear),
    ];
    Network::new(inputs, layers).unwrap()
}

fn boxed(sides: &[(i64, i64)]) -> Region {
    let side = |(j, &(low, high)): (usize, &(i64, i64))| {
        let end = |sign: i64, bound: i64| {
            LinearConstraint::new(vec![(j, number(sign))], number(sign * bound), false)
        };
        [end(-1, low), end(1, high)]
    };
    let constraints = sides.iter().enumerate().flat_map(side).collect();
    let dimension = sides.len();
    Region { dimension, pieces: vec![Polyhedron { dimension, constraints }] }
}

fn jump(network: &Network, region: Option<&Region>) -> Result<Answer, Refused> {
    let zero = Exponent::Finite(Rational::ZERO);
    lipschitz(network, &[0], &zero, region, &Options::default()).map(|outcome| outcome.answer)
}

/// Whether two points give the value and differ in at most one input.
fn shows(network: &Network, value: &Rational, [x, y]: &[Vec<Rational>; 2]) -> bool {
    let change = &network.evaluate(y).output[0] - &network.evaluate(x).output[0];
    change == *value && x.iter().zip(y).filter(|(a, b)| a != b).count() <= 1
}

#[test]
fn sums_of_functions_of_one_input() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let inputs = 1 + random.below(3) as usize;
        let mut integer = || random.below(7) as i64 - 3;
        // Two neurons an input: c [a x + b]₊ + c′ [a′ x + b′]₊.
        let units: Vec<[i64; 3]> =
            (0..2 * inputs).map(|_| [integer(), integer(), integer()]).collect();
        let mut rows = Vec::new();
        for (place, [a, b, _]) in units.iter().enumerate() {
            let mut weights = vec![0; inputs];
            weights[place / 2] = *a;
            rows.push((weights, *b));
        }
        let rows: Vec<(&[i64], i64)> = rows.iter().map(|(w, b)| (&w[..], *b)).collect();
        let output: Vec<i64> = units.iter().map(|unit| unit[2]).collect();
        let network = network(&rows, &output);
        let largest =
            (0..inputs).map(|j| oscillation(&units[2 * j..2 * j + 2], -2, 3)).max().unwrap();
        match jump(&network, Some(&boxed(&vec![(-2, 3); inputs]))) {
            Ok(Answer::Jump { value, points }) => {
                assert_eq!(value, largest, "seed {seed}");
                assert!(shows(&network, &value, &points), "seed {seed}: {points:?}");
            }
            other => panic!("seed {seed}: {other:?}"),
        }
    }
}

/// max − min of Σ c [a x + b]₊ over an interval: at its ends or breakpoints.
fn oscillation(units: &[[i64; 3]], low: i64, high: i64) -> Rational {
    let (low, high) = (number(low), number(high));
    let breaks =
        units.iter().filter(|unit| unit[0] != 0).map(|unit| number(-unit[1]) / number(unit[0]));
    let inside = breaks.filter(|x| low < *x && *x < high);
    let value = |x: &Rational| {
        units.iter().fold(Rational::ZERO, |sum, &[a, b, c]| {
            let z = number(a) * x + number(b);
            if z > Rational::ZERO { sum + number(c) * z } else { sum }
        })
    };
    let values: Vec<Rational> =
        inside.chain([low.clone(), high.clone()]).map(|x| value(&x)).collect();
    values.iter().max().unwrap() - values.iter().min().unwrap()
}

#[test]
fn everywhere_only_bounded_functions_have_a_constant() {
    // |x + y| − |x − y| is bounded on every line parallel to an axis, but not on the plane.
    let saddle =
        network(&[(&[1, 1], 0), (&[-1, -1], 0), (&[1, -1], 0), (&[-1, 1], 0)], &[1, 1, -1, -1]);
    assert_eq!(jump(&saddle, None), Ok(Answer::Infinite));
    // [x + y]₊ − [x + y − 2]₊ goes from 0 to 2.
    let ramp = network(&[(&[1, 1], 0), (&[1, 1], -2)], &[1, -1]);
    match jump(&ramp, None) {
        Ok(Answer::Jump { value, points }) => {
            assert_eq!(value, number(2));
            assert!(shows(&ramp, &value, &points));
        }
        other => panic!("{other:?}"),
    }
    let half = Region {
        dimension: 2,
        pieces: vec![Polyhedron {
            dimension: 2,
            constraints: vec![LinearConstraint::new(
                vec![(0, number(1)), (1, number(1))],
                number(1),
                false,
            )],
        }],
    };
    assert_eq!(jump(&ramp, Some(&half)), Err(Refused::NotABox));
}
