//! Matrices of exact numbers from numpy and MATLAB files: `.npy`, `.npz`, `.mat`.
//!
//! Every stored float is the dyadic rational it denotes; NaN and infinities are
//! refused with their place.

mod elements;
mod json;
mod mat;
mod npy;
mod zip;

use std::path::Path;

use foldline_kernel::Rational;

use crate::error::FormatError;
use crate::input::{as_text, display_name, read_bytes};
pub(crate) use json::{vector, vectors};
pub(crate) use mat::byte_order as mat_byte_order;
pub use mat::write_mat;
pub use npy::write_npy;
pub(crate) use zip::write_members;

/// A matrix, or a vector, of exact numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// The name of the variable or the archive's member; empty where the file holds one array only.
    pub name: String,
    /// The number of rows; 1 for an array of one dimension.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The entries, row by row.
    pub entries: Vec<Rational>,
}

impl Matrix {
    /// The entry in this row and column, both from 0.
    pub fn entry(&self, row: usize, column: usize) -> &Rational {
        &self.entries[row * self.columns + column]
    }

    /// One column as a vector.
    pub fn column(&self, column: usize) -> Vec<Rational> {
        (0..self.rows).map(|row| self.entry(row, column).clone()).collect()
    }

    /// One row as a vector.
    pub fn row(&self, row: usize) -> &[Rational] {
        &self.entries[row * self.columns..(row + 1) * self.columns]
    }

    /// The matrix with `columns` as its columns, each of length `rows`.
    pub fn from_columns(name: &str, rows: usize, columns: &[&[Rational]]) -> Self {
        let entries = (0..rows).flat_map(|row| columns.iter().map(move |column| &column[row]));
        Self {
            name: name.to_owned(),
            rows,
            columns: columns.len(),
            entries: entries.cloned().collect(),
        }
    }
}

/// The kinds of files that hold matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Json,
    Npy,
    Npz,
    Mat,
}

impl Container {
    /// Tells the kind by the name's extension (before `.gz`), and by the content where that does not tell.
    pub fn of(name: &str, bytes: &[u8]) -> Option<Self> {
        let lowercase = name.to_ascii_lowercase();
        let stem = lowercase.strip_suffix(".gz").unwrap_or(&lowercase);
        match stem.rsplit_once('.').map(|(_, extension)| extension) {
            Some("json") => Some(Self::Json),
            Some("npy") => Some(Self::Npy),
            Some("npz") => Some(Self::Npz),
            Some("mat") => Some(Self::Mat),
            _ => Self::of_content(bytes),
        }
    }

    fn of_content(bytes: &[u8]) -> Option<Self> {
        let begins = |magic: &[u8]| bytes.starts_with(magic);
        if begins(npy::MAGIC) {
            Some(Self::Npy)
        } else if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") {
            Some(Self::Npz)
        } else if begins(b"MATLAB ") || begins(mat::HDF5) {
            Some(Self::Mat)
        } else if matches!(bytes.trim_ascii_start(), [b'{' | b'[', ..]) {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// Whether the bytes begin as numpy's or MATLAB's files do.
pub(crate) fn is_matrix_file(bytes: &[u8]) -> bool {
    !matches!(Container::of_content(bytes), None | Some(Container::Json))
}

/// The most rows or columns; an array without entries may claim any number of them.
const MOST_ROWS: usize = 1 << 24;

fn check_size(rows: usize, columns: usize) -> Result<(), String> {
    if rows.max(columns) > MOST_ROWS {
        return Err(format!(
            "{rows} x {columns} is too large: at most {MOST_ROWS} rows or columns"
        ));
    }
    Ok(())
}

/// What is wrong, and at which part of the file; the place is empty where all of it is meant.
pub(crate) type Fault = (String, String);

/// Reads all numeric arrays of a numpy or MATLAB file.
pub(crate) fn read_arrays(
    name: &str,
    container: Container,
    bytes: &[u8],
) -> Result<Vec<Matrix>, FormatError> {
    let arrays = match container {
        Container::Npy => npy::read_npy(bytes, "").map(|array| vec![array]),
        Container::Npz => zip::read_members(bytes).and_then(|members| {
            let arrays = members.iter().filter_map(|(member, content)| {
                let array = member.strip_suffix(".npy")?;
                Some(npy::read_npy(content, array))
            });
            arrays.collect()
        }),
        Container::Mat => mat::read_mat(bytes),
        Container::Json => unreachable!("JSON has readers of its own"),
    };
    arrays.map_err(|(place, message)| FormatError::new(name, place, message))
}

/// Reads the one matrix in the file at `path`: `.npy`, `.npz`, `.mat`, or JSON, a list of rows.
pub fn read_matrix(path: &Path) -> Result<Matrix, FormatError> {
    parse_matrix(&display_name(path), &read_bytes(path)?)
}

/// Reads the one matrix in `bytes`, which messages call `name`.
///
/// In JSON it is a list of rows, or an object whose only key has such a list.
pub fn parse_matrix(name: &str, bytes: &[u8]) -> Result<Matrix, FormatError> {
    let expected = "expected a matrix: JSON rows [[…], …], .npy, .npz or .mat";
    let Some(container) = Container::of(name, bytes) else {
        return Err(FormatError::whole(name, expected));
    };
    if container == Container::Json {
        return json::parse_rows(name, as_text(name, bytes)?);
    }
    let mut arrays = read_arrays(name, container, bytes)?;
    match (arrays.pop(), arrays.len()) {
        (Some(only), 0) => Ok(only),
        (last, others) => {
            let count = others + usize::from(last.is_some());
            let message = format!("expected one numeric matrix, found {count}");
            Err(FormatError::whole(name, message))
        }
    }
}
