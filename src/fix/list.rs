//! One more item in a bracketed list: arguments, properties.

use tree_sitter::Node;

use super::Place;
use crate::finding::Edit;

/// Adds an item at the end of the list that a node is, as its last items are laid out.
///
/// `spaced` says whether a list on one line has blanks inside of its brackets when it was empty before.
pub(super) fn push(place: &Place<'_>, list: Node<'_>, item: &str, spaced: bool) -> Option<Vec<Edit>> {
    let text = place.text();
    let mut cursor = list.walk();
    let children: Vec<Node<'_>> = list.children(&mut cursor).collect();
    let (open, close) = (*children.first()?, *children.last()?);
    // The brackets must be there: what the parser made up has no width.
    if open.end_byte() == open.start_byte() || close.end_byte() == close.start_byte() || list.has_error() {
        return None;
    }
    let inner = children.get(1..children.len() - 1)?;
    let Some(last_at) = inner.iter().rposition(|node| node.is_named() && !is_comment(*node)) else {
        let blank = if spaced && text[open.end_byte()..close.start_byte()].trim().is_empty() { " " } else { "" };
        let end = if blank.is_empty() { open.end_byte() } else { close.start_byte() };
        return Some(vec![place.edit(open.end_byte(), end, format!("{blank}{item}{blank}"))]);
    };
    let last = inner[last_at];
    let comma = inner[last_at + 1..].iter().find(|node| node.kind() == ",");
    let end = last.end_byte();
    let line_start = place.line_start(last.start_byte());
    let own_line = text[line_start..last.start_byte()].trim().is_empty() && line_start > open.start_byte();
    if !own_line {
        // Behind a line comment an item would be part of it.
        return Some(vec![place.insert(end, format!(", {item}"))]);
    }
    let newline = place.newline();
    let indent = place.indent(last.start_byte());
    let tail_end = comma.map_or(end, |comma| comma.end_byte());
    let line_end = place.line_end(tail_end);
    // What follows on the line must be a comment that ends with it, for the item to go to the line below.
    let rest = Span { start: tail_end, end: line_end };
    let comment_ends_line = inner[last_at + 1..]
        .iter()
        .filter(|node| is_comment(**node) && node.start_byte() >= rest.start && node.start_byte() < rest.end)
        .all(|node| node.end_byte() <= line_end);
    let to_line_end = close.start_byte() >= line_end && comment_ends_line;
    let at = if to_line_end { line_end } else { tail_end };
    Some(match comma {
        Some(_) => vec![place.insert(at, format!("{newline}{indent}{item},"))],
        None if at == end => vec![place.insert(end, format!(",{newline}{indent}{item}"))],
        None => vec![place.insert(end, ","), place.insert(at, format!("{newline}{indent}{item}"))],
    })
}

/// A range of bytes.
struct Span {
    start: usize,
    end: usize,
}

pub(super) fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "html_comment")
}
