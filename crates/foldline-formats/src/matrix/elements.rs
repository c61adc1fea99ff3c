//! The number types of binary files: integers and IEEE floats of either byte order, exactly.

use foldline_kernel::number::{Integer, Rational, from_f16_bits, from_f32_bits, from_f64_bits};

/// What a stored number is; sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Unsigned(usize),
    Signed(usize),
    Float(usize),
}

impl Element {
    /// Bytes a number takes.
    pub fn size(self) -> usize {
        match self {
            Self::Unsigned(size) | Self::Signed(size) | Self::Float(size) => size,
        }
    }

    /// The number in `bytes`, which are as many as it takes; the error says what it is instead.
    pub fn decode(self, bytes: &[u8], little_endian: bool) -> Result<Rational, String> {
        let mut bits = 0u64;
        for position in 0..bytes.len() {
            let at = if little_endian { bytes.len() - 1 - position } else { position };
            bits = bits << 8 | u64::from(bytes[at]);
        }
        let value = match self {
            Self::Unsigned(_) => Ok(Rational::from(Integer::from(bits))),
            Self::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                Ok(Rational::from(Integer::from((bits << unused) as i64 >> unused)))
            }
            Self::Float(2) => from_f16_bits(bits as u16),
            Self::Float(4) => from_f32_bits(bits as u32),
            Self::Float(_) => from_f64_bits(bits),
        };
        value.map_err(|error| error.to_string())
    }
}

/// The bits of the 64-bit float that is exactly `value`, if there is one.
pub(super) fn exact_float_bits(value: &Rational) -> Option<u64> {
    let bits = value.to_f64().value().to_bits();
    (from_f64_bits(bits).as_ref() == Ok(value)).then_some(bits)
}

/// A little-endian number in the bytes from `offset`, `size` of them; `None` past the end.
pub(super) fn little(bytes: &[u8], offset: usize, size: usize) -> Option<u64> {
    let field = bytes.get(offset..offset.checked_add(size)?)?;
    Some(field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_byte_orders() {
        let decode = |element: Element, bytes: &[u8], little| {
            element.decode(bytes, little).unwrap().to_string()
        };
        assert_eq!(decode(Element::Signed(2), &[0xff, 0xfe], false), "-2");
        assert_eq!(decode(Element::Signed(8), &[0xff; 8], true), "-1");
        assert_eq!(decode(Element::Unsigned(8), &[0xff; 8], true), "18446744073709551615");
        assert_eq!(decode(Element::Unsigned(1), &[7], true), "7");
        assert_eq!(decode(Element::Float(2), &[0x00, 0xc0], true), "-2");
        assert_eq!(decode(Element::Float(4), &0.5f32.to_le_bytes(), true), "1/2");
        assert_eq!(decode(Element::Float(8), &0.1f64.to_be_bytes(), false).len(), 34);
        assert!(Element::Float(8).decode(&f64::NAN.to_le_bytes(), true).is_err());
    }

    #[test]
    fn floats_are_written_only_where_exact() {
        assert_eq!(exact_float_bits(&Rational::from(-3)), Some((-3f64).to_bits()));
        assert_eq!(exact_float_bits(&(Rational::ONE / Rational::from(3))), None);
        assert_eq!(little(&[1, 2, 3], 1, 2), Some(0x302));
        assert_eq!(little(&[1, 2, 3], 2, 2), None);
    }
}
