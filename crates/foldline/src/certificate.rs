//! Writing certificates: the header, the proof or the witness, and the file around them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use foldline_formats::FormatError;
use foldline_formats::input::read_bytes;
use foldline_kernel::{Network, Property};
use foldline_questions::verification::{Options, Outcome, ProofError, Verdict, verify_with_proof};
use sha2::{Digest, Sha256};

/// Fraction bits that the header advises to checkers with fixed point numbers.
pub fn precision(network: &Network, property: &Property) -> u32 {
    foldline_questions::verification::precision(network, property).0
}

/// Why no certificate was written.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file of the statement cannot be read.
    #[error(transparent)]
    Input(#[from] FormatError),
    /// Standard input cannot be read twice.
    #[error("a certificate needs its files by name, not standard input")]
    StandardInput,
    /// The certificate's file cannot be written.
    #[error("{path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The search cannot prove this kind of property.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// There are no certificates of this kind of answer.
    #[error("no certificate can be written: {0}")]
    Unsupported(&'static str),
}

/// The files that a statement is about.
#[derive(Debug, Clone, Copy)]
pub struct StatementFiles<'a> {
    /// The network's file.
    pub network: &'a Path,
    /// The property's file.
    pub property: &'a Path,
}

/// The lower-case hexadecimal SHA-256 of a file's decompressed bytes.
fn hash(path: &Path) -> Result<String, CertificateError> {
    if path.as_os_str() == "-" {
        return Err(CertificateError::StandardInput);
    }
    let digest = Sha256::digest(read_bytes(path)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    name.replace(|character: char| character.is_whitespace() || character.is_control(), "_")
}

/// The first lines of a certificate: `statement KIND CLAIM`, then a line for each file with its
/// role, its name and its hash.
///
/// # Errors
/// If a file cannot be read, or is standard input.
pub fn header(
    kind: &str,
    claim: &str,
    files: &[(&str, &Path)],
) -> Result<String, CertificateError> {
    let mut text = format!("foldline-certificate 1\nstatement {kind} {claim}\n");
    for &(role, path) in files {
        text += &format!("{role} {} {}\n", name(path), hash(path)?);
    }
    Ok(text)
}

fn verification_header(
    files: StatementFiles<'_>,
    answer: &str,
    precision: u32,
) -> Result<String, CertificateError> {
    let files = [("network", files.network), ("property", files.property)];
    Ok(format!("{}precision {precision}\n", header("verification", answer, &files)?))
}

/// Decides the property on one thread and writes a certificate of the answer to `target`.
///
/// The file appears under its name only when it is complete; if the answer is undecided, no file
/// is left. A name that ends in `.gz` gives a gzipped file. The format is described in
/// `docs/certificate-format.md`.
///
/// # Errors
/// If a file cannot be read or written, or if the property has too many clauses.
pub fn verify_certified(
    network: &Network,
    property: &Property,
    files: StatementFiles<'_>,
    options: &Options,
    target: &Path,
) -> Result<Outcome, CertificateError> {
    let precision = precision(network, property);
    let mut out = CertificateFile::create(target)?;
    out.text(&verification_header(files, "holds", precision)?)?;
    let outcome = verify_with_proof(network, property, options, precision, &mut out)?;
    match &outcome.verdict {
        Verdict::Holds { .. } => {
            out.text("end\n")?;
            out.finish()?;
        }
        Verdict::Violated(witness) => {
            drop(out);
            let mut out = CertificateFile::create(target)?;
            out.text(&verification_header(files, "violated", precision)?)?;
            let coordinates: Vec<String> = witness.input.iter().map(ToString::to_string).collect();
            out.text(&format!("witness {}\nend\n", coordinates.join(" ")))?;
            out.finish()?;
        }
        Verdict::Undecided(_) => {}
    }
    Ok(outcome)
}

/// A certificate that is being written; gzipped if its name ends in `.gz`.
///
/// The file appears under its name when [`CertificateFile::finish`] is called; without that
/// nothing is left of it.
pub struct CertificateFile {
    target: PathBuf,
    partial: PathBuf,
    output: Option<Output>,
}

impl CertificateFile {
    /// Begins a certificate, in a file of another name beside `target`.
    ///
    /// # Errors
    /// If that file cannot be made.
    pub fn create(target: &Path) -> Result<Self, CertificateError> {
        let mut partial = target.as_os_str().to_owned();
        partial.push(".partial");
        let mut new = Self { target: target.to_owned(), partial: partial.into(), output: None };
        let output = Output::create(&new.partial, target).map_err(|error| new.failed(error))?;
        new.output = Some(output);
        Ok(new)
    }

    /// Writes `text`.
    ///
    /// # Errors
    /// If writing fails.
    pub fn text(&mut self, text: &str) -> Result<(), CertificateError> {
        self.write_all(text.as_bytes()).map_err(|error| self.failed(error))
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    /// If writing fails; then nothing is left.
    pub fn finish(mut self) -> Result<(), CertificateError> {
        let output = self.output.take();
        let finished = output.map_or(Ok(()), Output::finish);
        let finished = finished.and_then(|()| std::fs::rename(&self.partial, &self.target));
        finished.map_err(|error| self.failed(error))
    }

    /// The error of a write to it.
    pub fn failed(&self, error: io::Error) -> CertificateError {
        CertificateError::Write { path: self.target.clone(), error }
    }
}

impl Drop for CertificateFile {
    fn drop(&mut self) {
        // After `finish` there is no such file.
        self.output = None;
        let _ = std::fs::remove_file(&self.partial);
    }
}

impl Write for CertificateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.as_mut().map_or(Ok(0), |output| output.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.as_mut().map_or(Ok(()), Output::flush)
    }
}

/// The certificate's file, gzipped or not.
enum Output {
    Plain(BufWriter<File>),
    Gzipped(GzEncoder<BufWriter<File>>),
}

impl Output {
    fn create(partial: &Path, target: &Path) -> io::Result<Self> {
        let file = BufWriter::new(File::create(partial)?);
        Ok(match target.extension().is_some_and(|extension| extension == "gz") {
            true => Output::Gzipped(GzEncoder::new(file, Compression::fast())),
            false => Output::Plain(file),
        })
    }

    fn finish(self) -> io::Result<()> {
        let file = match self {
            Output::Plain(file) => file,
            Output::Gzipped(encoder) => encoder.finish()?,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(file) => file.write(bytes),
            Output::Gzipped(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Plain(file) => file.flush(),
            Output::Gzipped(encoder) => encoder.flush(),
        }
    }
}
