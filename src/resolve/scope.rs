//! Scopes: what a name is that its own function does not assign. A parameter ([`params`](super::params)), the receiver,
//! something of the function around it, an export of another file, a global.

use super::lookup::Target;
use super::value::{Alt, Ctx, Value};
use super::{Arms, Lit, Resolver, under, words};
use crate::facts::{BlockId, ExprId, ExprKind, FuncId, Span, Stmt};
use crate::finding::{FileId, Location};
use crate::imports;

impl Resolver<'_> {
    /// What a name is that no assignment of its function reaches.
    pub(super) fn unassigned(&mut self, ctx: &Ctx, root: &str, path: &[String]) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let func = module.block(ctx.block).func;
        let function = module.func(func);
        if let Some(number) = function.params.iter().position(|param| param.name == root) {
            let mut alts = self.param(ctx, func, number);
            let start = Ctx { block: function.body, index: 0, ..ctx.clone() };
            if !path.is_empty() {
                alts = self.assume_place(&start, root, &[], alts);
                alts = self.fields(alts, path);
            }
            return self.assume_place(&start, root, path, alts);
        }
        if function.receiver.as_deref() == Some(root) {
            if let Some((field, rest)) = path.split_first()
                && let Some(alts) = self.before_written(ctx, func, field)
            {
                return self.fields(alts, rest);
            }
            let receiver = self.receiver(ctx, func);
            let own = matches!(receiver, Value::Receiver(..));
            let alts = self.fields(vec![Alt::new(receiver)], path);
            return match function.class.filter(|_| own && path.len() > 1) {
                Some(class) => self.written_below((ctx.file, class), path, alts),
                None => alts,
            };
        }
        // Functions, classes and imports are seen before the line that defines them.
        if let Some(alt) = self.hoisted(ctx, func, root) {
            return self.fields(vec![alt], path);
        }
        let Some(parent) = function.parent else {
            return self.free(ctx, root, path);
        };
        let at = function.at.unwrap_or((module.func(parent).body, 0));
        let frame = ctx.frame.as_ref().and_then(|frame| match frame.func == func {
            true => frame
                .maker
                .clone()
                .or_else(|| frame.caller.frame.clone().filter(|outer| outer.func == parent && outer.file == ctx.file)),
            false => Some(frame.clone()),
        });
        let body = module.func(parent).body;
        let end = Ctx { file: ctx.file, block: body, index: module.block(body).stmts.len(), frame: frame.clone() };
        let defined = Ctx { file: ctx.file, block: at.0, index: at.1, frame };
        // A function of the top level runs after the whole file has; an inner one sees at least what stood above it.
        let once = self
            .project
            .file(ctx.file)
            .index
            .assigns
            .get(root)
            .is_some_and(|all| all.iter().filter(|(block, _)| module.block(*block).func == parent).count() == 1);
        if parent == FuncId(0) || (once && !module.block(at.0).declares.iter().any(|name| name == root)) {
            let found = self.reach(&end, Target::Place(root, path));
            if !found.alts.is_empty() {
                let mut out = found.alts;
                if !found.open.is_empty() {
                    let rest = self.unassigned(&end, root, path);
                    out.extend(found.open.iter().flat_map(|open| under(rest.clone(), open)));
                }
                return self.also_written(ctx.file, parent, root, path, out);
            }
        }
        self.lookup(&defined, root, path)
    }

    /// What functions write to a variable of the one around them: `global key`. When they run is not known, so that the
    /// older value may be there still; but not where it is none, and so only there to be replaced.
    fn also_written(&mut self, file: FileId, func: FuncId, root: &str, path: &[String], alts: Vec<Alt>) -> Vec<Alt> {
        let module = self.module(file);
        // A shell's functions run where they are called.
        if self.project.file(file).module.func(func).script.is_some()
            || self.project.file(file).source.language == crate::language::Language::Shell
        {
            return alts;
        }
        let places: Vec<(BlockId, u32)> =
            self.project.file(file).index.assigns.get(root).map_or_else(Vec::new, |all| {
                let writes = all.iter().filter(|(block, index)| {
                    let inner = module.func(module.block(*block).func);
                    inner.parent == Some(func)
                        && inner.outer_names.iter().any(|name| name == root)
                        && matches!(module.block(*block).stmts.get(*index as usize),
                        Some(Stmt::Assign { place, .. }) if place.path.is_empty())
                });
                writes.copied().take(super::MAX_WRITES + 1).collect()
            });
        let places: Vec<(BlockId, usize)> = places.into_iter().map(|(block, index)| (block, index as usize)).collect();
        self.or_written(file, alts, &places, path)
    }

    /// What something is that functions write, whenever they run: what it was before, or what they have made it.
    pub(super) fn or_written(
        &mut self,
        file: FileId,
        mut alts: Vec<Alt>,
        places: &[(BlockId, usize)],
        path: &[String],
    ) -> Vec<Alt> {
        let module = self.module(file);
        if places.is_empty() {
            return alts;
        }
        alts.retain(Alt::may_be_there);
        let (mut older, mut newer) = (Some(Arms::default()), Vec::new());
        for &(block, index) in places.iter().take(super::MAX_WRITES) {
            // Each function has run or has not: what it writes goes with all that it writes.
            let subject = self.subjects.get(&format!("wrote:{}:{}", file.0, module.block(block).func.0));
            let ran = |negated| Lit { subject, value: None, negated };
            let at = Ctx { file, block, index, frame: None };
            if let Some(Stmt::Assign { value, .. }) = module.block(block).stmts.get(index) {
                // What is taken away is asked for nothing: `_settings = None` in a function that resets it.
                let written: Vec<Alt> = self.eval(&at, *value).into_iter().filter(Alt::may_be_there).collect();
                if written.is_empty() {
                    continue;
                }
                let written = self.fields(written, path);
                older = older.and_then(|older| older.with(ran(true)));
                let here = self.within(&at).and_then(|arms| arms.with(ran(false)));
                newer.extend(here.map(|here| under(written, &here)).unwrap_or_default());
            }
        }
        let mut alts = older.map(|older| under(alts, &older)).unwrap_or_default();
        alts.extend(newer);
        if places.len() > super::MAX_WRITES || alts.is_empty() {
            alts.push(Alt::unknown());
        }
        alts
    }

    /// `this.key` in a field of a class, which is no method; `crate::config::KEY` without a `use`.
    pub(super) fn of_class_or_crate(
        &mut self,
        ctx: &Ctx,
        root: &str,
        path: &[String],
        at: Location,
    ) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let (first, rest) = path.split_first()?;
        match root {
            "this" if !self.is_param(ctx, "this") => {
                let inside = |class: &&crate::facts::Class| class.span.contains(at.span);
                let class =
                    module.classes.iter().filter(inside).min_by_key(|class| class.span.end - class.span.start)?;
                let number = module.classes.iter().position(|other| other.span == class.span)?;
                let alts = self.attribute(ctx.file, crate::facts::ClassId(number as u32), first, None, 0);
                Some(self.fields(alts, rest))
            }
            _ if imports::is_own_root(root) => (0..path.len()).rev().find_map(|length| {
                let modules = std::iter::once(root).chain(path[..length].iter().map(String::as_str));
                let key = modules.collect::<Vec<_>>().join(".");
                let target = self.imported(ctx.file, &key)?;
                let alts = self.exported(target, &path[length]);
                Some(self.fields(alts, &path[length + 1..]))
            }),
            _ if self.is_rust(ctx.file)
                && imports::may_be_a_crate(root)
                && !self.project.file(ctx.file).index.assigns.contains_key(root)
                && !self.is_param(ctx, root) =>
            {
                let target = self.imported(ctx.file, root)?;
                let alts = self.exported(target, first);
                let is_there = !alts.iter().all(|alt| matches!(alt.value, Value::Undefined));
                is_there.then(|| self.fields(alts, rest))
            }
            _ => None,
        }
    }

    /// A function, class or import assigned anywhere in a function, for uses above it.
    fn hoisted(&mut self, ctx: &Ctx, func: FuncId, root: &str) -> Option<Alt> {
        let module = self.module(ctx.file);
        let all = self.project.file(ctx.file).index.assigns.get(root)?;
        for (block, index) in all.iter().filter(|(block, _)| module.block(*block).func == func) {
            if let Some(Stmt::Assign { place, value, .. }) = module.block(*block).stmts.get(*index as usize)
                && place.path.is_empty()
                && matches!(module.kind(*value), ExprKind::Func(_) | ExprKind::Class(_) | ExprKind::Import(_))
            {
                let at = Ctx { file: ctx.file, block: *block, index: *index as usize, frame: None };
                return self.eval(&at, *value).into_iter().next();
            }
        }
        None
    }

    /// A name that the file does not bind: a global of the language, a name from a star import, or nothing.
    pub(super) fn free(&mut self, ctx: &Ctx, root: &str, path: &[String]) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let mut open = false;
        for star in &module.star_imports {
            if let Some(target) = self.imported(ctx.file, star) {
                let alts = self.exported(target, root);
                if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                    return self.fields(alts, path);
                }
            } else {
                open = true;
            }
        }
        if open && !words::GLOBALS.contains(&root) {
            // `from openai import *`: the name is the module's, if anybody's.
            if let [star] = module.star_imports.as_slice() {
                return self.fields(vec![Alt::new(Value::Symbol(format!("{star}.{root}")))], path);
            }
            return vec![Alt::unknown()];
        }
        self.fields(vec![Alt::new(Value::Symbol(root.to_owned()))], path)
    }

    /// What another file gets under a name from this one.
    pub(super) fn exported(&mut self, file: FileId, name: &str) -> Vec<Alt> {
        let key = (file, name.to_owned());
        match self.known().exports.get(&key).cloned() {
            Some(Some(known)) => return self.recall(&known).as_ref().clone(),
            // Two files that import from each other: this way round there is nothing.
            Some(None) => return vec![Alt::new(Value::Undefined)],
            None => {}
        }
        if self.fuel == 0 || self.depth >= super::DEPTH {
            return vec![Alt::unknown()];
        }
        self.fuel -= 1;
        self.depth += 1;
        self.known().exports.insert(key.clone(), None);
        let before = self.rests;
        let alts = self.find_exported(file, name);
        self.depth -= 1;
        if self.fuel == 0 {
            self.known().exports.remove(&key);
        } else {
            let answer = self.answer(alts.clone(), before);
            self.known().exports.insert(key, Some(answer));
        }
        alts
    }

    fn find_exported(&mut self, file: FileId, name: &str) -> Vec<Alt> {
        if let Some(symbol) = self.project.declared_client(file, name) {
            return vec![Alt::new(Value::Symbol(symbol))];
        }
        let module = self.module(file);
        // `import config from "./config.json"`
        if let Some(&document) = module.documents.first() {
            let whole = self.eval(&self.ctx_of(file, document), document);
            return if name == "default" { whole } else { self.fields(whole, &[name.to_owned()]) };
        }
        let exports: Vec<ExprId> =
            module.exports.iter().filter(|(exported, _)| exported == name).map(|(_, value)| *value).collect();
        if let Some(&value) = exports.last() {
            return self.eval(&self.ctx_of(file, value), value);
        }
        let body = module.func(FuncId(0)).body;
        let end = Ctx { file, block: body, index: module.block(body).stmts.len(), frame: None };
        if !self.project.file(file).index.assigns.contains_key(name) {
            if module.star_imports.is_empty() {
                return vec![Alt::new(Value::Undefined)];
            }
            return match self.free(&end, name, &[]) {
                alts if alts.iter().all(|alt| matches!(alt.value, Value::Symbol(_))) => vec![Alt::unknown()],
                alts => alts,
            };
        }
        let at = match self.project.file(file).index.assigns.get(name).and_then(|all| all.last()) {
            Some((block, index)) => match module.block(*block).stmts.get(*index as usize) {
                Some(Stmt::Assign { name_span, .. }) => Location { file, span: *name_span },
                _ => Location { file, span: Span::default() },
            },
            None => Location { file, span: Span::default() },
        };
        let alts = self.name(&end, name, &[], at);
        // Only functions of the file have a variable of that name.
        if alts.iter().all(|alt| matches!(&alt.value, Value::Symbol(symbol) if symbol == name)) {
            return vec![Alt::new(Value::Undefined)];
        }
        self.also_written(file, FuncId(0), name, &[], alts)
    }
}
