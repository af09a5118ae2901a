//! `$X`, `${X}`, `${X:-default}`, `${env:X}` and `${env:X:-default}` inside a value, as dotenv loaders, compose, CI systems and editors
//! know them.

use crate::facts::{Builder, ExprId, ExprKind, Span};
use crate::text::Text;

/// Defaults inside defaults deeper than this are not looked into.
const MAX_DEPTH: usize = 50;

/// Which forms a file's format knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) struct Dialect {
    /// `\$` is a dollar sign.
    pub backslash: bool,
    /// `$$` is a dollar sign (compose).
    pub doubled: bool,
    /// `$(X)` reads a variable (Kubernetes, Azure pipelines).
    pub parens: bool,
}

/// Lowers `text[range]`. `decode` turns a literal piece as written into its value. The expression spans the whole range.
pub(in crate::extract) fn lower(
    builder: &mut Builder,
    text: &str,
    span: Span,
    dialect: Dialect,
    decode: &dyn Fn(&str) -> String,
) -> ExprId {
    match text.get(span.range()) {
        Some(raw) => lower_raw(builder, raw, span.start as usize, dialect, decode),
        None => builder.expr(span, ExprKind::Unknown),
    }
}

/// The same for a text that stands at an offset.
pub(in crate::extract) fn lower_raw(
    builder: &mut Builder,
    raw: &str,
    base: usize,
    dialect: Dialect,
    decode: &dyn Fn(&str) -> String,
) -> ExprId {
    let span = Span::new(base, base + raw.len());
    if !raw.contains('$') {
        return builder.expr(span, ExprKind::Str(Text::new(decode(raw))));
    }
    let closers = closers(raw);
    Lowering { builder, raw, base, dialect, decode, closers }.value(0, raw.len(), 0)
}

/// For each `${`, by the offset of its brace, the offset of the `}` that ends it; in order of the brace.
fn closers(raw: &str) -> Vec<(usize, usize)> {
    let bytes = raw.as_bytes();
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => open.push(at),
            b'}' => pairs.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

struct Lowering<'a> {
    builder: &'a mut Builder,
    raw: &'a str,
    base: usize,
    dialect: Dialect,
    decode: &'a dyn Fn(&str) -> String,
    closers: Vec<(usize, usize)>,
}

impl Lowering<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end)
    }

    /// The value written at `start..end`.
    fn value(&mut self, start: usize, end: usize, depth: usize) -> ExprId {
        let mut parts = Vec::new();
        let mut literal = start;
        let mut at = start;
        let raw = self.raw;
        while let Some(found) = raw.get(at..end).and_then(|rest| memchr::memchr2(b'$', b'\\', rest.as_bytes())) {
            let dollar = at + found;
            let next = raw.as_bytes().get(dollar + 1).filter(|_| dollar + 1 < end);
            if raw.as_bytes()[dollar] == b'\\' {
                // The escaped byte may be half of a character: the search goes on from any byte of it.
                at = dollar + if self.dialect.backslash && next.is_some_and(u8::is_ascii) { 2 } else { 1 };
                continue;
            }
            if self.dialect.doubled && next == Some(&b'$') {
                at = dollar + 2;
                continue;
            }
            let Some((kind, after)) = self.reference(dollar, end, depth) else {
                at = dollar + 1;
                continue;
            };
            self.literal(literal, dollar, &mut parts);
            parts.push(self.builder.expr(self.span(dollar, after), kind));
            (literal, at) = (after, after);
        }
        if parts.is_empty() || literal < end {
            self.literal(literal, end, &mut parts);
        }
        match parts.as_slice() {
            [one] => *one,
            [] => self.builder.expr(self.span(start, end), ExprKind::Str(Text::default())),
            _ => self.builder.expr(self.span(start, end), ExprKind::Concat(parts)),
        }
    }

    fn literal(&mut self, start: usize, end: usize, parts: &mut Vec<ExprId>) {
        if start == end {
            return;
        }
        let mut text = (self.decode)(&self.raw[start..end]);
        if self.dialect.doubled {
            text = text.replace("$$", "$");
        }
        parts.push(self.builder.expr(self.span(start, end), ExprKind::Str(Text::new(text))));
    }

    /// What the dollar sign at `dollar` reads, and where that ends; `None` where it is a plain dollar sign.
    fn reference(&mut self, dollar: usize, end: usize, depth: usize) -> Option<(ExprKind, usize)> {
        let raw = self.raw;
        match raw.as_bytes().get(dollar + 1).filter(|_| dollar + 1 < end)? {
            b'{' => {
                let index = self.closers.binary_search_by_key(&(dollar + 1), |pair| pair.0).ok()?;
                let close = self.closers[index].1;
                if close >= end {
                    return None;
                }
                Some((self.braced(dollar + 2, close, depth)?, close + 1))
            }
            b'(' if self.dialect.parens => {
                let start = dollar + 2;
                let name = name_at(&raw[start..end]);
                if name == 0 || raw.as_bytes().get(start + name) != Some(&b')') || start + name >= end {
                    return None;
                }
                Some((env(&raw[start..start + name]), start + name + 1))
            }
            _ => {
                let start = dollar + 1;
                let name = name_at(&raw[start..end]);
                (name > 0).then(|| (env(&raw[start..start + name]), start + name))
            }
        }
    }

    /// What stands between `${` and `}`.
    fn braced(&mut self, start: usize, end: usize, depth: usize) -> Option<ExprKind> {
        let name = name_at(&self.raw[start..end]);
        if name == 0 {
            return None;
        }
        let after = start + name;
        // Editors say whose environment they mean.
        if matches!(&self.raw[start..after], "env" | "localEnv" | "containerEnv")
            && let Some(inner) = self.raw[after..end].strip_prefix(':')
            && name_at(inner) > 0
        {
            return self.read(after + 1, end, depth);
        }
        self.read(start, end, depth)
    }

    /// `NAME`, `NAME:-default` and the like.
    fn read(&mut self, start: usize, end: usize, depth: usize) -> Option<ExprKind> {
        let after = start + name_at(&self.raw[start..end]);
        // Terraform's `${var.x}`.
        if matches!(&self.raw[start..after], "var" | "local")
            && let Some(name) = self.raw[after..end].strip_prefix('.').filter(|name| name_at(name) == name.len())
        {
            return Some(env(name));
        }
        let operator = self.raw[after..end].strip_prefix(':').unwrap_or(&self.raw[after..end]);
        let operand = end - operator.len() + 1;
        let name = self.raw[start..after].to_owned();
        match operator.as_bytes().first() {
            None | Some(b'?') => Some(ExprKind::Env { name, default: None }),
            Some(b'-' | b'=') if depth < MAX_DEPTH => {
                let default = Some(self.value(operand, end, depth + 1));
                Some(ExprKind::Env { name, default })
            }
            // `${X:default}`, as some settings libraries write it.
            Some(byte)
                if *byte != b'+' && after + operator.len() < end && depth < MAX_DEPTH && operator.contains("://") =>
            {
                let default = Some(self.value(after + 1, end, depth + 1));
                Some(ExprKind::Env { name, default })
            }
            _ => Some(ExprKind::Unknown),
        }
    }
}

fn env(name: &str) -> ExprKind {
    ExprKind::Env { name: name.to_owned(), default: None }
}

/// Length of the variable name at the start of a text.
pub(in crate::extract) fn name_at(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
        return 0;
    }
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}
