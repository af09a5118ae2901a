//! What methods write to the fields of their object.

use std::sync::Arc;

use super::value::{self, Alt, Ctx, Frame, Presence, Value};
use super::{ClassField, Lit, Resolver, under};
use crate::facts::{BlockId, ClassId, ExprId, FuncId, Stmt};
use crate::finding::FileId;

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
                out.extend(found.alts);
                settled = found.open.is_empty();
            }
        }
        if settled {
            return self.also_assigned(file, class, &[name], out);
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
        self.also_assigned(file, class, &[name], out)
    }

    /// Whether what methods write to a field is being looked for.
    pub(super) fn is_being_written(&self, field: ClassField) -> bool {
        self.writing.iter().any(|(asked, _)| *asked == field)
    }

    /// Where methods of a class write a field of their object.
    pub(super) fn field_writes(&self, file: FileId, class: ClassId, name: &str) -> Vec<(BlockId, usize, ExprId)> {
        self.writes_of(file, class, &[name])
    }

    /// The same of what is below a field: `self.config.key = key`.
    fn writes_of(&self, file: FileId, class: ClassId, path: &[&str]) -> Vec<(BlockId, usize, ExprId)> {
        let module = self.module(file);
        let index = &self.project.file(file).index;
        let by_name = if path.len() == 1 { &index.attributes } else { &index.below };
        let all = path.last().and_then(|name| by_name.get(*name)).into_iter().flatten();
        let written = all.filter_map(|&(block, index)| {
            let function = module.func(module.block(block).func);
            match module.block(block).stmts.get(index as usize)? {
                Stmt::Assign { place, value, .. }
                    if function.class == Some(class)
                        && function.receiver.as_deref() == Some(place.root.as_str())
                        && place.path.iter().map(Option::as_deref).eq(path.iter().map(|name| Some(*name))) =>
                {
                    Some((block, index as usize, *value))
                }
                _ => None,
            }
        });
        written.collect()
    }

    /// What methods other than the constructor write to a field. Each has run or has not: what it writes goes with all that
    /// it writes, and not with what that replaces.
    pub(super) fn also_assigned(
        &mut self,
        file: FileId,
        class: ClassId,
        path: &[&str],
        mut alts: Vec<Alt>,
    ) -> Vec<Alt> {
        let module = self.module(file);
        let mut methods: Vec<(FuncId, Vec<BlockId>)> = Vec::new();
        for (block, ..) in self.writes_of(file, class, path) {
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
        let asked = (file, class, self.constants.get(&path.join(".")));
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        if let Some((_, before)) = self.writing.iter().rev().find(|(other, _)| *other == asked) {
            return before.clone();
        }
        let is_there = |alt: &Alt| matches!(alt.value.presence(), Presence::Present | Presence::Maybe);
        let is_known = |alt: &Alt| is_there(alt) && !matches!(alt.value, Value::Unknown(_));
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
            let calls = self.subjects.get(&format!("calls:{}:{}", file.0, func.0));
            for &block in ends {
                let end = Ctx { file, block, index: module.block(block).stmts.len(), frame: None };
                let Some(arms) = self.within(&end).and_then(|arms| arms.with(ran(false))) else { continue };
                let Some(receiver) = &module.func(*func).receiver else { continue };
                let found = self.reach(&end, super::lookup::Target::Place(receiver, &path));
                let mut written = under(found.alts, &arms);
                // Which of several calls of a setter is meant for which object is not known.
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
            alts.retain(is_there);
        } else if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
            alts.retain(|alt| !matches!(alt.value, Value::Undefined));
        }
        if methods.len() > super::MAX_WRITES || alts.is_empty() {
            alts.push(Alt::unknown());
        }
        value::settle(alts)
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
