//! What the arguments of a call give: options by their paths, and the key in a request's headers.

use crate::catalog::{Blank, Construct, Slot};
use crate::facts::{Call, ExprId, ExprKind, Spread};
use crate::finding::Location;
use crate::headers::{KEY_HEADERS, is_key_header};
use crate::resolve::{Alt, Arms, Ctx, Presence, Resolver, Value, under};
use crate::text::Text;

use super::or_else;

/// The values that the arguments give a slot: the first path that is there.
pub(super) fn given(
    resolver: &mut Resolver<'_>,
    ctx: &Ctx,
    call: &Call,
    construct: &Construct,
    slot: Slot,
) -> Vec<Alt> {
    let paths = if slot == Slot::Endpoint { &construct.endpoint } else { &construct.key };
    let mut out = vec![Alt::new(Value::Undefined)];
    let mut nulls = Vec::new();
    // What is written out is not taken to be in an unknown `**kwargs`, under another of its names.
    let written = |path: &&String| {
        let first = path.split('.').next();
        !call.args.iter().any(|arg| arg.name.is_some() && arg.name.as_deref() == first)
    };
    let mut paths: Vec<&String> = paths.iter().collect();
    if call.args.iter().any(|arg| arg.spread == Spread::Keyword) {
        paths.sort_by_key(written);
    }
    for path in paths {
        out = or_else(out, || {
            let mut alts = argument(resolver, ctx, call, path);
            for alt in &mut alts {
                let absent = match alt.value.presence() {
                    Presence::Null => *construct.blank(slot, true) == Blank::Absent,
                    Presence::Empty => *construct.blank(slot, false) == Blank::Absent,
                    _ => false,
                };
                if absent {
                    alt.value = Value::Undefined;
                } else if alt.value.presence() == Presence::Null && slot == Slot::Key {
                    // `apiKey: null, authToken: token`: a null keeps the environment out, and no other argument.
                    nulls.push(alt.clone());
                    alt.value = Value::Undefined;
                }
            }
            alts
        });
    }
    if nulls.is_empty() { out } else { or_else(out, || nulls) }
}

/// The values of one argument path: `base_url`, `0.configuration.baseURL`.
pub(crate) fn argument(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, path: &str) -> Vec<Alt> {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<String> = parts.map(str::to_owned).collect();
    let absent = || vec![Alt::new(Value::Undefined)];
    // What a `functools.partial` holds already; its own first argument is the function.
    let bound = |resolver: &mut Resolver<'_>| {
        let made = resolver.partial(ctx, call.callee)?;
        let ExprKind::Call(bound) = resolver.module(made.ctx.file).kind(made.expr) else { return None };
        let path = match first.parse::<usize>() {
            Ok(number) => path.replacen(first, &(number + 1).to_string(), 1),
            Err(_) => path.to_owned(),
        };
        let callee_is_partial = std::ptr::eq(bound, call);
        (!callee_is_partial).then(|| argument(resolver, &made.ctx, bound, &path))
    };
    if let Ok(number) = first.parse::<usize>() {
        let mut position = 0;
        for arg in &call.args {
            match (&arg.name, arg.spread) {
                (None, Spread::No) if position == number => return resolver.field_path(ctx, arg.value, &rest),
                (None, Spread::No) => position += 1,
                (None, Spread::Positional) => return vec![Alt::unknown()],
                _ => {}
            }
        }
        return absent();
    }
    if let Some(arg) = call.named(first) {
        return resolver.field_path(ctx, arg.value, &rest);
    }
    let mut out = absent();
    for arg in call.args.iter().filter(|arg| arg.spread == Spread::Keyword) {
        let mut whole = vec![first.to_owned()];
        whole.extend(rest.iter().cloned());
        out = or_else(out, || resolver.field_path(ctx, arg.value, &whole));
    }
    if matches!(out.as_slice(), [Alt { value: Value::Undefined, .. }])
        && let Some(bound) = bound(resolver)
    {
        return bound;
    }
    out
}

/// The key in a request's headers.
pub(super) fn header_key(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, paths: &[String]) -> Vec<Alt> {
    let mut out = vec![Alt::new(Value::Undefined)];
    for path in paths {
        // curl gives each header as an argument of its own.
        let lines: Vec<ExprId> =
            call.args.iter().filter(|arg| arg.name.as_deref() == Some(path.as_str())).map(|arg| arg.value).collect();
        if lines.len() > 1 || call.named("header").is_some() {
            for line in lines {
                out = or_else(out, || header_lines(resolver.eval(ctx, line)));
            }
            continue;
        }
        out = or_else(out, || key_of_headers(|name| argument(resolver, ctx, call, &format!("{path}.{name}"))));
    }
    out
}

/// The key in headers: what is in the first of those that hold one.
pub(super) fn key_of_headers(mut header: impl FnMut(&str) -> Vec<Alt>) -> Vec<Alt> {
    let mut out = vec![Alt::new(Value::Undefined)];
    for name in KEY_HEADERS {
        // Something may have put one there, or nothing has: then the next one is the key.
        let is_open = |alt: &&Alt| match &alt.value {
            Value::Unknown(named) => named.as_ref().is_none_or(|(named, _)| is_key_header(named)),
            _ => false,
        };
        let open: Vec<Arms> = out.iter().filter(is_open).map(|alt| alt.arms.clone()).collect();
        if open.is_empty() && !out.iter().any(|alt| matches!(alt.value, Value::Undefined)) {
            break;
        }
        let values: Vec<Alt> = header(name).into_iter().map(without_scheme).collect();
        let is_known = |alt: &&Alt| !matches!(alt.value, Value::Undefined | Value::Null | Value::Unknown(_));
        let known: Vec<Alt> = values.iter().filter(is_known).cloned().collect();
        let beside: Vec<Alt> = open.iter().flat_map(|arms| under(known.clone(), arms)).collect();
        out = or_else(out, || values);
        out.extend(beside);
    }
    out
}

/// `Authorization: Bearer KEY` as the key; other headers are absent.
fn header_lines(alts: Vec<Alt>) -> Vec<Alt> {
    alts.into_iter()
        .map(|alt| {
            let (head, _) = leading(&alt.value);
            let Some((name, _)) = head.split_once(':') else {
                return Alt { value: Value::Undefined, ..alt };
            };
            if !is_key_header(name.trim()) {
                return Alt { value: Value::Undefined, ..alt };
            }
            let cut = head.len() - head.split_once(':').map_or("", |(_, rest)| rest).trim_start().len();
            without_scheme(Alt { value: cut_front(&alt.value, cut), ..alt })
        })
        .collect()
}

/// A header's value without `Bearer `.
pub(crate) fn without_scheme(alt: Alt) -> Alt {
    let (head, _) = leading(&alt.value);
    let scheme = ["bearer ", "basic ", "token "]
        .iter()
        .find(|scheme| head.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    match scheme {
        Some(scheme) => {
            let rest = &head[scheme.len()..];
            let cut = scheme.len() + (rest.len() - rest.trim_start().len());
            Alt { value: cut_front(&alt.value, cut), ..alt }
        }
        None => alt,
    }
}

/// The text that a value begins with, and where.
pub(super) fn leading(value: &Value) -> (String, Option<Location>) {
    match value {
        Value::Str(text, at) => (text.expose().to_owned(), Some(*at)),
        Value::Concat(parts, _) => match parts.first() {
            Some(Value::Str(text, at)) => (text.expose().to_owned(), Some(*at)),
            _ => (String::new(), None),
        },
        _ => (String::new(), None),
    }
}

/// A value without its first bytes.
fn cut_front(value: &Value, bytes: usize) -> Value {
    match value {
        Value::Str(text, at) => Value::Str(Text::new(text.expose().get(bytes..).unwrap_or("")), *at),
        Value::Concat(parts, at) => {
            let mut rest: Vec<Value> = parts.as_ref().clone();
            if let Some(Value::Str(text, place)) = rest.first().cloned() {
                let left = text.expose().get(bytes..).unwrap_or("").to_owned();
                if left.is_empty() {
                    rest.remove(0);
                } else {
                    rest[0] = Value::Str(Text::new(left), place);
                }
            }
            match <[Value; 1]>::try_from(rest) {
                Ok([one]) => one,
                Err(rest) => Value::Concat(rest.into(), *at),
            }
        }
        other => other.clone(),
    }
}
