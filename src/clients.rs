//! Clients: the calls that make one, and what reaches their key and endpoint.
//!
//! A client is found through the catalogue: the full name of what is called must be one that the catalogue knows.
//! Its slots (key, endpoint, headers) come from arguments, builder methods, later assignments to its fields, module
//! globals, the environment, and at last its default.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Blank, Catalog, Client, Construct, Slot, UrlKind};
use crate::facts::{Arm, BlockId, Call, ExprId, ExprKind, Place, Spread, Stmt};
use crate::finding::{FileId, Location};
use crate::resolve::{Alt, Arms, Ctx, Presence, Resolver, Value, settle};
use crate::text::Text;

mod environment;
mod ignored;

pub use ignored::{Ignored, IgnoredKind};

/// A call that makes a client.
#[derive(Clone, Debug)]
pub struct Site<'c> {
    /// The file.
    pub file: FileId,
    /// The call.
    pub call: ExprId,
    /// What is known of the client.
    pub client: &'c Client,
    /// The way it is made here.
    pub construct: &'c Construct,
    /// What is called, in full.
    pub callee: String,
    /// The client that this one is a changed copy of: its call.
    pub copy_of: Option<(Ctx, ExprId)>,
}

/// A possible value of a slot.
#[derive(Clone, Debug)]
pub struct SlotValue {
    /// The value.
    pub alt: Alt,
    /// How it got into the slot.
    pub from: From,
}

/// How a value got into a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// An argument, a builder's method, a field or a module's attribute.
    Code,
    /// The client read it from the environment.
    Environment(String),
    /// Nothing gave one.
    Nothing,
}

/// The key and endpoint of a client: all that they can be.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// Keys.
    pub key: Vec<SlotValue>,
    /// Endpoints.
    pub endpoint: Vec<SlotValue>,
    /// Endpoints that are set for the client and do not reach it.
    pub ignored: Vec<Ignored>,
}

/// All clients of a file, in order.
pub fn find<'c>(resolver: &mut Resolver<'_>, catalog: &'c Catalog, file: FileId) -> Vec<Site<'c>> {
    let module = resolver.module(file);
    let mut by_language: HashMap<&str, Candidates<'_>> = HashMap::new();
    let mut out = Vec::new();
    let params: HashSet<&str> =
        module.functions.iter().flat_map(|func| &func.params).map(|param| param.name.as_str()).collect();
    let assigns = &resolver.project.file(file).index.assigns;
    // A name that is given once in the whole file is the same in all of it.
    let is_fixed = |name: &str| assigns.get(name).is_none_or(|all| all.len() < 2) && !params.contains(name);
    let mut no_clients: HashSet<&str> = HashSet::new();
    for call in module.expr_ids() {
        let ExprKind::Call(data) = module.kind(call) else { continue };
        let language = resolver.language_at(file, module.points[call.index()].0);
        let candidates = by_language.entry(language).or_insert_with(|| Candidates::new(catalog, language));
        let last = match module.kind(data.callee) {
            ExprKind::Name(name) | ExprKind::Member(_, name) => name.as_str(),
            _ => "",
        };
        // A variable may hold any class; a member has the name that the catalogue lists.
        let derives = candidates.derive.contains(last);
        if matches!(module.kind(data.callee), ExprKind::Member(..)) && !derives && last != "__init__" {
            let Some(makers) = candidates.by_name.get(last) else { continue };
            if !makers.iter().any(|(client, construct)| may_carry_a_key(resolver, file, call, client, construct)) {
                continue;
            }
        }
        let is_name = matches!(module.kind(data.callee), ExprKind::Name(_));
        if is_name && no_clients.contains(last) {
            continue;
        }
        resolver.refuel(CALLEE_FUEL);
        let ctx = resolver.ctx_of(file, call);
        let symbols = resolver.callee_symbols(&ctx, data);
        let before = out.len();
        for symbol in &symbols {
            for (client, construct) in known(resolver, catalog, &ctx, symbol) {
                if !is_made(resolver, &ctx, data, construct) {
                    continue;
                }
                out.push(Site { file, call, client, construct, callee: symbol.clone(), copy_of: None });
            }
        }
        if out.len() > before || !symbols.is_empty() {
            continue;
        }
        if is_name && is_fixed(last) {
            no_clients.insert(last);
        }
        let ExprKind::Member(base, _) = module.kind(data.callee) else { continue };
        if derives && let Some(site) = copied(resolver, catalog, file, call, *base, last) {
            out.push(site);
            continue;
        }
        for (client, construct) in catalog.method(language, last) {
            if !may_carry_a_key(resolver, file, call, client, construct) {
                continue;
            }
            out.push(Site { file, call, client, construct, callee: last.to_owned(), copy_of: None });
        }
    }
    out
}

/// Whether a call makes the client at all: some do with certain arguments only.
fn is_made(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, construct: &Construct) -> bool {
    let mut values = |path: &String| argument(resolver, ctx, call, path);
    let is_false = |value: &Value| matches!(value, Value::Const(text) if matches!(text.as_str(), "False" | "false"));
    let given = |alt: &Alt| alt.value.presence() == Presence::Present && !is_false(&alt.value);
    if !construct.only_with.iter().all(|path| values(path).iter().any(given)) {
        return false;
    }
    let is_true = |value: &Value| matches!(value, Value::Const(text) if matches!(text.as_str(), "True" | "true"));
    let maybe = |alt: &Alt| !matches!(alt.value, Value::Undefined | Value::Null) && !is_true(&alt.value);
    if construct.unless_with.iter().any(|path| values(path).iter().any(maybe)) {
        return false;
    }
    let at = resolver.location(ctx.file, call.callee);
    let is_set = |alt: &Alt| !matches!(alt.value, Value::Env(..) | Value::Undefined);
    if construct.unless_env.iter().any(|name| resolver.env_value(ctx, name, at).iter().any(is_set)) {
        return false;
    }
    !construct.unless_global.iter().any(|global| {
        let mut words = global.rsplit('.');
        match (words.next(), words.next()) {
            (Some(attribute), Some(root)) => resolver.set_elsewhere(ctx, root, attribute),
            _ => false,
        }
    })
}

/// Work allowed for finding out what is called.
const CALLEE_FUEL: u32 = 800;

/// What can make a client, by the last word of what is called.
struct Candidates<'c> {
    by_name: HashMap<&'c str, Vec<(&'c Client, &'c Construct)>>,
    derive: HashSet<&'c str>,
}

impl<'c> Candidates<'c> {
    fn new(catalog: &'c Catalog, language: &str) -> Self {
        let mut by_name: HashMap<&str, Vec<_>> = HashMap::new();
        let mut derive = HashSet::new();
        for client in catalog.clients.iter().filter(|client| client.language == language) {
            derive.extend(client.derive.iter().map(String::as_str));
            for construct in &client.construct {
                for callee in &construct.callee {
                    // The module itself may be what is called.
                    let names: Vec<&str> = match callee.as_str() {
                        "" => client.modules.iter().filter_map(|module| module.rsplit(['.', '/']).next()).collect(),
                        name => vec![name.rsplit('.').next().unwrap_or(name)],
                    };
                    for name in names {
                        by_name.entry(name).or_default().push((client, construct));
                    }
                }
            }
        }
        Self { by_name, derive }
    }
}

/// Whether a call has what a client of this kind needs: most calls of some `get` or `post` are no requests.
fn may_carry_a_key(
    resolver: &Resolver<'_>,
    file: FileId,
    call: ExprId,
    client: &Client,
    construct: &Construct,
) -> bool {
    if client.url_kind != UrlKind::Full && !construct.any_receiver {
        return true;
    }
    let module = resolver.module(file);
    let ExprKind::Call(data) = module.kind(call) else { return false };
    let given = construct.headers.iter().chain(&construct.key).any(|path| {
        let first = path.split('.').next().unwrap_or(path);
        match first.parse::<usize>() {
            Ok(number) => data.args.len() > number,
            Err(_) => data.args.iter().any(|arg| arg.name.as_deref() == Some(first) || arg.spread == Spread::Keyword),
        }
    });
    given
        || module.parents[call.index()]
            .is_some_and(|parent| matches!(module.kind(parent), ExprKind::Member(..)) && !client.setters.is_empty())
}

/// `client.with_options(...)`: a changed copy of a known client.
fn copied<'c>(
    resolver: &mut Resolver<'_>,
    catalog: &'c Catalog,
    file: FileId,
    call: ExprId,
    base: ExprId,
    method: &str,
) -> Option<Site<'c>> {
    let ctx = resolver.ctx_of(file, call);
    let values = resolver.eval(&ctx, base);
    let [Alt { value: Value::Made(made), .. }] = values.as_slice() else { return None };
    let origin = site_of(resolver, catalog, &made.ctx, made.expr)?;
    origin.client.derive.iter().any(|name| name == method).then(|| Site {
        file,
        call,
        callee: format!("{}.{method}", origin.callee),
        copy_of: Some((made.ctx.clone(), made.expr)),
        ..origin
    })
}

/// The client that a call makes, if it makes one.
fn site_of<'c>(resolver: &mut Resolver<'_>, catalog: &'c Catalog, ctx: &Ctx, call: ExprId) -> Option<Site<'c>> {
    let module = resolver.module(ctx.file);
    let ExprKind::Call(data) = module.kind(call) else { return None };
    let symbols = resolver.callee_symbols(ctx, data);
    let file = ctx.file;
    let [symbol] = symbols.as_slice() else { return None };
    let (client, construct) = known(resolver, catalog, ctx, symbol).into_iter().next()?;
    Some(Site { file, call, client, construct, callee: symbol.clone(), copy_of: None })
}

/// The clients that a callee makes, in the version of its package that the project uses.
fn known<'c>(
    resolver: &Resolver<'_>,
    catalog: &'c Catalog,
    ctx: &Ctx,
    symbol: &str,
) -> Vec<(&'c Client, &'c Construct)> {
    let (project, file) = (resolver.project, ctx.file);
    let language = resolver.language_at(file, ctx.block);
    let newest = catalog.construct(language, symbol, None);
    let package = newest.first().and_then(|(client, _)| client.package.as_deref());
    match package.and_then(|package| project.version(file, package)) {
        Some(version) => catalog.construct(language, symbol, Some(version)),
        None => newest,
    }
}

/// What reaches the slots of a client.
pub fn slots(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>) -> Slots {
    let ctx = resolver.ctx_of(site.file, site.call);
    let mut slots = constructed(resolver, catalog, site, &ctx, 0);
    let outermost = chained(resolver, site, &ctx, &mut slots);
    afterwards(resolver, site, outermost, &mut slots);
    if is_template(resolver, site, outermost) || is_completed(resolver, site) {
        for value in slots.endpoint.iter_mut().filter(|value| value.from == From::Nothing) {
            *value = SlotValue { alt: Alt { value: Value::Unknown(None), ..value.alt.clone() }, from: From::Code };
        }
    }
    let is_empty = |value: &SlotValue| value.alt.value.presence() == Presence::Empty;
    if slots.endpoint.iter().any(|value| value.from != From::Code || is_empty(value)) {
        slots.ignored = ignored::find(resolver, catalog, site, &ctx);
    }
    slots
}

/// Whether something in the file takes the client together with an endpoint of its own.
fn is_completed(resolver: &Resolver<'_>, site: &Site<'_>) -> bool {
    let file = resolver.project.file(site.file);
    site.client
        .completed_by
        .iter()
        .flat_map(|name| file.index.calls.get(name).into_iter().flatten())
        .any(|&call| matches!(file.module.kind(call), ExprKind::Call(data) if data.args.len() > 1))
}

/// Whether a client is there to make changed copies of, with another endpoint: `client.with_options(base_url=...)`.
fn is_template(resolver: &Resolver<'_>, site: &Site<'_>, outermost: ExprId) -> bool {
    let module = resolver.module(site.file);
    let holder = module.parents[outermost.index()].is_none().then(|| {
        let (block, index) = module.points[outermost.index()];
        match module.block(block).stmts.get(index as usize) {
            Some(Stmt::Assign { place, .. }) if place.path.is_empty() => Some(place.root.as_str()),
            _ => None,
        }
    });
    let index = &resolver.project.file(site.file).index;
    site.client.derive.iter().flat_map(|method| index.calls.get(method).into_iter().flatten()).any(|&call| {
        let ExprKind::Call(data) = module.kind(call) else { return false };
        let ExprKind::Member(base, _) = module.kind(data.callee) else { return false };
        let same = *base == outermost
            || matches!((module.kind(*base), holder.flatten()), (ExprKind::Name(name), Some(holder)) if name == holder);
        let endpoint = site.construct.endpoint.iter().any(|path| {
            let name = path.rsplit('.').next().unwrap_or(path);
            data.args.iter().any(|arg| {
                arg.name.as_deref() == Some(name)
                    || matches!(module.kind(arg.value), ExprKind::Object(object) if object.entries.iter().any(|entry| {
                        matches!(entry, crate::facts::Entry::Field { key: Some(key), .. } if key == name)
                    }))
            })
        });
        same && endpoint
    }) && !holder.flatten().is_some_and(|holder| {
        // Used as it is, too.
        module.expr_ids().any(|expr| match module.kind(expr) {
            ExprKind::Member(base, name) => {
                matches!(module.kind(*base), ExprKind::Name(root) if root == holder)
                    && !site.client.derive.contains(name)
            }
            _ => false,
        })
    })
}

/// The slots as the call itself leaves them.
fn constructed(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>, ctx: &Ctx, depth: u32) -> Slots {
    let module = resolver.module(ctx.file);
    let ExprKind::Call(call) = module.kind(site.call) else { return Slots::default() };
    let construct = site.construct;
    // A header beats the key; headers that are not known may well hold none.
    let mut key = given(resolver, ctx, call, construct, Slot::Key);
    if !construct.headers.is_empty() {
        let header = header_key(resolver, ctx, call, &construct.headers);
        let known = header.iter().any(|alt| !matches!(alt.value, Value::Unknown(_) | Value::Undefined));
        if known || key.iter().all(|alt| is_absent(&alt.value)) {
            key = or_else(header, || key);
        }
    }
    for path in &construct.client {
        if let Some(slots) = of_argument(resolver, catalog, ctx, call, path, depth) {
            return slots;
        }
    }
    let mut endpoint = given(resolver, ctx, call, construct, Slot::Endpoint);
    for path in &construct.opaque_with {
        let present = argument(resolver, ctx, call, path)
            .iter()
            // What an unknown spread may hold has not been seen.
            .any(|alt| !matches!(alt.value, Value::Unknown(None) | Value::Undefined | Value::Null));
        if present {
            endpoint = vec![Alt::unknown()];
        }
    }
    if let Some((copied, original)) = site.copy_of.as_ref().filter(|_| depth < 8) {
        if let Some(origin) = site_of(resolver, catalog, copied, *original) {
            let mut inherited = constructed(resolver, catalog, &origin, copied, depth + 1);
            let at = chained(resolver, &origin, copied, &mut inherited);
            afterwards(resolver, &origin, at, &mut inherited);
            return Slots {
                key: inherit(code(key), inherited.key),
                endpoint: inherit(code(endpoint), inherited.endpoint),
                ..Slots::default()
            };
        }
        return Slots { key: code(vec![Alt::unknown()]), endpoint: code(vec![Alt::unknown()]), ..Slots::default() };
    }
    let key = with_globals(resolver, ctx, call, construct, key, &construct.global_key);
    let endpoint = with_globals(resolver, ctx, call, construct, endpoint, &construct.global_endpoint);
    let key = environment::fill(resolver, site, ctx, key, Slot::Key);
    let mut endpoint = environment::fill(resolver, site, ctx, endpoint, Slot::Endpoint);
    if !construct.model_prefixes.is_empty() && !is_own_model(resolver, ctx, call, construct) {
        for value in &mut endpoint {
            if value.from != From::Code {
                *value = SlotValue { alt: Alt { value: Value::Unknown(None), ..value.alt.clone() }, from: From::Code };
            }
        }
    }
    Slots { key, endpoint, ..Slots::default() }
}

/// The slots of a client that is given as an argument; unknown where it is none that is known.
fn of_argument(
    resolver: &mut Resolver<'_>,
    catalog: &Catalog,
    ctx: &Ctx,
    call: &Call,
    path: &str,
    depth: u32,
) -> Option<Slots> {
    let unknown =
        || Slots { key: code(vec![Alt::unknown()]), endpoint: code(vec![Alt::unknown()]), ..Slots::default() };
    let mut out = Slots::default();
    for alt in argument(resolver, ctx, call, path) {
        let made = match &alt.value {
            Value::Undefined => return None,
            Value::Made(made) if depth < 8 => made,
            _ => return Some(unknown()),
        };
        let Some(inner) = site_of(resolver, catalog, &made.ctx, made.expr) else { return Some(unknown()) };
        let mut slots = constructed(resolver, catalog, &inner, &made.ctx, depth + 1);
        let at = chained(resolver, &inner, &made.ctx, &mut slots);
        afterwards(resolver, &inner, at, &mut slots);
        out.key.extend(narrowed(slots.key, &alt.arms));
        out.endpoint.extend(narrowed(slots.endpoint, &alt.arms));
    }
    Some(out)
}

fn code(alts: Vec<Alt>) -> Vec<SlotValue> {
    alts.into_iter().map(|alt| SlotValue { alt, from: From::Code }).collect()
}

/// A copy's own values where it has some, its original's elsewhere.
fn inherit(own: Vec<SlotValue>, original: Vec<SlotValue>) -> Vec<SlotValue> {
    let mut out = Vec::new();
    for value in own {
        match value.alt.value.presence() {
            Presence::Absent | Presence::Null => {
                for inherited in &original {
                    if let Some(arms) = value.alt.arms.merge(&inherited.alt.arms) {
                        let alt = Alt { arms, ..inherited.alt.clone() };
                        out.push(SlotValue { alt, from: inherited.from.clone() });
                    }
                }
            }
            _ => out.push(value),
        }
    }
    out
}

/// The second values where the first are absent.
fn or_else(first: Vec<Alt>, second: impl FnOnce() -> Vec<Alt>) -> Vec<Alt> {
    let (absent, mut out): (Vec<Alt>, Vec<Alt>) = first.into_iter().partition(|alt| is_absent(&alt.value));
    if absent.is_empty() {
        return out;
    }
    let second = second();
    for missing in &absent {
        for alt in &second {
            if let Some(arms) = missing.arms.merge(&alt.arms) {
                out.push(Alt { arms, ..alt.clone() });
            }
        }
    }
    settle(out)
}

fn is_absent(value: &Value) -> bool {
    matches!(value.presence(), Presence::Absent)
}

/// The values that the arguments give a slot: the first path that is there.
fn given(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, construct: &Construct, slot: Slot) -> Vec<Alt> {
    let paths = if slot == Slot::Endpoint { &construct.endpoint } else { &construct.key };
    let mut out = vec![Alt::new(Value::Undefined)];
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
                }
            }
            alts
        });
    }
    out
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
    if let Some(arg) = call.args.iter().find(|arg| arg.name.as_deref() == Some(first)) {
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
fn header_key(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, paths: &[String]) -> Vec<Alt> {
    let mut out = vec![Alt::new(Value::Undefined)];
    for path in paths {
        // curl gives each header as an argument of its own.
        let lines: Vec<ExprId> =
            call.args.iter().filter(|arg| arg.name.as_deref() == Some(path.as_str())).map(|arg| arg.value).collect();
        if lines.len() > 1 || call.args.iter().any(|arg| arg.name.as_deref() == Some("header")) {
            for line in lines {
                out = or_else(out, || header_lines(resolver.eval(ctx, line)));
            }
            continue;
        }
        for name in ["Authorization", "authorization", "api-key", "x-api-key", "X-API-Key", "X-Api-Key"] {
            out = or_else(out, || {
                let path = format!("{path}.{name}");
                argument(resolver, ctx, call, &path).into_iter().map(without_scheme).collect()
            });
        }
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
            let is_key =
                ["authorization", "api-key", "x-api-key"].iter().any(|key| name.trim().eq_ignore_ascii_case(key));
            if !is_key {
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
fn leading(value: &Value) -> (String, Option<Location>) {
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

/// Module attributes (`openai.api_key = …`) where no argument gives a value.
fn with_globals(
    resolver: &mut Resolver<'_>,
    ctx: &Ctx,
    call: &Call,
    construct: &Construct,
    given: Vec<Alt>,
    globals: &[String],
) -> Vec<Alt> {
    if globals.is_empty() {
        return given;
    }
    let Some(root) = resolver.root_of(ctx, call.callee) else { return given };
    or_else(given, || {
        let mut out = vec![Alt::new(Value::Undefined)];
        for global in globals {
            let attribute = global.rsplit('.').next().unwrap_or(global).to_owned();
            out = or_else(out, || {
                let mut alts = resolver.global(ctx, &root, &attribute);
                // Set in some other function or file: it may hold here.
                let unset = alts.iter().any(|alt| matches!(alt.value, Value::Symbol(_)) || is_absent(&alt.value));
                if unset && resolver.set_elsewhere(ctx, &root, &attribute) {
                    return vec![Alt::unknown()];
                }
                for alt in &mut alts {
                    alt.value = match (&alt.value, alt.value.presence()) {
                        (Value::Symbol(_), _) => Value::Undefined,
                        (_, Presence::Null | Presence::Empty) if construct.globals_hold_env => Value::Unknown(None),
                        (Value::Null, _) => Value::Undefined,
                        _ => continue,
                    };
                }
                alts
            });
        }
        out
    })
}

/// Whether the model's name says that this is a client of OpenAI's protocol and default.
fn is_own_model(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, construct: &Construct) -> bool {
    construct.model.iter().any(|path| {
        let alts = argument(resolver, ctx, call, path);
        !alts.is_empty()
            && alts.iter().all(|alt| match &alt.value {
                Value::Str(text, _) => {
                    construct.model_prefixes.iter().any(|prefix| text.expose().starts_with(prefix.as_str()))
                }
                Value::Concat(..) => {
                    let (head, _) = leading(&alt.value);
                    construct.model_prefixes.iter().any(|prefix| head.starts_with(prefix.as_str()))
                }
                _ => false,
            })
    })
}

/// Builder methods called on the call itself: `new().with_api_key(k).with_api_base(u)`. Returns the outermost call.
fn chained(resolver: &mut Resolver<'_>, site: &Site<'_>, ctx: &Ctx, slots: &mut Slots) -> ExprId {
    let module = resolver.module(ctx.file);
    let mut at = site.call;
    while let Some(parent) = module.parents[at.index()] {
        let ExprKind::Member(base, method) = module.kind(parent) else { break };
        let Some(call) = module.parents[parent.index()] else { break };
        let ExprKind::Call(data) = module.kind(call) else { break };
        if *base != at || data.callee != parent || site.client.derive.iter().any(|name| name == method) {
            break;
        }
        if let Some(&slot) = site.client.setters.get(method.as_str()) {
            let values = set_values(resolver, ctx, data, slot);
            replace(slots, slot, values);
        }
        at = call;
    }
    at
}

/// What a setter's call puts into a slot.
fn set_values(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, slot: Slot) -> Vec<Alt> {
    let positional: Vec<ExprId> = call.args.iter().filter(|arg| arg.name.is_none()).map(|arg| arg.value).collect();
    match (slot, positional.as_slice()) {
        (Slot::Headers, [name, value, ..]) => match resolver.constant_of(ctx, *name) {
            Some(name) if is_key_header(&name) => resolver.eval(ctx, *value).into_iter().map(without_scheme).collect(),
            _ => vec![Alt::new(Value::Undefined)],
        },
        (Slot::Headers, [headers]) => ["Authorization", "authorization", "api-key"].into_iter().fold(
            vec![Alt::new(Value::Undefined)],
            |known, name| {
                or_else(known, || {
                    resolver.field_path(ctx, *headers, &[name.to_owned()]).into_iter().map(without_scheme).collect()
                })
            },
        ),
        (_, [value, ..]) => resolver.eval(ctx, *value),
        _ => vec![Alt::unknown()],
    }
}

fn is_key_header(name: &str) -> bool {
    ["authorization", "api-key", "x-api-key"].iter().any(|key| name.replace('_', "-").eq_ignore_ascii_case(key))
}

fn slot_mut(slots: &mut Slots, slot: Slot) -> &mut Vec<SlotValue> {
    match slot {
        Slot::Key | Slot::Headers => &mut slots.key,
        Slot::Endpoint => &mut slots.endpoint,
    }
}

/// New values for a slot; an absent one leaves what was there.
fn replace(slots: &mut Slots, slot: Slot, values: Vec<Alt>) {
    let old = std::mem::take(slot_mut(slots, slot));
    *slot_mut(slots, slot) = inherit(code(values), old);
}

/// Assignments to the client's fields, and builder calls on its variable, after it was made.
fn afterwards(resolver: &mut Resolver<'_>, site: &Site<'_>, outermost: ExprId, slots: &mut Slots) {
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
    let Some(Stmt::Assign { place, value: assigned, .. }) = module.block(block).stmts.get(index as usize) else {
        return;
    };
    if *assigned != value {
        return;
    }
    let place = place.clone();
    let (mut block, mut index) = (block, index as usize + 1);
    // Blocks without a condition around it (`with`, `try`) go on after it.
    loop {
        if !rewrites(resolver, site, &place, block, index, slots) {
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

/// Applies what the statements of a block do to the client's slots; false once the variable holds something else.
fn rewrites(
    resolver: &mut Resolver<'_>,
    site: &Site<'_>,
    holder: &Place,
    block: BlockId,
    from: usize,
    slots: &mut Slots,
) -> bool {
    let module = resolver.module(site.file);
    for (index, stmt) in module.block(block).stmts.iter().enumerate().skip(from) {
        let ctx = Ctx { file: site.file, block, index, frame: None };
        match stmt {
            Stmt::Assign { place, value, .. } if place.root == holder.root => {
                let own = place.path.len() >= holder.path.len() && place.path[..holder.path.len()] == holder.path[..];
                if !own {
                    continue;
                }
                match &place.path[holder.path.len()..] {
                    [] => match builder_calls(resolver, site, *value, holder) {
                        Some(calls) => {
                            for (method, call) in calls {
                                apply_setter(resolver, site, &ctx, &method, call, slots);
                            }
                        }
                        None => return false,
                    },
                    [Some(field)] => {
                        if let Some(&slot) = site.client.fields.get(field.as_str()) {
                            let values = resolver.eval(&ctx, *value);
                            replace(slots, slot, values);
                        }
                    }
                    _ => {}
                }
            }
            Stmt::Expr(expr) => {
                if let Some(calls) = builder_calls(resolver, site, *expr, holder) {
                    for (method, call) in calls {
                        apply_setter(resolver, site, &ctx, &method, call, slots);
                    }
                }
            }
            Stmt::Branch(arms) if arms.iter().any(|arm| touches(resolver, site, holder, arm)) => {
                let before = slots.clone();
                let mut after = Slots::default();
                for arm in arms {
                    let Some(lits) = resolver.assumptions(&ctx, &arm.tests) else { continue };
                    let mut inner = before.clone();
                    rewrites(resolver, site, holder, arm.body, 0, &mut inner);
                    after.key.extend(narrowed(inner.key, &lits));
                    after.endpoint.extend(narrowed(inner.endpoint, &lits));
                }
                *slots = after;
            }
            Stmt::Block(inner) if !rewrites(resolver, site, holder, *inner, 0, slots) => return false,
            _ => {}
        }
    }
    true
}

fn narrowed(values: Vec<SlotValue>, lits: &Arms) -> Vec<SlotValue> {
    values
        .into_iter()
        .filter_map(|value| {
            let arms = value.alt.arms.merge(lits)?;
            Some(SlotValue { alt: Alt { arms, ..value.alt }, from: value.from })
        })
        .collect()
}

/// Whether an arm writes to the holder.
fn touches(resolver: &Resolver<'_>, site: &Site<'_>, holder: &Place, arm: &Arm) -> bool {
    let module = resolver.module(site.file);
    let mut stack = vec![arm.body];
    while let Some(block) = stack.pop() {
        for stmt in &module.block(block).stmts {
            match stmt {
                Stmt::Assign { place, .. } if place.root == holder.root => return true,
                Stmt::Expr(expr) if builder_calls(resolver, site, *expr, holder).is_some() => return true,
                Stmt::Branch(arms) => stack.extend(arms.iter().map(|arm| arm.body)),
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

fn apply_setter(
    resolver: &mut Resolver<'_>,
    site: &Site<'_>,
    ctx: &Ctx,
    method: &str,
    call: ExprId,
    slots: &mut Slots,
) {
    if let Some(&slot) = site.client.setters.get(method)
        && let ExprKind::Call(data) = resolver.module(site.file).kind(call)
    {
        let values = set_values(resolver, ctx, data, slot);
        replace(slots, slot, values);
    }
}
