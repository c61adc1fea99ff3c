//! `foldline zonotope norm … --epsilon E`: bounds of the largest norm from random samples.

use std::time::Instant;

use foldline::questions::norm_maximum::{Norm, Options, estimate_norm};
use foldline::text::decimal;
use foldline::{Rational, Zonotope};
use serde_json::{Map, Value, json};

use super::describe;
use crate::describe::{duration, point_table};
use crate::report::{Exit, Failure, Report, set_exact};

/// Samples and reports.
pub fn run(
    name: &str,
    zonotope: &Zonotope,
    norm: &Norm,
    epsilon: f64,
    seed: u64,
    options: &Options,
    start: Instant,
) -> Result<Report, Failure> {
    let estimate = estimate_norm(zonotope, norm, epsilon, seed, options)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let (lower, best) = estimate.best();
    let statistics = json!({"methods": estimate.methods.len()});
    let mut report = Report::new("zonotope norm", "norm", Exit::Yes, start, statistics);
    report.set_exact("lower", lower);
    match best.and_then(|bounds| bounds.upper.as_ref()) {
        Some(upper) => report.set_exact("upper", upper),
        None => report.set("upper", Value::Null),
    }
    report.set("probability", best.map_or(0.0, |bounds| bounds.probability));
    report.set("seed", seed);
    report.set_point("vertex", &estimate.vertex);
    report.set("signs", estimate.signs.clone());
    let mut text = format!("zonotope  {name} ({})\n\n", describe(zonotope));
    let mut methods = Vec::new();
    for bounds in &estimate.methods {
        let mut object = Map::new();
        object.insert("method".to_owned(), bounds.method.into());
        set_exact(&mut object, "lower", &bounds.lower);
        let upper = bounds.upper.as_ref();
        upper.into_iter().for_each(|upper| set_exact(&mut object, "upper", upper));
        object.insert("probability".to_owned(), bounds.probability.into());
        methods.push(Value::Object(object));
        let upper = upper.map_or("?".to_owned(), |upper: &Rational| decimal(upper, 9));
        text += &format!(
            "{:<12}largest norm {} to {upper}, with probability {:.6}\n",
            bounds.method,
            decimal(&bounds.lower, 9),
            bounds.probability
        );
    }
    report.set("methods", methods);
    text += &format!(
        "\nbest vertex\n{}\n{}\n",
        point_table(&[('z', &estimate.vertex)]),
        duration(start.elapsed().as_secs_f64())
    );
    report.text = text;
    Ok(report)
}
