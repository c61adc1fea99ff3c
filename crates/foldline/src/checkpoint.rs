//! Checkpoint files: the state of a long search on disk, bound to the question it belongs to.
//!
//! A file is `foldline-checkpoint 1 SHA256`, a line feed, and one JSON object with that hash:
//! `{"foldline": version, "statement": {…}, "state": …}`, and perhaps what else is to be known of the
//! run. It is written beside its place, flushed to disk and renamed: whatever happens, a whole one
//! is there.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use foldline_formats::digest::sha256;
use foldline_questions::checkpoint::{Keeper, Share};
use serde_json::{Map, Value, json};

use crate::output_file::Place;

/// Time between two saves, unless saving itself takes long.
const INTERVAL: Duration = Duration::from_millis(250);
/// A save is followed by at least this many times its duration without one.
const REST: u32 = 50;

const MAGIC: &str = "foldline-checkpoint 1";

/// The note that has the answer, once it is known.
pub const ANSWER: &str = "answer";

/// The note that the search of which the file has a piece is answered by what was found in it.
pub const BEYOND: &str = "beyond";

/// Why a checkpoint cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct CheckpointError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

impl CheckpointError {
    pub(crate) fn new(path: &Path, reason: impl ToString) -> Self {
        Self { path: path.display().to_string(), reason: reason.to_string() }
    }
}

/// What a search is about: a checkpoint of another one is of no use to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(Map<String, Value>);

impl Statement {
    /// The statement of a command.
    pub fn new(command: &str) -> Self {
        Self(Map::from_iter([("command".to_owned(), command.into())]))
    }

    /// Adds a file, by the SHA-256 of its bytes after decompression.
    pub fn file(mut self, role: &str, sha256: &str) -> Self {
        self.0.insert(role.to_owned(), sha256.into());
        self
    }

    /// Adds an option that the meaning of the state depends on.
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// What `other`, read from a file, is about that this one is not.
    fn difference(&self, other: &Map<String, Value>) -> Option<String> {
        let mut names = self.0.keys().chain(other.keys());
        let name = names.find(|name| self.0.get(*name) != other.get(*name))?;
        let said = |value: Option<&Value>| match value {
            Some(Value::String(text)) if text.len() == 64 && text.is_ascii() => {
                format!("{}…", &text[..12])
            }
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "none".to_owned(),
        };
        let (theirs, ours) = (said(other.get(name)), said(self.0.get(name)));
        Some(format!("it belongs to another run: its {name} is {theirs}, here it is {ours}"))
    }
}

/// What a checkpoint's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What the search is about.
    pub statement: Map<String, Value>,
    /// Its state.
    pub state: Value,
    /// What else is to be known of the run; it stays when the state is saved anew.
    pub notes: Map<String, Value>,
}

impl Content {
    /// Reads the file at `path`; none if there is none.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or is of another version.
    pub fn read(path: &Path) -> Result<Option<Self>, CheckpointError> {
        let fail = |reason: String| CheckpointError::new(path, reason);
        match read_bytes(path) {
            Ok(bytes) => Self::parse(&bytes).map(Some).map_err(fail),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fail(error.to_string())),
        }
    }

    /// Writes the file at `path`, all of it or nothing.
    ///
    /// # Errors
    /// If another run is writing there, or it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let fail = |error: io::Error| CheckpointError::new(path, error);
        let place = Place::claim(path, false).map_err(fail)?;
        self.write_to(&place).map_err(fail)
    }

    fn write_to(&self, place: &Place) -> io::Result<()> {
        let Self { statement, state, notes } = self;
        let mut body = Map::new();
        body.insert("foldline".to_owned(), crate::VERSION.into());
        body.insert("statement".to_owned(), Value::Object(statement.clone()));
        body.extend(notes.clone());
        body.insert("state".to_owned(), state.clone());
        let body = serde_json::to_vec(&body)?;
        let write = || {
            let mut file = place.begin()?;
            writeln!(file, "{MAGIC} {}", sha256(&body))?;
            file.write_all(&body)?;
            file.write_all(b"\n")?;
            place.commit()
        };
        write().inspect_err(|_| place.discard())
    }

    /// Reads a checkpoint's bytes.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let (head, rest) = bytes.split_at(end);
        let head = std::str::from_utf8(head).ok();
        let Some(claimed) = head.and_then(|head| head.strip_prefix(MAGIC)?.strip_prefix(' '))
        else {
            return Err(format!("not a checkpoint: expected `{MAGIC} …` in its first line"));
        };
        let body = rest.strip_prefix(b"\n").and_then(|body| body.strip_suffix(b"\n"));
        let body = body.filter(|body| sha256(body) == claimed);
        let damaged = "the checkpoint is damaged: its hash is not that of its content";
        let body = body.ok_or_else(|| damaged.to_owned())?;
        let mut notes: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let version = notes.shift_remove("foldline").unwrap_or_default();
        if version != json!(crate::VERSION) {
            let ours = crate::VERSION;
            return Err(format!("it was written by foldline {version}, this is foldline {ours}"));
        }
        let Some(Value::Object(statement)) = notes.shift_remove("statement") else {
            return Err("it does not say what it is about".to_owned());
        };
        let state = notes.shift_remove("state").unwrap_or_default();
        Ok(Self { statement, state, notes })
    }
}

/// A checkpoint on disk.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    place: Place,
    statement: Statement,
    resumed: Option<Value>,
    notes: Map<String, Value>,
    share: Share,
    pace: Mutex<Pace>,
}

#[derive(Debug)]
struct Pace {
    next: Instant,
    failure: Option<String>,
}

impl CheckpointFile {
    /// Opens the checkpoint at `path`; if there is none, one is begun at the first save.
    ///
    /// # Errors
    /// If the file is damaged, is about something else, is of another version, or if none could
    /// be written there.
    pub fn open(path: &Path, statement: Statement) -> Result<Self, CheckpointError> {
        let fail = |reason: String| CheckpointError::new(path, reason);
        // First of all, so that no other run writes it while it is read, or goes on from it as well.
        let place = Place::claim(path, false).map_err(|error| fail(error.to_string()))?;
        let Some(file) = place.file() else {
            return Err(fail("a checkpoint needs a regular file".to_owned()));
        };
        let (resumed, notes) = match Content::read(file) {
            Ok(Some(content)) => match statement.difference(&content.statement) {
                Some(difference) => return Err(fail(difference)),
                None => (Some(content.state), content.notes),
            },
            Ok(None) => (None, Map::new()),
            Err(error) => return Err(fail(error.reason)),
        };
        let resumed = resumed.filter(|state| !state.is_null());
        let pace = Mutex::new(Pace { next: Instant::now() + INTERVAL, failure: None });
        let (path, share) = (path.to_owned(), Share::Whole);
        Ok(Self { path, place, statement, resumed, notes, share, pace })
    }

    /// The same for a run that does only a share of the work.
    #[must_use]
    pub fn with_share(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// Writes that the question has this answer: no run goes on from the file any more.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn settle(mut self, answer: Value) -> Result<(), CheckpointError> {
        self.notes.insert(ANSWER.to_owned(), answer);
        let state = self.resumed.take().unwrap_or_default();
        self.write(&state).map_err(|error| CheckpointError::new(&self.path, error))
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why the last save failed, if it did.
    pub fn failure(&self) -> Option<String> {
        let failure = self.pace.lock().expect("no save panicked").failure.clone();
        failure.map(|failure| format!("{}: {failure}", self.path.display()))
    }

    /// Removes the file: the question has its answer.
    ///
    /// # Errors
    /// If the system refuses; that there is no file is no error.
    pub fn remove(&self) -> io::Result<()> {
        self.place.remove()
    }

    fn write(&self, state: &Value) -> io::Result<()> {
        let mut notes = self.notes.clone();
        if matches!(&self.share, Share::Piece(begun) if begun.is_beyond()) {
            notes.insert(BEYOND.to_owned(), true.into());
        }
        let statement = self.statement.0.clone();
        Content { statement, state: state.clone(), notes }.write_to(&self.place)
    }
}

impl Keeper for CheckpointFile {
    fn resumed(&self) -> Option<&Value> {
        self.resumed.as_ref()
    }

    fn share(&self) -> &Share {
        &self.share
    }

    fn is_due(&self) -> bool {
        self.pace.try_lock().is_ok_and(|pace| Instant::now() >= pace.next)
    }

    fn save(&self, state: &Value) {
        let mut pace = self.pace.lock().expect("no save panicked");
        let start = Instant::now();
        pace.failure = self.write(state).err().map(|error| error.to_string());
        pace.next = Instant::now() + INTERVAL.max(start.elapsed() * REST);
    }
}

/// A checkpoint's bytes; of a file that is none only as many as show it, since it may be large.
fn read_bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut source = fs::File::open(file)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut source).take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
    if bytes == MAGIC.as_bytes() {
        source.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement::new("verify").file("network", "00").option("physical", false)
    }

    fn reason(path: &Path, statement: Statement) -> String {
        CheckpointFile::open(path, statement).unwrap_err().reason
    }

    #[test]
    fn a_state_comes_back_and_goes_with_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let file = CheckpointFile::open(&path, statement()).unwrap();
        assert_eq!((file.resumed(), file.is_due()), (None, false));
        file.save(&json!({"open": [1, "1e400"]}));
        file.save(&json!({"open": [2, "1e400"]}));
        assert_eq!(file.failure(), None);
        assert!(reason(&path, statement()).contains("another run is writing"), "it is in use");
        file.save(&json!({"open": [2, "1e400"]}));
        assert_eq!(file.failure(), None, "who was refused left nothing in the way");
        drop(file);
        let again = CheckpointFile::open(&path, statement()).unwrap();
        assert_eq!(again.resumed(), Some(&json!({"open": [2, "1e400"]})));
        again.remove().unwrap();
        again.remove().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        CheckpointFile::open(&path, statement()).unwrap().save(&json!([1, 2, 3]));
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let reason = reason(&path, statement());
            assert!(reason.contains("damaged") || reason.contains("not a checkpoint"), "{reason}");
        }
        for place in 0..whole.len() {
            let mut bent = whole.clone();
            bent[place] ^= 1;
            fs::write(&path, &bent).unwrap();
            assert!(CheckpointFile::open(&path, statement()).is_err(), "byte {place}");
        }
        fs::write(&path, &whole).unwrap();
        for (other, said) in [
            (Statement::new("maximum"), "its command is verify, here it is maximum"),
            (Statement::new("verify").file("network", "01"), "its network is"),
            (statement().option("physical", true), "its physical is false, here it is true"),
            (statement().option("output", 3), "its output is none, here it is 3"),
        ] {
            let reason = reason(&path, other);
            assert!(reason.contains(said), "{reason}");
        }
        let newer = Path::new("no/such/folder/c.json");
        assert!(CheckpointFile::open(newer, statement()).is_err());
        assert!(CheckpointFile::open(folder.path(), statement()).is_err());
    }

    #[test]
    fn another_version_is_refused() {
        let body = br#"{"foldline":"0.0.1","statement":{},"state":1}"#;
        let bytes = [format!("{MAGIC} {}\n", sha256(body)).as_bytes(), body, b"\n"].concat();
        let reason = Content::parse(&bytes).unwrap_err();
        assert!(reason.contains("written by foldline \"0.0.1\""), "{reason}");
    }
}
