//! Lowers systemd units and Podman's container units: `Environment=` lines are an environment, `ExecStart=` lines are
//! commands in it. Files that `EnvironmentFile=` names lie outside of any repository: with one, anything may be set.

use super::Unparsable;
use super::embed::{self, Embedded};
use super::shell;
use crate::facts::{Builder, Comment, EnvBlock, EnvKind, EnvVar, ExprKind, Module, Span};
use crate::source::Source;
use crate::text::Text;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let mut builder = Builder::new();
    let mut vars: Vec<EnvVar> = Vec::new();
    let mut commands = Vec::new();
    let mut open = false;
    let mut number = 0;
    while number < source.line_count() {
        let span = source.line_span(number);
        let text = source.slice(span);
        let trimmed = text.trim_start();
        let start = span.start as usize + (text.len() - trimmed.len());
        if trimmed.starts_with(['#', ';']) {
            if trimmed.contains("mixlint:") {
                let span = Span::new(start, start + trimmed.trim_end().len());
                builder.module().comments.push(Comment { span, own_line: true });
            }
            number += 1;
            continue;
        }
        let Some((key, _)) = trimmed.split_once('=') else {
            number += 1;
            continue;
        };
        let (value, next) = value(source, number, start + key.len() + 1);
        number = next;
        match key.trim_end() {
            "Environment" => {
                if value.text.trim().is_empty() {
                    vars.clear();
                }
                variables(&value, &mut builder, &mut vars);
            }
            "EnvironmentFile" | "PassEnvironment" => open = true,
            "ExecStart" | "ExecStartPre" | "ExecStartPost" | "ExecReload" => commands.push(value),
            _ => {}
        }
    }
    let mut blocks = Vec::new();
    if !vars.is_empty() {
        let label = source.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let whole = Span::new(0, source.text.len());
        blocks.push(EnvBlock { vars, open, ..EnvBlock::new(EnvKind::Unit, label, whole) });
    }
    let around = (!blocks.is_empty()).then_some(0);
    for command in commands {
        // `-`, `@` and the like before the program say how it is run.
        let skipped = command.text.len() - command.text.trim_start_matches(['-', '@', ':', '+', '!', ' ', '\t']).len();
        let Some(command) = command.cut(skipped, 0).filter(|text| crate::prefilter::names_variables(&text.text)) else {
            continue;
        };
        let hole = |builder: &mut Builder, span| builder.expr(span, ExprKind::Unknown);
        let Ok(module) = shell::script(&command, "ExecStart", &hole) else { continue };
        let (func, grafted) = command.graft(&mut builder, module);
        if let Some(script) = &mut builder.function_mut(func).script {
            script.environment = around;
        }
        if let Some(around) = around.filter(|_| !grafted.is_empty()) {
            blocks[around].extended = true;
        }
        embed::adopt(&mut blocks, grafted, around);
    }
    builder.module().env_blocks = blocks;
    Ok(builder.finish())
}

/// The text behind `=`, over all lines that a backslash continues; and the number of the line behind it.
fn value(source: &Source, number: usize, start: usize) -> (Embedded, usize) {
    let mut text = Embedded::default();
    let mut number = number;
    let mut from = start;
    loop {
        let end = source.line_span(number).end as usize;
        let line = source.text.get(from..end).unwrap_or("");
        number += 1;
        let content = line.strip_suffix('\\');
        text.push(content.unwrap_or(line), from);
        if content.is_none() || number >= source.line_count() {
            return (text, number);
        }
        text.push_decoded(" ", end - 1, end);
        from = source.line_span(number).start as usize;
    }
}

/// `NAME=value "OTHER=with space" 'THIRD=x'`
fn variables(value: &Embedded, builder: &mut Builder, vars: &mut Vec<EnvVar>) {
    let text = value.text.as_str();
    let mut at = 0;
    while let Some(blanks) = text.get(at..).map(|rest| rest.len() - rest.trim_start().len()) {
        at += blanks;
        let Some(first) = text.as_bytes().get(at) else { return };
        let quote = Some(*first).filter(|byte| matches!(byte, b'"' | b'\''));
        let start = at + usize::from(quote.is_some());
        let length = match quote {
            Some(quote) => memchr::memchr(quote, &text.as_bytes()[start..]),
            None => bare_word(&text[start..]),
        };
        let end = length.map_or(text.len(), |length| start + length);
        at = end + usize::from(quote.is_some());
        let word = text.get(start..end).unwrap_or("");
        let Some((name, written)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) else { continue };
        let from = start + name.len() + 1;
        // `NAME="value"`: quotes in the middle of a word are taken away, too.
        let inner = ['"', '\''].into_iter().find_map(|quote| written.strip_prefix(quote)?.strip_suffix(quote));
        let (from, written) = inner.map_or((from, written), |inner| (from + 1, inner));
        let span = value.place(Span::new(from, from + written.len()));
        let known = !written.replace("%%", "").contains(['%', '\\']);
        let kind = if known { ExprKind::Str(Text::new(written.replace("%%", "%"))) } else { ExprKind::Unknown };
        vars.push(EnvVar {
            name: name.to_owned(),
            name_span: value.place(Span::new(start, start + name.len())),
            value: builder.expr(span, kind),
            span: value.place(Span::new(start, end)),
        });
    }
}

/// Where a word ends that has no quote around it; there may be some inside.
fn bare_word(text: &str) -> Option<usize> {
    let mut open = None;
    text.char_indices().find_map(|(at, c)| {
        match open {
            None if c.is_whitespace() => return Some(at),
            None if matches!(c, '"' | '\'') => open = Some(c),
            Some(quote) if c == quote => open = None,
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests;
