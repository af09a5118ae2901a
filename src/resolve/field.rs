//! Fields: what `value.name` and `value[index]` are.

use std::borrow::Cow;
use std::sync::Arc;

use super::shared::{Shared, Variable};
use super::value::{Alt, Ctx, Frame, Made, Step, StepKind, Value};
use super::{Arms, LOST, Lit, Resolver, under, words};
use crate::facts::{Call, Entry, ExprId, ExprKind, Object, ParamKind, Spread, Stmt};
use crate::finding::{FileId, Location};
use crate::headers::same_field;

impl Resolver<'_> {
    /// `base.name`.
    pub(super) fn member(&mut self, ctx: &Ctx, base: ExprId, name: &str, at: Location) -> Vec<Alt> {
        if let Some((root, mut path)) = self.chain(ctx, base) {
            path.push(name.to_owned());
            return self.name(ctx, &root, &path, at);
        }
        let alts = self.eval(ctx, base);
        self.named_field(ctx, alts, name, at)
    }

    /// `expr.path[0].path[1]…`, with writes to the variable that it is.
    pub fn field_path(&mut self, ctx: &Ctx, expr: ExprId, path: &[String]) -> Vec<Alt> {
        if path.is_empty() {
            return self.eval(ctx, expr);
        }
        let at = self.location(ctx.file, expr);
        if let Some((root, mut whole)) = self.chain(ctx, expr) {
            whole.extend(path.iter().cloned());
            return self.name(ctx, &root, &whole, at);
        }
        let alts = self.eval(ctx, expr);
        self.fields(alts, path)
    }

    /// The field of each value, with a step for its name.
    pub(super) fn named_field(&mut self, ctx: &Ctx, alts: Vec<Alt>, name: &str, at: Location) -> Vec<Alt> {
        let mut out = Vec::new();
        for mut alt in self.fields(alts, &[name.to_owned()]) {
            match &alt.value {
                Value::Symbol(_) | Value::Module(_) | Value::Made(_) => {}
                Value::Env(variable, place) if *place == super::environment::NOWHERE => {
                    let variable = variable.clone();
                    out.extend(under(self.env_read(ctx, &variable, at, None), &alt.arms));
                    continue;
                }
                Value::Settings(settings) => {
                    let settings = settings.clone();
                    out.extend(under(self.setting_read(ctx, &settings, at), &alt.arms));
                    continue;
                }
                Value::Unknown(None) => alt.value = Value::Unknown(Some((name.to_owned(), at))),
                _ => alt.steps.push(Step { at, kind: StepKind::Name(name.to_owned()) }),
            }
            out.push(alt);
        }
        out
    }

    /// The values of `alt.path[0].path[1]…` for each alternative.
    pub(super) fn fields(&mut self, alts: Vec<Alt>, path: &[String]) -> Vec<Alt> {
        if path.is_empty() {
            return alts;
        }
        if self.depth >= super::DEPTH {
            return vec![Alt::unknown()];
        }
        self.depth += 1;
        let alts = self.fields_below(alts, path);
        self.depth -= 1;
        alts
    }

    fn fields_below(&mut self, alts: Vec<Alt>, path: &[String]) -> Vec<Alt> {
        let mut alts = alts;
        for name in path {
            let mut next = Vec::new();
            let mut shared = Shared::default();
            for alt in alts {
                if self.fuel == 0 {
                    return vec![Alt::unknown()];
                }
                self.fuel -= 1;
                let variable = match &alt.value {
                    Value::Made(made) => Variable::of(made, ""),
                    _ => None,
                };
                next.extend(shared.answer(&alt, variable, |value| self.field(value, name)));
                if next.len() > super::MAX_ALTS {
                    next.push(Alt::unknown());
                    break;
                }
            }
            alts = next;
        }
        alts
    }

    /// One field of one value.
    fn field(&mut self, value: &Value, name: &str) -> Vec<Alt> {
        match value {
            Value::Symbol(symbol) => {
                if super::words::ENVIRONMENTS.contains(&symbol.as_str()) && !super::words::is_method(name) {
                    return self.env_field(name);
                }
                if symbol == "absl.flags.FLAGS" {
                    return self.flag(name);
                }
                if symbol == "flask.current_app.config" {
                    return self.setting_of_app(name);
                }
                vec![Alt::new(Value::Symbol(format!("{symbol}.{name}")))]
            }
            Value::Module(file) => {
                let alts = self.exported(*file, name);
                let found = |alt: &Alt| !matches!(alt.value, Value::Undefined | Value::Unknown(None));
                if !alts.iter().any(found)
                    && let Some(target) = self.submodule(*file, name)
                {
                    return vec![Alt::new(Value::Module(target))];
                }
                if alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                    if name == "default" {
                        return vec![Alt::new(value.clone())];
                    }
                    return vec![Alt::unknown()];
                }
                alts
            }
            Value::Settings(settings) => vec![Alt::new(Value::Settings(settings.field(name)))],
            Value::Made(made) => self.made_field(made, name),
            Value::Receiver(file, func) => self.receiver_field(*file, *func, name),
            Value::Keywords(frame) => self.keyword(frame, name),
            Value::Pair(key, at, value) => match name {
                "0" => vec![Alt::new(Value::Str(key.clone(), *at))],
                "1" => vec![Alt::new((**value).clone())],
                _ => vec![Alt::unknown()],
            },
            Value::Entries(made, _) if name.bytes().all(|byte| byte.is_ascii_digit()) => self.any_element(value, made),
            // Asking nothing for a field is an error, or gives nothing (`opts?.baseURL`).
            Value::Null | Value::Undefined => vec![Alt::new(Value::Undefined)],
            // A text in the place of options: `https.get(url)` beside `https.get({ hostname })`.
            Value::Str(..) if matches!(name, "url" | "hostname" | "host" | "headers") => {
                vec![Alt::new(Value::Undefined)]
            }
            // `new URL("https://…").href`
            Value::Str(text, _) if name == "href" && text.expose().contains("://") => vec![Alt::new(value.clone())],
            // A member of an enumeration stands for its value; nothing else of a text has that name.
            Value::Str(..) | Value::Const(_) if name == "value" => vec![Alt::new(value.clone())],
            Value::Str(..) | Value::Const(_) | Value::Concat(..) | Value::Entries(..) => vec![Alt::unknown()],
            Value::Env(..) | Value::Unknown(_) => vec![Alt::unknown()],
        }
    }

    /// The element at some position of a collection whose order nobody knows: each is a choice.
    fn any_element(&mut self, of: &Value, made: &Made) -> Vec<Alt> {
        let subject = self.subjects.get(&format!("some:{}:{}", made.ctx.file.0, made.expr.0));
        let mut out = Vec::new();
        for (row, alts) in self.elements(of) {
            let value = Some(self.constants.get(&row));
            let arms = Arms::default().with(Lit { subject, value, negated: false });
            out.extend(arms.into_iter().flat_map(|arms| under(alts.clone(), &arms)));
        }
        if out.is_empty() { vec![Alt::unknown()] } else { out }
    }

    /// The file that a Python package's attribute names: `config.urls`.
    fn submodule(&self, file: FileId, name: &str) -> Option<FileId> {
        let path = &self.project.file(file).path;
        let dir = path.parent().filter(|_| path.file_name().is_some_and(|name| name == "__init__.py"))?;
        let candidates = [dir.join(format!("{name}.py")), dir.join(name).join("__init__.py")];
        candidates.iter().find_map(|path| self.project.by_path.get(path).copied())
    }

    fn env_field(&mut self, name: &str) -> Vec<Alt> {
        // The place of the read is put in where it is known.
        vec![Alt::new(Value::Env(name.to_owned(), super::environment::NOWHERE))]
    }

    /// A keyword argument that reached `**kwargs`; by its number, one that reached `*args`.
    fn keyword(&mut self, frame: &Arc<Frame>, name: &str) -> Vec<Alt> {
        let ExprKind::Call(call) = self.module(frame.caller.file).kind(frame.call) else { return vec![Alt::unknown()] };
        let function = self.module(frame.file).func(frame.func);
        if let Ok(number) = name.parse::<usize>() {
            let before = function.params.iter().take_while(|param| param.kind == ParamKind::Normal).count();
            return match call.args.iter().filter(|arg| arg.name.is_none()).nth(before + number) {
                _ if call.args.iter().any(|arg| arg.spread == Spread::Positional) => vec![Alt::unknown()],
                _ if self.is_bound(frame) => vec![Alt::unknown()],
                Some(arg) if arg.spread == Spread::No => self.eval(&frame.caller, arg.value),
                _ => vec![Alt::new(Value::Undefined)],
            };
        }
        if let Some(arg) = call.named(name)
            && !function.params.iter().any(|param| param.name == name)
        {
            return self.eval(&frame.caller, arg.value);
        }
        if let Some(arg) = call.args.iter().find(|arg| arg.spread == Spread::Keyword) {
            return self.field_path(&frame.caller, arg.value, &[name.to_owned()]);
        }
        // Whoever calls a `functools.partial` may give more.
        vec![if self.is_bound(frame) { Alt::unknown() } else { Alt::new(Value::Undefined) }]
    }

    fn made_field(&mut self, made: &Arc<Made>, name: &str) -> Vec<Alt> {
        // Writes to the variable that it was read from come first.
        if let Some((ctx, root, path)) = &made.via {
            let mut path = path.clone();
            path.push(name.to_owned());
            if self.depth < super::DEPTH - 8 {
                self.depth += 1;
                let mut alts = self.lookup(ctx, root, &path);
                self.depth -= 1;
                // What is written below it through the variable counts there, too: `config.openai.api_key = …`.
                if self.is_written_below(ctx.file, root, &path) {
                    let via = (ctx.clone(), root.clone(), path);
                    for alt in &mut alts {
                        if let Value::Made(made) = &alt.value {
                            let made = Made { ctx: made.ctx.clone(), expr: made.expr, via: Some(via.clone()) };
                            alt.value = Value::Made(Arc::new(made));
                        }
                    }
                }
                return alts;
            }
            return vec![Alt::unknown()];
        }
        let ctx = made.ctx.clone();
        let module = self.module(ctx.file);
        match module.kind(made.expr) {
            ExprKind::Object(object) => {
                let alts = self.object_field(&ctx, object, name);
                if !alts.iter().any(|alt| matches!(alt.value, Value::Undefined)) {
                    return alts;
                }
                match self.default_of_model(&ctx, made.expr, name) {
                    Some(defaults) => or_default(alts, &defaults),
                    None => alts,
                }
            }
            ExprKind::List(items) => match name.parse::<usize>() {
                Ok(number) if items.iter().take(number + 1).all(|item| !item.spread) => {
                    items.get(number).map_or_else(|| vec![Alt::unknown()], |item| self.eval(&ctx, item.value))
                }
                Ok(_) => vec![Alt::unknown()],
                Err(_) => self.member_field(made, name).unwrap_or_else(|| vec![Alt::unknown()]),
            },
            ExprKind::Class(class) => self.static_field(ctx.file, *class, name),
            // What `default_factory=dict` makes has nothing in it.
            ExprKind::Name(_) => vec![Alt::new(Value::Undefined)],
            ExprKind::Call(call) => {
                if let Some(first) = self.merges(&ctx, call.callee) {
                    return self.merged_field(&ctx, call, first, name);
                }
                self.kept_field(made, call, name)
                    .or_else(|| self.changed_copy(&ctx, call, name))
                    .unwrap_or_else(|| self.instance_field(made, name))
            }
            _ => vec![Alt::unknown()],
        }
    }

    /// A field of what a call makes of several objects; `first`: the first one that has it gives it, else the last one.
    fn merged_field(&mut self, ctx: &Ctx, call: &Call, first: bool, name: &str) -> Vec<Alt> {
        let mut open = vec![Alt::new(Value::Undefined)];
        for number in 0..call.args.len() {
            let arg = &call.args[if first { number } else { call.args.len() - 1 - number }];
            let (absent, mut known): (Vec<Alt>, Vec<Alt>) =
                open.into_iter().partition(|alt| matches!(alt.value, Value::Undefined));
            if absent.is_empty() {
                return known;
            }
            let alts = match arg.spread {
                Spread::No => self.field_path(ctx, arg.value, &[name.to_owned()]),
                _ => vec![Alt::unknown()],
            };
            known.extend(absent.iter().flat_map(|missing| under(alts.clone(), &missing.arms)));
            open = known;
        }
        open
    }

    /// Whether a file assigns to something below a place.
    fn is_written_below(&self, file: FileId, root: &str, path: &[String]) -> bool {
        let file = self.project.file(file);
        let is_below = |steps: &[Option<String>]| {
            steps.len() > path.len() && steps.iter().zip(path).all(|(step, own)| step.as_deref() == Some(own))
        };
        file.index.assigns.get(root).into_iter().flatten().any(|&(block, at)| {
            matches!(file.module.block(block).stmts.get(at as usize), Some(Stmt::Assign { place, .. })
                if is_below(&place.path))
        })
    }

    /// A field of a changed copy: `replace(options, key=k)`, `settings.model_copy(update={"key": k})`.
    fn changed_copy(&mut self, ctx: &Ctx, call: &Call, name: &str) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let (ExprKind::Name(function) | ExprKind::Member(_, function)) = module.kind(call.callee) else { return None };
        let of = match (module.kind(call.callee), function.as_str()) {
            (_, "replace" | "evolve") => {
                let is_copy = |alt: &Alt| matches!(&alt.value, Value::Symbol(s) if words::COPIES.contains(&s.as_str()));
                let first = call.args.first().filter(|arg| arg.name.is_none() && arg.spread == Spread::No)?;
                self.eval(ctx, call.callee).iter().any(is_copy).then_some(first.value)?
            }
            (ExprKind::Member(of, _), "model_copy" | "_replace") => *of,
            _ => return None,
        };
        let path = [name.to_owned()];
        if function == "model_copy" {
            if let Some(update) = call.named("update") {
                let alts = self.field_path(ctx, update.value, &path);
                if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                    return Some(alts);
                }
            }
        } else if let Some(changed) = call.named(name) {
            return Some(self.eval(ctx, changed.value));
        } else if call.args.iter().any(|arg| arg.spread != Spread::No) {
            return Some(vec![Alt::unknown()]);
        }
        Some(self.field_path(ctx, of, &path))
    }

    /// `Object.assign` and its kin, whose result is their arguments' fields, the last one's first; whether it is the first
    /// one's instead.
    fn merges(&mut self, ctx: &Ctx, callee: ExprId) -> Option<bool> {
        let (ExprKind::Name(function) | ExprKind::Member(_, function)) = self.module(ctx.file).kind(callee) else {
            return None;
        };
        // Before anything is asked: few functions have these names.
        if !words::MERGING.contains(&function.as_str()) {
            return None;
        }
        self.eval(ctx, callee).iter().find_map(|alt| match &alt.value {
            Value::Symbol(symbol) => words::merges(symbol),
            _ => None,
        })
    }

    /// Whether a function writes a field of a variable: `options.key = options.key || process.env.KEY`.
    fn puts_into(&self, ctx: &Ctx, variable: ExprId, field: &str) -> bool {
        let file = self.project.file(ctx.file);
        let ExprKind::Name(root) = file.module.kind(variable) else { return false };
        let func = file.module.block(ctx.block).func;
        file.index.assigns.get(root).into_iter().flatten().any(|&(block, at)| {
            file.module.block(block).func == func
                && matches!(file.module.block(block).stmts.get(at as usize), Some(Stmt::Assign { place, .. })
                    if place.path.first().is_some_and(|step| step.as_deref() == Some(field)))
        })
    }

    fn object_field(&mut self, ctx: &Ctx, object: &Object, name: &str) -> Vec<Alt> {
        let mut out = Vec::new();
        // Whether something stands behind that nobody knows.
        let mut open = vec![(Arms::default(), false)];
        for entry in object.entries.iter().rev() {
            let entry = match entry {
                Entry::Computed { key, value } => (self.known_key(ctx, *key).map(Cow::Owned), *value, false),
                Entry::Field { key, value, .. } => (key.as_deref().map(Cow::Borrowed), *value, false),
                Entry::Spread(value) => (None, *value, true),
            };
            match entry {
                (Some(key), value, _) => {
                    if same_field(&key, name) {
                        let alts = self.eval(ctx, value);
                        for (arms, _) in &open {
                            out.extend(under(alts.clone(), arms));
                        }
                        return out;
                    }
                }
                (None, _, false) => {
                    out.push(Alt::unknown());
                    return out;
                }
                (None, spread, true) => {
                    let mut still = Vec::new();
                    for of in self.eval(ctx, spread) {
                        // Nobody knows whether it has the field. What stands before it is shown, and judged by nobody.
                        let is_unknown = matches!(of.value, Value::Unknown(_));
                        let arms = of.arms.clone();
                        // What the program has put into it is known all the same.
                        let alts = match is_unknown && self.puts_into(ctx, spread, name) {
                            true => under(self.field_path(ctx, spread, &[name.to_owned()]), &arms),
                            false => self.fields(vec![of], &[name.to_owned()]),
                        };
                        for alt in alts {
                            for (open, hidden) in &open {
                                let Some(merged) = open.merge(&alt.arms) else { continue };
                                if matches!(alt.value, Value::Undefined) {
                                    still.push((merged, *hidden));
                                    continue;
                                }
                                out.push(Alt { arms: merged, ..alt.clone() });
                                if is_unknown
                                    && matches!(alt.value, Value::Unknown(_))
                                    && let Some(lost) = open.merge(&arms).and_then(|arms| arms.with(LOST))
                                {
                                    still.push((lost, true));
                                }
                            }
                        }
                    }
                    open = still;
                    if open.is_empty() {
                        return out;
                    }
                }
            }
        }
        // Methods of a Rust type are found by its name.
        if let Some(ty) = &object.ty
            && let Some(class) = self.class_named(ctx.file, ty)
        {
            let methods = &self.module(ctx.file).classes[class.index()].methods;
            if let Some((_, func)) = methods.iter().find(|(method, _)| method == name) {
                return vec![Alt::new(Value::Receiver(ctx.file, *func))];
            }
            // `Self::BASE_URL` in a trait that the type has.
            if !name.contains(char::is_lowercase) && !name.starts_with(|c: char| c.is_ascii_digit()) {
                return self.class_field(ctx.file, class, name, None, 0);
            }
        }
        let absent = open.into_iter().filter(|(_, hidden)| !hidden);
        out.extend(absent.map(|(arms, _)| Alt { arms, ..Alt::new(Value::Undefined) }));
        out
    }
}

/// Values, and a default in the place of what is absent.
pub(super) fn or_default(alts: Vec<Alt>, default: &[Alt]) -> Vec<Alt> {
    let given = |alt: Alt| match alt.value {
        Value::Undefined => under(default.to_vec(), &alt.arms),
        _ => vec![alt],
    };
    alts.into_iter().flat_map(given).collect()
}
