//! A matrix as JSON: a list of rows, number tokens read from their digits.

use foldline_kernel::Rational;

use super::{Fault, Matrix};
use crate::error::FormatError;
use crate::json_text::{Json, parse_json};

/// Reads a list of rows, or an object whose only key has such a list.
pub(super) fn parse_rows(name: &str, text: &str) -> Result<Matrix, FormatError> {
    let tree = parse_json(name, text)?;
    let (place, rows) = match &tree {
        Json::Object(entries) => match entries.as_slice() {
            [(key, rows)] => (key.as_str(), rows),
            _ => {
                let message = format!("expected an object with one key, found {}", entries.len());
                return Err(FormatError::whole(name, message));
            }
        },
        rows => ("", rows),
    };
    let rows = vectors(rows, place, None)
        .map_err(|(place, message)| FormatError::new(name, place, message))?;
    let columns = rows.first().map_or(0, Vec::len);
    let count = rows.len();
    let entries = rows.into_iter().flatten().collect();
    Ok(Matrix { name: String::new(), rows: count, columns, entries })
}

/// A list of vectors of the same length, that of the first where none is given.
pub(crate) fn vectors(
    value: &Json<'_>,
    place: &str,
    length: Option<usize>,
) -> Result<Vec<Vec<Rational>>, Fault> {
    let Json::Array(items) = value else {
        let message = format!("expected a list of lists of numbers, found {}", value.kind());
        return Err((place.to_owned(), message));
    };
    let mut length = length;
    let mut vectors = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let vector = vector(item, &place)?;
        let expected = *length.get_or_insert(vector.len());
        if vector.len() != expected {
            let message = format!("expected {expected} numbers, found {}", vector.len());
            return Err((place, message));
        }
        vectors.push(vector);
    }
    Ok(vectors)
}

/// A list of numbers.
pub(crate) fn vector(value: &Json<'_>, place: &str) -> Result<Vec<Rational>, Fault> {
    let Json::Array(items) = value else {
        let message = format!("expected a list of numbers, found {}", value.kind());
        return Err((place.to_owned(), message));
    };
    let numbers = items.iter().enumerate();
    numbers
        .map(|(index, item)| {
            item.rational().map_err(|message| (format!("{place}[{index}]"), message))
        })
        .collect()
}
