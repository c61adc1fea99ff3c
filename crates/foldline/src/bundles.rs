//! The open work of a question in several files, the bundles, each worked on by a run of its own.
//!
//! A folder has `whole.json`, the state that was cut, and `piece-1.json`, `piece-2.json`, …: each is
//! a checkpoint with the question's command line, and says of which state it is a piece. The records
//! of a certificate named `NAME` are beside them, in `piece-1-NAME.partial-0` and so on. Joined they are
//! `merged.json`, from which the question goes on like from any checkpoint.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use foldline_engine::Storage;
use foldline_engine::pieces;
use foldline_formats::digest::sha256;
use serde_json::{Map, Value, json};

use crate::checkpoint::{ANSWER, BEYOND, CheckpointError, Content};
use crate::output_file::{Place, partial_name};
use crate::recorded::proofs_beside;

/// The note with the question's command line.
const ARGUMENTS: &str = "arguments";

/// The state that is cut, in a folder of bundles.
pub fn whole(folder: &Path) -> PathBuf {
    folder.join("whole.json")
}

/// The state that the pieces were joined to.
pub fn merged(folder: &Path) -> PathBuf {
    folder.join("merged.json")
}

fn piece(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("piece-{number}.json"))
}

/// Where a run of a bundle writes the question's certificate: beside the bundle.
pub fn certificate(bundle: &Path, certificate: &Path) -> PathBuf {
    let stem = bundle.file_stem().unwrap_or_default();
    let mut name = stem.to_owned();
    name.push("-");
    name.push(certificate.file_name().unwrap_or_default());
    bundle.with_file_name(name)
}

/// How far the work on a bundle is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// The question has its answer: this one if it is known in full, else its run has to be finished.
    Decided(Option<Value>),
    /// Nothing is left to do here.
    Closed,
    /// So many parts are open.
    Open(usize),
}

impl Content {
    /// How far the work on this bundle is.
    pub fn progress(&self) -> Progress {
        if let Some(answer) = self.notes.get(ANSWER) {
            return Progress::Decided(Some(answer.clone()));
        }
        match pieces::open_parts(&self.state) {
            _ if self.notes.contains_key(BEYOND) => Progress::Decided(None),
            Some(0) => Progress::Closed,
            Some(open) => Progress::Open(open),
            None => Progress::Open(1),
        }
    }

    /// The question's command line; none if this is no bundle.
    pub fn arguments(&self) -> Option<Vec<String>> {
        let arguments = self.notes.get(ARGUMENTS)?.as_array()?;
        arguments.iter().map(|argument| argument.as_str().map(str::to_owned)).collect()
    }
}

/// Reads a bundle.
///
/// # Errors
/// If there is none, or it is damaged.
pub fn read(path: &Path) -> Result<Content, CheckpointError> {
    Content::read(path)?.ok_or_else(|| CheckpointError::new(path, "there is no such file"))
}

/// Cuts the state in a folder into at most so many pieces; their files. `target` is the question's
/// certificate, if it has one.
///
/// # Errors
/// If the state cannot be read, or a piece not written.
pub fn cut(
    folder: &Path,
    count: usize,
    arguments: &[String],
    target: Option<&Path>,
) -> Result<Vec<PathBuf>, CheckpointError> {
    let path = whole(folder);
    let mut content = read(&path)?;
    let states = match content.notes.contains_key(ANSWER) {
        true => Vec::new(),
        false => pieces::cut(&content.state, count),
    };
    let notes = [(ARGUMENTS, json!(arguments)), ("pieces", json!(states.len()))];
    content.notes.extend(notes.map(|(key, value)| (key.to_owned(), value)));
    let of = identity(&content);
    let mut paths = Vec::new();
    for (number, state) in (1..).zip(states) {
        let mut notes = content.notes.clone();
        notes.extend([("piece".to_owned(), json!(number)), ("of".to_owned(), json!(of))]);
        let piece = Content { statement: content.statement.clone(), state, notes };
        let path = self::piece(folder, number);
        if let Some(target) = target {
            // A run goes on behind what was written before the search that is cut.
            let grown = |bundle| partial_name(&certificate(bundle, target));
            let (from, to) = (grown(&self::whole(folder)), grown(&path));
            if from.exists() {
                fs::copy(from, &to).map_err(|error| CheckpointError::new(&to, error))?;
            }
        }
        piece.write(&path)?;
        paths.push(path);
    }
    // Written last: it says that all pieces are there.
    content.write(&path)?;
    Ok(paths)
}

/// What tells the state of one `cut` from all others.
fn identity(content: &Content) -> String {
    sha256(json!([content.statement, content.state]).to_string().as_bytes())
}

/// What came of the pieces.
pub enum Joined {
    /// The question's answer, known in full to the run of this bundle.
    Answer(Value, PathBuf),
    /// The state in [`merged`], from which the question goes on.
    State,
}

/// Joins the pieces in a folder, whose question writes a certificate to `target`, if it does.
///
/// # Errors
/// If a piece is missing, damaged, not one of these, or being worked on.
pub fn join(folder: &Path, target: Option<&Path>) -> Result<Joined, CheckpointError> {
    let path = whole(folder);
    let content = read(&path)?;
    if let Progress::Decided(Some(answer)) = content.progress() {
        return Ok(Joined::Answer(answer, path));
    }
    let count = content.notes.get("pieces").and_then(Value::as_u64);
    let count =
        count.ok_or_else(|| CheckpointError::new(&path, "it was not cut into pieces"))? as usize;
    let of = identity(&content);
    let (mut claimed, mut worked) = (Vec::new(), Vec::new());
    for number in 1..=count {
        let path = piece(folder, number);
        // Nobody may work on it meanwhile.
        claimed
            .push(Place::claim(&path, false).map_err(|error| CheckpointError::new(&path, error))?);
        let piece = read(&path)?;
        let is = |key: &str, value: Value| piece.notes.get(key) == Some(&value);
        if !is("of", json!(of)) || !is("piece", json!(number)) {
            let reason = format!("it is not piece {number} of the search in {}", folder.display());
            return Err(CheckpointError::new(&path, &reason));
        }
        worked.push((path, piece));
    }
    for (path, piece) in &worked {
        if let Progress::Decided(Some(answer)) = piece.progress() {
            return Ok(Joined::Answer(answer, path.clone()));
        }
    }
    let beyond = worked.iter().find(|(_, piece)| piece.progress() == Progress::Decided(None));
    let (first, others) = match beyond {
        // What it found counts for the whole; what the others did is not needed.
        Some((path, piece)) => ((path, &piece.state), &[][..]),
        None => ((&path, &content.state), &worked[..]),
    };
    let states: Vec<Value> = others.iter().map(|(_, piece)| piece.state.clone()).collect();
    let state = match beyond {
        Some(_) => first.1.clone(),
        None => {
            pieces::join(first.1, &states).map_err(|error| CheckpointError::new(&path, error))?
        }
    };
    let mut statement = content.statement.clone();
    if let Some(target) = target {
        let others = others.iter().map(|(path, piece)| (path, &piece.state));
        let sources: Vec<_> = std::iter::once(first).chain(others).collect();
        copy_records(&sources, target).map_err(|error| CheckpointError::new(target, error))?;
        statement.insert("certificate".to_owned(), target.display().to_string().into());
    }
    Content { statement, state, notes: Map::new() }.write(&merged(folder))?;
    Ok(Joined::State)
}

/// Copies the records of all states to where the certificate grows, one log after another.
fn copy_records(sources: &[(&PathBuf, &Value)], target: &Path) -> io::Result<()> {
    // So that no other run writes there meanwhile.
    let place = Place::claim(target, true)?;
    let file = place.file().ok_or_else(|| io::Error::other("expected a regular file"))?;
    let mut number = 0;
    for (index, (bundle, state)) in sources.iter().enumerate() {
        let grown = partial_name(&certificate(bundle, target));
        if index == 0 {
            copy_logs(proofs_beside(&grown), proofs_beside(&partial_name(file)), 1, 0)?;
        }
        if index == 0 && grown.exists() {
            fs::copy(&grown, partial_name(file))?;
            place.keep();
        }
        let logs = pieces::logs(state);
        copy_logs(Storage::Files(grown), Storage::Files(partial_name(file)), logs, number)?;
        number += logs;
    }
    Ok(())
}

/// Copies so many logs beside a growing certificate to another one, numbered from `first` on there.
///
/// One that is not there is missed by the run that goes on.
fn copy_logs(from: Storage, to: Storage, logs: usize, first: usize) -> io::Result<()> {
    for log in 0..logs {
        if let (Some(from), Some(to)) = (from.name(log), to.name(first + log))
            && from.exists()
        {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// Copies the records that an earlier run left of the certificate `target` to those of a bundle.
///
/// # Errors
/// If another run is writing them, or they cannot be copied.
pub fn copy_certificate(
    content: &Content,
    target: &Path,
    bundle: &Path,
) -> Result<(), CheckpointError> {
    let copy = || {
        let place = Place::claim(target, true)?;
        let file = place.file().ok_or_else(|| io::Error::other("expected a regular file"))?;
        let (from, to) = (partial_name(file), partial_name(&certificate(bundle, target)));
        if from.exists() {
            fs::copy(&from, &to)?;
        }
        copy_logs(proofs_beside(&from), proofs_beside(&to), 1, 0)?;
        copy_logs(Storage::Files(from), Storage::Files(to), pieces::logs(&content.state), 0)
    };
    copy().map_err(|error: io::Error| CheckpointError::new(target, error))
}

/// Brings the certificate that a bundle's run wrote to where the question's is asked for.
///
/// # Errors
/// If it cannot be copied.
pub fn fetch_certificate(bundle: &Path, target: &Path) -> Result<(), CheckpointError> {
    let source = certificate(bundle, target);
    let copy = || match fs::read(&source) {
        Ok(bytes) => Place::write(target, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    copy().map_err(|error| CheckpointError::new(target, error))
}

/// All files of a folder of bundles that this module may have made.
///
/// # Errors
/// If the folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_own = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        ["whole.json", "whole-", "merged.json", "piece-"].iter().any(|own| name.starts_with(own))
    };
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    Ok(entries.collect::<io::Result<Vec<_>>>()?.into_iter().filter(is_own).collect())
}
