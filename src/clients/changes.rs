//! What is done to a client after its call: builder methods, and assignments to its fields.

use std::sync::Arc;

use crate::catalog::{Catalog, Client, Slot};
use crate::facts::{BlockId, Call, ExprId, ExprKind, Place, Stmt};
use crate::finding::FileId;
use crate::headers::{KEY_HEADERS, is_key_header};
use crate::resolve::{Alt, Arms, Ctx, Resolver, Value, gets, handed_to};
use crate::text::Text;

use super::arguments::{header_key, key_of_headers, leading};
use super::find::site_of;
use super::{From, Site, SlotValue, Slots, code, constructed, inherit, without_scheme};

/// Builder methods called on the call itself: `new().with_api_key(k).with_api_base(u)`. Returns the outermost call.
pub(super) fn chained(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, slots: &mut Slots) -> ExprId {
    let module = resolver.module(ctx.file);
    let mut at = site.call;
    let derives = |method: &str| site.client.derive.iter().any(|name| name == method);
    loop {
        match (module.called_next(at), module.parents[at.index()]) {
            (Some((method, call, data)), _) if !derives(method) => {
                if let Some(&slot) = site.client.setters.get(method) {
                    let values = set_values(resolver, ctx, data, slot);
                    replace(slots, slot, values);
                }
                at = call;
            }
            (None, Some(parent)) if handed(resolver, site, ctx, parent, at, slots) => at = parent,
            _ => return at,
        }
    }
}

/// A function that completes what it is given: `authorize(client.post(url), key).send()`. Whether `call` is one.
fn handed(
    resolver: &mut Resolver<'_>,
    site: &Site<'_>,
    ctx: &Ctx,
    call: ExprId,
    given: ExprId,
    slots: &mut Slots,
) -> bool {
    let unset = |value: &SlotValue| matches!(value.alt.value, Value::Undefined);
    let ExprKind::Call(data) = resolver.module(ctx.file).kind(call) else { return false };
    if site.client.setters.is_empty() || !slots.key.iter().all(unset) {
        return false;
    }
    let Some(number) = data.args.iter().position(|arg| arg.value == given) else { return false };
    let Some((file, func, inside)) = resolver.entered(ctx, call) else { return false };
    let Some(param) = resolver.module(file).func(func).params.get(number) else { return false };
    let holder = Place::name(param.name.as_str());
    rewrites(resolver, &Site { file, ..site.clone() }, &holder, &inside, slots);
    true
}

/// What the object brings along that a request is made with: `Client::builder().default_headers(h).build()?.get(url)`.
pub(super) fn of_receiver(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, slots: &mut Slots) {
    let setters = &site.client.receiver_setters;
    let makers = &site.client.receiver_headers;
    let given = |value: &SlotValue| !matches!(value.alt.value, Value::Undefined);
    let known = |value: &SlotValue| !matches!(value.alt.value, Value::Undefined | Value::Unknown(_));
    if setters.is_empty() && makers.is_empty() || slots.key.iter().any(given) || !slots.endpoint.iter().any(known) {
        return;
    }
    if !makers.is_empty()
        && let ExprKind::Call(call) = resolver.module(ctx.file).kind(site.call)
        && let ExprKind::Member(base, _) = resolver.module(ctx.file).kind(call.callee)
    {
        let values = session_key(resolver, ctx, *base, makers);
        replace(slots, Slot::Headers, values);
    }
    if setters.is_empty() {
        return;
    }
    // Most programs have none of these methods.
    resolver.rests_on_others();
    let used = resolver.project.ids().any(|id| {
        let calls = &resolver.project.file(id).index.calls;
        setters.keys().any(|setter| calls.contains_key(setter.as_str()))
    });
    if !used {
        return;
    }
    let ExprKind::Call(call) = resolver.module(ctx.file).kind(site.call) else { return };
    let ExprKind::Member(base, _) = resolver.module(ctx.file).kind(call.callee) else { return };
    for (setter, &slot) in setters {
        let mut values = Vec::new();
        for alt in resolver.eval(ctx, *base) {
            let mut of = vec![Alt::new(Value::Undefined)];
            if let Value::Made(made) = &alt.value
                && let Some(call) = called_with(resolver, &made.ctx, made.expr, setter)
            {
                of = set_values(resolver, &made.ctx, call, slot);
            }
            values.extend(crate::resolve::under(of, &alt.arms));
        }
        replace(slots, slot, values);
    }
}

/// What a request through another client is sent to: `instance.post("/chat/completions")`.
pub(super) fn behind_receiver(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    site: &Site<'_>,
    ctx: &Ctx,
    endpoint: Vec<SlotValue>,
) -> Vec<SlotValue> {
    let is_relative = |value: &SlotValue| {
        let (head, _) = leading(&value.alt.value);
        !head.is_empty() && !head.contains("://")
    };
    if site.client.methods_of.is_empty() || !endpoint.iter().any(is_relative) {
        return endpoint;
    }
    let module = resolver.module(ctx.file);
    let ExprKind::Call(call) = module.kind(site.call) else { return endpoint };
    let ExprKind::Member(receiver, _) = module.kind(call.callee) else { return endpoint };
    let mut bases = Vec::new();
    for alt in resolver.eval(ctx, *receiver) {
        let Value::Made(made) = &alt.value else { return endpoint };
        let Some(of) = site_of(resolver, catalog, &made.ctx, made.expr) else { return endpoint };
        if !site.client.methods_of.contains(&of.client.id) {
            return endpoint;
        }
        bases.extend(narrowed(constructed(resolver, catalog, &of, &made.ctx, 1).endpoint, &alt.arms));
    }
    let (relative, mut whole): (Vec<_>, Vec<_>) = endpoint.into_iter().partition(is_relative);
    for path in relative {
        for base in &bases {
            let Some(arms) = base.alt.arms.merge(&path.alt.arms) else { continue };
            let value = behind(&base.alt.value, &path.alt.value);
            whole.push(SlotValue { alt: Alt { value, arms, steps: base.alt.steps.clone() }, from: From::Code });
        }
    }
    whole
}

/// A path behind a base, with one slash between them.
fn behind(base: &Value, path: &Value) -> Value {
    let (head, at) = leading(path);
    let (Some(at), false) = (at, matches!(base, Value::Undefined | Value::Null)) else { return Value::Unknown(None) };
    let (before, base_at) = match base {
        Value::Str(text, at) => (text.expose().trim_end_matches('/').to_owned(), *at),
        _ => (String::new(), at),
    };
    let head = Value::Str(Text::new(format!("{before}/{}", head.trim_start_matches('/'))), base_at);
    let mut parts = if before.is_empty() { vec![base.clone(), head] } else { vec![head] };
    if let Value::Concat(rest, _) = path {
        parts.extend(rest.iter().skip(1).cloned());
    }
    match parts.len() {
        1 => parts.remove(0),
        _ => Value::Concat(Arc::new(parts), at),
    }
}

/// The key in the headers of a session: those that it was made with, or that were put into it since.
fn session_key(resolver: &mut Resolver<'_>, ctx: &Ctx, session: ExprId, makers: &[String]) -> Vec<Alt> {
    let absent = || vec![Alt::new(Value::Undefined)];
    let known = |alts: &[Alt]| alts.iter().any(|alt| !matches!(alt.value, Value::Undefined | Value::Unknown(_)));
    let mut out = absent();
    for name in KEY_HEADERS {
        let path = ["headers".to_owned(), name.to_owned()];
        let mut found = resolver.field_path(ctx, session, &path);
        if !known(&found) {
            found = resolver.filled_below(ctx, session, &path);
        }
        if known(&found) {
            return found.into_iter().map(without_scheme).collect();
        }
    }
    for alt in resolver.eval(ctx, session) {
        let Value::Made(made) = &alt.value else { continue };
        let module = resolver.module(made.ctx.file);
        let ExprKind::Call(call) = module.kind(made.expr) else { continue };
        let (ExprKind::Name(name) | ExprKind::Member(_, name)) = module.kind(call.callee) else { continue };
        if makers.contains(name) {
            let key = header_key(resolver, &made.ctx, call, &["headers".to_owned()]);
            out.extend(crate::resolve::under(key, &alt.arms));
        }
    }
    if out.len() > 1 {
        out.remove(0);
    }
    out
}

/// The last call of a method in the chain of calls that makes an object.
fn called_with<'p>(resolver: &mut Resolver<'p>, ctx: &Ctx, expr: ExprId, name: &str) -> Option<&'p Call> {
    let module = resolver.module(ctx.file);
    let mut at = expr;
    while let ExprKind::Call(call) = module.kind(at) {
        let ExprKind::Member(base, method) = module.kind(call.callee) else { return None };
        if method == name {
            return Some(call);
        }
        at = *base;
    }
    None
}

/// What a setter's call puts into a slot.
fn set_values(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, slot: Slot) -> Vec<Alt> {
    let positional: Vec<ExprId> = call.positional().map(|arg| arg.value).collect();
    match (slot, positional.as_slice()) {
        (Slot::Headers, [name, value, ..]) => match resolver.constant_of(ctx, *name) {
            Some(name) if is_key_header(&name) => resolver.eval(ctx, *value).into_iter().map(without_scheme).collect(),
            Some(_) => vec![Alt::new(Value::Undefined)],
            // `for (name, value) in headers { request = request.header(name, value) }`
            None => resolver.in_row_named(ctx, *name, *value, is_key_header).into_iter().map(without_scheme).collect(),
        },
        (Slot::Headers, [headers]) => key_of_headers(|name| resolver.field_path(ctx, *headers, &[name.to_owned()])),
        (Slot::Request, [_, url, ..]) => resolver.eval(ctx, *url),
        (Slot::Sent, _) => match call.named("headers").map(|arg| arg.value).or(positional.get(3).copied()) {
            Some(headers) => key_of_headers(|name| resolver.field_path(ctx, headers, &[name.to_owned()])),
            None => vec![Alt::new(Value::Undefined)],
        },
        (_, [value, ..]) => resolver.eval(ctx, *value),
        _ => vec![Alt::unknown()],
    }
}

fn slot_mut(slots: &mut Slots, slot: Slot) -> &mut Vec<SlotValue> {
    match slot {
        Slot::Key | Slot::Headers | Slot::Sent => &mut slots.key,
        Slot::Endpoint | Slot::Request => &mut slots.endpoint,
    }
}

/// New values for a slot; an absent one leaves what was there.
fn replace(slots: &mut Slots, slot: Slot, values: Vec<Alt>) {
    let old = std::mem::take(slot_mut(slots, slot));
    *slot_mut(slots, slot) = inherit(code(values), old);
}

/// Assignments to the client's fields, and builder calls on its variable, after it was made.
pub(super) fn afterwards(resolver: &mut Resolver<'_>, site: &Site<'_>, outermost: ExprId, slots: &mut Slots) {
    if site.client.fields.is_empty() && site.client.setters.is_empty() {
        return;
    }
    let module = resolver.module(site.file);
    let mut value = outermost;
    // `(await OpenAI(...))!`, `Arc::new(...)`: the variable holds the outermost call around it.
    while let Some(parent) = module.parents[value.index()] {
        value = parent;
    }
    let (block, index) = module.points[outermost.index()];
    let (place, of_base) = match module.block(block).stmts.get(index as usize) {
        Some(Stmt::Assign { place, value: assigned, .. }) if *assigned == value => (place.clone(), false),
        // What a constructor does to the object that `super(…)` has filled.
        Some(Stmt::Expr(expr)) if *expr == value => match made_by_base(resolver, site) {
            Some(receiver) => (Place::name(receiver), true),
            None => return,
        },
        _ => return,
    };
    // Most variables are given once, and nothing is called on them that sets anything.
    let known = &resolver.project.file(site.file).index;
    let again = known.assigns.get(&place.root).is_some_and(|all| of_base || all.len() > 1);
    let called = |path: &str| known.calls.contains_key(path.rsplit('.').next().unwrap_or(path));
    if !again && !site.client.setters.keys().chain(&site.client.hooks).any(|name| called(name)) {
        return;
    }
    let (mut block, mut index) = (block, index as usize + 1);
    // Blocks without a condition around it (`with`, `try`) go on after it.
    loop {
        let from = Ctx { file: site.file, block, index, frame: None };
        if !rewrites(resolver, site, &place, &from, slots) {
            return;
        }
        let here = module.block(block);
        match here.parent {
            Some((parent, at)) if here.tests.is_empty() && !here.declares.contains(&place.root) => {
                (block, index) = (parent, at + 1);
            }
            _ => return,
        }
    }
}

/// What a constructor calls the object that a client's base fills, where the client is made by `super(…)`.
fn made_by_base(resolver: &Resolver<'_>, site: &Site<'_>) -> Option<String> {
    let module = resolver.module(site.file);
    let ExprKind::Call(call) = module.kind(site.call) else { return None };
    let ctx = resolver.ctx_of(site.file, site.call);
    resolver.super_class(&ctx, call.callee)?;
    module.func(module.block(ctx.block).func).receiver.clone()
}

/// Applies what the statements of a block do to the client's slots; false once the variable holds something else.
fn rewrites(resolver: &mut Resolver<'_>, site: &Site<'_>, holder: &Place, from: &Ctx, slots: &mut Slots) -> bool {
    let module = resolver.module(site.file);
    let mut holder = holder.clone();
    for (index, stmt) in module.block(from.block).stmts.iter().enumerate().skip(from.index) {
        let ctx = Ctx { index, ..from.clone() };
        let begin = |block: BlockId| Ctx { block, index: 0, ..from.clone() };
        match stmt {
            Stmt::Assign { place, value, .. } if place.root == holder.root => {
                let own = place.path.len() >= holder.path.len() && place.path[..holder.path.len()] == holder.path[..];
                if !own {
                    continue;
                }
                match &place.path[holder.path.len()..] {
                    [] => match builder_calls(resolver, site, *value, &holder) {
                        Some(calls) => apply(resolver, site, &ctx, calls, slots),
                        None if given_back(resolver, site, &ctx, *value, &holder, slots) => {}
                        None => return false,
                    },
                    path => {
                        let names: Option<Vec<&str>> = path.iter().map(Option::as_deref).collect();
                        if let Some(&slot) = names.and_then(|names| site.client.fields.get(&names.join("."))) {
                            let mut values = resolver.eval(&ctx, *value);
                            if slot == Slot::Headers {
                                values = values.into_iter().map(without_scheme).collect();
                            }
                            replace(slots, slot, values);
                        }
                    }
                }
            }
            // `let authorized = request.bearer_auth(key)`: what is made of it goes on under another name.
            Stmt::Assign { place, value, .. } => {
                if place.path.is_empty()
                    && let Some(calls) = builder_calls(resolver, site, *value, &holder)
                    && calls.iter().any(|(method, _)| site.client.setters.contains_key(method))
                    && !calls.iter().any(|(method, _)| method.contains("clone"))
                {
                    apply(resolver, site, &ctx, calls, slots);
                    holder = place.clone();
                }
            }
            Stmt::Expr(expr) | Stmt::Return(Some(expr)) => {
                if let Some(calls) = builder_calls(resolver, site, *expr, &holder) {
                    apply(resolver, site, &ctx, calls, slots);
                } else if let Some((request, inside)) = hook(resolver, site, &ctx, *expr, &holder) {
                    rewrites(resolver, site, &request, &inside, slots);
                }
            }
            Stmt::Branch(arms) if arms.iter().any(|arm| touches(resolver, site, &holder, *arm)) => {
                let before = slots.clone();
                let mut after = Slots::default();
                // What is done for each of a collection's elements is done: nobody sends a list of no headers.
                let each = arms.iter().find(|arm| resolver.each_of(site.file, **arm).is_some());
                for &arm in each.map_or(arms.as_slice(), std::slice::from_ref) {
                    let tests = &resolver.module(site.file).block(arm).tests;
                    let Some(lits) = resolver.assumptions(&ctx, tests) else { continue };
                    let mut inner = before.clone();
                    rewrites(resolver, site, &holder, &begin(arm), &mut inner);
                    after.key.extend(narrowed(inner.key, &lits));
                    after.endpoint.extend(narrowed(inner.endpoint, &lits));
                }
                *slots = after;
            }
            Stmt::Block(inner) if !rewrites(resolver, site, &holder, &begin(*inner), slots) => return false,
            _ => {}
        }
    }
    true
}

/// `request = authorize(request)`: the client goes on, with what the function does to it. Whether it is so.
fn given_back(
    resolver: &mut Resolver<'_>,
    site: &Site<'_>,
    ctx: &Ctx,
    value: ExprId,
    holder: &Place,
    slots: &mut Slots,
) -> bool {
    let module = resolver.module(site.file);
    let ExprKind::Call(call) = module.kind(value) else { return false };
    if !holder.path.is_empty() || !gets(module, value, &holder.root) {
        return false;
    }
    // No function within one that is entered already.
    if ctx.frame.is_none()
        && let Some((file, func, inside)) = resolver.entered(ctx, value)
        && let Some(param) = handed_to(module, call, &holder.root, resolver.module(file).func(func))
    {
        let param = Place::name(param.name.as_str());
        rewrites(resolver, &Site { file, ..site.clone() }, &param, &inside, slots);
    }
    true
}

pub(super) fn narrowed(values: Vec<SlotValue>, lits: &Arms) -> Vec<SlotValue> {
    values
        .into_iter()
        .filter_map(|value| {
            let arms = value.alt.arms.merge(lits)?;
            Some(SlotValue { alt: Alt { arms, ..value.alt }, from: value.from })
        })
        .collect()
}

/// The values that remain in one of several ways.
pub(super) fn led(values: Vec<SlotValue>, ways: &[Arms]) -> Vec<SlotValue> {
    match ways {
        [one] => narrowed(values, one),
        ways => ways.iter().flat_map(|arms| narrowed(values.clone(), arms)).collect(),
    }
}

/// Whether an arm writes to the holder.
fn touches(resolver: &Resolver<'_>, site: &Site<'_>, holder: &Place, arm: BlockId) -> bool {
    let module = resolver.module(site.file);
    let mut stack = vec![arm];
    while let Some(block) = stack.pop() {
        for stmt in &module.block(block).stmts {
            match stmt {
                Stmt::Assign { place, .. } if place.root == holder.root => return true,
                Stmt::Expr(expr) if builder_calls(resolver, site, *expr, holder).is_some() => return true,
                Stmt::Branch(arms) => stack.extend(arms.iter().copied()),
                Stmt::Block(inner) => stack.push(*inner),
                _ => {}
            }
        }
    }
    false
}

/// The calls of a chain that begins with the holder: `c.with_api_base(u).with_org(o)`; inner ones first.
fn builder_calls(
    resolver: &Resolver<'_>,
    site: &Site<'_>,
    expr: ExprId,
    holder: &Place,
) -> Option<Vec<(String, ExprId)>> {
    let module = resolver.module(site.file);
    let mut at = expr;
    let mut out = Vec::new();
    loop {
        match module.kind(at) {
            ExprKind::Call(call) => {
                let ExprKind::Member(base, method) = module.kind(call.callee) else { return None };
                out.push((method.clone(), at));
                at = *base;
            }
            ExprKind::Name(name) if holder.path.is_empty() && *name == holder.root => {
                out.reverse();
                return (!out.is_empty()).then_some(out);
            }
            _ => return None,
        }
    }
}

/// The function that is given each request of a client, and what it calls the request:
/// `client.interceptors.request.use((request) => { … })`.
fn hook(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, expr: ExprId, holder: &Place) -> Option<(Place, Ctx)> {
    let module = resolver.module(site.file);
    let ExprKind::Call(call) = module.kind(expr) else { return None };
    let (mut at, mut path) = (call.callee, Vec::new());
    while let ExprKind::Member(base, name) = module.kind(at) {
        path.push(name.as_str());
        at = *base;
    }
    path.reverse();
    let own = holder.path.iter().map(Option::as_deref).eq(path.iter().take(holder.path.len()).copied().map(Some));
    let is_holder = matches!(module.kind(at), ExprKind::Name(name) if *name == holder.root) && own;
    if !is_holder || !site.client.hooks.contains(&path.get(holder.path.len()..)?.join(".")) {
        return None;
    }
    let given = resolver.eval(ctx, call.args.first()?.value);
    let [Alt { value: Value::Made(made), .. }] = given.as_slice() else { return None };
    let ExprKind::Func(func) = *module.kind(made.expr) else { return None };
    let func = (made.ctx.file == site.file).then(|| module.func(func))?;
    let inside = Ctx { block: func.body, index: 0, ..ctx.clone() };
    Some((Place::name(func.params.first()?.name.as_str()), inside))
}

fn apply(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, calls: Vec<(String, ExprId)>, slots: &mut Slots) {
    for (method, call) in calls {
        if let Some(&slot) = site.client.setters.get(&method)
            && let ExprKind::Call(data) = resolver.module(site.file).kind(call)
        {
            let values = set_values(resolver, ctx, data, slot);
            replace(slots, slot, values);
        }
    }
}

/// Whether something that is set on a client comes later: on the variable that holds what a call gives, or in the
/// function that it is handed to.
pub(super) fn is_set_later(resolver: &Resolver<'_>, file: FileId, made: ExprId, client: &Client) -> bool {
    let module = resolver.module(file);
    let calls = &resolver.project.file(file).index.calls;
    let named = |callee: ExprId| match module.kind(callee) {
        ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name.as_str()),
        _ => None,
    };
    let (holder, helper) = match module.parents[made.index()] {
        Some(parent) => match module.kind(parent) {
            ExprKind::Call(data) if data.callee != made => (None, named(data.callee)),
            _ => return false,
        },
        None => {
            let (block, index) = module.points[made.index()];
            match module.block(block).stmts.get(index as usize) {
                Some(Stmt::Assign { place, .. }) if place.path.is_empty() => (Some(place.root.as_str()), None),
                _ => return false,
            }
        }
    };
    let mut set = client.setters.keys().filter_map(|setter| calls.get(setter.as_str())).flatten();
    set.any(|&call| {
        if helper.is_some() {
            let inside = module.block(module.points[call.index()].0).func;
            return module.func(inside).name.as_deref() == helper;
        }
        let mut at = call;
        while let ExprKind::Call(data) = module.kind(at) {
            let ExprKind::Member(base, _) = module.kind(data.callee) else { return false };
            at = *base;
        }
        matches!(module.kind(at), ExprKind::Name(name) if Some(name.as_str()) == holder)
    })
}
