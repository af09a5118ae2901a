//! Calls: what a call's result is.

use std::sync::Arc;

use super::shared::{Shared, Variable};
use super::value::{Alt, Ctx, Frame, Made, Part, Step, StepKind, Value, settle};
use super::{Arms, Lit, MAX_FRAMES, Resolver, under, words};
use crate::facts::{BlockId, Call, ExprId, ExprKind, FuncId, Import, Stmt};
use crate::finding::{FileId, Location};
use crate::text::Text;

/// In the place of a call, where all calls of a function are alike.
const ANY: ExprId = ExprId(u32::MAX);

impl Resolver<'_> {
    /// The values of a call.
    pub(super) fn call(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Vec<Alt> {
        let module = self.module(ctx.file);
        let mut callees = None;
        // Methods first: their receiver may be an ordinary value.
        if let ExprKind::Member(base, method) = module.kind(call.callee) {
            let receivers = self.eval(ctx, *base);
            let receivers = self.as_exported(ctx, receivers, method);
            let plain = receivers.iter().all(|alt| !matches!(alt.value, Value::Symbol(_) | Value::Module(_)));
            if plain && !receivers.is_empty() {
                let mut shared = Shared::default();
                let mut out = Vec::new();
                for receiver in receivers {
                    let variable = match &receiver.value {
                        Value::Made(made) => self.class_called(made).and_then(|class| Variable::of(made, class)),
                        _ => None,
                    };
                    out.extend(shared.answer(&receiver, variable, |_| self.method(ctx, expr, call, &receiver, method)));
                }
                return if out.is_empty() { vec![Alt::unknown()] } else { out };
            }
            // What it is called on is not asked again: each call of a chain would double the work.
            if self.chain(ctx, *base).is_none() {
                let at = self.location(ctx.file, call.callee);
                let alts = self.named_field(ctx, receivers, method, at);
                callees = Some(self.as_called(ctx, settle(alts)));
            }
        }
        let callees = callees.unwrap_or_else(|| self.called(ctx, call.callee));
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

    /// The name of the class that an object is made of.
    fn class_called(&self, made: &Made) -> Option<&'_ str> {
        let module = self.module(made.ctx.file);
        let ExprKind::Call(call) = module.kind(made.expr) else { return None };
        match module.kind(call.callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name),
            _ => None,
        }
    }

    /// A call of something from outside the project.
    fn call_symbol(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, symbol: &str) -> Vec<Alt> {
        let at = self.location(ctx.file, expr);
        let arg = |number: usize| call.positional().nth(number).map(|arg| arg.value);
        if words::is_env_read(symbol) {
            let Some(name) = arg(0).or_else(|| call.args.first().map(|arg| arg.value)) else {
                return vec![Alt::unknown()];
            };
            let fallback = arg(1).or_else(|| call.named("default").map(|a| a.value));
            let fallback = fallback.map(|value| self.eval(ctx, value));
            return self.env_named(ctx, name, at, fallback);
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
                let found = match arg(2) {
                    Some(default) => self.or_given(ctx, expr, found, default),
                    None => found,
                };
                out.extend(under(found, &arms));
                for arms in missing.iter().filter_map(|alt| alt.arms.merge(&arms)) {
                    let default = arg(2).map(|default| self.eval(ctx, default));
                    out.extend(under(default.unwrap_or_default(), &arms));
                }
            }
            return out;
        }
        // `random.choice(ROWS)`, `next(itertools.cycle(ROWS))`: some row.
        if matches!(symbol, "random.choice" | "secrets.choice" | "next")
            && let Some(of) = arg(0)
            && let Some(found) = self.row_of(ctx, expr, of, symbol == "next")
        {
            return found;
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
        // `importlib.import_module("openai")`; `__import__("a.b")` gives the first part alone, unless it is asked for something of it.
        if matches!(symbol, "importlib.import_module" | "__import__")
            && let Some(name) = arg(0)
            && let Some(name) = self.constant(ctx, name)
        {
            let is_asked = call.named("fromlist").is_some();
            let whole = symbol != "__import__" || is_asked;
            let given = if whole { &name } else { name.split('.').next().unwrap_or_default() };
            return self.import(ctx.file, &Import { module: given.to_owned(), name: None });
        }
        if words::INJECTIONS.contains(&symbol) {
            return vec![Alt::unknown()];
        }
        if words::OPTIONS.contains(&symbol) {
            return self.option_as_default(ctx, expr, call);
        }
        if words::FILLS_FROM_OPTIONS.contains(&symbol)
            && let Some(class) = arg(0).or_else(|| Some(call.named("config_class")?.value))
        {
            let left_out = self.eval(ctx, class);
            return self.given_or(ctx.file, expr, Alt::unknown(), left_out);
        }
        if let Some(given) = self.input(ctx, expr, call, symbol) {
            return given;
        }
        if let Some(given) = words::given_by(symbol) {
            return vec![Alt::new(Value::Symbol(given.to_owned()))];
        }
        if let Some(alts) = self.of_default_file(ctx, call, symbol, at) {
            return alts;
        }
        if let Some(settings) = self.configured_call(ctx, call, symbol) {
            return vec![Alt::new(settings)];
        }
        if symbol == "URL"
            && let (Some(path), Some(base)) = (arg(0), arg(1))
        {
            return self.joined(ctx, path, base, at);
        }
        if symbol == "urllib.parse.urljoin"
            && let (Some(base), Some(path)) = (arg(0), arg(1))
        {
            return self.joined(ctx, path, base, at);
        }
        // `llm.get_key(None, "relay", "RELAY_KEY")`: what its own store has, or else the variable.
        if symbol == "llm.get_key" {
            let name = arg(2).or_else(|| ["env_var", "env"].iter().find_map(|name| Some(call.named(name)?.value)));
            let subject = self.place_subject_of(ctx, expr);
            let Some(name) = name else { return vec![Alt::unknown()] };
            return self
                .fallback(vec![Alt::unknown()], subject, true, |resolver| resolver.env_named(ctx, name, at, None));
        }
        if let Some(position) = words::transparent(symbol) {
            let Some(inner) = arg(position).or_else(|| call.args.first().map(|arg| arg.value)) else {
                return vec![Alt::unknown()];
            };
            return self.eval_through(ctx, inner);
        }
        let (of, last) = symbol.rsplit_once('.').unwrap_or(("", symbol));
        if words::loads(last)
            && let Some(data) = self.loaded(ctx, call)
        {
            return data;
        }
        if words::INI_PARSERS.contains(&symbol)
            && let Some(data) = self.parsed(ctx, expr)
        {
            return data;
        }
        // `fetch.bind(globalThis)`: the function, with an object that is none of its arguments.
        if last == "bind" && call.args.len() == 1 && self.language_at(ctx.file, ctx.block) == "javascript" {
            return vec![Alt::new(Value::Symbol(of.to_owned()))];
        }
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
        let by_keyword = || ["key", "name", "secret_name"].iter().find_map(|name| Some(call.named(name)?.value));
        if words::reads_by_name(last)
            && let Some(first) = arg(0).or_else(by_keyword)
            && let ExprKind::Str(text) = self.module(ctx.file).kind(first)
            && words::is_env_name(text.expose())
        {
            let name = text.expose().to_owned();
            let fallback = arg(1).map(|value| self.eval(ctx, value));
            return self.env_read(ctx, &name, at, fallback);
        }
        vec![Alt::new(self.made(ctx, expr))]
    }

    /// Some row of what an expression is, where its rows are known; `made`: only where a call gives them.
    pub(super) fn row_of(&mut self, ctx: &Ctx, expr: ExprId, of: ExprId, made: bool) -> Option<Vec<Alt>> {
        let subject = self.subject_of_expr(ctx, expr);
        let mut out = Vec::new();
        for alt in self.eval(ctx, of) {
            let Value::Made(rows) = &alt.value else { return None };
            if made && !matches!(self.module(rows.ctx.file).kind(rows.expr), ExprKind::Call(_)) {
                return None;
            }
            let rows = self.elements(&alt.value);
            if rows.is_empty() {
                return None;
            }
            out.extend(self.some_row(rows, subject, &alt.arms));
        }
        Some(out).filter(|out| !out.is_empty())
    }

    /// The variable of the environment that an expression names.
    fn env_named(&mut self, ctx: &Ctx, name: ExprId, at: Location, fallback: Option<Vec<Alt>>) -> Vec<Alt> {
        let mut out = Vec::new();
        for choice in self.eval(ctx, name) {
            let alts = match &choice.value {
                Value::Str(name, _) => self.env_read(ctx, name.expose(), at, fallback.clone()),
                _ => vec![Alt::unknown()],
            };
            out.extend(under(alts, &choice.arms));
        }
        out
    }

    /// What an object holds that nobody knows, or the default in its place: `getattr(settings, "KEY", os.getenv("KEY"))`.
    fn or_given(&mut self, ctx: &Ctx, expr: ExprId, found: Vec<Alt>, default: ExprId) -> Vec<Alt> {
        let is_open = |alt: &Alt| matches!(alt.value, Value::Unknown(_) | Value::Symbol(_));
        if !found.iter().any(is_open) {
            return found;
        }
        let default = self.eval(ctx, default);
        // That it is nothing says no more than that it is not known.
        if !default.iter().any(Alt::may_be_there) {
            return found;
        }
        let subject = self.place_subject_of(ctx, expr);
        let (open, mut out): (Vec<Alt>, Vec<Alt>) = found.into_iter().partition(is_open);
        out.extend(self.fallback(open, subject, true, |_| default));
        out
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

    /// `new URL(path, base)`: the path behind the base's host, or beside the last word of the base's path. Of a base that
    /// is not written out it is not known where that is, but it begins with it all the same.
    fn joined(&mut self, ctx: &Ctx, path: ExprId, base: ExprId, at: Location) -> Vec<Alt> {
        let (whole, begun): (Vec<Alt>, Vec<Alt>) =
            self.eval(ctx, base).into_iter().partition(|alt| matches!(alt.value, Value::Str(..)));
        let mut out: Vec<Alt> = whole.iter().flat_map(|of| self.with_path(ctx, of, path, at, true)).collect();
        if !begun.is_empty() {
            let is_whole = |alt: &Alt| matches!(&alt.value, Value::Str(text, _) if text.expose().contains("://"));
            let (own, below): (Vec<Alt>, Vec<Alt>) = self.eval(ctx, path).into_iter().partition(is_whole);
            out.extend(own);
            out.extend(Self::joined_parts(&[begun, below], at));
        }
        out
    }

    /// A URL with another path; `beside`: one that begins with no slash stands in the place of the last word alone.
    pub(super) fn with_path(&mut self, ctx: &Ctx, of: &Alt, path: ExprId, at: Location, beside: bool) -> Vec<Alt> {
        let Value::Str(base, _) = &of.value else { return vec![Alt::unknown()] };
        let mut out = Vec::new();
        let base = base.expose();
        let host = base.find("://").map_or(0, |scheme| scheme + 3);
        let host = base[host..].find('/').map_or(base.len(), |end| host + end);
        let last = base[host..].rfind('/').filter(|_| beside).map_or(host, |last| host + last);
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
                Some(_) => (&base[..last], "/"),
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
    pub(super) fn call_made(&mut self, ctx: &Ctx, expr: ExprId, made: &Arc<Made>, receiver: Option<Value>) -> Vec<Alt> {
        match self.module(made.ctx.file).kind(made.expr) {
            ExprKind::Func(func) => {
                let (func, maker) = ((made.ctx.file, *func), self.maker(made));
                let Some(frame) = self.frame_of(func, expr, ctx, receiver, maker) else { return vec![Alt::unknown()] };
                self.returns(func.0, func.1, Some(frame))
            }
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

    /// A call's result, by looking into the function.
    pub(super) fn follow(
        &mut self,
        file: FileId,
        func: FuncId,
        expr: ExprId,
        ctx: &Ctx,
        receiver: Option<Value>,
    ) -> Vec<Alt> {
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

    /// The followed call that has made a function, where that is one of a function around it.
    pub(super) fn maker(&self, made: &Made) -> Option<Arc<Frame>> {
        let module = self.module(made.ctx.file);
        let ExprKind::Func(func) = *module.kind(made.expr) else { return None };
        let around = module.func(func).parent.filter(|around| *around != FuncId(0))?;
        made.ctx.frame.clone().filter(|frame| frame.func == around && frame.file == made.ctx.file)
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
        self.frame_of((file, func), call, caller, receiver, None)
    }

    /// The same of a function that another call has made.
    pub(super) fn frame_of(
        &mut self,
        (file, func): (FileId, FuncId),
        call: ExprId,
        caller: &Ctx,
        receiver: Option<Value>,
        maker: Option<Arc<Frame>>,
    ) -> Option<Arc<Frame>> {
        let depth = caller.frame.as_ref().map_or(0, |frame| frame.depth + 1);
        if depth > MAX_FRAMES {
            return None;
        }
        // Calls that are given nothing go the same way each time: `config().key` beside `config().url`.
        let function = self.module(file).func(func);
        let given = !function.params.is_empty() || function.receiver.is_some() || function.parent != Some(FuncId(0));
        let outer = caller.frame.as_ref().map_or(0, |frame| frame.id);
        let made = maker.as_ref().map_or(0, |frame| frame.id);
        let which = if given { (file, func, caller.file, call, outer, made) } else { (file, func, file, ANY, 0, 0) };
        let next = self.frames.len() as u32 + 1;
        let id = *self.frames.entry(which).or_insert(next);
        Some(Arc::new(Frame { id, file, func, call, caller: caller.clone(), receiver, maker, depth, given }))
    }

    /// What a function returns.
    pub(super) fn returns(&mut self, file: FileId, func: FuncId, frame: Option<Arc<Frame>>) -> Vec<Alt> {
        let module = self.module(file);
        let function = module.func(func);
        if function.generator || self.depth >= super::DEPTH || self.fuel == 0 {
            return vec![Alt::unknown()];
        }
        // What is there only to be replaced gives nothing itself.
        if let (Some(class), Some(name)) = (function.class, &function.name)
            && !function.decorators.is_empty()
            && self.is_abstract(file, func)
            && let Some(open) = self.left_to_heirs((file, class), name)
        {
            return vec![open];
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
                    Stmt::Branch(arms) => stack.extend(arms.iter().rev().copied()),
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
}
