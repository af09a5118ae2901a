//! Settings: classes whose fields are environment variables, objects that read variables, and what the fields of data
//! classes are by default.

use super::configured::{Model, Settings};
use super::value::{Alt, Ctx, Value};
use super::{Resolver, under, words};
use crate::facts::{Call, ClassId, ExprId, ExprKind, Field, Module, Stmt};
use crate::finding::{FileId, Location};

/// Settings of a Flask application.
impl Resolver<'_> {
    /// What `current_app.config[name]` is, where one place of the project says it: `app.config[name] = v`, or the class that
    /// `app.config.from_object(Config)` takes.
    pub(super) fn setting_of_app(&mut self, name: &str) -> Vec<Alt> {
        self.rests_on_others();
        let project = self.project;
        let (mut written, mut taken) = (Vec::new(), Vec::new());
        for file in project.ids() {
            let other = project.file(file);
            for &(block, index) in other.index.below.get("config").into_iter().flatten() {
                let Some(Stmt::Assign { place, value, .. }) = other.module.block(block).stmts.get(index as usize)
                else {
                    continue;
                };
                if matches!(place.path.as_slice(), [_, Some(field)] if field == name) {
                    written.push((Ctx { file, block, index: index as usize, frame: None }, *value));
                }
            }
            for &call in other.index.calls.get("from_object").into_iter().flatten() {
                if let ExprKind::Call(data) = other.module.kind(call)
                    && let [of] = data.args.as_slice()
                {
                    taken.push((self.ctx_of(file, call), of.value));
                }
            }
        }
        match (written.as_slice(), taken.as_slice()) {
            ([(ctx, value)], _) => self.eval(ctx, *value),
            ([], [(ctx, of)]) => {
                let alts = self.field_path(ctx, *of, &[name.to_owned()]);
                let is_known = |alt: &Alt| !matches!(alt.value, Value::Symbol(_) | Value::Undefined);
                if alts.iter().all(is_known) { alts } else { vec![Alt::unknown()] }
            }
            _ => vec![Alt::unknown()],
        }
    }
}

impl Resolver<'_> {
    /// A field of a settings class: the variables that pydantic reads for it, first one set wins, then its default.
    pub(super) fn setting(&mut self, ctx: &Ctx, class: ClassId, field: &Field) -> Vec<Alt> {
        let lineage = self.lineage((ctx.file, class));
        let configured = |option| lineage.iter().find_map(|&(file, class)| self.configured(file, class, option));
        let prefix = configured("env_prefix").unwrap_or_default();
        let delimiter = configured("env_nested_delimiter");
        self.variable_field(ctx, ctx.file, field, (&prefix, delimiter.as_deref()), None)
    }

    /// A field of a class whose fields are variables: what its names begin with, and what stands between the names of a
    /// field and of one below it. `given` is what the object that is there by default has.
    fn variable_field(
        &mut self,
        ctx: &Ctx,
        file: FileId,
        field: &Field,
        (prefix, delimiter): (&str, Option<&str>),
        given: Option<Vec<Alt>>,
    ) -> Vec<Alt> {
        let at = Location { file, span: field.span };
        let mut names = self.aliases(file, field);
        if names.is_empty() {
            names.push(format!("{prefix}{}", field.name).to_ascii_uppercase());
        }
        let mut names = names.into_iter().rev();
        let Some(last) = names.next() else { return vec![Alt::unknown()] };
        if let Some((class, (model_file, model))) = self.hinted(file, field) {
            let default = field.value.map(|value| self.default_of(file, value)).filter(|alts| !alts.is_empty());
            if self.reads_environment(model_file, model) {
                // Settings within settings have variables of their own.
                return default.unwrap_or_else(|| vec![class]);
            }
            if let Some(delimiter) = delimiter {
                let prefix = format!("{last}{delimiter}");
                let (at, class) = (ctx.clone(), (model_file, model));
                let model = Model { at, class, prefix, delimiter: delimiter.to_owned(), given: given.or(default) };
                return vec![Alt::new(Settings::of_model(model))];
            }
        }
        let own = self.env_value(ctx, &last, at);
        let given = given.filter(|alts| alts.iter().any(|alt| !matches!(alt.value, Value::Undefined)));
        let mut out = match (field.value, given) {
            (None, None) => own,
            (value, given) => {
                let subject = self.subjects.get(&format!("env:{last}"));
                self.fallback(own, subject, true, |resolver| {
                    let of_class = |value| resolver.default_of(file, value);
                    let alts = given.unwrap_or_else(|| value.map_or_else(Vec::new, of_class));
                    // A field without a default must be set, or the program ends.
                    if alts.is_empty() { resolver.env_value(ctx, &last, at) } else { alts }
                })
            }
        };
        for name in names {
            let alts = self.env_value(ctx, &name, at);
            let subject = self.subjects.get(&format!("env:{name}"));
            out = self.fallback(alts, subject, true, |_| out);
        }
        out
    }

    /// What a field of a model holds that is filled from variables.
    pub(super) fn model_field(&mut self, model: &Model, name: &str) -> Vec<Alt> {
        let (file, class) = model.class;
        let given = model.given.clone().map(|alts| self.fields(alts, &[name.to_owned()]));
        let fields = &self.module(file).classes[class.index()].fields;
        let Some(field) = fields.iter().rev().find(|field| field.name == name) else {
            return given.unwrap_or_else(|| vec![Alt::unknown()]);
        };
        self.variable_field(&model.at, file, field, (&model.prefix, Some(&model.delimiter)), given)
    }

    /// The class of the project that a field's annotation names.
    pub(super) fn hinted(&mut self, file: FileId, field: &Field) -> Option<(Alt, (FileId, ClassId))> {
        let hint = field.hint?;
        let alts = self.eval(&self.ctx_of(file, hint), hint);
        let [alt @ Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
        match *self.module(made.ctx.file).kind(made.expr) {
            ExprKind::Class(class) => Some((alt.clone(), (made.ctx.file, class))),
            _ => None,
        }
    }

    /// Whether a class fills its fields itself: its constructor needs no argument, and puts none that it is given into a
    /// field. `Settings(file=None)`.
    pub(super) fn fills_itself(&self, file: FileId, class: ClassId) -> bool {
        let Some(func) = self.own_constructor((file, class)) else { return false };
        let (module, index) = (self.module(file), &self.project.file(file).index);
        let constructor = module.func(func);
        let is_param = |expr: ExprId| matches!(module.kind(expr), ExprKind::Name(name) if constructor.params.iter().any(|param| param.name == *name));
        let takes = |value: ExprId| match module.kind(value) {
            ExprKind::Fallback { left, right, .. } => is_param(*left) || is_param(*right),
            ExprKind::Choice(arms) => arms.iter().any(|(_, value)| is_param(*value)),
            _ => is_param(value),
        };
        let writes = constructor.receiver.as_ref().and_then(|receiver| index.assigns.get(receiver));
        let mut own = writes.into_iter().flatten().filter(|(block, _)| module.block(*block).func == func);
        let hands_in = own.any(|&(block, at)| {
            matches!(module.block(block).stmts.get(at as usize), Some(Stmt::Assign { value, .. }) if takes(*value))
        });
        !hands_in && constructor.params.iter().all(|param| param.default.is_some())
    }

    /// The names that a field is given: `Field(validation_alias=AliasChoices("A", "B"))`, `Field(env="A")`.
    fn aliases(&self, file: FileId, field: &Field) -> Vec<String> {
        let module = self.module(file);
        let Some(ExprKind::Call(call)) = field.value.map(|value| module.kind(value)) else { return Vec::new() };
        let given = |name: &str| call.named(name).map(|arg| arg.value);
        let Some(alias) = given("validation_alias").or_else(|| given("alias")).or_else(|| given("env")) else {
            return Vec::new();
        };
        let texts: Vec<ExprId> = match module.kind(alias) {
            ExprKind::Call(choices) => choices.args.iter().map(|arg| arg.value).collect(),
            ExprKind::List(items) => items.iter().map(|item| item.value).collect(),
            _ => vec![alias],
        };
        let name = |expr: ExprId| match module.kind(expr) {
            // The names of variables are the same in either case.
            ExprKind::Str(text) => Some(text.expose().to_ascii_uppercase()),
            _ => None,
        };
        texts.into_iter().filter_map(name).collect()
    }

    /// What a settings class says of its variables: `model_config = SettingsConfigDict(env_prefix="LLM_")`, or the same
    /// in a class `Config`.
    fn configured(&self, file: FileId, class: ClassId, option: &str) -> Option<String> {
        let module = self.module(file);
        let fields = &module.classes[class.index()].fields;
        let text = |expr: ExprId| match module.kind(expr) {
            ExprKind::Str(text) => Some(text.expose().to_owned()),
            _ => None,
        };
        fields.iter().find_map(|field| match (field.name.as_str(), module.kind(field.value?)) {
            ("model_config", ExprKind::Call(call)) => {
                let given = call.named(option)?;
                text(given.value)
            }
            ("model_config", ExprKind::Object(object)) => object.entries.iter().find_map(|entry| match entry {
                crate::facts::Entry::Field { key: Some(key), value, .. } if key == option => text(*value),
                _ => None,
            }),
            ("Config", ExprKind::Class(config)) => {
                let fields = &module.classes[config.index()].fields;
                fields.iter().find(|field| field.name == option).and_then(|field| text(field.value?))
            }
            _ => None,
        })
    }

    /// The value of a field in a class's body, seen through `field(default_factory=...)` and `Field(...)`; nothing where
    /// those give no default.
    pub(super) fn default_of(&mut self, file: FileId, value: ExprId) -> Vec<Alt> {
        let ctx = self.ctx_of(file, value);
        let module = self.module(file);
        let ExprKind::Call(call) = module.kind(value) else { return self.eval(&ctx, value) };
        let name = match module.kind(call.callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => name.as_str(),
            _ => "",
        };
        if !words::FIELDS.contains(&name) {
            return self.eval(&ctx, value);
        }
        let given = |names: &[&str]| {
            call.args
                .iter()
                .find(|arg| arg.name.as_deref().is_some_and(|name| names.contains(&name)))
                .map(|arg| arg.value)
        };
        if let Some(factory) = given(&["default_factory", "factory"]) {
            let is_dict = |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if symbol == "dict");
            if self.eval(&ctx, factory).iter().all(is_dict) {
                return vec![Alt::new(self.made(&ctx, factory))];
            }
            return self.eval_through(&ctx, factory);
        }
        let first = || call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value);
        match given(&["default"]).or_else(first) {
            Some(default) if !matches!(module.kind(default), ExprKind::Unknown) => self.eval(&ctx, default),
            _ => Vec::new(),
        }
    }

    /// Whether a value is an object that reads variables by name: `environs.Env()`.
    pub(super) fn reads_variables(&mut self, value: &Value) -> bool {
        let Value::Made(made) = value else { return false };
        let ctx = made.ctx.clone();
        let module = self.module(ctx.file);
        let ExprKind::Call(call) = module.kind(made.expr) else { return false };
        let (ExprKind::Name(name) | ExprKind::Member(_, name)) = module.kind(call.callee) else { return false };
        // Before anything is asked: whether it can be called so at all.
        let may_be = self.project.file(ctx.file).index.renamed.values().flatten().any(|other| other == name)
            || words::ENV_OBJECTS.iter().any(|object| object.ends_with(name.as_str()));
        if !may_be {
            return false;
        }
        self.eval(&ctx, call.callee)
            .iter()
            .any(|alt| matches!(&alt.value, Value::Symbol(symbol) if words::ENV_OBJECTS.contains(&symbol.as_str())))
    }

    /// A call that reads the variable which its first argument names; its second one, or `default`, is the default.
    pub(super) fn read_by_call(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Option<Vec<Alt>> {
        let first = call.args.first().filter(|arg| arg.name.is_none())?;
        let default = call.named("default");
        let default = default.or_else(|| call.args.get(1).filter(|arg| arg.name.is_none()));
        let at = self.location(ctx.file, expr);
        let fallback = default.map(|arg| self.eval(ctx, arg.value));
        let prefix = self.prefixed(ctx)?;
        let mut out = Vec::new();
        for name in self.eval(ctx, first.value) {
            let Value::Str(text, _) = &name.value else { return None };
            let whole = format!("{prefix}{}", text.expose());
            out.extend(under(self.env_read(ctx, &whole, at, fallback.clone()), &name.arms));
        }
        Some(out)
    }

    /// What the names begin with that are read at a point: `with env.prefixed("LLM_"):`, in each other.
    fn prefixed(&mut self, ctx: &Ctx) -> Option<String> {
        let module = self.module(ctx.file);
        let mut prefix = String::new();
        let mut block = ctx.block;
        while let Some((outer, index)) = module.block(block).parent {
            let before = module.block(outer).stmts[..index].iter().rev();
            let calls = before.map_while(|stmt| match stmt {
                Stmt::Expr(expr) => match module.kind(*expr) {
                    ExprKind::Call(call) if is_prefixed(module, call) => call.args.first(),
                    _ => None,
                },
                _ => None,
            });
            for arg in calls.filter(|_| matches!(module.block(outer).stmts[index], Stmt::Block(_))) {
                let at = Ctx { block: outer, index, ..ctx.clone() };
                prefix.insert_str(0, &self.constant(&at, arg.value)?);
            }
            block = outer;
        }
        Some(prefix)
    }
}

/// `env.prefixed("LLM_")`
fn is_prefixed(module: &Module, call: &Call) -> bool {
    matches!(module.kind(call.callee), ExprKind::Member(_, method) if method == "prefixed")
}
