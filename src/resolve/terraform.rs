//! Terraform's variables and locals: what the files of a module, which are those of a folder, give them.

use std::path::Path;

use super::Resolver;
use super::value::Alt;
use crate::facts::{Entry, ExprId, ExprKind, Module};
use crate::finding::FileId;
use crate::language::Language;

impl Resolver<'_> {
    /// What a module gives one of its names: what is set for it, else its default, which callers and the command line
    /// may set otherwise; `unset` where it gives nothing.
    pub(super) fn module_value(&mut self, file: FileId, name: &str, unset: Alt) -> Vec<Alt> {
        self.rests_on_others();
        let project = self.project;
        let dir = project.file(file).path.parent();
        let (mut set, mut local, mut default) = (None, None, None);
        let mut perhaps = false;
        for id in project.ids() {
            let other = project.file(id);
            if other.source.language != Language::Terraform || other.path.parent() != dir {
                continue;
            }
            let module = &other.module;
            if other.path.extension().is_some_and(|end| end == "tfvars") {
                for value in module.documents.iter().flat_map(|&root| fields(module, root, name)) {
                    match is_automatic(&other.path) {
                        true => set = Some((id, value)),
                        false => perhaps = true,
                    }
                }
                continue;
            }
            let within = |path: [&str; 2]| -> Option<ExprId> {
                let roots = module.documents.iter();
                let [first, second] = path;
                roots.flat_map(|&root| fields(module, root, first)).flat_map(|at| fields(module, at, second)).last()
            };
            local = within(["locals", name]).map(|value| (id, value)).or(local);
            let declared = within(["variable", name]).and_then(|at| fields(module, at, "default").last());
            default = declared.map(|value| (id, value)).or(default);
        }
        match (set.or(local), default.filter(|_| !perhaps)) {
            // A variable and a local of one name are told apart by what is in front of them, which is not known here.
            _ if local.is_some() && (default.is_some() || set.is_some()) => vec![unset],
            (Some((id, value)), _) => self.set_value(id, value, name),
            (None, Some((id, value))) => {
                let subject = self.subjects.get(&format!("env:{name}"));
                self.fallback(vec![unset], subject, true, |resolver| resolver.set_value(id, value, name))
            }
            (None, None) => vec![unset],
        }
    }
}

/// The values that an object has under a name.
fn fields<'m>(module: &'m Module, object: ExprId, name: &'m str) -> impl Iterator<Item = ExprId> + use<'m> {
    let entries = match module.kind(object) {
        ExprKind::Object(object) => object.entries.as_slice(),
        _ => &[],
    };
    entries.iter().filter_map(move |entry| match entry {
        Entry::Field { key: Some(key), value, .. } if key == name => Some(*value),
        _ => None,
    })
}

/// Whether Terraform reads a file of values by itself.
fn is_automatic(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name == "terraform.tfvars" || name.ends_with(".auto.tfvars")
}
