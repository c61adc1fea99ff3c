//! Maximum, range, positivity, surjectivity and zero function against the walk over all cells.

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, channel};

use foldline::formats::network::network_to_json;
use foldline::questions::maximum::range::{End, range};
use foldline::questions::maximum::{Answer, maximum, maximum_with_proof};
use foldline::questions::positivity::{self, positive};
use foldline::questions::surjectivity::{self, surjective};
use foldline::questions::zero_function::{self, zero};
use foldline::{Atom, Formula, Network, Options, Property, Rational, Region, Storage};
use proptest::prelude::*;

use crate::enumerate::{Extreme, greatest, value, violation};
use crate::generate::{Question, any_network, any_region, union};
use crate::{LIMIT, PATIENCE, settings};

/// A network and a region, shown as files of the program.
#[derive(Clone)]
struct Subject {
    network: Network,
    region: Region,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, outputs) = (self.network.inputs(), self.network.outputs());
        let property = Property { inputs, outputs, formula: self.region.formula() };
        let question = Question { network: self.network.clone(), property };
        writeln!(f, "{question:?}")
    }
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let regions = prop_oneof![
        4 => prop::collection::vec(any_region(), 1),
        1 => prop::collection::vec(any_region(), 2..=3),
        1 => Just(vec![]),
    ];
    // At least one hidden layer in most: more inputs with few neurons, or deeper with few inputs.
    let network = prop_oneof![any_network(4, 1, 5), any_network(3, 2, 3), any_network(2, 3, 3)];
    (network, regions, prop::bool::weighted(0.15)).prop_map(|(network, regions, everything)| {
        let network = network.build();
        let region = match everything {
            true => Region::everything(network.inputs()),
            false => union(&network, &regions),
        };
        Subject { network, region }
    })
}

/// What `ask` says, unless it hangs or panics.
pub fn within_patience<T: Send + 'static>(
    ask: impl FnOnce(Options) -> T + Send + 'static,
    threads: usize,
) -> Result<T, TestCaseError> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let options = Options { threads, timeout: Some(LIMIT), ..Options::default() };
        let _ = sender.send(ask(options));
    });
    receiver.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Timeout => TestCaseError::fail("it hangs"),
        RecvTimeoutError::Disconnected => TestCaseError::fail("it panics"),
    })
}

/// The supremum of sign·output on the region, by brute force.
fn supremum(subject: &Subject, output: usize, sign: i8) -> Extreme {
    let objective = [(output, Rational::from(sign))];
    let pieces = subject.region.pieces.iter();
    let pieces = pieces.map(|p| greatest(&subject.network, &[], &objective, &p.constraints));
    pieces.fold(Extreme::Empty, |so_far, piece| match (so_far, piece) {
        (Extreme::Unbounded, _) | (_, Extreme::Unbounded) => Extreme::Unbounded,
        (Extreme::Empty, other) | (other, Extreme::Empty) => other,
        (Extreme::Value(a), Extreme::Value(b)) => Extreme::Value(a.max(b)),
    })
}

/// Whether sign·output ≥ bound somewhere on the region, by brute force.
fn reaches(subject: &Subject, output: usize, sign: i8, bound: &Rational) -> bool {
    let terms = vec![(output, Rational::from(-sign))];
    let atom = Formula::Atom(Atom::new(Vec::new(), terms, -bound.clone(), false));
    violation(&subject.network, &Formula::And(vec![subject.region.formula(), atom])).is_some()
}

fn check_ray(
    subject: &Subject,
    output: usize,
    sign: i8,
    point: &[Rational],
    direction: &[Rational],
) -> Result<(), TestCaseError> {
    let at = |t: u64| {
        let step = Rational::from(t);
        let x: Vec<Rational> = point.iter().zip(direction).map(|(x, r)| x + &step * r).collect();
        let inside = subject.region.pieces.iter().any(|piece| piece.contains(&x));
        (Rational::from(sign) * &value(&subject.network, &x)[output], inside)
    };
    let times = [0, 1, 2, 1_000, 1_000_000_000];
    let start = at(0).0;
    let slope = at(1).0 - &start;
    prop_assert!(slope > Rational::ZERO, "the ray does not rise");
    for t in times {
        let (value, inside) = at(t);
        prop_assert!(inside, "the ray leaves the region");
        prop_assert_eq!(value, &start + &slope * Rational::from(t));
    }
    Ok(())
}

fn check_maximum(
    subject: &Subject,
    output: usize,
    sign: i8,
    answer: &Answer,
) -> Result<(), TestCaseError> {
    match (answer, supremum(subject, output, sign)) {
        (Answer::Empty, Extreme::Empty) => {}
        (Answer::Unbounded { point, direction }, Extreme::Unbounded) => {
            check_ray(subject, output, sign, point, direction)?;
        }
        (Answer::Maximum { maximum, attained }, Extreme::Value(expected)) => {
            prop_assert_eq!(&maximum.value, &expected);
            let found = &value(&subject.network, &maximum.point)[output];
            prop_assert_eq!(&(Rational::from(sign) * found), &expected);
            let inside = subject.region.pieces.iter().any(|piece| piece.contains(&maximum.point));
            let closure = subject.region.pieces.iter().any(|piece| {
                let closed = |c: &foldline::LinearConstraint| foldline::LinearConstraint {
                    strict: false,
                    ..c.clone()
                };
                piece.constraints.iter().all(|c| closed(c).holds_at(&maximum.point))
            });
            prop_assert!(closure, "the point is not in the closure");
            prop_assert_eq!(*attained, Some(inside));
            if !inside {
                prop_assert!(!reaches(subject, output, sign, &expected), "it is attained");
            }
        }
        (found, expected) => {
            return Err(TestCaseError::fail(format!("found {found:?}, expected {expected:?}")));
        }
    }
    Ok(())
}

fn check_range(subject: &Subject, threads: usize) -> Result<(), TestCaseError> {
    let outputs: Vec<usize> = (0..subject.network.outputs()).collect();
    let asked = subject.clone();
    let found = within_patience(
        move |options| range(&asked.network, &asked.region, &outputs, &options).intervals,
        threads,
    )?;
    let Some(intervals) = found else {
        prop_assert_eq!(supremum(subject, 0, 1), Extreme::Empty);
        return Ok(());
    };
    for (output, interval) in intervals.iter().enumerate() {
        for (end, sign) in [(&interval.minimum, -1i8), (&interval.maximum, 1)] {
            let found = match end {
                End::Finite { extreme, .. } => {
                    Extreme::Value(Rational::from(sign) * &extreme.value)
                }
                End::Infinite { .. } => Extreme::Unbounded,
                End::Undecided { .. } => return Err(TestCaseError::fail("no time limit")),
            };
            prop_assert_eq!(found, supremum(subject, output, sign));
        }
    }
    Ok(())
}

fn check_positive(subject: &Subject, threads: usize) -> Result<(), TestCaseError> {
    let asked = subject.clone();
    let found = within_patience(
        move |options| positive(&asked.network, &asked.region, 0, &options).answer,
        threads,
    )?;
    let property = positivity::property(&subject.network, &subject.region, 0);
    match (found, violation(&subject.network, &property.formula)) {
        (positivity::Answer::Yes(witness), Some(_)) => {
            let y = value(&subject.network, &witness.input);
            prop_assert!(y == witness.output && y[0] > Rational::ZERO);
            prop_assert!(subject.region.pieces.iter().any(|p| p.contains(&witness.input)));
        }
        (positivity::Answer::No, None) => {}
        (found, expected) => {
            return Err(TestCaseError::fail(format!("{found:?}, expected {expected:?}")));
        }
    }
    Ok(())
}

fn check_zero(subject: &Subject, threads: usize) -> Result<(), TestCaseError> {
    let outputs: Vec<usize> = (0..subject.network.outputs()).collect();
    let property = zero_function::property(&subject.network, &subject.region, &outputs);
    let asked = subject.clone();
    let found = within_patience(
        move |options| zero(&asked.network, &asked.region, &outputs, &options).answer,
        threads,
    )?;
    match (found, violation(&subject.network, &property.formula)) {
        (zero_function::Answer::No(witness), Some(_)) => {
            let y = value(&subject.network, &witness.input);
            prop_assert!(y == witness.output && y.iter().any(|y| *y != Rational::ZERO));
            prop_assert!(subject.region.pieces.iter().any(|p| p.contains(&witness.input)));
        }
        (zero_function::Answer::Yes, None) => {}
        (found, expected) => {
            return Err(TestCaseError::fail(format!("{found:?}, expected {expected:?}")));
        }
    }
    Ok(())
}

fn check_surjective(network: &Network, threads: usize) -> Result<(), TestCaseError> {
    let asked = network.clone();
    let found = within_patience(move |options| surjective(&asked, 0, &options).answer, threads)?;
    let subject =
        Subject { network: network.clone(), region: Region::everything(network.inputs()) };
    let expected = [1, -1].map(|sign| supremum(&subject, 0, sign) == Extreme::Unbounded);
    let (found_yes, directions) = match found {
        surjectivity::Answer::Yes { positive_direction, negative_direction } => {
            (true, [Some(positive_direction), Some(negative_direction)])
        }
        surjectivity::Answer::No { positive_direction, negative_direction } => {
            (false, [positive_direction, negative_direction])
        }
        surjectivity::Answer::Undecided(_) => return Err(TestCaseError::fail("undecided")),
    };
    prop_assert_eq!(found_yes, expected == [true, true]);
    for ((direction, expected), sign) in directions.iter().zip(expected).zip([1i8, -1]) {
        prop_assert_eq!(direction.is_some(), expected);
        let Some(direction) = direction else { continue };
        // Far away the output grows along the direction: the difference quotient is at last
        // that of the network without biases.
        let at = |t: u32| {
            let far = Rational::from(foldline::Integer::from(10).pow(t as usize));
            let x: Vec<Rational> = direction.iter().map(|r| r * &far).collect();
            Rational::from(sign) * &value(network, &x)[0]
        };
        prop_assert!(at(2000) > at(1990), "{:?}", network_to_json(network));
    }
    Ok(())
}

proptest! {
    #![proptest_config(settings(60))]

    #[test]
    fn every_maximum_is_the_brute_force_maximum(
        subject in any_subject(),
        output in 0usize..2,
        sign in prop::sample::select(vec![1i8, -1]),
        threads in 1usize..=2,
    ) {
        let output = output % subject.network.outputs();
        let objective = vec![(output, Rational::from(sign))];
        let asked = subject.clone();
        let both = move |options: Options| {
            let (network, region) = (&asked.network, &asked.region);
            let storage = Storage::in_memory();
            let proved =
                maximum_with_proof(network, region, &objective, &options, storage, None);
            let proved = proved.map(|(outcome, _)| outcome.answer);
            (maximum(network, region, &[objective], &options).answer, proved)
        };
        let (answer, proved) = within_patience(both, threads)?;
        check_maximum(&subject, output, sign, &answer)?;
        check_maximum(&subject, output, sign, &proved.expect("a proof"))?;
    }

    #[test]
    fn every_range_is_the_brute_force_range(subject in any_subject(), threads in 1usize..=2) {
        check_range(&subject, threads)?;
    }

    #[test]
    fn positivity_is_as_by_brute_force(subject in any_subject(), threads in 1usize..=2) {
        check_positive(&subject, threads)?;
    }

    #[test]
    fn zero_is_as_by_brute_force(subject in any_subject(), threads in 1usize..=2) {
        check_zero(&subject, threads)?;
    }

    #[test]
    fn zero_is_seen_where_neurons_cancel(
        network in prop_oneof![any_network(3, 1, 3), any_network(2, 2, 2)],
        negative in any::<bool>(),
        change in prop::option::of((0usize..12, -2i8..=2)),
        regions in prop::collection::vec(any_region(), 1..=2),
        threads in 1usize..=2,
    ) {
        let network = network.cancelling(negative, change);
        for region in [union(&network, &regions), Region::everything(network.inputs())] {
            check_zero(&Subject { network: network.clone(), region }, threads)?;
        }
    }

    #[test]
    fn surjectivity_is_as_by_brute_force(subject in any_subject(), threads in 1usize..=2) {
        check_surjective(&subject.network, threads)?;
    }
}
