//! Routes as the reports have them: plain data, and the way from a key's origin to the client and the endpoint's.

use super::{Client, Endpoint, Key, Route, whose::names};
use crate::clients::From;
use crate::finding::{EndpointKind, EndpointRecord, KeyKind, KeyRecord, OriginStep, RouteRecord};
use crate::resolve::{Alt, StepKind, Value};

/// The routes of a client for the report.
pub fn records(client: &Client) -> Vec<RouteRecord> {
    let mut out: Vec<RouteRecord> = Vec::new();
    for route in &client.routes {
        let record = record(client, route);
        if !out.contains(&record) {
            out.push(record);
        }
    }
    out
}

/// One of its routes.
pub fn record(client: &Client, route: &Route) -> RouteRecord {
    RouteRecord {
        at: client.at,
        client: client.id.clone(),
        callee: client.callee.clone(),
        language: client.language,
        key: key_record(&route.key),
        endpoint: endpoint_record(client, &route.endpoint),
        verdict: route.verdict,
    }
}

fn is_from_environment(alt: &Alt) -> bool {
    alt.steps.iter().any(|step| matches!(step.kind, StepKind::Env(_) | StepKind::EnvValue(_)))
}

fn key_record(key: &Key) -> KeyRecord {
    let names = names(&key.alt);
    let kind = match &key.alt.value {
        Value::Env(..) => KeyKind::Environment,
        Value::Str(..) | Value::Concat(..) if is_from_environment(&key.alt) => KeyKind::Environment,
        Value::Str(..) => KeyKind::Literal,
        _ if key.from == From::Nothing => KeyKind::Absent,
        Value::Null | Value::Undefined => KeyKind::Absent,
        _ => KeyKind::Unknown,
    };
    let name = match &key.from {
        From::Environment(name) if names.is_empty() => Some(name.clone()),
        _ => names.first().cloned(),
    };
    KeyRecord { kind, name, providers: key.providers.iter().cloned().collect(), origin: origin(&key.alt) }
}

fn endpoint_record(client: &Client, endpoint: &Endpoint) -> EndpointRecord {
    let kind = if endpoint.is_default() {
        if client.default_endpoint.is_some() { EndpointKind::Default } else { EndpointKind::Unknown }
    } else if endpoint.url.is_none() {
        EndpointKind::Unknown
    } else if is_from_environment(&endpoint.alt) {
        EndpointKind::Environment
    } else {
        EndpointKind::Explicit
    };
    EndpointRecord {
        kind,
        url: endpoint.url.as_ref().map(|url| url.shown().replace('\u{fffd}', "…")),
        provider: endpoint.provider.clone(),
        origin: origin(&endpoint.alt),
    }
}

/// How the key and the endpoint of a route meet: from where the key comes from to the client, and on to where the
/// endpoint comes from.
pub fn flow(client: &Client, route: &Route) -> Vec<OriginStep> {
    let mut steps = origin(&route.key.alt);
    let text = match route.endpoint.is_default() {
        true => "the client, which has no base URL",
        false => "the client",
    };
    steps.push(OriginStep { at: client.callee_at, text: text.to_owned() });
    if !route.endpoint.is_default() {
        steps.extend(origin(&route.endpoint.alt).into_iter().rev());
    }
    steps.dedup();
    steps
}

fn origin(alt: &Alt) -> Vec<OriginStep> {
    alt.steps
        .iter()
        .map(|step| OriginStep {
            at: step.at,
            text: match &step.kind {
                StepKind::Literal => "a literal".to_owned(),
                StepKind::Env(name) => format!("read of `{name}`"),
                StepKind::EnvValue(name) => format!("value of `{name}`"),
                StepKind::Name(name) => format!("`{name}`"),
                StepKind::Param(name) => format!("parameter `{name}`"),
            },
        })
        .collect()
}
