//! Lowers fish scripts. Its commands, quotes and expansions are the shell's but for `set` and for how blocks are
//! written: those are written anew for the shell's parser, each piece in its place.

use super::Unparsable;
use super::dotenv::expand::name_at;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, ExprKind, Module, Span};
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut builder = Builder::new();
    let mut text = Embedded::default();
    let mut open: Vec<&str> = Vec::new();
    let mut number = 0;
    while number < source.line_count() {
        let mut statement = Embedded::default();
        loop {
            let span = source.line_span(number);
            let line = source.slice(span);
            let comment = comment(line);
            if let Some(hash) = comment.filter(|&hash| line[hash..].contains("mixlint:")) {
                let start = span.start as usize + hash;
                let span = Span::new(start, start + line[hash..].trim_end().len());
                builder.module().comments.push(Comment { span, own_line: line[..hash].trim().is_empty() });
            }
            let content = line.get(..comment.unwrap_or(line.len())).unwrap_or("").trim_end();
            number += 1;
            let continued = content.strip_suffix('\\').filter(|_| number < source.line_count());
            statement.push(continued.unwrap_or(content), span.start as usize);
            if continued.is_none() {
                break;
            }
            statement.push_decoded(" ", span.end as usize, span.end as usize);
        }
        for part in parts(&statement) {
            translate(&part, &mut text, &mut open);
        }
    }
    let label = source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let module = shell::script(&text, &label, &|builder, span| builder.expr(span, ExprKind::Unknown))?;
    let (_, grafted) = text.graft(&mut builder, module);
    let mut blocks = Vec::new();
    embed::adopt(&mut blocks, grafted, None);
    builder.module().env_blocks = blocks;
    Ok(builder.finish())
}

/// Where a comment begins: a `#` that is at the start of a word and outside quotes.
fn comment(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match quote {
            _ if escaped => escaped = false,
            _ if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte == b'#' && before.is_ascii_whitespace() => return Some(at),
            _ => {}
        }
        before = byte;
    }
    None
}

/// The statements of a line, which `;` separates.
fn parts(statement: &Embedded) -> Vec<Embedded> {
    let text = statement.text.as_str();
    let mut out = Vec::new();
    let mut from = 0;
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().chain([b';']).enumerate() {
        match quote {
            _ if escaped => escaped = false,
            _ if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte == b';' => {
                out.extend(statement.cut(from, text.len() - at));
                from = at + 1;
            }
            _ => {}
        }
    }
    if from < text.len() {
        out.extend(statement.cut(from, 0));
    }
    out
}

/// One statement in the shell's words.
fn translate(statement: &Embedded, out: &mut Embedded, open: &mut Vec<&str>) {
    let text = statement.text.as_str();
    let trimmed = text.trim();
    let skipped = text.len() - text.trim_start().len();
    let here = statement.place(Span::new(skipped, skipped)).start as usize;
    let word = trimmed.split([' ', '\t']).next().unwrap_or("");
    let subject: String = trimmed.bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect();
    let mut say = |text: &str| out.push_decoded(text, here, here);
    match word {
        "" => {}
        "if" | "while" | "for" | "switch" => {
            say(&format!("if [ fish-{subject} ]; then\n:\n"));
            open.push("fi");
        }
        "else" => {
            say(if trimmed.starts_with("else if") { "elif" } else { "else" });
            say(&if trimmed.starts_with("else if") {
                format!(" [ fish-{subject} ]; then\n:\n")
            } else {
                "\n:\n".to_owned()
            });
        }
        "case" => say(&format!("elif [ fish-{subject} ]; then\n:\n")),
        "begin" => {
            say("{\n:\n");
            open.push("}");
        }
        "function" => {
            let name: String = trimmed[word.len()..].trim().chars().take_while(|c| !c.is_whitespace()).collect();
            let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            say(&format!("f_{name}() {{\n:\n"));
            open.push("}");
        }
        "end" => {
            if let Some(closer) = open.pop() {
                say(closer);
                say("\n");
            }
        }
        "set" => set(statement, skipped + "set".len(), out),
        _ => {
            let from = skipped
                + ["and ", "or ", "not ", "builtin "].iter().find(|w| trimmed.starts_with(**w)).map_or(0, |w| w.len());
            copy(statement, from, text.len(), out);
            out.push_decoded("\n", here, here);
        }
    }
}

/// `set -gx NAME value`
fn set(statement: &Embedded, from: usize, out: &mut Embedded) {
    let text = statement.text.as_str();
    let mut at = from;
    let mut export = false;
    let blanks = |at: usize| text[at..].len() - text[at..].trim_start().len();
    loop {
        at += blanks(at);
        let Some(option) = text[at..].strip_prefix('-') else { break };
        let length = option.find(char::is_whitespace).unwrap_or(option.len());
        let letters = &option[..length];
        export |= letters == "-export" || (!letters.starts_with('-') && letters.contains('x'));
        let erases = letters == "-erase" || (!letters.starts_with('-') && letters.contains('e'));
        if (!letters.starts_with('-') && letters.contains('q')) || letters == "-query" {
            return;
        }
        at += 1 + length;
        if erases {
            out.push_decoded("unset ", 0, 0);
            copy(statement, at, text.len(), out);
            out.push_decoded("\n", 0, 0);
            return;
        }
    }
    let name = name_at(&text[at..]);
    if name == 0 {
        return;
    }
    let value = at + name + blanks(at + name);
    let place = statement.place(Span::new(at, at)).start as usize;
    if export {
        out.push_decoded("export ", place, place);
    }
    copy(statement, at, at + name, out);
    let end = text.trim_end().len();
    let at_value = statement.place(Span::new(value.min(end), value.min(end))).start as usize;
    out.push_decoded("=", at_value, at_value);
    if one_word(text.get(value..end).unwrap_or("")) {
        copy(statement, value, end.max(value), out);
    } else {
        out.push_decoded("$(:)", at_value, at_value);
    }
    out.push_decoded("\n", at_value, at_value);
}

/// Whether a text is a single word without a command in it.
fn one_word(text: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match quote {
            _ if escaped => escaped = false,
            _ if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() || matches!(c, '(' | ')') => return false,
            _ => {}
        }
    }
    true
}

/// Copies a part; a command in parentheses becomes the shell's.
fn copy(statement: &Embedded, from: usize, to: usize, out: &mut Embedded) {
    let mut quote = None;
    let mut escaped = false;
    let mut plain = from;
    for (at, byte) in statement.text.bytes().enumerate().take(to).skip(from) {
        match quote {
            _ if escaped => escaped = false,
            _ if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if byte == b'(' && !statement.text[..at].ends_with('$') => {
                statement.copy_to(plain, at, out);
                let place = statement.place(Span::new(at, at)).start as usize;
                out.push_decoded("$(", place, place + 1);
                plain = at + 1;
            }
            _ => {}
        }
    }
    statement.copy_to(plain, to, out);
}

#[cfg(test)]
mod tests;
