//! Options of the command line and state of user interfaces, as JavaScript's libraries keep them: `commander`, `yargs`,
//! `parseArgs`, `minimist`; React's `useState`, Vue's `ref` and `computed`; stores that outlive the program, and convict.
//!
//! What people give is not known; below it stands what the program says.

use std::sync::Arc;

use super::value::{Alt, Ctx, Made, Step, StepKind, Value};
use super::{Resolver, words};
use crate::facts::{Call, ExprId, ExprKind};
use crate::finding::{FileId, Location};

/// Options of a file that are looked at.
const MAX_OPTIONS: usize = 256;

/// Methods that give what the command line's parser has read.
const PARSING: [&str; 5] = ["opts", "optsWithGlobals", "parseSync", "parse", "option"];

impl Resolver<'_> {
    /// A field of what a call gives that has read the command line, or that keeps a state.
    pub(super) fn kept_field(&mut self, made: &Arc<Made>, call: &Call, name: &str) -> Option<Vec<Alt>> {
        let ctx = &made.ctx;
        if self.language_at(ctx.file, ctx.block) != "javascript" {
            return None;
        }
        let itself = || Some(vec![Alt::new(Value::Made(made.clone()))]);
        let first = call.args.first().map(|arg| arg.value);
        match self.module(ctx.file).kind(call.callee) {
            ExprKind::Member(_, method) => match (method.as_str(), name) {
                // `yargs(process.argv).option(…).argv`
                ("option" | "options", "argv") => itself(),
                (method, _) if PARSING.contains(&method) => self.option_in(ctx.file, name),
                _ => None,
            },
            ExprKind::Name(function) => match (function.as_str(), name) {
                ("parseArgs", "values") if self.is_called(ctx, call, &["util.parseArgs", "node:util.parseArgs"]) => {
                    itself()
                }
                ("parseArgs", _) if self.is_called(ctx, call, &["util.parseArgs", "node:util.parseArgs"]) => {
                    let path = ["options", name, "default"].map(str::to_owned);
                    let default = self.field_path(ctx, first?, &path);
                    self.option_or(ctx.file, first?, name, default)
                }
                ("useState", "0") if self.is_called(ctx, call, &["react.useState", "preact/hooks.useState"]) => {
                    let initial = self.eval_through(ctx, first?);
                    self.option_or(ctx.file, first?, "", initial)
                }
                ("ref" | "shallowRef", "value") if self.is_called(ctx, call, &["vue.ref", "vue.shallowRef", "ref"]) => {
                    let initial = self.eval(ctx, first?);
                    self.option_or(ctx.file, first?, "", initial)
                }
                ("computed", "value") if self.is_called(ctx, call, &["vue.computed", "computed"]) => {
                    Some(self.eval_through(ctx, first?))
                }
                ("minimist", _) => self.parsed_default(ctx, call, name),
                _ => None,
            },
            // `require("minimist")(process.argv.slice(2), { default: { url: "…" } })`
            ExprKind::Call(_) | ExprKind::Import(_) => self.parsed_default(ctx, call, name),
            _ => None,
        }
    }

    /// What `minimist` gives for an option that the command line leaves out.
    fn parsed_default(&mut self, ctx: &Ctx, call: &Call, name: &str) -> Option<Vec<Alt>> {
        let [_, options] = call.args.as_slice() else { return None };
        if !self.is_called(ctx, call, &["minimist", "minimist.default"]) {
            return None;
        }
        let default = self.field_path(ctx, options.value, &["default".to_owned(), name.to_owned()]);
        self.option_or(ctx.file, options.value, name, default)
    }

    /// What a store that outlives the program has for a key, `new Conf({ defaults: { url: "…" } }).get("url")`: what people
    /// have put there, else the default.
    pub(super) fn kept(&mut self, ctx: &Ctx, store: &Made, key: ExprId, at: Location) -> Option<Vec<Alt>> {
        let module = self.module(store.ctx.file);
        let ExprKind::Call(call) = module.kind(store.expr) else { return None };
        if !matches!(module.kind(call.callee), ExprKind::Name(_))
            || !matches!(self.module(ctx.file).kind(key), ExprKind::Str(_))
        {
            return None;
        }
        let callee = self.eval(&store.ctx, call.callee);
        let known = |alt: &Alt| match &alt.value {
            Value::Symbol(symbol) => words::defaults_of_store(symbol),
            _ => None,
        };
        if callee
            .iter()
            .any(|alt| matches!(&alt.value, Value::Symbol(symbol) if symbol.trim_end_matches(".default") == "convict"))
        {
            return self.declared_setting(&store.ctx, call.args.first()?.value, (ctx, key), at);
        }
        let (position, below) = callee.iter().find_map(known)?;
        let key = self.constant(ctx, key)?;
        let path: Vec<String> = below.iter().copied().chain(key.split('.')).map(str::to_owned).collect();
        let mut out = Vec::new();
        // `{ defaults: { url: "…" } }`, else `{ schema: { url: { default: "…" } } }`
        let schema = ["schema", key.as_str(), "default"].map(str::to_owned).to_vec();
        for path in [path, schema] {
            let given = call.args.get(position).map(|arg| self.field_path(&store.ctx, arg.value, &path));
            out.extend(given.into_iter().flatten().filter(Alt::may_be_there));
            if !out.is_empty() {
                break;
            }
        }
        let step = Step { at, kind: StepKind::Name(key.clone()) };
        out.push(Alt { steps: vec![step], ..Alt::new(Value::Unknown(Some((key, at)))) });
        Some(out)
    }

    /// What `convict({ llm: { url: { env: "LLM_URL", default: "…" } } }).get("llm.url")` gives: the variable, else the default.
    fn declared_setting(
        &mut self,
        of: &Ctx,
        schema: ExprId,
        (ctx, key): (&Ctx, ExprId),
        at: Location,
    ) -> Option<Vec<Alt>> {
        let key = self.constant(ctx, key)?;
        let mut path: Vec<String> = key.split('.').map(str::to_owned).collect();
        path.push("default".to_owned());
        let default: Vec<Alt> = self.field_path(of, schema, &path).into_iter().filter(Alt::may_be_there).collect();
        *path.last_mut()? = "env".to_owned();
        let variable = match self.field_path(of, schema, &path).as_slice() {
            [Alt { value: Value::Str(name, _), .. }] => name.expose().to_owned(),
            // Files that are loaded over it may say otherwise.
            _ => {
                let open = Alt::new(Value::Unknown(Some((key, at))));
                return Some(default.into_iter().chain([open]).collect());
            }
        };
        Some(self.env_read(ctx, &variable, at, Some(default).filter(|default| !default.is_empty())))
    }

    /// Whether what is called is one of these.
    fn is_called(&mut self, ctx: &Ctx, call: &Call, symbols: &[&str]) -> bool {
        let is_it = |alt: &Alt| matches!(&alt.value, Value::Symbol(symbol) if symbols.contains(&symbol.as_str()));
        self.eval(ctx, call.callee).iter().any(is_it)
    }

    /// The option of a file that gives a field of what was read: `.option("-u, --base-url <url>", "…", url)` of commander,
    /// `.option("baseUrl", { default: url })` of yargs. Of two commands with such an option, it is not known which one runs.
    fn option_in(&mut self, file: FileId, name: &str) -> Option<Vec<Alt>> {
        let module = self.module(file);
        let calls = self.project.file(file).index.calls.get("option")?;
        let mut found = calls.iter().take(MAX_OPTIONS).filter_map(|&expr| match module.kind(expr) {
            ExprKind::Call(data) if flag_name(module.kind(data.args.first()?.value)).as_deref() == Some(name) => {
                Some((expr, data))
            }
            _ => None,
        });
        let (Some((expr, data)), None) = (found.next(), found.next()) else { return None };
        let at = self.ctx_of(file, expr);
        let is_function = |value: ExprId| matches!(module.kind(value), ExprKind::Func(_) | ExprKind::Name(_));
        let default = match data.args.as_slice() {
            [_, options] if matches!(module.kind(options.value), ExprKind::Object(_)) => {
                self.field_path(&at, options.value, &["default".to_owned()])
            }
            [_, _, parser, default, ..] if is_function(parser.value) => self.eval(&at, default.value),
            [_, _, default] => self.eval(&at, default.value),
            _ => Vec::new(),
        };
        self.option_or(file, expr, name, default)
    }

    /// What an option or a state may be: what people give, else what stands below.
    fn option_or(&mut self, file: FileId, expr: ExprId, name: &str, below: Vec<Alt>) -> Option<Vec<Alt>> {
        let below: Vec<Alt> = below.into_iter().filter(Alt::may_be_there).collect();
        if below.is_empty() {
            return None;
        }
        let at = self.location(file, expr);
        let given = Value::Unknown((!name.is_empty()).then(|| (name.to_owned(), at)));
        Some(self.given_or(file, expr, Alt::new(given), below))
    }
}

/// The field that an option's value gets: of `-u, --base-url <url>` it is `baseUrl`.
fn flag_name(kind: &ExprKind) -> Option<String> {
    let ExprKind::Str(text) = kind else { return None };
    let text = text.expose();
    let long = text.split([' ', ',', '|', '=']).find_map(|word| word.strip_prefix("--"));
    let plain = || Some(text).filter(|text| !text.starts_with('-'));
    let mut words = long.or_else(plain)?.split('-');
    let first = words.next()?.to_owned();
    Some(words.fold(first, |name, word| {
        let mut letters = word.chars();
        let start = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &start.into_iter().chain(letters).collect::<String>()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_flags() {
        let name = |text: &str| flag_name(&ExprKind::Str(text.into()));
        assert_eq!(name("-u, --base-url <url>").as_deref(), Some("baseUrl"));
        assert_eq!(name("--key").as_deref(), Some("key"));
        assert_eq!(name("url").as_deref(), Some("url"));
        assert_eq!(name("-k"), None);
    }
}
