//! Lowers dotenv files: `NAME=value` lines become one [`EnvBlock`].
//!
//! Loaders differ in details; this reads what most of them agree on: `export`, spaces around `=`, three kinds of
//! quotes, values over several lines inside quotes, comments, and `${X}` outside single quotes. A line that is none
//! of this is skipped, as loaders do.

use super::Unparsable;
use crate::facts::{Builder, Comment, EnvBlock, EnvKind, EnvVar, ExprId, ExprKind, Module, Span};
use crate::source::Source;
use crate::text::Text;

pub(super) mod expand;
#[cfg(test)]
mod tests;

use expand::Dialect;

const DIALECT: Dialect = Dialect { backslash: true, doubled: false, parens: false };

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut reader = Reader { text: &source.text, at: 0, builder: Builder::new(), vars: Vec::new(), closed: [true; 3] };
    while reader.at < reader.text.len() {
        reader.line();
    }
    let Reader { mut builder, vars, .. } = reader;
    let label = source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let block = EnvBlock { vars, ..EnvBlock::new(EnvKind::Dotenv, label, Span::new(0, source.text.len())) };
    builder.module().env_blocks.push(block);
    Ok(builder.finish())
}

struct Reader<'a> {
    text: &'a str,
    /// Start of a line, then the place inside it.
    at: usize,
    builder: Builder,
    vars: Vec<EnvVar>,
    /// For each kind of quote, false once the rest of the file is known to hold none: no line searches it again.
    closed: [bool; 3],
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// The end of the line that `from` is in, before its line break.
    fn line_end(&self, from: usize) -> usize {
        let end = memchr::memchr(b'\n', &self.text.as_bytes()[from..]).map_or(self.text.len(), |found| from + found);
        if end > from && self.text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    }

    /// Reads one line, or one variable with all lines of its value, and moves behind it.
    fn line(&mut self) {
        self.skip_blanks();
        let start = self.at;
        let end = if self.rest().starts_with('#') {
            let end = self.line_end(start);
            self.comment(start, end, true);
            end
        } else {
            self.variable().unwrap_or_else(|| self.line_end(start))
        };
        self.at = memchr::memchr(b'\n', &self.text.as_bytes()[end..]).map_or(self.text.len(), |found| end + found + 1);
    }

    fn comment(&mut self, start: usize, end: usize, own_line: bool) {
        let text = self.text[start..end].trim_end();
        if text.contains("mixlint:") {
            let span = Span::new(start, start + text.len());
            self.builder.module().comments.push(Comment { span, own_line });
        }
    }

    /// Reads a variable and returns where it ends; `None` where the line holds none.
    fn variable(&mut self) -> Option<usize> {
        if let Some(rest) = self.rest().strip_prefix("export")
            && rest.starts_with([' ', '\t'])
        {
            self.at += "export".len();
            self.skip_blanks();
        }
        let name_start = self.at;
        let first = self.rest().bytes().next()?;
        if !first.is_ascii_alphabetic() && first != b'_' {
            return None;
        }
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let name_end = name_start + self.rest().bytes().take_while(is_name).count();
        self.at = name_end;
        self.skip_blanks();
        if !self.rest().starts_with('=') {
            return None;
        }
        self.at += 1;
        let equals = self.at;
        self.skip_blanks();
        let (value, written_end) = match self.quoted() {
            Some(found) => found,
            None => self.unquoted(equals),
        };
        self.vars.push(EnvVar {
            name: self.text[name_start..name_end].to_owned(),
            name_span: Span::new(name_start, name_end),
            value,
            span: Span::new(name_start, written_end),
        });
        // A comment behind the value.
        self.at = written_end;
        self.skip_blanks();
        let end = self.line_end(self.at);
        if self.rest().starts_with('#') {
            self.comment(self.at, end, false);
        }
        Some(end)
    }

    /// A value in quotes, and where its closing quote ends. What stands behind must be blank or a comment; else the
    /// quotes are part of an unquoted value.
    fn quoted(&mut self) -> Option<(ExprId, usize)> {
        let open = self.at;
        let quote = *self.text.as_bytes().get(open)?;
        let kind = b"\"'`".iter().position(|known| *known == quote)?;
        if !self.closed[kind] {
            return None;
        }
        let bytes = self.text.as_bytes();
        let start = open + 1;
        let mut end = start;
        loop {
            let Some(found) = memchr::memchr2(quote, b'\\', &bytes[end..]) else {
                self.closed[kind] = false;
                return None;
            };
            end += found;
            match bytes[end] {
                b'\\' if quote == b'"' => end = (end + 2).min(bytes.len()),
                b'\\' => end += 1,
                _ => break,
            }
        }
        let behind = &self.text[end + 1..self.line_end(end + 1)];
        if !behind.trim_start_matches([' ', '\t']).is_empty()
            && !behind.trim_start_matches([' ', '\t']).starts_with('#')
        {
            return None;
        }
        let span = Span::new(start, end);
        let value = if quote == b'"' {
            expand::lower(&mut self.builder, self.text, span, DIALECT, &unescape)
        } else {
            self.builder.expr(span, ExprKind::Str(Text::new(&self.text[start..end])))
        };
        Some((value, end + 1))
    }

    /// A value without quotes: up to the line's end or a `#` behind white space. An empty one lies right behind `=`.
    fn unquoted(&mut self, equals: usize) -> (ExprId, usize) {
        let line = &self.text[equals..self.line_end(equals)];
        let bytes = line.as_bytes();
        let comment = memchr::memchr_iter(b'#', bytes).find(|&at| at > 0 && matches!(bytes[at - 1], b' ' | b'\t'));
        let written = &line[..comment.unwrap_or(line.len())];
        let value = written.trim_matches(|c: char| c.is_ascii_whitespace());
        let start = if value.is_empty() { equals } else { equals + written.find(value).unwrap_or(0) };
        let span = Span::new(start, start + value.len());
        let dollar = |raw: &str| raw.replace("\\$", "$");
        (expand::lower(&mut self.builder, self.text, span, DIALECT, &dollar), span.end as usize)
    }
}

/// The escapes of double quotes; an unknown one stays as written.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(escaped @ ('"' | '\\' | '$' | '\'')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
