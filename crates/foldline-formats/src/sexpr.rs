//! S-expressions as VNN-LIB writes them: a flat tree over the text, every node with its place.
//!
//! The tree is an array of nodes in the order of the text; a list knows where
//! its last descendant ends. Nothing here recurses, so no text overflows the stack.

use std::fmt::Write as _;

use crate::error::FormatError;

/// The deepest nesting of parentheses that is read.
pub const DEEPEST_NESTING: usize = 1_000;

/// The most words and lists that are read: as many as fill about 1.5 GiB of memory.
const MOST_NODES: usize = 1 << 27;

/// What is wrong, and at which byte of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the offending byte.
    pub offset: usize,
    /// What was found and what was expected.
    pub message: String,
}

impl Fault {
    /// A fault at byte `offset`.
    pub fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }

    /// The fault as an error about `text`, which is the content of the file `name`.
    pub fn locate(self, name: &str, text: &str) -> FormatError {
        FormatError::new(name, place(text, self.offset), self.message)
    }
}

/// Line and column (both from 1, the column in characters) of byte `offset` of `text`.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    // A byte that does not continue a UTF-8 sequence begins a character.
    let column = before[start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + 1;
    (line, column)
}

/// The place of byte `offset` in words.
pub fn place(text: &str, offset: usize) -> String {
    let (line, column) = line_and_column(text, offset);
    format!("line {line}, column {column}")
}

/// A piece of `text` short enough for a message.
pub fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for character in text.chars().take(LONGEST) {
        if character.is_control() {
            shown.push(' ');
        } else {
            shown.push(character);
        }
    }
    let _ = write!(shown, "{}`", if text.chars().nth(LONGEST).is_some() { "…" } else { "" });
    shown
}

/// One word or list of the tree.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Offset of its first byte.
    start: u32,
    /// Offset after its last byte.
    end: u32,
    /// Index of the first node after this one and its descendants.
    next: u32,
}

/// The s-expressions of a text.
#[derive(Debug)]
pub struct Tree<'text> {
    text: &'text str,
    nodes: Vec<Node>,
}

/// A node of a tree: a word or a list.
#[derive(Debug, Clone, Copy)]
pub struct Expression<'tree> {
    tree: &'tree Tree<'tree>,
    index: usize,
}

/// The expressions of a list, or those at the top of the text.
#[derive(Debug, Clone)]
pub struct Expressions<'tree> {
    tree: &'tree Tree<'tree>,
    index: usize,
    end: usize,
}

impl<'text> Tree<'text> {
    /// Reads all of `text`.
    pub fn parse(text: &'text str) -> Result<Self, Fault> {
        Reader::new(text)?.read()
    }

    /// The expressions at the top of the text.
    pub fn expressions(&self) -> Expressions<'_> {
        Expressions { tree: self, index: 0, end: self.nodes.len() }
    }
}

impl<'tree> Expression<'tree> {
    /// Offset of the first byte.
    pub fn offset(self) -> usize {
        self.node().start as usize
    }

    /// The text from the first to the last byte.
    pub fn text(self) -> &'tree str {
        let node = self.node();
        &self.tree.text[node.start as usize..node.end as usize]
    }

    /// The word, unless this is a list; `|word|` is the same as `word`.
    pub fn word(self) -> Option<&'tree str> {
        let text = self.text();
        if text.starts_with('(') {
            return None;
        }
        Some(text.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')).unwrap_or(text))
    }

    /// The expressions of a list; `None` for a word.
    pub fn items(self) -> Option<Expressions<'tree>> {
        let end = self.node().next as usize;
        let items = Expressions { tree: self.tree, index: self.index + 1, end };
        self.text().starts_with('(').then_some(items)
    }

    /// The first word of a list and the expressions after it.
    pub fn call(self) -> Option<(&'tree str, Expressions<'tree>)> {
        let mut items = self.items()?;
        let name = items.next()?.word()?;
        Some((name, items))
    }

    /// A fault at this expression.
    pub fn fault(self, message: impl Into<String>) -> Fault {
        Fault::new(self.offset(), message)
    }

    /// The expression in a message.
    pub fn shown(self) -> String {
        excerpt(self.text())
    }

    fn node(self) -> Node {
        self.tree.nodes[self.index]
    }
}

impl<'tree> Expressions<'tree> {
    /// All of them if there are exactly `N`.
    pub fn exactly<const N: usize>(self) -> Option<[Expression<'tree>; N]> {
        let found: Vec<_> = self.take(N + 1).collect();
        found.try_into().ok()
    }
}

impl<'tree> Iterator for Expressions<'tree> {
    type Item = Expression<'tree>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.end {
            return None;
        }
        let expression = Expression { tree: self.tree, index: self.index };
        self.index = expression.node().next as usize;
        Some(expression)
    }
}

/// The state of reading: nodes so far, and the indices of the lists still open.
struct Reader<'text> {
    text: &'text str,
    nodes: Vec<Node>,
    open: Vec<usize>,
}

impl<'text> Reader<'text> {
    fn new(text: &'text str) -> Result<Self, Fault> {
        if u32::try_from(text.len()).is_err() {
            return Err(Fault::new(0, "the text has more than 4 GiB"));
        }
        Ok(Self {
            text,
            nodes: Vec::with_capacity((text.len() / 6).min(MOST_NODES)),
            open: Vec::new(),
        })
    }

    fn read(mut self) -> Result<Tree<'text>, Fault> {
        let bytes = self.text.as_bytes();
        let mut at = if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        while let Some(&byte) = bytes.get(at) {
            self.check_size(at)?;
            at = match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' => at + 1,
                b';' => end_of_line(bytes, at),
                b'(' => self.open_list(at)?,
                b')' => self.close_list(at)?,
                b'"' | b'|' => {
                    let end = end_of_quotation(bytes, at)?;
                    self.push(at, end)
                }
                _ => {
                    let end = end_of_word(bytes, at)?;
                    self.push(at, end)
                }
            };
        }
        match self.open.last() {
            Some(&list) => Err(Fault::new(
                self.nodes[list].start as usize,
                "this parenthesis is not closed before the end of the file",
            )),
            None => Ok(Tree { text: self.text, nodes: self.nodes }),
        }
    }

    /// Refuses a text with too many words and lists.
    fn check_size(&self, at: usize) -> Result<(), Fault> {
        if self.nodes.len() < MOST_NODES {
            return Ok(());
        }
        Err(Fault::new(at, format!("the text has more than {MOST_NODES} words and lists")))
    }

    /// Adds a word; returns the offset after it.
    fn push(&mut self, start: usize, end: usize) -> usize {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { start: start as u32, end: end as u32, next });
        end
    }

    fn open_list(&mut self, at: usize) -> Result<usize, Fault> {
        if self.open.len() == DEEPEST_NESTING {
            let message = format!("parentheses are nested deeper than {DEEPEST_NESTING} levels");
            return Err(Fault::new(at, message));
        }
        self.open.push(self.nodes.len());
        Ok(self.push(at, at + 1))
    }

    fn close_list(&mut self, at: usize) -> Result<usize, Fault> {
        let Some(list) = self.open.pop() else {
            return Err(Fault::new(at, "this closing parenthesis closes nothing"));
        };
        self.nodes[list].end = at as u32 + 1;
        self.nodes[list].next = self.nodes.len() as u32;
        Ok(at + 1)
    }
}

/// The offset of the next line's end.
fn end_of_line(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..].iter().position(|&byte| byte == b'\n');
    length.map_or(bytes.len(), |length| start + length)
}

/// The offset after the `"…"` or `|…|` that begins at `start`.
fn end_of_quotation(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let mark = bytes[start];
    let length = bytes[start + 1..].iter().position(|&byte| byte == mark);
    length.map(|length| start + length + 2).ok_or_else(|| {
        let message = format!("this {} is not closed before the end of the file", mark as char);
        Fault::new(start, message)
    })
}

/// The offset after the word at `start`, with the index list `[…]` that may follow it.
fn end_of_word(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let word_end = skip(bytes, start, |byte| !is_delimiter(byte) && byte != b'[');
    let bracket = skip(bytes, word_end, is_space);
    if bytes.get(bracket) != Some(&b'[') {
        return Ok(word_end);
    }
    let end = skip(bytes, bracket, |byte| is_space(byte) || !is_delimiter(byte) && byte != b']');
    match bytes.get(end) {
        Some(b']') => Ok(end + 1),
        _ => Err(Fault::new(bracket, "this bracket is not closed, expected `[i,j,…]`")),
    }
}

/// The first offset from `start` on where `wanted` fails.
fn skip(bytes: &[u8], start: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let length = bytes[start..].iter().position(|&byte| !wanted(byte));
    length.map_or(bytes.len(), |length| start + length)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\x0c')
}

fn is_delimiter(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'(' | b')' | b';' | b'"' | b'|')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tree = Tree::parse(text).unwrap();
        tree.nodes
            .iter()
            .enumerate()
            .map(|(index, _)| Expression { tree: &tree, index }.text().to_owned())
            .collect()
    }

    #[test]
    fn words_lists_comments_and_quotations() {
        assert_eq!(
            words("(a (b) ; c (\n \"d ) \" |e f|)"),
            ["(a (b) ; c (\n \"d ) \" |e f|)", "a", "(b)", "b", "\"d ) \"", "|e f|"]
        );
        assert_eq!(words("\u{feff} X[0, 1] Y [2]"), ["X[0, 1]", "Y [2]"]);
        assert!(words(" ; nothing").is_empty());
    }

    #[test]
    fn faults_name_the_byte() {
        let offset = |text: &str| Tree::parse(text).unwrap_err().offset;
        assert_eq!(offset("(a (b)"), 0);
        assert_eq!(offset("(a (b"), 3);
        assert_eq!(offset("(a))"), 3);
        assert_eq!(offset("(a \"b)"), 3);
        assert_eq!(offset("(a |b)"), 3);
        assert_eq!(offset("(a X[0 )"), 4);
        assert_eq!(offset("(a X[0"), 4);
        assert_eq!(offset(&"(".repeat(100_000)), DEEPEST_NESTING);
    }

    #[test]
    fn places_count_lines_and_characters() {
        assert_eq!(place("aé\nµ(b", 5), "line 2, column 2");
        assert_eq!(place("", 7), "line 1, column 1");
        assert_eq!(excerpt("a\nb"), "`a b`");
        assert_eq!(excerpt(&"é".repeat(70)), format!("`{}…`", "é".repeat(60)));
    }
}
