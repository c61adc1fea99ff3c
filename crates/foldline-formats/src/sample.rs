//! Samples: CSV with a header line, one point a row, the last column being its label.

use std::path::Path;

use foldline_kernel::Sample;
use foldline_kernel::number::parse_rational;

use crate::error::FormatError;
use crate::input::{display_name, read_text};
use crate::number::number;

/// Reads the sample in the file at `path`, gzipped or not.
pub fn read_sample(path: &Path) -> Result<Sample, FormatError> {
    parse_sample(&display_name(path), &read_text(path)?)
}

/// Reads the sample in `text`, which messages call `name`.
///
/// The first line names the columns; it may not consist of numbers only, as that would be a
/// forgotten header. Numbers are decimals or fractions `p/q` and are taken exactly. There
/// must be a coordinate besides the label, and at least one row.
pub fn parse_sample(name: &str, text: &str) -> Result<Sample, FormatError> {
    parse_named_sample(name, text).map(|(sample, _)| sample)
}

/// The same with the names of the columns.
pub fn parse_named_sample(name: &str, text: &str) -> Result<(Sample, Vec<String>), FormatError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let broken = |error: &csv::Error| FormatError::whole(name, format!("is not CSV: {error}"));
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    if header.iter().all(|field| parse_rational(field.trim()).is_ok()) {
        let message = "expected a header with the names of the columns, such as `x1,x2,y`";
        return Err(FormatError::new(name, "line 1", message));
    }
    if header.len() < 2 {
        let message = "expected at least two columns: coordinates, then the label";
        return Err(FormatError::new(name, "line 1", message));
    }
    let dimension = header.len() - 1;
    let mut sample = Sample { dimension, points: Vec::new(), labels: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let (found, expected) = (record.len(), header.len());
            let message = format!("has {found} values, but the header names {expected} columns");
            return Err(FormatError::new(name, format!("line {line}"), message));
        }
        let mut row = Vec::with_capacity(header.len());
        for (column, field) in header.iter().zip(&record) {
            let value = number(field.trim()).map_err(|message| {
                FormatError::new(name, format!("line {line}, column `{column}`"), message)
            })?;
            row.push(value);
        }
        sample.labels.extend(row.pop());
        sample.points.push(row);
    }
    if sample.is_empty() {
        return Err(FormatError::whole(name, "has no rows, expected at least one point"));
    }
    Ok((sample, header.iter().map(|name| name.trim().to_owned()).collect()))
}

/// How many of the last columns are labels by their names: those of `y1`, `y2`, … that end the header, if
/// there are several, else 1.
pub fn label_columns(names: &[String]) -> usize {
    let ends_with = |&count: &usize| {
        let last = &names[names.len() - count..];
        last.iter().zip(1..).all(|(name, number)| *name == format!("y{number}"))
    };
    (2..=names.len()).rev().find(ends_with).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let sample = parse_sample("a.csv", "x,z,y\n0.1, 1/3,1e-2\n-2,0,\"5\"\n").unwrap();
        assert_eq!((sample.dimension, sample.len()), (2, 2));
        assert_eq!(sample.points[0], ["0.1", "1/3"].map(|text| parse_rational(text).unwrap()));
        assert_eq!(sample.labels, ["1/100", "5"].map(|text| parse_rational(text).unwrap()));
    }

    #[test]
    fn several_labels_are_told_by_their_names() {
        let names = |header: &str| {
            let zeros = vec!["0"; header.split(',').count()].join(",");
            parse_named_sample("a.csv", &format!("{header}\n{zeros}\n")).unwrap().1
        };
        assert_eq!(
            ["x,z,y", "x,y1,y2", "y1,y2,y3", "x,y2,y1", "x,y,y1"]
                .map(|header| label_columns(&names(header))),
            [1, 2, 3, 1, 1]
        );
        assert_eq!(names("a, b"), ["a", "b"]);
    }

    #[test]
    fn errors_name_the_place() {
        for (text, place) in [
            ("", "line 1"),
            ("x\n1\n", "line 1: expected at least two"),
            ("1,2\n3,4\n", "line 1: expected a header"),
            ("x,y\n", "has no rows"),
            ("x,y\n1,2\n3\n", "line 3: has 1 values"),
            ("x,y\n1,2\n3,4,5\n", "line 3: has 3 values"),
            ("x,y\n1,nan\n", "line 2, column `y`: expected a number such as"),
            ("x,y\n1,\n", "line 2, column `y`"),
            ("x,y\ninf,1\n", "line 2, column `x`"),
            ("x,y\n1/0,1\n", "line 2, column `x`"),
            ("x,y\n1.2.3,1\n", "line 2, column `x`"),
        ] {
            let error = parse_sample("a.csv", text).unwrap_err().to_string();
            assert!(error.starts_with("a.csv: ") && error.contains(place), "{text:?}: {error}");
        }
    }
}
