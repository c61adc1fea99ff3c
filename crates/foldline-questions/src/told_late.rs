//! Bounds that a certificate tells only if the incumbent rose enough after they were found.
//!
//! A checker finds a neuron's bounds by itself, with a clip row made for the final incumbent. A search
//! that still looks for it has a looser one. Where rounding makes both bounds the same they need not be
//! told; where not they must: the checker would know more, split other neurons, and not follow
//! the search. So a search notes them with the rise that does no harm, and the writer decides.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Stands before a field of a `bounds` record that is told only if the incumbent rose later.
pub const MARK: char = '?';

/// Ends the mark of a field.
const END: char = ';';

/// Begins a field that need not be told if the incumbent rises by at most `room`: `?`, the exponent of
/// a power of two that is not larger, and `;`. Without an exponent any rise counts.
pub fn push_mark(fields: &mut String, room: f64) {
    fields.push(MARK);
    if room.is_normal() && room > 0.0 {
        let exponent = (room.to_bits() >> 52) as i64 - 1023;
        let _ = write!(fields, "{exponent}");
    }
    fields.push(END);
}

/// What a record with such fields begins with: `bounds@` and the incumbent's bits.
const HEAD: &[u8] = b"bounds@";

/// The first word of a record with such fields, found with this incumbent.
pub fn word(incumbent: f64) -> String {
    format!("bounds@{:016x}", incumbent.to_bits())
}

/// A field without its mark; none where the incumbent rose too little for it.
fn told(field: &[u8], rise: f64) -> Option<&[u8]> {
    let Some(marked) = field.strip_prefix(&[MARK as u8]) else { return Some(field) };
    let end = marked.iter().position(|&byte| byte == END as u8)?;
    let exponent = std::str::from_utf8(&marked[..end]).ok()?.parse::<f64>();
    let room = exponent.map_or(0.0, f64::exp2);
    (rise > room).then_some(&marked[end + 1..])
}

/// Passes records on; of those with such fields what a checker needs, given the final incumbent.
pub struct Deciding<'w> {
    out: &'w mut dyn Write,
    incumbent: f64,
    /// The beginning of a record whose end is still to come.
    begun: Vec<u8>,
}

impl<'w> Deciding<'w> {
    /// Writes to `out`.
    pub fn new(out: &'w mut dyn Write, incumbent: f64) -> Self {
        Self { out, incumbent, begun: Vec::new() }
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
        let bits = fields.next().and_then(|word| std::str::from_utf8(&word[HEAD.len()..]).ok());
        let bits = bits.and_then(|bits| u64::from_str_radix(bits, 16).ok());
        let rise = bits.map_or(f64::INFINITY, |bits| self.incumbent - f64::from_bits(bits));
        self.out.write_all(b"bounds")?;
        for field in fields {
            if let Some(told) = told(field, rise) {
                self.out.write_all(b" ")?;
                self.out.write_all(told)?;
            }
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
        let field = |room: f64, words: &str| {
            let mut field = String::new();
            push_mark(&mut field, room);
            field + words
        };
        let (any, half) = (field(0.0, "3>=1:-2"), field(0.9, "5>=0"));
        let many = field(16.0, "6<=1");
        let records = format!(
            "bounds 7>=1\n{} {any} 4<=5,-1*3 {half} {many}\n{} {any}\nclip\n",
            word(1.5),
            word(2.5)
        );
        assert_eq!((&any[..2], &half[..4], &many[..3]), ("?;", "?-1;", "?4;"));
        for size in [1, 7, 1000] {
            for (incumbent, told) in [(2.5, " 3>=1:-2 4<=5,-1*3 5>=0"), (1.5, " 4<=5,-1*3")] {
                let mut out = Vec::new();
                let mut deciding = Deciding::new(&mut out, incumbent);
                for part in records.as_bytes().chunks(size) {
                    deciding.write_all(part).unwrap();
                }
                deciding.flush().unwrap();
                let told = format!("bounds 7>=1\nbounds{told}\nbounds\nclip\n");
                assert_eq!(String::from_utf8(out).unwrap(), told, "{size}");
            }
        }
    }

    #[test]
    fn a_mark_leaves_no_more_room_than_there_is() {
        for room in [1e-300, 1e-9, 0.3, 0.5, 1.0, 1e9] {
            let mut field = String::new();
            push_mark(&mut field, room);
            field.push('x');
            assert_eq!(told(field.as_bytes(), room * 1.001), Some(&b"x"[..]), "{room}");
            assert_eq!(told(field.as_bytes(), room / 2.001), None, "{room}");
        }
    }
}
