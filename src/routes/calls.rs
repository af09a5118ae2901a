//! The routes of a call in code.

use super::{Client, Endpoint, Ignored, Key, Route, endpoint, key, met, pair};
use crate::catalog::{Blank, Catalog, UrlKind};
use crate::clients::{self, From, Site, SlotValue};
use crate::endpoint::Url;
use crate::facts::ExprKind;
use crate::finding::{UrlSlot, Verdict};
use crate::resolve::{Alt, Arms, FUEL, Resolver, Step, StepKind, Value};

pub(super) fn of_site(resolver: &mut Resolver<'_>, catalog: &Catalog, site: &Site<'_>) -> Option<Client> {
    let project = resolver.project;
    // What is called on anything is nobody's business where it goes to no provider; its key need not be looked for.
    if site.construct.any_receiver {
        let given = clients::given_endpoint(resolver, catalog, site);
        let is_providers = |alt: &Alt| {
            let value = SlotValue { alt: alt.clone(), from: From::Code };
            endpoint(catalog, value, site.client.default_endpoint.as_deref()).provider.is_some()
        };
        if !given.iter().any(|alt| is_providers(alt) || is_open(resolver, alt) || is_from_environment(alt)) {
            return None;
        }
        resolver.refuel(FUEL);
    }
    let slots = clients::slots(resolver, catalog, site);
    let ctx = resolver.ctx_of(site.file, site.call);
    let guard = resolver.guard(&ctx);
    let inner = resolver.guard_within(&ctx, site.call).merge(&guard).unwrap_or_else(|| guard.clone());
    let url_kind = site.client.url_kind;
    let keys = slots.key.into_iter().map(|value| key(catalog, project, Some(site.client), value)).collect();
    let endpoints: Vec<Endpoint> = slots
        .endpoint
        .into_iter()
        .map(|value| endpoint(catalog, value, site.client.default_endpoint.as_deref()))
        .collect();
    let ignored = slots
        .ignored
        .into_iter()
        .map(|ignored| Ignored {
            kind: ignored.kind,
            name: ignored.name,
            at: ignored.at,
            value_at: ignored.value_at,
            endpoint: endpoint(catalog, ignored.value, None),
        })
        .collect();
    let mut routes = pair(resolver, keys, endpoints.clone(), &inner);
    // Who comes here decides what may be met: a method that one arm of another calls is not reached in the others.
    let ways = resolver.ways_to(&ctx);
    met(resolver, &mut routes, ways.as_deref());
    // All that is known says that nobody comes here: who does has a key that is not known.
    let unknown = || SlotValue { alt: Alt::unknown(), from: From::Code };
    let no_key = key(catalog, project, Some(site.client), unknown());
    if routes.is_empty() {
        routes = pair(resolver, vec![no_key], endpoints, &Arms::default());
    } else {
        routes = parted(resolver, routes, &no_key, &endpoint(catalog, unknown(), None));
    }
    // Two clients of one file may never run together because of who calls their functions.
    if let Some([led]) = ways.as_deref() {
        for route in &mut routes {
            route.arms = route.arms.merge(led).unwrap_or_else(|| route.arms.clone());
        }
    }
    // A request is a client only where it carries a key to a provider that is known; any other is nobody's business.
    let is_session = site.client.default_endpoint.is_none()
        && site.construct.env_key.is_empty()
        && !site.construct.headers.is_empty()
        && site.construct.key.is_empty();
    let mut waiting = false;
    if url_kind == UrlKind::Full || site.construct.any_receiver || is_session {
        let judged = routes.iter().any(|route| {
            let keyed = !(route.key.from == From::Nothing && route.key.providers.is_empty());
            keyed
                && (route.endpoint.provider.is_some()
                    || (!route.key.providers.is_empty()
                        && (!site.construct.any_receiver || is_from_environment(&route.endpoint.alt))))
        });
        waiting = !judged && routes.iter().any(|route| is_open(resolver, &route.endpoint.alt));
        if !judged && !waiting {
            return None;
        }
    }
    let version = site.client.package.as_deref().and_then(|package| project.version(site.file, package));
    let module = resolver.module(site.file);
    let callee_at = match module.kind(site.call) {
        ExprKind::Call(call) => resolver.location(site.file, call.callee),
        _ => resolver.location(site.file, site.call),
    };
    Some(Client {
        at: resolver.location(site.file, site.call),
        callee_at,
        id: site.client.id.clone(),
        name: site.client.name.clone(),
        callee: site.callee.clone(),
        language: resolver.language_at(site.file, ctx.block),
        url_kind,
        spelling: site.client.endpoint_spelling.clone(),
        advice: site.client.advice.clone(),
        url_slot: url_slot(site),
        default_endpoint: site.client.default_endpoint.clone(),
        endpoint_variables: site
            .construct
            .env_endpoint
            .iter()
            .filter(|name| name.applies(version))
            .map(|name| name.name().to_owned())
            .collect(),
        endpoint_argument: site.construct.endpoint.first().cloned(),
        endpoint_attributes: site.construct.global_endpoint.clone(),
        traces_to: site.client.traces_to.as_deref().and_then(Url::parse),
        traces_unless: site.client.traces_unless.clone(),
        traces_off: site.construct.traces_off.clone(),
        routes,
        ignored,
        empty_is_default: !matches!(site.construct.empty_endpoint, None | Some(Blank::Given)),
        row: None,
        waiting,
    })
}

/// Whether a URL that is not known comes from who calls a function.
fn is_open(resolver: &Resolver<'_>, alt: &Alt) -> bool {
    let begins_open = match &alt.value {
        Value::Unknown(_) => true,
        Value::Concat(parts, _) => matches!(parts.first(), Some(Value::Unknown(_))),
        _ => false,
    };
    let leads_on = |step: &Step| match step.kind {
        StepKind::Param(_) => true,
        StepKind::Name(_) => resolver.is_left_to_types(step.at),
        _ => false,
    };
    begins_open && alt.steps.iter().any(leads_on)
}

/// Whether a variable of the environment says to which host a request goes.
fn is_from_environment(alt: &Alt) -> bool {
    match &alt.value {
        Value::Env(..) => true,
        Value::Concat(parts, _) => matches!(parts.first(), Some(Value::Env(..))),
        _ => false,
    }
}

/// Parts keys and endpoints of which one has lost what it assumes: whether they ever meet nobody can tell. What is
/// found to belong together, or to be wrong, is left for its rules to judge.
fn parted(resolver: &Resolver<'_>, routes: Vec<Route>, no_key: &Key, nowhere: &Endpoint) -> Vec<Route> {
    // What is the same for all meets each of the others.
    let alike = |a: &Alt, b: &Alt| a.value.is_same(&b.value);
    let Some((first, rest)) = routes.split_first() else { return routes };
    let one_endpoint = rest.iter().all(|route| alike(&route.endpoint.alt, &first.endpoint.alt));
    let one_key = rest.iter().all(|route| alike(&route.key.alt, &first.key.alt));
    if one_endpoint || one_key {
        return routes;
    }
    let (lost, mut out): (Vec<Route>, Vec<Route>) = routes.into_iter().partition(|route| {
        let known = !route.key.is_unknown() && !route.endpoint.is_unknown();
        // What the client does by itself where it is given nothing.
        let own = route.key.from != From::Code && route.endpoint.from != From::Code;
        known && !own && route.ways.lost && route.verdict == Verdict::Unknown
    });
    for route in lost {
        let alone = [(route.key, nowhere.clone()), (no_key.clone(), route.endpoint)];
        for new in alone.into_iter().flat_map(|(key, to)| pair(resolver, vec![key], vec![to], &Arms::default())) {
            let is_same = |a: &Alt, b: &Alt| a.steps == b.steps && a.value.is_same(&b.value);
            let is_known =
                |old: &Route| is_same(&old.key.alt, &new.key.alt) && is_same(&old.endpoint.alt, &new.endpoint.alt);
            if !out.iter().any(is_known) {
                out.push(new);
            }
        }
    }
    out
}

/// Where a client takes an endpoint: as its help says, else in the first way that is not a mere position.
fn url_slot(site: &Site<'_>) -> Option<UrlSlot> {
    let construct = site.construct;
    if let Some(way) = &construct.with_endpoint {
        return Some(match way.strip_prefix('.') {
            Some(method) => UrlSlot::Method(method.to_owned()),
            None => UrlSlot::Call(way.clone()),
        });
    }
    let named = |path: &&String| path.parse::<usize>().is_err();
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let spelled = site.client.endpoint_spelling.as_deref().unwrap_or_default();
    let paths = &construct.endpoint;
    let first = paths.iter().filter(named).find(|path| spelled.contains(&last(path)));
    if let Some(first) = first.or_else(|| paths.iter().find(named)) {
        let others = paths.iter().filter(|path| *path != first).cloned();
        return Some(UrlSlot::Argument(std::iter::once(first.clone()).chain(others).collect()));
    }
    construct.global_endpoint.first().cloned().map(UrlSlot::Attribute)
}
