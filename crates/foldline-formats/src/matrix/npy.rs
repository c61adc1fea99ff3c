//! numpy's `.npy`: a short text header with type, order and shape, then the numbers.

use foldline_kernel::Rational;

use super::elements::{Element, exact_float_bits, little};
use super::{Fault, Matrix, check_size};

/// The first bytes of every `.npy` file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads the array in `bytes`; `name` is its name in an archive, or empty.
pub(super) fn read_npy(bytes: &[u8], name: &str) -> Result<Matrix, Fault> {
    let fault = |message: String| (name.to_owned(), message);
    let (header, data) = split(bytes).map_err(|message| fault(message.to_owned()))?;
    let header = parse_header(header).map_err(fault)?;
    let (rows, columns) = match header.shape.as_slice() {
        [] => (1, 1),
        [length] => (1, *length),
        [rows, columns] => (*rows, *columns),
        shape => {
            let message = format!("expected a matrix, found an array of shape {shape:?}");
            return Err(fault(message));
        }
    };
    check_size(rows, columns).map_err(fault)?;
    let size = header.element.size();
    let needed = rows.checked_mul(columns).and_then(|count| count.checked_mul(size));
    if needed != Some(data.len()) {
        let message = format!(
            "expected {rows} x {columns} numbers of {size} bytes, found {} bytes",
            data.len()
        );
        return Err(fault(message));
    }
    let mut entries = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let index =
                if header.columns_first { column * rows + row } else { row * columns + column };
            let number = &data[index * size..(index + 1) * size];
            let value = header.element.decode(number, header.little_endian);
            entries.push(value.map_err(|message| (format!("{name}[{row}][{column}]"), message))?);
        }
    }
    Ok(Matrix { name: name.to_owned(), rows, columns, entries })
}

/// Writes a matrix of 64-bit floats; `None` with the first entry that is not exactly one.
pub fn write_npy(matrix: &Matrix) -> Result<Vec<u8>, (usize, usize)> {
    let shape = format!("({}, {})", matrix.rows, matrix.columns);
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for (index, value) in matrix.entries.iter().enumerate() {
        let place = (index / matrix.columns, index % matrix.columns);
        bytes.extend(float_bytes(value).ok_or(place)?);
    }
    Ok(bytes)
}

/// The little-endian bytes of the 64-bit float that is exactly `value`.
pub(super) fn float_bytes(value: &Rational) -> Option<[u8; 8]> {
    exact_float_bits(value).map(u64::to_le_bytes)
}

/// The header's text and what follows it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), &'static str> {
    if !bytes.starts_with(MAGIC) {
        return Err("is not a .npy file: expected the bytes \\x93NUMPY at its start");
    }
    let truncated = "the .npy header is cut off";
    let version = *bytes.get(MAGIC.len()).ok_or(truncated)?;
    let width = match version {
        1 => 2,
        2 | 3 => 4,
        _ => return Err("expected .npy version 1, 2 or 3"),
    };
    let start = MAGIC.len() + 2 + width;
    let length = little(bytes, MAGIC.len() + 2, width).ok_or(truncated)? as usize;
    let end = start.checked_add(length).filter(|&end| end <= bytes.len()).ok_or(truncated)?;
    let header = std::str::from_utf8(&bytes[start..end]);
    Ok((header.map_err(|_| "the .npy header is not text")?, &bytes[end..]))
}

struct Header {
    element: Element,
    little_endian: bool,
    columns_first: bool,
    shape: Vec<usize>,
}

/// Reads the Python dictionary `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse_header(text: &str) -> Result<Header, String> {
    let value_of = |key: &str| -> Result<&str, String> {
        let quoted = [format!("'{key}'"), format!("\"{key}\"")];
        let after = quoted.iter().find_map(|quoted| text.split_once(quoted.as_str()));
        let value = after.and_then(|(_, rest)| rest.trim_start().strip_prefix(':'));
        value.map(str::trim_start).ok_or_else(|| format!("the .npy header lacks {key:?}"))
    };
    let descriptor = value_of("descr")?;
    let unsupported =
        |found: &str| format!("expected integers or real floats, found numpy's type {found}");
    let quote = descriptor.chars().next().filter(|&quote| quote == '\'' || quote == '"');
    let quoted = quote.and_then(|quote| descriptor[1..].split_once(quote));
    let kind = quoted.ok_or_else(|| unsupported(descriptor.split(", '").next().unwrap_or("")))?.0;
    let (element, little_endian) = parse_kind(kind).ok_or_else(|| unsupported(kind))?;
    let order = value_of("fortran_order")?;
    let columns_first = order.starts_with("True");
    if !columns_first && !order.starts_with("False") {
        return Err("expected True or False for fortran_order in the .npy header".to_owned());
    }
    let shape = value_of("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let sizes = shape.map(|(sizes, _)| sizes.split(',').map(str::trim));
    let shape = sizes.and_then(|sizes| {
        sizes.filter(|size| !size.is_empty()).map(|size| size.parse().ok()).collect()
    });
    let shape = shape.ok_or("the .npy header has no shape such as (3, 4)")?;
    Ok(Header { element, little_endian, columns_first, shape })
}

/// numpy's names of types, such as `<f8`, with their byte order.
fn parse_kind(kind: &str) -> Option<(Element, bool)> {
    let (order, rest) = match kind.as_bytes().first()? {
        b'<' | b'|' | b'=' => (true, &kind[1..]),
        b'>' => (false, &kind[1..]),
        _ => (true, kind),
    };
    let size: usize = rest.get(1..)?.parse().ok()?;
    let element = match (rest.as_bytes()[0], size) {
        (b'f', 2 | 4 | 8) => Element::Float(size),
        (b'i', 1 | 2 | 4 | 8) => Element::Signed(size),
        (b'u', 1 | 2 | 4 | 8) | (b'b', 1) => Element::Unsigned(size),
        _ => return None,
    };
    Some((element, order))
}
