//! What people type or choose: the inputs of streamlit, and absl's flags.
//!
//! What is given nobody knows; below it stands what an input shows at first, and what a flag is by default.

use super::Resolver;
use super::value::{Alt, Ctx, Value};
use crate::facts::{Call, ExprId, ExprKind};

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

/// Functions of absl that define a flag which is a text.
pub(super) const DEFINING: [&str; 2] = ["DEFINE_string", "DEFINE_enum"];
