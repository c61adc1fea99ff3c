//! The file of a certificate: it grows beside its place, is checked there if someone wants that, and then takes its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use foldline_formats::digest::Digest;
use foldline_formats::input::InputFile;
use serde_json::Value;

use crate::certificate::CertificateError;
use crate::output_file::{Place, Target};

/// Where a certificate goes.
#[derive(Clone, Copy)]
pub enum Destination<'a> {
    /// To a file, unchecked; the files that it is about are read for their hashes.
    Path(&'a Path),
    /// To a place that was claimed before.
    Prepared(&'a Prepared<'a>),
}

impl<'a> From<&'a Path> for Destination<'a> {
    fn from(path: &'a Path) -> Self {
        Destination::Path(path)
    }
}

impl<'a> From<&'a PathBuf> for Destination<'a> {
    fn from(path: &'a PathBuf) -> Self {
        Destination::Path(path)
    }
}

impl<'a> From<&'a Prepared<'a>> for Destination<'a> {
    fn from(prepared: &'a Prepared<'a>) -> Self {
        Destination::Prepared(prepared)
    }
}

/// The lines of a certificate that is written, decompressed.
pub type Written = Box<dyn BufRead + Send>;

/// Says of a certificate that is whole why it must not be handed out, if so.
pub type Judge<'a> = dyn Fn(Written) -> Result<(), String> + Send + Sync + 'a;

/// A place for a certificate, what it is about, and who looks at it before it takes its name.
pub struct Prepared<'a> {
    /// Where it goes, as the user named it.
    pub path: PathBuf,
    /// The same, claimed.
    pub place: Place,
    /// The files that it is about, as they were read.
    pub files: Vec<InputFile>,
    /// Looks at it.
    pub judge: Box<Judge<'a>>,
    /// Set where a proof begins anew, as what an earlier run wrote is not there any more.
    pub is_lost: AtomicBool,
}

impl Destination<'_> {
    /// Where it goes.
    pub fn path(&self) -> &Path {
        match self {
            Destination::Path(path) => path,
            Destination::Prepared(prepared) => &prepared.path,
        }
    }

    /// The regular file there, links followed; none where it is none.
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Destination::Path(path) => match Target::of(path) {
                Ok(Target::File(file)) => Some(file),
                _ => None,
            },
            Destination::Prepared(prepared) => prepared.place.file().map(Path::to_owned),
        }
    }

    /// The hash of a file that the certificate is about: of what was read of it, if it was.
    ///
    /// # Errors
    /// If it cannot be read, or is standard input.
    pub fn hash(&self, path: &Path) -> Result<String, CertificateError> {
        if path.as_os_str() == "-" {
            return Err(CertificateError::StandardInput);
        }
        if let Destination::Prepared(prepared) = self
            && let Some(file) = prepared.files.iter().find(|file| file.path == path)
        {
            return Ok(file.sha256().to_owned());
        }
        Ok(InputFile::read(path)?.sha256().to_owned())
    }

    /// Notes that what an earlier run wrote of the certificate is lost.
    pub fn lose(&self) {
        if let Destination::Prepared(prepared) = self {
            prepared.is_lost.store(true, Ordering::Relaxed);
        }
    }

    fn failed(&self, error: io::Error) -> CertificateError {
        CertificateError::Write { path: self.path().to_owned(), error }
    }
}

/// A certificate that is being written; gzipped if its name ends in `.gz`.
///
/// The file appears under its name when [`CertificateFile::finish`] is called; without that
/// nothing is left of it, unless it was marked.
pub struct CertificateFile<'a> {
    destination: Destination<'a>,
    /// Claimed here, if it was not before.
    own: Option<Place>,
    output: Option<Output>,
}

/// How much of a certificate an earlier run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The length of the file.
    pub bytes: u64,
    /// The SHA-256 of so many bytes, in lower-case hexadecimal digits.
    pub hash: String,
}

impl Mark {
    /// The mark in a state, as its `bytes` and `sha256`.
    pub fn of(state: &Value) -> Option<Self> {
        let hash = state.get("sha256")?.as_str()?.to_owned();
        Some(Self { bytes: state.get("bytes")?.as_u64()?, hash })
    }
}

impl<'a> CertificateFile<'a> {
    /// Begins a certificate.
    ///
    /// # Errors
    /// If its file cannot be made.
    pub fn create(destination: Destination<'a>) -> Result<Self, CertificateError> {
        let mut new = Self::claim(destination, false).map_err(|error| destination.failed(error))?;
        let file = new.place().and_then(Place::begin).map_err(|error| new.failed(error))?;
        new.output = Some(Output::new(Counted::new(file), destination.path()));
        Ok(new)
    }

    /// Goes on behind a mark: what came later is cut off. None if what was there at the mark is not
    /// there any more.
    pub fn resume(destination: Destination<'a>, mark: &Mark) -> Option<Self> {
        let mut new = Self::claim(destination, true).ok()?;
        let place = new.place().ok()?;
        let counted = Counted::behind(place.grown().ok()?, mark).ok().flatten()?;
        place.keep();
        new.output = Some(Output::new(counted, destination.path()));
        Some(new)
    }

    fn claim(destination: Destination<'a>, keeps: bool) -> io::Result<Self> {
        let own = match destination {
            Destination::Path(path) => Some(Place::claim(path, keeps)?),
            Destination::Prepared(_) => None,
        };
        Ok(Self { destination, own, output: None })
    }

    fn place(&self) -> io::Result<&Place> {
        match (&self.own, self.destination) {
            (Some(place), _) => Ok(place),
            (None, Destination::Prepared(prepared)) => Ok(&prepared.place),
            (None, Destination::Path(_)) => Err(io::Error::other("it is finished")),
        }
    }

    /// Brings all that was written to its place, and says where it ends: from there
    /// [`Self::resume`] goes on, even if this run is killed.
    ///
    /// # Errors
    /// If writing fails.
    pub fn mark(&mut self) -> io::Result<Mark> {
        let output = self.output.take().ok_or_else(|| io::Error::other("it is finished"))?;
        let (output, mark) = output.mark(self.destination.path())?;
        self.output = Some(output);
        self.place()?.keep();
        Ok(mark)
    }

    /// Writes `text`.
    ///
    /// # Errors
    /// If writing fails.
    pub fn text(&mut self, text: &str) -> Result<(), CertificateError> {
        self.write_all(text.as_bytes()).map_err(|error| self.failed(error))
    }

    /// Has the complete file checked, if someone wants that, and gives it its name.
    ///
    /// # Errors
    /// If writing fails, or it is rejected; then nothing is left.
    pub fn finish(mut self) -> Result<(), CertificateError> {
        let finished = match self.output.take() {
            Some(output) => output.into_file().and_then(|mut file| file.flush()),
            None => Ok(()),
        };
        finished.map_err(|error| self.failed(error))?;
        let place = self.place().map_err(|error| self.failed(error))?;
        if let Destination::Prepared(prepared) = self.destination {
            let written = place.grown().map_err(|error| self.failed(error))?;
            let lines = BufReader::with_capacity(1 << 16, written);
            let lines: Written = match is_gzipped(&prepared.path) {
                true => Box::new(BufReader::new(MultiGzDecoder::new(lines))),
                false => Box::new(lines),
            };
            if let Err(reason) = (prepared.judge)(lines) {
                place.discard();
                return Err(CertificateError::Rejected { path: prepared.path.clone(), reason });
            }
        }
        place.commit().map_err(|error| {
            place.discard();
            self.failed(error)
        })
    }

    /// Removes what was written: no later run can use it.
    pub fn discard(&self) {
        if let Ok(place) = self.place() {
            place.discard();
        }
    }

    /// The error of a write to it.
    pub fn failed(&self, error: io::Error) -> CertificateError {
        self.destination.failed(error)
    }
}

fn is_gzipped(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

impl Write for CertificateFile<'_> {
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
    hash: Digest,
}

impl Counted {
    fn new(file: File) -> Self {
        Self { file: BufWriter::new(file), bytes: 0, hash: Digest::default() }
    }

    /// The file up to a mark; none if that is not its content.
    fn behind(mut file: File, mark: &Mark) -> io::Result<Option<Self>> {
        let mut hash = Digest::default();
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
        if bytes != mark.bytes || hash.digits() != mark.hash {
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
        match is_gzipped(target) {
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
        let mark = Mark { bytes: file.bytes, hash: file.hash.digits() };
        Ok((Self::new(file, target), mark))
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
    use crate::output_file::partial_name;
    use std::fs;

    fn read(path: &Path) -> String {
        let mut text = String::new();
        let file = File::open(path).unwrap();
        match is_gzipped(path) {
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
            let mut file = CertificateFile::create((&target).into()).unwrap();
            file.text("one\n").unwrap();
            let mark = file.mark().unwrap();
            file.text("lost\n").unwrap();
            file.flush().unwrap();
            drop(file);
            assert!(!target.exists());
            let mut file = CertificateFile::resume((&target).into(), &mark).expect("it is there");
            file.text("two\n").unwrap();
            let mark = file.mark().unwrap();
            drop(file);
            CertificateFile::resume((&target).into(), &mark)
                .expect("it is there")
                .finish()
                .unwrap();
            assert_eq!(read(&target), "one\ntwo\n");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            assert!(CertificateFile::resume((&target).into(), &mark).is_none(), "it is finished");
        }
    }

    #[test]
    fn what_is_not_there_any_more_is_not_continued() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("c.txt");
        let mut file = CertificateFile::create((&target).into()).unwrap();
        file.text("one\n").unwrap();
        let mark = file.mark().unwrap();
        drop(file);
        let partial = partial_name(&target);
        for other in ["one", "onE\n", ""] {
            fs::write(&partial, other).unwrap();
            assert!(CertificateFile::resume((&target).into(), &mark).is_none(), "{other:?}");
        }
        fs::remove_file(&partial).unwrap();
        assert!(CertificateFile::resume((&target).into(), &mark).is_none());
        CertificateFile::create((&target).into()).unwrap().text("one\n").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "unmarked files go");
    }
}
