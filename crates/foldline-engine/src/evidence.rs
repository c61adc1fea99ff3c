//! Why each part was closed or split, brought into the order of the search tree.
//!
//! Each worker appends the records of the parts it visits to its own log. Of a part that it took, a
//! stretch of its log has the records of that part and of all below it in preorder, but for what it gave
//! away. A worker gives away its oldest part, which in preorder comes after all others that it
//! holds. So a subtree is a stretch of a log, then the subtrees given away, the last one first.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::checkpoint::{StateError, expected, field, list};
pub use crate::log::{Log, Mark, Storage};

/// Why evidence cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A log's file cannot be read or written.
    #[error(transparent)]
    Log(#[from] io::Error),
    /// What was saved is no evidence of this program.
    #[error(transparent)]
    State(#[from] StateError),
    /// A log is not what it was when the state was saved.
    #[error("the records that belong to it are gone or were changed")]
    Lost,
}

impl EvidenceError {
    /// The error of a search that keeps no records.
    pub fn without_records(self) -> StateError {
        match self {
            EvidenceError::State(error) => error,
            other => StateError(other.to_string()),
        }
    }
}

/// The records of a part and of what is below it, but for parts given away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The log.
    pub log: usize,
    /// Where it begins there.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// The stretches of the parts given away: they follow, the last one first.
    pub given: Vec<u32>,
}

impl Stretch {
    pub(crate) fn to_json(&self) -> Value {
        json!([self.log, self.start, self.end, self.given])
    }

    pub(crate) fn from_json(state: &Value) -> Result<Self, StateError> {
        let wrong = || expected("a stretch of a log", state);
        let number = |place: usize| state.get(place).and_then(Value::as_u64).ok_or_else(wrong);
        let given = state.get(3).and_then(Value::as_array).ok_or_else(wrong)?;
        let index = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
        let given = given.iter().map(|value| index(value).ok_or_else(wrong));
        let given = given.collect::<Result<_, _>>()?;
        Ok(Self { log: number(0)? as usize, start: number(1)?, end: number(2)?, given })
    }
}

/// The records of a search, in the logs of its workers.
#[derive(Debug)]
pub struct Evidence {
    pub(crate) storage: Storage,
    pub(crate) logs: Vec<Log>,
    /// By number; none where a part is still open. The first one is that of the whole search.
    pub(crate) stretches: Vec<Option<Stretch>>,
}

impl Evidence {
    /// Empty evidence of a search that begins with so many parts: their stretches are 1, 2, ….
    pub(crate) fn new(storage: Storage, parts: usize) -> Self {
        let given = (1..=parts as u32).rev().collect();
        let whole = Stretch { log: 0, start: 0, end: 0, given };
        let mut stretches = vec![None; parts + 1];
        stretches[0] = Some(whole);
        Self { storage, logs: Vec::new(), stretches }
    }

    /// Makes sure that every worker has a log.
    pub(crate) fn add_logs(&mut self, workers: usize) -> io::Result<()> {
        for number in self.logs.len()..workers {
            self.logs.push(Log::new(&self.storage, number)?);
        }
        Ok(())
    }

    /// What must be saved of it, given the marks of its logs.
    pub(crate) fn to_json(marks: &[Mark], stretches: &[Option<Stretch>]) -> Value {
        let logs: Vec<Value> =
            marks.iter().map(|mark| json!({"bytes": mark.bytes, "sha256": mark.sha256})).collect();
        let stretches: Vec<Value> = stretches
            .iter()
            .map(|stretch| stretch.as_ref().map_or(Value::Null, Stretch::to_json))
            .collect();
        json!({"logs": logs, "stretches": stretches})
    }

    /// The evidence of an earlier run, as it was when `state` was saved.
    pub(crate) fn from_json(state: &Value, storage: Storage) -> Result<Self, EvidenceError> {
        let mut logs = Vec::new();
        for (number, log) in list(state, "logs")?.iter().enumerate() {
            let bytes = field(log, "bytes")?.as_u64().ok_or_else(|| expected("a length", log))?;
            let sha256 = field(log, "sha256")?.as_str().ok_or_else(|| expected("a hash", log))?;
            let mark = Mark { bytes, sha256: sha256.to_owned() };
            logs.push(Log::resume(&storage, number, &mark)?.ok_or(EvidenceError::Lost)?);
        }
        let mut stretches = Vec::new();
        for stretch in list(state, "stretches")? {
            let is_open = stretch.is_null();
            stretches.push(if is_open { None } else { Some(Stretch::from_json(stretch)?) });
        }
        let count = stretches.len();
        let fits = |stretch: &Stretch| {
            let log: Option<&Log> = logs.get(stretch.log);
            let length = log.map_or(0, Log::length);
            stretch.start <= stretch.end
                && stretch.end <= length
                && stretch.given.iter().all(|&given| (given as usize) < count)
        };
        if !stretches.iter().flatten().all(fits) {
            return Err(expected("stretches of these logs", state).into());
        }
        Ok(Self { storage, logs, stretches })
    }

    /// Writes all records in preorder.
    ///
    /// # Errors
    /// If a log cannot be read, or `out` fails.
    ///
    /// # Panics
    /// If a part has no records, or has them twice: then the search lost or invented a part.
    pub fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut is_written = vec![false; self.stretches.len()];
        let mut pending = vec![0];
        while let Some(number) = pending.pop() {
            let number = number as usize;
            let twice = std::mem::replace(&mut is_written[number], true);
            assert!(!twice, "every part comes once");
            let stretch = self.stretches[number].as_ref().expect("every part is closed");
            if stretch.start < stretch.end {
                self.logs[stretch.log].copy(stretch.start, stretch.end, out)?;
            }
            pending.extend(&stretch.given);
        }
        assert!(is_written.into_iter().all(|written| written), "every part is below the whole");
        Ok(())
    }

    /// Removes the logs' files.
    pub fn remove(self) {
        let Self { storage, logs, .. } = self;
        let count = logs.len();
        drop(logs);
        remove_logs(&storage, count);
    }
}

/// Removes the files of so many logs, as far as they are there, and those that follow them.
pub fn remove_logs(storage: &Storage, count: usize) {
    for number in 0.. {
        let Some(name) = storage.name(number) else { return };
        if std::fs::remove_file(name).is_err() && number >= count {
            return;
        }
    }
}
