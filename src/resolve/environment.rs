//! Environment variables: what a read of one gives.
//!
//! In order: the configuration, writes by the program itself, the dotenv files that hold for the file. The real process
//! environment is never asked; a variable that nothing in the project sets is not known.

use super::lookup::Target;
use super::value::{Alt, Ctx, Step, StepKind, Value};
use super::{Arms, Lit, Resolver, under};
use crate::facts::{CHART_VALUES, EnvKind, ExprId, ExprKind, FuncId, Import, Span};
use crate::finding::{FileId, Location};
use crate::imports;
use crate::language::Language;
use crate::project::Wanted;
use crate::scopes;
use crate::text::Text;

/// No place: to be replaced by the place of the read.
pub(super) const NOWHERE: Location = Location { file: FileId(u32::MAX), span: Span { start: 0, end: 0 } };

/// What a program writes to a variable; where it asks the user for it, nobody knows the value, but what the variable is
/// called says whose it is: `os.environ["MIXROUTE_API_KEY"] = getpass()`.
pub(super) fn asked(mut alts: Vec<Alt>, name: &str, at: Location) -> Vec<Alt> {
    let is_open = |alt: &&mut Alt| matches!(alt.value, Value::Unknown(None) | Value::Made(_));
    alts.iter_mut().filter(is_open).for_each(|alt| alt.value = Value::Unknown(Some((name.to_owned(), at))));
    alts
}

impl Resolver<'_> {
    /// A read of a variable at a place; `fallback` is the value that the read itself gives when it is unset.
    pub(super) fn env_read(&mut self, ctx: &Ctx, name: &str, at: Location, fallback: Option<Vec<Alt>>) -> Vec<Alt> {
        let alts = self.env_value(ctx, name, at);
        let Some(fallback) = fallback else { return alts };
        let subject = self.subjects.get(&format!("env:{name}"));
        self.fallback(alts, subject, true, |_| fallback)
    }

    /// What the project gives a variable, seen from a point; [`Value::Env`] where it gives nothing.
    pub fn env_value(&mut self, ctx: &Ctx, name: &str, at: Location) -> Vec<Alt> {
        let read = Step { at, kind: StepKind::Env(name.to_owned()) };
        if let Some(declared) = self.project.environment.get(name) {
            let value = match declared {
                Some(value) => Value::Str(Text::new(value.as_str()), at),
                None => Value::Env(name.to_owned(), at),
            };
            return vec![Alt { value, arms: Arms::default(), steps: vec![read] }];
        }
        if self.fuel == 0 || self.depth >= super::DEPTH {
            return vec![Alt::unknown()];
        }
        self.depth += 1;
        let mut out = Vec::new();
        let mut open = vec![Arms::default()];
        if self.module(ctx.file).script_of(ctx.block).is_some() {
            (out, open) = self.script_value(ctx, name);
        } else if self.project.file(ctx.file).index.env_writes.contains_key(name) {
            let (written, rest) = self.env_written(ctx, name);
            out.extend(asked(written, name, at));
            open = rest;
        }
        if !open.is_empty() {
            let mut below = self.dotenv_value(ctx.file, name, at);
            if let [Alt { value: Value::Env(..), .. }] = below.as_slice()
                && let Some(declared) = self.declared_for_build(ctx.file, name)
            {
                below = declared;
            }
            for arms in &open {
                out.extend(under(below.clone(), arms));
            }
        }
        self.depth -= 1;
        for alt in &mut out {
            if alt.steps.last() != Some(&read) {
                alt.steps.push(read.clone());
            }
        }
        out
    }

    /// What a script has assigned to a variable before a point, and below that, what it was started with.
    fn script_value(&mut self, ctx: &Ctx, name: &str) -> (Vec<Alt>, Vec<Arms>) {
        let module = self.module(ctx.file);
        let mut at = ctx.clone();
        let mut out = Vec::new();
        let mut open = vec![Arms::default()];
        loop {
            let found = self.reach(&at, Target::Place(name, &[]));
            let mut still = Vec::new();
            for arms in &open {
                out.extend(under(found.alts.clone(), arms));
                still.extend(found.open.iter().filter_map(|more| arms.merge(more)));
            }
            open = still;
            let function = module.func(module.block(at.block).func);
            let Some(outer) = function.parent.filter(|_| !open.is_empty()) else { return (out, open) };
            let Some(script) = &function.script else {
                // A function is called from anywhere below.
                let body = module.func(outer).body;
                at = Ctx { file: at.file, block: body, index: module.block(body).stmts.len(), frame: None };
                continue;
            };
            if let Some(block) = script.environment
                && let Some(var) = scopes::visible(self.project, at.file, block).remove(name)
            {
                let given = self.set_value(var.file, var.value, name);
                for arms in &open {
                    out.extend(under(given.clone(), arms));
                }
                return (out, Vec::new());
            }
            // A script inside a script: an image's RUN, a recipe's line.
            let Some((block, index)) = function.at.filter(|(block, _)| module.script_of(*block).is_some()) else {
                return (out, open);
            };
            at = Ctx { file: at.file, block, index, frame: None };
        }
    }

    /// What an environment block sets a variable to.
    pub(super) fn set_value(&mut self, file: FileId, value: ExprId, name: &str) -> Vec<Alt> {
        let ctx = self.ctx_of(file, value);
        let mut alts = self.eval(&ctx, value);
        let at = Location { file, span: self.module(file).span(value) };
        for alt in &mut alts {
            alt.steps.push(Step { at, kind: StepKind::EnvValue(name.to_owned()) });
        }
        alts
    }

    /// What is kept under a name outside of the program; a store of the project may say.
    pub(super) fn stored(&mut self, ctx: &Ctx, store: Option<&str>, name: &str, at: Location) -> Vec<Alt> {
        if store == Some(CHART_VALUES) {
            return self.chart_value(ctx, name);
        }
        let read = Step { at, kind: StepKind::Env(name.to_owned()) };
        let kept = store.and_then(|store| scopes::stored(self.project, ctx.file, store, name));
        if let Some((file, value)) = kept.filter(|_| self.fuel > 0 && self.depth < super::DEPTH) {
            self.depth += 1;
            let mut alts = self.set_value(file, value, name);
            self.depth -= 1;
            alts.iter_mut().for_each(|alt| alt.steps.push(read.clone()));
            return alts;
        }
        // `{ name: mixroute, key: api-key }`: what it is called says which key it is, where the key's own name does not.
        let full = store.filter(|_| says_nothing(name)).map(|store| format!("{store}/{name}"));
        let name = full.unwrap_or_else(|| name.to_owned());
        let read = Step { at, kind: StepKind::Env(name.clone()) };
        vec![Alt { value: Value::Env(name, at), arms: Arms::default(), steps: vec![read] }]
    }

    /// What the `values.yaml` of a Helm chart says, which whoever installs it may replace: what it calls a key, `openai.apiKey`,
    /// says nothing of whose it is. Where the project has other files
    /// of values that say it, too, it is not known which holds.
    fn chart_value(&mut self, ctx: &Ctx, name: &str) -> Vec<Alt> {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let values = self.imported(ctx.file, &imports::loaded("values.yaml"));
        let Some(values) = values.filter(|_| self.fuel > 0 && self.depth < super::DEPTH) else {
            return vec![Alt::unknown()];
        };
        self.rests_on_others();
        let project = self.project;
        let is_other = |id: &FileId| {
            let file = project.file(*id);
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            *id != values && file.source.language == Language::Yaml && name.contains("values")
        };
        let others: Vec<FileId> = project.ids().filter(is_other).collect();
        let is_text = |alt: &Alt| matches!(alt.value, Value::Str(..));
        for other in others {
            let whole = self.exported(other, "default");
            if self.fields(whole, &path).iter().any(is_text) {
                return vec![Alt::unknown()];
            }
        }
        let whole = self.exported(values, "default");
        let mut out: Vec<Alt> = self.fields(whole, &path).into_iter().filter(is_text).collect();
        out.push(Alt::unknown());
        out
    }

    /// What the program itself has written into a variable before a point.
    fn env_written(&mut self, ctx: &Ctx, name: &str) -> (Vec<Alt>, Vec<Arms>) {
        let mut at = ctx.clone();
        let mut out = Vec::new();
        let mut open = vec![Arms::default()];
        loop {
            let found = self.reach(&at, Target::Env(name));
            let mut still = Vec::new();
            for arms in &open {
                out.extend(under(found.alts.clone(), arms));
                still.extend(found.open.iter().filter_map(|more| arms.merge(more)));
            }
            open = still;
            if open.is_empty() {
                return (out, open);
            }
            let module = self.module(at.file);
            let Some(parent) = module.func(module.block(at.block).func).parent else { break };
            let body = module.func(parent).body;
            at = Ctx { file: at.file, block: body, index: module.block(body).stmts.len(), frame: None };
        }
        // Writes in other functions may have run.
        if out.is_empty() {
            let module = self.module(ctx.file);
            let writes = self.project.file(ctx.file).index.env_writes.get(name).cloned().unwrap_or_default();
            let own = module.block(ctx.block).func;
            let elsewhere = writes.iter().any(|(block, _)| {
                let func = module.block(*block).func;
                func != own && func != FuncId(0)
            });
            if elsewhere {
                out.push(Alt::unknown());
            }
        }
        (out, open)
    }

    /// What the dotenv files give a variable.
    fn dotenv_value(&mut self, file: FileId, name: &str, at: Location) -> Vec<Alt> {
        let unset = Alt::new(Value::Env(name.to_owned(), at));
        let project = self.project;
        let own = project.file(file);
        let files: Vec<FileId> = match own.source.language {
            Language::Dotenv => vec![file],
            // In a workflow `$X` is what the runner has; compose reads the dotenv file beside it.
            Language::Yaml if !own.module.env_blocks.iter().any(|block| block.kind == EnvKind::Compose) => {
                return vec![unset];
            }
            // A tool's configuration is expanded by the tool.
            Language::Json | Language::Toml | Language::Ini | Language::Markdown => return vec![unset],
            Language::Terraform => return self.module_value(file, name, unset),
            // An image and a unit take nothing from a dotenv file.
            Language::Dockerfile | Language::Systemd => return vec![unset],
            _ => match self.dotenv_by_path(file) {
                Some(named) => vec![named],
                None => project.dotenv_of(file).to_vec(),
            },
        };
        let mut base = None;
        let mut local = None;
        let mut modes: Vec<(String, Vec<Alt>)> = Vec::new();
        for id in files {
            let module = &project.file(id).module;
            let mut vars = module.env_blocks.iter().flat_map(|block| &block.vars).filter(|var| var.name == name);
            // Of a variable that is set twice dotenvy keeps the first value, everybody else the last.
            let var = if own.source.language == Language::Rust { vars.next() } else { vars.next_back() };
            let Some(var) = var else { continue };
            let alts = self.set_value(id, var.value, name);
            let file_name = project.file(id).path.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
            match mode(&file_name) {
                Mode::Base => base = Some(alts),
                Mode::Local => local = Some(alts),
                Mode::Named(mode) => modes.push((mode, alts)),
            }
        }
        let below = local.or(base);
        if modes.is_empty() {
            return below.unwrap_or_else(|| vec![unset]);
        }
        let dir = own.path.parent().map(|dir| dir.display().to_string()).unwrap_or_default();
        let subject = self.subjects.get(&format!("mode:{dir}"));
        let mut out = Vec::new();
        let mut none = Arms::default();
        for (mode, alts) in modes {
            let value = Some(self.constants.get(&mode));
            if let Some(arms) = Arms::default().with(Lit { subject, value, negated: false }) {
                out.extend(under(alts, &arms));
            }
            if let Some(arms) = none.clone().with(Lit { subject, value, negated: true }) {
                none = arms;
            }
        }
        // Without a base one of the modes is always on.
        out.extend(below.map(|below| under(below, &none)).unwrap_or_default());
        out
    }

    /// The variable that an expression reads, by its form alone; what a parameter of a followed call names is the caller's:
    /// `process.env[name]`.
    pub(super) fn env_name_of(&mut self, ctx: &Ctx, expr: ExprId) -> Option<String> {
        let module = self.module(ctx.file);
        let place_of = |(root, path): (String, Vec<String>)| {
            crate::facts::Place::below(root, path.into_iter().map(Some).collect())
        };
        let env_of = |chain| crate::project::env_place(&place_of(chain)).map(str::to_owned);
        match module.kind(expr) {
            ExprKind::Member(..) => env_of(self.chain(ctx, expr)?),
            ExprKind::Index(base, key) => {
                if let Some(chain) = self.chain(ctx, expr) {
                    return env_of(chain);
                }
                let (root, mut path) = self.chain(ctx, *base)?;
                path.push(self.named_by_caller(ctx, *key)?);
                env_of((root, path))
            }
            ExprKind::Env { name, .. } => Some(name.clone()),
            ExprKind::Call(call) => {
                let (root, path) = self.chain(ctx, call.callee)?;
                let last = path.last().map_or(root.as_str(), String::as_str);
                let before = path.len().checked_sub(2).and_then(|at| path.get(at)).unwrap_or(&root);
                let reads =
                    last == "getenv" || (matches!(before.as_str(), "environ" | "env") && matches!(last, "get" | "var"));
                let name = call.args.first().filter(|_| reads)?.value;
                match module.kind(name) {
                    ExprKind::Str(text) => Some(text.expose().to_owned()),
                    _ => self.named_by_caller(ctx, name),
                }
            }
            _ => None,
        }
    }

    /// What an import is: a file of the project, a name of one, or something from outside.
    pub(super) fn import(&mut self, file: FileId, import: &Import) -> Vec<Alt> {
        let Some(name) = &import.name else {
            return vec![Alt::new(match self.imported(file, &import.module) {
                Some(target) => Value::Module(target),
                None => Value::Symbol(self.symbol(file, &import.module)),
            })];
        };
        if let Some(called) = &mut self.called {
            called.clone_from(name);
        }
        let module = self.imported(file, &import.module);
        if let Some(target) = module {
            let alts = self.exported(target, name);
            if !alts.iter().all(|alt| matches!(alt.value, Value::Undefined)) {
                return alts;
            }
        }
        // SvelteKit and Astro give each variable as an export of its own.
        if import.module.starts_with("$env/static/") || import.module.starts_with("astro:env/") {
            return vec![Alt::new(Value::Env(name.clone(), NOWHERE))];
        }
        if import.module == "expo-constants"
            && name == "default"
            && let Some(settings) = self.expo(file)
        {
            return vec![Alt::new(settings)];
        }
        let itself = imports::name_may_be_a_module(self.project.file(file).source.language)
            .then(|| self.imported(file, &imports::joined(&import.module, name)))
            .flatten();
        vec![Alt::new(match itself {
            Some(target) => Value::Module(target),
            // `from openai import OpenAI` in a file that has an `openai.py` beside it, with no such name: the library's.
            None if module.is_some() && !self.may_be_from_outside(file, &import.module) => Value::Unknown(None),
            None => Value::Symbol(format!("{}.{name}", self.symbol(file, &import.module))),
        })]
    }

    /// Whether a module that stands beside the file may be another one from outside, of the same name.
    fn may_be_from_outside(&self, file: FileId, module: &str) -> bool {
        matches!(self.project.file(file).source.language, Language::Python | Language::Notebook)
            && !module.starts_with('.')
            && !module.contains('.')
    }

    /// The file that an import leads to. One that nobody has asked for yet leads nowhere for now: who runs the resolver
    /// reads the file and asks again.
    pub(super) fn imported(&mut self, file: FileId, key: &str) -> Option<FileId> {
        let known = self.project.imports.get(&file).and_then(|of_file| of_file.get(key)).copied();
        if let Some(known) = known.filter(|known| known.is_none() || self.called.is_none()) {
            return known;
        }
        let wanted = Wanted { file, key: key.to_owned(), called: self.called.clone() };
        if self.project.no_clients.contains(&wanted) {
            return None;
        }
        if known.is_none() {
            self.rests.imports += 1;
            self.wanted.insert(wanted);
        }
        known.flatten()
    }

    /// The name of a module as the catalogue knows it.
    fn symbol(&self, file: FileId, module: &str) -> String {
        match self.project.file(file).source.language {
            language if language.is_javascript() => crate::catalog::Specifier::parse(module).module,
            _ => module.to_owned(),
        }
    }
}

/// Whether the name of a key in a store says nothing of whose key it is: `token`, `api-key`.
fn says_nothing(name: &str) -> bool {
    let words = ["api", "key", "apikey", "token", "secret", "value", "password", "llm", "auth"];
    name.split(['-', '_', '.']).all(|word| words.contains(&word.to_ascii_lowercase().as_str()))
}

/// When a dotenv file is loaded.
enum Mode {
    /// Always.
    Base,
    /// Always, over the base.
    Local,
    /// In one mode: production, test.
    Named(String),
}

fn mode(file_name: &str) -> Mode {
    let lower = file_name.to_ascii_lowercase();
    if matches!(lower.as_str(), ".env" | ".flaskenv" | ".dev.vars") {
        return Mode::Base;
    }
    if lower == ".env.local" {
        return Mode::Local;
    }
    let word = lower.trim_start_matches(".env").trim_matches(['.', '-', '_']);
    Mode::Named(word.trim_end_matches(".local").to_owned())
}
