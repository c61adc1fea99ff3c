//! Writing certificates: the header, the proof or the witness, and the file around them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use foldline_formats::FormatError;
use foldline_formats::input::read_bytes;
use foldline_kernel::{Network, Property, Rational};
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
    #[error("a certificate needs the network and the property as files, not standard input")]
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

fn header(
    files: StatementFiles<'_>,
    answer: &str,
    precision: u32,
) -> Result<String, CertificateError> {
    Ok(format!(
        "foldline-certificate 1\nstatement verification {answer}\nnetwork {} {}\nproperty {} {}\n\
         precision {precision}\n",
        name(files.network),
        hash(files.network)?,
        name(files.property),
        hash(files.property)?,
    ))
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
    let holds = header(files, "holds", precision)?;
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let failed = |error| CertificateError::Write { path: target.to_owned(), error };
    let result = write_body(network, property, options, (&holds, precision), &partial, target);
    let finished = match &result {
        Ok(outcome) => match &outcome.verdict {
            Verdict::Holds { .. } => std::fs::rename(&partial, target),
            Verdict::Violated(witness) => {
                let text =
                    witness_certificate(&header(files, "violated", precision)?, &witness.input);
                write_whole(&text, &partial, target)
                    .and_then(|()| std::fs::rename(&partial, target))
            }
            Verdict::Undecided(_) => std::fs::remove_file(&partial),
        },
        Err(_) => {
            let _ = std::fs::remove_file(&partial);
            Ok(())
        }
    };
    finished.map_err(failed)?;
    result
}

fn write_body(
    network: &Network,
    property: &Property,
    options: &Options,
    (header, precision): (&str, u32),
    partial: &Path,
    target: &Path,
) -> Result<Outcome, CertificateError> {
    let failed = |error| CertificateError::Write { path: target.to_owned(), error };
    let mut out = Output::create(partial, target).map_err(failed)?;
    out.write_all(header.as_bytes()).map_err(failed)?;
    let outcome = verify_with_proof(network, property, options, precision, &mut out)?;
    out.write_all(b"end\n").map_err(failed)?;
    out.finish().map_err(failed)?;
    Ok(outcome)
}

fn witness_certificate(header: &str, input: &[Rational]) -> String {
    let coordinates: Vec<String> = input.iter().map(ToString::to_string).collect();
    format!("{header}witness {}\nend\n", coordinates.join(" "))
}

fn write_whole(text: &str, partial: &Path, target: &Path) -> io::Result<()> {
    let mut out = Output::create(partial, target)?;
    out.write_all(text.as_bytes())?;
    out.finish()
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
