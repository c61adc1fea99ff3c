//! What a certificate claims, about which files.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use foldline_formats::digest::sha256;
use foldline_formats::input::{as_text, display_name, read_bytes};
use foldline_formats::sample::parse_sample;
use foldline_formats::{FormatError, NetworkOptions, parse_network, parse_zonotope};
use foldline_kernel::{Network, Sample, Zonotope};
use serde_json::{Value, json};

/// A claim about files that are known by their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The kind, such as `verification`.
    pub kind: String,
    /// What is claimed, such as `holds`.
    pub claim: String,
    /// The files, in the order of the certificate.
    pub files: Vec<NamedFile>,
}

/// A file of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// What it is in the statement, such as `network`.
    pub role: &'static str,
    /// Its name as the user gave it.
    pub name: String,
    /// The SHA-256 of its content after decompression.
    pub hash: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "statement  {} {}", self.kind, self.claim)?;
        for NamedFile { role, name, hash } in &self.files {
            write!(formatter, "\n{role:<9}  {hash}  {name}")?;
        }
        Ok(())
    }
}

impl Statement {
    /// The statement as a JSON object.
    pub fn to_json(&self) -> Value {
        let mut object = json!({"question": self.kind, "answer": self.claim});
        for NamedFile { role, name, hash } in &self.files {
            object[*role] = json!({"file": name, "sha256": hash});
        }
        object
    }
}

/// A file that a certificate is about, as the checker reads it itself.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its name as the user gave it.
    pub name: String,
    /// Its bytes after decompression.
    pub bytes: Arc<Vec<u8>>,
    /// Their SHA-256 in lower-case hexadecimal digits.
    pub hash: String,
}

impl Content {
    /// A file with this content.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self::shared(name, Arc::new(bytes))
    }

    /// The same with bytes that others hold, too.
    pub fn shared(name: &str, bytes: Arc<Vec<u8>>) -> Self {
        let hash = sha256(&bytes);
        Self { name: name.to_owned(), bytes, hash }
    }

    /// Reads the file at `path`, gzipped or not (`-`: standard input).
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        Ok(Self::new(&display_name(path), read_bytes(path)?))
    }

    /// The network in it.
    pub fn network(&self) -> Result<Network, FormatError> {
        Ok(parse_network(&self.name, &self.bytes, &NetworkOptions::default())?.network)
    }

    /// The zonotope in it.
    pub fn zonotope(&self) -> Result<Zonotope, FormatError> {
        parse_zonotope(&self.name, &self.bytes)
    }

    /// The sample in it.
    pub fn sample(&self) -> Result<Sample, FormatError> {
        parse_sample(&self.name, self.text()?)
    }

    /// Its bytes as text.
    pub fn text(&self) -> Result<&str, FormatError> {
        as_text(&self.name, &self.bytes)
    }
}
