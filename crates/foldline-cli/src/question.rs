//! What the questions about a network on a region share: their files, their limits, their words.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::{Limit, Network, Options, Region, Statistics};

use crate::certifying::Limits;
use crate::describe::{self, duration};
use crate::interrupt::stop_flag;
use crate::load::{Inputs, at_most_one_stdin};
use crate::options::{OutputOptions, ReadOptions, SearchOptions, TimeoutOption};
use crate::progress::ProgressLine;
use crate::report::{Exit, Failure, Report};
use crate::search::{statistics_json, statistics_line};

/// Options of every question.
#[derive(Debug, Clone, Args)]
pub struct QuestionOptions {
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    pub timeout: TimeoutOption,
    #[command(flatten)]
    pub search: SearchOptions,
    #[command(flatten)]
    pub read: ReadOptions,
}

/// A network and a region of its inputs.
pub struct Subject {
    /// The network.
    pub network: Network,
    /// The region; all of R^d where no file is named.
    pub region: Region,
    network_name: String,
    region_name: String,
}

impl Subject {
    /// Reads the files.
    pub fn read(
        inputs: &mut Inputs,
        network: &Path,
        region: Option<&Path>,
        options: &QuestionOptions,
    ) -> Result<Self, Failure> {
        let paths: Vec<&Path> = [network].into_iter().chain(region).collect();
        at_most_one_stdin(&paths)?;
        let loaded = inputs.network("network", network, &options.read.for_network())?.network;
        let dimension = loaded.inputs();
        let (shape, region_name) = match region {
            Some(path) => (inputs.region(path, dimension)?, display_name(path)),
            None => (Region::everything(dimension), format!("all of R^{dimension}")),
        };
        let network_name = display_name(network);
        Ok(Self { network: loaded, region: shape, network_name, region_name })
    }

    /// The output that `--output` names; the only one if it names none.
    pub fn chosen_output(&self, asked: Option<usize>) -> Result<usize, Failure> {
        let count = self.network.outputs();
        match asked {
            Some(output) if output < count => Ok(output),
            Some(output) => Err(Failure::Usage(format!(
                "there is no output {output}: {} has {}, counted from 0",
                self.network_name,
                describe::plural(count as u64, "output")
            ))),
            None if count == 1 => Ok(0),
            None => Err(Failure::Usage(format!(
                "{} has {count} outputs: choose one with --output I (0 to {})",
                self.network_name,
                count - 1
            ))),
        }
    }

    /// The lines above an answer for people.
    pub fn heading(&self, question: &str) -> String {
        format!(
            "network   {} ({})\nregion    {}\nquestion  {question}\n\n",
            self.network_name,
            describe::network(&self.network),
            self.region_name
        )
    }
}

/// A run with its limits, its progress line and its interrupt handler.
pub struct Run {
    /// When the program began.
    pub start: Instant,
    /// For the engine.
    pub options: Options,
    /// For the check of a certificate.
    pub limits: Limits,
    _line: ProgressLine,
}

impl Run {
    /// Limits count from `start`.
    pub fn new(start: Instant, question: &QuestionOptions) -> Self {
        let line = ProgressLine::new(question.search.quiet);
        let (timeout, stop) = (question.timeout.timeout, Some(stop_flag()));
        let options = Options {
            threads: question.search.threads.map_or(0, usize::from),
            timeout: timeout.map(|limit| limit.saturating_sub(start.elapsed())),
            stop: stop.clone(),
            progress: line.callback(),
            seed: question.search.seed,
        };
        Self { start, options, limits: Limits { start, timeout, stop }, _line: line }
    }

    /// The report of an answer: common keys, and `text` between heading and statistics.
    pub fn report(
        self,
        command: &str,
        answer: &str,
        exit: Exit,
        statistics: &Statistics,
        text: &str,
    ) -> Report {
        let Self { start, .. } = self;
        let mut report = Report::new(command, answer, exit, start, statistics_json(statistics));
        report.text = format!("{}\n\n{}\n", text.trim_end(), statistics_line(statistics, start));
        report
    }

    /// The report of a run that a limit ended.
    pub fn undecided(
        self,
        command: &str,
        limit: Limit,
        statistics: &Statistics,
        text: &str,
    ) -> Report {
        let time = duration(self.start.elapsed().as_secs_f64());
        let (exit, word) = match limit {
            Limit::Time => (Exit::Undecided, "time"),
            Limit::Stopped => (Exit::Interrupted, "stopped"),
        };
        let mut report = self.report(command, "undecided", exit, statistics, text);
        report.set("limit", word);
        report.set("fraction_done", statistics.fraction.clamp(0.0, 1.0));
        if limit == Limit::Stopped {
            report.text = String::new();
            report.warnings.push(format!("undecided, stopped by Ctrl-C after {time}"));
        }
        report
    }
}

/// The network and region of a question, as arguments.
#[derive(Debug, Clone, Args)]
pub struct OnRegion {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    pub network: PathBuf,
    /// The region: a VNN-LIB file, or JSON with "box" or "A" and "b"
    #[arg(long, value_name = "REGION")]
    pub over: PathBuf,
}

/// The same with R^d for no region.
#[derive(Debug, Clone, Args)]
pub struct PerhapsOnRegion {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    pub network: PathBuf,
    /// The region: a VNN-LIB file, or JSON with "box" or "A" and "b" [default: everywhere]
    #[arg(long, value_name = "REGION")]
    pub over: Option<PathBuf>,
}

/// Which output is meant.
#[derive(Debug, Clone, Args)]
pub struct OutputChoice {
    /// The output, counted from 0; needed if there are several
    #[arg(long, value_name = "I")]
    pub output: Option<usize>,
}
