//! Settings that a library puts together from variables and files, asked for by the field: `envy`, `config` and `figment`
//! in Rust, `zod`, `envalid` and t3-env, Nuxt's runtime configuration, the namespaces of Nest's `ConfigService`.

use std::sync::Arc;

use super::value::{Alt, Ctx, Step, StepKind, Value};
use super::{Resolver, under, words};
use crate::facts::{Call, ClassId, Entry, ExprId, ExprKind};
use crate::finding::{FileId, Location};
use crate::language::Language;

/// An object whose fields are settings, or a field of one that may have fields of its own.
#[derive(Clone, Debug)]
pub struct Settings {
    source: Arc<Source>,
    pub(super) path: Vec<String>,
    /// The type of Rust that they are read into.
    pub(super) class: Option<(FileId, ClassId)>,
}

/// Where settings come from.
#[derive(Debug)]
enum Source {
    /// Variables, and below them what the program says.
    Variables(Variables),
    /// The `runtimeConfig` of the project's `nuxt.config.ts`, under variables that begin with `NUXT_`.
    Nuxt(FileId),
    /// The variables that t3-env checks, by their own names but for what `runtimeEnv` says.
    Declared(Ctx, ExprId),
    /// The variables that a schema checks, by their own names.
    Checked(Checked),
    /// A class whose fields are variables because a settings class has it for a field.
    Model(Model),
    /// A variable that Firebase's functions are given, and what says its default: `defineString("URL", { default: "…" })`.
    Param(String, Option<(Ctx, ExprId)>),
    /// The `extra` of the project's Expo configuration.
    Expo(FileId),
}

/// What `zod` and `envalid` make of the environment.
#[derive(Debug)]
struct Checked {
    /// What is said of the variables: `{ KEY: z.string().default("…") }`, the last one first.
    shapes: Vec<(Ctx, ExprId)>,
    /// The variables are a field of what is given: `schema.safeParse(process.env).data`.
    wrapped: bool,
    /// What is checked where that is no environment: `schema.parse({ key: process.env.KEY })`.
    of: Option<(Ctx, ExprId)>,
}

/// A field of a settings class that has fields of its own: `llm: Llm`, with `env_nested_delimiter`.
#[derive(Debug)]
pub(super) struct Model {
    /// Where the variables are read.
    pub(super) at: Ctx,
    pub(super) class: (FileId, ClassId),
    /// What the names of its variables begin with.
    pub(super) prefix: String,
    pub(super) delimiter: String,
    /// The object that is there by default.
    pub(super) given: Option<Vec<Alt>>,
}

/// Variables that are named for the fields: the field `llm.api_key` is `APP__LLM__API_KEY`.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) prefix: String,
    /// Between the words of a path; without one there are no fields of fields.
    pub(super) separator: Option<String>,
    /// `set_default("llm.url", …)`
    pub(super) defaults: Vec<(Vec<String>, Ctx, ExprId)>,
    /// Files that are read, too, the last one first.
    pub(super) files: Vec<(Ctx, ExprId)>,
    /// Nothing but files is.
    pub(super) only_files: bool,
}

/// One call of a builder's chain.
pub(super) struct Link {
    pub(super) method: String,
    pub(super) at: Ctx,
    pub(super) args: Vec<ExprId>,
}

/// Calls of one chain that are looked at.
const MAX_LINKS: usize = 64;

impl Settings {
    fn of(source: Source) -> Value {
        Value::Settings(Self { source: Arc::new(source), path: Vec::new(), class: None })
    }

    pub(super) fn of_model(model: Model) -> Value {
        Self::of(Source::Model(model))
    }

    pub(super) fn of_expo(config: FileId) -> Value {
        Self::of(Source::Expo(config))
    }

    /// The same settings, further down.
    pub(super) fn field(&self, name: &str) -> Self {
        let mut path = self.path.clone();
        path.push(name.to_owned());
        Self { source: Arc::clone(&self.source), path, class: self.class }
    }

    fn of_type(mut self, class: Option<(FileId, ClassId)>) -> Self {
        self.class = class.or(self.class);
        self
    }
}

impl Resolver<'_> {
    /// What a call of something from outside gives, where that is settings.
    pub(super) fn configured_call(&mut self, ctx: &Ctx, call: &Call, symbol: &str) -> Option<Value> {
        match symbol {
            "envy.from_env" => {
                let class = self.type_asked(ctx, call);
                let source = Arc::new(Source::Variables(Variables::default()));
                Some(Value::Settings(Settings { source, path: Vec::new(), class }))
            }
            _ if symbol.starts_with("@t3-oss/env-") && symbol.ends_with(".createEnv") => {
                Some(Settings::of(Source::Declared(ctx.clone(), call.args.first()?.value)))
            }
            _ if symbol.starts_with("envalid.") && symbol.ends_with(".cleanEnv") || symbol == "envalid.cleanEnv" => {
                let [given, specs, ..] = call.args.as_slice() else { return None };
                let shapes = vec![(ctx.clone(), specs.value)];
                let checked = Checked { shapes, wrapped: false, of: None };
                self.is_environment(ctx, given.value).then(|| Settings::of(Source::Checked(checked)))
            }
            "firebase-functions/params.defineString" => {
                let name = self.constant(ctx, call.args.first()?.value)?;
                let default = call.args.get(1).map(|arg| (ctx.clone(), arg.value));
                Some(Settings::of(Source::Param(name, default)))
            }
            _ if symbol.rsplit('.').next() == Some("useRuntimeConfig") => {
                let config = self.imported(ctx.file, "nuxt.config")?;
                Some(Settings::of(Source::Nuxt(config)))
            }
            _ => None,
        }
    }

    /// What a method gives, where that is settings or one of them.
    pub(super) fn configured_method(
        &mut self,
        ctx: &Ctx,
        expr: ExprId,
        call: &Call,
        on: &Value,
        method: &str,
    ) -> Option<Vec<Alt>> {
        let at = self.location(ctx.file, expr);
        let first = call.args.first().map(|arg| arg.value);
        if let (Value::Made(made), "get", Some(key)) = (on, method, first)
            && let Some(alts) = self.kept(ctx, made, key, at)
        {
            return Some(alts);
        }
        match on {
            Value::Settings(settings) => match method {
                "get_string" | "get" | "get_str" | "extract_inner" => {
                    let key = self.constant(ctx, first?)?;
                    let below = key.split('.').fold(settings.clone(), |settings, name| settings.field(name));
                    Some(self.setting_read(ctx, &below, at))
                }
                "try_deserialize" | "extract" | "deserialize" => {
                    let class = self.type_asked(ctx, call);
                    Some(vec![Alt::new(Value::Settings(settings.clone().of_type(class)))])
                }
                "value" if matches!(&*settings.source, Source::Param(..)) => Some(self.setting_read(ctx, settings, at)),
                _ => Some(vec![Alt::new(on.clone())]),
            },
            // Asked for before anything is evaluated: few methods have these names.
            Value::Made(_)
                if matches!(method, "from_env" | "build" | "extract" | "try_deserialize" | "deserialize") =>
            {
                if self.project.file(ctx.file).source.language != Language::Rust {
                    return None;
                }
                let ExprKind::Member(base, _) = self.module(ctx.file).kind(call.callee) else { return None };
                let source = Arc::new(Source::Variables(self.variables(ctx, *base)?));
                let class = self.type_asked(ctx, call);
                Some(vec![Alt::new(Value::Settings(Settings { source, path: Vec::new(), class }))])
            }
            Value::Made(_) if matches!(method, "parse" | "safeParse" | "parseAsync" | "safeParseAsync") => {
                let ExprKind::Member(base, _) = self.module(ctx.file).kind(call.callee) else { return None };
                let given = first.filter(|_| self.language_at(ctx.file, ctx.block) == "javascript")?;
                let shapes = self.shapes(ctx, *base)?;
                let of = (!self.is_environment(ctx, given)).then(|| (ctx.clone(), given));
                let checked = Checked { shapes, wrapped: method.starts_with("safe"), of };
                Some(vec![Alt::new(Settings::of(Source::Checked(checked)))])
            }
            Value::Made(_) | Value::Unknown(_) if matches!(method, "get" | "getOrThrow") => {
                let text = match self.module(ctx.file).kind(first?) {
                    ExprKind::Str(text) if text.expose().contains('.') => text.expose().to_owned(),
                    _ => return None,
                };
                let path: Vec<String> = text.split('.').map(str::to_owned).collect();
                let mut found = self.namespaced(ctx.file, &path);
                for alt in &mut found {
                    alt.steps.push(Step { at, kind: StepKind::Name(text.clone()) });
                }
                (!found.is_empty()).then_some(found)
            }
            _ => None,
        }
    }

    /// A setting where it is used.
    pub(super) fn setting_read(&mut self, ctx: &Ctx, settings: &Settings, at: Location) -> Vec<Alt> {
        let path = &settings.path;
        let unknown = || {
            let name = path.last().map(|name| (name.clone(), at));
            let steps = name.iter().map(|(name, at)| Step { at: *at, kind: StepKind::Name(name.clone()) }).collect();
            vec![Alt { steps, ..Alt::new(Value::Unknown(name.clone())) }]
        };
        match &*settings.source {
            Source::Variables(variables) => {
                let words: Vec<String> = path.iter().map(|name| name.to_ascii_uppercase()).collect();
                let name = match (&variables.separator, words.as_slice()) {
                    (_, [one]) => format!("{}{one}", variables.prefix),
                    (None, [_, ..]) if variables.only_files => String::new(),
                    (Some(separator), [_, ..]) => format!("{}{}", variables.prefix, words.join(separator)),
                    _ => return unknown(),
                };
                let default = variables.defaults.iter().rev().find(|(known, ..)| known == path);
                let mut below = match default {
                    Some((_, of, value)) => Some(self.eval(of, *value)),
                    None => self.serde_default(settings),
                };
                let mut open = None;
                for (at, file) in &variables.files {
                    match self.in_settings_file(at, *file, path) {
                        Some(found) if found.is_empty() => {}
                        Some(found) => {
                            below = Some(found);
                            break;
                        }
                        None => open = Some((at.file, *file)),
                    }
                }
                if let Some((of, file)) = open {
                    let may_say = unknown().into_iter();
                    let below_it = below.unwrap_or_default();
                    below = Some(may_say.flat_map(|it| self.given_or(of, file, it, below_it.clone())).collect());
                }
                match below {
                    below if variables.only_files => below.unwrap_or_else(unknown),
                    below => self.env_read(ctx, &name, at, below),
                }
            }
            Source::Model(model) => match path.split_first() {
                None => vec![Alt::new(Value::Settings(settings.clone()))],
                Some((name, below)) => {
                    let alts = self.model_field(model, name);
                    let alts = self.fields(alts, below);
                    self.settled(ctx, alts, at)
                }
            },
            Source::Declared(of, options) => {
                let [name] = path.as_slice() else { return unknown() };
                let shapes = ["server", "client", "shared"].map(|part| [part.to_owned(), name.clone()]);
                let default = shapes.iter().find_map(|path| self.default_at(of, *options, path));
                for way in ["runtimeEnv", "runtimeEnvStrict", "experimental__runtimeEnv"] {
                    let alts = self.eval(of, *options);
                    let alts = self.fields(alts, &[way.to_owned(), name.clone()]);
                    if let [Alt { value: Value::Env(variable, _), .. }] = alts.as_slice() {
                        let variable = variable.clone();
                        return self.env_read(ctx, &variable, at, default);
                    }
                    if alts.iter().any(|alt| matches!(alt.value, Value::Str(..))) {
                        return alts;
                    }
                }
                self.env_read(ctx, name, at, default)
            }
            Source::Checked(checked) => {
                let below = match path.split_first() {
                    Some((data, below)) if checked.wrapped && data == "data" => below,
                    _ if checked.wrapped => return unknown(),
                    _ => path,
                };
                match (below, &checked.of) {
                    ([], _) => vec![Alt::new(Value::Settings(settings.clone()))],
                    (_, Some((at, of))) => self.checked_field(&checked.shapes, (at, *of), below),
                    ([name], None) => {
                        let default = checked.shapes.iter().find_map(|shape| self.default_in(shape, name));
                        self.env_read(ctx, name, at, default)
                    }
                    _ => unknown(),
                }
            }
            Source::Param(name, options) => {
                let default = options.as_ref().map(|(at, of)| self.field_path(at, *of, &["default".to_owned()]));
                let default = default.filter(|alts| alts.iter().any(Alt::may_be_there));
                self.env_read(ctx, name, at, default)
            }
            Source::Expo(config) => match path.as_slice() {
                [of, extra, below @ ..] if !below.is_empty() && extra == "extra" && of.starts_with(['e', 'm']) => {
                    let config = *config;
                    let whole = |first: &[&str]| -> Vec<String> {
                        first.iter().map(|&word| word.to_owned()).chain(below.iter().cloned()).collect()
                    };
                    let mut said = self.of_config(config, &whole(&["expo", "extra"]));
                    said.extend(self.of_config(config, &whole(&["extra"])));
                    said.retain(|alt| alt.may_be_there() && !matches!(alt.value, Value::Unknown(None)));
                    if said.is_empty() { unknown() } else { said }
                }
                _ => vec![Alt::new(Value::Settings(settings.clone()))],
            },
            Source::Nuxt(config) => {
                let written = self.runtime_config(*config, path);
                let given = |alt: &Alt| !matches!(alt.value, Value::Undefined | Value::Null | Value::Unknown(None));
                let written: Vec<Alt> = written.into_iter().filter(given).collect();
                // An object: what is asked for is in it.
                if written.iter().any(|alt| matches!(alt.value, Value::Made(_))) {
                    return vec![Alt::new(Value::Settings(settings.clone()))];
                }
                let name = path.iter().fold("NUXT".to_owned(), |name, word| format!("{name}_{}", shouted(word)));
                let set = self.env_value(ctx, &name, at);
                if set.iter().any(|alt| !matches!(alt.value, Value::Env(..))) {
                    return set;
                }
                // What is left empty waits for its variable.
                let is_empty = |alt: &Alt| matches!(&alt.value, Value::Str(text, _) if text.is_empty());
                let written: Vec<Alt> = written.into_iter().filter(|alt| !is_empty(alt)).collect();
                if written.is_empty() { unknown() } else { written }
            }
        }
    }

    /// A field of an object that a schema has checked: what it is there, else the schema's default.
    fn checked_field(&mut self, shapes: &[(Ctx, ExprId)], (at, of): (&Ctx, ExprId), path: &[String]) -> Vec<Alt> {
        let given = self.field_path(at, of, path);
        let default = match path {
            [name] => shapes.iter().find_map(|shape| self.default_in(shape, name)),
            _ => None,
        };
        let Some(default) = default else { return given };
        let subject = match given.as_slice() {
            [Alt { value: Value::Env(name, _), .. }] => format!("env:{name}"),
            _ => format!("given:{}:{}:{}", at.file.0, of.0, path.concat()),
        };
        let subject = self.subjects.get(&subject);
        self.fallback(given, subject, true, |_| default)
    }

    /// Whether an expression is the environment itself: `process.env`, `{ ...process.env }`.
    fn is_environment(&mut self, ctx: &Ctx, expr: ExprId) -> bool {
        let mut expr = expr;
        if let ExprKind::Object(object) = self.module(ctx.file).kind(expr)
            && let [Entry::Spread(inner)] = object.entries.as_slice()
        {
            expr = *inner;
        }
        let is =
            |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if words::ENVIRONMENTS.contains(&symbol.as_str()));
        self.eval(ctx, expr).iter().any(is)
    }

    /// What a schema says of its fields: `z.object({…}).extend({…})`. One that changes them has fields of its own.
    fn shapes(&mut self, ctx: &Ctx, schema: ExprId) -> Option<Vec<(Ctx, ExprId)>> {
        let (root, links) = self.chain_of_calls(ctx, schema)?;
        let changes = |link: &Link| matches!(link.method.as_str(), "transform" | "pipe" | "preprocess");
        if !root.starts_with("zod") || links.iter().any(changes) {
            return None;
        }
        let says = |link: Link| {
            matches!(link.method.as_str(), "object" | "extend" | "strictObject" | "looseObject").then_some(link)
        };
        let given = links.into_iter().rev().filter_map(says);
        Some(given.filter_map(|link| Some((link.at, *link.args.first()?))).collect())
    }

    /// The default that a shape gives a field: `z.string().default("…")`, `str({ default: "…" })`.
    fn default_in(&mut self, (ctx, shape): &(Ctx, ExprId), name: &str) -> Option<Vec<Alt>> {
        self.default_at(ctx, *shape, &[name.to_owned()])
    }

    fn default_at(&mut self, ctx: &Ctx, shape: ExprId, path: &[String]) -> Option<Vec<Alt>> {
        let alts = self.field_path(ctx, shape, path);
        let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
        let (at, mut expr) = (made.ctx.clone(), made.expr);
        while let ExprKind::Call(call) = self.module(at.file).kind(expr) {
            let first = call.args.first().map(|arg| arg.value);
            let (base, method) = match self.module(at.file).kind(call.callee) {
                ExprKind::Member(base, method) => (Some(*base), method.as_str()),
                _ => (None, ""),
            };
            if let (Some(value), "default" | "catch" | "prefault") = (first, method) {
                return Some(self.eval(&at, value));
            }
            if let Some(options) =
                first.filter(|&first| matches!(self.module(at.file).kind(first), ExprKind::Object(_)))
            {
                let given = self.field_path(&at, options, &["default".to_owned()]);
                if !given.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                    return Some(given);
                }
            }
            expr = base?;
        }
        None
    }

    /// Values of which those that are settings are read.
    fn settled(&mut self, ctx: &Ctx, alts: Vec<Alt>, at: Location) -> Vec<Alt> {
        let mut out = Vec::new();
        for alt in alts {
            match &alt.value {
                Value::Settings(settings) if !settings.path.is_empty() => {
                    let settings = settings.clone();
                    out.extend(under(self.setting_read(ctx, &settings, at), &alt.arms));
                }
                _ => out.push(alt),
            }
        }
        out
    }

    /// What Nuxt's configuration says of a setting.
    fn runtime_config(&mut self, config: FileId, path: &[String]) -> Vec<Alt> {
        let whole: Vec<String> = std::iter::once("runtimeConfig".to_owned()).chain(path.iter().cloned()).collect();
        self.of_config(config, &whole)
    }

    /// The function from outside that a chain of calls begins with, by its full name, and all calls from there.
    pub(super) fn chain_of_calls(&mut self, ctx: &Ctx, expr: ExprId) -> Option<(String, Vec<Link>)> {
        let mut links = Vec::new();
        let (mut at, mut expr) = (ctx.clone(), expr);
        while links.len() < MAX_LINKS {
            match self.module(at.file).kind(expr) {
                ExprKind::Call(call) => {
                    let (callee, args) = (call.callee, call.args.iter().map(|arg| arg.value).collect());
                    let symbol = self.symbol_of(&at, callee);
                    let (method, base) = match (self.module(at.file).kind(callee), &symbol) {
                        (ExprKind::Member(base, method), _) => (method.clone(), Some(*base)),
                        (_, Some(symbol)) => (symbol.rsplit('.').next().unwrap_or(symbol).to_owned(), None),
                        _ => return None,
                    };
                    links.push(Link { method, at: at.clone(), args });
                    if let Some(symbol) = symbol {
                        links.reverse();
                        return Some((symbol, links));
                    }
                    expr = base?;
                }
                ExprKind::Name(_) => {
                    let alts = self.eval(&at, expr);
                    let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
                    (at, expr) = (made.ctx.clone(), made.expr);
                    if matches!(self.module(at.file).kind(expr), ExprKind::Name(_)) {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        None
    }

    fn symbol_of(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        self.chain(ctx, expr)?;
        match self.eval(ctx, expr).as_slice() {
            [Alt { value: Value::Symbol(symbol), .. }] => Some(symbol.clone()),
            _ => None,
        }
    }

    /// What Nest's configuration holds at a path: `registerAs("llm", () => ({…}))`, `forRoot({ load: [() => ({…})] })`.
    fn namespaced(&mut self, asking: FileId, path: &[String]) -> Vec<Alt> {
        if !self.project.file(asking).source.language.is_code() || self.depth >= super::DEPTH {
            return Vec::new();
        }
        self.rests_on_others();
        let project = self.project;
        let mut out = Vec::new();
        self.depth += 1;
        for file in project.ids() {
            let calls = |name: &str| project.file(file).index.calls.get(name).into_iter().flatten().copied();
            for expr in calls("registerAs") {
                let (module, ctx) = (self.module(file), self.ctx_of(file, expr));
                let ExprKind::Call(call) = module.kind(expr) else { continue };
                let [name, factory, ..] = call.args.as_slice() else { continue };
                if matches!(module.kind(name.value), ExprKind::Str(text) if text.expose() == path[0]) {
                    let alts = self.eval_through(&ctx, factory.value);
                    out.extend(self.fields(alts, &path[1..]));
                }
            }
            for expr in calls("forRoot") {
                let (module, ctx) = (self.module(file), self.ctx_of(file, expr));
                let ExprKind::Call(call) = module.kind(expr) else { continue };
                let Some(ExprKind::Object(options)) = call.args.first().map(|arg| module.kind(arg.value)) else {
                    continue;
                };
                let load = options.entries.iter().find_map(|entry| match entry {
                    Entry::Field { key: Some(key), value, .. } if key == "load" => Some(*value),
                    _ => None,
                });
                let Some(ExprKind::List(items)) = load.map(|load| module.kind(load)) else { continue };
                for item in items {
                    let alts = self.eval_through(&ctx, item.value);
                    let is_object = |alt: &Alt| {
                        matches!(&alt.value, Value::Made(made)
                        if matches!(self.module(made.ctx.file).kind(made.expr), ExprKind::Object(_)))
                    };
                    let alts: Vec<Alt> = alts.into_iter().filter(is_object).collect();
                    out.extend(self.fields(alts, path));
                }
            }
        }
        self.depth -= 1;
        out.retain(|alt| !matches!(alt.value, Value::Undefined));
        out
    }
}

/// `openaiKey` as a variable's word.
fn shouted(word: &str) -> String {
    let mut out = String::new();
    for (at, c) in word.chars().enumerate() {
        if at > 0 && c.is_uppercase() && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}
