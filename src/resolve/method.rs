//! Calls of methods: what texts, containers and objects answer.

use std::sync::Arc;

use super::heirs::is_left_to_heirs;
use super::value::{Alt, Ctx, Made, Part, Presence, Value};
use super::{ClassAt, Lit, Resolver, under, words};
use crate::facts::{Call, ExprId, ExprKind, Stmt, TYPE_ARGUMENT};

impl Resolver<'_> {
    /// A method call on a value.
    pub(super) fn method(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, receiver: &Alt, method: &str) -> Vec<Alt> {
        if let Some(alts) = self.configured_method(ctx, expr, call, &receiver.value, method) {
            return alts;
        }
        if matches!(method, "get_one" | "value_of")
            && self.is_rust(ctx.file)
            && let Some(alts) = self.matched_argument(ctx, expr, call)
        {
            return alts;
        }
        // `text.parse::<Provider>()`: what the type makes of the text.
        if method == "parse"
            && let Some(made) = call.named(TYPE_ARGUMENT)
        {
            let alts = self.eval(ctx, made.value);
            if !is_lost(&alts, made.value) {
                return alts;
            }
        }
        let arg = |number: usize| call.positional().nth(number).map(|arg| arg.value);
        if matches!(method, "path" | "set_path")
            && self.is_rust(ctx.file)
            && let Some(alts) = self.path_of_url(ctx, expr, receiver, arg(0))
        {
            return alts;
        }
        // `Url::parse("https://…/v1/")?.join("models")`
        if method == "join"
            && self.is_rust(ctx.file)
            && let (Value::Str(text, _), Some(path)) = (&receiver.value, arg(0))
            && text.expose().contains("://")
        {
            return self.with_path(ctx, receiver, path, self.location(ctx.file, expr), true);
        }
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
        // `key.unwrap()`, `key.ok_or(…)?`: the program does not go on without it.
        if matches!(receiver.value, Value::Null | Value::Undefined)
            && words::INSISTING.contains(&method)
            && self.is_rust(ctx.file)
        {
            return Vec::new();
        }
        // A derived copy of a struct, `self.config.clone()`; and one that was looked for, `.find(…).unwrap()`.
        if words::COPYING.contains(&method) && self.is_rust(ctx.file) && self.is_struct(&receiver.value) {
            let found = self.call_member(ctx, expr, receiver, method);
            return if is_lost(&found, expr) { vec![receiver.clone()] } else { found };
        }
        // `ROWS.iter().find(|row| row.name == name)`: some row.
        if method == "find"
            && arg(0).is_some()
            && let rows = self.elements(&receiver.value)
            && !rows.is_empty()
        {
            let subject = self.subject_of_expr(ctx, expr);
            return self.some_row(rows, subject, &receiver.arms);
        }
        // `(HERE / "config.yaml").read_text()`: see `loaded`.
        if matches!((&receiver.value, method), (Value::Concat(..), "read_text" | "read_bytes" | "open")) {
            return vec![Alt::new(self.made(ctx, expr))];
        }
        if matches!(method, "join" | "concat")
            && let Some(alts) = self.put_together(ctx, expr, call, receiver, method)
        {
            return alts;
        }
        match &receiver.value {
            Value::Str(text, at) => self.text_method(ctx, call, receiver, (text, *at), method),
            // `env.get("URL").default("https://…")` of env-var.
            Value::Env(name, _) if method == "default" && arg(0).is_some() => {
                let subject = self.subjects.get(&format!("env:{name}"));
                self.fallback(vec![receiver.clone()], subject, true, |resolver| {
                    arg(0).map_or_else(Vec::new, |default| resolver.eval(ctx, default))
                })
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
            Value::Keywords(_) if matches!(method, "get" | "pop") => {
                let Some(key) = arg(0).and_then(|key| self.constant(ctx, key)) else { return vec![Alt::unknown()] };
                let given = self.fields(vec![Alt::new(receiver.value.clone())], &[key]);
                let Some(default) = arg(1) else { return given };
                self.found_or_default(ctx, expr, given, default)
            }
            Value::Made(_) if self.reads_variables(&receiver.value) => {
                self.read_by_call(ctx, expr, call).unwrap_or_else(|| vec![Alt::unknown()])
            }
            Value::Made(made) if matches!(method, "get" | "pop") && self.is_loaded(ctx, made) => {
                self.held_or_default(ctx, expr, call)
            }
            Value::Made(made) => self.object_method(ctx, expr, call, (receiver, made), method),
            Value::Entries(made, Part::Values) => {
                let of = Alt { value: Value::Made(made.clone()), ..receiver.clone() };
                match words::SAME.contains(&method) {
                    true => vec![receiver.clone()],
                    false => self.method(ctx, expr, call, &of, method),
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

    /// A method call on something that an expression made.
    fn object_method(
        &mut self,
        ctx: &Ctx,
        expr: ExprId,
        call: &Call,
        (receiver, made): (&Alt, &Arc<Made>),
        method: &str,
    ) -> Vec<Alt> {
        let arg = |number: usize| call.positional().nth(number).map(|arg| arg.value);
        if method == "get"
            && let Some(option) = self.parsed_option(ctx, expr, call, made)
        {
            return option;
        }
        let module = self.module(made.ctx.file);
        match module.kind(made.expr) {
            // A Rust struct has methods of its own, a table has those of its language.
            ExprKind::Object(object) if object.ty.is_some() => self.call_member(ctx, expr, receiver, method),
            ExprKind::Object(_) => match method {
                "get" => {
                    if let Some(option) = self.ini_option(ctx, made, call) {
                        let Some(default) = call.named("fallback") else { return option };
                        return self.found_or_default(ctx, expr, option, default.value);
                    }
                    let Some(key) = arg(0) else { return vec![Alt::unknown()] };
                    let at = self.location(ctx.file, expr);
                    let bases = [Alt::new(receiver.value.clone())];
                    let found = match self.constant(ctx, key) {
                        Some(key) => self.fields(bases.to_vec(), &[key]),
                        None => self.chosen(ctx, &bases, key, at),
                    };
                    let Some(default) = arg(1) else { return found };
                    self.found_or_default(ctx, expr, found, default)
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
            // Which of them are left nobody knows.
            ExprKind::List(_) if method == "filter" => {
                vec![Alt { value: Value::Entries(made.clone(), Part::Values), ..receiver.clone() }]
            }
            ExprKind::List(_) if words::SAME.contains(&method) || method == "iter" || method == "into_iter" => {
                vec![receiver.clone()]
            }
            ExprKind::Call(_) if words::AS_MAPPING.contains(&method) => {
                let found = self.call_member(ctx, expr, receiver, method);
                if is_lost(&found, expr) { vec![receiver.clone()] } else { found }
            }
            // A copy of what somebody else's function made has the same in it.
            ExprKind::Call(_) if self.is_rust(ctx.file) && words::COPYING.contains(&method) => {
                vec![receiver.clone()]
            }
            _ => self.call_member(ctx, expr, receiver, method),
        }
    }

    /// What a mapping holds under a name, or a default: `options.get("key", key)`. What is there and the default never come
    /// together, not in two fields either. A variable that was put in is there, whatever it holds.
    fn found_or_default(&mut self, ctx: &Ctx, expr: ExprId, found: Vec<Alt>, default: ExprId) -> Vec<Alt> {
        let subject = self.place_subject_of(ctx, expr);
        let (mut out, mut open) = (Vec::new(), Vec::new());
        for alt in found {
            let is_put_in = matches!(alt.value, Value::Env(..));
            let negated = match alt.value.presence() {
                Presence::Maybe if !is_put_in => {
                    open.push(alt);
                    continue;
                }
                presence => matches!(presence, Presence::Null | Presence::Absent),
            };
            if let Some(arms) = alt.arms.clone().with(Lit { subject, value: None, negated }) {
                let to = if is_put_in { &mut out } else { &mut open };
                to.push(Alt { arms, ..alt });
            }
        }
        out.extend(self.fallback(open, subject, true, |resolver| resolver.eval(ctx, default)));
        out
    }

    /// Whether a value is an object of one of Rust's types: what a literal makes, what its methods are called on, or what was
    /// read from a file of data.
    fn is_struct(&self, value: &Value) -> bool {
        match value {
            Value::Receiver(..) => true,
            Value::Made(made) => {
                let module = self.module(made.ctx.file);
                let is_data = !module.documents.is_empty();
                matches!(module.kind(made.expr), ExprKind::Object(object) if object.ty.is_some() || is_data)
            }
            _ => false,
        }
    }

    /// `settings.get("url", default)`: what the settings hold, or the default.
    fn held_or_default(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Vec<Alt> {
        let Some(key) = call.args.first().and_then(|key| self.constant(ctx, key.value)) else {
            return vec![Alt::unknown()];
        };
        let is_name = !key.contains('.') && self.language_at(ctx.file, ctx.block) == "javascript";
        let says_key = is_name && key.to_ascii_lowercase().contains("key");
        let held = Value::Unknown(Some((key, self.location(ctx.file, expr))));
        let default = match call.args.as_slice() {
            [_, default] => default,
            // `secrets.get("mixrouteApiKey")`
            [_] if says_key => return vec![Alt::new(held)],
            _ => return vec![Alt::unknown()],
        };
        let subject = self.place_subject_of(ctx, expr);
        self.fallback(vec![Alt::new(held)], subject, true, |resolver| resolver.eval(ctx, default.value))
    }

    /// Whether a value is what a function from outside the project has read: `yaml.safe_load(file)`.
    fn is_loaded(&mut self, ctx: &Ctx, made: &Made) -> bool {
        let ExprKind::Call(call) = self.module(made.ctx.file).kind(made.expr) else { return false };
        let is_python = self.language_at(ctx.file, ctx.block) == "python";
        let loads = |alt: &Alt| {
            let Value::Symbol(symbol) = &alt.value else { return false };
            match is_python {
                true => symbol.rsplit('.').next().is_some_and(words::loads),
                false => symbol == "vscode.workspace.getConfiguration",
            }
        };
        let callees = self.eval(&made.ctx, call.callee);
        !callees.is_empty() && callees.iter().all(loads)
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

    pub(super) fn is_object(&self, value: &Value) -> bool {
        matches!(value, Value::Made(made)
            if matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Object(_)))
    }

    pub(super) fn place_subject_of(&mut self, ctx: &Ctx, expr: ExprId) -> u32 {
        self.subjects.get(&format!("get:{}:{}", ctx.file.0, expr.0))
    }

    /// The method of a Rust type that is called, which often has the name of the field that it lends.
    pub(super) fn rust_method(&mut self, value: &Value, method: &str) -> Option<Value> {
        let (file, class) = match value {
            Value::Made(made) => match self.module(made.ctx.file).kind(made.expr) {
                ExprKind::Object(object) => (made.ctx.file, self.class_named(made.ctx.file, object.ty.as_deref()?)?),
                // `#[derive(Default)]`
                ExprKind::Call(call) => match self.module(made.ctx.file).kind(call.callee) {
                    ExprKind::Member(_, derived) if matches!(derived.as_str(), "default" | "parse") => {
                        self.derived(made)?
                    }
                    _ => return None,
                },
                _ => return None,
            },
            Value::Receiver(file, func) => (*file, self.module(*file).func(*func).class?),
            _ => return None,
        };
        // Of a trait each type that has it has its own.
        if !self.is_rust(file) || self.is_trait((file, class)) {
            return None;
        }
        let of = |this: &Self, (file, class): ClassAt| {
            let methods = &this.module(file).classes[class.index()].methods;
            let (_, func) = methods.iter().find(|(name, _)| name == method)?;
            Some(Value::Receiver(file, *func))
        };
        if let Some(found) = of(self, (file, class)) {
            return Some(found);
        }
        // `impl` blocks of one type may stand in several files.
        let ty = self.first_base((file, class)).unwrap_or((file, class));
        let elsewhere = self.heirs_of(ty);
        let own = of(self, ty).or_else(|| elsewhere.iter().find_map(|&heir| of(self, heir)));
        own.or_else(|| {
            let all = [(file, class), ty].into_iter().chain(elsewhere.iter().copied());
            let found = all.into_iter().find_map(|class| self.of_traits(class, method))?;
            found.into_iter().map(|alt| alt.value).find(|value| matches!(value, Value::Receiver(..)))
        })
    }

    /// Whether all that is known of an object is that its type has a trait.
    fn is_known_by_trait(&self, object: &Value) -> bool {
        let Value::Receiver(file, func) = object else { return false };
        self.module(*file).func(*func).class.is_some_and(|class| self.is_trait((*file, class)))
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
                    let own = receiver.value.clone();
                    // A method of one of a trait's types has an object of that type.
                    let is_default = self.module(*file).func(*func).class.is_some_and(|of| self.is_trait((*file, of)));
                    let own = (!is_static && (is_default || !self.is_known_by_trait(&own))).then_some(own);
                    // `cls(...)` and `Self::new` have the class for a receiver.
                    out.extend(under(self.follow(*file, *func, expr, ctx, own), &alt.arms));
                }
                Value::Unknown(_) if self.is_known_by_trait(&receiver.value) || is_left_to_heirs(&alt, method) => {
                    out.push(alt);
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

/// Whether nothing came of a call but itself.
fn is_lost(found: &[Alt], expr: ExprId) -> bool {
    found.iter().all(|alt| match &alt.value {
        Value::Unknown(_) => true,
        Value::Made(made) => made.expr == expr,
        _ => false,
    })
}
