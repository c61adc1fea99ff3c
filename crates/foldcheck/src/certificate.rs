//! The certificate as a whole: its first lines say what is claimed about which files, and which kind of proof follows.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use foldline_formats::FormatError;
use foldline_formats::input::display_name;
use foldline_kernel::Rational;

use crate::clock::Clock;
use crate::lines::{Fields, Lines, Reason};
use crate::statement::{Content, NamedFile, Statement};
use crate::{
    cells, containment, equivalence, interpolation, lipschitz, maximum, norm, positivity,
    separability, surjectivity, training, verification, zero_function,
};

/// A certificate that proves its statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What is proved.
    pub statement: Statement,
    /// How many lines the certificate has.
    pub lines: u64,
}

/// The first record that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{record}`: {reason}")]
pub struct Rejection {
    /// Its line, from 1.
    pub line: u64,
    /// Its text, shortened where it is long; empty at the end of the file.
    pub record: String,
    /// Why it is rejected.
    pub reason: Reason,
}

/// Why a certificate was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It does not prove its statement.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A file that it is about cannot be understood.
    #[error(transparent)]
    Input(#[from] FormatError),
    /// The caller wanted the check to end.
    #[error("the time has run out")]
    Stopped,
}

/// What stops a check: a record that is wrong, or a file that is.
#[derive(Debug)]
pub enum Stop {
    /// The record read last is wrong.
    Record(Reason),
    /// A file cannot be understood.
    Input(FormatError),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Stop::Record(reason)
    }
}

impl From<&str> for Stop {
    fn from(reason: &str) -> Self {
        Stop::Record(reason.to_owned())
    }
}

impl From<FormatError> for Stop {
    fn from(error: FormatError) -> Self {
        Stop::Input(error)
    }
}

/// Reads the rest of a certificate of one kind: its claim, its file lines and its proof up to `end`.
type Check<R> = fn(&mut Certificate<'_, R>, Fields<'_>) -> Result<String, Stop>;

/// The kinds of statements. The checker of a kind gets the fields after the kind's name and
/// returns the claim in words.
fn kind<R: BufRead>(name: &str) -> Option<Check<R>> {
    Some(match name {
        "containment" => containment::check,
        "verification" => verification::check,
        "equivalence" => equivalence::check,
        "lipschitz" => lipschitz::check,
        "maximum" => maximum::check,
        "norm" => norm::check,
        "range" => maximum::check_range,
        "positivity" => positivity::check,
        "surjectivity" => surjectivity::check,
        "zero" => zero_function::check,
        "regions" => cells::check,
        "training" => training::check,
        "interpolation" => interpolation::check,
        "separability" => separability::check,
        _ => return None,
    })
}

/// A certificate that is being read, with the files it may be about.
#[derive(Debug)]
pub struct Certificate<'f, R> {
    /// Its lines.
    pub lines: Lines<'f, R>,
    files: std::slice::Iter<'f, Content>,
    named: Vec<NamedFile>,
}

impl<'f, R: BufRead> Certificate<'f, R> {
    /// Reads the line `ROLE NAME SHA256`, which must be about the next of the given files.
    pub fn file(&mut self, role: &'static str) -> Result<&'f Content, Stop> {
        let mut fields = self.lines.next_fields()?;
        fields.expect(role)?;
        if fields.word()?.is_empty() {
            return Err("a name is missing".into());
        }
        let found = fields.word()?.to_owned();
        fields.finish()?;
        let Some(content) = self.files.next() else {
            return Err(format!("it is about one more file, a {role}, which was not given").into());
        };
        if found != content.hash {
            let hash = &content.hash;
            return Err(
                format!("it is about another {role}: the given one has the hash {hash}").into()
            );
        }
        let (name, hash) = (content.name.clone(), content.hash.clone());
        self.named.push(NamedFile { role, name, hash });
        Ok(content)
    }

    /// Like [`Self::file`] if the next line begins with `role`; otherwise reads nothing.
    pub fn optional_file(&mut self, role: &'static str) -> Result<Option<&'f Content>, Stop> {
        let found = self.lines.next_fields()?.word()? == role;
        self.lines.read_again();
        if found { self.file(role).map(Some) } else { Ok(None) }
    }

    /// Reads `precision F`, the fraction bits for fixed point numbers.
    pub fn precision(&mut self) -> Result<u32, Stop> {
        let mut fields = self.lines.next_fields()?;
        fields.expect("precision")?;
        let precision = fields.index(53, "precision")?;
        fields.finish()?;
        if precision < 20 {
            return Err("the precision is below 20".into());
        }
        Ok(precision as u32)
    }

    /// Reads `WORD R_1 … R_d`, a point or a direction.
    pub fn point(&mut self, word: &str, dimension: usize) -> Result<Vec<Rational>, Stop> {
        let mut fields = self.lines.next_fields()?;
        fields.expect(word)?;
        let point =
            (0..dimension).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()?;
        fields.finish()?;
        Ok(point)
    }

    /// Reads `end`.
    pub fn end(&mut self) -> Result<(), Stop> {
        let mut fields = self.lines.next_fields()?;
        fields.expect("end")?;
        Ok(fields.finish()?)
    }
}

/// Opens the certificate at `path` (`-`: standard input), gzipped or not.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, FormatError> {
    let describe = |error: &io::Error| {
        FormatError::whole(display_name(path), format!("cannot be read: {error}"))
    };
    let mut plain: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        if path.is_dir() {
            return Err(FormatError::whole(display_name(path), "is a directory, expected a file"));
        }
        Box::new(BufReader::new(File::open(path).map_err(|error| describe(&error))?))
    };
    let start = plain.fill_buf().map_err(|error| describe(&error))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(plain))));
    }
    Ok(plain)
}

/// Accepts `certificate` as a proof of its statement about `files`, which are in the order of
/// the certificate's file lines; or names the record that fails.
///
/// # Errors
/// [`Failure::Rejected`] if the certificate proves nothing about these files,
/// [`Failure::Input`] if one of them cannot be read as what the certificate says it is.
pub fn check(certificate: impl BufRead, files: &[Content]) -> Result<Accepted, Failure> {
    check_until(certificate, files, &|| false)
}

/// Like [`check`], until `stop` says true; it is asked often, and must be quick.
///
/// # Errors
/// As for [`check`], and [`Failure::Stopped`] if `stop` said true.
pub fn check_until(
    certificate: impl BufRead,
    files: &[Content],
    stop: &dyn Fn() -> bool,
) -> Result<Accepted, Failure> {
    let clock = Clock::new(stop);
    let lines = Lines::new(certificate, &clock);
    let mut certificate = Certificate { lines, files: files.iter(), named: Vec::new() };
    let result = check_all(&mut certificate);
    let Certificate { lines, named, .. } = certificate;
    if clock.has_struck() {
        return Err(Failure::Stopped);
    }
    match result {
        Ok((kind, claim)) => {
            let statement = Statement { kind, claim, files: named };
            Ok(Accepted { statement, lines: lines.number() - 1 })
        }
        Err(Stop::Record(reason)) => {
            Err(Rejection { line: lines.number(), record: lines.shown(), reason }.into())
        }
        Err(Stop::Input(error)) => Err(error.into()),
    }
}

/// The kind and the claim.
fn check_all<R: BufRead>(certificate: &mut Certificate<'_, R>) -> Result<(String, String), Stop> {
    let mut fields = certificate.lines.next_fields()?;
    fields.expect("foldline-certificate")?;
    fields.expect("1")?;
    fields.finish()?;
    let line = certificate.lines.next_line()?.to_owned();
    let mut fields = Fields::of(&line);
    fields.expect("statement")?;
    let name = fields.word()?;
    let Some(check) = kind(name) else {
        return Err(format!("`{name}` is no kind of statement that is known here").into());
    };
    let claim = check(certificate, fields)?;
    if certificate.lines.next_or_end()?.is_some() {
        return Err("nothing may come after the end".into());
    }
    if certificate.files.next().is_some() {
        return Err("it is about fewer files than were given".into());
    }
    Ok((name.to_owned(), claim))
}
