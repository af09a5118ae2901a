//! Functions that send what they are handed: nothing in their files says whose key or host that is, nor that there is any.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{Extent, Run};
use crate::facts::{Entry, ExprKind, Module};
use crate::finding::FileId;
use crate::headers::is_key_header;
use crate::imports;

/// How far such a file may be imported by others: what a package's file gives on is in the next one.
const MAX_HOPS: usize = 2;

impl Run<'_> {
    /// Looks for clients in the files that those with keys in headers import and that send requests; whether there are any
    /// that were left out.
    pub(super) fn admit_senders(&mut self) -> bool {
        // In a large tree most files import one that sends something.
        if self.narrow || self.options.extent == Extent::Everything {
            return false;
        }
        let hands = |id: &FileId| {
            let file = self.project.file(*id);
            self.sights[id.index()].admitted && file.source.language.is_code() && names_a_key_header(&file.module)
        };
        let mut layer: Vec<FileId> = self.parsed.iter().copied().filter(hands).collect();
        let mut found = BTreeSet::new();
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
}

/// Whether a program names a header that a key is sent in: as a field, a text, or a constant.
fn names_a_key_header(module: &Module) -> bool {
    module.expr_ids().any(|expr| match module.kind(expr) {
        ExprKind::Str(text) => is_key_header(text.expose()),
        ExprKind::Name(name) | ExprKind::Member(_, name) => name == "AUTHORIZATION",
        ExprKind::Object(object) => object
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Field { key: Some(key), .. } if is_key_header(key))),
        _ => false,
    })
}
