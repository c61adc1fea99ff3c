//! Weights that a model keeps in files beside it: where they are, and that they are nowhere else.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use crate::input::{LARGEST_FILE, STANDARD_INPUT, describe};

/// The folder of a model, in which its external data are.
#[derive(Debug)]
pub(crate) struct Folder {
    /// None for a model from standard input.
    path: Option<PathBuf>,
}

/// Where external data are: a file in the folder, and a part of it.
#[derive(Debug, PartialEq, Eq)]
struct Part<'a> {
    location: &'a str,
    offset: u64,
    /// To the end of the file where it is not given.
    length: Option<u64>,
}

impl Folder {
    /// The folder of the model that is called `name`.
    pub fn of_model(name: &str) -> Self {
        let folder = Path::new(name).parent().map(Path::to_owned);
        Self { path: folder.filter(|_| name != STANDARD_INPUT) }
    }

    /// The bytes that the keys and values of `entries` describe, of which `expected` are needed.
    pub fn read(&self, entries: &[(&str, &str)], expected: usize) -> Result<Vec<u8>, String> {
        let part = Part::parse(entries)?;
        let folder = self.path.as_ref().ok_or_else(|| {
            format!(
                "its data are in the file {:?}, expected a model in a folder with it",
                part.location
            )
        })?;
        let path = inside(folder, part.location)?;
        let named =
            |reason: String| format!("its data in {:?}: {reason}", path.display().to_string());
        let mut file = File::open(&path).map_err(|error| named(describe(&error)))?;
        let metadata = file.metadata().map_err(|error| named(describe(&error)))?;
        if !metadata.is_file() {
            return Err(named("expected a regular file".to_owned()));
        }
        let available = metadata.len().saturating_sub(part.offset);
        let length = part.length.unwrap_or(available);
        if length > available || length > LARGEST_FILE {
            let offset = part.offset;
            return Err(named(format!(
                "expected {length} bytes from {offset} on, found {available}"
            )));
        }
        if length != expected as u64 {
            return Err(named(format!("expected {expected} bytes for its shape, found {length}")));
        }
        let mut bytes = vec![0; expected];
        let read =
            file.seek(SeekFrom::Start(part.offset)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| named(describe(&error)))?;
        Ok(bytes)
    }
}

/// The file at `location`, which must not leave `folder`, neither by name nor through a link.
fn inside(folder: &Path, location: &str) -> Result<PathBuf, String> {
    let relative = Path::new(location);
    let is_plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    let leaves = || format!("its data are in {location:?}, expected a file in the model's folder");
    if location.is_empty() || !relative.components().all(is_plain) {
        return Err(leaves());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path = folder.join(relative);
    let missing =
        |error| format!("its data in {:?}: {}", path.display().to_string(), describe(&error));
    let (target, root) =
        (path.canonicalize().map_err(missing)?, folder.canonicalize().map_err(missing)?);
    if target.starts_with(root) { Ok(path) } else { Err(leaves()) }
}

impl<'a> Part<'a> {
    fn parse(entries: &[(&'a str, &'a str)]) -> Result<Self, String> {
        let mut part = Part { location: "", offset: 0, length: None };
        for &(key, value) in entries {
            let number = || {
                let parsed = value.parse::<u64>();
                parsed.map_err(|_| format!("its data's {key} is {value:?}, expected a number"))
            };
            match key {
                "location" => part.location = value,
                "offset" => part.offset = number()?,
                "length" => part.length = Some(number()?),
                // The checksum is optional, and nothing that reads models looks at it.
                _ => {}
            }
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_from_their_entries() {
        let entries =
            [("location", "a.data"), ("offset", "52"), ("length", "24"), ("checksum", "x")];
        assert_eq!(
            Part::parse(&entries).unwrap(),
            Part { location: "a.data", offset: 52, length: Some(24) }
        );
        assert!(Part::parse(&[("offset", "-1")]).unwrap_err().contains("expected a number"));
    }

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let folder = Folder::of_model(concat!(env!("CARGO_MANIFEST_DIR"), "/src/x.onnx"));
        let read = |location: &str| folder.read(&[("location", location), ("length", "3")], 3);
        assert_eq!(read("lib.rs").unwrap(), b"//!");
        assert_eq!(read("./onnx/external.rs").unwrap(), b"//!");
        for outside in ["../Cargo.toml", "/etc/hostname", "", "onnx/../../Cargo.toml"] {
            assert!(read(outside).unwrap_err().contains("in the model's folder"), "{outside}");
        }
        assert!(read("none.data").unwrap_err().contains("no such file"));
        assert!(
            folder.read(&[("location", "lib.rs")], 3).unwrap_err().contains("expected 3 bytes")
        );
        let stream = Folder::of_model(STANDARD_INPUT);
        assert!(
            stream.read(&[("location", "lib.rs")], 3).unwrap_err().contains("in a folder with it")
        );
    }
}
