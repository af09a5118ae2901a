//! Calls: what a call's result is.

use std::sync::Arc;

use super::value::{Alt, Ctx, Frame, Made, Part, Presence, Step, StepKind, Value};
use super::{Arms, Lit, MAX_FRAMES, Resolver, under, words};
use crate::facts::{BlockId, Call, ClassId, ExprId, ExprKind, FuncId, Import, Spread, Stmt};
use crate::finding::{FileId, Location};
use crate::template::Argument;
use crate::text::Text;

/// In the place of a call, where all calls of a function are alike.
const ANY: ExprId = ExprId(u32::MAX);

impl Resolver<'_> {
    /// The values of a call.
    pub(super) fn call(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Vec<Alt> {
        let module = self.module(ctx.file);
        // Methods first: their receiver may be an ordinary value.
        if let ExprKind::Member(base, method) = module.kind(call.callee) {
            let receivers = self.eval(ctx, *base);
            let plain = receivers.iter().all(|alt| !matches!(alt.value, Value::Symbol(_) | Value::Module(_)));
            if plain && !receivers.is_empty() {
                let mut out = Vec::new();
                for receiver in receivers {
                    let results = self.method(ctx, expr, call, &receiver, method);
                    out.extend(results.into_iter().filter_map(|alt| {
                        let arms = alt.arms.merge(&receiver.arms)?;
                        let steps = if alt.steps.is_empty() { receiver.steps.clone() } else { alt.steps };
                        Some(Alt { value: alt.value, arms, steps })
                    }));
                }
                return out;
            }
        }
        let callees = self.called(ctx, call.callee);
        let mut out = Vec::new();
        for callee in callees {
            let results = match &callee.value {
                Value::Symbol(symbol) => {
                    let symbol = symbol.clone();
                    self.call_symbol(ctx, expr, call, &symbol)
                }
                Value::Made(_) if self.reads_variables(&callee.value) => {
                    self.read_by_call(ctx, expr, call).unwrap_or_else(|| vec![Alt::unknown()])
                }
                Value::Made(made) => self.call_made(ctx, expr, made, None),
                Value::Receiver(file, func) => self.follow(*file, *func, expr, ctx, None),
                _ => vec![Alt::new(self.made(ctx, expr))],
            };
            out.extend(under(results, &callee.arms));
        }
        out
    }

    /// A call of something from outside the project.
    fn call_symbol(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, symbol: &str) -> Vec<Alt> {
        let at = self.location(ctx.file, expr);
        let arg = |number: usize| call.args.iter().filter(|arg| arg.name.is_none()).nth(number).map(|arg| arg.value);
        if words::is_env_read(symbol) {
            let Some(name) = arg(0).or_else(|| call.args.first().map(|arg| arg.value)) else {
                return vec![Alt::unknown()];
            };
            let fallback =
                arg(1).or_else(|| call.args.iter().find(|arg| arg.name.as_deref() == Some("default")).map(|a| a.value));
            let fallback = fallback.map(|value| self.eval(ctx, value));
            let mut out = Vec::new();
            for choice in self.eval(ctx, name) {
                let alts = match &choice.value {
                    Value::Str(name, _) => self.env_read(ctx, name.expose(), at, fallback.clone()),
                    _ => vec![Alt::unknown()],
                };
                out.extend(under(alts, &choice.arms));
            }
            return out;
        }
        // `getattr(openai, "OpenAI")`, `getattr(settings, KEYS[provider])`
        if symbol == "getattr"
            && let (Some(of), Some(name)) = (arg(0), arg(1))
            && let Some(names) = self.names_asked(ctx, name)
        {
            let mut out = Vec::new();
            for (name, arms) in names {
                let found = self.field_path(ctx, of, &[name]);
                let (missing, found): (Vec<Alt>, Vec<Alt>) = match arg(2) {
                    Some(_) => found.into_iter().partition(|alt| matches!(alt.value, Value::Undefined)),
                    None => (Vec::new(), found),
                };
                out.extend(under(found, &arms));
                for arms in missing.iter().filter_map(|alt| alt.arms.merge(&arms)) {
                    let default = arg(2).map(|default| self.eval(ctx, default));
                    out.extend(under(default.unwrap_or_default(), &arms));
                }
            }
            return out;
        }
        // `next((row for row in ROWS if row["name"] == name), default)`: some row. That there is none is told before it is used.
        if symbol == "next"
            && let Some(of) = arg(0)
        {
            let found = self.field_path(ctx, of, &["0".to_owned()]);
            let default = arg(1).map_or_else(Vec::new, |default| self.eval(ctx, default));
            let subject = self.place_subject_of(ctx, expr);
            let is = |negated| Arms::default().with(Lit { subject, value: None, negated });
            let mut out: Vec<Alt> = is(false).map_or_else(Vec::new, |arms| under(found, &arms));
            let default = default.into_iter().filter(|alt| !matches!(alt.value, Value::Null)).collect();
            out.extend(is(true).map_or_else(Vec::new, |arms| under(default, &arms)));
            return out;
        }
        // `importlib.import_module("openai")`; `__import__("a.b")` gives the first part alone.
        if matches!(symbol, "importlib.import_module" | "__import__")
            && let [name] = call.args.as_slice()
            && let Some(name) = self.constant(ctx, name.value)
        {
            let given = if symbol == "__import__" { name.split('.').next().unwrap_or_default() } else { &name };
            return self.import(ctx.file, &Import { module: given.to_owned(), name: None });
        }
        if words::OPTIONS.contains(&symbol) {
            return self.option_as_default(ctx, expr, call);
        }
        if let Some(given) = words::given_by(symbol) {
            return vec![Alt::new(Value::Symbol(given.to_owned()))];
        }
        if let Some(settings) = self.configured_call(ctx, call, symbol) {
            return vec![Alt::new(settings)];
        }
        if symbol == "URL"
            && let (Some(path), Some(base)) = (arg(0), arg(1))
        {
            return self.joined(ctx, path, base, at);
        }
        if let Some(position) = words::transparent(symbol) {
            let Some(inner) = arg(position).or_else(|| call.args.first().map(|arg| arg.value)) else {
                return vec![Alt::unknown()];
            };
            return self.eval_through(ctx, inner);
        }
        let (of, last) = symbol.rsplit_once('.').unwrap_or(("", symbol));
        // `OPENAI_API_BASE.to_string()`.
        let name = of.rsplit('.').next().unwrap_or(of);
        let is_constant = !name.is_empty() && !name.contains(char::is_lowercase) && !words::GLOBALS.contains(&name);
        if words::SAME.contains(&last) && is_constant {
            let step = Step { at: self.location(ctx.file, expr), kind: StepKind::Name(name.to_owned()) };
            return vec![Alt { steps: vec![step], ..Alt::new(Value::Symbol(of.to_owned())) }];
        }
        if let Some(part) = match symbol {
            "Object.entries" => Some(Part::Items),
            "Object.values" => Some(Part::Values),
            "Object.keys" => Some(Part::Keys),
            _ => None,
        } && let Some(of) = arg(0)
        {
            return self.entries(ctx, of, part);
        }
        // `get_secret("MIXROUTE_API_KEY")`, `config("X")`: a read by name from somewhere.
        if words::reads_by_name(last)
            && let Some(first) = arg(0)
            && let ExprKind::Str(text) = self.module(ctx.file).kind(first)
            && words::is_env_name(text.expose())
        {
            let name = text.expose().to_owned();
            let fallback = arg(1).map(|value| self.eval(ctx, value));
            return self.env_read(ctx, &name, at, fallback);
        }
        vec![Alt::new(self.made(ctx, expr))]
    }

    /// The names that an expression can be, where all of them are known.
    fn names_asked(&mut self, ctx: &Ctx, name: ExprId) -> Option<Vec<(String, Arms)>> {
        if let Some(name) = self.constant(ctx, name) {
            return Some(vec![(name, Arms::default())]);
        }
        let alts = self.eval(ctx, name).into_iter().map(|alt| match alt.value {
            Value::Str(name, _) => Some((name.expose().to_owned(), alt.arms)),
            _ => None,
        });
        alts.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
    }

    /// `new URL(path, base)`: the path behind the base's host, or beside the last word of the base's path.
    fn joined(&mut self, ctx: &Ctx, path: ExprId, base: ExprId, at: Location) -> Vec<Alt> {
        let mut out = Vec::new();
        for of in self.eval(ctx, base) {
            let Value::Str(base, _) = &of.value else {
                out.push(Alt::unknown());
                continue;
            };
            let base = base.expose();
            let host = base.find("://").map_or(0, |scheme| scheme + 3);
            let host = base[host..].find('/').map_or(base.len(), |end| host + end);
            let beside = base[host..].rfind('/').map_or(host, |last| host + last);
            for end in self.eval(ctx, path) {
                let first = match &end.value {
                    Value::Str(text, _) => Some(text.expose()),
                    Value::Concat(parts, _) => match parts.first() {
                        Some(Value::Str(text, _)) => Some(text.expose()),
                        _ => None,
                    },
                    _ => None,
                };
                let (before, between) = match first {
                    Some(text) if text.contains("://") => ("", ""),
                    Some(text) if text.starts_with('/') => (&base[..host], ""),
                    Some(_) => (&base[..beside], "/"),
                    None => (&base[..host], "/"),
                };
                let Some(arms) = of.arms.merge(&end.arms) else { continue };
                let before = format!("{before}{between}");
                let value = match &end.value {
                    Value::Str(text, _) => Value::Str(Text::new(before + text.expose()), at),
                    Value::Concat(parts, _) => {
                        let before = Value::Str(Text::new(before + first.unwrap_or_default()), at);
                        let rest = parts.iter().skip(usize::from(first.is_some())).cloned();
                        Value::Concat(Arc::new(std::iter::once(before).chain(rest).collect()), at)
                    }
                    rest => Value::Concat(Arc::new(vec![Value::Str(Text::new(before), at), rest.clone()]), at),
                };
                out.push(Alt { value, arms, steps: of.steps.clone() });
            }
        }
        out
    }

    /// An argument that stands for the whole call; a function there stands for its result.
    pub(super) fn eval_through(&mut self, ctx: &Ctx, inner: ExprId) -> Vec<Alt> {
        let alts = self.eval(ctx, inner);
        let mut out = Vec::new();
        for alt in alts {
            match &alt.value {
                Value::Made(made) if matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Func(_)) => {
                    let ExprKind::Func(func) = *self.module(made.ctx.file).kind(made.expr) else { continue };
                    out.extend(under(self.returns(made.ctx.file, func, None), &alt.arms));
                }
                _ => out.push(alt),
            }
        }
        out
    }

    fn entries(&mut self, ctx: &Ctx, of: ExprId, part: Part) -> Vec<Alt> {
        let mut out = Vec::new();
        for alt in self.eval(ctx, of) {
            match &alt.value {
                Value::Made(made) => out.push(Alt { value: Value::Entries(made.clone(), part), ..alt }),
                _ => out.push(Alt::unknown()),
            }
        }
        out
    }

    /// A call of a function or class of the project.
    fn call_made(&mut self, ctx: &Ctx, expr: ExprId, made: &Arc<Made>, receiver: Option<Value>) -> Vec<Alt> {
        match self.module(made.ctx.file).kind(made.expr) {
            ExprKind::Func(func) => self.follow(made.ctx.file, *func, expr, ctx, receiver),
            // `Kind(name)` is the member with that value, for which it stands.
            ExprKind::Class(class) if self.is_enumeration(made.ctx.file, *class) => {
                match self.module(ctx.file).kind(expr) {
                    ExprKind::Call(Call { args, .. }) if args.len() == 1 => self.eval(ctx, args[0].value),
                    _ => vec![Alt::new(self.made(ctx, expr))],
                }
            }
            _ => vec![Alt::new(self.made(ctx, expr))],
        }
    }

    /// Whether a class is one of Python's enumerations.
    fn is_enumeration(&self, file: FileId, class: ClassId) -> bool {
        let module = self.module(file);
        let named = |&base: &ExprId| matches!(module.kind(base), ExprKind::Name(name) | ExprKind::Member(_, name) if name.ends_with("Enum"));
        module.classes[class.index()].bases.iter().any(named)
    }

    /// A call's result, by looking into the function.
    fn follow(&mut self, file: FileId, func: FuncId, expr: ExprId, ctx: &Ctx, receiver: Option<Value>) -> Vec<Alt> {
        let Some(frame) = self.frame(file, func, expr, ctx, receiver) else { return vec![Alt::unknown()] };
        self.returns(file, func, Some(frame))
    }

    /// The one function that a call runs, if it is known, and the beginning of its body.
    pub fn entered(&mut self, ctx: &Ctx, call: ExprId) -> Option<(FileId, FuncId, Ctx)> {
        let ExprKind::Call(data) = self.module(ctx.file).kind(call) else { return None };
        let callees = self.called(ctx, data.callee);
        let [Alt { value, .. }] = callees.as_slice() else { return None };
        let (file, func) = match value {
            Value::Receiver(file, func) => (*file, *func),
            Value::Made(made) => match *self.module(made.ctx.file).kind(made.expr) {
                ExprKind::Func(func) => (made.ctx.file, func),
                _ => return None,
            },
            _ => return None,
        };
        let frame = self.frame(file, func, call, ctx, None)?;
        let block = self.module(file).func(func).body;
        Some((file, func, Ctx { file, block, index: 0, frame: Some(frame) }))
    }

    /// A frame for a followed call; `None` where calls nest too deeply.
    pub(super) fn frame(
        &mut self,
        file: FileId,
        func: FuncId,
        call: ExprId,
        caller: &Ctx,
        receiver: Option<Value>,
    ) -> Option<Arc<Frame>> {
        let depth = caller.frame.as_ref().map_or(0, |frame| frame.depth + 1);
        if depth > MAX_FRAMES {
            return None;
        }
        // Calls that are given nothing go the same way each time: `config().key` beside `config().url`.
        let function = self.module(file).func(func);
        let given = !function.params.is_empty() || function.receiver.is_some() || function.parent != Some(FuncId(0));
        let outer = caller.frame.as_ref().map_or(0, |frame| frame.id);
        let which = if given { (file, func, caller.file, call, outer) } else { (file, func, file, ANY, 0) };
        let next = self.frames.len() as u32 + 1;
        let id = *self.frames.entry(which).or_insert(next);
        Some(Arc::new(Frame { id, file, func, call, caller: caller.clone(), receiver, depth }))
    }

    /// What a function returns.
    pub(super) fn returns(&mut self, file: FileId, func: FuncId, frame: Option<Arc<Frame>>) -> Vec<Alt> {
        let module = self.module(file);
        let function = module.func(func);
        if function.generator || self.depth >= super::DEPTH || self.fuel == 0 {
            return vec![Alt::unknown()];
        }
        self.depth += 1;
        let mut ways: Vec<Vec<Alt>> = Vec::new();
        // Returns in order, each under the tests of the arms it stands in and against those that left before.
        let mut stack: Vec<BlockId> = vec![function.body];
        let mut budget = 400;
        let mut falls_through = true;
        while let Some(block) = stack.pop() {
            let stmts = &module.block(block).stmts;
            for (index, stmt) in stmts.iter().enumerate() {
                budget -= 1;
                if budget == 0 {
                    ways.push(vec![Alt::unknown()]);
                    stack.clear();
                    break;
                }
                match stmt {
                    Stmt::Return(value) => {
                        let at = Ctx { file, block, index, frame: frame.clone() };
                        if let Some(lits) = self.within(&at) {
                            let alts = match value {
                                Some(value) => self.eval(&at, *value),
                                None => vec![Alt::new(Value::Null)],
                            };
                            ways.push(under(alts, &lits));
                        }
                        if block == function.body {
                            falls_through = false;
                        }
                        break;
                    }
                    Stmt::Exit => {
                        if block == function.body {
                            falls_through = false;
                        }
                        break;
                    }
                    Stmt::Branch(arms) => stack.extend(arms.iter().rev().map(|arm| arm.body)),
                    Stmt::Block(inner) => stack.push(*inner),
                    _ => {}
                }
            }
        }
        self.depth -= 1;
        let out = match frame.filter(|_| ways.len() > 1) {
            Some(frame) => self.by_return(&frame, ways),
            None => ways.into_iter().flatten().collect(),
        };
        if out.is_empty() {
            return vec![if falls_through { Alt::new(Value::Null) } else { Alt::unknown() }];
        }
        out
    }

    /// One run of a function comes to one of its returns: what the others give is not met, whatever led to them.
    fn by_return(&mut self, frame: &Frame, ways: Vec<Vec<Alt>>) -> Vec<Alt> {
        let subject = self.subjects.get(&format!("return:{}:{}:{}", frame.file.0, frame.func.0, frame.id));
        let mut out = Vec::new();
        for (number, alts) in ways.into_iter().enumerate() {
            let value = Some(self.constants.get(&format!("#{number}")));
            let arms = Arms::default().with(Lit { subject, value, negated: false });
            out.extend(arms.map(|arms| under(alts, &arms)).unwrap_or_default());
        }
        out
    }

    /// A method call on a value.
    fn method(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, receiver: &Alt, method: &str) -> Vec<Alt> {
        if let Some(alts) = self.configured_method(ctx, expr, call, &receiver.value, method) {
            return alts;
        }
        let arg = |number: usize| call.args.iter().filter(|arg| arg.name.is_none()).nth(number).map(|arg| arg.value);
        // `key.map(|key| key.to_string())`: of an `Option`, a `Result` or a promise it is the value itself.
        let is_plain =
            matches!(&receiver.value, Value::Str(..) | Value::Env(..) | Value::Concat(..) | Value::Unknown(_));
        if is_plain
            && matches!(method, "map" | "and_then" | "then")
            && let Some(function) = arg(0)
        {
            if self.hands_on(ctx, function) {
                return vec![receiver.clone()];
            }
            if let ExprKind::Func(func) = *self.module(ctx.file).kind(function)
                && ctx.frame.is_none()
            {
                return self.returns(ctx.file, func, None);
            }
        }
        match &receiver.value {
            Value::Str(text, at) => {
                if words::TRIMMING.contains(&method) {
                    let trimmed = match (method, arg(0)) {
                        (_, Some(chars)) => match self.constant(ctx, chars) {
                            Some(cut) => words::trimmed(method, text.expose(), &cut).to_owned(),
                            None => text.expose().to_owned(),
                        },
                        (_, None) => text.expose().trim().to_owned(),
                    };
                    return vec![Alt { value: Value::Str(Text::new(trimmed), *at), ..receiver.clone() }];
                }
                if let Some(text) = words::in_other_case(method, text.expose()) {
                    return vec![Alt { value: Value::Str(Text::new(text), *at), ..receiver.clone() }];
                }
                if words::SAME.contains(&method) {
                    return vec![receiver.clone()];
                }
                if self.cuts_slashes(ctx, call, method) {
                    let cut = text.expose().trim_end_matches('/');
                    return vec![Alt { value: Value::Str(Text::new(cut), *at), ..receiver.clone() }];
                }
                self.filled(ctx, call, text, *at, method).unwrap_or_else(|| vec![Alt::unknown()])
            }
            // `os.environ["KEYS"].split(",")`: a list, to be looked into.
            Value::Env(..) if method == "split" => vec![Alt::new(self.made(ctx, expr))],
            Value::Env(..) | Value::Concat(..) | Value::Const(_) | Value::Null | Value::Undefined
                if words::keeps(method) =>
            {
                vec![receiver.clone()]
            }
            Value::Unknown(_) if words::keeps(method) => {
                vec![receiver.clone()]
            }
            Value::Env(..) | Value::Concat(..) | Value::Unknown(_) if self.cuts_slashes(ctx, call, method) => {
                vec![receiver.clone()]
            }
            Value::Unknown(_) | Value::Made(_)
                if words::reads_by_name(method)
                    && arg(0).is_some_and(|first| {
                        matches!(self.module(ctx.file).kind(first), ExprKind::Str(t) if words::is_env_name(t.expose()))
                    })
                    && !self.is_object(&receiver.value) =>
            {
                let Some(name) = arg(0).and_then(|first| self.constant(ctx, first)) else {
                    return vec![Alt::unknown()];
                };
                let at = self.location(ctx.file, expr);
                let fallback = arg(1).map(|value| self.eval(ctx, value));
                self.env_read(ctx, &name, at, fallback)
            }
            Value::Unknown(_) if matches!(method, "get" | "pop") => self.held_or_default(ctx, expr, call),
            Value::Made(_) if self.reads_variables(&receiver.value) => {
                self.read_by_call(ctx, expr, call).unwrap_or_else(|| vec![Alt::unknown()])
            }
            Value::Made(made) if matches!(method, "get" | "pop") && self.is_loaded(ctx, made) => {
                self.held_or_default(ctx, expr, call)
            }
            Value::Made(made) => {
                let module = self.module(made.ctx.file);
                match module.kind(made.expr) {
                    // A Rust struct has methods of its own, a table has those of its language.
                    ExprKind::Object(object) if object.ty.is_some() => self.call_member(ctx, expr, receiver, method),
                    ExprKind::Object(_) => match method {
                        "get" => {
                            let Some(key) = arg(0) else { return vec![Alt::unknown()] };
                            let at = self.location(ctx.file, expr);
                            let bases = [Alt::new(receiver.value.clone())];
                            let found = match self.constant(ctx, key) {
                                Some(key) => self.fields(bases.to_vec(), &[key]),
                                None => self.chosen(ctx, &bases, key, at),
                            };
                            let Some(default) = arg(1) else { return found };
                            let subject = self.place_subject_of(ctx, expr);
                            // What is there and the default never come together, not in two fields either.
                            let found = found.into_iter().filter_map(|alt| {
                                let negated = match alt.value.presence() {
                                    Presence::Maybe => return Some(alt),
                                    Presence::Null | Presence::Absent => true,
                                    Presence::Present | Presence::Empty => false,
                                };
                                let arms = alt.arms.with(Lit { subject, value: None, negated })?;
                                Some(Alt { arms, ..alt })
                            });
                            let found = found.collect();
                            self.fallback(found, subject, true, |resolver| resolver.eval(ctx, default))
                        }
                        "items" | "entries" | "iter" => {
                            vec![Alt { value: Value::Entries(made.clone(), Part::Items), ..receiver.clone() }]
                        }
                        "values" => {
                            vec![Alt { value: Value::Entries(made.clone(), Part::Values), ..receiver.clone() }]
                        }
                        "keys" => vec![Alt { value: Value::Entries(made.clone(), Part::Keys), ..receiver.clone() }],
                        "copy" => vec![receiver.clone()],
                        _ => self.call_member(ctx, expr, receiver, method),
                    },
                    ExprKind::List(_) if words::SAME.contains(&method) || method == "iter" || method == "into_iter" => {
                        vec![receiver.clone()]
                    }
                    // A copy of what somebody else's function made has the same in it.
                    ExprKind::Call(_) if self.is_rust(ctx.file) && words::COPYING.contains(&method) => {
                        vec![receiver.clone()]
                    }
                    _ => self.call_member(ctx, expr, receiver, method),
                }
            }
            Value::Receiver(..) => {
                let found = self.call_member(ctx, expr, receiver, method);
                // A service of the project around the framework's.
                let is_lost = |alt: &Alt| matches!(alt.value, Value::Unknown(_) | Value::Made(_));
                if words::reads_by_name(method)
                    && found.iter().all(is_lost)
                    && let Some(first) = arg(0)
                    && let ExprKind::Str(name) = self.module(ctx.file).kind(first)
                    && words::is_env_name(name.expose())
                {
                    let at = self.location(ctx.file, expr);
                    return self.env_read(ctx, name.expose(), at, None);
                }
                found
            }
            _ => vec![Alt::unknown()],
        }
    }

    /// `settings.get("url", default)`: what the settings hold, or the default.
    fn held_or_default(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Vec<Alt> {
        let [key, default] = call.args.as_slice() else { return vec![Alt::unknown()] };
        let Some(key) = self.constant(ctx, key.value) else { return vec![Alt::unknown()] };
        let held = Value::Unknown(Some((key, self.location(ctx.file, expr))));
        let subject = self.place_subject_of(ctx, expr);
        self.fallback(vec![Alt::new(held)], subject, true, |resolver| resolver.eval(ctx, default.value))
    }

    /// Whether a value is what a function from outside the project has read: `yaml.safe_load(file)`.
    fn is_loaded(&mut self, ctx: &Ctx, made: &Made) -> bool {
        let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { return false };
        let loads = |alt: &Alt| {
            let Value::Symbol(symbol) = &alt.value else { return false };
            matches!(symbol.rsplit('.').next(), Some("load" | "loads" | "safe_load" | "full_load" | "parse"))
        };
        let callees = self.eval(&made.ctx, call.callee);
        self.language_at(ctx.file, ctx.block) == "python" && !callees.is_empty() && callees.iter().all(loads)
    }

    /// `URL.format(model=m)`, `URL.replace("{model}", m)`: a text with others in the place of some of its parts.
    fn filled(&mut self, ctx: &Ctx, call: &Call, text: &Text, at: Location, method: &str) -> Option<Vec<Alt>> {
        let template = text.expose();
        let language = self.language_at(ctx.file, ctx.block);
        let by_name = |name: &str| call.args.iter().find(|arg| arg.name.as_deref() == Some(name));
        let by_position = |number: usize| call.args.iter().filter(|arg| arg.name.is_none()).nth(number);
        let is_format = method == "format" && language == "python";
        let holes: Vec<(std::ops::Range<usize>, Option<ExprId>)> = if is_format {
            let spread = call.args.iter().any(|arg| arg.spread != Spread::No);
            let filled = crate::template::braces(template)?.into_iter().map(|hole| {
                let arg = match &hole.argument {
                    Argument::Position(number) => by_position(*number),
                    Argument::Name(name) => by_name(name),
                };
                (hole.at, arg.filter(|_| !spread).map(|arg| arg.value))
            });
            filled.collect()
        } else {
            let [pattern, by] = call.args.as_slice() else { return None };
            let pattern = self.constant(ctx, pattern.value).filter(|pattern| !pattern.is_empty())?;
            let times = match (method, language) {
                ("replace", "javascript") => 1,
                ("replace", _) | ("replaceAll", "javascript") => super::MAX_PARTS,
                _ => return None,
            };
            let found = template.match_indices(&pattern).take(times);
            found.map(|(at, found)| (at..at + found.len(), Some(by.value))).collect()
        };
        if holes.len() * 2 >= super::MAX_PARTS {
            return None;
        }
        let written = |part: &str| {
            let part = if is_format { part.replace("{{", "{").replace("}}", "}") } else { part.to_owned() };
            vec![Alt::new(Value::Str(Text::new(part), at))]
        };
        let mut parts = Vec::new();
        let mut done = 0;
        for (hole, by) in holes {
            parts.push(written(&template[done..hole.start]));
            parts.push(by.map_or_else(|| vec![Alt::unknown()], |by| self.eval(ctx, by)));
            done = hole.end;
        }
        parts.push(written(&template[done..]));
        Some(Self::joined_parts(&parts, at))
    }

    /// Whether a function gives back what it is given: `|s| s.trim().to_string()`, `String::from`.
    fn hands_on(&self, ctx: &Ctx, function: ExprId) -> bool {
        let module = self.module(ctx.file);
        match module.kind(function) {
            ExprKind::Member(_, name) => words::keeps(name) || matches!(name.as_str(), "from" | "new"),
            ExprKind::Name(name) => matches!(name.as_str(), "String" | "Some" | "Ok"),
            ExprKind::Func(func) => {
                let function = module.func(*func);
                let [Stmt::Return(Some(value))] = module.block(function.body).stmts.as_slice() else { return false };
                let mut at = *value;
                loop {
                    match (module.kind(at), function.params.as_slice()) {
                        (ExprKind::Name(name), [param]) => return *name == param.name,
                        (ExprKind::Call(call), _) => match (module.kind(call.callee), call.args.as_slice()) {
                            (ExprKind::Member(base, name), _) if words::keeps(name) => at = *base,
                            (ExprKind::Member(_, name), [of]) if matches!(name.as_str(), "from" | "new") => {
                                at = of.value
                            }
                            (ExprKind::Name(name), [of]) if matches!(name.as_str(), "Some" | "Ok") => at = of.value,
                            _ => return false,
                        },
                        _ => return false,
                    }
                }
            }
            _ => false,
        }
    }

    /// `url.replace(/\/+$/, "")`
    fn cuts_slashes(&self, ctx: &Ctx, call: &Call, method: &str) -> bool {
        let [pattern, by] = call.args.as_slice() else { return false };
        let module = self.module(ctx.file);
        method == "replace"
            && matches!(module.kind(by.value), ExprKind::Str(text) if text.is_empty())
            && matches!(module.kind(pattern.value), ExprKind::Unknown)
            && matches!(
                self.project.file(ctx.file).source.slice(module.span(pattern.value)),
                r"/\/$/" | r"/\/+$/" | r"/\/*$/" | r"/[/]+$/" | r"/\/+$/g" | r"/\/$/g"
            )
    }

    fn is_object(&self, value: &Value) -> bool {
        matches!(value, Value::Made(made)
            if matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Object(_)))
    }

    fn place_subject_of(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        self.subjects.get(&format!("get:{}:{}", ctx.file.0, expr.0))
    }

    /// The method of a Rust type that is called, which often has the name of the field that it lends.
    fn rust_method(&self, value: &Value, method: &str) -> Option<Value> {
        let (file, class) = match value {
            Value::Made(made) => match self.module(made.ctx.file).kind(made.expr) {
                ExprKind::Object(object) => (made.ctx.file, self.class_named(made.ctx.file, object.ty.as_deref()?)?),
                _ => return None,
            },
            Value::Receiver(file, func) => (*file, self.module(*file).func(*func).class?),
            _ => return None,
        };
        if !self.is_rust(file) {
            return None;
        }
        let methods = &self.module(file).classes[class.index()].methods;
        let (_, func) = methods.iter().find(|(name, _)| name == method)?;
        Some(Value::Receiver(file, *func))
    }

    /// A call of a method that the value itself has; without one, the call is an object of its own.
    fn call_member(&mut self, ctx: &Ctx, expr: ExprId, receiver: &Alt, method: &str) -> Vec<Alt> {
        let fields = match self.rust_method(&receiver.value, method) {
            Some(method) => vec![Alt::new(method)],
            None => self.fields(vec![Alt::new(receiver.value.clone())], &[method.to_owned()]),
        };
        let mut out = Vec::new();
        for alt in fields {
            match &alt.value {
                Value::Made(made) => {
                    let made = made.clone();
                    out.extend(under(self.call_made(ctx, expr, &made, Some(receiver.value.clone())), &alt.arms));
                }
                Value::Receiver(file, func) => {
                    let is_static = self.module(*file).func(*func).receiver.is_none();
                    let own = if is_static { None } else { Some(receiver.value.clone()) };
                    // `cls(...)` and `Self::new` have the class for a receiver.
                    out.extend(under(self.follow(*file, *func, expr, ctx, own), &alt.arms));
                }
                _ => {}
            }
        }
        if out.is_empty() {
            // A builder's method, a request on a client: something made here.
            return vec![Alt::new(self.made(ctx, expr))];
        }
        out
    }
}
