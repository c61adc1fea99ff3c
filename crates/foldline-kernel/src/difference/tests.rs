//! Differences have the values of both networks, and nothing that both share.

use super::*;
use proptest::prelude::*;

type Rows = Vec<RationalRow>;

/// Layers of small integers: (activation, rows of weights with the bias last).
type Plain = Vec<(Activation, Vec<Vec<i8>>)>;

fn network(inputs: usize, layers: &Plain) -> Network {
    let mut width = inputs;
    let mut built = Vec::new();
    for (activation, rows) in layers {
        let row = |numbers: &Vec<i8>| RationalRow {
            weights: (0..width).map(|j| (j, numbers[j].into())).collect(),
            bias: numbers[width].into(),
        };
        let rows: Rows = rows.iter().map(row).collect();
        built.push(Layer::new(width, &rows, *activation));
        width = rows.len();
    }
    Network::new(inputs, built).unwrap()
}

fn any_layers(inputs: usize, outputs: usize) -> impl Strategy<Value = Plain> {
    let activation = prop_oneof![4 => Just(Activation::Relu), 1 => Just(Activation::Linear)];
    let hidden = prop::collection::vec((activation, 1usize..=4), 0..=3);
    let last = prop_oneof![1 => Just(Activation::Relu), 3 => Just(Activation::Linear)];
    let number = prop_oneof![1 => Just(0i8), 2 => -2i8..=2];
    (hidden, last, prop::collection::vec(number, 100)).prop_map(move |(hidden, last, pool)| {
        let mut pool = pool.into_iter().cycle();
        let mut width = inputs;
        let sizes = hidden.into_iter().chain([(last, outputs)]);
        let layer = |(activation, size): (Activation, usize)| {
            let rows = (0..size).map(|_| pool.by_ref().take(width + 1).collect()).collect();
            width = size;
            (activation, rows)
        };
        sizes.map(layer).collect()
    })
}

fn points(inputs: usize) -> Vec<Vec<Rational>> {
    let value = |place: usize, j: usize| {
        let numerator = ((place * 7 + j * 5 + place * j) % 13) as i64 - 6;
        Rational::from_parts(numerator.into(), (1 + place % 3).into())
    };
    (0..12).map(|place| (0..inputs).map(|j| value(place, j)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn its_values_are_the_differences(
        (inputs, a, b) in (1usize..=3, 1usize..=2).prop_flat_map(|(inputs, outputs)| {
            (Just(inputs), any_layers(inputs, outputs), any_layers(inputs, outputs))
        }),
    ) {
        let (a, b) = (network(inputs, &a), network(inputs, &b));
        let outputs: Vec<usize> = (0..a.outputs()).collect();
        let joint = difference(&a, &b, &outputs).unwrap();
        let depth = joint.layers().len();
        prop_assert!(joint.layers()[depth - 1].activation == Activation::Linear);
        for point in points(inputs) {
            let (left, right) = (a.evaluate(&point).output, b.evaluate(&point).output);
            let expected: Vec<Rational> =
                left.iter().zip(&right).map(|(left, right)| left - right).collect();
            prop_assert_eq!(joint.evaluate(&point).output, expected);
        }
    }

    #[test]
    fn a_permuted_and_scaled_copy_leaves_nothing(
        (inputs, layers) in (1usize..=3).prop_flat_map(|n| (Just(n), any_layers(n, 2))),
        scales in prop::collection::vec((1i64..=3, 1u64..=3), 4),
    ) {
        let a = network(inputs, &layers);
        let mut copy: Vec<(Activation, Rows)> =
            a.layers().iter().map(|layer| (layer.activation, layer.rational_rows())).collect();
        for index in 0..copy.len() - 1 {
            // Reverse the neurons and scale each; what follows takes both back.
            let rows = &mut copy[index].1;
            rows.reverse();
            let width = rows.len();
            let scale = |neuron: usize| {
                let (numerator, denominator) = scales[(neuron + index) % scales.len()];
                Rational::from_parts(numerator.into(), denominator.into())
            };
            for (neuron, row) in rows.iter_mut().enumerate() {
                row.bias *= scale(neuron);
                row.weights.iter_mut().for_each(|(_, weight)| *weight *= scale(neuron));
            }
            for (column, weight) in copy[index + 1].1.iter_mut().flat_map(|row| &mut row.weights) {
                *column = width - 1 - *column;
                *weight /= scale(*column);
            }
            copy[index + 1].1.iter_mut().for_each(|row| row.weights.sort());
        }
        let mut width = inputs;
        let layers = copy.iter().map(|(activation, rows)| {
            let layer = Layer::new(width, rows, *activation);
            width = rows.len();
            layer
        });
        let b = Network::new(inputs, layers.collect()).unwrap();
        let joint = difference(&a, &b, &[0, 1]).unwrap();
        prop_assert_eq!((joint.neurons(), joint.layers().len()), (0, 1));
        let last = &joint.layers()[0];
        prop_assert_eq!(last.nonzeros(), 0);
        prop_assert!((0..2).all(|row| last.bias(row).is_zero()));
    }
}

#[test]
fn positive_multiples_are_one_neuron() {
    let relu = Activation::Relu;
    let a = network(1, &vec![(relu, vec![vec![1, 1], vec![-2, 0]]), (relu, vec![vec![6, -1, 0]])]);
    let b = network(1, &vec![(relu, vec![vec![-4, 0], vec![3, 3]]), (relu, vec![vec![-1, 4, 0]])]);
    // 6[x+1] − [−2x] against 12[x+1] − 2[−2x]: the second is twice the first.
    let joint = difference(&a, &b, &[0]).unwrap();
    assert_eq!(joint.neurons(), 3);
    assert_eq!(joint.layers()[1].rows.len(), 1);
    let one = [Rational::ONE];
    assert_eq!(joint.evaluate(&one).output, [-Rational::from(12)]);
}

#[test]
fn layers_that_pass_activations_on_leave_nothing() {
    let relu = Activation::Relu;
    let last = (Activation::Linear, vec![vec![1, -3, 2]]);
    let first = (relu, vec![vec![2, -1, 1], vec![-1, 1, 0]]);
    // Before the outputs: r_0, r_0 + r_1 + 1, r_1.
    let passing = (relu, vec![vec![1, 0, 0], vec![1, 1, 1], vec![0, 1, 0]]);
    let same = (Activation::Linear, vec![vec![1, 0, -3, 2]]);
    let (a, b) = (network(2, &vec![first.clone(), last]), network(2, &vec![first, passing, same]));
    let joint = difference(&a, &b, &[0]).unwrap();
    assert_eq!((joint.neurons(), joint.layers()[0].nonzeros()), (0, 0));
}

#[test]
fn inputs_that_go_around_a_layer_leave_nothing() {
    let (relu, number) = (Activation::Relu, |value: i64| Rational::from(value));
    let row = |weights: Vec<Rational>, bias: i64| RationalRow {
        weights: weights.into_iter().enumerate().collect(),
        bias: number(bias),
    };
    let layer = |inputs, rows: Rows, activation| Layer::new(inputs, &rows, activation);
    let last = layer(1, vec![row(vec![number(5)], 1)], Activation::Linear);
    // 3x − y + 2, directly, and with x = max(0, x) − max(0, −x), y = max(0, y) − max(0, −2y)/2.
    let direct = layer(2, vec![row(vec![number(3), number(-1)], 2)], relu);
    let sides = [[1, 0], [0, 1], [0, -2], [-1, 0]];
    let sides = sides.map(|side| row(side.map(number).to_vec(), 0)).to_vec();
    let half = Rational::from_parts(1.into(), 2u8.into());
    let joined = row(vec![number(3), number(-1), half, number(-3)], 2);
    let a = Network::new(2, vec![direct, last.clone()]).unwrap();
    let b = Network::new(2, vec![layer(2, sides, relu), layer(4, vec![joined], relu), last]);
    let joint = difference(&a, &b.unwrap(), &[0]).unwrap();
    assert_eq!((joint.neurons(), joint.layers()[0].nonzeros()), (0, 0));
}

#[test]
fn networks_of_other_shapes_have_no_difference() {
    let line = |inputs: usize, outputs: usize| {
        network(inputs, &vec![(Activation::Linear, vec![vec![1; inputs + 1]; outputs])])
    };
    assert!(difference(&line(1, 1), &line(2, 1), &[0]).is_err());
    assert!(difference(&line(1, 1), &line(1, 2), &[0]).is_err());
    assert!(difference(&line(1, 1), &line(1, 1), &[]).is_err());
}

#[test]
fn its_making_ends_when_it_is_told_to() {
    use crate::interrupt::{Stopped, after_calls, unless_stopped, with_hook};
    let rows = |width: usize| {
        (0..60).map(|i| (0..=width).map(|j| (i * 7 + j * 5) as i8 % 9 - 4).collect()).collect()
    };
    let mut layers: Plain = vec![(Activation::Relu, rows(1))];
    (0..3).for_each(|_| layers.push((Activation::Relu, rows(60))));
    let a = network(1, &layers);
    layers[0].1[0][0] += 1;
    let b = network(1, &layers);
    let (hook, _) = after_calls(2);
    let made = with_hook(Some(hook), || unless_stopped(|| difference(&a, &b, &[0])));
    assert_eq!(made.err(), Some(Stopped));
}

#[test]
fn equal_networks_are_not_looked_into() {
    use crate::interrupt::spent;
    let layers: Plain = vec![
        (Activation::Relu, vec![vec![1, 2], vec![-1, 1]]),
        (Activation::Linear, vec![vec![1, 1, 0]]),
    ];
    let a = network(1, &layers);
    let before = spent();
    let none = difference(&a, &a, &[0]).unwrap();
    assert_eq!((none.neurons(), none.layers()[0].nonzeros(), spent()), (0, 0, before));
}
