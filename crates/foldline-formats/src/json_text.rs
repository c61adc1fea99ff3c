//! JSON text as a tree that keeps every number's digits and every key, duplicates included.

use foldline_kernel::Rational;

use crate::error::FormatError;
use crate::number::number;

/// The deepest nesting that is read.
const LARGEST_DEPTH: usize = 64;

/// The most values that are read: as many as fill about 2 GiB of memory.
const MOST_VALUES: usize = 1 << 26;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json<'t> {
    Null,
    Bool(bool),
    /// A number's text.
    Number(&'t str),
    String(String),
    Array(Vec<Json<'t>>),
    /// Keys with their values, in the order of the text.
    Object(Vec<(String, Json<'t>)>),
}

impl Json<'_> {
    /// The number that this is, exactly, or that this is the text of; the error has no place.
    pub fn rational(&self) -> Result<Rational, String> {
        match self {
            Self::Number(token) => number(token),
            Self::String(token) => number(token),
            other => {
                let kind = other.kind();
                Err(format!("expected a number or a string such as \"2/3\", found {kind}"))
            }
        }
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads the one JSON value that `text` is; `file` is what messages call it.
pub(crate) fn parse_json<'t>(file: &str, text: &'t str) -> Result<Json<'t>, FormatError> {
    let mut parser = Parser { text, position: 0, values: 0 };
    parser.document().map_err(|message| {
        let before = &text[..parser.position];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        FormatError::new(file, format!("line {line}, column {column}"), message)
    })
}

struct Parser<'t> {
    text: &'t str,
    /// Byte offset, always between characters.
    position: usize,
    /// How many values there were so far.
    values: usize,
}

impl<'t> Parser<'t> {
    fn document(&mut self) -> Result<Json<'t>, String> {
        let value = self.value(0)?;
        self.skip_space();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.expected("the end of the file")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn expected(&self, what: &str) -> String {
        match self.text[self.position..].chars().next() {
            Some(found) => format!("expected {what}, found {found:?}"),
            None => format!("expected {what}, found the end of the file"),
        }
    }

    /// Moves past `symbol` if it comes next, after space.
    fn take(&mut self, symbol: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(symbol);
        self.position += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Json<'t>, String> {
        if depth > LARGEST_DEPTH {
            return Err(format!("nested more than {LARGEST_DEPTH} deep"));
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(format!("more than {MOST_VALUES} values"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [
                    ("null", Json::Null),
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                ];
                for (word, value) in words {
                    if self.text[self.position..].starts_with(word) {
                        self.position += word.len();
                        return Ok(value);
                    }
                }
                Err(self.expected("a JSON value"))
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'t>, String> {
        self.position += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(self.expected("',' or ']'"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, String> {
        self.position += 1;
        let mut entries = Vec::new();
        if self.take(b'}') {
            return Ok(Json::Object(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in quotes"));
            }
            let key = self.string()?;
            if !self.take(b':') {
                return Err(self.expected("':'"));
            }
            entries.push((key, self.value(depth + 1)?));
            if self.take(b'}') {
                return Ok(Json::Object(entries));
            }
            if !self.take(b',') {
                return Err(self.expected("',' or '}'"));
            }
        }
    }

    /// A number by JSON's grammar: no leading zeros or plus, digits on both sides of the point.
    fn number(&mut self) -> Result<Json<'t>, String> {
        let start = self.position;
        self.position += usize::from(self.peek() == Some(b'-'));
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if leading_zero && whole > 1 {
            self.position -= whole - 1;
            return Err(self.expected("no digit after a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            self.position += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Json::Number(&self.text[start..self.position]))
    }

    /// Moves past at least one digit; returns how many.
    fn digits(&mut self) -> Result<usize, String> {
        let start = self.position;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.position += 1;
        }
        match self.position - start {
            0 => Err(self.expected("a digit")),
            count => Ok(count),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.position += 1;
        let mut content = String::new();
        loop {
            let rest = &self.text[self.position..];
            let Some(character) = rest.chars().next() else {
                return Err(self.expected("a closing quote"));
            };
            match character {
                '"' => {
                    self.position += 1;
                    return Ok(content);
                }
                '\\' => content.push(self.escape()?),
                '\0'..='\x1f' => return Err(self.expected("no control character in a string")),
                _ => {
                    content.push(character);
                    self.position += character.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        self.position += 1;
        let plain = match self.peek() {
            Some(symbol @ (b'"' | b'\\' | b'/')) => char::from(symbol),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.expected("an escape such as \\n or \\u00e9")),
        };
        self.position += 1;
        Ok(plain)
    }

    /// The four hexadecimal digits after `\u`, and the second half of a surrogate pair.
    fn unicode_escape(&mut self) -> Result<char, String> {
        let start = self.position;
        let unpaired = "an unpaired surrogate in a string";
        let first = self.hexadecimal()?;
        let code = match first {
            0xd800..0xdc00 if self.text[self.position..].starts_with("\\u") => {
                self.position += 1;
                match self.hexadecimal()? {
                    second @ 0xdc00..0xe000 => 0x10000 + ((first - 0xd800) << 10) + second - 0xdc00,
                    _ => first,
                }
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| {
            self.position = start;
            unpaired.to_owned()
        })
    }

    fn hexadecimal(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.position + 1..self.position + 5);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let value = value.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.position += 5;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(text: &str) -> String {
        parse_json("x", text).unwrap_err().place
    }

    #[test]
    fn keeps_digits_and_duplicate_keys() {
        let value =
            parse_json("x", r#" {"a": [1.50, -2e-3], "a": "\u00e9\ud83d\ude00\n"} "#).unwrap();
        let numbers = Json::Array(vec![Json::Number("1.50"), Json::Number("-2e-3")]);
        let text = Json::String("é😀\n".to_owned());
        assert_eq!(value, Json::Object(vec![("a".to_owned(), numbers), ("a".to_owned(), text)]));
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, expected) in [
            ("", "line 1, column 1"),
            ("{\n  \"é\": nul}", "line 2, column 8"),
            ("[1, 2", "line 1, column 6"),
            ("[1 2]", "line 1, column 4"),
            ("[01]", "line 1, column 3"),
            ("[1.]", "line 1, column 4"),
            ("[+1]", "line 1, column 2"),
            ("[NaN]", "line 1, column 2"),
            ("{a: 1}", "line 1, column 2"),
            ("[1,]", "line 1, column 4"),
            ("\"abc", "line 1, column 5"),
            ("\"\\x\"", "line 1, column 3"),
            ("\"\\ud800\"", "line 1, column 3"),
            ("1 1", "line 1, column 3"),
        ] {
            assert_eq!(place(text), expected, "{text:?}");
        }
        assert!(parse_json("x", &"[".repeat(100_000)).unwrap_err().message.contains("deep"));
    }

    proptest! {
        #[test]
        fn never_panics_and_agrees_with_serde(text in r#"[\[\]{}",:\\ueE0-9.+\-a-fn é]{0,24}"#) {
            let ours = parse_json("x", &text).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
