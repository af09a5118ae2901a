//! The clients of files, asked of resolvers until nothing is left open.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use rayon::prelude::*;

use super::{Extent, Run};
use crate::finding::FileId;
use crate::project::Wanted;
use crate::resolve::{KnownSites, Resolver};
use crate::routes::{self, Client, Settled};

/// How many files one resolver is asked about at most: always the same ones, however many threads there are.
const TOGETHER: usize = 32;
/// How many resolvers are asked before what they found is given to the next ones: as many, whoever runs them.
const AT_A_TIME: usize = 8;
/// How often resolvers may ask for more files.
pub(super) const MAX_ROUNDS: usize = 24;

/// A file, and which of its calls are settled.
type Asked = (FileId, Settled);

/// What was found in some files.
#[derive(Default)]
struct Answers {
    /// The clients of each, and which of its calls are settled.
    files: Vec<(Asked, Vec<Client>)>,
    /// The imports that were left open.
    wanted: BTreeSet<Wanted>,
    /// The calls of functions that were found.
    sites: KnownSites,
}

impl Run<'_> {
    /// The clients of all parsed files that are given, and of the others that were added to look for a base URL.
    ///
    /// A resolver that meets an import whose file has not been read leaves it open; then the file is read, and that
    /// resolver asked again.
    /// `again` are the files of which more is known by now: those of the others stay as they are.
    pub(super) fn clients(&mut self, again: Option<&BTreeSet<FileId>>) -> Vec<Client> {
        let worth = |id: &FileId| self.options.extent == Extent::Everything || self.sights[id.index()].admitted;
        let looked_at = |id: &FileId| (self.project.file(*id).reported || self.project.widened) && worth(id);
        let asked = |id: &FileId| again.is_none_or(|again| again.contains(id) || !self.clients.contains_key(id));
        let open = self.parsed.iter().copied().filter(looked_at).filter(asked);
        let open: Vec<FileId> = open.collect();
        let settled = |id| {
            let mut settled = self.asked.remove(&id).unwrap_or_default();
            settled.ask_again();
            (id, settled)
        };
        let mut open: Vec<Asked> = open.into_iter().map(settled).collect();
        for _ in 0..MAX_ROUNDS {
            self.settle_imports();
            let mut wanted = BTreeSet::new();
            let mut left = open.into_iter();
            open = Vec::new();
            loop {
                let next: Vec<Asked> = left.by_ref().take(TOGETHER * AT_A_TIME).collect();
                if next.is_empty() {
                    break;
                }
                // The last rounds are about few files, and these are the ones that take long.
                let together = next.len().div_ceil(AT_A_TIME);
                let answers: Vec<Answers> =
                    next.into_par_iter().chunks(together).map(|files| self.clients_of(files)).collect();
                for found in answers {
                    wanted.extend(found.wanted);
                    self.project.sites.learn(found.sites);
                    for ((id, settled), clients) in found.files {
                        self.clients.insert(id, clients);
                        match settled.is_final() {
                            true => drop(self.asked.insert(id, settled)),
                            false => open.push((id, settled)),
                        }
                    }
                }
            }
            if wanted.is_empty() {
                break;
            }
            let added = self.fetch(wanted);
            self.follow_imports(added);
        }
        self.project.link();
        let known = self.clients.values().flatten().filter(|client| !client.waiting);
        let mut clients: Vec<Client> = known.cloned().collect();
        routes::drop_consumed(&mut clients);
        routes::doubt(&self.project, &mut clients);
        clients
    }

    /// The clients of some files, by one resolver: what one of them asked, the next one knows.
    fn clients_of(&self, files: Vec<Asked>) -> Answers {
        let mut resolver = Resolver::new(&self.project);
        let mut answers = Answers::default();
        for (id, mut settled) in files {
            // What was read for its names alone calls no clients, or none that a finding may be about.
            let calls = self.admits(self.sights[id.index()]) || self.sights[id.index()].makes;
            let work = || routes::of_file(&mut resolver, self.options.catalog, id, calls, &mut settled);
            match std::panic::catch_unwind(AssertUnwindSafe(work)) {
                Ok(found) => answers.files.push(((id, settled), found)),
                // Nobody knows in which state it is.
                Err(_) => {
                    let broken = std::mem::replace(&mut resolver, Resolver::new(&self.project));
                    answers.wanted.extend(broken.into_parts().0);
                    answers.files.push(((id, Settled::broken()), Vec::new()));
                }
            }
        }
        let (wanted, sites) = resolver.into_parts();
        answers.wanted.extend(wanted);
        answers.sites = sites;
        answers
    }
}
