//! The read set: which files are read and lowered besides the given ones, and when.
//!
//! What the imports of code lead to is read when a resolver asks for it; environment files, the dotenv files above the
//! code and the manifests beside it are read before.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::{Extent, Run};
use crate::catalog::Ecosystem;
use crate::extract;
use crate::facts::{ExprKind, Module};
use crate::finding::FileId;
use crate::imports::{self, Importer};
use crate::language::{self, Language};
use crate::manifest::{self, Packages};
use crate::prefilter::Sight;
use crate::project::{File, Index, Wanted};
use crate::source::Source;
use crate::{glance, resolve};

/// How far the imports of environment files are followed.
const MAX_HOPS: usize = 6;
/// In a large tree imports lead to no longer text that names nobody.
const LARGE: usize = 512 << 10;
/// Of texts longer than this two are parsed at a time, however many threads there are: the tree of one may take 150 MiB.
const LONG: usize = 128 << 10;
/// A file with more words and marks than this is one of few.
const MANY_WORDS: usize = 100_000;
/// Words and marks of all such files that are kept at once; each takes some hundred bytes.
const MAX_WORDS: usize = 2_800_000;
/// So many files are few: what they import is as good as read.
const FEW: usize = 8;
/// How many files imports may add.
const MAX_IMPORTED: usize = 4000;

impl Run<'_> {
    /// Adds files, lowered where they are worth it; the new ones' indices.
    pub(super) fn add(&mut self, files: Vec<New>) -> Vec<FileId> {
        let first = self.project.files.len();
        self.project.files.reserve(files.len());
        for New { source, path, reported, sight } in files {
            self.project.by_path.insert(path.clone(), FileId(self.project.files.len() as u32));
            self.project.files.push(File::unparsed(source, path, reported));
            self.sights.push(sight);
        }
        let added: Vec<FileId> = (first..self.project.files.len()).map(|index| FileId(index as u32)).collect();
        let worth: Vec<FileId> = added.iter().copied().filter(|id| self.admits(self.sights[id.index()])).collect();
        self.lower_late(&worth);
        added
    }

    /// Whether a file is lowered for what its text shows.
    pub(super) fn admits(&self, sight: Sight) -> bool {
        match self.options.extent {
            Extent::Everything => true,
            _ if self.narrow => sight.certain,
            _ if !self.foreign => sight.certain || sight.makes || sight.elsewhere,
            _ => sight.admitted,
        }
    }

    /// Lowers files that were left out, now that something leads to them; those that could be.
    pub(super) fn lower_late(&mut self, ids: &[FileId]) -> Vec<FileId> {
        let left_out = |id: &&FileId| !self.parsed.contains(id) && !self.unparsed.iter().any(|(known, _)| known == *id);
        let ids: BTreeSet<FileId> = ids.iter().filter(left_out).copied().collect();
        let ids: Vec<FileId> = ids.into_iter().collect();
        let read = |&id: &FileId| self.read_again(self.project.file(id));
        let mut readings: Vec<Reading> = ids.par_iter().map(read).collect();
        // In their order, so that the same ones are left out whoever runs this.
        for reading in readings.iter_mut().filter(|reading| reading.words > 0) {
            self.words += reading.words;
            if self.words > MAX_WORDS {
                self.words -= reading.words;
                reading.refused = Some(format!("not parsed: the long files before have {MAX_WORDS} words and marks"));
            }
        }
        let texts = ids.iter().map(|&id| &self.project.file(id).source);
        let texts: Vec<(&Source, &Reading)> = texts.zip(&readings).collect();
        let lowered: Vec<Lowered> = texts.into_par_iter().map(|(source, reading)| reading.lower(source)).collect();
        for ((&id, reading), lowered) in ids.iter().zip(readings).zip(lowered) {
            self.keep(id, reading.again, lowered);
        }
        self.add_dotenv(&ids);
        ids.into_iter().filter(|id| self.parsed.contains(id)).collect()
    }

    /// Reads a file that is to be lowered again, where its text was forgotten.
    fn read_again(&self, file: &File) -> Reading {
        let again = if file.source.is_open() { None } else { self.reader.read(&file.path) };
        let is_lost = again.is_none() && !file.source.is_open();
        let source = again.as_ref().unwrap_or(&file.source);
        let words = if source.text.len() > LONG { extract::words(&source.text) } else { 0 };
        let refused = is_lost.then(|| "cannot be read any more".to_owned());
        // What has more than can be parsed takes nothing.
        let is_many = (MANY_WORDS..=extract::MAX_TOKENS).contains(&words);
        Reading { words: if is_many { words } else { 0 }, again, refused }
    }

    /// The text of a file, read again where it was forgotten.
    pub(super) fn text(&self, id: FileId) -> Cow<'_, Source> {
        let file = self.project.file(id);
        let again = if file.source.is_open() { None } else { self.reader.read(&file.path) };
        again.map_or(Cow::Borrowed(&file.source), Cow::Owned)
    }

    fn keep(&mut self, id: FileId, again: Option<Source>, lowered: Lowered) {
        if let Some(again) = again {
            self.project.files[id.index()].source.reopen(again);
        }
        match lowered {
            Lowered::Refused(problem) => self.unparsed.push((id, problem)),
            Lowered::Module(module, mut index) => {
                let named = Arc::get_mut(&mut index).map(|index| std::mem::take(&mut index.named)).unwrap_or_default();
                let file = &mut self.project.files[id.index()];
                if !resolve::is_test(&file.path) {
                    self.project.named.extend(named);
                }
                (file.module, file.index) = (module, index);
                self.parsed.insert(id);
            }
        }
    }

    pub(super) fn root(&self, path: &Path) -> Arc<PathBuf> {
        self.root_of_dir(path.parent().unwrap_or(path))
    }

    pub(super) fn root_of_dir(&self, dir: &Path) -> Arc<PathBuf> {
        self.roots.get(dir, || self.reader.root(dir))
    }

    /// Where an import leads, if that is a file.
    pub(super) fn target(&self, file: FileId, key: &str) -> Option<PathBuf> {
        let file = self.project.file(file);
        let (language, root) = (file.source.language, self.root(&file.path));
        let exists = |path: &Path| self.project.by_path.contains_key(path) || path.is_file();
        let is_library = || self.options.catalog.clients.iter().any(|client| client.modules.iter().any(|m| m == key));
        self.finder.find(Importer { language, file: &file.path, root: &root }, key, exists, is_library)
    }

    /// The file of the project that an import leads to, if it has been read.
    pub(super) fn target_here(&self, file: FileId, key: &str) -> Option<FileId> {
        self.project.by_path.get(&self.target(file, key)?).copied()
    }

    /// Adds what environment files take from others, and those in turn; in a large tree also what code imports, where
    /// few files are new: to ask again for each that turns out to be needed takes longer than to read them all.
    pub(super) fn follow_imports(&mut self, from: Vec<FileId>) {
        let mut layer = from;
        for _ in 0..MAX_HOPS {
            let mut wanted = Vec::new();
            let few = self.narrow && layer.len() <= FEW;
            for id in layer {
                let file = self.project.file(id);
                if self.parsed.contains(&id) && (few || !file.source.language.is_code()) {
                    let keys = imports::keys(file.source.language, &file.path, &file.module);
                    wanted.extend(keys.into_iter().map(|key| Wanted { file: id, key, called: None }));
                }
            }
            layer = self.fetch(wanted);
            if layer.is_empty() {
                return;
            }
        }
    }

    /// Settles what code imports from outside and from files that have been read, and which of the names that it imports
    /// are no client's: nothing has to be read for these.
    pub(super) fn settle_imports(&mut self) {
        let new: Vec<FileId> = self.parsed.difference(&self.settled).copied().collect();
        let new: Vec<FileId> = new.into_iter().filter(|id| self.settled.insert(*id)).collect();
        let known: Vec<_> = new.par_iter().map(|&id| (self.known_imports(id), self.plain_calls(id))).collect();
        for (id, (imports, plain)) in new.into_iter().zip(known) {
            self.project.imports.entry(id).or_default().extend(imports);
            self.project.no_clients.extend(plain);
        }
    }

    /// What code imports from outside, and from files that have been lowered.
    fn known_imports(&self, id: FileId) -> Vec<(String, Option<FileId>)> {
        let mut known = Vec::new();
        for key in self.keys_of_code(id) {
            match self.target(id, &key).map(|path| self.project.by_path.get(&path).copied()) {
                None => known.push((key, None)),
                Some(Some(target)) if self.parsed.contains(&target) => known.push((key, Some(target))),
                Some(_) => {}
            }
        }
        known
    }

    /// What code imports.
    pub(super) fn keys_of_code(&self, id: FileId) -> Vec<String> {
        let file = self.project.file(id);
        let language = file.source.language;
        if language.is_code() { imports::keys(language, &file.path, &file.module) } else { Vec::new() }
    }

    /// The imported names that are called and are no client's in any reading.
    fn plain_calls(&self, id: FileId) -> Vec<Wanted> {
        // What was not given was not asked for its names.
        let is_given = |(key, _): &(String, String)| {
            self.target_here(id, key).is_some_and(|target| self.project.file(target).reported)
        };
        let names = self.plain_names(id).into_iter().filter(is_given);
        names.map(|(key, name)| Wanted { file: id, key, called: Some(name) }).collect()
    }

    /// The names that a file imports and that are no client's in any reading, each with what it is imported by.
    fn plain_names(&self, id: FileId) -> BTreeSet<(String, String)> {
        let mut names = BTreeSet::new();
        let Some(heirs) = &self.project.heirs else { return names };
        let file = self.project.file(id);
        if !file.source.language.is_code() {
            return names;
        }
        for expr in file.module.expr_ids() {
            if let ExprKind::Import(import) = file.module.kind(expr)
                && let Some(name) = import.name.as_ref().filter(|name| !heirs.may_hold(name))
            {
                names.insert((import.module.clone(), name.clone()));
                if imports::name_may_be_a_module(file.source.language) {
                    names.insert((imports::joined(&import.module, name), name.clone()));
                }
            }
        }
        names
    }

    /// Settles imports: reads and lowers the files that they lead to. The files that are new.
    pub(super) fn fetch(&mut self, wanted: impl IntoIterator<Item = Wanted>) -> Vec<FileId> {
        let mut by_target: BTreeMap<PathBuf, Vec<Wanted>> = BTreeMap::new();
        for wanted in wanted {
            match self.target(wanted.file, &wanted.key) {
                Some(target) => by_target.entry(target).or_default().push(wanted),
                None => drop(self.project.imports.entry(wanted.file).or_default().insert(wanted.key, None)),
            }
        }
        let wanted: Vec<(PathBuf, Vec<Wanted>)> = by_target.into_iter().collect();
        let looked_at: Vec<Looked> = wanted.par_iter().map(|(path, wanted)| self.look(path, wanted)).collect();
        let mut late = Vec::new();
        let mut new = Vec::new();
        let mut settled = Vec::new();
        for ((path, wanted), looked) in wanted.into_iter().zip(looked_at) {
            match looked {
                Looked::NoClients => self.project.no_clients.extend(wanted),
                Looked::Known(id) => {
                    late.push(id);
                    settled.push((path, wanted));
                }
                Looked::New(source) => {
                    if self.imported < MAX_IMPORTED {
                        self.imported += 1;
                        new.extend(source.map(|source| New::wanted(source, path.clone())));
                    }
                    settled.push((path, wanted));
                }
            }
        }
        let mut next = self.lower_late(&late);
        next.extend(self.add(new));
        for (path, wanted) in settled {
            let target = self.project.by_path.get(&path).copied();
            for Wanted { file, key, .. } in wanted {
                self.project.imports.entry(file).or_default().insert(key, target);
            }
        }
        next
    }

    /// Looks at a file that imports lead to, and at what is asked of it.
    fn look(&self, path: &Path, wanted: &[Wanted]) -> Looked {
        let known = self.project.by_path.get(path).copied();
        if known.is_some_and(|id| self.parsed.contains(&id)) {
            return Looked::Known(known.unwrap_or(FileId(0)));
        }
        let source = match known {
            Some(id) => Some(self.text(id)),
            None => self.reader.read(path).map(Cow::Owned),
        };
        let may_be_a_client = |wanted: &Wanted| match (&wanted.called, &source) {
            (Some(name), Some(source)) => {
                // What has not been given was not asked for its classes.
                let asked = known.and(self.project.heirs.as_ref());
                self.options.extent == Extent::Everything
                    || (glance::may_be_a_class(source, name)
                        && (asked.is_none_or(|heirs| heirs.may_hold(name)) || !glance::is_a_class(source, name)))
            }
            _ => true,
        };
        // To parse it may take a second, and it names nobody.
        let is_idle = |source: &Cow<'_, Source>| {
            self.narrow && source.text.len() > LARGE && !self.options.prefilter.is_foreign(source)
        };
        match known {
            _ if !wanted.iter().any(may_be_a_client) || source.as_ref().is_some_and(is_idle) => Looked::NoClients,
            Some(id) => Looked::Known(id),
            None => Looked::New(source.map(Cow::into_owned)),
        }
    }

    /// Adds the dotenv files of the directories above some files, up to the project's root.
    pub(super) fn add_dotenv(&mut self, above: &[FileId]) {
        let files = above.iter().map(|id| self.project.file(*id));
        let others = files.filter(|file| file.source.language != Language::Dotenv);
        let parents: BTreeSet<PathBuf> = others.filter_map(|file| file.path.parent().map(Path::to_path_buf)).collect();
        let mut dirs = Vec::new();
        for parent in parents {
            let root = self.root_of_dir(&parent);
            for dir in parent.ancestors() {
                if !self.dotenv_dirs.insert(dir.to_path_buf()) {
                    break;
                }
                dirs.push(dir.to_path_buf());
                if dir == *root {
                    break;
                }
            }
        }
        if dirs.is_empty() {
            return;
        }
        let names_in = |dir: PathBuf| {
            let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().to_str().map(str::to_owned));
            let mut names: Vec<String> = names.filter(|name| language::is_loaded_dotenv(name)).collect();
            names.sort();
            (dir, names)
        };
        let mut new = Vec::new();
        let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
        let dirs: Vec<(PathBuf, Vec<String>)> = dirs.into_par_iter().map(names_in).collect();
        for (dir, names) in dirs {
            for name in names {
                let path = dir.join(name);
                if !self.project.by_path.contains_key(&path) {
                    match self.reader.read(&path) {
                        Some(source) if source.language == Language::Dotenv => {
                            new.push(New::wanted(source, path.clone()))
                        }
                        _ => continue,
                    }
                }
                found.push((dir.clone(), path));
            }
        }
        self.add(new);
        let ids: Vec<FileId> = found.iter().filter_map(|(_, path)| self.project.by_path.get(path).copied()).collect();
        self.lower_late(&ids);
        for (dir, path) in found {
            if let Some(&id) = self.project.by_path.get(&path) {
                self.project.dotenv.entry(dir).or_default().push(id);
            }
        }
    }

    /// Reads the manifests of the directories above parsed code, and what the code itself says of its packages.
    pub(super) fn read_manifests(&mut self) {
        let clients = &self.options.catalog.clients;
        let known: manifest::Known<'_> = clients
            .iter()
            .filter_map(|client| Some((Ecosystem::of_language(&client.language)?, client.package.as_deref()?)))
            .collect();
        let ids: Vec<FileId> = self.parsed.iter().copied().collect();
        for id in ids {
            let file = self.project.file(id);
            if Ecosystem::of_language(file.source.language.name()).is_none() {
                continue;
            }
            let path = file.path.clone();
            let inline = manifest::of_source(&file.source, &file.module, &known);
            if !inline.is_empty() {
                self.project.inline.insert(id, inline);
            }
            let root = self.root(&path);
            for dir in path.ancestors().skip(1) {
                if !self.project.manifests.contains_key(dir) {
                    let found = Packages::in_directory(dir, &known);
                    self.project.manifests.insert(dir.to_path_buf(), found);
                }
                if dir == *root {
                    break;
                }
            }
        }
    }
}

/// A file that is new to the run.
pub(super) struct New {
    pub(super) source: Source,
    pub(super) path: PathBuf,
    pub(super) reported: bool,
    pub(super) sight: Sight,
}

impl New {
    /// A file that something leads to: it is lowered whatever its text shows.
    fn wanted(source: Source, path: PathBuf) -> Self {
        Self { source, path, reported: false, sight: Sight::sure() }
    }
}

/// A file that is to be lowered.
struct Reading {
    /// Its text, if that had been forgotten.
    again: Option<Source>,
    /// Its words and marks, if it is long and has many.
    words: usize,
    /// Why it is not lowered.
    refused: Option<String>,
}

impl Reading {
    fn lower(&self, source: &Source) -> Lowered {
        match &self.refused {
            Some(problem) => Lowered::Refused(problem.clone()),
            None => lower(self.again.as_ref().unwrap_or(source)),
        }
    }
}

/// What became of a file.
enum Lowered {
    /// It could not be lowered, and why.
    Refused(String),
    /// What it says.
    Module(Arc<Module>, Arc<Index>),
}

/// A file that imports lead to.
enum Looked {
    /// Nothing that is asked of it is a class.
    NoClients,
    /// It has been read before.
    Known(FileId),
    /// Its text, if it is text.
    New(Option<Source>),
}

/// Lowers a file; a panic in a parser is that file's trouble alone.
fn lower(source: &Source) -> Lowered {
    static TURNS: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];
    let free = || TURNS.iter().find_map(|turn| turn.try_lock().ok());
    let next = || TURNS[rayon::current_thread_index().unwrap_or(0) % TURNS.len()].lock().ok();
    let _turn = if source.text.len() > LONG { free().or_else(next) } else { None };
    let work = || {
        let module = extract::extract(source)?;
        let index = Index::new(&module);
        Ok((Arc::new(module), Arc::new(index)))
    };
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok((module, index))) => Lowered::Module(module, index),
        Ok(Err(problem)) => {
            let problem: extract::Unparsable = problem;
            Lowered::Refused(problem.to_string())
        }
        Err(_) => Lowered::Refused("internal error while parsing".to_owned()),
    }
}
