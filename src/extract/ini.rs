//! Lowers INI files and Java's properties. The text becomes the same tree as YAML, and what stands in it is found in the
//! same way.
//!
//! A value may go on in indented lines. Where such a value, or one of Supervisor's, is a list of `NAME=value`, it is a
//! mapping of variables: `setenv` of tox, `env` of pytest, `environment` of Supervisor. What other values or variables are
//! put into (`%(name)s`) is not known.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::ScalarStyle;

use super::Unparsable;
use super::yaml::{Kind, NodeId, Tree, TreeNode, lower};
use crate::facts::{Comment, Module, Span};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// The section whose values hold in all others, too.
const DEFAULT: &str = "DEFAULT";

/// What an environment is called here, as the others know it.
const ENVIRONMENT: &str = "environment";

/// How many words a name of properties may have to be taken for a path.
const MAX_STEPS: usize = 16;
/// How much sections may take from `[DEFAULT]`, all together.
const MAX_INHERITED: usize = 10_000;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let text = source.text.as_str();
    let is_properties = source.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("properties"));
    let mut reading = Reading { text, tree: Tree::default(), section: 0, is_properties, known: HashMap::new() };
    reading.tree.roots.push(0);
    reading.tree.nodes.push(TreeNode::new(Span::new(0, text.len()), Kind::Map(Vec::new()), None, None));
    let mut comments = Vec::new();
    let mut open: Option<Entry> = None;
    for number in 0..source.line_count() {
        let line = source.line_span(number);
        let content = trimmed(text, line);
        let written = source.slice(content);
        if written.starts_with(['#', ';']) {
            if written.contains("mixlint:") {
                comments.push(Comment { span: content, own_line: true });
            }
            continue;
        }
        // An indented line goes on with the value before it; an empty one may stand between.
        if written.is_empty() {
            continue;
        }
        if content.start > line.start
            && let Some(entry) = &mut open
        {
            entry.lines.push(content);
            continue;
        }
        open.take().into_iter().for_each(|entry| reading.add(&entry));
        if let Some(name) = written.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
            let start = content.start as usize + 1;
            reading.section = reading.collection(0, Span::new(start, start + name.len()), name);
        } else if let Some(at) = written.find(['=', ':']) {
            let start = content.start as usize;
            let name = trimmed(text, Span::new(start, start + at));
            let value = trimmed(text, Span { start: (start + at + 1) as u32, end: content.end });
            open = Some(Entry { name, lines: vec![value] });
        }
    }
    open.into_iter().for_each(|entry| reading.add(&entry));
    let mut tree = reading.tree;
    inherit(&mut tree);
    Ok(lower(source, &tree, |_| comments))
}

/// `name = value`, and the lines in which the value goes on.
struct Entry {
    name: Span,
    lines: Vec<Span>,
}

struct Reading<'a> {
    text: &'a str,
    tree: Tree<'a>,
    section: NodeId,
    /// Names are paths: `spring.ai.openai.api-key`.
    is_properties: bool,
    /// What a mapping has under a name.
    known: HashMap<(NodeId, &'a str), NodeId>,
}

impl<'a> Reading<'a> {
    fn add(&mut self, entry: &Entry) {
        let name = self.slice(entry.name);
        let variables = if is_environment(name) { self.variables(&entry.lines) } else { Vec::new() };
        if !variables.is_empty() {
            let held = self.collection(self.section, entry.name, ENVIRONMENT);
            for (name, value) in variables {
                self.scalar(held, name, self.slice(name), value);
            }
            return;
        }
        let (mut holder, mut last) = (self.section, entry.name);
        if self.is_properties && self.slice(last).split('.').count() <= MAX_STEPS {
            while let Some(dot) = self.slice(last).find('.') {
                let start = last.start as usize;
                let step = Span::new(start, start + dot);
                holder = self.step(holder, step);
                last = Span { start: (start + dot + 1) as u32, end: last.end };
            }
        }
        let mut lines = entry.lines.iter().filter(|line| line.start < line.end);
        let value = match (lines.next(), lines.next()) {
            (Some(one), None) => *one,
            (None, _) => entry.lines[0],
            // A text of several lines is no key and no URL.
            _ => return,
        };
        self.scalar(holder, last, self.slice(last), value);
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The collection that a mapping has under a name, perhaps since an earlier line.
    fn step(&mut self, holder: NodeId, at: Span) -> NodeId {
        let key = (holder, self.slice(at));
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let held = self.collection(holder, at, key.1);
        self.known.insert(key, held);
        held
    }

    fn collection(&mut self, holder: NodeId, at: Span, name: &'a str) -> NodeId {
        self.entry(holder, at, name, TreeNode::new(at, Kind::Map(Vec::new()), Some(holder), None))
    }

    fn scalar(&mut self, holder: NodeId, at: Span, name: &'a str, value: Span) {
        let (span, style) = self.unquoted(value);
        let text = self.slice(span);
        let is_filled = ["%(", "{{", "<%"].iter().any(|mark| text.contains(mark));
        let kind = if is_filled { Kind::Tagged } else { Kind::Scalar(Cow::Borrowed(text), style) };
        self.entry(holder, at, name, TreeNode::new(span, kind, Some(holder), None));
        // A section spans what stands in it.
        let mut around = Some(holder);
        while let Some(id) = around {
            let end = &mut self.tree.nodes[id].span.end;
            *end = (*end).max(span.end);
            around = self.tree.nodes[id].parent;
        }
    }

    fn entry(&mut self, holder: NodeId, at: Span, name: &'a str, value: TreeNode<'a>) -> NodeId {
        let key = self.tree.nodes.len();
        let name = Kind::Scalar(Cow::Borrowed(name), ScalarStyle::Plain);
        self.tree.nodes.push(TreeNode::new(at, name, Some(holder), None));
        self.tree.nodes.push(TreeNode { key: Some(key), ..value });
        if let Kind::Map(entries) = &mut self.tree.nodes[holder].kind {
            entries.push((key, key + 1));
        }
        key + 1
    }

    /// A value without the quotes around it, and without a comment behind it.
    fn unquoted(&self, value: Span) -> (Span, ScalarStyle) {
        let text = self.slice(value);
        for (quote, style) in [('"', ScalarStyle::DoubleQuoted), ('\'', ScalarStyle::SingleQuoted)] {
            let inner = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner);
            if let Some(inner) = inner {
                let start = value.start as usize + 1;
                return (Span::new(start, start + inner.len()), style);
            }
        }
        let end = [" ;", "\t;", " #", "\t#"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
        let start = value.start as usize;
        (trimmed(self.text, Span::new(start, start + end)), ScalarStyle::Plain)
    }

    /// `NAME=value`, one for each line or, in one line, between commas.
    fn variables(&self, lines: &[Span]) -> Vec<(Span, Span)> {
        let filled: Vec<Span> = lines.iter().copied().filter(|line| line.start < line.end).collect();
        let pieces = match filled.as_slice() {
            [one] => self.pieces(*one),
            _ => filled,
        };
        let variable = |piece: &Span| {
            let text = self.slice(*piece);
            let equals = text.find('=')?;
            // `D:NAME=value`: a default, for pytest.
            let from = text[..equals].rfind(':').map_or(0, |at| at + 1);
            let start = piece.start as usize;
            let name = trimmed(self.text, Span::new(start + from, start + equals));
            let value = trimmed(self.text, Span { start: (start + equals + 1) as u32, end: piece.end });
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            self.slice(name).bytes().all(is_name).then_some((name, value)).filter(|(name, _)| name.start < name.end)
        };
        pieces.iter().filter_map(variable).collect()
    }

    /// What stands between commas, which may stand in quotes.
    fn pieces(&self, line: Span) -> Vec<Span> {
        let text = self.slice(line);
        let (mut out, mut from, mut quote) = (Vec::new(), 0, None);
        for (at, c) in text.char_indices().chain([(text.len(), ',')]) {
            match quote {
                Some(open) if c == open => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                None if c == ',' => {
                    let start = line.start as usize;
                    out.push(trimmed(self.text, Span::new(start + from, start + at)));
                    from = at + 1;
                }
                _ => {}
            }
        }
        out
    }
}

/// Whether a value of this name is an environment, where it is a list of variables.
fn is_environment(name: &str) -> bool {
    ["env", ENVIRONMENT, "setenv", "set_env"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Gives each section what stands in `[DEFAULT]`, unless it says another.
fn inherit(tree: &mut Tree<'_>) {
    let Kind::Map(sections) = &tree.nodes[0].kind else { return };
    let sections = sections.clone();
    let Some(&(_, default)) = sections.iter().find(|(key, _)| tree.scalar(*key) == Some(DEFAULT)) else { return };
    let Kind::Map(held) = &tree.nodes[default].kind else { return };
    let held: Vec<(NodeId, NodeId)> =
        held.iter().copied().filter(|(_, value)| !matches!(tree.nodes[*value].kind, Kind::Map(_))).collect();
    let mut left = MAX_INHERITED;
    for (_, section) in sections.into_iter().filter(|(_, section)| *section != default) {
        let Kind::Map(own) = &tree.nodes[section].kind else { continue };
        let Some(rest) = left.checked_sub(held.len()) else { return };
        left = rest;
        let names: HashSet<Option<&str>> = own.iter().map(|(key, _)| tree.scalar(*key)).collect();
        let more: Vec<(NodeId, NodeId)> =
            held.iter().copied().filter(|(key, _)| !names.contains(&tree.scalar(*key))).collect();
        if let Kind::Map(own) = &mut tree.nodes[section].kind {
            own.extend(more);
        }
    }
}

fn trimmed(text: &str, span: Span) -> Span {
    let raw = text.get(span.range()).unwrap_or("");
    let start = span.start as usize + (raw.len() - raw.trim_start().len());
    Span::new(start, start + raw.trim().len())
}
