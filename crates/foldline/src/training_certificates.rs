//! Certificates of training, interpolation and separability: what is found, and trees that show that nothing else is.
//!
//! The tree of a training certificate is found in a second run that knows the least loss. The
//! format is described in `docs/certificate-format.md`.

use std::path::Path;

use foldline_kernel::{Rational, Sample};
use foldline_questions::checkpoint::Keeper;
use foldline_questions::interpolation::{Conflict, interpolate};
use foldline_questions::limits::Limits;
use foldline_questions::separability::{Hyperplane, Separation, proof as separation_proof};
use foldline_questions::sequence::WithEnd;
use foldline_questions::training::proof::{Claim, NoProof, ProofRun, prove};
use foldline_questions::training::statement::{
    Architecture, Model, TrainingOptions, TrainingOutcome, TrainingProgress, ZeroLoss,
};
use foldline_questions::training::{train_resumable, zero_loss_resumable};

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination};

/// An answer, and whether there is a certificate of it: not if a limit ran out.
#[derive(Debug, Clone)]
pub struct Certified<T> {
    /// The answer.
    pub answer: T,
    /// Whether the certificate was written.
    pub is_written: bool,
}

/// Like [`train_resumable`], and writes a certificate of the optimum in the sample's file `data` to `target`.
///
/// With a keeper, a later run goes on in the search or in the proof.
///
/// # Errors
/// If a file cannot be read or written, or the keeper's state is not one of this answer.
pub fn train_certified<'d>(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
    data: &Path,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Certified<TrainingOutcome>, CertificateError> {
    let (limits, target) = (Limits::new(options), target.into());
    let search = keeper.map(WithEnd::new).transpose()?;
    let kept = search.as_ref().map(|search| search as &dyn Keeper);
    let answer = train_resumable(sample, architecture, options, kept)?;
    if !answer.is_optimal() {
        return Ok(Certified { answer, is_written: false });
    }
    let claim = format!("{} loss {}", words(architecture), answer.loss);
    let mut file = CertificateFile::create(target)?;
    file.text(&header("training", &claim, &[("data", data)], target)?)?;
    file.text(&model(&answer.model))?;
    let claim = Claim::AtLeast(&answer.loss);
    let is_written = trees((sample, architecture, claim), options, &limits, file, search)?;
    Ok(Certified { answer, is_written })
}

/// Like [`zero_loss_resumable`], and writes a certificate of the answer to `target`.
///
/// With a keeper, a later run goes on in the search or in the proof.
///
/// # Errors
/// If a file cannot be read or written, or the keeper's state is not one of this answer.
pub fn zero_loss_certified<'d>(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
    data: &Path,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Certified<ZeroLoss>, CertificateError> {
    let (limits, target) = (Limits::new(options), target.into());
    let search = keeper.map(WithEnd::new).transpose()?;
    let kept = search.as_ref().map(|search| search as &dyn Keeper);
    let answer = zero_loss_resumable(sample, architecture, options, kept)?;
    let Some(found) = &answer.answer else {
        return Ok(Certified { answer, is_written: false });
    };
    let claim = if found.is_some() { "yes" } else { "no" };
    let claim = format!("{} zero {claim}", words(architecture));
    let mut file = CertificateFile::create(target)?;
    file.text(&header("training", &claim, &[("data", data)], target)?)?;
    let is_written = match found {
        Some(found) => {
            file.text(&model(found))?;
            file.text("end\n")?;
            file.finish()?;
            true
        }
        None => trees((sample, architecture, Claim::Positive), options, &limits, file, search)?,
    };
    Ok(Certified { answer, is_written })
}

/// Writes the trees and finishes the file; false if a limit ran out.
fn trees(
    (sample, architecture, claim): (&Sample, Architecture, Claim<'_>),
    options: &TrainingOptions,
    limits: &Limits<'_, TrainingProgress>,
    mut file: CertificateFile<'_>,
    search: Option<WithEnd<'_>>,
) -> Result<bool, CertificateError> {
    let stop = || limits.reached();
    let progress = |leaves: u64| {
        if let Some(callback) = &options.progress {
            callback(&TrainingProgress::Proof { leaves });
        }
    };
    let after = search.as_ref().map(WithEnd::after);
    let keeper = after.as_ref().map(|after| after as &dyn Keeper);
    let run = ProofRun { threads: options.workers(), stop: &stop, progress: &progress, keeper };
    let proved = prove(sample, architecture, claim, &run, &mut file);
    finish(proved.map(|_| ()), file)
}

fn finish(
    proved: Result<(), NoProof>,
    mut file: CertificateFile<'_>,
) -> Result<bool, CertificateError> {
    match proved {
        Ok(()) => {
            file.text("end\n")?;
            file.finish()?;
            Ok(true)
        }
        Err(NoProof::Stopped) => Ok(false),
        Err(NoProof::State(error)) => Err(error.into()),
        Err(NoProof::Write(error)) => Err(file.failed(error)),
        Err(NoProof::Wrong(loss)) => {
            Err(CertificateError::Contradiction(format!("the loss {loss} is attained")))
        }
    }
}

fn words(architecture: Architecture) -> String {
    let output = if architecture.output_relu { "relu" } else { "linear" };
    let bias = if architecture.output_bias { "bias" } else { "unbiased" };
    format!("{output} {} {bias}", architecture.hidden)
}

/// The network's lines.
fn model(model: &Model) -> String {
    let mut text = format!("offset {}\n", model.offset);
    for (node, positive) in model.nodes.iter().zip(&model.positive) {
        let sign = if *positive { '+' } else { '-' };
        text += &format!("node {sign}{}\n", numbers(node));
    }
    text
}

fn numbers(values: &[Rational]) -> String {
    values.iter().map(|value| format!(" {value}")).collect()
}

/// Like [`interpolate`], and writes a certificate of the answer to `target`.
///
/// # Errors
/// If a file cannot be read or written.
pub fn interpolate_certified<'d>(
    sample: &Sample,
    output_relu: bool,
    data: &Path,
    target: impl Into<Destination<'d>>,
) -> Result<Result<Model, Conflict>, CertificateError> {
    let answer = interpolate(sample, output_relu);
    let (word, text) = match &answer {
        Ok(found) => ("yes", model(found)),
        Err(Conflict::Labels { first, second }) => ("no", format!("conflict {first} {second}\n")),
        Err(Conflict::Negative(row)) => ("no", format!("negative {row}\n")),
    };
    let (output, target) = (if output_relu { "relu" } else { "linear" }, target.into());
    let mut file = CertificateFile::create(target)?;
    file.text(&header("interpolation", &format!("{output} {word}"), &[("data", data)], target)?)?;
    file.text(&text)?;
    file.text("end\n")?;
    file.finish()?;
    Ok(answer)
}

/// Writes a certificate of a separation by so many hyperplanes to `target`; whether it did, which
/// it does not if the search or `stop` says that a limit ran out.
///
/// The labels of `sample` are 0 and 1.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write_separation<'d>(
    sample: &Sample,
    planes: usize,
    separation: &Separation,
    points: &Path,
    stop: &dyn Fn() -> bool,
    target: impl Into<Destination<'d>>,
) -> Result<bool, CertificateError> {
    let word = match separation {
        Separation::Yes(_) => "yes",
        Separation::No => "no",
        Separation::Stopped => return Ok(false),
    };
    let (claim, target) = (format!("{planes} {word}"), target.into());
    let mut file = CertificateFile::create(target)?;
    file.text(&header("separability", &claim, &[("points", points)], target)?)?;
    if let Separation::Yes(hyperplanes) = separation {
        for Hyperplane { normal, offset } in hyperplanes {
            file.text(&format!("plane {offset}{}\n", numbers(normal)))?;
        }
        return finish(Ok(()), file);
    }
    let inside: Vec<bool> = sample.labels.iter().map(|label| *label == Rational::ONE).collect();
    let proved =
        separation_proof::prove(sample.dimension, &sample.points, &inside, planes, stop, &mut file);
    finish(proved, file)
}
