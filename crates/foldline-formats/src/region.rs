//! Regions of the input space: a VNN-LIB file, or JSON with a box, inequalities A x ≤ b, or both.

mod clauses;

use std::path::Path;

use foldline_kernel::linear::{LinearConstraint, Polyhedron, Region};
use foldline_kernel::number::Rational;

use crate::error::{FormatError, Noted};
use crate::input::{display_name, read_text};
use crate::json_text::{Json, parse_json};
use crate::sexpr::excerpt;
use crate::vnnlib::parse_input_formula;
use clauses::{MOST_PIECES, TooManyPieces, input_region};

/// Reads the region of R^dimension in the file at `path`, gzipped or not.
pub fn read_region(path: &Path, dimension: usize) -> Result<Region, FormatError> {
    parse_region(&display_name(path), &read_text(path)?, dimension)
}

/// Reads the region of R^dimension in `text`, which messages call `name`.
///
/// It is JSON if its first character is `{` or `name` ends in `.json`, otherwise VNN-LIB.
pub fn parse_region(name: &str, text: &str, dimension: usize) -> Result<Region, FormatError> {
    Ok(parse_noted_region(name, text, dimension)?.value)
}

/// Like [`parse_region`], with a warning if boxes in it are inverted.
pub fn parse_noted_region(
    name: &str,
    text: &str,
    dimension: usize,
) -> Result<Noted<Region>, FormatError> {
    let is_json = name.ends_with(".json") || name.ends_with(".json.gz");
    if is_json || text.trim_start().starts_with('{') {
        return parse_json_region(name, text, dimension);
    }
    let Noted { value, warnings } = parse_input_formula(name, text, dimension)?;
    let value = input_region(&value, dimension).map_err(|TooManyPieces| {
        let message = format!("the region is a union of more than {MOST_PIECES} polyhedra");
        FormatError::whole(name, message)
    })?;
    Ok(Noted { value, warnings })
}

/// What is wrong, and at which part of the object.
type PartError = (String, String);

fn parse_json_region(
    name: &str,
    text: &str,
    dimension: usize,
) -> Result<Noted<Region>, FormatError> {
    let mut inverted = None;
    let region = match parse_json(name, text)? {
        Json::Object(entries) => json_region(&entries, dimension, &mut inverted),
        other => {
            let found = other.kind();
            Err((
                String::new(),
                format!(r#"expected an object such as {{"box": …}}, found {found}"#),
            ))
        }
    };
    let located = |(place, message): PartError| FormatError::new(name, place, message);
    let value = region.map_err(located)?;
    let warnings = inverted.into_iter().map(|part| located(part).to_string()).collect();
    Ok(Noted { value, warnings })
}

fn json_region(
    entries: &[(String, Json<'_>)],
    dimension: usize,
    inverted: &mut Option<PartError>,
) -> Result<Region, PartError> {
    let [mut sides, mut matrix, mut bounds] = [None; 3];
    for (key, value) in entries {
        let slot = match key.as_str() {
            "box" => &mut sides,
            "A" => &mut matrix,
            "b" => &mut bounds,
            _ => {
                let message =
                    format!(r#"unknown key {}, expected "box", "A" or "b""#, excerpt(key));
                return Err((String::new(), message));
            }
        };
        if slot.replace(value).is_some() {
            return Err((key.clone(), "this key stands twice".into()));
        }
    }
    let mut constraints = Vec::new();
    if let Some(sides) = sides {
        read_box(sides, dimension, &mut constraints, inverted)?;
    }
    match (matrix, bounds) {
        (Some(matrix), Some(bounds)) => {
            read_inequalities(matrix, bounds, dimension, &mut constraints)?;
        }
        (None, None) if sides.is_some() => {}
        (None, None) => {
            return Err((String::new(), r#"expected "box", or "A" and "b""#.into()));
        }
        (Some(_), None) => return Err(("A".into(), r#"expected "b" beside it"#.into())),
        (None, Some(_)) => return Err(("b".into(), r#"expected "A" beside it"#.into())),
    }
    // A row of zeros says 0 ≤ b: nothing, or that the region is empty.
    let is_trivial = |constraint: &LinearConstraint| constraint.coefficients.is_empty();
    let is_empty = constraints.iter().any(|c| is_trivial(c) && c.bound < Rational::ZERO);
    constraints.retain(|constraint| !is_trivial(constraint));
    let piece = Polyhedron { dimension, constraints };
    Ok(Region { dimension, pieces: if is_empty { Vec::new() } else { vec![piece] } })
}

/// Reads `[[lower, upper], …]`, one pair a dimension; notes the first with lower > upper.
fn read_box(
    value: &Json<'_>,
    dimension: usize,
    constraints: &mut Vec<LinearConstraint>,
    inverted: &mut Option<PartError>,
) -> Result<(), PartError> {
    let sides = list(value, "box", Some(dimension))?;
    for (coordinate, side) in sides.iter().enumerate() {
        let place = format!("box[{coordinate}]");
        let ends = list(side, &place, Some(2))?;
        let end = |index: usize| match &ends[index] {
            Json::Null => Ok(None),
            value => number(value, || format!("{place}[{index}]")).map(Some),
        };
        let (lower, upper) = (end(0)?, end(1)?);
        if let (Some(lower), Some(upper)) = (&lower, &upper)
            && lower > upper
        {
            let message =
                format!("lower bound {lower} is above upper bound {upper}, so the region is empty");
            inverted.get_or_insert((place, message));
        }
        let terms = |sign: i8| vec![(coordinate, Rational::from(sign))];
        constraints.extend(lower.map(|lower| LinearConstraint::new(terms(-1), -lower, false)));
        constraints.extend(upper.map(|upper| LinearConstraint::new(terms(1), upper, false)));
    }
    Ok(())
}

/// Reads the rows of A and the entries of b, as many as rows.
fn read_inequalities(
    matrix: &Json<'_>,
    bounds: &Json<'_>,
    dimension: usize,
    constraints: &mut Vec<LinearConstraint>,
) -> Result<(), PartError> {
    let rows = list(matrix, "A", None)?;
    let bounds = list(bounds, "b", Some(rows.len()))?;
    for (index, (row, bound)) in rows.iter().zip(bounds).enumerate() {
        let row = list(row, &format!("A[{index}]"), Some(dimension))?;
        let entry =
            |(column, value)| Ok((column, number(value, || format!("A[{index}][{column}]"))?));
        let terms = row.iter().enumerate().map(entry).collect::<Result<_, PartError>>()?;
        let bound = number(bound, || format!("b[{index}]"))?;
        constraints.push(LinearConstraint::new(terms, bound, false));
    }
    Ok(())
}

fn list<'a>(
    value: &'a Json<'a>,
    place: &str,
    length: Option<usize>,
) -> Result<&'a [Json<'a>], PartError> {
    let Json::Array(items) = value else {
        return Err((place.into(), format!("expected a list, found {}", value.kind())));
    };
    match length {
        Some(length) if items.len() != length => {
            Err((place.into(), format!("expected a list of {length}, found {}", items.len())))
        }
        _ => Ok(items),
    }
}

/// Reads a number from its text, or from a string such as `"1/3"`.
fn number(value: &Json<'_>, place: impl Fn() -> String) -> Result<Rational, PartError> {
    value.rational().map_err(|message| (place(), message))
}
