//! What `inspect` says about a region.

use std::time::Instant;

use foldline::formats::region::parse_noted_region;
use serde_json::{Value, json};

use crate::describe::plural;
use crate::load::told;
use crate::report::{Exit, Failure, Report};

/// Reads the region in `content` and describes it.
pub fn report(name: &str, content: &str, start: Instant) -> Result<Report, Failure> {
    let dimension = stated_dimension(content);
    let region = told(parse_noted_region(name, content, dimension)?);
    let constraints: usize = region.pieces.iter().map(|piece| piece.constraints.len()).sum();
    let statistics = json!({"constraints": constraints});
    let mut report = Report::new("inspect", "region", Exit::Yes, start, statistics);
    report.set("file", name);
    report.set("dimension", dimension);
    report.set("pieces", region.pieces.len());
    report.set("constraints", constraints);
    report.text = format!(
        "region  {name}: {}, {}, {}",
        plural(dimension as u64, "dimension"),
        plural(region.pieces.len() as u64, "piece"),
        plural(constraints as u64, "constraint")
    );
    Ok(report)
}

/// The dimension that the box or the first row of A has. Only a guess: the reader checks it.
fn stated_dimension(content: &str) -> usize {
    let value: Value = serde_json::from_str(content).unwrap_or_default();
    let length = |value: &Value| value.as_array().map(Vec::len);
    length(&value["box"]).or_else(|| length(&value["A"][0])).unwrap_or(0)
}
