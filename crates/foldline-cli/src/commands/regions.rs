//! `foldline regions NET [--over REGION] [--count cells]`: how many cells and linear regions?

mod picture;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use foldline::checkpoint::CheckpointFile;
use foldline::formats::input::display_name;
use foldline::questions::checkpoint::Keeper;
use foldline::questions::regions::{Counts, Outcome, count_cells, count_regions};
use foldline::regions_certificate::{self, count_certified};
use foldline::{Network, Region};

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, keeper, not_written};
use crate::counting::{Counting, CountingOptions, not_begun};
use crate::describe::{self, count, plural};
use crate::load::{Inputs, at_most_one_stdin};
use crate::options::ReadOptions;
use crate::report::{Exit, Failure, Report};
use picture::{Drawn, PictureOptions};

/// Count a network's activation cells, linear regions and affine maps, exactly
///
/// A cell is the set of inputs where the same neurons have positive pre-activations, if it has
/// interior points (in the region's affine hull). Linear regions are cells with the same affine
/// map, joined where they share a face of dimension d - 1.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The region: a VNN-LIB file, or JSON with "box" or "A" and "b" [default: everywhere]
    #[arg(long, value_name = "REGION")]
    over: Option<PathBuf>,
    /// Only the number of cells, in memory that does not grow with it
    #[arg(long, value_enum, value_name = "WHAT")]
    count: Option<Only>,
    /// Only this output, counted from 0 [default: all of them]
    #[arg(long, value_name = "I")]
    output: Option<usize>,
    #[command(flatten)]
    picture: PictureOptions,
    #[command(flatten)]
    counting: CountingOptions,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline regions net.onnx
  foldline regions net.json --over box.json --json
  foldline regions net.onnx --count cells --timeout 60
  foldline regions net.onnx --count cells --certificate proof.gz
  foldline regions net.onnx --over box.json --slice 2=0.5,3=0 --plot cells.svg

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The number of cells
    Cells,
}

impl Arguments {
    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        self.counting.output.json
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    if arguments.count.is_none() && arguments.checkpoint.checkpoint.is_some() {
        return Err(Failure::Usage("--checkpoint is for --count cells".to_owned()));
    }
    let Arguments { certificate, checkpoint, .. } = arguments;
    if certificate.path().is_some() {
        check_certifiable(arguments)?;
    }
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let (network, region) = read(&mut inputs, arguments)?;
    let region = arguments.picture.sliced(&network, region)?;
    let checkpoint = checkpoint.open(
        "regions",
        &inputs,
        Certificate::Kept(certificate.path()),
        |statement| {
            let statement = statement.option("physical", arguments.read.physical);
            let statement = match arguments.picture.slice.as_slice() {
                [] => statement,
                slice => statement.option("slice", slice.join(",")),
            };
            statement.option("output", arguments.output)
        },
    )?;
    let mut counting = Counting::new(start, &arguments.counting);
    let certifying = certificate.prepare(&inputs, counting.limits(), checkpoint.is_some())?;
    let heading = heading(arguments, &network);
    let picture = match arguments.picture.draw(
        &display_name(&arguments.network),
        &network,
        arguments.output,
        region.as_ref(),
        &counting.options,
    )? {
        Drawn::Nothing => None,
        Drawn::Picture(picture) => Some(picture),
        Drawn::Undecided(limit, cells) => {
            return Ok(counting.undecided("regions", limit, cells, &heading));
        }
    };
    counting.shorten();
    let mut report = match (arguments.count, &certifying) {
        (Some(Only::Cells), Some(certifying)) => {
            let files = files(arguments);
            let (options, target) = (&counting.options, certifying.destination());
            let region = region.as_ref();
            let counted =
                count_certified(&network, region, &files, options, target, keeper(&checkpoint));
            let counted = counted.map_err(|error| not_certified(checkpoint.as_ref(), error))?;
            reported(counted, &counting, &heading)
        }
        (None, _) => all(arguments, &network, region.as_ref(), &counting, &heading)?,
        (Some(Only::Cells), None) => {
            let keeper = keeper(&checkpoint);
            cells(arguments, &network, region.as_ref(), &counting, keeper, &heading)?
        }
    };
    if report.json.get("cells").is_some_and(|cells| cells == 0) {
        report.warnings.push(
            "warning: the region is empty or has no interior points in its affine hull".to_owned(),
        );
    }
    if let Some(picture) = picture {
        picture.write(&mut report)?;
    }
    report.certify(certifying);
    let finished = report.exit == Exit::Yes;
    report.keep_checkpoint(checkpoint, finished);
    Ok(report)
}

/// All four numbers.
fn all(
    arguments: &Arguments,
    network: &Network,
    region: Option<&Region>,
    counting: &Counting,
    heading: &str,
) -> Result<Report, Failure> {
    let counted = count_regions(network, arguments.output, region, &counting.options);
    Ok(match counted.map_err(not_begun)? {
        Outcome::Counted(counts) => all_counts(counting, &counts, heading),
        Outcome::Undecided { limit, cells } => counting.undecided("regions", limit, cells, heading),
    })
}

/// A certificate is about all outputs of the stored network, and about the number of cells.
fn check_certifiable(arguments: &Arguments) -> Result<(), Failure> {
    let message = if arguments.count.is_none() {
        "--certificate is for --count cells"
    } else if arguments.output.is_some() {
        "--certificate speaks about all outputs, not about one"
    } else if arguments.read.physical {
        "--certificate speaks about the stored network, not about --physical units"
    } else if !arguments.picture.slice.is_empty() {
        "--certificate speaks about the region in the file, not about a --slice of it"
    } else {
        return Ok(());
    };
    Err(Failure::Usage(message.to_owned()))
}

/// The files of a certificate by role.
fn files(arguments: &Arguments) -> Vec<(&'static str, &Path)> {
    let region = arguments.over.as_deref().map(|path| ("region", path));
    [("network", arguments.network.as_path())].into_iter().chain(region).collect()
}

fn not_certified(
    checkpoint: Option<&CheckpointFile>,
    error: regions_certificate::Failure,
) -> Failure {
    match error {
        regions_certificate::Failure::Count(error) => not_begun(error),
        regions_certificate::Failure::File(error) => not_written(checkpoint, error),
        regions_certificate::Failure::Region => Failure::Usage(error.to_string()),
    }
}

/// The number of cells.
fn cells(
    arguments: &Arguments,
    network: &Network,
    region: Option<&Region>,
    counting: &Counting,
    keeper: Option<&dyn Keeper>,
    heading: &str,
) -> Result<Report, Failure> {
    let counted = count_cells(network, arguments.output, region, &counting.options, keeper);
    Ok(reported(counted.map_err(not_begun)?, counting, heading))
}

fn reported(counted: Outcome<u64>, counting: &Counting, heading: &str) -> Report {
    match counted {
        Outcome::Counted(cells) => {
            let text = format!("{heading}{}", plural(cells, "cell"));
            let mut report = counting.report("regions", "regions", cells, &text);
            report.set("cells", cells);
            report
        }
        Outcome::Undecided { limit, cells } => counting.undecided("regions", limit, cells, heading),
    }
}

fn read(inputs: &mut Inputs, arguments: &Arguments) -> Result<(Network, Option<Region>), Failure> {
    let paths = [arguments.network.as_path()].into_iter().chain(arguments.over.as_deref());
    let paths: Vec<_> = paths.collect();
    at_most_one_stdin(&paths)?;
    let network =
        inputs.network("network", &arguments.network, &arguments.read.for_network())?.network;
    if let Some(output) = arguments.output
        && output >= network.outputs()
    {
        let outputs = plural(network.outputs() as u64, "output");
        let name = display_name(&arguments.network);
        let message = format!("there is no output {output}: {name} has {outputs}, counted from 0");
        return Err(Failure::Usage(message));
    }
    let over = arguments.over.as_deref();
    let region = over.map(|path| inputs.region(path, network.inputs())).transpose()?;
    Ok((network, region))
}

fn heading(arguments: &Arguments, network: &Network) -> String {
    let over = arguments.over.as_deref().map(display_name);
    let fixed: Vec<String> =
        arguments.picture.slice.iter().map(|text| format!(", x_{}", text.trim())).collect();
    format!(
        "network   {} ({})\nregion    {}{}\n\n",
        display_name(&arguments.network),
        describe::network(network),
        over.unwrap_or_else(|| format!("all of R^{}", network.inputs())),
        fixed.concat(),
    )
}

fn all_counts(counting: &Counting, counts: &Counts, heading: &str) -> Report {
    let Counts { cells, bounded_cells, linear_regions, distinct_affine_maps } = *counts;
    let rows = [
        ("cells", cells),
        ("bounded cells", bounded_cells),
        ("linear regions", linear_regions),
        ("distinct affine maps", distinct_affine_maps),
    ];
    let mut text = heading.to_owned();
    for (name, value) in rows {
        text.push_str(&format!("{name:<22}{:>14}\n", count(value)));
    }
    let mut report = counting.report("regions", "regions", cells, &text);
    for (name, value) in rows {
        report.set(&name.replace(' ', "_"), value);
    }
    report
}
