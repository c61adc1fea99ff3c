//! Separable points and training sets with loss zero: the same by exhaustion, mapped both ways, verified exactly.

use std::sync::OnceLock;

use foldline::questions::separability::{Separation, separate};
use foldline::questions::training::statement::{Architecture, TrainingOptions};
use foldline::questions::training::zero_loss;
use foldline::reductions::separability::{OpenHalfSpace, SeparabilityError, TrainingReduction};
use foldline::{Network, Rational, Sample};

use crate::gadget;
use crate::hard_sorting::{Labelled, State, all, walk};
use crate::random::Random;

/// The hard-sortings of the gadget with the origin; its signs other than −, − have none.
fn of_gadget() -> &'static [Vec<State>] {
    static FOUND: OnceLock<Vec<Vec<State>>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let (points, _) = gadget::points(true);
        assert!(all(&points, [1, 1]).is_empty() && all(&points, [1, -1]).is_empty());
        all(&points, [-1, -1])
    })
}

/// Whether two nodes and an output ReLU have loss zero on a reduced training set, by exhaustion.
fn has_loss_zero(reduced: &Sample) -> bool {
    let end = reduced.dimension - 2;
    let origin =
        |(point, is_inside): Labelled| ([vec![Rational::ZERO; end], point].concat(), is_inside);
    let mut points: Vec<Labelled> = gadget::points(true).0.into_iter().map(origin).collect();
    for (point, label) in reduced.points.iter().zip(&reduced.labels) {
        let labelled = (point.clone(), *label == Rational::ONE);
        if !points.contains(&labelled) {
            points.push(labelled);
        }
    }
    of_gadget().iter().any(|states| walk(&points, [-1, -1], states, &mut |_| true))
}

fn by_label(sample: &Sample) -> [Vec<Vec<Rational>>; 2] {
    [Rational::ZERO, Rational::ONE].map(|wanted| {
        let labelled = sample.points.iter().zip(&sample.labels);
        labelled.filter(|(_, label)| **label == wanted).map(|(point, _)| point.clone()).collect()
    })
}

fn separation(sample: &Sample) -> Option<Vec<OpenHalfSpace>> {
    let [outside, inside] = by_label(sample);
    match separate(sample.dimension, &inside, &outside, 2, &|| false) {
        Separation::Yes(found) => Some(
            found
                .into_iter()
                .map(|plane| OpenHalfSpace { normal: plane.normal, offset: plane.offset })
                .collect(),
        ),
        Separation::No => None,
        Separation::Stopped => unreachable!(),
    }
}

fn loss(network: &Network, sample: &Sample) -> Rational {
    sample.points.iter().zip(&sample.labels).fold(Rational::ZERO, |sum, (point, label)| {
        let values = network.evaluate(point).output;
        let mut error = &values[0] - label;
        error = &error * &error;
        values[1..].iter().fold(sum + error, |sum, value| sum + value * value)
    })
}

/// Whether label 1 is in all half-spaces, and label 0 not.
fn separates(half_spaces: &[OpenHalfSpace], sample: &Sample) -> bool {
    sample.points.iter().zip(&sample.labels).all(|(point, label)| {
        let in_all = half_spaces.iter().all(|half| {
            assert!(half.normal.iter().any(|a| !a.is_zero()));
            let product = half.normal.iter().zip(point).map(|(a, x)| a * x);
            product.fold(Rational::ZERO, |sum, term| sum + term) > half.offset
        });
        in_all == (*label == Rational::ONE)
    })
}

/// Compares separability with loss zero of the training set, and maps a solution there and back.
fn check(sample: &Sample, outputs: usize) -> bool {
    let reduction = TrainingReduction::new(sample, outputs).unwrap();
    let reduced = reduction.sample();
    let found = separation(sample);
    assert_eq!(found.is_some(), has_loss_zero(&reduced), "{sample:?}");
    if let Some(half_spaces) = &found {
        let network = reduction.network(half_spaces).unwrap();
        assert_eq!(loss(&network, &reduced), Rational::ZERO, "{sample:?}");
        let back = reduction.hyperplanes(&network).unwrap();
        assert!(separates(&back, sample), "{sample:?}: {back:?}");
        let again = reduction.network(&back).unwrap();
        assert_eq!(loss(&again, &reduced), Rational::ZERO);
    }
    found.is_some()
}

/// Compares separability with what training decides, and maps a trained network back.
fn check_trained(sample: &Sample) {
    let reduction = TrainingReduction::new(sample, 1).unwrap();
    let reduced = reduction.sample();
    let architecture = Architecture { hidden: 2, output_relu: true, output_bias: true };
    let trained = zero_loss(&reduced, architecture, &TrainingOptions::default()).answer.unwrap();
    assert_eq!(separation(sample).is_some(), trained.is_some(), "{sample:?}");
    if let Some(model) = trained {
        let back = reduction.hyperplanes(&model.network(reduced.dimension)).unwrap();
        assert!(separates(&back, sample), "{sample:?}: {back:?}");
    }
}

/// How many of so many random point sets are separable; the first `trained` are trained, too.
fn run(seed: u64, sets: usize, trained: usize) -> usize {
    let mut random = Random(seed);
    let solved = (0..sets).map(|index| {
        let sample = random.points(1 + index % 2, 8);
        if index < trained {
            check_trained(&sample);
        }
        usize::from(check(&sample, 1 + index % 3))
    });
    solved.sum()
}

#[test]
fn solutions_map_both_ways() {
    let separable = run(1, 16, 3);
    assert!((3..=15).contains(&separable), "{separable} of 16 are separable");
}

#[test]
#[ignore = "a minute"]
fn three_hundred_point_sets() {
    println!("300 point sets, {} separable", run(2, 300, 300));
}

fn sample(points: &[&[i32]], labels: &[i32]) -> Sample {
    let numbers = |values: &[i32]| values.iter().map(|&value| value.into()).collect();
    let points: Vec<Vec<Rational>> = points.iter().map(|point| numbers(point)).collect();
    Sample { dimension: points[0].len(), points, labels: numbers(labels) }
}

#[test]
fn one_label_only_is_separable() {
    assert!(check(&sample(&[&[3], &[-2], &[3]], &[0, 0, 0]), 1));
    assert!(check(&sample(&[&[3, 1], &[-2, 1]], &[1, 1]), 2));
    assert!(check(&sample(&[&[0, 0]], &[0]), 1));
}

#[test]
fn both_labels_at_one_point_are_not() {
    assert!(!check(&sample(&[&[3], &[3]], &[0, 1]), 1));
}

#[test]
fn what_is_no_solution_is_refused() {
    let data = sample(&[&[0], &[1], &[2]], &[0, 1, 0]);
    let reduction = TrainingReduction::new(&data, 1).unwrap();
    let half = |normal: i32, offset: i32| OpenHalfSpace {
        normal: vec![normal.into()],
        offset: Rational::from(offset) / Rational::from(2),
    };
    let error = |found| matches!(found, Err(SeparabilityError::Separation { point: 3, label: 0 }));
    assert!(error(reduction.network(&[half(1, 1)])));
    let network = reduction.network(&[half(1, 1), half(-1, -3)]).unwrap();
    let shifted = sample(&[&[0], &[1], &[5]], &[0, 1, 1]);
    let other = TrainingReduction::new(&shifted, 1).unwrap();
    assert!(matches!(other.hyperplanes(&network), Err(SeparabilityError::Loss { row: 3, .. })));
    assert!(matches!(reduction.network(&[]), Err(SeparabilityError::Shape { .. })));
    let wider = TrainingReduction::new(&sample(&[&[0, 1]], &[1]), 1).unwrap();
    assert!(matches!(wider.hyperplanes(&network), Err(SeparabilityError::Shape { .. })));
    let labels = sample(&[&[0], &[1]], &[0, 2]);
    let label = TrainingReduction::new(&labels, 1).unwrap_err();
    assert_eq!(label.to_string(), "point 2 (from 1) has label 2, expected 0 or 1");
}
