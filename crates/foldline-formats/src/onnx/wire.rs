//! Protocol-buffer wire format: tags, varints, fixed-width numbers and length-delimited fields.
//!
//! Nothing is copied and nothing is allocated: a message is a slice of the file, and every error
//! names the byte where the file stops making sense.

/// Why bytes are not a message, and at which offset of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireError {
    pub offset: usize,
    pub message: String,
}

/// A message, or any other length-delimited content, at its place in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub bytes: &'a [u8],
    /// Offset of the first byte in the file.
    pub offset: usize,
}

/// The content of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Delimited(Message<'a>),
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub number: u64,
    pub content: Content<'a>,
    /// Offset of the field's tag in the file.
    pub offset: usize,
}

impl<'a> Message<'a> {
    /// The whole of a file.
    pub fn file(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// The fields, in the order of the file; ends after the first error.
    pub fn fields(self) -> Fields<'a> {
        Fields { cursor: Cursor { message: self, position: 0 }, failed: false }
    }

    /// The content as a UTF-8 string.
    pub fn text(self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes).map_err(|error| WireError {
            offset: self.offset + error.valid_up_to(),
            message: "expected a UTF-8 string".to_owned(),
        })
    }

    /// The content as packed varints.
    fn packed_varints(self, values: &mut Vec<u64>) -> Result<(), WireError> {
        let mut cursor = Cursor { message: self, position: 0 };
        while cursor.position < self.bytes.len() {
            values.push(cursor.varint()?);
        }
        Ok(())
    }
}

/// Iterates over a message's fields.
pub(crate) struct Fields<'a> {
    cursor: Cursor<'a>,
    failed: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.cursor.position >= self.cursor.message.bytes.len() {
            return None;
        }
        let field = self.cursor.field();
        self.failed = field.is_err();
        Some(field)
    }
}

struct Cursor<'a> {
    message: Message<'a>,
    position: usize,
}

impl<'a> Cursor<'a> {
    fn error_at(&self, position: usize, message: impl Into<String>) -> WireError {
        WireError { offset: self.message.offset + position, message: message.into() }
    }

    fn field(&mut self) -> Result<Field<'a>, WireError> {
        let start = self.position;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > 0x1fff_ffff {
            return Err(self.error_at(start, format!("{number} is not a protobuf field number")));
        }
        let content = match tag & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => Content::Delimited(self.delimited()?),
            5 => Content::Fixed32(u32::from_le_bytes(self.fixed()?)),
            other => {
                let message =
                    format!("wire type {other} is not used by ONNX (expected 0, 1, 2 or 5)");
                return Err(self.error_at(start, message));
            }
        };
        Ok(Field { number, content, offset: self.message.offset + start })
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let start = self.position;
        let mut value = 0u64;
        for index in 0..10 {
            let Some(&byte) = self.message.bytes.get(self.position) else {
                return Err(self.error_at(start, "a varint is cut off by the end of the message"));
            };
            self.position += 1;
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error_at(start, "a varint is longer than 64 bits"))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let rest = &self.message.bytes[self.position..];
        let Some(bytes) = rest.first_chunk::<N>() else {
            let message =
                format!("expected {N} bytes, found {} before the message ends", rest.len());
            return Err(self.error_at(self.position, message));
        };
        self.position += N;
        Ok(*bytes)
    }

    fn delimited(&mut self) -> Result<Message<'a>, WireError> {
        let start = self.position;
        let length = self.varint()?;
        let rest = &self.message.bytes[self.position..];
        let Some(bytes) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else {
            let message = format!(
                "a field of {length} bytes, but only {} are left of its message",
                rest.len()
            );
            return Err(self.error_at(start, message));
        };
        let offset = self.message.offset + self.position;
        self.position += bytes.len();
        Ok(Message { bytes, offset })
    }
}

impl<'a> Field<'a> {
    fn wrong_type(&self, expected: &str) -> WireError {
        let found = match self.content {
            Content::Varint(_) => "a varint",
            Content::Fixed64(_) => "eight bytes",
            Content::Fixed32(_) => "four bytes",
            Content::Delimited(_) => "a length-delimited field",
        };
        let message = format!("field {}: expected {expected}, found {found}", self.number);
        WireError { offset: self.offset, message }
    }

    /// The field as an embedded message or bytes.
    pub fn message(&self) -> Result<Message<'a>, WireError> {
        match self.content {
            Content::Delimited(message) => Ok(message),
            _ => Err(self.wrong_type("a length-delimited field")),
        }
    }

    /// The field as a string.
    pub fn text(&self) -> Result<&'a str, WireError> {
        self.message()?.text()
    }

    /// The field as an integer; protobuf's int32 and int64 are both sign-extended to 64 bits.
    pub fn integer(&self) -> Result<i64, WireError> {
        match self.content {
            Content::Varint(value) => Ok(value as i64),
            _ => Err(self.wrong_type("an integer")),
        }
    }

    /// The field as the bits of a 32-bit float.
    pub fn float_bits(&self) -> Result<u32, WireError> {
        match self.content {
            Content::Fixed32(bits) => Ok(bits),
            _ => Err(self.wrong_type("a 32-bit float")),
        }
    }

    /// Appends a repeated integer field, packed or one by one.
    pub fn integers(&self, values: &mut Vec<i64>) -> Result<(), WireError> {
        match self.content {
            Content::Varint(value) => values.push(value as i64),
            Content::Delimited(message) => {
                let mut packed = Vec::new();
                message.packed_varints(&mut packed)?;
                values.extend(packed.into_iter().map(|value| value as i64));
            }
            _ => return Err(self.wrong_type("integers")),
        }
        Ok(())
    }

    /// Appends a repeated 32-bit float field, packed or one by one, as bits.
    pub fn floats(&self, values: &mut Vec<u32>) -> Result<(), WireError> {
        match self.content {
            Content::Fixed32(bits) => values.push(bits),
            Content::Delimited(message) if message.bytes.len().is_multiple_of(4) => {
                values.extend(message.bytes.as_chunks().0.iter().map(|c| u32::from_le_bytes(*c)));
            }
            _ => return Err(self.wrong_type("32-bit floats")),
        }
        Ok(())
    }

    /// Appends a repeated 64-bit float field, packed or one by one, as bits.
    pub fn doubles(&self, values: &mut Vec<u64>) -> Result<(), WireError> {
        match self.content {
            Content::Fixed64(bits) => values.push(bits),
            Content::Delimited(message) if message.bytes.len().is_multiple_of(8) => {
                values.extend(message.bytes.as_chunks().0.iter().map(|c| u64::from_le_bytes(*c)));
            }
            _ => return Err(self.wrong_type("64-bit floats")),
        }
        Ok(())
    }
}
