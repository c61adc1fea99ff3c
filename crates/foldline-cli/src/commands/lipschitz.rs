//! `foldline lipschitz NET --p P`: the exact Lipschitz constant, over a region or everywhere.

use std::time::Instant;

use clap::Args;
use foldline::lipschitz::{
    Answer, Attained, Constant, Exponent, Outcome, Refused, lipschitz_resumable,
};
use foldline::lipschitz_certificate::{Asked, lipschitz_certified};
use foldline::question_certificates::SubjectFiles;
use foldline::text::{decimal, exact_for_people};
use foldline::{Rational, parse_rational};
use serde_json::Value;

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::{plural, point_table, shorten};
use crate::load::Inputs;
use crate::question::{PerhapsOnRegion, QuestionOptions, Run, Subject};
use crate::report::{Exit, Failure, Report, set_point};

/// Compute a network's Lipschitz constant for a p-norm, exactly
///
/// The smallest L with |f(x) - f(y)| <= L |x - y| (p-norms on inputs and outputs) for all x, y of
/// the region, or of all inputs. Only cells with interior count. The answer comes with a point
/// inside a cell whose gradient attains it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    files: PerhapsOnRegion,
    /// The exponent p of the norms: a rational >= 0, or inf
    #[arg(long, value_name = "P", allow_hyphen_values = true, value_parser = parse_exponent)]
    p: Exponent,
    /// Measure this output alone, from 0 [default: all of them, by operator norms]
    #[arg(long, value_name = "I")]
    output: Option<usize>,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    pub question: QuestionOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline lipschitz net.onnx --p inf --over prop.vnnlib
  foldline lipschitz net.json --p 2 --output 0 --over box.json --json --timeout 60

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

fn parse_exponent(text: &str) -> Result<Exponent, String> {
    match text.trim() {
        "inf" => Ok(Exponent::Infinite),
        text => match parse_rational(text) {
            Ok(p) if p >= Rational::ZERO => Ok(Exponent::Finite(p)),
            Ok(_) => Err("p must be at least 0, or inf".to_owned()),
            Err(error) => Err(format!("{error}, or inf")),
        },
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { files, p, output, certificate, checkpoint, question } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let subject = Subject::read(&mut inputs, &files.network, files.over.as_deref(), question)?;
    let count = subject.network.outputs();
    let outputs = match output {
        None => (0..count).collect(),
        Some(_) => vec![subject.chosen_output(*output)?],
    };
    let region = files.over.as_ref().map(|_| &subject.region);
    certificate.speaks_about(&question.read)?;
    let run = Run::new(start, question);
    let (network, options) = (&subject.network, &run.options);
    let exponent = name(p);
    let checkpoint = checkpoint.open(
        "lipschitz",
        &inputs,
        Certificate::Kept(certificate.path()),
        |statement| {
            let statement = statement.option("physical", question.read.physical);
            statement.option("output", *output).option("p", exponent.clone())
        },
    )?;
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let answered = match &certifying {
        None => lipschitz_resumable(network, &outputs, p, region, options, keeper(&checkpoint)),
        Some(certifying) => {
            let named = SubjectFiles { network: &files.network, region: files.over.as_deref() };
            let asked = Asked { network, outputs: &outputs, p, region };
            let (target, keeper) = (certifying.destination(), keeper(&checkpoint));
            lipschitz_certified(asked, named, options, target, keeper)
                .map_err(|error| not_written(checkpoint.as_ref(), error))?
        }
    };
    let outcome = answered.map_err(|refused| match refused {
        Refused::State(error) => foreign(checkpoint.as_ref(), &error),
        refused => Failure::Usage(refused.to_string()),
    })?;
    let measured = match &outputs[..] {
        [output] if count > 1 => format!("of output {output} "),
        [_] => String::new(),
        _ => format!("of {} together ", plural(count as u64, "output")),
    };
    let question = format!("the Lipschitz constant {measured}for p = {exponent}");
    let mut report = report(run, &subject.heading(&question), &outcome);
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, !matches!(outcome.answer, Answer::Undecided { .. }));
    Ok(report)
}

fn name(p: &Exponent) -> String {
    match p {
        Exponent::Finite(p) => p.to_string(),
        Exponent::Infinite => "inf".to_owned(),
    }
}

fn report(run: Run, heading: &str, outcome: &Outcome) -> Report {
    let statistics = &outcome.statistics;
    let done = |run: Run, answer: &str, text: &str| {
        run.report("lipschitz", answer, Exit::Yes, statistics, &(heading.to_owned() + text))
    };
    match &outcome.answer {
        Answer::Lipschitz(constant, attained) => {
            let mut report = done(run, "lipschitz", &lipschitz_text(constant, attained));
            set_constant(&mut report, constant);
            set_attained(&mut report, attained);
            report
        }
        Answer::Jump { value, points: [x, y] } => {
            let text = format!(
                "LIPSCHITZ CONSTANT: {}, exactly {}.\n\nThat much the output changes from X to Z, \
                 which differ in at most one input:\n\n{}",
                decimal(value, 12),
                shorten(&exact_for_people(value)),
                point_table(&[('X', x), ('Z', y)])
            );
            let mut report = done(run, "lipschitz", &text);
            report.set_exact("value", value);
            set_rows(&mut report, "points", &[x.clone(), y.clone()]);
            report
        }
        Answer::Infinite => done(
            run,
            "infinite",
            "INFINITE: a change of one input can change the output by any amount.\n",
        ),
        Answer::Empty => done(run, "empty", "EMPTY: the region has no point.\n"),
        Answer::Undecided { limit, lower, upper } => {
            let number =
                |value: &Option<Rational>| value.as_ref().map_or("?".into(), |v| decimal(v, 12));
            let text = format!(
                "{heading}UNDECIDED: the time limit ran out. The constant is at least {} and at most \
                 {}.\n",
                number(lower),
                number(upper)
            );
            let mut report = run.undecided("lipschitz", *limit, statistics, &text);
            set_bound(&mut report, "lower", lower.as_ref());
            set_bound(&mut report, "upper", upper.as_ref());
            report
        }
    }
}

fn set_bound(report: &mut Report, key: &str, bound: Option<&Rational>) {
    match bound {
        Some(bound) => report.set_exact(key, bound),
        None => report.set(key, Value::Null),
    }
}

fn set_constant(report: &mut Report, constant: &Constant) {
    match constant {
        Constant::Exact(value) => report.set_exact("value", value),
        Constant::Square(square) => report.set_exact("value_squared", square),
        Constant::Between { lower, upper } => {
            report.set_exact("lower", lower);
            report.set_exact("upper", upper);
        }
    }
}

fn set_attained(report: &mut Report, attained: &Attained) {
    match &attained.jacobian[..] {
        [gradient] => report.set_point("gradient", gradient),
        rows => set_rows(report, "jacobian", rows),
    }
    report.set_point("point", &attained.point);
}

/// Adds a list of points, and their approximations beside it.
fn set_rows(report: &mut Report, key: &str, rows: &[Vec<Rational>]) {
    let row = |row: &Vec<Rational>| {
        let mut object = serde_json::Map::new();
        set_point(&mut object, "row", row);
        (object["row"].clone(), object["row_approx"].clone())
    };
    let (exact, floats): (Vec<Value>, Vec<Value>) = rows.iter().map(row).unzip();
    report.set(key, exact);
    report.set(&format!("{key}_approx"), floats);
}

fn lipschitz_text(constant: &Constant, attained: &Attained) -> String {
    let exactly = |value: &Rational| shorten(&exact_for_people(value));
    let value = match constant {
        Constant::Exact(value) => {
            format!("LIPSCHITZ CONSTANT: {}, exactly {}.\n", decimal(value, 12), exactly(value))
        }
        Constant::Square(square) => {
            let root = foldline::text::approximate(square).unwrap_or(f64::INFINITY).sqrt();
            format!("LIPSCHITZ CONSTANT: {root:.12}, its square is exactly {}.\n", exactly(square))
        }
        Constant::Between { lower, upper } => format!(
            "LIPSCHITZ CONSTANT: at least {}, at most {}.\n",
            decimal(lower, 16),
            decimal(upper, 16)
        ),
    };
    let place = point_table(&[('X', &attained.point)]);
    let gradients: String =
        attained.jacobian.iter().map(|gradient| point_table(&[('G', gradient)])).collect();
    format!(
        "{value}\nAttained in the cell around the point X, where the gradient is G:\n\n{place}\n{gradients}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_rationals_or_inf() {
        assert_eq!(parse_exponent("inf"), Ok(Exponent::Infinite));
        assert_eq!(parse_exponent("0.5"), parse_exponent("1/2"));
        for bad in ["-1", "infinity", "nan", "", "two"] {
            assert!(parse_exponent(bad).is_err(), "{bad}");
        }
    }
}
