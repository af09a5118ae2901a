//! Options of the command line, as Python's libraries declare them: `@click.option`, `typer.Option`, `add_argument`; and
//! clap's builder.
//!
//! What the command line gives is not known; below it stand the variable that the option names and its default.

use std::sync::Arc;

use super::value::{Alt, Ctx, Made, Value};
use super::{Resolver, words};
use crate::facts::{Call, ExprId, ExprKind, FuncId, Module};
use crate::finding::FileId;

/// Options of a file that are looked at.
const MAX_OPTIONS: usize = 256;

impl Resolver<'_> {
    /// What a parameter is that a decorator of its function makes an option: `@click.option("--key", envvar="KEY")`.
    pub(super) fn decorated_option(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let function = module.func(func);
        let name = &function.params[number].name;
        function.decorators.iter().find_map(|&decorator| {
            if let ExprKind::Call(data) = module.kind(decorator)
                && self.option_name(ctx.file, data).as_deref() != Some(name)
            {
                return None;
            }
            let alts = self.eval(&self.ctx_of(ctx.file, decorator), decorator);
            let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
            let ExprKind::Call(data) = self.module(made.ctx.file).kind(made.expr) else { return None };
            let declares = |alt: &Alt| matches!(&alt.value, Value::Symbol(s) if words::declares_option(s));
            if self.option_name(made.ctx.file, data).as_deref() != Some(name)
                || !self.eval(&made.ctx, data.callee).iter().any(declares)
            {
                return None;
            }
            Some(self.option(&made.ctx.clone(), made.expr, data, name, named(data, &["default"])))
        })
    }

    /// `typer.Option(None, "--key", envvar="KEY")` in the place of a default; an `Annotated` one names its own.
    pub(super) fn option_as_default(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Vec<Alt> {
        let first = call.args.first().filter(|arg| arg.name.is_none()).map(|arg| arg.value);
        let default = named(call, &["default"]).or(first).filter(|&value| match self.module(ctx.file).kind(value) {
            ExprKind::Str(text) => !text.expose().starts_with('-'),
            // `...`: it must be given.
            kind => !matches!(kind, ExprKind::Unknown),
        });
        self.option(ctx, expr, call, "", default)
    }

    /// A field of what `parser.parse_args()` gives, by the `add_argument` of the parser's file.
    pub(super) fn parsed_argument(&mut self, made: &Arc<Made>, name: &str) -> Option<Vec<Alt>> {
        let ctx = &made.ctx;
        let ExprKind::Call(call) = self.module(ctx.file).kind(made.expr) else { return None };
        let ExprKind::Member(parser, method) = self.module(ctx.file).kind(call.callee) else { return None };
        if !matches!(method.as_str(), "parse_args" | "parse_known_args" | "add_argument") {
            return None;
        }
        // `args, rest = parser.parse_known_args()`
        if method == "parse_known_args" && name == "0" {
            return Some(vec![Alt::new(Value::Made(made.clone()))]);
        }
        // The parser may be put together where it is made: `build_parser().parse_args()`.
        let file = match method.as_str() {
            "add_argument" => ctx.file,
            _ => match self.eval(ctx, *parser).as_slice() {
                [Alt { value: Value::Made(made), .. }] => made.ctx.file,
                _ => ctx.file,
            },
        };
        let module = self.module(file);
        let calls = self.project.file(file).index.calls.get("add_argument")?;
        let mut found = calls.iter().take(MAX_OPTIONS).filter_map(|&expr| match module.kind(expr) {
            ExprKind::Call(data) if self.option_name(file, data).as_deref() == Some(name) => Some((expr, data)),
            _ => None,
        });
        // Of two commands with such an option, it is not known which one runs.
        let (Some((expr, data)), None) = (found.next(), found.next()) else { return None };
        let at = self.ctx_of(file, expr);
        Some(self.option(&at, expr, data, name, named(data, &["default"])))
    }

    /// What the command line makes of a class whose fields are its options, which is what the class says but for what is given:
    /// `tyro.cli(Args)`, and the parts of `HfArgumentParser((Model, Data)).parse_args_into_dataclasses()`.
    pub(super) fn parsed_class(&mut self, made: &Arc<Made>, part: usize) -> Option<Vec<Alt>> {
        let ctx = &made.ctx;
        let ExprKind::Call(call) = self.module(ctx.file).kind(made.expr) else { return None };
        let ExprKind::Member(parser, method) = self.module(ctx.file).kind(call.callee) else { return None };
        if method != "parse_args_into_dataclasses" {
            return None;
        }
        let parsers = self.eval(ctx, *parser);
        let [Alt { value: Value::Made(parser), .. }] = parsers.as_slice() else { return None };
        let module = self.module(parser.ctx.file);
        let ExprKind::Call(declared) = module.kind(parser.expr) else { return None };
        let classes = declared.args.first()?.value;
        let class = match module.kind(classes) {
            ExprKind::List(items) => items.get(part)?.value,
            _ if part == 0 => classes,
            _ => return None,
        };
        let left_out = self.eval(&parser.ctx, class);
        Some(self.given_or(ctx.file, made.expr, Alt::unknown(), left_out))
    }

    /// What clap's matches hold by a name that an argument of the same file has: `matches.get_one::<String>("url")`.
    pub(super) fn matched_argument(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Option<Vec<Alt>> {
        let module = self.module(ctx.file);
        let text = |call: &Call| match module.kind(call.args.first()?.value) {
            ExprKind::Str(text) => Some(text.expose()),
            _ => None,
        };
        let name = text(call)?;
        let calls = &self.project.file(ctx.file).index.calls;
        let makers = ["new", "with_name"].iter().filter_map(|maker| calls.get(*maker)).flatten();
        let mut found = makers.copied().filter(|&made| {
            let ExprKind::Call(data) = module.kind(made) else { return false };
            let is_one = |callee: ExprId| {
                matches!(module.kind(callee), ExprKind::Member(of, _)
                if matches!(module.kind(*of), ExprKind::Name(of) | ExprKind::Member(_, of) if of == "Arg"))
            };
            is_one(data.callee) && text(data) == Some(name)
        });
        let (Some(made), None) = (found.next(), found.next()) else { return None };
        let default = called_on(module, made, "default_value").and_then(|call| call.args.first());
        let variable = called_on(module, made, "env").and_then(text);
        let declared = self.ctx_of(ctx.file, made);
        let mut below = default.map(|default| self.eval(&declared, default.value));
        if let Some(variable) = variable {
            below = Some(self.env_read(&declared, variable, self.location(ctx.file, made), below));
        }
        let given = Alt::new(Value::Unknown(Some((name.to_owned(), self.location(ctx.file, expr)))));
        let Some(below) = below else { return Some(vec![given]) };
        Some(self.given_or(ctx.file, made, given, below))
    }

    /// What a command's function is given: `args.func(args)`. One of the parser's options stands for all that it read.
    pub(super) fn parsed_arguments(&mut self, ctx: &Ctx, func: FuncId, number: usize) -> Option<Vec<Alt>> {
        let name = self.module(ctx.file).func(func).params[number].name.as_str();
        let declares = match self.language_at(ctx.file, ctx.block) {
            "python" => "add_argument",
            // `.option("--url <url>", …).action(async (prompt, options) => …)`
            "javascript" => "option",
            _ => return None,
        };
        if !words::PARSED.contains(&name) {
            return None;
        }
        let &option = self.project.file(ctx.file).index.calls.get(declares)?.first()?;
        Some(vec![Alt::new(self.made(&self.ctx_of(ctx.file, option), option))])
    }

    /// The name that an option's value gets: the one that is no flag, else the first long flag, else the first.
    fn option_name(&self, file: FileId, call: &Call) -> Option<String> {
        let module = self.module(file);
        let text = |value: ExprId| match module.kind(value) {
            ExprKind::Str(text) => Some(text.expose()),
            _ => None,
        };
        if let Some(name) = named(call, &["dest"]) {
            return text(name).map(str::to_owned);
        }
        let names = || call.positional().filter_map(|arg| text(arg.value));
        let name = names()
            .find(|name| !name.starts_with('-'))
            .or_else(|| names().find(|name| name.starts_with("--")))
            .or_else(|| names().next())?;
        // `--stream/--no-stream`
        let name = name.split('/').next().unwrap_or(name).trim_start_matches('-');
        Some(name.replace('-', "_"))
    }

    /// What an option may be: the command line's, the variable's, the default.
    fn option(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, name: &str, default: Option<ExprId>) -> Vec<Alt> {
        let at = self.location(ctx.file, expr);
        let module = self.module(ctx.file);
        let text = |value: ExprId| match module.kind(value) {
            ExprKind::Str(text) => Some(text.expose()),
            _ => None,
        };
        let variables: Vec<&str> = match named(call, &["envvar", "env_var"]).map(|value| (value, module.kind(value))) {
            Some((_, ExprKind::List(items))) => items.iter().filter_map(|item| text(item.value)).collect(),
            Some((value, _)) => text(value).into_iter().collect(),
            None => Vec::new(),
        };
        let is_required = named(call, &["required", "prompt"])
            .is_some_and(|value| !matches!(module.kind(value), ExprKind::Const(text) if text == "False"));
        let mut below = match default {
            Some(value) => Some(self.eval(ctx, value)),
            None => (!is_required).then(|| vec![Alt::new(Value::Null)]),
        };
        // A variable that is read is taken to be set.
        if !variables.is_empty() && below.iter().flatten().all(|alt| matches!(alt.value, Value::Null)) {
            below = None;
        }
        for variable in variables.iter().rev() {
            below = Some(self.env_read(ctx, variable, at, below));
        }
        let given = Value::Unknown((!name.is_empty()).then(|| (name.to_owned(), at)));
        let Some(below) = below else { return vec![Alt::new(given)] };
        self.given_or(ctx.file, expr, Alt::new(given), below)
    }

    /// What an option may be: what is given for it, else what stands below.
    pub(super) fn given_or(&mut self, file: FileId, option: ExprId, given: Alt, below: Vec<Alt>) -> Vec<Alt> {
        let subject = self.subjects.get(&format!("option:{}:{}", file.0, option.0));
        self.fallback(vec![given], subject, true, |_| below)
    }
}

/// The first call of a method in the chain of calls on what a call makes.
pub fn called_on<'m>(module: &'m Module, mut made: ExprId, method: &str) -> Option<&'m Call> {
    while let Some((name, at, call)) = module.called_next(made) {
        if name == method {
            return Some(call);
        }
        made = at;
    }
    None
}

/// The value of a keyword argument.
fn named(call: &Call, names: &[&str]) -> Option<ExprId> {
    call.args.iter().find(|arg| arg.name.as_deref().is_some_and(|name| names.contains(&name))).map(|arg| arg.value)
}
