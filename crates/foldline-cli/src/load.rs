//! Reading the files a command names.

use std::path::{Path, PathBuf};

use foldline::formats::error::Noted;
use foldline::formats::input::{display_name, read_bytes, read_text};
use foldline::formats::region::read_noted_region;
use foldline::formats::sample::{label_columns, parse_sample};
use foldline::formats::vnnlib::read_noted_property;
use foldline::kernel::Sample;
use foldline::{LoadedNetwork, NetworkOptions, Property, Region, parse_network};

use crate::report::{Failure, say};

/// Reads a network and a property about it.
pub fn network_and_property(
    network: &Path,
    property: &Path,
    options: &NetworkOptions,
) -> Result<(LoadedNetwork, Property), Failure> {
    at_most_one_stdin(&[network, property])?;
    let loaded = load_network(network, options)?;
    let shape = &loaded.network;
    let property = told(read_noted_property(property, shape.inputs(), shape.outputs())?);
    Ok((loaded, property))
}

/// Reads the region of R^dimension at `path`.
pub fn load_region(path: &Path, dimension: usize) -> Result<Region, Failure> {
    Ok(told(read_noted_region(path, dimension)?))
}

/// What was read, once its warnings are on standard error: at once, since the search may be long.
pub fn told<T>(noted: Noted<T>) -> T {
    noted.warnings.iter().for_each(|warning| say(&format!("foldline: warning: {warning}")));
    noted.value
}

/// Points with one label each, and the names of the columns.
pub struct LabelledPoints {
    /// The points.
    pub sample: Sample,
    /// The names of the coordinates, then that of the label.
    pub names: Vec<String>,
}

/// Reads points with one label each at `path`.
///
/// Several label columns are refused, with the command's reason if it has one: as coordinates they
/// would give the answer to another question. A column without a name is often an index.
pub fn load_sample(path: &Path, reason: Option<&str>) -> Result<LabelledPoints, Failure> {
    let name = display_name(path);
    let text = read_text(path)?;
    let sample = parse_sample(&name, &text)?;
    let (names, labels) = label_columns(&text);
    if labels > 1 {
        let columns = names[names.len() - labels..].join("`, `");
        let reason = reason.map_or(String::new(), |reason| format!("; {reason}"));
        return Err(Failure::Input(format!(
            "{name}: line 1: the columns `{columns}` are {labels} labels, expected one, `y`{reason}"
        )));
    }
    for (index, _) in names.iter().enumerate().filter(|(_, column)| column.is_empty()) {
        let what = if index + 1 == names.len() { "the label" } else { "a coordinate" };
        let number = index + 1;
        let message = format!("column {number} has no name; it is read as {what}");
        say(&format!("foldline: warning: {name}: line 1: {message}"));
    }
    Ok(LabelledPoints { sample, names })
}

/// Reads the network at `path`.
pub fn load_network(path: &Path, options: &NetworkOptions) -> Result<LoadedNetwork, Failure> {
    parse_with_options(&display_name(path), &read_bytes(path)?, options)
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
    Ok(parse_network(name, content, options)?)
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
