//! The variables that one mapping or list sets.

use std::collections::HashSet;

use super::tree::{Kind, NodeId, Tree};
use super::value::Values;
use crate::extract::dotenv::expand::name_at;
use crate::facts::{EnvKind, EnvVar, ExprId, ExprKind, Span, is_in_capitals};

/// Merges nested deeper than this are left out.
const MAX_MERGES: usize = 20;

/// Which names of a mapping are variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// All of them.
    All,
    /// Those in upper case.
    Upper,
}

/// The variables found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub vars: Vec<EnvVar>,
    /// There may be more.
    pub open: bool,
}

/// The entries of a mapping with those merged into it (`<<`), which its own replace. `fuel` bounds what all merges of a
/// file may bring in; `None` where it is used up.
pub(super) fn entries(tree: &Tree<'_>, map: NodeId, fuel: &mut usize) -> Option<Vec<(NodeId, NodeId)>> {
    let mut complete = true;
    let found = merged(tree, map, fuel, 0, &mut complete);
    complete.then_some(found)
}

fn merged(tree: &Tree<'_>, map: NodeId, fuel: &mut usize, depth: usize, complete: &mut bool) -> Vec<(NodeId, NodeId)> {
    let Kind::Map(own) = &tree.nodes[map].kind else { return Vec::new() };
    let is_merge = |key: NodeId| tree.scalar(key) == Some("<<");
    if tree.nodes[map].shared {
        if *fuel < own.len() {
            *complete = false;
            return Vec::new();
        }
        *fuel -= own.len();
    }
    if !own.iter().any(|(key, _)| is_merge(*key)) {
        return own.clone();
    }
    let mut seen: HashSet<&str> = own.iter().filter_map(|(key, _)| tree.scalar(*key)).collect();
    let mut found = Vec::new();
    for (_, from) in own.iter().filter(|(key, _)| is_merge(*key)) {
        let sources = match &tree.nodes[*from].kind {
            Kind::Seq(items) => items.clone(),
            _ => vec![*from],
        };
        for source in sources {
            if depth >= MAX_MERGES || *fuel == 0 || !*complete {
                *complete = false;
                return found;
            }
            *fuel -= 1;
            for (key, value) in merged(tree, source, fuel, depth + 1, complete) {
                if tree.scalar(key).is_some_and(|name| seen.insert(name)) {
                    found.push((key, value));
                }
            }
        }
    }
    found.extend(own.iter().filter(|(key, _)| !is_merge(*key)));
    found
}

/// The value of a key in a mapping's own entries; ASCII case does not count.
pub(super) fn get(tree: &Tree<'_>, map: NodeId, name: &str) -> Option<NodeId> {
    let Kind::Map(entries) = &tree.nodes[map].kind else { return None };
    let is = |key: NodeId| tree.scalar(key).is_some_and(|text| text.eq_ignore_ascii_case(name));
    entries.iter().find(|(key, _)| is(*key)).map(|(_, value)| *value)
}

/// Whether a name can be a variable's.
fn is_name(name: &str) -> bool {
    let plain = name.replace(['.', '-'], "_");
    !plain.is_empty() && name_at(&plain) == plain.len()
}

/// Everything that `node` sets.
pub(super) fn collect(values: &mut Values<'_>, node: NodeId, kind: EnvKind, names: Names, fuel: &mut usize) -> Found {
    let tree = values.tree;
    let mut found = Found::default();
    match &tree.nodes[node].kind {
        Kind::Map(_) => match entries(tree, node, fuel) {
            Some(entries) => {
                for (key, value) in entries {
                    entry(values, key, value, kind, names, &mut found, fuel);
                }
            }
            None => found.open = true,
        },
        Kind::Seq(items) => {
            for &item in items {
                if *fuel == 0 {
                    found.open = true;
                    break;
                }
                list_item(values, item, kind, &mut found, fuel);
            }
        }
        _ => {}
    }
    found
}

fn push(found: &mut Found, fuel: &mut usize, var: EnvVar) {
    if *fuel == 0 {
        found.open = true;
        return;
    }
    *fuel -= 1;
    found.vars.push(var);
}

fn whole(name: Span, value: Span) -> Span {
    // A value reached through an alias stands elsewhere.
    Span { start: name.start, end: if value.start >= name.start { value.end.max(name.end) } else { name.end } }
}

/// `NAME: value`
fn entry(
    values: &mut Values<'_>,
    key: NodeId,
    value: NodeId,
    kind: EnvKind,
    names: Names,
    found: &mut Found,
    fuel: &mut usize,
) {
    let tree = values.tree;
    let Some(name) = tree.scalar(key) else { return };
    let name_span = tree.nodes[key].span;
    if !values.masked.within(name_span.range()).is_empty() {
        found.open = true;
        return;
    }
    if !is_name(name) || (names == Names::Upper && !is_in_capitals(name)) {
        return;
    }
    let expr = match &tree.nodes[value].kind {
        Kind::Scalar(..) | Kind::Tagged => scalar(values, value, name, name_span, kind),
        // GitLab's `{value, description}`, references by name.
        Kind::Map(_) => match get(tree, value, "value") {
            Some(value) => values.node(value, kind),
            None => match reference(values, value) {
                Some(expr) => expr,
                None => return,
            },
        },
        Kind::Seq(_) => return,
    };
    let span = whole(name_span, values.builder.module().exprs[expr.index()].span);
    push(found, fuel, EnvVar { name: name.to_owned(), name_span, value: expr, span });
}

/// A scalar as a variable's value. Compose passes a variable without a value on.
fn scalar(values: &mut Values<'_>, value: NodeId, name: &str, name_span: Span, kind: EnvKind) -> ExprId {
    let expr = values.node(value, kind);
    let null = matches!(values.builder.module().exprs[expr.index()].kind, ExprKind::Null);
    if kind == EnvKind::Compose && null {
        return values.builder.expr(name_span, ExprKind::Env { name: name.to_owned(), default: None });
    }
    expr
}

/// `valueFrom: {secretKeyRef: {name, key}}`, with or without the outer layer.
fn reference(values: &mut Values<'_>, map: NodeId) -> Option<ExprId> {
    let tree = values.tree;
    let from = get(tree, map, "valueFrom").unwrap_or(map);
    let refers = ["secretKeyRef", "configMapKeyRef"].iter().find_map(|kind| get(tree, from, kind));
    let Some(target) = refers else {
        let other = get(tree, map, "valueFrom")?;
        return Some(values.builder.expr(tree.nodes[other].span, ExprKind::Unknown));
    };
    let key = get(tree, target, "key");
    let span = tree.nodes[key.unwrap_or(target)].span;
    let plain = |node: NodeId| values.masked.within(tree.nodes[node].span.range()).is_empty();
    let kind = match key.and_then(|key| tree.scalar(key)).filter(|_| plain(target)) {
        Some(name) => {
            let store = get(tree, target, "name").and_then(|store| tree.scalar(store)).map(str::to_owned);
            ExprKind::Stored { store, name: name.to_owned() }
        }
        // The name that the chart gives the Secret says nothing of the key's.
        None => match key.filter(|&key| plain(key)).and_then(|key| tree.scalar(key)) {
            Some(name) => ExprKind::Stored { store: None, name: name.to_owned() },
            None => ExprKind::Unknown,
        },
    };
    Some(values.builder.expr(span, kind))
}

/// `- NAME=value`, `- NAME`, `- {name: NAME, value: value}`, `- {NAME: value}`
fn list_item(values: &mut Values<'_>, item: NodeId, kind: EnvKind, found: &mut Found, fuel: &mut usize) {
    let tree = values.tree;
    let node = &tree.nodes[item];
    match &node.kind {
        Kind::Scalar(_, style) => {
            let raw = values.source.slice(node.span);
            let start = node.span.start as usize;
            let (name, rest) = raw.split_once('=').map_or((raw, None), |(name, rest)| (name, Some(rest)));
            if !is_name(name) {
                found.open |= !values.masked.within(node.span.range()).is_empty();
                return;
            }
            let name_span = Span::new(start, start + name.len());
            let value = match rest {
                None => values.builder.expr(name_span, ExprKind::Env { name: name.to_owned(), default: None }),
                Some(rest) => {
                    let span = Span { start: name_span.end + 1, end: node.span.end };
                    // Travis sets several in one item; what belongs to which is not looked into.
                    let several = rest
                        .split_whitespace()
                        .skip(1)
                        .any(|word| word.split_once('=').is_some_and(|(name, _)| is_in_capitals(name)));
                    if several {
                        values.builder.expr(span, ExprKind::Unknown)
                    } else {
                        values.text(span, *style, kind, None)
                    }
                }
            };
            push(found, fuel, EnvVar { name: name.to_owned(), name_span, value, span: node.span });
        }
        Kind::Map(own) => {
            let key = get(tree, item, "name").or_else(|| get(tree, item, "key"));
            let named = key.filter(|key| tree.scalar(*key).is_some_and(is_name));
            let Some(key) = named else {
                // Azure's `- group: x`, an anchor's rest, or `- NAME: value`.
                let before = found.vars.len();
                for (key, value) in own.clone() {
                    entry(values, key, value, kind, Names::Upper, found, fuel);
                }
                found.open |= found.vars.len() == before;
                return;
            };
            let name_span = tree.nodes[key].span;
            if !values.masked.within(name_span.range()).is_empty() {
                found.open = true;
                return;
            }
            let name = tree.scalar(key).unwrap_or("").to_owned();
            let value = match get(tree, item, "value") {
                Some(value) => values.node(value, kind),
                None => match reference(values, item) {
                    Some(expr) => expr,
                    // Kubernetes takes a missing value as empty; elsewhere it comes from some other field.
                    None if kind == EnvKind::Kubernetes && own.len() == 1 => {
                        values.builder.expr(name_span, ExprKind::Null)
                    }
                    None => values.builder.expr(name_span, ExprKind::Unknown),
                },
            };
            push(found, fuel, EnvVar { name, name_span, value, span: node.span });
        }
        _ => found.open = true,
    }
}
