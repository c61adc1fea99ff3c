//! Equivalence of two networks against the walk over all pairs of cells.

use std::fmt;

use foldline::formats::network::network_to_json;
use foldline::kernel::network::RationalRow;
use foldline::questions::equivalence::{Largest, Question, Verdict, equivalent};
use foldline::{Activation, Layer, Network, Rational, Region};
use proptest::prelude::*;

use crate::enumerate::{Extreme, farthest, value};
use crate::generate::{RandomNetwork, any_network, any_region, union};
use crate::questions::within_patience;
use crate::settings;

/// How the second network comes from the first.
#[derive(Debug, Clone)]
enum Change {
    /// Not at all.
    Nothing,
    /// A weight or bias of some layer is moved by so many eighths.
    Moved(usize, usize, i8),
    /// A layer that changes nothing is put in.
    Deeper(usize),
    /// A neuron is split into two that share its outgoing weights.
    Split(usize),
    /// It is another network.
    Other(RandomNetwork),
}

#[derive(Clone)]
struct Pair {
    networks: [Network; 2],
    region: Region,
    within: Rational,
    outputs: Vec<usize>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = &self.networks;
        writeln!(f, "\n{}\n{}", network_to_json(a), network_to_json(b))?;
        write!(f, "{:?} within {}, outputs {:?}", self.region, self.within, self.outputs)
    }
}

type Rows = Vec<RationalRow>;

fn parts(network: &Network) -> Vec<(Activation, Rows)> {
    network.layers().iter().map(|layer| (layer.activation, layer.rational_rows())).collect()
}

fn rebuilt(inputs: usize, parts: Vec<(Activation, Rows)>) -> Network {
    let mut width = inputs;
    let layer = |(activation, rows): (Activation, Rows)| {
        let layer = Layer::new(width, &rows, activation);
        width = layer.rows.len();
        layer
    };
    let layers = parts.into_iter().map(layer).collect();
    Network::new(inputs, layers).expect("layers that fit")
}

/// Reverses the neurons of every hidden layer and scales them; the next layer takes it back.
fn permuted(network: &Network, scales: &[(i64, u64)]) -> Network {
    let mut parts = parts(network);
    for index in 0..parts.len() - 1 {
        let scale = |neuron: usize| {
            let (numerator, denominator) = scales[(neuron + index) % scales.len()];
            Rational::from_parts(numerator.into(), denominator.into())
        };
        let rows = &mut parts[index].1;
        let last = rows.len() - 1;
        rows.reverse();
        for (neuron, row) in rows.iter_mut().enumerate() {
            row.bias *= scale(neuron);
            row.weights.iter_mut().for_each(|(_, weight)| *weight *= scale(neuron));
        }
        for row in &mut parts[index + 1].1 {
            row.weights.iter_mut().for_each(|(column, weight)| {
                *column = last - *column;
                *weight /= scale(*column);
            });
            row.weights.sort();
        }
    }
    rebuilt(network.inputs(), parts)
}

fn changed(network: &Network, change: &Change) -> Network {
    let mut parts = parts(network);
    let inputs = network.inputs();
    let one = || Rational::ONE;
    match change {
        Change::Nothing => {}
        Change::Moved(layer, place, eighths) => {
            let count = parts.len();
            let rows = &mut parts[layer % count].1;
            let count = rows.len();
            let row = &mut rows[place % count];
            let step = Rational::from(*eighths) / Rational::from(8);
            match row.weights.is_empty() {
                true => row.bias += step,
                false => {
                    let count = row.weights.len();
                    row.weights[place % count].1 += step;
                }
            }
        }
        Change::Deeper(place) => {
            // v = max(0, v) − max(0, −v), between two layers or before the first.
            let place = place % parts.len();
            let width = if place == 0 { inputs } else { parts[place - 1].1.len() };
            let sides = (0..width).flat_map(|j| [(j, one()), (j, -one())]);
            let sides = sides.map(|side| RationalRow { weights: vec![side], bias: Rational::ZERO });
            for row in &mut parts[place].1 {
                let both = row.weights.iter();
                let both = both.flat_map(|(j, w)| [(2 * j, w.clone()), (2 * j + 1, -w.clone())]);
                row.weights = both.collect();
            }
            parts.insert(place, (Activation::Relu, sides.collect()));
        }
        Change::Split(layer) if parts.len() > 1 => {
            let layer = layer % (parts.len() - 1);
            let copy = parts[layer].1[0].clone();
            let new = parts[layer].1.len();
            parts[layer].1.push(copy);
            for row in &mut parts[layer + 1].1 {
                if let Some(first) = row.weights.iter_mut().find(|(column, _)| *column == 0) {
                    first.1 /= Rational::from(3);
                    let rest = &first.1 * Rational::from(2);
                    row.weights.push((new, rest));
                }
            }
        }
        Change::Split(_) => {}
        Change::Other(other) => return with_shape(network, &other.build()),
    }
    rebuilt(inputs, parts)
}

/// `other` with the inputs and outputs of `network`: what it lacks is 0.
fn with_shape(network: &Network, other: &Network) -> Network {
    let mut parts = parts(other);
    for row in &mut parts[0].1 {
        row.weights.retain(|(column, _)| *column < network.inputs());
    }
    let zero = || RationalRow { weights: Vec::new(), bias: Rational::ZERO };
    parts.last_mut().expect("a layer").1.resize_with(network.outputs(), zero);
    rebuilt(network.inputs(), parts)
}

fn any_pair() -> impl Strategy<Value = Pair> {
    let small = || prop_oneof![any_network(3, 1, 4), any_network(2, 2, 2), any_network(2, 3, 2)];
    let moved = (0usize..4, 0usize..6, prop::sample::select(vec![-8i8, -1, 1, 8]));
    let change = prop_oneof![
        2 => Just(Change::Nothing),
        3 => moved.prop_map(|(layer, place, by)| Change::Moved(layer, place, by)),
        2 => (0usize..4).prop_map(Change::Deeper),
        2 => (0usize..4).prop_map(Change::Split),
        3 => small().prop_map(Change::Other),
    ];
    let scales = prop::option::of(prop::collection::vec((1i64..=3, 1u64..=3), 3));
    let regions = prop_oneof![
        5 => prop::collection::vec(any_region(), 1),
        1 => prop::collection::vec(any_region(), 2),
        1 => Just(vec![]),
    ];
    let within = prop_oneof![2 => Just((0i8, 1u8)), 1 => (0i8..=8, 1u8..=4)];
    (small(), change, scales, regions, prop::bool::weighted(0.2), within, any::<bool>()).prop_map(
        |(network, change, scales, regions, everything, (numerator, denominator), one)| {
            let a = network.build();
            let b = changed(&a, &change);
            let b = scales.map_or(b.clone(), |scales| permuted(&b, &scales));
            let region = match everything {
                true => Region::everything(a.inputs()),
                false => union(&a, &regions),
            };
            let within = Rational::from_parts(numerator.into(), denominator.into());
            let outputs = if one { vec![a.outputs() - 1] } else { (0..a.outputs()).collect() };
            Pair { networks: [a, b], region, within, outputs }
        },
    )
}

fn supremum(pair: &Pair) -> Extreme {
    let [a, b] = &pair.networks;
    let pieces = pair.region.pieces.iter();
    let pieces = pieces.map(|piece| farthest([a, b], &pair.outputs, &piece.constraints));
    pieces.fold(Extreme::Empty, |so_far, piece| match (so_far, piece) {
        (Extreme::Unbounded, _) | (_, Extreme::Unbounded) => Extreme::Unbounded,
        (Extreme::Empty, other) | (other, Extreme::Empty) => other,
        (Extreme::Value(a), Extreme::Value(b)) => Extreme::Value(a.max(b)),
    })
}

/// max |a_i(x) − b_i(x)|, by the definition of a network.
fn apart(pair: &Pair, point: &[Rational]) -> Rational {
    let [a, b] = pair.networks.each_ref().map(|network| value(network, point));
    let sizes = pair.outputs.iter().flat_map(|&i| [&a[i] - &b[i], &b[i] - &a[i]]);
    sizes.max().expect("an output")
}

fn check(pair: &Pair, threads: usize) -> Result<(), TestCaseError> {
    let asked = pair.clone();
    let ask = move |options| {
        let [a, b] = &asked.networks;
        let Pair { region, within, outputs, .. } = &asked;
        let question = Question { networks: [a, b], region, outputs, within };
        equivalent(&question, &options).expect("networks of one shape")
    };
    let outcome = within_patience(ask, threads)?;
    let expected = supremum(pair);
    let is_apart = match &expected {
        Extreme::Empty => false,
        Extreme::Unbounded => true,
        Extreme::Value(most) => *most > pair.within,
    };
    match &outcome.verdict {
        Verdict::No(witness) => {
            prop_assert!(is_apart, "{:?}, expected {:?}", witness, expected);
            let inside = pair.region.pieces.iter().any(|piece| piece.contains(&witness.input));
            prop_assert!(inside, "the witness is outside the region");
            prop_assert_eq!(&witness.difference, &apart(pair, &witness.input));
            prop_assert!(witness.difference > pair.within);
        }
        Verdict::Yes => prop_assert!(!is_apart, "expected {:?}", expected),
        Verdict::Undecided(_) => return Err(TestCaseError::fail("undecided")),
    }
    match (&outcome.largest, expected) {
        (Largest::Nothing, Extreme::Empty) | (Largest::Infinite { .. }, Extreme::Unbounded) => {}
        (Largest::Value { at, attained }, Extreme::Value(most)) => {
            prop_assert_eq!(&at.difference, &most);
            prop_assert_eq!(apart(pair, &at.input), most);
            let inside = pair.region.pieces.iter().any(|piece| piece.contains(&at.input));
            prop_assert!(inside || *attained == Some(false));
        }
        (found, expected) => {
            return Err(TestCaseError::fail(format!("found {found:?}, expected {expected:?}")));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(settings(100))]

    #[test]
    fn equivalence_is_as_by_brute_force(pair in any_pair(), threads in 1usize..=2) {
        check(&pair, threads)?;
    }

    #[test]
    fn a_permuted_scaled_and_split_copy_has_no_difference_network(
        network in any_network(3, 3, 3),
        scales in prop::collection::vec((1i64..=3, 1u64..=3), 3),
        layer in 0usize..4,
    ) {
        let a = network.build();
        let b = permuted(&changed(&a, &Change::Split(layer)), &scales);
        let outputs: Vec<usize> = (0..a.outputs()).collect();
        let joint = foldline::kernel::difference::difference(&a, &b, &outputs).unwrap();
        prop_assert_eq!(joint.neurons(), 0);
    }
}
