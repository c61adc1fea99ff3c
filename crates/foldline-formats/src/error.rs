//! The one error of this crate: which file, where in it, what was found and what was expected; and what is
//! no error, but worth a word.

/// Why a file is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.describe())]
pub struct FormatError {
    /// The file as the user named it.
    pub file: String,
    /// Where in the file, such as `line 3, column 5`, `node 4 (Conv "conv1")`,
    /// `layers[1].weights[0][2]` or `byte 120`; empty where the whole file is meant.
    pub place: String,
    /// What was found and what was expected.
    pub message: String,
}

impl FormatError {
    /// An error at `place` of `file`.
    pub fn new(
        file: impl Into<String>,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), place: place.into(), message: message.into() }
    }

    /// An error about the whole of `file`.
    pub fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(file, "", message)
    }

    fn describe(&self) -> String {
        let parts = [&self.file, &self.place, &self.message];
        let present: Vec<&str> =
            parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        present.join(": ")
    }
}

/// What was read, with warnings that name file and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted<T> {
    /// What was read.
    pub value: T,
    /// What its author may not have meant.
    pub warnings: Vec<String>,
}

impl<T> Noted<T> {
    /// The same warnings about what is made of the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Noted<U> {
        Noted { value: make(self.value), warnings: self.warnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_file_place_and_message() {
        let error = FormatError::new("a.nnet", "line 3, column 5", "expected a number");
        assert_eq!(error.to_string(), "a.nnet: line 3, column 5: expected a number");
        assert_eq!(FormatError::whole("a.nnet", "is empty").to_string(), "a.nnet: is empty");
    }
}
