//! Lowers YAML: every set of environment variables in it becomes an environment block.
//!
//! Compose services, Kubernetes containers, ConfigMaps and Secrets, CI workflows, and any other mapping or list that
//! sets variables are found by their shape. Templates (Helm, Jinja, GitHub's expressions) are masked before the strict
//! parser sees them: [`mask`]. Parsing gives [`tree`], [`scopes`] finds the blocks in it, [`value`] lowers what they set,
//! and [`rows`] lowers all mappings as the objects that they are. JSON and TOML are lowered from trees of the same form.

use super::Unparsable;
use crate::facts::{Builder, Comment, Module, Span};
use crate::source::Source;

mod mask;
mod rows;
mod scopes;
mod scripts;
#[cfg(test)]
mod tests;
mod tree;
mod value;
mod vars;

pub(super) use tree::{Kind, Node as TreeNode, NodeId, Tree};

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    let masked = mask::mask(&source.text);
    let tree = Tree::read(&masked.text);
    Ok(lower_masked(source, &masked, &tree, comments(source, &tree)))
}

/// Lowers a tree that was read from a text without templates.
pub(super) fn lower<'a>(source: &Source, tree: &Tree<'a>, comments: impl FnOnce(&Tree<'a>) -> Vec<Comment>) -> Module {
    lower_masked(source, &mask::Masked::default(), tree, comments(tree))
}

fn lower_masked(source: &Source, masked: &mask::Masked, tree: &Tree<'_>, comments: Vec<Comment>) -> Module {
    let mut builder = Builder::new();
    builder.module().recovered = tree.recovered;
    builder.module().comments = comments;
    let blocks = scopes::find(source, masked, tree, &mut builder);
    builder.module().env_blocks = blocks;
    rows::lower(source, masked, tree, &mut builder);
    builder.finish()
}

/// Comments that hold `mixlint:`: from a `#` at a line's start or behind white space that no scalar holds.
pub(super) fn comments(source: &Source, tree: &Tree<'_>) -> Vec<Comment> {
    if !source.text.contains("mixlint:") {
        return Vec::new();
    }
    let mut scalars: Vec<Span> = tree
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, Kind::Scalar(..) | Kind::Tagged))
        .map(|node| node.span)
        .collect();
    scalars.sort_unstable();
    let mut found = Vec::new();
    for line in 0..source.line_count() {
        let span = source.line_span(line);
        let text = source.slice(span);
        if !text.contains("mixlint:") {
            continue;
        }
        let hash = memchr::memchr_iter(b'#', text.as_bytes()).find(|&at| {
            let offset = span.start + at as u32;
            let before = scalars.partition_point(|scalar| scalar.start <= offset);
            let inside = scalars.get(..before).and_then(<[Span]>::last).is_some_and(|scalar| offset < scalar.end);
            !inside && text[..at].chars().next_back().is_none_or(char::is_whitespace)
        });
        if let Some(at) = hash.filter(|&at| text[at..].contains("mixlint:")) {
            let start = span.start as usize + at;
            let end = start + text[at..].trim_end().len();
            found.push(Comment { span: Span::new(start, end), own_line: text[..at].trim().is_empty() });
        }
    }
    found
}
