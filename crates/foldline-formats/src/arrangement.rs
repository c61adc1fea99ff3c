//! Arrangements of hyperplanes: `{"normals": [[…], …], "offsets": […]}`, the hyperplanes a·x = b.
//!
//! A number is a JSON number, read from its digits, or a string such as `"2/3"`.

use std::path::Path;

use foldline_kernel::number::Rational;
use foldline_kernel::{Arrangement, Hyperplane};

use crate::error::FormatError;
use crate::input::{display_name, read_text};
use crate::json_text::{Json, parse_json};

/// Reads the arrangement in the file at `path`, gzipped or not.
pub fn read_arrangement(path: &Path) -> Result<Arrangement, FormatError> {
    parse_arrangement(&display_name(path), &read_text(path)?)
}

/// Reads the arrangement in `text`, which messages call `name`.
pub fn parse_arrangement(name: &str, text: &str) -> Result<Arrangement, FormatError> {
    let tree = parse_json(name, text)?;
    read_tree(&tree).map_err(|(place, message)| FormatError::new(name, place, message))
}

/// A place in the tree, such as `normals[1]`, and what is wrong there.
type Fault = (String, String);

fn read_tree(tree: &Json) -> Result<Arrangement, Fault> {
    let fault = |message: String| Err(("top level".to_owned(), message));
    let Json::Object(entries) = tree else {
        let found = tree.kind();
        return fault(format!(r#"expected {{"normals": …, "offsets": …}}, found {found}"#));
    };
    let [mut normals, mut offsets] = [None; 2];
    for (key, value) in entries {
        let slot = match key.as_str() {
            "normals" => &mut normals,
            "offsets" => &mut offsets,
            _ => return fault(format!(r#"unknown key {key:?}, expected "normals" or "offsets""#)),
        };
        if slot.replace(value).is_some() {
            return fault(format!("key {key:?} stands twice"));
        }
    }
    let Some(normals) = normals else { return fault(r#"key "normals" is missing"#.to_owned()) };
    let Some(offsets) = offsets else { return fault(r#"key "offsets" is missing"#.to_owned()) };
    let normals = list(normals, "normals")?;
    let offsets = numbers(offsets, "offsets")?;
    if normals.len() != offsets.len() {
        let message =
            format!("expected one number a normal, {}, found {}", normals.len(), offsets.len());
        return Err(("offsets".to_owned(), message));
    }
    let mut arrangement = Arrangement { dimension: 0, hyperplanes: Vec::new() };
    for (index, (normal, offset)) in normals.iter().zip(offsets).enumerate() {
        let place = format!("normals[{index}]");
        let normal = numbers(normal, &place)?;
        if index == 0 {
            arrangement.dimension = normal.len();
        } else if normal.len() != arrangement.dimension {
            let (expected, found) = (arrangement.dimension, normal.len());
            return Err((place, format!("expected {expected} numbers as before, found {found}")));
        }
        if normal.iter().all(Rational::is_zero) {
            return Err((place, "expected a normal that is not zero".to_owned()));
        }
        arrangement.hyperplanes.push(Hyperplane { normal, offset });
    }
    Ok(arrangement)
}

fn list<'a, 't>(value: &'a Json<'t>, place: &str) -> Result<&'a [Json<'t>], Fault> {
    match value {
        Json::Array(items) => Ok(items),
        other => Err((place.to_owned(), format!("expected a list, found {}", other.kind()))),
    }
}

fn numbers(value: &Json, place: &str) -> Result<Vec<Rational>, Fault> {
    let number = |(index, item): (usize, &Json)| {
        item.rational().map_err(|message| (format!("{place}[{index}]"), message))
    };
    list(value, place)?.iter().enumerate().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    #[test]
    fn numbers_are_exact() {
        let text = r#"{"normals": [[0.1, "1/3"], [1, 0]], "offsets": [1e-3, "2"]}"#;
        let arrangement = parse_arrangement("a.json", text).unwrap();
        assert_eq!((arrangement.dimension, arrangement.hyperplanes.len()), (2, 2));
        let first = &arrangement.hyperplanes[0];
        assert_eq!(first.normal, ["1/10", "1/3"].map(|t| parse_rational(t).unwrap()));
        assert_eq!(first.offset, parse_rational("1/1000").unwrap());
        let none = parse_arrangement("a.json", r#"{"normals": [], "offsets": []}"#).unwrap();
        assert_eq!(none.hyperplanes.len(), 0);
    }

    #[test]
    fn bad_input_is_located() {
        for (text, place, message) in [
            ("[]", "top level", "expected {"),
            (r#"{"normals": []}"#, "top level", "\"offsets\" is missing"),
            (r#"{"normals": [], "offsets": [], "x": 1}"#, "top level", "unknown key"),
            (r#"{"normals": [[1]], "normals": [[1]]}"#, "top level", "twice"),
            (r#"{"normals": [[1]], "offsets": []}"#, "offsets", "one number a normal, 1"),
            (r#"{"normals": [[1], [1, 2]], "offsets": [0, 0]}"#, "normals[1]", "1 numbers"),
            (r#"{"normals": [[1, 0], [0, 0.0]], "offsets": [0, 0]}"#, "normals[1]", "not zero"),
            (r#"{"normals": [[]], "offsets": [0]}"#, "normals[0]", "not zero"),
            (r#"{"normals": [[true]], "offsets": [0]}"#, "normals[0][0]", "a truth value"),
            (r#"{"normals": [["1/0"]], "offsets": [0]}"#, "normals[0][0]", "zero"),
            (r#"{"normals": 3, "offsets": [0]}"#, "normals", "a number"),
        ] {
            let error = parse_arrangement("a.json", text).unwrap_err();
            assert_eq!(error.place, place, "{text}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
        assert!(parse_arrangement("a.json", "{").unwrap_err().place.contains("line 1"));
    }
}
