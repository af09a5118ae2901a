//! Changes of what is written in one place: a URL, a name, a key.

use super::{Place, scheme};
use crate::endpoint::Url;
use crate::facts::Span;
use crate::finding::Edit;
use crate::language::Language;

/// Writes another host, and another path if there is one, into a URL.
pub(super) fn replace_url(
    place: &Place<'_>,
    at: Span,
    from: &Url,
    host: &str,
    path: Option<&str>,
) -> Option<Vec<Edit>> {
    if from.userinfo {
        return None;
    }
    let text = place.source.slice(at);
    let found = only_host(text, &from.host)?;
    let head = &text[..found];
    // The scheme may stand in an expression of its own; then it stays.
    let written = ["https://", "http://", "wss://", "ws://"]
        .into_iter()
        .find(|scheme| head.len() >= scheme.len() && ends_with_ignoring_case(head, scheme));
    let start = found - written.map_or(0, str::len);
    let mut end = found + from.host.len();
    if text[end..].starts_with('.') {
        end += 1;
    }
    if let Some(port) = from.port {
        let port = format!(":{port}");
        if !text[end..].starts_with(&port) {
            return None;
        }
        end += port.len();
    } else if text[end..].starts_with(':') {
        return None;
    }
    let mut new = String::new();
    if written.is_some() {
        new.push_str(scheme(from));
    }
    new.push_str(host);
    // A port goes with its host; the insecure scheme's own goes with the scheme.
    if let Some(port) = from.port.filter(|port| host == from.host && !matches!(port, 80 | 443)) {
        new.push_str(&format!(":{port}"));
    }
    if let Some(path) = path {
        let (old, path) = written_path(&text[end..], &from.path, path)?;
        end += old;
        new.push_str(path);
    }
    let offset = at.start as usize;
    Some(vec![place.edit(offset + start, offset + end, new)])
}

/// The part of a path that is written at the beginning of a text, as its length, and what is to be written instead. What
/// is written elsewhere, behind it, must stay.
fn written_path<'a>(text: &str, from: &str, to: &'a str) -> Option<(usize, &'a str)> {
    let ends = |rest: &str| {
        !rest.starts_with(|c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~' | '%' | '{' | '$')
        })
    };
    if text.strip_prefix(from).is_some_and(ends) {
        return Some((from.len(), to));
    }
    let same = text.bytes().zip(from.bytes()).take_while(|(a, b)| a == b).count();
    let (written, elsewhere) = from.split_at_checked(same)?;
    let rest = text.strip_prefix(written)?;
    (ends(rest) && !elsewhere.is_empty()).then_some(())?;
    Some((same, to.strip_suffix(elsewhere)?))
}

/// Where a host stands in a text, if it does once, as a whole.
fn only_host(text: &str, host: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut found = lower.match_indices(host).filter(|(at, _)| {
        let after = &lower[at + host.len()..];
        let dotted = after.strip_prefix('.').unwrap_or(after);
        !lower[..*at].ends_with(inner) && !dotted.starts_with(inner)
    });
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at)
}

fn ends_with_ignoring_case(text: &str, end: &str) -> bool {
    text.get(text.len() - end.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// Writes a URL where an empty value stands.
pub(super) fn set_url(place: &Place<'_>, at: Span, url: &str) -> Option<Vec<Edit>> {
    if place.source.language == Language::Notebook {
        return None;
    }
    let text = place.source.slice(at);
    let (start, end) = (at.start as usize, at.end as usize);
    let quoted = match place.source.language {
        // Values of these stand without quotes, or the quotes are not part of the place.
        Language::Dotenv | Language::Shell => text.trim().is_empty().then(|| url.to_owned())?,
        Language::Yaml => match text.trim() {
            "" | "~" | "null" | "Null" | "NULL" => url.to_owned(),
            _ => return None,
        },
        _ => match text.trim() {
            "None" | "null" | "undefined" => {
                let near = Span::new(place.line_start(start), place.line_end(end));
                place.quoted(near, url)
            }
            // A constant of a crate's: `OPENAI_API_BASE.to_string()`.
            name if place.source.language == Language::Rust && name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
                let rest = name.trim_start_matches(part);
                let upper = name.len() - rest.len();
                let last = name[..upper].rsplit(':').next()?;
                (!last.contains(|c: char| c.is_ascii_lowercase())).then(|| format!("\"{url}\"{rest}"))?
            }
            literal => {
                let quote = literal.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
                let inner = literal.trim_matches(quote);
                inner.trim().is_empty().then(|| format!("{quote}{url}{quote}"))?
            }
        },
    };
    Some(vec![place.edit(start, end, quoted)])
}

/// Writes another name, which stands in a place once as a whole word.
pub(super) fn rename(place: &Place<'_>, at: Span, from: &str, to: &str) -> Option<Vec<Edit>> {
    let text = place.source.slice(at);
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = text
        .match_indices(from)
        .filter(|(start, _)| !text[..*start].ends_with(word) && !text[start + from.len()..].starts_with(word));
    let (start, _) = found.next().filter(|_| !from.is_empty())?;
    if found.next().is_some() {
        return None;
    }
    let start = at.start as usize + start;
    Some(vec![place.edit(start, start + from.len(), to)])
}

/// Takes white space, quotes and `Bearer ` off both ends of a key. Nothing of the key is in the edits.
pub(super) fn strip_key(place: &Place<'_>, at: Span) -> Option<Vec<Edit>> {
    // There the quotes are written with backslashes, inside of JSON's.
    if place.source.language == Language::Notebook {
        return None;
    }
    let text = place.source.slice(at);
    let outer = string_body(text, place.source.language);
    let (mut start, mut end) = (outer.start, outer.end);
    loop {
        let inner = &text[start..end];
        let head = ["\\n", "\\r", "\\t", "\\\"", "\\'", "\"", "'", "`"].iter().find(|part| inner.starts_with(**part));
        let tail = ["\\n", "\\r", "\\t", "\\\"", "\\'", "\"", "'", "`"].iter().find(|part| inner.ends_with(**part));
        let bearer = inner.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("bearer"))
            && inner[6..].starts_with(|c: char| c.is_whitespace() || c == ':');
        let blank = inner.len() - inner.trim_start().len();
        if blank > 0 {
            start += blank;
        } else if inner.len() > inner.trim_end().len() {
            end = start + inner.trim_end().len();
        } else if bearer {
            start += 7;
        } else if let Some(head) = head {
            start += head.len();
        } else if let Some(tail) = tail {
            end -= tail.len();
        } else {
            break;
        }
        if start >= end {
            return None;
        }
    }
    let offset = at.start as usize;
    let mut edits = Vec::new();
    if start > outer.start {
        edits.push(place.edit(offset + outer.start, offset + start, ""));
    }
    if end < outer.end {
        edits.push(place.edit(offset + end, offset + outer.end, ""));
    }
    (!edits.is_empty()).then_some(edits)
}

/// What a literal holds between its quotes; in files whose values have none, or whose quotes are not part of the
/// place, the whole.
fn string_body(text: &str, language: Language) -> std::ops::Range<usize> {
    if matches!(language, Language::Dotenv | Language::Shell | Language::Yaml | Language::Batch) {
        return 0..text.len();
    }
    let prefix = text.len() - text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '#').len();
    let Some(quote) = text[prefix..].chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
        return 0..text.len();
    };
    let triple: String = [quote; 3].iter().collect();
    let width = if text.len() >= prefix + 6 && text[prefix..].starts_with(&triple) { 3 } else { 1 };
    let hashes = text.len() - text.trim_end_matches('#').len();
    let end = text.len().saturating_sub(width + hashes);
    if prefix + width <= end { prefix + width..end } else { 0..text.len() }
}
