//! A worker's log: records, appended in the order in which its parts were visited.
//!
//! A log lives in memory until it is long, then in a file. Where a run may be killed and go on, it
//! lives in a file with a name from the start, and its hash says whether that file is still the same.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use foldline_formats::digest::Digest;

/// Bytes of one log that are kept in memory before they are written to its file.
const BUFFER: usize = 1 << 16;

/// Where logs are kept.
#[derive(Debug, Clone)]
pub enum Storage {
    /// In memory up to so many bytes a log, then in files without a name in this folder.
    Memory {
        /// The most bytes of a log in memory.
        limit: usize,
        /// Where its file is then.
        folder: PathBuf,
    },
    /// In files that stay when the run ends: this path with `-0`, `-1`, … at its end.
    Files(PathBuf),
}

impl Storage {
    /// In memory, whatever their length.
    pub fn in_memory() -> Self {
        Storage::Memory { limit: usize::MAX, folder: std::env::temp_dir() }
    }

    /// The name of a log's file, if it has one.
    pub fn name(&self, number: usize) -> Option<PathBuf> {
        let Storage::Files(path) = self else { return None };
        let mut name = path.as_os_str().to_owned();
        name.push(format!("-{number}"));
        Some(name.into())
    }
}

/// How long a log was at some moment, and the hash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of so many bytes, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// Records, one after another.
#[derive(Debug)]
pub struct Log {
    storage: Storage,
    /// What comes before `buffer`.
    file: Option<File>,
    /// How much of the log is in the file.
    flushed: u64,
    buffer: Vec<u8>,
    /// The hash of all of it, where someone may ask for it.
    hash: Option<Digest>,
}

impl Log {
    /// An empty log, the `number`-th of a run.
    ///
    /// # Errors
    /// If its file cannot be made.
    pub fn new(storage: &Storage, number: usize) -> io::Result<Self> {
        let file = match storage.name(number) {
            Some(name) => Some(open(&name, true)?),
            None => None,
        };
        let hash = file.is_some().then(Digest::default);
        Ok(Self { storage: storage.clone(), file, flushed: 0, buffer: Vec::new(), hash })
    }

    /// The log of an earlier run as it was at `mark`: what came later is cut off. None if that
    /// is not there any more.
    ///
    /// # Errors
    /// If its file cannot be read or cut.
    pub fn resume(storage: &Storage, number: usize, mark: &Mark) -> io::Result<Option<Self>> {
        let Some(name) = storage.name(number) else { return Ok(None) };
        let mut file = match open(&name, false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut hash = Digest::default();
        let (mut left, mut block) = (mark.bytes, vec![0; BUFFER]);
        while left > 0 {
            let wanted = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match file.read(&mut block[..wanted])? {
                0 => return Ok(None),
                length => {
                    hash.update(&block[..length]);
                    left -= length as u64;
                }
            }
        }
        if hash.digits() != mark.sha256 {
            return Ok(None);
        }
        file.set_len(mark.bytes)?;
        let (storage, file, hash) = (storage.clone(), Some(file), Some(hash));
        Ok(Some(Self { storage, file, flushed: mark.bytes, buffer: Vec::new(), hash }))
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.flushed + self.buffer.len() as u64
    }

    /// Adds records at its end.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(records);
        if let Some(hash) = &mut self.hash {
            hash.update(records);
        }
        let limit = match self.storage {
            Storage::Memory { limit, .. } if self.file.is_none() => limit.max(BUFFER),
            _ => BUFFER,
        };
        if self.buffer.len() >= limit { self.flush() } else { Ok(()) }
    }

    /// Writes what is in memory to its file.
    fn flush(&mut self) -> io::Result<()> {
        let file = match (&mut self.file, &self.storage) {
            (Some(file), _) => file,
            (none, Storage::Memory { folder, .. }) => none.insert(tempfile::tempfile_in(folder)?),
            (none, Storage::Files(_)) => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.flushed))?;
        file.write_all(&self.buffer)?;
        self.flushed += self.buffer.len() as u64;
        // What made it grow to its limit need not stay reserved.
        self.buffer = Vec::with_capacity(BUFFER);
        Ok(())
    }

    /// Brings all of it to the disk and says where it ends: from there [`Self::resume`] goes on.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn mark(&mut self) -> io::Result<Mark> {
        self.flush()?;
        if let Some(file) = &self.file {
            file.sync_data()?;
        }
        let sha256 = self.hash.as_ref().map_or(String::new(), Digest::digits);
        Ok(Mark { bytes: self.flushed, sha256 })
    }

    /// Writes a range of its bytes to `out`.
    ///
    /// # Errors
    /// If it cannot be read, or `out` fails.
    pub fn copy(&mut self, start: u64, end: u64, out: &mut dyn Write) -> io::Result<()> {
        let in_file = end.min(self.flushed).saturating_sub(start);
        if in_file > 0
            && let Some(file) = &mut self.file
        {
            file.seek(SeekFrom::Start(start))?;
            let copied = io::copy(&mut file.take(in_file), out)?;
            if copied < in_file {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let place = |at: u64| at.saturating_sub(self.flushed) as usize;
        out.write_all(&self.buffer[place(start)..place(end)])
    }
}

fn open(name: &Path, empty: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(empty).truncate(empty).open(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(log: &mut Log, start: u64, end: u64) -> Vec<u8> {
        let mut out = Vec::new();
        log.copy(start, end, &mut out).unwrap();
        out
    }

    #[test]
    fn ranges_come_back_from_memory_and_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<u8> = (0..300_000u32).map(|i| (i.wrapping_mul(i) % 251) as u8).collect();
        let memory = |limit| Storage::Memory { limit, folder: folder.path().to_owned() };
        for storage in [memory(usize::MAX), memory(0), Storage::Files(folder.path().join("l"))] {
            let mut log = Log::new(&storage, 0).unwrap();
            for part in all.chunks(977) {
                log.append(part).unwrap();
            }
            assert_eq!(log.length(), 300_000);
            for (start, end) in [(0, 300_000), (0, 0), (10, 70_000), (299_990, 300_000)] {
                let expected = &all[start as usize..end as usize];
                assert!(content(&mut log, start, end) == expected, "{storage:?} {start} {end}");
            }
        }
    }

    #[test]
    fn a_log_goes_on_behind_its_mark_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::Files(folder.path().join("log"));
        let mut log = Log::new(&storage, 3).unwrap();
        log.append(b"one\n").unwrap();
        let mark = log.mark().unwrap();
        log.append(b"torn").unwrap();
        log.mark().unwrap();
        drop(log);
        let mut log = Log::resume(&storage, 3, &mark).unwrap().expect("it is there");
        log.append(b"two\n").unwrap();
        let second = log.mark().unwrap();
        assert_eq!(content(&mut log, 0, 8), b"one\ntwo\n");
        assert!(Log::resume(&storage, 4, &mark).unwrap().is_none());
        for other in ["one\ntwO\n", "one\ntwo", ""] {
            std::fs::write(storage.name(3).unwrap(), other).unwrap();
            assert!(Log::resume(&storage, 3, &second).unwrap().is_none(), "{other:?}");
        }
    }
}
