//! Networks and zonotope pairs say the same: the function, and whether it is positive somewhere.

use foldline::kernel::network::RationalRow;
use foldline::questions::containment::{Options, Verdict, contains};
use foldline::reductions::{PairError, network_to_zonotopes, zonotopes_to_network};
use foldline::{Activation, Layer, Network, Rational, Zonotope};

struct Random(u64);

impl Random {
    fn number(&mut self, spread: i64) -> Rational {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Rational::from((self.0 >> 33) as i64 % (2 * spread + 1) - spread)
    }

    fn vectors(&mut self, count: usize, dimension: usize) -> Vec<Vec<Rational>> {
        (0..count).map(|_| (0..dimension).map(|_| self.number(4)).collect()).collect()
    }
}

/// The directions normal to d − 1 of the vectors and the axes: where f is largest, if anywhere.
fn rays(vectors: &[Vec<Rational>], dimension: usize) -> Vec<Vec<Rational>> {
    let axes =
        (0..dimension).map(|i| (0..dimension).map(|j| Rational::from(u8::from(i == j))).collect());
    let all: Vec<Vec<Rational>> = vectors.iter().cloned().chain(axes).collect();
    let mut rays = Vec::new();
    for a in &all {
        if dimension == 2 {
            rays.push(vec![a[1].clone(), -a[0].clone()]);
            continue;
        }
        for b in &all {
            let minor = |i: usize, j: usize| &a[i] * &b[j] - &a[j] * &b[i];
            rays.push(vec![minor(1, 2), minor(2, 0), minor(0, 1)]);
        }
    }
    let negative = |ray: &Vec<Rational>| ray.iter().map(|value| -value.clone()).collect();
    let negatives: Vec<Vec<Rational>> = rays.iter().map(negative).collect();
    rays.into_iter().chain(negatives).collect()
}

fn is_positive(network: &Network, rays: &[Vec<Rational>]) -> bool {
    rays.iter().any(|ray| network.evaluate(ray).output[0] > Rational::ZERO)
}

#[test]
fn positive_and_contains_agree() {
    let mut random = Random(3);
    let (mut yes, mut no) = (0, 0);
    for case in 0..300 {
        let dimension = 2 + case % 2;
        let mut inner = random.vectors(1 + case % 4, dimension);
        let mut outer = random.vectors(2 + case % 5, dimension);
        if case % 3 == 0 {
            outer.extend(inner.iter().cloned()); // contained, touching
        }
        if case % 5 == 0 {
            inner.push(vec![Rational::ZERO; dimension]);
        }
        let zonotope = |vectors: &[Vec<Rational>]| Zonotope {
            center: vec![Rational::ZERO; dimension],
            generators: vectors.to_vec(),
        };
        let (plus, minus) = (zonotope(&inner), zonotope(&outer));
        let network = zonotopes_to_network(&plus, &minus).unwrap();
        let rays = rays(&[inner, outer].concat(), dimension);
        for ray in rays.iter().take(12) {
            let difference = plus.support(ray) - minus.support(ray);
            assert_eq!(network.evaluate(ray).output, [difference]);
        }
        let is_positive = is_positive(&network, &rays);
        let verdict = contains(&minus, &plus, &Options::default()).verdict;
        assert_eq!(is_positive, verdict != Verdict::Contained, "{plus:?} {minus:?}");
        // Back from the network: another pair, with the same difference and the same answer.
        let (again_plus, again_minus) = network_to_zonotopes(&network, None).unwrap();
        for ray in rays.iter().take(12) {
            let difference = again_plus.support(ray) - again_minus.support(ray);
            assert_eq!(network.evaluate(ray).output, [difference]);
        }
        let verdict = contains(&again_minus, &again_plus, &Options::default()).verdict;
        assert_eq!(is_positive, verdict != Verdict::Contained);
        if is_positive { yes += 1 } else { no += 1 }
    }
    assert!(yes > 50 && no > 50, "{yes} {no}");
}

#[test]
fn other_networks_are_refused() {
    let layer = |rows: &[(&[i32], i32)], activation| {
        let row = |(weights, bias): &(&[i32], i32)| RationalRow {
            weights: weights.iter().map(|&w| Rational::from(w)).enumerate().collect(),
            bias: Rational::from(*bias),
        };
        let rows: Vec<RationalRow> = rows.iter().map(row).collect();
        Layer::new(rows[0].weights.len(), &rows, activation)
    };
    let network = |layers: Vec<Layer>| Network::new(layers[0].inputs, layers).unwrap();
    let relu = |bias| layer(&[(&[1, 2], 0), (&[0, 1], bias)], Activation::Relu);
    let linear = || layer(&[(&[1, -1], 0), (&[2, 0], 0)], Activation::Linear);
    let refuse = |layers, output| network_to_zonotopes(&network(layers), output).unwrap_err();
    assert!(matches!(refuse(vec![relu(0)], None), PairError::Layers(_)));
    assert!(matches!(refuse(vec![linear(), linear()], Some(0)), PairError::Layers(_)));
    assert!(matches!(refuse(vec![relu(3), linear()], Some(0)), PairError::Bias { node: 1, .. }));
    assert_eq!(refuse(vec![relu(0), linear()], None), PairError::Output { outputs: 2 });
    assert_eq!(refuse(vec![relu(0), linear()], Some(2)), PairError::Output { outputs: 2 });
    let (plus, minus) = network_to_zonotopes(&network(vec![relu(0), linear()]), Some(1)).unwrap();
    assert_eq!((plus.generators.len(), minus.generators.len()), (1, 0));
}
