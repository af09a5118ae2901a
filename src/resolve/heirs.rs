//! Which class an object is of: a method's own, or one that inherits from it and has fields and methods of its own.

use std::sync::Arc;

use super::value::{Alt, Frame, Presence, Value};
use super::{ClassAt, Lit, Resolver, under};
use crate::facts::{ExprKind, FuncId};
use crate::finding::FileId;

/// Files that are looked through for classes that inherit from one.
const MAX_FILES: usize = 64;
/// Classes that inherit from one which are looked at.
const MAX_HEIRS: usize = 16;

impl Resolver<'_> {
    /// A field or method of an object whose class may be one of several, where they do not agree on it: each is a choice,
    /// so that a key of one never meets a URL of another. `None` where it is the class's own for all.
    pub(super) fn by_heirs(&mut self, class: ClassAt, name: &str) -> Option<Vec<Alt>> {
        let heirs = self.heirs_of(class);
        if !heirs.iter().any(|&heir| self.has_own(heir, name)) {
            return None;
        }
        if heirs.len() > MAX_HEIRS {
            let mut alts = self.attribute(class.0, class.1, name, None, 0);
            alts.push(Alt::unknown());
            return Some(alts);
        }
        let subject = self.class_subject(class);
        let mut out = Vec::new();
        for &heir in std::iter::once(&class).chain(heirs.iter()) {
            if self.has_to_be_inherited(heir) {
                continue;
            }
            let mut alts = self.attribute(heir.0, heir.1, name, None, 0);
            // What says nothing here is there for others to say, unless somebody makes one all the same.
            if heir == class && !self.is_made(class) {
                let is_there = |alt: &Alt| matches!(alt.value.presence(), Presence::Present | Presence::Maybe);
                alts.iter_mut().filter(|alt| !is_there(alt)).for_each(|alt| alt.value = Value::Unknown(None));
            }
            let arms = super::Arms::default().with(self.class_lit(subject, heir));
            out.extend(arms.into_iter().flat_map(|arms| under(alts.clone(), &arms)));
        }
        Some(out)
    }

    /// The classes that a call of a constructor makes, as assumptions: where a class that others inherit from hands on what
    /// it is given. Nothing where no other class inherits the constructor.
    pub(super) fn made_by(&mut self, class: ClassAt, frame: &Frame) -> Vec<Lit> {
        if self.heirs_of(class).is_empty() {
            return Vec::new();
        }
        let ExprKind::Call(call) = self.module(frame.caller.file).kind(frame.call) else { return Vec::new() };
        // A constructor that hands on what it is given does so for all that inherit it.
        let mut made = match self.super_class(&frame.caller, call.callee) {
            Some(heir) => {
                let heirs = self.heirs_of(heir);
                let alike = heirs.iter().copied().filter(|&heir| self.own_constructor(heir).is_none());
                std::iter::once(heir).chain(alike).collect()
            }
            None => match self.called(&frame.caller, call.callee).as_slice() {
                [Alt { value: Value::Made(made), .. }] => match *self.module(made.ctx.file).kind(made.expr) {
                    ExprKind::Class(class) => vec![(made.ctx.file, class)],
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
        };
        made.truncate(MAX_HEIRS);
        let subject = self.class_subject(class);
        made.into_iter().map(|made| self.class_lit(subject, made)).collect()
    }

    /// What tells apart of which class an object is: one for all that inherit from the same.
    fn class_subject(&mut self, class: ClassAt) -> u32 {
        let mut root = class;
        for _ in 0..8 {
            let Some(base) = self.first_base(root) else { break };
            root = base;
        }
        self.subjects.get(&format!("self:{}:{}", root.0.0, root.1.0))
    }

    fn class_lit(&mut self, subject: u32, class: ClassAt) -> Lit {
        let value = self.constants.get(&format!("#{}:{}", class.0.0, class.1.0));
        Lit { subject, value: Some(value), negated: false }
    }

    /// The classes that inherit from one, however far down.
    fn heirs_of(&mut self, class: ClassAt) -> Arc<Vec<ClassAt>> {
        if let Some(known) = self.known().heirs.get(&class).cloned() {
            return self.recall(&known);
        }
        self.known().heirs.insert(class, super::Answer::default());
        let before = self.rests;
        self.rests_on_others();
        let found = self.find_heirs(class);
        let answer = self.answer(found, before);
        self.known().heirs.insert(class, answer.clone());
        answer.found
    }

    fn find_heirs(&mut self, class: ClassAt) -> Vec<ClassAt> {
        let project = self.project;
        let mut out: Vec<ClassAt> = Vec::new();
        let mut done = 0;
        let mut next = Some(class);
        while let Some(of) = next {
            let name = &self.module(of.0).classes[of.1.index()].name;
            for &at in project.above(of.0).iter().take(MAX_FILES) {
                let index = &project.file(at).index;
                let renamed = index.renamed.get(name).into_iter().flatten();
                for name in std::iter::once(name).chain(renamed) {
                    for &heir in index.heirs.get(name).into_iter().flatten() {
                        let heir = (at, heir);
                        if heir != class && !out.contains(&heir) && self.inherits(heir, of) {
                            out.push(heir);
                        }
                    }
                }
            }
            if out.len() > MAX_HEIRS {
                break;
            }
            next = out.get(done).copied();
            done += 1;
        }
        out
    }

    fn inherits(&mut self, (file, class): ClassAt, of: ClassAt) -> bool {
        let bases = &self.module(file).classes[class.index()].bases;
        bases.iter().any(|&base| self.base(file, base).contains(&Some(of)))
    }

    /// Whether a class says itself what a field or method is.
    fn has_own(&self, (file, class): ClassAt, name: &str) -> bool {
        let data = &self.module(file).classes[class.index()];
        data.fields.iter().any(|field| field.name == name && field.value.is_some())
            || data.methods.iter().any(|(method, _)| method == name)
            || !self.field_writes(file, class, name).is_empty()
    }

    /// Whether a method is there only to be replaced.
    pub(super) fn is_abstract(&self, file: FileId, func: FuncId) -> bool {
        let module = self.module(file);
        module.func(func).decorators.iter().any(|&decorator| {
            matches!(module.kind(decorator), ExprKind::Name(name) | ExprKind::Member(_, name)
                if matches!(name.as_str(), "abstractmethod" | "abstractproperty"))
        })
    }

    /// Whether no object can be of a class itself.
    fn has_to_be_inherited(&self, (file, class): ClassAt) -> bool {
        let module = self.module(file);
        let data = &module.classes[class.index()];
        let says_so = |&base: &crate::facts::ExprId| matches!(module.kind(base), ExprKind::Name(name) | ExprKind::Member(_, name) if name == "ABC");
        data.bases.iter().any(says_so) || data.methods.iter().any(|(_, func)| self.is_abstract(file, *func))
    }

    /// Whether some call may make an object of a class itself.
    fn is_made(&mut self, (file, class): ClassAt) -> bool {
        self.rests_on_others();
        let name = &self.module(file).classes[class.index()].name;
        let files = self.project.above(file);
        let calls = |at: &FileId| self.project.file(*at).index.calls.contains_key(name);
        files.len() > MAX_FILES || files.iter().any(calls)
    }
}
