//! Paths: `use`, and names that are written with their module.

use syn::{Path, UseTree};

use super::Lower;
use super::spans::ident;
use crate::facts::{ExprId, ExprKind, Import, Span};

/// A longer path than any that is written by hand. Every name of a `use` repeats it.
const MAX_PATH: usize = 500;

/// Where a path begins.
enum Root {
    /// At a name that can be seen from here: the one of this number.
    Here(usize),
    /// In a module, with the name of this number.
    Module(String, usize),
}

impl Lower<'_> {
    /// `a::b::c`; generic arguments are dropped.
    pub(super) fn path(&mut self, path: &Path) -> ExprId {
        let whole = self.path_span(path);
        let mut names: Vec<String> = path.segments.iter().map(|segment| ident(&segment.ident)).collect();
        let of_object = self.of_object && matches!(names.as_slice(), [head, _] if head == "Self");
        if let ([head, _, ..], Some((name, _))) = (names.as_mut_slice(), &self.self_type)
            && head == "Self"
        {
            head.clone_from(name);
        }
        if matches!(names.iter().map(String::as_str).collect::<Vec<_>>()[..], ["None"] | ["Option", "None"]) {
            return self.expr(whole, ExprKind::Null);
        }
        let ends: Vec<u32> = path.segments.iter().map(|segment| self.at(segment.ident.span()).end).collect();
        let span = |number: usize| Span { start: whole.start, end: ends.get(number).copied().unwrap_or(whole.end) };
        let (kind, mut next) = match self.root(&names) {
            _ if of_object => (ExprKind::Name("self".to_owned()), 1),
            Root::Here(at) if at < names.len() => (ExprKind::Name(names[at].clone()), at + 1),
            Root::Module(mut module, mut at) if at < names.len() => {
                // Modules are written in lower case. What comes behind them is an item, perhaps with members.
                while at + 1 < names.len() && is_lower(&names[at]) && module.len() < MAX_PATH {
                    module.push('.');
                    module.push_str(&names[at]);
                    at += 1;
                }
                (ExprKind::Import(Import { module, name: Some(names[at].clone()) }), at + 1)
            }
            _ => return self.unknown(whole),
        };
        let mut value = self.expr(span(next - 1), kind);
        while let Some(name) = names.get(next) {
            value = self.expr(span(next), ExprKind::Member(value, name.clone()));
            next += 1;
        }
        value
    }

    fn root(&mut self, names: &[String]) -> Root {
        let [head, _, ..] = names else { return Root::Here(0) };
        match head.as_str() {
            "crate" => Root::Module("crate".to_owned(), 1),
            "self" | "super" => self.relative(names),
            // The head of a path is a module or a type. Where nothing here has such a name it is a crate, and not a
            // name that a glob import might bring.
            _ if is_lower(head) && !self.bound.contains(head) && !self.builder.module().star_imports.is_empty() => {
                Root::Module(head.clone(), 1)
            }
            _ => Root::Here(0),
        }
    }

    /// `self::x`, `super::x`: the names of the file itself can be seen from its inline modules.
    fn relative(&self, names: &[String]) -> Root {
        let own = usize::from(names[0] == "self");
        let up = names[own..].iter().take_while(|name| *name == "super").count();
        match up.checked_sub(self.inline) {
            None | Some(0) => Root::Here(own + up),
            Some(above) => Root::Module(vec!["super"; above].join("."), own + up),
        }
    }

    /// `use …;`
    pub(super) fn import(&mut self, tree: &UseTree, mut module: Vec<String>, depth: usize) {
        let mut tree = tree;
        loop {
            if module.iter().map(String::len).sum::<usize>() > MAX_PATH || depth > super::MAX_DEPTH {
                return;
            }
            match tree {
                UseTree::Path(path) => {
                    module.push(ident(&path.ident));
                    tree = &path.tree;
                }
                UseTree::Name(name) => return self.import_name(&name.ident, &name.ident, module),
                UseTree::Rename(rename) => return self.import_name(&rename.ident, &rename.rename, module),
                UseTree::Glob(_) => return self.import_all(module),
                UseTree::Group(group) => {
                    for tree in &group.items {
                        self.import(tree, module.clone(), depth + 1);
                    }
                    return;
                }
            }
        }
    }

    /// In an inline module, how many of the first names only lead out of it again, to what can be seen anyway.
    fn visible_anyway(&self, module: &[String]) -> Option<usize> {
        let leads_out = self.inline > 0 && module.first().is_some_and(|name| name == "self" || name == "super");
        match self.relative(if leads_out { module } else { return None }) {
            Root::Here(number) => Some(number),
            Root::Module(..) => None,
        }
    }

    fn import_all(&mut self, module: Vec<String>) {
        let module = match self.visible_anyway(&module) {
            Some(number) => module[number..].join("."),
            None => self.above(module).join("."),
        };
        if !module.is_empty() {
            self.builder.module().star_imports.push(module);
        }
    }

    /// A module's path as the file would write it, outside its inline modules.
    fn above(&self, module: Vec<String>) -> Vec<String> {
        match module.first().map(String::as_str) {
            Some("super") => module.into_iter().skip(self.inline).collect(),
            _ => module,
        }
    }

    fn import_name(&mut self, original: &syn::Ident, bound: &syn::Ident, module: Vec<String>) {
        let span = self.at(bound.span());
        let mut local = ident(bound);
        let itself = original == "self";
        if itself && bound == "self" {
            local = module.last().cloned().unwrap_or_default();
        }
        if local == "_" || local.is_empty() {
            return;
        }
        let value = match self.visible_anyway(&module) {
            Some(number) => {
                let mut names = module[number..].to_vec();
                if !itself {
                    names.push(ident(original));
                }
                let mut names = names.into_iter();
                let Some(first) = names.next().filter(|first| names.len() > 0 || *first != local) else { return };
                let first = self.name(span, first);
                names.fold(first, |value, name| self.expr(span, ExprKind::Member(value, name)))
            }
            None => {
                let module = self.above(module).join(".");
                let import = match (itself, module.is_empty()) {
                    (true, _) => Import { module, name: None },
                    (false, true) => Import { module: ident(original), name: None },
                    (false, false) => Import { module, name: Some(ident(original)) },
                };
                self.expr(span, ExprKind::Import(import))
            }
        };
        self.bind(span, span, &local, value);
    }
}

fn is_lower(name: &str) -> bool {
    name.starts_with(|first: char| first.is_lowercase() || first == '_')
}
