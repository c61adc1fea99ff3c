//! `verify` and the questions built on it against brute force: random tiny networks, all activation patterns, exact arithmetic.

#[path = "../support/certifying.rs"]
mod certifying;
mod enumerate;
#[allow(dead_code, reason = "files on disk are for other tests")]
#[path = "../support/files.rs"]
mod files;
mod generate;
mod pairs;
mod questions;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use foldcheck::Content;
use foldline::{Options, Verdict, verify};
use proptest::prelude::*;

use enumerate::{is_vacuous, value, violation};
use files::{Claim, Files};
use generate::{Question, any_network, any_property};

/// Most neurons a hidden layer.
const MOST_WIDTH: usize = 4;
/// How long the engine may think about a tiny network, and how long until it counts as hanging.
const LIMIT: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(60);

/// The engine's verdict, or how it failed to give one.
fn answer(question: &Question, threads: usize, seed: u64) -> Result<Verdict, &'static str> {
    let (sender, receiver) = channel();
    let Question { network, property } = question.clone();
    std::thread::spawn(move || {
        let options = Options { threads, seed, timeout: Some(LIMIT), ..Options::default() };
        let _ = sender.send(verify(&network, &property, &options).verdict);
    });
    receiver.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Timeout => "it hangs",
        RecvTimeoutError::Disconnected => "it panics",
    })
}

fn check(question: &Question, threads: usize, seed: u64) -> Result<(), TestCaseError> {
    let (network, formula) = (&question.network, &question.property.formula);
    let expected = violation(network, formula);
    let claim = if expected.is_some() { Claim::Violated } else { Claim::Holds };
    match (answer(question, threads, seed), expected) {
        (Ok(Verdict::Violated(witness)), Some(_)) => {
            prop_assert_eq!(&witness.output, &value(network, &witness.input));
            prop_assert!(formula.holds_at(&witness.input, &witness.output), "{:?}", witness);
        }
        (Ok(Verdict::Holds { vacuous }), None) => {
            prop_assert_eq!(vacuous, is_vacuous(network.inputs(), formula));
        }
        (found, expected) => {
            let message = format!("found {found:?}; by brute force, violated at {expected:?}");
            return Err(TestCaseError::fail(message));
        }
    }
    check_certificate(question, claim, seed)
}

/// The certificate of the answer, which is the given one, is accepted.
fn check_certificate(question: &Question, claim: Claim, seed: u64) -> Result<(), TestCaseError> {
    check_certificate_of(&format!("{question:?}"), claim, seed)
}

/// The same for a network in JSON and then a property, as text.
fn check_certificate_of(text: &str, claim: Claim, seed: u64) -> Result<(), TestCaseError> {
    let (network, property) = text.split_at(text.find("(declare").expect("a declaration"));
    let files = Files::new(
        Content::new("n.json", network.trim().into()),
        Content::new("p.vnnlib", property.into()),
    );
    let files = files.expect("files as the program reads them");
    let options = Options { seed, timeout: Some(LIMIT), ..Options::default() };
    let certificate = certifying::certificate("the question", &files, &options);
    match files::check(certificate.as_bytes(), &files) {
        Ok(accepted) => prop_assert_eq!(accepted.statement, files.statement(claim)),
        Err(rejection) => {
            return Err(TestCaseError::fail(format!("{rejection}\n{certificate}")));
        }
    }
    Ok(())
}

/// A bound that is stated is in the checker's box, even if other constraints leave much less.
#[test]
fn stated_bounds_may_be_far_beyond_the_region() {
    let text = r#"{"layers": [{"weights": [["0", "0"]], "bias": ["0"], "activation": "linear"}]}
        (declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real)
        (assert (>= X_0 0)) (assert (<= X_0 0)) (assert (>= X_1 0)) (assert (<= X_1 1000000000))
        (assert (<= (+ X_0 X_1) 1)) (assert (<= Y_0 -1))"#;
    check_certificate_of(text, Claim::Holds, 0).unwrap();
}

/// `PROPTEST_CASES` asks for more.
fn settings(default_cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { cases: cases.unwrap_or(default_cases), max_shrink_iters: 20_000, ..default }
}

proptest! {
    #![proptest_config(settings(400))]

    #[test]
    fn every_verdict_is_the_brute_force_verdict(
        question in (any_network(3, 2, MOST_WIDTH), any_property())
            .prop_map(|(network, property)| property.ask(network.build())),
        threads in 1usize..=2,
        seed in 0u64..3,
    ) {
        check(&question, threads, seed)?;
    }
}
