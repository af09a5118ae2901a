//! Lowers Dockerfiles and Containerfiles: each stage is a script of its `ENV` and `ARG` instructions, with its `RUN`,
//! `CMD` and `ENTRYPOINT` lines as scripts inside it.

use std::collections::HashMap;

use super::Unparsable;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, EnvKind, ExprKind, FuncId, Module, Span};
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut reader = Reader {
        source,
        builder: Builder::new(),
        escape: b'\\',
        stage: Stage::default(),
        blocks: Vec::new(),
        images: HashMap::new(),
    };
    let mut line = 0;
    while line < source.line_count() {
        line = reader.instruction(line);
    }
    reader.finish_stage();
    reader.builder.module().env_blocks = reader.blocks;
    Ok(reader.builder.finish())
}

/// What has been read of a stage.
#[derive(Default)]
struct Stage {
    name: String,
    /// The stage that it starts from.
    base: Option<usize>,
    /// The image that it starts from, as written.
    image: String,
    /// Its variables, as a script.
    variables: Embedded,
    /// What it runs.
    scripts: Vec<Embedded>,
}

struct Reader<'a> {
    source: &'a Source,
    builder: Builder,
    /// What continues a line.
    escape: u8,
    stage: Stage,
    blocks: Vec<crate::facts::EnvBlock>,
    /// The block of each stage, by its name.
    images: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    fn line(&self, number: usize) -> (usize, &'a str) {
        let span = self.source.line_span(number);
        (span.start as usize, self.source.slice(span))
    }

    /// Reads the instruction that begins in a line; the number of the line behind it.
    fn instruction(&mut self, number: usize) -> usize {
        let (start, text) = self.line(number);
        let trimmed = text.trim_start();
        let start = start + (text.len() - trimmed.len());
        if trimmed.starts_with('#') {
            self.comment(start, trimmed);
            return number + 1;
        }
        let word = trimmed.bytes().take_while(u8::is_ascii_alphabetic).count();
        let keyword = trimmed[..word].to_ascii_uppercase();
        let rest = trimmed[word..].trim_start();
        let (lines, mut next) = self.continued(number, start + (trimmed.len() - rest.len()));
        match keyword.as_str() {
            "FROM" => self.from(rest),
            "ENV" => self.variables(&lines),
            "ARG" => self.argument(&lines),
            "RUN" | "CMD" | "ENTRYPOINT" => {
                let mut script = Embedded::default();
                let first = lines.first().map_or("", |line| line.1);
                let delimiter = heredoc(first);
                if delimiter.is_none() || !first.trim_start().starts_with("<<") {
                    self.command(&lines, &mut script);
                }
                if let Some(delimiter) = delimiter {
                    // The body is the script, or a part of it as it is for a shell.
                    while next < self.source.line_count() {
                        let (at, body) = self.line(next);
                        next += 1;
                        let ends = body.trim_start_matches('\t') == delimiter;
                        if ends && first.trim_start().starts_with("<<") {
                            break;
                        }
                        push_line(&mut script, body, at);
                        if ends {
                            break;
                        }
                    }
                }
                self.stage.scripts.push(script);
            }
            _ => {}
        }
        next
    }

    fn comment(&mut self, start: usize, text: &str) {
        if let Some(escape) = text[1..].trim().strip_prefix("escape=") {
            self.escape = if escape == "`" { b'`' } else { b'\\' };
        }
        if text.contains("mixlint:") {
            let span = Span::new(start, start + text.trim_end().len());
            self.builder.module().comments.push(Comment { span, own_line: true });
        }
    }

    /// The lines of an instruction whose first begins at `start`, without what continues them; and the number of the
    /// line behind.
    fn continued(&mut self, number: usize, start: usize) -> (Vec<(usize, &'a str)>, usize) {
        let mut lines = Vec::new();
        let mut number = number;
        let mut from = start;
        loop {
            let end = self.source.line_span(number).end as usize;
            let text = self.source.text.get(from..end).unwrap_or("");
            let content = text.trim_end().strip_suffix(char::from(self.escape));
            lines.push((from, content.unwrap_or(text)));
            number += 1;
            if content.is_none() {
                return (lines, number);
            }
            // Comments and empty lines do not end it.
            loop {
                if number >= self.source.line_count() {
                    return (lines, number);
                }
                let (at, text) = self.line(number);
                let trimmed = text.trim_start();
                if !trimmed.is_empty() && !trimmed.starts_with('#') {
                    from = at;
                    break;
                }
                self.comment_inside(at + (text.len() - trimmed.len()), trimmed);
                number += 1;
            }
        }
    }

    fn comment_inside(&mut self, start: usize, text: &str) {
        if text.contains("mixlint:") {
            let span = Span::new(start, start + text.trim_end().len());
            self.builder.module().comments.push(Comment { span, own_line: true });
        }
    }

    /// `FROM image AS name`
    fn from(&mut self, rest: &str) {
        self.finish_stage();
        let words: Vec<&str> = rest.split_ascii_whitespace().filter(|word| !word.starts_with("--")).collect();
        let name = match words.as_slice() {
            [_, keyword, name, ..] if keyword.eq_ignore_ascii_case("as") => name.to_ascii_lowercase(),
            _ => String::new(),
        };
        let base = words.first().and_then(|image| self.images.get(&image.to_ascii_lowercase())).copied();
        let image = words.first().map_or_else(String::new, |image| (*image).to_owned());
        self.stage = Stage { name, base, image, ..Stage::default() };
    }

    /// `ENV NAME=value OTHER="value"`, or `ENV NAME value`.
    fn variables(&mut self, lines: &[(usize, &str)]) {
        let Some(&(at, first)) = lines.first() else { return };
        let name = first.bytes().take_while(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count();
        let text = &mut self.stage.variables;
        text.push_decoded("export ", at, at);
        if first.as_bytes().get(name) == Some(&b'=') || name == first.len() {
            for (at, line) in lines {
                text.push(line, *at);
            }
        } else {
            text.push(&first[..name], at);
            let value = first[name..].trim();
            let start = at + first.len() - first[name..].trim_start().len();
            text.push_decoded("=", at + name, start);
            // White space is part of it, unless it has quotes of its own.
            let quote = if value.contains(['"', '\'']) { "" } else { "\"" };
            text.push_decoded(quote, start, start);
            text.push(value, start);
            text.push_decoded(quote, start + value.len(), start + value.len());
        }
        let end = lines.last().map_or(at, |(at, line)| at + line.len());
        text.push_decoded("\n", end, end);
    }

    /// `ARG NAME=default`: whoever builds may give another value.
    fn argument(&mut self, lines: &[(usize, &str)]) {
        for &(at, line) in lines {
            let line = line.trim_end();
            let name = super::dotenv::expand::name_at(line);
            if name == 0 || line.as_bytes().get(name) != Some(&b'=') {
                continue;
            }
            let text = &mut self.stage.variables;
            text.push(&line[..=name], at);
            text.push_decoded(&format!("${{{}:-", &line[..name]), at + name + 1, at + name + 1);
            text.push(&line[name + 1..], at + name + 1);
            text.push_decoded("}\n", at + line.len(), at + line.len());
        }
    }

    /// A command, written for a shell or as a list of words.
    fn command(&self, lines: &[(usize, &str)], script: &mut Embedded) {
        let mut number = 0;
        for (index, (at, line)) in lines.iter().enumerate() {
            // `RUN --mount=... command`
            let mut from = 0;
            if index == number {
                while let Some(rest) = line.get(from..).filter(|rest| rest.trim_start().starts_with("--")) {
                    let blanks = rest.len() - rest.trim_start().len();
                    let word = rest.trim_start().find(char::is_whitespace);
                    from += blanks + word.unwrap_or(rest.trim_start().len());
                    if word.is_none() {
                        number += 1;
                        break;
                    }
                }
            }
            script.push(&line[from..], at + from);
        }
        let end = lines.last().map_or(0, |(at, line)| at + line.len());
        script.push_decoded("\n", end, end);
        let list = script.text.trim_start().starts_with('[');
        if list {
            *script = words(script).unwrap_or_default();
        }
    }

    fn finish_stage(&mut self) {
        let stage = std::mem::take(&mut self.stage);
        let label = if stage.name.is_empty() { "image" } else { stage.name.as_str() };
        let mut image = stage.base;
        let mut around = None;
        if let Some((func, blocks)) = self.lower(&stage.variables, label) {
            let first = self.blocks.len();
            embed::adopt(&mut self.blocks, blocks, stage.base);
            if let Some(block) = self.blocks.get_mut(first) {
                block.kind = EnvKind::Image;
                block.programs = vec![stage.image.clone()];
                image = Some(first);
            }
            self.see(func, stage.base);
            around = Some(func);
        }
        for script in &stage.scripts {
            let Some((func, blocks)) = self.lower(script, label) else { continue };
            if blocks.iter().any(|block| block.runs)
                && let Some(image) = image
            {
                self.blocks[image].extended = true;
            }
            embed::adopt(&mut self.blocks, blocks, image);
            match around {
                Some(around) => embed::put_inside(&mut self.builder, func, around),
                None => self.see(func, image),
            }
        }
        if let Some(image) = image.filter(|_| !stage.name.is_empty()) {
            self.images.insert(stage.name, image);
        }
    }

    fn see(&mut self, func: FuncId, block: Option<usize>) {
        if let Some(script) = &mut self.builder.function_mut(func).script {
            script.environment = block;
        }
    }

    fn lower(&mut self, text: &Embedded, label: &str) -> Option<(FuncId, Vec<crate::facts::EnvBlock>)> {
        if text.text.is_empty() || !crate::prefilter::names_variables(&text.text) {
            return None;
        }
        let module = shell::script(text, label, &|builder, span| builder.expr(span, ExprKind::Unknown)).ok()?;
        Some(text.graft(&mut self.builder, module))
    }
}

fn push_line(text: &mut Embedded, line: &str, at: usize) {
    text.push(line, at);
    // At the end of the file nothing stands for it.
    text.push_decoded("\n", at + line.len(), at + line.len());
}

/// The word that ends a here-document which a line begins.
fn heredoc(line: &str) -> Option<&str> {
    let rest = &line[line.find("<<")? + 2..];
    let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches(['"', '\'']);
    let word = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    (word > 0).then(|| &rest[..word])
}

/// `["sh", "-c", "script"]`: the script.
fn words(list: &Embedded) -> Option<Embedded> {
    let text = list.text.as_str();
    let mut quoted = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('"')).map(|open| at + open) {
        let mut end = open + 1;
        while let Some(&byte) = text.as_bytes().get(end).filter(|byte| **byte != b'"') {
            end += if byte == b'\\' { 2 } else { 1 };
        }
        quoted.push((open + 1, end.min(text.len())));
        at = end + 1;
    }
    let word = |number: usize| quoted.get(number).and_then(|&(start, end)| text.get(start..end));
    let shell = matches!(word(0)?.rsplit('/').next()?, "sh" | "bash" | "ash" | "zsh" | "dash");
    if !shell || !word(1)?.starts_with('-') || !word(1)?.ends_with('c') {
        return None;
    }
    let &(start, end) = quoted.get(2)?;
    // An escape would not mean the same to the shell.
    if word(2)?.contains('\\') {
        return None;
    }
    list.cut(start, text.len() - end)
}

#[cfg(test)]
mod tests;
