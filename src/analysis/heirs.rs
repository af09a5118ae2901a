//! Which classes of a large tree may derive from a client's, told by names alone.
//!
//! Most imported classes that are called are no clients; of these the file need not be parsed. Two classes of the same
//! name count as one, so that what is left out derives from no client in any reading.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::catalog::Catalog;
use crate::source::Source;

/// How long the head of a class may be, in bytes.
const HEAD: usize = 400;

/// A class and a name in its head, or a new name and the old one, as hashes.
pub(super) type Pair = (u32, u32);

/// The names of classes that may derive from a client's.
#[derive(Debug, Default)]
pub(super) struct Heirs(HashSet<u32>);

impl Heirs {
    pub(super) fn new(catalog: &Catalog, pairs: impl Iterator<Item = Pair>) -> Self {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for (name, base) in pairs {
            children.entry(base).or_default().push(name);
        }
        let callees = catalog.clients.iter().flat_map(|client| &client.construct).flat_map(|made| &made.callee);
        let mut open: Vec<u32> = callees.flat_map(|callee| callee.split('.')).map(hash).collect();
        let mut names = HashSet::new();
        while let Some(name) = open.pop() {
            if names.insert(name) {
                open.extend(children.get(&name).into_iter().flatten());
            }
        }
        Self(names)
    }

    /// Whether a class of this name may be a client.
    pub(super) fn may_hold(&self, name: &str) -> bool {
        self.0.contains(&hash(name))
    }
}

/// What a file says of classes: `class A(B, c.D)`, `class A extends B`, `import A as B`.
pub(super) fn pairs(source: &Source) -> Vec<Pair> {
    let text = source.text.as_str();
    let mut out = Vec::new();
    for at in memchr::memmem::find_iter(text.as_bytes(), "class ") {
        let rest = text.get(at + 6..).unwrap_or("").trim_start();
        let head = rest.split(['{', ':', ')']).next().unwrap_or("");
        let mut words = head.get(..HEAD).unwrap_or(head).split(|c| !is_part(c)).filter(|word| !word.is_empty());
        if let Some(name) = words.next().map(hash) {
            out.extend(words.map(|base| (name, hash(base))));
        }
    }
    for at in memchr::memmem::find_iter(text.as_bytes(), " as ") {
        let old = text.get(..at).and_then(|before| before.rsplit(|c| !is_part(c)).next()).unwrap_or("");
        let new = text.get(at + 4..).and_then(|after| after.trim_start().split(|c| !is_part(c)).next()).unwrap_or("");
        if !old.is_empty() && !new.is_empty() {
            out.push((hash(new), hash(old)));
        }
    }
    out.sort_unstable();
    out.dedup();
    out.shrink_to_fit();
    out
}

/// Two names with the same hash count as one: more is parsed then, never less.
fn hash(name: &str) -> u32 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(name) as u32
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
