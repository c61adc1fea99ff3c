//! Reading the files a command names.

use std::path::{Path, PathBuf};

use foldline::formats::error::Noted;
use foldline::formats::input::InputFile;
use foldline::formats::region::parse_noted_region;
use foldline::formats::sample::{label_columns, parse_named_sample};
use foldline::formats::vnnlib::parse_noted_property;
use foldline::kernel::Sample;
use foldline::{LoadedNetwork, NetworkOptions, Property, Rational, Region, parse_network};

use crate::certifying::CertificateOption;
use crate::checkpoint::CheckpointOption;
use crate::report::{Failure, say};

/// The files of a command, each read once: its answer, checkpoint and certificate are about what
/// was read, whatever becomes of the files meanwhile.
pub struct Inputs {
    is_kept: bool,
    files: Vec<(&'static str, InputFile)>,
}

impl Inputs {
    /// None yet. `is_kept` says whether something needs the bytes after they were parsed.
    pub fn new(is_kept: bool) -> Self {
        Self { is_kept, files: Vec::new() }
    }

    /// None yet, to be kept for a certificate or a checkpoint, if there is to be one.
    pub fn kept_for(certificate: &CertificateOption, checkpoint: &CheckpointOption) -> Self {
        Self::new(certificate.path().is_some() || checkpoint.checkpoint.is_some())
    }

    /// Reads a file, which is the command's `role`.
    pub fn read(&mut self, role: &'static str, path: &Path) -> Result<InputFile, Failure> {
        let file = InputFile::read(path)?;
        if self.is_kept {
            self.files.push((role, file.clone()));
        }
        Ok(file)
    }

    /// Reads a network.
    pub fn network(
        &mut self,
        role: &'static str,
        path: &Path,
        options: &NetworkOptions,
    ) -> Result<LoadedNetwork, Failure> {
        let file = self.read(role, path)?;
        parse_with_options(&file.name(), &file.bytes, options)
    }

    /// Reads a region of so many inputs.
    pub fn region(&mut self, path: &Path, dimension: usize) -> Result<Region, Failure> {
        let file = self.read("region", path)?;
        Ok(told(parse_noted_region(&file.name(), file.text()?, dimension)?))
    }

    /// Reads a network and a property about it.
    pub fn network_and_property(
        &mut self,
        network: &Path,
        property: &Path,
        options: &NetworkOptions,
    ) -> Result<(LoadedNetwork, Property), Failure> {
        at_most_one_stdin(&[network, property])?;
        let loaded = self.network("network", network, options)?;
        let shape = &loaded.network;
        let file = self.read("property", property)?;
        let (name, text) = (file.name(), file.text()?);
        let property = parse_noted_property(&name, text, shape.inputs(), shape.outputs())?;
        Ok((loaded, told(property)))
    }

    /// Reads points with one label each.
    ///
    /// Several label columns are refused, with the command's reason if it has one: as coordinates
    /// they would give the answer to another question. A column without a name is often an index.
    pub fn sample(
        &mut self,
        role: &'static str,
        path: &Path,
        reason: Option<&str>,
    ) -> Result<LabelledPoints, Failure> {
        let file = self.read(role, path)?;
        let (name, text) = (file.name(), file.text()?);
        let (sample, names) = parse_named_sample(&name, text)?;
        let labels = label_columns(&names);
        if labels > 1 {
            let columns = names[names.len() - labels..].join("`, `");
            let reason = reason.map_or(String::new(), |reason| format!("; {reason}"));
            return Err(Failure::Input(format!(
                "{name}: line 1: the columns `{columns}` are {labels} labels, expected one, `y`{reason}"
            )));
        }
        for message in unnamed_columns(&names, &sample) {
            say(&format!("foldline: warning: {name}: line 1: {message}"));
        }
        Ok(LabelledPoints { sample, names })
    }

    /// What was read by role, in order; nothing if it is not kept.
    pub fn files(&self) -> &[(&'static str, InputFile)] {
        &self.files
    }
}

/// Reads a network and a property about it.
pub fn network_and_property(
    network: &Path,
    property: &Path,
    options: &NetworkOptions,
) -> Result<(LoadedNetwork, Property), Failure> {
    Inputs::new(false).network_and_property(network, property, options)
}

/// What was read, once its warnings are on standard error: at once, since the search may be long.
pub fn told<T>(noted: Noted<T>) -> T {
    noted.warnings.iter().for_each(|warning| say(&format!("foldline: warning: {warning}")));
    noted.value
}

/// What to say about columns without a name; `pandas` calls such a one `Unnamed: 0` when it reads it.
fn unnamed_columns(names: &[String], sample: &Sample) -> Vec<String> {
    let unnamed = names.iter().enumerate().filter(|(index, column)| {
        column.is_empty() || *index == 0 && column.as_str() == "Unnamed: 0"
    });
    let describe = |(index, column): (usize, &String)| {
        let what = if index + 1 == names.len() { "the label" } else { "a coordinate" };
        let (number, last) = (index + 1, sample.len().saturating_sub(1));
        let counts = |(row, point): (usize, &Vec<Rational>)| point[0] == Rational::from(row);
        let is_index = index == 0 && sample.points.iter().enumerate().all(counts);
        let name = if column.is_empty() { "has no name" } else { "is called `Unnamed: 0`" };
        if is_index {
            format!(
                "column {number} {name} and counts 0 to {last}, as the index does that pandas \
                 writes; it is read as {what} (to_csv(…, index=False) leaves it out)"
            )
        } else {
            format!("column {number} {name}; it is read as {what}")
        }
    };
    unnamed.map(describe).collect()
}

/// Points with one label each, and the names of the columns.
pub struct LabelledPoints {
    /// The points.
    pub sample: Sample,
    /// The names of the coordinates, then that of the label.
    pub names: Vec<String>,
}

/// Reads the network at `path`.
pub fn load_network(path: &Path, options: &NetworkOptions) -> Result<LoadedNetwork, Failure> {
    Inputs::new(false).network("network", path, options)
}

/// Reads a network from `content`; options that mean nothing for its format are wrong usage.
pub fn parse_with_options(
    name: &str,
    content: &[u8],
    options: &NetworkOptions,
) -> Result<LoadedNetwork, Failure> {
    if options.physical {
        let format = parse_network(name, content, &NetworkOptions::default())?.format;
        if format != "nnet" {
            let message = format!("--physical is for NNET files, {name} is {format}");
            return Err(Failure::Usage(message));
        }
    }
    let loaded = parse_network(name, content, options)?;
    loaded.warnings.iter().for_each(|warning| say(&format!("foldline: warning: {warning}")));
    Ok(loaded)
}

/// Standard input can be read once only.
pub fn at_most_one_stdin(paths: &[&Path]) -> Result<(), Failure> {
    if paths.iter().filter(|path| **path == Path::new("-")).count() > 1 {
        return Err(Failure::Usage("only one file can be `-`, standard input".to_owned()));
    }
    Ok(())
}

/// `path`, or where that is missing the same file gzipped (`.gz`), or no longer gzipped.
pub fn gzipped_or_not(path: PathBuf) -> PathBuf {
    if path.exists() {
        return path;
    }
    let other = match path.extension() {
        Some(extension) if extension == "gz" => path.with_extension(""),
        _ => {
            let mut name = path.clone().into_os_string();
            name.push(".gz");
            PathBuf::from(name)
        }
    };
    if other.exists() { other } else { path }
}
