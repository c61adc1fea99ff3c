//! `foldline inspect FILE`: what a network, property, region or zonotope file says, as foldline reads it.

mod network;
mod property;
mod region;
mod zonotope;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use foldline::formats::input::{display_name, into_text, read_bytes};

use crate::options::{OutputOptions, ReadOptions};
use crate::report::{Failure, Report};

/// Show what a file says: a network's layers, a property's assertions, a region's pieces, a zonotope's size
///
/// Networks: shapes, operators, how they were lowered to layers, sizes, exact weight range.
/// Properties (VNN-LIB): inputs, outputs, assertions, alternatives, the box around the inputs.
/// Regions (JSON): dimension, pieces, constraints.
/// Zonotopes (JSON, .npy, .npz, .mat): dimension, generators, center.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The file: .onnx, .nnet, .json, .vnnlib, .npy, .npz or .mat, perhaps gzipped
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Networks: write the layers as foldline computes them to this file, as a JSON network
    #[arg(long, value_name = "FILE")]
    lowered: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline inspect net.onnx
  foldline inspect prop.vnnlib.gz --json
  foldline inspect net.onnx --lowered net.json

Exit codes:
  0 computed    2 wrong usage    4 bad input";

/// What kind of thing a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Network,
    Property,
    Region,
    Zonotope,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let name = display_name(&arguments.file);
    let content = read_bytes(&arguments.file)?;
    let kind = kind(&arguments.file, &content);
    if arguments.read.physical && kind != Kind::Network {
        return Err(Failure::Usage("--physical is for NNET files".to_owned()));
    }
    if arguments.lowered.is_some() && kind != Kind::Network {
        let message = format!("--lowered is for networks, {name} is none");
        return Err(Failure::Usage(message));
    }
    match kind {
        Kind::Network => {
            let (options, lowered) = (arguments.read.for_network(), arguments.lowered.as_deref());
            network::report(&name, &content, &options, lowered, start)
        }
        Kind::Property => property::report(&name, &into_text(&name, content)?, start),
        Kind::Region => region::report(&name, &into_text(&name, content)?, start),
        Kind::Zonotope => zonotope::report(&name, &content, start),
    }
}

/// Tells the kind of file by its name, and by its content where the name does not tell.
fn kind(path: &Path, content: &[u8]) -> Kind {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let text = std::str::from_utf8(content).unwrap_or_default().trim_start();
    let first_word = text.lines().map(str::trim_start).find(|line| !line.starts_with(';'));
    if name.ends_with(".onnx") || name.ends_with(".nnet") {
        Kind::Network
    } else if name.ends_with(".vnnlib") || first_word.is_some_and(|line| line.starts_with('(')) {
        Kind::Property
    } else if text.starts_with('{') && !has_key(text, "layers") && is_region(text) {
        Kind::Region
    } else if is_matrix_file(name, content) || text.starts_with('{') && is_zonotope(text) {
        Kind::Zonotope
    } else {
        Kind::Network
    }
}

/// Whether a JSON object that may be broken elsewhere speaks of a box or of inequalities.
fn is_region(text: &str) -> bool {
    ["box", "A", "b"].iter().any(|key| has_key(text, key))
}

/// Whether a JSON object that may be broken elsewhere speaks of generators or segments.
fn is_zonotope(text: &str) -> bool {
    !has_key(text, "layers") && ["generators", "segments"].iter().any(|key| has_key(text, key))
}

/// Whether the file is one of numpy's or MATLAB's.
fn is_matrix_file(name: &str, content: &[u8]) -> bool {
    let magic: [&[u8]; 3] = [b"\x93NUMPY", b"PK", b"MATLAB "];
    [".npy", ".npz", ".mat"].iter().any(|extension| name.ends_with(extension))
        || magic.iter().any(|magic| content.starts_with(magic))
}

fn has_key(text: &str, key: &str) -> bool {
    text.contains(&format!("\"{key}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_name_then_content() {
        let kind = |name: &str, content: &[u8]| super::kind(Path::new(name), content);
        assert_eq!(kind("a.ONNX", b"(assert"), Kind::Network);
        assert_eq!(kind("a.vnnlib.gz", b""), Kind::Property);
        assert_eq!(kind("-", b"; comment\n  (declare-const X_0 Real)"), Kind::Property);
        assert_eq!(kind("a.json", b" {\"box\": [[0, 1]]}"), Kind::Region);
        assert_eq!(kind("a.json", b"{\"layers\": []}"), Kind::Network);
        assert_eq!(kind("a.MAT", b""), Kind::Zonotope);
        assert_eq!(kind("-", b"\x93NUMPY\x01"), Kind::Zonotope);
        assert_eq!(kind("z.json", b"{\"segments\": []}"), Kind::Zonotope);
        assert_eq!(kind("-", b"\x08\x07\x12"), Kind::Network);
    }
}
