//! Files that a run over a large tree leaves alone until something leads to them.
//!
//! Most clients of a large tree are right, and no text around them says anything else: a program that names no key and
//! no host but OpenAI's is no place of a finding, unless such a name comes to it from another file. Here are the ways
//! on which one comes: what the program imports, what imports it, a dotenv file that holds for it; and, where a client
//! seems to have no base URL, whatever in the project may give it one.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use regex::bytes::Regex;

use super::Run;
use super::reach::New;
use crate::clients::IgnoredKind;
use crate::finding::{FileId, Finding};
use crate::prefilter::Sight;
use crate::routes::Client;
use crate::{cover, prefilter, rules};

impl Run<'_> {
    /// Lowers the programs with clients that a foreign key or host may come to.
    pub(super) fn wake(&mut self) {
        let dormant = |run: &Self, id: &FileId| run.sights[id.index()].makes && !run.parsed.contains(id);
        let asleep: Vec<FileId> = self.project.ids().filter(|id| dormant(self, id)).collect();
        self.add_dotenv(&asleep);
        let dotenv: BTreeSet<FileId> = self.project.dotenv.values().flatten().copied().collect();
        let told = |id: &FileId| {
            let foreign = |set: &FileId| dotenv.contains(set) && self.sights[set.index()].foreign;
            self.project.dotenv_of(*id).iter().any(foreign)
        };
        let mut woken: BTreeSet<FileId> = asleep.into_iter().filter(told).collect();
        // Between programs with clients and files with foreign keys, either may import the other.
        let asked: Vec<FileId> = self
            .project
            .ids()
            .filter(|id| self.project.file(*id).source.language.is_code())
            .filter(|id| self.sights[id.index()].foreign || dormant(self, id))
            .collect();
        self.learn_imports(&asked);
        // What a crate gives stands in its modules.
        let is_crate = |id: &FileId| self.project.file(*id).path.ends_with("lib.rs");
        let crates: BTreeSet<FileId> = asked.iter().flat_map(|&id| self.imported_by(id)).filter(is_crate).collect();
        self.learn_imports(&Vec::from_iter(crates.iter().copied()));
        let mut importing = BTreeSet::new();
        for id in asked {
            let mut targets: BTreeSet<FileId> = self.imported_by(id).collect();
            let roots: Vec<FileId> = targets.intersection(&crates).copied().collect();
            targets.extend(roots.into_iter().flat_map(|root| self.imported_by(root)));
            for target in targets {
                let (from, to) = (self.sights[id.index()], self.sights[target.index()]);
                if from.makes && to.foreign {
                    importing.insert(id);
                }
                if from.foreign && to.makes && !to.foreign {
                    woken.extend([id, target]);
                }
            }
        }
        let importing: Vec<FileId> = importing.into_iter().filter(|id| !woken.contains(id)).collect();
        let some = |id: &FileId| self.options.prefilter.imports_some(&self.text(*id));
        woken.extend(importing.into_par_iter().filter(some).collect::<Vec<_>>());
        self.lower_late(&Vec::from_iter(woken));
    }

    /// Lowers the files with requests and rows of settings, in a project that names another's key or host anywhere: they
    /// count only with one.
    pub(super) fn admit_requests(&mut self) {
        let left_out = |id: &FileId| self.sights[id.index()].admitted && !self.parsed.contains(id);
        let left_out: Vec<FileId> = self.project.ids().filter(left_out).collect();
        if left_out.is_empty() {
            return;
        }
        self.add_dotenv(&left_out);
        let ids: Vec<FileId> = self.project.ids().collect();
        let is_foreign =
            |id: FileId| self.sights[id.index()].foreign || self.options.prefilter.is_foreign(&self.text(id));
        self.foreign = ids.into_par_iter().any(is_foreign);
        if self.foreign {
            self.lower_late(&left_out);
        }
    }

    /// Reads the files that name what the rules ask for in all of the project: what switches the tracing of a client
    /// off, a variable that a client does not read, a host of Mixroute beside an environment block. Whether there are
    /// more than before.
    pub(super) fn open_named(&mut self, clients: &[Client]) -> bool {
        let mut words: BTreeSet<&str> = BTreeSet::new();
        for client in clients {
            words.extend(client.traces_unless.iter().filter_map(|way| way.split('.').next()));
            let variables = client.ignored.iter().filter(|ignored| ignored.kind == IgnoredKind::Variable);
            words.extend(variables.map(|ignored| ignored.name.as_str()));
        }
        let named = self.read_those_with(&words, |_| true);
        if !clients.iter().any(Client::is_block) {
            return named;
        }
        let mixroute = self.options.catalog.provider("mixroute");
        let hosts = mixroute.iter().flat_map(|provider| &provider.hosts).map(String::as_str).collect();
        self.read_those_with(&hosts, |sight| sight.mentions) || named
    }

    /// Lowers the files that have any of some words, and have not been; `may` says which may have one, as far as their
    /// texts have been looked at.
    fn read_those_with(&mut self, words: &BTreeSet<&str>, may: impl Fn(Sight) -> bool) -> bool {
        if words.is_empty() {
            return false;
        }
        let words: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
        let Ok(words) = Regex::new(&words.join("|")) else { return false };
        let left_out = self.project.ids().filter(|id| !self.parsed.contains(id));
        let left_out: Vec<FileId> = left_out.filter(|id| may(self.sights[id.index()])).collect();
        let has = |id: &FileId| words.is_match(self.text(*id).text.as_bytes());
        let found: Vec<FileId> = left_out.into_par_iter().filter(has).collect();
        !self.lower_late(&found).is_empty()
    }

    /// Reads what of the rest of the project may give a base URL to the clients that seem to have none; whether there
    /// is any.
    pub(super) fn widen(&mut self, clients: &[Client], findings: &[(usize, Finding)]) -> bool {
        let before = self.parsed.len();
        self.project.widened = true;
        let reported = self.project.files.iter().filter(|file| file.reported);
        let folders: HashSet<&Path> = reported.filter_map(|file| file.path.parent()).collect();
        let roots = folders.into_par_iter().map(|folder| PathBuf::clone(&self.root_of_dir(folder)));
        let roots: BTreeSet<PathBuf> = roots.collect::<Vec<_>>().into_iter().collect();
        self.project.roots = roots.clone();
        let mut new = Vec::new();
        for root in roots {
            let known = |path: &PathBuf| self.project.by_path.contains_key(path);
            let paths: Vec<PathBuf> = self.reader.all(&root).into_iter().filter(|path| !known(path)).collect();
            let look = |path: PathBuf| {
                let mut source = self.reader.read(&path)?;
                let (sight, bytes) = (self.options.prefilter.look(&source, true), source.text.len());
                if !sight.certain {
                    source.close();
                }
                Some((New { source, path, reported: false, sight }, bytes))
            };
            new.extend(paths.into_par_iter().filter_map(look).collect::<Vec<_>>());
        }
        let making = new.iter().filter(|(new, _)| new.sight.admitted).map(|(_, bytes)| bytes).sum();
        self.narrow |= self.is_large(making);
        let leave_code = |mut new: New| {
            // What a program elsewhere does matters only where it has to do with one of the clients in question.
            if self.narrow && new.source.language.is_code() {
                new.sight.certain = false;
                new.source.close();
            }
            new
        };
        let new = new.into_iter().map(|(new, _)| leave_code(new)).collect();
        let added = self.add(new);
        self.follow_imports(added);
        if self.narrow {
            let open = || findings.iter().filter(|(_, finding)| rules::rests_on_default(finding));
            let open: Vec<&Client> = open().filter_map(|(number, _)| clients.get(*number)).collect();
            // Who imports the client may set its variable before.
            let variables: BTreeSet<String> =
                open.iter().flat_map(|client| client.endpoint_variables.iter().cloned()).collect();
            let asking: BTreeSet<FileId> = open.iter().map(|client| client.at.file).collect();
            if !variables.is_empty() {
                self.link(&variables, false, |_| asking.clone());
            }
            if findings.iter().any(|(_, finding)| rules::asks_who_reads(finding)) {
                self.read_settings();
            }
            let functions = self.open_functions(open.iter().copied());
            if !functions.names.is_empty() {
                self.link(&functions.names, false, |_| functions.files.clone());
            }
            let blocks: Vec<FileId> =
                open.iter().filter(|client| client.is_block()).map(|client| client.at.file).collect();
            self.read_programs_of(&blocks);
        }
        self.parsed.len() > before
    }

    /// Lowers classes that read settings from the environment: a field of one may be a variable's name.
    fn read_settings(&mut self) {
        let settings: Vec<FileId> =
            self.project.ids().filter(|id| self.sights[id.index()].elsewhere && !self.parsed.contains(id)).collect();
        let has = |id: &FileId| prefilter::reads_settings(&self.text(*id));
        let settings: Vec<FileId> = settings.into_par_iter().filter(has).collect();
        self.lower_late(&settings);
    }

    /// Lowers the programs with clients that an environment block may be meant for.
    fn read_programs_of(&mut self, blocks: &[FileId]) {
        let scopes: BTreeSet<PathBuf> = blocks.iter().filter_map(|&block| cover::scope(&self.project, block)).collect();
        let makes = |id: &FileId| self.sights[id.index()].makes && !self.parsed.contains(id);
        let inside = |id: &FileId| scopes.iter().any(|scope| self.project.file(*id).path.starts_with(scope));
        let programs: Vec<FileId> = self.project.ids().filter(makes).filter(inside).collect();
        self.lower_late(&programs);
    }
}
