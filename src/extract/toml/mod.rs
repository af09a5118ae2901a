//! Lowers TOML. The text becomes the same tree as YAML, and what stands in it is found in the same way.

use std::borrow::Cow;

use saphyr_parser::ScalarStyle;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Unparsable;
use super::yaml::{Kind, NodeId, Tree, TreeNode, comments, lower};
use crate::facts::{Module, Span};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let mut tree = Tree { recovered: !errors.is_empty(), ..Tree::default() };
    let whole = Span::new(0, source.text.len());
    tree.roots.push(0);
    tree.nodes.push(TreeNode::new(whole, Kind::Map(Vec::new()), None, None));
    // Nodes stand before what they hold, and what a table holds stands in the order of the text.
    let mut waiting = vec![(0, Held::Table(root.get_ref()))];
    while let Some((id, held)) = waiting.pop() {
        let mut below = Vec::new();
        match held {
            Held::Table(table) => {
                let mut entries: Vec<_> = table.iter().collect();
                entries.sort_by_key(|(key, _)| key.span().start);
                for (key, value) in entries {
                    // What our own configuration says of variables sets none.
                    let own = key.get_ref() == "mixlint"
                        && tree.nodes[id].key.is_some_and(|key| tree.scalar(key) == Some("tool"));
                    if own {
                        continue;
                    }
                    let (span, style) = content(&source.text, key.span());
                    let name = Kind::Scalar(Cow::Owned(key.get_ref().to_string()), style);
                    let name = add(&mut tree, TreeNode::new(span, name, Some(id), None));
                    let value = add_value(&mut tree, &source.text, value, id, Some(name), &mut below);
                    if let Kind::Map(entries) = &mut tree.nodes[id].kind {
                        entries.push((name, value));
                    }
                }
            }
            Held::Array(items) => {
                for value in items {
                    let value = add_value(&mut tree, &source.text, value, id, None, &mut below);
                    if let Kind::Seq(items) = &mut tree.nodes[id].kind {
                        items.push(value);
                    }
                }
            }
        }
        waiting.extend(below.into_iter().rev());
    }
    stretch(&mut tree);
    Ok(lower(source, &tree, |tree| comments(source, tree)))
}

/// A collection whose contents have not been taken in yet.
enum Held<'a> {
    Table(&'a DeTable<'a>),
    Array(&'a [Spanned<DeValue<'a>>]),
}

fn add_value<'a>(
    tree: &mut Tree<'a>,
    text: &'a str,
    value: &'a Spanned<DeValue<'a>>,
    parent: NodeId,
    key: Option<NodeId>,
    below: &mut Vec<(NodeId, Held<'a>)>,
) -> NodeId {
    let range = value.span();
    let (span, style) = content(text, range.clone());
    let kind = match value.get_ref() {
        DeValue::Table(_) => Kind::Map(Vec::new()),
        DeValue::Array(_) => Kind::Seq(Vec::new()),
        DeValue::String(decoded) => Kind::Scalar(Cow::Borrowed(decoded), style),
        _ => Kind::Scalar(Cow::Borrowed(text.get(range.clone()).unwrap_or("")), ScalarStyle::Plain),
    };
    let collection = !matches!(kind, Kind::Scalar(..));
    let span = if collection { Span::new(range.start, range.end) } else { span };
    let id = add(tree, TreeNode::new(span, kind, Some(parent), key));
    match value.get_ref() {
        DeValue::Table(table) => below.push((id, Held::Table(table))),
        DeValue::Array(items) => below.push((id, Held::Array(items))),
        _ => {}
    }
    id
}

fn add<'a>(tree: &mut Tree<'a>, node: TreeNode<'a>) -> NodeId {
    tree.nodes.push(node);
    tree.nodes.len() - 1
}

/// A table spans its header only: it goes on to the end of what it holds.
fn stretch(tree: &mut Tree<'_>) {
    for id in (1..tree.nodes.len()).rev() {
        let (span, Some(parent)) = (tree.nodes[id].span, tree.nodes[id].parent) else { continue };
        let around = &mut tree.nodes[parent].span;
        around.end = around.end.max(span.end);
    }
}

/// The content of a key or value: without its quotes, and for `"""` without the line end that follows them.
fn content(text: &str, range: std::ops::Range<usize>) -> (Span, ScalarStyle) {
    let raw = text.get(range.clone()).unwrap_or("");
    for (quote, style) in [
        ("\"\"\"", ScalarStyle::Literal),
        ("'''", ScalarStyle::Literal),
        ("\"", ScalarStyle::DoubleQuoted),
        ("'", ScalarStyle::SingleQuoted),
    ] {
        let inner = raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        let Some(inner) = inner else { continue };
        let mut start = range.start + quote.len();
        if quote.len() == 3 {
            let after = inner.strip_prefix('\r').unwrap_or(inner);
            let after = after.strip_prefix('\n').unwrap_or(inner);
            start += inner.len() - after.len();
        }
        return (Span::new(start, range.end - quote.len()), style);
    }
    (Span::new(range.start, range.end), ScalarStyle::Plain)
}
