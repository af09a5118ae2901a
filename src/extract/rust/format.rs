//! `format!`: a string with holes.

use syn::{Expr, Lit, LitStr};

use super::Lower;
use super::macros::Argument;
use crate::facts::{ExprId, ExprKind, Span};
use crate::text::Text;

/// A piece of a format string.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// Text, with `{{` decoded, and where it stands in the decoded string, where that is the same.
    Text(String, Option<(usize, usize)>),
    /// `{}`, `{0}` or `{name}`: what is put there.
    Hole(Hole, usize),
}

#[derive(Debug, PartialEq, Eq)]
enum Hole {
    Next,
    Number(usize),
    Name(String),
}

impl Lower<'_> {
    /// Lowers the arguments of `format!`. The span is the macro's.
    pub(super) fn format(&mut self, span: Span, arguments: &[Argument]) -> ExprId {
        let Some((template, arguments)) = arguments.split_first() else { return self.unknown(span) };
        let Expr::Lit(literal) = &template.value else {
            self.effect(&template.value);
            return self.unknown(span);
        };
        let Lit::Str(template) = &literal.lit else { return self.unknown(span) };
        let mut pieces = pieces(&template.value());
        if let [Piece::Text(text, _)] = pieces.as_mut_slice() {
            let text = Text::new(std::mem::take(text));
            let span = self.at(template.span());
            return self.expr(span, ExprKind::Str(text));
        }
        let mut values: Vec<Option<ExprId>> = arguments.iter().map(|arg| Some(self.value(&arg.value))).collect();
        let mut next = 0;
        let mut parts = Vec::new();
        for piece in pieces {
            let part = match piece {
                Piece::Text(text, within) => {
                    let span = self.piece_span(template, within);
                    self.expr(span, ExprKind::Str(Text::new(text)))
                }
                Piece::Hole(hole, at) => {
                    let span = self.piece_span(template, Some((at, at)));
                    let number = match hole {
                        Hole::Next => {
                            next += 1;
                            Some(next - 1)
                        }
                        Hole::Number(number) => Some(number),
                        Hole::Name(name) => {
                            let number = arguments.iter().position(|arg| arg.name.as_ref() == Some(&name));
                            if number.is_none() {
                                parts.push(self.name(span, name));
                                continue;
                            }
                            number
                        }
                    };
                    match number.and_then(|number| Some((values.get_mut(number)?.take(), arguments.get(number)?))) {
                        Some((Some(value), _)) => value,
                        // Used a second time: a plain name can be told again.
                        Some((None, Argument { value: Expr::Path(path), .. })) if path.qself.is_none() => {
                            self.path(&path.path)
                        }
                        _ => self.unknown(span),
                    }
                }
            };
            parts.push(part);
        }
        // Widths and precisions.
        for value in values.into_iter().flatten() {
            self.builder.stmt(crate::facts::Stmt::Expr(value));
        }
        match parts.as_slice() {
            [] => self.expr(span, ExprKind::Str(Text::default())),
            _ => self.expr(span, ExprKind::Concat(parts)),
        }
    }

    /// Where a piece of a literal stands: exactly, if the literal is written without escapes, else the literal.
    fn piece_span(&self, literal: &LitStr, within: Option<(usize, usize)>) -> Span {
        let whole = self.at(literal.span());
        let Some((from, to)) = within else { return whole };
        let text = self.slice(whole);
        let hashes = text.strip_prefix('r').map(|rest| rest.bytes().take_while(|&byte| byte == b'#').count());
        let open = hashes.map_or(1, |hashes| hashes + 2);
        if hashes.is_none() && text.contains(['\\', '\r']) || text.contains('\r') {
            return whole;
        }
        let start = whole.start as usize + open;
        Span::new(start + from, start + to)
    }
}

/// Takes a format string apart. What is wrong with it is the compiler's to say.
fn pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut start = 0;
    let mut rest = template;
    let mut at = 0;
    let flush = |text: &mut String, start: usize, end: usize, pieces: &mut Vec<Piece>| {
        if !text.is_empty() {
            // Doubled braces make the text shorter than its source.
            let exact = end - start == text.len();
            pieces.push(Piece::Text(std::mem::take(text), exact.then_some((start, end))));
        }
    };
    while let Some(found) = rest.find(['{', '}']) {
        text.push_str(rest.get(..found).unwrap_or(""));
        let brace = &rest[found..found + 1];
        let after = rest.get(found + 1..).unwrap_or("");
        if after.starts_with(brace) || brace == "}" {
            text.push_str(brace);
            let skip = if after.starts_with(brace) { 2 } else { 1 };
            at += found + skip;
            rest = rest.get(found + skip..).unwrap_or("");
            continue;
        }
        flush(&mut text, start, at + found, &mut pieces);
        let close = after.find('}').unwrap_or(after.len());
        let inside = after.get(..close).unwrap_or("");
        let name = inside.split(':').next().unwrap_or("").trim();
        let hole = match name.parse() {
            _ if name.is_empty() => Hole::Next,
            Ok(number) => Hole::Number(number),
            Err(_) => Hole::Name(name.to_owned()),
        };
        pieces.push(Piece::Hole(hole, at + found));
        let skip = (found + 1 + close + 1).min(rest.len());
        at += skip;
        start = at;
        rest = rest.get(skip..).unwrap_or("");
    }
    text.push_str(rest);
    flush(&mut text, start, at + rest.len(), &mut pieces);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_templates_apart() {
        let text = |text: &str, at| Piece::Text(text.to_owned(), at);
        assert_eq!(
            pieces("{}/v1{0:>5}{{{name:?}}}é{"),
            [
                Piece::Hole(Hole::Next, 0),
                text("/v1", Some((2, 5))),
                Piece::Hole(Hole::Number(0), 5),
                text("{", None),
                Piece::Hole(Hole::Name("name".to_owned()), 13),
                text("}é", None),
                Piece::Hole(Hole::Next, 25),
            ]
        );
        assert_eq!(pieces(""), []);
    }
}
