//! Calls for their effect: what they write to the variables that they are made on or with.

use super::lookup::{Found, Target};
use super::marks::gets;
use super::value::{Alt, Ctx, Value};
use super::{Arms, LOST, Lit, Resolver, under};
use crate::facts::{Call, ExprId, ExprKind, FuncId, Function, Module, Param, ParamKind, Spread, Stmt};
use crate::finding::FileId;
use crate::headers::same_field;
use crate::project::env_call_writes;

impl Resolver<'_> {
    /// A call for its effect: does it write what is looked for?
    pub(super) fn effect(&mut self, here: &Ctx, target: Target<'_>, expr: ExprId, found: &mut Found) {
        let module = self.module(here.file);
        match target {
            Target::Env(name) => {
                for (written, value) in env_call_writes(module, expr) {
                    if written == name {
                        let alts = self.eval(here, value);
                        settle(found, alts);
                    }
                }
            }
            Target::Place(root, path) => {
                let ExprKind::Call(call) = module.kind(expr) else { return };
                // `opts.update({...})`, `opts.setdefault("k", v)`, `headers.insert(k, v)`, `headers.set(k, v)`.
                if let ExprKind::Member(base, method) = module.kind(call.callee)
                    && let Some((base_root, base_path)) = self.chain(here, *base)
                    && base_root == root
                    && path.len() > base_path.len()
                    && path.starts_with(&base_path)
                {
                    let rest = &path[base_path.len()..];
                    match (method.as_str(), call.args.as_slice()) {
                        // `app.config.from_object(Config)`: what the class or module has.
                        ("from_object", [of]) => {
                            let alts = self.eval(here, of.value);
                            self.settle_all_of(found, alts, rest);
                        }
                        // Flask's files and variables: nobody knows what is in them.
                        ("from_prefixed_env" | "from_envvar" | "from_pyfile" | "from_file" | "from_json", _) => {
                            found
                                .alts
                                .extend(found.open.iter().map(|open| Alt { arms: open.clone(), ..Alt::unknown() }));
                        }
                        ("update" | "from_mapping", args) => {
                            for arg in args.iter().rev() {
                                if arg.name.as_deref() == Some(rest[0].as_str()) {
                                    let alts = self.eval(here, arg.value);
                                    let alts = self.fields(alts, &rest[1..]);
                                    settle(found, alts);
                                } else if arg.name.is_none() {
                                    let alts = self.eval(here, arg.value);
                                    self.settle_all_of(found, alts, rest);
                                }
                            }
                        }
                        ("setdefault" | "insert" | "set" | "append" | "put", [key, value, ..]) => {
                            match self.constant(here, key.value) {
                                Some(key) if same_field(&key, &rest[0]) => {
                                    let alts = self.eval(here, value.value);
                                    let alts = self.fields(alts, &rest[1..]);
                                    if method == "setdefault" {
                                        found.defaults = Some(alts);
                                    } else {
                                        settle(found, alts);
                                    }
                                }
                                Some(_) => {}
                                None if method == "setdefault" => found.tainted = true,
                                None => self.put_by_key(here, Some(key.value), value.value, rest, found),
                            }
                        }
                        _ => {}
                    }
                    return;
                }
                if path.is_empty() {
                    return;
                }
                // `Object.assign(opts, {...})` writes; any other function that gets the object itself may.
                let first = call.args.first().map(|arg| arg.value);
                let is_assign = matches!(module.kind(call.callee), ExprKind::Member(base, name)
                    if name == "assign" && matches!(module.kind(*base), ExprKind::Name(name) if name == "Object"));
                if is_assign
                    && first.is_some_and(|arg| matches!(module.kind(arg), ExprKind::Name(name) if name == root))
                {
                    for arg in call.args.iter().skip(1).rev() {
                        let alts = self.eval(here, arg.value);
                        let alts = self.fields(alts, path);
                        settle_present(found, alts);
                    }
                } else if gets(module, expr, root)
                    && !self.harmless(here, call.callee)
                    && !self.written_by_call(here, (root, path), expr, found)
                {
                    found.tainted = true;
                }
            }
        }
    }

    /// What a mapping puts into another: `options.update(extra)`. Nobody knows what one that is not known has; what was
    /// there before is shown then, and judged by nobody.
    fn settle_all_of(&mut self, found: &mut Found, of: Vec<Alt>, rest: &[String]) {
        let unknown = of.iter().filter(|alt| matches!(alt.value, Value::Unknown(_)));
        let unknown: Vec<Arms> = unknown.filter_map(|alt| alt.arms.clone().with(LOST)).collect();
        let before = found.open.clone();
        let alts = self.fields(of, rest);
        settle_present(found, alts);
        let hidden = before.iter().flat_map(|open| unknown.iter().filter_map(|lost| open.merge(lost)));
        found.open.extend(hidden);
        found.squeeze();
    }

    /// Whether a function is known to leave its arguments as they are.
    fn harmless(&self, ctx: &Ctx, callee: ExprId) -> bool {
        let module = self.module(ctx.file);
        match module.kind(callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => super::words::HARMLESS.contains(&name.as_str()),
            _ => false,
        }
    }

    /// What a function of the project writes below a variable that it is handed: `fill(options)`. Whether all that it does
    /// to it is known.
    pub(super) fn written_by_call(
        &mut self,
        here: &Ctx,
        (root, path): (&str, &[String]),
        expr: ExprId,
        found: &mut Found,
    ) -> bool {
        let module = self.module(here.file);
        let ExprKind::Call(call) = module.kind(expr) else { return false };
        if self.depth >= super::DEPTH
            || !gets(module, expr, root)
            || call.args.iter().any(|arg| arg.spread != Spread::No)
        {
            return false;
        }
        let Some((file, func, inside)) = self.entered(here, expr) else { return false };
        let function = self.module(file).func(func);
        let Some(param) = handed_to(module, call, root, function).filter(|_| !function.generator) else { return false };
        // By another name, or handed on where it returns, it may be written out of sight.
        let Some(early) = self.returns_early(file, func, &param.name) else { return false };
        if self.project.file(file).index.aliases.contains_key(&param.name) {
            return false;
        }
        if !self.may_write_below(file, func, &param.name) {
            return true;
        }
        let end = Ctx { index: self.module(file).block(inside.block).stmts.len(), ..inside };
        self.depth += 1;
        let inner = self.reach(&end, Target::Place(&param.name, path));
        self.depth -= 1;
        found.tainted |= inner.tainted || inner.defaults.is_some();
        // What the variable was before is not what it is after.
        let own = self.subject(here, &super::subjects::text_of(root, path));
        let written = inner.alts.into_iter().map(|alt| Alt { arms: alt.arms.without(own), ..alt }).collect::<Vec<_>>();
        let ran = Lit { subject: self.place_subject_of(here, expr), value: None, negated: false };
        for open in std::mem::take(&mut found.open) {
            if early {
                found.open.extend(open.clone().with(Lit { negated: true, ..ran }));
            }
            let open = if early { open.with(ran) } else { Some(open) };
            let Some(open) = open else { continue };
            found.alts.extend(under(written.clone(), &open));
            found.open.extend(inner.open.iter().filter_map(|inner| inner.merge(&open)));
        }
        found.squeeze();
        true
    }

    /// Whether a function writes a field of a parameter, or calls something that may.
    fn may_write_below(&self, file: FileId, func: FuncId, param: &str) -> bool {
        let module = self.module(file);
        let body = module.func(func).body;
        let writes = self.project.file(file).index.assigns.get(param).into_iter().flatten();
        let mut writes = writes.filter(|(block, _)| module.block(*block).func == func);
        let ctx = Ctx { file, block: body, index: 0, frame: None };
        writes.next().is_some() || self.calls_with(&ctx, body, param)
    }

    /// Whether a function may come back before its end; `None` where it hands a parameter on as it does.
    fn returns_early(&self, file: FileId, func: FuncId, param: &str) -> Option<bool> {
        let module = self.module(file);
        let body = module.func(func).body;
        let mut early = false;
        let mut stack = vec![body];
        while let Some(block) = stack.pop() {
            for stmt in &module.block(block).stmts {
                match stmt {
                    Stmt::Return(Some(value)) if gets(module, *value, param) => return None,
                    Stmt::Return(_) => early |= block != body,
                    Stmt::Branch(arms) => stack.extend(arms.iter().copied()),
                    Stmt::Block(inner) => stack.push(*inner),
                    _ => {}
                }
            }
        }
        Some(early)
    }

    /// `d[k] = v`, `d.set(k, v)`: a key that nobody knows may or may not be the one.
    pub(super) fn put_by_key(
        &mut self,
        here: &Ctx,
        key: Option<ExprId>,
        value: ExprId,
        path: &[String],
        found: &mut Found,
    ) {
        let Some(alts) = key.and_then(|key| self.at_key(here, key, value, |name| same_field(name, &path[0]))) else {
            found.tainted = true;
            return;
        };
        let alts = self.fields(alts, &path[1..]);
        settle_present(found, alts);
    }
}

/// The parameter of a function that a variable is given to by a call.
pub fn handed_to<'f>(module: &Module, call: &Call, root: &str, function: &'f Function) -> Option<&'f Param> {
    let is_it = |value: ExprId| matches!(module.kind(value), ExprKind::Name(name) if name == root);
    let number = call.args.iter().position(|arg| is_it(arg.value))?;
    match &call.args[number].name {
        Some(name) => function.params.iter().find(|param| param.name == *name),
        None => function.params.get(number).filter(|param| param.kind == ParamKind::Normal),
    }
}

/// The values are what is found, under every open condition.
pub(super) fn settle(found: &mut Found, alts: Vec<Alt>) {
    for open in std::mem::take(&mut found.open) {
        found.alts.extend(under(alts.clone(), &open));
    }
}

/// As `settle`, but where a value is absent the walk goes on.
pub(super) fn settle_present(found: &mut Found, alts: Vec<Alt>) {
    let mut open = Vec::new();
    for before in std::mem::take(&mut found.open) {
        for alt in under(alts.clone(), &before) {
            if matches!(alt.value, Value::Undefined) {
                open.push(alt.arms);
            } else {
                found.alts.push(alt);
            }
        }
    }
    found.open = open;
}
