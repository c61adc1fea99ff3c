//! MATLAB's level 5 MAT-files (`save -v6`, `-v7`, scipy's `savemat`): the real numeric matrices in them.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::elements::Element;
use super::npy::float_bytes;
use super::{Fault, Matrix, check_size};
use crate::input::LARGEST_FILE;

/// The first bytes of an HDF5 file.
pub(super) const HDF5: &[u8] = b"\x89HDF\r\n";

const HEADER_SIZE: usize = 128;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
const CLASSES: [&str; 5] = ["", "cell array", "struct", "object", "text"];
const SPARSE: usize = 5;

/// Reads the numeric matrices; variables of other kinds are passed over, unless there is nothing else.
/// Sparse matrices are refused.
pub(super) fn read_mat(bytes: &[u8]) -> Result<Vec<Matrix>, Fault> {
    let whole = |message: &str| (String::new(), message.to_owned());
    let little_endian = byte_order(bytes).map_err(whole)?;
    let mut reader = Reader { bytes: &bytes[HEADER_SIZE..], little_endian };
    let mut matrices = Vec::new();
    let mut others = Vec::new();
    while !reader.bytes.is_empty() {
        let element = reader.element().ok_or_else(|| whole("the MAT-file is cut off"))?;
        let unpacked;
        let content = match element.kind {
            COMPRESSED => {
                unpacked = inflate(element.content).map_err(|message| whole(&message))?;
                let mut inner = Reader { bytes: &unpacked, little_endian };
                let inner = inner.element().filter(|inner| inner.kind == MATRIX);
                inner.ok_or_else(|| whole("a compressed variable is damaged"))?.content
            }
            MATRIX => element.content,
            _ => continue,
        };
        match read_variable(content, little_endian)? {
            Variable::Matrix(matrix) => matrices.push(matrix),
            Variable::Other(description) => others.push(description),
        }
    }
    if matrices.is_empty() && !others.is_empty() {
        let message = format!(
            "expected numeric matrices, found {}: save center and generators as matrices c and G",
            others.join(", ")
        );
        return Err(whole(&message));
    }
    Ok(matrices)
}

/// Whether a file of level 5 is little-endian, by its first bytes.
///
/// # Errors
/// What it is instead, if it is none.
pub(crate) fn byte_order(bytes: &[u8]) -> Result<bool, &'static str> {
    if bytes.starts_with(HDF5) || bytes.starts_with(b"MATLAB 7.3") {
        return Err("is a MAT-file v7.3 (HDF5), expected level 5: save it with `save(…, '-v7')`");
    }
    match bytes.get(HEADER_SIZE - 4..HEADER_SIZE) {
        Some([_, 1, b'I', b'M']) => Ok(true),
        Some([1, _, b'M', b'I']) => Ok(false),
        _ => Err("is not a MAT-file of level 5: its header of 128 bytes is not one"),
    }
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = ZlibDecoder::new(packed).take(LARGEST_FILE + 1).read_to_end(&mut content);
    read.map_err(|_| "a compressed variable is damaged or cut off".to_owned())?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(format!("a variable has more than {LARGEST_FILE} bytes"));
    }
    Ok(content)
}

enum Variable {
    Matrix(Matrix),
    /// Another kind, in words.
    Other(String),
}

/// Reads the parts of a variable: flags, dimensions, name, numbers.
fn read_variable(content: &[u8], little_endian: bool) -> Result<Variable, Fault> {
    let damaged = || (String::new(), "a variable of the MAT-file is damaged".to_owned());
    let mut reader = Reader { bytes: content, little_endian };
    let mut part = || reader.element().ok_or_else(damaged);
    let flags = word(part()?.content, 0, little_endian).ok_or_else(damaged)?;
    let class = flags as usize & 0xff;
    if class > 15 {
        return Ok(Variable::Other("an object".to_owned())); // opaque: its parts are others
    }
    let sizes = part()?.content;
    let name = String::from_utf8_lossy(part()?.content).into_owned();
    // Passed over like cells and structs, a sparse matrix would make the file another zonotope.
    if class == SPARSE {
        let message = "is a sparse matrix, expected a full one: save full(…) of it in MATLAB, or \
                       toarray() in Python";
        return Err((name, message.to_owned()));
    }
    if !(6..=15).contains(&class) {
        let kind = CLASSES.get(class).copied().unwrap_or("object");
        return Ok(Variable::Other(format!("{name} ({kind})")));
    }
    let sizes: Option<Vec<u32>> =
        (0..sizes.len() / 4).map(|index| word(sizes, 4 * index, little_endian)).collect();
    let (rows, columns) = match sizes.as_deref() {
        Some([rows, columns]) => (*rows as usize, *columns as usize),
        Some(sizes) => {
            return Err((name, format!("expected a matrix, found an array of shape {sizes:?}")));
        }
        None => return Err(damaged()),
    };
    if flags & 0x0800 != 0 {
        return Err((name, "expected real numbers, found complex ones".to_owned()));
    }
    let real = part()?;
    let Some(element) = stored_as(real.kind) else { return Err(damaged()) };
    let entries = decode(&name, rows, columns, element, real.content, little_endian)?;
    Ok(Variable::Matrix(Matrix { name, rows, columns, entries }))
}

/// The numbers, which the file has column by column, row by row.
fn decode(
    name: &str,
    rows: usize,
    columns: usize,
    element: Element,
    data: &[u8],
    little_endian: bool,
) -> Result<Vec<foldline_kernel::Rational>, Fault> {
    check_size(rows, columns).map_err(|message| (name.to_owned(), message))?;
    let size = element.size();
    if rows.checked_mul(columns).and_then(|count| count.checked_mul(size)) != Some(data.len()) {
        let message = format!(
            "expected {rows} x {columns} numbers of {size} bytes, found {} bytes",
            data.len()
        );
        return Err((name.to_owned(), message));
    }
    let mut entries = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let at = (column * rows + row) * size;
            let value = element.decode(&data[at..at + size], little_endian);
            entries.push(value.map_err(|message| (format!("{name}[{row}][{column}]"), message))?);
        }
    }
    Ok(entries)
}

/// The types by which numbers are stored, whatever the matrix's own type.
fn stored_as(kind: u32) -> Option<Element> {
    Some(match kind {
        1 => Element::Signed(1),
        2 => Element::Unsigned(1),
        3 => Element::Signed(2),
        4 => Element::Unsigned(2),
        5 => Element::Signed(4),
        6 => Element::Unsigned(4),
        7 => Element::Float(4),
        9 => Element::Float(8),
        12 => Element::Signed(8),
        13 => Element::Unsigned(8),
        _ => return None,
    })
}

fn word(bytes: &[u8], offset: usize, little_endian: bool) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?;
    Some(if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
}

/// A data element: its type and its bytes.
struct DataElement<'b> {
    kind: u32,
    content: &'b [u8],
}

/// Goes through the data elements that stand one after another.
struct Reader<'b> {
    bytes: &'b [u8],
    little_endian: bool,
}

impl<'b> Reader<'b> {
    /// The next element; `None` where it is cut off.
    fn element(&mut self) -> Option<DataElement<'b>> {
        let tag = word(self.bytes, 0, self.little_endian)?;
        // A small element has its size in the upper half of the tag, and its bytes in the tag.
        let (kind, start, length, end) = match tag >> 16 {
            0 => {
                let length = word(self.bytes, 4, self.little_endian)? as usize;
                let padded = if tag == COMPRESSED { length } else { length.next_multiple_of(8) };
                (tag, 8, length, 8 + padded)
            }
            length => (tag & 0xffff, 4, length as usize, 8),
        };
        let content = self.bytes.get(start..start + length)?;
        if start == 4 && length > 4 {
            return None;
        }
        self.bytes = self.bytes.get(end..).unwrap_or_default();
        Some(DataElement { kind, content })
    }
}

/// Writes matrices of doubles as a MAT-file of level 5.
///
/// # Errors
/// Name, row and column of the first entry that is not exactly a 64-bit float.
pub fn write_mat(matrices: &[Matrix]) -> Result<Vec<u8>, (String, usize, usize)> {
    let mut bytes = vec![b' '; HEADER_SIZE];
    let text = b"MATLAB 5.0 MAT-file, written by foldline";
    bytes[..text.len()].copy_from_slice(text);
    bytes[116..124].fill(0);
    bytes[124..].copy_from_slice(&[0, 1, b'I', b'M']);
    for matrix in matrices {
        let mut numbers = Vec::with_capacity(8 * matrix.entries.len());
        for column in 0..matrix.columns {
            for row in 0..matrix.rows {
                let place = || (matrix.name.clone(), row, column);
                numbers.extend(float_bytes(matrix.entry(row, column)).ok_or_else(place)?);
            }
        }
        let sizes = [matrix.rows as u32, matrix.columns as u32].map(u32::to_le_bytes).concat();
        let mut content = Vec::new();
        push_element(&mut content, 6, &[6, 0, 0, 0, 0, 0, 0, 0]);
        push_element(&mut content, 5, &sizes);
        push_element(&mut content, 1, matrix.name.as_bytes());
        push_element(&mut content, 9, &numbers);
        push_element(&mut bytes, MATRIX, &content);
    }
    Ok(bytes)
}

fn push_element(bytes: &mut Vec<u8>, kind: u32, content: &[u8]) {
    bytes.extend(kind.to_le_bytes());
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}
