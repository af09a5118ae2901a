//! PowerShell's tokens, as far as assignments, hash tables and the arguments of commands need them.

use crate::facts::Span;

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub span: Span,
    pub kind: Kind,
    /// White space stands before it.
    pub spaced: bool,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `$x`, `$env:X`, `${x}`: the span is the name.
    Variable,
    /// `'...'` or a here-string: the span is what is inside.
    Raw,
    /// `"..."`: the span is what is inside.
    Quoted,
    /// A word: a command, a parameter, a number.
    Word,
    /// `@{`
    Table,
    /// `@(`
    Array,
    /// `@name`: the span is the name.
    Splat,
    /// A single character with a meaning.
    Sign(u8),
    /// A line's end or `;`.
    End,
    /// A comment.
    Comment,
}

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, out: Vec::new(), spaced: true };
    while lexer.at < lexer.bytes.len() {
        lexer.token();
    }
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: Vec<Token>,
    spaced: bool,
}

impl Lexer<'_> {
    fn push(&mut self, kind: Kind, start: usize, end: usize, after: usize) {
        self.out.push(Token { span: Span::new(start, end), kind, spaced: self.spaced });
        self.spaced = false;
        self.at = after;
    }

    fn byte(&self, offset: usize) -> u8 {
        self.bytes.get(self.at + offset).copied().unwrap_or(0)
    }

    fn token(&mut self) {
        let start = self.at;
        match self.byte(0) {
            b' ' | b'\t' | b'\r' => {
                self.at += 1;
                self.spaced = true;
            }
            // A line that goes on.
            b'`' if matches!(self.byte(1), b'\n' | b'\r') => {
                self.at += if self.byte(1) == b'\r' && self.byte(2) == b'\n' { 3 } else { 2 };
                self.spaced = true;
            }
            b'\n' | b';' => {
                self.push(Kind::End, start, start + 1, start + 1);
                self.spaced = true;
            }
            b'<' if self.byte(1) == b'#' => {
                let end = self.text[start..].find("#>").map_or(self.bytes.len(), |end| start + end + 2);
                self.push(Kind::Comment, start, end, end);
                self.spaced = true;
            }
            b'#' if self.spaced || self.out.last().is_none_or(|last| last.kind != Kind::Word) => {
                let end = memchr::memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |end| start + end);
                self.push(Kind::Comment, start, end, end);
            }
            b'@' if self.byte(1) == b'{' => self.push(Kind::Table, start, start + 2, start + 2),
            b'@' if self.byte(1) == b'(' => self.push(Kind::Array, start, start + 2, start + 2),
            b'@' if matches!(self.byte(1), b'\'' | b'"') => self.here_string(),
            b'@' => {
                let end = start + 1 + self.name(start + 1, b"");
                if end == start + 1 { self.at += 1 } else { self.push(Kind::Splat, start + 1, end, end) }
            }
            b'$' => self.variable(),
            b'\'' => {
                let (end, after) = self.quote(b'\'');
                self.push(Kind::Raw, start + 1, end, after);
            }
            b'"' => {
                let (end, after) = self.quote(b'"');
                self.push(Kind::Quoted, start + 1, end, after);
            }
            sign @ (b'(' | b')' | b'{' | b'}' | b'[' | b']' | b',' | b'=' | b'+' | b'|' | b'&' | b'?') => {
                self.push(Kind::Sign(sign), start, start + 1, start + 1);
            }
            _ => {
                let stops = |byte: &u8| !(byte.is_ascii_whitespace() || b"(){}[],;=|&\"'`$@".contains(byte));
                let end = start + self.bytes[start..].iter().take_while(|byte| stops(byte)).count();
                let end = end.max(start + 1);
                // A word of many bytes ends between characters: only ASCII ends it.
                self.push(Kind::Word, start, end, end);
            }
        }
    }

    fn name(&self, from: usize, more: &[u8]) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || more.contains(byte)).count()
    }

    fn variable(&mut self) {
        let start = self.at + 1;
        if self.byte(1) == b'{' {
            let end = memchr::memchr2(b'}', b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |end| start + end);
            return self.push(Kind::Variable, start + 1, end, (end + 1).min(self.bytes.len()));
        }
        let mut end = start + self.name(start, b"");
        if self.bytes.get(end) == Some(&b':') && self.name(end + 1, b"") > 0 {
            end += 1 + self.name(end + 1, b"");
        }
        if end == start {
            return self.push(Kind::Sign(b'$'), start - 1, start, start);
        }
        self.push(Kind::Variable, start, end, end);
    }

    /// Where a string ends, and what follows it. Doubled quotes and, in double quotes, backticks escape.
    fn quote(&self, quote: u8) -> (usize, usize) {
        let mut at = self.at + 1;
        while let Some(&byte) = self.bytes.get(at) {
            if byte == b'`' && quote == b'"' {
                at += 2;
            } else if byte == quote {
                if self.bytes.get(at + 1) != Some(&quote) {
                    return (at, at + 1);
                }
                at += 2;
            } else {
                at += 1;
            }
        }
        (self.bytes.len(), self.bytes.len())
    }

    /// `@"` line end, text, line end `"@`.
    fn here_string(&mut self) {
        let quote = self.byte(1);
        let start = self.at;
        let from = memchr::memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |end| start + end + 1);
        let closer = if quote == b'"' { "\n\"@" } else { "\n'@" };
        let end = self.text.get(from.saturating_sub(1)..).and_then(|rest| rest.find(closer));
        let end = end.map_or(self.bytes.len(), |end| from.saturating_sub(1) + end);
        let kind = if quote == b'"' { Kind::Quoted } else { Kind::Raw };
        let inner = self.text.get(from.min(end)..end).unwrap_or("").trim_end_matches('\r').len();
        self.push(kind, from.min(end), from.min(end) + inner, (end + closer.len()).min(self.bytes.len()));
    }
}
