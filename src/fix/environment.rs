//! One more variable for an environment, beside the one that holds the key.

use super::Place;
use crate::facts::{EnvVar, Module, Span};
use crate::finding::Edit;
use crate::language::Language;

/// Sets a variable beside the one whose name stands at a place.
pub(super) fn add(place: &Place<'_>, module: &Module, key: Span, name: &str, url: &str) -> Option<Vec<Edit>> {
    let block = module.env_blocks.iter().find(|block| block.vars.iter().any(|var| var.name_span == key))?;
    let var = block.vars.iter().find(|var| var.name_span == key)?;
    // One that is there, and empty.
    if let Some(known) = block.vars.iter().find(|known| known.name == name) {
        return super::values::set_url(place, module.span(known.value), url);
    }
    match place.source.language {
        Language::Dotenv => Some(line(place, var, &format!("{name}={url}"))),
        Language::Shell => Some(shell(place, var, name, url)),
        Language::Yaml => yaml(place, var, name, url),
        Language::Dockerfile => Some(dockerfile(place, var, name, url)),
        Language::PowerShell
        | Language::Fish
        | Language::Batch
        | Language::Make
        | Language::Just
        | Language::Systemd
        | Language::Terraform => assignment(place, var, name, url),
        Language::Toml | Language::Json | Language::Ini => add_field(place, var.name_span, name, url),
        _ => None,
    }
}

/// A line of its own below the key's, which begins as that does: `export `, blanks.
fn line(place: &Place<'_>, var: &EnvVar, text: &str) -> Vec<Edit> {
    let start = var.name_span.start as usize;
    let head = &place.text()[place.line_start(start)..start];
    let end = place.line_end((var.span.end as usize).max(start));
    vec![place.insert(end, format!("{}{head}{text}", place.newline()))]
}

/// A line of its own below the key's, which assigns in the same way: `set -gx KEY …`, `$env:KEY = "…"`, `Environment=KEY=…`.
fn assignment(place: &Place<'_>, var: &EnvVar, name: &str, url: &str) -> Option<Vec<Edit>> {
    let text = place.text();
    let (start, name_end) = (var.name_span.start as usize, var.name_span.end as usize);
    let line_end = place.line_end(name_end);
    let head = text[place.line_start(start)..start].trim_start();
    let rest = &text[name_end..line_end];
    let operator = &rest[..rest.find(|c: char| !matches!(c, ' ' | '\t' | '=' | ':' | '?'))?];
    let quote = rest[operator.len()..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let closing = head.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    // One assignment for a line: what else stands there is not to be copied.
    let words = head.trim_end_matches(['"', '\'']).split_whitespace().count();
    let fits = match place.source.language {
        Language::Fish => head.starts_with("set ") && !rest.contains(';'),
        Language::Batch => words == 1 && head.to_ascii_lowercase().starts_with("set ") && !rest.contains('&'),
        Language::Systemd => words == 1 && head.contains('=') && (closing.is_some() || !operator.contains(' ')),
        Language::PowerShell => !rest.contains(';'),
        Language::Make | Language::Just => matches!(head.trim(), "" | "export") && operator.contains('='),
        _ => head.is_empty() && operator.contains('='),
    };
    if !fits || rest.ends_with('\\') {
        return None;
    }
    let quote = match place.source.language {
        Language::PowerShell | Language::Just | Language::Terraform => Some(quote.unwrap_or('"')),
        _ => quote,
    };
    let ends = closing.or(quote).map_or(String::new(), String::from);
    let begins = quote.map_or(String::new(), String::from);
    Some(line(place, var, &format!("{name}{operator}{begins}{url}{ends}")))
}

/// `ENV URL=…` below `ENV KEY=…`; among others in one instruction, in front of the key.
fn dockerfile(place: &Place<'_>, var: &EnvVar, name: &str, url: &str) -> Vec<Edit> {
    let text = place.text();
    let start = var.name_span.start as usize;
    let end = (var.span.end as usize).max(var.name_span.end as usize);
    let head = &text[place.line_start(start)..start];
    let keyword = head.trim();
    let alone =
        text[end..place.line_end(end)].trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).is_empty();
    if alone && ["ENV", "ARG"].iter().any(|known| keyword.eq_ignore_ascii_case(known)) {
        return line(place, var, &format!("{name}={url}"));
    }
    let before = text[..place.line_start(start)].trim_end();
    if let Some(escape) = before.chars().next_back().filter(|c| keyword.is_empty() && matches!(c, '\\' | '`')) {
        // A line of its own in a continued instruction.
        return vec![place.insert(start, format!("{name}={url} {escape}{}{head}", place.newline()))];
    }
    vec![place.insert(start, format!("{name}={url} "))]
}

/// A field in front of the one whose name stands at a place: `api_key: …`, `"api_key": …`, `api_key = …`.
pub(super) fn add_field(place: &Place<'_>, key: Span, name: &str, url: &str) -> Option<Vec<Edit>> {
    let text = place.text();
    let (mut start, mut end) = (key.start as usize, key.end as usize);
    // The place has the quotes, or it stands between them.
    let outside = text[..start].chars().next_back().filter(|quote| text[end..].starts_with(*quote));
    if outside.is_some_and(|quote| matches!(quote, '"' | '\'')) {
        (start, end) = (start - 1, end + 1);
    }
    let quote = text[start..end].chars().next().filter(|c| matches!(c, '"' | '\'')).map_or("".to_owned(), String::from);
    let head = &text[place.line_start(start)..start];
    let separator = text[end..].trim_start().chars().next()?;
    let language = place.source.language;
    let comma = match (language, separator) {
        (Language::Yaml, ':') | (Language::Toml, '=') | (Language::Ini, ':' | '=') => "",
        (Language::Json | Language::Python, ':') => ",",
        (_, ':') if language.is_javascript() => ",",
        _ => return None,
    };
    // The first field of a list's item stands behind the dash.
    let in_item = language == Language::Yaml && head.trim() == "-";
    let alone = head.trim().is_empty() || in_item;
    let between = if alone { format!("{comma}{}{}", place.newline(), head.replace('-', " ")) } else { ", ".to_owned() };
    let value = match language {
        Language::Yaml | Language::Ini => url.to_owned(),
        Language::Json => format!("\"{url}\""),
        _ => place.quoted(Span::new(end, place.line_end(end)), url),
    };
    let equals = if separator == '=' { " =" } else { ":" };
    Some(vec![place.insert(start, format!("{quote}{name}{quote}{equals} {value}{between}"))])
}

fn shell(place: &Place<'_>, var: &EnvVar, name: &str, url: &str) -> Vec<Edit> {
    let start = var.name_span.start as usize;
    let end = var.span.end as usize;
    let head = place.text()[place.line_start(start)..start].trim();
    let rest = place.text()[end..place.line_end(end)].trim();
    let alone = rest.is_empty() || rest.starts_with('#');
    let plain =
        head.split_whitespace().all(|word| matches!(word, "export" | "declare" | "typeset" | "readonly" | "-x"));
    if alone && plain {
        return line(place, var, &format!("{name}={url}"));
    }
    // Among other words: `KEY=… command`, `docker run -e KEY=…`.
    let flag = head.split_whitespace().last().filter(|word| matches!(*word, "-e" | "--env"));
    let flag = flag.map_or(String::new(), |flag| format!("{flag} "));
    vec![place.insert(start, format!("{name}={url} {flag}"))]
}

fn yaml(place: &Place<'_>, var: &EnvVar, name: &str, url: &str) -> Option<Vec<Edit>> {
    let text = place.text();
    let start = var.name_span.start as usize;
    let line_start = place.line_start(start);
    let head = &text[line_start..start];
    let after = text[var.name_span.end as usize..].trim_start_matches(['"', '\'']);
    let newline = place.newline();
    let end = place.line_end((var.span.end as usize).max(var.name_span.end as usize));
    let opening = head.trim_end_matches(['"', '\'']);
    let quote = &head[opening.len()..];
    let dashed = opening.trim_start();
    let indent = &opening[..opening.len() - dashed.len()];
    if dashed.is_empty() && after.trim_start().starts_with(':') {
        // `KEY: value`
        return Some(vec![place.insert(end, format!("{newline}{indent}{quote}{name}{quote}: {url}"))]);
    }
    let item = dashed.strip_prefix('-').map(str::trim_start);
    if item == Some("") && after.starts_with('=') {
        // `- KEY=value`
        return Some(vec![place.insert(end, format!("{newline}{opening}{quote}{name}={url}{quote}"))]);
    }
    if let Some(rest) = item
        && rest.trim_end() == "name:"
    {
        // `- name: KEY`, `value: …` below it.
        let field = " ".repeat(dashed.len() - rest.len());
        let item = format!("{newline}{opening}{quote}{name}{quote}{newline}{indent}{field}value: {url}");
        return Some(vec![place.insert(end, item)]);
    }
    // `{KEY: value}`
    let at = start - quote.len();
    let flow = opening.trim_end().ends_with(['{', ',']) && after.trim_start().starts_with(':');
    flow.then(|| vec![place.insert(at, format!("{quote}{name}{quote}: {quote}{url}{quote}, "))])
}
