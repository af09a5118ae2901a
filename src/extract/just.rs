//! Lowers justfiles: variables and settings become the script of the file, each recipe a script inside it.

use super::Unparsable;
use super::dotenv::expand::name_at;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, EnvBlock, ExprId, ExprKind, Module, Span};
use crate::language::Language;
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut builder = Builder::new();
    let mut main = Embedded::default();
    let mut recipes: Vec<(String, Embedded)> = Vec::new();
    let mut in_recipe = false;
    for number in 0..source.line_count() {
        let span = source.line_span(number);
        let (start, text) = (span.start as usize, source.slice(span));
        let trimmed = text.trim_start();
        let at = start + (text.len() - trimmed.len());
        if trimmed.starts_with('#') && trimmed.contains("mixlint:") {
            let span = Span::new(at, at + trimmed.trim_end().len());
            builder.module().comments.push(Comment { span, own_line: true });
        }
        let indented = text.starts_with([' ', '\t']);
        if trimmed.is_empty() || (trimmed.starts_with('#') && !indented) {
            continue;
        }
        if indented {
            if let Some((_, recipe)) = recipes.last_mut().filter(|_| in_recipe) {
                let first = recipe.text.is_empty();
                let command =
                    if first && trimmed.starts_with("#!") { trimmed } else { trimmed.trim_start_matches(['@', '-']) };
                push_line(recipe, command, at + (trimmed.len() - command.len()));
            }
            continue;
        }
        in_recipe = false;
        if let Some(setting) = trimmed.strip_prefix("set ") {
            set(setting.trim(), at, &mut main);
        } else if let Some((name, value)) = assignment(trimmed) {
            assign(trimmed, name, value, at, &mut main);
        } else if let Some(colon) = trimmed.find(':').filter(|_| !trimmed.starts_with("alias ")) {
            let name = trimmed[..colon].split_ascii_whitespace().next().unwrap_or("").trim_start_matches('@');
            recipes.push((name.to_owned(), Embedded::default()));
            in_recipe = true;
        }
    }
    let label = source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut blocks: Vec<EnvBlock> = Vec::new();
    let around = lower(source, &main, &label).map(|module| {
        let (func, grafted) = main.graft(&mut builder, module);
        embed::adopt(&mut blocks, grafted, None);
        func
    });
    let exports = (!blocks.is_empty()).then_some(0);
    for (name, text) in &recipes {
        // A recipe with a `#!` line of its own is in that language.
        let shell = !text.text.starts_with("#!")
            || text.text.lines().next().and_then(Language::of_shebang) == Some(Language::Shell);
        if !shell || (!crate::prefilter::names_variables(&text.text) && text.holes.is_empty()) {
            continue;
        }
        let Some(module) = lower(source, text, name) else { continue };
        let (func, grafted) = text.graft(&mut builder, module);
        if let Some(exports) = exports.filter(|_| grafted.iter().any(|block| block.runs)) {
            blocks[exports].extended = true;
        }
        embed::adopt(&mut blocks, grafted, exports);
        if let Some(around) = around {
            embed::put_inside(&mut builder, func, around);
        }
    }
    builder.module().env_blocks = blocks;
    Ok(builder.finish())
}

/// Lowers a script; `{{name}}` is a variable, any other expression is not known.
fn lower(source: &Source, text: &Embedded, label: &str) -> Option<Module> {
    let hole = |builder: &mut Builder, span: Span| -> ExprId {
        let raw = source.slice(text.place(span));
        let name = raw.trim_start_matches('{').trim_end_matches('}').trim();
        let known = !name.is_empty() && name_at(name) == name.len();
        let kind = if known { ExprKind::Env { name: name.to_owned(), default: None } } else { ExprKind::Unknown };
        builder.expr(span, kind)
    };
    shell::script(text, label, &hole).ok()
}

/// `set dotenv-load`, `set export`
fn set(setting: &str, at: usize, main: &mut Embedded) {
    let on = !setting.ends_with("false");
    if setting.starts_with("dotenv-load") && on {
        main.push_decoded(". ./.env\n", at, at);
    } else if setting.starts_with("dotenv-filename") || setting.starts_with("dotenv-path") {
        let path = setting.split(['"', '\'']).nth(1).unwrap_or("");
        if shell::is_dotenv_path(path) {
            main.push_decoded(&format!(". {path}\n"), at, at);
        }
    } else if setting.starts_with("export") && on {
        main.push_decoded("set -a\n", at, at);
    }
}

/// `name := value`: where the name begins and where the value does.
fn assignment(text: &str) -> Option<(usize, usize)> {
    let start = text.strip_prefix("export ").map_or(0, |rest| text.len() - rest.trim_start().len());
    let name = name_at(&text[start..]);
    let rest = text[start + name..].trim_start();
    let value = rest.strip_prefix(":=").filter(|_| name > 0)?.trim_start();
    Some((start, text.len() - value.len()))
}

fn assign(text: &str, name: usize, value: usize, at: usize, main: &mut Embedded) {
    if name > 0 {
        main.push_decoded("export ", at, at);
    }
    let length = name_at(&text[name..]);
    main.push(&text[name..name + length], at + name);
    main.push_decoded("=", at + name + length, at + name + length);
    expression(&text[value..], at + value, main);
    main.push_decoded("\n", at + text.len(), at + text.len());
}

/// Strings, variables and reads of the environment, joined by `+`, as a word of the shell.
fn expression(text: &str, start: usize, main: &mut Embedded) {
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(length) = string(rest, start + at, main).or_else(|| read(rest, start + at, main)) else {
            break;
        };
        at += length;
        at += text[at..].len() - text[at..].trim_start().len();
        match text.as_bytes().get(at) {
            None | Some(b'#') => return,
            Some(b'+') => at += 1,
            Some(_) => break,
        }
    }
    // Not understood: nothing is known of any part.
    main.push_decoded("$(:)", start, start + text.len());
}

/// A string at the start of a text; its length with its quotes.
fn string(text: &str, start: usize, main: &mut Embedded) -> Option<usize> {
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| text.starts_with(quote))?;
    let inner = &text[quote.len()..];
    let end = inner.find(quote)?;
    let raw = &inner[..end];
    // A quote of the other kind inside must not end the shell's word.
    let shell = if raw.contains('\'') { "\"" } else { "'" };
    main.push_decoded(shell, start, start + quote.len());
    main.push(raw, start + quote.len());
    main.push_decoded(shell, start + quote.len() + end, start + 2 * quote.len() + end);
    Some(2 * quote.len() + end)
}

/// A variable, or `env("X")`, `env_var_or_default("X", "d")`; its length.
fn read(text: &str, start: usize, main: &mut Embedded) -> Option<usize> {
    let word = name_at(text);
    if word == 0 {
        return None;
    }
    let Some(call) = text[word..].strip_prefix('(') else {
        main.push_decoded("${", start, start);
        main.push(&text[..word], start);
        main.push_decoded("}", start + word, start + word);
        return Some(word);
    };
    if !matches!(&text[..word], "env" | "env_var" | "env_var_or_default") {
        return None;
    }
    let end = call.find(')')?;
    let mut args = call[..end].split(',').map(str::trim);
    let unquoted = |arg: &str| arg.trim_matches(['"', '\'']).to_owned();
    let name = unquoted(args.next()?);
    if name_at(&name) != name.len() || name.is_empty() {
        return None;
    }
    let name_start = start + text.find(&name)?;
    main.push_decoded("${", name_start, name_start);
    main.push(&name, name_start);
    if let Some(default) = args.next() {
        let inner = unquoted(default);
        let from = start + text.find(default)? + usize::from(default.starts_with(['"', '\'']));
        main.push_decoded(":-", from, from);
        main.push(&inner, from);
    }
    main.push_decoded("}", name_start, name_start);
    Some(word + 1 + end + 1)
}

/// A line of a recipe with `{{ ... }}` in it.
fn push_line(recipe: &mut Embedded, line: &str, start: usize) {
    let mut at = 0;
    while let Some(open) = line[at..].find("{{").map(|open| at + open) {
        let Some(close) = line[open..].find("}}").map(|close| open + close + 2) else { break };
        recipe.push(&line[at..open], start + at);
        recipe.push_hole(start + open, start + close);
        at = close;
    }
    recipe.push(&line[at..], start + at);
    recipe.push_decoded("\n", start + line.len(), start + line.len());
}

#[cfg(test)]
mod tests;
