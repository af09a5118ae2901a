//! Clients: the calls that make one, and what reaches their key and endpoint.
//!
//! A client is found through the catalogue: the full name of what is called must be one that the catalogue knows.
//! Its slots (key, endpoint, headers) come from arguments, builder methods, later assignments to its fields, module
//! globals, the environment, and at last its default.

use crate::catalog::{Catalog, Client, Construct, Slot};
use crate::facts::{Call, ExprId, ExprKind, Spread, Stmt};
use crate::finding::FileId;
use crate::resolve::{Alt, Arms, Ctx, Presence, Resolver, Value, settle};
use crate::text::Text;

mod arguments;
mod changes;
mod environment;
mod find;
mod ignored;
mod models;

pub(crate) use arguments::{argument, without_scheme};
pub use find::Finder;
pub use ignored::{Ignored, IgnoredKind};
pub use models::{Models, by_models};

use arguments::{given, header_key};
use changes::{afterwards, behind_receiver, chained, led, narrowed, of_receiver};
use find::site_of;
use models::is_own_model;

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
    /// What is assumed where this is what is called, each way; none where it always is.
    pub led: Vec<Arms>,
    /// The client that this one is a changed copy of: its call.
    pub copy_of: Option<(Ctx, ExprId)>,
    /// Which of the models that the call may name are meant, where that matters.
    pub models: Option<Models>,
}

impl<'c> Site<'c> {
    /// A client that a call makes, whatever is assumed.
    fn new(file: FileId, call: ExprId, (client, construct): (&'c Client, &'c Construct), callee: String) -> Self {
        Self { file, call, client, construct, callee, led: Vec::new(), copy_of: None, models: None }
    }
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

/// What reaches the slots of a client.
pub fn slots(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>) -> Slots {
    let ctx = resolver.ctx_of(site.file, site.call);
    let mut slots = constructed(resolver, catalog, site, &ctx, 0);
    let outermost = chained(resolver, site, &ctx, &mut slots);
    of_receiver(resolver, site, &ctx, &mut slots);
    // A client whose methods are given no key is judged by itself.
    if !slots.key.iter().all(|value| matches!(value.alt.value, Value::Undefined)) {
        slots.endpoint = behind_receiver(resolver, catalog, site, &ctx, slots.endpoint);
    }
    afterwards(resolver, site, outermost, &mut slots);
    for alt in slots.endpoint.iter_mut().map(|value| &mut value.alt) {
        if let Value::Symbol(symbol) = &alt.value
            && let Some(url) = site.client.constants.get(symbol)
        {
            let at = alt.steps.last().map_or_else(|| resolver.location(site.file, site.call), |step| step.at);
            alt.value = Value::Str(Text::new(url), at);
        }
    }
    if is_template(resolver, site, outermost) || is_completed(resolver, site) {
        for value in slots.endpoint.iter_mut().filter(|value| value.from == From::Nothing) {
            *value = SlotValue { alt: Alt { value: Value::Unknown(None), ..value.alt.clone() }, from: From::Code };
        }
    }
    let is_empty = |value: &SlotValue| value.alt.value.presence() == Presence::Empty;
    if slots.endpoint.iter().any(|value| value.from != From::Code || is_empty(value)) {
        slots.ignored = ignored::find(resolver, catalog, site, &ctx);
    }
    if !site.led.is_empty() {
        slots.key = led(slots.key, &site.led);
        slots.endpoint = led(slots.endpoint, &site.led);
    }
    if let Some(models) = &site.models {
        slots.key = models.leave(slots.key);
        slots.endpoint = models.leave(slots.endpoint);
    }
    slots
}

/// What the arguments of a call give a client for an endpoint.
pub fn given_endpoint(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>) -> Vec<Alt> {
    let ctx = resolver.ctx_of(site.file, site.call);
    let ExprKind::Call(call) = resolver.module(site.file).kind(site.call) else { return Vec::new() };
    resolver.with_half(|resolver| {
        let endpoint = given(resolver, &ctx, call, site.construct, Slot::Endpoint);
        let endpoint = behind_receiver(resolver, catalog, site, &ctx, code(endpoint));
        endpoint.into_iter().map(|value| value.alt).collect()
    })
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
    for path in &construct.client {
        if let Some(slots) = of_argument(resolver, catalog, ctx, call, path, depth) {
            return slots;
        }
    }
    let mut endpoint = resolver.with_half(|resolver| given(resolver, ctx, call, construct, Slot::Endpoint));
    // An endpoint that is written out is one all the same.
    for path in &construct.opaque_with {
        let with = given_or_not(resolver, ctx, call, path);
        if with.iter().any(|alt| !is_absent(&alt.value)) && !is_plain_transport(resolver, catalog, ctx, call, path) {
            endpoint = or_else(endpoint, || with);
        }
    }
    if let Some((copied, original)) = site.copy_of.as_ref().filter(|_| depth < 8) {
        if let Some(origin) = site_of(resolver, catalog, copied, *original) {
            let key = given_key(resolver, ctx, call, construct);
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
    // The endpoint first: a key that many callers give would leave nothing to find it out with.
    let endpoint = with_globals(resolver, ctx, call, construct, endpoint, &construct.global_endpoint);
    let mut endpoint = environment::fill(resolver, site, ctx, endpoint, Slot::Endpoint);
    let key = given_key(resolver, ctx, call, construct);
    let key = with_globals(resolver, ctx, call, construct, key, &construct.global_key);
    let mut key = environment::fill(resolver, site, ctx, key, Slot::Key);
    // Another provider's model has variables and a default of its own.
    if !construct.model_prefixes.is_empty() && !is_own_model(resolver, ctx, site) {
        for value in key.iter_mut().chain(&mut endpoint) {
            if value.from != From::Code {
                *value = SlotValue { alt: Alt { value: Value::Unknown(None), ..value.alt.clone() }, from: From::Code };
            }
        }
    }
    Slots { key, endpoint, ..Slots::default() }
}

/// An argument as far as it matters whether it is there: something that is not known, or nothing, each under what makes it
/// so. What an unknown spread may hold has not been seen.
fn given_or_not(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, path: &str) -> Vec<Alt> {
    let first = path.split('.').next();
    let spread = call.args.iter().any(|arg| arg.spread == Spread::Keyword)
        && !call.args.iter().any(|arg| arg.name.as_deref() == first);
    let alts = argument(resolver, ctx, call, path).into_iter().map(|alt| {
        let value = match alt.value {
            Value::Unknown(None) | Value::Undefined | Value::Null => Value::Undefined,
            Value::Unknown(Some(_)) if spread => Value::Undefined,
            _ => Value::Unknown(None),
        };
        Alt { value, arms: alt.arms, steps: Vec::new() }
    });
    alts.collect()
}

/// Whether an argument is an HTTP client that sends requests where it is told: `httpx.Client(timeout=60)`.
fn is_plain_transport(resolver: &mut Resolver<'_>, catalog: &Catalog, ctx: &Ctx, call: &Call, path: &str) -> bool {
    argument(resolver, ctx, call, path).iter().all(|alt| {
        let Value::Made(made) = &alt.value else {
            return matches!(alt.value, Value::Null | Value::Undefined | Value::Unknown(None));
        };
        let ExprKind::Call(data) = resolver.module(made.ctx.file).kind(made.expr) else { return false };
        let names: Option<Vec<&String>> = data.args.iter().map(|arg| arg.name.as_ref()).collect();
        let Some(names) = names else { return false };
        resolver.eval(&made.ctx, data.callee).iter().all(|alt| {
            let Value::Symbol(symbol) = &alt.value else { return false };
            let mut transports = catalog.transports.iter().filter(|known| known.callee.contains(symbol));
            transports.any(|known| names.iter().all(|name| known.plain_with.contains(name)))
        })
    })
}

/// Whether an argument may be there.
fn is_given(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, path: &str) -> bool {
    given_or_not(resolver, ctx, call, path).iter().any(|alt| !is_absent(&alt.value))
}

/// The key that the call's arguments give.
fn given_key(resolver: &mut Resolver<'_>, ctx: &Ctx, call: &Call, construct: &Construct) -> Vec<Alt> {
    if construct.token_with.iter().any(|path| is_given(resolver, ctx, call, path)) {
        return vec![Alt::unknown()];
    }
    let key = given(resolver, ctx, call, construct, Slot::Key);
    if construct.headers.is_empty() {
        return key;
    }
    // A header beats the key; headers that are not known may well hold none.
    let header = header_key(resolver, ctx, call, &construct.headers);
    let known = header.iter().any(|alt| !matches!(alt.value, Value::Unknown(_) | Value::Undefined));
    if known || key.iter().all(|alt| is_absent(&alt.value)) { or_else(header, || key) } else { key }
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
            let steps = resolver.steps_to(ctx, &root, global);
            out = or_else(out, || {
                let mut alts = resolver.global(ctx, &root, &steps);
                // Set in some other function or file: it may hold here.
                let unset = alts.iter().any(|alt| matches!(alt.value, Value::Symbol(_)) || is_absent(&alt.value));
                if unset && resolver.set_elsewhere(ctx, &root, &steps) {
                    return resolver.set_once(ctx, &root, &steps).unwrap_or_else(|| vec![Alt::unknown()]);
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
