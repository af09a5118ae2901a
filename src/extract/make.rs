//! Lowers Makefiles: assignments and exports become the script of the file, each target's recipe a script inside it.
//!
//! `$(X)` in a recipe is put in by make, `$$X` is read by the shell; both find what the file assigns. Conditionals are
//! branches. Functions (`$(shell ...)`) are not known.

use super::Unparsable;
use super::dotenv::expand::name_at;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, EnvBlock, ExprId, ExprKind, Module, Span};
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut reader = Reader { source, builder: Builder::new(), main: Embedded::default(), recipes: Vec::new() };
    let export_all = (0..source.line_count()).any(|line| {
        let text = source.slice(source.line_span(line)).trim_end();
        text == "export" || text.starts_with(".EXPORT_ALL_VARIABLES")
    });
    if export_all {
        reader.main.push_decoded("set -a\n", 0, 0);
    }
    let mut line = 0;
    while line < source.line_count() {
        line = reader.line(line);
    }
    Ok(reader.finish())
}

struct Reader<'a> {
    source: &'a Source,
    builder: Builder,
    main: Embedded,
    recipes: Vec<(String, Embedded)>,
}

/// An assignment's operator.
struct Assignment {
    name: Span,
    operator: &'static str,
    /// Where the value begins.
    value: usize,
}

impl<'a> Reader<'a> {
    /// Reads a logical line; the number of the one behind it.
    fn line(&mut self, number: usize) -> usize {
        let (lines, next) = continued(self.source, number);
        let (start, text) = lines[0];
        if let Some(command) = text.strip_prefix('\t') {
            if let Some((_, recipe)) = self.recipes.last_mut() {
                push_recipe(self.source, recipe, &lines, text.len() - command.len());
            }
            return next;
        }
        let trimmed = text.trim_start();
        let start = start + (text.len() - trimmed.len());
        if let Some(hash) = comment(trimmed) {
            let span = Span::new(start + hash, start + trimmed.trim_end().len());
            if self.source.slice(span).contains("mixlint:") {
                self.builder.module().comments.push(Comment { span, own_line: hash == 0 });
            }
        }
        let word = trimmed.split([' ', '\t', '(']).next().unwrap_or("");
        let line = &lines[0];
        match word {
            _ if trimmed.is_empty() || trimmed.starts_with('#') => {}
            "define" => return self.skip_definition(next),
            "include" | "-include" | "sinclude" => {
                for file in trimmed[word.len()..].split_ascii_whitespace().filter(|file| shell::is_dotenv_path(file)) {
                    let at = start + trimmed.find(file).unwrap_or(0);
                    self.main.push_decoded(". ", at, at);
                    self.main.push(file, at);
                    self.main.push_decoded("\n", at, at);
                }
            }
            "ifdef" | "ifndef" | "ifeq" | "ifneq" => self.condition("if", trimmed, start),
            "else" if trimmed.len() > 5 && trimmed[4..].trim_start().starts_with("if") => {
                self.condition("elif", trimmed, start);
            }
            "else" => self.main.push_decoded("\nelse\n:\n", start, start + 4),
            "endif" => self.main.push_decoded("\nfi\n", start, start + 5),
            "unexport" | "undefine" | "vpath" => {}
            _ => self.statement(&lines, start - line.0),
        }
        next
    }

    /// What make decides before it runs anything: equal texts are equal conditions.
    fn condition(&mut self, keyword: &str, text: &str, start: usize) {
        let name: String = text.trim_start_matches("else").chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let line = format!("\n{keyword} [ make-{name} ]; then\n:\n");
        self.main.push_decoded(&line, start, start + text.len());
    }

    fn skip_definition(&self, number: usize) -> usize {
        let ends = |line: usize| self.source.slice(self.source.line_span(line)).trim_start().starts_with("endef");
        (number..self.source.line_count()).find(|&line| ends(line)).map_or(self.source.line_count(), |line| line + 1)
    }

    /// An assignment, a rule, or an export.
    fn statement(&mut self, lines: &[(usize, &'a str)], skipped: usize) {
        let (at, line) = lines[0];
        let text = &line[skipped..];
        let start = at + skipped;
        let export = text.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let rest = export.map_or(text, str::trim_start);
        let rest = rest.strip_prefix("override ").unwrap_or(rest);
        let from = start + (text.len() - rest.len());
        if let Some(assignment) = assignment(rest, from) {
            return self.assign(&assignment, lines, export.is_some());
        }
        if export.is_some() {
            for name in rest.split_ascii_whitespace().filter(|name| name_at(name) == name.len()) {
                let at = from + rest.find(name).unwrap_or(0);
                self.main.push_decoded("export ", at, at);
                self.main.push(name, at);
                self.main.push_decoded("\n", at, at);
            }
            return;
        }
        let Some(colon) = text.find(':') else { return };
        let behind = &text[colon + 1..];
        let inner = behind.trim_start();
        let export = inner.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let inner = export.map_or(inner, str::trim_start);
        let from = start + (text.len() - inner.len());
        if let Some(assignment) = assignment(inner, from) {
            // For this target only.
            self.main.push_decoded("\nif [ make-target ]; then\n", start, start);
            self.assign(&assignment, lines, export.is_some());
            self.main.push_decoded("fi\n", start, start);
            return;
        }
        let name = text[..colon].trim().to_owned();
        let mut recipe = Embedded::default();
        if let Some(semicolon) = behind.find(';') {
            push_recipe(self.source, &mut recipe, lines, skipped + colon + 1 + semicolon + 1);
        }
        self.recipes.push((name, recipe));
    }

    fn assign(&mut self, assignment: &Assignment, lines: &[(usize, &'a str)], export: bool) {
        let text = &mut self.main;
        let name = self.source.slice(assignment.name);
        let name_at = assignment.name.start as usize;
        if export {
            text.push_decoded("export ", name_at, name_at);
        }
        text.push(name, name_at);
        if assignment.operator == "!=" {
            return text.push_decoded("=$(:)\n", name_at, name_at);
        }
        text.push_decoded(if assignment.operator == "+=" { "+=\"" } else { "=\"" }, name_at, name_at);
        if assignment.operator == "?=" {
            text.push_decoded(&format!("${{{name}:-"), name_at, name_at);
        }
        // Quotes are part of a value.
        for (index, &(at, line)) in lines.iter().enumerate() {
            let from = if index == 0 { assignment.value - at } else { line.len() - line.trim_start().len() };
            let content = line.get(from..).unwrap_or("");
            let content = content.get(..comment(content).unwrap_or(content.len())).unwrap_or("").trim_end();
            if index > 0 && !text.text.ends_with(['"', '-']) {
                text.push_decoded(" ", at, at);
            }
            push_text(text, content, at + from, true);
        }
        let end = assignment.value;
        text.push_decoded(if assignment.operator == "?=" { "}\"\n" } else { "\"\n" }, end, end);
    }

    fn finish(mut self) -> Module {
        let label = self.source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut blocks: Vec<EnvBlock> = Vec::new();
        let main = lower(self.source, &self.main, &label);
        let around = main.map(|module| {
            let (func, grafted) = self.main.graft(&mut self.builder, module);
            embed::adopt(&mut blocks, grafted, None);
            func
        });
        let exports = (!blocks.is_empty()).then_some(0);
        for (name, text) in &self.recipes {
            if !crate::prefilter::names_variables(&text.text) && text.holes.is_empty() {
                continue;
            }
            let Some(module) = lower(self.source, text, name) else { continue };
            let (func, grafted) = text.graft(&mut self.builder, module);
            if let Some(exports) = exports.filter(|_| grafted.iter().any(|block| block.runs)) {
                blocks[exports].extended = true;
            }
            embed::adopt(&mut blocks, grafted, exports);
            if let Some(around) = around {
                embed::put_inside(&mut self.builder, func, around);
            }
        }
        self.builder.module().env_blocks = blocks;
        self.builder.finish()
    }
}

/// Lowers a script; `$(X)` and `${X}` are variables, automatic ones and functions are not known.
fn lower(source: &Source, text: &Embedded, label: &str) -> Option<Module> {
    let hole = |builder: &mut Builder, span: Span| -> ExprId {
        let raw = source.slice(text.place(span));
        let name =
            raw.get(2..raw.len().saturating_sub(1)).filter(|name| !name.is_empty() && name_at(name) == name.len());
        let kind = name.map_or(ExprKind::Unknown, |name| ExprKind::Env { name: name.to_owned(), default: None });
        builder.expr(span, kind)
    };
    shell::script(text, label, &hole).ok()
}

/// A line with those that a backslash continues, each without it.
fn continued(source: &Source, number: usize) -> (Vec<(usize, &str)>, usize) {
    let mut lines = Vec::new();
    let mut number = number;
    loop {
        let span = source.line_span(number);
        let text = source.slice(span);
        number += 1;
        let content = text.strip_suffix('\\').filter(|_| number < source.line_count());
        lines.push((span.start as usize, content.unwrap_or(text)));
        if content.is_none() {
            return (lines, number);
        }
    }
}

/// Where a comment begins.
fn comment(text: &str) -> Option<usize> {
    memchr::memchr_iter(b'#', text.as_bytes()).find(|&at| at == 0 || text.as_bytes()[at - 1] != b'\\')
}

/// `NAME = `, `NAME := ` and the like, at the start of a text.
fn assignment(text: &str, start: usize) -> Option<Assignment> {
    let name = name_at(text);
    let rest = text[name..].trim_start();
    let operator = [":::=", "::=", ":=", "?=", "+=", "!=", "="].into_iter().find(|operator| rest.starts_with(operator));
    let operator = operator.filter(|_| name > 0)?;
    let value = rest[operator.len()..].trim_start();
    Some(Assignment { name: Span::new(start, start + name), operator, value: start + (text.len() - value.len()) })
}

/// A line of a recipe, from an offset of its first line.
fn push_recipe(source: &Source, recipe: &mut Embedded, lines: &[(usize, &str)], from: usize) {
    for (index, &(at, line)) in lines.iter().enumerate() {
        let line_from = if index == 0 { from } else { usize::from(line.starts_with('\t')) };
        let content = line.get(line_from..).unwrap_or("");
        // `@`, `-` and `+` say how it is run.
        let command = if index == 0 { content.trim_start_matches(['@', '-', '+', ' ', '\t']) } else { content };
        push_text(recipe, command, at + line_from + (content.len() - command.len()), false);
        let end = source.line_span(source.line_of(at)).end as usize;
        recipe.push_decoded(if index + 1 < lines.len() { "\\\n" } else { "\n" }, end, end);
    }
}

/// Text that make expands: `$$` is a dollar sign. Where it is `quoted` for the shell, what means something there is
/// escaped.
fn push_text(text: &mut Embedded, raw: &str, start: usize, quoted: bool) {
    let bytes = raw.as_bytes();
    let (mut plain, mut at) = (0, 0);
    while at < bytes.len() {
        let (length, decoded) = match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'$') => (2, if quoted { "\\$".to_owned() } else { "$".to_owned() }),
            b'$' => {
                let length = reference(&raw[at..]);
                text.push(raw.get(plain..at).unwrap_or(""), start + plain);
                text.push_hole(start + at, start + at + length);
                at += length;
                plain = at;
                continue;
            }
            byte @ (b'"' | b'\\' | b'`') if quoted => (1, format!("\\{}", char::from(byte))),
            _ => {
                at += 1;
                continue;
            }
        };
        text.push(raw.get(plain..at).unwrap_or(""), start + plain);
        text.push_decoded(&decoded, start + at, start + at + length);
        at += length;
        plain = at;
    }
    text.push(raw.get(plain..).unwrap_or(""), start + plain);
}

/// The length of `$(X)`, `${X}`, `$X`, `$@`.
fn reference(text: &str) -> usize {
    let close = match text.as_bytes().get(1) {
        Some(b'(') => b')',
        Some(b'{') => b'}',
        Some(byte) if byte.is_ascii() => return 2,
        _ => return 1,
    };
    let open = text.as_bytes()[1];
    let mut depth = 0usize;
    for (at, &byte) in text.as_bytes().iter().enumerate().skip(1) {
        depth += usize::from(byte == open);
        if byte == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
