//! Derivatives that vanish beside the values: rounding blurs their bounds in floats, and exact ones close parts.

use foldline::kernel::network::RationalRow;
use foldline::kernel::number::power_of_two;
use foldline::lipschitz::{Answer, Constant, Exponent, lipschitz};
use foldline::{
    Activation, Layer, LinearConstraint, Network, Options, Polyhedron, Rational, Region,
};

use crate::random::Random;

const INPUTS: usize = 2;
const WIDTH: usize = 12;

/// 2^shift·Σ ±max(0, z_k) + 100, once more through a ReLU that changes nothing.
fn network(seed: u64, shift: i64) -> Network {
    let mut random = Random(seed);
    let mut number = |most: u64| Rational::from(random.below(2 * most + 1) as i64 - most as i64);
    let hidden: Vec<RationalRow> = (0..WIDTH)
        .map(|_| RationalRow {
            weights: (0..INPUTS).map(|j| (j, number(8) * power_of_two(shift))).collect(),
            bias: number(4) * power_of_two(shift),
        })
        .collect();
    let weights = (0..WIDTH).map(|k| (k, Rational::from(if k % 3 == 0 { -1 } else { 1 })));
    let sum = RationalRow { weights: weights.collect(), bias: Rational::from(100) };
    let same = RationalRow { weights: vec![(0, Rational::ONE)], bias: Rational::ZERO };
    let layers = vec![
        Layer::new(INPUTS, &hidden, Activation::Relu),
        Layer::new(WIDTH, &[sum], Activation::Relu),
        Layer::new(1, &[same], Activation::Linear),
    ];
    Network::new(INPUTS, layers).unwrap()
}

fn unit_box() -> Region {
    let side = |j: usize| {
        [1, -1].map(|sign| {
            LinearConstraint::new(vec![(j, Rational::from(sign))], Rational::ONE, false)
        })
    };
    let constraints = (0..INPUTS).flat_map(side).collect();
    Region { dimension: INPUTS, pieces: vec![Polyhedron { dimension: INPUTS, constraints }] }
}

/// The constant, and how many nodes its search visited.
fn asked(network: &Network, p: &Exponent) -> (Constant, u64) {
    let options = Options { threads: 1, ..Options::default() };
    let outcome = lipschitz(network, &[0], p, Some(&unit_box()), &options).unwrap();
    let Answer::Lipschitz(constant, _) = outcome.answer else { panic!("a constant") };
    (constant, outcome.statistics.nodes)
}

#[test]
fn a_search_in_blurred_floats_prunes_as_a_sharp_one() {
    let shift = -100;
    for p in [Exponent::Finite(Rational::ONE), Exponent::Infinite] {
        let (mut sharp, mut blurred) = (0, 0);
        for seed in 0..6 {
            let (large, nodes) = asked(&network(seed, 0), &p);
            sharp += nodes;
            let (small, nodes) = asked(&network(seed, shift), &p);
            blurred += nodes;
            let (Constant::Exact(large), Constant::Exact(small)) = (large, small) else {
                panic!("exact constants");
            };
            assert_eq!(large * power_of_two(shift), small, "seed {seed}");
        }
        assert!(blurred <= 2 * sharp, "{blurred} nodes, {sharp} where floats are sharp");
    }
}
