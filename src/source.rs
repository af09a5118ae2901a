//! A file as text: decoded, with a line index.
//!
//! UTF-8 with or without a byte order mark and UTF-16 with one are read. Spans are byte offsets into the decoded
//! text, which does not hold the mark.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::facts::Span;
use crate::language::Language;

/// One file, decoded.
#[derive(Clone)]
pub struct Source {
    /// The path as it is shown: relative to the working directory where it lies below it, with `/`.
    pub path: PathBuf,
    /// Its language.
    pub language: Language,
    /// The decoded text.
    pub text: String,
    /// Byte offset of the first byte of each line, found when it is first asked for.
    lines: OnceLock<Vec<u32>>,
    /// Whether the text was forgotten.
    closed: bool,
}

// The text may hold keys: a debug print must not show it.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.path, self.text.len())
    }
}

/// Why bytes are not text that can be linted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// A NUL byte: not text.
    #[error("binary file")]
    Binary,
    /// Neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("not UTF-8")]
    Encoding,
}

/// A position for people and tools: both count from 1, the column in Unicode code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
    /// Byte offset in the decoded text, from 0.
    pub offset: usize,
}

impl Source {
    /// A source from text that is already decoded.
    pub fn new(path: impl Into<PathBuf>, language: Language, text: impl Into<String>) -> Self {
        Self { path: path.into(), language, text: text.into(), lines: OnceLock::new(), closed: false }
    }

    /// Forgets the text: a run over a large tree keeps that of the few files that matter.
    pub fn close(&mut self) {
        (self.text, self.lines, self.closed) = (String::new(), OnceLock::new(), true);
    }

    /// Takes the text of the same file, read once more.
    pub fn reopen(&mut self, again: Self) {
        (self.text, self.lines, self.closed) = (again.text, again.lines, again.closed);
    }

    /// Whether the text is there.
    pub fn is_open(&self) -> bool {
        !self.closed
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a span; empty where the span does not fit the text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|at| at as u32 + 1)).collect()
        })
    }

    /// Number of lines.
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }

    /// The number (from 0) of the line that an offset is in.
    pub fn line_of(&self, offset: usize) -> usize {
        self.lines().partition_point(|&start| start as usize <= offset).saturating_sub(1)
    }

    /// The span of a line (number from 0), without its line end.
    pub fn line_span(&self, line: usize) -> Span {
        let lines = self.lines();
        let start = lines.get(line).map_or(self.text.len(), |&start| start as usize);
        let end = lines.get(line + 1).map_or(self.text.len(), |&next| next as usize);
        let text = &self.text[start..end];
        Span::new(start, start + text.trim_end_matches(['\n', '\r']).len())
    }

    /// Line, column and offset of a byte.
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.text.len());
        let line = self.line_of(offset);
        let start = self.lines()[line] as usize;
        let column = self.text.get(start..offset).map_or(offset - start, |text| text.chars().count());
        Position { line: line + 1, column: column + 1, offset }
    }
}

/// Decodes a file's bytes.
pub fn decode(bytes: Vec<u8>) -> Result<String, Undecodable> {
    let utf16 = |decode: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| decode([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).map_err(|_| Undecodable::Encoding)?;
        // UTF-32 has the same mark.
        if text.contains('\0') { Err(Undecodable::Binary) } else { Ok(text) }
    };
    if bytes.starts_with(&[0xFF, 0xFE]) {
        return utf16(u16::from_le_bytes);
    }
    if bytes.starts_with(&[0xFE, 0xFF]) {
        return utf16(u16::from_be_bytes);
    }
    if memchr::memchr(0, &bytes).is_some() {
        return Err(Undecodable::Binary);
    }
    let mut text = String::from_utf8(bytes).map_err(|_| Undecodable::Encoding)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// How a text is written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Marked,
    /// UTF-16, low byte first, with a mark.
    Utf16Le,
    /// UTF-16, high byte first, with a mark.
    Utf16Be,
}

impl Encoding {
    /// What bytes that [`decode`] can read are written in.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, ..] => Self::Utf16Le,
            [0xFE, 0xFF, ..] => Self::Utf16Be,
            [0xEF, 0xBB, 0xBF, ..] => Self::Utf8Marked,
            _ => Self::Utf8,
        }
    }

    /// A text as bytes, which [`decode`] reads as the same text.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
        };
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Marked => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            Self::Utf16Le => wide(u16::to_le_bytes),
            Self::Utf16Be => wide(u16::to_be_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_code_points() {
        let source = Source::new("a.py", Language::Python, "a\r\né = 'x'\n");
        assert_eq!(source.position(3), Position { line: 2, column: 1, offset: 3 });
        assert_eq!(source.position(6), Position { line: 2, column: 3, offset: 6 });
        assert_eq!(source.slice(source.line_span(0)), "a");
        assert_eq!(source.slice(source.line_span(1)), "é = 'x'");
    }

    #[test]
    fn decodes() {
        assert_eq!(decode(b"\xEF\xBB\xBFa".to_vec()), Ok("a".to_owned()));
        assert_eq!(decode(b"\xFF\xFEa\0\xe9\0".to_vec()), Ok("aé".to_owned()));
        assert_eq!(decode(b"\xFE\xFF\0a".to_vec()), Ok("a".to_owned()));
        assert_eq!(decode(b"a\0b".to_vec()), Err(Undecodable::Binary));
        assert_eq!(decode(b"a\xffb".to_vec()), Err(Undecodable::Encoding));
        assert_eq!(decode(b"\xFF\xFE\0\0a\0\0\0".to_vec()), Err(Undecodable::Binary));
    }

    #[test]
    fn encodes_as_it_decodes() {
        for bytes in
            [&b"a\xc3\xa9\r\n"[..], b"\xEF\xBB\xBFa", b"\xFF\xFEa\0\xe9\0", b"\xFE\xFF\0a\xd8\x3d\xde\x42", b""]
        {
            let text = decode(bytes.to_vec()).unwrap();
            assert_eq!(Encoding::of(bytes).encode(&text), bytes);
        }
    }
}
