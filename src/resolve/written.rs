//! What methods write to the fields of their object.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::value::{self, Alt, Ctx, Frame, Value};
use super::{ClassAt, ClassField, Lit, Resolver, under};
use crate::facts::{BlockId, ClassId, ExprId, FuncId, Stmt};
use crate::finding::FileId;
use crate::headers::same_field;

impl Resolver<'_> {
    /// The object that a method belongs to.
    pub(super) fn receiver(&mut self, ctx: &Ctx, func: FuncId) -> Value {
        let frame = ctx.frame.as_ref().filter(|frame| frame.func == func && frame.file == ctx.file);
        match frame.and_then(|frame| frame.receiver.clone()) {
            Some(receiver) => receiver,
            None => Value::Receiver(ctx.file, func),
        }
    }

    pub(super) fn receiver_field(&mut self, file: FileId, func: FuncId, name: &str) -> Vec<Alt> {
        let Some(class) = self.module(file).func(func).class else { return vec![Alt::unknown()] };
        let alts = match self.by_heirs((file, class), func, name) {
            Some(alts) => alts,
            None => self.attribute(file, class, name, None, 0),
        };
        let alts = self.where_it_runs((file, class), func, alts);
        if alts.is_empty() || alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
            return vec![Alt::unknown()];
        }
        alts
    }

    /// An attribute of an instance: what its constructor and methods assign, then the class's own.
    pub(super) fn attribute(
        &mut self,
        file: FileId,
        class: ClassId,
        name: &str,
        instance: Option<&Arc<Frame>>,
        depth: u32,
    ) -> Vec<Alt> {
        let key = (file, class, instance.map(|frame| frame.id), self.constants.get(name));
        if let Some(known) = self.known().fields.get(&key).cloned() {
            return self.recall(&known).as_ref().clone();
        }
        let before = self.rests;
        let alts = self.find_attribute(file, class, name, instance, depth);
        // What is asked for by what is written there is not the answer for everyone.
        if self.fuel > 0 && !self.is_being_written((file, class, key.3)) {
            let answer = self.answer(alts.clone(), before);
            self.known().fields.insert(key, answer);
        }
        alts
    }

    fn find_attribute(
        &mut self,
        file: FileId,
        class: ClassId,
        name: &str,
        instance: Option<&Arc<Frame>>,
        depth: u32,
    ) -> Vec<Alt> {
        let module = self.module(file);
        let data = &module.classes[class.index()];
        let path = [name.to_owned()];
        let mut out = Vec::new();
        // What runs after a declared field has been filled is looked at with what fills it.
        let declared = data.fields.iter().any(|field| field.name == name);
        let constructors = data.methods.iter().filter(|(method, _)| {
            super::words::fills_instance(method) && !(declared && super::words::fills_after(method))
        });
        let mut settled = false;
        for (_, func) in constructors {
            let function = module.func(*func);
            let Some(receiver) = &function.receiver else { continue };
            let frame = instance.filter(|frame| frame.func == *func && frame.file == file).cloned();
            let body = module.block(function.body);
            let end = Ctx { file, block: function.body, index: body.stmts.len(), frame };
            if self.depth >= super::DEPTH {
                return vec![Alt::unknown()];
            }
            self.depth += 1;
            let found = self.reach(&end, super::lookup::Target::Place(receiver, &path));
            self.depth -= 1;
            if !found.alts.is_empty() {
                out.extend(self.as_made_by(file, *func, found.alts));
                settled = found.open.is_empty();
            }
        }
        if settled {
            return self.also_assigned(file, class, name, out);
        }
        let had = !out.is_empty();
        let mut rest = self.struct_field(file, &data.name, name);
        if rest.is_empty() && self.is_rust(file) {
            // `impl Client { fn new() -> Self { Self { .. } } }` in another file than the type.
            for &(file, class) in self.heirs_of((file, class)).iter() {
                let ty = &self.module(file).classes[class.index()].name;
                rest.extend(self.struct_field(file, ty, name));
            }
        }
        if rest.is_empty() {
            rest = self.class_field(file, class, name, instance, depth);
        }
        if had && rest.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
            rest.clear();
        }
        out.extend(rest);
        self.also_assigned(file, class, name, out)
    }

    /// Whether what methods write to a field is being looked for.
    pub(super) fn is_being_written(&self, field: ClassField) -> bool {
        self.writing.iter().any(|(asked, _)| *asked == field)
    }

    /// Where methods of a class write a field of their object.
    pub(super) fn field_writes(&self, file: FileId, class: ClassId, name: &str) -> Vec<(BlockId, usize, ExprId)> {
        let module = self.module(file);
        let all = self.project.file(file).index.attributes.get(name).into_iter().flatten();
        let written = all.filter_map(|&(block, index)| {
            let function = module.func(module.block(block).func);
            match module.block(block).stmts.get(index as usize)? {
                Stmt::Assign { place, value, .. }
                    if function.class == Some(class)
                        && function.receiver.as_deref() == Some(place.root.as_str())
                        && place.path.len() == 1 =>
                {
                    Some((block, index as usize, *value))
                }
                _ => None,
            }
        });
        written.collect()
    }

    /// The methods other than the constructor that write fields of their object.
    pub(super) fn writers(&mut self, class: ClassAt) -> Arc<[FuncId]> {
        if let Some(known) = self.writers.get(&class) {
            return known.clone();
        }
        let found: Arc<[FuncId]> = self.find_writers(class).into();
        self.writers.entry(class).or_insert(found).clone()
    }

    fn find_writers(&self, (file, class): ClassAt) -> Vec<FuncId> {
        let module = self.module(file);
        let methods = &module.classes[class.index()].methods;
        let others = methods.iter().filter(|(name, _)| !super::words::fills_instance(name)).map(|(_, func)| *func);
        let receivers: BTreeSet<&String> =
            others.clone().filter_map(|func| module.func(func).receiver.as_ref()).collect();
        let assigns = &self.project.file(file).index.assigns;
        // Once for all methods: a class may have hundreds, each with as many assignments.
        let writing: HashSet<FuncId> = receivers
            .into_iter()
            .flat_map(|receiver| assigns.get(receiver).into_iter().flatten().map(move |at| (receiver, at)))
            .filter_map(|(receiver, &(block, index))| {
                let block = module.block(block);
                let Some(Stmt::Assign { place, .. }) = block.stmts.get(index as usize) else { return None };
                let is_own = module.func(block.func).receiver.as_ref() == Some(receiver);
                (is_own && place.path.len() == 1).then_some(block.func)
            })
            .collect();
        others.filter(|func| writing.contains(func)).collect()
    }

    /// What methods other than the constructor write to a field. Each has run or has not: what it writes goes with all that
    /// it writes, and not with what that replaces.
    pub(super) fn also_assigned(&mut self, file: FileId, class: ClassId, name: &str, mut alts: Vec<Alt>) -> Vec<Alt> {
        let module = self.module(file);
        let mut methods: Vec<(FuncId, Vec<BlockId>)> = Vec::new();
        for (block, ..) in self.field_writes(file, class, name) {
            let func = module.block(block).func;
            if module.func(func).name.as_deref().is_some_and(super::words::fills_instance) {
                continue;
            }
            let at = methods.iter().position(|(known, _)| *known == func).unwrap_or_else(|| {
                methods.push((func, vec![module.func(func).body]));
                methods.len() - 1
            });
            // An arm that leaves the method ends it, too.
            let mut around = Some(block);
            while let Some(arm) = around.filter(|arm| *arm != module.func(func).body) {
                if module.leaves(arm) {
                    methods[at].1.push(arm);
                    break;
                }
                around = module.block(arm).parent.map(|(parent, _)| parent);
            }
        }
        if methods.is_empty() {
            return alts;
        }
        // Asked for by what one of them writes: `self.url = self.url.rstrip("/")`.
        let asked = (file, class, self.constants.get(name));
        if let Some((_, before)) = self.writing.iter().rev().find(|(other, _)| *other == asked) {
            return before.clone();
        }
        let is_known = |alt: &Alt| alt.may_be_there() && !matches!(alt.value, Value::Unknown(_));
        let mut known = false;
        for (func, ends) in methods.iter().take(super::MAX_WRITES) {
            let subject = self.subjects.get(&format!("wrote:{}:{}", file.0, func.0));
            let ran = |negated| Lit { subject, value: None, negated };
            let before = std::mem::take(&mut alts);
            self.writing.push((asked, before.clone()));
            alts.extend(before.iter().filter_map(|alt| {
                let arms = alt.arms.clone().with(ran(true))?;
                Some(Alt { arms, ..alt.clone() })
            }));
            let calls = self.calls_of((file, *func));
            for &block in ends {
                let end = Ctx { file, block, index: module.block(block).stmts.len(), frame: None };
                let Some(arms) = self.within(&end).and_then(|arms| arms.with(ran(false))) else { continue };
                let Some(receiver) = &module.func(*func).receiver else { continue };
                let found = self.reach(&end, super::lookup::Target::Place(receiver, &[name.to_owned()]));
                // A call in a builder's chain is meant for the object that the chain begins with.
                let (chained, mut written): (Vec<Alt>, Vec<Alt>) =
                    self.in_chains((file, class), *func, under(found.alts, &arms));
                known |= chained.iter().any(is_known);
                alts.extend(chained);
                // Which of several others is meant for which object is not known.
                let call = |alt: &Alt| alt.arms.lits().iter().find(|lit| lit.subject == calls).copied();
                let first = written.iter().find_map(call);
                if written.iter().filter_map(call).any(|other| Some(other) != first) {
                    written.retain(|alt| call(alt).is_none());
                    written.push(Alt { arms: arms.clone(), ..Alt::unknown() });
                }
                known |= written.iter().any(is_known);
                alts.extend(written);
                let open = found.open.iter().filter_map(|open| open.merge(&arms));
                alts.extend(open.flat_map(|open| under(before.clone(), &open)));
            }
            self.writing.pop();
        }
        if known {
            // What is not there at first is there only to be replaced.
            alts.retain(Alt::may_be_there);
        } else if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
            alts.retain(|alt| !matches!(alt.value, Value::Undefined));
        }
        if methods.len() > super::MAX_WRITES || alts.is_empty() {
            alts.push(Alt::unknown());
        }
        value::settle(alts)
    }

    /// What methods of a class, or of one that it inherits from, write below a field of their object, where the field itself
    /// gives `before`: `self.headers["Authorization"] = …`. The constructor has run; any other method has or has not.
    pub(super) fn written_below(&mut self, class: ClassAt, path: &[String], before: Vec<Alt>) -> Vec<Alt> {
        let mut alts = before;
        for (file, class) in self.lineage(class).into_iter().rev() {
            for func in self.writers_below(file, class, path) {
                let module = self.module(file);
                let function = module.func(func);
                let Some(receiver) = function.receiver.as_deref().filter(|_| self.depth < super::DEPTH) else {
                    continue;
                };
                let index = module.block(function.body).stmts.len();
                let end = Ctx { file, block: function.body, index, frame: None };
                self.depth += 1;
                let found = self.reach(&end, super::lookup::Target::Place(receiver, path));
                self.depth -= 1;
                if found.alts.is_empty() {
                    continue;
                }
                let open = found.open.iter().flat_map(|open| under(alts.clone(), open));
                let mut written: Vec<Alt> = found.alts.iter().cloned().chain(open).collect();
                if !function.name.as_deref().is_some_and(super::words::fills_instance) {
                    let subject = self.subjects.get(&format!("wrote:{}:{}", file.0, func.0));
                    let ran = |negated| super::Arms::default().with(Lit { subject, value: None, negated });
                    let (Some(ran), Some(not)) = (ran(false), ran(true)) else { continue };
                    // What is not there at first is there only to be replaced.
                    written = under(written.into_iter().filter(Alt::may_be_there).collect(), &ran);
                    written.extend(under(alts.into_iter().filter(Alt::may_be_there).collect(), &not));
                }
                alts = value::settle(written);
            }
        }
        alts
    }

    /// The methods of a class that assign below a field of their object: the constructor first.
    fn writers_below(&self, file: FileId, class: ClassId, path: &[String]) -> Vec<FuncId> {
        let module = self.module(file);
        let [field, below, ..] = path else { return Vec::new() };
        let steps = self.project.file(file).index.below.get(field).into_iter().flatten();
        let writers = steps.filter_map(|&(block, index)| {
            let func = module.block(block).func;
            let function = module.func(func);
            match module.block(block).stmts.get(index as usize)? {
                Stmt::Assign { place, .. }
                    if function.class == Some(class)
                        && function.receiver.as_deref() == Some(place.root.as_str())
                        && place.path[1].as_ref().is_none_or(|step| same_field(step, below)) =>
                {
                    Some(func)
                }
                _ => None,
            }
        });
        let mut out: Vec<FuncId> = Vec::new();
        for func in writers {
            if !out.contains(&func) {
                out.push(func);
            }
        }
        out.sort_by_key(|func| !module.func(*func).name.as_deref().is_some_and(super::words::fills_instance));
        out.truncate(super::MAX_WRITES);
        out
    }

    /// What a constructor writes below a field of its object: of `self.session` the headers.
    pub fn filled_below(&mut self, ctx: &Ctx, expr: ExprId, path: &[String]) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let function = module.func(module.block(ctx.block).func);
        let (Some((root, mut whole)), Some(class)) = (self.chain(ctx, expr), function.class) else { return Vec::new() };
        if function.receiver.as_deref() != Some(root.as_str()) {
            return Vec::new();
        }
        whole.extend(path.iter().cloned());
        let Some(constructor) = self.own_constructor((ctx.file, class)) else { return Vec::new() };
        let function = module.func(constructor);
        let Some(receiver) = &function.receiver else { return Vec::new() };
        let index = module.block(function.body).stmts.len();
        let end = Ctx { file: ctx.file, block: function.body, index, frame: None };
        self.reach(&end, super::lookup::Target::Place(receiver, &whole)).alts
    }
}
