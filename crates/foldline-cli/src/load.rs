//! Reading the files a command names.

use std::path::{Path, PathBuf};

use foldline::formats::input::{display_name, read_bytes};
use foldline::formats::vnnlib::read_property;
use foldline::{LoadedNetwork, NetworkOptions, Property, parse_network};

use crate::report::Failure;

/// Reads a network and a property about it.
pub fn network_and_property(
    network: &Path,
    property: &Path,
    options: &NetworkOptions,
) -> Result<(LoadedNetwork, Property), Failure> {
    at_most_one_stdin(&[network, property])?;
    let loaded = load_network(network, options)?;
    let shape = &loaded.network;
    let property = read_property(property, shape.inputs(), shape.outputs())?;
    Ok((loaded, property))
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
