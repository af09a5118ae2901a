//! Lowers Jupyter notebooks: the cells of code, in order, are one Python module, whose spans are those of the strings in
//! the file.
//!
//! What IPython adds to Python is written out or left out: `%env X=v` is an assignment to the environment, lines with
//! `!` and cells with `%%bash` are scripts of a shell, other magics are nothing.

use std::borrow::Cow;

use super::embed::{self, Embedded};
use super::yaml::{Kind, NodeId, Tree};
use super::{Unparsable, json, python, shell};
use crate::facts::{Builder, ExprKind, Module, Span};
use crate::language::Language;
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let (tree, _) = json::read(&source.text)?;
    let Some(&root) = tree.roots.first().filter(|root| is_python(&tree, **root)) else {
        return Ok(Module { recovered: tree.recovered, ..Module::default() });
    };
    let mut reader = Reader { source, tree: &tree, program: Embedded::default(), scripts: Vec::new() };
    let mut cells = Vec::new();
    for &cell in field(&tree, root, "cells").map_or(&[][..], |cells| items(&tree, cells)) {
        cells.push(tree.nodes[cell].span);
        let is_code = field(&tree, cell, "cell_type").and_then(|kind| tree.scalar(kind)) == Some("code");
        if let Some(text) = field(&tree, cell, "source").filter(|_| is_code) {
            reader.cell(text);
        }
    }
    let Reader { program, scripts, .. } = reader;
    let python = Source::new(&source.path, Language::Python, program.text.as_str());
    let mut builder = Builder::resume(python::extract(&python)?.moved(&|span| program.place(span)));
    for script in scripts {
        let label = source.path.file_name().map_or(Cow::Borrowed(""), |name| name.to_string_lossy());
        let hole = |builder: &mut Builder, span| builder.expr(span, ExprKind::Unknown);
        let Ok(module) = shell::script(&script, &label, &hole) else { continue };
        let (_, blocks) = script.graft(&mut builder, module);
        embed::adopt(&mut builder.module().env_blocks, blocks, None);
    }
    let mut module = builder.finish();
    module.cells = cells;
    module.recovered |= tree.recovered;
    Ok(module)
}

/// Whether the kernel runs Python, or the notebook does not say which it is.
fn is_python(tree: &Tree<'_>, root: NodeId) -> bool {
    let language = |path: [&str; 3]| {
        let mut at = root;
        for name in path {
            at = field(tree, at, name)?;
        }
        tree.scalar(at)
    };
    let spec = language(["metadata", "kernelspec", "language"]);
    spec.or_else(|| language(["metadata", "language_info", "name"])).is_none_or(|name| name.contains("python"))
}

fn field(tree: &Tree<'_>, map: NodeId, name: &str) -> Option<NodeId> {
    let Kind::Map(entries) = &tree.nodes[map].kind else { return None };
    entries.iter().rfind(|(key, _)| tree.scalar(*key) == Some(name)).map(|(_, value)| *value)
}

fn items<'t>(tree: &'t Tree<'_>, node: NodeId) -> &'t [NodeId] {
    match &tree.nodes[node].kind {
        Kind::Seq(items) => items,
        _ => &[],
    }
}

struct Reader<'a> {
    source: &'a Source,
    tree: &'a Tree<'a>,
    program: Embedded,
    scripts: Vec<Embedded>,
}

impl Reader<'_> {
    /// A cell: a string, or a list of lines.
    fn cell(&mut self, node: NodeId) {
        let mut cell = Embedded::default();
        let one = [node];
        let strings = if matches!(self.tree.nodes[node].kind, Kind::Seq(_)) { items(self.tree, node) } else { &one };
        for &string in strings {
            if matches!(self.tree.nodes[string].kind, Kind::Scalar(..)) {
                let span = self.tree.nodes[string].span;
                json::unescape(self.source.slice(span), span.start as usize, &mut cell);
            }
        }
        let end = self.tree.nodes[node].span.end as usize;
        cell.push_decoded("\n", end, end);
        self.lines(&cell);
    }

    fn lines(&mut self, cell: &Embedded) {
        let first = cell.text.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
        if let Some(magic) = first.strip_prefix("%%") {
            let word = magic.split_ascii_whitespace().next().unwrap_or("");
            let body = cell.text.find(magic).and_then(|at| cell.text[at..].find('\n').map(|line| at + line + 1));
            let body = body.and_then(|body| cell.cut(body, 0));
            match word {
                "bash" | "sh" | "script" => self.scripts.extend(body),
                "time" | "timeit" | "capture" | "prun" => {
                    if let Some(body) = body {
                        self.lines(&body);
                    }
                }
                _ => {}
            }
            return;
        }
        let mut start = 0;
        for line in cell.text.split_inclusive('\n') {
            Line { cell, start, end: start + line.len(), text: line.trim() }.read(self);
            start += line.len();
        }
    }
}

/// A line of a cell of Python.
struct Line<'a> {
    cell: &'a Embedded,
    start: usize,
    end: usize,
    /// Without the blanks around it.
    text: &'a str,
}

impl Line<'_> {
    fn read(&self, reader: &mut Reader<'_>) {
        let at = self.end - self.raw().trim_start().len();
        if let Some(command) = self.text.strip_prefix('!') {
            reader.scripts.extend(self.cut(at + 1, at + 1 + command.len()));
            self.nothing(reader);
        } else if let Some(magic) = self.text.strip_prefix('%').filter(|magic| magic.starts_with(char::is_alphabetic)) {
            let assigned = ["env", "set_env"].iter().find_map(|word| {
                let rest = magic.strip_prefix(word)?;
                rest.starts_with(char::is_whitespace).then(|| rest.trim_start())
            });
            match assigned {
                Some(rest) => self.environment(reader, rest, at + self.text.len() - rest.len()),
                None => self.nothing(reader),
            }
        } else if let Some((target, value)) = self.text.split_once('=')
            && value.trim_start().starts_with(['!', '%'])
            && !target.contains(['(', '"', '\''])
        {
            // `files = !ls`
            self.keep(reader, self.start, at + target.len() + 1);
            self.put(reader, " get_ipython()\n", self.end - 1);
        } else {
            self.keep(reader, self.start, self.end);
        }
    }

    /// `%env X=value`, `%env X value` as an assignment to the environment; `at` is where `X` stands.
    fn environment(&self, reader: &mut Reader<'_>, rest: &str, at: usize) {
        let Some(split) = rest.find(|c: char| c == '=' || c.is_whitespace()) else {
            return self.nothing(reader);
        };
        let value = rest[split + 1..].trim_start();
        let from = at + rest.len() - value.len();
        let to = from + value.len();
        let indent = &self.raw()[..self.raw().len() - self.raw().trim_start().len()];
        self.put(reader, &format!("{indent}os.environ[\""), at);
        self.keep(reader, at, at + split);
        self.put(reader, "\"] = ", from);
        match value.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).or_else(|| value.strip_prefix('$')) {
            // `{key}` and `$key` are Python's variables.
            Some(inner) => {
                let skipped = usize::from(value.starts_with(['{', '$']));
                self.keep(reader, from + skipped, from + skipped + inner.len());
            }
            None if value.contains(['"', '\\', '{', '$']) => self.put(reader, "get_ipython()", from),
            None => {
                self.put(reader, "\"", from);
                self.keep(reader, from, to);
                self.put(reader, "\"", to);
            }
        }
        self.put(reader, "\n", to);
    }

    /// A line that does nothing for us. In a block it must be a statement all the same.
    fn nothing(&self, reader: &mut Reader<'_>) {
        let indent = &self.raw()[..self.raw().len() - self.raw().trim_start().len()];
        self.put(reader, &format!("{indent}pass\n"), self.end - 1);
    }

    fn raw(&self) -> &str {
        self.cell.text.get(self.start..self.end).unwrap_or("")
    }

    fn cut(&self, from: usize, to: usize) -> Option<Embedded> {
        self.cell.cut(from, self.cell.text.len() - to)
    }

    /// Adds a part of the cell as it is.
    fn keep(&self, reader: &mut Reader<'_>, from: usize, to: usize) {
        if let Some(part) = self.cut(from, to) {
            reader.program.append(&part);
        }
    }

    /// Adds a text of our own at a place of the cell.
    fn put(&self, reader: &mut Reader<'_>, text: &str, at: usize) {
        let place = self.cell.place(Span::new(at, at)).start as usize;
        reader.program.push_decoded(text, place, place);
    }
}
