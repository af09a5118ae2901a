//! Who imports whom: the files that call what others define, found by their import statements and the names in them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rayon::prelude::*;

use super::Run;
use crate::extract;
use crate::finding::FileId;
use crate::glance;
use crate::imports::{self, Importer};
use crate::language::Language;

/// How far the files that import others are looked for.
const MAX_LINKS: usize = 3;
/// How many names are looked for at a time: making the automaton takes longer than it saves.
const MAX_NAMES: usize = 1000;

impl Run<'_> {
    /// Looks for files that import others and name something of them, and for those that import these; whether anything
    /// new is known. `foreign`: only for those that name a key or a host of anyone but OpenAI.
    pub(super) fn link(
        &mut self,
        of: &BTreeSet<String>,
        foreign: bool,
        files: impl Fn(&Self) -> BTreeSet<FileId>,
    ) -> bool {
        let before = self.project.links.len();
        let tells = |run: &Self, id: &FileId| !foreign || run.parsed.contains(id) || run.sights[id.index()].foreign;
        let open = self.naming(of, tells);
        let mut asked = BTreeSet::new();
        for _ in 0..MAX_LINKS {
            let all = self.with_importers(files(self));
            let new: BTreeSet<FileId> = all.difference(&asked).copied().collect();
            let Some(names) = glance::Words::new(self.import_names(&new).iter()) else { break };
            asked = all;
            let may_import = |id: &FileId| names.are_imported_by(&self.text(*id));
            let mut importers: Vec<FileId> = open.par_iter().copied().filter(may_import).collect();
            // Many files are called `utils`.
            let in_doubt = |run: &Self, id: &FileId| !run.parsed.contains(id);
            let doubtful: Vec<FileId> = importers.iter().copied().filter(|id| in_doubt(self, id)).collect();
            self.learn_imports(&doubtful);
            importers.retain(|&id| !in_doubt(self, &id) || self.imported_by(id).any(|target| new.contains(&target)));
            let (importers, handing): (Vec<FileId>, Vec<FileId>) =
                importers.into_iter().partition(|id| tells(self, id));
            self.lower_late(&importers);
            let known = self.project.links.len();
            // It is read where somebody turns out to go through it.
            for id in handing {
                let targets: Vec<FileId> = self.imported_by(id).filter(|target| new.contains(target)).collect();
                self.project.links.extend(targets.into_iter().map(|target| (target, id)));
            }
            let links = |&id: &FileId| {
                let keys = self.keys_of_code(id);
                keys.iter().filter_map(|key| Some((self.target_here(id, key)?, id))).collect::<Vec<_>>()
            };
            let links: Vec<(FileId, FileId)> = importers.par_iter().flat_map_iter(links).collect();
            self.project.links.extend(links);
            if self.project.links.len() == known {
                break;
            }
        }
        self.project.link();
        self.project.links.len() > before
    }

    /// The code that may name any of some words; `tells` says of which this is asked.
    fn naming(&self, words: &BTreeSet<String>, tells: impl Fn(&Self, &FileId) -> bool + Sync) -> Vec<FileId> {
        // With so many names most files have one.
        let words = if words.len() > MAX_NAMES { None } else { glance::Words::new(words.iter()) };
        let may_name = |id: &FileId| {
            let file = self.project.file(*id);
            // What hands on names nobody itself.
            let seen = tells(self, id) || imports::is_package(&file.path);
            let names_one = |words: &glance::Words| {
                let source = self.text(*id);
                words.are_in(&source) || glance::hands_all_on(&source)
            };
            seen && file.source.language.is_code() && words.as_ref().is_none_or(names_one)
        };
        let ids: Vec<FileId> = self.project.ids().collect();
        ids.into_par_iter().filter(may_name).collect()
    }

    /// Files, and those that were found to import them.
    fn with_importers(&self, mut files: BTreeSet<FileId>) -> BTreeSet<FileId> {
        let mut open: Vec<FileId> = files.iter().copied().collect();
        while let Some(file) = open.pop() {
            let importers = self.project.links.range((file, FileId(0))..=(file, FileId(u32::MAX)));
            open.extend(importers.map(|(_, importer)| *importer).filter(|importer| files.insert(*importer)));
        }
        files
    }

    /// The names by which files are imported.
    fn import_names(&self, files: &BTreeSet<FileId>) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for &id in files {
            let file = self.project.file(id);
            let (language, root) = (file.source.language, self.root(&file.path));
            names.extend(self.finder.names(Importer { language, file: &file.path, root: &root }));
            // The modules below one say `super::send(…)`.
            names.extend((language == Language::Rust).then(|| "super".to_owned()));
        }
        names
    }

    /// Learns what files import, from their import statements alone.
    pub(super) fn learn_imports(&mut self, files: &[FileId]) {
        let new: Vec<FileId> = files.iter().copied().filter(|id| !self.targets_of.contains_key(id)).collect();
        let targets = |&id: &FileId| {
            let source = self.text(id);
            let module = extract::extract(&glance::import_statements(&source)).unwrap_or_default();
            let mut keys = imports::keys(source.language, &self.project.file(id).path, &module);
            if source.language == Language::Rust {
                keys.extend(imports::keys_of_text(&source.text));
            }
            keys.iter().filter_map(|key| self.target(id, key)).collect()
        };
        let targets: Vec<Vec<PathBuf>> = new.par_iter().map(targets).collect();
        self.targets_of.extend(new.into_iter().zip(targets));
    }

    /// The files that a file imports, as far as that was learnt.
    pub(super) fn imported_by(&self, id: FileId) -> impl Iterator<Item = FileId> {
        let targets = self.targets_of.get(&id).into_iter().flatten();
        targets.filter_map(|path| self.project.by_path.get(path).copied())
    }
}
