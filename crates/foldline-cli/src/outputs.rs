//! What a command writes is none of its inputs, and no two of its outputs are the same file.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use foldline::output_file::{Target, partial_name};

use crate::report::Failure;

/// The arguments that name files which are written; all others that are paths are read. Folders
/// are looked at where the names in them are known.
const WRITTEN: [&str; 5] = ["certificate", "checkpoint", "plot", "out", "lowered"];

/// What a single command writes, and what its user calls it.
const WRITTEN_BY: [(&str, &str, &str); 2] =
    [("vnncomp", "result", "RESULT_FILE"), ("plot", "file", "--output")];

/// Commands that read what others write.
const READ_BY: [(&str, &str); 1] = [("check", "certificate")];

/// What tells one file from another, whatever name it has.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// A file that is there: its device and number.
    #[cfg(unix)]
    Found(u64, u64),
    /// One that is not there yet.
    Name(PathBuf),
}

/// Refuses a command line that would destroy an input, or write two things to one file.
pub fn keep_apart(matches: &ArgMatches) -> Result<(), Failure> {
    let (command, matches) = innermost("", matches);
    let (mut read, mut written) = (Vec::new(), Vec::new());
    for id in matches.ids().map(|id| id.as_str()) {
        let Ok(Some(paths)) = matches.try_get_many::<PathBuf>(id) else { continue };
        let own = WRITTEN_BY.iter().find(|(by, written, _)| (*by, *written) == (command, id));
        let is_written = WRITTEN.contains(&id) && !READ_BY.contains(&(command, id));
        let name = own.map(|(.., name)| (*name).to_owned());
        match name.or_else(|| is_written.then(|| format!("--{id}"))) {
            Some(name) => written.extend(paths.map(|path| (name.clone(), path.as_path()))),
            None => read.extend(paths.map(PathBuf::as_path)),
        }
    }
    let written: Vec<(&str, &Path)> =
        written.iter().map(|(option, path)| (option.as_str(), *path)).collect();
    apart(&read, &written)
}

fn innermost<'m>(name: &'m str, matches: &'m ArgMatches) -> (&'m str, &'m ArgMatches) {
    match matches.subcommand() {
        Some((name, inner)) => innermost(name, inner),
        None => (name, matches),
    }
}

/// Refuses to write what is read, or two things to one file; `written` has each file's option.
pub fn apart(read: &[&Path], written: &[(&str, &Path)]) -> Result<(), Failure> {
    let mut taken: Vec<(Option<&str>, Identity)> = Vec::new();
    taken.extend(read.iter().filter_map(|path| Some((None, found(path)?))));
    for &(option, path) in written {
        // What is no regular file is written into, and a bad name is refused when it is used.
        let Ok(Target::File(file)) = Target::of(path) else { continue };
        let own = [identity(&file), identity(&partial_name(&file))];
        match taken.iter().find(|(_, other)| own.contains(other)) {
            Some((None, _)) => {
                let message = format!("{option} {}: this is an input file", path.display());
                return Err(Failure::Usage(message));
            }
            Some((Some(other), _)) => {
                let message = format!("{other} and {option} need files of their own");
                return Err(Failure::Usage(message));
            }
            None => taken.extend(own.map(|identity| (Some(option), identity))),
        }
    }
    Ok(())
}

/// What tells a file from another, if it is there and a regular file.
fn found(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(identity_of(path, &metadata))
}

fn identity(path: &Path) -> Identity {
    found(path).unwrap_or_else(|| Identity::Name(absolute(path)))
}

#[cfg(unix)]
fn identity_of(_: &Path, metadata: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity::Found(metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity_of(path: &Path, _: &fs::Metadata) -> Identity {
    Identity::Name(absolute(path))
}

/// The path with its folder's links followed, where that is there.
fn absolute(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, CommandFactory};

    /// Arguments that name files which are read, or folders.
    const READ: [&str; 24] = [
        "network",
        "property",
        "over",
        "file",
        "zonotope",
        "zonotopes",
        "outer",
        "inner",
        "plus",
        "minus",
        "matrix",
        "points",
        "first",
        "second",
        "data",
        "instances",
        "map",
        "answer",
        "certificate",
        "files",
        "result",
        "graph",
        "witnesses",
        "arrangement",
    ];

    fn innermost_commands(command: &Command) -> Vec<&Command> {
        let inner: Vec<&Command> = command.get_subcommands().collect();
        match inner.is_empty() {
            true => vec![command],
            false => inner.into_iter().flat_map(innermost_commands).collect(),
        }
    }

    #[test]
    fn every_path_is_known_as_read_or_written() {
        let mut cli = crate::cli::Cli::command();
        cli.build();
        for command in innermost_commands(&cli) {
            for argument in command.get_arguments() {
                if format!("{:?}", argument.get_value_parser()).contains("PathBuf") {
                    let id = argument.get_id().as_str();
                    let is_known = WRITTEN.contains(&id) || READ.contains(&id);
                    assert!(is_known, "{} {id}: is it read or written?", command.get_name());
                }
            }
        }
    }
}
