//! Functions that send what they are handed: nothing in their files says whose key or host that is, nor that there is any.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{Extent, Run};
use crate::facts::{Entry, ExprId, ExprKind, Module};
use crate::finding::FileId;
use crate::headers::is_key_header;
use crate::language::Language;
use crate::{glance, imports};

/// How far such a file may be imported by others: what a package's file gives on is in the next one.
const MAX_HOPS: usize = 2;

impl Run<'_> {
    /// Looks for clients in the files that those with keys in headers import and that send requests, and in those that send
    /// what they ask them for; whether there are any that were left out.
    pub(super) fn admit_senders(&mut self) -> bool {
        // In a large tree most files import one that sends something.
        if self.narrow || !self.foreign || self.options.extent == Extent::Everything {
            return false;
        }
        let hands = |id: &FileId| {
            let file = self.project.file(*id);
            self.sights[id.index()].admitted && file.source.language.is_code() && names_a_key_header(&file.module)
        };
        let mut layer: Vec<FileId> = self.parsed.iter().copied().filter(hands).collect();
        let mut found = self.askers(&layer);
        for _ in 0..MAX_HOPS {
            self.learn_imports(&layer);
            let edges: Vec<(FileId, FileId)> =
                layer.iter().flat_map(|&id| self.imported_by(id).map(move |target| (target, id))).collect();
            let imported: BTreeSet<FileId> = edges.iter().map(|(target, _)| *target).collect();
            let left_out: Vec<FileId> = imported.into_iter().filter(|id| !self.sights[id.index()].admitted).collect();
            let sends = |id: &FileId| self.options.prefilter.sends(&self.text(*id));
            let sending: BTreeSet<FileId> = left_out.par_iter().copied().filter(sends).collect();
            let gives_on = |id: &FileId| !sending.contains(id) && imports::is_package(&self.project.file(*id).path);
            layer = left_out.into_iter().filter(gives_on).collect();
            let leads = |(target, _): &(FileId, FileId)| sending.contains(target) || layer.contains(target);
            self.project.links.extend(edges.into_iter().filter(leads));
            found.extend(sending);
        }
        for id in &found {
            let sight = &mut self.sights[id.index()];
            (sight.admitted, sight.makes) = (true, true);
        }
        self.lower_late(&Vec::from_iter(found.iter().copied()));
        if !found.is_empty() {
            self.project.link();
        }
        !found.is_empty()
    }

    /// Files that were left out and that send requests with what a function gives which knows of a key's header, wherever
    /// that is: `http.post(url).headers(client.auth_headers())`.
    fn askers(&mut self, givers: &[FileId]) -> BTreeSet<FileId> {
        let names: BTreeSet<String> =
            givers.iter().flat_map(|id| header_functions(&self.project.file(*id).module)).map(str::to_owned).collect();
        let Some(names) = glance::Words::new(names.iter()) else { return BTreeSet::new() };
        let asks = |id: &FileId| {
            if self.sights[id.index()].admitted || !self.project.file(*id).source.language.is_code() {
                return false;
            }
            let source = self.text(*id);
            names.are_in(&source) && self.options.prefilter.sends(&source)
        };
        let ids: Vec<FileId> = self.project.ids().collect();
        let mut asking: Vec<FileId> = ids.into_par_iter().filter(asks).collect();
        self.learn_imports(&asking);
        // In Rust any path leads to a module, and the type that a method belongs to need not be named.
        let givers: BTreeSet<FileId> = givers.iter().copied().collect();
        asking.retain(|&id| {
            self.project.file(id).source.language == Language::Rust
                || self.imported_by(id).any(|target| givers.contains(&target))
        });
        asking.into_iter().collect()
    }
}

/// The names of functions that name a header which a key is sent in.
fn header_functions(module: &Module) -> impl Iterator<Item = &str> {
    let naming = module.expr_ids().filter(|&expr| is_key_header_name(module, expr));
    let function = |expr: ExprId| module.func(module.block(module.points[expr.index()].0).func);
    naming.filter_map(move |expr| function(expr).name.as_deref())
}

/// Whether a program names a header that a key is sent in: as a field, a text, or a constant.
fn names_a_key_header(module: &Module) -> bool {
    module.expr_ids().any(|expr| is_key_header_name(module, expr))
}

fn is_key_header_name(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Str(text) => is_key_header(text.expose()),
        ExprKind::Name(name) | ExprKind::Member(_, name) => name == "AUTHORIZATION",
        ExprKind::Object(object) => object
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Field { key: Some(key), .. } if is_key_header(key))),
        _ => false,
    }
}
