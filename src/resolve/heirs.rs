//! Which class an object is of: a method's own, or one that inherits from it and has fields and methods of its own.

use std::sync::Arc;

use super::value::{Alt, Ctx, Frame, Value};
use super::{Arms, ClassAt, Lit, Resolver, Step, StepKind, under, words};
use crate::facts::{ClassId, ExprId, ExprKind, FuncId};
use crate::finding::{FileId, Location};

/// Files that are looked through for classes that inherit from one.
const MAX_FILES: usize = 64;
/// Classes that inherit from one which are looked at.
const MAX_HEIRS: usize = 16;

impl Resolver<'_> {
    /// A field or method of an object whose class may be one of several, where they do not agree on it: each is a choice,
    /// so that a key of one never meets a URL of another. `None` where it is the class's own for all.
    pub(super) fn by_heirs(&mut self, class: ClassAt, func: FuncId, name: &str) -> Option<Vec<Alt>> {
        // What stands beside a Rust type in other files is of the same type.
        if self.is_rust(class.0) && !self.is_trait(class) {
            return None;
        }
        let heirs = self.heirs_of(class);
        let is_python = self.project.file(class.0).source.language.name() == "python";
        if heirs.is_empty() && is_python && self.has_to_be_inherited(class) {
            let alts = self.attribute(class.0, class.1, name, None, 0);
            let is_given = |alt: &Alt| alt.steps.iter().any(|step| matches!(step.kind, StepKind::Param(_)));
            let is_open = |alt: &Alt| !alt.may_be_there() || matches!(alt.value, Value::Unknown(_)) && !is_given(alt);
            let open = if alts.iter().all(is_open) { self.left_to_heirs(class, name) } else { None };
            return open.map(|open| vec![open]);
        }
        // The fields of a JavaScript class are filled after the constructor of its base has run.
        let constructs = self.module(class.0).func(func).name.as_deref().is_some_and(words::is_constructor);
        let early = constructs && self.is_javascript(class.0);
        if !heirs.iter().any(|&heir| self.has_own(heir, name, early)) {
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
                alts.iter_mut().filter(|alt| !alt.may_be_there()).for_each(|alt| alt.value = Value::Unknown(None));
            }
            // In Python a class that has no such field at all has classes below it that do, or the program ends.
            if heir != class && self.project.file(heir.0).source.language.name() == "python" {
                let open = self.left_to_heirs(heir, name).unwrap_or_else(Alt::unknown);
                let is_missing = |alt: &&mut Alt| matches!(alt.value, Value::Undefined);
                alts.iter_mut()
                    .filter(is_missing)
                    .for_each(|alt| *alt = Alt { arms: alt.arms.clone(), ..open.clone() });
            }
            let arms = Arms::default().with(self.class_lit(subject, heir));
            out.extend(arms.into_iter().flat_map(|arms| under(alts.clone(), &arms)));
        }
        Some(out)
    }

    /// What a class leaves to those that inherit from it. Where it says itself what it inherits from, these are looked for as
    /// the calls of a constructor are which it inherits.
    pub(super) fn left_to_heirs(&self, (file, class): ClassAt, name: &str) -> Option<Alt> {
        let base = *self.module(file).classes[class.index()].bases.first()?;
        let at = self.location(file, base);
        let steps = vec![Step { at, kind: StepKind::Param(name.to_owned()) }];
        Some(Alt { steps, ..Alt::new(Value::Unknown(Some((name.to_owned(), at)))) })
    }

    /// A field that a constructor asks for before it writes it, `self.url = url or self.url`: what the class of the object
    /// says, or what it inherits. `None` where the constructor does not write it.
    pub(super) fn before_written(&mut self, ctx: &Ctx, func: FuncId, name: &str) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let function = module.func(func);
        let class = (ctx.file, function.class.filter(|_| function.name.as_deref().is_some_and(words::is_constructor))?);
        let writes = self.field_writes(class.0, class.1, name);
        if !writes.iter().any(|(block, ..)| module.block(*block).func == func) {
            return None;
        }
        let frame = ctx.frame.clone().filter(|frame| frame.func == func && frame.file == ctx.file);
        let mut classes = frame.map_or_else(Vec::new, |frame| self.classes_made(&frame));
        if classes.is_empty() {
            classes.push(class);
            classes.extend(self.heirs_of(class).iter().take(MAX_HEIRS));
        }
        let early = self.is_javascript(class.0);
        if !classes.iter().any(|&of| of != class && self.declares(of, name, early)) {
            classes = vec![class];
        }
        let mut out = Vec::new();
        let subject = self.class_subject(class);
        for &of in classes.iter().take(MAX_HEIRS) {
            let holder = if self.declares(of, name, early) { of } else { class };
            let alts = self.class_field(holder.0, holder.1, name, None, 0);
            let alts = self.also_assigned(class.0, class.1, name, alts);
            match classes.as_slice() {
                [_] => out.extend(alts),
                _ => out.extend(under(alts, &Arms::default().with(self.class_lit(subject, of))?)),
            }
        }
        if classes.len() > MAX_HEIRS {
            out.push(Alt::unknown());
        }
        Some(out)
    }

    /// The classes that a call of a constructor makes, as assumptions: where a class that others inherit from hands on what
    /// it is given. Nothing where no other class inherits the constructor.
    pub(super) fn made_by(&mut self, class: ClassAt, frame: &Frame) -> Vec<Arms> {
        if self.heirs_of(class).is_empty() {
            return Vec::new();
        }
        let made = self.classes_made(frame);
        let subject = self.class_subject(class);
        made.into_iter().filter_map(|made| Arms::default().with(self.class_lit(subject, made))).collect()
    }

    /// The classes that an object may be of whose method is called by one of a class that it inherits from, as
    /// assumptions: `getPlugin() { return this.create(this.key()) }`, where each class that inherits it has a `create` and
    /// a key of its own.
    pub(super) fn asked_by_base(&mut self, (file, func): (FileId, FuncId), frame: &Frame) -> Vec<Arms> {
        let Some(class) = self.module(file).func(func).class.map(|class| (file, class)) else { return Vec::new() };
        let at = frame.caller.file;
        let module = self.module(at);
        let caller = module.func(module.block(frame.caller.block).func);
        let ExprKind::Call(call) = module.kind(frame.call) else { return Vec::new() };
        let ExprKind::Member(base, name) = module.kind(call.callee) else { return Vec::new() };
        let on_itself = matches!(module.kind(*base), ExprKind::Name(root) if caller.receiver.as_deref() == Some(root));
        if !on_itself || caller.class.is_none_or(|of| (at, of) == class) || self.is_rust(at) {
            return Vec::new();
        }
        let heirs = self.heirs_of(class);
        let alike = heirs.iter().copied().filter(|&heir| !self.declares(heir, name, false));
        let alike: Vec<ClassAt> = std::iter::once(class).chain(alike).take(MAX_HEIRS).collect();
        let subject = self.class_subject(class);
        alike.into_iter().filter_map(|class| Arms::default().with(self.class_lit(subject, class))).collect()
    }

    /// The class that a call makes which is made by its fields, as an assumption; nothing where no other class inherits from
    /// the one that declares them.
    pub(super) fn filled_by(&mut self, class: ClassAt, (file, call): (FileId, ExprId)) -> Option<Lit> {
        if self.heirs_of(class).is_empty() {
            return None;
        }
        let ExprKind::Call(data) = self.module(file).kind(call) else { return None };
        let callees = self.called(&self.ctx_of(file, call), data.callee);
        let [Alt { value: Value::Made(made), .. }] = callees.as_slice() else { return None };
        let ExprKind::Class(of) = *self.module(made.ctx.file).kind(made.expr) else { return None };
        let subject = self.class_subject(class);
        Some(self.class_lit(subject, (made.ctx.file, of)))
    }

    /// Leaves what the object of a method can have: one of a class that has a method of its own in its place does not come
    /// here.
    pub(super) fn where_it_runs(&mut self, class: ClassAt, func: FuncId, mut alts: Vec<Alt>) -> Vec<Alt> {
        let Some(method) = self.module(class.0).func(func).name.as_deref() else { return alts };
        // A method without a body stands for the object alone.
        let never_runs = self.is_rust(class.0) && (!self.is_trait(class) || self.is_abstract(class.0, func));
        if never_runs || words::is_constructor(method) || alts.iter().all(|alt| alt.arms.lits().is_empty()) {
            return alts;
        }
        let heirs = self.heirs_of(class);
        let subject = self.class_subject(class);
        for &heir in heirs.iter().take(MAX_HEIRS) {
            let between: Vec<ClassAt> = self.lineage(heir).into_iter().take_while(|&of| of != class).collect();
            if between.iter().any(|&of| self.replaces(of, method)) {
                let lit = self.class_lit(subject, heir);
                alts.retain(|alt| !alt.arms.lits().contains(&lit));
            }
        }
        alts
    }

    /// Whether a class has a method of its own that does not call the one it inherits.
    fn replaces(&self, (file, class): ClassAt, method: &str) -> bool {
        let module = self.module(file);
        let mut own = module.classes[class.index()].methods.iter().filter(|(name, _)| name == method);
        let mut calls = self.project.file(file).index.calls.get(method).into_iter().flatten();
        own.next().is_some_and(|(_, func)| !calls.any(|call| module.block(module.points[call.index()].0).func == *func))
    }

    /// The classes that a call of a constructor makes, as far as they are known.
    fn classes_made(&mut self, frame: &Frame) -> Vec<ClassAt> {
        let file = frame.caller.file;
        let ExprKind::Call(call) = self.module(file).kind(frame.call) else {
            // The base as written stands for a call that makes the class.
            let heir = self.module(file).classes.iter().position(|class| class.bases.contains(&frame.call));
            return heir.map(|number| (file, ClassId(number as u32))).into_iter().collect();
        };
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
        made
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

    /// That an object is of a class, of those that one class's method may be asked of.
    pub(super) fn is_of_class(&mut self, method_of: ClassAt, class: ClassAt) -> Lit {
        let subject = self.class_subject(method_of);
        self.class_lit(subject, class)
    }

    fn class_lit(&mut self, subject: u32, class: ClassAt) -> Lit {
        let value = self.constants.get(&format!("#{}:{}", class.0.0, class.1.0));
        Lit { subject, value: Some(value), negated: false }
    }

    /// The classes that inherit from one, however far down.
    pub(super) fn heirs_of(&mut self, class: ClassAt) -> Arc<Vec<ClassAt>> {
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
        let data = &self.module(file).classes[class.index()];
        let bases = if self.is_trait(of) { &data.traits } else { &data.bases };
        bases.iter().any(|&base| self.base(file, base).contains(&Some(of)))
    }

    /// Whether a class says itself what a field or method is; `early`, before its fields are filled.
    fn has_own(&self, (file, class): ClassAt, name: &str, early: bool) -> bool {
        self.declares((file, class), name, early) || !self.field_writes(file, class, name).is_empty()
    }

    /// Whether its body does.
    fn declares(&self, (file, class): ClassAt, name: &str, early: bool) -> bool {
        let data = &self.module(file).classes[class.index()];
        let is_field = || data.fields.iter().any(|field| field.name == name && field.value.is_some());
        (!early && is_field()) || data.methods.iter().any(|(method, _)| method == name)
    }

    /// Whether a class is a trait of Rust.
    pub(super) fn is_trait(&self, (file, class): ClassAt) -> bool {
        self.module(file).classes[class.index()].is_trait
    }

    /// Whether a trait leaves what stands at a place to the types that have it.
    pub fn is_left_to_types(&self, at: Location) -> bool {
        let traits = self.module(at.file).classes.iter().filter(|class| class.is_trait);
        traits.flat_map(|class| &class.fields).any(|field| field.span == at.span && field.value.is_none())
    }

    /// What a trait says that a type of Rust has: a method with a body, or a constant with a value.
    pub(super) fn of_traits(&mut self, (file, class): ClassAt, name: &str) -> Option<Vec<Alt>> {
        let traits = &self.module(file).classes[class.index()].traits;
        let bases = traits.iter().flat_map(|&of| self.base(file, of)).flatten().collect::<Vec<_>>();
        bases.into_iter().find_map(|(file, class)| {
            let data = &self.module(file).classes[class.index()];
            let says = data.fields.iter().any(|field| field.name == name && field.value.is_some())
                || data.methods.iter().any(|(method, func)| method == name && !self.is_abstract(file, *func));
            says.then(|| self.class_field(file, class, name, None, 1))
        })
    }

    fn is_javascript(&self, file: FileId) -> bool {
        self.project.file(file).source.language.name() == "javascript"
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
        data.is_trait
            || data.bases.iter().any(says_so)
            || data.methods.iter().any(|(_, func)| self.is_abstract(file, *func))
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

/// Whether a value is what a class leaves to those that inherit from it under a name.
pub(super) fn is_left_to_heirs(alt: &Alt, name: &str) -> bool {
    matches!(&alt.steps[..], [Step { kind: StepKind::Param(left), .. }] if left == name)
}
