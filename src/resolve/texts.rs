//! What methods make of texts: trimmed, joined, filled in, with another path.

use super::value::{Alt, Ctx, Made, Value};
use super::{Resolver, words};
use crate::facts::{Call, ExprId, ExprKind, Spread};
use crate::finding::Location;
use crate::template::Argument;
use crate::text::Text;

impl Resolver<'_> {
    /// What a method makes of a text.
    pub(super) fn text_method(
        &mut self,
        ctx: &Ctx,
        call: &Call,
        receiver: &Alt,
        (text, at): (&Text, Location),
        method: &str,
    ) -> Vec<Alt> {
        let first = call.positional().next().map(|arg| arg.value);
        if words::TRIMMING.contains(&method) {
            let trimmed = match (method, first) {
                (_, Some(chars)) => match self.constant(ctx, chars) {
                    Some(cut) => words::trimmed(method, text.expose(), &cut).to_owned(),
                    None => text.expose().to_owned(),
                },
                (_, None) => text.expose().trim().to_owned(),
            };
            return vec![Alt { value: Value::Str(Text::new(trimmed), at), ..receiver.clone() }];
        }
        if let Some(text) = words::in_other_case(method, text.expose()) {
            return vec![Alt { value: Value::Str(Text::new(text), at), ..receiver.clone() }];
        }
        if words::SAME.contains(&method) {
            return vec![receiver.clone()];
        }
        if self.cuts_slashes(ctx, call, method) {
            let cut = text.expose().trim_end_matches('/');
            return vec![Alt { value: Value::Str(Text::new(cut), at), ..receiver.clone() }];
        }
        self.filled(ctx, call, text, at, method).unwrap_or_else(|| vec![Alt::unknown()])
    }

    /// `"/".join([host, "v1"])`, `[host, "v1"].join("/")`, `host.concat("/v1")`: a text of several.
    pub(super) fn put_together(
        &mut self,
        ctx: &Ctx,
        expr: ExprId,
        call: &Call,
        receiver: &Alt,
        method: &str,
    ) -> Option<Vec<Alt>> {
        let project = self.project;
        let list = |made: &Made| match project.file(made.ctx.file).module.kind(made.expr) {
            ExprKind::List(items) if items.iter().all(|item| !item.spread) => {
                Some((made.ctx.clone(), items.iter().map(|item| item.value).collect::<Vec<_>>()))
            }
            _ => None,
        };
        let at = self.location(ctx.file, expr);
        let of_call: Vec<ExprId> = call.positional().map(|arg| arg.value).collect();
        let (first, between, (place, items)) = match (&receiver.value, method) {
            (Value::Str(..), "concat") => (Some(receiver.clone()), None, (ctx.clone(), of_call)),
            (Value::Str(..), _) => {
                let &[of] = of_call.as_slice() else { return None };
                let alts = self.eval(ctx, of);
                let [Alt { value: Value::Made(made), .. }] = alts.as_slice() else { return None };
                (None, Some(receiver.clone()), list(made)?)
            }
            // `["https://…", PATH].concat()` of Rust's.
            (Value::Made(made), "concat") if of_call.is_empty() && self.is_rust(ctx.file) => (None, None, list(made)?),
            (Value::Made(made), "join") => {
                let &[between] = of_call.as_slice() else { return None };
                let found = list(made)?;
                let between = Text::new(self.constant(ctx, between)?);
                (None, Some(Alt::new(Value::Str(between, at))), found)
            }
            _ => return None,
        };
        if items.len() * 2 >= super::MAX_PARTS {
            return None;
        }
        let mut parts: Vec<Vec<Alt>> = first.into_iter().map(|first| vec![first]).collect();
        for item in items {
            if let Some(between) = between.as_ref().filter(|_| !parts.is_empty()) {
                parts.push(vec![between.clone()]);
            }
            parts.push(self.eval(&place, item));
        }
        Some(Self::joined_parts(&parts, at))
    }

    /// `url.path()`, and what is left of a URL by `url.set_path(path)`.
    pub(super) fn path_of_url(
        &mut self,
        ctx: &Ctx,
        expr: ExprId,
        receiver: &Alt,
        path: Option<ExprId>,
    ) -> Option<Vec<Alt>> {
        let url = match &receiver.value {
            Value::Str(text, at) => text.expose().split_once("://").map(|(_, rest)| (rest, *at)),
            _ => None,
        };
        match (url, path) {
            (Some((rest, at)), None) => {
                let path = rest.find('/').map_or("/", |start| &rest[start..]);
                Some(vec![Alt { value: Value::Str(Text::new(path), at), ..receiver.clone() }])
            }
            (Some(_), Some(path)) => Some(self.with_path(ctx, receiver, path, self.location(ctx.file, expr), false)),
            (None, Some(_)) => Some(vec![receiver.clone()]),
            (None, None) => None,
        }
    }

    /// `URL.format(model=m)`, `URL.replace("{model}", m)`: a text with others in the place of some of its parts.
    fn filled(&mut self, ctx: &Ctx, call: &Call, text: &Text, at: Location, method: &str) -> Option<Vec<Alt>> {
        let template = text.expose();
        let language = self.language_at(ctx.file, ctx.block);
        let by_name = |name: &str| call.named(name);
        let by_position = |number: usize| call.positional().nth(number);
        let is_format = method == "format" && language == "python";
        let holes: Vec<(std::ops::Range<usize>, Option<ExprId>)> = if is_format {
            let spread = call.args.iter().any(|arg| arg.spread != Spread::No);
            let filled = crate::template::braces(template)?.into_iter().map(|hole| {
                let arg = match &hole.argument {
                    Argument::Position(number) => by_position(*number),
                    Argument::Name(name) => by_name(name),
                };
                (hole.at, arg.filter(|_| !spread).map(|arg| arg.value))
            });
            filled.collect()
        } else {
            let [pattern, by] = call.args.as_slice() else { return None };
            let pattern = self.constant(ctx, pattern.value).filter(|pattern| !pattern.is_empty())?;
            let times = match (method, language) {
                ("replace", "javascript") => 1,
                ("replace", _) | ("replaceAll", "javascript") => super::MAX_PARTS,
                _ => return None,
            };
            let found = template.match_indices(&pattern).take(times);
            found.map(|(at, found)| (at..at + found.len(), Some(by.value))).collect()
        };
        if holes.len() * 2 >= super::MAX_PARTS {
            return None;
        }
        let written = |part: &str| {
            let part = if is_format { part.replace("{{", "{").replace("}}", "}") } else { part.to_owned() };
            vec![Alt::new(Value::Str(Text::new(part), at))]
        };
        let mut parts = Vec::new();
        let mut done = 0;
        for (hole, by) in holes {
            parts.push(written(&template[done..hole.start]));
            parts.push(by.map_or_else(|| vec![Alt::unknown()], |by| self.eval(ctx, by)));
            done = hole.end;
        }
        parts.push(written(&template[done..]));
        Some(Self::joined_parts(&parts, at))
    }

    /// `url.replace(/\/+$/, "")`
    pub(super) fn cuts_slashes(&self, ctx: &Ctx, call: &Call, method: &str) -> bool {
        let [pattern, by] = call.args.as_slice() else { return false };
        let module = self.module(ctx.file);
        method == "replace"
            && matches!(module.kind(by.value), ExprKind::Str(text) if text.is_empty())
            && matches!(module.kind(pattern.value), ExprKind::Unknown)
            && matches!(
                self.project.file(ctx.file).source.slice(module.span(pattern.value)),
                r"/\/$/" | r"/\/+$/" | r"/\/*$/" | r"/[/]+$/" | r"/\/+$/g" | r"/\/$/g"
            )
    }
}
