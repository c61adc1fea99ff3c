//! Bounds that a certificate tells only if the incumbent rose after they were found.
//!
//! A checker finds a neuron's bounds by itself, with clip rows made for the final incumbent. A search
//! that still looks for it has looser clip rows. Where both are the same, bounds need not be
//! told; where not, the checker must be told all of them: it would know more, split other neurons, and
//! not follow the search. So a search notes both, and the writer decides.

use std::io::{self, Write};

/// Stands before a field of a `bounds` record that is told only if the incumbent rose later.
pub const MARK: &str = "?";

/// What a record with such fields begins with: `bounds@` and the incumbent's bits.
const HEAD: &[u8] = b"bounds@";

/// The first word of a record with such fields, found with this incumbent.
pub fn word(incumbent: f64) -> String {
    format!("bounds@{:016x}", incumbent.to_bits())
}

/// Passes records on; of those with such fields what a checker needs, given the final incumbent.
pub struct Deciding<'w> {
    out: &'w mut dyn Write,
    /// The first word of records found with the final incumbent.
    word: String,
    /// The beginning of a record whose end is still to come.
    begun: Vec<u8>,
}

impl<'w> Deciding<'w> {
    /// Writes to `out`.
    pub fn new(out: &'w mut dyn Write, incumbent: f64) -> Self {
        Self { out, word: word(incumbent), begun: Vec::new() }
    }

    /// Passes on one whole record, or the end of the last one.
    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        if !record.starts_with(HEAD) {
            return self.out.write_all(record);
        }
        let (record, end) = match record.strip_suffix(b"\n") {
            Some(record) => (record, &b"\n"[..]),
            None => (record, &b""[..]),
        };
        let mut fields = record.split(|&byte| byte == b' ');
        let is_final = fields.next() == Some(self.word.as_bytes());
        self.out.write_all(b"bounds")?;
        for field in fields {
            let told = match field.strip_prefix(MARK.as_bytes()) {
                Some(_) if is_final => continue,
                Some(told) => told,
                None => field,
            };
            self.out.write_all(b" ")?;
            self.out.write_all(told)?;
        }
        self.out.write_all(end)
    }
}

impl Write for Deciding<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let is_whole = part.ends_with(b"\n");
            if is_whole && self.begun.is_empty() {
                self.record(part)?;
                continue;
            }
            self.begun.extend_from_slice(part);
            if is_whole {
                let record = std::mem::take(&mut self.begun);
                self.record(&record)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.begun);
        self.record(&rest)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_where_the_incumbent_rose() {
        let records = format!(
            "bounds 7>=1\n{} ?3>=1:-2 4<=5,-1*3 ?5>=0\n{} ?3>=2\nclip\n",
            word(1.5),
            word(2.5)
        );
        for size in [1, 7, 1000] {
            let mut out = Vec::new();
            let mut deciding = Deciding::new(&mut out, 2.5);
            for part in records.as_bytes().chunks(size) {
                deciding.write_all(part).unwrap();
            }
            deciding.flush().unwrap();
            let told = "bounds 7>=1\nbounds 3>=1:-2 4<=5,-1*3 5>=0\nbounds\nclip\n";
            assert_eq!(String::from_utf8(out).unwrap(), told, "{size}");
        }
    }
}
