//! Edits of a notebook's Python, which stands in strings of JSON.

use super::{Look, Place};
use crate::facts::Span;
use crate::finding::Edit;
use crate::language::Language;
use crate::source::Source;

/// Edits of a piece of Python, as if it were a file of its own, put back into the strings that it stands in.
pub(super) fn edits<T>(
    place: &Place<'_>,
    span: Span,
    edit: impl FnOnce(&Place<'_>, Span) -> Option<(Vec<Edit>, T)>,
) -> Option<(Vec<Edit>, T)> {
    let (text, offsets) = unescaped(place.source.slice(span))?;
    let source = Source::new(&place.source.path, Language::Python, text);
    let look = Look::default();
    let inner = Place { file: place.file, source: &source, look: &look };
    let (edits, other) = edit(&inner, Span::new(0, source.text.len()))?;
    let raw = |offset: u32| Some(offsets.get(offset as usize)? + span.start as usize);
    let edits = edits.into_iter().map(|edit| {
        let content = serde_json::to_string(&edit.content).ok()?;
        let content = content.strip_prefix('"')?.strip_suffix('"')?;
        Some(place.edit(raw(edit.at.span.start)?, raw(edit.at.span.end)?, content))
    });
    Some((edits.collect::<Option<_>>()?, other))
}

/// The text of a piece of JSON strings that follow each other, and where each of its bytes stands in the piece.
fn unescaped(piece: &str) -> Option<(String, Vec<usize>)> {
    let mut text = String::new();
    let mut offsets = Vec::new();
    let mut at = 0;
    while let Some(c) = piece[at..].chars().next() {
        let start = at;
        at += c.len_utf8();
        let c = match c {
            '\\' => {
                let escape = piece[at..].chars().next()?;
                at += escape.len_utf8();
                match escape {
                    'n' => '\n',
                    't' => '\t',
                    '"' | '\\' | '/' => escape,
                    _ => return None,
                }
            }
            // `…\n",` and the next line's string.
            '"' => {
                let rest = piece[at..].trim_start().strip_prefix(',')?.trim_start().strip_prefix('"')?;
                at = piece.len() - rest.len();
                continue;
            }
            c => c,
        };
        text.push(c);
        offsets.resize(text.len(), start);
    }
    offsets.push(at);
    Some((text, offsets))
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn strings_that_follow_each_other_are_one_text() {
        let (text, offsets) = unescaped(r#"f(\n",  "é=\"x\")"#).unwrap();
        assert_eq!(text, "f(\né=\"x\")");
        assert_eq!(offsets, [0, 1, 2, 9, 9, 11, 12, 14, 15, 17, 18]);
        assert_eq!(unescaped("a\"b"), None);
        assert_eq!(unescaped("a\\u0041"), None);
    }
}
