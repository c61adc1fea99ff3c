//! What `inspect` says about a zonotope.

use std::time::Instant;

use foldline::formats::zonotope::parse_zonotope;
use serde_json::json;

use crate::describe::plural;
use crate::report::{Exit, Failure, Report};

/// Reads the zonotope in `content` and describes it.
pub fn report(name: &str, content: &[u8], start: Instant) -> Result<Report, Failure> {
    let zonotope = parse_zonotope(name, content)?;
    let generators = zonotope.generators.len();
    let is_zero = |vector: &&Vec<_>| vector.iter().all(foldline::Rational::is_zero);
    let zeros = zonotope.generators.iter().filter(is_zero).count();
    let statistics = json!({"generators": generators});
    let mut report = Report::new("inspect", "zonotope", Exit::Yes, start, statistics);
    report.set("file", name);
    report.set("dimension", zonotope.dimension());
    report.set("generators", generators);
    report.set("zero_generators", zeros);
    report.set_point("center", &zonotope.center);
    report.text = format!(
        "zonotope  {name}: {}, {} ({zeros} of them zero)",
        plural(zonotope.dimension() as u64, "dimension"),
        plural(generators as u64, "generator"),
    );
    Ok(report)
}
