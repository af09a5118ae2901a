//! The value of one variable: a scalar's text with its references and template actions.

use saphyr_parser::ScalarStyle;

use super::mask::{Action, Masked};
use super::tree::{Kind, NodeId, Tree};
use crate::extract::dotenv::expand::{self, Dialect, name_at};
use crate::facts::{Builder, CHART_VALUES, EnvKind, ExprId, ExprKind, Span, is_in_capitals};
use crate::source::Source;
use crate::text::Text;

/// What a value is lowered with.
pub(super) struct Values<'a> {
    pub source: &'a Source,
    pub masked: &'a Masked,
    pub tree: &'a Tree<'a>,
    pub builder: &'a mut Builder,
}

impl Values<'_> {
    /// A node as a value.
    pub(super) fn node(&mut self, id: NodeId, kind: EnvKind) -> ExprId {
        let tree = self.tree;
        let node = &tree.nodes[id];
        let Kind::Scalar(text, style) = &node.kind else {
            return self.builder.expr(node.span, ExprKind::Unknown);
        };
        let plain = matches!(style, ScalarStyle::Plain) && self.masked.within(node.span.range()).is_empty();
        match constant(text).filter(|_| plain) {
            Some(constant) => self.builder.expr(node.span, constant),
            None => self.text(node.span, *style, kind, Some(text)),
        }
    }

    /// A scalar's text, or a part of it, as a value; `decoded` is what the parser made of the whole.
    pub(super) fn text(&mut self, span: Span, style: ScalarStyle, kind: EnvKind, decoded: Option<&str>) -> ExprId {
        let dialect = Dialect { backslash: false, doubled: kind == EnvKind::Compose, parens: kind != EnvKind::Compose };
        let masked = self.masked;
        let source = self.source;
        let actions = masked.within(span.range());
        let decode = |raw: &str| decode(raw, style);
        if actions.is_empty() {
            return match decoded.filter(|_| !source.slice(span).contains('$')) {
                Some(text) => self.builder.expr(span, ExprKind::Str(Text::new(text))),
                None => expand::lower(self.builder, &source.text, span, dialect, &decode),
            };
        }
        if actions.iter().any(|action| action.control) {
            return self.builder.expr(span, ExprKind::Unknown);
        }
        let mut parts = Vec::new();
        let mut from = span.start as usize;
        let literal = |this: &mut Self, start: usize, end: usize, parts: &mut Vec<ExprId>| {
            if start < end {
                let part = expand::lower(this.builder, &source.text, Span::new(start, end), dialect, &decode);
                match &this.builder.module().exprs[part.index()].kind {
                    ExprKind::Concat(inner) => parts.extend(inner),
                    _ => parts.push(part),
                }
            }
        };
        for action in actions {
            literal(self, from, action.range.start, &mut parts);
            parts.push(self.action(action));
            from = action.range.end;
        }
        literal(self, from, span.end as usize, &mut parts);
        match parts.as_slice() {
            [one] => *one,
            _ => self.builder.expr(span, ExprKind::Concat(parts)),
        }
    }

    /// A template action as a value.
    fn action(&mut self, action: &Action) -> ExprId {
        let span = Span::new(action.range.start, action.range.end);
        let raw = self.source.slice(span);
        let kind = if action.github {
            let inner = raw.get(3..raw.len().saturating_sub(2)).unwrap_or("");
            return github(self.builder, inner, action.range.start + 3, span);
        } else {
            match (template_name(raw), chart_value(raw)) {
                (Some(name), _) => ExprKind::Env { name, default: None },
                (None, Some(path)) => ExprKind::Stored { store: Some(CHART_VALUES.to_owned()), name: path },
                (None, None) => ExprKind::Unknown,
            }
        };
        self.builder.expr(span, kind)
    }
}

/// `secrets.A || vars.B || 'text'`
pub(super) fn github(builder: &mut Builder, inner: &str, start: usize, span: Span) -> ExprId {
    let mut value = None;
    let mut at = start;
    for operand in inner.split("||") {
        let text = operand.trim();
        let from = at + (operand.len() - operand.trim_start().len());
        at += operand.len() + 2;
        let own = Span::new(from, from + text.len());
        let whole = text.len() == inner.trim().len();
        let own = if whole { span } else { own };
        let right = match github_name(text) {
            Some(kind) => builder.expr(own, kind),
            None => match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
                Some(literal) if !literal.contains('\'') => {
                    let own = Span::new(from + 1, from + 1 + literal.len());
                    builder.expr(own, ExprKind::Str(Text::new(literal)))
                }
                _ => builder.expr(own, ExprKind::Unknown),
            },
        };
        value = Some(match value {
            Some(left) => builder.expr(span, ExprKind::Fallback { left, right, nullish: false }),
            None => right,
        });
    }
    value.unwrap_or_else(|| builder.expr(span, ExprKind::Unknown))
}

/// `secrets.X`, `vars['X']`, `env.X`
fn github_name(text: &str) -> Option<ExprKind> {
    let (context, rest) = text.split_at(text.find(['.', '['])?);
    if !matches!(context, "secrets" | "vars" | "env" | "variables") {
        return None;
    }
    let name = match rest.strip_prefix('.') {
        Some(name) => name,
        None => rest.strip_prefix("['")?.strip_suffix("']")?,
    };
    let name = Some(name).filter(|name| !name.is_empty() && name_at(name) == name.len())?.to_owned();
    Some(match context {
        "env" => ExprKind::Env { name, default: None },
        _ => ExprKind::Stored { store: None, name },
    })
}

/// What a Helm action inserts of the chart's `values.yaml`: `{{ .Values.llm.baseUrl | quote }}`.
fn chart_value(raw: &str) -> Option<String> {
    let inner = raw.trim_start_matches(['{', '-', ' ']).trim_end_matches(['}', '-', ' ']);
    let (path, steps) = inner.split_once('|').unwrap_or((inner, ""));
    let harmless = |step: &str| matches!(step.trim(), "" | "quote" | "squote" | "trim" | "toString");
    let path = path.trim().trim_start_matches('$').strip_prefix(".Values.")?;
    let is_plain = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (steps.split('|').all(harmless) && path.split('.').all(is_plain)).then(|| path.to_owned())
}

/// The variable that a Helm, Jinja or ERB action inserts: its only upper-case name, where it ends with that.
pub(super) fn template_name(raw: &str) -> Option<String> {
    let inner = raw.trim_start_matches(['{', '%', '<', '-', '=', '~']).trim_end_matches(['}', '%', '>', '-', '~']);
    let mut steps = inner.split('|');
    let expression = steps.next()?.trim();
    let harmless = |step: &str| matches!(step.trim(), "quote" | "squote" | "trim" | "string" | "toString");
    if !steps.all(harmless) {
        return None;
    }
    let expression = expression.trim_end_matches(['"', '\'', ')', ']', ' ']);
    let upper = |name: &&str| is_in_capitals(name) && name.len() > 2 && *name != "ENV";
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = expression.split(|c: char| !is_word(c)).filter(upper);
    let name = names.next().filter(|_| names.next().is_none())?;
    expression.ends_with(name).then(|| name.to_owned())
}

/// A plain scalar that is no string.
fn constant(text: &str) -> Option<ExprKind> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(ExprKind::Null),
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return Some(ExprKind::Const(text.to_owned())),
        _ => {}
    }
    let number = text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit());
    (number && text.parse::<f64>().is_ok()).then(|| ExprKind::Const(text.to_owned()))
}

/// A piece of a scalar as written, decoded.
fn decode(raw: &str, style: ScalarStyle) -> String {
    let joined = if raw.contains('\n') {
        let mut out = String::with_capacity(raw.len());
        let last = raw.matches('\n').count();
        for (number, line) in raw.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = if number > 0 { line.trim_start() } else { line };
            let keep_end = matches!(style, ScalarStyle::Literal) || number == last;
            out.push_str(if keep_end { line } else { line.trim_end() });
            if number < last {
                out.push(if matches!(style, ScalarStyle::Literal) { '\n' } else { ' ' });
            }
        }
        out
    } else {
        raw.to_owned()
    };
    match style {
        ScalarStyle::SingleQuoted => joined.replace("''", "'"),
        ScalarStyle::DoubleQuoted => unescape(&joined),
        _ => joined,
    }
}

/// The common escapes of double quotes.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match if c == '\\' { chars.next() } else { None } {
            None => out.push(c),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(escaped @ ('"' | '\\' | '/' | ' ')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}
