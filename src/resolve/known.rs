//! Answers found before, and on what they rest: while files are still being read, some of them may not be final.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::{Alt, Arms, Resolver};
use crate::facts::{BlockId, ClassId, ExprId, FuncId};
use crate::finding::FileId;
use crate::project::Wanted;

/// Calls of functions that other resolvers have found, by the kind of question: see [`Resolver::known`].
#[derive(Debug, Default)]
pub struct KnownSites(pub(super) Vec<HashMap<Callee, Arc<Sites>>>);

/// Calls of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct Sites {
    pub(super) calls: Vec<(FileId, ExprId)>,
    /// There may be others: more than are looked at, or only tests call it here.
    pub(super) more: bool,
}

/// Answers found before; `None` while they are being looked for.
#[derive(Default)]
pub(super) struct Known {
    /// By the frame, too, of a function that is given nothing: it goes the same way each time.
    pub(super) exprs: HashMap<InFrame, Option<Answer<Vec<Alt>>>>,
    pub(super) exports: HashMap<(FileId, String), Option<Answer<Vec<Alt>>>>,
    pub(super) sites: HashMap<Callee, Answer<Sites>>,
    pub(super) fields: HashMap<ObjectField, Answer<Vec<Alt>>>,
    /// What holds at a point.
    pub(super) held: HashMap<Point, Answer<Option<Arms>>>,
    pub(super) heirs: HashMap<ClassAt, Answer<Vec<ClassAt>>>,
}

/// An expression, and the number of the frame that it is evaluated in.
pub(super) type InFrame = (FileId, ExprId, u32);

/// A function that is called, or the constructor of a class that inherits it.
pub(super) type Callee = (FileId, FuncId, Heir);

/// The class that a constructor is asked about, where that is another than its own.
pub(super) type Heir = Option<ClassAt>;

/// A point of a program: the file, the block, the statement and the frame.
pub(super) type Point = (FileId, BlockId, usize, u32);

/// A class of a file.
pub(super) type ClassAt = (FileId, ClassId);

/// A field of a class, by the number of its name.
pub(super) type ClassField = (FileId, ClassId, u32);

/// A field of an object of a class: of the one that a frame makes or, without one, of any; and the number of its name.
pub(super) type ObjectField = (FileId, ClassId, Option<u32>, u32);

/// An answer found before.
#[derive(Clone, Default)]
pub(super) struct Answer<T> {
    pub(super) found: Arc<T>,
    /// On what it rests.
    pub(super) rests: Rests,
}

/// On what answers rest of which more may be known later: numbers that grow with every such answer. Where one stays the
/// same, the answers in between are final as far as that goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rests {
    /// Imports that were left open.
    pub imports: u32,
    /// What other files may say without being asked for: who calls a function, who sets a module's attribute.
    pub others: u32,
}

impl Rests {
    /// How they have grown since.
    pub fn since(self, before: Self) -> Self {
        Self { imports: self.imports - before.imports, others: self.others - before.others }
    }
}

impl KnownSites {
    /// Adds what was not known.
    pub fn learn(&mut self, more: Self) {
        if self.0.len() < more.0.len() {
            self.0.resize_with(more.0.len(), HashMap::new);
        }
        for (known, mut more) in self.0.iter_mut().zip(more.0) {
            more.retain(|callee, _| !known.contains_key(callee));
            known.extend(more);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Resolver<'_> {
    /// The imports that had to be left open, because nobody has read their files yet. With any, the answers given so
    /// far may be wrong. And the calls of functions that were found, for the next resolvers.
    pub fn into_parts(self) -> (BTreeSet<Wanted>, KnownSites) {
        let is_final =
            |(callee, answer): (Callee, Answer<Sites>)| (answer.rests.imports == 0).then_some((callee, answer.found));
        let kinds = self.known.into_iter().map(|known| known.sites.into_iter().filter_map(is_final).collect());
        (self.wanted, KnownSites(kinds.collect()))
    }

    /// On what the answers so far rest.
    pub fn rests(&self) -> Rests {
        self.rests
    }

    /// Notes that an answer was given again, which rests on something.
    pub fn rely_on(&mut self, rests: Rests) {
        self.rests.imports += rests.imports.min(1);
        self.rests.others += rests.others.min(1);
    }

    /// Notes that the next answer rests on what other files say without being asked for.
    pub fn rests_on_others(&mut self) {
        self.rests.others += 1;
    }

    /// Gives out an answer that was found before.
    pub(super) fn recall<T>(&mut self, answer: &Answer<T>) -> Arc<T> {
        self.rely_on(answer.rests);
        answer.found.clone()
    }

    /// What is kept of an answer; `before` is what [`Self::rests`] was.
    pub(super) fn answer<T>(&self, found: T, before: Rests) -> Answer<T> {
        Answer { found: Arc::new(found), rests: self.rests.since(before) }
    }

    /// The answers to questions like this one: nested as deeply, and whether they are about what is called.
    pub(super) fn known(&mut self) -> &mut Known {
        let kind = self.kind();
        if self.known.len() <= kind {
            self.known.resize_with(kind + 1, Known::default);
        }
        &mut self.known[kind]
    }

    pub(super) fn kind(&self) -> usize {
        self.nested * 2 + usize::from(self.called.is_some())
    }

    /// The calls of a function that another resolver has found for a question like this one.
    pub(super) fn found_elsewhere(&self, callee: &Callee) -> Option<Arc<Sites>> {
        self.project.sites.0.get(self.kind())?.get(callee).cloned()
    }
}
