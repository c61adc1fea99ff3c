//! The file of a certificate: written beside its place until it is whole; kept there between runs where a checkpoint asks for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::certificate::CertificateError;

/// A certificate that is being written; gzipped if its name ends in `.gz`.
///
/// The file appears under its name when [`CertificateFile::finish`] is called; without that
/// nothing is left of it, unless it was marked.
pub struct CertificateFile {
    target: PathBuf,
    partial: PathBuf,
    output: Option<Output>,
    is_marked: bool,
}

/// How much of a certificate an earlier run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The length of the file.
    pub bytes: u64,
    /// The SHA-256 of so many bytes, in lower-case hexadecimal digits.
    pub hash: String,
}

/// Where a certificate grows until it is whole.
pub fn partial_name(target: &Path) -> PathBuf {
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

impl CertificateFile {
    /// Begins a certificate, in a file of another name beside `target`.
    ///
    /// # Errors
    /// If that file cannot be made.
    pub fn create(target: &Path) -> Result<Self, CertificateError> {
        let partial = partial_name(target);
        let mut new = Self { target: target.to_owned(), partial, output: None, is_marked: false };
        let file = File::create(&new.partial).map_err(|error| new.failed(error))?;
        new.output = Some(Output::new(Counted::new(file), target));
        Ok(new)
    }

    /// Goes on behind a mark: what came later is cut off. None if what was there at the mark is not
    /// there any more.
    pub fn resume(target: &Path, mark: &Mark) -> Option<Self> {
        let partial = partial_name(target);
        let file = OpenOptions::new().read(true).write(true).open(&partial).ok()?;
        let counted = Counted::behind(file, mark).ok().flatten()?;
        let output = Some(Output::new(counted, target));
        Some(Self { target: target.to_owned(), partial, output, is_marked: true })
    }

    /// Brings all that was written to its place, and says where it ends: from there
    /// [`Self::resume`] goes on, even if this run is killed.
    ///
    /// # Errors
    /// If writing fails.
    pub fn mark(&mut self) -> io::Result<Mark> {
        let output = self.output.take().ok_or_else(|| io::Error::other("it is finished"))?;
        let (output, mark) = output.mark(&self.target)?;
        self.output = Some(output);
        self.is_marked = true;
        Ok(mark)
    }

    /// Writes `text`.
    ///
    /// # Errors
    /// If writing fails.
    pub fn text(&mut self, text: &str) -> Result<(), CertificateError> {
        self.write_all(text.as_bytes()).map_err(|error| self.failed(error))
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    /// If writing fails; then nothing is left.
    pub fn finish(mut self) -> Result<(), CertificateError> {
        let output = self.output.take();
        let finished = output.map_or(Ok(()), Output::finish);
        let finished = finished.and_then(|()| fs::rename(&self.partial, &self.target));
        finished.map_err(|error| self.failed(error))
    }

    /// The error of a write to it.
    pub fn failed(&self, error: io::Error) -> CertificateError {
        CertificateError::Write { path: self.target.clone(), error }
    }
}

impl Drop for CertificateFile {
    fn drop(&mut self) {
        self.output = None;
        if !self.is_marked {
            // After `finish` there is no such file.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

impl Write for CertificateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.as_mut().map_or(Ok(0), |output| output.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.as_mut().map_or(Ok(()), Output::flush)
    }
}

/// A file with the length and the hash of what is in it.
struct Counted {
    file: BufWriter<File>,
    bytes: u64,
    hash: Sha256,
}

impl Counted {
    fn new(file: File) -> Self {
        Self { file: BufWriter::new(file), bytes: 0, hash: Sha256::new() }
    }

    /// The file up to a mark; none if that is not its content.
    fn behind(mut file: File, mark: &Mark) -> io::Result<Option<Self>> {
        let mut hash = Sha256::new();
        let mut start = BufReader::new(&file).take(mark.bytes);
        let (mut bytes, mut block) = (0, vec![0; 1 << 16]);
        loop {
            match start.read(&mut block)? {
                0 => break,
                length => {
                    hash.update(&block[..length]);
                    bytes += length as u64;
                }
            }
        }
        if bytes != mark.bytes || digits(&hash) != mark.hash {
            return Ok(None);
        }
        file.set_len(bytes)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(bytes))?;
        Ok(Some(Self { file: BufWriter::new(file), bytes, hash }))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

fn digits(hash: &Sha256) -> String {
    hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The certificate's file, gzipped or not.
enum Output {
    Plain(Counted),
    Gzipped(GzEncoder<Counted>),
}

impl Output {
    fn new(file: Counted, target: &Path) -> Self {
        match target.extension().is_some_and(|extension| extension == "gz") {
            true => Output::Gzipped(GzEncoder::new(file, Compression::fast())),
            false => Output::Plain(file),
        }
    }

    /// All that was written, gzipped members ended.
    fn into_file(self) -> io::Result<Counted> {
        match self {
            Output::Plain(file) => Ok(file),
            Output::Gzipped(encoder) => encoder.finish(),
        }
    }

    /// A gzipped file goes on with a new member: several behind each other are one.
    fn mark(self, target: &Path) -> io::Result<(Self, Mark)> {
        let mut file = self.into_file()?;
        file.sync()?;
        let mark = Mark { bytes: file.bytes, hash: digits(&file.hash) };
        Ok((Self::new(file, target), mark))
    }

    fn finish(self) -> io::Result<()> {
        self.into_file()?.sync()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(file) => file.write(bytes),
            Output::Gzipped(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Plain(file) => file.flush(),
            Output::Gzipped(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        let mut text = String::new();
        let file = File::open(path).unwrap();
        match path.extension().is_some_and(|extension| extension == "gz") {
            true => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap(),
            false => BufReader::new(file).read_to_string(&mut text).unwrap(),
        };
        text
    }

    #[test]
    fn a_file_goes_on_behind_its_mark() {
        for name in ["c.txt", "c.txt.gz"] {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join(name);
            let mut file = CertificateFile::create(&target).unwrap();
            file.text("one\n").unwrap();
            let mark = file.mark().unwrap();
            file.text("lost\n").unwrap();
            file.flush().unwrap();
            drop(file);
            assert!(!target.exists());
            let mut file = CertificateFile::resume(&target, &mark).expect("it is there");
            file.text("two\n").unwrap();
            let mark = file.mark().unwrap();
            drop(file);
            CertificateFile::resume(&target, &mark).expect("it is there").finish().unwrap();
            assert_eq!(read(&target), "one\ntwo\n");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            assert!(CertificateFile::resume(&target, &mark).is_none(), "it is finished");
        }
    }

    #[test]
    fn what_is_not_there_any_more_is_not_continued() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("c.txt");
        let mut file = CertificateFile::create(&target).unwrap();
        file.text("one\n").unwrap();
        let mark = file.mark().unwrap();
        drop(file);
        let partial = partial_name(&target);
        for other in ["one", "onE\n", ""] {
            fs::write(&partial, other).unwrap();
            assert!(CertificateFile::resume(&target, &mark).is_none(), "{other:?}");
        }
        fs::remove_file(&partial).unwrap();
        assert!(CertificateFile::resume(&target, &mark).is_none());
        CertificateFile::create(&target).unwrap().text("one\n").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "unmarked files go");
    }
}
