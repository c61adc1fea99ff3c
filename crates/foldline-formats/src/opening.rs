//! What the beginning of a long file must look like: nonsense is refused before the rest is read.

use crate::error::FormatError;
use crate::matrix::{is_matrix_file, mat_byte_order};

/// How many bytes of a file are looked at first. Shorter files are left to their readers.
pub(crate) const OPENING: usize = 1 << 16;

/// Refuses a file that is called `name` and begins with `opening` where no reader can read it.
///
/// What is accepted here may be nonsense all the same: then its reader says so.
pub(crate) fn check(name: &str, opening: &[u8]) -> Result<(), FormatError> {
    let lowercase = name.to_ascii_lowercase();
    let stem = lowercase.strip_suffix(".gz").unwrap_or(&lowercase);
    let extension = stem.rsplit_once('.').map_or("", |(_, extension)| extension);
    let fault = |place: String, message: &str| Err(FormatError::new(name, place, message));
    match extension {
        "onnx" if begins_model(opening) => Ok(()),
        "onnx" => fault("byte 0".to_owned(), "is not an ONNX model: no field of one begins here"),
        "mat" => match mat_byte_order(opening) {
            Ok(_) => Ok(()),
            Err(message) => Err(FormatError::whole(name, message)),
        },
        "npy" | "npz" if is_matrix_file(opening) => Ok(()),
        "npy" | "npz" => fault("byte 0".to_owned(), "is not a file of numpy"),
        "json" => begins_text(name, opening, "{[", "a JSON object or list"),
        "vnnlib" => begins_text(name, opening, "(;", "a VNN-LIB command such as `(assert …)`"),
        "nnet" => begins_text(name, opening, "/0123456789", "a comment or the number of layers"),
        "csv" => begins_text(name, opening, "", "").and_then(|()| {
            // Whatever the table is about, it has several columns.
            let line = opening.split(|&byte| byte == b'\n').next().unwrap_or_default();
            match line.contains(&b',') {
                true => Ok(()),
                false => fault("line 1".to_owned(), "expected columns, with commas between them"),
            }
        }),
        _ if is_matrix_file(opening) || begins_model(opening) => Ok(()),
        _ => begins_text(name, opening, "", ""),
    }
}

/// Whether the first bytes are the tag of a field of ONNX's ModelProto.
fn begins_model(bytes: &[u8]) -> bool {
    let tag = match bytes {
        [first, second, ..] if *first >= 0x80 => u32::from(*first & 0x7f) | u32::from(*second) << 7,
        [first, ..] => u32::from(*first),
        [] => return false,
    };
    match tag >> 3 {
        // The format's version and the model's are numbers, all other fields are texts or messages.
        1 | 5 => tag & 7 == 0,
        2..=4 | 6..=8 | 14 | 20 | 25 | 26 => tag & 7 == 2,
        _ => false,
    }
}

/// Refuses what is no UTF-8 text, or begins with none of `first` (anything if that is empty).
fn begins_text(name: &str, opening: &[u8], first: &str, what: &str) -> Result<(), FormatError> {
    let text = match std::str::from_utf8(opening) {
        Ok(text) => text,
        // The opening may end within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&opening[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => {
            let place = format!("byte {}", error.valid_up_to());
            return Err(FormatError::new(name, place, "is not UTF-8 text"));
        }
    };
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        let message = "is not text: found a byte that is zero";
        return Err(FormatError::new(name, format!("byte {at}"), message));
    }
    let begin = text.trim_start_matches('\u{feff}').trim_start().chars().next();
    match begin {
        Some(found) if !first.is_empty() && !first.contains(found) => {
            let (line, column) = crate::sexpr::line_and_column(text, text.find(found).unwrap_or(0));
            let place = format!("line {line}, column {column}");
            Err(FormatError::new(name, place, format!("expected {what}, found {found:?}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_told_by_the_name() {
        for (name, opening, is_fit) in [
            ("a.onnx", &b"\x08\x07"[..], true),
            ("a.onnx.gz", b"\x3a\x80\x01", true),
            ("a.onnx", b"\xca\x01\x05", true),
            ("a.onnx", b"\0\0", false),
            ("a.onnx", b"aaaa", false),
            ("a.npy", b"\x93NUMPY\x01", true),
            ("a.npz", b"PK\x03\x04", true),
            ("a.npy", b"\0\0", false),
            ("a.mat", b"\0\0", false),
            ("a.mat", b"\x89HDF\r\n\x1a\n", false),
            ("a.json", b"\n {\"layers\"", true),
            ("a.json", b"layers", false),
            ("a.vnnlib", b"\xef\xbb\xbf; comment", true),
            ("a.vnnlib", b"assert", false),
            ("a.nnet", b"// comment", true),
            ("a.nnet", b"7,5,5,50,", true),
            ("a.nnet", b"y\ny\n", false),
            ("a.csv", b"x,y\n", true),
            ("a.csv", b"x\0y", false),
            ("a.csv", b"y\ny,y\n", false),
            ("standard input", b"\x08\x07\0\0", true),
            ("standard input", b"PK\x03\x04\0", true),
            ("standard input", b"\0\0", false),
            ("a.txt", "µ".as_bytes(), true),
            ("a.txt", b"a\xc2", true),
            ("a.txt", b"a\xff", false),
        ] {
            assert_eq!(check(name, opening).is_ok(), is_fit, "{name} {opening:?}");
        }
    }

    #[test]
    fn the_place_is_named() {
        let said = |name: &str, opening: &[u8]| check(name, opening).unwrap_err().to_string();
        assert_eq!(
            said("a.vnnlib", b"(a\0"),
            "a.vnnlib: byte 2: is not text: found a byte that is zero"
        );
        assert!(
            said("a.json", b"\n  nul").starts_with("a.json: line 2, column 3: expected a JSON")
        );
        assert!(said("a.mat", b"\x89HDF\r\n").contains("v7.3 (HDF5)"));
    }
}
