//! `--checkpoint FILE`: opening it for a command's files, and what becomes of it at the end.

use std::path::{Path, PathBuf};

use clap::Args;
use foldline::ProofError;
use foldline::certificate::CertificateError;
use foldline::checkpoint::{CheckpointFile, Statement};
use foldline::questions::checkpoint::{Begun, Keeper, Share, StateError};

use crate::load::Inputs;
use crate::report::{Failure, Report};

/// Where a long run keeps its state.
#[derive(Debug, Clone, Args)]
pub struct CheckpointOption {
    /// Keep the state in this file while it runs, and go on from it if it is there
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// End the search as soon as so many parts are open, as `foldline split` wants it
    #[arg(long, value_name = "N", hide = true, requires = "checkpoint")]
    beginning: Option<usize>,
    /// The checkpoint has only a piece of the search, as `foldline work` wants it
    #[arg(long, hide = true, requires = "checkpoint", conflicts_with = "beginning")]
    piece: bool,
}

/// Where the command's certificate goes, if one is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Certificate<'a> {
    /// It is kept with the state while it grows, and the next run goes on with it.
    Kept(Option<&'a Path>),
    /// There is none, or it is written once the search is over.
    AfterSearch,
}

impl CheckpointOption {
    /// Opens the file, if one is asked for. `options` adds the options that the meaning of the state depends on.
    pub fn open(
        &self,
        command: &str,
        inputs: &Inputs,
        certificate: Certificate<'_>,
        options: impl FnOnce(Statement) -> Statement,
    ) -> Result<Option<CheckpointFile>, Failure> {
        let Some(path) = &self.checkpoint else {
            return Ok(None);
        };
        let mut statement = Statement::new(command);
        match certificate {
            // The certificate of a share grows beside its bundle, wherever that is.
            Certificate::Kept(Some(_)) if self.is_share() => {
                statement = statement.option("certificate", true);
            }
            Certificate::Kept(Some(target)) => {
                statement = statement.option("certificate", target.display().to_string());
            }
            _ => {}
        }
        for (role, file) in inputs.files() {
            if file.path == Path::new("-") {
                let message = "--checkpoint needs files, not standard input: it is read once only";
                return Err(Failure::Usage(message.to_owned()));
            }
            statement = statement.file(role, file.sha256());
        }
        let opened = CheckpointFile::open(path, options(statement));
        let opened = opened.map_err(|error| Failure::Input(error.to_string()))?;
        let share = match self.beginning {
            Some(parts) => Share::Beginning { parts },
            None if self.piece => Share::Piece(Begun::default()),
            None => Share::Whole,
        };
        Ok(Some(opened.with_share(share)))
    }

    fn is_share(&self) -> bool {
        self.piece || self.beginning.is_some()
    }
}

/// A command's checkpoint as the engine wants it.
pub fn keeper(checkpoint: &Option<CheckpointFile>) -> Option<&dyn Keeper> {
    checkpoint.as_ref().map(|file| file as &dyn Keeper)
}

/// The failure that the state in a command's checkpoint is none of it.
pub fn foreign(checkpoint: Option<&CheckpointFile>, error: &StateError) -> Failure {
    let name = checkpoint.map(|file| file.path().display().to_string());
    Failure::Input(format!("{}: {error}", name.unwrap_or_default()))
}

/// The failure of a certificate.
pub fn not_written(checkpoint: Option<&CheckpointFile>, error: CertificateError) -> Failure {
    match error {
        CertificateError::State(error) | CertificateError::Proof(ProofError::State(error)) => {
            foreign(checkpoint, &error)
        }
        error if error.is_internal() => Failure::Internal(error.to_string()),
        error => Failure::Input(error.to_string()),
    }
}

impl Report {
    /// Hands over the command's checkpoint: if the run is finished it goes once the answer is
    /// printed; otherwise the user is told where the state is.
    pub fn keep_checkpoint(&mut self, checkpoint: Option<CheckpointFile>, finished: bool) {
        let Some(checkpoint) = checkpoint else {
            return;
        };
        match (finished, checkpoint.failure()) {
            (true, _) => self.finished = Some(checkpoint),
            (_, Some(failure)) => self.warnings.push(format!("the state is not saved: {failure}")),
            // A run that ended before its search began has nothing to save.
            (_, None) if !checkpoint.path().exists() => {}
            (_, None) => {
                let path = checkpoint.path().display();
                self.warnings.push(format!("the state is in {path}: the same command goes on"));
            }
        }
    }
}
