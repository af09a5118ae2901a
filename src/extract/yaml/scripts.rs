//! Scripts in YAML: the steps of a workflow, the command of a service. Each is put together from its scalar without
//! indentation and escapes, and lowered as a script of its own.

use saphyr_parser::ScalarStyle;

use super::tree::{Kind, NodeId};
use super::value::{self, Values};
use crate::extract::dotenv::expand::{self, Dialect, name_at};
use crate::extract::embed::Embedded;
use crate::extract::{powershell, python, shell};
use crate::facts::{Builder, EnvBlock, ExprId, ExprKind, FuncId, Module, Script, Span};
use crate::language::Language;
use crate::source::Source;

/// What is put into a script before it is run, besides what the templates do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filling {
    /// Nothing.
    None,
    /// `$X` and `${X}` are compose's, `$$` is a dollar sign.
    Compose,
    /// `$(X)` is Azure's (or Kubernetes').
    Macro,
    /// `<< parameters.x >>` is CircleCI's.
    Circle,
}

/// Who runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interpreter {
    Shell,
    PowerShell,
    Python,
}

/// Lowers the scripts that run one after the other in the same shell, and adds them to the module.
pub(super) fn lower(
    values: &mut Values<'_>,
    scalars: &[NodeId],
    label: &str,
    filling: Filling,
    interpreter: Interpreter,
) -> Option<(FuncId, Vec<EnvBlock>)> {
    let mut text = Embedded::default();
    for &scalar in scalars {
        Writer { values, text: &mut text, filling }.scalar(scalar);
        let end = values.tree.nodes[scalar].span.end as usize;
        text.push_decoded("\n", end, end);
    }
    lower_text(values, text, label, interpreter)
}

fn lower_text(
    values: &mut Values<'_>,
    text: Embedded,
    label: &str,
    interpreter: Interpreter,
) -> Option<(FuncId, Vec<EnvBlock>)> {
    if !crate::prefilter::names_variables(&text.text) && text.holes.is_empty() {
        return None;
    }
    let source = values.source;
    let hole = |builder: &mut Builder, span: Span| -> ExprId {
        let raw = source.slice(text.place(span));
        lower_hole(builder, raw, span)
    };
    let module: Module = match interpreter {
        Interpreter::Shell => shell::script(&text, label, &hole).ok()?,
        Interpreter::PowerShell => powershell::script(&text, label, &hole),
        Interpreter::Python => {
            let program = Source::new(&source.path, Language::Python, text.text.as_str());
            let mut module = python::extract(&program).ok()?;
            let script = Script { language: Language::Python, environment: None };
            module.functions.first_mut()?.script = Some(script);
            module
        }
    };
    Some(text.graft(values.builder, module))
}

/// The value of what is put in: `${{ secrets.X }}`, `${X:-d}`, `$(X)`, `{{ .Values.x }}`.
fn lower_hole(builder: &mut Builder, raw: &str, span: Span) -> ExprId {
    let start = span.start as usize;
    if let Some(inner) = raw.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")) {
        return value::github(builder, inner, start + 3, span);
    }
    if raw.starts_with('$') {
        let dialect = Dialect { backslash: false, doubled: false, parens: true };
        return expand::lower_raw(builder, raw, start, dialect, &str::to_owned);
    }
    let kind = value::template_name(raw).map_or(ExprKind::Unknown, |name| ExprKind::Env { name, default: None });
    builder.expr(span, kind)
}

/// The command of a container: a line for a shell, or a list of words of which one is a script. `more` are the words
/// that follow (`args`, `command` behind `entrypoint`).
pub(super) fn command(
    values: &mut Values<'_>,
    node: NodeId,
    more: Option<NodeId>,
    label: &str,
    filling: Filling,
) -> Option<(FuncId, Vec<EnvBlock>)> {
    let tree = values.tree;
    let words = |node: NodeId| match &tree.nodes[node].kind {
        Kind::Seq(items) => items.clone(),
        _ => vec![node],
    };
    if matches!(tree.nodes[node].kind, Kind::Scalar(..)) && more.is_none() {
        let text = tree.scalar(node).unwrap_or("");
        let Some((before, after)) = shell_line(text) else {
            return lower(values, &[node], label, filling, Interpreter::Shell);
        };
        // The quotes of `sh -c "..."` are the outer line's.
        let mut text = Embedded::default();
        Writer { values, text: &mut text, filling }.scalar(node);
        let inner = text.cut(before, after)?;
        return lower_text(values, inner, label, Interpreter::Shell);
    }
    let words: Vec<NodeId> = words(node).into_iter().chain(more.into_iter().flat_map(words)).collect();
    let of_shell = |id: &NodeId| tree.scalar(*id).is_some_and(is_shell);
    let at = words.iter().position(of_shell).filter(|&at| at < 3)?;
    let option = words.iter().skip(at + 1).position(|&id| {
        tree.scalar(id).is_some_and(|text| text.starts_with('-') && text.ends_with('c') && !text.starts_with("--"))
    })?;
    let script = words.get(at + 1 + option + 1)?;
    lower(values, &[*script], label, filling, Interpreter::Shell)
}

fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next().unwrap_or(program), "sh" | "bash" | "ash" | "zsh" | "dash")
}

/// `sh -c "script"`: how many bytes stand before and behind the script.
fn shell_line(text: &str) -> Option<(usize, usize)> {
    let mut words = text.split_ascii_whitespace();
    if !words.next().is_some_and(is_shell) {
        return None;
    }
    let option = words.next().filter(|option| option.starts_with('-') && option.ends_with('c'))?;
    let behind = text.find(option)? + option.len();
    let rest = text[behind..].trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = rest[1..].trim_end().strip_suffix(quote)?;
    let before = text.len() - rest.len() + 1;
    Some((before, text.len() - before - inner.len()))
}

/// Puts the text of a scalar together.
struct Writer<'a, 'v> {
    values: &'a Values<'v>,
    text: &'a mut Embedded,
    filling: Filling,
}

impl Writer<'_, '_> {
    fn scalar(&mut self, node: NodeId) {
        let Kind::Scalar(_, style) = &self.values.tree.nodes[node].kind else { return };
        let span = self.values.tree.nodes[node].span;
        let source = self.values.source;
        let line_start = source.line_span(source.line_of(span.start as usize)).start;
        let indent = (span.start - line_start) as usize;
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let mut start = span.start as usize;
        let end = span.end as usize;
        let mut first = true;
        while start < end {
            let line_end = memchr::memchr(b'\n', &source.text.as_bytes()[start..end]).map_or(end, |at| start + at);
            let raw = source.text.get(start..line_end).unwrap_or("");
            let blanks = raw.len() - raw.trim_start_matches([' ', '\t']).len();
            let skip = match (first, block) {
                (true, _) => 0,
                (false, true) => blanks.min(indent),
                (false, false) => blanks,
            };
            let content = raw[skip..].trim_end_matches('\r');
            let content = if block { content } else { content.trim_end() };
            let continued = *style == ScalarStyle::DoubleQuoted && content.ends_with('\\') && line_end < end;
            let content = if continued { &content[..content.len() - 1] } else { content };
            self.run(start + skip, start + skip + content.len(), *style);
            if line_end < end && !continued {
                let next = source.text.get(line_end + 1..end).unwrap_or("").lines().next().unwrap_or("");
                let folds = match style {
                    ScalarStyle::Literal => false,
                    ScalarStyle::Folded => {
                        let deeper = |line: &str| line.len() - line.trim_start().len() > indent;
                        !content.trim().is_empty()
                            && !next.trim().is_empty()
                            && !content.starts_with([' ', '\t'])
                            && !deeper(next)
                    }
                    _ => !content.is_empty() && !next.trim().is_empty(),
                };
                self.text.push_decoded(if folds { " " } else { "\n" }, line_end, line_end + 1);
            }
            start = line_end + 1;
            first = false;
        }
    }

    /// A part of one line, with what templates put into it.
    fn run(&mut self, start: usize, end: usize, style: ScalarStyle) {
        let masked = self.values.masked;
        let mut from = start;
        for action in masked.within(start..end) {
            self.literal(from, action.range.start.max(from), style);
            self.text.push_hole(action.range.start.max(from), action.range.end.min(end).max(from));
            from = action.range.end.min(end).max(from);
        }
        self.literal(from, end, style);
    }

    /// A part without templates: what is the file's own in it, and escapes.
    fn literal(&mut self, start: usize, end: usize, style: ScalarStyle) {
        let raw = self.values.source.text.get(start..end).unwrap_or("");
        let bytes = raw.as_bytes();
        let mut plain = 0;
        let mut at = 0;
        while at < bytes.len() {
            let (length, decoded) = match (bytes[at], self.filling) {
                (b'$', Filling::Compose) if bytes.get(at + 1) == Some(&b'$') => (2, Some("$")),
                (b'$', Filling::Compose) => (reference(&raw[at..]), None),
                (b'$', Filling::Macro) => (parens(&raw[at..]), None),
                (b'<', Filling::Circle) if raw[at..].starts_with("<<") => {
                    (raw[at..].find(">>").map_or(0, |end| end + 2), None)
                }
                (b'\\', _) if style == ScalarStyle::DoubleQuoted => match bytes.get(at + 1) {
                    Some(b'n') => (2, Some("\n")),
                    Some(b't') => (2, Some("\t")),
                    Some(b'"') => (2, Some("\"")),
                    Some(b'\\') => (2, Some("\\")),
                    Some(b'/') => (2, Some("/")),
                    _ => (0, None),
                },
                (b'\'', _) if style == ScalarStyle::SingleQuoted => (2, Some("'")),
                _ => (0, None),
            };
            if length == 0 {
                at += 1;
                continue;
            }
            self.text.push(raw.get(plain..at).unwrap_or(""), start + plain);
            let to = (at + length).min(bytes.len());
            match decoded {
                Some(text) => self.text.push_decoded(text, start + at, start + to),
                None => self.text.push_hole(start + at, start + to),
            }
            (at, plain) = (to, to);
        }
        self.text.push(raw.get(plain..).unwrap_or(""), start + plain);
    }
}

/// The length of `$X` or `${...}`.
fn reference(text: &str) -> usize {
    if text.starts_with("${") {
        return text.find('}').map_or(0, |end| end + 1);
    }
    let name = name_at(text.get(1..).unwrap_or(""));
    if name > 0 { name + 1 } else { 0 }
}

/// The length of `$(NAME)`.
fn parens(text: &str) -> usize {
    let inner = text.strip_prefix("$(").and_then(|rest| rest.split(')').next()).unwrap_or("");
    let is_name =
        !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if is_name && text.len() > inner.len() + 2 { inner.len() + 3 } else { 0 }
}
