//! Lowers mappings and sequences as objects and lists, so that a key and a URL that stand side by side are seen.

use super::mask::Masked;
use super::tree::{Kind, NodeId, Tree};
use super::value::Values;
use super::vars::entries;
use crate::facts::{Builder, Entry, EnvKind, ExprId, ExprKind, Item, Object};
use crate::source::Source;

/// Entries that a file's aliases and merges may bring in.
const MAX_MERGED: usize = 10_000;

/// Adds the documents.
pub(super) fn lower(source: &Source, masked: &Masked, tree: &Tree<'_>, builder: &mut Builder) {
    let mut values = Values { source, masked, tree, builder };
    let mut is_key = vec![false; tree.nodes.len()];
    for node in &tree.nodes {
        if let Kind::Map(entries) = &node.kind {
            entries.iter().for_each(|(key, _)| is_key[*key] = true);
        }
    }
    // Scalars are values at once; collections hold what may stand behind them and are filled when all have a place.
    let exprs: Vec<Option<ExprId>> = (0..tree.nodes.len())
        .map(|id| match tree.nodes[id].kind {
            _ if is_key[id] => None,
            Kind::Scalar(..) => Some(values.node(id, EnvKind::Mapping)),
            _ => Some(values.builder.expr(tree.nodes[id].span, ExprKind::Unknown)),
        })
        .collect();
    let mut fuel = MAX_MERGED;
    for id in 0..tree.nodes.len() {
        let Some(expr) = exprs[id] else { continue };
        // A collection is held by the one that it is written in; an alias to it elsewhere is not looked into, so that
        // what aliases multiply costs nothing. Scalars hold nothing.
        let held = |values: &mut Values<'_>, child: NodeId| {
            let own = tree.nodes[child].parent == Some(id) || matches!(tree.nodes[child].kind, Kind::Scalar(..));
            match exprs[child].filter(|_| own) {
                Some(expr) => expr,
                None => values.builder.expr(tree.nodes[child].span, ExprKind::Unknown),
            }
        };
        let kind = match &tree.nodes[id].kind {
            Kind::Map(own) => {
                let all = entries(tree, id, &mut fuel).unwrap_or_else(|| own.clone());
                let entries = all.into_iter().map(|(key, value)| Entry::Field {
                    key: tree.scalar(key).map(str::to_owned),
                    key_span: tree.nodes[key].span,
                    value: held(&mut values, value),
                });
                ExprKind::Object(Object { entries: entries.collect(), ty: None })
            }
            Kind::Seq(items) => {
                let items = items.iter().map(|item| Item { value: held(&mut values, *item), spread: false });
                ExprKind::List(items.collect())
            }
            Kind::Scalar(..) | Kind::Tagged => continue,
        };
        values.builder.module().exprs[expr.index()].kind = kind;
    }
    builder.module().documents = tree.roots.iter().filter_map(|&root| exprs[root]).collect();
}
