//! Zonotopes from JSON, numpy and MATLAB files: a center and generators, or segments conv{0, a}.
//!
//! JSON has one list a generator; a matrix has one column a generator, as in CORA and LazySets.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use foldline_kernel::{Rational, Zonotope};
use serde_json::{Value, json};

use crate::error::FormatError;
use crate::input::{as_text, display_name, read_bytes};
use crate::json_text::{Json, parse_json};
use crate::matrix::{
    Container, Fault, Matrix, read_arrays, vector, vectors, write_mat, write_members, write_npy,
};

/// Reads the zonotope in the file at `path` (`-`: standard input), gzipped or not.
pub fn read_zonotope(path: &Path) -> Result<Zonotope, FormatError> {
    parse_zonotope(&display_name(path), &read_bytes(path)?)
}

/// Reads a zonotope from the `bytes` of a file that is called `name`.
///
/// - JSON: `{"center": […], "generators": [[…], …]}` or `{"segments": [[…], …]}`; without
///   `center` it is 0.
/// - `.npy`: a d×n matrix of generators about 0.
/// - `.npz`, `.mat`: `center` (or `c`) and `generators` (or `G`), a d×n matrix; `segments`;
///   `Z`, the d×(n+1) matrix [c, G] of CORA; or one matrix of any other name, generators about 0.
pub fn parse_zonotope(name: &str, bytes: &[u8]) -> Result<Zonotope, FormatError> {
    let zonotope = match Container::of(name, bytes) {
        Some(Container::Json) => {
            let text = as_text(name, bytes)?;
            from_json(&parse_json(name, text)?)
        }
        Some(container) => from_matrices(&read_arrays(name, container, bytes)?),
        None => {
            let message = "expected a zonotope: JSON, .npy, .npz or .mat";
            Err((String::new(), message.to_owned()))
        }
    };
    zonotope.map_err(|(place, message)| FormatError::new(name, place, message))
}

/// The zonotope as the JSON object that is read here, every number an exact string.
pub fn zonotope_to_json(zonotope: &Zonotope) -> Value {
    let strings = |vector: &Vec<Rational>| -> Value {
        vector.iter().map(|value| json!(value.to_string())).collect()
    };
    let generators: Value = zonotope.generators.iter().map(strings).collect();
    json!({"center": strings(&zonotope.center), "generators": generators})
}

/// The bytes of a file called `name` that holds the zonotope: `.mat` and `.npz` (c and G), `.npy`,
/// else JSON; gzipped if the name ends in `.gz`.
///
/// `.npy` holds generators only, so the center must be 0 there.
///
/// # Errors
/// Binary files hold 64-bit floats: numbers that are not exactly such floats are refused.
pub fn write_zonotope(name: &str, zonotope: &Zonotope) -> Result<Vec<u8>, FormatError> {
    let lowercase = name.to_ascii_lowercase();
    if let Some(stem) = lowercase.strip_suffix(".gz") {
        let content = write_zonotope(&name[..stem.len()], zonotope)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        return encoder
            .write_all(&content)
            .and_then(|()| encoder.finish())
            .map_err(|error| FormatError::whole(name, error.to_string()));
    }
    let dimension = zonotope.dimension();
    let columns: Vec<&[Rational]> = zonotope.generators.iter().map(Vec::as_slice).collect();
    let generators = Matrix::from_columns("G", dimension, &columns);
    let center = Matrix::from_columns("c", dimension, &[&zonotope.center]);
    let inexact = |name_of: &str, row: usize, column: usize| {
        let place = format!("{name_of}[{row}][{column}]");
        FormatError::new(name, place, "is not exactly a 64-bit float: write JSON instead")
    };
    let npy = |matrix: &Matrix| {
        write_npy(matrix).map_err(|(row, column)| inexact(&matrix.name, row, column))
    };
    match lowercase.rsplit_once('.').map(|(_, extension)| extension) {
        Some("mat") => write_mat(&[center, generators])
            .map_err(|(name, row, column)| inexact(&name, row, column)),
        Some("npz") => {
            let members = [&center, &generators]
                .into_iter()
                .map(|matrix| Ok((format!("{}.npy", matrix.name), npy(matrix)?)))
                .collect::<Result<Vec<_>, FormatError>>()?;
            Ok(write_members(&members))
        }
        Some("npy") => {
            if zonotope.center.iter().any(|value| !value.is_zero()) {
                let message = "a .npy file holds generators only, but the center is not 0";
                return Err(FormatError::whole(name, message));
            }
            npy(&generators)
        }
        _ => Ok(format!("{}\n", zonotope_to_json(zonotope)).into_bytes()),
    }
}

fn fault<T>(place: &str, message: impl Into<String>) -> Result<T, Fault> {
    Err((place.to_owned(), message.into()))
}

fn from_json(tree: &Json<'_>) -> Result<Zonotope, Fault> {
    let expected = r#"expected "center" and "generators", or "segments""#;
    let Json::Object(entries) = tree else {
        return fault("", format!("{expected}, found {}", tree.kind()));
    };
    let [mut center, mut generators, mut segments] = [None; 3];
    for (key, value) in entries {
        let slot = match key.as_str() {
            "center" => &mut center,
            "generators" => &mut generators,
            "segments" => &mut segments,
            _ => return fault("", format!("unknown key {key:?}, {expected}")),
        };
        if slot.replace(value).is_some() {
            return fault(key, "this key stands twice");
        }
    }
    match (center, generators, segments) {
        (None, None, Some(segments)) => {
            let segments = vectors(segments, "segments", None)?;
            build("segments", None, segments, true)
        }
        (center, Some(generators), None) => {
            let center = center.map(|center| vector(center, "center")).transpose()?;
            let length = center.as_ref().map(Vec::len);
            build("generators", center, vectors(generators, "generators", length)?, false)
        }
        (_, _, Some(_)) => fault("segments", "\"segments\" stands alone, without other keys"),
        (_, None, None) => fault("", expected),
    }
}

/// Checks the dimension, which has to be known and positive.
fn build(
    place: &str,
    center: Option<Vec<Rational>>,
    vectors: Vec<Vec<Rational>>,
    are_segments: bool,
) -> Result<Zonotope, Fault> {
    let known = center.as_ref().or(vectors.first()).map(Vec::len);
    let Some(dimension) = known else {
        return fault(place, "expected at least one vector: none says the dimension");
    };
    if dimension == 0 {
        let place = if center.is_some() { "center" } else { place };
        return fault(place, "expected at least one coordinate, found none");
    }
    if are_segments {
        return Ok(Zonotope::from_segments(dimension, &vectors));
    }
    let center = center.unwrap_or_else(|| vec![Rational::ZERO; dimension]);
    Ok(Zonotope { center, generators: vectors })
}

fn from_matrices(matrices: &[Matrix]) -> Result<Zonotope, Fault> {
    let find = |names: &[&str]| -> Result<Option<&Matrix>, Fault> {
        let mut found = matrices.iter().filter(|matrix| names.contains(&matrix.name.as_str()));
        match (found.next(), found.next()) {
            (Some(_), Some(second)) => {
                fault(&second.name, format!("only one of {} is expected", names.join(", ")))
            }
            (first, _) => Ok(first),
        }
    };
    let center = find(&["center", "c"])?;
    let generators = find(&["generators", "G"])?;
    let (segments, both) = (find(&["segments"])?, find(&["Z"])?);
    match (center, generators, segments, both) {
        (center, Some(generators), None, None) => {
            let center = center.map(|center| center_vector(center, generators.rows)).transpose()?;
            of_columns(generators, 0, center, false)
        }
        (None, None, Some(segments), None) => of_columns(segments, 0, None, true),
        (None, None, None, Some(both)) if both.columns > 0 => {
            of_columns(both, 1, Some(both.column(0)), false)
        }
        (None, None, None, None) if matrices.len() == 1 => of_columns(&matrices[0], 0, None, false),
        _ => {
            let names: Vec<&str> = matrices.iter().map(|matrix| matrix.name.as_str()).collect();
            let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let message = format!(
                "expected matrices c and G (or center and generators), segments, Z = [c, G], \
                 or one matrix of generators, found {found}"
            );
            fault("", message)
        }
    }
}

/// A center given as a column, a row or an array of one dimension.
fn center_vector(center: &Matrix, dimension: usize) -> Result<Vec<Rational>, Fault> {
    let is_vector = center.rows == 1 || center.columns == 1;
    if !is_vector || center.entries.len() != dimension {
        let message = format!(
            "expected a vector of {dimension} numbers, one a row of the generators, found {} x {}",
            center.rows, center.columns
        );
        return fault(&center.name, message);
    }
    Ok(center.entries.clone())
}

/// The zonotope whose generators are the columns from `first`.
fn of_columns(
    matrix: &Matrix,
    first: usize,
    center: Option<Vec<Rational>>,
    are_segments: bool,
) -> Result<Zonotope, Fault> {
    let columns = (first..matrix.columns).map(|column| matrix.column(column)).collect();
    let origin = vec![Rational::ZERO; matrix.rows];
    match (center, are_segments) {
        (center @ Some(_), _) => build(&matrix.name, center, columns, false),
        (None, true) => build(&matrix.name, None, columns, true),
        (None, false) => build(&matrix.name, Some(origin), columns, false),
    }
}
