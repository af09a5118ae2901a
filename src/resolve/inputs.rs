//! What people type or choose: the inputs of streamlit, absl's flags, and the parameters of a function that a library makes
//! a command of.
//!
//! What is given nobody knows; below it stands what an input shows at first, and what a flag or a parameter is by default.

use super::value::{Alt, Ctx, Value};
use super::{Resolver, words};
use crate::facts::{Call, ExprId, ExprKind, FuncId};
use crate::finding::FileId;

impl Resolver<'_> {
    /// What an input gives: what it shows at first, or one of those that it lets people choose from; `None` of any other call.
    pub(super) fn input(&mut self, ctx: &Ctx, expr: ExprId, call: &Call, symbol: &str) -> Option<Vec<Alt>> {
        let kind = symbol.strip_prefix("streamlit.")?;
        let arg = |name: &str| call.named(name).or_else(|| call.positional().nth(1)).map(|arg| arg.value);
        match kind.strip_prefix("sidebar.").unwrap_or(kind) {
            "text_input" | "text_area" => {
                let shown = arg("value").map(|value| self.eval(ctx, value));
                Some(self.given_or_default(ctx, expr, shown.unwrap_or_default()))
            }
            "selectbox" | "radio" => self.row_of(ctx, expr, arg("options")?, false),
            _ => None,
        }
    }

    /// What a parameter of a function may be that is run from the command line, `tyro.cli(main)`: each is given by itself.
    pub(super) fn of_command(&mut self, ctx: &Ctx, func: FuncId, number: usize, given: &Alt) -> Option<Vec<Alt>> {
        let default = self.module(ctx.file).func(func).params[number].default?;
        if self.language_at(ctx.file, ctx.block) != "python" || !self.is_command(ctx.file, func) {
            return None;
        }
        let below = self.eval(&self.ctx_of(ctx.file, default), default);
        Some(self.given_or(ctx.file, default, given.clone(), below))
    }

    /// Whether a function, or the class that it is a method of, is handed to what makes a command of it: in its own file, or
    /// in one that imports it.
    fn is_command(&mut self, file: FileId, func: FuncId) -> bool {
        let module = self.module(file);
        let function = module.func(func);
        let class = function.class.map(|class| &module.classes[class.index()].name);
        let names: Vec<&String> = function.name.iter().chain(class).collect();
        self.rests_on_others();
        let callers = self.project.above(file);
        callers.iter().take(MAX_CALLERS).any(|&at| {
            let other = self.project.file(at);
            let calls = words::MAKES_COMMANDS.iter().filter_map(|name| name.rsplit('.').next());
            calls.flat_map(|name| other.index.calls.get(name).into_iter().flatten()).any(|&call| {
                let ExprKind::Call(data) = other.module.kind(call) else { return false };
                let is_it = data.args.first().is_some_and(|arg| match other.module.kind(arg.value) {
                    ExprKind::Name(name) | ExprKind::Member(_, name) => names.contains(&name),
                    _ => false,
                });
                is_it
                    && self.eval(&self.ctx_of(at, call), data.callee).iter().any(
                        |alt| matches!(&alt.value, Value::Symbol(symbol) if words::MAKES_COMMANDS.contains(&&**symbol)),
                    )
            })
        })
    }

    /// One of absl's flags, where one place of the project defines it: `flags.DEFINE_string("base_url", "https://…", "…")`.
    pub(super) fn flag(&mut self, name: &str) -> Vec<Alt> {
        self.rests_on_others();
        let project = self.project;
        let mut found = project.ids().flat_map(|file| {
            let other = project.file(file);
            let calls = DEFINING.iter().flat_map(|define| other.index.calls.get(*define).into_iter().flatten());
            calls.filter_map(move |&expr| match other.module.kind(expr) {
                ExprKind::Call(call) => {
                    let first = call.positional().next()?.value;
                    matches!(other.module.kind(first), ExprKind::Str(text) if text.expose() == name)
                        .then_some((file, expr, call))
                }
                _ => None,
            })
        });
        let (Some((file, expr, call)), None) = (found.next(), found.next()) else { return vec![Alt::unknown()] };
        let ctx = self.ctx_of(file, expr);
        self.flag_defined(&ctx, expr, call)
    }

    /// What a call that defines one of absl's flags says it is.
    pub(super) fn flag_defined(&mut self, ctx: &Ctx, expr: ExprId, call: &Call) -> Vec<Alt> {
        let default = call.named("default").or_else(|| call.positional().nth(1)).map(|arg| arg.value);
        let default = default.map(|default| self.eval(ctx, default));
        self.given_or_default(ctx, expr, default.unwrap_or_default())
    }

    /// What is given, else a default; one that is empty stands for nothing.
    fn given_or_default(&mut self, ctx: &Ctx, expr: ExprId, mut default: Vec<Alt>) -> Vec<Alt> {
        default.retain(Alt::may_be_there);
        let given = Alt::new(Value::Unknown(None));
        if default.is_empty() { vec![given] } else { self.given_or(ctx.file, expr, given, default) }
    }
}

/// Files that are looked through for what makes a command of a function.
const MAX_CALLERS: usize = 16;

/// Functions of absl that define a flag which is a text.
pub(super) const DEFINING: [&str; 2] = ["DEFINE_string", "DEFINE_enum"];
