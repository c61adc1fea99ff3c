//! Reading bytes and text from a file or standard input, gzipped or not.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use flate2::read::MultiGzDecoder;

use crate::digest::sha256;
use crate::error::FormatError;
use crate::opening::{self, OPENING};

/// The most bytes a file may have, after decompression: 2 GiB.
pub const LARGEST_FILE: u64 = 1 << 31;

/// The first two bytes of every gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What messages call standard input.
pub(crate) const STANDARD_INPUT: &str = "standard input";

/// The name by which messages call `path`.
pub fn display_name(path: &Path) -> String {
    if path == Path::new("-") { STANDARD_INPUT.to_owned() } else { path.display().to_string() }
}

/// The content of the file at `path`, or of standard input for `-`, decompressed where it is gzip.
///
/// A long file that begins like none that is read here is refused before its rest is read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FormatError> {
    let name = display_name(path);
    let cannot_read = |error: io::Error| FormatError::whole(&name, describe(&error));
    if path == Path::new("-") {
        return read_source(&name, io::stdin().lock());
    }
    let file = File::open(path).map_err(cannot_read)?;
    let metadata = file.metadata().map_err(cannot_read)?;
    if metadata.is_dir() {
        return Err(FormatError::whole(name, "is a directory, expected a file"));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(cannot_read(too_long(LARGEST_FILE)));
    }
    read_source(&name, file)
}

/// All that `source` gives, decompressed where it is gzip.
fn read_source(name: &str, source: impl Read) -> Result<Vec<u8>, FormatError> {
    let mut source = BufReader::with_capacity(OPENING, source);
    let cannot_read = |error: io::Error| FormatError::whole(name, describe(&error));
    let mut magic = Vec::new();
    source.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic).map_err(cannot_read)?;
    let is_packed = magic == GZIP_MAGIC;
    let source = io::Cursor::new(magic).chain(source);
    if is_packed {
        read_checked(name, MultiGzDecoder::new(source), |error| not_gzip(name, &error))
    } else {
        read_checked(name, source, cannot_read)
    }
}

/// All of `source`, unless its beginning is nonsense.
fn read_checked(
    name: &str,
    mut source: impl Read,
    failed: impl Fn(io::Error) -> FormatError,
) -> Result<Vec<u8>, FormatError> {
    let mut content = Vec::new();
    source.by_ref().take(OPENING as u64).read_to_end(&mut content).map_err(&failed)?;
    if content.len() == OPENING {
        opening::check(name, &content)?;
        read_bounded(source, &mut content, LARGEST_FILE).map_err(failed)?;
    }
    Ok(content)
}

/// A file as it was read: whatever becomes of it later, a run is about these bytes.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Where it was read.
    pub path: PathBuf,
    /// Its bytes after decompression.
    pub bytes: Arc<Vec<u8>>,
    sha256: OnceLock<String>,
}

impl InputFile {
    /// Reads the file at `path` (`-`: standard input).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        let bytes = Arc::new(read_bytes(path)?);
        Ok(Self { path: path.to_owned(), bytes, sha256: OnceLock::new() })
    }

    /// The SHA-256 of its bytes in lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| sha256(&self.bytes))
    }

    /// The name by which messages call it.
    pub fn name(&self) -> String {
        display_name(&self.path)
    }

    /// Its bytes as UTF-8 text.
    ///
    /// # Errors
    /// If they are none.
    pub fn text(&self) -> Result<&str, FormatError> {
        as_text(&self.name(), &self.bytes)
    }
}

/// The content of the file at `path` (`-`: standard input) as UTF-8 text, decompressed where it is gzip.
pub fn read_text(path: &Path) -> Result<String, FormatError> {
    into_text(&display_name(path), read_bytes(path)?)
}

/// Checks that `content` is UTF-8; the error names the offset of the first bad byte.
pub fn into_text(name: &str, content: Vec<u8>) -> Result<String, FormatError> {
    as_text(name, &content)?;
    String::from_utf8(content).map_err(|_| FormatError::whole(name, "is not UTF-8 text"))
}

/// The same for bytes that stay where they are.
///
/// # Errors
/// If they are not UTF-8.
pub fn as_text<'b>(name: &str, content: &'b [u8]) -> Result<&'b str, FormatError> {
    std::str::from_utf8(content).map_err(|error| {
        FormatError::new(name, format!("byte {}", error.valid_up_to()), "is not UTF-8 text")
    })
}

/// Decompresses `content` where it starts with gzip's magic bytes; returns it as it is otherwise.
pub fn decompress(name: &str, content: Vec<u8>) -> Result<Vec<u8>, FormatError> {
    read_source(name, content.as_slice())
}

fn not_gzip(name: &str, error: &io::Error) -> FormatError {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    };
    FormatError::whole(name, format!("is not a complete gzip file: {reason}"))
}

/// Adds all of `source` to `content`, refusing more than `limit` bytes in it.
fn read_bounded(source: impl Read, content: &mut Vec<u8>, limit: u64) -> io::Result<()> {
    source.take(limit + 1 - content.len() as u64).read_to_end(content)?;
    if content.len() as u64 > limit { Err(too_long(limit)) } else { Ok(()) }
}

fn too_long(limit: u64) -> io::Error {
    io::Error::other(format!("it has more than {limit} bytes"))
}

/// An operating-system error in the words users of other tools know.
pub(crate) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory, expected a file".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_recognised_by_content() {
        let packed = gzip(b"hello");
        assert_eq!(decompress("x", packed.clone()).unwrap(), b"hello");
        assert_eq!(decompress("x", b"plain".to_vec()).unwrap(), b"plain");
        for end in 2..packed.len() {
            let error = decompress("x", packed[..end].to_vec()).unwrap_err();
            assert!(error.message.contains("gzip"), "{error}");
        }
        let two_members = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(decompress("x", two_members).unwrap(), b"one two");
    }

    #[test]
    fn a_damaged_checksum_is_noticed() {
        let mut packed = gzip(b"hello");
        let checksum = packed.len() - 8;
        packed[checksum] ^= 1;
        assert!(decompress("x", packed).is_err());
    }

    #[test]
    fn bad_text_is_located() {
        let error = into_text("x", b"ab\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "x: byte 2: is not UTF-8 text");
    }

    #[test]
    fn missing_files_directories_and_floods_are_errors() {
        let missing = read_bytes(Path::new("/no/such/file.onnx")).unwrap_err();
        assert_eq!(missing.to_string(), "/no/such/file.onnx: no such file");
        let directory = read_bytes(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
        assert!(directory.message.contains("directory"), "{directory}");
        assert!(read_bounded(&[0u8; 11][..], &mut Vec::new(), 10).is_err());
        let mut content = vec![0; 4];
        read_bounded(&[0u8; 6][..], &mut content, 10).unwrap();
        assert_eq!(content.len(), 10);
        assert!(read_bounded(&[0u8; 1][..], &mut content, 10).is_err());
    }
}
