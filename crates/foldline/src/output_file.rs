//! The files that a run writes: whole or not at all, by one run at a time, never renamed over a device.
//!
//! A file grows as `NAME.partial` beside its place, under a lock that goes when the run ends, even
//! if it is killed; then it takes its name. Links are followed first. What is no regular file
//! (device, pipe) is written into, once everything that goes there is known.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Links that are followed one after another.
const MOST_LINKS: usize = 40;

/// Another run may look at the place for a moment, to be refused: so often and so long it is waited.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// Where a file grows until it is whole.
pub fn partial_name(target: &Path) -> PathBuf {
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

/// What a path leads to, links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A regular file, or none yet.
    File(PathBuf),
    /// A device, a pipe, or another open file of a process.
    Stream(PathBuf),
    /// This program's standard output.
    StandardOutput,
}

impl Target {
    /// Follows the links at `path`.
    ///
    /// # Errors
    /// If it is a folder, has no name, or cannot be looked at.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            let Some(name) = path.file_name() else {
                return Err(io::Error::other("expected the name of a file to write"));
            };
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => fs::canonicalize(folder)?,
                _ => fs::canonicalize(".")?,
            };
            if folder.starts_with("/proc") {
                // The links of open files lead to names, which a process does not write to.
                let own = fs::canonicalize("/proc/self/fd").is_ok_and(|own| own == folder);
                return Ok(match own && name == "1" {
                    true => Target::StandardOutput,
                    false => Target::Stream(path),
                });
            }
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_symlink() => path = folder.join(fs::read_link(&path)?),
                Ok(found) if found.is_dir() => {
                    return Err(io::Error::new(ErrorKind::IsADirectory, "is a directory"));
                }
                Ok(found) if !found.is_file() => return Ok(Target::Stream(path)),
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => return Ok(Target::File(path)),
            }
        }
        Err(io::Error::other("too many links"))
    }
}

/// A place where this run, and no other, writes a file.
#[derive(Debug)]
pub struct Place {
    target: Target,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What is being written, locked: the partial file, or a file without a name.
    growing: Option<File>,
    /// What was written last, still locked: no other run may take the place.
    written: Option<File>,
    /// Whether the partial file stays when this run ends before it is whole.
    is_kept: bool,
}

impl Place {
    /// Claims the place at `path`. `keeps` says whether a partial file that an earlier run left
    /// stays until it is written to.
    ///
    /// # Errors
    /// If another run is writing there, or nothing can be written.
    pub fn claim(path: &Path, keeps: bool) -> io::Result<Self> {
        let target = Target::of(path)?;
        let mut is_kept = false;
        let growing = match &target {
            Target::File(file) => {
                let partial = partial_name(file);
                is_kept = keeps && partial.exists();
                let growing = lock(&partial)?;
                // What another run has just written is locked, too.
                if let Err(error) = free(file) {
                    if !is_kept {
                        let _ = fs::remove_file(&partial);
                    }
                    return Err(error);
                }
                growing
            }
            Target::Stream(_) | Target::StandardOutput => tempfile::tempfile()?,
        };
        let inner = Inner { growing: Some(growing), written: None, is_kept };
        Ok(Self { target, inner: Mutex::new(inner) })
    }

    /// Writes `content` to the file at `path`: all of it or nothing.
    ///
    /// # Errors
    /// If another run is writing there, or it cannot be written.
    pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        let place = Self::claim(path, false)?;
        place.begin()?.write_all(content)?;
        place.commit()
    }

    /// The file, links followed; none where it is no regular file.
    pub fn file(&self) -> Option<&Path> {
        match &self.target {
            Target::File(file) => Some(file),
            Target::Stream(_) | Target::StandardOutput => None,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whatever a thread left here is as good as it is.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Begins the file: an empty one to be written.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn begin(&self) -> io::Result<File> {
        let mut inner = self.inner();
        inner.is_kept = false;
        if inner.growing.is_none() {
            inner.growing = Some(match &self.target {
                Target::File(file) => lock_soon(&partial_name(file))?,
                Target::Stream(_) | Target::StandardOutput => tempfile::tempfile()?,
            });
        }
        let file = inner.handle()?;
        file.set_len(0)?;
        Ok(file)
    }

    /// What is there of the file, from its start.
    ///
    /// # Errors
    /// If nothing was begun.
    pub fn grown(&self) -> io::Result<File> {
        self.inner().handle()
    }

    /// From now on what was written stays there, even if this run ends before it is whole.
    pub fn keep(&self) {
        self.inner().is_kept = true;
    }

    /// The file is whole: it takes its name, or is written to where it belongs.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn commit(&self) -> io::Result<()> {
        let mut inner = self.inner();
        let mut file = inner.handle()?;
        match &self.target {
            Target::File(target) => {
                file.sync_all()?;
                fs::rename(partial_name(target), target)?;
            }
            Target::Stream(path) => {
                let mut stream = OpenOptions::new().append(true).open(path)?;
                io::copy(&mut file, &mut stream)?;
            }
            Target::StandardOutput => {
                let mut output = io::stdout().lock();
                io::copy(&mut file, &mut output)?;
                output.flush()?;
            }
        }
        inner.written = inner.growing.take();
        Ok(())
    }

    /// Removes what was begun.
    pub fn discard(&self) {
        let mut inner = self.inner();
        inner.is_kept = false;
        if let (Target::File(file), Some(_)) = (&self.target, inner.growing.take()) {
            let _ = fs::remove_file(partial_name(file));
        }
    }

    /// Removes the file.
    ///
    /// # Errors
    /// If the system refuses; that there is no file is no error.
    pub fn remove(&self) -> io::Result<()> {
        self.discard();
        match self.file().map(fs::remove_file) {
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.inner().is_kept {
            self.discard();
        }
    }
}

impl Inner {
    /// A handle of what is being written, at its start.
    fn handle(&self) -> io::Result<File> {
        let growing = self.growing.as_ref();
        let mut file = growing.ok_or_else(|| io::Error::other("it was not begun"))?.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// Opens and locks the partial file, made if there is none.
fn lock(partial: &Path) -> io::Result<File> {
    loop {
        let mut open = OpenOptions::new();
        let file = open.read(true).write(true).create(true).truncate(false).open(partial)?;
        hold(file.try_lock())?;
        // Another run may have renamed or removed it since it was opened.
        if is_at(&file, partial)? {
            return Ok(file);
        }
    }
}

/// The same for a run that has the place: who else has the lock is about to let it go.
fn lock_soon(partial: &Path) -> io::Result<File> {
    for _ in 1..TRIES {
        match lock(partial) {
            Err(error) if error.kind() == ErrorKind::ResourceBusy => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    lock(partial)
}

/// That nobody has a lock on the file, if there is one.
fn free(file: &Path) -> io::Result<()> {
    match File::open(file) {
        Ok(file) => hold(file.try_lock_shared()),
        // Who may not read a file cannot look for locks: that its name may be taken is enough.
        Err(_) => Ok(()),
    }
}

/// Locks a file that is written bit by bit: no other run may write it at the same time.
///
/// # Errors
/// If another run does.
pub fn lock_alone(file: &File) -> io::Result<()> {
    hold(file.try_lock())
}

fn hold(locked: Result<(), TryLockError>) -> io::Result<()> {
    match locked {
        Err(TryLockError::WouldBlock) => {
            Err(io::Error::new(ErrorKind::ResourceBusy, "another run is writing this file"))
        }
        // There are file systems without locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Whether the open file is the one at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    Ok(fs::metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino())))
}

/// Whether the open file is the one at `path`.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    Ok(path.exists())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let place = Place::claim(&path, false).unwrap();
        place.begin().unwrap().write_all(b"one").unwrap();
        assert!(!path.exists());
        place.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        place.begin().unwrap().write_all(b"lost").unwrap();
        drop(place);
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"one".to_vec(), vec!["f".into()])
        );
        assert!(Place::write(folder.path(), b"x").is_err());
        assert!(Place::write(&folder.path().join("no/such/f"), b"x").is_err());
    }

    #[test]
    fn one_run_at_a_time_and_what_a_killed_one_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(partial_name(&path), "left by a run that was killed").unwrap();
        let place = Place::claim(&path, false).unwrap();
        let busy = |path: &Path| Place::claim(path, false).unwrap_err().kind();
        assert_eq!(busy(&path), ErrorKind::ResourceBusy);
        place.begin().unwrap().write_all(b"one").unwrap();
        place.commit().unwrap();
        // It may be written again: the place is still taken.
        assert_eq!(busy(&path), ErrorKind::ResourceBusy);
        place.begin().unwrap().write_all(b"two").unwrap();
        place.commit().unwrap();
        drop(place);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["f"]);
    }

    #[test]
    fn a_kept_file_stays_until_it_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let place = Place::claim(&path, true).unwrap();
        place.begin().unwrap().write_all(b"half").unwrap();
        place.keep();
        drop(place);
        drop(Place::claim(&path, true).unwrap());
        assert_eq!(names(folder.path()), ["f.partial"]);
        drop(Place::claim(&path, false).unwrap());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn links_are_followed_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        Place::write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        symlink("loop", folder.path().join("loop")).unwrap();
        assert!(Place::write(&folder.path().join("loop"), b"x").is_err());
    }

    #[test]
    fn streams_are_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || {
                let mut text = String::new();
                File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        Place::write(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        Place::write(Path::new("/dev/null"), b"nowhere").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(names(folder.path()), ["pipe"]);
    }
}
