//! String literals and templates.

use tree_sitter::Node;

use super::{Lower, children, span, strip};
use crate::facts::{ExprId, ExprKind, Span};
use crate::text::Text;

impl Lower<'_> {
    /// The value of a string literal, or of a template without substitutions.
    pub(super) fn literal(&self, node: Node) -> Option<String> {
        let text = self.text_of(node);
        let inner = match node.kind() {
            "string" => text.get(1..text.len().saturating_sub(1))?,
            "template_string" if !children(node).iter().any(|child| child.kind() == "template_substitution") => {
                text.get(1..text.len().saturating_sub(1))?
            }
            _ => return None,
        };
        Some(unescape(inner))
    }

    /// The text of a constant: a string's value, a number or `true` as written.
    pub(super) fn constant(&self, node: Node) -> Option<String> {
        let node = strip(node);
        match node.kind() {
            "string" | "template_string" => self.literal(node),
            "number" | "true" | "false" => Some(self.text_of(node).to_owned()),
            "unary_expression" if super::operator(node) == "-" => {
                let number = node.child_by_field_name("argument")?;
                (number.kind() == "number").then(|| format!("-{}", self.text_of(number)))
            }
            _ => None,
        }
    }

    /// A template: its text and its substitutions, each with its own span. `raw` leaves escapes as they are.
    pub(super) fn template(&mut self, node: Node, raw: bool) -> ExprId {
        let decode = |text: &str| if raw { text.to_owned() } else { unescape(text) };
        let mut parts = Vec::new();
        let mut at = node.start_byte() + 1;
        let substitutions: Vec<_> =
            children(node).into_iter().filter(|child| child.kind() == "template_substitution").collect();
        if substitutions.is_empty() {
            let text = self.text.get(at..node.end_byte().saturating_sub(1)).unwrap_or("");
            return self.add(node, ExprKind::Str(Text::new(decode(text))));
        }
        let end = node.end_byte().saturating_sub(1);
        for substitution in substitutions.into_iter().map(Some).chain([None]) {
            let stop = substitution.map_or(end, |substitution| substitution.start_byte());
            if let Some(text) = self.text.get(at..stop).filter(|text| !text.is_empty()) {
                parts.push(self.builder.expr(Span::new(at, stop), ExprKind::Str(Text::new(decode(text)))));
            }
            let Some(substitution) = substitution else { break };
            at = substitution.end_byte();
            let value = match super::operands(substitution).first() {
                Some(&inner) => self.expr(inner),
                None => self.unknown(substitution),
            };
            parts.push(value);
        }
        self.builder.expr(span(node), ExprKind::Concat(parts))
    }
}

/// Decodes the escapes of a string's inside. A broken one stands for itself.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        let Some(first) = chars.next() else {
            rest = "";
            break;
        };
        rest = chars.as_str();
        match first {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            '0' => out.push('\0'),
            '\n' | '\u{2028}' | '\u{2029}' => {}
            '\r' => rest = rest.strip_prefix('\n').unwrap_or(rest),
            'x' => match hex(rest, 2) {
                Some((code, after)) => {
                    out.extend(char::from_u32(code));
                    rest = after;
                }
                None => out.push('x'),
            },
            'u' => match code_point(rest) {
                Some((decoded, after)) => {
                    out.push(decoded);
                    rest = after;
                }
                None => out.push('u'),
            },
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}

/// What follows `\u`: `{1F600}`, `00e9`, or a pair of surrogates.
fn code_point(text: &str) -> Option<(char, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        let (digits, after) = braced.split_once('}')?;
        return Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, after));
    }
    let (high, after) = hex(text, 4)?;
    if let Some(decoded) = char::from_u32(high) {
        return Some((decoded, after));
    }
    let (low, after) = hex(after.strip_prefix("\\u")?, 4)?;
    let pair = char::decode_utf16([high as u16, low as u16]).next()?;
    Some((pair.ok()?, after))
}

fn hex(text: &str, digits: usize) -> Option<(u32, &str)> {
    let code = text.get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some((u32::from_str_radix(code, 16).ok()?, text.get(digits..)?))
}
