//! `foldline hard-instances --out DIR`: a pack of verification instances with known truth.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::hard_instances::{PACK_VERSION, PackOptions, SIZES, hard_instances};
use serde_json::json;

use crate::describe::plural;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_whole_bytes;

/// Write a pack of hard verification instances with known truth, for testing verifiers
///
/// ONNX networks and VNN-LIB properties that ask for multicolored cliques of graphs, with the truth, a
/// hidden witness of every violated property, and instances.csv in VNN-COMP's layout. The asked value
/// lies half a unit from the nearest value in doubt, so rounding decides nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The seed of the graphs
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Graphs as COLORS:VERTICES_A_COLOR, with commas [default: nine from 3:2 to 5:2]
    #[arg(long, value_name = "K:N,…", value_delimiter = ',', value_parser = parse_size)]
    sizes: Vec<(usize, usize)>,
    /// The limit in instances.csv, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    instance_timeout: u32,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline hard-instances --out pack
  foldline run pack/instances.csv
  foldline hard-instances --out pack --sizes 3:8,4:5 --seed 7

Exit codes:
  0 written    2 wrong usage    4 bad environment";

fn parse_size(text: &str) -> Result<(usize, usize), String> {
    let expected = || "expected COLORS:VERTICES_A_COLOR such as 3:5, from 2:2 to 8:30".to_owned();
    let (colors, each) = text.trim().split_once(':').ok_or_else(expected)?;
    match (colors.parse(), each.parse()) {
        (Ok(colors @ 2..=8), Ok(each @ 2..=30)) => Ok((colors, each)),
        _ => Err(expected()),
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let sizes = if arguments.sizes.is_empty() { SIZES.to_vec() } else { arguments.sizes.clone() };
    let options = PackOptions { seed: arguments.seed, sizes, timeout: arguments.instance_timeout };
    let pack = hard_instances(&options)?;
    for (name, content) in &pack.files {
        let path = arguments.out.join(name);
        let folder = path.parent().unwrap_or(&arguments.out);
        std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
        write_whole_bytes(&path, content)?;
    }
    let statistics = json!({
        "instances": pack.instances,
        "violated": pack.violated,
        "files": pack.files.len(),
    });
    let mut report = Report::new("hard-instances", "written", Exit::Yes, start, statistics);
    let folder = |name: &str| arguments.out.join(name).display().to_string();
    report.text = format!(
        "pack      {} (version {PACK_VERSION}, seed {})\ninstances {} ({} violated)\n",
        arguments.out.display(),
        arguments.seed,
        plural(pack.instances as u64, "instance"),
        pack.violated
    );
    report.set("version", PACK_VERSION);
    let [instances, truth] = ["instances.csv", "truth.csv"].map(folder);
    report.set("files", json!({"instances": instances, "truth": truth}));
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_pairs() {
        assert_eq!(parse_size("3:5"), Ok((3, 5)));
        for bad in ["", "3", "3:", "1:5", "3:1", "9:2", "3:31", "-3:2", "3:2:1"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }
}
