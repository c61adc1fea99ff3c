//! The SHA-256 of a file's content, in the digits by which certificates and checkpoints name it.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of `content` in lower-case hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    let mut digest = Digest::default();
    digest.update(content);
    digest.digits()
}

/// The SHA-256 of content that comes in parts.
#[derive(Debug, Clone, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds what comes next.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The hash of all so far, in lower-case hexadecimal digits.
    pub fn digits(&self) -> String {
        self.0.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_other_tools() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), known);
        let mut parts = Digest::default();
        parts.update(b"a");
        parts.update(b"bc");
        assert_eq!(parts.digits(), known);
    }
}
