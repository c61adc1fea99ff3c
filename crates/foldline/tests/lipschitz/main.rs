//! `lipschitz` against brute force: random tiny networks, all cells, exact arithmetic.

mod blurred;
mod certificates;
mod enumerate;
mod generate;
mod jumps;
mod magnitudes;
#[path = "../support/random.rs"]
mod random;

use std::sync::mpsc::channel;
use std::time::Duration;

use foldline::derivative::derivative;
use foldline::lipschitz::{Answer, Constant, Exponent, Outcome, Refused, lipschitz};
use foldline::{Network, Options, Polyhedron, Rational, Region, parse_rational};

use enumerate::{Interior, Size, cells, norm, projected, rank, relative_interior};
use random::Random;

/// How long until a tiny network counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

fn exponents() -> Vec<Exponent> {
    let finite = ["1/2", "1", "2", "3"].map(|text| Exponent::Finite(parse_rational(text).unwrap()));
    finite.into_iter().chain([Exponent::Infinite]).collect()
}

fn ask(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    region: Option<&Region>,
    threads: usize,
) -> Result<Outcome, Refused> {
    let (sender, receiver) = channel();
    let (network, outputs, p, region) =
        (network.clone(), outputs.to_vec(), p.clone(), region.cloned());
    std::thread::spawn(move || {
        let options = Options { threads, ..Options::default() };
        let _ = sender.send(lipschitz(&network, &outputs, &p, region.as_ref(), &options));
    });
    receiver.recv_timeout(PATIENCE).expect("an answer in time, without a panic")
}

/// The constant by enumeration, and the interiors of the region's polyhedra.
fn oracle(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    polyhedra: &[Polyhedron],
) -> (Option<Size>, Vec<Interior>) {
    let mut best: Option<Size> = None;
    let interiors: Vec<Interior> = polyhedra.iter().filter_map(relative_interior).collect();
    for interior in &interiors {
        cells(network, interior, &mut |maps| {
            let dimension = network.inputs();
            let jacobian: Vec<Vec<Rational>> =
                outputs.iter().map(|&output| maps[output][..dimension].to_vec()).collect();
            let size = norm(interior, p, &jacobian);
            if best.as_ref().is_none_or(|best| rank(&size) > rank(best)) {
                best = Some(size);
            }
        });
    }
    (best, interiors)
}

/// Whether a coordinate hull is parallel to the axes is for the library to say; here every refusal
/// must come from an equation of several inputs.
fn may_refuse(interiors: &[Interior], p: &Exponent, outputs: usize) -> bool {
    let plain = p.is_two() || *p == Exponent::Infinite || *p == Exponent::Finite(Rational::ONE);
    let zeros = |normal: &Vec<Rational>| normal.iter().filter(|value| !value.is_zero()).count();
    let oblique = interiors.iter().any(|interior| interior.equalities.iter().any(|n| zeros(n) > 1));
    !plain && (outputs > 1 || oblique)
}

fn check(seed: u64) {
    let mut random = Random(seed);
    let network = generate::network(&mut random);
    let region = generate::region(&mut random, network.inputs());
    let dimension = network.inputs();
    let everywhere = vec![Polyhedron { dimension, constraints: vec![] }];
    let polyhedra = region.as_ref().map_or(&everywhere, |region| &region.pieces);
    let all: Vec<usize> = (0..network.outputs()).collect();
    for outputs in [vec![0], all] {
        for p in exponents() {
            let (expected, interiors) = oracle(&network, &outputs, &p, polyhedra);
            let threads = 1 + random.below(2) as usize;
            let context = format!("seed {seed}, outputs {outputs:?}, p = {p:?}");
            let outcome = match ask(&network, &outputs, &p, region.as_ref(), threads) {
                Ok(outcome) => outcome,
                Err(refused) => {
                    assert!(may_refuse(&interiors, &p, outputs.len()), "{context}: {refused}");
                    continue;
                }
            };
            compare(&network, &outputs, &p, &interiors, expected, outcome.answer, &context);
        }
    }
}

fn compare(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    interiors: &[Interior],
    expected: Option<Size>,
    answer: Answer,
    context: &str,
) {
    let (constant, attained) = match (answer, &expected) {
        (Answer::Empty, None) => return,
        (Answer::Lipschitz(constant, attained), Some(_)) => (constant, attained),
        (other, expected) => panic!("{context}: {other:?}, expected {expected:?}"),
    };
    match (&constant, expected.as_ref().unwrap()) {
        (Constant::Exact(value), Size::Exact(size)) => assert_eq!(value, size, "{context}"),
        (Constant::Square(value), Size::Square(size)) => assert_eq!(value, size, "{context}"),
        (Constant::Between { lower, upper }, Size::About(size)) => {
            let (low, high) = (lower.to_f64().value(), upper.to_f64().value());
            assert!(lower <= upper, "{context}");
            let billionth = Rational::ONE / Rational::from(1_000_000_000);
            assert!(upper - lower <= upper * billionth, "{context}: {low} {high}");
            // The oracle's powers are floats.
            if !(1e-60..1e60).contains(size) {
                return;
            }
            let noise = 1e-11 * size;
            assert!(low <= size + noise && size - noise <= high, "{context}: {low} {size} {high}");
        }
        (constant, expected) => panic!("{context}: {constant:?}, expected {expected:?}"),
    }
    // The point is inside the region and inside a cell, and its Jacobian attains the constant.
    let point = &attained.point;
    let home = interiors.iter().filter(|interior| {
        interior.constraints.iter().all(|constraint| constraint.holds_at(point))
    });
    let attains = |interior: &Interior| {
        let jacobian = derivative(network, point).jacobian;
        let rows: Vec<Vec<Rational>> = outputs.iter().map(|&i| jacobian[i].clone()).collect();
        let inside = projected(interior, &rows);
        inside == attained.jacobian
            && match (norm(interior, p, &inside), &constant) {
                (Size::Exact(a), Constant::Exact(b)) => a == *b,
                (Size::Square(a), Constant::Square(b)) => a == *b,
                (Size::About(a), Constant::Between { lower, .. }) => {
                    (a - lower.to_f64().value()).abs() <= 1e-9 * a
                }
                _ => false,
            }
    };
    let mut homes = home.peekable();
    assert!(homes.peek().is_some(), "{context}: {point:?} is not inside the region");
    assert!(homes.any(attains), "{context}: {attained:?} does not attain {constant:?}");
}

#[test]
fn every_constant_is_the_brute_force_constant() {
    let count = std::env::var("LIPSCHITZ_CASES").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("LIPSCHITZ_SEED").ok().and_then(|text| text.parse().ok());
    let first = first.unwrap_or(0u64);
    for seed in first..first + count.unwrap_or(24) {
        check(seed);
    }
}
