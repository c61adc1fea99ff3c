//! What is written is accepted, for random small samples of every kind.

use std::time::Duration;

use foldline::Rational;
use foldline::certificate::CertificateError;
use foldline::questions::checkpoint::{Keeper, Memory};
use foldline::questions::separability::{Separation, separate};
use foldline::questions::training::statement::{Architecture, TrainingOptions};
use foldline::training_certificates::{
    interpolate_certified, train_certified, write_separation, zero_loss_certified,
};

use crate::{Case, Random, number};

/// Samples of each kind; more in the long run.
fn cases() -> usize {
    std::env::var("FOLDLINE_TRAINING_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

const LABELS: [&str; 5] = ["0", "1", "-1/2", "2", "1/3"];

/// All eight kinds of networks with one or two hidden nodes.
fn architectures() -> Vec<Architecture> {
    let of = |bits: usize| Architecture {
        hidden: 1 + (bits & 1),
        output_relu: bits & 2 != 0,
        output_bias: bits & 4 != 0,
    };
    (0..8).map(of).collect()
}

fn options() -> TrainingOptions {
    TrainingOptions { threads: 1, ..TrainingOptions::default() }
}

fn words(architecture: Architecture) -> String {
    format!(
        "training {} {} {}",
        if architecture.output_relu { "relu" } else { "linear" },
        architecture.hidden,
        if architecture.output_bias { "bias" } else { "unbiased" }
    )
}

#[test]
fn optima() {
    let mut random = Random(1);
    for round in 0..cases() {
        for architecture in architectures() {
            let case = random.case(1 + round % 2, 5, &LABELS);
            let found = train_certified(
                &case.sample,
                architecture,
                &options(),
                &case.path(),
                &case.target(),
                None,
            );
            let found = found.unwrap();
            assert!(found.is_written && found.answer.is_optimal());
            let claim = format!("{} loss {}", words(architecture), found.answer.loss);
            let text = case.take();
            case.accepts(&text, &claim);
            // The tree does not prove more, whatever is claimed.
            let more = &found.answer.loss + number(1) / number(1_000_000);
            let forged = text.replacen(
                &format!("loss {}\n", found.answer.loss),
                &format!("loss {more}\n"),
                1,
            );
            case.rejects(&forged, "the network has the loss");
            let lines: Vec<&str> = forged.lines().filter(|line| !is_network(line)).collect();
            let (head, tree) = lines.split_at(3);
            let worse = worse_network(&case, architecture, &found.answer.loss);
            let Some((loss, network)) = worse else { continue };
            let statement = format!("statement {} loss {loss}", words(architecture));
            let forged = [&[head[0], &statement, head[2], &network], tree].concat().join("\n");
            case.rejects(&forged, "the loss may be smaller there");
        }
    }
}

#[test]
fn groups_with_only_their_outputs_undecided() {
    let case = Case::of(&[
        &["-2", "1"],
        &["-3", "-1"],
        &["-3", "0"],
        &["3", "0"],
        &["2", "-1"],
        &["-3", "0"],
        &["-4", "0"],
        &["2", "1"],
        &["-4", "3"],
    ]);
    let architecture = Architecture { hidden: 2, output_relu: true, output_bias: true };
    let (path, target) = (case.path(), case.target());
    let found =
        train_certified(&case.sample, architecture, &options(), &path, &target, None).unwrap();
    let text = case.take();
    case.accepts(&text, &format!("{} loss {}", words(architecture), found.answer.loss));
    let leaves: Vec<&str> = text.lines().filter(|line| line.starts_with("bound")).collect();
    for letter in [" c", " k"] {
        let with = leaves.iter().filter(|line| line.contains(letter)).count();
        assert!(with > 5, "{with} leaves with{letter}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let case = Random(7).case(2, 9, &LABELS);
    let architecture = Architecture { hidden: 2, output_relu: true, output_bias: true };
    let text = |threads: usize| {
        let options = TrainingOptions { threads, ..options() };
        let (path, target) = (case.path(), case.target());
        let found =
            train_certified(&case.sample, architecture, &options, &path, &target, None).unwrap();
        assert!(found.is_written);
        case.take().lines().filter(|line| !is_network(line)).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(text(1), text(4));
}

/// Asks until there is a certificate, each run with a little more time and from the state of the last one;
/// counts the states that had finished parts of a proof.
fn in_pieces(
    ask: impl Fn(&TrainingOptions, &dyn Keeper) -> Result<bool, CertificateError>,
    begun: &mut u32,
) {
    let mut keeper = Memory::default();
    for run in 1.. {
        let timeout = Some(Duration::from_micros(100 * run));
        let options = TrainingOptions { threads: 1 + run as usize % 2, timeout, ..options() };
        if ask(&options, &keeper).unwrap() {
            return;
        }
        keeper = keeper.next();
        let parts = keeper.resumed.as_ref().and_then(|state| state.pointer("/open/parts/0"));
        *begun += u32::from(parts.is_some());
    }
}

#[test]
fn proofs_in_pieces() {
    let (mut random, mut begun) = (Random(11), 0);
    for architecture in architectures() {
        let case = random.case(2, 12, &LABELS);
        let (sample, path, target) = (&case.sample, case.path(), case.target());
        let body = |text: String| {
            text.lines().filter(|line| !is_network(line)).collect::<Vec<_>>().join("\n")
        };
        let whole = train_certified(sample, architecture, &options(), &path, &target, None);
        let (whole, claim) = (body(case.take()), whole.unwrap().answer.loss);
        let ask = |options: &TrainingOptions, keeper: &dyn Keeper| {
            let found =
                train_certified(sample, architecture, options, &path, &target, Some(keeper))?;
            Ok(found.is_written)
        };
        in_pieces(ask, &mut begun);
        let text = case.take();
        case.accepts(&text, &format!("{} loss {claim}", words(architecture)));
        assert_eq!(body(text), whole);
        let ask = |options: &TrainingOptions, keeper: &dyn Keeper| {
            let found =
                zero_loss_certified(sample, architecture, options, &path, &target, Some(keeper))?;
            Ok(found.is_written)
        };
        in_pieces(ask, &mut begun);
        let answer = if claim == Rational::ZERO { "yes" } else { "no" };
        case.accepts(&case.take(), &format!("{} zero {answer}", words(architecture)));
    }
    println!("{begun} proofs gone on with");
    assert!(begun > 3, "only {begun} proofs were stopped");
}

fn is_network(line: &str) -> bool {
    line.starts_with("node") || line.starts_with("offset ")
}

/// A network that is not the best: all hidden nodes 0, and w0 = 5 or 0.
fn worse_network(
    case: &Case,
    architecture: Architecture,
    least: &Rational,
) -> Option<(Rational, String)> {
    let offset = if architecture.output_bias { 5 } else { 0 };
    let loss = case.sample.labels.iter().fold(Rational::ZERO, |sum, label| {
        let error = label - number(offset);
        sum + &error * &error
    });
    let zeros = " 0".repeat(case.sample.dimension + 1);
    let nodes = format!("\nnode +{zeros}").repeat(architecture.hidden);
    (loss > *least).then(|| (loss, format!("offset {offset}{nodes}")))
}

#[test]
fn zero_losses() {
    let mut random = Random(2);
    let mut counts = [0, 0];
    for round in 0..cases() {
        for architecture in architectures() {
            let case = random.case(1 + round % 2, 5, &["0", "1", "2"]);
            let (sample, path, target) = (&case.sample, case.path(), case.target());
            let found = zero_loss_certified(sample, architecture, &options(), &path, &target, None)
                .unwrap();
            assert!(found.is_written);
            let answer = found.answer.answer.expect("decided").is_some();
            counts[usize::from(answer)] += 1;
            let text = case.take();
            let [yes, no] =
                ["yes", "no"].map(|word| format!("{} zero {word}", words(architecture)));
            case.accepts(&text, if answer { &yes } else { &no });
            if answer {
                // What a search that misses the network would claim.
                let lines: Vec<&str> = text.lines().filter(|line| !is_network(line)).collect();
                let trees: String = (0..=architecture.hidden)
                    .rev()
                    .map(|positive| format!("signs {positive}\nbound\n"))
                    .collect();
                let forged = format!("{}\nstatement {no}\n{}\n{trees}end\n", lines[0], lines[2]);
                case.rejects(&forged, "the loss may be smaller there");
            }
        }
    }
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
}

#[test]
fn interpolations() {
    let mut random = Random(3);
    let mut counts = [0, 0];
    for round in 0..10 * cases() {
        let case = random.case(1 + round % 3, 5, &LABELS);
        for relu in [true, false] {
            let (sample, path, target) = (&case.sample, case.path(), case.target());
            let found = interpolate_certified(sample, relu, &path, &target).unwrap();
            counts[usize::from(found.is_ok())] += 1;
            let word = if found.is_ok() { "yes" } else { "no" };
            let output = if relu { "relu" } else { "linear" };
            case.accepts(&case.take(), &format!("interpolation {output} {word}"));
        }
    }
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
}

#[test]
fn separations() {
    let mut random = Random(4);
    let mut counts = [0, 0];
    for round in 0..20 * cases() {
        let case = random.case(1 + round % 3, 8, &["0", "0", "1"]);
        let sample = &case.sample;
        let planes = 1 + random.below(3);
        let of = |label: i32| -> Vec<Vec<Rational>> {
            let rows = sample.points.iter().zip(&sample.labels);
            rows.filter(|(_, own)| **own == number(label)).map(|(x, _)| x.clone()).collect()
        };
        let found = separate(sample.dimension, &of(1), &of(0), planes, &|| false);
        let (path, target) = (case.path(), case.target());
        assert!(write_separation(sample, planes, &found, &path, &|| false, &target).unwrap());
        let is_possible = found != Separation::No;
        counts[usize::from(is_possible)] += 1;
        let word = if is_possible { "yes" } else { "no" };
        case.accepts(&case.take(), &format!("separability {planes} {word}"));
    }
    assert!(counts[0] > 5 && counts[1] > 5, "{counts:?}");
}

#[test]
fn a_limit_leaves_no_certificate() {
    let case = Case::of(&[&["0", "0"], &["1", "1"], &["2", "0"], &["3", "1"], &["4", "0"]]);
    let architecture = Architecture { hidden: 2, output_relu: false, output_bias: true };
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let options = TrainingOptions { stop: Some(stop), ..options() };
    let (path, target) = (case.path(), case.target());
    let found =
        train_certified(&case.sample, architecture, &options, &path, &target, None).unwrap();
    assert!(!found.is_written && !found.answer.is_optimal() && !case.target().exists());
}
